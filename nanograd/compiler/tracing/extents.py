"""How long axes are: known only when a program runs, but it is known which are equally long.

An *extent* is a number of entries: of the arrays that were equally long in the call that is traced,
or of the steps of a loop. Each loop over it runs along an axis. Loops that stand side by side share
one, so that they can be done together; a loop inside of another has an axis of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..programs.operations import Axes


@dataclass(frozen=True)
class Slot:
    """A slot of the program, which tells how many entries there are."""

    slot: int


@dataclass(eq=False)
class Extent:
    """A number of entries, and the axes that have as many.

    Its source is how many there were in the call that is traced, or the slot that tells.
    """

    word: str  # what an entry is: rows, steps
    source: int | Slot
    axes: list[str] = field(default_factory=list)
    needed_by: str = ""  # what was done that needs one entry or more

    def __str__(self) -> str:
        count = "a computed number" if isinstance(self.source, Slot) else self.source
        return f"{count} {self.word}" if self.word != "rows" else str(count)


class Extents:
    """All extents of a trace, and the axes of the loops that are open."""

    def __init__(self) -> None:
        self.all: list[Extent] = []
        self.open: Axes = ()

    def extent(self, word: str, source: int | Slot) -> Extent:
        """Return the extent with this source, the same one for equal sources."""
        for known in self.all:
            if known.word == word and known.source == source:
                return known
        self.all.append(Extent(word, source))
        return self.all[-1]

    def axis(self, extent: Extent) -> str:
        """Return the axis along which a loop over an extent would run here."""
        for axis in extent.axes:
            if axis not in self.open:
                return axis
        taken = [axis for each in self.all for axis in each.axes if each.word == extent.word]
        number = f"_{len(taken) + 1}" if taken else ""
        extent.axes.append(extent.word + number)
        return extent.axes[-1]

    @contextmanager
    def loop(self, extent: Extent) -> Iterator[str]:
        """Open a loop over an extent, and give its axis, until the block ends."""
        before, axis = self.open, self.axis(extent)
        self.open = (*before, axis)
        try:
            yield axis
        finally:
            self.open = before
