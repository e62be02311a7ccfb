"""Blocks that change how operations are recorded: `no_grad` and `debug`.

A block counts for the thread (or the asynchronous task) that opened it, and for no other. Blocks of
generators may close in any order: each ends only itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

#: The blocks open now, in any thread. While there are none, nobody asks which mode is on.
OPEN: list[block] = []

#: The blocks that were opened here, in this thread or task.
HERE: ContextVar[tuple[block, ...]] = ContextVar("HERE", default=())


def no_grad() -> block:
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


def debug() -> block:
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
    # A block that a generator closed in another thread is still in HERE, but no longer in OPEN.
    return bool(OPEN) and any(each.mode == mode and each in OPEN for each in HERE.get())


class block:  # noqa: N801 - it is read as a word: `with block("ieee")`
    """A mode, on from where the block begins until it ends; it can be used again and nested."""

    def __init__(self, mode: str):
        self.mode = mode

    def __enter__(self) -> None:
        HERE.set((*HERE.get(), self))
        OPEN.append(self)

    def __exit__(self, *_: object) -> None:
        OPEN.remove(self)
        here = [*HERE.get()]
        if self in here:  # unless a generator goes on in another thread than it began in
            here.remove(self)
        HERE.set(tuple(here))

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        """Return the function with this block around each call."""
        if runs_later(function):
            raise TypeError(
                f"@{self.mode}() is for plain functions; it was given {function!r}, which only "
                f"begins when it is called, and runs later, outside the block. Write "
                f"`with {self.mode}():` inside it, around what needs it."
            )

        @wraps(function)
        def inside(*operands: P.args, **named: P.kwargs) -> T:
            with self:
                return function(*operands, **named)

        return inside


def runs_later(function: Callable[..., object]) -> bool:
    """Return whether a call only begins: of a generator, a coroutine or both in one."""
    kinds = (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    return any(is_kind(function) for is_kind in kinds)
