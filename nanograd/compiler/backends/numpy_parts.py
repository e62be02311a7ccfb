"""What NumPy does for a part of a wave: one formula, fold or look-up, for many members at once.

Members that lie evenly are views of memory, without a copy; others are had by their places. What
can be known before is made ready once, for any memory, as *steps*. A step that is bound to some
memory is a function without arguments, which is then called again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from math import nan
from typing import Any

from ...nanograd import add, mul
from ...reductions import sum_of
from ..schedules.forms import NUMBER, Fold, Form, Take
from ..schedules.patterns import stride_of
from ..schedules.schedule import Offsets, Part
from .formulas import Column, mended
from .pieces import Piece, members_of, pieces_of
from .ufuncs import NATIVE, Ufuncs

FEW = 2  # pieces: each is done alone, and so is one that is large; all others are done together
LARGE = 1_000  # terms
LONG = 512  # terms of one sum: these are added up in pairs of pairs, of which less is lost

Segments = Mapping[int, Any]
Terms = Sequence[Offsets]  # of each leaf: how far they are from the first
Run = Callable[[], None]
Evaluation = Callable[[Sequence[Column]], Column]


# -- access ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Even:
    """Numbers of a segment at even distances in each dimension; if one is 0, they are the same."""

    np: Any
    segment: int
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def view(self, segments: Segments) -> Column:
        """Return the numbers in place."""
        memory = segments[self.segment]
        size = memory.itemsize
        apart = [stride * size for stride in self.strides]
        return self.np.ndarray(self.shape, memory.dtype, memory, self.start * size, apart)

    def load(self, segments: Segments) -> Callable[[], Column]:
        """Return what reads the numbers."""
        view = self.view(segments)
        return lambda: view

    def store(self, segments: Segments) -> Callable[[Column], None]:
        """Return what writes the numbers."""
        return partial(self.view(segments).__setitem__, ...)

    def places(self) -> Column:
        """Return where in the segment the numbers are."""
        found = self.np.full(self.shape, self.start)
        grid = self.np.indices(self.shape, sparse=True)
        for index, stride in zip(grid, self.strides, strict=True):
            found += index * stride
        return found

    def with_terms(self, offsets: Sequence[int]) -> Access:
        """Return the numbers at these distances from each of these, along one more dimension."""
        stride = stride_of(offsets)
        if stride is None:
            return Scattered(self.np, self.segment, self.places()).with_terms(offsets)
        shape = (*self.shape, len(offsets))
        return Even(self.np, self.segment, self.start, shape, (*self.strides, stride))


@dataclass(frozen=True, eq=False)
class Scattered:
    """Numbers of a segment at any places, which are an array."""

    np: Any
    segment: int
    array: Column

    def load(self, segments: Segments) -> Callable[[], Column]:
        """Return what reads the numbers."""
        return partial(segments[self.segment].take, self.array)

    def store(self, segments: Segments) -> Callable[[Column], None]:
        """Return what writes the numbers."""
        return partial(segments[self.segment].__setitem__, self.array)

    def places(self) -> Column:
        """Return where in the segment the numbers are."""
        return self.array

    def with_terms(self, offsets: Sequence[int]) -> Access:
        """Return the numbers at these distances from each of these, along one more dimension."""
        places = self.array[..., None] + self.np.array(offsets)
        return Scattered(self.np, self.segment, places)


Access = Even | Scattered


def accesses_of(np: Any, part: Part, pieces: Sequence[Piece]) -> list[Access]:
    """Return how members that are done at once have their results, and the first of each leaf."""
    if len(pieces) == 1:
        (piece,) = pieces
        strides = zip(*piece.strides, strict=True)
        columns = zip(part.segments, piece.starts, strides, strict=True)
        return [Even(np, segment, start, piece.shape, each) for segment, start, each in columns]
    members = [member for piece in pieces for member in members_of(piece)]
    places = zip(*members, strict=True)
    return [column_of(np, *each) for each in zip(part.segments, places, strict=True)]


def column_of(np: Any, segment: int, places: Sequence[int]) -> Access:
    """Return the numbers at these places of a segment."""
    stride = stride_of(places)
    if stride is None:
        return Scattered(np, segment, np.array(places))
    return Even(np, segment, places[0], (len(places),), (stride,))


# -- formulas --------------------------------------------------------------------------------


def evaluation(ufuncs: Ufuncs, form: Form, leaves: Iterator[int]) -> Evaluation:
    """Return what evaluates a formula, given columns; `leaves` says which of them are its leaves.

    Each result is a column of the numbers' own type: a comparison gives none by itself.
    """
    if form.op is None:
        leaf = next(leaves)
        return lambda columns: columns[leaf]
    function, column = ufuncs.of(form.op), ufuncs.column
    parts = [evaluation(ufuncs, part, leaves) for part in form.parts]
    return lambda columns: column(function(*[part(columns) for part in parts]))


class Formula:
    """A step: a formula."""

    def __init__(self, ufuncs: Ufuncs, form: Form, accesses: Sequence[Access]):
        self.result, *self.leaves = accesses
        self.evaluate = evaluation(ufuncs, form, count())

    def bound(self, segments: Segments) -> Run:
        """Return what does the step in some memory."""
        evaluate = self.evaluate
        loads = [leaf.load(segments) for leaf in self.leaves]
        store = self.result.store(segments)
        return lambda: store(evaluate([load() for load in loads]))


# -- folds -----------------------------------------------------------------------------------


class Folding:
    """A step: the terms of each member, combined. They are along the last dimension."""

    def __init__(self, ufuncs: Ufuncs, fold: Fold, accesses: Sequence[Access], terms: Terms):
        self.np = ufuncs.np
        self.fold = fold
        self.result, *firsts = accesses
        leaves = zip(firsts, terms, strict=True)
        self.leaves = [leaf.with_terms(offsets) for leaf, offsets in leaves]
        self.evaluate = evaluation(ufuncs, fold.form, count())
        self.reduce = getattr(ufuncs.np, NATIVE[fold.op.name]).reduce
        self.exact = partial(sum_of, fold.start)
        is_product = fold.form.op is mul and {*fold.form.parts} == {NUMBER}
        self.is_dot = fold.op is add and is_product and fold.length <= LONG

    def bound(self, segments: Segments) -> Run:
        """Return what does the step in some memory."""
        total = self.dotted if self.is_dot else self.folded
        loads = [leaf.load(segments) for leaf in self.leaves]
        store = self.result.store(segments)
        return lambda: store(total([load() for load in loads]))

    def folded(self, columns: Sequence[Column]) -> Column:
        """Return the terms, combined; a sum is finite where it can be."""
        fold, terms = self.fold, self.evaluate(columns)
        if fold.length > LONG:
            terms = self.np.ascontiguousarray(terms)  # only such are added up in pairs of pairs
        found = self.reduce(terms, axis=-1, initial=fold.start)
        if fold.op is not add or self.np.isfinite(found).all():
            return found
        return mended(self.np, found, terms, self.exact)

    def dotted(self, columns: Sequence[Column]) -> Column:
        """Return the sums of the products of two columns."""
        found = self.np.einsum("...k,...k->...", *columns) + self.fold.start
        ratio = found / found
        if self.np.isnan(ratio.sum()):  # some are 0, whose sign may be wrong, or not finite
            doubtful = self.np.isnan(ratio)
            found[doubtful] = self.folded([column[doubtful] for column in columns])
        return found


# -- look-ups --------------------------------------------------------------------------------


class LookUp:
    """A step: entries of tables at indices that are known at run time; nan where there is none."""

    def __init__(self, ufuncs: Ufuncs, accesses: Sequence[Access], terms: Terms):
        self.np = ufuncs.np
        self.result, self.index, self.table = accesses
        self.firsts = self.table.places()
        self.offsets = self.np.array(terms[0])

    def bound(self, segments: Segments) -> Run:
        """Return what does the step in some memory."""
        numbers = segments[self.table.segment]
        index = self.index.load(segments)
        store = self.result.store(segments)
        return lambda: store(self.entries(numbers, index()))

    def entries(self, numbers: Column, index: Column) -> Column:
        """Return the entries, which are among these numbers."""
        np = self.np
        is_there = (index >= 0) & (index < self.offsets.size) & (index == np.floor(index))
        entry = np.where(is_there, index, 0).astype(int)
        found = numbers.take(self.firsts + self.offsets[entry])
        return np.where(is_there, found, nan)


# -- parts -----------------------------------------------------------------------------------

Step = Formula | Folding | LookUp


def steps_of(part: Part, ufuncs: Ufuncs) -> Iterator[Step]:
    """Yield the steps of a part: as few as are fast."""
    terms = part.kind.length if isinstance(part.kind, Fold) else 1
    pieces = pieces_of(part)
    together = []
    for piece in pieces:
        if len(pieces) <= FEW or piece.size * terms >= LARGE:
            yield step_of(part, [piece], ufuncs)
        else:
            together.append(piece)
    if together:
        yield step_of(part, together, ufuncs)


def step_of(part: Part, pieces: Sequence[Piece], ufuncs: Ufuncs) -> Step:
    """Return the step that does some pieces of a part at once."""
    accesses = accesses_of(ufuncs.np, part, pieces)
    if isinstance(part.kind, Form):
        return Formula(ufuncs, part.kind, accesses)
    if isinstance(part.kind, Fold):
        return Folding(ufuncs, part.kind, accesses, part.terms)
    assert isinstance(part.kind, Take)  # noqa: S101 - totals are of rows, and there are none
    return LookUp(ufuncs, accesses, part.terms)
