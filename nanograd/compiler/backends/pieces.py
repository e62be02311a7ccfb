"""Members of a part of a wave that lie evenly in several dimensions, as the entries of a matrix do.

The runs of a part are such pieces of one dimension. Where runs that are alike follow each other
evenly, they are one piece with one more dimension; and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import prod
from typing import NamedTuple

from ..schedules.patterns import runs_of
from ..schedules.schedule import Offsets, Part


class Piece(NamedTuple):
    """Members by their shape; where the first is in each column, and the strides by dimension."""

    shape: tuple[int, ...]
    starts: Offsets
    strides: tuple[Offsets, ...]

    @property
    def size(self) -> int:
        """How many members there are."""
        return prod(self.shape)


def pieces_of(part: Part) -> list[Piece]:
    """Return the members of a part, in their order, in as few pieces as are found.

    >>> from nanograd.compiler.schedules.forms import NUMBER
    >>> pieces_of(Part(NUMBER, (0, 1), (1, 0), (), [(4, (0, 7)), (4, (4, 8)), (4, (8, 9))]))
    [Piece(shape=(3, 4), starts=(0, 7), strides=((4, 1), (1, 0)))]
    """
    pieces = [Piece((count,), starts, (part.strides,)) for count, starts in part.runs]
    while len(found := list(stacked(pieces))) < len(pieces):
        pieces = found
    return pieces


def stacked(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Yield pieces, of which those that follow each other evenly have become one."""
    for (shape, strides), alike in groupby(pieces, key=lambda each: (each.shape, each.strides)):
        columns = list(zip(*[each.starts for each in alike], strict=True))
        for run in runs_of(columns):
            if run.size == 1:
                yield Piece(shape, run.starts, strides)
            elif shape == (1,):
                yield Piece((run.size,), run.starts, (run.strides,))
            else:
                yield Piece((run.size, *shape), run.starts, (run.strides, *strides))


def members_of(piece: Piece) -> list[Offsets]:
    """Return where each member of a piece is in each column."""
    found = [piece.starts]
    for count, strides in zip(piece.shape, piece.strides, strict=True):
        steps = [tuple([i * stride for stride in strides]) for i in range(count)]
        found = [tuple(map(int.__add__, start, step)) for start in found for step in steps]
    return found
