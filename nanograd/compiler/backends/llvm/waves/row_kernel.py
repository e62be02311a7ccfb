"""The kernel of a program with rows that is run in waves: what it is given, and what it gives.

A call fills memory that has waited for it, and machine code runs there. Where each operand goes is
known before, so that little is left to do in a call. Of many rows some are done at a time: before
them what is the same for all, and after them what is made of their totals.
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
from ....schedules.memory import ALL_ROWS, COLUMNS, INPUTS, IS_LATER, ROWS, WORK
from ....schedules.schedule import with_columns
from ..blocks import BlockCalls
from ..buffers import aligned, copy_rows, empty
from ..call import NUMBERS, Lengths, address
from ..kernel import Kernel
from .wave_code import WaveCode

FIRST = (INPUTS + 1) * ctypes.sizeof(ctypes.c_void_p)  # where the pointer of the first block is
LINE = 64  # rows: no two chunks write to one line of the cache
NEAR = 1 << 18  # bytes of columns that are kept on the way
MOST_IN_COLUMNS = 1 << 28  # bytes
MOST_KEPT = 1 << 22  # bytes of memory that waits; to make more takes no longer than to use it


class RowKernel:
    """A program with rows along one axis as a function of the machine, run in waves."""

    def __init__(self, program: Program, precision: str, blocks: Blocks = NO_BLOCKS):
        self.program = program
        self.precision = precision
        self.kind = NUMBERS[precision]
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
        rows = lengths[self.axis]
        if self.is_too_large(rows):
            return self.in_loops(given, operands, wanted, lengths)
        if not self.are_copied:
            return self.compute(given, operands, wanted, rows)
        copies, copies_out = [[(self.kind * size)() for _, size in x] for x in self.blocks[:2]]
        for copy, place in zip(copies, given, strict=True):
            copy[:] = doubles_at(place, len(copy))[:]
        places = list(map(addressof, copies)), list(map(addressof, copies_out))
        found = self.compute(places[0], operands, places[1], rows)
        for copy, place in zip(copies_out, wanted, strict=True):
            doubles_at(place, len(copy))[:] = copy[:]
        return found

    def compute(
        self,
        given: Sequence[int],
        operands: Sequence[Any],
        wanted: Sequence[int],
        rows: int,
    ) -> list[Any]:
        """Return the outputs outside of blocks, of all rows at once, or of some at a time."""
        size = self.rows_at_a_time
        if rows > size and "rows" in self.code.facts.functions:
            chunks = [(start, min(start + size, rows)) for start in range(0, rows, size)]
        else:
            chunks = [(0, rows)]
        results = [empty((count, rows), self.precision) for _, count in self.columns_out]
        numbers = [*[operands[i] for i in self.numbers], rows]
        arrays = [operands[i] for i in self.arrays]
        first = self.memory_for(chunks[0][1])
        first.numbers[:] = numbers
        functions = self.code.functions
        for start, end in chunks:
            memory = first if end - start == first.rows else Memory(self, end - start)
            memory.fill(arrays, start, end)
            memory.point(first, given, wanted, [block[:, start:] for block in results], rows, start)
            if len(chunks) == 1:
                functions["kernel"](memory.place)
                break
            if not start:
                functions["before"](memory.place)
            functions["rows"](memory.place)
            if end == rows:
                functions["after"](memory.place)
        found: list[Any] = first.out[:]
        if first.size <= MOST_KEPT:
            self.waiting.append(first)
        for block in results:
            found.extend(block)
        return [found[i] for i in self.order] if results else found

    def is_too_large(self, rows: int) -> bool:
        """Return whether columns would take too much memory, as all rows must be done at once."""
        facts = self.code.facts
        size = facts.columns * rows * ctypes.sizeof(self.kind)
        return size > MOST_IN_COLUMNS and "rows" not in facts.functions

    @cached_property
    def in_loops(self) -> BlockCalls:
        """The same program in loops over its rows, which keep few columns."""
        return Kernel(self.program, self.precision, self.blocks).on_blocks

    @cached_property
    def rows_at_a_time(self) -> int:
        """How many rows are done at once, so that their columns stay near the processor."""
        columns = max(1, self.code.facts.columns)
        fitting = NEAR // (ctypes.sizeof(self.kind) * columns)
        return max(LINE, fitting - fitting % LINE)

    def memory_for(self, rows: int) -> Memory:
        """Return memory for a run with so many rows: that of an earlier one, if it fits."""
        try:
            memory = self.waiting.pop()  # no other thread has it then
        except IndexError:
            return Memory(self, rows)
        return memory if memory.rows == rows else Memory(self, rows)


class Memory:
    """What a run of so many rows reads and writes, and the pointers to it."""

    def __init__(self, kernel: RowKernel, rows: int):
        import numpy as np

        precision, blocks = kernel.precision, kernel.blocks
        kind = kernel.kind
        self.rows = rows
        self.asarray = np.asarray
        self.numbers = (kind * (len(kernel.numbers) + 1))()
        self.out = (kind * kernel.numbers_out)()
        self.work = aligned((kernel.code.work,), precision)
        columns = aligned((kernel.code.facts.columns, rows), precision)
        inputs = [aligned((size, rows), precision) for _, size in kernel.columns_in]
        self.kept = columns, inputs
        self.size = columns.nbytes + sum([each.nbytes for each in inputs])
        self.inputs_at = list(map(address, inputs))
        self.targets: list[Any] = []  # what each array is written to
        for each, block in zip(kernel.columns_in, inputs, strict=True):
            self.targets.extend([block.T] if each in blocks.arrays else block)
        count = len(blocks.inputs) + len(inputs) + len(blocks.outputs) + len(kernel.columns_out)
        self.pointers = (ctypes.c_void_p * (INPUTS + 2 + count))()
        self.pointers[COLUMNS] = address(columns)
        self.pointers[ROWS] = rows
        self.place = addressof(self.pointers)
        self.blocks = (ctypes.c_void_p * (count + 1)).from_buffer(self.pointers, FIRST)

    def fill(self, arrays: Sequence[Any], start: int, end: int) -> None:
        """Copy these rows of arrays to where machine code looks for them."""
        for target, array in zip(self.targets, arrays, strict=True):
            x = self.asarray(array)
            copy_rows(x if len(x) == self.rows else x[start:end], target)

    def point(
        self,
        first: Memory,
        given: Sequence[int],
        wanted: Sequence[int],
        results: Sequence[Any],
        rows: int,
        start: int,
    ) -> None:
        """Tell machine code where all is: numbers are those of the first run."""
        pointers = self.pointers
        pointers[WORK] = address(first.work)
        pointers[ALL_ROWS], pointers[IS_LATER] = rows, int(start > 0)
        pointers[INPUTS] = addressof(first.numbers)
        places: list[Any] = [*given, *self.inputs_at, addressof(first.out), *wanted]
        self.blocks[:] = places + list(map(address, results))
