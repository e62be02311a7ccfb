"""A kernel: machine code, called with the operands of a program."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any

from ...programs.blocks import NO_BLOCKS, Blocks
from ...programs.operations import While
from ...programs.program import Program, programs_in
from ...programs.rows import Layout
from .blocks import BlockCalls
from .buffers import empty
from .call import NUMBERS, Call, Lengths
from .entry import MOST_CELLS, MOST_LEAVES, MOST_WORK, Entry, Spec, is_possible, linked_entry
from .interrupts import Stop, interruptible
from .machine import register_bits
from .machine_code import MachineCode
from .parallel import Parts, is_large

LONG = 1 << 26  # lines of LLVM times steps and rows, by lanes: some hundredths of a second


class Kernel:
    """A program as a function of the machine, for several widths of vectors."""

    def __init__(self, program: Program, precision: str, blocks: Blocks = NO_BLOCKS):
        self.program = program
        self.blocks = blocks
        self.pointed = NO_BLOCKS  # which are not copied
        if precision == "float64":
            self.pointed = blocks._replace(arrays=())
        self.precision = precision
        self.layout = Layout(program)
        self.columns = {i: given.axes for i, given in self.layout.columns}
        self.may_be_endless = has_while(program)
        self.codes: dict[int, MachineCode] = {}
        self.widest = register_bits() // (8 * ctypes.sizeof(NUMBERS[precision]))
        self.row_axes = self.code_of(self.widest).facts.row_axes

    def code(self, lengths: Lengths) -> MachineCode:
        """Return the machine code for axes of these lengths: short ones need few lanes."""
        longest = max((lengths[axis] for axis in self.row_axes), default=self.widest)
        return self.code_of(min(self.widest, 2 << max(0, (longest - 1) // 2).bit_length()))

    def code_of(self, width: int) -> MachineCode:
        """Return the machine code with so many lanes."""
        if width not in self.codes:
            self.codes[width] = MachineCode(self.program, self.precision, width, self.pointed)
        return self.codes[width]

    @property
    def source(self) -> str:
        """The text in LLVM's language."""
        return self.code_of(self.widest).module.text()

    @property
    def assembly(self) -> str:
        """The machine code as text."""
        return self.code_of(self.widest).assembly

    @cached_property
    def parts(self) -> Parts | None:
        """The program in parts that can be done by several threads, if there are any."""
        return Parts.of(self.program, lambda part: Kernel(part, self.precision))

    def __call__(self, operands: Sequence[Any], lengths: Lengths | None = None) -> list[Any]:
        """Return the outputs of the program: floats, and arrays along their axes."""
        space = self.layout.space(operands, lengths)
        call = Call(self.columns, self.precision, operands, space.lengths, Stop())
        return self.finished(call, self.run)

    def finished(self, call: Call, run: Callable[[Call], list[Any]]) -> list[Any]:
        """Return what `run` gives of a call, which Ctrl-C can end if it takes long."""
        code = self.code(call.lengths)
        work = code.facts.lines * prod(call.lengths[axis] for axis in code.axes)
        if self.may_be_endless or work > LONG * code.width:
            return interruptible(lambda: run(call), call.stop)
        return run(call)

    @cached_property
    def on_blocks(self) -> BlockCalls:
        """The kernel as a function of blocks of numbers."""
        return BlockCalls(self, self.blocks)

    def run(self, call: Call) -> list[Any]:
        """Run a call, by several threads if it is large enough."""
        if self.is_in_parts(call):
            return self.parts.run(call)  # type: ignore[union-attr]
        return self.code(call.lengths).run(call)

    def is_in_parts(self, call: Call) -> bool:
        """Return whether a call is large enough for several threads."""
        return is_large(len(self.program), call.lengths) and self.parts is not None

    def direct(
        self,
        arguments: Spec,
        results: Spec,
        places: Sequence[int],
        rows: int,
    ) -> Callable[..., Any] | None:
        """Return a function of Python that takes such arguments, and calls the kernel itself.

        `places` has, for each input, its place among the numbers and arrays of the arguments. It
        gives NotImplemented for other arguments. None if the kernel cannot be called so.
        """
        code = self.code(dict.fromkeys(self.row_axes, rows))
        facts = code.facts
        if (
            not is_possible()
            or self.blocks
            or self.precision != "float64"
            or code.callbacks
            or facts.sizes
        ):
            return None
        leaves = len(self.layout.inputs) + len(self.program.outputs)
        if self.may_be_endless or leaves > MOST_LEAVES:  # nobody could stop what is endless
            return None
        most_rows = code.width if code.width < self.widest else MOST_WORK // max(facts.lines, 1)
        cells = facts.cells
        if cells > MOST_CELLS or rows > most_rows or set(code.axes) != set(self.program.order):
            return None
        pairs = list(zip(places, self.program.inputs, strict=True))
        numbers = [place for place, given in pairs if not given.axes]
        columns = [place for place, given in pairs if given.axes]
        entry = Entry(numbers, columns, len(code.axes), cells)
        text = entry.text(arguments, results, len(code.outputs), most_rows)
        return linked_entry(text, code.function)

    def columns_for(self, rows: int) -> dict[int, Any]:
        """Return memory for those outputs that are columns of so many rows."""
        axes = enumerate(self.program.output_axes())
        return {i: empty((rows,), self.precision) for i, each in axes if each}

    def run_whole(self, operands: Sequence[Any], around: Call) -> list[Any]:
        """Run the kernel as a part of a call, and return its outputs."""
        call = Call(self.columns, self.precision, operands, around.lengths, around.stop)
        return self.code(call.lengths).run(call)

    def run_rows(
        self,
        operands: Sequence[Any],
        results: Mapping[int, Any],
        start: int,
        end: int,
        stop: Stop,
    ) -> list[Any]:
        """Run some of the rows, put their columns into the results, and return the numbers."""
        stop.refuse()
        rows = slice(start, end)
        given = [x[rows] if i in self.columns else x for i, x in enumerate(operands)]
        lengths = dict.fromkeys(self.layout.order, end - start)
        call = Call(self.columns, self.precision, given, lengths, stop)
        call.given = {i: x[rows] for i, x in results.items()}
        return self.code(lengths).run(call)


def has_while(program: Program) -> bool:
    """Return whether there is a loop in a program of which nobody knows when it ends."""
    for op in program.ops:
        if isinstance(op, While) or any(map(has_while, programs_in(op).values())):
            return True
    return False
