"""What a compiled function returns: how its numbers and columns are put together again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from ...calculus.structure import flatten, opened
from ...errors import TraceError, short
from ...nanograd import Scalar
from ...real import is_real, number
from ..programs.operations import UNIFORM, Axes
from ..programs.rows import arranged
from ..tracing.columns import Column, is_column
from ..tracing.data import in_lists
from ..tracing.extents import Extents

Lengths = Mapping[str, int]
Place = tuple[int, ...]  # an entry along the axes of the columns around it


class Found(NamedTuple):
    """What one call has computed, and how long the axes were."""

    results: Sequence[Any]
    lengths: Lengths


Maker = Callable[[Found, Place], Any]


class Shape:
    """How what a function returned is nested, and the flat list of what is computed for it."""

    def __init__(self, returned: Any, extents: Extents):
        self.extents = extents
        self.outputs: list[Any] = []
        self.wanted: list[Axes] = []  # of each output: those of the columns around it, in order
        self.make = self.maker(returned, UNIFORM)
        self.columns = [i for i, axes in enumerate(self.wanted) if axes]
        if returned is None or isinstance(returned, str):
            raise TraceError(
                "a compiled function returns what it computes, as numbers, columns, or lists, "
                "tuples, dicts or dataclasses of them; this one returned "
                f"{short(returned)}. Is a return missing?"
            )

    def remade(self, results: Sequence[Any], axes: Sequence[Axes], lengths: Lengths) -> Any:
        """Return what the function returns, given its outputs along these axes."""
        found = list(results)
        for i in self.columns:
            found[i] = in_order(found[i], axes[i], self.wanted[i], lengths)
        return self.make(Found(found, lengths), ())

    def maker(self, tree: Any, axes: Axes) -> Maker:
        """Return what makes this part of the result, inside of columns along these axes."""
        if isinstance(tree, Column):
            return self.column(tree, axes)
        if is_number(tree):
            return self.number(tree, axes)
        container = opened(tree)
        if container is None:
            return fixed(tree)
        is_list = container.kind is list
        if not axes and is_list and tree and all(map(is_number, tree)):
            return self.numbers(tree)
        makers = [self.maker(part, axes) for part in container.parts]
        remake = list if is_list else container.remake
        return lambda found, at: remake([make(found, at) for make in makers])

    def numbers(self, xs: Sequence[Any]) -> Maker:
        """Return what gives back a list of numbers, all at once."""
        begin = len(self.outputs)
        for x in xs:
            self.number(x, UNIFORM)
        places = slice(begin, len(self.outputs))
        return lambda found, _: found.results[places]

    def number(self, x: Any, axes: Axes) -> Maker:
        """Return what gives back one number."""
        place = len(self.outputs)
        self.outputs.append(x if isinstance(x, Scalar) else number(x))
        self.wanted.append(axes)
        return lambda found, at: entry(found.results[place], at)

    def column(self, column: Column, axes: Axes) -> Maker:
        """Return what makes an array, or a list where the entries are no arrays of numbers."""
        with self.extents.loop(column.extent) as axis:
            each = column.along(axis)
            form = form_of(each, self.extents)
            if form is None:
                return self.rows(self.maker(each, (*axes, axis)), axis)
            leaves, _ = flatten(each, is_column)
            makers = [self.maker(leaf, (*axes, axis)) for leaf in leaves]
        shape = tuple(takewhile(lambda size: isinstance(size, int), form))
        depth = len(axes) + 1

        def make(found: Found, at: Place) -> Any:
            parts = [make(found, at) for make in makers]
            return stacked(parts, shape, depth - len(at)) if shape else parts[0]

        return make

    def rows(self, make: Maker, axis: str) -> Maker:
        """Return what makes a list, one row after the other."""
        return lambda found, at: [make(found, (*at, i)) for i in range(found.lengths[axis])]


def is_number(x: Any) -> bool:
    """Return whether x is a number or a scalar."""
    return isinstance(x, Scalar) or (is_real(x) and not isinstance(x, bool))


def fixed(tree: Any) -> Maker:
    """Return what gives back the same thing at every call."""
    if not isinstance(tree, str | bytes | bool):
        raise TraceError(
            "a compiled function returns numbers, columns, and lists, tuples, dicts or dataclasses "
            f"of them; it returned {short(tree)}, of type {type(tree).__name__}."
        )
    return lambda found, at: tree


def form_of(each: Any, extents: Extents) -> tuple[Any, ...] | None:
    """Return the sizes of nested lists and columns of numbers; None of what is no array."""
    if isinstance(each, Column):
        with extents.loop(each.extent) as axis:
            inner = form_of(each.along(axis), extents)
        return None if inner is None else (each.extent, *inner)
    if not isinstance(each, list):
        return () if isinstance(each, Scalar) or is_real(each) else None
    forms = {form_of(part, extents) for part in each}
    inner = forms.pop() if len(forms) == 1 else None
    return None if inner is None else (len(each), *inner)


# -- numbers along axes ----------------------------------------------------------------------


def in_order(x: Any, axes: Axes, wanted: Axes, lengths: Lengths) -> Any:
    """Return numbers along axes in the order that is wanted; they are the same along others."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return arranged(x, axes, wanted, lengths)
    x = numpy.asarray(x)
    if axes == wanted:
        return x
    turned = x.transpose([axes.index(axis) for axis in wanted if axis in axes])
    shape = [lengths[axis] for axis in wanted]
    widths = [size if axis in axes else 1 for axis, size in zip(wanted, shape, strict=True)]
    return numpy.broadcast_to(turned.reshape(widths), shape).copy()


def entry(x: Any, at: Place) -> Any:
    """Return what stands at this place; one number as a float, not as NumPy's."""
    for i in at:
        x = x[i]
    return x if getattr(x, "shape", True) else x.item()


def stacked(parts: Sequence[Any], shape: tuple[int, ...], depth: int) -> Any:
    """Return columns as one, with entries of this shape, inside of so many axes."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return zipped(parts, shape, depth)
    together = numpy.stack(parts, axis=depth)
    sizes = together.shape
    return together.reshape(*sizes[:depth], *shape, *sizes[depth + 1 :])


def zipped(parts: Sequence[Any], shape: tuple[int, ...], depth: int) -> Any:
    """Return the same of lists.

    >>> zipped([[1, 2, 3], [10, 20, 30]], shape=(2,), depth=1)
    [[1, 10], [2, 20], [3, 30]]
    """
    if not depth:
        return in_lists(parts, shape)
    return [zipped(row, shape, depth - 1) for row in zip(*parts, strict=True)]
