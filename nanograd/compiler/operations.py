"""What an instruction can do beside the declared operations: inputs, comparisons, reductions.

Axes are named. A number with the axes () is uniform; with ("rows",) it is one number per row, how
many is known only at run time; two nested maps give two axes. A declared operation works entry by
entry: its result has all the axes of its operands. A reduction takes one axis away.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..nanograd import Operation

Axes = tuple[str, ...]

UNIFORM: Axes = ()


@dataclass(frozen=True)
class Input:
    """The operation of an instruction that takes a number from outside, or one for each row."""

    name: str
    axes: Axes = UNIFORM

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(self.axes)}]" if self.axes else self.name


@dataclass(frozen=True)
class Reduction:
    """The sum or the max over an axis, or the count of its entries, which has no operand."""

    name: str
    axis: str

    @property
    def parameters(self) -> Sequence[str]:
        """The names of the operands."""
        return [] if self.name == "count" else ["x"]

    def __str__(self) -> str:
        return f"{self.name}[{self.axis}]"


REDUCTIONS = ("sum", "max", "count")

Op = Operation | Input | Reduction

# -- operations of the compiler --------------------------------------------------------------


def comparison(symbol: str, name: str) -> Operation:
    """Return the operation that gives 1.0 where the comparison holds and else 0.0."""
    holds: Callable[[Any, Any], Any] = getattr(operator, name)
    return Operation(
        name=name,
        symbol=symbol,
        evaluate=lambda x, y: float(holds(x, y)),
        partials=lambda x, y, out: (None, None),
        parameters=["x", "y"],
    )


LT = comparison("<", "lt")
LE = comparison("≤", "le")
GT = comparison(">", "gt")
GE = comparison("≥", "ge")
EQ = comparison("=", "eq")
NE = comparison("≠", "ne")
COMPARISONS = frozenset({LT, LE, GT, GE, EQ, NE})

#: The same number, through which no derivative flows.
STOP = Operation("stop", "stop", lambda x: x, lambda x, out: (None,), ["x"])

#: What the text of a program calls by these names, whatever users declare.
OWN: dict[str, Operation] = {op.name: op for op in (*COMPARISONS, STOP)}

# -- axes ------------------------------------------------------------------------------------


@cache
def union(x: Axes, y: Axes, order: Axes) -> Axes:
    """Return the axes of either, in the order of their program.

    >>> union(("rows",), ("steps",), order=("steps", "rows"))
    ('steps', 'rows')
    """
    return tuple(axis for axis in order if axis in x or axis in y)


def extended(order: Axes, axes: Axes) -> Axes:
    """Return the order of axes of a program, after one more input with these."""
    return order + tuple(axis for axis in axes if axis not in order)


def axes_after(op: Op, operands: Sequence[Axes], order: Axes) -> Axes:
    """Return the axes of what op makes of operands with these axes."""
    if isinstance(op, Input):
        return op.axes
    found = UNIFORM
    for axes in operands:
        found = axes if found == UNIFORM else union(found, axes, order)
    if isinstance(op, Reduction):
        return tuple(axis for axis in found if axis != op.axis)
    return found
