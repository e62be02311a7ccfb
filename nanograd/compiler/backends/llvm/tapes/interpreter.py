"""Writes the loop that goes through a tape: a piece of code for each operation that is on it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from .....lookup import take_of
from .....nanograd import add, div, mul
from .....reductions import dot_of, mean_of
from ....programs.blocks import Block, Blocks, gaps
from ....schedules.forms import NEUTRAL
from ....schedules.memory import CONSTANTS, INPUTS, WORK
from ....schedules.nodes import COMBINES
from ....schedules.tape import Tape
from ..code import Code, Value
from ..instructions import native
from ..lookup import place_of
from ..loops import counted
from ..memory import offset
from ..own_functions import QUIET, function_texts, whole_text


class Interpreter:
    """The function that goes through the tapes of one form."""

    def __init__(self, tape: Tape, precision: str, blocks: Blocks):
        self.tape = tape
        self.blocks = blocks
        self.code = Code(precision, 1)
        self.work = self.pointer(WORK)
        self.tables = self.pointer(CONSTANTS)  # constants, cells of the outputs, words
        self.enter()
        self.go()
        self.leave()

    def text(self) -> str:
        """Return the module."""
        code = self.code
        lines = ["define void @kernel(ptr %segments) {", "entry:", *code.first, *code.lines]
        texts = function_texts(code.functions, code.precision, 1).values()
        return whole_text(
            texts, code.declared, [*lines, *QUIET, "  ret void", "}"], is_inlined=False
        )

    # -- in and out --------------------------------------------------------------------------

    def pointer(self, segment: int) -> str:
        """Return the place of a segment."""
        place = self.code.let_first(f"getelementptr ptr, ptr %segments, i64 {segment}")
        return self.code.let_first(f"load ptr, ptr {place}, align 8")

    def enter(self) -> None:
        """Write what copies inputs and constants to their cells."""
        inputs = self.tape.inputs
        for place, start, count in pieces(self.blocks.inputs, inputs, INPUTS):
            self.copy(offset(self.code, self.pointer(place[0]), str(place[1])), start, count)
        self.copy(self.tables, inputs, len(self.tape.constants))

    def copy(self, source: str, start: int, count: int) -> None:
        """Write what copies so many numbers to cells."""
        code = self.code
        code.declare("void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
        target = offset(code, self.work, str(start))
        size = code.bytes * count
        code.write(
            f"call void @llvm.memcpy.p0.p0.i64(ptr {target}, ptr {source}, i64 {size}, i1 0)"
        )

    def leave(self) -> None:
        """Write what copies cells to the outputs."""
        code, count = self.code, len(self.tape.outputs)
        first = INPUTS + 1 + len(self.blocks.inputs)
        for (segment, begin), start, size in pieces(self.blocks.outputs, count, first):
            target = offset(code, self.pointer(segment), str(begin))

            def step(
                i: str, _: list[Value], start: int = start, target: str = target
            ) -> list[Value]:
                x = self.cell(self.word(self.outputs, code.let(f"add i64 {i}, {start}")))
                where = offset(code, target, i)
                code.write(f"store {code.one} {x.text}, ptr {where}, align {code.bytes}")
                return []

            counted(code, str(size), [], step)

    @property
    def outputs(self) -> str:
        """The place of the cells of the outputs."""
        return offset(self.code, self.tables, str(len(self.tape.constants)))

    @property
    def words(self) -> str:
        """The place of the words."""
        return self.code.let(f"getelementptr i32, ptr {self.outputs}, i64 {len(self.tape.outputs)}")

    def word(self, table: str, place: str) -> str:
        """Return a word."""
        where = self.code.let(f"getelementptr i32, ptr {table}, i64 {place}")
        return self.code.let(f"load i32, ptr {where}, align 4")

    def cell(self, word: str) -> Value:
        """Return the number in a cell."""
        code = self.code
        place = code.let(f"getelementptr {code.one}, ptr {self.work}, i32 {word}")
        return Value(code.let(f"load {code.one}, ptr {place}, align {code.bytes}"))

    # -- instructions ------------------------------------------------------------------------

    def go(self) -> None:
        """Write the loop over the instructions; a word that is no instruction ends it."""
        code, before = self.code, self.code.block
        words = self.words
        head, end = code.label("head"), code.label("end")
        labels = [code.label("piece") for _ in self.tape.ops]
        code.jump(head)
        code.begin(head)
        at = code.name()
        hole = len(code.lines)
        cases = " ".join([f"i32 {i}, label %{label}" for i, label in enumerate(labels)])
        code.write(f"switch i32 {self.word(words, at)}, label %{end} [{cases}]")
        ends = [f"[0, %{before}]"]
        for (op, count), label in zip(self.tape.ops, labels, strict=True):
            code.begin(label)
            here = code.let(f"getelementptr i32, ptr {words}, i64 {at}")
            size = self.instruction(op, count, here)
            after = code.let(f"add i64 {at}, {size}")
            ends.append(f"[{after}, %{code.block}]")
            code.jump(head)
        code.lines.insert(hole, f"  {at} = phi i64 {', '.join(ends)}")
        code.begin(end)

    def instruction(self, op: Any, count: int, here: str) -> str:
        """Write what one instruction does, and return how many words it has."""
        code = self.code
        if count < 0:
            many = code.let(f"zext i32 {self.word(here, '2')} to i64")
            first = code.let(f"getelementptr i32, ptr {here}, i64 3")
            found = self.taken(first, many) if op is take_of else self.many(op, first, many)
            size = code.let(f"add i64 {many}, 3")
        else:
            operands = [self.cell(self.word(here, str(2 + i))) for i in range(count)]
            found, size = native(code, op.name, operands), str(2 + count)
        place = code.let(f"getelementptr {code.one}, ptr {self.work}, i32 {self.word(here, '1')}")
        code.write(f"store {code.one} {found.text}, ptr {place}, align {code.bytes}")
        return size

    def many(self, op: Any, first: str, many: str) -> Value:
        """Write an operation of so many operands, one after the other."""
        code = self.code
        combine = COMBINES[op]
        half = code.let(f"udiv i64 {many}, 2") if op is dot_of else many

        def step(i: str, now: list[Value]) -> Sequence[Value]:
            x = self.cell(self.word(first, i))
            if op is dot_of:
                y = self.cell(self.word(first, code.let(f"add i64 {i}, {half}")))
                x = native(code, mul.name, [x, y])
            return [native(code, combine.name, [*now, x])]

        begin = 0.0 if combine is add else NEUTRAL[combine]
        (total,) = counted(code, half, [code.constant(begin)], step)
        if op is not mean_of:
            return total
        count = Value(code.let(f"sitofp i64 {many} to {code.one}"))
        return native(code, div.name, [total, count])

    def taken(self, first: str, many: str) -> Value:
        """Write the look-up of an entry, whose index comes before the entries."""
        code = self.code
        entries = code.let(f"sub i64 {many}, 1")
        count = Value(code.let(f"sitofp i64 {entries} to {code.one}"))
        place = place_of(code, self.cell(self.word(first, "0")), count)
        far = code.let(f"zext i32 {place.text} to i64")
        found = self.cell(self.word(first, code.let(f"add i64 {far}, 1")))
        return code.select(place.is_there, found, code.constant(math.nan))


def pieces(
    blocks: Sequence[Block],
    count: int,
    first: int,
) -> Iterator[tuple[tuple[int, int], int, int]]:
    """Yield where numbers lie side by side: segment and place in it, their first, how many."""
    taken = 0
    for start, size in gaps(blocks, count):
        if size:
            yield (first, taken), start, size
        taken += size
    for segment, (start, size) in enumerate(blocks, first + 1):
        yield (segment, 0), start, size
