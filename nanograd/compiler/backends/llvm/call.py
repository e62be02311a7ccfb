"""One call of a kernel: its operands in memory, and room for its results."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from ...programs.blocks import Blocks
from ...programs.operations import Axes
from .buffers import copy_rows, empty
from .interrupts import Stop

Lengths = Mapping[str, int]

NO_SIZES: Mapping[int, int] = {}

NUMBERS = {"float64": ctypes.c_double, "float32": ctypes.c_float}


class Facts(NamedTuple):
    """What a call must know."""

    cells: int  # numbers that a kernel keeps
    sizes: Sequence[Sequence[int | str]]  # of columns that it keeps: factors, and axes
    row_axes: Sequence[str]  # along which it works on several places at once
    lines: int  # of LLVM


class Call:
    """The operands of a call, and where the results go."""

    def __init__(
        self,
        columns: Mapping[int, Axes],  # the axes of those operands that have any
        precision: str,
        operands: Sequence[Any],
        lengths: Lengths,
        stop: Stop,
        sizes: Mapping[int, int] = NO_SIZES,  # of those that are arrays of several columns
    ):
        self.precision = precision
        self.lengths = lengths
        self.stop = stop
        self.given: dict[int, Any] = {}  # memory for the outputs with axes
        self.blocks: list[int] = []  # where blocks of numbers are, if not among the others
        self.columns: list[Any] = []
        self.columns_at: list[int] = []
        for i, axes in columns.items():
            if i in sizes:
                self.add_block(operands[i], sizes[i], axes)
            else:
                self.columns.append(self.column(operands[i], axes))
                self.columns_at.append(address(self.columns[-1]))
        numbers = operands
        if columns:
            numbers = [x for i, x in enumerate(operands) if i not in columns]
        self.numbers: Any = (NUMBERS[precision] * len(numbers))(*numbers)

    def column(self, x: Any, axes: Axes) -> Any:
        """Return an array as a kernel takes it: its first axis side by side in memory."""
        import numpy as np

        shape = [self.lengths[axis] for axis in axes]
        return np.ascontiguousarray(np.asarray(x, self.precision).reshape(shape).T)

    def add_block(self, x: Any, size: int, axes: Axes) -> None:
        """Add the columns of an array, which then lie one after the other in memory."""
        import numpy as np

        rows = np.asarray(x).reshape(self.lengths[axes[0]], size)
        flags = rows.flags
        if rows.dtype == self.precision and flags.f_contiguous and flags.aligned:
            block = rows.T
        else:
            block = empty((size, len(rows)), self.precision)
            copy_rows(rows, block.T)
        self.columns.extend(block)
        first, apart = address(block), block.strides[0]
        self.columns_at += [first + i * apart for i in range(size)]

    def prepare(
        self,
        outputs: int,
        columns: Mapping[int, Axes],  # the axes of those outputs that have any
        axes: Axes,
        facts: Facts,
        blocks: Blocks,
    ) -> None:
        """Make the pointers that a kernel takes."""
        kind, lengths = NUMBERS[self.precision], self.lengths
        for i in columns.keys() - self.given.keys():
            self.given[i] = self.memory(columns[i])
        made = [self.given[i] for i in columns]
        room = sum((self.size(each) + 7) // 8 * 8 for each in facts.sizes)
        self.out = (kind * outputs)()
        inside = [(self.numbers, start) for start, _ in blocks.inputs]
        inside += [(self.out, start) for start, _ in blocks.outputs]
        among = [ctypes.addressof(x) + ctypes.sizeof(kind) * start for x, start in inside]
        places = [*self.columns_at, *map(address, made), *(self.blocks or among)]
        self.room = empty((room,), self.precision) if room else None
        self.pointers = (
            self.numbers,
            (ctypes.c_void_p * max(len(places), 1))(*places),
            (ctypes.c_int64 * max(len(axes), 1))(*[lengths[axis] for axis in axes]),
            self.out,
            (kind * max(facts.cells, 1))(),
            address(self.room) if room else None,
            ctypes.byref(self.stop.word),
        )

    def size(self, factors: Sequence[int | str]) -> int:
        """Return the size of a column, given factors and axes."""
        return prod(x if isinstance(x, int) else self.lengths[x] for x in factors)

    def memory(self, axes: Axes) -> Any:
        """Return memory for an output along these axes."""
        return empty(tuple(self.lengths[axis] for axis in reversed(axes)), self.precision)

    def results(self) -> list[Any]:
        """Return the outputs: floats, and arrays along their axes."""
        results: list[Any] = self.out[:]
        for i, x in self.given.items():
            results[i] = x.T
        return results


def address(array: Any) -> int:
    """Return where the numbers of an array are."""
    place: int = array.__array_interface__["data"][0]
    return place
