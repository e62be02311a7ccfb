"""Systems of linear equations, of numbers or of any other scalars."""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul
from typing import Any

from ..errors import ConvergenceError
from ..real import data_of

Row = list[Any]


def solved(matrix: Sequence[Row], right: Row) -> Row:
    """Return the x with matrix · x = right, by Gaussian elimination with pivoting.

    It is differentiable in all entries. A singular matrix is a `ConvergenceError`.

    >>> solved([[0.0, 2.0], [1.0, 1.0]], [4.0, 3.0])
    [1.0, 2.0]
    """
    rows = [list(row) for row in matrix]
    for row, height in zip(rows, right, strict=True):
        row.append(height)
    for i in range(len(rows)):
        bring_pivot_to(i, rows)
        for row in rows[i + 1 :]:
            eliminate(row, rows[i], i)
    return substituted(rows)


def bring_pivot_to(i: int, rows: list[Row]) -> None:
    """Exchange two rows, such that the largest entry of column i is on the diagonal."""
    column = [data_of(row[i]) for row in rows[i:]]
    sizes = list(map(abs, column))
    pivot = i + sizes.index(max(sizes))
    if not any(sizes):
        raise ConvergenceError(
            "the Jacobian of f is singular here: x is not determined by f(x) = 0, not even "
            "nearby. Begin elsewhere, or take out of x what f does not depend on."
        )
    rows[i], rows[pivot] = rows[pivot], rows[i]


def eliminate(row: Row, pivot: Row, i: int) -> None:
    """Subtract so much of the pivot row that entry i of the row becomes 0."""
    factor = row[i] / pivot[i]
    for k, entry in enumerate(pivot):
        row[k] = row[k] - factor * entry


def substituted(rows: list[Row]) -> Row:
    """Return the solution of a system in triangular form, the last unknown first."""
    size = len(rows)
    x: Row = [0.0] * size
    for i in reversed(range(size)):
        pivot, *others, height = rows[i][i:]
        known = sum(map(mul, others, x[i + 1 :]))
        x[i] = (height - known) / pivot
    return x
