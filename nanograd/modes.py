"""Blocks that change how operations are recorded: `no_grad` and `debug`.

A block counts for the thread (or the asynchronous task) that opened it, and for no other.
"""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

#: The blocks open now, in any thread. While there are none, nobody asks which mode is on.
OPEN: set[object] = set()

#: The line of the user's code that made a value, kept for values made inside a `debug` block.
LINES: WeakKeyDictionary[Any, str] = WeakKeyDictionary()

MODES: ContextVar[frozenset[str]] = ContextVar("MODES", default=frozenset())
PACKAGE = str(Path(__file__).parent)


def no_grad() -> AbstractContextManager[None]:
    """Return a block in which nothing is recorded: results are leaves, without operands.

    For predicting with a trained model, and for updates that are no part of the formula. It is also a
    decorator, `@no_grad()`.

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

    Errors then name the lines that made the operands. The first inf or nan that an operation bears, in the
    forward pass or in `backward()`, raises a `DomainError` with the operation, its operands, their names and
    lines. Inside the block everything is several times slower.

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


def remember_line(value: Any) -> None:
    """Note the line outside this package that is making `value`, if a `debug` block is open here."""
    if is_on("debug"):
        frame = sys._getframe(1)
        while frame.f_back and frame.f_code.co_filename.startswith(PACKAGE):
            frame = frame.f_back
        LINES[value] = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
