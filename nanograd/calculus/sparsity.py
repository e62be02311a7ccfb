"""Where a Jacobian or a Hessian can be other than zero: found from the graph, and its rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from ..errors import short
from ..modes import block
from ..nanograd import Operation, Scalar, Value, ancestry
from ..real import NumberLike, data_of
from .structure import numbers

Columns = tuple[int, ...]
Rows = tuple[Columns, ...]
Function = Callable[[Any], Any]
Inputs = frozenset[int]  # of a function, by their positions
Sources = dict[Value, Inputs]  # the inputs that each value depends on

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
    f branches on numbers it can be another one elsewhere.

    >>> from nanograd import sparsity
    >>> sparsity(lambda x: [x[0] * x[1], x[1] + x[2]])([1.0, 2.0, 3.0]).rows
    ((0, 1), (1, 2))
    >>> sparsity(lambda x: x[0] * x[1] + x[2], order=2)([1.0, 2.0, 3.0]).rows
    ((1,), (0,), ())
    """
    if order not in {1, 2}:
        raise ValueError(f"the order of a sparsity is 1 or 2; it was given {short(order)}")

    def found(x: Any) -> Sparsity:
        inputs, outputs = recorded(f, x)
        sources = {value: frozenset([i]) for i, value in enumerate(inputs)}
        rows: Iterable[Iterable[int]]
        if order == 1:
            rows = [sources_of(output, sources) for output in outputs]
        else:
            rows = interactions(only(outputs), sources, len(inputs))
        return Sparsity(tuple(map(columns, rows)), len(inputs))

    return found


def columns(row: Iterable[int]) -> Columns:
    """Return the columns of a row in order."""
    return tuple(sorted(row))


def recorded(f: Function, x: Any) -> tuple[list[Value], list[Any]]:
    """Return fresh inputs with the numbers of x, and the numbers in f at these inputs."""
    leaves, structure = numbers(x, "sparsity: x ")
    inputs = [Value(data_of(leaf)) for leaf in leaves]
    result = f(structure.rebuild(inputs))
    outputs, _ = numbers(result, "sparsity: f(x) ")
    return inputs, outputs


def only(outputs: Sequence[Any]) -> Any:
    """Return the one output that there is."""
    if len(outputs) != 1:
        raise TypeError(f"a Hessian is of one number; f(x) has {len(outputs)} numbers")
    return outputs[0]


def sources_of(output: Any, sources: Sources) -> Inputs:
    """Return the inputs that an output depends on, and note those of all values under it."""
    if not isinstance(output, Value):
        return NONE
    new = [value for value in ancestry(output) if value not in sources]
    for value in reversed(new):
        found = [sources.get(x, NONE) for x in operands_in_flow(value)]
        sources[value] = NONE.union(*found)
    return sources.get(output, NONE)


def operands_in_flow(value: Value) -> Iterator[Value]:
    """Yield the operands that a derivative flows to."""
    for operand, slope in zip(value.operands, value.partials, strict=True):
        if slope is not None and isinstance(operand, Value):
            yield operand


def interactions(output: Any, sources: Sources, size: int) -> list[set[int]]:
    """Return, for each input, those that the slope of the output in it depends on."""
    rows: list[set[int]] = [set() for _ in range(size)]
    sources_of(output, sources)
    for value in ancestry(output) if isinstance(output, Value) else []:
        for pair in bends(value):
            ours, theirs = (sources.get(value.operands[i], NONE) for i in pair)
            for a in ours:
                rows[a] |= theirs
    return rows


# -- which slopes of an operation depend on which operands -----------------------------------


class Dependence(Scalar, NumberLike):
    """A number that knows which operands of one operation it depends on."""

    __slots__ = ("data", "on")
    level = 100  # whatever else there is, it is the dependence that is wanted

    def __init__(self, data: float, on: frozenset[int]):
        self.data = data
        self.on = on

    @staticmethod
    def record(op: Operation, operands: Sequence[Any]) -> Dependence:
        """Return the number of op, dependent on all that its operands depend on."""
        on = [x.on for x in operands if isinstance(x, Dependence)]
        with block("ieee"):
            data = data_of(op(*map(data_of, operands)))
        return Dependence(data, NONE.union(*on))


def bends(value: Value) -> Iterator[tuple[int, int]]:
    """Yield the pairs of operands i, j such that the slope in operand i depends on operand j.

    That is what the operation's own rule says, when it is run on numbers that know it.
    """
    op: Any = value.op
    operands: list[Any] = list(value.operands)
    for i, x in enumerate(operands):
        if isinstance(x, Value):
            operands[i] = Dependence(x.data, frozenset([i]))
    everything = frozenset(range(len(operands)))
    partials = op.partials(*operands, Dependence(value.data, everything))
    for i, partial in enumerate(partials):
        if isinstance(partial, Dependence) and value.partials[i] is not None:
            for j in partial.on:
                yield i, j
