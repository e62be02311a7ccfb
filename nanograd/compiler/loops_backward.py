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

from .dependence import moving
from .flows import Flow, axes_of, joined, widened
from .liveness import Needs, needs_of
from .operations import Axes, Scan
from .program import Instruction, Operand, Operands, Program
from .refs import Recorder, Ref
from .trace import continuing

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
    wanted = [walk.is_wanted(x) for x in step.operands]
    gated = {i: flow.gate is not None for i, flow in arrived.items() if i < scan.states}
    while True:
        with continuing(scan.body) as recorder:
            back = StepBack(scan, recorder, arrived, gated)
            back.go(type(walk), moving(scan, wanted).inputs)
            if back.gated() == gated:
                found = loop_back(back, walk.recorder, step, wanted)
                return {i: Flow(found[i, False], found.get((i, True))) for i, _ in found}
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
        self.inputs = scan.body.inputs
        self.axes = scan.body.output_axes()
        self.sequences: list[Taken] = []
        self.constants: list[Taken] = []
        self.seeds: dict[int, Flow] = {}
        self.found: dict[int, Flow] = {}
        for i, has_gate in gated.items():
            axes = self.inputs[i].axes
            gate = self.take(i, "gate", axes) if has_gate else None
            self.seeds[i] = Flow(self.take(i, "bar", axes), gate)
        for i, flow in arrived.items():
            if i >= scan.states:
                self.seeds[i] = Flow(self.enter(i, flow.adjoint), self.enter(i, flow.gate))

    def take(self, i: int, kind: str, axes: Axes) -> Ref:
        """Return one more input, named after that at this place."""
        return self.recorder.input(f"{self.inputs[i].name}_{kind}", axes)

    def enter(self, i: int, x: Any) -> Any:
        """Return what arrived at what the steps give, as it is in one step."""
        if not isinstance(x, Ref):
            return x
        own = tuple(axis for axis in x.axes if axis in self.axes[i])
        taken = self.recorder.input(f"out_bar_{i}", own)
        kind = self.sequences if self.scan.axis in x.axes else self.constants
        kind.append(Taken(taken.slot, x.slot))
        return taken

    def go(self, walk: type[Backward], moves: Sequence[bool]) -> None:
        """Let what arrives at the outputs of the step flow to those of its inputs that move."""
        wrt = [i for i, is_moving in enumerate(moves) if is_moving]
        back = walk(self.scan.body, self.recorder, wrt)
        back.walk((self.scan.body.outputs[i], flow) for i, flow in self.seeds.items())
        self.found = {i: back.flows[i] for i in wrt if i in back.flows}

    def gated(self) -> dict[int, bool]:
        """Return which states have an adjoint before or after the step, and if with a gate."""
        states = [i for i in range(self.scan.states) if i in self.seeds or i in self.found]
        return {i: self.has_gate(i) for i in states}

    def has_gate(self, i: int) -> bool:
        """Return whether it may be that nothing flows to a state, before or after the step."""
        ways = self.arrived, self.seeds, self.found
        return any(way.get(i, UNREACHED).gate is not None for way in ways)

    # -- what the loop back is made of --

    def carried(self) -> Iterator[Carried]:
        """Yield the state of the loop back: adjoints of the state, sums for constants, gates."""
        for i in range(self.scan.states):
            if i in self.seeds:
                first = self.arrived.get(i, UNREACHED)
                yield from carried(i, self.seeds[i], first, self.found.get(i, UNREACHED))
        for i in range(self.scan.states + self.scan.sequences, len(self.inputs)):
            if i in self.found:
                share = self.found[i]
                gate = None if share.gate is None else self.take(i, "gate", share.gate.axes)
                total = Flow(self.take(i, "sum", axes_of(share.adjoint)), gate)
                yield from carried(i, total, UNREACHED, joined(total, share))

    def given(self) -> Iterator[tuple[Key, Any]]:
        """Yield what the steps back give: the adjoints of sequences, and their gates."""
        first = self.scan.states
        for i in range(first, first + self.scan.sequences):
            for is_gate, x in enumerate(self.found.get(i, ())):
                if x is not None:
                    yield (i, bool(is_gate)), x


def loop_back(
    back: StepBack,
    outer: Recorder,
    step: Instruction,
    wanted: Sequence[bool],
) -> dict[Key, Ref]:
    """Write the loop back after the program with the scan, and return those of its results."""
    scan, recorder = back.scan, back.recorder
    state, given = list(back.carried()), dict(back.given())
    results = [widened(each.next, each.taken) for each in state] + list(given.values())
    outputs = tuple(map(recorder.operand, results))
    needs = needs_of(Program(recorder.ops, recorder.operands, outputs), outputs)

    operands = with_states_given(outer, step, [needs.is_needed[i] for i in range(scan.states)])
    along = scan.states + scan.sequences
    again = [Taken(i, x) for i, x in enumerate(operands)]
    taken = [Taken(each.taken.slot, outer.operand(each.first)) for each in state]
    sequences = needed(needs, [*again[:along], *back.sequences])
    constants = needed(needs, [*again[along:], *back.constants])
    taken += sequences + constants
    body = needs.pruned([each.slot for each in taken], outputs)

    loop = Scan(scan.axis, body, len(state), len(sequences), not scan.is_reversed)
    bundle = outer.append(loop, tuple([each.operand for each in taken]))
    keys = [*(each.key for each in state), *given]
    gets = zip(keys, loop.results(), strict=True)
    return {key: outer.append(get, (bundle.slot,)) for key, get in gets if wanted[key[0]]}


def needed(needs: Needs, taken: Sequence[Taken]) -> list[Taken]:
    """Return which of these the step back needs."""
    return [each for each in taken if needs.is_needed[each.slot]]


def with_states_given(
    outer: Recorder,
    step: Instruction,
    wanted: Sequence[bool],
) -> Operands:
    """Return the operands of a scan, with the state at the start of each step for the state.

    The scan, which must be in this slot, gives these states too from now on, as far as wanted.
    """
    scan: Any = outer.ops[step.slot]
    outputs = list(scan.body.outputs)
    given = {x: i for i, x in enumerate(outputs) if i >= scan.states and type(x) is int}
    for i, is_wanted in enumerate(wanted):
        if is_wanted and i not in given:
            given[i] = len(outputs)
            outputs.append(i)
    body = Program(scan.body.ops, scan.body.operands, tuple(outputs))
    outer.ops[step.slot] = scan = replace(scan, body=body)
    gets = list(scan.results())
    operands = list(step.operands)
    for i, is_wanted in enumerate(wanted):
        if is_wanted:
            operands[i] = outer.append(gets[given[i]], (step.slot,)).slot
    return tuple(operands)


def carried(i: int, taken: Flow, first: Flow, following: Flow) -> Iterator[Carried]:
    """Yield the adjoint of a state as a state of the loop back, and its gate if it has one."""
    yield Carried((i, False), taken.adjoint, first.adjoint, following.adjoint)
    if taken.gate is not None:
        gates = [1.0 if x.gate is None else x.gate for x in (first, following)]
        yield Carried((i, True), taken.gate, *gates)
