"""What an instruction can do beside the declared operations.

Axes are named. A number with the axes () is uniform; with ("rows",) it is one number per row, how
many is known only at run time; two nested maps give two axes. A declared operation works entry by
entry: its result has all the axes of its operands. A reduction takes one axis away.

A loop has programs of its own: what it does in each step. Its instruction gives a *bundle* of
results, and `Get` instructions take them out. To the axes of its operands that the inputs of its
body have not, a loop is one more operation that works entry by entry: a loop for each row.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ...nanograd import Operation

if TYPE_CHECKING:  # programs are made of these
    from .program import Program

Axes = tuple[str, ...]

UNIFORM: Axes = ()


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, eq=False)
class Scan:
    """A loop over an axis that is run in order; each step sees the state that the last one left.

    The body takes the state, then one entry of each sequence, then what is the same in each step.
    It returns the next state, then what the step gives. The operands are those of the body, with a
    whole sequence, along `axis`, for an entry. The results are the final state, then, along `axis`,
    what the steps gave.
    """

    axis: str
    body: Program
    states: int  # how many numbers are the state
    sequences: int
    is_reversed: bool = False  # from the last step to the first

    def own_axes(self) -> list[Axes]:
        """Return, for each operand, the axes that are for the body and no rows of the loop."""
        each_step = range(self.states, self.states + self.sequences)
        inputs = enumerate(self.body.inputs)
        return [(*x.axes, self.axis) if i in each_step else x.axes for i, x in inputs]

    def results(self) -> Iterator[Get]:
        """Yield what takes out each result."""
        for i, axes in enumerate(self.body.output_axes()):
            yield Get(i, axes if i < self.states else (self.axis, *axes))


@dataclass(frozen=True, eq=False)
class While:
    """A loop that is run while a condition holds, which is looked at before each step.

    The body takes the state, then what is the same in each step, and returns the next state. The
    condition takes the same, and returns one number. The results are the final state.
    """

    condition: Program
    body: Program

    def own_axes(self) -> list[Axes]:
        """Return, for each operand, the axes that are for the body and no rows of the loop."""
        return [x.axes for x in self.body.inputs]

    def results(self) -> Iterator[Get]:
        """Yield what takes out each result."""
        for i, axes in enumerate(self.body.output_axes()):
            yield Get(i, axes)


Loop = Scan | While


@dataclass(frozen=True)
class Get:
    """Take one result out of a loop; `axes` are those that it has beside the rows of the loop."""

    index: int
    axes: Axes = UNIFORM

    @property
    def parameters(self) -> Sequence[str]:
        """The names of the operands."""
        return ["loop"]

    def __str__(self) -> str:
        return f"get[{', '.join([str(self.index), *self.axes])}]"


Op = Operation | Input | Reduction | Scan | While | Get

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
    return order + tuple([axis for axis in axes if axis not in order]) if axes else order


def axes_after(op: Op, operands: Sequence[Axes], order: Axes) -> Axes:
    """Return the axes of what op makes of operands with these axes."""
    if isinstance(op, Input):
        return op.axes
    if isinstance(op, Loop):
        operands = list(map(without, operands, op.own_axes()))
    found = op.axes if isinstance(op, Get) else UNIFORM
    for axes in operands:
        found = axes if found == UNIFORM else union(found, axes, order)
    return without(found, (op.axis,)) if isinstance(op, Reduction) else found


def without(axes: Axes, others: Axes) -> Axes:
    """Return the axes that are not among the others."""
    return tuple(axis for axis in axes if axis not in others)
