"""Blocks that change how operations are recorded: `no_grad` and `debug`.

A block counts for the thread (or the asynchronous task) that opened it, and for no other.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

#: The blocks open now, in any thread. While there are none, nobody asks which mode is on.
OPEN: set[object] = set()

MODES: ContextVar[frozenset[str]] = ContextVar("MODES", default=frozenset())


def no_grad() -> AbstractContextManager[None]:
    """Return a block in which nothing is recorded: results are leaves, without operands.

    For predicting with a trained model, and for updates that are no part of the formula. It is
    also a decorator, `@no_grad()`.

    >>> from nanograd import Value, no_grad
    >>> w = Value(3.0)
    >>> with no_grad():
    ...     y = w * 2
    >>> y.parents
    ()
    """
    return block("no_grad")


def debug() -> AbstractContextManager[None]:
    """Return a block that records where each value was made, and stops at the first inf or nan.

    Errors then name the lines that made the operands. The first inf or nan that an operation
    bears, in the forward pass or in `backward()`, raises a `DomainError` with the operation, its
    operands, their names and lines. Inside the block everything is several times slower.

    >>> from nanograd import Value, debug
    >>> with debug():
    ...     Value(0.0, "x").sqrt().backward()
    Traceback (most recent call last):
        ...
    nanograd.errors.DomainError: ...
    """
    return block("debug")


def is_on(mode: str) -> bool:
    """Return whether this thread is inside a block of this mode."""
    return bool(OPEN) and mode in MODES.get()


@contextmanager
def block(mode: str) -> Iterator[None]:
    """Switch a mode on until the block ends."""
    this_block = object()
    token = MODES.set(MODES.get() | {mode})
    OPEN.add(this_block)
    try:
        yield
    finally:
        OPEN.discard(this_block)
        MODES.reset(token)
