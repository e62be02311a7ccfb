"""A program rewritten in place: what has gone leaves a gap, and all gaps are closed at the end.

So what stays keeps its slot, and its operands as they are if nothing of them has changed: a walk
over a long program costs little where it finds little to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..programs.operations import UNIFORM, Axes, Op, axes_after
from ..programs.program import Operand, Operands, Program, axes_of, rearranged

#: What becomes of an instruction: another one, or an operand in its place.
Rewritten = Operand | tuple[Op, Operands]


class Rewriting:
    """A program, and what has become of it so far; `ops` has None where a slot has gone."""

    def __init__(self, program: Program):
        self.ops: list[Any] = list(program.ops)
        self.operands = list(program.operands)
        self.outputs = program.outputs
        self.order = program.order
        self.axes: Sequence[Axes] = program.axes() if self.order else ()
        self.gone: dict[int, Operand] = {}  # in this walk: what stands for a slot

    def walk(self, visit: Callable[[int, Any, Operands], Rewritten | None]) -> None:
        """Visit each instruction, with what has become of its operands, in order.

        What is returned stands in its place, unless that had other axes; None leaves it as it is.
        """
        ops, taken, gone = self.ops, self.operands, self.gone
        gone.clear()
        is_untouched = gone.keys().isdisjoint
        for slot, op in enumerate(ops):
            operands = taken[slot]
            if not is_untouched(operands):
                operands = taken[slot] = renamed_in(operands, gone)
            if op is not None:
                found = visit(slot, op, operands)
                if found is not None:
                    self.replace(slot, found)
        self.outputs = renamed_in(self.outputs, gone)

    def replace(self, slot: int, found: Rewritten) -> None:
        """Put something in the place of an instruction, if it has the same axes."""
        if self.axes and self.axes_found(found) != self.axes[slot]:
            return
        if isinstance(found, tuple):
            self.ops[slot], self.operands[slot] = found
        else:
            self.gone[slot] = found
            self.leave_out(slot)

    def axes_found(self, found: Rewritten) -> Axes:
        """Return the axes that a slot would have."""
        if isinstance(found, tuple):
            op, operands = found
            return axes_after(op, axes_of(operands, self.axes), self.order)
        return self.axes[found] if type(found) is int else UNIFORM

    def leave_out(self, slot: int) -> None:
        """Leave a gap where nothing is needed any more."""
        self.ops[slot] = None
        self.operands[slot] = ()

    def program(self) -> Program:
        """Return what has become of the program, without gaps."""
        now = Program(self.ops, self.operands, self.outputs)
        stay = [slot for slot, op in enumerate(self.ops) if op is not None]
        return now if len(stay) == len(self.ops) else rearranged(now, stay)


def renamed_in(operands: Operands, gone: dict[int, Operand]) -> Operands:
    """Return operands with what stands for those that have gone."""
    return tuple([gone.get(x, x) if type(x) is int else x for x in operands])
