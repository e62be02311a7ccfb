"""Waves of look-ups: entries of tables at indices that are known at run time.

Where all members of a run have the same index, as the numbers of one row of a table, its place is
found once, and they are read side by side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ....schedules.forms import Take
from ..code import Value
from ..lookup import Place, place_of
from ..loops import counted
from ..memory import Lane
from .access import Even
from .folds import stride_of
from .parts import PartWriter, vectors


class LookupWriter:
    """Writes a part whose members are look-ups."""

    def __init__(self, writer: PartWriter, take: Take):
        self.writer = writer
        self.code = writer.code
        self.length = take.length
        (self.entries,) = writer.part.terms  # how far they are from the first
        self.apart = stride_of(self.entries)

    def write(self) -> None:
        """Write the part."""
        result, index, table = self.writer.part.strides
        is_in_lanes = index == 0 and {result, table} <= {0, 1}
        self.writer.write(self.together if is_in_lanes else self.one_by_one)

    def together(self, count: str, accesses: Sequence[Even]) -> None:
        """Write a run whose members have one index."""
        result, index, table = accesses
        place = self.place(index)
        entry = self.entry(table, place)
        if count == "1":
            self.give(result, entry, place, None)
        else:
            vectors(self.code, count, lambda lanes: self.give_all(result, entry, place, lanes))

    def one_by_one(self, count: str, accesses: Sequence[Even]) -> None:
        """Write a run member by member."""

        def step(i: str, _: list[Value]) -> Sequence[Value]:
            result, index, table = [each.member(self.code, i) for each in accesses]
            place = self.place(index)
            self.give(result, self.entry(table, place), place, None)
            return []

        counted(self.code, count, [], step)

    def place(self, index: Even) -> Place:
        """Return the place that an index says."""
        return place_of(self.code, self.writer.load(index, None), self.length)

    def entry(self, table: Even, place: Place) -> Even:
        """Return where the entry at a place is."""
        code = self.code
        far = code.let(f"zext i32 {place.text} to i64")
        if self.apart is None:
            lowest = min(self.entries)
            far = self.writer.entry([x - lowest for x in self.entries])(far)
            table = table.moved(lowest)
        elif self.apart != 1:
            far = code.let(f"mul i64 {far}, {self.apart}")
        return replace(table, start=code.let(f"add i64 {table.start}, {far}"))

    def give_all(self, result: Even, entry: Even, place: Place, lanes: Sequence[Lane]) -> None:
        """Write entries in some lanes."""
        for lane in lanes:
            self.give(result, entry, place, lane)

    def give(self, result: Even, entry: Even, place: Place, lane: Lane | None) -> None:
        """Write an entry, or nan where there is none, as the result."""
        code = self.code
        found = self.writer.load(entry, lane)
        nowhere = code.constant(math.nan)
        result.store(code, lane, code.select(place.is_there, found, nowhere))
