"""In which order the steps of a program are written: in loops over rows, and between them.

A sum or a max over the rows is made in the loop that computes what is added up; it is not kept for
a loop that comes after.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...programs.grouping import Loop, loops_of, slots_among
from ...programs.operations import Reduction
from ...programs.program import Operand, Program


class Order:
    """The loops of a program, what is added up in each, and what must be kept for others."""

    def __init__(self, program: Program):
        self.program = program
        self.axes = program.axes()
        self.loops = loops_of(program)
        self.sums: dict[int, list[int]] = {}  # of each loop, the reductions that are made in it
        self.place_sums()
        self.kept = self.kept_slots()

    def loop_of(self) -> dict[int, int]:
        """Return the loop in which each slot is computed."""
        return {slot: i for i, loop in enumerate(self.loops) for slot in loop.slots}

    def place_sums(self) -> None:
        """Find the loop for each reduction: that of its operand, or the next one over its axis."""
        loop_of = self.loop_of()
        alone: dict[int, list[int]] = {}  # before which loop one of their own is needed
        for slot, op, operands in self.program.steps():
            if isinstance(op, Reduction) and self.is_over_axis(op, operands):
                home = self.home(slot, int(operands[0]), loop_of)
                if home is None:
                    alone.setdefault(loop_of[slot], []).append(slot)
                else:
                    self.sums.setdefault(home, []).append(slot)
        if alone:
            self.add_loops(alone)

    def is_over_axis(self, op: Reduction, operands: Sequence[Operand]) -> bool:
        """Return whether a reduction is over an axis that its operand has."""
        return any(type(x) is int and op.axis in self.axes[x] for x in operands)

    def home(self, slot: int, operand: int, loop_of: dict[int, int]) -> int | None:
        """Return the loop in which a reduction can be made, if there is one."""
        first = loop_of.get(operand, 0)
        for i in range(first, loop_of[slot]):
            if self.loops[i].axes == self.axes[operand]:
                return i
        return None

    def add_loops(self, alone: dict[int, list[int]]) -> None:
        """Add loops for reductions of columns that no loop over their axis computes with."""
        loops: list[Loop] = []
        sums: dict[int, list[int]] = {}
        for i, loop in enumerate(self.loops):
            for slot in alone.get(i, ()):
                axes = self.axes[int(self.program.operands[slot][0])]
                last = len(loops) - 1
                if last not in sums or loops[last] != Loop(axes, []):
                    loops.append(Loop(axes, []))
                sums.setdefault(len(loops) - 1, []).append(slot)
            if i in self.sums:
                sums[len(loops)] = self.sums[i]
            loops.append(loop)
        self.loops, self.sums = loops, sums

    def kept_slots(self) -> set[int]:
        """Return the slots of loops over rows that are used elsewhere, or are outputs."""
        loop_of = self.loop_of()
        added_up = {slot: i for i, slots in self.sums.items() for slot in slots}
        found = slots_among(self.program.outputs)
        for slot, _, operands in self.program.steps():
            here = added_up.get(slot, loop_of[slot])
            found.update(x for x in slots_among(operands) if loop_of.get(x, here) != here)
        slots = found & loop_of.keys() - added_up.keys()
        return {x for x in slots if self.loops[loop_of[x]].axes}
