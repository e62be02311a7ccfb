"""A function of one row, applied to many: eagerly, a loop."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import wraps
from typing import Any

from ..errors import short
from .arguments import Function
from .buffers import is_buffer, lists_in
from .structure import Container, Leaves, array, flatten, is_array, opened
from .traces import in_trace

Axes = Any  # a number, None, or a container of axes
Rows = Sequence[Any]


def vmap(
    f: Function,
    in_axes: Axes = 0,
    out_axes: Axes = 0,
) -> Function:
    """Return the function that applies f to each row of its arguments, and stacks the results.

    `in_axes` says along which axis each argument has its rows: one number for all arguments, or a
    tuple of one for each; None for an argument that is the same in each row. What is given by name
    has its rows along axis 0. A list is an axis, as an array has them; tuples, dicts and
    dataclasses have rows in each part, and may have a container of axes, one for each part.
    `out_axes` says in the same way along which axis the results go; None means that all rows have
    the same result, given once. Eagerly it is a loop of Python; in a compiled function, arrays are
    mapped by one loop of the machine.

    Numbers are stacked to a list, or to an array if arrays went in; lists to a list of lists; and
    arrays to an array. No rows, or not the same number of them everywhere, is a ValueError.

    >>> from nanograd import grad, vmap
    >>> vmap(lambda x, y: x * y, in_axes=(0, None))([1.0, 2.0, 3.0], 10.0)
    [10.0, 20.0, 30.0]
    >>> vmap(grad(lambda x: x**3))([1.0, 2.0])
    [3.0, 12.0]
    """

    @wraps(f)
    def mapped(*args: Any, **named: Any) -> Any:
        inputs = [*args, *named.values()]
        axes = [*axes_of(in_axes, len(args)), *[0] * len(named)]
        paths = [f"argument {key!r}" for key in [*range(len(args)), *named]]

        def on_row(row: Sequence[Any]) -> Any:
            given, by_name = row[: len(args)], row[len(args) :]
            return f(*given, **dict(zip(named, by_name, strict=True)))

        mapping = in_trace("vmap") or row_by_row
        return mapping(on_row, inputs, axes, paths, out_axes)

    return mapped


def row_by_row(
    on_row: Function,
    inputs: Leaves,
    axes: Sequence[Axes],
    paths: Sequence[str],
    out_axes: Axes,
) -> Any:
    """Return what the function makes of each row, stacked, by a loop of Python."""
    results = list(map(on_row, rows_of(inputs, axes, paths)))
    _, structure = flatten(inputs)
    arrays = any(unit.shape is not None for unit in structure.units())
    return stacked(results, out_axes, arrays=arrays)


def rows_of(
    inputs: Leaves,
    axes: Sequence[Axes],
    paths: Sequence[str],
) -> Rows:
    """Return all inputs row by row; that there are no rows is a ValueError."""
    columns = list(map(rows_in, inputs, axes, paths))
    rows = together(columns, inputs, paths)
    if not rows:
        raise ValueError(
            "vmap needs at least one row, to know what f returns; it was given "
            f"{short(inputs)}, with their rows along the axes {short(axes)}."
        )
    return rows


def axes_of(in_axes: Axes, count: int) -> Sequence[Axes]:
    """Return the axes of so many arguments."""
    if not isinstance(in_axes, tuple | list):
        return [in_axes] * count
    if len(in_axes) != count:
        raise ValueError(
            f"vmap: in_axes must have an entry for each of the {count} arguments; it is "
            f"{short(in_axes)}. Write None for an argument that is the same in each row."
        )
    return in_axes


def parts_of(axis: Axes, container: Container, path: str) -> Sequence[Axes]:
    """Return the axes of the parts of a container."""
    if axis is None or isinstance(axis, int):
        return [axis] * len(container.parts)
    axes = opened(axis)
    if axes is None or set(axes.labels) != set(container.labels):
        raise ValueError(
            f"vmap: the axes of {path} must be a number, None, or nested as it is, with the parts "
            f"{', '.join(container.labels)}; they are {short(axis)}."
        )
    by_label = dict(zip(axes.labels, axes.parts, strict=True))
    return [by_label[label] for label in container.labels]


# -- taking rows -----------------------------------------------------------------------------


def rows_in(tree: Any, axis: Axes, path: str) -> Rows | None:
    """Return the rows in something along its axis; None if it is the same in each row."""
    if axis is None:
        return None
    if is_array(tree):
        return rows_in_array(tree, axis, path)
    if is_buffer(tree):
        tree = lists_in(tree)
    container = opened(tree)
    if container is None:
        raise no_axis(tree, axis, path)
    if isinstance(tree, list) and isinstance(axis, int):
        return rows_in_list(tree, axis, path)
    axes = parts_of(axis, container, path)
    paths = [path + label for label in container.labels]
    columns = list(map(rows_in, container.parts, axes, paths))
    rows = together(columns, container.parts, paths)
    return None if rows is None else list(map(container.remake, rows))


def rows_in_array(tree: Any, axis: Axes, path: str) -> Rows:
    """Return the rows of an array along its axis: plain numbers, or arrays."""
    if not isinstance(axis, int) or axis not in range(-tree.ndim, tree.ndim):
        raise no_axis(tree, axis, path)
    numpy = sys.modules["numpy"]
    rows = numpy.moveaxis(tree, axis, 0)
    return list(rows if rows.ndim > 1 else rows.tolist())


def rows_in_list(tree: list[Any], axis: int, path: str) -> Rows:
    """Return the rows of a list along its axis: of axis 1, the columns of a list of lists."""
    if axis < 0:
        axis += depth(tree)
    if not axis:
        return tree
    paths = [f"{path}[{i}]" for i in range(len(tree))]
    columns = [rows_in(part, axis - 1, path) for part, path in zip(tree, paths, strict=True)]
    return together(columns, tree, paths) or []


def depth(tree: Any) -> int:
    """Return how many axes a list has."""
    axes = 0
    while isinstance(tree, list):
        axes += 1
        tree = tree[0] if tree else None
    return axes


def together(
    columns: Sequence[Rows | None],
    same: Leaves,
    paths: Sequence[str],
) -> Rows | None:
    """Return row by row what stands in these columns; None if all are the same in each row.

    `same` has what is the same in each row.
    """
    counts = [None if rows is None else len(rows) for rows in columns]
    different = set(counts) - {None}
    if not different:
        return None
    if len(different) > 1:
        pairs = zip(counts, paths, strict=True)
        given = ", ".join(f"{count} in {path}" for count, path in pairs if count is not None)
        raise ValueError(f"vmap needs the same number of rows everywhere; it was given {given}.")
    count = different.pop() or 0
    filled = []
    for rows, whole in zip(columns, same, strict=True):
        filled.append([whole] * count if rows is None else rows)
    return list(map(list, zip(*filled, strict=True)))


def no_axis(tree: Any, axis: Axes, path: str) -> ValueError:
    """Return the error for something that has no rows along its axis."""
    return ValueError(
        f"vmap: {path} must have rows along axis {axis}; it is {short(tree)}. Give a list or an "
        "array, or None as its axis if it is the same in each row."
    )


# -- stacking results ------------------------------------------------------------------------


def stacked(results: Rows, axis: Axes, *, arrays: bool) -> Any:
    """Return the results of all rows as one thing, with its rows along this axis."""
    first = results[0]
    if axis is None:
        return the_same(results)
    if is_array(first):
        return sys.modules["numpy"].stack(results, axis)
    in_columns = in_trace("stacked")
    if in_columns and (found := in_columns(results, axis)) is not NotImplemented:
        return found
    container = opened(first)
    if isinstance(axis, int) and (container is None or isinstance(first, list)):
        place = axis if axis >= 0 else axis + depth(first) + 1
        return stacked_along(results, place, arrays=arrays)
    if container is None:
        raise no_axis(first, axis, "the result")
    axes = parts_of(axis, container, "the result")
    parts = []
    for column, each in zip(columns_of(results), axes, strict=True):
        parts.append(stacked(column, each, arrays=arrays))
    return container.remake(parts)


def no_steps(*, arrays: bool) -> Any:
    """Return what a loop without steps gave: nothing is known of it but that there is none."""
    return array([], (0,)) if arrays else []


def stacked_along(results: Rows, axis: int, *, arrays: bool) -> Any:
    """Return numbers or lists, one of each row, as one list or array with its rows on this axis."""
    if axis:
        columns = columns_of(results)
        return [stacked(column, axis - 1, arrays=arrays) for column in columns]
    numbers = opened(results[0]) is None
    return array(results, (len(results),)) if arrays and numbers else list(results)


def columns_of(results: Rows) -> Sequence[Rows]:
    """Return, for each part of the results, what all rows have there."""
    first = opened(results[0])
    rows = []
    for result in results:
        container = opened(result)
        if first is None or container is None or container.labels != first.labels:
            raise ValueError(
                "vmap: the results of all rows must be nested alike, to be stacked; the first is "
                f"{short(results[0])}, and another is {short(result)}."
            )
        rows.append(container.parts)
    return list(zip(*rows, strict=True))


def the_same(results: Rows) -> Any:
    """Return the result that all rows have."""
    first, _ = flatten(results[0])
    for result in results:
        if flatten(result)[0] != first:
            raise ValueError(
                "vmap: out_axes=None is for what is the same in each row; one row has "
                f"{short(results[0])}, and another {short(result)}. Give an axis."
            )
    return results[0]
