"""The heights of the points in each layer, whose order is known.

Each point moves to the mean of its neighbors, as near as those beside it in its own layer let it.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from .ordering import Neighbors, Rows, neighbors

SETTLINGS = 4  # of each kind
STRAIGHTNESS = 1, 2, 8  # how hard an edge pulls between two boxes, at one bend, between two


def settled(
    rows: Rows,
    heights: Sequence[float],
    chains: Rows,
    boxes: int,
) -> list[float]:
    """Return the middle of each point, up and down: near its neighbors, apart from its row.

    `heights` are those of the room that each point takes up. The first `boxes` points are boxes.
    The uppermost room begins at 0.
    """
    pieces = pulling(chains, boxes)
    before, after = neighbors(pieces, len(heights))
    both = [x + y for x, y in zip(before, after, strict=True)]
    middles = [0.0] * len(heights)
    for _ in range(SETTLINGS):
        settle(rows, middles, heights, before)
        settle(rows[::-1], middles, heights, after)
    for _ in range(SETTLINGS):
        settle(rows, middles, heights, both)
        settle(rows[::-1], middles, heights, both)
    pairs = zip(middles, heights, strict=True)
    tops = [middle - height / 2 for middle, height in pairs]
    top = min(tops, default=0.0)
    return [middle - top for middle in middles]


def pulling(chains: Rows, boxes: int) -> Iterator[list[int]]:
    """Yield the pieces of the chains, those at bends more than once: long edges pull hard."""
    for chain in chains:
        for start, end in pairwise(chain):
            bends = (start >= boxes) + (end >= boxes)
            yield from [[start, end]] * STRAIGHTNESS[bends]


def settle(
    rows: Rows,
    middles: list[float],
    heights: Sequence[float],
    beside: Neighbors,
) -> None:
    """Move the points of each row to the mean of their neighbors, or as near as there is room.

    With what lies above a point taken off its height, that is isotonic regression.
    """
    for row in rows:
        room = [(heights[upper] + heights[lower]) / 2 for upper, lower in pairwise(row)]
        offsets = list(accumulate(room, initial=0.0))
        wishes = []
        for point, offset in zip(row, offsets, strict=True):
            met = [middles[other] for other in beside[point]] or [middles[point]]
            mean = sum(met) / len(met)
            wishes.append(Wish(mean - offset, len(met)))
        for point, offset, middle in zip(row, offsets, rising(wishes), strict=True):
            middles[point] = middle + offset


class Wish(NamedTuple):
    """The number that a point would like to have, or several on the mean; and how much."""

    mean: float
    weight: int
    members: int = 1

    def met(self, other: "Wish") -> "Wish":
        """Return the wish of both together."""
        weight = self.weight + other.weight
        total = self.mean * self.weight + other.mean * other.weight
        return Wish(total / weight, weight, self.members + other.members)


def rising(wishes: Sequence[Wish]) -> list[float]:
    """Return the numbers nearest to the wishes, by their weights, of which none is below the last.

    The pool of adjacent violators: two that are out of order meet at their mean.

    >>> rising([Wish(1.0, 1), Wish(5.0, 1), Wish(3.0, 1)])
    [1.0, 4.0, 4.0]
    """
    pools: list[Wish] = []
    for wish in wishes:
        pool = wish
        while pools and pools[-1].mean > pool.mean:
            pool = pools.pop().met(pool)
        pools.append(pool)
    return [pool.mean for pool in pools for _ in range(pool.members)]
