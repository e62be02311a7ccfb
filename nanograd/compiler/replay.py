"""From a program to whatever it is replayed on: numbers, Values, the Refs of another program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import DataError, TraceError
from ..modes import block
from ..nanograd import Scalar
from .interpreter import Interpreter, taken_from
from .operations import Get, Loop, Reduction, Scan, While
from .program import Program
from .refs import Recorder, Ref
from .rows import Lengths, Space, lists_of


def replay(program: Program, operands: Sequence[Any], lengths: Lengths | None = None) -> list[Any]:
    """Return the outputs of a program on numbers, Values, Refs or other scalars.

    On numbers it is the reference interpreter, by the rules of IEEE 754; for an input with axes a
    list is given, nested for each axis. An axis that no input has, as that of a scan without
    sequences, needs its length in `lengths`; without it, it is a DataError. On Values it is the
    graph again, and loops are unrolled: a `while` goes by the numbers inside. On Refs the program
    is written out in the one that is being recorded, its loops as they are.

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
    check_count(program, operands)
    refs = [x for x in operands if isinstance(x, Ref)]
    with block("ieee"):
        if refs:
            return recorded(program, operands, refs[0].recorder)
        space = Space.of(program, operands, lengths)
        pairs = zip(operands, program.inputs, strict=True)
        given = [space.rows(x, each.axes) for x, each in pairs]
        return list(map(lists_of, Interpreter(program, space.lengths).run(given)))


def check_count(program: Program, operands: Sequence[Any]) -> None:
    """Raise a DataError unless there is an operand for each input."""
    if len(operands) != len(program.inputs):
        names = ", ".join(map(str, program.inputs)) or "none"
        raise DataError(f"the program takes the inputs {names}; it was given {len(operands)}.")


# -- on Refs ---------------------------------------------------------------------------------


def recorded(program: Program, operands: Sequence[Any], recorder: Recorder) -> list[Any]:
    """Return the outputs after the instructions of a program have been recorded once more."""
    slots: list[Any] = list(operands)
    for step in program.steps():
        op, on = step.op, taken_from(slots, step)
        if isinstance(op, Loop | Get):
            slots.append(recorded_loop(op, on, recorder))
        elif isinstance(op, Reduction):
            is_count = op.name == "count"
            slots.append(recorder.append(op, ()) if is_count else recorder.reduced(op, *on))
        else:
            slots.append(op(*on))  # type: ignore[operator]  # inputs come before all steps
    return [slots[x] if type(x) is int else x for x in program.outputs]


def recorded_loop(op: Scan | While | Get, operands: Sequence[Any], recorder: Recorder) -> Ref:
    """Return the Ref of a loop, or of one of its results."""
    for x in operands:
        if isinstance(x, Scalar) and x.level > recorder.level:
            raise TraceError(
                f"a loop that is recorded takes numbers of its own trace; it was given {x!r}. "
                "Differentiate the program as a whole."
            )
    return recorder.append(op, tuple(map(recorder.operand, operands)))
