"""Columns: numbers along an axis, as the arrays are that a compiled function is given.

How many entries there are is not known. A column can be mapped by `vmap`, scanned, reduced to one
number, and returned; each entry is a number, or a list of numbers, or a column of an inner axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

from .. import reductions
from ..calculus.constants import stop_gradient
from ..calculus.rows import vmap
from ..calculus.structure import Container, flatten
from ..functions import exp, log, where
from ..nanograd import Scalar
from .extents import Extent, Extents
from .operations import Reduction
from .refs import Recorder, Ref, refuse

MAP = (
    "An array can be mapped by vmap(f)(x), scanned, or reduced by sum, mean, max, min or logsumexp"
)


class Column:
    """Numbers along an axis of a program that is being recorded."""

    def __init__(self, recorder: Recorder, extent: Extent, along: Callable[[str], Any]):
        self.recorder = recorder
        self.extent = extent
        self.along = along  # takes an axis; returns the entry along it, a tree of Refs

    @property
    def extents(self) -> Extents:
        """The extents of the trace."""
        return self.recorder.extents

    def as_container(self) -> Container:
        """Return it as something that holds its entry, so that its numbers can be flattened."""
        axis = self.extents.axis(self.extent)
        recorder, extent = self.recorder, self.extent

        def remake(parts: list[Any]) -> Column:
            return computed(recorder, extent, axis, parts[0])

        return Container(Column, [f"[{self.extent.word}]"], [self.along(axis)], remake)

    # -- reductions --

    def reduced(self, name: str) -> Any:
        """Return the sum or the max of the entries, in each place of the entry."""
        axis = self.extents.axis(self.extent)
        leaves, structure = flatten(self.along(axis))
        op = Reduction(name, axis)
        found = []
        for x in leaves:
            ref = x if isinstance(x, Scalar) else self.recorder.as_ref(x)
            found.append(ref.recorder.reduced(op, ref))
        return structure.rebuild(found)

    def sum(self) -> Any:
        """Return the sum of the entries."""
        return self.reduced("sum")

    def count(self) -> Ref:
        """Return how many entries there are, as a number of the program."""
        return self.recorder.append(Reduction("count", self.extents.axis(self.extent)), ())

    def mean(self) -> Any:
        """Return the mean of the entries."""
        leaves, structure = flatten(self.sum())
        return structure.rebuild([x / self.count() for x in leaves])

    def max(self) -> Any:
        """Return the largest entry."""
        return self.reduced("max")

    def min(self) -> Any:
        """Return the smallest entry."""
        return -vmap(lambda x: -x)(self).max()

    def logsumexp(self) -> Any:
        """Return ln Σ eˣ of the entries."""
        largest = self.max()
        shift = stop_gradient(where(abs(largest) < math.inf, largest, 0.0))
        return shift + log(vmap(lambda x: exp(x - shift))(self).sum())

    def softmax(self) -> Column:
        """Return eˣ / Σ eˣ for each entry."""
        whole = self.logsumexp()
        shares: Column = vmap(lambda x: exp(x - whole))(self)
        return shares

    # -- what needs to know how many there are, or is not done to all at once --

    # fmt: off
    def __iter__(self) -> NoReturn:     refuse("a loop over an array", MAP)
    def __len__(self) -> NoReturn:      refuse("the length of an array", MAP)  # noqa: PLE0303
    def __bool__(self) -> NoReturn:     refuse("a branch on an array", MAP)  # noqa: PLE0304
    def __float__(self) -> NoReturn:    refuse("float() of an array", MAP)
    def __getitem__(self, _: Any) -> NoReturn:
        refuse("an entry of an array", f"{MAP}; numbers that are used one by one go in a list")
    # fmt: on

    def __getattr__(self, name: str) -> Any:
        if name in {"shape", "size", "ndim", "dtype", "T"}:
            refuse(f".{name} of an array", MAP)
        raise AttributeError(f"an array in a compiled function has no attribute {name!r}. {MAP}.")

    def __repr__(self) -> str:
        return f"Column[{self.extents.axis(self.extent)}]"


def no_arithmetic(*_: Any) -> NoReturn:
    """Raise a TraceError: arithmetic is done entry by entry."""
    refuse("arithmetic on a whole array", f"{MAP}; write it for one row, and map that")


SYMBOLS = ["add", "sub", "mul", "truediv", "pow", "floordiv", "mod", "matmul"]
for name in [
    *SYMBOLS,
    *map("r{}".format, SYMBOLS),
    "neg",
    "abs",
    *["eq", "ne", "lt", "le", "gt", "ge"],
]:
    setattr(Column, f"__{name}__", no_arithmetic)
Column.__hash__ = object.__hash__  # type: ignore[assignment]


def computed(recorder: Recorder, extent: Extent, axis: str, entry: Any) -> Column:
    """Return the column whose entry along one axis has been computed."""

    def along(other: str) -> Any:
        if other != axis:
            refuse(
                "a loop over a result of vmap inside of another one over the same rows",
                "Compute it inside of the inner loop",
            )
        return entry

    return Column(recorder, extent, along)


# -- the reductions of nanograd, for columns -------------------------------------------------


@reductions.sum.register
def sum_of_column(values: Column) -> Any:
    """Return the sum over an axis."""
    return values.sum()


@reductions.mean.register
def mean_of_column(values: Column) -> Any:
    """Return the mean over an axis."""
    return values.mean()


@reductions.max.register
def max_of_column(values: Column) -> Any:
    """Return the largest number along an axis."""
    return values.max()


@reductions.min.register
def min_of_column(values: Column) -> Any:
    """Return the smallest number along an axis."""
    return values.min()


@reductions.logsumexp.register
def logsumexp_of_column(values: Column) -> Any:
    """Return ln Σ eˣ over an axis."""
    return values.logsumexp()


@reductions.softmax.register
def softmax_of_column(values: Column) -> Any:
    """Return eˣ / Σ eˣ along an axis."""
    return values.softmax()


@reductions.dot.register
def dot_of_column(xs: Column, ys: Any) -> Any:
    """Return the sum of products along an axis."""
    return vmap(lambda x, y: x * y)(xs, ys).sum()


@reductions.prod.register
def prod_of_column(values: Column) -> NoReturn:
    """Raise a TraceError: a product over an axis is a loop."""
    del values
    refuse("prod of an array", "Use scan, or exp of the sum of logarithms")
