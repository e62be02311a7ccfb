"""A Tape: a long program without structure, as whole numbers that a small loop goes through.

Where no waves are found, machine code for each instruction would take minutes to make. So the
instructions are data: what to do, and which cells of memory to do it to. Those of one level that do
the same stand together, so that the processor guesses well what comes next.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...collector import collector_paused
from ...lookup import take_of
from ..programs.operations import Op
from ..programs.program import Operand, Program
from .nodes import COMBINES

#: Operations of any number of operands: how many is told on the tape.
MANY = frozenset({*COMBINES, take_of})


@dataclass
class Tape:
    """The words of a program: for each instruction what it does, where to, and with which cells.

    The first cells are the inputs, then come the constants, then the results of all instructions.
    """

    inputs: int
    constants: list[float]
    cells: int
    ops: list[tuple[Op, int]]  # with how many operands; -1 if that is told on the tape
    words: array[int] = field(repr=False)
    outputs: array[int] = field(repr=False)  # the cells of all outputs


def taped(program: Program) -> Tape:
    """Return the tape of a program of single numbers, without loops."""
    with collector_paused():
        return Writer(program).tape()


class Writer:
    """Writes the tape of a program."""

    def __init__(self, program: Program):
        self.program = program
        self.inputs = len(program.inputs)
        self.constants: dict[str, float] = {}  # by how they are written: 0.0 is not −0.0
        for operands in (*program.operands, program.outputs):
            for x in operands:
                if type(x) is float:
                    self.constants.setdefault(repr(x), x)
        self.place_of = {text: i for i, text in enumerate(self.constants, self.inputs)}
        self.order = in_groups(program)
        self.cells = list(range(len(program)))
        for cell, slot in enumerate(self.order, self.inputs + len(self.constants)):
            self.cells[slot] = cell

    def tape(self) -> Tape:
        """Return the tape."""
        program, cells = self.program, self.cells
        ops: dict[tuple[Any, int], int] = {}
        words = array("i")
        for slot in self.order:
            op, operands = program.ops[slot], program.operands[slot]
            key = op, -1 if op in MANY else len(operands)
            words.append(ops.setdefault(key, len(ops)))
            words.append(cells[slot])
            if op in MANY:
                words.append(len(operands))
            words.extend(self.cells_of(operands))
        words.append(len(ops))  # the end
        return Tape(
            inputs=self.inputs,
            constants=list(self.constants.values()),
            cells=self.inputs + len(self.constants) + len(self.order),
            ops=list(ops),
            words=words,
            outputs=array("i", self.cells_of(program.outputs)),
        )

    def cells_of(self, operands: Sequence[Operand]) -> list[int]:
        """Return the cells of some operands."""
        cells, place_of = self.cells, self.place_of
        return [cells[x] if type(x) is int else place_of[repr(x)] for x in operands]


def in_groups(program: Program) -> Sequence[int]:
    """Return the slots after the inputs, level by level, and those that do the same together."""
    inputs = len(program.inputs)
    levels = [0] * inputs
    numbers: dict[Any, int] = {}
    keys = []
    for slot in range(inputs, len(program)):
        before = [levels[x] for x in program.operands[slot] if type(x) is int]
        levels.append(1 + max(before, default=0))
        op = program.ops[slot]
        keys.append((levels[slot], numbers.setdefault(op, len(numbers)), slot))
    keys.sort()
    return [slot for _, _, slot in keys]
