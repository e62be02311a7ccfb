"""A kernel: machine code, called with the operands of a program."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ....modes import block
from ....real import number
from ...program import Program
from .buffers import empty
from .call import NUMBERS, Call, Lengths
from .machine import compiled, linked, register_bits
from .module import POINTERS, Module
from .parallel import Parts, is_large

#: Lines of LLVM: above the first, its own passes take too long; above the second, good code does.
TIDIED, CAREFUL = 4_000, 60_000


class Kernel:
    """A program as a function of the machine, for several widths of vectors."""

    def __init__(self, program: Program, precision: str):
        self.program = program
        self.precision = precision
        self.codes: dict[int, MachineCode] = {}
        self.widest = register_bits() // (8 * ctypes.sizeof(NUMBERS[precision]))
        self.row_axes = self.code_of(self.widest).module.emitter.row_axes

    def code(self, lengths: Lengths) -> MachineCode:
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

    @cached_property
    def parts(self) -> Parts | None:
        """The program in parts that can be done by several threads, if there are any."""
        return Parts.of(self.program, lambda part: Kernel(part, self.precision))

    def __call__(self, operands: Sequence[Any], lengths: Lengths | None = None) -> list[Any]:
        """Return the outputs of the program: floats, and arrays along their axes."""
        call = Call(self.program, self.precision, operands, lengths or {})
        if is_large(len(self.program), call.lengths) and self.parts is not None:
            return self.parts.run(call)
        return self.run(call)

    def run(self, call: Call) -> list[Any]:
        """Run a call in one piece."""
        code = self.code(call.lengths)
        call.prepare(code.module)
        code.function(*call.pointers)
        code.refuse_failures()
        return call.results()

    def columns_for(self, rows: int) -> list[Any]:
        """Return memory for the outputs over so many rows; None for one that is a number."""
        axes = self.program.output_axes()
        return [empty((rows,), self.precision) if each else None for each in axes]

    def run_rows(
        self,
        operands: Sequence[Any],
        results: Sequence[Any],
        start: int,
        end: int,
    ) -> list[Any]:
        """Run some of the rows, put their columns into the results, and return the numbers."""
        rows = slice(start, end)
        inputs = zip(operands, self.program.inputs, strict=True)
        given = [x[rows] if each.axes else x for x, each in inputs]
        call = Call(self.program, self.precision, given, {})
        call.given = [None if x is None else x[rows] for x in results]
        return self.run(call)


class MachineCode:
    """The machine code of a kernel; it is made when it is first called."""

    def __init__(self, module: Module):
        self.module = module
        self.failures: list[BaseException] = []  # in operations that only Python can do

    @cached_property
    def function(self) -> Any:
        """The function that is called."""
        module = self.module
        size = len(module.code.lines)
        level = 3 if size < TIDIED else 1 if size < CAREFUL else 0
        code = compiled(module.text(), level, is_tidied=size < TIDIED)
        kind = NUMBERS[module.precision]
        pairs = module.callbacks.items()
        self.callbacks = {name: self.callback(op, name, kind) for op, name in pairs}
        addresses: dict[str, int] = {}
        for name, function in self.callbacks.items():
            addresses[name] = ctypes.cast(function, ctypes.c_void_p).value or 0
        self.library = linked(code, addresses)
        return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(POINTERS))(self.library["kernel"])

    def callback(self, op: Any, name: str, kind: Any) -> Any:
        """Return an operation that only Python can do, as a function that machine code calls."""
        count = int(name.rsplit("_", 1)[1])

        def evaluate(*operands: float) -> float:
            try:
                with block("ieee"):
                    return number(op(*operands))
            except BaseException as failure:  # noqa: BLE001 - it is raised when the kernel ends
                self.failures.append(failure)
                return 0.0

        return ctypes.CFUNCTYPE(kind, *[kind] * count)(evaluate)

    def refuse_failures(self) -> None:
        """Raise what an operation of the user raised while the kernel ran."""
        if self.failures:
            failure = self.failures[0]
            self.failures.clear()
            raise failure

