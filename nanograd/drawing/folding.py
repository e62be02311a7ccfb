"""Folding a large graph: many nodes become a few boxes, each with a label that says what is in it.

Nodes that have the same label and the same stage share a box. Its stage counts how often the label
changes on the way to a node; so boxes never need each other in a circle. A box whose nodes fall
apart into a few parts becomes a few boxes: four examples of a loss stay four. Where there are no
names to go by, nodes are put together by operation and depth, or by depth alone.

All of it takes time in proportion to the number of nodes.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from .grouping import Operands, labels_of
from .trace import Link, Trace

MOST_UNFOLDED = 150
MOST_BOXES = 60
FEWEST_BOXES = 4  # with fewer, the labels say too little
MOST_STAGES = 30  # with more, the picture is too wide
MOST_BANDS = 12
MOST_PARTS = 8  # a box falls apart into so many at most,
LEAST_PART = 8  # each with so many nodes at least

Keys = Sequence[Hashable]  # nodes with equal keys share a box; None: where it is needed first


@dataclass(frozen=True)
class Box:
    """Nodes that are drawn as one box, by their positions in the trace.

    One without a label is called by the operations in it.
    """

    label: str
    nodes: Sequence[int]


Folding = Sequence[Box]


def fold(trace: Trace) -> Folding:
    """Return the boxes to draw: a small graph's nodes one by one, a large one's in groups."""
    return unfolded(trace) if len(trace.nodes) <= MOST_UNFOLDED else folded(trace)


def unfolded(trace: Trace) -> Folding:
    """Return a box for each node."""
    return [Box(node.name, (i,)) for i, node in enumerate(trace.nodes)]


def folded(trace: Trace) -> Folding:
    """Return a few boxes that hold all nodes, in the order in which their first nodes come."""
    operands = [[x.node for x in node.operands if isinstance(x, Link)] for node in trace.nodes]
    return by_label(trace, operands) or by_depth(trace, operands)


def by_label(trace: Trace, operands: Operands) -> Folding:
    """Return the boxes by label and stage; none if they would be too few or too many."""
    labels = labels_of(trace.nodes, operands)
    stages = stages_of(labels, operands)
    keys: Keys = [
        (label, stage) if label else None for label, stage in zip(labels, stages, strict=True)
    ]
    found = number_of(keys)
    if found < FEWEST_BOXES or found > MOST_BOXES or max(stages) > MOST_STAGES:
        return []
    parts = parted(keys, operands)
    if number_of(parts) <= MOST_BOXES:
        keys = parts
    return boxed(keys, map(str, labels), stages, operands)


def by_depth(trace: Trace, operands: Operands) -> Folding:
    """Return the boxes by operation and depth, or by bands of depth, few enough of them."""
    depths = depths_of(operands)
    deepest = max(depths)
    keys: Keys = [
        (depth, node.symbol) if depth else None
        for depth, node in zip(depths, trace.nodes, strict=True)
    ]
    if deepest <= MOST_BANDS and number_of(keys) <= MOST_BOXES:
        return boxed(keys, repeat("", len(keys)), depths, operands)
    reach = math.ceil(deepest / MOST_BANDS)
    bands = [math.ceil(depth / reach) for depth in depths]
    titles = (f"depth {(band - 1) * reach + 1}–{min(band * reach, deepest)}" for band in bands)
    return boxed([band or None for band in bands], titles, bands, operands)


def number_of(keys: Keys) -> int:
    """Return how many different keys there are."""
    return len(set(keys) - {None})


# -- walks over all nodes --------------------------------------------------------------------


def stages_of(labels: Keys, operands: Operands) -> list[int]:
    """Return how often the label changes on the way to each node, at most."""
    stages: list[int] = []
    for label, used in zip(labels, operands, strict=True):
        stage = 0
        for operand in used:
            before = labels[operand]
            if before is not None:
                changed = before != label
                stage = max(stage, stages[operand] + changed)
        stages.append(stage)
    return stages


def depths_of(operands: Operands) -> list[int]:
    """Return how many operations lie on the way to each node, at most."""
    depths: list[int] = []
    for used in operands:
        depths.append(1 + max(map(depths.__getitem__, used), default=-1))
    return depths


def parted(keys: Keys, operands: Operands) -> Keys:
    """Return keys that tell apart the parts that a box falls into, if they are few and not small.

    Each has the key that it had, and a node that stands for its part.
    """
    heads = heads_of(keys, operands)
    operations = (head for head, used in zip(heads, operands, strict=True) if used)
    sizes: dict[Hashable, list[int]] = {}
    for head, size in Counter(operations).items():
        sizes.setdefault(keys[head], []).append(size)
    apart = {key for key, found in sizes.items() if is_few(found)}
    return [(key, head) if key in apart else key for key, head in zip(keys, heads, strict=True)]


def is_few(sizes: Sequence[int]) -> bool:
    """Return whether parts of these sizes become boxes of their own."""
    return len(sizes) <= MOST_PARTS and min(sizes) >= LEAST_PART


def heads_of(keys: Keys, operands: Operands) -> list[int]:
    """Return one node for each part: nodes with the same key that lead to each other."""
    heads = list(range(len(operands)))
    for node, used in enumerate(operands):
        for operand in used:
            if keys[operand] == keys[node]:
                heads[head_of(operand, heads)] = node
    return [head_of(node, heads) for node in range(len(heads))]


def head_of(node: int, heads: list[int]) -> int:
    """Return the node that stands for the part of this one, and shorten the way to it."""
    while heads[node] != node:
        further = heads[heads[node]]
        heads[node] = further
        node = further
    return node


# -- boxes -----------------------------------------------------------------------------------

Seat = tuple[int, int]  # a box, by its rank and its number: an edge leads to a later one


def boxed(
    keys: Keys,
    labels: Iterable[str],
    ranks: Sequence[int],
    operands: Operands,
) -> Folding:
    """Return a box for each key, with the label of its first node.

    An edge between boxes leads to a higher rank.
    """
    seats: dict[Hashable, Seat] = {}
    label_of: dict[Seat, str] = {}
    for key, label, rank in zip(keys, labels, ranks, strict=True):
        if key is not None and key not in seats:
            seat = rank, len(seats)
            seats[key] = seat
            label_of[seat] = label
    members: dict[Seat, list[int]] = {}
    for node, seat in enumerate(seated(keys, seats, operands)):
        members.setdefault(seat, []).append(node)
    return [Box(label_of[seat], nodes) for seat, nodes in members.items()]


def seated(
    keys: Keys,
    seats: Mapping[Hashable, Seat],
    operands: Operands,
) -> list[Seat]:
    """Return the box of each node; an input without a key goes where it is needed first.

    Boxes are in order, and edges lead to later ones: so no circle can come about.
    """
    first: dict[int, Seat] = {}
    for key, used in zip(keys, operands, strict=True):
        for operand in used:
            if keys[operand] is None:
                seat = seats[key]
                first[operand] = min(seat, first.get(operand, seat))
    return [first[node] if key is None else seats[key] for node, key in enumerate(keys)]
