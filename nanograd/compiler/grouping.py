"""Which steps of a program share a loop: as few loops as reductions allow.

A reduction ends a loop: what uses its result comes after. So each slot has a stage, the number of
reductions that must be done one after the other before it; the steps of one stage with the same
axes share a loop, and those without axes stand between the loops.
"""

from __future__ import annotations

from typing import NamedTuple

from .operations import Axes, Reduction
from .program import Operand, Program


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
    for step in program.steps():
        slot = step.slot
        # What is broadcast has fewer axes, and comes before its use.
        key = (
            stages[slot],
            len(axes[slot]),
            axes[slot],
        )
        found.setdefault(key, []).append(slot)
    return [Loop(key[-1], found[key]) for key in sorted(found)]


def stages_of(
    program: Program,
    axes: list[Axes],
) -> list[int]:
    """Return after how many reductions, one after the other, each slot can be computed."""
    stages: list[int] = []
    for op, operands in program:
        slots = [x for x in operands if type(x) is int]
        stage = max(
            [stages[x] for x in slots],
            default=0,
        )
        if isinstance(op, Reduction):
            stage += any(op.axis in axes[x] for x in slots)
        stages.append(stage)
    return stages


def kept_slots(
    program: Program,
    loops: list[Loop],
) -> set[int]:
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
