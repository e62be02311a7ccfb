"""Where a Jacobian or a Hessian can be other than zero: found from the graph, and its rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from ..errors import short
from ..modes import block
from ..nanograd import Operation
from ..real import data_of
from .arguments import Call, Function
from .levels import Lifted, new_level, unfailing
from .recording import Run, recorded, recorded_scalar

Columns = tuple[int, ...]
Rows = tuple[Columns, ...]
Inputs = frozenset[int]  # of a function, by their positions
Sources = dict[Any, Inputs]  # the inputs that each node of a run depends on

NONE: Inputs = frozenset()
UNCOLORED = -1


@dataclass(frozen=True)
class Sparsity:
    """Where a matrix can be other than zero: the columns of each row, sorted.

    >>> Sparsity(((0,), (0, 1)), 2)
    Sparsity(2 × 2, 3 entries)
    """

    rows: Rows
    columns: int

    def __repr__(self) -> str:
        entries = sum(map(len, self.rows))
        return f"Sparsity({len(self.rows)} × {self.columns}, {entries} entries)"

    def colors(self) -> list[int]:
        """Return a color for each column: two columns with an entry in the same row differ.

        The greedy choice, from left to right: for a band as few colors as can be.
        """
        users: list[list[Columns]] = [[] for _ in range(self.columns)]
        for row in self.rows:
            for j in row:
                users[j].append(row)
        colors = [UNCOLORED] * self.columns
        for j, rows in enumerate(users):
            taken = {colors[k] for row in rows for k in row}
            free = (color for color in count() if color not in taken)
            colors[j] = next(free)
        return colors


# -- the pattern -----------------------------------------------------------------------------


def sparsity(f: Function, *, order: int = 1) -> Callable[[Any], Sparsity]:
    """Return a function of x that finds where the Jacobian of f can be other than zero, at x.

    With `order=2` it is the Hessian of an f that has one number as its result. Rows and columns are
    the numbers in f(x) and in x, flattened in their order. The pattern is that of the graph: where
    f branches on numbers it can be another one elsewhere. What is no number is a TypeError.

    >>> from nanograd import sparsity
    >>> sparsity(lambda x: [x[0] * x[1], x[1] + x[2]])([1.0, 2.0, 3.0]).rows
    ((0, 1), (1, 2))
    >>> sparsity(lambda x: x[0] * x[1] + x[2], order=2)([1.0, 2.0, 3.0]).rows
    ((1,), (0,), ())
    """
    if order not in {1, 2}:
        raise ValueError(f"the order of a sparsity is 1 or 2; it was given {short(order)}")

    def found(x: Any) -> Sparsity:
        call = Call("sparsity", f, x)
        rows: Iterable[Iterable[int]]
        if order == 1:
            run = recorded(call)
            sources = sources_in(run)
            rows = [sources.get(y, NONE) for y in run.outputs.leaves]
        else:
            run = recorded_scalar(call)
            rows = interactions(run)
        return Sparsity(tuple(map(columns, rows)), len(run.inputs))

    return found


def columns(row: Iterable[int]) -> Columns:
    """Return the columns of a row in order."""
    return tuple(sorted(row))


def sources_in(run: Run) -> Sources:
    """Return the inputs that each node of a run depends on, where a derivative flows."""
    sources = {x: frozenset([i]) for i, x in enumerate(run.inputs)}
    for node, edges in reversed(run.kept_steps):
        sources[node] = NONE.union(*(sources.get(x, NONE) for x, _ in edges))
    return sources


def interactions(run: Run) -> Sequence[Iterable[int]]:
    """Return, for each input, those that the slope of the only output in it depends on."""
    rows: list[set[int]] = [set() for _ in run.inputs]
    sources = sources_in(run)
    for node in run.order:
        moving = [sources.get(x, NONE) for x in node.operands]
        places = [i for i, ours in enumerate(moving) if ours]
        for i, j in bends(node.op, list(map(data_of, node.operands)), places):
            for a in moving[i]:
                rows[a] |= moving[j]
    return rows


# -- which slopes of an operation depend on which operands -----------------------------------


class Dependence(Lifted):
    """A number that knows which operands of one operation it depends on."""

    __slots__ = ("on",)

    def __init__(self, level: int, primal: float, on: Inputs = NONE):
        self.level = level
        self.primal = primal
        self.on = on

    def lift(self, op: Operation, operands: Sequence[Any]) -> Dependence:
        """Return the number of op, dependent on all that its operands depend on."""
        on = [x.on for x in operands if isinstance(x, Dependence)]
        with block("ieee"):
            data = data_of(op(*map(data_of, operands)))
        return Dependence(self.level, data, NONE.union(*on))

    def constant(self, primal: float) -> Dependence:
        """Return a number that depends on nothing."""
        return Dependence(self.level, primal)


def bends(
    op: Operation,
    numbers: Sequence[float],
    places: Sequence[int],
) -> Iterator[tuple[int, int]]:
    """Yield pairs i, j of these places, such that the slope of op in operand i depends on j.

    That is what the operation's own rule says, when it is run on numbers that know it.
    """
    operands: list[Any] = list(numbers)
    with new_level() as level:
        for i in places:
            operands[i] = Dependence(level, numbers[i], frozenset([i]))
        partials = unfailing(lambda: op.partials(*operands, op(*operands)))
    for i in places:
        if isinstance(partials[i], Dependence):
            for j in partials[i].on:
                yield i, j
