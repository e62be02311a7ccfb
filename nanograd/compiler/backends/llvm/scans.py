"""`scan` and `while` as loops of the machine, on single numbers or on one in each lane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...programs.operations import Axes, Scan, While
from ...programs.program import Operand, Program
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
        pairs = zip(body.program.operands[slot], op.own_axes(), strict=True)
        operands = [body.entered(x, own) for x, own in pairs]
        last = op.states + op.sequences
        self.sequences = operands[op.states : last]
        self.same = operands[last:]
        self.state = states_for(body, operands[: op.states], op.body)
        self.homes = self.targets()
        self.given = [body.located(home) for home in self.homes]

    def targets(self) -> list[Column]:
        """Return where what the steps give is put: where an output is wanted, if it is one."""
        program, found = self.body.program, []
        results = list(self.op.results())[self.op.states :]
        wanted = {}
        for slot, op, operands in program.steps():
            if operands and operands[0] == self.slot and slot in self.body.target_of:
                wanted[op] = self.body.target_of[slot]
        rows, in_lanes = self.body.axes[self.slot], self.body.is_in_lanes
        for get in results:
            axes = tuple(axis for axis in program.order if axis in (*rows, *get.axes))
            homes, key = self.body.homes, (self.slot, get.index)
            if key not in homes:
                homes[key] = wanted.get(get) or self.emitter.column(axes, in_lanes=in_lanes)
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
            return following(self.state, inner.outputs()[:states], now)

        starts = [x for each in self.state if (x := each.begin()) is not None]
        rest = iter(counted(code, length, starts, step, can_be_stopped=True))
        return [*[each.now(rest) for each in self.state], *self.homes]

    def entry(self, sequence: Place, index: str) -> Place:
        """Return the entry of a sequence in one step."""
        if isinstance(sequence, Column) and self.op.axis in sequence.axes:
            return sequence.at(self.code, self.op.axis, index)
        return sequence


# -- how the state is kept from step to step ---------------------------------------------------


class InRegister:
    """A number of the state that is kept in a register."""

    wanted = None

    def __init__(self, body: Body, start: Place):
        self.emitter = body.emitter
        self.start = start

    def begin(self) -> Value | None:
        """Return the first number."""
        return self.number(self.start)

    def now(self, rest: Iterator[Value]) -> Place:
        """Return the number in a step, or at the end."""
        return next(rest)

    def following(self, place: Place, now: Iterator[Value], mask: str) -> Value | None:
        """Return the next number; under a mask, that of now elsewhere."""
        x, before = self.number(place), next(now)
        if not mask:
            return x
        return self.emitter.code.select(Value(mask, is_wide=True), x, before)

    def number(self, place: Place) -> Value:
        """Return a number, which in a loop over rows is one for each lane."""
        code = self.emitter.code
        x = loaded(code, place)
        return code.widened(x) if self.emitter.lane else x


class InMemory:
    """A number of the state that is kept in memory, as there are many."""

    def __init__(self, body: Body, start: Place):
        self.emitter = body.emitter
        self.start = start
        self.wanted = body.emitter.column(())

    def begin(self) -> Value | None:
        """Write the first number."""
        self.emitter.copy(self.start, self.wanted)
        return None

    def now(self, rest: Iterator[Value]) -> Place:
        """Return where the number is."""
        del rest
        return self.wanted

    def following(self, place: Place, now: Iterator[Value], mask: str) -> Value | None:
        """Do nothing: the next number was written where it is wanted."""


class InColumns:
    """A column of the state: that of now, and that of the next step."""

    def __init__(self, body: Body, start: Place, axes: Axes):
        self.emitter = body.emitter
        self.start = start
        in_lanes = body.emitter.lane is not None
        self.here = body.emitter.column(axes, in_lanes=in_lanes)
        self.wanted = body.emitter.column(axes, in_lanes=in_lanes)

    def begin(self) -> Value | None:
        """Write the first column."""
        self.emitter.copy(self.start, self.here)
        return None

    def now(self, rest: Iterator[Value]) -> Place:
        """Return where the column is."""
        del rest
        return self.here

    def following(self, place: Place, now: Iterator[Value], mask: str) -> Value | None:
        """Write the next column over that of now, which is read no longer."""
        del now
        self.emitter.copy(place, replace(self.here, mask=mask))
        return None


State = InRegister | InMemory | InColumns


def states_for(body: Body, starts: Sequence[Place], program: Program) -> list[State]:
    """Return how each number or column of the state of a loop is kept."""
    inputs = program.inputs[: len(starts)]
    count = sum(not each.axes for each in inputs)
    kind = InRegister if count <= FEW or body.emitter.lane else InMemory
    return [
        InColumns(body, start, given.axes) if given.axes else kind(body, start)
        for start, given in zip(starts, inputs, strict=True)
    ]


def following(
    state: Sequence[State],
    outputs: Sequence[Place],
    now: Sequence[Value],
    mask: str = "",
) -> list[Value]:
    """Return the next state in registers; that in memory is there already."""
    rest = iter(now)
    pairs = zip(state, outputs, strict=True)
    found = [each.following(place, rest, mask) for each, place in pairs]
    return [x for x in found if x is not None]


# -- while -------------------------------------------------------------------------------------


def while_loop(body: Body, op: While, operands: Sequence[Operand]) -> list[Place]:
    """Write a while, and return where its results are."""
    return WhileLoop(body, op, operands).write()


class WhileLoop:
    """Writes one while. In lanes it goes on until its condition holds in none of them."""

    def __init__(self, body: Body, op: While, operands: Sequence[Operand]):
        self.body = body
        self.code = body.code
        self.emitter = body.emitter
        self.op = op
        entered = [body.entered(*each) for each in zip(operands, op.own_axes(), strict=True)]
        states = len(op.body.outputs)
        self.same = entered[states:]
        self.state = states_for(body, entered[:states], op.body)
        self.active = ""  # the mask of the lanes in which the condition holds

    def write(self) -> list[Place]:
        """Write the loop, and return where its results are."""
        starts = [x for each in self.state if (x := each.begin()) is not None]
        rest = iter(repeated(self.code, starts, self.holds, self.step))
        return [each.now(rest) for each in self.state]

    def places(self, now: Sequence[Value]) -> list[Place]:
        """Return what the body and the condition take in a step."""
        rest = iter(now)
        return [*[each.now(rest) for each in self.state], *self.same]

    def holds(self, now: list[Value]) -> str:
        """Write the condition, and return whether it holds in any lane."""
        code, emitter = self.code, self.emitter
        (place,) = Body(emitter, self.op.condition, self.places(now), [None]).outputs()
        number = loaded(code, place)
        if emitter.lane is None or code.width == 1:
            return code.truth(number).text
        mask = code.truth(code.widened(number)).text
        bits = code.vector("i1")
        if emitter.active:
            mask = code.let(f"and {bits} {mask}, {emitter.active}")
        self.active = mask
        function = f"i1 @llvm.vector.reduce.or.v{code.width}i1"
        code.declare(f"{function}({bits})")
        return code.let(f"call {function}({bits} {mask})")

    def step(self, now: list[Value]) -> Sequence[Value]:
        """Write the body; lanes in which the condition does not hold keep their state."""
        around, self.emitter.active = self.emitter.active, self.active
        wanted = [each.wanted for each in self.state]
        outputs = Body(self.emitter, self.op.body, self.places(now), wanted).outputs()
        found = following(self.state, outputs, now, self.active)
        self.emitter.active = around
        return found
