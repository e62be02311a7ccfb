"""Where the boxes of a picture go, and the edges between them: in layers, from left to right.

The way of Sugiyama, Tagawa and Toda (1981), in five steps:

1. Each box gets a layer: an operation the first after its operands, a leaf the last before its use.
2. A long edge gets a bend in each layer on its way, which takes up room there as a box does.
3. The points of a layer, boxes and bends, are ordered such that few edges cross.
4. Each point moves to the mean height of its neighbors, as near as the points beside it let it.
5. Edges are curves between the layers, and straight lines through them.

Boxes never overlap, no edge crosses a box, and every edge leads forward. Nothing is left to chance:
the same graph gives the same picture.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .ordering import Neighbors, Rows, neighbors, untangled
from .routes import Box, Column, Point, Route, routes_of
from .settling import settled

Size = tuple[float, float]  # the width of a box and its height
Edge = tuple[int, int]  # from one box to another, by their positions in the list of boxes

MARGIN = 18.0
BETWEEN_BOXES = 18.0  # up and down
BEND = 14.0  # the height of the room that a bend takes up
BETWEEN_LAYERS = 48.0
MOST_BETWEEN_LAYERS = 120.0
STEEPEST = 5.0  # an edge that climbs higher than this many times its width gets more width


@dataclass(frozen=True)
class Layout:
    """Where everything is: each box's layer and upper left corner, each edge's route."""

    layers: list[int]
    corners: list[Point]
    routes: list[Route]
    width: float
    height: float


def arrange(
    sizes: Sequence[Size],
    edges: Sequence[Edge],
) -> Layout:
    """Return the layout of boxes of these sizes. The edges must not form a cycle.

    >>> layout = arrange([(80, 40), (80, 40)], [(0, 1)])
    >>> layout.corners
    [Point(x=18.0, y=18.0), Point(x=146.0, y=18.0)]
    """
    layers = layers_of(len(sizes), edges)
    chains = chains_through(layers, edges)
    rows = rows_of(layers, chains)
    before, after = neighbors(chains, sum(map(len, rows)))
    rows = untangled(rows, before, after)
    heights = heights_of(sizes, len(before))
    top = MARGIN - BETWEEN_BOXES / 2
    middles = [top + middle for middle in settled(rows, heights, chains, len(sizes))]
    columns = columns_of(rows, sizes, middles, after)
    boxes = boxes_in(columns, layers, sizes, middles)
    routes = routes_of(chains, boxes, columns, layers, middles)
    return Layout(
        layers,
        [Point(box.left, box.middle - box.height / 2) for box in boxes],
        routes,
        max((column.right for column in columns), default=0.0) + MARGIN,
        lowest(middles, heights) + MARGIN,
    )


def heights_of(
    sizes: Sequence[Size],
    points: int,
) -> list[float]:
    """Return the height of the room that each point takes up: the boxes, then the bends."""
    heights = [height + BETWEEN_BOXES for _, height in sizes]
    return heights + [BEND] * (points - len(sizes))


def lowest(
    middles: Sequence[float],
    heights: Sequence[float],
) -> float:
    """Return where the lowest point ends, without the room below it."""
    ends = [middle + height / 2 for middle, height in zip(middles, heights, strict=True)]
    return max(ends, default=0.0) - BETWEEN_BOXES / 2


# -- layers ----------------------------------------------------------------------------------


def layers_of(count: int, edges: Sequence[Edge]) -> list[int]:
    """Return the layer of each box: operations as early, leaves as late as they can be.

    An operation moves later, with its leaves, if that shortens more edges than it lengthens.
    """
    before, after = neighbors(edges, count)
    order = operands_first(before, after)
    layers = [0] * count
    for box in order:
        layers[box] = 1 + max((layers[operand] for operand in before[box]), default=-1)
    for box in reversed(order):
        held = {
            operand
            for operand in set(before[box])
            if before[operand] or is_held_by_another(operand, box, after, layers)
        }
        lengthened = [operand for operand in before[box] if operand in held]
        if len(lengthened) < len(after[box]):
            layers[box] = min(layers[user] for user in after[box]) - 1
    return layers


def operands_first(
    before: Neighbors,
    after: Neighbors,
) -> list[int]:
    """Return the boxes in an order in which each comes after all those before it."""
    awaited = [len(operands) for operands in before]
    order = [box for box, number in enumerate(awaited) if not number]
    for box in order:  # grows as we go
        for user in after[box]:
            awaited[user] -= 1
            if not awaited[user]:
                order.append(user)
    return order


def is_held_by_another(
    leaf: int,
    box: int,
    after: Neighbors,
    layers: Sequence[int],
) -> bool:
    """Return whether a leaf is held where it is by another operation than this one."""
    return any(user != box and layers[user] <= layers[box] for user in after[leaf])


def chains_through(
    layers: Sequence[int],
    edges: Sequence[Edge],
) -> list[list[int]]:
    """Return the points on the way of each edge: a box, a bend in each layer between, a box."""
    chains = []
    bend = len(layers)
    for start, end in edges:
        between = layers[end] - layers[start] - 1
        chains.append([start, *range(bend, bend + between), end])
        bend += between
    return chains


def rows_of(
    layers: Sequence[int],
    chains: Iterable[Sequence[int]],
) -> Rows:
    """Return the points of each layer, in the order of the boxes; a bend lies where it leads to."""
    rows: list[list[tuple[int, int]]] = [[] for _ in range(max(layers, default=-1) + 1)]
    for box, layer in enumerate(layers):
        rows[layer].append((box, box))
    for chain in chains:
        for layer, bend in enumerate(chain[1:-1], layers[chain[0]] + 1):
            rows[layer].append((chain[-1], bend))
    return [[point for _, point in sorted(row)] for row in rows]


# -- columns and boxes -----------------------------------------------------------------------


def columns_of(
    rows: Rows,
    sizes: Sequence[Size],
    middles: Sequence[float],
    after: Neighbors,
) -> list[Column]:
    """Return the column of each layer; where edges climb high, the next one lies further off."""
    columns = []
    left = MARGIN
    for row in rows:
        widths = (sizes[point][0] for point in row if point < len(sizes))
        right = left + max(widths, default=0.0)
        columns.append(Column(left, right))
        climbs = [abs(middles[end] - middles[point]) for point in row for end in after[point]]
        gap = max(climbs, default=0.0) / STEEPEST
        left = right + min(max(BETWEEN_LAYERS, gap), MOST_BETWEEN_LAYERS)
    return columns


def boxes_in(
    columns: Sequence[Column],
    layers: Sequence[int],
    sizes: Sequence[Size],
    middles: Sequence[float],
) -> list[Box]:
    """Return the boxes, each in the middle of its column."""
    boxes = []
    for layer, (width, height), middle in zip(layers, sizes, middles, strict=False):
        column = columns[layer]
        left = (column.left + column.right - width) / 2
        boxes.append(Box(left, left + width, middle, height))
    return boxes
