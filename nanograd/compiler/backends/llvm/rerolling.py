"""Writes families, numbers that are computed alike, as loops over lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ...programs.program import Operand
from .code import Value
from .families import Alike, Cells, Chain, Families, Family, Same, reads_of
from .instructions import native
from .loops import lanes
from .memory import Column, Lane

if TYPE_CHECKING:  # it writes all else
    from .emitter import Body


class Written(NamedTuple):
    """Outputs that are a family, and where they are wanted."""

    begin: int  # their places among the outputs
    end: int
    family: Family
    target: Cells


class Rerolled:
    """What of a program is written as families, and what is left to be written step by step."""

    def __init__(self, body: Body):
        self.body = body
        self.code = body.code
        program = body.program
        is_scalar = [False] * len(program)
        for loop in body.loops:
            for slot in loop.slots:
                is_scalar[slot] = not loop.axes
        self.families = Families(program, is_scalar, body.cell_of)
        self.chains: dict[int, Chain] = {}
        self.outputs: list[Written] = []
        if body.emitter.lane is None:
            self.chains = self.families.chains()
            self.outputs = list(self.families_of_outputs())
        self.is_wanted = self.wanted(is_scalar)

    def families_of_outputs(self) -> Iterator[Written]:
        """Yield the outputs that are families, wanted side by side."""
        outputs, targets = self.body.program.outputs, self.body.targets
        for begin, end in self.families.runs(outputs):
            family = self.families.family(outputs[begin:end])
            keys = [None if x is None or x.axes else x.key for x in targets[begin:end]]
            if isinstance(family, Alike) and keys[0]:
                pointer, start = keys[0]
                if keys == [(pointer, start + i) for i in range(end - begin)]:
                    yield Written(begin, end, family, Cells(pointer, start))

    def wanted(self, is_scalar: Sequence[bool]) -> list[bool]:
        """Return which slots are to be written one by one."""
        program = self.body.program
        found = [not is_scalar[slot] for slot in range(len(program))]
        placed = {i for each in self.outputs for i in range(each.begin, each.end)}
        roots = [x for i, x in enumerate(program.outputs) if i not in placed]
        for each in self.outputs:
            roots += shared_by(each.family)
        roots += [program.operands[slot][0] for slot in self.body.added_up]
        for x in roots:
            if type(x) is int:
                found[x] = True
        for slot in range(len(program) - 1, -1, -1):
            if found[slot]:
                for x in self.operands_of(slot):
                    if type(x) is int:
                        found[x] = True
        return found

    def operands_of(self, slot: int) -> Sequence[Operand]:
        """Return what a slot needs to be there."""
        if slot not in self.chains:
            return self.body.program.operands[slot]
        chain = self.chains[slot]
        return [*chain.others, *[x for family, _ in chain.families for x in shared_by(family)]]

    @property
    def reads(self) -> set[tuple[str, int]]:
        """The cells that families of outputs read."""
        found = set()
        for each in self.outputs:
            for cells in reads_of(each.family):
                count = each.end - each.begin
                found |= {(cells.pointer, cells.start + i) for i in range(count)}
        return found

    # -- writing -----------------------------------------------------------------------------

    def sum(self, chain: Chain) -> Value:
        """Write a sum of many terms: members of families in lanes, then these and the others."""
        code = self.code
        parts = [self.body.value(x) for x in chain.others]
        for family, count in chain.families:
            zero = code.widened(code.constant(0.0))

            (found,) = lanes(code, "", str(count), [zero], self.adding(family))
            parts.append(code.total_of_lanes(found))
        return native(code, "sum", parts)

    def adding(self, family: Family) -> Callable[[Lane, list[Value]], Sequence[Value]]:
        """Return what writes one step of a sum of members."""
        code, shared = self.code, self.shared(family)

        def step(lane: Lane, before: list[Value]) -> Sequence[Value]:
            (now,) = before
            after = code.apply("fadd contract", now, self.member(family, lane, shared))
            if lane.mask:
                after = code.select(Value(lane.mask, is_wide=True), after, now)
            return [after]

        return step

    def write_outputs(self) -> None:
        """Write the outputs that are families where they are wanted."""
        targets = self.outputs
        if self.can_be_in_place():
            for each in targets:
                self.write(each, each.target)
            return
        drafts = []
        for each in targets:
            draft = self.body.emitter.cells_for(each.end - each.begin)
            self.write(each, draft)
            drafts.append(draft)
        for each, draft in zip(targets, drafts, strict=True):
            moved = Written(each.begin, each.end, draft, each.target)
            self.write(moved, each.target)

    def can_be_in_place(self) -> bool:
        """Return whether no family reads what another one, or another member, has written."""
        for each in self.outputs:
            for cells in reads_of(each.family):
                for other in self.outputs:
                    is_own = other is each and cells == each.target
                    if not is_own and overlap(cells, each.end - each.begin, other):
                        return False
        return True

    def write(self, each: Written, target: Cells) -> None:
        """Write a family to some cells."""
        shared = self.shared(each.family)
        home = self.column(target)

        def step(lane: Lane, _: list[Value]) -> Sequence[Value]:
            home.at(self.code, "", lane).store(self.code, self.member(each.family, lane, shared))
            return []

        lanes(self.code, "", str(each.end - each.begin), [], step)

    def column(self, cells: Cells) -> Column:
        """Return cells as a column over the members."""
        place = Column(cells.pointer, start=cells.start).begin(self.code)
        return Column(place, ("",), ("1",))

    def shared(self, family: Family) -> dict[str, Value]:
        """Return what all members share, before a loop; by its text, as the slot 2 is not 2.0."""
        return {repr(x): self.body.value(x) for x in shared_by(family)}

    def member(self, family: Family, lane: Lane, shared: dict[str, Value]) -> Value:
        """Write the members in these lanes."""
        if isinstance(family, Same):
            return shared[repr(family.operand)]
        if isinstance(family, Cells):
            return self.column(family).at(self.code, "", lane).load(self.code)
        operands = [self.member(each, lane, shared) for each in family.operands]
        return native(self.code, family.op.name, operands)


def shared_by(family: Family) -> list[Operand]:
    """Return the numbers that all members of a family share."""
    if isinstance(family, Same):
        return [family.operand]
    if isinstance(family, Cells):
        return []
    return [x for each in family.operands for x in shared_by(each)]


def overlap(cells: Cells, count: int, other: Written) -> bool:
    """Return whether so many cells are among those where outputs are wanted."""
    if cells.pointer != other.target.pointer:
        return False
    size = other.end - other.begin
    start = other.target.start
    return cells.start < start + size and start < cells.start + count
