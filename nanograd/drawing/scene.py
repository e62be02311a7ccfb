"""What a picture shows, before it is drawn in one form or another: cards, edges, their places."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..collector import collector_paused
from .cards import Card, card_of, height_for
from .folding import Folding, fold
from .layout import Layout, arrange
from .trace import Link, Trace


class Tie(NamedTuple):
    """An edge of the picture, between two boxes; of several operands between groups, one for all.

    `flow` is how much of the derivative runs along it, |grad × partial|; the most of several.
    """

    start: int
    end: int
    operand: int | None
    partial: float
    flow: float


@dataclass(frozen=True)
class Scene:
    """The cards of a picture, the edges between them, and where they are."""

    cards: Sequence[Card]
    heights: Sequence[float]
    ties: Sequence[Tie]
    layout: Layout
    trace: Trace


def scene_of(
    trace: Trace,
    folding: Folding | None = None,
) -> Scene:
    """Return what a picture of a trace shows; `folding` has it folded in another way."""
    with collector_paused():
        boxes = fold(trace) if folding is None else folding
        cards = [card_of(trace, box, place) for place, box in enumerate(boxes)]
        ties = ties_between(trace, boxes)
    arriving = Counter(tie.end for tie in ties)
    heights = [height_for(arriving[place]) for place in range(len(cards))]
    sizes = [(card.width, height) for card, height in zip(cards, heights, strict=True)]
    layout = arrange(sizes, [(tie.start, tie.end) for tie in ties])
    return Scene(cards, heights, ties, layout, trace)


def ties_between(trace: Trace, boxes: Folding) -> list[Tie]:
    """Return the edges between boxes, in the order of the nodes that they lead to."""
    box_of = [0] * len(trace.nodes)
    for place, box in enumerate(boxes):
        for i in box.nodes:
            box_of[i] = place
    ties: dict[tuple[int, ...], Tie] = {}
    for i, operand, start in operands_across(trace, box_of):
        end = box_of[i]
        partial = trace.values[i].partials[operand] or 0.0
        flow = abs(trace.nodes[i].grad * partial)
        if len(boxes[start].nodes) == len(boxes[end].nodes) == 1:
            tie = Tie(start, end, operand, partial, flow)
            ties[start, end, operand] = tie
        else:
            known = ties.get((start, end))
            if known is None or known.flow < flow:
                ties[start, end] = Tie(start, end, None, math.nan, flow)
    return list(ties.values())


def operands_across(
    trace: Trace,
    box_of: Sequence[int],
) -> Iterator[tuple[int, int, int]]:
    """Yield each node with an operand in another box, which operand it is, and that box."""
    for i, node in enumerate(trace.nodes):
        own = box_of[i]
        for place, operand in enumerate(node.operands):
            if isinstance(operand, Link):
                start = box_of[operand.node]
                if start != own:
                    yield i, place, start
