"""`scan` and `while` as loops of the machine, on single numbers or on one in each lane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...operations import Scan, While
from .. import UnsupportedError
from .code import Value
from .emitter import FEW, Body, Place, loaded
from .loops import counted, repeated
from .memory import Column


def scan(body: Body, slot: int, op: Scan) -> list[Place]:
    """Write a scan, and return where its results are."""
    return ScanLoop(body, slot, op).write()


class ScanLoop:
    """Writes one scan."""

    def __init__(self, body: Body, slot: int, op: Scan):
        self.body = body
        self.code = body.code
        self.emitter = body.emitter
        self.slot = slot
        self.op = op
        operands = [body.place(x) for x in body.program.operands[slot]]
        last = op.states + op.sequences
        self.sequences = operands[op.states : last]
        self.same = operands[last:]
        self.state = self.states(operands[: op.states])
        self.given = self.targets()

    def states(self, starts: Sequence[Place]) -> list[Any]:
        """Return how each number or column of the state is kept from step to step."""
        numbers = [x for x in self.op.body.inputs[: self.op.states] if not x.axes]
        kind = InRegister if len(numbers) <= FEW or self.emitter.lane else InMemory
        found: list[Any] = []
        for start, given in zip(starts, self.op.body.inputs, strict=False):
            if given.axes and self.emitter.lane:
                raise UnsupportedError("columns that change in a loop over rows")
            found.append(
                InColumns(self.body, start, given.axes) if given.axes else kind(self.body, start)
            )
        return found

    def targets(self) -> list[Column]:
        """Return where what the steps give is put: where an output is wanted, if it is one."""
        program, found = self.body.program, []
        results = list(self.op.results())[self.op.states :]
        wanted = {}
        for slot, op, operands in program.steps():
            if operands and operands[0] == self.slot and slot in self.body.target_of:
                wanted[op] = self.body.target_of[slot]
        rows = self.body.axes[self.slot]
        for get in results:
            axes = tuple(axis for axis in program.order if axis in (*rows, *get.axes))
            homes, key = self.body.homes, (self.slot, get.index)
            if key not in homes:
                homes[key] = wanted.get(get) or self.emitter.column(axes)
            found.append(homes[key])
        return found

    def write(self) -> list[Place]:
        """Write the loop, and return where its results are."""
        code, states = self.code, self.op.states
        length = self.emitter.lengths[self.op.axis]

        def step(count: str, now: list[Value]) -> Sequence[Value]:
            index = count
            if self.op.is_reversed:
                index = code.let(f"sub i64 {code.let(f'sub i64 {length}, 1')}, {count}")
            rest = iter(now)
            places = [each.now(rest) for each in self.state]
            places += [self.entry(x, index) for x in self.sequences] + self.same
            given = [x.at(code, self.op.axis, index) for x in self.given]
            wanted = [each.wanted for each in self.state]
            inner = Body(self.emitter, self.op.body, places, [*wanted, *given])
            outputs = inner.outputs()
            return [
                x
                for x, each in zip(map(self.number, outputs[:states]), self.state, strict=True)
                if each.changes(x)
            ]

        starts = [x for each in self.state if (x := each.begin()) is not None]
        rest = iter(counted(code, length, starts, step))
        return [each.end(rest) for each in self.state] + list(self.given)

    def number(self, place: Place) -> Any:
        """Return the next state, in lanes if the loop is in a loop over rows."""
        if isinstance(place, Column) and place.axes and not self.emitter.lane:
            return place
        x = loaded(self.code, place, self.emitter.lane) if isinstance(place, Column) else place
        return self.code.widened(x) if self.emitter.lane else x

    def entry(self, sequence: Place, index: str) -> Place:
        """Return the entry of a sequence in one step."""
        if isinstance(sequence, Column) and self.op.axis in sequence.axes:
            return sequence.at(self.code, self.op.axis, index)
        return sequence


class InRegister:
    """A number of the state that is kept in a register."""

    wanted = None

    def __init__(self, body: Body, start: Place):
        self.body = body
        self.start = start

    def begin(self) -> Value | None:
        """Return the first number."""
        code, lane = self.body.code, self.body.emitter.lane
        x = loaded(code, self.start, lane)
        return code.widened(x) if lane else x

    def now(self, rest: Any) -> Place:
        """Return the number in a step."""
        return next(rest)

    def changes(self, x: Any) -> bool:
        """Return whether a register takes the next one."""
        del x
        return True

    def end(self, rest: Any) -> Place:
        """Return the last number."""
        return next(rest)


class InMemory:
    """A number of the state that is kept in memory, as there are many."""

    def __init__(self, body: Body, start: Place):
        self.body = body
        self.start = start
        self.wanted = body.emitter.column(())

    def begin(self) -> Value | None:
        """Write the first number."""
        self.body.emitter.copy(self.start, self.wanted)
        return None

    def now(self, rest: Any) -> Place:
        """Return where the number is in a step."""
        del rest
        return self.wanted

    def changes(self, x: Any) -> bool:
        """Return whether a register takes the next one."""
        del x
        return False

    end = now


class InColumns:
    """A column of the state: that of now, and that of the next step."""

    def __init__(self, body: Body, start: Place, axes: Any):
        self.body = body
        self.start = start
        self.here = body.emitter.column(axes)
        self.wanted = body.emitter.column(axes)

    def begin(self) -> Value | None:
        """Write the first column."""
        self.body.emitter.copy(self.start, self.here)
        return None

    def now(self, rest: Any) -> Place:
        """Return where the column is in a step."""
        del rest
        return self.here

    def changes(self, x: Any) -> bool:
        """Write the next column over that of now, which is read no longer."""
        del x
        self.body.emitter.copy(self.wanted, self.here)
        return False

    end = now


def while_loop(body: Body, slot: int, op: While) -> list[Place]:
    """Write a while, and return where its results are."""
    emitter, code = body.emitter, body.code
    if any(each.axes for each in op.body.inputs):
        raise UnsupportedError("columns in a while")
    operands = [body.place(x) for x in body.program.operands[slot]]
    states = len(op.body.outputs)
    starts, same = operands[:states], operands[states:]
    first = [loaded(code, x, emitter.lane) for x in starts]
    if emitter.lane:
        first = [code.widened(x) for x in first]

    active: list[Value] = []

    def holds(now: list[Value]) -> str:
        (place,) = Body(emitter, op.condition, [*now, *same], [None]).outputs()
        mask = code.truth(place)
        if not emitter.lane:
            return mask.text
        mask = mask if mask.is_wide else code.truth(code.widened(place))
        if emitter.lane.mask:
            mask = Value(
                code.let(f"and {code.bits(mask)} {mask.text}, {emitter.lane.mask}"), is_wide=True
            )
        active[:] = [mask]
        if code.width == 1:
            return mask.text
        code.declare(f"i1 @llvm.vector.reduce.or.v{code.width}i1({code.bits(mask)})")
        return code.let(
            f"call i1 @llvm.vector.reduce.or.v{code.width}i1({code.bits(mask)} {mask.text})"
        )

    def step(now: list[Value]) -> Sequence[Value]:
        after = Body(emitter, op.body, [*now, *same], [None] * states).outputs()
        found = [loaded(code, x, emitter.lane) for x in after]
        if not emitter.lane:
            return found
        return [code.select(active[0], x, y) for x, y in zip(found, now, strict=True)]

    return list(repeated(code, first, holds, step))
