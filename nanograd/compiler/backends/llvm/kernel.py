"""A kernel: machine code, called with the operands of a program."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any

from ....modes import block
from ....real import number
from .machine import compiled, linked
from .module import Module


class Kernel:
    """A program as a function of the machine."""

    def __init__(self, module: Module):
        self.module = module
        self.program = module.program
        self.number = {"float64": ctypes.c_double, "float32": ctypes.c_float}[module.precision]
        self.dtype = module.precision
        self.inputs = [bool(x.axes) for x in self.program.inputs]

    @cached_property
    def source(self) -> str:
        """The text in LLVM's language."""
        return self.module.text()

    @cached_property
    def function(self) -> Any:
        """The machine code."""
        size = len(self.module.code.lines)
        code = compiled(self.source, 3 if size < 4000 else 1, is_tidied=size < 4000)
        self.callbacks = {name: self.callback(op, name) for op, name in self.module.callbacks.items()}
        addresses = {
            name: ctypes.cast(f, ctypes.c_void_p).value for name, f in self.callbacks.items()
        }
        self.library = linked(code, addresses)  # type: ignore[arg-type]
        kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 6)
        return kind(self.library["kernel"])

    def callback(self, op: Any, name: str) -> Any:
        """Return an operation that only Python can do, as a function that machine code calls."""
        count = int(name.rsplit("_", 1)[1])

        def evaluate(*operands: float) -> float:
            with block("ieee"):
                return number(op(*operands))

        return ctypes.CFUNCTYPE(self.number, *[self.number] * count)(evaluate)

    def __call__(self, operands: Sequence[Any], lengths: Mapping[str, int] | None = None) -> list[Any]:
        """Return the outputs of the program."""
        import numpy

        lengths = dict(lengths or {})
        numbers, columns = [], []
        for x, is_column, given in zip(operands, self.inputs, self.program.inputs, strict=True):
            if is_column:
                array = numpy.asarray(x, self.dtype).T
                columns.append(numpy.ascontiguousarray(array))
                lengths.update(zip(given.axes, columns[-1].shape[::-1], strict=True))
            else:
                numbers.append(x)
        given_numbers = (self.number * max(len(numbers), 1))(*numbers)
        results: list[Any] = []
        for axes in self.module.outputs:
            if axes:
                array = numpy.empty([lengths[axis] for axis in reversed(axes)], self.dtype)
                columns.append(array)
                results.append(array.T)
            else:
                results.append(None)
        pointers = (ctypes.c_void_p * max(len(columns), 1))(*[x.ctypes.data for x in columns])
        counts = (ctypes.c_int64 * max(len(self.module.axes), 1))(*[lengths[a] for a in self.module.axes])
        out = (self.number * max(len(results), 1))()
        size = sum((prod(lengths[axis] for axis in axes) + 7) // 8 * 8 for axes in self.module.sizes)
        room = numpy.empty(size, self.dtype)
        cells = (self.number * max(self.module.emitter.cells, 1))()
        self.function(given_numbers, pointers, counts, out, cells, room.ctypes.data)
        return [out[i] if x is None else x for i, x in enumerate(results)]
