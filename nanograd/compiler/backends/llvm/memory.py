"""Columns in memory: where their numbers lie, and how they are loaded and stored.

A column of a program has its first axis side by side: the number at (i, j) lies at i + j · length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ...operations import Axes
from .code import Code, Value


class Lane(NamedTuple):
    """Where the lanes of a loop are: along this axis, from this place on."""

    axis: str
    place: str
    mask: str  # of the lanes that are there; empty if all are


@dataclass(frozen=True)
class Column:
    """Numbers in memory: a pointer to the first, and how far apart neighbors are on each axis."""

    pointer: str
    axes: Axes = ()
    strides: tuple[str, ...] = ()
    start: int = 0  # so many numbers after the pointer

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from others."""
        return self.pointer, self.start

    def begin(self, code: Code) -> str:
        """Return the place of its first number."""
        return offset(code, self.pointer, str(self.start)) if self.start else self.pointer

    def at(self, code: Code, axis: str, index: str) -> Column:
        """Return the part of it at one place along an axis."""
        i = self.axes.index(axis)
        start = offset(code, self.pointer, product(code, index, self.strides[i]))
        return Column(
            start, self.axes[:i] + self.axes[i + 1 :], self.strides[:i] + self.strides[i + 1 :]
        )

    def load(self, code: Code, lane: Lane | None) -> Value:
        """Return the number, or one in each lane."""
        if not self.axes:
            return Value(code.let(f"load {code.one}, ptr {self.begin(code)}, align {code.bytes}"))
        assert lane is not None  # noqa: S101 - all other axes have been gone through
        if self.strides != ("1",):
            where = f"{code.vector('ptr')} {self.pointers(code, lane)}"
            return Value(code.masked("gather", where, lane.mask), is_wide=True)
        start = offset(code, self.pointer, lane.place)
        if lane.mask:
            return Value(code.masked("load", f"ptr {start}", lane.mask), is_wide=True)
        return Value(code.let(f"load {code.many}, ptr {start}, align {code.bytes}"), is_wide=True)

    def store(self, code: Code, x: Value, lane: Lane | None) -> None:
        """Write the number, or one of each lane."""
        if not self.axes:
            code.write(f"store {code.one} {x.text}, ptr {self.begin(code)}, align {code.bytes}")
            return
        assert lane is not None  # noqa: S101 - as above
        x = code.widened(x)
        if self.strides != ("1",):
            where = f"{code.vector('ptr')} {self.pointers(code, lane)}"
            code.store_masked("scatter", x, where, lane.mask)
            return
        start = offset(code, self.pointer, lane.place)
        if lane.mask:
            code.store_masked("store", x, f"ptr {start}", lane.mask)
        else:
            code.write(f"store {code.many} {x.text}, ptr {start}, align {code.bytes}")

    def pointers(self, code: Code, lane: Lane) -> str:
        """Return the place of the number of each lane."""
        (stride,) = self.strides
        longs = f"<{code.width} x i64>"
        places = code.let(f"add {longs} {splat(code, lane.place)}, {steps(code)}")
        apart = code.let(f"mul {longs} {places}, {splat(code, stride)}")
        return code.let(f"getelementptr {code.one}, ptr {self.pointer}, {longs} {apart}")


def product(code: Code, x: str, y: str) -> str:
    """Return x · y of two whole numbers."""
    if "1" in (x, y):
        return y if x == "1" else x
    return code.let(f"mul i64 {x}, {y}")


def offset(code: Code, pointer: str, index: str) -> str:
    """Return the place of a number so far from the first."""
    return code.let(f"getelementptr {code.one}, ptr {pointer}, i64 {index}")


def splat(code: Code, x: str) -> str:
    """Return a whole number in each lane."""
    longs = f"<{code.width} x i64>"
    if x.isdigit():
        return f"splat (i64 {x})"
    inserted = code.let(f"insertelement {longs} poison, i64 {x}, i64 0")
    zeros = f"<{code.width} x i32> zeroinitializer"
    return code.let(f"shufflevector {longs} {inserted}, {longs} poison, {zeros}")


def steps(code: Code) -> str:
    """Return 0, 1, 2, … in the lanes."""
    return f"<{', '.join(f'i64 {i}' for i in range(code.width))}>"
