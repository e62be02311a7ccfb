"""Numbers of others, without NumPy: array.array, memoryview, and what else has a buffer."""

from __future__ import annotations

import array
from typing import Any


def is_buffer(tree: Any) -> bool:
    """Return whether this has numbers in a buffer, as the standard library knows them."""
    return isinstance(tree, array.array | memoryview)


def lists_in(buffer: Any) -> list[Any]:
    """Return the numbers of a buffer in lists, nested as its axes are.

    >>> lists_in(memoryview(array.array("d", [1.0, 2.0])))
    [1.0, 2.0]
    """
    found: list[Any] = buffer.tolist()
    return found
