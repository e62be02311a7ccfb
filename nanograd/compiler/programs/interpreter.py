"""The reference interpreter: a program on numbers, Values and other scalars, one step at a time.

A loop is a loop of Python, one for each of its rows. On Values it leaves the graph of all its steps
behind; a `while` goes by the numbers inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...nanograd import Scalar
from ...real import data_of
from .operations import Axes, Get, Input, Loop, Reduction, Scan, While
from .program import Instruction, Program, axes_of, parts
from .rows import Lengths, Rows, Space, arranged, lists_of

Operands = Sequence[Any]
Results = list[Any]


def taken_from(slots: Operands, places: Operands) -> Results:
    """Return what is in these slots; plain numbers are themselves."""

    def taken(x: Any) -> Any:
        return slots[x] if type(x) is int else x

    return list(map(taken, places))


class Interpreter:
    """Runs one program on numbers, Values or Rows of them, as often as is wanted."""

    def __init__(self, program: Program, lengths: dict[str, int]):
        self.program = program
        self.lengths = lengths
        self.space = Space(program.order, lengths)
        self.axes = program.axes()
        self.steps = list(program.steps())
        self.loops = {}
        for step in self.steps:
            if isinstance(step.op, Loop):
                loop = LoopInterpreter(step, self)
                self.loops[step.slot] = loop

    def run(self, operands: Operands) -> Results:
        """Return the outputs."""
        slots = list(operands)
        for step in self.steps:
            taken = taken_from(slots, step.operands)
            found = self.result(step, taken)
            slots.append(found)
        return taken_from(slots, self.program.outputs)

    def result(self, step: Instruction, operands: Operands) -> Any:
        """Return what one instruction makes of its operands; a loop gives a list of results."""
        op: Any = step.op
        if isinstance(op, Loop):
            lists = list(map(lists_of, operands))
            return self.loops[step.slot].run(lists)
        if isinstance(op, Get):
            result = operands[0][op.index]
            return self.taken_out(step, result)
        if isinstance(op, Reduction):
            return self.reduced(step, operands)
        return op(*operands)

    def taken_out(self, step: Instruction, result: Any) -> Any:
        """Return one result of a loop, in the order of axes that it has here."""
        op: Any = step.op
        (rows,) = axes_of(step.operands, self.axes)
        wanted = self.axes[step.slot]
        lists = arranged(result, rows + op.axes, wanted, self.lengths)
        return self.space.rows(lists, wanted)

    def reduced(self, step: Instruction, operands: Operands) -> Any:
        """Return a reduction; along its axis all entries may be the same."""
        op: Any = step.op
        for axes in axes_of(step.operands, self.axes):
            if op.axis in axes:
                left = self.axes[step.slot]
                return operands[0].reduce(op, left)
        if op.name == "max":
            return operands[0]
        entries = float(self.lengths[op.axis])
        if op.name == "count":
            return entries
        return operands[0] * entries


# -- loops -----------------------------------------------------------------------------------


class LoopInterpreter:
    """Runs one loop of a program, for each of its rows, on lists and scalars."""

    def __init__(self, step: Instruction, around: Interpreter):
        op: Any = step.op
        self.op = op
        self.lengths = around.lengths
        self.rows = around.axes[step.slot]
        self.body = Interpreter(op.body, self.lengths)
        self.inputs = op.body.inputs
        count = len(op.body.outputs)
        self.results = range(count)
        self.operand_axes = axes_of(step.operands, around.axes)
        self.operand_rows = []
        for axes in self.operand_axes:
            rows = in_both(self.rows, axes)
            self.operand_rows.append(rows)
        self.run_once = self.scan
        if isinstance(op, While):
            self.run_once = self.repeat
            self.condition = Interpreter(op.condition, self.lengths)

    def run(self, operands: Operands) -> Results:
        """Return the results, as lists along the rows of the loop and then along their own axes."""
        given = []
        own = own_axes(self.op)
        for i, x in enumerate(operands):
            axes = self.operand_axes[i]
            wanted = self.operand_rows[i] + own[i]
            lists = arranged(x, axes, wanted, self.lengths)
            given.append(lists)
        return self.by_rows(self.rows, given)

    def by_rows(self, axes: Axes, operands: Operands) -> Results:
        """Return the results along these axes of rows, the last ones."""
        if not axes:
            results = self.run_once(operands)
            return list(map(lists_of, results))
        axis, inner = axes[0], axes[1:]
        found = []
        for i in range(self.lengths[axis]):
            row = self.row(i, axis, operands)
            results = self.by_rows(inner, row)
            found.append(results)
        return columns(found, self.results)

    def row(self, i: int, axis: str, operands: Operands) -> Results:
        """Return the operands in row i: the entry of those that have the axis."""
        found = []
        for x, rows in zip(operands, self.operand_rows, strict=True):
            is_column = axis in rows
            found.append(x[i] if is_column else x)
        return found

    def scan(self, operands: Operands) -> Results:
        """Return the final state, and then lists of what the steps gave."""
        inputs = parts(self.op, self.inputs)
        states = self.op.states
        state, sequences, same = parts(self.op, operands)
        state = self.entered(state, inputs[0])
        same = self.entered(same, inputs[2])
        found = []
        for i in steps_of(self.op, self.lengths):
            here = [x[i] for x in sequences]
            entry = self.entered(here, inputs[1])
            outputs = self.body.run(state + entry + same)
            state = outputs[:states]
            lists = list(map(lists_of, outputs))
            found.append(lists)
        if self.op.is_reversed:
            found.reverse()
        given = self.results[states:]
        return state + columns(found, given)

    def repeat(self, operands: Operands) -> Results:
        """Return the state when the condition no longer holds."""
        entered = self.entered(operands, self.inputs)
        state, _, same = parts(self.op, entered)
        while self.holds(state + same):
            state = self.body.run(state + same)
        return state

    def holds(self, operands: Operands) -> bool:
        """Return whether the condition holds, by the numbers of its operands."""
        numbers = list(map(plain, operands))
        (holds,) = self.condition.run(numbers)
        return bool(holds)

    def entered(self, operands: Operands, inputs: Sequence[Input]) -> Results:
        """Return operands as these inputs of the body take them."""
        axes = [each.axes for each in inputs]
        space = self.body.space
        return list(map(space.rows, operands, axes))


def columns(rows: Sequence[Results], places: Iterable[int]) -> Results:
    """Return these places of all rows, each as a list."""
    return [[row[i] for row in rows] for i in places]


def own_axes(op: Loop) -> list[Axes]:
    """Return the axes of each operand in one row of a loop, that of a scan first."""
    inputs = op.body.inputs
    axes = [each.axes for each in inputs]
    if isinstance(op, While):
        return axes
    state, entries, same = parts(op, axes)
    along = [(op.axis, *each) for each in entries]
    return state + along + same


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
