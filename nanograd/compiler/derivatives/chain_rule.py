"""The chain rule at one instruction: the partials of operations, the slopes of reductions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...modes import block
from ...nanograd import Operation
from ..programs.operations import EQ, STOP, Op, Reduction
from ..programs.program import Instruction
from ..tracing.refs import Recorder, Ref


def partials_of(recorder: Recorder, step: Instruction) -> Sequence[Any]:
    """Return the partials of an instruction, run on Refs: None where no derivative flows."""
    op = step.op
    if op is STOP or not isinstance(op, Operation):
        return [None] * len(step.operands)
    out = Ref(recorder, step.slot)
    operands = [recorder.ref(x) for x in step.operands]
    try:
        partials = op.partials(*operands, out)
    except (ArithmeticError, ValueError):  # plain numbers, where a slope is infinite
        refs = map(recorder.as_ref, operands)
        with block("ieee"):
            partials = op.partials(*refs, out)
    if op.chooses:
        return list(map(none_for_zero, partials))
    return list(partials)


def none_for_zero(partial: Any) -> Any:
    """Return a partial of an operation that chooses: a plain 0 is of what is never chosen."""
    is_zero = type(partial) is float and partial == 0.0
    return None if is_zero else partial


def times(x: Any, y: Any) -> Any:
    """Return x · y, without a trace of a factor of 1."""
    if type(x) is float and x == 1.0:
        return y
    if type(y) is float and y == 1.0:
        return x
    return x * y


def is_choice(op: Op, partial: Any) -> bool:
    """Return whether this partial tells, when the program runs, if its operand was chosen."""
    return isinstance(op, Operation) and op.chooses and isinstance(partial, Ref)


def has_axis(recorder: Recorder, step: Instruction) -> bool:
    """Return whether a reduction is over an axis that its operand has."""
    op: Any = step.op
    return op.axis in recorder.axes[int(step.operands[0])]


def slope_of(recorder: Recorder, step: Instruction) -> Any:
    """Return the slope of a reduction in each entry along its axis."""
    op: Any = step.op
    if not has_axis(recorder, step):
        is_sum = op.name == "sum"
        return recorder.append(Reduction("count", op.axis), ()) if is_sum else 1.0
    if op.name == "sum":
        return 1.0
    x = Ref(recorder, int(step.operands[0]))
    out = Ref(recorder, step.slot)
    is_largest = EQ(x, out)
    ties = recorder.reduced(Reduction("sum", op.axis), is_largest)
    return is_largest / ties
