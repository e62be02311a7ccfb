"""Data: arrays, and whatever else has the buffer protocol. Their length may differ in each call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from math import prod
from typing import Any

from ...calculus.buffers import is_buffer, lists_in
from ...calculus.structure import is_array
from ...calculus.traces import TRACES
from ...errors import short
from .columns import Column
from .refs import Recorder, Ref
from .tables import with_tables
from .turning import Swap

#: How the buffer protocol writes the kinds of real numbers that there are.
REAL = frozenset("?bBhHiIlLqQnNefd")

REAL_KINDS = frozenset("fiub")  # so NumPy does


def is_data(tree: Any) -> bool:
    """Return whether this is an array of numbers, or has a buffer of them."""
    return bool(tree.ndim) if is_array(tree) else is_buffer(tree)


def shape_of(data: Any) -> tuple[int, ...]:
    """Return the shape of an array; one that holds no real numbers is a TypeError."""
    if is_array(data):
        if data.dtype.kind not in REAL_KINDS or hasattr(data, "mask"):
            kind = "a mask" if hasattr(data, "mask") else data.dtype
            raise TypeError(
                f"an array in a compiled function holds real numbers; this one has {kind}: "
                f"{short(data)}. Values go in lists, and entries that are not there in a column "
                "of weights, 0 or 1."
            )
        return tuple(data.shape)
    view = memoryview(data)
    if view.format.lstrip("@=<>") not in REAL or not view.ndim:
        raise TypeError(
            f"a buffer in a compiled function holds real numbers along an axis; this one has the "
            f"format {view.format!r}, and {view.ndim} axes."
        )
    return tuple(view.shape or ())


def part_of(data: Any, at: tuple[int, ...]) -> Any:
    """Return the column of numbers that stand at this place in each row."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        return numpy.asarray(data)[(slice(None), *at)]
    column = []
    for row in lists_in(data):
        for i in at:
            row = row[i]  # noqa: PLW2901 - it is gone into
        column.append(row)
    return column


@dataclass(eq=False)
class Data:
    """An array that a program is given: which one it is at each call, and the inputs made of it."""

    name: str
    row: tuple[int, ...]  # the shape of a row
    length: int  # in the call that is traced
    place: int | None = None  # among the numbers and arrays of the arguments, if it is there
    whole: Any = None  # else

    def find(self, leaves: Sequence[Any]) -> Any:
        """Return the array of a call with these numbers and arrays."""
        return self.whole if self.place is None else leaves[self.place]

    def column(self, recorder: Recorder) -> Column:
        """Return the column of its rows, as inputs of a program."""
        extent = recorder.extents.extent("rows", self.length)

        @cache
        def inputs(axis: str) -> list[Any]:
            return self.inputs(recorder, axis, inputs)

        def along(axis: str) -> Any:
            return with_tables(in_lists(inputs(axis), self.row))

        return Column(recorder.extents, extent, along)

    def inputs(self, recorder: Recorder, axis: str, along: Callable[[str], Any]) -> list[Ref]:
        """Return an input for each number of a row, which may be asked for along other axes."""
        refs = []
        for i, place in enumerate(product(*map(range, self.row))):
            words = [self.name, *map(str, place)]
            ref = recorder.input("_".join(words), (axis,))
            recorder.feeds[recorder.name_of(ref)] = self, place
            recorder.ways[ref.slot] = partial(self.input_along, along, axis, i)
            refs.append(ref)
        return refs

    def input_along(self, inputs: Callable[[str], Any], axis: str, i: int, swap: Swap) -> Any:
        """Return number i of a row along the axis that changes places with this one."""
        return inputs(swap[axis])[i]


def in_lists(entries: Sequence[Any], shape: Sequence[int]) -> Any:
    """Return entries in nested lists of this shape; without one, the only entry.

    >>> in_lists([1, 2, 3, 4], (2, 2))
    [[1, 2], [3, 4]]
    """
    if not shape:
        return entries[0]
    width = prod(shape[1:])
    return [in_lists(entries[i * width : (i + 1) * width], shape[1:]) for i in range(shape[0])]


def column_of(array: Any) -> Column:
    """Return an array that the function did not get as an argument, as a column of it."""
    recorder = TRACES.get()[0]
    for data, column in recorder.foreign:
        if data.whole is array:
            known: Column = column
            return known
    length, *row = shape_of(array)
    name = f"data_{len(recorder.foreign) + 1}"
    data = Data(name, tuple(row), length, whole=array)
    column = data.column(recorder)
    recorder.foreign.append((data, column))
    return column
