"""How a wave reads and writes: in runs, along which all addresses go on evenly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from .memory import SPAN


class Run(NamedTuple):
    """Some members one after the other: where their first is in each column, and the strides."""

    begin: int
    size: int
    starts: tuple[int, ...]
    strides: tuple[int, ...]


def runs_of(columns: Sequence[Sequence[int]]) -> Iterator[Run]:
    """Yield the runs of addresses in columns, from the first member to the last.

    >>> for run in runs_of([[0, 1, 2, 3], [7, 7, 9, 9]]):
    ...     print(run)
    Run(begin=0, size=2, starts=(0, 7), strides=(1, 0))
    Run(begin=2, size=2, starts=(2, 9), strides=(1, 0))
    """
    members = list(zip(*columns, strict=True))
    begin, total = 0, len(members)
    while begin < total:
        first = members[begin]
        end = begin + 1
        strides = (0,) * len(first)
        if end < total:
            strides = difference(members[end], first)
            if max(map(abs, strides)) < SPAN // 2:
                before = first
                while end < total and difference(members[end], before) == strides:
                    before = members[end]
                    end += 1
            else:
                strides = (0,) * len(first)
        yield Run(begin, end - begin, first, strides)
        begin = end


def difference(x: Sequence[int], y: Sequence[int]) -> tuple[int, ...]:
    """Return how far apart addresses are."""
    return tuple([a - b for a, b in zip(x, y, strict=True)])


def stride_of(places: Sequence[int]) -> int | None:
    """Return how far places are from each other; None if that differs.

    >>> stride_of([3, 5, 7]), stride_of([4]), stride_of([0, 1, 4])
    (2, 0, None)
    """
    found = {y - x for x, y in pairwise(places)} or {0}
    return found.pop() if len(found) == 1 else None
