"""Names of places in memory: inputs have their own, and all others are counted.

A column has one name, however many rows there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from ...drawing.grouping import input_labels
from ..programs.blocks import Block, outside
from .memory import COLUMNS, CONSTANTS, INPUTS, WORK
from .schedule import Schedule

COUNT = "count of rows"
KEPT = {WORK: "work", COLUMNS: "column"}  # what is computed on the way


class Cells:
    """The names of the places of a schedule: `work[3]`, `column[2]`, `out[0]`, and inputs, `x_0`.

    Without the names of inputs, these are `in[0]`, `in[1]`, ….
    """

    def __init__(self, schedule: Schedule, inputs: Sequence[str] = ()):
        self.schedule = schedule
        self.inputs = inputs
        labels = input_labels(inputs)
        self.arguments = [labels[name].text.rstrip("_") for name in inputs]
        given, wanted, _ = schedule.blocks
        self.out = INPUTS + 1 + len(given)  # the segment of outputs outside of blocks
        self.outside = {INPUTS: Outside(given), self.out: Outside(wanted)}

    def is_input(self, segment: int) -> bool:
        """Return whether inputs are in a segment."""
        return INPUTS <= segment < self.out

    def is_output(self, segment: int) -> bool:
        """Return whether outputs are in a segment."""
        return segment >= self.out

    def place(self, segment: int, offset: int) -> int:
        """Return which of all inputs, or of all outputs, is here."""
        if segment in self.outside:
            return self.outside[segment][offset]
        given, wanted, _ = self.schedule.blocks
        is_given = segment < self.out
        block = given[segment - INPUTS - 1] if is_given else wanted[segment - self.out - 1]
        return block.start + offset

    def name(self, segment: int, offset: int) -> str:
        """Return the name of a place; that of a plain number is its digits."""
        if segment in KEPT:
            return f"{KEPT[segment]}[{offset}]"
        if segment == CONSTANTS:
            return f"{self.schedule.constants[offset]:.6g}"
        if self.is_count(segment, offset):
            return COUNT
        place = self.place(segment, offset)
        if self.is_output(segment):
            return f"out[{place}]"
        return self.inputs[place] if self.inputs else f"in[{place}]"

    def argument(self, segment: int, offset: int) -> str:
        """Return what the name of an input begins with: `weights` for weights_0_1."""
        if self.is_count(segment, offset):
            return COUNT
        return self.arguments[self.place(segment, offset)] if self.inputs else "in"

    def is_count(self, segment: int, offset: int) -> bool:
        """Return whether how many rows there are is here."""
        return segment == INPUTS and offset == self.schedule.count

    def span(self, segment: int, first: int, last: int, step: int = 1) -> str:
        """Return the name of all places from the first to the last: `work[0:8]`, `x[0…3]`."""
        if first == last:
            return self.name(segment, first)
        if self.inputs and self.is_input(segment):
            return joined(self.name(segment, first), self.name(segment, last))
        word = KEPT.get(segment, "out" if self.is_output(segment) else "in")
        if segment == CONSTANTS:
            word = "numbers"
        elif segment not in KEPT:
            first, last = self.place(segment, first), self.place(segment, last)
        by = f":{step}" if step > 1 else ""
        return f"{word}[{first}:{last + 1}{by}]"


class Outside:
    """Which inputs, or outputs, are in no block, in order."""

    def __init__(self, blocks: Sequence[Block]):
        self.blocks = blocks
        self.places: list[int] = []

    def __getitem__(self, offset: int) -> int:
        if offset >= len(self.places):
            inside = sum([size for _, size in self.blocks])
            self.places = outside(self.blocks, 2 * offset + 1 + inside)
        return self.places[offset]


def joined(first: str, last: str) -> str:
    """Return two names of inputs as those of all between: what they begin with stands once.

    >>> joined("x_0", "x_3"), joined("w_0_1", "w_2_1"), joined("rate", "x_3")
    ('x[0…3]', 'w[0_1…2_1]', 'rate…x_3')
    """
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    same = "".join([letter for letter, _ in pairs]).rpartition("_")[0]
    if not same:
        return f"{first}…{last}"
    return f"{same}[{first[len(same) + 1 :]}…{last[len(same) + 1 :]}]"
