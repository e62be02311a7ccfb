"""The usual case, written out for speed: finite numbers, usual types, no open block.

Nothing here means anything new. Each function does what `Operation.apply` does in the heart, in the
fewest steps that Python allows, and leaves whatever is unusual to the heart: also what is in `data`
when the user has put something there that is no float.
"""

import math
from collections.abc import Callable
from typing import Any

from . import nanograd as heart
from .functions import METHODS
from .modes import OPEN
from .nanograd import OPERATIONS, Operation, Scalar, Value

TROUBLE = (ArithmeticError, KeyError, TypeError, ValueError, RuntimeWarning)  # the last, of numpy

#: How to read a plain operand of a usual type; any other type is a KeyError.
PLAIN: dict[type, type[float]] = {float: float, int: float}


def plain(op: Operation) -> Callable[[Any], Any]:
    """Return op as a function of one plain number, as the rules of other operations call it."""
    evaluate, apply = op.evaluate, op.apply

    def fast(x: Any) -> Any:
        try:
            out = evaluate(x) if type(x) is float else math.nan
        except TROUBLE:
            out = math.nan
        return out if out - out == 0.0 else apply(x)  # inf and nan are for the heart

    return fast


def unary(op: Operation) -> Callable[[Any], Any]:
    """Return op as a function of one operand."""
    evaluate, partials, new, apply = op.evaluate, op.partials, object.__new__, op.apply
    on_number = plain(op)

    def fast(x: Any) -> Any:
        if OPEN or not isinstance(x, Value):
            return on_number(x)
        a = x.data
        if type(a) is not float:
            return apply(x)
        try:
            data = evaluate(a)
            slopes = partials(a, data)
        except TROUBLE:
            return apply(x)
        if data - data != 0.0:  # inf or nan
            return apply(x)
        value = new(Value)
        value.data, value.grad = data, 0.0
        value.op, value.operands, value.partials = op, (x,), slopes
        return value

    fast.__qualname__ = op.name  # what Python says when it is called with two operands
    return fast


def power(x: Any, n: Any) -> float:
    """Return xⁿ of floats; nan, which is for the heart, of types that `math.pow` would convert."""
    return math.pow(x, n) if type(x) is type(n) is float else math.nan


def binary(op: Operation) -> Callable[[Any, Any], Any]:
    """Return op as an operator between two operands, one of them a Value."""
    evaluate = power if op.name in {"power", "pow"} else op.evaluate
    partials, new, infix = op.partials, object.__new__, heart.infix

    def fast(x: Any, y: Any) -> Any:
        try:
            a = x.data if isinstance(x, Value) else PLAIN[type(x)](x)
            b = y.data if isinstance(y, Value) else PLAIN[type(y)](y)
            data = evaluate(a, b)
            slopes = partials(a, b, data)
        except TROUBLE:
            return infix(op, x, y)
        if OPEN or type(data) is not float or data - data != 0.0:  # inf or nan
            return infix(op, x, y)
        value = new(Value)
        value.data, value.grad = data, 0.0
        value.op, value.operands, value.partials = op, (x, y), slopes
        return value

    return fast


def swapped(fast: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the operator for the operand on the right."""
    return lambda y, x: fast(x, y)


def install() -> None:
    """Give Value its operators and its methods of one operand in the form of this file."""
    for name in ("add", "sub", "mul", "truediv"):
        operator = binary(OPERATIONS["div" if name == "truediv" else name])
        setattr(Value, f"__{name}__", operator)
        setattr(Value, f"__r{name}__", swapped(operator))
    by_number = binary(OPERATIONS["power"])
    by_scalar = binary(OPERATIONS["pow"])
    setattr(Value, "__rpow__", swapped(by_scalar))
    setattr(
        Value,
        "__pow__",
        lambda x, y: by_scalar(x, y) if isinstance(y, Scalar) else by_number(x, y),
    )
    for name, op in [("__neg__", heart.neg), ("__abs__", OPERATIONS["abs"]), *METHODS.items()]:
        if isinstance(op, Operation) and len(op.parameters) == 1:
            op.apply = unary(op)  # type: ignore[method-assign]
            setattr(Value, name, op.apply)


install()
