"""Numbers that are computed alike: many steps of scalar code become a loop over lanes.

A *family* is a list of numbers outside of loops over rows, such as the next state of all weights of
a network, each computed by the same operations from members of other families, which lie side by
side in memory, and from numbers that all share. A loop computes several members at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ....lookup import take_of
from ....nanograd import Operation, add
from ...programs.operations import Reduction
from ...programs.program import Operand, Program
from .instructions import is_native

FEWEST = 16  # members that are worth a loop
DEEPEST = 40  # operations from a member to what is shared or lies in memory
SHARED = 8  # uses that make a number one that all members share

Cell = tuple[str, int]  # the memory where a number lies, and its place there


class Same(NamedTuple):
    """The same number for all members."""

    operand: Operand


class Cells(NamedTuple):
    """Numbers side by side in memory, from this place on."""

    pointer: str
    start: int


class Alike(NamedTuple):
    """Numbers made by one operation of members of other families."""

    op: Operation
    operands: tuple[Any, ...]  # families
    slots: tuple[int, ...]


Family = Same | Cells | Alike


class Chain(NamedTuple):
    """A sum of many terms: those of families, and others one by one."""

    families: list[tuple[Family, int]]  # with how many members each has
    others: list[Operand]


class Families:
    """Finds what is computed alike in a program."""

    def __init__(
        self,
        program: Program,
        is_scalar: Sequence[bool],
        cell_of: Callable[[int], Cell | None],
    ):
        self.program = program
        self.is_scalar = (
            is_scalar  # of each slot: whether it is computed outside of loops over rows
        )
        self.cell_of = cell_of  # where an input, or what was added up over rows, lies
        self.uses = Counter(x for xs in program.operands for x in set(xs) if type(x) is int)
        self.uses.update(x for x in program.outputs if type(x) is int)
        self.forms: list[Any] = []  # of each slot: equal for members of a family
        for slot in range(len(program)):
            self.forms.append(self.form_of(slot))

    def runs(self, slots: Sequence[Operand]) -> Iterator[tuple[int, int]]:
        """Yield from where to where numbers that follow each other may be a family."""
        begin = 0
        for end in range(1, len(slots) + 1):
            if end == len(slots) or self.form(slots[end]) != self.form(slots[begin]):
                if end - begin >= FEWEST:
                    yield begin, end
                begin = end

    def form(self, x: Operand) -> Any:
        """Return how an operand is computed, in a form that is equal for members of a family."""
        return self.forms[x] if type(x) is int else repr(x)

    def form_of(self, slot: int) -> Any:
        """Return the form of a slot."""
        if self.cell_of(slot):
            return "cell" if self.uses[slot] < SHARED or self.is_input(slot) else slot
        if not self.is_step(slot) or self.uses[slot] >= SHARED:
            return slot
        forms = [self.form(x) for x in self.program.operands[slot]]
        return hash((self.program.ops[slot], *forms))

    def is_input(self, slot: int) -> bool:
        """Return whether a slot is an input of the program."""
        return slot < len(self.program.inputs)

    def is_step(self, slot: int) -> bool:
        """Return whether a slot is computed by an operation, outside of loops over rows."""
        op = self.program.ops[slot]
        if op is take_of:  # a family would go through the whole table
            return False
        if not isinstance(op, Operation) or not is_native(op):
            return False
        return self.is_scalar[slot] and len(op.parameters) < 4

    def family(self, slots: Sequence[Operand], depth: int = 0) -> Family | None:
        """Return these numbers as a family, if they are one."""
        first = slots[0]
        if len(set(map(repr, slots))) == 1:  # the slot 2 is not 2.0, and 0.0 is not -0.0
            return Same(first)
        if depth > DEEPEST or not all(type(x) is int for x in slots):
            return None
        cells = [self.cell_of(int(x)) for x in slots]
        if cells[0]:
            pointer, start = cells[0]
            in_line = all(cell == (pointer, start + i) for i, cell in enumerate(cells))
            return Cells(pointer, start) if in_line else None
        return self.alike([int(x) for x in slots], depth)

    def alike(self, slots: Sequence[int], depth: int) -> Family | None:
        """Return numbers that are made by one operation as a family."""
        ops = [self.program.ops[slot] for slot in slots]
        if not all(
            op is ops[0] and self.is_step(slot) for op, slot in zip(ops, slots, strict=True)
        ):
            return None
        columns = zip(*[self.program.operands[slot] for slot in slots], strict=True)
        families = [self.family(column, depth + 1) for column in columns]
        if None in families:
            return None
        op: Any = ops[0]
        return Alike(op, tuple(families), tuple(slots))

    # -- sums --------------------------------------------------------------------------------

    def chains(self) -> dict[int, Chain]:
        """Return the sums of many terms that are alike, by the slots that they fill."""
        found = {}
        inside: set[int] = set()
        for slot in range(len(self.program) - 1, -1, -1):
            if slot in inside or self.program.ops[slot] is not add or not self.is_step(slot):
                continue
            terms = self.terms(slot, inside)
            if len(terms) >= FEWEST and (chain := self.chain(terms)).families:
                found[slot] = chain
        return found

    def terms(self, root: int, inside: set[int]) -> list[Operand]:
        """Return what is added up in a slot; the sums on the way are used for nothing else."""
        found: list[Operand] = []
        stack: list[Operand] = [root]
        while stack:
            x = stack.pop()
            is_part = x == root or (type(x) is int and self.is_part(x))
            if is_part and type(x) is int:
                inside.add(x)
                stack += self.program.operands[x]
            else:
                found.append(x)
        return found

    def is_part(self, slot: int) -> bool:
        """Return whether a slot is a sum that is used once."""
        is_sum = self.program.ops[slot] is add and self.is_step(slot)
        return is_sum and self.uses[slot] == 1

    def chain(self, terms: Sequence[Operand]) -> Chain:
        """Return terms with those together that are a family, in any order."""
        by_form: dict[Any, list[Operand]] = {}
        for x in reversed(terms):
            by_form.setdefault(self.form(x), []).append(x)
        families: list[tuple[Family, int]] = []
        others: list[Operand] = []
        for members in by_form.values():
            family = self.family(members) if len(members) >= FEWEST else None
            if family is None or isinstance(family, Same):
                others += members
            else:
                families.append((family, len(members)))
        return Chain(families, others)


def order_of_sums(program: Program) -> list[int]:
    """Return what is added up over rows, in the order in which the outputs use it."""
    found: dict[int, None] = {}
    seen: set[int] = set()
    for output in program.outputs:
        stack = [output]
        while stack:
            x = stack.pop()
            if type(x) is not int or x in seen:
                continue
            seen.add(x)
            if isinstance(program.ops[x], Reduction):
                found[x] = None
            else:
                stack += reversed(program.operands[x])
    return list(found)


def reads_of(family: Family) -> Iterator[Cells]:
    """Yield the cells that a family reads."""
    if isinstance(family, Cells):
        yield family
    elif isinstance(family, Alike):
        for each in family.operands:
            yield from reads_of(each)
