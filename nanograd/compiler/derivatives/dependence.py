"""Which slots of a program move when some of its inputs do: where derivatives can flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...nanograd import Operation
from ..passes.bodies import state_count
from ..programs.operations import COMPARISONS, STOP, Get, Loop, Op
from ..programs.program import Program

#: Operations whose results do not move with their operands, but jump or stay.
STILL: frozenset[Op] = COMPARISONS | {STOP}


class Moving(NamedTuple):
    """What moves in a loop, in some step: which inputs of its body, and which results."""

    inputs: list[bool]
    results: list[bool]


def depends_on(program: Program, wrt: Sequence[int]) -> list[bool]:
    """Return for each slot whether it depends on one of these inputs.

    >>> from nanograd.compiler.programs.parsing import parsed
    >>> program = parsed('''
    ... program(x, y)
    ...   a = exp x
    ...   b = mul a y
    ...   c = sin y
    ...   return b c
    ... ''')
    >>> depends_on(program, [0])
    [True, False, True, True, False]
    """
    found = [False] * len(program)
    loops: dict[int, Moving] = {}
    for slot in wrt:
        found[slot] = True
    for slot, (op, operands) in enumerate(program):
        moves = [type(x) is int and found[x] for x in operands]
        if not any(moves) or op in STILL:
            continue
        if type(op) is Operation:
            found[slot] = True
        elif isinstance(op, Loop):
            loops[slot] = moving(op, moves)
            found[slot] = any(loops[slot].results)
        elif isinstance(op, Get):
            found[slot] = loops[int(operands[0])].results[op.index]
        else:
            found[slot] = True
    return found


def moving(loop: Loop, moves: Sequence[bool]) -> Moving:
    """Return what moves in a loop in which these operands do.

    A state that moves in one step may move others in the next: it is looked at again until no more
    are found.
    """
    inputs = list(moves)
    outputs = loop.body.outputs
    states = range(state_count(loop))
    while True:
        found = depends_on(loop.body, [i for i, moves in enumerate(inputs) if moves])
        stepped = [type(x) is int and found[x] for x in outputs]
        new = [i for i in states if stepped[i] and not inputs[i]]
        if not new:
            results = [moves or (i in states and inputs[i]) for i, moves in enumerate(stepped)]
            return Moving(inputs, results)
        for i in new:
            inputs[i] = True
