"""Calls with blocks of numbers, which are copied as they lie in memory to where a kernel looks.

See `programs/blocks.py` for what a block is, and for what a call is given.
"""

from __future__ import annotations

import ctypes
from ctypes import memmove
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from ....packing import WIDTH, doubles_at
from ...programs.blocks import Block, Blocks, gaps, outside
from .call import NUMBERS, Call, Lengths
from .interrupts import Stop


class BlockCalls:
    """A kernel as a function of blocks of numbers; what `kernel.on_blocks` is."""

    def __init__(self, kernel: Any, blocks: Blocks):
        self.kernel = kernel
        self.kind = NUMBERS[kernel.precision]
        inputs, outputs = len(kernel.program.inputs), len(kernel.program.outputs)
        outer = outside(blocks.inputs, inputs)
        self.columns = {i: kernel.columns[x] for i, x in enumerate(outer) if x in kernel.columns}
        self.places = {x: i for i, x in enumerate(outside(blocks.outputs, outputs))}
        self.count = inputs - len(kernel.columns)  # of numbers that go in: columns lie elsewhere
        self.inputs = [
            Block(start - sum(column < start for column in kernel.columns), count)
            for start, count in blocks.inputs
        ]
        self.outputs = blocks.outputs
        self.gaps_in = slices(gaps(self.inputs, self.count))
        self.gaps_out = slices(gaps(self.outputs, outputs))
        self.waiting: list[Call] = []  # prepared for a short call

    def __call__(
        self,
        given: Sequence[int],
        operands: Sequence[Any],
        wanted: Sequence[int],
        lengths: Lengths,
    ) -> list[Any]:
        """Return the outputs outside of blocks; those inside are written to where it is wanted."""
        if self.short is not None:
            return self.run_short(given, operands, wanted)
        call = Call(self.columns, self.kernel.precision, operands, lengths, Stop())
        others, call.numbers = call.numbers, (self.kind * self.count)()
        self.enter(call.numbers, given, others)
        return self.kernel.finished(call, partial(self.run, wanted=wanted))

    def run(self, call: Call, wanted: Sequence[int]) -> list[Any]:
        """Run a call, by several threads if it is large enough."""
        kernel = self.kernel
        if kernel.is_in_parts(call):
            return self.leave(kernel.parts.run(call), {}, wanted)
        kernel.code(call.lengths).compute(call)
        return self.leave(call.out, call.given, wanted)

    # -- a call that is over at once --

    @cached_property
    def short(self) -> Any:
        """The machine code of a program that has no loops and no columns; None of another one."""
        code = self.kernel.code_of(self.kernel.widest)
        is_short = not (code.axes or code.callbacks or self.kernel.may_be_endless)
        return code if is_short else None

    def run_short(
        self,
        given: Sequence[int],
        operands: Sequence[Any],
        wanted: Sequence[int],
    ) -> list[Any]:
        """Run a call in memory that waits for it: what is to be written, it writes each time."""
        call = self.waiting.pop() if self.waiting else self.prepared()
        self.enter(call.numbers, given, operands)
        self.short.function(*call.pointers)
        others = self.leave(call.out, {}, wanted)
        self.waiting.append(call)
        return others

    def prepared(self) -> Call:
        """Return a call with memory for all that a short one needs."""
        code = self.short
        call = Call({}, self.kernel.precision, [0.0] * self.count, {}, Stop())
        call.prepare(len(code.outputs), {}, (), code.facts)
        return call

    # -- numbers from memory to memory --

    def enter(self, numbers: Any, given: Sequence[int], operands: Sequence[Any]) -> None:
        """Write all numbers that go in to where the kernel looks."""
        for place, taken in self.gaps_in:
            numbers[place] = operands[taken]
        is_double, base = self.kind is ctypes.c_double, ctypes.addressof(numbers)
        for (start, count), address in zip(self.inputs, given):
            if is_double:
                memmove(base + WIDTH * start, address, WIDTH * count)
            else:
                numbers[start : start + count] = doubles_at(address, count)[:]

    def leave(self, out: Any, columns: Mapping[int, Any], wanted: Sequence[int]) -> list[Any]:
        """Return the outputs outside of blocks; copy those inside.

        `out` is memory, in which columns are not, or a list of all outputs.
        """
        others: list[Any] = []
        for place, _ in self.gaps_out:
            others += out[place]
        for i, column in columns.items():
            others[self.places[i]] = column.T
        is_double = self.kind is ctypes.c_double and not isinstance(out, list)
        base = ctypes.addressof(out) if is_double else 0
        for (start, count), address in zip(self.outputs, wanted):
            if is_double:
                memmove(address, base + WIDTH * start, WIDTH * count)
            else:
                doubles_at(address, count)[:] = out[start : start + count]
        return others


def slices(runs: Sequence[Block]) -> list[tuple[slice, slice]]:
    """Return where the numbers of each run are in memory, and where in a list of these only."""
    found = []
    taken = 0
    for start, count in runs:
        if count:
            found.append((slice(start, start + count), slice(taken, taken + count)))
        taken += count
    return found
