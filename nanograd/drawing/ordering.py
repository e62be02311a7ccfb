"""The order of the points in each layer, such that few edges cross.

Sweeps put each point at the median of its neighbors; then points side by side are swapped where
that saves crossings. The best order that was met is kept.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

Rows = list[list[int]]  # the points of each layer, from top to bottom
Neighbors = list[list[int]]  # of each point

SWEEPS = 12
SWAPS = 4
EFFORT = 30_000  # sweeps times edges: in a thicket, more sweeps take long and help little


def neighbors(
    chains: Iterable[Sequence[int]],
    points: int,
) -> tuple[Neighbors, Neighbors]:
    """Return the points before each point, and those after it; of two edges, twice."""
    before: Neighbors = [[] for _ in range(points)]
    after: Neighbors = [[] for _ in range(points)]
    for chain in chains:
        for start, end in pairwise(chain):
            before[end].append(start)
            after[start].append(end)
    return before, after


def untangled(
    rows: Rows,
    before: Neighbors,
    after: Neighbors,
) -> Rows:
    """Return the rows in an order in which few edges cross: the best of several sweeps."""
    best = rows
    fewest = crossings(rows, after)
    effort = EFFORT // (1 + sum(map(len, after)))
    for sweep in range(min(effort, SWEEPS)):
        if not fewest:
            break
        rows = swept(rows, before) if sweep % 2 == 0 else swept(rows[::-1], after)[::-1]
        swap(rows, before, after)
        found = crossings(rows, after)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    return best


def swept(rows: Rows, beside: Neighbors) -> Rows:
    """Return the rows, each in the order of the medians of its neighbors in the row before it."""
    ordered = [list(row) for row in rows[:1]]
    for row in rows[1:]:
        places = placed(ordered[-1])
        scale = len(places) / len(row)
        wishes = {}
        for i, point in enumerate(row):
            met = [places[other] for other in beside[point]]
            wishes[point] = median(met) if met else i * scale
        ordered.append(sorted(row, key=wishes.__getitem__))
    return ordered


def placed(row: Sequence[int]) -> dict[int, int]:
    """Return the place of each point in its row."""
    return {point: i for i, point in enumerate(row)}


def swap(
    rows: Rows,
    before: Neighbors,
    after: Neighbors,
) -> None:
    """Swap points that lie side by side where that saves crossings."""
    for i, row in enumerate(rows):
        sides = []
        if i:
            sides.append(places_beside(row, before, rows[i - 1]))
        if i + 1 < len(rows):
            sides.append(places_beside(row, after, rows[i + 1]))
        for _ in range(SWAPS):
            if not swap_once(row, sides):
                break


def places_beside(
    row: Sequence[int],
    beside: Neighbors,
    other: Sequence[int],
) -> dict[int, list[int]]:
    """Return the places in another row that the points of this row are tied to, sorted."""
    places = placed(other)
    return {point: sorted(places[x] for x in beside[point]) for point in row}


def swap_once(
    row: list[int],
    sides: Sequence[dict[int, list[int]]],
) -> bool:
    """Go through a row once, and return whether a swap saved crossings."""
    saved = False
    for i in range(len(row) - 1):
        upper, lower = row[i : i + 2]
        now = sum(inversions(side[upper], side[lower]) for side in sides)
        then = sum(inversions(side[lower], side[upper]) for side in sides)
        if then < now:
            row[i : i + 2] = lower, upper
            saved = True
    return saved


def inversions(
    upper: Sequence[int],
    lower: Sequence[int],
) -> int:
    """Return how many of the upper point's ties cross one of the lower point's; both sorted."""
    return sum(bisect_left(lower, place) for place in upper)


def crossings(rows: Rows, after: Neighbors) -> int:
    """Return how many edges cross."""
    return sum(crossings_between(row, after, following) for row, following in pairwise(rows))


def crossings_between(
    row: Sequence[int],
    after: Neighbors,
    following: Sequence[int],
) -> int:
    """Return how many edges cross between two rows that follow each other."""
    places = placed(following)
    seen: list[int] = []
    found = 0
    for point in row:
        targets = sorted(places[other] for other in after[point])
        for target in targets:
            found += len(seen) - bisect_right(seen, target)
        seen = sorted(seen + targets)
    return found
