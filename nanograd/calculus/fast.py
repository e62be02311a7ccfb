"""The usual case of forward mode, written out for speed: Duals of finite floats, no open block.

Nothing here means anything new. Each function does what `Dual.lift` does, in the fewest steps that
Python allows, and leaves whatever is unusual to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..fast import PLAIN, TROUBLE
from ..functions import METHODS
from ..modes import OPEN as BLOCKS
from ..nanograd import OPERATIONS, Operation, Scalar, infix
from .forward import Dual
from .levels import OPEN

Fast = Callable[..., Any]


def unary(op: Operation, usual: Fast) -> Fast:
    """Return op as a function of one Dual; `usual` is for the unusual case."""
    evaluate, partials, new = op.evaluate, op.partials, object.__new__

    def fast(x: Any) -> Any:
        a, tangent = x.primal, x.tangent
        if type(a) is not float or BLOCKS or x.level not in OPEN:
            return usual(x)
        try:
            out = evaluate(a)
            if tangent is not None:
                tangent = tangent * partials(a, out)[0]
        except TROUBLE:
            return usual(x)
        if type(out) is not float or out - out != 0.0:  # inf or nan
            return usual(x)
        dual = new(Dual)
        dual.level, dual.primal, dual.tangent = x.level, out, tangent
        return dual

    return fast


def binary(op: Operation) -> Fast:
    """Return op as an operator with a Dual on its left."""
    evaluate, partials, new = op.evaluate, op.partials, object.__new__

    def fast(x: Any, y: Any) -> Any:
        level, a, x_dot, y_dot = x.level, x.primal, x.tangent, None
        try:
            if type(y) is Dual and y.level == level:
                b, y_dot = y.primal, y.tangent
            else:
                b = PLAIN[type(y)](y)
            if not (type(a) is type(b) is float) or BLOCKS or level not in OPEN:
                return infix(op, x, y)
            out = evaluate(a, b)
            slopes = partials(a, b, out)
            tangent = None if x_dot is None else x_dot * slopes[0]
            if y_dot is not None:
                share = y_dot * slopes[1]
                tangent = share if tangent is None else tangent + share
        except TROUBLE:
            return infix(op, x, y)
        if type(out) is not float or out - out != 0.0:  # inf or nan
            return infix(op, x, y)
        dual = new(Dual)
        dual.level, dual.primal, dual.tangent = level, out, tangent
        return dual

    return fast


def reflected(op: Operation) -> Fast:
    """Return op as an operator with a Dual on its right, and something else on its left."""
    evaluate, partials, new = op.evaluate, op.partials, object.__new__

    def fast(y: Any, x: Any) -> Any:
        b, tangent = y.primal, y.tangent
        try:
            a = PLAIN[type(x)](x)
            if type(b) is not float or BLOCKS or y.level not in OPEN:
                return infix(op, x, y)
            out = evaluate(a, b)
            if tangent is not None:
                tangent = tangent * partials(a, b, out)[1]
        except TROUBLE:
            return infix(op, x, y)
        if type(out) is not float or out - out != 0.0:  # inf or nan
            return infix(op, x, y)
        dual = new(Dual)
        dual.level, dual.primal, dual.tangent = y.level, out, tangent
        return dual

    return fast


def install() -> None:
    """Give Dual its operators, and its methods of one operand, in the form of this file."""
    for name in ("add", "sub", "mul", "truediv"):
        op = OPERATIONS["div" if name == "truediv" else name]
        setattr(Dual, f"__{name}__", binary(op))
        setattr(Dual, f"__r{name}__", reflected(op))
    by_number, by_scalar = binary(OPERATIONS["power"]), binary(OPERATIONS["pow"])
    powers = {True: by_scalar, False: by_number}
    unaries = {name: unary(op, op) for name, op in OPERATIONS.items() if name in {"neg", "abs"}}
    others = {"pow": lambda x, n: powers[isinstance(n, Scalar)](x, n), **unaries}
    for name, operator in others.items():
        setattr(Dual, f"__{name}__", operator)
    for name, function in METHODS.items():
        if isinstance(function, Operation) and len(function.parameters) == 1:
            setattr(Dual, name, unary(function, function))


install()
