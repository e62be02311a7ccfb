"""A kernel: machine code, called with the operands of a program."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from ....modes import block
from ....real import number
from ...program import Program
from .machine import compiled, linked, register_bits
from .module import POINTERS, Module

#: Lines of LLVM: above the first, its own passes take too long; above the second, good code does.
TIDIED, CAREFUL = 4_000, 60_000

NUMBERS = {"float64": ctypes.c_double, "float32": ctypes.c_float}


class Kernel:
    """A program as a function of the machine, for several widths of vectors."""

    def __init__(self, program: Program, precision: str):
        self.program = program
        self.precision = precision
        self.codes: dict[int, MachineCode] = {}
        self.widest = register_bits() // (8 * ctypes.sizeof(NUMBERS[precision]))
        self.row_axes = self.code_of(self.widest).module.emitter.row_axes

    def code(self, lengths: Mapping[str, int]) -> MachineCode:
        """Return the machine code for axes of these lengths: short ones need few lanes."""
        longest = max((lengths[axis] for axis in self.row_axes), default=1)
        return self.code_of(min(self.widest, 1 << max(0, longest - 1).bit_length()))

    def code_of(self, width: int) -> MachineCode:
        """Return the machine code with so many lanes."""
        if width not in self.codes:
            self.codes[width] = MachineCode(Module(self.program, self.precision, width))
        return self.codes[width]

    @property
    def source(self) -> str:
        """The text in LLVM's language."""
        return self.code_of(self.widest).module.text()

    def __call__(
        self,
        operands: Sequence[Any],
        lengths: Mapping[str, int] | None = None,
    ) -> list[Any]:
        """Return the outputs of the program: floats, and arrays along their axes."""
        call = Call(self, operands, lengths or {})
        return call.results()


class MachineCode:
    """The machine code of a kernel."""

    def __init__(self, module: Module):
        self.module = module
        self.function: Any = None

    def ready(self) -> Any:
        """Return the function; it is made when it is first called."""
        if self.function is None:
            module = self.module
            size = len(module.code.lines)
            level = 3 if size < TIDIED else 1 if size < CAREFUL else 0
            code = compiled(module.text(), level, is_tidied=size < TIDIED)
            self.callbacks = {
                name: callback(op, name, NUMBERS[module.precision])
                for op, name in module.callbacks.items()
            }
            pairs = self.callbacks.items()
            addresses = {name: ctypes.cast(f, ctypes.c_void_p).value or 0 for name, f in pairs}
            self.library = linked(code, addresses)
            kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(POINTERS))
            self.function = kind(self.library["kernel"])
        return self.function


def callback(op: Any, name: str, kind: Any) -> Any:
    """Return an operation that only Python can do, as a function that machine code calls."""
    count = int(name.rsplit("_", 1)[1])

    def evaluate(*operands: float) -> float:
        with block("ieee"):
            return number(op(*operands))

    return ctypes.CFUNCTYPE(kind, *[kind] * count)(evaluate)


class Call:
    """One call of a kernel: the operands in memory, and room for the results."""

    def __init__(self, kernel: Kernel, operands: Sequence[Any], lengths: Mapping[str, int]):
        self.kernel = kernel
        self.lengths = dict(lengths)
        self.columns: list[Any] = []
        numbers: list[float] = []
        for x, given in zip(operands, kernel.program.inputs, strict=True):
            if given.axes:
                self.columns.append(self.column(x, given.axes))
            else:
                numbers.append(x)
        self.numbers = (NUMBERS[kernel.precision] * max(len(numbers), 1))(*numbers)

    def column(self, x: Any, axes: Sequence[str]) -> Any:
        """Return an array as the kernel takes it: its first axis side by side in memory."""
        import numpy

        array = numpy.ascontiguousarray(numpy.asarray(x, self.kernel.precision).T)
        self.lengths.update(zip(axes, array.shape[::-1], strict=True))
        return array

    def results(self) -> list[Any]:
        """Run the kernel and return the outputs."""
        import numpy

        kernel, lengths = self.kernel, self.lengths
        code = kernel.code(lengths)
        module = code.module
        results = []
        for axes in module.outputs:
            shape = [lengths[axis] for axis in reversed(axes)]
            results.append(numpy.empty(shape, kernel.precision) if axes else None)
        self.columns += [x for x in results if x is not None]
        kind = NUMBERS[kernel.precision]
        out = (kind * max(len(results), 1))()
        cells = (kind * max(module.emitter.cells, 1))()
        sizes = (prod(lengths[axis] for axis in axes) for axes in module.sizes)
        room = numpy.empty(sum((size + 7) // 8 * 8 for size in sizes), kernel.precision)
        pointers = (ctypes.c_void_p * max(len(self.columns), 1))(
            *[x.ctypes.data for x in self.columns]
        )
        counts = (ctypes.c_int64 * max(len(module.axes), 1))(*[lengths[a] for a in module.axes])
        code.ready()(self.numbers, pointers, counts, out, cells, room.ctypes.data)
        return [out[i] if x is None else x.T for i, x in enumerate(results)]
