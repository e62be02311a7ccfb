"""Derivatives of a program, as programs: what they return can be differentiated again.

A derivative goes on where the program ends. In reverse, it walks the slots backwards and applies
the chain rule with each operation's own `partials`, run on Refs. Only slots that lie between the
inputs that are asked for and the outputs are visited. Axes need two rules, each the other's mirror:
what was broadcast forward is summed backward, and what was summed is broadcast.

Where an operation chooses, as `where` does, nothing flows into what it did not choose, not even the
nan of 0 · ∞. Eager graphs know at run time which way was taken. Here a *gate* goes along with each
adjoint that may not flow, 1.0 where it does, and every share that could spoil it is taken only
`where` the gate is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..functions import maximum, where
from ..modes import block
from ..nanograd import Operation
from .operations import EQ, NE, STOP, UNIFORM, Op, Reduction
from .program import Instruction, Operand, Program
from .refs import Recorder, Ref
from .trace import continuing


def gradient(
    program: Program,
    wrt: Sequence[int],
    of: int = 0,
    *,
    values: bool = False,
) -> Program:
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


def pullback(
    program: Program,
    wrt: Sequence[int],
    *,
    values: bool = False,
) -> Program:
    """Return the program that also takes a cotangent of each output, and returns adjoints.

    An adjoint is the derivative of Σ cotangent · output.
    """
    with continuing(program) as recorder:
        seeds = []
        for i, output in enumerate(program.outputs):
            axes = recorder.axes[output] if isinstance(output, int) else UNIFORM
            seeds.append((output, recorder.input(f"out_bar_{i}", axes)))
        found = Backward(program, recorder, wrt).adjoints(seeds)
        return recorder.program([*values_of(program, recorder, values), *found])


def tangent(
    program: Program,
    wrt: Sequence[int],
    *,
    values: bool = False,
) -> Program:
    """Return the program that also takes a tangent of each of these inputs, and returns tangents.

    The tangent of an output is its derivative in that direction.

    >>> from nanograd.compiler.trace import trace
    >>> print(tangent(trace(lambda x, y: x * y, ["x", "y"]).program, wrt=[0]))
    program(x, y, x_dot)
      a = mul x y
      b = mul x_dot y
      return b
    """
    with continuing(program) as recorder:
        forward = Forward(program, recorder)
        for slot in wrt:
            given = program.inputs[slot]
            forward.tangents[slot] = recorder.input(f"{given.name}_dot", given.axes)
        found = forward.outputs()
        return recorder.program([*values_of(program, recorder, values), *found])


def values_of(
    program: Program,
    recorder: Recorder,
    wanted: bool,
) -> list[Any]:
    """Return the outputs of a program, if they are wanted."""
    return [recorder.ref(x) for x in program.outputs] if wanted else []


# -- the rules of operations -----------------------------------------------------------------


def partials_of(
    recorder: Recorder,
    step: Instruction,
) -> Sequence[Any]:
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


def times(
    x: Any,
    y: Any,
) -> Any:
    """Return x · y, without a trace of a factor of 1."""
    if type(x) is float and x == 1.0:
        return y
    return x if type(y) is float and y == 1.0 else x * y


def is_choice(
    op: Op,
    partial: Any,
) -> bool:
    """Return whether this partial tells, when the program runs, if its operand was chosen."""
    return isinstance(op, Operation) and op.chooses and isinstance(partial, Ref)


def has_axis(
    recorder: Recorder,
    step: Instruction,
) -> bool:
    """Return whether a reduction is over an axis that its operand has."""
    op: Any = step.op
    return op.axis in recorder.axes[int(step.operands[0])]


def slope_of(
    recorder: Recorder,
    step: Instruction,
) -> Any:
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


class Backward:
    """One walk from the outputs of a program to its inputs."""

    def __init__(self, program: Program, recorder: Recorder, wrt: Sequence[int]):
        self.program = program
        self.recorder = recorder
        self.wrt = wrt
        self.adjoint: dict[int, Any] = {}
        self.gate: dict[int, Ref] = {}  # where a slot's adjoint may not flow; others always do

    def adjoints(
        self,
        seeds: Sequence[tuple[Operand, Any]],
    ) -> list[Any]:
        """Return the derivatives of Σ seed · output in the inputs that are asked for."""
        for output, seed in seeds:
            if isinstance(output, int):
                self.add(output, seed, None)
        depends = depends_on(self.program, self.wrt)
        for slot in range(max(self.adjoint, default=-1), len(self.program.inputs) - 1, -1):
            if slot in self.adjoint and depends[slot]:
                operands = self.program.operands[slot]
                self.pass_on(Instruction(slot, self.program.ops[slot], operands), depends)
        return [self.adjoint.get(slot, 0.0) for slot in self.wrt]

    def pass_on(
        self,
        step: Instruction,
        depends: Sequence[bool],
    ) -> None:
        """Take the step of the chain rule at one instruction."""
        adjoint, gate = self.adjoint.pop(step.slot), self.gate.pop(step.slot, None)
        if isinstance(step.op, Reduction):
            share = times(adjoint, slope_of(self.recorder, step))
            self.give(step, int(step.operands[0]), share, gate)
            return
        partials = partials_of(self.recorder, step)
        for operand, partial in zip(step.operands, partials, strict=True):
            if type(operand) is int and partial is not None and depends[operand]:
                opened, share = gate, times(adjoint, partial)
                if is_choice(step.op, partial):
                    opened = both(gate, NE(partial, 0.0))
                if opened is not None and isinstance(partial, Ref):
                    share = where(opened, share, 0.0)
                self.give(step, operand, share, opened)

    def give(
        self,
        step: Instruction,
        operand: int,
        share: Any,
        gate: Ref | None,
    ) -> None:
        """Add a share to an operand's adjoint: its sum over the axes that the operand has not."""
        axes = self.recorder.axes
        for axis in axes[step.slot]:
            if axis not in axes[operand]:
                share = self.recorder.reduced(Reduction("sum", axis), share)
                if gate is not None:
                    gate = self.recorder.reduced(Reduction("max", axis), gate)
        self.add(operand, share, gate)

    def add(
        self,
        slot: int,
        share: Any,
        gate: Ref | None,
    ) -> None:
        """Add a share to the adjoint of a slot; it flows where this gate or another is open."""
        if slot not in self.adjoint:
            self.adjoint[slot] = share
            if gate is not None:
                self.gate[slot] = gate
            return
        self.adjoint[slot] = self.adjoint[slot] + share
        before = self.gate.pop(slot, None)
        if before is not None and gate is not None:
            self.gate[slot] = before if before.slot == gate.slot else maximum(before, gate)


def both(
    gate: Ref | None,
    other: Ref,
) -> Ref:
    """Return the gate that is open where both are."""
    return other if gate is None else gate * other


def depends_on(
    program: Program,
    wrt: Sequence[int],
) -> list[bool]:
    """Return for each slot whether it depends on one of these inputs."""
    found = [False] * len(program)
    for slot in wrt:
        found[slot] = True
    for slot, op, operands in program.steps():
        if op is not STOP:
            found[slot] = any(found[x] for x in operands if type(x) is int)
    return found


# -- forward mode ----------------------------------------------------------------------------


class Forward:
    """One walk from the inputs of a program to its outputs."""

    def __init__(self, program: Program, recorder: Recorder):
        self.program = program
        self.recorder = recorder
        self.tangents: dict[int, Any] = {}

    def outputs(self) -> list[Any]:
        """Return the tangents of the outputs."""
        for step in self.program.steps():
            moving = [x for x in step.operands if x in self.tangents and type(x) is int]
            if moving:
                self.move(step)
        outputs = self.program.outputs
        return [self.tangents.get(x, 0.0) if type(x) is int else 0.0 for x in outputs]

    def move(
        self,
        step: Instruction,
    ) -> None:
        """Find the tangent of one slot, if it has any."""
        if isinstance(step.op, Reduction):
            self.tangents[step.slot] = self.reduced(step)
            return
        total = None
        for operand, partial in zip(step.operands, partials_of(self.recorder, step), strict=True):
            if type(operand) is int and operand in self.tangents and partial is not None:
                share = times(self.tangents[operand], partial)
                if is_choice(step.op, partial):
                    share = where(NE(partial, 0.0), share, 0.0)
                total = share if total is None else total + share
        if total is not None:
            self.tangents[step.slot] = total

    def reduced(
        self,
        step: Instruction,
    ) -> Any:
        """Return the tangent of a reduction."""
        moved = times(self.tangents[int(step.operands[0])], slope_of(self.recorder, step))
        op: Any = step.op
        if not has_axis(self.recorder, step):
            return moved
        return self.recorder.reduced(Reduction("sum", op.axis), moved)
