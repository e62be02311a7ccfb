"""What is being done while a function is compiled, and how far it is: one line on a terminal.

It is there only if compiling takes longer than a second and the stream of errors is a terminal, and
gone when that is done. The stages report here: this is no thread of its own, so where nothing is
reported, as while machine code is made, the line stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from ..progress import LiveLine, can_show

PATIENCE_S = 1.0  # what takes less is not told
BETWEEN_DRAWINGS_S = 0.2

#: Instructions of which it is known that machine code of them takes longer than that.
MANY = 20_000

#: A number of instructions after which a stage that goes through many looks at the clock.
OFTEN = 4096


class Telling:
    """Tells what is done for one function, which has taken so many seconds already."""

    def __init__(self, name: str, spent: float):
        self.name = name
        self.stage = ""
        self.began_at = time.monotonic() - spent
        self.told_at = self.began_at
        self.line: LiveLine | None = None

    @property
    def spent(self) -> float:
        """The seconds that it has taken until now."""
        return time.monotonic() - self.began_at

    def tell(self, count: int = 0, *, at_once: bool = False) -> None:
        """Draw the line, if it is time to: the stage, and how many instructions it has come to."""
        now = time.monotonic()
        is_due = now - self.began_at >= PATIENCE_S and now - self.told_at >= BETWEEN_DRAWINGS_S
        if not is_due and not at_once:
            return
        self.told_at = now
        self.line = line = self.line or LiveLine()
        if line.is_live:
            words = f"{self.stage}, {count:,} instructions" if count else self.stage
            dots = "…" if can_show("…", line.stream) else "..."
            line.draw(f"nanograd: {self.name}: {words}{dots}")

    def clear(self) -> None:
        """Leave nothing of the line behind."""
        if self.line is not None:
            self.line.clear()


#: What is told here, in this thread; and whoever tells has this lock: there is one line.
HERE: ContextVar[Telling | None] = ContextVar("HERE", default=None)
LINE = Lock()


@contextmanager
def telling(name: str, spent: float = 0.0) -> Iterator[Telling]:
    """Tell what is done in this block, for the function of this name."""
    around = HERE.get()
    if around is not None:  # a part of what is told there
        yield around
        return
    told = Telling(name, spent)
    if not LINE.acquire(blocking=False):  # another thread tells
        yield told
        return
    token = HERE.set(told)
    try:
        yield told
    finally:
        HERE.reset(token)
        told.clear()
        LINE.release()


@contextmanager
def stage(name: str, count: int = 0, *, is_long: bool = False) -> Iterator[None]:
    """Tell that this is done in this block; at once, if it is known that it will be long."""
    told = HERE.get()
    if told is None:
        yield
        return
    before, told.stage = told.stage, name
    told.tell(count, at_once=is_long)
    try:
        yield
    finally:
        told.stage = before


def reached(count: int) -> None:
    """Tell how many instructions a stage has come to."""
    told = HERE.get()
    if told is not None:
        told.tell(count)
