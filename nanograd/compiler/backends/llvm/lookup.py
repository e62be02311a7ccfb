"""`take`: an entry at an index that is known only when the machine runs, in each lane its own.

Entries that lie in memory at even distances, as constants do, are read at a computed place. From
others one is chosen by a tree of selects: each bit of the index, one after the other, leaves half
of them. Where there is no entry the result is nan, and what is looked up is entry 0: nothing
outside is ever read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from .code import Code, Value
from .memory import Column


class Place(NamedTuple):
    """The place of an entry, in each lane or in all, and whether there is one at the index."""

    text: str
    kind: str  # how LLVM calls such whole numbers
    is_there: Value


class Table(NamedTuple):
    """Entries in memory: the first, and how many numbers it is to the next."""

    first: Column
    apart: int


def take(code: Code, index: Value, *entries: Value) -> Value:
    """Write the choice of the entry at an index."""
    return chosen(code, place_of(code, index, code.constant(float(len(entries)))), entries)


def chosen(code: Code, place: Place, entries: Sequence[Value]) -> Value:
    """Write the choice of the entry at a place."""
    nowhere = code.constant(math.nan)
    entries = entries or [nowhere]
    bit = 1
    while len(entries) > 1:
        is_odd = has_bit(code, place, bit)
        halved = [
            code.select(is_odd, *reversed(pair))
            for pair in zip(entries[::2], entries[1::2], strict=False)
        ]
        entries = [*halved, *entries[2 * len(halved) :]]
        bit *= 2
    return code.select(place.is_there, entries[0], nowhere)


def read(code: Code, place: Place, table: Table) -> Value:
    """Write the look-up of an entry in memory."""
    start = table.first.begin(code)
    steps = place.text
    if table.apart != 1:
        steps = code.let(f"mul {place.kind} {steps}, {whole(place.kind, table.apart)}")
    where = code.let(f"getelementptr {code.one}, ptr {start}, {place.kind} {steps}")
    if place.is_there.is_wide and code.width > 1:
        found = code.masked("gather", f"{code.vector('ptr')} {where}", "")
    else:
        found = code.let(f"load {code.one}, ptr {where}, align {code.bytes}")
    entry = Value(found, place.is_there.is_wide)
    return code.select(place.is_there, entry, code.constant(math.nan))


def table_of(places: Sequence[object]) -> Table | None:
    """Return entries as a table in memory, if they lie at even distances."""
    columns = [x for x in places if isinstance(x, Column) and not x.axes and not x.apart]
    if len(columns) < max(2, len(places)) or len({x.pointer for x in columns}) > 1:
        return None
    starts = [x.start for x in columns]
    apart = starts[1] - starts[0]
    is_even = starts == list(range(starts[0], starts[0] + len(starts) * apart, apart or 1))
    return Table(columns[0], apart) if is_even else None


def place_of(code: Code, index: Value, count: Value) -> Place:
    """Write the index as a whole number, and whether there is an entry; where none is, it is 0."""
    zero = code.constant(0.0)
    is_there = code.compare("oeq", code.intrinsic("floor", index), index)
    for bound in (
        code.compare("oge", index, zero),
        code.compare("olt", index, count),
    ):
        both = code.let(f"and {code.bits(is_there)} {is_there.text}, {bound.text}")
        is_there = Value(both, is_there.is_wide)
    safe = code.select(is_there, index, zero)
    kind = code.vector("i32") if safe.is_wide else "i32"
    return Place(
        code.let(f"fptosi {code.type_of(safe)} {safe.text} to {kind}"),
        kind,
        is_there,
    )


def has_bit(code: Code, place: Place, bit: int) -> Value:
    """Write whether the place has this bit."""
    masked = code.let(f"and {place.kind} {place.text}, {whole(place.kind, bit)}")
    found = code.let(f"icmp ne {place.kind} {masked}, {whole(place.kind, 0)}")
    return Value(found, place.is_there.is_wide)


def whole(kind: str, number: int) -> str:
    """Return a whole number, in each lane if there are several."""
    return str(number) if kind == "i32" else f"splat (i32 {number})"
