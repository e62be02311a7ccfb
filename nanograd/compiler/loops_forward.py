"""Loops with tangents: the state is twice as long, and so is what the steps take and give.

Only of what moves there are tangents. A loop is run once, for its values and its tangents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .bodies import state_count, taking
from .dependence import moving
from .flows import widened
from .operations import Get, Loop, Scan, While
from .program import Operand, Operands, Program
from .refs import Recorder, Ref
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

    def operands(self, values: Sequence[Operand], tangents: Sequence[Operand]) -> Operands:
        """Return what it takes, given what it took before, and the tangents of that."""
        return tuple([tangents[i] if moves else values[i] for i, moves in self.inputs])


def with_tangents(loop: Loop, moves: Sequence[bool], walk: type[Forward]) -> MovingLoop:
    """Return a loop in which these operands move, with tangents."""
    states = state_count(loop)
    sequences = loop.sequences if isinstance(loop, Scan) else 0
    found = moving(loop, moves)
    ends = [0, states, states + sequences, len(found.inputs)]
    taken = [list(twins(ends[i], ends[i + 1], found.inputs)) for i in range(3)]
    given = [*twins(0, states, found.results), *twins(states, len(found.results), found.results)]
    inputs = [twin for group in taken for twin in group]
    with recording() as recorder:
        refs = {twin: input_like(recorder, loop.body, *twin) for twin in inputs}
        values = [refs[i, False].slot for i in range(len(found.inputs))]
        forward = walk(
            loop.body, recorder, values, {i: x for (i, is_dot), x in refs.items() if is_dot}
        )
        results = {False: forward.values(), True: forward.tangents_of_outputs()}
        outputs = [
            widened(results[is_dot][i], refs[i, is_dot]) if i < states else results[is_dot][i]
            for i, is_dot in given
        ]
        body = recorder.program(outputs)
    again: Loop
    if isinstance(loop, Scan):
        again = Scan(loop.axis, body, len(taken[0]), len(taken[1]), loop.is_reversed)
    else:
        again = While(taking(loop.condition, body.inputs, values), body)
    return MovingLoop(again, inputs, dict(zip(given, again.results(), strict=True)))


def twins(start: int, stop: int, moves: Sequence[bool]) -> Iterator[Twin]:
    """Yield these places, and then the tangents of those that move."""
    yield from ((i, False) for i in range(start, stop))
    yield from ((i, True) for i in range(start, stop) if moves[i])


def input_like(recorder: Recorder, body: Program, i: int, is_tangent: bool) -> Ref:
    """Return one more input, for what a body takes at this place, or for its tangent."""
    given = body.inputs[i]
    return recorder.input(f"{given.name}_dot" if is_tangent else given.name, given.axes)
