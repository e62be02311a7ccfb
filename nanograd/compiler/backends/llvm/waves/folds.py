"""Waves of folds: sums of products and the like, with the members in the lanes, or the terms.

Where members lie side by side, each lane has one of them, and goes through its terms. Where terms
do, as in a row of a matrix times a vector, the lanes go through them, and are added up at the end,
for as many members at once as there are lanes. Others are done one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from .....nanograd import add
from ....schedules.forms import NEUTRAL, Fold
from ....schedules.patterns import stride_of
from ..code import Value
from ..instructions import native
from ..loops import counted
from ..memory import Lane
from .access import Even
from .parts import PartWriter, groups, members, vectors

CHAINS = 4  # of terms that are combined independently of each other, to keep the processor busy
WRITTEN_OUT = 64  # terms; of more of them there is a loop

Lanes = Sequence[Lane | None]  # None for one member alone


class FoldWriter:
    """Writes a part whose members are folds."""

    def __init__(self, writer: PartWriter, fold: Fold):
        self.writer = writer
        self.code = writer.code
        self.fold = fold
        self.terms = writer.part.terms
        self.strides = list(map(stride_of, self.terms))  # from term to term; None if uneven
        self.neutral = self.code.constant(NEUTRAL[fold.op])

    def write(self) -> None:
        """Write the part in the way that suits it."""
        part = self.writer.part
        if self.fold.is_column:
            self.writer.write(self.in_rows)
            return
        has_runs = any(count > 1 for count, _ in part.runs)
        if has_runs and {*part.strides} <= {0, 1}:
            self.writer.write(self.across)
        elif self.are_terms_side_by_side():
            self.writer.write(self.along)
        else:
            self.writer.write(self.one_by_one)

    def are_terms_side_by_side(self) -> bool:
        """Return whether lanes can go through the terms."""
        width = self.code.width
        is_long = width > 1 and self.fold.length > width // 2
        return self.fold.op is add and is_long and 1 in self.strides and {*self.strides} <= {0, 1}

    # -- terms -------------------------------------------------------------------------------

    def term(self, leaves: Sequence[Even], lanes: Lanes) -> list[Value]:
        """Write a term of the members in some lanes; what is the same is loaded once."""
        loaded: dict[tuple[Even, str], Value] = {}
        found = []
        for lane in lanes:
            values = []
            for leaf in leaves:
                key = leaf, lane.place if lane and leaf.is_in_lanes else ""
                if key not in loaded:
                    loaded[key] = self.writer.load(leaf, lane)
                values.append(loaded[key])
            found.append(self.writer.formula(self.fold.form, iter(values)))
        return found

    def at(self, leaves: Sequence[Even], k: int) -> list[Even]:
        """Return where a term has its leaves."""
        return [leaf.moved(terms[k]) for leaf, terms in zip(leaves, self.terms, strict=True)]

    def at_run_time(self, leaves: Sequence[Even], place: str) -> list[Even]:
        """Return where a term has its leaves, whose number is known at run time."""
        return [
            self.moved(leaf, stride, terms, place)
            for leaf, stride, terms in zip(leaves, self.strides, self.terms, strict=True)
        ]

    def moved(self, leaf: Even, stride: int | None, terms: Sequence[int], place: str) -> Even:
        """Return where a leaf is in a term whose number is known at run time."""
        code = self.code
        if stride == 0:
            return leaf
        if stride is None:
            lowest = min(terms)
            far = self.writer.entry([x - lowest for x in terms])(place)
            leaf = leaf.moved(lowest)
        else:
            far = code.let(f"mul i64 {place}, {stride}")
        return replace(leaf, start=code.let(f"add i64 {leaf.start}, {far}"))

    def combined(self, x: Value | None, y: Value) -> Value:
        """Write two terms, combined."""
        if x is None:
            return y
        if self.fold.op is add:
            return self.code.apply("fadd contract", x, y)
        return native(self.code, self.fold.op.name, [x, y])

    def begun(self, x: Value) -> Value:
        """Write what the terms come to, combined with what the fold begins with."""
        start = self.fold.start
        if repr(start) == repr(NEUTRAL[self.fold.op]):
            return x
        return self.combined(self.code.constant(start), x)

    def folded(self, leaves: Sequence[Even], lanes: Lanes) -> list[Value]:
        """Write what all terms of the members in some lanes come to."""
        length = self.fold.length
        if length > WRITTEN_OUT:
            found = self.in_loop(leaves, lanes)
            first = length - length % CHAINS
        else:
            found = [[None] * max(1, CHAINS // len(lanes)) for _ in lanes]
            first = 0
        for k in range(first, length):
            for chains, x in zip(found, self.term(self.at(leaves, k), lanes), strict=True):
                chains[k % len(chains)] = self.combined(chains[k % len(chains)], x)
        totals = [[x for x in chains if x is not None] for chains in found]
        return [self.begun(reduce(self.combined, chains)) for chains in totals]

    def in_loop(self, leaves: Sequence[Even], lanes: Lanes) -> list[list[Value | None]]:
        """Write a loop over the terms, some at once; return what it comes to in each chain."""
        code, neutral = self.code, self.neutral
        starts = [code.widened(neutral) if lane else neutral for lane in lanes]

        def step(index: str, now: list[Value]) -> Sequence[Value]:
            first = code.let(f"mul i64 {index}, {CHAINS}")
            chains = list(now)
            for k in range(CHAINS):
                place = code.let(f"add i64 {first}, {k}")
                terms = self.term(self.at_run_time(leaves, place), lanes)
                rows = slice(k * len(lanes), (k + 1) * len(lanes))
                chains[rows] = map(self.combined, chains[rows], terms)
            return chains

        rounds = str(self.fold.length // CHAINS)
        found = counted(code, rounds, starts * CHAINS, step)
        return [list(found[i :: len(lanes)]) for i in range(len(lanes))]

    # -- ways --------------------------------------------------------------------------------

    def across(self, count: str, accesses: Sequence[Even]) -> None:
        """Write a run with its members in the lanes."""
        result, *leaves = accesses

        def step(lanes: list[Lane]) -> None:
            for lane, x in zip(lanes, self.folded(leaves, lanes), strict=True):
                result.store(self.code, lane, x)

        vectors(self.code, count, step)

    def in_rows(self, count: str, accesses: Sequence[Even]) -> None:
        """Write a run of columns, with the rows in the lanes."""
        code = self.code

        def step(index: str) -> None:
            result, *leaves = [each.member(code, index) for each in accesses]

            def rows(lanes: list[Lane]) -> None:
                for lane, x in zip(lanes, self.folded(leaves, lanes), strict=True):
                    result.store(code, lane, x)

            vectors(code, self.writer.count, rows)

        members(code, count, step)

    def one_by_one(self, count: str, accesses: Sequence[Even]) -> None:
        """Write a run member by member."""

        def step(index: str) -> None:
            result, *leaves = [each.member(self.code, index) for each in accesses]
            (x,) = self.folded(leaves, [None])
            result.store(self.code, None, x)

        members(self.code, count, step)

    # -- along the terms ---------------------------------------------------------------------

    def along(self, count: str, accesses: Sequence[Even]) -> None:
        """Write a run with the terms in the lanes: as many members at once as there are lanes."""
        code, width = self.code, self.code.width
        result, *leaves = accesses

        def several(index: str) -> None:
            first = code.let(f"mul i64 {index}, {width}")
            here = [each.member(code, first) for each in leaves]
            totals = code.totals_of_lanes(self.totals(here, leaves, width))
            result.store(code, Lane("", first, ""), self.begun(totals))

        def one(index: str) -> None:
            here = [each.member(code, index) for each in (result, *leaves)]
            (total,) = self.totals(here[1:], leaves, 1)
            here[0].store(code, None, self.begun(code.total_of_lanes(total)))

        groups(code, count, several if result.stride == 1 else None, one)

    def totals(self, here: Sequence[Even], leaves: Sequence[Even], members: int) -> list[Value]:
        """Write the terms of some members, added up in lanes."""
        code, width = self.code, self.code.width
        full, left = divmod(self.fold.length, width)
        strides = [leaf.stride for leaf in leaves]
        every = []
        for m in range(members):
            moved = [each.moved(m * stride) for each, stride in zip(here, strides, strict=True)]
            pairs = zip(moved, self.strides, strict=True)
            every.append([replace(each, stride=stride or 0) for each, stride in pairs])
        now = [code.widened(self.neutral)] * members
        if full * width > WRITTEN_OUT:

            def step(index: str, before: list[Value]) -> list[Value]:
                return self.chunk(
                    every, Lane("", code.let(f"mul i64 {index}, {width}"), ""), before
                )

            now = counted(code, str(full), now, step)
        else:
            for i in range(full):
                now = self.chunk(every, Lane("", str(i * width), ""), now)
        if left:
            bits = ", ".join([f"i1 {int(i < left)}" for i in range(width)])
            now = self.chunk(every, Lane("", str(full * width), f"<{bits}>"), now)
        return now

    def chunk(
        self,
        every: Sequence[Sequence[Even]],
        lane: Lane,
        before: Sequence[Value],
    ) -> list[Value]:
        """Write the terms in some lanes of each member, added to what was there before."""
        loaded: dict[Even, Value] = {}
        after = []
        for leaves, now in zip(every, before, strict=True):
            for leaf in leaves:
                if leaf not in loaded:
                    loaded[leaf] = self.writer.load(leaf, lane)
            x = self.writer.formula(self.fold.form, iter([loaded[leaf] for leaf in leaves]))
            x = self.code.widened(x)
            if lane.mask:
                x = self.code.select(Value(lane.mask, is_wide=True), x, self.neutral)
            after.append(self.combined(now, x))
        return after
