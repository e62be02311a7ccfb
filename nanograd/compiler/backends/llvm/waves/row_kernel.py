"""The kernel of a program with rows that is run in waves: what it is given, and what it gives.

A call fills memory that has waited for it, and machine code runs there. Where each operand goes is
known before, so that little is left to do in a call.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import addressof
from functools import cached_property
from typing import Any

from .....packing import doubles_at
from ....programs.blocks import NO_BLOCKS, Blocks, beside, joined, outside
from ....programs.program import Program
from ....programs.rows import Layout
from ....schedules.memory import COLUMNS, INPUTS, ROWS, WORK
from ....schedules.schedule import with_columns
from ..buffers import aligned, copy_rows, empty
from ..call import NUMBERS, Lengths, address
from .wave_code import WaveCode

FIRST = (INPUTS + 1) * ctypes.sizeof(ctypes.c_void_p)  # where the pointer of the first block is
MOST_KEPT = 1 << 22  # bytes of memory that waits; to make more takes no longer than to use it


class RowKernel:
    """A program with rows along one axis as a function of the machine, run in waves."""

    def __init__(self, program: Program, precision: str, blocks: Blocks = NO_BLOCKS):
        self.program = program
        self.precision = precision
        self.layout = Layout(program)
        (self.axis,) = program.order
        self.blocks = blocks
        self.are_copied = precision != "float64"  # the blocks
        self.code = WaveCode(program, precision, blocks)
        every = with_columns(program, blocks)
        self.columns_in = every.inputs[len(blocks.inputs) :]
        self.columns_out = every.outputs[len(blocks.outputs) :]
        self.waiting: list[Memory] = []

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
        import numpy as np

        lengths = self.layout.space(operands, lengths).lengths
        inputs, outputs, arrays = self.blocks
        given = [(ctypes.c_double * size)(*operands[i : i + size]) for i, size in inputs]
        wanted = [(ctypes.c_double * size)() for _, size in outputs]
        whole = {i: np.stack(operands[i : i + size], axis=-1) for i, size in arrays}
        others = [whole.get(i, operands[i]) for i in self.taken]
        places = list(map(addressof, given)), list(map(addressof, wanted))
        found = self.on_blocks(places[0], others, places[1], lengths)
        return joined(outputs, list(map(list, wanted)), found)

    # -- where things go ---------------------------------------------------------------------

    @cached_property
    def taken(self) -> list[int]:
        """The inputs for which `on_blocks` is given operands; of an array, the first one."""
        return beside(self.blocks, len(self.program.inputs))

    @cached_property
    def numbers(self) -> list[int]:
        """Which of the operands are numbers."""
        axes = [each.axes for each in self.program.inputs]
        return [i for i, place in enumerate(self.taken) if not axes[place]]

    @cached_property
    def arrays(self) -> list[int]:
        """Which of them are not."""
        return sorted({*range(len(self.taken))}.difference(self.numbers))

    @cached_property
    def numbers_out(self) -> int:
        """How many outputs are single numbers, in no block."""
        inside = [*self.blocks.outputs, *self.columns_out]
        return len(self.program.outputs) - sum([size for _, size in inside])

    @cached_property
    def order(self) -> list[int]:
        """The place of each output outside of blocks, where all numbers come before columns."""
        columns = {start + i for start, size in self.columns_out for i in range(size)}
        every = outside(self.blocks.outputs, len(self.program.outputs))
        places = {x: i for i, x in enumerate(sorted(every, key=columns.__contains__))}
        return [places[x] for x in every]

    # -- a call ------------------------------------------------------------------------------

    def on_blocks(
        self,
        given: Sequence[int],
        operands: Sequence[Any],
        wanted: Sequence[int],
        lengths: Lengths,
    ) -> list[Any]:
        """Return the outputs outside of blocks; those inside are written to where it is wanted."""
        memory = self.memory_for(lengths[self.axis])
        memory.numbers[:-1] = [operands[i] for i in self.numbers]
        for target, i in zip(memory.targets, self.arrays, strict=True):
            copy_rows(memory.asarray(operands[i]), target)
        if not self.are_copied:
            return self.run(memory, given, wanted)
        copies, copies_out = memory.copies
        for copy, place in zip(copies, given, strict=True):
            copy[:] = doubles_at(place, len(copy))[:]
        found = self.run(memory, list(map(addressof, copies)), list(map(addressof, copies_out)))
        for copy, place in zip(copies_out, wanted, strict=True):
            doubles_at(place, len(copy))[:] = copy[:]
        return found

    def run(self, memory: Memory, given: Sequence[int], wanted: Sequence[int]) -> list[Any]:
        """Return the outputs outside of blocks, after a run in memory that is filled."""
        results = [empty((size, memory.rows), self.precision) for _, size in self.columns_out]
        places: list[Any] = [*given, *memory.columns_at, memory.out_at, *wanted]
        memory.blocks[:] = places + list(map(address, results))
        self.code.function(memory.place)
        found: list[Any] = memory.out[:]
        if memory.size <= MOST_KEPT:
            self.waiting.append(memory)
        if not results:
            return found
        for block in results:
            found.extend(block)
        return [found[i] for i in self.order]

    def memory_for(self, rows: int) -> Memory:
        """Return memory for a run with so many rows: that of an earlier one, if it fits."""
        try:
            memory = self.waiting.pop()  # no other thread has it then
        except IndexError:
            return Memory(self, rows)
        return memory if memory.rows == rows else Memory(self, rows)


class Memory:
    """What a run with so many rows reads and writes, and the pointers to it."""

    def __init__(self, kernel: RowKernel, rows: int):
        import numpy as np

        precision, blocks = kernel.precision, kernel.blocks
        kind = NUMBERS[precision]
        self.rows = rows
        self.asarray = np.asarray
        self.numbers = (kind * (len(kernel.numbers) + 1))()
        self.numbers[-1] = rows
        self.out = (kind * kernel.numbers_out)()
        self.out_at = addressof(self.out)
        work = aligned((kernel.code.work,), precision)
        columns = aligned((kernel.code.columns, rows), precision)
        inputs = [aligned((size, rows), precision) for _, size in kernel.columns_in]
        self.kept = work, columns, inputs
        self.size = columns.nbytes + sum([each.nbytes for each in inputs])
        self.columns_at = list(map(address, inputs))
        self.targets: list[Any] = []  # what each array is written to
        for each, block in zip(kernel.columns_in, inputs, strict=True):
            self.targets.extend([block.T] if each in blocks.arrays else block)
        self.copies = [[(kind * size)() for _, size in each] for each in blocks[:2]]
        count = len(blocks.inputs) + len(inputs) + len(blocks.outputs) + len(kernel.columns_out)
        self.pointers = (ctypes.c_void_p * (INPUTS + 2 + count))()
        self.pointers[WORK], self.pointers[COLUMNS] = address(work), address(columns)
        self.pointers[ROWS] = rows
        self.pointers[INPUTS] = addressof(self.numbers)
        self.place = addressof(self.pointers)
        self.blocks = (ctypes.c_void_p * (count + 1)).from_buffer(self.pointers, FIRST)
