"""Which steps of a program share a loop: as few loops as reductions and scans allow.

A reduction ends a loop: what uses its result comes after. So does a scan, or a while, that takes
whole columns: they must be complete. So each slot has a stage, the number of such barriers that
must be passed one after the other before it; the steps of one stage with the same axes share a
loop, and those without axes stand between the loops.

A scan is itself a step of the loop over its rows. So is what is taken out of it: where it runs
along axes of its own, each row of the loop gives a whole column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .operations import Axes, Get, Op, Reduction, Scan, While
from .program import Instruction, Operands, Program

AllAxes = Sequence[Axes]  # of each slot


class Loop(NamedTuple):
    """Steps that are done in one loop over each of these axes; without axes, once."""

    axes: Axes
    slots: list[int]


def loops_of(program: Program) -> list[Loop]:
    """Return the loops of a program in an order in which they can be run.

    >>> from nanograd.compiler.programs.parsing import parsed
    >>> loops_of(
    ...     parsed('''
    ... program(w, x[rows])
    ...   a = mul w x
    ...   b = sum[rows] a
    ...   c = mul a b
    ...   return c
    ... ''')
    ... )
    [Loop(axes=('rows',), slots=[2]), Loop(axes=(), slots=[3]), Loop(axes=('rows',), slots=[4])]
    """
    axes = program.axes()
    stages = stages_of(program, axes)
    found: dict[tuple[int, int, Axes], list[int]] = {}
    for step in program.steps():
        over = loop_axes(step, axes)
        # What is broadcast has fewer axes, and comes before its use.
        key = stages[step.slot], len(over), over
        slots = found.setdefault(key, [])
        slots.append(step.slot)
    return [Loop(key[-1], found[key]) for key in sorted(found)]


def loop_axes(step: Instruction, axes: AllAxes) -> Axes:
    """Return the axes of the loop that a step is done in."""
    if isinstance(step.op, Get):
        return axes[int(step.operands[0])]
    return axes[step.slot]


def stages_of(program: Program, axes: AllAxes) -> list[int]:
    """Return after how many barriers, one after the other, each slot can be computed."""
    stages: list[int] = []
    for op, operands in program:
        before = [stages[x] for x in operands if type(x) is int]
        stage = max(before, default=0)
        if needs_columns(op, operands, axes):
            stage += 1
        stages.append(stage)
    return stages


def needs_columns(op: Op, operands: Operands, axes: AllAxes) -> bool:
    """Return whether an instruction needs whole columns of an operand, and not just its entries."""
    needed = columns_of(op)
    for x, whole in zip(operands, needed, strict=False):
        if type(x) is int and set(whole).intersection(axes[x]):
            return True
    return False


def columns_of(op: Op) -> AllAxes:
    """Return along which axes an operation takes its operands as a whole."""
    if isinstance(op, Reduction):
        return [(op.axis,)]
    if isinstance(op, Scan | While):
        return op.own_axes()
    return []


def kept_slots(program: Program, loops: Sequence[Loop]) -> set[int]:
    """Return the slots with axes that are used outside of their own loop, or are outputs."""
    loop_of = {}
    for loop in loops:
        loop_of.update(dict.fromkeys(loop.slots, loop))
    used = slots_among(program.outputs)
    for step in program.steps():
        here = loop_of[step.slot]
        before = slots_among(step.operands)
        used.update(x for x in before if loop_of.get(x) is not here)
    axes = program.axes()
    return {x for x in used if axes[x] and x in loop_of}


def slots_among(operands: Operands) -> set[int]:
    """Return the operands that are slots."""
    return {x for x in operands if type(x) is int}
