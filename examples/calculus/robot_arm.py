"""A robot's arm: which angles bring its hand to a place, and how they change as the place moves.

The arm has two links and turns in a plane. Where the hand is follows from the angles by a formula;
the angles for a place are the root of an equation. For two links there is a closed form to compare
with; the search works for any number of them.
"""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from nanograd import cos, jacobian, root, sin

UPPER, LOWER = 1.0, 0.8  # lengths of the links, in meters
ELBOW_DOWN = [0.3, 1.0]  # where the search begins decides on which side the elbow is


def hand(angles):
    """Return the place of the hand, of the angles at the shoulder and at the elbow."""
    shoulder, elbow = angles
    x = UPPER * cos(shoulder) + LOWER * cos(shoulder + elbow)
    y = UPPER * sin(shoulder) + LOWER * sin(shoulder + elbow)
    return [x, y]


def angles_for(place):
    """Return the angles that bring the hand to a place."""

    def miss(angles):
        return [there - here for there, here in zip(place, hand(angles), strict=True)]

    return root(miss, ELBOW_DOWN)


def closed_form(place):
    """Return the same angles by the law of cosines."""
    x, y = place
    cosine = (x * x + y * y - UPPER**2 - LOWER**2) / (2 * UPPER * LOWER)
    elbow = math.acos(cosine)
    beyond = math.atan2(LOWER * math.sin(elbow), UPPER + LOWER * math.cos(elbow))
    return [math.atan2(y, x) - beyond, elbow]


def main():
    """Print the angles for a place, and how fast the joints turn as the hand moves."""
    place = [1.2, 0.7]
    found = angles_for(place)
    print("angles       ", *(f"{math.degrees(x):9.4f}°" for x in found))
    print("closed form  ", *(f"{math.degrees(x):9.4f}°" for x in closed_form(place)))
    print("hand         ", *(f"{x:9.4f} m" for x in hand(found)))
    for name, row in zip(("shoulder", "elbow"), jacobian(angles_for)(place), strict=True):
        print(
            f"{name:9} turns", *(f"{math.degrees(x) / 100:9.4f}°" for x in row), "for 1 cm in x, y"
        )


if __name__ == "__main__":
    main()
