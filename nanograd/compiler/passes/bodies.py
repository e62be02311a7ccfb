"""Programs made anew with other inputs, as the bodies of loops are, again and again."""

from __future__ import annotations

from collections.abc import Sequence

from ..programs.operations import (
    UNIFORM,
    Input,
    Loop,
    Op,
    Scan,
    extended,
)
from ..programs.program import Operand, Operands, Program, rearranged, renamed


def state_count(loop: Loop) -> int:
    """Return how many numbers are the state of a loop; they are the first inputs of its body."""
    return loop.states if isinstance(loop, Scan) else len(loop.body.outputs)


def kinds_of(loop: Loop) -> tuple[range, range, range]:
    """Return the places of the states, the sequences, and what is the same in each step."""
    states = state_count(loop)
    sequences = loop.sequences if isinstance(loop, Scan) else 0
    entries = states + sequences
    end = len(loop.body.inputs)
    return range(states), range(states, entries), range(entries, end)


def taking(
    program: Program,
    inputs: Sequence[Input],
    operands: Sequence[Operand],
) -> Program:
    """Return the program with new inputs, of which these, or numbers, are for the old ones.

    >>> from nanograd.compiler.programs.parsing import parsed
    >>> program = parsed('''
    ... program(x, y)
    ...   a = mul x y
    ...   return a
    ... ''')
    >>> print(taking(program, [Input("z")], [0, 2.0]))
    program(z)
      a = mul z 2.0
      return a
    """
    ops: list[Op] = list(inputs)
    taken: list[Operands] = [()] * len(inputs)
    new = list(operands)
    for step in program.steps():
        new.append(len(ops))
        ops.append(step.op)
        taken.append(renamed(step.operands, new))
    return with_axes_in_order(Program(ops, taken, renamed(program.outputs, new)))


def arranged(
    program: Program,
    inputs: Sequence[int],
    steps: Sequence[int],
) -> Program:
    """Return the program with these inputs in this order, and with these of its other slots."""
    return with_axes_in_order(rearranged(program, [*inputs, *steps]))


def with_axes_in_order(program: Program) -> Program:
    """Return the program, whose inputs now have their axes in the order in which they come."""
    order = UNIFORM
    for slot, given in enumerate(program.inputs):
        order = extended(order, given.axes)
        axes = tuple(axis for axis in order if axis in given.axes)
        program.ops[slot] = Input(given.name, axes)
    return program
