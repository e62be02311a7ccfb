"""What a compiled function returns: how its numbers and columns are put together again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from ...calculus.structure import flatten, opened
from ...errors import TraceError, short
from ...forms import Form, take_apart
from ...nanograd import Scalar
from ...packing import Packed, unpack
from ...real import is_real, number
from ..programs.blocks import Block, outside
from ..programs.operations import UNIFORM, Axes
from ..programs.rows import arranged
from ..tracing.columns import Column, is_column
from ..tracing.data import in_lists
from ..tracing.extents import Extents

Lengths = Mapping[str, int]
Place = tuple[int, ...]  # an entry along the axes of the columns around it


class Found(NamedTuple):
    """What one call has computed, and how long the axes were."""

    results: Any  # by output: a list, or a dict of those that are in no block
    lengths: Lengths
    blocks: Sequence[Any] | None = None  # where machine code has written into them


Maker = Callable[[Found, Place], Any]


class Shape:
    """How what a function returned is nested, and the flat list of what is computed for it."""

    def __init__(self, returned: Any, extents: Extents, *, packed: bool = False):
        self.extents = extents
        self.blocks: list[Block] = []  # of outputs that are Packed together,
        self.forms: list[Form] = []  # and how these are nested
        self.outputs: list[Any] = []
        self.wanted: list[Axes] = []  # of each output: those of the columns around it, in order
        self.make = self.packer(returned) if packed else self.maker(returned, UNIFORM)
        self.others = outside(self.blocks, len(self.outputs))
        self.columns = [i for i, axes in enumerate(self.wanted) if axes]
        if returned is None or isinstance(returned, str):
            raise TraceError(
                "a compiled function returns what it computes, as numbers, columns, or lists, "
                "tuples, dicts or dataclasses of them; this one returned "
                f"{short(returned)}. Is a return missing?"
            )

    def remade(
        self,
        results: Any,
        axes: Sequence[Axes],
        lengths: Lengths,
        blocks: Sequence[Any] | None = None,
    ) -> Any:
        """Return what the function returns, given its outputs along these axes.

        `results` has them by their number, in a list, or in a dict without those in blocks.
        """
        for i in self.columns:
            results[i] = in_order(results[i], axes[i], self.wanted[i], lengths)
        return self.make(Found(results, lengths, blocks), ())

    def remade_around(
        self,
        others: Sequence[Any],
        blocks: Sequence[Any],
        axes: Sequence[Axes],
        lengths: Lengths,
    ) -> Any:
        """Return the same, given what is Packed already, and the outputs outside of that."""
        results = dict(zip(self.others, others, strict=True)) if blocks else list(others)
        return self.remade(results, axes, lengths, blocks)

    def packer(self, tree: Any) -> Maker:
        """Return what makes a result that is Packed; of a plain tuple, each part is."""
        if type(tree) is not tuple:
            return self.packed_part(tree)
        makers = list(map(self.packed_part, tree))
        return lambda found, at: tuple([make(found, at) for make in makers])

    def packed_part(self, tree: Any) -> Maker:
        """Return what makes a Packed of a container; numbers and columns stay what they are."""
        if tree is None or isinstance(tree, Column) or is_number(tree) or opened(tree) is None:
            return self.maker(tree, UNIFORM)
        return self.block(tree)

    def block(self, tree: Any) -> Maker:
        """Return what makes a Packed; of scalars it makes them nested, as they always are."""
        leaves: list[Any] = []
        form = take_apart(unpack(tree), leaves, is_column)
        for path, leaf in zip(form.paths(), leaves, strict=True):
            if not is_number(leaf):
                raise unpackable(leaf, path)
        number, start = len(self.blocks), len(self.outputs)
        self.blocks.append(Block(start, form.size))
        self.forms.append(form)
        for leaf in leaves:
            self.number(leaf, UNIFORM)
        places = slice(start, start + form.size)

        def make(found: Found, _: Place) -> Any:
            if found.blocks is not None:
                return found.blocks[number]
            numbers = found.results[places]
            if any(isinstance(x, Scalar) for x in numbers):
                return form.rebuild(numbers)
            packed = Packed.empty(form)
            packed.fill(numbers)
            return packed

        return make

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


def unpackable(leaf: Any, path: str) -> TraceError:
    """Return the error for what is no number in a result that is to be Packed."""
    what = "a column" if isinstance(leaf, Column) else f"{short(leaf)}, of {type(leaf).__name__}"
    return TraceError(
        "with packed=True, each list, dict, dataclass or named tuple that a compiled function "
        f"returns holds numbers only; at {path} this one holds {what}. Return it beside, as a part "
        "of its own of the tuple that is returned."
    )


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
