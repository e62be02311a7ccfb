"""The short way into a compiled function, for calls that are as simple as can be.

If the arguments are floats, lists and tuples of them and plain arrays, and so are the results, the
backend may know a shorter way. It is asked for one once a function is called again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

from ..tracing.data import is_data, shape_of

Spec = Any  # ("number", place), ("array", place), ("list", [...]), ("tuple", [...])


def short_way(compiled: Any, args: Sequence[Any], result: Any) -> Callable[..., Any] | None:
    """Return a function of such arguments that gives such results, or NotImplemented."""
    kernel, traced = compiled.flat.choice.kernel, compiled.traced
    if not hasattr(kernel, "direct") or not traced.has_only_rows():
        return None
    arguments, results = spec_of(tuple(args), count()), spec_of(result, count())
    places = [traced.places.get(each.name) for each in kernel.program.inputs]
    lengths = {len(x) for x in leaves_of(args) if is_data(x)}
    if None in (arguments, results, *places):
        return None
    if len(lengths) > 1 or "'array'" in str(results):
        return None
    way: Callable[..., Any] | None = kernel.direct(
        arguments, results, places, max(lengths, default=1)
    )
    return way


def spec_of(tree: Any, places: Iterator[int]) -> Spec:
    """Return of what form something is; None if it is not simple."""
    kind = type(tree)
    if kind is float or kind is int:
        return "number", next(places)
    if is_data(tree) and len(shape_of(tree)) == 1:
        return "array", next(places)
    if kind is not list and kind is not tuple:
        return None
    parts = [spec_of(part, places) for part in tree]
    return None if None in parts else (kind.__name__, parts)


def leaves_of(tree: Any) -> Iterator[Any]:
    """Yield the numbers and arrays in lists and tuples."""
    if isinstance(tree, list | tuple):
        for part in tree:
            yield from leaves_of(part)
    else:
        yield tree
