"""The reference interpreter: a program on numbers, Values and other scalars, one step at a time.

A loop is a loop of Python, one for each of its rows. On Values it leaves the graph of all its steps
behind; a `while` goes by the numbers inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import add
from typing import Any

from ..nanograd import Scalar
from ..real import data_of
from .operations import Axes, Get, Loop, Reduction, Scan, While, without
from .program import Instruction, Program, axes_of
from .rows import Lengths, Rows, Space, arranged, lists_of

Operands = Sequence[Any]
Results = list[Any]


def taken_from(slots: Operands, places: Operands) -> Results:
    """Return what is in these slots; plain numbers are themselves."""
    return [slots[x] if type(x) is int else x for x in places]


class Interpreter:
    """Runs one program on numbers, Values or Rows of them, as often as is wanted."""

    def __init__(self, program: Program, lengths: dict[str, int]):
        self.program = program
        self.lengths = lengths
        self.space = Space(program.order, lengths)
        self.axes = program.axes()
        self.steps = list(program.steps())
        self.loops: dict[int, LoopInterpreter] = {}
        for step in self.steps:
            if isinstance(step.op, Loop):
                self.loops[step.slot] = LoopInterpreter(step, self)

    def run(self, operands: Operands) -> Results:
        """Return the outputs."""
        slots = list(operands)
        for step in self.steps:
            taken = taken_from(slots, step.operands)
            slots.append(self.result(step, taken))
        return taken_from(slots, self.program.outputs)

    def result(self, step: Instruction, operands: Operands) -> Any:
        """Return what one instruction makes of its operands; a loop gives a list of results."""
        op = step.op
        if isinstance(op, Loop):
            lists = list(map(lists_of, operands))
            return self.loops[step.slot].run(lists)
        if isinstance(op, Get):
            return self.taken_out(op, step, operands[0])
        if isinstance(op, Reduction):
            return self.reduced(op, step, operands)
        return op(*operands)  # type: ignore[operator]  # inputs come before all steps

    def taken_out(self, op: Get, step: Instruction, results: Operands) -> Any:
        """Return one result of a loop, in the order of axes that it has here."""
        rows = self.axes[int(step.operands[0])]
        wanted = self.axes[step.slot]
        lists = arranged(results[op.index], rows + op.axes, wanted, self.lengths)
        return self.space.rows(lists, wanted)

    def reduced(self, op: Reduction, step: Instruction, operands: Operands) -> Any:
        """Return a reduction; along its axis all entries may be the same."""
        for axes in axes_of(step.operands, self.axes):
            if op.axis in axes:
                return operands[0].reduce(op, self.axes[step.slot])
        if op.name == "max":
            return operands[0]
        entries = float(self.lengths[op.axis])
        return operands[0] * entries if op.name == "sum" else entries


# -- loops -----------------------------------------------------------------------------------


class LoopInterpreter:
    """Runs one loop of a program, for each of its rows, on lists and scalars."""

    def __init__(self, step: Instruction, around: Interpreter):
        op: Any = step.op
        self.op = op
        self.lengths = around.lengths
        self.rows = around.axes[step.slot]
        self.operand_axes = axes_of(step.operands, around.axes)
        self.inputs = op.body.inputs
        self.body = Interpreter(op.body, self.lengths)
        if isinstance(op, While):
            self.condition = Interpreter(op.condition, self.lengths)

    def run(self, operands: Operands) -> Results:
        """Return the results, as lists along the rows of the loop and then along their own axes."""
        given = []
        rows = [in_both(self.rows, axes) for axes in self.operand_axes]
        wanted = map(add, rows, own_axes(self.op))
        for x, axes, order in zip(operands, self.operand_axes, wanted, strict=True):
            given.append(arranged(x, axes, order, self.lengths))
        return self.by_rows(self.rows, given, rows)

    def by_rows(self, axes: Axes, operands: Operands, rows: Sequence[Axes]) -> Results:
        """Return the results along these axes of rows, of which each operand has some."""
        if not axes:
            results = self.scan if isinstance(self.op, Scan) else self.repeat
            return list(map(lists_of, results(operands)))
        axis, *inner = axes
        left = [without(having, (axis,)) for having in rows]
        found = []
        for i in range(self.lengths[axis]):
            row = []
            for x, having in zip(operands, rows, strict=True):
                row.append(x[i] if axis in having else x)
            found.append(self.by_rows(tuple(inner), row, left))
        places = range(len(self.op.body.outputs))
        return [[results[k] for results in found] for k in places]

    def scan(self, operands: Operands) -> Results:
        """Return the final state, and then lists of what the steps gave."""
        states = self.op.states
        entries = states + self.op.sequences
        state = self.entered(operands, 0, states)
        same = self.entered(operands, entries, None)
        given = []
        for i in steps_of(self.op, self.lengths):
            row = [x[i] if states <= k < entries else x for k, x in enumerate(operands)]
            entry = self.entered(row, states, entries)
            outputs = self.body.run(state + entry + same)
            state = outputs[:states]
            given.append(list(map(lists_of, outputs[states:])))
        if self.op.is_reversed:
            given.reverse()
        columns = range(len(self.op.body.outputs) - states)
        return state + [[results[k] for results in given] for k in columns]

    def repeat(self, operands: Operands) -> Results:
        """Return the state when the condition no longer holds."""
        states = len(self.op.body.outputs)
        state = self.entered(operands, 0, states)
        same = self.entered(operands, states, None)
        while self.holds(state + same):
            state = self.body.run(state + same)
        return state

    def holds(self, operands: Operands) -> bool:
        """Return whether the condition holds, by the numbers of its operands."""
        numbers = list(map(plain, operands))
        return bool(self.condition.run(numbers)[0])

    def entered(self, operands: Operands, first: int, end: int | None) -> Results:
        """Return some of the operands, from the first to an end, as the body takes them."""
        chosen = slice(first, end)
        axes = [each.axes for each in self.inputs[chosen]]
        return list(map(self.body.space.rows, operands[chosen], axes))


def own_axes(op: Scan | While) -> list[Axes]:
    """Return the axes of each operand in one row of a loop, that of a scan first."""
    found = [x.axes for x in op.body.inputs]
    if isinstance(op, Scan):
        for i in range(op.states, op.states + op.sequences):
            found[i] = (op.axis, *found[i])
    return found


def steps_of(op: Scan, lengths: Lengths) -> Sequence[int]:
    """Return the places along the axis of a scan, in the order of its steps."""
    places = range(lengths[op.axis])
    return places[::-1] if op.is_reversed else places


def in_both(axes: Axes, others: Axes) -> Axes:
    """Return the axes that are among the others too."""
    return tuple([axis for axis in axes if axis in others])


def plain(x: Any) -> Any:
    """Return the numbers in a Value, or in Rows of them."""
    if isinstance(x, Rows):
        numbers = list(map(plain, x.entries))
        return Rows(x.axis, numbers, x.space)
    return data_of(x) if isinstance(x, Scalar) else x
