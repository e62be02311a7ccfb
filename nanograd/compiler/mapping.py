"""`vmap` in a trace: the function runs once, on the numbers of any one row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from ..calculus.rows import axes_of, no_axis, parts_of
from ..calculus.structure import is_array, opened
from ..calculus.traces import IN_TRACES, TRACES
from ..errors import TraceError, short
from ..nanograd import Scalar
from ..real import is_real
from .columns import Column, computed
from .data import column_of, is_data
from .extents import Extent

Axes = Any  # a number, None, or a container of axes


def vmap(f: Any, in_axes: Axes, out_axes: Axes, args: Sequence[Any], named: dict[str, Any]) -> Any:
    """Return f of each row; NotImplemented where there is no array, only lists to go through."""
    axes = [*axes_of(in_axes, len(args)), *[0] * len(named)]
    paths = [f"argument {key!r}" for key in [*range(len(args)), *named]]
    inputs = list(map(with_columns, [*args, *named.values()], axes))
    columns = list(chain.from_iterable(map(columns_in, inputs, axes, paths)))
    if not columns:
        return NotImplemented
    recorder = TRACES.get()[-1]
    extent = the_same_extent(columns)
    with recorder.extents.loop(extent) as axis:
        row = [
            row_of(x, spec, axis, path) for x, spec, path in zip(inputs, axes, paths, strict=True)
        ]
        result = f(*row[: len(args)], **dict(zip(named, row[len(args) :], strict=True)))
    return stacked(result, out_axes, extent, axis)


IN_TRACES["vmap"] = vmap


def with_columns(tree: Any, axes: Axes) -> Any:
    """Return something with its arrays as columns, where it is mapped over."""
    if axes is None:
        return tree
    if is_data(tree):
        return column_of(tree)
    container = None if isinstance(tree, Column | list) else opened(tree)
    if container is None:
        return tree
    parts = map(with_columns, container.parts, parts_of(axes, container, "an argument"))
    return container.remake(list(parts))


def columns_in(tree: Any, axes: Axes, path: str) -> list[Column]:
    """Return the columns in something that is mapped over."""
    if axes is None:
        return []
    if isinstance(tree, Column):
        if axes != 0:
            raise TraceError(
                f"vmap: in a compiled function an array is mapped along axis 0; for {path} axis "
                f"{short(axes)} was asked for. Give the array turned, as x.T."
            )
        return [tree]
    container = None if isinstance(tree, list) else opened(tree)
    if container is None:
        return []
    specs = parts_of(axes, container, path)
    paths = [path + label for label in container.labels]
    return list(chain.from_iterable(map(columns_in, container.parts, specs, paths)))


def the_same_extent(columns: Sequence[Column]) -> Extent:
    """Return the extent of all columns, or raise a ValueError if they have not the same."""
    extents = list(dict.fromkeys(column.extent for column in columns))
    if len(extents) > 1:
        given = ", ".join(str(extent.source) for extent in extents)
        raise ValueError(f"vmap needs the same number of rows everywhere; it was given {given}.")
    return extents[0]


def row_of(tree: Any, axes: Axes, axis: str, path: str) -> Any:
    """Return what a row has in the place of this argument."""
    if axes is None:
        return tree
    if isinstance(tree, Column):
        return tree.along(axis)
    container = None if isinstance(tree, list) else opened(tree)
    if container is None:
        raise no_axis(tree, axes, path)
    specs = parts_of(axes, container, path)
    paths = [path + label for label in container.labels]
    parts = zip(container.parts, specs, paths, strict=True)
    return container.remake([row_of(part, spec, axis, path) for part, spec, path in parts])


def stacked(result: Any, out_axes: Axes, extent: Extent, axis: str) -> Any:
    """Return the result of all rows: numbers and lists as columns, containers part by part."""
    if out_axes is None:
        return the_same(result, axis)
    container = opened(result)
    if container is None and not is_number(result):
        raise TraceError(
            "a function that is mapped must return a number, or numbers nested in lists, tuples, "
            f"dicts or dataclasses; it returned {short(result)}. Is a return missing?"
        )
    if container is None or isinstance(result, list | Column) or is_array(result):
        if out_axes != 0:
            raise TraceError(
                "vmap: in a compiled function the results of rows go along axis 0; out_axes is "
                f"{short(out_axes)}."
            )
        return computed(TRACES.get()[-1], extent, axis, result)
    specs = parts_of(out_axes, container, "the result")
    parts = zip(container.parts, specs, strict=True)
    return container.remake([stacked(part, spec, extent, axis) for part, spec in parts])


def the_same(result: Any, axis: str) -> Any:
    """Return a result that is the same in all rows."""
    from ..calculus.structure import flatten

    for leaf in flatten(result)[0]:
        if isinstance(leaf, Scalar) and axis in getattr(leaf, "axes", ()):
            raise ValueError(
                "vmap: out_axes=None is for what is the same in each row; this depends on the row. "
                "Give an axis."
            )
    return result


def is_number(x: Any) -> bool:
    """Return whether this is a number or a scalar."""
    return isinstance(x, Scalar) or is_real(x)
