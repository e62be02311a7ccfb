"""Waves of look-ups: entries of tables at indices that are known at run time.

Where all members of a run have the same index, as the numbers of one row of a table, its place is
found once, and they are read side by side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ....schedules.forms import Take
from ....schedules.patterns import stride_of
from ..code import Value
from ..lookup import Place, chosen, place_of
from ..memory import Lane, splat, steps
from .access import Even
from .parts import PartWriter, members, vectors


class LookupWriter:
    """Writes a part whose members are look-ups."""

    def __init__(self, writer: PartWriter, take: Take):
        self.writer = writer
        self.code = writer.code
        self.take = take
        self.length = writer.code.constant(float(take.length))
        (self.entries,) = writer.part.terms  # how far they are from the first
        self.apart = stride_of(self.entries)

    def write(self) -> None:
        """Write the part."""
        if self.take.is_column:
            self.writer.write(self.in_rows)
            return
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

        def step(i: str) -> None:
            result, index, table = [each.member(self.code, i) for each in accesses]
            place = self.place(index)
            self.give(result, self.entry(table, place), place, None)

        members(self.code, count, step)

    def in_rows(self, count: str, accesses: Sequence[Even]) -> None:
        """Write a run of columns, with the rows in the lanes."""

        def step(i: str) -> None:
            here = [each.member(self.code, i) for each in accesses]
            vectors(self.code, self.writer.count, lambda lanes: self.rows(here, lanes), most=1)

        members(self.code, count, step)

    def rows(self, accesses: Sequence[Even], lanes: Sequence[Lane]) -> None:
        """Write entries in the rows of some lanes."""
        result, index, table = accesses
        for lane in lanes:
            if index.rows:
                found = self.at_places(index, table, lane)
                result.store(self.code, lane, found)
            else:
                place = self.place(index)
                self.give(result, self.entry(table, place), place, lane)

    def at_places(self, index: Even, table: Even, lane: Lane) -> Value:
        """Write the entries at the indices of the rows in some lanes."""
        code = self.code
        place = place_of(code, code.widened(self.writer.load(index, lane)), self.length)
        if self.apart is None:
            entries = [self.writer.load(table.moved(far), lane) for far in self.entries]
            return chosen(code, place, entries)
        longs = code.vector("i64")
        far = code.let(f"zext {place.kind} {place.text} to {longs}")
        far = code.let(f"mul {longs} {far}, {self.in_all_lanes(str(self.apart))}")
        if table.rows:
            far = code.let(f"mul {longs} {far}, {self.in_all_lanes(table.rows)}")
            if code.width > 1:
                far = code.let(f"add {longs} {far}, {steps(code)}")
        first = table.column(code, lane).begin(code)
        where = code.let(f"getelementptr {code.one}, ptr {first}, {longs} {far}")
        if code.width > 1:
            text = code.masked("gather", f"{code.vector('ptr')} {where}", lane.mask)
        else:
            text = code.let(f"load {code.one}, ptr {where}, align {code.bytes}")
        found = Value(text, is_wide=True)
        return code.select(place.is_there, found, code.constant(math.nan))

    def in_all_lanes(self, x: str) -> str:
        """Return a whole number in each lane."""
        return splat(self.code, x) if self.code.width > 1 else x

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
