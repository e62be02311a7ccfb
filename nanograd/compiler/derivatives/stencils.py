"""The step of the chain rule at an operation, written down once for all instructions alike.

The rule of an operation, run on Refs, records the same instructions each time, but for the slots.
So from the second time on they are copied. What a rule records may depend on the plain numbers that
it is given: `x ** n` has another slope for n = 0. So instructions are alike if they have the same
operation and the same plain numbers in the same places, the adjoint included, and if the adjoints
of the same operands are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...calculus.levels import new_level
from ..programs.operations import Op
from ..programs.program import Instruction, Operand, Operands
from ..tracing.extents import Extents
from ..tracing.refs import Recorder, Ref
from .chain_rule import is_choice, partials_of, times

Key = tuple[Op, str, tuple[str, ...]]

MOST_KINDS = 10_000  # of a program with more plain numbers, the others are run each time


class Share(NamedTuple):
    """What is recorded to find the share of one operand, and where that is."""

    steps: list[tuple[Op, Operands]]  # their slots: the operands, the result, its adjoint, steps
    place: int
    found: Operand


Stencil = list[Share]


class Stencils:
    """The stencils of one walk through a program."""

    def __init__(self, depends: Sequence[bool]):
        self.marks = ["wanted" if each else "" for each in depends]
        self.known: dict[Key, Stencil | None] = {}
        self.seen: set[Key] = set()

    def stencil(self, op: Op, operands: Operands, adjoint: Operand) -> Stencil | None:
        """Return the stencil for an instruction; None if its rule is to be run."""
        marks = self.marks
        numbers = tuple([marks[x] if type(x) is int else repr(x) for x in operands])
        key = op, "" if type(adjoint) is int else repr(adjoint), numbers
        if key in self.known:
            return self.known[key]
        if key in self.seen:
            wanted = [each == "wanted" for each in numbers]
            self.known[key] = found = stencil_of(op, operands, adjoint, wanted)
            return found
        if len(self.seen) < MOST_KINDS:
            self.seen.add(key)
        return None


def stencil_of(
    op: Op,
    operands: Operands,
    adjoint: Operand,
    wanted: Sequence[bool],
) -> Stencil | None:
    """Return the stencil for an operation; None if its shares need more than their operands."""
    count = len(operands)
    with new_level() as level:
        recorder = Recorder(level, Extents())
        *_, out, last = [recorder.input("x") for _ in range(count + 2)]
        taken = tuple([i if type(x) is int else x for i, x in enumerate(operands)])
        partials = partials_of(recorder, Instruction(out.slot, op, taken))
        arrived = last if type(adjoint) is int else adjoint
        found: Stencil = []
        begin = count + 2
        for place, partial in enumerate(partials):
            if partial is None or not wanted[place]:
                continue
            share = times(arrived, partial)
            if is_choice(op, partial) or type(share) not in {Ref, float}:
                return None
            steps = list(zip(recorder.ops, recorder.operands, strict=True))[begin:]
            found.append(Share(steps, place, recorder.operand(share)))
            begin = len(recorder.ops)
    has_more = len(recorder.names) != count + 2  # as a Value from outside
    return None if has_more or recorder.order else found
