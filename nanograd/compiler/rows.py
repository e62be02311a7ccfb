"""Rows: one number, Value or other scalar per row, as the reference interpreter keeps them.

An operation on Rows is done on each row; what has no such axis is the same in all of them. So a
program with axes is replayed on lists of numbers as one without is on numbers.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from functools import reduce
from typing import Any

from ..errors import DataError, with_type
from ..functions import maximum
from ..nanograd import Operation, Scalar
from ..reductions import sum_of
from .operations import Input, Reduction
from .program import Program

Lengths = dict[str, int]  # of axes


class Rows(Scalar):
    """An entry for each place along an axis: a number, a scalar, or Rows of an axis inside."""

    __slots__ = ("axis", "entries", "level")

    def __init__(self, axis: str, entries: Sequence[Any], level: int):
        self.axis = axis
        self.entries = entries
        self.level = level

    def record(self, op: Operation, operands: Sequence[Any]) -> Rows:
        """Return op of each row's operands."""
        columns = [x.entries if is_along(self.axis, x) else None for x in operands]
        results = []
        for i in range(len(self.entries)):
            pairs = zip(operands, columns, strict=True)
            results.append(op(*[x if column is None else column[i] for x, column in pairs]))
        return Rows(self.axis, results, self.level)

    def reduce(self, op: Reduction) -> Any:
        """Return the sum or the max over an axis, here or inside."""
        if op.axis != self.axis:
            return Rows(self.axis, [each.reduce(op) for each in self.entries], self.level)
        if op.name == "sum":
            return sum_of(*self.entries)
        return reduce(maximum, self.entries, -math.inf)


def is_along(axis: str, x: Any) -> bool:
    """Return whether x has an entry for each place along this axis, which is its first."""
    return isinstance(x, Rows) and x.axis == axis


# -- in and out ------------------------------------------------------------------------------


def lengths_of(program: Program, operands: Sequence[Any]) -> Lengths:
    """Return the length of each axis, as the lists among the operands have it.

    Lists that differ, or that are no lists, are a DataError that names the input.
    """
    lengths: Lengths = {}
    for given, operand in zip(program.inputs, operands, strict=True):
        if given.axes:
            measure(given, operand, given.axes, lengths)
    return lengths


def measure(
    given: Input,
    operand: Any,
    axes: Sequence[str],
    lengths: Lengths,
) -> None:
    """Note the lengths of an operand along these axes, and refuse others than those noted."""
    if not isinstance(operand, Sequence):
        raise DataError(f"{given} must be a list, of its {axes[0]}; it is {with_type(operand)}.")
    wanted = lengths.setdefault(axes[0], len(operand))
    if len(operand) != wanted:
        raise DataError(f"{given} must have {wanted} {axes[0]}, as before; it has {len(operand)}.")
    for entry in operand if axes[1:] else ():
        measure(given, entry, axes[1:], lengths)


def rows_of(
    operand: Any,
    axes: Sequence[str],
    order: Sequence[str],
) -> Any:
    """Return nested lists as Rows. An outer axis is recorded before an inner one, and all else."""
    if not axes:
        return operand
    entries = [rows_of(entry, axes[1:], order) for entry in operand]
    return Rows(axes[0], entries, sys.maxsize - order.index(axes[0]))


def lists_of(x: Any) -> Any:
    """Return Rows as nested lists."""
    return [lists_of(entry) for entry in x.entries] if isinstance(x, Rows) else x
