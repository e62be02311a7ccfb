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

from ..errors import TraceError
from ..functions import where
from ..modes import block
from ..nanograd import Operation
from .bodies import renamed
from .dependence import depends_on
from .flows import Flow, both, joined, where_open
from .loops_backward import shares_of_scan
from .loops_forward import MovingLoop, with_tangents
from .operations import EQ, NE, STOP, Axes, Get, Loop, Op, Reduction, Scan
from .program import Instruction, Operand, Operands, Program
from .refs import Recorder, Ref
from .trace import continuing, recording


def gradient(program: Program, wrt: Sequence[int], of: int = 0, *, values: bool = False) -> Program:
    """Return the program for the derivatives of one output in the inputs at these places.

    Of an output with axes, it is its sum over all of them that is differentiated. A derivative that
    is the same along an axis of its input has not that axis. With `values`, the outputs of the
    program come first.

    >>> from nanograd.compiler.parsing import parsed
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
    with continuing(program) as recorder:
        seeds = [(program.outputs[of], 1.0)]
        found = Backward(program, recorder, wrt).adjoints(seeds)
        return recorder.program([*values_of(program, recorder, values), *found])


def pullback(program: Program, wrt: Sequence[int], *, values: bool = False) -> Program:
    """Return the program that also takes a cotangent of each output, and returns adjoints.

    An adjoint is the derivative of Σ cotangent · output.
    """
    with continuing(program) as recorder:
        seeds = []
        for i, axes in enumerate(program.output_axes()):
            seed = recorder.input(f"out_bar_{i}", axes)
            seeds.append((program.outputs[i], seed))
        found = Backward(program, recorder, wrt).adjoints(seeds)
        return recorder.program([*values_of(program, recorder, values), *found])


def tangent(program: Program, wrt: Sequence[int], *, values: bool = False) -> Program:
    """Return the program that also takes a tangent of each of these inputs, and returns tangents.

    The tangent of an output is its derivative in that direction.

    >>> from nanograd.compiler.trace import trace
    >>> print(tangent(trace(lambda x, y: x * y, ["x", "y"]).program, wrt=[0]))
    program(x, y, x_dot)
      a = mul x y
      b = mul x_dot y
      return b
    """
    given = program.inputs
    with recording() as recorder:
        slots = [recorder.input(x.name, x.axes).slot for x in given]
        tangents = {i: recorder.input(f"{given[i].name}_dot", given[i].axes) for i in wrt}
        forward = Forward(program, recorder, slots, tangents)
        found = forward.tangents_of_outputs()
        return recorder.program([*(forward.values() if values else []), *found])


def values_of(program: Program, recorder: Recorder, wanted: bool) -> list[Any]:
    """Return the outputs of a program, if they are wanted."""
    return [recorder.ref(x) for x in program.outputs] if wanted else []


# -- the rules of operations -----------------------------------------------------------------


def partials_of(recorder: Recorder, step: Instruction) -> Sequence[Any]:
    """Return the partials of an instruction, run on Refs: None where no derivative flows.

    A plain partial of an operation that chooses is 0 where it did not choose the operand.
    """
    op = step.op
    if op is STOP or not isinstance(op, Operation):
        return [None] * len(step.operands)
    out = Ref(recorder, step.slot)
    operands = [recorder.ref(x) for x in step.operands]
    try:
        partials: Sequence[Any] = op.partials(*operands, out)
    except (ArithmeticError, ValueError):  # plain numbers, where a slope is infinite
        with block("ieee"):
            partials = op.partials(*[recorder.as_ref(x) for x in operands], out)
    if op.chooses:
        return [None if type(p) is float and p == 0.0 else p for p in partials]
    return partials


def times(x: Any, y: Any) -> Any:
    """Return x · y, without a trace of a factor of 1."""
    if type(x) is float and x == 1.0:
        return y
    return x if type(y) is float and y == 1.0 else x * y


def is_choice(op: Op, partial: Any) -> bool:
    """Return whether this partial tells, when the program runs, if its operand was chosen."""
    return isinstance(op, Operation) and op.chooses and isinstance(partial, Ref)


def has_axis(recorder: Recorder, step: Instruction) -> bool:
    """Return whether a reduction is over an axis that its operand has."""
    op: Any = step.op
    return op.axis in recorder.axes[int(step.operands[0])]


def slope_of(recorder: Recorder, step: Instruction) -> Any:
    """Return the slope of a reduction in each entry along its axis."""
    op: Any = step.op
    if op.name == "sum":
        is_broadcast = not has_axis(recorder, step)
        return recorder.append(Reduction("count", op.axis), ()) if is_broadcast else 1.0
    if not has_axis(recorder, step):
        return 1.0
    x, out = Ref(recorder, int(step.operands[0])), Ref(recorder, step.slot)
    is_largest = EQ(x, out)
    ties = recorder.append(Reduction("sum", op.axis), (is_largest.slot,))
    return is_largest / ties


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

    def adjoints(self, seeds: Iterable[tuple[Operand, Any]]) -> list[Any]:
        """Return the derivatives of Σ seed · output in the inputs that are asked for."""
        self.walk((output, Flow(seed)) for output, seed in seeds)
        return [self.flows[slot].adjoint if slot in self.flows else 0.0 for slot in self.wrt]

    def walk(self, seeds: Iterable[tuple[Operand, Flow]]) -> None:
        """Let what arrives at outputs flow to the inputs."""
        for output, flow in seeds:
            if isinstance(output, int):
                self.add(output, flow)
        first = len(self.program.inputs)
        for slot in range(len(self.program) - 1, first - 1, -1):
            if self.depends[slot]:
                step = Instruction(slot, self.program.ops[slot], self.program.operands[slot])
                if isinstance(step.op, Loop):
                    self.pass_loop(step, step.op)
                elif slot in self.flows:
                    self.pass_on(step, self.flows.pop(slot))

    def pass_on(self, step: Instruction, flow: Flow) -> None:
        """Take the step of the chain rule at one instruction."""
        adjoint, gate = flow
        axes = self.recorder.axes[step.slot]
        if isinstance(step.op, Get):
            self.add((int(step.operands[0]), step.op.index), flow)
            return
        if isinstance(step.op, Reduction):
            share = times(adjoint, slope_of(self.recorder, step))
            if step.op.name == "max":
                share = where_open(gate, share)
            self.give(step.operands[0], Flow(share, gate), axes)
            return
        partials = partials_of(self.recorder, step)
        for operand, partial in zip(step.operands, partials, strict=True):
            if partial is not None and self.is_wanted(operand):
                opened, share = gate, times(adjoint, partial)
                if is_choice(step.op, partial):
                    opened = both(gate, NE(partial, 0.0))
                if isinstance(partial, Ref):
                    share = where_open(opened, share)
                self.give(operand, Flow(share, opened), axes)

    def pass_loop(self, step: Instruction, loop: Loop) -> None:
        """Take the step of the chain rule at a loop, which is a loop back."""
        places = [(step.slot, i) for i in range(len(loop.body.outputs))]
        arrived = {i: self.flows.pop((slot, i)) for slot, i in places if (slot, i) in self.flows}
        if not arrived:
            return
        if not isinstance(loop, Scan):
            raise TraceError(NOT_BACK)
        rows = self.recorder.axes[step.slot]
        own = loop.own_axes()
        for i, flow in shares_of_scan(self, step, loop, arrived).items():
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
        for axis in axes:
            if axis not in self.recorder.axes[slot]:
                share = self.recorder.reduced(Reduction("sum", axis), share)
                if gate is not None:
                    gate = self.recorder.reduced(Reduction("max", axis), gate)
        self.add(slot, Flow(share, gate))

    def add(self, place: Place, flow: Flow) -> None:
        """Add a share to the adjoint of a place; it flows where this gate or another is open."""
        before = self.flows.get(place)
        self.flows[place] = flow if before is None else joined(before, flow)


# -- forward mode ----------------------------------------------------------------------------


class Forward:
    """One walk from the inputs of a program to its outputs, which writes both down again."""

    def __init__(
        self,
        program: Program,
        recorder: Recorder,
        inputs: Sequence[int],
        tangents: Mapping[int, Any],
    ):
        self.program = program
        self.recorder = recorder
        self.slots: list[int] = list(inputs)  # what has become of each slot
        self.tangents = dict(tangents)
        self.loops: dict[int, MovingLoop] = {}
        for step in program.steps():
            self.write(step)

    def values(self) -> list[Any]:
        """Return the outputs of the program."""
        return [self.recorder.ref(x) for x in renamed(self.program.outputs, self.slots)]

    def tangents_of_outputs(self) -> list[Any]:
        """Return the tangents of the outputs."""
        return list(map(self.tangent, self.program.outputs))

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
        again = self.loops[step.slot] = with_tangents(loop, moves, type(self))
        tangents = [self.recorder.operand(self.tangent(x)) for x in step.operands]
        self.append(again.loop, again.operands(renamed(step.operands, self.slots), tangents))

    def write_get(self, step: Instruction, op: Get) -> None:
        """Write what takes a result out of such a loop, and its tangent."""
        bundle = int(step.operands[0])
        results, operands = self.loops[bundle].results, (self.slots[bundle],)
        self.append(results[op.index, False], operands)
        if (op.index, True) in results:
            tangent = self.recorder.append(results[op.index, True], operands)
            self.tangents[step.slot] = tangent

    def move(self, step: Instruction) -> None:
        """Find the tangent of one slot, if it has any."""
        again = Instruction(self.slots[step.slot], step.op, renamed(step.operands, self.slots))
        if isinstance(step.op, Reduction):
            self.tangents[step.slot] = self.reduced(step, again)
            return
        total = None
        for operand, partial in zip(step.operands, partials_of(self.recorder, again), strict=True):
            if type(operand) is int and operand in self.tangents and partial is not None:
                share = times(self.tangents[operand], partial)
                if is_choice(step.op, partial):
                    share = where(NE(partial, 0.0), share, 0.0)
                total = share if total is None else total + share
        if total is not None:
            self.tangents[step.slot] = total

    def reduced(self, step: Instruction, again: Instruction) -> Any:
        """Return the tangent of a reduction."""
        op: Any = step.op
        moved = times(self.tangent(step.operands[0]), slope_of(self.recorder, again))
        if not has_axis(self.recorder, again):
            return moved
        return self.recorder.reduced(Reduction("sum", op.axis), moved)
