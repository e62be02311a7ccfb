"""Data: arrays, and whatever else has the buffer protocol. Their length may differ in each call."""

from __future__ import annotations

import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod
from typing import Any

from ..calculus.structure import is_array
from ..calculus.traces import TRACES
from ..errors import short
from .columns import Column
from .refs import Recorder

#: How the buffer protocol writes the kinds of real numbers that there are.
REAL = frozenset("?bBhHiIlLqQnNefd")


def is_data(tree: Any) -> bool:
    """Return whether this is an array of numbers, or has a buffer of them."""
    if is_array(tree):
        return bool(tree.ndim)
    return isinstance(tree, array.array | memoryview)


def shape_of(data: Any) -> tuple[int, ...]:
    """Return the shape of an array; one that holds no real numbers is a TypeError."""
    if is_array(data):
        if data.dtype.kind not in "fiub":
            raise TypeError(
                f"an array in a compiled function holds real numbers; this one holds {data.dtype}:"
                f" {short(data)}. Values go in lists."
            )
        return tuple(data.shape)
    view = memoryview(data)
    if view.format.lstrip("@=<>") not in REAL:
        raise TypeError(
            f"a buffer in a compiled function holds real numbers; this one has the format "
            f"{view.format!r}."
        )
    return tuple(view.shape or ())


@dataclass(eq=False)
class Data:
    """An array that a program is given: which one it is at each call, and the inputs made of it."""

    name: str
    row: tuple[int, ...]  # the shape of a row
    length: int  # in the call that is traced
    whole: Any = None  # of one that the function did not get as an argument

    def column(self, recorder: Recorder) -> Column:
        """Return the column of its rows, as inputs of a program."""
        extent = recorder.extents.extent("rows", self.length)

        @cache
        def along(axis: str) -> Any:
            return self.entry(recorder, axis)

        return Column(recorder, extent, along)

    def entry(self, recorder: Recorder, axis: str) -> Any:
        """Return the inputs for the numbers of a row, nested in lists as they are."""
        refs = []
        for place in product(*map(range, self.row)):
            words = [self.name, *map(str, place)]
            ref = recorder.input("_".join(words), (axis,))
            recorder.feeds[str(recorder.ops[ref.slot].name)] = self, place
            refs.append(ref)
        return in_lists(refs, self.row)


def in_lists(entries: Sequence[Any], shape: Sequence[int]) -> Any:
    """Return entries in nested lists of this shape; without one, the only entry."""
    if not shape:
        return entries[0]
    width = prod(shape[1:])
    return [in_lists(entries[i * width : (i + 1) * width], shape[1:]) for i in range(shape[0])]


def column_of(array: Any) -> Any:
    """Return an array that the function did not get as an argument, as a column of it."""
    recorder = TRACES.get()[0]
    for data, column in recorder.foreign:
        if data.whole is array:
            return column
    length, *row = shape_of(array)
    data = Data(f"data_{len(recorder.foreign) + 1}", tuple(row), length, array)
    column = data.column(recorder)
    recorder.foreign.append((data, column))
    return column
