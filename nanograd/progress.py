"""How far a long computation has come: one live line on a terminal, and the shape of a curve.

Where nobody watches, as in a log file, the live line becomes a few plain ones.
"""

import io
import math
import os
import sys
import time
import unicodedata
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Self, TextIO

#: Eight heights, from low to high; the second row is for terminals that lack the first.
BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-=+*%#"

BETWEEN_DRAWINGS_S = 0.1  # faster than this, nobody could read the live line
BETWEEN_LINES_S = 1.0  # faster than this, nobody wants lines in a log
DRAWINGS_KEPT = 50  # the time left is judged by the speed since the oldest of these
BAR_CELLS = 16
GAP = "  "

# -- a curve ---------------------------------------------------------------------------------


def sparkline(numbers: Sequence[float], width: int = 60, blocks: str = BLOCKS) -> str:
    """Return a curve as one line of text, at most `width` characters: lowest to highest block.

    Where there are more numbers than places, each place shows the mean of its share of them. Only
    what is finite is drawn; a place without any stays blank.

    >>> sparkline([0, 1, 2, 3, 4, 5, 6, 7])
    '▁▂▃▄▅▆▇█'
    >>> sparkline([9, 9, 5, 5, 3, 3, 2, 2], width=4, blocks=ASCII_BLOCKS)
    '#=._'
    """
    places = min(width, len(numbers))
    edges = [place * len(numbers) // max(places, 1) for place in range(places + 1)]
    heights = [mean_of_finite(numbers[start:end]) for start, end in pairwise(edges)]
    known = [height for height in heights if height is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    return "".join(" " if x is None else blocks[level(x, low, high)] for x in heights)


def mean_of_finite(numbers: Iterable[float]) -> float | None:
    """Return the mean of the finite ones, or None if there are none; it does not overflow."""
    finite = [x for x in numbers if math.isfinite(x)]
    return math.fsum(x / len(finite) for x in finite) if finite else None


def level(height: float, low: float, high: float) -> int:
    """Return which of eight equal steps between low and high a height is on: 0 to 7."""
    span = high / 2 - low / 2  # high - low itself could overflow
    if span == 0.0:
        return 0
    share = (height / 2 - low / 2) / span
    return min(int(8 * share), 7)


def can_show(text: str, stream: TextIO) -> bool:
    """Return whether a stream's encoding has all the characters of a text."""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


# -- a computation under way -----------------------------------------------------------------


class LiveLine:
    """A line that is drawn over what it was, on a terminal; elsewhere there is none.

    The stream is that of errors, unless another is given.
    """

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stderr or io.StringIO()  # a program without a console has none
        self.is_live = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.width = 0  # as it is drawn now

    @property
    def room(self) -> int:
        """How wide it may be: in the last column, some terminals begin a new line."""
        return columns_of(self.stream) - 1

    def draw(self, text: str) -> None:
        """Draw as much of a text as there is room for, and blanks over what was."""
        room = self.room
        line = cut(text, room)
        width = width_of(line)
        blanks = " " * (min(self.width, room) - width)
        self.write(f"\r{line}{blanks}")
        self.width = width

    def end(self) -> None:
        """Leave it as it is, and go on in the next."""
        if self.width:
            self.write("\n")
            self.width = 0

    def clear(self) -> None:
        """Leave nothing behind."""
        if self.width:
            self.write(f"\r{' ' * min(self.width, self.room)}\r")
            self.width = 0

    def write(self, text: str) -> None:
        """Write at once; where that fails, nothing more is told, for the computation must go on."""
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:  # its reader is gone, or its disk is full
            self.stream, self.is_live = io.StringIO(), False


class Progress:
    """Tells on a stream how far a computation has come: a block for `with`.

    On a terminal it is one line, drawn anew at most ten times a second and never wider than the
    terminal. Elsewhere it is at most ten lines, and one more for a computation that ends early.

        with Progress(len(tasks), "training") as progress:
            for done, task in enumerate(tasks, start=1):
                loss = work_on(task)
                progress.update(done, f"loss {loss:.4f}")
    """

    def __init__(self, total: int, label: str, stream: TextIO | None = None, done: int = 0):
        """Begin now, with so much done; the stream is that of errors, unless another is given."""
        self.total, self.label = total, label
        self.line = LiveLine(stream)
        self.done, self.text = done, ""
        self.told, self.told_at = done, -math.inf  # what was told last, and when
        self.began_at = time.monotonic()
        self.marks = deque([(self.began_at, done)], maxlen=DRAWINGS_KEPT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    def update(self, done: int, text: str = "") -> None:
        """Take note that so many of the total are done, and tell it if it is time to."""
        self.done, self.text = done, text
        now = time.monotonic()
        is_live = self.line.is_live
        pause = BETWEEN_DRAWINGS_S if is_live else BETWEEN_LINES_S
        if now - self.told_at >= pause and (is_live or self.tenth(done) > self.tenth(self.told)):
            self.tell(now)

    def close(self) -> None:
        """Tell the last state, unless a line told it already, and end the live line."""
        if self.done != self.told or self.line.width:
            self.tell(time.monotonic())
        self.line.end()

    def tell(self, now: float) -> None:
        """Write the state of now, over the live line or as a line of its own."""
        self.told, self.told_at = self.done, now
        self.marks.append((now, self.done))
        facts = [f"{self.done:,}/{self.total:,}", self.time_left(now), self.text]
        facts = [fact for fact in facts if fact]
        if self.line.is_live:
            self.draw(facts)
        else:
            self.line.write(f"{self.label}: {', '.join(facts)}\n")

    def draw(self, facts: Sequence[str]) -> None:
        """Draw the live line: with label and bar if there is room."""
        room = self.line.room
        line = GAP.join([self.label, self.bar(), *facts])
        if width_of(line) > room:
            line = GAP.join([self.label, *facts])
        if width_of(line) > room:
            line = GAP.join(facts)
        self.line.draw(line)

    def bar(self) -> str:
        """Return the share that is done as a row of cells, full and empty."""
        full, empty = "█░" if can_show("█░", self.line.stream) else "#."
        cells = min(BAR_CELLS * self.done // max(self.total, 1), BAR_CELLS)
        return full * cells + empty * (BAR_CELLS - cells)

    def tenth(self, done: int) -> int:
        """Return how many tenths of the total this is, rounded down."""
        return 10 * done // max(self.total, 1)

    def time_left(self, now: float) -> str:
        """Return the time that the rest will take, at the speed of late, or that all has taken."""
        if self.done >= self.total:
            return duration(now - self.began_at)
        then, done_then = self.marks[0]
        done_since = self.done - done_then
        if done_since <= 0 or now - self.began_at < BETWEEN_DRAWINGS_S:
            return ""  # too early to tell
        seconds_each = (now - then) / done_since
        return f"{duration(seconds_each * (self.total - self.done))} left"


def duration(seconds: float) -> str:
    """Return a time as people say it.

    >>> duration(0.84), duration(75), duration(3 * 3600)
    ('0.8 s', '1 min 15 s', '3 h 0 min')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def figure(number: float) -> str:
    """Return a number to four decimals, or a huge one to four digits.

    >>> figure(0.00471), figure(4499997228218.0)
    ('0.0047', '4.5e+12')
    """
    return f"{number:.4f}" if number < 1e9 else f"{number:.4g}"


# -- room on a line --------------------------------------------------------------------------


def columns_of(stream: TextIO | None) -> int:
    """Return how many columns the terminal behind a stream has; 80 where it does not say."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80  # type: ignore[union-attr]
    except (AttributeError, OSError, ValueError):
        return 80


def width_of(text: str) -> int:
    """Return how many columns a text takes: East Asian characters take two, accents none.

    >>> width_of("loss"), width_of("損失")
    (4, 4)
    """
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def cut(text: str, room: int) -> str:
    """Return as much of a text as fits into so many columns."""
    while width_of(text) > max(room, 0):
        text = text[:-1]
    return text
