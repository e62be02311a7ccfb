"""Nested arguments and results: lists, tuples, dicts, dataclasses and NumPy arrays of numbers.

A nested thing is taken apart into a flat list of its numbers and a `Structure`, which puts numbers
back in the same places. None is a container of nothing; all fields of a dataclass are parts of it.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from numbers import Real
from typing import Any, NamedTuple

from ..errors import short
from ..nanograd import Scalar
from ..real import is_real, number

Leaves = Sequence[Any]  # of a tree, in order

#: The kinds of lists that are remade as what they are; others become plain ones.
LISTS: set[type[list[Any]]] = set()


class Container(NamedTuple):
    """One container: its kind, the labels of its parts as one writes them, and how to remake it."""

    kind: Any
    labels: Sequence[str]
    parts: Sequence[Any]
    remake: Callable[[list[Any]], Any]


@dataclasses.dataclass(frozen=True, eq=False)
class Structure:
    """How numbers are nested: in an array of this shape, in labeled parts, or not at all."""

    kind: Any
    labels: Sequence[str] = ()
    parts: Sequence[Structure] = ()
    remake: Callable[[list[Any]], Any] | None = None
    shape: tuple[int, ...] | None = None

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return sum(unit.width for unit in self.units())

    @property
    def width(self) -> int:
        """How many numbers a unit has: a number one, an array the product of its shape."""
        return 1 if self.shape is None else math.prod(self.shape)

    def units(self) -> Iterator[Structure]:
        """Yield the numbers and the arrays in it, in order; an array is one unit."""
        if self.remake is None:
            yield self
        for part in self.parts:
            yield from part.units()

    def rebuild(self, leaves: Leaves) -> Any:
        """Return these numbers in this structure: arrays where there were arrays."""
        rest = iter(leaves)
        blocks = [
            next(rest) if unit.shape is None else array(islice(rest, unit.width), unit.shape)
            for unit in self.units()
        ]
        return self.arrange(iter(blocks))

    def arrange(self, blocks: Iterator[Any]) -> Any:
        """Return these blocks in this structure, one in the place of each unit."""
        if self.remake is None:
            return next(blocks)
        return self.remake([part.arrange(blocks) for part in self.parts])

    def paths(self) -> Iterator[str]:
        """Yield the place of each number, as one writes it: `['w'][2]`."""
        if self.shape is not None:
            yield from (f"[{', '.join(map(str, at))}]" for at in product(*map(range, self.shape)))
        elif self.remake is None:
            yield ""
        for label, part in zip(self.labels, self.parts, strict=True):
            for path in part.paths():
                yield label + path

    def leaves_of(self, tree: Any, what: str) -> list[Any]:
        """Return the numbers of a tree that must be nested like this; `what` names it in errors."""
        other = flatten(tree)[1]
        if (other.kind, other.shape, set(other.labels)) != (
            self.kind,
            self.shape,
            set(self.labels),
        ):
            raise TypeError(f"{what} must be {self}; it was given {short(tree)}, which is {other}")
        if self.remake is None:
            return numbers(tree, what)[0]
        container = opened(tree)
        parts = dict(zip(container.labels, container.parts, strict=True))
        pairs = zip(self.labels, self.parts, strict=True)
        return [x for label, part in pairs for x in part.leaves_of(parts[label], what + label)]

    def __str__(self) -> str:
        if self.kind is None:
            return "a number"
        if self.shape is not None:
            return f"an array of shape {self.shape}"
        inside = f" with the parts {', '.join(self.labels)}" if self.labels else ""
        return "None" if self.kind is type(None) else f"a {self.kind.__name__}{inside}"


NUMBER = Structure(None)


def flatten(
    tree: Any,
    is_whole: Callable[[Any], bool] = lambda _: False,
) -> tuple[list[Any], Structure]:
    """Return the leaves of a tree, which may be anything, and its structure.

    What `is_whole` is a leaf, even if it could be taken apart.

    >>> leaves, structure = flatten({"w": [1.0, 2.0], "b": 3.0})
    >>> leaves, structure.rebuild([10.0, 20.0, 30.0])
    ([1.0, 2.0, 3.0], {'w': [10.0, 20.0], 'b': 30.0})
    """
    leaves: list[Any] = []
    return leaves, structure_of(tree, leaves, is_whole)


def structure_of(tree: Any, leaves: list[Any], is_whole: Callable[[Any], bool]) -> Structure:
    """Return the structure of a tree, and append its leaves to the list."""
    if is_whole(tree):
        leaves.append(tree)
        return NUMBER
    if is_array(tree) and tree.dtype.kind in "biufO":  # which can hold a scalar or a real number
        leaves += tree.ravel().tolist()
        return Structure(type(tree), shape=tree.shape)
    container = opened(tree)
    if container is None:
        leaves.append(tree)
        return NUMBER
    parts = [structure_of(part, leaves, is_whole) for part in container.parts]
    return Structure(container.kind, container.labels, parts, container.remake)


def opened(tree: Any) -> Any:
    """Return a tree as one Container of its parts, or None if it is no container."""
    if type(tree) is float or isinstance(tree, Scalar):
        return None
    if tree is None:
        return Container(type(None), (), (), lambda _: None)
    if isinstance(tree, list | tuple):
        return sequence(tree)
    if isinstance(tree, dict):
        return mapping(tree)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return record(tree)
    return tree.as_container() if hasattr(tree, "as_container") else None


def sequence(tree: Any) -> Container:
    """Return a list or a tuple, named or not, as a Container."""
    labels = [f"[{i}]" for i in range(len(tree))]
    named: Any = type(tree)
    if hasattr(named, "_make"):
        return Container(named, labels, tree, named._make)
    kind = list if isinstance(tree, list) else tuple
    return Container(kind, labels, tree, named if named in LISTS else kind)


def mapping(tree: Any) -> Container:
    """Return a dict of any kind as a Container."""
    first = copy.copy(tree)  # the user may change theirs

    def remake(parts: list[Any]) -> Any:
        made = copy.copy(first)
        made.update(zip(first, parts, strict=True))
        return made

    return Container(dict, [f"[{key!r}]" for key in first], list(first.values()), remake)


def record(tree: Any) -> Container:
    """Return a dataclass as a Container.

    It is remade field by field: `__init__` may check what a derivative need not obey, and anything
    that the object cached beside its fields was computed from other numbers.
    """
    kind, names = type(tree), [field.name for field in dataclasses.fields(tree)]

    def remake(parts: list[Any]) -> Any:
        made = object.__new__(kind)
        for name, part in zip(names, parts, strict=True):
            object.__setattr__(made, name, part)  # a frozen one, too
        return made

    return Container(kind, [f".{n}" for n in names], [getattr(tree, n) for n in names], remake)


# -- numbers ---------------------------------------------------------------------------------


def numbers(tree: Any, what: str) -> tuple[list[Any], Structure]:
    """Return the leaves of a tree as floats and scalars, and its structure.

    A leaf that is neither is a TypeError that says where it stands in `what`.
    """
    leaves, structure = flatten(tree)
    for i, leaf in enumerate(leaves):
        if type(leaf) is not float and not isinstance(leaf, Scalar):
            if not is_real(leaf):
                raise no_number(leaf, what + next(islice(structure.paths(), i, None)))
            leaves[i] = number(leaf)
    return leaves, structure


def no_number(leaf: Any, what: str) -> TypeError:
    """Return the error for a leaf that is no number."""
    kind = type(leaf).__name__
    return TypeError(
        f"{what} must be a number, or a list, tuple, dict, dataclass or array of numbers; it is "
        f"{short(leaf)}, of type {kind}. Keep what is no number out of it."
    )


# -- arrays ----------------------------------------------------------------------------------


def is_array(tree: Any) -> bool:
    """Return whether this is a NumPy array. Who has one has imported NumPy: we need not."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(tree, numpy.ndarray)


def array(entries: Any, shape: Sequence[int]) -> Any:
    """Return a NumPy array of this shape, of objects if not all of these are plain numbers."""
    numpy = sys.modules["numpy"]
    entries = list(entries)
    kinds = set(map(type, entries))
    plain = all(issubclass(kind, Real | numpy.bool_) for kind in kinds)
    made = numpy.array(entries) if plain else numpy.fromiter(entries, object, len(entries))
    return made.reshape(shape)


def holds_scalars(leaves: Leaves) -> bool:
    """Return whether one of these is a Value or another scalar, not a plain number."""
    return any(isinstance(x, Scalar) for x in leaves)
