"""What computes an operation on whole columns: a ufunc of NumPy, a formula, or entry by entry."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...nanograd import OPERATIONS, Operation
from ...reductions import sum_of
from ..programs.operations import OWN, Axes
from ..programs.rows import Lengths
from .formulas import Column, formulas, mended

#: By which name NumPy has an operation, with the same results at infinities and nan.
NATIVE = {
    "abs": "abs",
    "add": "add",
    "arccos": "arccos",
    "arccosh": "arccosh",
    "arcsin": "arcsin",
    "arcsinh": "arcsinh",
    "arctan": "arctan",
    "arctan2": "arctan2",
    "cbrt": "cbrt",
    "cos": "cos",
    "cosh": "cosh",
    "div": "divide",
    "eq": "equal",
    "exp": "exp",
    "expm1": "expm1",
    "ge": "greater_equal",
    "gt": "greater",
    "hypot": "hypot",
    "le": "less_equal",
    "log": "log",
    "lt": "less",
    "maximum": "maximum",
    "minimum": "minimum",
    "mul": "multiply",
    "ne": "not_equal",
    "neg": "negative",
    "pow": "power",
    "power": "power",
    "sign": "sign",
    "sin": "sin",
    "sinh": "sinh",
    "sqrt": "sqrt",
    "sub": "subtract",
    "tan": "tan",
    "tanh": "tanh",
}


class Ufuncs:
    """The functions of columns, which are arrays of one type of numbers."""

    def __init__(self, np: Any, special: Any, dtype: Any):
        self.np = np
        self.dtype = dtype
        self.formulas = formulas(np, special)

    def of(self, op: Operation) -> Callable[..., Column]:
        """Return what computes an operation on columns."""
        is_declared = op in (OPERATIONS.get(op.name), OWN.get(op.name))
        if is_declared and op.name in self.formulas:
            return self.formulas[op.name]
        entry_by_entry: Callable[..., Column] = self.np.vectorize(op, otypes=[float])
        if not is_declared or op.name not in NATIVE:
            return entry_by_entry
        ufunc: Callable[..., Column] = getattr(self.np, NATIVE[op.name])
        return ufunc

    def summed(self, x: Column, place: int) -> Column:
        """Return the sum over the axis at this place.

        It is summed pairwise, in any order: the error is at most some ln(n) · 2⁻⁵³ · Σ|x|.
        """
        terms = self.np.moveaxis(x, place, -1)
        return mended(self.np, x.sum(place), terms, sum_of)

    def largest(self, x: Column, place: int) -> Column:
        """Return the largest entry along the axis at this place; of none it is −∞."""
        return x.max(place, initial=-math.inf)

    # -- numbers in columns --

    def rounded(self, x: float) -> float:
        """Return a number as it would be in a column."""
        if self.dtype == float:
            return x
        return float(self.dtype.type(x))

    def column(self, x: Any) -> Column:
        """Return numbers as a column: a new one, unless they are one."""
        return self.np.asarray(x, self.dtype)

    def empty(self, axes: Axes, lengths: Lengths) -> Column:
        """Return a column that is to be filled."""
        shape = [lengths[axis] for axis in axes]
        return self.np.empty(shape, self.dtype)

    def placed(self, x: Column, axes: Axes, wanted: Axes, lengths: Lengths) -> Column:
        """Return a column of these axes as a view along the wanted ones; the same along others."""
        if axes == wanted:
            return x
        present = [axes.index(axis) for axis in wanted if axis in axes]
        turned = self.column(x).transpose(present)
        shape = [lengths[axis] for axis in wanted]
        return self.np.broadcast_to(turned[aligned(axes, wanted)], shape)


def aligned(axes: Axes, wanted: Axes) -> Sequence[slice | None]:
    """Return the index that makes room in a column of these axes for others."""
    everything = slice(None)
    return tuple([everything if axis in axes else None for axis in wanted])
