"""Memory for results: that of results that nobody has any more is used again.

The system gives memory page by page, and clears each: for a million rows that takes as long as the
computation. So a large array has memory from here, and gives it back when it goes.
"""

from __future__ import annotations

from math import prod
from threading import Lock
from typing import Any

LARGE = 1 << 18  # bytes; below, the system is quick enough
MOST = 1 << 29  # bytes that are kept for later

LOCK = Lock()
FREE: dict[int, list[Any]] = {}  # by size


class Buffer:
    """Memory that an array of NumPy lies in, and that it keeps alive."""

    def __init__(self, size: int):
        import numpy as np

        with LOCK:
            waiting = FREE.get(size)
            memory = waiting.pop() if waiting else None
        self.memory: Any = np.empty(size, "uint8") if memory is None else memory
        self.__array_interface__ = self.memory.__array_interface__

    def __del__(self) -> None:
        with LOCK:
            kept = sum(size * len(waiting) for size, waiting in FREE.items())
            if kept + self.memory.size <= MOST:
                FREE.setdefault(self.memory.size, []).append(self.memory)


def empty(shape: tuple[int, ...], dtype: str) -> Any:
    """Return an array of this shape, with anything in it."""
    import numpy as np

    size = prod(shape) * np.dtype(dtype).itemsize
    if size < LARGE:
        return np.empty(shape, dtype)
    return np.asarray(Buffer(size)).view(dtype).reshape(shape)
