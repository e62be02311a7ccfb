"""How one operand of the members of a part is read, or their results are written."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..code import Code, Value
from ..memory import Column, Lane, offset


@dataclass(frozen=True)
class Even:
    """Numbers, or columns, so far apart from each other; if that is 0, it is one for all members.

    The lanes go through the members; or, if `rows` says how many there are, through the rows of a
    column, which lie side by side.
    """

    pointer: str
    start: str  # how many numbers, or columns, after the pointer the first one is,
    distance: int  # and how many more
    stride: int
    rows: str = ""  # of a column

    @property
    def is_in_lanes(self) -> bool:
        """Whether each lane has another number."""
        return bool(self.stride or self.rows)

    def moved(self, distance: int) -> Even:
        """Return the numbers that are so far from these."""
        return replace(self, distance=self.distance + distance)

    def member(self, code: Code, index: str) -> Even:
        """Return where one of the members is, as one for all."""
        if index == "0" or not self.stride:
            return replace(self, stride=0)
        far = code.let(f"mul i64 {index}, {self.stride}")
        return replace(self, stride=0, start=code.let(f"add i64 {self.start}, {far}"))

    def first(self, code: Code) -> str:
        """Return the place of the first."""
        if self.rows:
            place = code.let(f"add i64 {self.start}, {self.distance}")
            return offset(code, self.pointer, code.let(f"mul i64 {place}, {self.rows}"))
        begin = self.pointer if self.start == "0" else offset(code, self.pointer, self.start)
        return offset(code, begin, str(self.distance)) if self.distance else begin

    def column(self, code: Code, lane: Lane | None) -> Column:
        """Return where the numbers of some lanes are, or the one that is all of theirs."""
        first = Column(self.first(code))
        if lane is None or not self.is_in_lanes:
            return first
        apart = "1" if self.rows else str(self.stride)
        return replace(first, axes=("",), strides=(apart,)).at(code, "", lane)

    def load(self, code: Code, lane: Lane | None) -> Value:
        """Return the numbers."""
        return self.column(code, lane).load(code)

    def store(self, code: Code, lane: Lane | None, x: Value) -> None:
        """Write the numbers."""
        self.column(code, lane).store(code, x)


@dataclass(frozen=True)
class Scattered:
    """Numbers anywhere after a pointer: a table says how far, with some more for the last lanes."""

    pointer: str
    table: str
    is_in_lanes = True

    def load(self, code: Code, lane: Lane) -> Value:
        """Return the numbers in some lanes."""
        if code.width == 1:
            return Column(self.places(code, lane)).load(code)
        return Value(code.masked("gather", self.vector(code, lane), lane.mask), is_wide=True)

    def store(self, code: Code, lane: Lane, x: Value) -> None:
        """Write the numbers in some lanes."""
        if code.width == 1:
            Column(self.places(code, lane)).store(code, x)
        else:
            code.store_masked("scatter", code.widened(x), self.vector(code, lane), lane.mask)

    def vector(self, code: Code, lane: Lane) -> str:
        """Return the places of the numbers, with their type."""
        return f"{code.vector('ptr')} {self.places(code, lane)}"

    def places(self, code: Code, lane: Lane) -> str:
        """Return the places of the numbers."""
        shorts, longs = code.vector("i32"), code.vector("i64")
        here = code.let(f"getelementptr i32, ptr {self.table}, i64 {lane.place}")
        far = code.let(f"load {shorts}, ptr {here}, align 4")
        wide = code.let(f"zext {shorts} {far} to {longs}")
        return code.let(f"getelementptr {code.one}, ptr {self.pointer}, {longs} {wide}")
