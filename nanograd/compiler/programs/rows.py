"""Rows: one number, Value or other scalar per row, as the reference interpreter keeps them.

An operation on Rows is done on each row; what has no such axis is the same in all of them. So a
program with axes is replayed on lists of numbers as one without is on numbers.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import repeat
from typing import Any

from ...calculus.structure import is_array
from ...errors import DataError, with_type
from ...functions import maximum
from ...nanograd import Operation, Scalar
from ...reductions import sum_of
from .operations import Axes, Input, Reduction, without
from .program import Program, every_axis

Lengths = Mapping[str, int]  # of axes


class Rows(Scalar):
    """An entry for each place along an axis: a number, a scalar, or Rows of an axis inside."""

    __slots__ = ("axis", "entries", "level", "space")

    def __init__(self, axis: str, entries: Sequence[Any], space: Space):
        self.axis = axis
        self.entries = entries
        self.space = space
        # An outer axis is recorded before an inner one, and both before all else.
        self.level = sys.maxsize - space.order.index(axis)

    def record(self, op: Operation, operands: Sequence[Any]) -> Rows:
        """Return op of each row's operands."""
        columns = []
        for x in operands:
            is_column = isinstance(x, Rows) and x.axis == self.axis
            columns.append(x.entries if is_column else repeat(x))
        results = [op(*row) for _, *row in zip(self.entries, *columns, strict=False)]
        return Rows(self.axis, results, self.space)

    def reduce(self, op: Reduction, left: Axes) -> Any:
        """Return the sum or the max over an axis, here or inside; `left` has those that stay."""
        if op.axis != self.axis:
            inner = left[1:]
            results = [each.reduce(op, inner) for each in self.entries]
            return Rows(self.axis, results, self.space)
        if not self.entries:
            nothing = 0.0 if op.name == "sum" else -math.inf
            return self.space.filled(nothing, left)
        if op.name == "sum":
            return sum_of(*self.entries)
        return reduce(maximum, self.entries)


# -- in and out ------------------------------------------------------------------------------


class Layout:
    """What the operands of a program must be like: how many, and which of them have axes."""

    def __init__(self, program: Program):
        self.inputs = program.inputs
        self.columns = [(i, given) for i, given in enumerate(self.inputs) if given.axes]
        self.order = program.order
        self.every_axis = every_axis(program)

    def space(self, operands: Sequence[Any], lengths: Lengths | None = None) -> Space:
        """Return the axes as the lists among the operands have them, or as they are given.

        Lists that differ, or that are no lists, are a DataError that names the input, and so are
        too many or too few operands, and an axis whose length nobody knows.
        """
        self.refuse_other_counts(operands)
        space = Space(self.order, {})
        for axis, length in (lengths or {}).items():
            space.lengths[axis] = checked(axis, length)
        for i, given in self.columns:
            space.measure(given, operands[i], given.axes)
        space.fill(self)
        return space

    def refuse_other_counts(self, operands: Sequence[Any]) -> None:
        """Raise a DataError unless there is an operand for each input."""
        if len(operands) != len(self.inputs):
            names = ", ".join(map(str, self.inputs)) or "none"
            raise DataError(f"the program takes the inputs {names}; it was given {len(operands)}.")


@dataclass
class Space:
    """The axes of a program in order, and how many entries each has in one replay."""

    order: Axes
    lengths: dict[str, int]

    def measure(self, given: Input, operand: Any, axes: Axes) -> None:
        """Note the lengths of an operand along these axes, and refuse others than those noted."""
        if is_array(operand) and operand.ndim == len(axes):
            for axis, length in zip(axes, operand.shape, strict=True):
                self.note(given, axis, length)
            return
        axis, inner = axes[0], axes[1:]
        if not isinstance(operand, Sequence):
            raise DataError(f"{given} must be a list, of its {axis}; it is {with_type(operand)}.")
        self.note(given, axis, len(operand))
        for entry in operand if inner else ():
            self.measure(given, entry, inner)

    def note(self, given: Input, axis: str, length: int) -> None:
        """Note the length of an axis of an input, and refuse another than that noted."""
        wanted = self.lengths.setdefault(axis, length)
        if length != wanted:
            raise DataError(f"{given} must have {wanted} {axis}, as before; it has {length}.")

    def fill(self, layout: Layout) -> None:
        """Make sure that all lengths are known; of an axis inside of empty lists it is 0."""
        measured = {axis for _, given in layout.columns for axis in given.axes}
        for axis in layout.every_axis:
            if axis not in self.lengths and axis not in measured:
                raise DataError(
                    f"the axis {axis} must have a length: no input has it. Give it among the "
                    f"lengths, as in lengths={{{axis!r}: 10}}."
                )
            self.lengths.setdefault(axis, 0)

    def inputs(self, program: Program, operands: Sequence[Any]) -> list[Any]:
        """Return operands as the inputs of a program: lists along axes as Rows."""
        axes = [each.axes for each in program.inputs]
        return list(map(self.rows, operands, axes))

    def rows(self, operand: Any, axes: Axes) -> Any:
        """Return nested lists as Rows."""
        if not axes:
            return operand
        axis, *inner = axes
        if is_array(operand):
            operand = operand.tolist()
        entries = [self.rows(entry, tuple(inner)) for entry in operand]
        return Rows(axis, entries, self)

    def filled(self, number: float, axes: Axes) -> Any:
        """Return the same number at each place along these axes."""
        if not axes:
            return number
        axis, *inner = axes
        entry = self.filled(number, tuple(inner))
        return Rows(axis, [entry] * self.lengths[axis], self)


def checked(axis: str, length: Any) -> int:
    """Return the length that was given for an axis, which must be a whole number from 0 on."""
    if not isinstance(length, int) or length < 0:
        raise DataError(
            f"the length of the axis {axis} must be a whole number from 0 on; it is "
            f"{with_type(length)}."
        )
    return length


def lists_of(x: Any) -> Any:
    """Return Rows as nested lists."""
    if not isinstance(x, Rows):
        return x
    return list(map(lists_of, x.entries))


def arranged(x: Any, axes: Axes, wanted: Axes, lengths: Lengths) -> Any:
    """Return nested lists of these axes as lists of the wanted ones; it is the same along others.

    >>> arranged([1, 2], ("rows",), ("cols", "rows"), {"rows": 2, "cols": 3})
    [[1, 2], [1, 2], [1, 2]]
    >>> arranged([[1, 2], [3, 4]], ("rows", "cols"), ("cols", "rows"), {"rows": 2, "cols": 2})
    [[1, 3], [2, 4]]
    """
    if axes == wanted:
        return x
    axis, inner = wanted[0], wanted[1:]
    length = lengths[axis]
    if axis not in axes:
        return [arranged(x, axes, inner, lengths)] * length
    depth = axes.index(axis)
    rest = without(axes, (axis,))
    entries = [picked(x, depth, i) for i in range(length)]
    return [arranged(entry, rest, inner, lengths) for entry in entries]


def picked(x: Any, depth: int, i: int) -> Any:
    """Return entry i along the axis that lies so deep in nested lists."""
    if not depth:
        return x[i]
    return [picked(each, depth - 1, i) for each in x]
