"""What of a program is needed for its outputs, in the bodies of its loops too.

A loop is needed for some of its results. These need a part of its body, and that needs a part of
the state, in the next step too, and a part of the operands. Each slot is looked at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import compress
from typing import Any

from ...nanograd import Operation
from ..programs.operations import (
    Get,
    Input,
    Loop,
    Reduction,
    Scan,
)
from ..programs.program import (
    Operand,
    Operands,
    Program,
    axes_from,
    is_input,
)
from .bodies import arranged, kinds_of


class Needs:
    """What is needed of one program, which may be the body or the condition of a loop."""

    def __init__(self, program: Program, user: LoopNeeds | None = None):
        self.program = program
        self.user = user
        self.is_needed = [False] * len(program)
        self.loops: dict[int, LoopNeeds] = {}

    def need(self, operand: Operand, waiting: Waiting) -> None:
        """Note that an operand is needed, with all that it needs here; what lies beyond waits."""
        ops, is_needed = self.program.ops, self.is_needed
        stack = [operand]
        while stack:
            slot = stack.pop()
            if type(slot) is not int or is_needed[slot]:
                continue
            is_needed[slot] = True
            op = ops[slot]
            if type(op) is Operation:
                stack += self.program.operands[slot]
            elif isinstance(op, Get):
                bundle = int(self.program.operands[slot][0])
                self.loop_at(bundle, waiting).need_result(op.index, waiting)
            elif isinstance(op, Input) and self.user is not None:
                self.user.need_input(slot, waiting)
            else:
                stack += self.program.operands[slot]

    def loop_at(self, slot: int, waiting: Waiting) -> LoopNeeds:
        """Return what is needed of a loop, which is needed from now on."""
        if slot not in self.loops:
            self.is_needed[slot] = True
            self.loops[slot] = LoopNeeds(self, slot)
            self.loops[slot].begin(waiting)
        return self.loops[slot]

    def lengths(self) -> Iterator[tuple[Needs, int]]:
        """Yield, for an axis of a reduction that nothing else has, what brings it; in loops too."""
        ops = list(compress(self.program.ops, self.is_needed))
        wanted = {op.axis for op in ops if type(op) is Reduction}
        known = {axis for op in ops for axis in axes_from(op)} if wanted else set()
        for axis in sorted(wanted - known):
            bring = [i for i, op in enumerate(self.program.ops) if axis in axes_from(op)]
            yield self, bring[0]
        for loop in self.loops.values():
            for part in loop.parts:
                yield from part.lengths()

    def pruned(self, inputs: Sequence[int], outputs: Operands) -> Program:
        """Return the program with these inputs, what else is needed, and these outputs."""
        ops = list(self.program.ops)
        operands = list(self.program.operands)
        needed = compress(range(len(ops)), self.is_needed)
        steps = [slot for slot in needed if not is_input(ops[slot])]
        results: dict[int, dict[int, Get]] = {}
        for slot in steps if self.loops else ():
            op = ops[slot]
            if slot in self.loops:
                loop = self.loops[slot]
                again = loop.pruned()
                taken = compress(operands[slot], loop.is_taken)
                ops[slot] = again
                operands[slot] = tuple(taken)
                results[slot] = dict(zip(loop.given, again.results(), strict=True))
            elif isinstance(op, Get):
                bundle = int(operands[slot][0])
                ops[slot] = results[bundle][op.index]
        return arranged(Program(ops, operands, outputs), inputs, steps)


class LoopNeeds:
    """What is needed of a loop in a program."""

    def __init__(self, program: Needs, slot: int):
        loop: Any = program.program.ops[slot]
        self.program = program
        self.loop: Loop = loop
        self.operands = program.program.operands[slot]
        self.body = Needs(loop.body, self)
        self.parts = [self.body]
        self.kinds = kinds_of(loop)
        self.is_taken = [False] * len(self.operands)
        self.is_given = [False] * len(loop.body.outputs)

    def begin(self, waiting: Waiting) -> None:
        """Note what a loop needs for whatever result: its condition."""
        if not isinstance(self.loop, Scan):
            self.parts.append(Needs(self.loop.condition, self))
            waiting += [(self.parts[1], x) for x in self.loop.condition.outputs]

    def need_result(self, i: int, waiting: Waiting) -> None:
        """Note that a result is needed: a state, or what the steps give."""
        if not self.is_given[i]:
            self.is_given[i] = True
            waiting.append((self.body, self.loop.body.outputs[i]))
            if i in self.kinds[0]:
                self.need_input(i, waiting)

    def need_input(self, i: int, waiting: Waiting) -> None:
        """Note that an input of the body is needed: its operand, and of a state the next one."""
        if not self.is_taken[i]:
            self.is_taken[i] = True
            waiting.append((self.program, self.operands[i]))
            if i in self.kinds[0]:
                self.need_result(i, waiting)

    @property
    def taken(self) -> list[int]:
        """The places of the operands that are needed."""
        places = range(len(self.is_taken))
        return list(compress(places, self.is_taken))

    @property
    def given(self) -> list[int]:
        """The places of the results that are needed."""
        places = range(len(self.is_given))
        return list(compress(places, self.is_given))

    def pruned(self) -> Loop:
        """Return the loop with what is needed of it."""
        outputs = compress(self.loop.body.outputs, self.is_given)
        body = self.body.pruned(self.taken, tuple(outputs))
        if isinstance(self.loop, Scan):
            states, sequences, _ = self.kinds
            return replace(
                self.loop,
                body=body,
                states=self.count(states),
                sequences=self.count(sequences),
            )
        condition = self.parts[1].pruned(self.taken, self.loop.condition.outputs)
        return replace(self.loop, condition=condition, body=body)

    def count(self, places: range) -> int:
        """Return how many operands at these places are needed."""
        return sum(self.is_taken[i] for i in places)


#: What is yet to be needed: an operand, in its program.
Waiting = list[tuple[Needs, Operand]]


def needs_of(program: Program, operands: Iterable[Operand]) -> Needs:
    """Return what a program needs for these of its slots."""
    needs = Needs(program)
    waiting: Waiting = [(needs, x) for x in operands]
    while waiting:
        each, operand = waiting.pop()
        each.need(operand, waiting)
        if not waiting:
            waiting += needs.lengths()
    return needs
