"""Automatic differentiation of ordinary arithmetic, one number at a time: the whole idea.

1. An *operation* is declared once: how to evaluate it on numbers, and its *partials*, the slope of
   the result in each operand.
2. A *Value* is a number that remembers the operation and the operands it came from. A formula of
   Values leaves a graph behind: the record of how its result was computed.
3. `backward()` walks that graph from the result to the inputs and applies the *chain rule* at each
   step: what a value passes on to an operand is its own derivative times the partial.

    x = Value(2.0, "x")                x ──┐
    y = Value(3.0, "y")                    × ──→ + 3 ──→ ** 2 ──→ z
    z = (x * y + 3) ** 2               y ──┘
    z.backward()                       z.data is 81.0, x.grad is 54.0, y.grad is 36.0

`functions.py` declares more operations in the same way; `fast.py` writes the usual case out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from . import errors
from .evaluation import flows, kept, numbers_in, result_of, slopes
from .labels import Named, remember_line
from .modes import OPEN, block, is_on
from .real import NumberLike, is_real, number, raised

# -- operations ------------------------------------------------------------------------------

Function = Callable[..., Any]


@dataclass(eq=False, repr=False)
class Operation:
    """A scalar function together with the rule for its partial derivatives."""

    name: str
    symbol: str
    evaluate: Function
    partials: Function
    parameters: Sequence[str]
    domain: str = ""  # where the function is defined, in words: "x > 0"
    kinks: Sequence[float] = ()  # where it has no derivative, and a convention stands in
    chooses: bool = False  # an operand with partial 0 was not chosen: nothing flows there

    __repr__ = errors.spelled

    def __call__(self, *operands: Any) -> Any:  # noqa: D102
        return self.apply(*operands)

    def apply(self, *operands: Any) -> Any:
        """Return a number for plain numbers; with scalars among them, what the highest records."""
        scalars = [x for x in operands if isinstance(x, Scalar)]
        if not scalars:
            return result_of(self, operands, numbers_in(self, operands))
        return max(scalars, key=lambda x: x.level).record(self, operands)


OPERATIONS: dict[str, Operation] = {}  # every declared one, by its name


def operation(
    symbol: str, *, partials: Function, name: str = "", **facts: Any
) -> Callable[[Function], Operation]:
    """Declare the decorated function as an operation, under its own name or another.

    `partials` takes the operands under the function's own names, then `out`, the result; it returns
    one partial derivative for each operand, None where no derivative flows. It uses arithmetic and
    other operations only: so the one rule runs on numbers and on Values, and gives any order.

    >>> @operation("³", partials=lambda x, out: (3 * x**2,))
    ... def cube(x):
    ...     return x**3
    >>> x = Value(2.0)
    >>> cube(x).backward()
    >>> x.grad
    12.0
    """

    def declare(function: Function) -> Operation:
        key = name or function.__name__
        parameters, rule = errors.check_rule(function, partials, OPERATIONS.get(key))
        op = OPERATIONS[key] = Operation(key, symbol, function, rule, parameters, **facts)
        op.__doc__ = function.__doc__
        return op

    return declare


# fmt: off
@operation("+", partials=lambda x, y, out: (1.0, 1.0))
def add(x, y):
    """Sum x + y."""
    return x + y

@operation("-", partials=lambda x, y, out: (1.0, -1.0))
def sub(x, y):
    """Difference x − y."""
    return x - y

@operation("*", partials=lambda x, y, out: (y, x))
def mul(x, y):
    """Product x · y."""
    return x * y

@operation("/", partials=lambda x, y, out: (1.0 / y, -out / y), domain="y ≠ 0")
def div(x, y):
    """Quotient x / y."""
    return x / y if y else x * math.copysign(math.inf, y)

@operation("-", partials=lambda x, out: (-1.0,))
def neg(x):
    """Negative −x."""
    return -x

@operation("**", domain="x > 0; or x = 0 with n ≥ 0; or x < 0 with a whole n",
           partials=lambda x, n, out: (n * x ** (n - 1) if n else 0.0, None))
def power(x, n):
    """Power xⁿ with a plain number n; the slope of x⁰ is 0, also at x = 0."""
    return raised(x, n)


# -- values ----------------------------------------------------------------------------------


class Scalar:
    """Anything that arithmetic can be recorded on: operator syntax, written once for all kinds."""

    __slots__ = ()
    level = 0  # where kinds meet in one operation, the highest records it; Value is the lowest
    record: ClassVar[Function]  # makes a scalar of its kind, given an operation and its operands

    def __add__(self, other: Any) -> Any:      return infix(add, self, other)
    def __radd__(self, other: Any) -> Any:     return infix(add, other, self)
    def __sub__(self, other: Any) -> Any:      return infix(sub, self, other)
    def __rsub__(self, other: Any) -> Any:     return infix(sub, other, self)
    def __mul__(self, other: Any) -> Any:      return infix(mul, self, other)
    def __rmul__(self, other: Any) -> Any:     return infix(mul, other, self)
    def __truediv__(self, other: Any) -> Any:  return infix(div, self, other)
    def __rtruediv__(self, other: Any) -> Any: return infix(div, other, self)
    def __neg__(self) -> Any:                  return neg(self)
    def __pos__(self) -> Any:                  return self
    def __abs__(self) -> Any:                  return OPERATIONS["abs"](self)
    def __rpow__(self, other: Any) -> Any:     return infix(OPERATIONS["pow"], other, self)
    # fmt: on

    def __pow__(self, exponent: Any) -> Any:
        op = OPERATIONS["pow"] if isinstance(exponent, Scalar) else power
        return infix(op, self, exponent)


def infix(op: Operation, x: Any, y: Any) -> Any:
    """Return op(x, y), or NotImplemented where an operand is neither a scalar nor a number."""
    known = all(isinstance(operand, Scalar) or is_real(operand) for operand in (x, y))
    return op(x, y) if known else NotImplemented


#: The grad of a value that no derivative has reached: told from a computed 0.0 by identity.
UNREACHED = float("0")


class Value(Scalar, NumberLike, Named):
    """A real number that remembers how it was computed, and collects its derivative in `grad`.

    >>> x = Value(2.0, "x")
    >>> y = x * 3 + 1
    >>> y.data, y.op.name, y.operands[1], y.parents[0].parents
    (7.0, 'add', 1, (Value(2.0, name='x', grad=0.0),))
    """

    __slots__ = ("__weakref__", "data", "grad", "op", "operands", "partials")

    def __init__(self, data: Any, name: str = ""):
        self.data: float = data if type(data) is float else number(data)
        self.grad: float = 0.0
        self.op: Operation | None = None
        self.operands: tuple[Any, ...] = ()
        self.partials: tuple[float | None, ...] = ()
        if name != "":
            self.name = name
        if OPEN:
            remember_line(self)

    @staticmethod
    def record(op: Operation, operands: Sequence[Any]) -> Value:
        """Return the Value of op at these operands; plain numbers among them stay plain."""
        numbers = numbers_in(op, operands)
        value = Value(result_of(op, operands, numbers))
        if not is_on("no_grad"):
            value.op, value.partials = op, slopes(op, numbers, value.data, Value)
            value.operands = kept(operands, numbers)
        return value

    @property
    def parents(self) -> tuple[Value, ...]:
        """The Values among the operands, in order, repeats kept; a leaf has none."""
        return tuple(x for x in self.operands if isinstance(x, Value))

    def backward(self, grad: Any = 1.0) -> None:
        """Find the derivative of this value in every value that it was computed from.

        Leaves add it to the `grad` they have; values in between keep that of this pass only.
        """
        order = ancestry(self)
        for value in order:
            value.grad = UNREACHED
        with errors.explained(self, order):
            self.grad += number(grad)
            for value in order:
                if value.grad is not UNREACHED:
                    value.grad_fn()

    def grad_fn(self) -> None:
        """Take this value's step of the chain rule: add its share to the grad of each parent."""
        grad = self.grad
        for operand, partial in zip(self.operands, self.partials):
            if partial is not None and isinstance(operand, Value):
                operand.grad += grad * partial

    def zero_grad(self) -> None:
        """Set the grad of this value, and of all that it was computed from, to zero."""
        self.grad = 0.0
        for value in ancestry(self):
            for parent in value.parents:
                parent.grad = 0.0

    def detach(self) -> Value:
        """Return a leaf with the same data and name: nothing flows back through it."""
        return Value(self.data, self.name)

    def __repr__(self) -> str:
        name = f", name={errors.short(self.name)}" if self.name else ""
        op = f", op={self.op.symbol!r}" if self.op else ""
        return f"Value({self.data!r}{name}{op}, grad={self.grad!r})"


# -- the chain rule --------------------------------------------------------------------------


def ancestry(output: Value) -> list[Value]:
    """Return the computed values under `output`, itself first, each before its operands.

    A value may pass its derivative on only when every value that uses it has passed on its own.
    """
    order = [output] if output.op else []
    seen = set(order)
    for value in order:  # grows as we go
        for operand in value.operands:
            if isinstance(operand, Value) and operand.op is not None:
                if operand in seen:  # used twice: the order of discovery will not do
                    return sorted_ancestry(output)
                seen.add(operand)
                order.append(operand)
    return order


def sorted_ancestry(output: Value) -> list[Value]:
    """Return the ancestry of a graph in which values are used more than once.

    A depth-first search, without recursion: a chain of a million values is no problem.
    """
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Any] = [output]
    while stack:
        value = stack.pop()
        if value is None:  # the mark on top of a value whose operands are all in order
            order.append(stack.pop())
        elif value not in seen:
            seen.add(value)
            stack += value, None
            for operand in value.operands:
                if isinstance(operand, Value) and operand.op is not None and operand not in seen:
                    stack.append(operand)
    return order[::-1]


def gradient(output: Value, inputs: Sequence[Value]) -> list[Value]:
    """Return the derivatives of `output` in `inputs` as new Values; nothing is changed.

    The pure twin of `backward()`: its results can be differentiated again, to any order.

    >>> x = Value(3.0)
    >>> (slope,) = gradient(x**3, [x])
    >>> slope.data, gradient(slope, [x])[0].data
    (27.0, 18.0)
    """
    inputs = errors.values_in(inputs, output)
    adjoints: dict[Value, Any] = {output: 1.0}
    with block("ieee"):
        for value in ancestry(output):
            if value in adjoints:
                for operand, partial in flows(value):
                    share = adjoints[value] * partial
                    adjoints[operand] = adjoints[operand] + share if operand in adjoints else share
    found = [adjoints.get(x, 0.0) for x in inputs]  # plain numbers where a slope is constant
    return [x if isinstance(x, Value) else Value(x) for x in found]
