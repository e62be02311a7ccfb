"""From a program to whatever it is replayed on: numbers, Values, the Refs of another program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import DataError
from ..modes import block
from .operations import Reduction
from .program import Program
from .refs import Ref
from .rows import Space, lists_of

Count = Callable[[str], Any]  # of the entries along an axis


def replay(
    program: Program,
    operands: Sequence[Any],
) -> list[Any]:
    """Return the outputs of a program on numbers, Values, Refs or other scalars.

    On numbers it is the reference interpreter, by the rules of IEEE 754; for an input with axes a
    list is given, nested for each axis. On Values it is the graph again, on Refs the program is
    written out in the one that is being recorded.

    >>> from nanograd.compiler.parsing import parsed
    >>> program = parsed('''
    ... program(w, x[rows])
    ...   a = mul w x
    ...   b = sum[rows] a
    ...   return a b
    ... ''')
    >>> replay(program, [2.0, [1.0, 10.0]])
    [[2.0, 20.0], 22.0]
    """
    with block("ieee"):
        values = replayed(program, operands)
    return [lists_of(values[x]) if type(x) is int else x for x in program.outputs]


def replayed(
    program: Program,
    operands: Sequence[Any],
) -> list[Any]:
    """Return what each slot of a program is on these operands."""
    if len(operands) != len(program.inputs):
        names = ", ".join(map(str, program.inputs)) or "none"
        raise DataError(f"the program takes the inputs {names}; it was given {len(operands)}.")
    axes = program.axes()
    slots, count = entered(program, operands)
    for slot, op, taken in program.steps():
        on: list[Any] = [slots[x] if type(x) is int else x for x in taken]
        if not isinstance(op, Reduction):
            slots.append(op(*on))  # type: ignore[operator]  # inputs come before all steps
        elif any(op.axis in axes[x] for x in taken if type(x) is int):
            slots.append(on[0].reduce(op, axes[slot]))
        else:
            slots.append(without_axis(op, on, count))
    return slots


def entered(
    program: Program,
    operands: Sequence[Any],
) -> tuple[list[Any], Count]:
    """Return the operands as they are computed with, and how many entries an axis has."""
    refs = [x for x in operands if isinstance(x, Ref)]
    if refs:
        recorder = refs[0].recorder
        return list(operands), lambda axis: recorder.append(Reduction("count", axis), ())
    space = Space.of(program, operands)
    pairs = zip(program.inputs, operands, strict=True)
    return [space.rows(x, each.axes) for each, x in pairs], lambda axis: float(space.lengths[axis])


def without_axis(
    op: Reduction,
    operands: Sequence[Any],
    count: Count,
) -> Any:
    """Return a reduction over an axis along which all entries are the same."""
    if op.name == "max":
        return operands[0]
    entries = count(op.axis)
    return operands[0] * entries if op.name == "sum" else entries
