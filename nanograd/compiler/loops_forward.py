"""Loops with tangents: the state is twice as long, and so is what the steps take and give.

Only of what moves there are tangents. A loop is run once, for its values and its tangents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .bodies import kinds_of, taking
from .dependence import moving
from .flows import widened
from .operations import (
    Get,
    Loop,
    Scan,
    While,
)
from .program import (
    Operand,
    Operands,
    Program,
)
from .refs import Ref
from .trace import recording

if TYPE_CHECKING:  # it writes loops
    from .derivative import Forward

#: An input or a result of a loop by its place, and whether its tangent is meant.
Twin = tuple[int, bool]


@dataclass
class MovingLoop:
    """A loop that has tangents too."""

    loop: Loop
    inputs: list[Twin]
    results: dict[Twin, Get]  # what takes them out

    def operands(
        self,
        values: Sequence[Operand],
        tangents: Sequence[Operand],
    ) -> Operands:
        """Return what it takes, given what it took before, and the tangents of that."""
        ways = values, tangents
        return tuple([ways[is_tangent][i] for i, is_tangent in self.inputs])


def with_tangents(
    loop: Loop,
    moves: Sequence[bool],
    walk: type[Forward],
) -> MovingLoop:
    """Return a loop in which these operands move, with tangents."""
    found = moving(loop, moves)
    kinds = kinds_of(loop)
    steps = range(len(kinds[0]), len(found.results))
    states, sequences, constants = [twins(kind, found.inputs) for kind in kinds]
    inputs = [*states, *sequences, *constants]
    given = [*states, *twins(steps, found.results)]
    body = body_with_tangents(loop.body, inputs, given, len(states), walk)
    again: Loop
    if isinstance(loop, Scan):
        counts = len(states), len(sequences)
        again = Scan(loop.axis, body, *counts, loop.is_reversed)
    else:
        values = [inputs.index((i, False)) for i in range(len(moves))]
        again = While(taking(loop.condition, body.inputs, values), body)
    results = zip(given, again.results(), strict=True)
    return MovingLoop(again, inputs, dict(results))


def twins(places: Sequence[int], moves: Sequence[bool]) -> list[Twin]:
    """Return these places, and then the tangents of those that move."""
    values = [(i, False) for i in places]
    tangents = [(i, True) for i in places if moves[i]]
    return values + tangents


def body_with_tangents(
    body: Program,
    inputs: Sequence[Twin],
    outputs: Sequence[Twin],
    states: int,
    walk: type[Forward],
) -> Program:
    """Return a body that takes and gives tangents too; so many outputs, the first, are states."""
    given = body.inputs
    with recording() as recorder:
        refs: dict[Twin, Ref] = {}
        for i, is_tangent in inputs:
            name = given[i].name + "_dot" * is_tangent
            refs[i, is_tangent] = recorder.input(name, given[i].axes)
        values = [refs[i, False].slot for i in range(len(given))]
        tangents = {i: x for (i, is_tangent), x in refs.items() if is_tangent}
        forward = walk(body, recorder, values, tangents)
        found = forward.values(), forward.tangents_of_outputs()
        results = []
        for place, (i, is_tangent) in enumerate(outputs):
            is_state = place < states
            x = found[is_tangent][i]
            results.append(widened(x, refs[i, is_tangent]) if is_state else x)
        return recorder.program(results)
