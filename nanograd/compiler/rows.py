"""Rows: one number, Value or other scalar per row, as the reference interpreter keeps them.

An operation on Rows is done on each row; what has no such axis is the same in all of them. So a
program with axes is replayed on lists of numbers as one without is on numbers.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from ..errors import DataError, with_type
from ..functions import maximum
from ..nanograd import Operation, Scalar
from ..reductions import sum_of
from .operations import Axes, Input, Reduction
from .program import Program


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
        columns = [x.entries if is_along(self.axis, x) else None for x in operands]
        results = []
        for i in range(len(self.entries)):
            pairs = zip(operands, columns, strict=True)
            results.append(op(*[x if column is None else column[i] for x, column in pairs]))
        return Rows(self.axis, results, self.space)

    def reduce(self, op: Reduction, left: Axes) -> Any:
        """Return the sum or the max over an axis, here or inside; `left` has those that stay."""
        if op.axis != self.axis:
            results = [each.reduce(op, left[1:]) for each in self.entries]
            return Rows(self.axis, results, self.space)
        if not self.entries:
            return self.space.filled(0.0 if op.name == "sum" else -math.inf, left)
        return sum_of(*self.entries) if op.name == "sum" else reduce(maximum, self.entries)


def is_along(axis: str, x: Any) -> bool:
    """Return whether x has an entry for each place along this axis, which is its first."""
    return isinstance(x, Rows) and x.axis == axis


# -- in and out ------------------------------------------------------------------------------


@dataclass
class Space:
    """The axes of a program in order, and how many entries each has in one replay."""

    order: Axes
    lengths: dict[str, int]

    @classmethod
    def of(cls, program: Program, operands: Sequence[Any]) -> Space:
        """Return the axes as the lists among the operands have them.

        Lists that differ, or that are no lists, are a DataError that names the input.
        """
        space = cls(program.order, dict.fromkeys(program.order, 0))
        measured: set[str] = set()
        for given, operand in zip(program.inputs, operands, strict=True):
            if given.axes:
                space.measure(given, operand, given.axes, measured)
        return space

    def measure(
        self,
        given: Input,
        operand: Any,
        axes: Axes,
        measured: set[str],
    ) -> None:
        """Note the lengths of an operand along these axes, and refuse others than those noted."""
        axis, inner = axes[0], axes[1:]
        if not isinstance(operand, Sequence):
            raise DataError(f"{given} must be a list, of its {axis}; it is {with_type(operand)}.")
        if axis not in measured:
            self.lengths[axis] = len(operand)
            measured.add(axis)
        if len(operand) != self.lengths[axis]:
            raise DataError(
                f"{given} must have {self.lengths[axis]} {axis}, as before; it has {len(operand)}."
            )
        for entry in operand if inner else ():
            self.measure(given, entry, inner, measured)

    def rows(self, operand: Any, axes: Axes) -> Any:
        """Return nested lists as Rows."""
        if not axes:
            return operand
        return Rows(axes[0], [self.rows(entry, axes[1:]) for entry in operand], self)

    def filled(self, number: float, axes: Axes) -> Any:
        """Return the same number at each place along these axes."""
        if not axes:
            return number
        return Rows(axes[0], [self.filled(number, axes[1:])] * self.lengths[axes[0]], self)


def lists_of(x: Any) -> Any:
    """Return Rows as nested lists."""
    return [lists_of(entry) for entry in x.entries] if isinstance(x, Rows) else x
