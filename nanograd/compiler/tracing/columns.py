"""Columns: numbers along an axis, as the arrays are that a compiled function is given.

How many entries there are is not known. A column can be mapped by `vmap`, scanned, reduced to one
number, and returned; each entry is a number, or a list of numbers, or a column of an inner axis.

Its entry is seen only inside of a loop over its extent, which is opened for that: so a column that
is gone through inside of a loop over itself has its entries along another axis there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ... import reductions
from ...calculus.constants import stop_gradient
from ...calculus.levels import Lifted
from ...calculus.structure import Container, flatten
from ...calculus.traces import TRACES
from ...errors import TraceError, short
from ...functions import exp, log, where
from ...lookup import take
from ...nanograd import Scalar
from ...real import is_real
from ..programs.operations import Input, Reduction, Scan
from ..programs.program import Program
from .extents import Extent, Extents, Slot
from .refs import Recorder, Ref, asked_at, turned
from .turning import Swap

MAP = (
    "An array can be mapped by vmap(f)(x), scanned, or reduced by sum, mean, max, min, dot, "
    "logsumexp or softmax"
)


class Column:
    """Numbers along an axis of a program that is being recorded."""

    def __init__(self, extents: Extents, extent: Extent, along: Callable[[str], Any]):
        self.extents = extents
        self.extent = extent
        self.along = along  # takes an axis; returns the entry along it, a tree of Refs

    def mapped(self, f: Callable[[Any], Any]) -> Column:
        """Return the column of what f makes of an entry."""
        with self.extents.loop(self.extent) as axis:
            return computed(self.extents, self.extent, axis, f(self.along(axis)))

    def as_container(self) -> Container:
        """Return it as something that holds its entry, so that its numbers can be flattened.

        Each of them is one number for each entry, even if it is the same for all: so it is when
        they are differentiated in, or are the state of a loop.
        """
        extents, extent = self.extents, self.extent
        with extents.loop(extent) as axis:
            leaves, structure = flatten(self.along(axis))
        parts = [spread(x, axis) for x in leaves]

        def remake(parts: list[Any]) -> Column:
            return computed(extents, extent, axis, structure.rebuild(parts))

        labels = [f"[{axis}]{path}" for path in structure.paths()]
        return Container(Column, labels, parts, remake)

    # -- reductions --

    def reduced(self, op: str, *, shown: str = "") -> Any:
        """Return the sum or the max of the entries, which are numbers."""
        with self.extents.loop(self.extent) as axis:
            x = self.number_along(axis, shown or op)
        if isinstance(x, Ref) and axis in x.axes:
            return x.recorder.reduced(Reduction(op, axis), x)
        refuse_lifted(x)
        return x if op == "max" else x * self.count()

    def number_along(self, axis: str, shown: str) -> Any:
        """Return the entry, which must be a number; else it is a TraceError."""
        x = self.along(axis)
        if isinstance(x, Column) or not (isinstance(x, Scalar) or is_real(x)):
            refuse_whole(
                f"{shown} of an array with several axes",
                f"vmap({shown})(x) gives that of each row",
            )
        return x

    def some(self, reduction: str) -> None:
        """Note that this needs at least one entry."""
        self.extent.needed_by = self.extent.needed_by or reduction

    def count(self) -> Any:
        """Return how many entries there are: a number that is known when the program begins."""
        outermost: Recorder = TRACES.get()[0]
        source = self.extent.source
        if self.extent.word == "rows":
            return outermost.append(Reduction("count", self.extent.axes[0]), ())
        return outermost.ref(source.slot) if isinstance(source, Slot) else float(source)

    def sum(self) -> Any:
        """Return the sum of the entries."""
        return self.reduced("sum")

    def mean(self) -> Any:
        """Return the mean of the entries."""
        self.some("mean")
        return self.reduced("sum", shown="mean") / self.count()

    def max(self) -> Any:
        """Return the largest entry."""
        self.some("max")
        return self.reduced("max")

    def min(self) -> Any:
        """Return the smallest entry."""
        self.some("min")
        with self.extents.loop(self.extent) as axis:
            opposite = -self.number_along(axis, "min")
        return -computed(self.extents, self.extent, axis, opposite).reduced("max")

    def logsumexp(self) -> Any:
        """Return ln Σ eˣ of the entries."""
        self.some("logsumexp")
        largest = self.reduced("max", shown="logsumexp")
        shift = stop_gradient(where(abs(largest) < math.inf, largest, 0.0))
        return shift + log(self.mapped(lambda x: exp(x - shift)).sum())

    def softmax(self) -> Column:
        """Return eˣ / Σ eˣ for each entry."""
        whole = self.logsumexp()
        return self.mapped(lambda x: exp(x - whole))

    def dot(self, other: Column) -> Any:
        """Return the sum of the products of entries."""
        the_same_extent([(self, "xs"), (other, "ys")], "dot")
        with self.extents.loop(self.extent) as axis:
            product = self.number_along(axis, "dot") * other.number_along(axis, "dot")
        return computed(self.extents, self.extent, axis, product).sum()

    # -- what needs to know how many there are, or is not done to all at once --

    # fmt: off
    def __iter__(self) -> NoReturn:     refuse_whole("a loop over an array")
    def __len__(self) -> NoReturn:      refuse_whole("the length of an array")  # noqa: PLE0303
    def __bool__(self) -> NoReturn:     refuse_whole("a branch on an array")  # noqa: PLE0304
    def __float__(self) -> NoReturn:    refuse_whole("float() of an array")
    def __int__(self) -> NoReturn:      refuse_whole("int() of an array")
    def __contains__(self, _: Any) -> NoReturn: refuse_whole("`in` an array")
    def __format__(self, _: str) -> NoReturn:   refuse_whole("a text of an array")
    def __array__(self, *_: Any, **__: Any) -> NoReturn:          refuse_whole(NUMPY)
    def __array_ufunc__(self, *_: Any, **__: Any) -> NoReturn:    refuse_whole(NUMPY)
    def __array_function__(self, *_: Any, **__: Any) -> NoReturn: refuse_whole(NUMPY)
    def __getitem__(self, _: Any) -> NoReturn:
        refuse_whole("[…] of an array", f"{MAP}; numbers that are used one by one go in a list")
    def __setitem__(self, *_: Any) -> NoReturn:
        refuse_whole("setting an entry of an array", "Return the new numbers, as from vmap")
    # fmt: on

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name != "dtype":  # all arrays of others are asked for it
            refuse_whole(f".{name} of an array")
        raise AttributeError(f"an array in a compiled function has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"Column[{self.extents.axis(self.extent)}]"


NUMPY = "a function of NumPy on an array"


def refuse_whole(done: str, way_out: str = MAP) -> NoReturn:
    """Raise the TraceError for what is not done to an array, of which only a row is known."""
    raise TraceError(
        f"{asked_at()}{done} is not possible while a function is compiled: it is written down for "
        f"one entry, and how many there are is known only when it runs. {way_out}."
    )


def no_arithmetic(*_: Any) -> NoReturn:
    """Raise a TraceError: arithmetic is done entry by entry."""
    refuse_whole("arithmetic on a whole array", "Write it for one row, and map that by vmap(f)(x)")


SYMBOLS = [
    "add",
    "sub",
    "mul",
    "truediv",
    "pow",
    "floordiv",
    "mod",
    "matmul",
    "divmod",
    "and",
    "or",
    "xor",
]
OTHERS = ["neg", "pos", "abs", "invert", "eq", "ne", "lt", "le", "gt", "ge"]
for name in [*SYMBOLS, *map("r{}".format, SYMBOLS), *OTHERS]:
    setattr(Column, f"__{name}__", no_arithmetic)
Column.__hash__ = object.__hash__  # type: ignore[method-assign]


def computed(extents: Extents, extent: Extent, axis: str, entry: Any) -> Column:
    """Return the column whose entry along one axis has been computed."""

    def along(other: str) -> Any:
        return entry if other == axis else turned_tree(entry, {axis: other, other: axis})

    return Column(extents, extent, along)


#: What a step does that gives back what it takes.
SAME = Program([Input("x")], [()], (0,))


def spread(x: Any, axis: str) -> Any:
    """Return a number that is the same along an axis as one for each entry: a loop gives them."""
    is_number = isinstance(x, Scalar) or is_real(x)
    if not is_number or axis in getattr(x, "axes", ()):
        return x
    refuse_lifted(x)
    recorder: Recorder = x.recorder if isinstance(x, Ref) else TRACES.get()[-1]
    loop = Scan(axis, SAME, states=0, sequences=0)
    bundle = recorder.append(loop, (recorder.operand(x),))
    (get,) = loop.results()
    return recorder.append(get, (bundle.slot,))


def turned_tree(tree: Any, swap: Swap) -> Any:
    """Return numbers, and columns of them, with axes that have changed places."""
    if isinstance(tree, Column):
        return Column(tree.extents, tree.extent, lambda axis: turned_tree(tree.along(axis), swap))
    leaves, structure = flatten(tree, is_column)
    found = [turned_tree(x, swap) if isinstance(x, Column) else turned(x, swap) for x in leaves]
    return structure.rebuild(found)


def is_column(x: Any) -> bool:
    """Return whether x is a column."""
    return isinstance(x, Column)


def refuse_lifted(x: Any) -> None:
    """Raise a TraceError for a number of a transform that is not a program: it hides its axes."""
    if isinstance(x, Lifted) and x.level > TRACES.get()[0].level:
        raise TraceError(
            f"{asked_at()}this transform does not take sums over arrays while a function is "
            "compiled. Take grad, jvp, jacobian, hessian or hvp, or keep it out of jit."
        )


def the_same_extent(columns: Sequence[tuple[Column, str]], what: str) -> Extent:
    """Return the extent of all columns, with their places; different ones are a ValueError."""
    extents = list(dict.fromkeys(column.extent for column, _ in columns))
    if len(extents) > 1:
        given = ", ".join(f"{column.extent} in {path}" for column, path in columns)
        raise ValueError(f"{what} needs the same number of rows everywhere; it was given {given}.")
    return extents[0]


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
    if not isinstance(ys, Column):
        refuse_whole(f"dot of an array and {short(ys)}", "Give both as arrays, or both as lists")
    return xs.dot(ys)


@take.register
def take_of_column(table: Column, index: Any) -> NoReturn:
    """Raise a TraceError: of an array, only one row is known."""
    del table, index
    refuse_whole("take of an array", "Give the table as a list, such as that of x.tolist()")


@reductions.prod.register
def prod_of_column(values: Column) -> NoReturn:
    """Raise a TraceError: a product over an axis is a loop."""
    del values
    refuse_whole("prod of an array", "Use scan, or exp of the sum of logarithms")
