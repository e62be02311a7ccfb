"""Memory for results: that of results that nobody has any more is used again.

The system gives memory page by page, and clears each: for a million rows that takes as long as the
computation. So a large array has memory from here, and gives it back when it goes.
"""

from __future__ import annotations

from math import prod
from threading import RLock
from typing import Any

LARGE = 1 << 18  # bytes; below, the system is quick enough
LINE = 64  # bytes of the processor's cache
MOST = 1 << 29  # bytes that are kept for later
AT_ONCE = 1024  # rows that are copied


class Pool:
    """Memory that waits for being used again."""

    def __init__(self) -> None:
        self.waiting: dict[int, list[Any]] = {}  # by size
        self.size = 0
        self.lock = RLock()  # the collector may give something back at any moment, here too

    def take(self, size: int) -> Any:
        """Return memory of this size."""
        import numpy as np

        with self.lock:
            if self.waiting.get(size):
                self.size -= size
                return self.waiting[size].pop()
        whole = np.empty(size + LINE, "uint8")
        first = -whole.__array_interface__["data"][0] % LINE
        return whole[first : first + size]  # a vector that lies in two lines takes twice as long

    def give(self, memory: Any) -> None:
        """Take memory back."""
        with self.lock:
            if self.size + memory.size <= MOST:
                self.size += memory.size
                self.waiting.setdefault(memory.size, []).append(memory)


POOL = Pool()


class Buffer:
    """Memory that an array of NumPy lies in, and that it keeps alive."""

    def __init__(self, size: int):
        self.memory = POOL.take(size)
        self.__array_interface__ = self.memory.__array_interface__

    def __del__(self) -> None:
        POOL.give(self.memory)


def empty(shape: tuple[int, ...], dtype: str) -> Any:
    """Return an array of this shape, with anything in it."""
    import numpy as np

    if prod(shape) * np.dtype(dtype).itemsize < LARGE:
        return np.empty(shape, dtype)
    return aligned(shape, dtype)


def aligned(shape: tuple[int, ...], dtype: str) -> Any:
    """Return the same, beginning at a line of the cache."""
    import numpy as np

    buffer = Buffer(prod(shape) * np.dtype(dtype).itemsize)
    return np.asarray(buffer).view(dtype).reshape(shape)


def copy_rows(x: Any, target: Any) -> None:
    """Write the rows of an array into another one, in which they may lie in another way.

    It is done for some rows after the other, so that they stay near while their columns are read.
    """
    x = x.reshape(target.shape)
    for start in range(0, len(x), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        target[rows] = x[rows]
