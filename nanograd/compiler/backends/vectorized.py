"""A program planned for whole columns: what is done to them, and how they are aligned.

A column is an array with a dimension for each of its axes. To the body of a loop the rows of the
loop are more axes of its inputs: so one step of the loop is done for all rows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...nanograd import Operation
from ..programs.interpreter import Operands, Results, in_both, steps_of, taken_from
from ..programs.operations import (
    UNIFORM,
    Axes,
    Get,
    Loop,
    Reduction,
    Scan,
    While,
    axes_after,
    without,
)
from ..programs.program import Instruction, Program, axes_of, parts, states_of
from ..programs.rows import Lengths
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

    def placed(self, x: Any, axes: Axes, wanted: Axes) -> Column:
        """Return a column of these axes as a view along the wanted ones; the same along others."""
        return self.ufuncs.placed(x, axes, wanted, self.lengths)

    def all_placed(self, xs: Operands, axes: AllAxes, wanted: AllAxes) -> Results:
        """Return columns of these axes as views along the wanted ones."""
        return list(map(self.placed, xs, axes, wanted))


Run = Callable[[Operands, Call], Any]  # what is made of the operands of an instruction


class Plan:
    """A program made ready for columns, where its inputs have these axes."""

    def __init__(self, program: Program, inputs: AllAxes, order: Axes, ufuncs: Ufuncs):
        self.program = program
        self.ufuncs = ufuncs
        self.axes = list(inputs)
        self.loops: dict[int, Any] = {}
        self.runs: dict[int, Run] = {}
        self.steps = list(program.steps())
        for step in self.steps:
            given = axes_of(step.operands, self.axes)
            axes = axes_after(step.op, given, order)
            self.axes.append(axes)
            run = self.planned(step, given)
            self.runs[step.slot] = run
        self.output_axes = axes_of(program.outputs, self.axes)
        self.spent = spent_slots(program)

    def run(self, operands: Operands, call: Call) -> Results:
        """Return the outputs, floats and columns."""
        slots = list(operands)
        for step in self.steps:
            run = self.runs[step.slot]
            taken = taken_from(slots, step.operands)
            found = run(taken, call)
            slots.append(found)
            for spent in self.spent[step.slot]:
                slots[spent] = None  # it may be large
        return taken_from(slots, self.program.outputs)

    def planned(self, step: Instruction, given: AllAxes) -> Run:
        """Return what is done for one instruction, whose operands have the given axes."""
        op: Any = step.op
        axes = self.axes[step.slot]
        if isinstance(op, Loop):
            loop = loop_plan(op, given, axes, self.ufuncs)
            self.loops[step.slot] = loop
            return loop.run
        if isinstance(op, Get):
            return self.taken_out(step)
        if isinstance(op, Reduction):
            return self.reduced(op, given)
        if axes:
            return self.on_columns(step, given)
        return self.on_floats(op)

    def on_floats(self, op: Operation) -> Run:
        """Return what an operation does to numbers without axes."""
        rounded = self.ufuncs.rounded
        return lambda operands, _: rounded(op(*operands))

    def on_columns(self, step: Instruction, given: AllAxes) -> Run:
        """Return what an operation does to columns."""
        op: Any = step.op
        axes = self.axes[step.slot]
        function = self.ufuncs.of(op)
        column = self.ufuncs.column
        views = [aligned(having, axes) for having in given]

        def run(operands: Operands, _: Call) -> Column:
            columns = []
            for x, view in zip(operands, views, strict=True):
                is_number = type(x) is float
                columns.append(x if is_number else x[view])
            found = function(*columns)
            return column(found)

        return run

    def taken_out(self, step: Instruction) -> Run:
        """Return what takes one result out of those of a loop."""
        op: Any = step.op
        source: Any = step.operands[0]
        loop = self.loops[source]
        having = loop.results[op.index]
        axes = self.axes[step.slot]

        def run(operands: Operands, call: Call) -> Any:
            result = operands[0][op.index]
            return call.placed(result, having, axes)

        return run

    def reduced(self, op: Reduction, given: AllAxes) -> Run:
        """Return what a reduction does to an operand with the given axes."""
        if op.name == "count" or op.axis not in given[0]:
            return broadcast(op)
        axes = given[0]
        place = axes.index(op.axis)
        over = self.ufuncs.summed if op.name == "sum" else self.ufuncs.largest
        kind = self.ufuncs.column if len(axes) > 1 else float

        def run(operands: Operands, _: Call) -> Any:
            found = over(operands[0], place)
            return kind(found)

        return run


def broadcast(op: Reduction) -> Run:
    """Return what a reduction does where all entries along its axis are the same."""

    def run(operands: Operands, call: Call) -> Any:
        count = float(call.lengths[op.axis])
        if op.name == "count":
            return count
        x = operands[0]
        return x * count if op.name == "sum" else x

    return run


def spent_slots(program: Program) -> dict[int, list[int]]:
    """Return, for each step, the slots that are needed there for the last time."""
    last: dict[Any, int] = {}
    found: dict[int, list[int]] = {}
    for step in program.steps():
        found[step.slot] = []
        for x in step.operands:
            last[x] = step.slot
    for x in program.outputs:
        last.pop(x, None)
    for x, slot in last.items():
        if type(x) is int:
            found[slot].append(x)
    return found


# -- loops -----------------------------------------------------------------------------------


def loop_plan(op: Loop, given: AllAxes, rows: Axes, ufuncs: Ufuncs) -> ScanPlan | WhilePlan:
    """Return the plan of a loop, whose operands have the given axes."""
    if isinstance(op, Scan):
        return ScanPlan(op, given, rows, ufuncs)
    return WhilePlan(op, given, rows, ufuncs)


class ScanPlan:
    """A scan, for all of its rows at once."""

    def __init__(self, op: Scan, given: AllAxes, rows: Axes, ufuncs: Ufuncs):
        self.op = op
        self.given = given
        inputs = body_axes(op, given, rows)
        order = rows + op.body.order
        self.body = Plan(op.body, inputs, order, ufuncs)
        self.state, entries, same = parts(op, inputs)
        sequences = self.along(entries)
        self.wanted = self.state + sequences + same
        outputs = self.body.output_axes
        steps = self.along(outputs[op.states :])
        self.results = self.state + steps

    def along(self, axes: AllAxes) -> list[Axes]:
        """Return these axes, after that of the scan."""
        axis = self.op.axis
        return [(axis, *each) for each in axes]

    def run(self, operands: Operands, call: Call) -> Results:
        """Return the final state, and the columns of what the steps gave."""
        states = self.op.states
        entered = call.all_placed(operands, self.given, self.wanted)
        state, sequences, same = parts(self.op, entered)
        sequences = list(map(listed, sequences))
        found = []
        steps = self.results[states:]
        for axes in steps:
            column = call.ufuncs.empty(axes, call.lengths)
            found.append(column)
        for i in steps_of(self.op, call.lengths):
            entries = [x[i] for x in sequences]
            taken = state + entries + same
            outputs = self.body.run(taken, call)
            state = self.next_state(outputs[:states], call)
            given = outputs[states:]
            for k, x in enumerate(given):
                found[k][i] = x
        return state + found

    def next_state(self, outputs: Operands, call: Call) -> Results:
        """Return what the body gave for the state, along all axes of the state."""
        having = self.body.output_axes
        return call.all_placed(outputs, having, self.state)


class WhilePlan:
    """A while, for all of its rows at once: each goes on as long as its own condition holds."""

    def __init__(self, op: While, given: AllAxes, rows: Axes, ufuncs: Ufuncs):
        self.op = op
        self.given = given
        self.rows = rows
        self.inputs = body_axes(op, given, rows)
        order = rows + op.body.order
        self.body = Plan(op.body, self.inputs, order, ufuncs)
        order = rows + op.condition.order
        self.condition = Plan(op.condition, self.inputs, order, ufuncs)
        self.results, _, _ = parts(op, self.inputs)

    def run(self, operands: Operands, call: Call) -> Results:
        """Return the final state."""
        entered = call.all_placed(operands, self.given, self.inputs)
        state, _, same = parts(self.op, entered)
        active = self.still_active(call)
        while True:
            active &= self.holds(state + same, call)
            if not active.any():
                return state
            inside = replace(call, active=active, rows=self.rows)
            taken = state + same
            outputs = self.body.run(taken, inside)
            state = self.next_state(state, outputs, inside)

    def holds(self, operands: Operands, call: Call) -> Column:
        """Return in which rows the condition holds."""
        (found,) = self.condition.run(operands, call)
        (axes,) = self.condition.output_axes
        return self.truth(found, axes, call)

    def still_active(self, call: Call) -> Column:
        """Return in which rows the whiles around go on: in others this one need not end."""
        axes = in_both(call.rows, self.rows)
        others = without(call.rows, axes)
        places = tuple(map(call.rows.index, others))
        found = call.ufuncs.np.any(call.active, places)
        return self.truth(found, axes, call)

    def truth(self, x: Any, axes: Axes, call: Call) -> Column:
        """Return for each row whether a number of these axes is true."""
        placed = call.placed(x, axes, self.rows)
        return call.ufuncs.column(placed) != 0

    def next_state(self, state: Operands, outputs: Operands, call: Call) -> Results:
        """Return what the body gave in the active rows, and the state in others."""
        having = self.body.output_axes
        new = call.all_placed(outputs, having, self.results)
        found: list[Any] = []
        where = call.ufuncs.np.where
        for i, axes in enumerate(self.results):
            index = aligned(self.rows, axes)
            active = call.active[index]
            chosen = where(active, new[i], state[i])
            found.append(chosen if axes else float(chosen))
        return found


def body_axes(op: Loop, given: AllAxes, rows: Axes) -> list[Axes]:
    """Return the axes of a body's inputs for all rows at once. A state may differ in each row."""
    states = states_of(op)
    found = []
    for i, each in enumerate(op.body.inputs):
        of_rows = rows
        if i >= states:
            of_rows = in_both(rows, given[i])
        found.append(of_rows + each.axes)
    return found


def listed(sequence: Column) -> Any:
    """Return the entries of a sequence: floats, or columns."""
    if sequence.ndim > 1:
        return sequence
    return sequence.tolist()
