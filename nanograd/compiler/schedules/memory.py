"""Where numbers lie: addresses in segments, and the memory that waves give to each other.

An address is one whole number: the segment, and the place in it. So neighbors differ by 1, and two
numbers in different segments by so much that no one takes them for neighbors.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..programs.blocks import Block

SPAN = 1 << 40  # places of a segment

WORK, CONSTANTS, INPUTS = 0, 1, 2  # then the blocks that go in, the outputs, and their blocks

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

    def take(self, count: int) -> int:
        """Return the place of so many numbers side by side."""
        size = rounded(count)
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


def addresses_of(blocks: Sequence[Block], count: int, first: int) -> list[int]:
    """Return the addresses of so many numbers, of which some lie in blocks.

    Each block has a segment of its own; before these comes that of all other numbers.
    """
    found = [-1] * count
    for segment, (start, size) in enumerate(blocks, first + 1):
        for i in range(size):
            found[start + i] = segment * SPAN + i
    others = iter(range(count))
    return [first * SPAN + next(others) if address < 0 else address for address in found]
