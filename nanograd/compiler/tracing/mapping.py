"""`vmap` in a trace: the function runs once, on the numbers of any one row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

from ...calculus.rows import no_axis, parts_of, row_by_row, stacked
from ...calculus.structure import flatten, opened
from ...calculus.traces import IN_TRACES, TRACES
from ...errors import TraceError, short
from ...nanograd import Scalar
from ...real import is_real
from ..programs.rows import picked
from .columns import Column, computed, the_same_extent
from .data import column_of, is_data
from .extents import Extent, Extents

Axes = Any  # a number, None, or a container of axes
Paths = Sequence[str]


def vmap(
    on_row: Callable[[Sequence[Any]], Any],
    inputs: Sequence[Any],
    axes: Sequence[Axes],
    paths: Paths,
    out_axes: Axes,
) -> Any:
    """Return what the function makes of each row: one loop of the machine, if there are arrays."""
    pairs = list(map(with_columns, inputs, axes, paths))
    inputs, axes = [tree for tree, _ in pairs], [specs for _, specs in pairs]
    found = list(chain.from_iterable(map(columns_in, inputs, axes, paths)))
    if not found:
        return row_by_row(on_row, inputs, axes, paths, out_axes)
    extents = TRACES.get()[-1].extents
    extent = the_same_extent(found, "vmap")
    extent.needed_by = extent.needed_by or "vmap"
    with extents.loop(extent) as axis:
        rows = zip(inputs, axes, paths, strict=True)
        result = on_row([row_of(x, specs, axis, path) for x, specs, path in rows])
        return Stacking(extents, extent, axis).stacked(result, out_axes)


IN_TRACES["vmap"] = vmap

# -- taking rows -----------------------------------------------------------------------------


def with_columns(tree: Any, axes: Axes, path: str) -> tuple[Any, Axes]:
    """Return something with its arrays as columns where it is mapped over, and its axes now.

    An array that is mapped along an axis inside of its rows becomes a list of columns.
    """
    if axes is None:
        return tree, None
    if is_data(tree):
        tree = column_of(tree)
    if isinstance(tree, Column):
        return along_axis(tree, axes, path), 0
    container = None if isinstance(tree, list) else opened(tree)
    if container is None:
        return tree, axes
    specs, paths = parts_of(axes, container, path), paths_in(container, path)
    pairs = list(map(with_columns, container.parts, specs, paths))
    parts, now = [part for part, _ in pairs], [specs for _, specs in pairs]
    return container.remake(parts), container.remake(now)


def along_axis(column: Column, axis: Axes, path: str) -> Any:
    """Return a column; along an axis inside of its rows, the list of columns that it has there."""
    with column.extents.loop(column.extent) as outer:
        widths = widths_of(column.along(outer))
    if not isinstance(axis, int) or axis not in range(-1 - len(widths), 1 + len(widths)):
        raise no_axis(column, axis, path)
    depth = axis % (1 + len(widths))
    if not depth:
        return column
    return [column.mapped(partial(picked_at, depth - 1, i)) for i in range(widths[depth - 1])]


def picked_at(depth: int, i: int, entry: Any) -> Any:
    """Return entry i along the axis that lies so deep in an entry of a column."""
    return picked(entry, depth, i)


def widths_of(entry: Any) -> list[int]:
    """Return the lengths of nested lists; those of columns inside are not known."""
    widths = []
    while isinstance(entry, list) and entry:
        widths.append(len(entry))
        entry = entry[0]
    return widths


def paths_in(container: Any, path: str) -> Paths:
    """Return how one writes the places of the parts of a container."""
    return [path + label for label in container.labels]


def columns_in(tree: Any, axes: Axes, path: str) -> Iterator[tuple[Column, str]]:
    """Yield the columns in something that is mapped over, and their places."""
    if isinstance(tree, Column) and axes is not None:
        yield tree, path
    container = None if isinstance(tree, list | Column) or axes is None else opened(tree)
    if container is not None:
        specs, paths = parts_of(axes, container, path), paths_in(container, path)
        yield from chain.from_iterable(map(columns_in, container.parts, specs, paths))


def row_of(tree: Any, axes: Axes, axis: str, path: str) -> Any:
    """Return what a row has in the place of this argument."""
    if axes is None:
        return tree
    if isinstance(tree, Column):
        return tree.along(axis)
    if isinstance(tree, list):
        raise TraceError(
            f"vmap: {path} is a list, and others are arrays, of which it is not known how many "
            f"rows they have while a function is compiled: {short(tree)}. Give all of them as "
            "arrays, or all as lists."
        )
    container = opened(tree)
    if container is None:
        raise no_axis(tree, axes, path)
    specs, paths = parts_of(axes, container, path), paths_in(container, path)
    parts = zip(container.parts, specs, paths, strict=True)
    return container.remake([row_of(part, spec, axis, path) for part, spec, path in parts])


# -- stacking results ------------------------------------------------------------------------


class Stacking:
    """How what was computed along one axis becomes columns."""

    def __init__(self, extents: Extents, extent: Extent, axis: str):
        self.extents = extents
        self.extent = extent
        self.axis = axis

    def stacked(self, result: Any, out_axes: Axes) -> Any:
        """Return the result of all rows: numbers and lists as columns, containers by parts."""
        if out_axes is None:
            return the_same(result, self.axis)
        if is_data(result):
            result = column_of(result)
        container = opened(result)
        if container is None and not isinstance(result, Scalar) and not is_real(result):
            raise TraceError(
                "a function that is mapped must return a number, or numbers nested in lists, "
                f"tuples, dicts or dataclasses; it returned {short(result)}. Is a return missing?"
            )
        is_axis = isinstance(out_axes, int)
        if container is None or (is_axis and isinstance(result, list | Column)):
            return self.along(result, out_axes)
        specs = parts_of(out_axes, container, "the result")
        return container.remake(list(map(self.stacked, container.parts, specs)))

    def along(self, result: Any, place: Axes) -> Any:
        """Return numbers, a list or a column of each row with the rows along this axis."""
        if place < 0:
            place += 1 + depth_of(result)
        if place == 0:
            return computed(self.extents, self.extent, self.axis, result)
        if isinstance(result, list):
            return [self.along(part, place - 1) for part in result]
        if isinstance(result, Column):
            return self.inside(result, place)
        raise no_axis(result, place, "the result")

    def inside(self, result: Column, place: int) -> Column:
        """Return a column of each row as one whose entries have the rows along this axis."""

        def along(axis: str) -> Any:
            return self.along(result.along(axis), place - 1)

        return Column(self.extents, result.extent, along)


def columns_stacked(results: Sequence[Any], place: Axes) -> Any:
    """Return columns, one of each entry of a list, as a list, or as one column of lists."""
    first = results[0]
    if not isinstance(first, Column):
        return NotImplemented
    if not isinstance(place, int):
        raise no_axis(first, place, "the result")
    found = [(column, f"result {i}") for i, column in enumerate(results)]
    extent = the_same_extent(found, "vmap")
    with first.extents.loop(extent) as axis:
        if place < 0:
            place += 2 + depth_of(first.along(axis))
        if place == 0:
            return list(results)
        entry = stacked([column.along(axis) for column in results], place - 1, arrays=False)
        return computed(first.extents, extent, axis, entry)


IN_TRACES["stacked"] = columns_stacked


def depth_of(result: Any) -> int:
    """Return how many axes a result has."""
    if isinstance(result, Column):
        with result.extents.loop(result.extent) as axis:
            return 1 + depth_of(result.along(axis))
    return 1 + depth_of(result[0]) if isinstance(result, list) and result else 0


def the_same(result: Any, axis: str) -> Any:
    """Return a result that is the same in all rows."""
    for leaf in flatten(result)[0]:
        if axis in getattr(leaf, "axes", ()):
            raise ValueError(
                "vmap: out_axes=None is for what is the same in each row; this depends on the row. "
                "Give an axis."
            )
    return result
