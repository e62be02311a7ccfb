"""Loops over rows: steps in lanes, what is kept of them, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...programs.grouping import Loop
from ...programs.program import Program, programs_in
from .code import Value
from .emitter import FEW, Body
from .instructions import native
from .loops import counted, lanes
from .memory import Column, Lane
from .memory import Place as AxisPlace

SHORT = 200  # steps of a loop over rows that may be written twice


class RowLoop:
    """Writes a loop over axes: its steps, what is kept of them, and what they add up to.

    Along the first axis, along which numbers lie side by side, several places are done at once,
    unless a loop around does so already.
    """

    def __init__(self, body: Body, loop: Loop, sums: Sequence[int]):
        self.body = body
        self.code = body.code
        self.emitter = body.emitter
        self.first, *self.others = loop.axes
        self.slots = loop.slots
        self.kept: dict[int, Column] = {}
        self.columns = {slot: self.home(slot) for slot in sums if body.axes[slot]}
        self.sums = [Accumulator(body, slot) for slot in sums if self.is_along_first(slot)]
        self.in_columns = [slot for slot in sums if not self.is_along_first(slot)]

    def is_along_first(self, slot: int) -> bool:
        """Return whether a reduction is over the axis of the innermost loop."""
        op: Any = self.body.program.ops[slot]
        return bool(op.axis == self.first)

    def home(self, slot: int) -> Column:
        """Return where the entries of a slot are kept."""
        return self.emitter.column(self.body.axes[slot], in_lanes=self.body.is_in_lanes)

    def write(self) -> None:
        """Write the loop; afterward the body knows where the results are."""
        body = self.body
        outside = dict(body.places)
        for slot in self.in_columns:
            self.emitter.copy(Accumulator(body, slot).start(), self.columns[slot])
        self.nest(self.others)
        found = {slot: body.places[slot] for slot in body.added_up if slot in body.places}
        body.places = {**outside, **found, **self.kept, **self.columns}

    def nest(self, axes: Sequence[str]) -> None:
        """Write the loops over some axes, the last one outside, and that over the first inside."""
        if not axes:
            self.innermost()
            return
        *inner, axis = axes

        def step(index: str, _: list[Value]) -> Sequence[Value]:
            self.body.here[axis] = index
            self.nest(inner)
            return []

        counted(self.code, self.emitter.lengths[axis], [], step, can_be_stopped=True)
        del self.body.here[axis]

    def innermost(self) -> None:
        """Write the loop over the first axis."""
        body, length = self.body, self.emitter.lengths[self.first]
        in_registers = len(self.sums) <= FEW
        starts = [each.begin(in_registers=in_registers) for each in self.sums]
        state = starts if in_registers else []
        if body.is_in_lanes:
            found = counted(self.code, length, state, self.step)
        else:
            self.emitter.row_axes.add(self.first)
            is_short = size_of(body.program, self.slots) + len(self.sums) < SHORT
            found = lanes(self.code, self.first, length, state, self.step, is_short=is_short)
        del body.here[self.first]
        if body.cells and not in_registers:
            self.add_up_lanes()
            return
        for i, each in enumerate(self.sums):
            total = each.total(found[i] if in_registers else each.loaded())
            if each.slot in self.columns:
                body.located(self.columns[each.slot]).store(self.code, total)
            else:
                body.places[each.slot] = total

    def add_up_lanes(self) -> None:
        """Write what all lanes add up to into the cells, of as many sums as lanes at once."""
        code, cells = self.code, self.body.cells
        self.body.places.update({each.slot: cells[each.slot] for each in self.sums})
        width, i = code.width, 0
        while i < len(self.sums):
            group = self.sums[i : i + width]
            home = cells[group[0].slot]
            if len(group) == width and all(each.is_sum for each in group):
                totals = code.totals_of_lanes([each.loaded() for each in group])
                replace(home, apart="1").store(code, totals)
                i += width
            else:
                home.store(code, group[0].total(group[0].loaded()))
                i += 1

    def step(self, place: AxisPlace, before: list[Value]) -> Sequence[Value]:
        """Write what is done in one place, or in several at once.

        What is added up is added at once, so that it need not be kept until the end.
        """
        body, code, emitter = self.body, self.code, self.emitter
        body.here[self.first] = place
        if isinstance(place, Lane):
            emitter.lane, emitter.active = place, place.mask
        mask = place.mask if isinstance(place, Lane) else ""
        code.loads = {}
        now: list[Any] = list(before) or [None] * len(self.sums)
        here = set(self.slots)
        of: dict[Any, list[int]] = {}
        for i, each in enumerate(self.sums):
            of.setdefault(each.operand if each.operand in here else None, []).append(i)
        for slot in [None, *self.slots]:
            if slot is not None:
                body.places[slot] = body.step(slot)
                self.keep(slot)
            for i in of.get(slot, ()):
                now[i] = self.sums[i].add(mask, now[i])
        for slot in self.in_columns:
            self.add_in_column(slot)
        if isinstance(place, Lane):
            emitter.lane, emitter.active = None, ""
        return [x for x in now if x is not None]

    def keep(self, slot: int) -> None:
        """Write the entries of a slot to memory, if they are needed outside of the loop."""
        body, place = self.body, self.body.places[slot]
        if slot not in body.kept or slot in body.added_up or isinstance(place, list):
            return
        if place in body.homes.values():  # there they are already
            self.kept[slot] = place
            return
        if slot not in self.kept:
            self.kept[slot] = body.target_of.get(slot) or self.home(slot)
        self.emitter.copy(place, body.located(self.kept[slot]))

    def add_in_column(self, slot: int) -> None:
        """Write a step of a sum over one of the outer axes, whose results are a column."""
        each, column = Accumulator(self.body, slot), self.body.located(self.columns[slot])
        after = each.combined(column.load(self.code), self.body.value(each.operand))
        column.store(self.code, after)


def size_of(program: Program, slots: Sequence[int]) -> int:
    """Return how many steps are written for some slots, those of loops included."""
    size = len(slots)
    for slot in slots:
        for inner in programs_in(program.ops[slot]).values():
            size += size_of(inner, range(len(inner)))
    return size


class Accumulator:
    """Writes the sum or the max over an axis: in the loop over it one in each lane, then all."""

    def __init__(self, body: Body, slot: int):
        self.body = body
        self.code = body.code
        self.slot = slot
        op: Any = body.program.ops[slot]
        self.is_sum = op.name == "sum"
        self.operand = body.program.operands[slot][0]
        self.pointer, self.align = "", 0

    def start(self) -> Value:
        """Return what nothing adds up to."""
        return self.code.constant(0.0 if self.is_sum else float("-inf"))

    def begin(self, *, in_registers: bool) -> Value:
        """Write what comes before the loop."""
        code = self.code
        start = code.widened(self.start())
        if not in_registers:
            self.pointer, self.align = self.body.emitter.room_for_lanes()
            self.write(start)
        return start

    def add(self, mask: str, before: Value | None) -> Value | None:
        """Write what is done in the loop; what is not under a mask is left out."""
        code = self.code
        x = code.widened(self.body.value(self.operand))
        now = before or self.loaded()
        after = self.combined(now, x)
        if mask:
            after = code.select(Value(mask, is_wide=True), after, now)
        if before is not None:
            return after
        self.write(after)
        return None

    def combined(self, x: Value, y: Value) -> Value:
        """Write the sum, or the larger of two."""
        if self.is_sum:
            return self.code.apply("fadd contract", x, y)
        return native(self.code, "maximum", [x, y])

    def loaded(self) -> Value:
        """Return what has been added up in memory, in lanes."""
        code = self.code
        text = f"load {code.many}, ptr {self.pointer}, align {self.align}"
        return Value(code.let(text), is_wide=True)

    def write(self, x: Value) -> None:
        """Write what has been added up to memory."""
        text = f"store {self.code.many} {x.text}, ptr {self.pointer}, align {self.align}"
        self.code.write(text)

    def total(self, found: Value) -> Value:
        """Return the sum or the max of all lanes, unless they are those of a loop around."""
        code = self.code
        if self.body.is_in_lanes:
            return found
        if self.is_sum:
            return code.total_of_lanes(found)
        entries = [code.lane(found, i) for i in range(code.width)]
        while len(entries) > 1:
            entries = [self.combined(*entries[i : i + 2]) for i in range(0, len(entries), 2)]
        return entries[0]
