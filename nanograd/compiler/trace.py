"""From a function to a program, and from a program to whatever it is replayed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from ..calculus.levels import new_level
from ..errors import DataError, TraceError, short
from ..modes import block
from ..nanograd import Scalar
from ..real import is_real
from .operations import UNIFORM, Input, Reduction
from .program import Program
from .refs import Recorder, Ref
from .rows import lengths_of, lists_of, rows_of

Count = Callable[[str], Any]  # of the entries along an axis


class Traced(NamedTuple):
    """A program, and the scalars from outside that its last inputs stand for."""

    program: Program
    captured: list[Scalar]


@contextmanager
def recording() -> Iterator[Recorder]:
    """Open a level for a program, and give its recorder, until the block ends."""
    with new_level() as level:
        yield Recorder(level)


@contextmanager
def continuing(program: Program) -> Iterator[Recorder]:
    """The same, for a program that begins as this one does."""
    with new_level() as level:
        yield Recorder.after(program, level)


def trace(
    f: Callable[..., Any],
    inputs: Sequence[Input | str],
) -> Traced:
    """Return what f does to these inputs as a program. f returns a number, or a list or a tuple.

    A Value that f takes from outside becomes one more input, read at every call.

    >>> program, captured = trace(lambda x, y: (x * y + 3) ** 2, ["x", "y"])
    >>> print(program)
    program(x, y)
      a = mul x y
      b = add a 3.0
      c = power b 2.0
      return c
    """
    with recording() as recorder:
        refs = []
        for each in inputs:
            name, axes = (each, UNIFORM) if isinstance(each, str) else (each.name, each.axes)
            refs.append(recorder.input(name, axes))
        program = recorder.program(flat(f(*refs)))
    return Traced(program, [scalar for scalar, _ in recorder.captured.values()])


def flat(result: Any) -> Sequence[Any]:
    """Return what a function gave back as a list of numbers and scalars, or raise a TraceError."""
    results = result if isinstance(result, list | tuple) else [result]
    for each in results:
        if not isinstance(each, Scalar) and not is_real(each):
            raise TraceError(
                "a function that is traced must return a number, or a flat list of numbers; it "
                f"returned {short(result)}. Is a return missing?"
            )
    return results


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
    for _, op, taken in program.steps():
        on: list[Any] = [slots[x] if type(x) is int else x for x in taken]
        if isinstance(op, Reduction):
            has_axis = any(op.axis in axes[x] for x in taken if type(x) is int)
            slots.append(on[0].reduce(op) if has_axis else without_axis(op, on, count))
        else:
            slots.append(op(*on))  # type: ignore[operator]  # inputs come before all steps
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
    order, lengths = program.order, lengths_of(program, operands)
    pairs = zip(program.inputs, operands, strict=True)
    return [rows_of(x, each.axes, order) for each, x in pairs], lambda axis: float(lengths[axis])


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
