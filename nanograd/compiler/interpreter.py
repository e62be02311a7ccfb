"""The reference interpreter: a program on numbers, Values and other scalars, one step at a time.

A loop is a loop of Python, one for each of its rows. On Values it leaves the graph of all its steps
behind; a `while` goes by the numbers inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..nanograd import Scalar
from ..real import data_of
from .operations import Axes, Get, Loop, Reduction, Scan, While, without
from .program import Instruction, Program, axes_of
from .rows import Rows, Space, arranged, lists_of

Results = list[Any]


def taken_from(slots: Sequence[Any], step: Instruction) -> list[Any]:
    """Return the operands of an instruction: what is in their slots, or plain numbers."""
    return [slots[x] if type(x) is int else x for x in step.operands]


class Interpreter:
    """Runs one program on numbers, Values or Rows of them, as often as is wanted."""

    def __init__(self, program: Program, lengths: dict[str, int]):
        self.program = program
        self.space = Space(program.order, lengths)
        self.axes = program.axes()
        self.steps = list(program.steps())
        self.loops: dict[int, LoopInterpreter] = {}
        for step in self.steps:
            if isinstance(step.op, Loop):
                self.loops[step.slot] = LoopInterpreter(step, self)

    def run(self, operands: Sequence[Any]) -> list[Any]:
        """Return the outputs."""
        slots = list(operands)
        for step in self.steps:
            slots.append(self.result(step, taken_from(slots, step)))
        return [slots[x] if type(x) is int else x for x in self.program.outputs]

    def result(self, step: Instruction, operands: Sequence[Any]) -> Any:
        """Return what one instruction makes of its operands; a loop gives a list of results."""
        op = step.op
        if isinstance(op, Loop):
            return self.loops[step.slot].run(list(map(lists_of, operands)))
        if isinstance(op, Get):
            return self.taken_out(op, step, operands[0])
        if isinstance(op, Reduction):
            return self.reduced(op, step, operands)
        return op(*operands)  # type: ignore[operator]  # inputs come before all steps

    def taken_out(self, op: Get, step: Instruction, results: Sequence[Any]) -> Any:
        """Return one result of a loop, in the order of axes that it has here."""
        now = self.axes[int(step.operands[0])] + op.axes
        wanted = self.axes[step.slot]
        return self.space.rows(arranged(results[op.index], now, wanted, self.lengths), wanted)

    def reduced(self, op: Reduction, step: Instruction, operands: Sequence[Any]) -> Any:
        """Return a reduction; along its axis all entries may be the same."""
        if any(op.axis in axes for axes in axes_of(step.operands, self.axes)):
            return operands[0].reduce(op, self.axes[step.slot])
        if op.name == "max":
            return operands[0]
        entries = float(self.lengths[op.axis])
        return operands[0] * entries if op.name == "sum" else entries

    @property
    def lengths(self) -> dict[str, int]:
        """How many entries each axis has."""
        return self.space.lengths


# -- loops -----------------------------------------------------------------------------------


class LoopInterpreter:
    """Runs one loop of a program, for each of its rows, on lists and scalars."""

    def __init__(self, step: Instruction, around: Interpreter):
        op: Any = step.op
        self.op = op
        self.lengths = around.lengths
        self.rows = around.axes[step.slot]
        self.operand_axes = axes_of(step.operands, around.axes)
        self.body = Interpreter(op.body, self.lengths)
        if isinstance(op, While):
            self.condition = Interpreter(op.condition, self.lengths)

    def run(self, operands: Sequence[Any]) -> Results:
        """Return the results, as lists along the rows of the loop and then along their own axes."""
        given, rows = [], []
        for x, axes, own in zip(operands, self.operand_axes, own_axes(self.op), strict=True):
            rows.append(tuple([axis for axis in self.rows if axis in axes]))
            given.append(arranged(x, axes, rows[-1] + own, self.lengths))
        return self.by_rows(self.rows, given, rows)

    def by_rows(self, axes: Axes, operands: Sequence[Any], rows: Sequence[Axes]) -> Results:
        """Return the results along these axes of rows, of which each operand has some."""
        if not axes:
            results = self.scan if isinstance(self.op, Scan) else self.repeat
            return list(map(lists_of, results(operands)))
        axis, inner = axes[0], axes[1:]
        left = [without(having, (axis,)) for having in rows]
        found = []
        for i in range(self.lengths[axis]):
            pairs = zip(operands, rows, strict=True)
            row = [x[i] if axis in having else x for x, having in pairs]
            found.append(self.by_rows(inner, row, left))
        return [[results[k] for results in found] for k in range(len(self.op.body.outputs))]

    def scan(self, operands: Sequence[Any]) -> Results:
        """Return the final state, and then lists of what the steps gave."""
        states, entries = self.op.states, self.op.states + self.op.sequences
        inputs = self.op.body.inputs
        state = self.entered(operands[:states], inputs[:states])
        same = self.entered(operands[entries:], inputs[entries:])
        order = range(self.lengths[self.op.axis])
        given: list[Results] = [[] for _ in self.op.body.outputs[states:]]
        for i in reversed(order) if self.op.is_reversed else order:
            entry = [x[i] for x in operands[states:entries]]
            out = self.body.run([*state, *self.entered(entry, inputs[states:entries]), *same])
            state = out[:states]
            for results, x in zip(given, out[states:], strict=True):
                results.append(lists_of(x))
        return state + [each[::-1] if self.op.is_reversed else each for each in given]

    def repeat(self, operands: Sequence[Any]) -> Results:
        """Return the state when the condition no longer holds."""
        states, inputs = len(self.op.body.outputs), self.op.body.inputs
        state = self.entered(operands[:states], inputs[:states])
        same = self.entered(operands[states:], inputs[states:])
        while self.condition.run(list(map(plain, [*state, *same])))[0]:
            state = self.body.run([*state, *same])
        return state

    def entered(self, operands: Sequence[Any], inputs: Sequence[Any]) -> list[Any]:
        """Return lists as these inputs of the body take them."""
        pairs = zip(operands, inputs, strict=True)
        return [self.body.space.rows(x, each.axes) for x, each in pairs]


def own_axes(op: Scan | While) -> list[Axes]:
    """Return the axes of each operand in one row of a loop, that of a scan first."""
    inputs = [x.axes for x in op.body.inputs]
    if isinstance(op, While):
        return inputs
    each_step = range(op.states, op.states + op.sequences)
    return [(op.axis, *axes) if i in each_step else axes for i, axes in enumerate(inputs)]


def plain(x: Any) -> Any:
    """Return the numbers in a Value, or in Rows of them."""
    if isinstance(x, Rows):
        return Rows(x.axis, list(map(plain, x.entries)), x.space)
    return data_of(x) if isinstance(x, Scalar) else x
