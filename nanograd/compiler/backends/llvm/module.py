"""The whole text that LLVM is given for a program: the kernel, and the functions that it calls."""

from __future__ import annotations

from collections.abc import Sequence

from ....nanograd import Operation
from ...programs.blocks import NO_BLOCKS, Block, Blocks
from ...programs.operations import Axes
from ...programs.program import Program, every_axis, programs_in
from .code import Code, Value
from .emitter import Body, Emitter, Place
from .instructions import is_native
from .memory import Column
from .own_functions import QUIET, Key, function_texts, whole_text

IN_REGISTERS = 32  # numbers that go in are loaded once; of more of them, each where it is used

POINTERS = ("numbers", "columns", "lengths", "out", "cells", "room", "stop")
PARAMETERS = ", ".join(map("ptr noalias %{}".format, POINTERS))


class Module:
    """A program in LLVM's language, and what its kernel needs to know of it.

    Numbers are at `%numbers`, and results at `%out`, but for those in blocks: of each block the
    place is told, after those of the columns that go in and come out, at `%columns`.
    """

    def __init__(
        self,
        program: Program,
        precision: str,
        width: int,
        blocks: Blocks = NO_BLOCKS,
    ):
        self.program = program
        self.blocks = blocks
        self.precision = precision
        code = self.code = Code(precision, width)
        self.axes = every_axis(program)
        lengths = {axis: f"%length{i}" for i, axis in enumerate(self.axes)}
        for i, name in enumerate(lengths.values()):
            place = code.let_first(f"getelementptr i64, ptr %lengths, i64 {i}")
            code.first.append(f"  {name} = load i64, ptr {place}, align 8")
        names = {op: name for name, op in foreign(program).items()}
        self.emitter = Emitter(code, lengths, names)
        self.outputs = program.output_axes()
        Body(self.emitter, program, self.operands(), self.targets()).outputs()

    def operands(self) -> list[Place]:
        """Return where the inputs are."""
        found: list[Place] = []
        inside = self.inside(self.blocks.inputs, len(self.columns_of_all))
        numbers = [x for x in self.program.inputs if not x.axes]
        number, column = 0, 0
        for given in self.program.inputs:
            if given.axes:
                found.append(self.column(column, given.axes))
                column += 1
            else:
                home: Place = inside.get(number) or Column("%numbers", start=number)
                if len(numbers) <= IN_REGISTERS:
                    home = self.loaded(home)
                found.append(home)
                number += 1
        return found

    def loaded(self, home: Column) -> Value:
        """Return a number that is kept in a register."""
        x = home.load(self.code)
        self.emitter.homes[x.text] = home
        return x

    def targets(self) -> list[Column | None]:
        """Return where the outputs go."""
        found: list[Column | None] = []
        column = sum(bool(x.axes) for x in self.program.inputs)
        first = len(self.columns_of_all) + len(self.blocks.inputs)
        inside = self.inside(self.blocks.outputs, first)
        for number, axes in enumerate(self.outputs):
            if axes:
                found.append(self.column(column, axes))
                column += 1
            else:
                found.append(inside.get(number) or Column("%out", start=number))
        return found

    @property
    def columns_of_all(self) -> list[Axes]:
        """The axes of the columns that go in and come out."""
        return [axes for axes in [*[x.axes for x in self.program.inputs], *self.outputs] if axes]

    def inside(self, blocks: Sequence[Block], first: int) -> dict[int, Column]:
        """Return where the numbers in blocks are, of which the first is the one of this number."""
        found = {}
        for i, (start, count) in enumerate(blocks):
            pointer = self.pointer(first + i)
            for k in range(count):
                found[start + k] = Column(pointer, start=k)
        return found

    def pointer(self, i: int) -> str:
        """Return one of the places that are given at a call."""
        place = self.code.let_first(f"getelementptr ptr, ptr %columns, i64 {i}")
        return self.code.let_first(f"load ptr, ptr {place}, align 8")

    def column(self, i: int, axes: Axes) -> Column:
        """Return one of the columns that are given at a call."""
        code, strides, size = self.code, [], "1"
        pointer = self.pointer(i)
        for axis in axes:
            strides.append(size)
            length = self.emitter.lengths[axis]
            size = length if size == "1" else code.let_first(f"mul i64 {size}, {length}")
        return Column(pointer, axes, tuple(strides))

    def texts(self) -> dict[Key, str]:
        """Return the functions of ours that are called."""
        code = self.code
        return function_texts(code.functions, code.precision, code.width)

    @property
    def inlined(self) -> int:
        """How many lines there are if our functions are written out wherever they are called."""
        texts = self.texts().items()
        extra = sum(text.count("\n") * self.code.calls[key] for key, text in texts)
        return len(self.code.lines) + extra

    def text(self, *, is_inlined: bool = True) -> str:
        """Return the module; our functions may be written out wherever they are called."""
        code = self.code
        head = [f"define void @kernel({PARAMETERS}) {{", "entry:"]
        lines = [*head, *code.first, *code.lines, *QUIET, "  ret void", "}"]
        texts = self.texts().values()
        return whole_text(texts, code.declared, lines, is_inlined=is_inlined)


def foreign(program: Program) -> dict[str, Operation]:
    """Return the operations that LLVM does not have, by what they are called in the code."""
    found: dict[Operation, None] = {}
    waiting = [program]
    for each in waiting:  # grows as we go
        for op in dict.fromkeys(each.ops):
            waiting += programs_in(op).values()
            if isinstance(op, Operation) and not is_native(op):
                found.setdefault(op)
    return {f"callback_{i}": op for i, op in enumerate(found)}


def calls_in(program: Program) -> str:
    """Return which operations of a program LLVM does not have, in order; not all names tell."""
    names = {op: name for name, op in foreign(program).items()}
    found: list[str] = []
    waiting = [program]
    for each in waiting:  # grows as we go
        for op in each.ops:
            found.append(names[op] if isinstance(op, Operation) and op in names else "")
            waiting += programs_in(op).values()
    return " ".join(found)
