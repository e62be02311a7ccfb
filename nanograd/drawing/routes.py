"""The ways of edges, from box to box: curves between the layers, straight lines through them.

Between two layers there is no box to be crossed; inside of one, an edge keeps to its own room.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

PORTS = 10.0  # between the ends of edges that meet at one side of a box
SIDE = 0.6  # of the height of a box: there edges meet it, not near its corners
SWAY = 7.0  # an edge may climb so much on its way from the border of a layer to the middle
BOW = 0.45  # how far the controls of a curve reach into it


class Point(NamedTuple):
    """A point of the picture; y grows downward."""

    x: float
    y: float


class Curve(NamedTuple):
    """A way between two layers, and the slopes with which it starts and ends."""

    start: Point
    climb: float
    end: Point
    climb_at_end: float

    def controls(self) -> tuple[Point, Point]:
        """Return the control points of the cubic curve."""
        reach = BOW * (self.end.x - self.start.x)
        first = Point(self.start.x + reach, self.start.y + reach * self.climb)
        return first, Point(self.end.x - reach, self.end.y - reach * self.climb_at_end)


class Route(NamedTuple):
    """The way of an edge from box to box: curves, with straight lines before, between and after."""

    start: Point
    curves: list[Curve]
    end: Point


class Column(NamedTuple):
    """The room of one layer, from left to right."""

    left: float
    right: float

    @property
    def half(self) -> float:
        """Half of its width."""
        return (self.right - self.left) / 2


class Box(NamedTuple):
    """A box in its place."""

    left: float
    right: float
    middle: float
    height: float


def routes_of(
    chains: Sequence[Sequence[int]],
    boxes: Sequence[Box],
    columns: Sequence[Column],
    layers: Sequence[int],
    middles: Sequence[float],
) -> list[Route]:
    """Return the way of each edge."""
    ways = [[middles[point] for point in chain] for chain in chains]
    spread_ends(ways, [chain[0] for chain in chains], boxes, at_start=True)
    spread_ends(ways, [chain[-1] for chain in chains], boxes, at_start=False)
    routes = []
    for chain, way in zip(chains, ways, strict=True):
        start, end = chain[0], chain[-1]
        passed = columns[layers[start] : layers[end] + 1]
        first, last = Point(boxes[start].right, way[0]), Point(boxes[end].left, way[-1])
        routes.append(Route(first, curves_along(way, passed), last))
    return routes


def spread_ends(
    ways: list[list[float]],
    ends: Sequence[int],
    boxes: Sequence[Box],
    *,
    at_start: bool,
) -> None:
    """Move the ends of the ways apart that meet at one side of a box.

    They are ordered by where they come from; parallel edges stay in the same order at both boxes.
    """
    own, next_to_it = (0, 1) if at_start else (-1, -2)
    meeting: list[list[int]] = [[] for _ in boxes]
    for edge, end in enumerate(ends):
        meeting[end].append(edge)
    towards = [way[next_to_it] for way in ways]
    for box, edges in zip(boxes, meeting, strict=True):
        edges.sort(key=lambda edge: (towards[edge], edge))
        for edge, y in zip(edges, ports(box, len(edges)), strict=True):
            ways[edge][own] = y


def ports(box: Box, count: int) -> Iterator[float]:
    """Yield the heights at which so many edges meet a side of a box, from top to bottom."""
    gaps = max(1, count - 1)
    step = min(PORTS, SIDE * box.height / gaps)
    for place in range(count):
        yield box.middle + step * (place - (count - 1) / 2)


def curves_along(
    way: Sequence[float],
    columns: Sequence[Column],
) -> list[Curve]:
    """Return the curves between the columns that an edge passes at these heights."""
    spots = list(zip(way, climbs_along(way, columns), columns, strict=True))
    curves = []
    for (y, climb, column), (next_y, next_climb, next_column) in pairwise(spots):
        start = Point(column.right, y + climb * column.half)
        end = Point(next_column.left, next_y - next_climb * next_column.half)
        curves.append(Curve(start, climb, end, next_climb))
    return curves


def climbs_along(
    way: Sequence[float],
    columns: Sequence[Column],
) -> list[float]:
    """Return the slopes with which an edge passes the columns: none where it ends or turns.

    Elsewhere it is the smaller one of those on both sides, and never steep: a box may be near.
    """
    middles = [column.left + column.half for column in columns]
    rises = [after - before for before, after in pairwise(way)]
    runs = [after - before for before, after in pairwise(middles)]
    slopes = [rise / run for rise, run in zip(rises, runs, strict=True)]
    inner = zip(pairwise(slopes), columns[1:-1], strict=True)
    return [0.0, *(climb_between(*sides, column) for sides, column in inner), 0.0]


def climb_between(
    before: float,
    after: float,
    column: Column,
) -> float:
    """Return the slope with which an edge passes a column between two slopes."""
    if before * after <= 0:
        return 0.0
    climb = min(abs(before), abs(after), SWAY / column.half)
    return climb if after > 0 else -climb
