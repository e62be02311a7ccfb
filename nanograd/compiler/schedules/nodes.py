"""From the instructions of a program to nodes, fewer and larger ones, which fall into waves.

What is used only once goes into what uses it: a chain of additions becomes one sum, a sum of
products a dot product, and operations one after the other a formula. Terms are added up in another
order than the program says, which is exact to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import chain
from typing import Any

from ...functions import maximum, minimum, where
from ...lookup import take_of
from ...nanograd import Operation, add, div, mul
from ...reductions import dot_of, max_of, mean_of, min_of, prod_of, sum_of
from ..programs.operations import Reduction
from ..programs.program import Operand, Program
from .forms import NEUTRAL, NUMBER, Form, Kind, Kinds, leaf

FEWEST = 3  # terms of one formula that are folded; fewer are added one by one
MOST_LEAVES, LARGEST = 8, 16  # of a formula: leaves, and operations

#: What combines many terms: the operation for two of them.
COMBINES: dict[Any, Operation] = {
    sum_of: add,
    dot_of: add,
    mean_of: add,
    prod_of: mul,
    max_of: maximum,
    min_of: minimum,
}
#: What combines all rows.
ROWS = {"sum": add, "max": maximum}

#: Operations of two, whose chains may be folded in any order.
CHAINS = frozenset({add, maximum, minimum})

Part = tuple[Form, tuple[Operand, ...]]  # a formula, and the nodes and numbers that it takes
Terms = list[tuple[Operand, ...]]  # of a fold: what the formula takes in each


class UnscheduledError(Exception):
    """A program has something that no wave does."""


class Nodes:
    """The nodes of a program: their kinds and operands, other nodes and plain numbers.

    The first nodes are the inputs, which have no kind; nor has the count of all rows, if that is
    asked for. A fold has, for each leaf of its formula, the operands of all terms one after the
    other.
    """

    def __init__(self, program: Program):
        inputs = program.inputs
        self.kinds: list[Kind | None] = [None] * len(inputs)
        self.operands: list[tuple[Operand, ...]] = [()] * len(inputs)
        self.columns = [bool(each.axes) for each in inputs]  # whether a node is one
        self.count: int | None = None  # the node of how many rows there are
        self.all_kinds = Kinds()
        self.program = program
        self.count_uses()
        self.nodes: dict[int, Operand] = {}  # of slots, what they have become,
        self.parts: dict[int, Part] = {}  # or what goes into the one that uses it,
        self.chains: dict[int, list[Operand]] = {}  # or terms of a chain that goes on
        for slot in range(len(inputs)):
            self.nodes[slot] = slot
        for slot in range(len(inputs), len(program)):
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
                self.keep(slot, self.folded(op, NEUTRAL[op], terms))
        elif op in COMBINES:
            self.keep(slot, self.combined(op, operands))
        elif op is take_of:
            self.nodes[slot] = self.taken(operands)
        elif isinstance(op, Reduction):
            self.keep(slot, (NUMBER, (self.reduced(op, operands),)))
        else:
            self.keep(slot, self.applied(op, operands))

    def taken(self, operands: Sequence[Operand]) -> int:
        """Return the node of a look-up, whose table has numbers only, or columns only."""
        index, *table = map(self.node, operands)
        kinds = set(map(self.is_column, table))
        if len(kinds) > 1:
            raise UnscheduledError("a table of both numbers and columns")
        columns = self.is_column(index), kinds == {True}
        return self.append(self.all_kinds.take(len(table), columns), (index, *table))

    def reduced(self, op: Reduction, operands: Sequence[Operand]) -> int:
        """Return the node of what all rows come to, or of how many there are."""
        if op.name == "count":
            if self.count is None:
                self.count = len(self)
                self.kinds.append(None)
                self.operands.append(())
                self.columns.append(False)
            return self.count
        form, leaves = self.part(operands[0])
        if not form.is_column:
            raise UnscheduledError("a sum over rows of what is the same in all")
        return self.append(self.all_kinds.total(ROWS[op.name], form), leaves)

    def is_column(self, node: Operand) -> bool:
        """Return whether a node has a number for each row."""
        return type(node) is int and self.columns[node]

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
            part = self.folded(op, NEUTRAL[op], self.chains.pop(x))
            self.nodes[x] = self.node_of(part)
        return self.nodes[x]

    def node_of(self, part: Part) -> Operand:
        """Return a node for a formula."""
        form, operands = part
        return self.append(form, operands) if form.op else operands[0]

    def append(self, kind: Kind, operands: tuple[Operand, ...]) -> int:
        """Return one more node."""
        self.kinds.append(kind)
        self.operands.append(operands)
        self.columns.append(kind.is_column)
        return len(self.kinds) - 1

    # -- formulas ----------------------------------------------------------------------------

    def part(self, x: Operand) -> Part:
        """Return an operand as a part of a formula."""
        if type(x) is int and x in self.parts:
            return self.parts.pop(x)
        return self.whole(self.node(x))

    def whole(self, node: Operand) -> Part:
        """Return a node as a part of a formula."""
        return leaf(is_column=self.is_column(node)), (node,)

    def applied(self, op: Operation, operands: Sequence[Operand]) -> Part:
        """Return an operation on parts."""
        return self.joined(op, [self.part(x) for x in operands])

    def joined(self, op: Operation, parts: Sequence[Part]) -> Part:
        """Return an operation on parts, which become nodes if they are too large.

        So do those that are the same in all rows, beside others that are not.
        """
        form = self.form_on(op, parts)
        if form.leaves > MOST_LEAVES or form.size > LARGEST:
            parts = [self.whole(self.node_of(part)) for part in parts]
            form = self.form_on(op, parts)
        elif form.is_column:
            parts = [x if x[0].is_column else self.whole(self.node_of(x)) for x in parts]
            form = self.form_on(op, parts)
        return form, tuple(chain.from_iterable([operands for _, operands in parts]))

    def form_on(self, op: Operation, parts: Sequence[Part]) -> Form:
        """Return the formula of an operation on parts."""
        return self.all_kinds.form(op, tuple([form for form, _ in parts]))

    # -- folds -------------------------------------------------------------------------------

    def chain(self, operands: Sequence[Operand]) -> list[Operand]:
        """Return the terms of a chain: those of the chains that go on here, and others."""
        first, second = operands
        terms = self.terms_of(first)
        terms += self.terms_of(second)
        return terms

    def terms_of(self, x: Operand) -> list[Operand]:
        """Return the terms of a chain that goes on where this is used, or this alone."""
        if type(x) is int and x in self.chains:
            return self.chains.pop(x)
        return [x]

    def combined(self, op: Any, operands: Sequence[Operand]) -> Part:
        """Return an operation of many operands."""
        combine = COMBINES[op]
        start = NEUTRAL[combine]
        if op is dot_of:
            half = len(operands) // 2
            pairs = zip(operands[:half], operands[half:], strict=True)
            return self.added(add, start, [self.applied(mul, pair) for pair in pairs])
        found = self.folded(combine, start, operands)
        if op is not mean_of:
            return found
        return self.joined(div, [found, (NUMBER, (float(len(operands)),))])

    def folded(self, op: Operation, start: float, terms: Sequence[Operand]) -> Part:
        """Return the terms of a chain, combined."""
        return self.added(op, start, [self.part(x) for x in terms])

    def added(self, op: Operation, start: float, parts: Sequence[Part]) -> Part:
        """Return parts, combined: many of one formula in a fold, a few one by one."""
        if len(parts) < FEWEST:
            return self.one_by_one(op, parts) if parts else (NUMBER, (start,))
        numbers = [operands[0] for form, operands in parts if is_number(form, operands)]
        begin = reduce(op.evaluate, numbers, start) if numbers else start
        rest: list[Part] = []
        for form, every in by_form(parts).items():
            terms = every
            if op is add and is_gated(form):
                same, terms = self.of_one_gate(form, every)
                rest += same
            if form.op and len(terms) >= FEWEST:
                rest.append(self.whole(self.fold(op, form, begin, terms)))
                begin = start
            else:
                rest += [(form, term) for term in terms]
        if len(rest) > FEWEST:
            rest = [self.whole(self.node_of(part)) for part in rest]
        for form, terms in by_form(rest).items():
            if form.op is None and len(terms) > FEWEST:
                rest = [part for part in rest if part[0] is not form]
                rest.append(self.whole(self.fold(op, form, begin, terms)))
                begin = start
        if begin is not start:
            rest.append((NUMBER, (begin,)))
        return self.one_by_one(op, rest)

    def of_one_gate(self, form: Form, terms: Terms) -> tuple[list[Part], Terms]:
        """Return Σ where(g, x, 0), of one g, as where(g, Σ x, 0), and what terms are left."""
        by_gate: dict[tuple[str, str], Terms] = {}
        for term in terms:  # the node 2 is not the number 2.0
            by_gate.setdefault((repr(term[0]), repr(term[-1])), []).append(term)
        found: list[Part] = []
        others: Terms = []
        for (_, otherwise), same in by_gate.items():
            if otherwise != "0.0" or len(same) < FEWEST:
                others += same
                continue
            inside = [term[1:-1] for term in same]
            total = self.fold(add, form.parts[1], NEUTRAL[add], inside)
            choice = self.whole(same[0][0]), self.whole(total), (NUMBER, (0.0,))
            found.append(self.joined(where, choice))
        return found, others

    def fold(self, op: Operation, form: Form, start: float, terms: Sequence[Any]) -> int:
        """Return the node of a fold."""
        kind = self.all_kinds.fold(op, form, len(terms), start)
        operands = [x for leaf in zip(*terms, strict=True) for x in leaf]
        return self.append(kind, tuple(operands))

    def one_by_one(self, op: Operation, parts: Sequence[Part]) -> Part:
        """Return parts combined one after the other."""
        return reduce(lambda x, y: self.joined(op, (x, y)), parts)


def is_gated(form: Form) -> bool:
    """Return whether a formula is where(g, x, y) of two leaves g and y."""
    return form.op is where and form.parts[0].op is None and form.parts[2] is NUMBER


def is_number(form: Form, operands: Sequence[Operand]) -> bool:
    """Return whether a part is a plain number."""
    return form is NUMBER and type(operands[0]) is float


def by_form(parts: Sequence[Part]) -> dict[Form, Terms]:
    """Return the operands of parts by their formulas, without plain numbers."""
    found: dict[Form, Terms] = {}
    for form, operands in parts:
        if not is_number(form, operands):
            found.setdefault(form, []).append(operands)
    return found
