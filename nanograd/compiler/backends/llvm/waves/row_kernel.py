"""The kernel of a program with rows that is run in waves: what it is given, and what it gives."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import addressof
from typing import Any

from .....packing import doubles_at
from ....programs.blocks import NO_BLOCKS, Blocks, joined, outside
from ....programs.program import Program
from ....programs.rows import Layout
from ....schedules.schedule import with_columns
from ..buffers import empty
from ..call import NUMBERS, Lengths, address
from .wave_code import WaveCode


class RowKernel:
    """A program with rows along one axis as a function of the machine, run in waves."""

    def __init__(self, program: Program, precision: str, blocks: Blocks = NO_BLOCKS):
        self.program = program
        self.precision = precision
        self.kind = NUMBERS[precision]
        self.layout = Layout(program)
        (self.axis,) = program.order
        self.blocks = blocks
        self.pointed = blocks if precision == "float64" else NO_BLOCKS  # which are not copied
        self.code = WaveCode(program, precision, self.pointed)
        every = with_columns(program, self.pointed)
        self.columns = every.inputs[len(self.pointed.inputs) :]
        self.columns_out = every.outputs[len(self.pointed.outputs) :]
        self.numbers = outside(every.inputs, len(program.inputs))
        self.numbers_out = outside(every.outputs, len(program.outputs))

    @property
    def source(self) -> str:
        """The text in LLVM's language."""
        return self.code.text

    @property
    def assembly(self) -> str:
        """The machine code as text."""
        return self.code.assembly

    def __call__(self, operands: Sequence[Any], lengths: Lengths | None = None) -> list[Any]:
        """Return the outputs of the program: floats, and arrays of one for each row."""
        lengths = self.layout.space(operands, lengths).lengths
        given = [(self.kind * size)(*operands[i : i + size]) for i, size in self.pointed.inputs]
        wanted = [(self.kind * size)() for _, size in self.pointed.outputs]
        places = list(map(addressof, given)), list(map(addressof, wanted))
        found = self.run(places[0], operands, places[1], lengths[self.axis])
        return joined(self.pointed.outputs, list(map(list, wanted)), found)

    def on_blocks(
        self,
        given: Sequence[int],
        operands: Sequence[Any],
        wanted: Sequence[int],
        lengths: Lengths,
    ) -> list[Any]:
        """Return the outputs outside of blocks; those inside are written to where it is wanted."""
        inside: list[list[Any]] = [[0.0] * size for _, size in self.blocks.inputs]
        if self.pointed is self.blocks:
            every = joined(self.blocks.inputs, inside, list(operands))
            return self.run(given, every, wanted, lengths[self.axis])
        for i, (_, size) in enumerate(self.blocks.inputs):
            inside[i] = doubles_at(given[i], size)[:]
        found = self(joined(self.blocks.inputs, inside, list(operands)), lengths)
        for place, (start, size) in zip(wanted, self.blocks.outputs, strict=True):
            doubles_at(place, size)[:] = found[start : start + size]
        return [found[i] for i in outside(self.blocks.outputs, len(found))]

    def run(
        self,
        given: Sequence[int],
        operands: Sequence[Any],
        wanted: Sequence[int],
        rows: int,
    ) -> list[Any]:
        """Return the outputs outside of blocks, given all operands; those in blocks do not count."""
        code, kind = self.code, self.kind
        plain = [operands[i] for i in self.numbers]
        numbers = (kind * (len(plain) + 1))(*plain, rows)
        out = (kind * len(self.numbers_out))()
        columns = [self.columns_of(operands[i : i + size], rows) for i, size in self.columns]
        results = [empty((size, rows), self.precision) for _, size in self.columns_out]
        work = empty((code.work + 8,), self.precision), empty((code.columns, rows), self.precision)
        places = [*map(address, work), None, rows, addressof(numbers), *given]
        places += [*map(address, columns), addressof(out), *wanted, *map(address, results)]
        segments = (ctypes.c_void_p * len(places))(*places)
        code.function(addressof(segments))
        others: list[Any] = [0.0] * len(self.program.outputs)
        for i, x in zip(self.numbers_out, out, strict=True):
            others[i] = x
        for (start, size), block in zip(self.columns_out, results, strict=True):
            others[start : start + size] = block
        return [others[i] for i in outside(self.pointed.outputs, len(others))]

    def columns_of(self, arrays: Sequence[Any], rows: int) -> Any:
        """Return some columns, one after the other in memory."""
        block = empty((len(arrays), rows), self.precision)
        for column, x in zip(block, arrays, strict=True):
            column[:] = x
        return block
