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
    index: str
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
        (stride,) = self.strides
        if stride != "1":
            return self.gathered(code, lane)
        start = offset(code, self.pointer, lane.index)
        if lane.mask:
            code.declare(
                f"{code.many} @llvm.masked.load.v{code.width}f{8 * code.bytes}.p0(ptr, i32, <{code.width} x i1>, {code.many})"
            )
            call = f"call {code.many} @llvm.masked.load.v{code.width}f{8 * code.bytes}.p0"
            mask = f"<{code.width} x i1> {lane.mask}"
            zeros = f"{code.many} zeroinitializer"
            return Value(code.let(f"{call}(ptr {start}, i32 {code.bytes}, {mask}, {zeros})"), True)
        return Value(code.let(f"load {code.many}, ptr {start}, align {code.bytes}"), True)

    def store(self, code: Code, x: Value, lane: Lane | None) -> None:
        """Write the number, or one of each lane."""
        if not self.axes:
            code.write(f"store {code.one} {x.text}, ptr {self.begin(code)}, align {code.bytes}")
            return
        assert lane is not None  # noqa: S101 - as above
        (stride,) = self.strides
        x = code.widened(x)
        if stride != "1":
            self.scattered(code, x, lane)
            return
        start = offset(code, self.pointer, lane.index)
        if lane.mask:
            kind = f"v{code.width}f{8 * code.bytes}"
            code.declare(
                f"void @llvm.masked.store.{kind}.p0({code.many}, ptr, i32, <{code.width} x i1>)"
            )
            mask = f"<{code.width} x i1> {lane.mask}"
            call = f"call void @llvm.masked.store.{kind}.p0"
            code.write(f"{call}({code.many} {x.text}, ptr {start}, i32 {code.bytes}, {mask})")
        else:
            code.write(f"store {code.many} {x.text}, ptr {start}, align {code.bytes}")

    def gathered(self, code: Code, lane: Lane) -> Value:
        """Return numbers that do not lie side by side."""
        kind = f"v{code.width}f{8 * code.bytes}"
        pointers = self.pointers(code, lane)
        vector = f"<{code.width} x ptr>"
        code.declare(
            f"{code.many} @llvm.masked.gather.{kind}.v{code.width}p0({vector}, i32, <{code.width} x i1>, {code.many})"
        )
        call = f"call {code.many} @llvm.masked.gather.{kind}.v{code.width}p0"
        mask = f"<{code.width} x i1> {lane.mask or 'splat (i1 true)'}"
        text = f"{call}({vector} {pointers}, i32 {code.bytes}, {mask}, {code.many} zeroinitializer)"
        return Value(code.let(text), True)

    def scattered(self, code: Code, x: Value, lane: Lane) -> None:
        """Write numbers that do not lie side by side."""
        kind = f"v{code.width}f{8 * code.bytes}"
        pointers = self.pointers(code, lane)
        vector = f"<{code.width} x ptr>"
        code.declare(
            f"void @llvm.masked.scatter.{kind}.v{code.width}p0({code.many}, {vector}, i32, <{code.width} x i1>)"
        )
        mask = f"<{code.width} x i1> {lane.mask or 'splat (i1 true)'}"
        call = f"call void @llvm.masked.scatter.{kind}.v{code.width}p0"
        code.write(f"{call}({code.many} {x.text}, {vector} {pointers}, i32 {code.bytes}, {mask})")

    def pointers(self, code: Code, lane: Lane) -> str:
        """Return the place of the number of each lane."""
        (stride,) = self.strides
        longs = f"<{code.width} x i64>"
        places = code.let(f"add {longs} {splat(code, lane.index)}, {steps(code)}")
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
