"""A program planned for whole columns: what is done to them, and how they are aligned.

A column is an array with a dimension for each of its axes. To the body of a loop the rows of the
loop are more axes of its inputs: so one step of the loop is done for all rows at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...nanograd import Operation
from ..interpreter import Operands, Results, in_both, steps_of, taken_from
from ..operations import UNIFORM, Axes, Get, Reduction, Scan, While, axes_after
from ..program import Instruction, Program, axes_of
from ..rows import Lengths
from .formulas import Column
from .ufuncs import Ufuncs, aligned

AllAxes = Sequence[Axes]  # of one thing after the other


@dataclass(frozen=True)
class Call:
    """What is the same all over one call of a program, or of the body of a while."""

    ufuncs: Ufuncs
    lengths: Lengths
    active: Any = True  # in which rows the whiles around still go on,
    rows: Axes = UNIFORM  # along these axes

    def placed(self, xs: Operands, axes: AllAxes, wanted: AllAxes) -> Results:
        """Return columns of these axes as views along the wanted ones."""
        found = []
        for x, having, order in zip(xs, axes, wanted, strict=True):
            view = self.ufuncs.placed(x, having, order, self.lengths)
            found.append(view)
        return found


Run = Callable[[Operands, Call], Any]  # what is made of the operands of an instruction


class Plan:
    """A program made ready for columns, where its inputs have these axes."""

    def __init__(self, program: Program, inputs: AllAxes, order: Axes, ufuncs: Ufuncs):
        self.program = program
        self.ufuncs = ufuncs
        self.axes = list(inputs)
        self.loops: dict[int, ScanPlan | WhilePlan] = {}
        self.runs: list[Run] = []
        self.steps = list(program.steps())
        for step in self.steps:
            given = axes_of(step.operands, self.axes)
            self.axes.append(axes_after(step.op, given, order))
            self.runs.append(self.planned(step, given))
        self.output_axes = axes_of(program.outputs, self.axes)
        self.spent = spent_slots(program)

    def run(self, operands: Operands, call: Call) -> Results:
        """Return the outputs, floats and columns."""
        slots = list(operands)
        for step, run in zip(self.steps, self.runs, strict=True):
            taken = taken_from(slots, step.operands)
            slots.append(run(taken, call))
            for slot in self.spent.get(step.slot, ()):
                slots[slot] = None  # it may be large
        return taken_from(slots, self.program.outputs)

    def planned(self, step: Instruction, given: AllAxes) -> Run:
        """Return what is done for one instruction, whose operands have the given axes."""
        op: Any = step.op
        axes = self.axes[step.slot]
        if isinstance(op, Scan | While):
            kind: Any = ScanPlan if isinstance(op, Scan) else WhilePlan
            self.loops[step.slot] = kind(op, given, axes, self.ufuncs)
            return self.loops[step.slot].run
        if isinstance(op, Get):
            return self.taken_out(op, step, axes)
        if isinstance(op, Reduction):
            return self.reduced(op, given[0]) if given else counted(op)
        return self.on_columns(op, given, axes) if axes else self.on_floats(op)

    def on_floats(self, op: Operation) -> Run:
        """Return what an operation does to numbers without axes."""
        rounded = self.ufuncs.rounded
        return lambda operands, _: rounded(op(*operands))

    def on_columns(self, op: Operation, given: AllAxes, axes: Axes) -> Run:
        """Return what an operation does to columns."""
        function, column = self.ufuncs.of(op), self.ufuncs.column
        views = [aligned(having, axes) for having in given]

        def run(operands: Operands, _: Call) -> Column:
            columns = []
            for x, view in zip(operands, views, strict=True):
                columns.append(x if type(x) is float else x[view])
            return column(function(*columns))

        return run

    def taken_out(self, op: Get, step: Instruction, axes: Axes) -> Run:
        """Return what takes one result out of those of a loop."""
        loop = self.loops[int(step.operands[0])]
        having = loop.results[op.index]

        def run(operands: Operands, call: Call) -> Any:
            result = operands[0][op.index]
            return call.ufuncs.placed(result, having, axes, call.lengths)

        return run

    def reduced(self, op: Reduction, axes: Axes) -> Run:
        """Return what the sum or the max does to an operand with these axes."""
        if op.axis not in axes:
            return multiplied(op) if op.name == "sum" else lambda operands, _: operands[0]
        place = axes.index(op.axis)
        ufuncs = self.ufuncs

        def run(operands: Operands, _: Call) -> Any:
            x = operands[0]
            if op.name == "sum":
                found = ufuncs.summed(x, place)
            else:
                found = x.max(place, initial=-math.inf)
            return ufuncs.column(found) if len(axes) > 1 else float(found)

        return run


def counted(op: Reduction) -> Run:
    """Return what counts the entries along an axis."""
    return lambda _, call: float(call.lengths[op.axis])


def multiplied(op: Reduction) -> Run:
    """Return what sums over an axis along which all entries are the same."""
    count = counted(op)
    return lambda operands, call: operands[0] * count((), call)


def spent_slots(program: Program) -> dict[int, list[int]]:
    """Return, for each step, the slots that are needed there for the last time."""
    last: dict[Any, int] = {}
    for step in program.steps():
        slots = [x for x in step.operands if type(x) is int]
        last.update(dict.fromkeys(slots, step.slot))
    for x in program.outputs:
        last.pop(x, None)
    found: dict[int, list[int]] = {}
    for x, slot in last.items():
        found.setdefault(slot, []).append(x)
    return found


# -- loops -----------------------------------------------------------------------------------


class ScanPlan:
    """A scan, for all of its rows at once."""

    def __init__(self, op: Scan, given: AllAxes, rows: Axes, ufuncs: Ufuncs):
        self.op = op
        self.given = given
        self.states = slice(op.states)
        self.entries = slice(op.states, op.states + op.sequences)
        self.same = slice(op.states + op.sequences, None)
        self.outputs = slice(op.states, None)
        self.inputs = body_axes(op.body, op.states, given, rows)
        self.wanted = list(self.inputs)
        self.wanted[self.entries] = self.along(self.inputs[self.entries])
        self.body = Plan(op.body, self.inputs, rows + op.body.order, ufuncs)
        steps = self.along(self.body.output_axes[self.outputs])
        self.results = self.inputs[self.states] + steps

    def along(self, axes: AllAxes) -> list[Axes]:
        """Return these axes, after that of the scan."""
        return [(self.op.axis, *each) for each in axes]

    def run(self, operands: Operands, call: Call) -> Results:
        """Return the final state, and the columns of what the steps gave."""
        entered = call.placed(operands, self.given, self.wanted)
        state, same = entered[self.states], entered[self.same]
        sequences = list(map(listed, entered[self.entries]))
        axes = self.results[self.outputs]
        found = [call.ufuncs.empty(each, call.lengths) for each in axes]
        for i in steps_of(self.op, call.lengths):
            entries = [x[i] for x in sequences]
            outputs = self.body.run([*state, *entries, *same], call)
            state = self.next_state(outputs[self.states], call)
            for column, x in zip(found, outputs[self.outputs], strict=True):
                column[i] = x
        return state + found

    def next_state(self, outputs: Operands, call: Call) -> Results:
        """Return what the body gave for the state, along all axes of the state."""
        having = self.body.output_axes[self.states]
        return call.placed(outputs, having, self.inputs[self.states])


class WhilePlan:
    """A while, for all of its rows at once: each goes on as long as its own condition holds."""

    def __init__(self, op: While, given: AllAxes, rows: Axes, ufuncs: Ufuncs):
        self.given = given
        self.rows = rows
        self.states = len(op.body.outputs)
        self.inputs = body_axes(op.body, self.states, given, rows)
        self.body = Plan(op.body, self.inputs, rows + op.body.order, ufuncs)
        order = rows + op.condition.order
        self.condition = Plan(op.condition, self.inputs, order, ufuncs)
        self.results = self.inputs[: self.states]

    def run(self, operands: Operands, call: Call) -> Results:
        """Return the final state."""
        entered = call.placed(operands, self.given, self.inputs)
        state, same = entered[: self.states], entered[self.states :]
        active = self.still_active(call)
        while True:
            active = active & self.holds(state + same, call)
            if not active.any():
                return state
            inside = replace(call, active=active, rows=self.rows)
            outputs = self.body.run(state + same, inside)
            state = self.next_state(state, outputs, inside)

    def holds(self, operands: Operands, call: Call) -> Column:
        """Return in which rows the condition holds."""
        found = self.condition.run(operands, call)
        return self.truth(found[0], self.condition.output_axes[0], call)

    def still_active(self, call: Call) -> Column:
        """Return in which rows the whiles around go on: in others this one need not end."""
        places = enumerate(call.rows)
        gone = tuple([i for i, axis in places if axis not in self.rows])
        found = call.ufuncs.np.any(call.active, axis=gone)
        return self.truth(found, in_both(call.rows, self.rows), call)

    def truth(self, x: Any, axes: Axes, call: Call) -> Column:
        """Return for each row whether a number of these axes is true."""
        placed = call.ufuncs.placed(x, axes, self.rows, call.lengths)
        return call.ufuncs.column(placed) != 0

    def next_state(self, state: Operands, outputs: Operands, call: Call) -> Results:
        """Return what the body gave in the active rows, and the state in others."""
        having = self.body.output_axes
        new = call.placed(outputs, having, self.results)
        found: list[Any] = []
        for old, each, axes in zip(state, new, self.results, strict=True):
            active = call.active[aligned(self.rows, axes)]
            chosen = call.ufuncs.np.where(active, each, old)
            found.append(chosen if axes else float(chosen))
        return found


def body_axes(body: Program, states: int, given: AllAxes, rows: Axes) -> list[Axes]:
    """Return the axes of a body's inputs for all rows at once. A state may differ in each row."""
    found = []
    for i, each in enumerate(body.inputs):
        of_rows = rows if i < states else in_both(rows, given[i])
        found.append(of_rows + each.axes)
    return found


def listed(sequence: Column) -> Any:
    """Return the entries of a sequence: floats, or columns."""
    return sequence.tolist() if sequence.ndim == 1 else sequence
