"""The kernel of a long program: machine code, called with numbers, and with blocks of them."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import addressof
from typing import Any, NamedTuple

from ....packing import doubles_at
from ...programs.blocks import NO_BLOCKS, Blocks, joined, outside
from ...programs.program import Program
from ...programs.rows import Layout
from ...schedules.memory import CONSTANTS, INPUTS, WORK
from .call import NUMBERS, Lengths
from .tapes.tape_code import TapeCode
from .waves.wave_code import WaveCode

LINE = 64  # bytes that are read at once
FIRST = (INPUTS + 1) * ctypes.sizeof(ctypes.c_void_p)  # where the pointer of the first block is


class LongKernel:
    """A long program of single numbers as a function of the machine: in waves, or from a tape."""

    def __init__(
        self,
        program: Program,
        precision: str,
        blocks: Blocks = NO_BLOCKS,
        code: type[WaveCode | TapeCode] = WaveCode,
    ):
        self.program = program
        self.precision = precision
        self.kind = NUMBERS[precision]
        self.layout = Layout(program)
        self.blocks = blocks
        self.pointed = blocks if precision == "float64" else NO_BLOCKS  # which are not copied
        self.code = code(program, precision, self.pointed)
        self.counts = len(program.inputs), len(program.outputs)
        self.places_in = outside(self.pointed.inputs, self.counts[0])
        self.places_out = outside(self.pointed.outputs, self.counts[1])
        self.waiting: list[Memory] = []

    @property
    def is_on_tape(self) -> bool:
        """Whether it is run from a tape, and not in waves."""
        return isinstance(self.code, TapeCode)

    @property
    def source(self) -> str:
        """The text in LLVM's language."""
        return self.code.text

    @property
    def assembly(self) -> str:
        """The machine code as text."""
        return self.code.assembly

    def __call__(self, operands: Sequence[Any], lengths: Lengths | None = None) -> list[Any]:
        """Return the outputs of the program, given its inputs."""
        del lengths  # there are no axes
        self.layout.refuse_other_counts(operands)
        given = [(self.kind * size)(*operands[i : i + size]) for i, size in self.pointed.inputs]
        wanted = [(self.kind * size)() for _, size in self.pointed.outputs]
        plain = [operands[i] for i in self.places_in]
        others = self.run(list(map(addressof, given)), plain, list(map(addressof, wanted)))
        return joined(self.pointed.outputs, list(map(list, wanted)), others)

    def on_blocks(
        self,
        given: Sequence[int],
        operands: Sequence[Any],
        wanted: Sequence[int],
        lengths: Lengths,
    ) -> list[Any]:
        """Return the outputs outside of blocks; those inside are written to where it is wanted."""
        del lengths
        if self.pointed is self.blocks:
            return self.run(given, operands, wanted)
        pairs = zip(given, self.blocks.inputs, strict=True)
        inside = [doubles_at(address, size)[:] for address, (_, size) in pairs]
        found = self(joined(self.blocks.inputs, inside, list(operands)))
        for address, (start, size) in zip(wanted, self.blocks.outputs, strict=True):
            doubles_at(address, size)[:] = found[start : start + size]
        return [found[i] for i in outside(self.blocks.outputs, len(found))]

    def run(
        self,
        given: Sequence[int],
        operands: Sequence[Any],
        wanted: Sequence[int],
    ) -> list[Any]:
        """Return the outputs outside of blocks, after a run in memory that waits for it."""
        function = self.code.function
        try:
            memory = self.waiting.pop()  # no other thread has it then
        except IndexError:
            memory = self.prepared()
        memory.numbers[:] = operands
        memory.blocks[:] = [*given, memory.out_at, *wanted]
        function(memory.place)
        others: list[Any] = memory.out[:]
        self.waiting.append(memory)
        return others

    def prepared(self) -> Memory:
        """Return memory for a run."""
        numbers = (self.kind * len(self.places_in))()
        out = (self.kind * len(self.places_out))()
        work = (ctypes.c_char * (ctypes.sizeof(self.kind) * self.code.work + LINE))()
        blocks = self.pointed
        pointers = (ctypes.c_void_p * (INPUTS + 2 + len(blocks.inputs) + len(blocks.outputs)))()
        pointers[WORK] = addressof(work) + LINE - 1 & -LINE
        pointers[CONSTANTS] = addressof(self.code.tables)
        pointers[INPUTS] = addressof(numbers)
        beyond = (ctypes.c_void_p * (len(pointers) - INPUTS - 1)).from_buffer(pointers, FIRST)
        return Memory(numbers, out, work, pointers, beyond, addressof(pointers), addressof(out))


class Memory(NamedTuple):
    """What a run reads and writes, and the pointers to it that machine code is given."""

    numbers: Any
    out: Any
    work: Any
    pointers: Any
    blocks: Any  # the pointers from those of the blocks that go in on
    place: int
    out_at: int
