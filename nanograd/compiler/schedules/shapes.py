"""Which parts share their machine code: those that differ only in where their numbers are.

The steps of a recurrent network, and the layers of a deep one, are the same waves again and again.
So what is written is a function for each *shape* of parts, and for each part a table of its places.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from .forms import Form
from .memory import CONSTANTS
from .schedule import Part

Columns = list[tuple[int, ...]]  # one for the result and each leaf, with an entry for each run


def shape_of(part: Part) -> Hashable:
    """Return what is equal for parts that share their code."""
    columns = starts_of(part)
    return (
        part.kind,
        part.segments,
        part.strides,
        part.terms,
        len(part.runs),
        the_count(part),
        tuple([literal(part, i, column) for i, column in enumerate(columns)]),
        tuple(map(step_of, columns)) if is_scattered(part) else (),
    )


def the_count(part: Part) -> int | None:
    """Return how many members each run has; None if that differs."""
    counts = {count for count, _ in part.runs}
    return counts.pop() if len(counts) == 1 else None


def places_of(part: Part, width: int) -> list[int]:
    """Return the table of a part: how many members each run has, then where each column begins.

    After each column there is room for the last lanes.
    """
    counts = tuple([count for count, _ in part.runs])
    found: list[int] = []
    for column in [counts, *starts_of(part)]:
        found += column
        found += [0] * width
    return found


def starts_of(part: Part) -> Columns:
    """Return where the runs begin, in columns."""
    return list(zip(*[starts for _, starts in part.runs], strict=True))


def literal(part: Part, i: int, column: Sequence[int]) -> int | None:
    """Return which plain number an operand is, if it is the same one in all runs."""
    is_one = part.segments[i] == CONSTANTS and not part.strides[i] and len(set(column)) == 1
    return column[0] if is_one else None


def is_scattered(part: Part) -> bool:
    """Return whether a part is a formula of members anywhere in memory, which are done in lanes."""
    is_formula = isinstance(part.kind, Form) and not part.kind.is_column
    return is_formula and the_count(part) == 1


def step_of(column: Sequence[int]) -> int | None:
    """Return how far numbers are from each other; None if that differs."""
    step = column[1] - column[0] if len(column) > 1 else 0
    is_even = all(x == column[0] + i * step for i, x in enumerate(column))
    return step if is_even else None
