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
from .program import Operand, Operands, Program


class Loop(NamedTuple):
    """Steps that are done in one loop over each of these axes; without axes, once."""

    axes: Axes
    slots: list[int]


def loops_of(program: Program) -> list[Loop]:
    """Return the loops of a program in an order in which they can be run.

    >>> from nanograd.compiler.parsing import parsed
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
    for slot, op, operands in program.steps():
        over = loop_axes(op, operands, slot, axes)
        # What is broadcast has fewer axes, and comes before its use.
        found.setdefault((stages[slot], len(over), over), []).append(slot)
    return [Loop(over, slots) for (_, _, over), slots in sorted(found.items())]


def loop_axes(op: Op, operands: Operands, slot: int, axes: Sequence[Axes]) -> Axes:
    """Return the axes of the loop that a step is done in."""
    return axes[int(operands[0])] if isinstance(op, Get) else axes[slot]


def stages_of(program: Program, axes: Sequence[Axes]) -> list[int]:
    """Return after how many barriers, one after the other, each slot can be computed."""
    stages: list[int] = []
    for op, operands in program:
        before = [stages[x] for x in operands if type(x) is int]
        stages.append(max(before, default=0) + is_barrier(op, operands, axes))
    return stages


def is_barrier(op: Op, operands: Operands, axes: Sequence[Axes]) -> bool:
    """Return whether an instruction needs whole columns of an operand, and not just its entries."""
    if isinstance(op, Reduction):
        needed: list[Axes] = [(op.axis,) for _ in operands]
    elif isinstance(op, Scan | While):
        needed = op.own_axes()
    else:
        return False
    pairs = zip(operands, needed, strict=True)
    return any(axis in axes[x] for x, whole in pairs if type(x) is int for axis in whole)


def kept_slots(program: Program, loops: list[Loop]) -> set[int]:
    """Return the slots with axes that are used outside of their own loop, or are outputs."""
    axes = program.axes()
    loop_of = {slot: loop for loop in loops for slot in loop.slots}
    kept: set[Operand] = set(program.outputs)
    for step in program.steps():
        here = loop_of[step.slot]
        for x in step.operands:
            if type(x) is int and loop_of.get(x) is not here:
                kept.add(x)
    slots = {x for x in kept if type(x) is int}
    return {x for x in slots if axes[x] and x in loop_of}
