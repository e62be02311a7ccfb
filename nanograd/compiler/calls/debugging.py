"""In a `debug` block: where an inf or nan was born that came out of a compiled function.

Compiled code does not stop at it. But it runs fast, and so the rows are halved until one is left
that gives it alone; the function is run eagerly on that, and its error names operation and line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...calculus.structure import flatten
from ...errors import DomainError
from ...nanograd import Scalar, Value
from ...packing import unpack
from ...real import data_of, is_real
from ..tracing.data import is_data
from ..tracing.tables import with_tables
from .signature import replaced
from .traced import arguments_of, names_of

Function = Callable[..., Any]
Arguments = tuple[Sequence[Any], dict[str, Any]]


def checked(f: Function, run: Function, args: Sequence[Any], named: dict[str, Any]) -> Any:
    """Return what `run` gives, which is f compiled; raise f's DomainError if it is inf or nan.

    An inf or nan among the arguments flows on. So does one that does not come about eagerly, as in
    an infinite slope.
    """
    if not is_finite((args, named)):
        return run(*args, **named)
    try:
        result = run(*args, **named)
    except DomainError:  # of scalars, for which the whole function is one operation
        refuse_eagerly(f, run, (args, named))
        raise
    if not is_finite(result):
        refuse_eagerly(f, run, (args, named))
    return result


def refuse_eagerly(f: Function, run: Function, given: Arguments) -> None:
    """Raise f's DomainError on the one row that gives an inf or nan alone, or on all rows."""
    rows = max([len(x) for x in leaves_of(given) if is_data(x)], default=0)

    def gives_one(start: int, end: int) -> bool:
        args, named = between(given, start, end, rows)
        try:
            return not is_finite(run(*args, **named))
        except DomainError:
            return True

    start, end = narrowed(rows, gives_one)
    if end - start == 1:
        args, named = as_values(f, between(given, start, end, rows))
        try:
            f(*args, **named)
        except DomainError as error:
            error.args = (f"{error.args[0]} It is in row {start}, counted from 0.",)
            raise
    args, named = as_values(f, given)
    f(*args, **named)


def as_values(f: Function, given: Arguments) -> Arguments:
    """Return the arguments with Values for numbers, which have methods, and names in an error."""
    args, named = unpack(given)
    names = iter(names_of(arguments_of(f, args, named)))

    def wrapped(x: Any, _: str) -> Any:
        name = next(names)
        if isinstance(x, Scalar):
            return x
        if not is_data(x):
            return Value(x, name)
        entries, structure = flatten(x.tolist())
        return structure.rebuild([Value(entry, name) for entry in entries])

    given_now = replaced(list(args), "", wrapped), replaced(named, "", wrapped)
    return tuple(map(with_tables, given_now))


def narrowed(count: int, gives_one: Callable[[int, int], bool]) -> tuple[int, int]:
    """Return the fewest rows that halving leads to, as a range.

    >>> narrowed(1000, lambda start, end: start <= 577 < end)
    (577, 578)
    """
    start, end = 0, count
    while end - start > 1:
        middle = (start + end) // 2
        if gives_one(start, middle):
            end = middle
        elif gives_one(middle, end):
            start = middle
        else:
            break
    return start, end


def between(given: Arguments, start: int, end: int, rows: int) -> Any:
    """Return the arguments with these rows only of all arrays that have so many."""

    def cut(x: Any, _: str) -> Any:
        return x[start:end] if is_data(x) and len(x) == rows else x

    args, named = given
    return replaced(list(args), "", cut), replaced(named, "", cut)


def leaves_of(tree: Any) -> list[Any]:
    """Return the numbers and arrays in something nested."""
    found: list[Any] = []
    replaced(tree, "", lambda x, _: found.append(x))
    return found


def is_finite(tree: Any) -> bool:
    """Return whether no number in something nested is inf or nan."""
    for x in leaves_of(tree):
        numbers = x.tolist() if is_data(x) else [x]
        plain = [data_of(y) for y in flatten(numbers)[0] if isinstance(y, Scalar) or is_real(y)]
        if not all(map(math.isfinite, plain)):
            return False
    return True
