"""Loops with tangents: the state is twice as long, and so is what the steps take and give.

Only of what moves there are tangents. A loop is run once, for its values and its tangents.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..passes.bodies import kinds_of, taking
from ..programs.operations import (
    Get,
    Loop,
    Scan,
    While,
)
from ..programs.program import Operand, Operands
from ..tracing.refs import Ref
from ..tracing.trace import recording
from .dependence import Moving, moving
from .flows import widened

if TYPE_CHECKING:  # it writes loops
    from .derivative import Forward

#: What there is of an input or a result of a loop; the gate tells in which steps it moves.
VALUE, TANGENT, GATE = 0, 1, 2

#: An input or a result of a loop by its place, and which of these is meant.
Twin = tuple[int, int]

NAMES = "", "_dot", "_gate"


@dataclass
class MovingLoop:
    """A loop that has tangents too."""

    loop: Loop
    inputs: list[Twin]
    results: dict[Twin, Get]  # what takes them out

    def operands(self, *ways: Sequence[Operand]) -> Operands:
        """Return what it takes, given what it took before, the tangents of that, and the gates."""
        return tuple([ways[which][i] for i, which in self.inputs])


def with_tangents(
    loop: Loop,
    moves: Sequence[bool],
    still: Sequence[bool],
    walk: type[Forward],
) -> MovingLoop:
    """Return a loop in which these operands move, with tangents; these may stand still.

    What moves only in some steps has the tangent 0 in others. Nothing flows from there, not even
    the nan of 0 · ∞: it has a gate. Which states have one is found step by step.
    """
    found = moving(loop, moves)
    gated = {i for i, is_still in enumerate(still) if is_still and found.inputs[i]}
    while True:
        again, more = written_with(loop, found, gated, walk)
        if more <= gated:
            return again
        gated |= more


def written_with(
    loop: Loop,
    found: Moving,
    gated: set[int],
    walk: type[Forward],
) -> tuple[MovingLoop, set[int]]:
    """Return a loop with tangents, and gates of these, and the states that stand still after it."""
    kinds = kinds_of(loop)
    steps = range(len(kinds[0]), len(found.results))
    taken = [twins(kind, found.inputs, gated) for kind in kinds]
    inputs = [twin for kind in taken for twin in kind]
    with recording() as recorder:
        refs: dict[Twin, Ref] = {}
        for i, which in inputs:
            given = loop.body.inputs[i]
            refs[i, which] = recorder.input(given.name + NAMES[which], given.axes)
        ways = [{i: x for (i, which), x in refs.items() if which == way} for way in range(3)]
        values = [ways[VALUE][i].slot for i in range(len(found.inputs))]
        forward = walk(loop.body, recorder, values, ways[TANGENT], ways[GATE])
        after = forward.values(), forward.tangents_of_outputs(), forward.gates_of_outputs()
        still = {i for i in kinds[0] if found.inputs[i] and after[GATE][i] is not None}
        outputs = []
        for i, which in taken[0]:
            x = after[which][i]
            outputs.append(widened(1.0 if x is None else x, refs[i, which]))
        given_twins = twins(steps, found.results, set())
        outputs += [after[which][i] for i, which in given_twins]
        body = recorder.program(outputs)
    again: Loop
    if isinstance(loop, Scan):
        again = Scan(loop.axis, body, len(taken[0]), len(taken[1]), loop.is_reversed)
    else:
        places = [inputs.index((i, VALUE)) for i in range(len(found.inputs))]
        again = While(taking(loop.condition, body.inputs, places), body)
    results = zip([*taken[0], *given_twins], again.results(), strict=True)
    return MovingLoop(again, inputs, dict(results)), still


def twins(
    places: Sequence[int],
    moves: Sequence[bool],
    gated: Container[int],
) -> list[Twin]:
    """Return these places, then the tangents of those that move, then the gates of the gated."""
    values = [(i, VALUE) for i in places]
    tangents = [(i, TANGENT) for i in places if moves[i]]
    gates = [(i, GATE) for i in places if i in gated]
    return values + tangents + gates
