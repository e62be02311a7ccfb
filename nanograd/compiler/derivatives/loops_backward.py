"""Scans in reverse: a scan back, from the last step to the first.

The scan forward also gives the state at the start of each step. The scan back takes these, and so
does each of its steps again what was done forward, and then goes through it in reverse. Its state
are the adjoints of the state, and a sum for each constant whose adjoint is asked for. It takes the
adjoints of what the steps gave, and gives those of what they took from sequences.

An adjoint that may not flow has its gate with it, in the loop too. And what nobody uses after the
last step has no adjoint there: a gate that opens in an earlier step. The gates are found step by
step: those of the state after a step tell which there are before it, until no more are found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ..passes.bodies import kinds_of
from ..passes.liveness import Needs, needs_of
from ..programs.operations import Axes, Scan
from ..programs.program import (
    Instruction,
    Operand,
    Operands,
    Program,
)
from ..tracing.refs import Recorder, Ref
from ..tracing.trace import continuing
from .dependence import moving
from .flows import (
    Flow,
    axes_of,
    joined,
    widened,
)

if TYPE_CHECKING:  # it goes through loops
    from .derivative import Backward

#: Nothing has arrived; where something does in one step and not in another, there is a gate.
UNREACHED = Flow(0.0, 0.0)


def shares_of_scan(
    walk: Backward,
    step: Instruction,
    scan: Scan,
    arrived: Mapping[int, Flow],
) -> dict[int, Flow]:
    """Return what flows to the operands of a scan, given what arrived at its results."""
    wanted = list(map(walk.is_wanted, step.operands))
    moves = moving(scan, wanted).inputs
    states = [i for i in arrived if i < scan.states]
    gated = {i: arrived[i].gate is not None for i in states}
    while True:
        with continuing(scan.body) as recorder:
            back = StepBack(scan, recorder, arrived, gated)
            back.go(type(walk), moves)
            if back.gated() == gated:
                return loop_back(back, walk.recorder, step, wanted)
            gated = back.gated()


#: An input of the body by its place, and whether its gate is meant, not its adjoint.
Key = tuple[int, bool]


class Carried(NamedTuple):
    """A number of the state of the loop back."""

    key: Key
    taken: Ref
    first: Any  # what it is before the loop back
    next: Any


class Taken(NamedTuple):
    """An input of the step back that is no state, and the operand of the loop back for it."""

    slot: int
    operand: Operand


class StepBack:
    """One step of the loop back, while it is written after the step forward."""

    def __init__(
        self,
        scan: Scan,
        recorder: Recorder,
        arrived: Mapping[int, Flow],
        gated: Mapping[int, bool],
    ):
        self.scan = scan
        self.recorder = recorder
        self.arrived = arrived
        self.kinds = kinds_of(scan)
        self.inputs = scan.body.inputs
        self.axes = scan.body.output_axes()
        self.sequences: list[Taken] = []
        self.constants: list[Taken] = []
        self.seeds: dict[int, Flow] = {}
        self.found: dict[int, Flow] = {}
        for i, has_gate in gated.items():
            axes = self.inputs[i].axes
            adjoint = self.take(i, "bar", axes)
            gate = self.take(i, "gate", axes) if has_gate else None
            self.seeds[i] = Flow(adjoint, gate)
        for i, flow in arrived.items():
            if i >= scan.states:
                adjoint, gate = [self.enter(i, x) for x in flow]
                self.seeds[i] = Flow(adjoint, gate)

    def take(self, i: int, kind: str, axes: Axes) -> Ref:
        """Return one more input, named after that at this place."""
        return self.recorder.input(f"{self.inputs[i].name}_{kind}", axes)

    def enter(self, i: int, x: Any) -> Any:
        """Return what arrived at what the steps give, as it is in one step."""
        if not isinstance(x, Ref):
            return x
        own = tuple(axis for axis in x.axes if axis in self.axes[i])
        taken = self.recorder.input(f"out_bar_{i}", own)
        is_entry = self.scan.axis in x.axes
        kind = self.sequences if is_entry else self.constants
        kind.append(Taken(taken.slot, x.slot))
        return taken

    def go(self, walk: type[Backward], moves: Sequence[bool]) -> None:
        """Let what arrives at the outputs of the step flow to those of its inputs that move."""
        wrt = [i for i, is_moving in enumerate(moves) if is_moving]
        body = self.scan.body
        back = walk(body, self.recorder, wrt)
        back.walk((body.outputs[i], flow) for i, flow in self.seeds.items())
        self.found = {i: back.flows[i] for i in wrt if i in back.flows}

    def gated(self) -> dict[int, bool]:
        """Return which states have an adjoint before or after the step, and if with a gate."""
        found = {*self.seeds, *self.found}
        states = found.intersection(self.kinds[0])
        return {i: self.has_gate(i) for i in sorted(states)}

    def has_gate(self, i: int) -> bool:
        """Return whether it may be that nothing flows to a state, before or after the step."""
        ways = self.seeds, self.found
        return any(way.get(i, UNREACHED).gate is not None for way in ways)

    # -- what the loop back is made of --

    def carried(self) -> Iterator[Carried]:
        """Yield the state of the loop back: adjoints of the state, sums for constants, gates."""
        states, _, constants = self.kinds
        for i in states:
            if i in self.seeds:
                first = self.arrived.get(i, UNREACHED)
                following = self.found.get(i, UNREACHED)
                yield from carried(i, self.seeds[i], first, following)
        for i in constants:
            if i in self.found:
                share = self.found[i]
                total = self.total_like(i, share)
                yield from carried(i, total, UNREACHED, joined(total, share))

    def total_like(self, i: int, share: Flow) -> Flow:
        """Return the sum of the shares of a constant, as a step takes it."""
        total = self.take(i, "sum", axes_of(share.adjoint))
        if share.gate is None:
            return Flow(total)
        gate = self.take(i, "gate", axes_of(share.gate))
        return Flow(total, gate)

    def given(self) -> Iterator[tuple[Key, Any]]:
        """Yield what the steps back give: the adjoints of sequences, and their gates."""
        _, sequences, _ = self.kinds
        for i in sequences:
            if i in self.found:
                adjoint, gate = self.found[i]
                yield (i, False), adjoint
                if gate is not None:
                    yield (i, True), gate


def loop_back(
    back: StepBack,
    outer: Recorder,
    step: Instruction,
    wanted: Sequence[bool],
) -> dict[int, Flow]:
    """Write the loop back after the program with the scan, and return what flows from it."""
    scan, recorder = back.scan, back.recorder
    state = list(back.carried())
    given = dict(back.given())
    following = [widened(each.next, each.taken) for each in state]
    outputs = tuple(map(recorder.operand, [*following, *given.values()]))
    after = Program(recorder.ops, recorder.operands, outputs)
    needs = needs_of(after, outputs)

    operands = with_states_given(outer, step, needs)
    again = list(map(Taken, range(len(operands)), operands))
    _, along, same = back.kinds
    first = [Taken(each.taken.slot, outer.operand(each.first)) for each in state]
    sequences = needed(needs, [*again[: along.stop], *back.sequences])
    constants = needed(needs, [*again[same.start :], *back.constants])
    taken = [*first, *sequences, *constants]
    body = needs.pruned([each.slot for each in taken], outputs)

    counts = len(state), len(sequences)
    loop = Scan(scan.axis, body, *counts, not scan.is_reversed)
    bundle = outer.append(loop, tuple([each.operand for each in taken]))
    keys = [each.key for each in state]
    results = zip([*keys, *given], loop.results(), strict=True)
    found = {
        (i, is_gate): outer.append(get, (bundle.slot,))
        for (i, is_gate), get in results
        if wanted[i]
    }
    return {i: Flow(found[i, False], found.get((i, True))) for i, _ in found}


def needed(needs: Needs, taken: Sequence[Taken]) -> list[Taken]:
    """Return which of these the step back needs."""
    return [each for each in taken if needs.is_needed[each.slot]]


def with_states_given(
    outer: Recorder,
    step: Instruction,
    needs: Needs,
) -> Operands:
    """Return the operands of a scan, with the state at the start of each step for the state.

    The scan, in its slot, gives this from now on, as far as it is needed.
    """
    scan: Any = outer.ops[step.slot]
    needed = [i for i in range(scan.states) if needs.is_needed[i]]
    outputs = list(scan.body.outputs)
    places = {}  # of what the steps give
    for place in range(scan.states, len(outputs)):
        if type(outputs[place]) is int:
            places[outputs[place]] = place
    for i in needed:
        if i not in places:
            places[i] = len(outputs)
            outputs.append(i)
    body = Program(scan.body.ops, scan.body.operands, tuple(outputs))
    outer.ops[step.slot] = scan = replace(scan, body=body)
    gets = list(scan.results())
    operands = list(step.operands)
    for i in needed:
        state = outer.append(gets[places[i]], (step.slot,))
        operands[i] = state.slot
    return tuple(operands)


def carried(
    i: int,
    taken: Flow,
    first: Flow,
    following: Flow,
) -> Iterator[Carried]:
    """Yield the adjoint of a state as a state of the loop back, and its gate if it has one."""
    yield Carried((i, False), taken.adjoint, first.adjoint, following.adjoint)
    if taken.gate is not None:
        gates = opened(first), opened(following)
        yield Carried((i, True), taken.gate, *gates)


def opened(flow: Flow) -> Any:
    """Return the gate of what flows, open if it has none."""
    return 1.0 if flow.gate is None else flow.gate
