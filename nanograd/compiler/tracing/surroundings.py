"""What a function sees outside of its arguments: whether it is still as it was when it was traced.

Its variables are in the program as they were then: a number, or which helper was meant. So they are
looked at in each call, and where one has changed, the function is traced anew. Values and arrays
are read at every call anyway; of these it is asked whether they are the same objects.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache, partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from ...labels import PACKAGE
from ...nanograd import Operation, Scalar
from ...packing import Packed
from ...real import is_real
from .data import is_data

#: Where code lies that no user changes while a program runs.
FOREIGN = (PACKAGE, *[sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")])

MOST_LEAVES = 10_000  # of something that is larger, only what it is is asked, not what is in it

MISSING = object()


class Surroundings:
    """The variables that some functions and objects see, and what they were."""

    def __init__(self, roots: Iterable[Any]):
        self.globals: list[tuple[dict[str, Any], str, Any]] = []
        self.cells: list[tuple[Any, Any]] = []
        self.contents: list[tuple[Any, list[Any]]] = []
        self.visited: dict[int, Any] = {}
        for root in roots:
            self.visit(root)

    def are_as_then(self) -> bool:
        """Return whether all variables, and what is in them, are as they were."""
        for namespace, name, then in self.globals:
            now = namespace.get(name, MISSING)
            if now is not then and not are_equal(now, then):
                return False
        for cell, then in self.cells:
            now = cell.cell_contents
            if now is not then and not are_equal(now, then):
                return False
        return all(are_alike(list(leaves_in(x)), then) for x, then in self.contents)

    # -- looking around --

    def visit(self, thing: Any) -> None:
        """Look at something that a function can see."""
        if id(thing) in self.visited or is_constant(thing):
            return
        self.visited[id(thing)] = thing
        if isinstance(thing, FunctionType):
            self.visit_function(thing)
        elif isinstance(thing, MethodType):
            self.visit_all([thing.__self__, thing.__func__])
        elif isinstance(thing, partial):
            self.visit_all([thing.func, *thing.args, *thing.keywords.values()])
        elif "__wrapped__" in getattr(thing, "__dict__", {}):
            self.visit(thing.__wrapped__)
        elif parts_of(thing) is not None:
            self.visit_contents(thing)

    def visit_all(self, things: Iterable[Any]) -> None:
        """Look at several things."""
        for thing in things:
            self.visit(thing)

    def visit_function(self, f: FunctionType) -> None:
        """Look at the variables of a function."""
        is_theirs = f.__code__.co_filename.startswith(FOREIGN)
        for cell in f.__closure__ or ():
            try:
                found = cell.cell_contents
            except ValueError:  # it has not got any yet
                continue
            if not is_theirs:
                self.cells.append((cell, found))
            self.visit(found)
        if not is_theirs:
            self.visit_all([*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()])
            self.visit_names(f.__globals__, set(names_in(f.__code__)))

    def visit_names(self, namespace: dict[str, Any], names: set[str]) -> None:
        """Look at the variables with these names, and at those in modules among them."""
        for name in sorted(names & namespace.keys()):
            found = namespace[name]
            if isinstance(found, ModuleType):
                if not (getattr(found, "__file__", None) or PACKAGE).startswith(FOREIGN):
                    self.visit_names(vars(found), names)
            elif not is_foreign(found):
                self.globals.append((namespace, name, found))
                self.visit(found)

    def visit_contents(self, thing: Any) -> None:
        """Look at what a container or an object holds, and at how it does what it does."""
        leaves = list(leaves_in(thing))
        if len(leaves) < MOST_LEAVES:
            self.contents.append((thing, leaves))
            self.visit_all([x for x in leaves if callable(x)])
        if callable(thing):
            self.visit(type(thing).__call__)


def names_in(code: CodeType) -> Iterator[str]:
    """Yield the names that code uses, and that of functions inside of it."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names_in(inner)


def is_constant(thing: Any) -> bool:
    """Return whether there is nothing in something, as in a number."""
    if isinstance(thing, Scalar | Operation | type | str | Packed):
        return True
    return is_real(thing) or is_data(thing)


def is_foreign(thing: Any) -> bool:
    """Return whether something is a function or a class that was not written by the user."""
    code = getattr(thing, "__code__", None)
    if code is not None:
        return bool(code.co_filename.startswith(FOREIGN))
    return isinstance(thing, type | Operation) or (
        type(thing).__module__ == "builtins" and callable(thing)
    )


def leaves_in(root: Any) -> Iterator[Any]:
    """Yield the numbers and other single things inside of something, and how it is nested."""
    waiting, seen = [root], set()
    while waiting:
        thing = waiting.pop()
        kind: Any = type(thing)
        parts = None if is_leaf(kind) and thing is not root else parts_of(thing)
        if parts is None or id(thing) in seen:
            yield thing
        else:
            seen.add(id(thing))
            yield kind
            yield from parts
            waiting += parts.values() if isinstance(parts, dict) else parts


def parts_of(thing: Any) -> Any:
    """Return what is in something, in a list or by name; None if nothing is."""
    if isinstance(thing, list | tuple | dict):
        return thing
    kind: Any = type(thing)
    names = slots_of(kind)
    if not names:
        return getattr(thing, "__dict__", None)
    found = {name: getattr(thing, name) for name in names if hasattr(thing, name)}
    return found | getattr(thing, "__dict__", {})


@cache
def slots_of(kind: type) -> list[str]:
    """Return the names of attributes that a class has room for."""
    slots = [vars(base).get("__slots__", ()) for base in kind.__mro__]
    return [name for each in slots for name in ([each] if isinstance(each, str) else each)]


@cache
def is_leaf(kind: type) -> bool:
    """Return whether things of this type are looked at as they are: numbers, functions, modules."""
    if issubclass(kind, list | tuple | dict):
        return False
    return issubclass(kind, LEAVES) or any("__call__" in vars(base) for base in kind.__mro__)


LEAVES = (Scalar, int, float, str, Operation, type, ModuleType, Packed)


def are_alike(now: list[Any], then: list[Any]) -> bool:
    """Return whether these are the same things, one by one."""
    if len(now) != len(then):
        return False
    return all(x is y or are_equal(x, y) for x, y in zip(now, then, strict=True))


def are_equal(x: Any, y: Any) -> bool:
    """Return whether these are equal numbers or texts; anything else is equal to itself only."""
    is_plain = type(x) is type(y) and isinstance(x, int | float | str)
    return is_plain and bool(x == y)
