"""Waves of totals: what a formula gives in all rows, combined; as sums of products of two columns.

The lanes go through the rows, for as many members at once as there are lanes: so what they share is
read once, and what each lane has come to is added up for all of them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from .....nanograd import add
from ....schedules.forms import NEUTRAL, Total
from ....schedules.memory import IS_LATER
from ..code import Value
from ..instructions import native
from ..loops import lanes
from ..memory import Lane
from .access import Even
from .parts import PartWriter, groups


class TotalWriter:
    """Writes a part whose members are totals."""

    def __init__(self, writer: PartWriter, total: Total):
        self.writer = writer
        self.code = writer.code
        self.total = total
        bit = self.code.let_first(f"icmp ne i64 {writer.whole(IS_LATER)}, 0")
        self.is_later = Value(bit)
        self.neutral = self.code.widened(self.code.constant(NEUTRAL[total.op]))

    def write(self) -> None:
        """Write the part."""
        self.writer.write(self.run)

    def run(self, count: str, accesses: Sequence[Even]) -> None:
        """Write a run of members."""
        code, width = self.code, self.code.width
        result, *leaves = accesses
        strides = [leaf.stride for leaf in leaves]

        def several(index: str) -> None:
            first = code.let(f"mul i64 {index}, {width}")
            here = [leaf.member(code, first) for leaf in leaves]
            all_members = []
            for m in range(width):
                pairs = zip(here, strides, strict=True)
                all_members.append([leaf.moved(m * stride) for leaf, stride in pairs])
            totals = code.totals_of_lanes(self.in_lanes(all_members))
            self.add(result, Lane("", first, ""), totals)

        def one(index: str) -> None:
            place, *here = [each.member(code, index) for each in accesses]
            (total,) = self.in_lanes([here])
            self.add(place, None, self.of_all_lanes(total))

        is_together = result.stride == 1 and width > 1 and self.total.op is add
        groups(code, count, several if is_together else None, one)

    def in_lanes(self, all_members: Sequence[Sequence[Even]]) -> list[Value]:
        """Write what some members come to in each lane, after a loop over the rows."""
        code = self.code

        def step(lane: Lane, before: list[Value]) -> Sequence[Value]:
            loaded: dict[Even, Value] = {}
            after = []
            for leaves, now in zip(all_members, before, strict=True):
                for leaf in leaves:
                    if leaf not in loaded:
                        loaded[leaf] = self.writer.load(leaf, lane)
                values = [loaded[leaf] for leaf in leaves]
                x = code.widened(self.writer.formula(self.total.form, iter(values)))
                if lane.mask:
                    x = code.select(Value(lane.mask, is_wide=True), x, self.neutral)
                after.append(self.combined(now, x))
            return after

        return lanes(code, "", self.writer.count, [self.neutral] * len(all_members), step)

    def combined(self, x: Value, y: Value) -> Value:
        """Write two terms, combined."""
        if self.total.op is add:
            return self.code.apply("fadd contract", x, y)
        return native(self.code, self.total.op.name, [x, y])

    def of_all_lanes(self, x: Value) -> Value:
        """Write what all lanes come to."""
        if self.total.op is add:
            return self.code.total_of_lanes(x)
        return reduce(self.combined, [self.code.lane(x, i) for i in range(self.code.width)])

    def add(self, result: Even, lane: Lane | None, x: Value) -> None:
        """Write totals, after combining them with those of the rows that were done before.

        A sum begins with 0: that of no rows is not −0.
        """
        code = self.code
        nothing = code.constant(0.0 if self.total.op is add else NEUTRAL[self.total.op])
        before = result.load(code, lane)
        begin = code.select(self.is_later, before, nothing)
        result.store(code, lane, self.combined(begin, x))
