"""A number along another axis: what was computed along one is computed again along the other.

A column may be gone through inside of a loop over as many entries, or over itself: then its entries
are wanted along an axis of their own there. The two axes are equally long, and so they change
places in all that an entry is computed from; what comes in from outside comes in along the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ..programs.operations import Axes, Get, Input, Loop, Op, Reduction, Scan, While
from ..programs.program import Operand, Program, every_axis

if TYPE_CHECKING:  # it turns its slots
    from .refs import Recorder

Swap = Mapping[str, str]  # two axes, each with the other


def turned_slot(recorder: Recorder, slot: int, swap: Swap) -> Operand:
    """Return what stands for a slot, and for all it is computed from, if axes change places."""
    found = recorder.turned.setdefault(frozenset(swap), {})
    for each in concerned(recorder, slot, swap):
        if each not in found:
            found[each] = there = turned_step(recorder, each, swap, found)
            if type(there) is int:
                found[there] = each  # they change places again
    return found.get(slot, slot)


def concerned(recorder: Recorder, slot: int, swap: Swap) -> list[int]:
    """Return the slots along such axes that one is computed from, and itself, in order."""
    found, waiting = set(), [slot]
    while waiting:
        x = waiting.pop()
        is_along = isinstance(recorder.ops[x], Loop) or swap.keys() & recorder.axes[x]
        if is_along and x not in found:
            found.add(x)
            waiting += [y for y in recorder.operands[x] if type(y) is int]
    return sorted(found)


def turned_step(
    recorder: Recorder,
    slot: int,
    swap: Swap,
    found: Mapping[int, Operand],
) -> Operand:
    """Return what stands for a slot, whose operands are known."""
    op, operands = recorder.ops[slot], recorder.operands[slot]
    if isinstance(op, Input):
        return recorder.input_along(slot, swap)
    now = tuple([found.get(x, x) if type(x) is int else x for x in operands])
    renamed = turned_op(op, swap)
    return slot if (renamed, now) == (op, operands) else recorder.append(renamed, now).slot


def turned_op(op: Op, swap: Swap) -> Op:
    """Return an operation with other axes."""
    if isinstance(op, Reduction):
        return replace(op, axis=swap.get(op.axis, op.axis))
    if isinstance(op, Input | Get):
        return replace(op, axes=turned_axes(op.axes, swap))
    if isinstance(op, Scan):
        axes = op.axis, *every_axis(op.body)
        body = turned_program(op.body, swap)
        is_same = swap.keys().isdisjoint(axes)
        return op if is_same else replace(op, axis=swap.get(op.axis, op.axis), body=body)
    if isinstance(op, While):
        parts = op.condition, op.body
        now = [turned_program(each, swap) for each in parts]
        return op if now == [*parts] else While(*now)
    return op


def turned_axes(axes: Axes, swap: Swap) -> Axes:
    """Return axes with others in their places.

    >>> turned_axes(("rows", "steps"), {"rows": "rows_2", "rows_2": "rows"})
    ('rows_2', 'steps')
    """
    return tuple([swap.get(axis, axis) for axis in axes])


def turned_program(program: Program, swap: Swap) -> Program:
    """Return a program with other axes."""
    if swap.keys().isdisjoint(every_axis(program)):
        return program
    ops = [turned_op(op, swap) for op in program.ops]
    return Program(ops, program.operands, program.outputs)
