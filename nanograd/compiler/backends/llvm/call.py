"""One call of a kernel: its operands in memory, and room for its results."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from ...operations import Axes
from ...program import Program
from .buffers import empty
from .module import Module

Lengths = Mapping[str, int]

NUMBERS = {"float64": ctypes.c_double, "float32": ctypes.c_float}


class Call:
    """The operands of a call, and where the results go."""

    def __init__(
        self,
        program: Program,
        precision: str,
        operands: Sequence[Any],
        lengths: Lengths,
    ):
        self.program = program
        self.precision = precision
        self.lengths = dict(lengths)
        self.columns: list[Any] = []
        self.given: list[Any] = []  # memory for the outputs
        self.numbers: list[float] = []
        for x, given in zip(operands, program.inputs, strict=True):
            if given.axes:
                self.columns.append(self.column(x, given.axes))
            else:
                self.numbers.append(x)

    def column(self, x: Any, axes: Axes) -> Any:
        """Return an array as a kernel takes it: its first axis side by side in memory."""
        import numpy

        array = numpy.ascontiguousarray(numpy.asarray(x, self.precision).T)
        self.lengths.update(zip(axes, array.shape[::-1], strict=True))
        return array

    def prepare(self, module: Module) -> None:
        """Make the pointers that a kernel takes."""
        kind, lengths = NUMBERS[self.precision], self.lengths
        outputs, axes = module.outputs, module.axes
        if not self.given:
            for each in outputs:
                shape = tuple(lengths[axis] for axis in reversed(each))
                self.given.append(empty(shape, self.precision) if each else None)
        arrays = [*self.columns, *[x for x in self.given if x is not None]]
        room = sum((prod(lengths[axis] for axis in each) + 7) // 8 * 8 for each in module.sizes)
        self.out = (kind * max(len(outputs), 1))()
        self.room = empty((room,), self.precision)
        self.pointers = (
            (kind * max(len(self.numbers), 1))(*self.numbers),
            (ctypes.c_void_p * max(len(arrays), 1))(*map(address, arrays)),
            (ctypes.c_int64 * max(len(axes), 1))(*[lengths[axis] for axis in axes]),
            self.out,
            (kind * max(module.emitter.cells, 1))(),
            address(self.room),
        )

    def results(self) -> list[Any]:
        """Return the outputs: floats, and arrays along their axes."""
        return [self.out[i] if x is None else x.T for i, x in enumerate(self.given)]


def address(array: Any) -> int:
    """Return where the numbers of an array are."""
    place: int = array.__array_interface__["data"][0]
    return place
