"""How the members of a wave read an operand, or write their results, in one word and its numbers.

Addresses that go on evenly, over members and over terms, are *levels*: how many steps, and how far
each. Those that do not move are repeats; one that does is a slice or a stride; two are a tile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from .cells import KEPT, Cells
from .schedule import Part


class Level(NamedTuple):
    """So many steps, each so far from the one before."""

    times: int
    step: int


class Reading(NamedTuple):
    """Where an operand is: the first and the last place of a segment, and the word for the way."""

    segment: int
    first: int
    last: int
    step: int
    word: str
    is_column: bool

    def written(self, cells: Cells) -> str:
        """Return the reading as text."""
        span = cells.span(self.segment, self.first, self.last, abs(self.step))
        if self.is_column and self.segment not in KEPT:
            span = f"column {span}" if self.first == self.last else f"columns {span}"
        return f"{span} {self.word}".rstrip()


def reading_of(part: Part, column: int) -> Reading:
    """Return how a part reads a leaf, counted from 1, or how it writes its results: column 0."""
    places = places_of(part, column)
    terms = terms_of(part, column)
    first = min(places) + min(terms)
    last = max(places) + max(terms)
    step, word = told(levels_of(places), levels_of(terms))
    is_column = part.kind.columns[column - 1] if column else part.kind.is_column
    return Reading(part.segments[column], first, last, step, word, is_column)


def places_of(part: Part, column: int) -> list[int]:
    """Return where each member has a leaf, or its first term, in the segment."""
    stride = part.strides[column]
    return [starts[column] + i * stride for count, starts in part.runs for i in range(count)]


def terms_of(part: Part, column: int) -> Sequence[int]:
    """Return how far the terms of a leaf are from the first; of what has none, a 0.

    The table of a look-up has its entries for terms: it is the second leaf.
    """
    if not column or not part.terms:
        return (0,)
    leaf = column - len(part.segments) + len(part.terms)
    return part.terms[leaf] if leaf >= 0 else (0,)


def levels_of(places: Sequence[int]) -> list[Level] | None:
    """Return one level, or an outer and an inner one; None if places do not go on evenly.

    >>> levels_of([0, 1, 2, 3]), levels_of([0, 1, 8, 9]), levels_of([0, 1, 5])
    ([Level(times=4, step=1)], [Level(times=2, step=8), Level(times=2, step=1)], None)
    """
    steps = [y - x for x, y in pairwise(places)]
    if not steps:
        return []
    if len(set(steps)) == 1:
        return [Level(len(places), steps[0])]
    inner = next(i for i, step in enumerate(steps) if step != steps[0]) + 1
    if len(places) % inner:
        return None
    outer = levels_of(places[::inner]) or ()
    own = [places[i] + j * steps[0] for i in range(0, len(places), inner) for j in range(inner)]
    if len(outer) != 1 or own != list(places):
        return None
    return [outer[0], Level(inner, steps[0])]


def told(members: list[Level] | None, terms: list[Level] | None) -> tuple[int, str]:
    """Return the stride, and the word for levels of members, and then of terms."""
    if members is None or terms is None:
        return 1, "gather"
    moving = [level for level in (*members, *terms) if level.step]
    repeats = "".join([*repeats_in(members), *repeats_in(terms)])
    if members and not any(level.step for level in members):
        return moving[0].step if len(moving) == 1 else 1, "broadcast"
    if not moving:
        return 1, ""
    if len(moving) > 1:
        counts = "×".join([str(level.times) for level in moving])
        steps = ", ".join([f"{level.step:+}" for level in moving])
        return 1, f"tile {counts} ({steps}){repeats}"
    step = moving[0].step
    return step, f"{'slice' if step == 1 else f'stride {step}'}{repeats}"


def repeats_in(members: Sequence[Level]) -> Iterator[str]:
    """Yield how often the same is read again, by neighbors or later on."""
    if len(members) == 2:
        outer, inner = members
        if not inner.step:
            yield f", each by {inner.times}"
        if not outer.step:
            yield f", {outer.times} times over"
