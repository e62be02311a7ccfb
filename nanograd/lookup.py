"""Look-up: the entry of a table at an index that may be known only when the program runs.

It is one node, whose operands are the index and then all entries: which of them is taken may
change. What flows back goes to the entry that was taken; of one that is taken several times the
shares add up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import singledispatch
from typing import Any

from .birth import Birth
from .calculus.levels import Lifted
from .calculus.structure import flatten
from .errors import DomainError, born, described, with_type
from .evaluation import numbers_in
from .labels import current_line
from .modes import is_on
from .nanograd import Scalar, operation
from .real import data_of, number
from .reductions import at_least_one, is_recorded

__all__ = ["take"]


@operation(
    "take",
    name="take",
    domain="a whole index from 0 on, below the number of entries",
    chooses=True,
    partials=lambda index, *entries, out: (
        None,
        *[1.0 * (index == i) for i in range(len(entries))],
    ),
)
def take_of(index, *entries):
    """Entry at an index, counted from 0; nan where there is none. No other entry has a slope."""
    return entries[int(index)] if is_place(index, len(entries)) else math.nan


@singledispatch
def take(table: Any, index: Any) -> Any:
    """Return the entry of a list at an index, which may be known only when the program runs.

    `table` is a list or tuple of numbers, or of rows of them: lists, tuples or dicts, nested alike;
    then a row comes back. `index` is a whole number from 0 on, plain, a Value, or a number of a
    function that is being compiled; −1 is not the last entry. No derivative flows to the index, and
    none to entries that were not taken. Given a plain index, it is `table[index]` itself.

    An index outside is a DomainError. Where it is not known yet, in compiled code, the result is
    nan, and has no slope. Rows that are not alike are a TypeError; a table without entries is a
    ValueError.

    >>> from nanograd import Value, jit
    >>> primes = [Value(2.0), Value(3.0), Value(5.0)]
    >>> y = take(primes, Value(1)) * 10
    >>> y.backward()
    >>> y.data, [x.grad for x in primes]
    (30.0, [0.0, 10.0, 0.0])
    >>> jit(lambda i: take([[1.0, 2.0], [3.0, 4.0]], i))(1)
    [3.0, 4.0]
    """
    if not isinstance(table, list | tuple):
        raise TypeError(f"take: the table must be a list or tuple; it is {with_type(table)}")
    at_least_one(table, "take")
    place = known(index)
    is_there = place is None or is_place(place, len(table))
    if is_there and not isinstance(index, Scalar):
        return table[int(number(index))]
    _, structure = flatten(table[0])
    rows = [structure.leaves_of(row, f"take: table[{i}]") for i, row in enumerate(table)]
    found = [(index, *column) for column in zip(*rows, strict=True)]
    if not is_there and not is_on("ieee"):  # in a rule, nan is an answer
        raise outside(index, len(table), found)
    return structure.rebuild([take_of(*operands) for operands in found])


def is_place(index: float, count: int) -> bool:
    """Return whether there is an entry at this index.

    >>> [is_place(x, 3) for x in (0.0, 2.0, 3.0, -1.0, 0.5, math.nan)]
    [True, True, False, False, False, False]
    """
    return 0 <= index < count and index % 1 == 0


def known(index: Any) -> float | None:
    """Return the number in an index; None if it is part of a recording, which has none yet."""
    while isinstance(index, Lifted):
        index = index.primal
    return None if is_recorded(index) else numbers_in(take_of, [index])[0]


def outside(index: Any, count: int, found: Sequence[Sequence[Any]]) -> DomainError:
    """Return the error for an index at which there is no entry."""
    line = current_line()
    hint = " An index does not count from the end." if data_of(index) < 0 else ""
    message = (
        f"take: the index must be a whole number from 0 to {count - 1}, as the table has {count} "
        f"entries; it was given {described(index)} at {line}.{hint} Keep it inside, for example "
        "with floor and clip."
    )
    operands = found[0] if found else (index,)
    return born(message, Birth(take_of, operands, line=line))
