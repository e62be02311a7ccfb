"""Calls with blocks of numbers: machine code reads and writes them where they lie.

See `programs/blocks.py` for what a block is, and for what a call is given. Where the numbers of a
kernel are no doubles, or several threads do parts of a program, blocks are copied instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ctypes import addressof
from functools import partial
from typing import Any, NamedTuple

from ....packing import doubles_at
from ...programs.blocks import Block, Blocks, beside, gaps, outside
from .call import NUMBERS, Call, Lengths
from .interrupts import Stop
from .machine_code import MachineCode


class BlockCalls:
    """A kernel as a function of blocks of numbers; what `kernel.on_blocks` is."""

    def __init__(self, kernel: Any, blocks: Blocks):
        self.kernel = kernel
        self.kind = NUMBERS[kernel.precision]
        self.inputs, self.outputs, arrays = blocks
        inputs, outputs = len(kernel.program.inputs), len(kernel.program.outputs)
        outer, sizes = beside(blocks, inputs), dict(arrays)
        self.columns = {i: kernel.columns[x] for i, x in enumerate(outer) if x in kernel.columns}
        self.sizes = {i: sizes[x] for i, x in enumerate(outer) if x in sizes}
        self.places = {x: i for i, x in enumerate(outside(blocks.outputs, outputs))}
        self.count = inputs - len(kernel.columns)  # of numbers that go in
        self.gaps_in = slices(gaps(self.inputs, self.count))
        self.gaps_out = slices(gaps(self.outputs, outputs))
        self.short = short_code(kernel)
        self.waiting: list[Memory] = []  # for short calls

    def __call__(
        self,
        given: Sequence[int],
        operands: Sequence[Any],
        wanted: Sequence[int],
        lengths: Lengths,
    ) -> list[Any]:
        """Return the outputs outside of blocks; those inside are written to where it is wanted."""
        if self.short is not None:
            return self.run_short(self.short, given, operands, wanted)
        precision = self.kernel.precision
        call = Call(self.columns, precision, operands, lengths, Stop(), self.sizes)
        others, call.numbers = call.numbers, (self.kind * self.count)()
        self.enter(call.numbers, others)
        run = partial(self.run, given=given, wanted=wanted)
        results: list[Any] = self.kernel.finished(call, run)
        return results

    def run(self, call: Call, given: Sequence[int], wanted: Sequence[int]) -> list[Any]:
        """Run a call, by several threads if it is large enough."""
        kernel = self.kernel
        is_in_parts = kernel.is_in_parts(call)
        if kernel.pointed and not is_in_parts:
            call.blocks = [*given, *wanted]
            kernel.code(call.lengths).compute(call)
            return self.leave(call.out, call.given)
        for (start, count), address in zip(self.inputs, given, strict=True):
            call.numbers[start : start + count] = doubles_at(address, count)[:]
        out = kernel.run(call)
        for (start, count), address in zip(self.outputs, wanted, strict=True):
            doubles_at(address, count)[:] = out[start : start + count]
        return [out[i] for i in self.places]

    def run_short(
        self,
        code: MachineCode,
        given: Sequence[int],
        operands: Sequence[Any],
        wanted: Sequence[int],
    ) -> list[Any]:
        """Run a call in memory that waits for it."""
        try:
            memory = self.waiting.pop()  # no other thread has it then
        except IndexError:
            memory = Memory.of(self.kernel.precision, self.count, code)
        self.enter(memory.numbers, operands)
        memory.blocks[:] = [*given, *wanted]
        code.function(*memory.pointers)
        others = self.leave(memory.out, {})
        self.waiting.append(memory)
        return others

    def enter(self, numbers: Any, operands: Sequence[Any]) -> None:
        """Write the numbers outside of blocks to where the kernel looks for them."""
        for place, taken in self.gaps_in:
            numbers[place] = operands[taken]

    def leave(self, out: Any, columns: Mapping[int, Any]) -> list[Any]:
        """Return the outputs outside of blocks, some of which are columns."""
        others: list[Any] = []
        for place, _ in self.gaps_out:
            others += out[place]
        for i, column in columns.items():
            others[self.places[i]] = column.T
        return others


class Memory(NamedTuple):
    """What a short call reads and writes, and where that is."""

    numbers: Any
    out: Any
    blocks: Any  # where they are
    call: Call  # which keeps the rest
    pointers: Sequence[int | None]

    @classmethod
    def of(cls, precision: str, count: int, code: MachineCode) -> Memory:
        """Return memory for so many numbers."""
        call = Call({}, precision, [0.0] * count, {}, Stop())
        call.prepare(len(code.outputs), {}, (), code.facts, code.blocks)
        arrays = call.pointers[:5]  # of ctypes; as ints they are faster to give
        pointers = [*map(addressof, arrays), None, addressof(call.stop.word)]
        return cls(call.numbers, call.out, arrays[1], call, pointers)


def short_code(kernel: Any) -> MachineCode | None:
    """Return the machine code of a program without loops and columns, else None."""
    code: MachineCode = kernel.code_of(kernel.widest)
    is_short = not (code.axes or code.callbacks or kernel.may_be_endless)
    return code if is_short and kernel.pointed else None


def slices(runs: Sequence[Block]) -> list[tuple[slice, slice]]:
    """Return where the numbers of each run are in memory, and where in a list of these only."""
    found = []
    taken = 0
    for start, count in runs:
        if count:
            found.append((slice(start, start + count), slice(taken, taken + count)))
        taken += count
    return found
