"""What a compiled function is given: which of it are numbers and arrays, and what is fixed.

A program is traced once for each *key*: how the arguments are nested, which are numbers, how wide
the rows of arrays are, and which arrays are equally long. Texts, None, True, False, functions and
other objects are part of the key: for other ones the function is traced anew. A Packed is one leaf,
and its form is its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...calculus.structure import opened
from ...errors import short
from ...nanograd import Scalar
from ...packing import Packed
from ...real import is_real, number
from ..tracing.data import is_data, shape_of

Key = Any  # hashable

NUMBER = "number"
FLOATS = frozenset({float})
PLAIN = frozenset({float, int})
SIMPLE = frozenset({float, Packed})  # leaves that are neither arrays nor scalars


def key_of(tree: Any, leaves: list[Any]) -> Key:
    """Return the key of an argument, and append its numbers and arrays to the list."""
    kind = type(tree)
    if kind is float:
        leaves.append(tree)
        return NUMBER
    if kind is list or kind is tuple:
        if FLOATS.issuperset(map(type, tree)):  # the usual case, without a call for each
            leaves += tree
            return kind, *[NUMBER] * len(tree)
        if PLAIN.issuperset(map(type, tree)):
            leaves += floats(tree)
            return kind, *[NUMBER] * len(tree)
        return kind, *[key_of(part, leaves) for part in tree]
    if kind is Packed:
        leaves.append(tree)
        return tree.form
    if kind is dict:
        return dict, *[(label, key_of(part, leaves)) for label, part in tree.items()]
    return key_of_others(tree, leaves)


def floats(xs: Sequence[Any]) -> list[float]:
    """Return floats and ints as floats; one that is too large is a DomainError."""
    try:
        return list(map(float, xs))
    except OverflowError:
        return list(map(number, xs))


def key_of_others(tree: Any, leaves: list[Any]) -> Key:
    """Return the key of what is not of the usual kinds."""
    if is_data(tree):
        leaves.append(tree)
        return "array", *shape_of(tree)[1:]
    if is_leaf(tree):
        leaves.append(tree if isinstance(tree, Scalar) else number(tree))
        return NUMBER
    if (container := opened(tree)) is not None:
        parts = [key_of(part, leaves) for part in container.parts]
        return type(tree), tuple(container.labels), *parts
    try:
        hash(tree)
    except TypeError:
        raise TypeError(
            "a compiled function takes numbers, arrays of them, lists, tuples, dicts and "
            f"dataclasses of these, and what can be told apart by a hash; it was given "
            f"{short(tree)}, of type {type(tree).__name__}."
        ) from None
    return "fixed", type(tree), tree


def pattern_of(leaves: list[Any]) -> Key:
    """Return which of the arrays are equally long."""
    if SIMPLE.issuperset(map(type, leaves)):
        return ()
    lengths = [len(x) for x in leaves if type(x) is not float and is_data(x)]
    return tuple(map(lengths.index, lengths))


def replaced(tree: Any, path: str, replace: Callable[[Any, str], Any]) -> Any:
    """Return an argument with its numbers and arrays replaced, one after the other."""
    if is_leaf(tree):
        return replace(tree, path)
    container = opened(tree)
    if container is None:
        return tree
    pairs = zip(container.parts, container.labels, strict=True)
    return container.remake([replaced(part, path + label, replace) for part, label in pairs])


def is_leaf(tree: Any) -> bool:
    """Return whether this is a number, an array or Packed, which a program takes."""
    if type(tree) is float or isinstance(tree, Scalar | Packed):
        return True
    return is_data(tree) or (is_real(tree) and type(tree) is not bool)


def fixed_in(tree: Any) -> Iterator[Any]:
    """Yield what in an argument is neither a number nor an array, nor holds them."""
    if not is_leaf(tree):
        container = opened(tree)
        if container is None:
            yield tree
        else:
            for part in container.parts:
                yield from fixed_in(part)
