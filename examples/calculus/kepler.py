"""Kepler's equation: where a planet is, and how that depends on its orbit.

M = E − e·sin E gives the mean anomaly M of a planet by its eccentric anomaly E. The question is the
other way around, and has no formula: E must be searched for. Its derivatives need no search: the
implicit function theorem gives them from the solution, dE/dM = 1 / (1 − e·cos E) among them.
"""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from nanograd import cos, grad, root, sin


def eccentric_anomaly(mean_anomaly, eccentricity):
    """Return the solution of Kepler's equation, in radians."""
    return root(lambda x: x - eccentricity * sin(x) - mean_anomaly, math.pi)


def distance(mean_anomaly, eccentricity):
    """Return the distance from the sun, where 1 is half of the long axis of the orbit."""
    return 1 - eccentricity * cos(eccentric_anomaly(mean_anomaly, eccentricity))


def closed_forms(mean_anomaly, eccentricity):
    """Return dE/dM, dE/de and d²E/dM² by the formulas that the equation has for them."""
    x = eccentric_anomaly(mean_anomaly, eccentricity)
    slope = 1 / (1 - eccentricity * math.cos(x))
    return slope, math.sin(x) * slope, -eccentricity * math.sin(x) * slope**3


def main():
    """Print the derivatives for Mercury a quarter of its year after the perihelion."""
    mercury = math.pi / 2, 0.2056
    print(f"E = {eccentric_anomaly(*mercury):.10f}, distance = {distance(*mercury):.10f}")
    found = (
        grad(eccentric_anomaly)(*mercury),
        grad(eccentric_anomaly, argnums=1)(*mercury),
        grad(grad(eccentric_anomaly))(*mercury),
    )
    names = "dE/dM", "dE/de", "d²E/dM²"
    for name, value, exact in zip(names, found, closed_forms(*mercury), strict=True):
        print(f"{name:8}{value:14.10f}  closed form {exact:14.10f}")


if __name__ == "__main__":
    main()
