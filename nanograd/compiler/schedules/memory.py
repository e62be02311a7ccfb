"""Where numbers lie: addresses in segments, and the memory that waves give to each other.

An address is one whole number: the segment, and the place in it. A column has one place, however
many rows there are. Neighbors differ by 1, and two numbers in different segments by so much that
nobody takes them for neighbors.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ..programs.blocks import Block

SPAN = 1 << 40  # places of a segment

#: Segments: numbers and columns that are kept on the way, plain numbers, and numbers that go in.
#: Then come the blocks that go in, and those of columns; then the outputs, and their blocks.
WORK, COLUMNS, CONSTANTS, INPUTS = 0, 1, 2, 6

#: No segments, but numbers that stand among their pointers: how many rows are done at a time, and
#: there are in all; and whether some have been done before.
ROWS, ALL_ROWS, IS_LATER = 3, 4, 5

LINE = 8  # places that are read at once: what a wave gives begins a line


def segment_of(address: int) -> int:
    """Return the segment of an address."""
    return address // SPAN


def offset_of(address: int) -> int:
    """Return the place of an address in its segment."""
    return address % SPAN


class Memory:
    """The memory in which waves put their results; what nobody reads any more is given anew."""

    def __init__(self) -> None:
        self.size = 0
        self.free: dict[int, list[int]] = {}  # beginnings, by size

    def take(self, size: int) -> int:
        """Return the place of so many numbers side by side."""
        size = rounded(size)
        if self.free.get(size):
            return self.free[size].pop()
        fitting = [each for each in self.free if each > size and self.free[each]]
        if fitting:
            best = min(fitting)
            place = self.free[best].pop()
            self.free.setdefault(best - size, []).append(place + size)
            return place
        self.size += size
        return self.size - size

    def give(self, place: int, count: int) -> None:
        """Take memory back."""
        self.free.setdefault(rounded(count), []).append(place)


def rounded(count: int) -> int:
    """Return a count of numbers as whole lines."""
    return -(-count // LINE) * LINE


class Constants:
    """The plain numbers of a schedule, each once."""

    def __init__(self) -> None:
        self.numbers: list[float] = []
        self.places: dict[str, int] = {}

    def address(self, x: float) -> int:
        """Return the address of a number."""
        place = self.places.setdefault(repr(x), len(self.numbers))
        if place == len(self.numbers):
            self.numbers.append(x)
        return CONSTANTS * SPAN + place


def runs_of_columns(columns: Sequence[bool]) -> list[Block]:
    """Return where columns follow each other, which then lie together in memory.

    >>> runs_of_columns([False, True, True, False, True])
    [Block(start=1, size=2), Block(start=4, size=1)]
    """
    found = []
    for is_column, group in groupby(range(len(columns)), key=columns.__getitem__):
        places = list(group)
        if is_column:
            found.append(Block(places[0], len(places)))
    return found


def addresses_of(blocks: Sequence[Block], count: int, first: int) -> list[int]:
    """Return the addresses of so many numbers, some of which lie together in blocks.

    Each block has a segment of its own; before these comes the segment of all other numbers.
    """
    found = [-1] * count
    for segment, (start, size) in enumerate(blocks, first + 1):
        for i in range(size):
            found[start + i] = segment * SPAN + i
    others = iter(range(count))
    return [first * SPAN + next(others) if address < 0 else address for address in found]
