"""The operators of Refs, written out for speed in the usual case: a trace that is open, no block.

Nothing here means anything new: each does what `infix` and `Ref.record` do, in the fewest steps,
and leaves to them whatever is unusual.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...calculus.levels import OPEN
from ...modes import OPEN as BLOCKS
from ...nanograd import OPERATIONS, Operation, Scalar, add, div, infix, mul, neg, power, sub
from ...real import number
from .refs import Ref

PLAIN = frozenset({float, int})

Operator = Callable[[Any, Any], Any]


def after(op: Operation) -> Operator:
    """Return op as the operator of a Ref on its left."""

    def fast(x: Ref, y: Any) -> Any:
        recorder = x.recorder
        if BLOCKS or recorder.level not in OPEN:
            return infix(op, x, y)
        if type(y) is Ref and y.recorder is recorder:
            y = y.slot
        elif type(y) is int:
            y = number(y)
        elif type(y) is not float:
            return infix(op, x, y)
        return Ref(recorder, recorder.add(op, (x.slot, y)))

    return fast


def before(op: Operation) -> Operator:
    """Return op as the operator of a Ref on its right, where what is on its left has none."""

    def fast(y: Ref, x: Any) -> Any:
        recorder = y.recorder
        if BLOCKS or recorder.level not in OPEN or type(x) not in PLAIN:
            return infix(op, x, y)
        return Ref(recorder, recorder.add(op, (number(x), y.slot)))

    return fast


def negative(x: Ref) -> Any:
    """Return −x."""
    recorder = x.recorder
    if BLOCKS or recorder.level not in OPEN:
        return neg(x)
    return Ref(recorder, recorder.add(neg, (x.slot,)))


def install() -> None:
    """Give Refs the operators of this file."""
    for name, op in [("add", add), ("sub", sub), ("mul", mul), ("truediv", div)]:
        setattr(Ref, f"__{name}__", after(op))
        setattr(Ref, f"__r{name}__", before(op))
    by_number, by_scalar = after(power), after(OPERATIONS["pow"])

    def raised(x: Ref, y: Any) -> Any:
        return by_scalar(x, y) if isinstance(y, Scalar) else by_number(x, y)

    Ref.__pow__ = raised  # type: ignore[method-assign, assignment]
    Ref.__neg__ = negative  # type: ignore[method-assign, assignment]


install()
