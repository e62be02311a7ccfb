"""Folds cut in pieces: W·x + U·h is one sum, but rows of W and of U are not equally far apart.

The terms of all members of a part lie at the same distances from the first. Where each member has
distances of its own, it may be that only a few of them differ: those from the last term out of W to
the first out of U. Cut there, the pieces are regular, and one more wave combines them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

MOST_CUTS = 3
FEWEST = 4  # members with the same distances, on average, that are let alone


def cuts_of(length: int, rows: Sequence[Sequence[int]]) -> list[int]:
    """Return before which terms the sums in these rows are to be cut, so that all are regular.

    A row has the addresses of all terms, leaf by leaf. Nothing is cut that is regular as it is, or
    would not be even so.

    >>> cuts_of(4, [[0, 1, 20, 21], [2, 3, 25, 26], [4, 5, 30, 31]])
    [2]
    """
    every = [distances(length, row) for row in rows]
    patterns = set(every)
    if len(patterns) * FEWEST <= len(rows) or len(patterns) == 1:
        return []
    first = every[0]
    found: set[int] = set()
    for each in patterns:
        if each == first:
            continue
        pairs = enumerate(zip(each, first, strict=True))
        found.update([1 + i % (length - 1) for i, (x, y) in pairs if x != y])
        if len(found) > MOST_CUTS:
            return []
    return sorted(found)


def distances(length: int, row: Sequence[int]) -> tuple[int, ...]:
    """Return how far each term is from the one before it, leaf by leaf."""
    found = []
    for begin in range(0, len(row), length):
        leaf = row[begin : begin + length]
        found += [y - x for x, y in pairwise(leaf)]
    return tuple(found)


def piece(length: int, row: Sequence[int], begin: int, end: int) -> list[int]:
    """Return the addresses of the terms from one to another, leaf by leaf.

    >>> piece(3, [0, 1, 2, 10, 11, 12], 1, 3)
    [1, 2, 11, 12]
    """
    starts = range(0, len(row), length)
    return [x for start in starts for x in row[start + begin : start + end]]
