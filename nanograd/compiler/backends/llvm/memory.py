"""Columns in memory: where their numbers lie, and how they are loaded and stored.

A column of a program has its first axis side by side: the number at (i, j) lies at i + j · length.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from ...programs.operations import Axes
from .code import Code, Value


class Lane(NamedTuple):
    """Where the lanes of a loop are: along this axis, from this place on."""

    axis: str
    place: str
    mask: str  # of the lanes that are there; empty if all are


Place = str | Lane  # along an axis


@dataclass(frozen=True)
class Column:
    """Numbers in memory: a pointer to the first, and how far apart neighbors are on each axis.

    It may have a number for each lane. Only those in the lanes of its mask are touched.
    """

    pointer: str
    axes: Axes = ()
    strides: tuple[str, ...] = ()
    start: int = 0  # so many numbers after the pointer
    apart: str = ""  # how far the numbers of two lanes are from each other; empty if they share one
    mask: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from others."""
        return self.pointer, self.start

    def begin(self, code: Code) -> str:
        """Return the place of its first number."""
        return offset(code, self.pointer, str(self.start)) if self.start else self.pointer

    def at(self, code: Code, axis: str, place: Place) -> Column:
        """Return the part of it at one place along an axis, or at one for each lane."""
        i = self.axes.index(axis)
        first = place.place if isinstance(place, Lane) else place
        part = replace(
            self,
            pointer=offset(code, self.begin(code), product(code, first, self.strides[i])),
            axes=self.axes[:i] + self.axes[i + 1 :],
            strides=self.strides[:i] + self.strides[i + 1 :],
            start=0,
        )
        if isinstance(place, Lane):
            return replace(part, apart=self.strides[i], mask=place.mask)
        return part

    def load(self, code: Code) -> Value:
        """Return the number, or one in each lane."""
        assert not self.axes  # noqa: S101 - all have been gone through
        pointer, is_wide = self.begin(code), bool(self.apart)
        if self.apart not in {"", "1"} and code.width > 1:
            where = f"{code.vector('ptr')} {self.places(code, pointer)}"
            return Value(code.masked("gather", where, self.mask), is_wide)
        if self.apart and self.mask:
            return Value(code.masked("load", f"ptr {pointer}", self.mask), is_wide)
        kind = code.many if is_wide else code.one
        return Value(code.let(f"load {kind}, ptr {pointer}, align {code.bytes}"), is_wide)

    def store(self, code: Code, x: Value) -> None:
        """Write the number, or one of each lane."""
        assert not self.axes  # noqa: S101 - as above
        pointer = self.begin(code)
        x = code.widened(x) if self.apart else x
        if self.apart not in {"", "1"} and code.width > 1:
            where = f"{code.vector('ptr')} {self.places(code, pointer)}"
            code.store_masked("scatter", x, where, self.mask)
        elif self.apart and self.mask:
            code.store_masked("store", x, f"ptr {pointer}", self.mask)
        else:
            code.write(f"store {code.type_of(x)} {x.text}, ptr {pointer}, align {code.bytes}")

    def places(self, code: Code, pointer: str) -> str:
        """Return the place of the number of each lane."""
        longs = code.vector("i64")
        apart = code.let(f"mul {longs} {steps(code)}, {splat(code, self.apart)}")
        return code.let(f"getelementptr {code.one}, ptr {pointer}, {longs} {apart}")


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
