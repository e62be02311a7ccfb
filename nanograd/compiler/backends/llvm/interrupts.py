"""Calls that are told to stop: by Ctrl-C, or because an operation of the user raised an error.

Python tells of Ctrl-C only between its own steps, in the main thread. So that thread does not run
a call that may take long: it waits, and tells the kernel to stop by a word in memory, at which all
loops of a program look in each step.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from contextvars import copy_context
from functools import cache
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 0.1  # seconds; where a wait cannot be interrupted, so long does Ctrl-C take


class Stop:
    """The word that tells all threads of a call to stop, and the reason."""

    def __init__(self) -> None:
        self.word = ctypes.c_int64(0)
        self.reason: BaseException | None = None

    def because(self, reason: BaseException) -> None:
        """Tell the call to stop."""
        if self.reason is None:
            self.reason = reason
        self.word.value = 1

    def refuse(self) -> None:
        """Raise the reason, if the call was told to stop."""
        if self.reason is not None:
            raise self.reason


@cache
def runner() -> ThreadPoolExecutor:
    """Return the thread that runs calls for the main thread."""
    return ThreadPoolExecutor(1, "nanograd-call")


if hasattr(os, "register_at_fork"):  # a child process has none of its parent's threads
    os.register_at_fork(after_in_child=runner.cache_clear)


def interruptible(work: Callable[[], T], stop: Stop) -> T:
    """Return what some work gives; Ctrl-C ends it."""
    if threading.current_thread() is not threading.main_thread():
        return work()
    task = runner().submit(copy_context().run, work)
    try:
        while not task.done():
            with suppress(TimeoutError):
                task.result(PATIENCE)
        return task.result()
    except BaseException as reason:
        stop.because(reason)
        await_end(task)
        raise


def await_end(task: Future[T]) -> None:
    """Wait until a task has ended, however often Ctrl-C is pressed."""
    while not task.done():
        with suppress(KeyboardInterrupt):
            wait([task], PATIENCE)
