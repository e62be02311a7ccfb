"""A Program: a flat list of instructions, each an operation on the results of earlier ones.

The place of an instruction in the list is its *slot*: its name, its order and where its result is
kept, in one. An operand is a slot, which is an int, or a plain number, which is a float; the type
tells. The first instructions are the inputs. A function of two numbers and a column of data,

    program(w, b, x[rows])
      a = mul w x
      c = add a b
      d = sum[rows] c
      return d 2.0

has the inputs in the slots 0, 1, 2, and `c = add a b` in slot 4 is `add` with the operands (3, 1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import takewhile
from typing import Any, NamedTuple, TypeVar

from .operations import (
    UNIFORM,
    Axes,
    Get,
    Input,
    Loop,
    Op,
    Scan,
    While,
    axes_after,
    extended,
)

T = TypeVar("T")

Operand = int | float
Operands = tuple[Operand, ...]

#: The operations of instructions that bring axes with them.
BRING_AXES = frozenset({Input, Get})

#: What has a meaning in the text of a program, so that no slot can have it as its name.
RESERVED = frozenset({"program", "return", "inf", "nan"})

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Instruction(NamedTuple):
    """One step of a program, and the slot that it fills."""

    slot: int
    op: Op
    operands: Operands


@dataclass(eq=False)
class Program:
    """Instructions and outputs. Two lists of what they do and to what are smaller than objects."""

    ops: list[Op]
    operands: list[Operands]
    outputs: tuple[Operand, ...]

    def __len__(self) -> int:
        return len(self.ops)

    def __iter__(self) -> Iterator[tuple[Op, Operands]]:
        return zip(self.ops, self.operands, strict=True)

    @property
    def inputs(self) -> list[Input]:
        """What the program takes: its first instructions."""
        return list(takewhile(is_input, self.ops))  # type: ignore[arg-type]

    @property
    def order(self) -> Axes:
        """All axes, as inputs and loops bring them: every slot has its axes in this order."""
        bring = [op.axes for op in self.ops if type(op) in BRING_AXES]  # type: ignore[union-attr]
        return reduce(extended, filter(None, bring), UNIFORM)

    def steps(self) -> Iterator[Instruction]:
        """Yield the instructions after the inputs."""
        for slot in range(len(self.inputs), len(self)):
            yield Instruction(slot, self.ops[slot], self.operands[slot])

    def axes(self) -> list[Axes]:
        """Return the axes of every slot."""
        order = self.order
        if not order:
            return [UNIFORM] * len(self)
        found: list[Axes] = []
        for op, operands in self:
            found.append(axes_after(op, axes_of(operands, found), order))
        return found

    def output_axes(self) -> list[Axes]:
        """Return the axes of every output."""
        return axes_of(self.outputs, self.axes())

    def __str__(self) -> str:
        from .text import written

        return written(self)


def axes_of(operands: Sequence[Operand], axes: Sequence[Axes]) -> list[Axes]:
    """Return the axes of operands, given those of the slots; a plain number has none."""
    return [axes[x] if type(x) is int else UNIFORM for x in operands]


def axes_from(op: Op) -> Axes:
    """Return the axes that an instruction brings with it."""
    return op.axes if type(op) in BRING_AXES else UNIFORM  # type: ignore[union-attr]


def programs_in(op: Op) -> dict[str, Program]:
    """Return the programs of a loop by what they are for; other operations have none."""
    if isinstance(op, While):
        return {"condition": op.condition, "body": op.body}
    return {"body": op.body} if isinstance(op, Scan) else {}


def states_of(loop: Op) -> int:
    """Return how many numbers, or columns, are the state of a loop."""
    if isinstance(loop, While):
        return len(loop.body.outputs)
    return loop.states if isinstance(loop, Scan) else 0


def parts(loop: Op, xs: Sequence[T]) -> list[list[T]]:
    """Return the parts of what is one for each operand of a loop.

    First comes what belongs to its state, then to its sequences, then to what is the same in each
    step.
    """
    states = states_of(loop)
    entries = states
    if isinstance(loop, Scan):
        entries += loop.sequences
    found = list(xs)
    return [found[:states], found[states:entries], found[entries:]]


def every_axis(program: Program) -> Axes:
    """Return the axes of a program, and then those that only its loops know."""
    found = program.order
    for op in program.ops:
        if isinstance(op, Loop):
            found = extended(found, axes_inside(op))
    return found


def axes_inside(loop: Loop) -> Axes:
    """Return the axis of a scan, and those of the programs of a loop."""
    found = UNIFORM
    if isinstance(loop, Scan):
        found = (loop.axis,)
    for inner in programs_in(loop).values():
        found = extended(found, every_axis(inner))
    return found


def is_input(op: Op) -> bool:
    """Return whether an instruction with this operation takes something from outside."""
    return type(op) is Input


# -- order -----------------------------------------------------------------------------------


def inputs_first(program: Program) -> Program:
    """Return the same program with its inputs before all other instructions."""
    slots = sorted(range(len(program)), key=lambda slot: not is_input(program.ops[slot]))
    return rearranged(program, slots)


def rearranged(program: Program, slots: Sequence[int]) -> Program:
    """Return the program with these of its slots in this order, which must have what they use."""
    new: list[Any] = [None] * len(program)
    for place, slot in enumerate(slots):
        new[slot] = place
    ops = [program.ops[slot] for slot in slots]
    operands = [renamed(program.operands[slot], new) for slot in slots]
    return Program(ops, operands, renamed(program.outputs, new))


def renamed(operands: Operands, new: Sequence[Any] | Mapping[int, Any]) -> tuple[Any, ...]:
    """Return operands with what has become of each slot."""
    if len(operands) == 2:  # most have as many, and this is done again and again
        x, y = operands
        return new[x] if type(x) is int else x, new[y] if type(y) is int else y
    return tuple([new[x] if type(x) is int else x for x in operands])
