"""What a compiled function returns: how its numbers and columns are put together again."""

from __future__ import annotations

import array
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..calculus.structure import flatten, opened
from ..errors import TraceError, short
from ..nanograd import Scalar
from ..real import is_real, number
from .columns import Column

Results = Sequence[Any]
Maker = Callable[[Results, Mapping[str, int]], Any]


class Shape:
    """How what a function returned is nested, and the flat list of what is computed for it."""

    def __init__(self, returned: Any):
        self.outputs: list[Any] = []
        self.remake = self.maker(returned)

    def maker(self, tree: Any) -> Maker:
        """Return what makes this part of the result, given all that was computed."""
        if isinstance(tree, Column):
            return self.column(tree)
        if isinstance(tree, Scalar) or (is_real(tree) and not isinstance(tree, bool)):
            return self.number(tree)
        container = opened(tree)
        if container is None:
            return fixed(tree)
        makers = [self.maker(part) for part in container.parts]
        remake = container.remake
        return lambda results, lengths: remake([make(results, lengths) for make in makers])

    def number(self, x: Any) -> Maker:
        """Return what gives back one number."""
        place = len(self.outputs)
        self.outputs.append(x if isinstance(x, Scalar) else number(x))
        return lambda results, lengths: results[place]

    def column(self, column: Column) -> Maker:
        """Return what makes an array: with a row for each entry, if that is a list."""
        axis = column.extents.axis(column.extent)
        entry = column.along(axis)
        leaves, structure = flatten(entry, is_column)
        makers = [self.maker(leaf) for leaf in leaves]
        shape = shape_of(entry)

        def make(results: Results, lengths: Mapping[str, int]) -> Any:
            numbers = [along(each(results, lengths), lengths[axis]) for each in makers]
            if shape == ():
                return numbers[0]
            if shape is None:
                return [structure.rebuild(row) for row in zip(*numbers, strict=True)]
            return table(numbers, shape)

        return make


def is_column(x: Any) -> bool:
    """Return whether x is a column."""
    return isinstance(x, Column)


def fixed(tree: Any) -> Maker:
    """Return what gives back the same thing at every call."""
    if not isinstance(tree, str | bytes | bool | type(None)) and not callable(tree):
        raise TraceError(
            "a compiled function returns numbers, columns, and lists, tuples, dicts or dataclasses "
            f"of them; it returned {short(tree)}, of type {type(tree).__name__}."
        )
    return lambda results, lengths: tree


def shape_of(entry: Any) -> tuple[int, ...] | None:
    """Return the shape of a number or of nested lists; None if there is something else in it."""
    if not isinstance(entry, list):
        return () if isinstance(entry, Scalar | Column) or is_real(entry) else None
    shapes = {shape_of(part) for part in entry}
    inner = shapes.pop() if len(shapes) == 1 else None
    return None if inner is None else (len(entry), *inner)


def along(x: Any, length: int) -> Any:
    """Return a column; of a number that is the same everywhere, as many as there are entries."""
    if not isinstance(x, float | Scalar):
        return x
    numpy = sys.modules.get("numpy")
    if isinstance(x, Scalar) or numpy is None:
        return [x] * length if isinstance(x, Scalar) else array.array("d", [x]) * length
    return numpy.full(length, x)


def table(columns: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """Return columns as an array with rows of this shape; without NumPy, as a list of lists."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return list(map(list, zip(*columns, strict=True)))
    stacked = numpy.stack(columns, axis=1)
    return stacked.reshape(len(stacked), *shape, *stacked.shape[2:])
