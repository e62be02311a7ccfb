"""From the instructions of a program to nodes, fewer and larger ones, which fall into waves.

What is used only once goes into what uses it: a chain of additions becomes one sum, a sum of
products a dot product, and operations one after the other a formula. Terms are added up in another
order than the program says, which is exact to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

from ...functions import maximum, minimum
from ...lookup import take_of
from ...nanograd import Operation, add, div, mul
from ...reductions import dot_of, max_of, mean_of, min_of, prod_of, sum_of
from ..programs.program import Operand, Program
from .forms import LEAF, Form, Kind, Kinds

FEWEST = 3  # terms of one formula that are folded; fewer are added one by one
MOST_LEAVES, LARGEST = 8, 16  # of a formula: leaves, and operations

#: What combines many terms: the operation for two of them, and what it begins with.
COMBINES: dict[Any, tuple[Operation, float]] = {
    sum_of: (add, -0.0),
    dot_of: (add, -0.0),
    mean_of: (add, -0.0),
    prod_of: (mul, 1.0),
    max_of: (maximum, -math.inf),
    min_of: (minimum, math.inf),
}
#: Operations of two, whose chains may be folded in any order.
CHAINS = {add: -0.0, maximum: -math.inf, minimum: math.inf}

Part = tuple[Form, tuple[Operand, ...]]  # a formula, and the nodes and numbers that it takes


class Nodes:
    """The nodes of a program: their kinds and operands, other nodes and plain numbers.

    The first nodes are the inputs, which have no kind. A fold has, for each leaf of its formula,
    the operands of all terms one after the other.
    """

    def __init__(self, program: Program):
        self.kinds: list[Kind | None] = [None] * len(program.inputs)
        self.operands: list[tuple[Operand, ...]] = [()] * len(program.inputs)
        self.all_kinds = Kinds()
        self.program = program
        self.count_uses()
        self.nodes: dict[int, Operand] = {}  # of slots, what they have become,
        self.parts: dict[int, Part] = {}  # or what goes into the one that uses it,
        self.chains: dict[int, list[Operand]] = {}  # or terms of a chain that goes on
        for slot in range(len(program.inputs)):
            self.nodes[slot] = slot
        for slot in range(len(program.inputs), len(program)):
            self.visit(slot)
        outputs = program.outputs
        self.outputs = tuple([self.node(x) if type(x) is int else x for x in outputs])
        del self.program, self.nodes, self.parts, self.chains, self.uses, self.user

    def __len__(self) -> int:
        return len(self.kinds)

    def count_uses(self) -> None:
        """Count how often each slot is used, and note by which operation last."""
        program = self.program
        self.uses = uses = [0] * len(program)
        self.user: list[Any] = [None] * len(program)
        user = self.user
        for op, operands in program:
            for x in operands:
                if type(x) is int:
                    uses[x] += 1
                    user[x] = op
        for x in program.outputs:
            if type(x) is int:
                uses[x] += 1
                user[x] = None

    def visit(self, slot: int) -> None:
        """Make a node of a slot, or a part of one."""
        op: Any = self.program.ops[slot]
        operands = self.program.operands[slot]
        if op in CHAINS:
            terms = self.chain(operands)
            if self.uses[slot] == 1 and self.user[slot] is op:
                self.chains[slot] = terms
            else:
                self.keep(slot, self.folded(op, CHAINS[op], terms))
        elif op in COMBINES:
            self.keep(slot, self.combined(op, operands))
        elif op is take_of:
            kind = self.all_kinds.take(len(operands) - 1)
            self.nodes[slot] = self.append(kind, tuple(map(self.node, operands)))
        else:
            self.keep(slot, self.applied(op, operands))

    def keep(self, slot: int, part: Part) -> None:
        """Note what a slot has become: a part of what uses it, if nothing else does."""
        if self.uses[slot] == 1 and self.user[slot] is not None:
            self.parts[slot] = part
        else:
            self.nodes[slot] = self.node_of(part)

    def node(self, x: Operand) -> Operand:
        """Return the node of a slot; a plain number stays."""
        if type(x) is not int:
            return x
        if x in self.parts:
            self.nodes[x] = self.node_of(self.parts.pop(x))
        elif x in self.chains:
            op: Any = self.program.ops[x]
            part = self.folded(op, CHAINS[op], self.chains.pop(x))
            self.nodes[x] = self.node_of(part)
        return self.nodes[x]

    def node_of(self, part: Part) -> Operand:
        """Return a node for a formula."""
        form, operands = part
        return operands[0] if form is LEAF else self.append(form, operands)

    def append(self, kind: Kind, operands: tuple[Operand, ...]) -> int:
        """Return one more node."""
        self.kinds.append(kind)
        self.operands.append(operands)
        return len(self.kinds) - 1

    # -- formulas ----------------------------------------------------------------------------

    def part(self, x: Operand) -> Part:
        """Return an operand as a part of a formula."""
        if type(x) is int and x in self.parts:
            return self.parts.pop(x)
        return LEAF, (self.node(x),)

    def applied(self, op: Operation, operands: Sequence[Operand]) -> Part:
        """Return an operation on parts."""
        return self.joined(op, [self.part(x) for x in operands])

    def joined(self, op: Operation, parts: Sequence[Part]) -> Part:
        """Return an operation on parts, which become nodes if they are too large."""
        leaves = sum([len(operands) for _, operands in parts])
        size = sum([form.size for form, _ in parts])
        if leaves > MOST_LEAVES or size >= LARGEST:
            parts = [(LEAF, (self.node_of(part),)) for part in parts]
        form = self.all_kinds.form(op, [form for form, _ in parts])
        return form, tuple([x for _, operands in parts for x in operands])

    # -- folds -------------------------------------------------------------------------------

    def chain(self, operands: Sequence[Operand]) -> list[Operand]:
        """Return the terms of a chain: those of the chains that go on here, and others."""
        first, second = operands
        terms = self.chains.pop(first, None) if type(first) is int else None  # type: ignore[arg-type]
        if terms is None:
            terms = [first]
        more = self.chains.pop(second, None) if type(second) is int else None  # type: ignore[arg-type]
        if more is None:
            terms.append(second)
        else:
            terms += more
        return terms

    def combined(self, op: Any, operands: Sequence[Operand]) -> Part:
        """Return an operation of many operands."""
        combine, start = COMBINES[op]
        if op is dot_of:
            half = len(operands) // 2
            pairs = zip(operands[:half], operands[half:], strict=True)
            return self.added(add, start, [self.applied(mul, pair) for pair in pairs])
        found = self.folded(combine, start, operands)
        if op is not mean_of:
            return found
        return self.joined(div, [found, (LEAF, (float(len(operands)),))])

    def folded(self, op: Operation, start: float, terms: Sequence[Operand]) -> Part:
        """Return the terms of a chain, combined."""
        return self.added(op, start, [self.part(x) for x in terms])

    def added(self, op: Operation, start: float, parts: Sequence[Part]) -> Part:
        """Return parts, combined: many of one formula in a fold, a few one by one."""
        if len(parts) < FEWEST:
            return self.one_by_one(op, parts) if parts else (LEAF, (start,))
        numbers = [operands[0] for form, operands in parts if is_number(form, operands)]
        begin = reduce(op, numbers, start) if numbers else start
        few: list[Part] = []
        leaves: list[Operand] = []
        for form, terms in by_form(parts).items():
            if form is LEAF:
                leaves += [term[0] for term in terms]
            elif len(terms) < FEWEST:
                few += [(form, term) for term in terms]
            else:
                leaves.append(self.fold(op, form, begin, terms))
                begin = start
        if len(leaves) + len(few) > FEWEST:
            leaves += [self.node_of(part) for part in few]
            return LEAF, (self.fold(op, LEAF, begin, [(x,) for x in leaves]),)
        rest = [*[(LEAF, (x,)) for x in leaves], *few]
        if numbers and begin is not start:
            rest.append((LEAF, (begin,)))
        return self.one_by_one(op, rest)

    def fold(self, op: Operation, form: Form, start: float, terms: Sequence[Any]) -> int:
        """Return the node of a fold."""
        kind = self.all_kinds.fold(op, form, len(terms), start)
        operands = [x for leaf in zip(*terms, strict=True) for x in leaf]
        return self.append(kind, tuple(operands))

    def one_by_one(self, op: Operation, parts: Sequence[Part]) -> Part:
        """Return parts combined one after the other."""
        return reduce(lambda x, y: self.joined(op, (x, y)), parts)


def is_number(form: Form, operands: Sequence[Operand]) -> bool:
    """Return whether a part is a plain number."""
    return form is LEAF and type(operands[0]) is float


def by_form(parts: Sequence[Part]) -> dict[Form, list[tuple[Operand, ...]]]:
    """Return the operands of parts by their formulas, without plain numbers."""
    found: dict[Form, list[tuple[Operand, ...]]] = {}
    for form, operands in parts:
        if not is_number(form, operands):
            found.setdefault(form, []).append(operands)
    return found
