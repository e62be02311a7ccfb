"""Derivatives of a program, as programs: what they return can be differentiated again.

In reverse, a derivative goes on where the program ends: it walks the slots backwards and applies
the chain rule with each operation's own `partials`, run on Refs. Only slots that lie between the
inputs that are asked for and the outputs are visited. Forward, each instruction is followed by its
tangent. Axes need two rules, each the other's mirror: what was broadcast forward is summed
backward, and what was summed is broadcast. How loops are differentiated is in `loops_backward.py`
and `loops_forward.py`.

Where an operation chooses, as `where` does, nothing flows into what it did not choose, not even the
nan of 0 · ∞. Eager graphs know at run time which way was taken. Here a *gate* goes along with each
adjoint that may not flow, 1.0 where it does, and every share that could spoil it is taken only
`where` the gate is open. Where a gate is closed, the adjoint is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...errors import TraceError
from ...functions import where
from ...nanograd import add
from ..passes.loops import has_loops
from ..programs.operations import (
    NE,
    Axes,
    Get,
    Loop,
    Op,
    Reduction,
    Scan,
    without,
)
from ..programs.program import (
    Instruction,
    Operand,
    Operands,
    Program,
    renamed,
)
from ..telling import stage
from ..tracing.refs import Recorder, Ref
from ..tracing.trace import (
    continuing,
    recording,
)
from .chain_rule import (
    has_axis,
    is_choice,
    partials_of,
    slope_of,
    times,
)
from .dependence import depends_on
from .flows import (
    Flow,
    both,
    joined,
    where_open,
)
from .loops_backward import shares_of_scan
from .loops_forward import (
    GATE,
    TANGENT,
    VALUE,
    MovingLoop,
    with_tangents,
)
from .stencils import Stencils


def gradient(program: Program, wrt: Sequence[int], of: int = 0, *, values: bool = False) -> Program:
    """Return the program for the derivatives of one output in the inputs at these places.

    Of an output with axes, it is its sum over all of them that is differentiated. A derivative that
    is the same along an axis of its input has not that axis. With `values`, the outputs of the
    program come first.

    >>> from nanograd.compiler.programs.parsing import parsed
    >>> program = parsed('''
    ... program(w, x[rows])
    ...   a = mul w x
    ...   b = sum[rows] a
    ...   return b
    ... ''')
    >>> print(gradient(program, wrt=[0]))
    program(w, x[rows])
      a = mul w x
      b = sum[rows] a
      c = sum[rows] x
      return c
    """
    with stage("derivatives"), continuing(program) as recorder:
        seeds = [(program.outputs[of], 1.0)]
        found = Backward(program, recorder, wrt).adjoints(seeds)
        before = values_of(program, recorder) if values else []
        return recorder.program([*before, *found])


def pullback(program: Program, wrt: Sequence[int], *, values: bool = False) -> Program:
    """Return the program that also takes a cotangent of each output, and returns adjoints.

    An adjoint is the derivative of Σ cotangent · output.
    """
    with stage("derivatives"), continuing(program) as recorder:
        seeds = []
        for i, axes in enumerate(program.output_axes()):
            seed = recorder.input(f"out_bar_{i}", axes)
            seeds.append((program.outputs[i], seed))
        found = Backward(program, recorder, wrt).adjoints(seeds)
        before = values_of(program, recorder) if values else []
        return recorder.program([*before, *found])


def tangent(program: Program, wrt: Sequence[int], *, values: bool = False) -> Program:
    """Return the program that also takes a tangent of each of these inputs, and returns tangents.

    The tangent of an output is its derivative in that direction.

    >>> from nanograd.compiler.tracing.trace import trace
    >>> print(tangent(trace(lambda x, y: x * y, ["x", "y"]).program, wrt=[0]))
    program(x, y, x_dot)
      a = mul x y
      b = mul x_dot y
      return b
    """
    given = program.inputs
    with stage("derivatives"), recording() as recorder:
        refs = [recorder.input(x.name, x.axes) for x in given]
        tangents = {}
        for i in wrt:
            name = f"{given[i].name}_dot"
            tangents[i] = recorder.input(name, given[i].axes)
        forward = Forward(program, recorder, [x.slot for x in refs], tangents, {})
        found = forward.tangents_of_outputs()
        before = forward.values() if values else []
        return recorder.program([*before, *found])


def values_of(program: Program, recorder: Recorder) -> list[Any]:
    """Return the outputs of a program."""
    return list(map(recorder.ref, program.outputs))


# -- reverse mode ----------------------------------------------------------------------------

NOT_BACK = (
    "while_loop is not differentiated in reverse: the state at each step would have to be kept, "
    "and how many steps there are is not known. Use scan with a fixed length, in which where() "
    "keeps the state once the end is reached; or forward mode, jvp or jacfwd; or, for steps that "
    "converge, root or fixed_point."
)

#: Where an adjoint arrives: at a slot, or at one result of the loop in a slot.
Place = int | tuple[int, int]


class Backward:
    """One walk from the outputs of a program to its inputs."""

    def __init__(self, program: Program, recorder: Recorder, wrt: Sequence[int]):
        self.program = program
        self.recorder = recorder
        self.wrt = wrt
        self.depends = depends_on(program, wrt)
        self.flows: dict[Place, Flow] = {}
        self.is_plain = not program.order and not has_loops(program) and recorder.is_recording()
        self.stencils = Stencils(self.depends)
        #: In a plain program: what has arrived where it is a slot or a number, without a gate.
        self.arrived: dict[Place, Operand] = {}

    def adjoints(self, seeds: Iterable[tuple[Operand, Any]]) -> list[Any]:
        """Return the derivatives of Σ seed · output in the inputs that are asked for."""
        self.walk((output, Flow(seed)) for output, seed in seeds)
        return [self.flows[slot].adjoint if slot in self.flows else 0.0 for slot in self.wrt]

    def walk(self, seeds: Iterable[tuple[Operand, Flow]]) -> None:
        """Let what arrives at outputs flow to the inputs."""
        for output, flow in seeds:
            if isinstance(output, int):
                self.add(output, flow)
        program = self.program
        first = len(program.inputs)
        for slot in range(len(program) - 1, first - 1, -1):
            if self.depends[slot]:
                step = Instruction(slot, program.ops[slot], program.operands[slot])
                if slot not in self.arrived or not self.pass_by_stencil(step):
                    self.as_flow(slot)
                    self.visit(step)
        for place in [*self.arrived]:
            self.as_flow(place)

    def visit(self, step: Instruction) -> None:
        """Let what has arrived at one instruction flow to its operands."""
        op = step.op
        if isinstance(op, Loop):
            self.pass_loop(step, op)
        elif step.slot in self.flows:
            flow = self.flows.pop(step.slot)
            if isinstance(op, Get):
                self.add((int(step.operands[0]), op.index), flow)
            elif isinstance(op, Reduction):
                self.pass_reduction(step, flow)
            else:
                self.pass_on(step, flow)

    def pass_by_stencil(self, step: Instruction) -> bool:
        """Take the step of the chain rule at one operation, if there is a stencil for it."""
        slot, op, operands = step
        adjoint = self.arrived[slot]
        stencil = self.stencils.stencil(op, operands, adjoint)
        if stencil is None:
            return False
        del self.arrived[slot]
        slots: list[Any] = [*operands, slot, adjoint]
        for share in stencil:
            for each, taken in share.steps:
                slots.append(self.recorder.add(each, renamed(taken, slots)))
            found = share.found
            self.add_operand(operands[share.place], slots[found] if type(found) is int else found)
        return True

    def pass_on(self, step: Instruction, flow: Flow) -> None:
        """Take the step of the chain rule at one operation."""
        axes = self.recorder.axes[step.slot]
        partials = partials_of(self.recorder, step)
        for operand, partial in zip(step.operands, partials, strict=True):
            if partial is None or not self.is_wanted(operand):
                continue
            gate = flow.gate
            if is_choice(step.op, partial):
                gate = both(gate, NE(partial, 0.0))
            share = times(flow.adjoint, partial)
            if isinstance(partial, Ref):
                share = where_open(gate, share)
            self.give(operand, Flow(share, gate), axes)

    def pass_reduction(self, step: Instruction, flow: Flow) -> None:
        """Take the step of the chain rule at a reduction."""
        op: Any = step.op
        axes = self.recorder.axes[step.slot]
        share = times(flow.adjoint, slope_of(self.recorder, step))
        if op.name == "max":
            share = where_open(flow.gate, share)
        self.give(step.operands[0], Flow(share, flow.gate), axes)

    def pass_loop(self, step: Instruction, loop: Loop) -> None:
        """Take the step of the chain rule at a loop, which is a loop back."""
        arrived = {}
        for i in range(len(loop.body.outputs)):
            if (step.slot, i) in self.flows:
                arrived[i] = self.flows.pop((step.slot, i))
        if not arrived:
            return
        if not isinstance(loop, Scan):
            raise TraceError(NOT_BACK)
        rows = self.recorder.axes[step.slot]
        own = loop.own_axes()
        shares = shares_of_scan(self, step, loop, arrived)
        for i, flow in shares.items():
            self.give(step.operands[i], flow, (*rows, *own[i]))

    def is_wanted(self, operand: Operand) -> bool:
        """Return whether the adjoint of an operand is asked for."""
        return type(operand) is int and self.depends[operand]

    def give(self, operand: Operand, flow: Flow, axes: Axes) -> None:
        """Add a share, which is along these axes, to an operand that may have fewer: its sum."""
        if not self.is_wanted(operand):
            return
        share, gate = flow
        slot = int(operand)
        recorder = self.recorder
        for axis in without(axes, recorder.axes[slot]):
            share = recorder.reduced(Reduction("sum", axis), share)
            if gate is not None:
                gate = recorder.reduced(Reduction("max", axis), gate)
        self.add(slot, Flow(share, gate))

    def add(self, place: Place, flow: Flow) -> None:
        """Add a share to the adjoint of a place; it flows where this gate or another is open."""
        adjoint, gate = flow
        if self.is_plain and gate is None and self.is_operand(adjoint):
            self.add_operand(place, self.recorder.operand(adjoint))
            return
        self.as_flow(place)
        before = self.flows.get(place)
        self.flows[place] = flow if before is None else joined(before, flow)

    def is_operand(self, adjoint: Any) -> bool:
        """Return whether an adjoint is a slot of the program that is recorded, or a number."""
        is_slot = isinstance(adjoint, Ref) and adjoint.recorder is self.recorder
        return is_slot or type(adjoint) is float

    def add_operand(self, place: Any, share: Operand) -> None:
        """Add a share that is a slot or a number, without a gate."""
        if place in self.flows:
            self.flows[place] = joined(self.flows[place], Flow(self.recorder.ref(share)))
        elif place not in self.arrived:
            self.arrived[place] = share
        else:
            before = self.arrived[place]
            are_numbers = type(before) is type(share) is float
            total = before + share if are_numbers else self.recorder.add(add, (before, share))
            self.arrived[place] = total

    def as_flow(self, place: Place) -> None:
        """Let what has arrived at a place be a flow."""
        if place in self.arrived:
            self.flows[place] = Flow(self.recorder.ref(self.arrived.pop(place)))


# -- forward mode ----------------------------------------------------------------------------


class Forward:
    """One walk from the inputs of a program to its outputs, which writes it down with tangents.

    A tangent that stands still in some steps of a loop has a gate, that is open where it moves.
    """

    def __init__(
        self,
        program: Program,
        recorder: Recorder,
        inputs: Sequence[int],
        tangents: Mapping[int, Any],
        gates: Mapping[int, Ref],
    ):
        self.program = program
        self.recorder = recorder
        self.slots: list[int] = list(inputs)  # what has become of each slot
        self.tangents = dict(tangents)
        self.gates = dict(gates)  # of tangents that may stand still
        self.loops: dict[int, MovingLoop] = {}
        for step in program.steps():
            self.write(step)

    def values(self) -> list[Any]:
        """Return the outputs of the program."""
        return [self.recorder.ref(x) for x in renamed(self.program.outputs, self.slots)]

    def tangents_of_outputs(self) -> list[Any]:
        """Return the tangents of the outputs."""
        return list(map(self.tangent, self.program.outputs))

    def gates_of_outputs(self) -> list[Any]:
        """Return the gates of the tangents of the outputs, None where one moves in any case."""
        return list(map(self.gate, self.program.outputs))

    def gate(self, x: Operand) -> Any:
        """Return the gate of the tangent of an operand: what does not move has a closed one."""
        moves = type(x) is int and x in self.tangents
        return self.gates.get(int(x)) if moves else 0.0

    def tangent(self, x: Operand) -> Any:
        """Return the tangent of an operand."""
        return self.tangents.get(x, 0.0) if type(x) is int else 0.0

    def append(self, op: Op, operands: Operands) -> None:
        """Write what becomes of the next slot."""
        self.slots.append(self.recorder.append(op, operands).slot)

    def write(self, step: Instruction) -> None:
        """Write one instruction, and its tangent if it has any."""
        moves = [type(x) is int and x in self.tangents for x in step.operands]
        if isinstance(step.op, Loop) and any(moves):
            self.write_loop(step, step.op, moves)
        elif isinstance(step.op, Get) and step.operands[0] in self.loops:
            self.write_get(step, step.op)
        else:
            self.append(step.op, renamed(step.operands, self.slots))
            if any(moves):
                self.move(step)

    def write_loop(self, step: Instruction, loop: Loop, moves: Sequence[bool]) -> None:
        """Write a loop that has tangents."""
        gates = list(map(self.gate, step.operands))
        still = [gate is not None for gate in gates]
        again = with_tangents(loop, moves, still, type(self))
        self.loops[step.slot] = again
        values = renamed(step.operands, self.slots)
        operand = self.recorder.operand
        tangents = [operand(self.tangent(x)) for x in step.operands]
        opened = [operand(1.0 if gate is None else gate) for gate in gates]
        self.append(again.loop, again.operands(values, tangents, opened))

    def write_get(self, step: Instruction, op: Get) -> None:
        """Write what takes a result out of such a loop, and its tangent."""
        bundle = int(step.operands[0])
        results = self.loops[bundle].results
        operands = (self.slots[bundle],)
        self.append(results[op.index, VALUE], operands)
        if (op.index, TANGENT) in results:
            self.tangents[step.slot] = self.recorder.append(results[op.index, TANGENT], operands)
        if (op.index, GATE) in results:
            self.gates[step.slot] = self.recorder.append(results[op.index, GATE], operands)

    def move(self, step: Instruction) -> None:
        """Find the tangent of one slot, if it has any."""
        operands = renamed(step.operands, self.slots)
        again = Instruction(self.slots[step.slot], step.op, operands)
        if isinstance(step.op, Reduction):
            self.keep(step.slot, self.reduced(step, again))
            return
        total = None
        partials = partials_of(self.recorder, again)
        for operand, partial in zip(step.operands, partials, strict=True):
            moves = type(operand) is int and operand in self.tangents
            if partial is None or not moves:
                continue
            gate = self.gates.get(int(operand))
            share = times(self.tangent(operand), partial)
            if is_choice(step.op, partial):
                share = where(NE(partial, 0.0), share, 0.0)
            elif isinstance(partial, Ref):
                share = where_open(gate, share)
            flow = Flow(share, gate)
            total = flow if total is None else joined(total, flow)
        if total is not None:
            self.keep(step.slot, total)

    def keep(self, slot: int, flow: Flow) -> None:
        """Note the tangent of a slot, and its gate if it has one."""
        self.tangents[slot] = flow.adjoint
        if flow.gate is not None:
            self.gates[slot] = flow.gate

    def reduced(self, step: Instruction, again: Instruction) -> Flow:
        """Return the tangent of a reduction."""
        op: Any = step.op
        operand = int(step.operands[0])
        gate = self.gates.get(operand)
        slope = slope_of(self.recorder, again)
        moved = times(self.tangent(operand), slope)
        if op.name == "max":
            moved = where_open(gate, moved)
        if not has_axis(self.recorder, again):
            return Flow(moved, gate)
        if gate is not None:
            gate = self.recorder.reduced(Reduction("max", op.axis), gate)
        total = self.recorder.reduced(Reduction("sum", op.axis), moved)
        return Flow(total, gate)
