"""What a wave does to each of its members: a formula, or many terms folded into one number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...functions import maximum, minimum
from ...nanograd import Operation, add, mul


class Form:
    """A formula: an operation on other formulas, and at last on leaves.

    A leaf is a number, or a column, which has a number for each row; `columns` tells which is one.
    Equal formulas of one schedule are one object.
    """

    __slots__ = ("columns", "is_column", "leaves", "op", "parts", "size")

    def __init__(
        self,
        op: Operation | None,  # None of a leaf
        parts: tuple[Form, ...],
        columns: tuple[bool, ...],
        size: int,
    ):
        self.op = op
        self.parts = parts
        self.columns = columns
        self.size = size  # operations
        self.leaves = len(columns)
        self.is_column = True in columns  # whether it gives a number for each row

    def written(self, leaves: Iterator[str]) -> str:
        """Return the formula as text, with these names for its leaves, in their order."""
        if self.op is None:
            return next(leaves)
        parts = [part.written(leaves) for part in self.parts]
        return f"{self.op.name}({', '.join(parts)})"


#: What changes nothing when an operation combines it with another number.
NEUTRAL: dict[Operation, float] = {
    add: -0.0,
    mul: 1.0,
    maximum: -math.inf,
    minimum: math.inf,
}

NUMBER = Form(None, (), (False,), 0)
COLUMN = Form(None, (), (True,), 0)


def leaf(*, is_column: bool) -> Form:
    """Return the formula of what is a number, or a column."""
    return COLUMN if is_column else NUMBER


@dataclass(frozen=True, eq=False)
class Fold:
    """So many terms, all by one formula, combined by an operation; it begins with a number."""

    op: Operation
    form: Form
    length: int
    start: float

    @property
    def columns(self) -> tuple[bool, ...]:
        """Whether each leaf of a term is a column."""
        return self.form.columns

    @property
    def is_column(self) -> bool:
        """Whether it gives a number for each row."""
        return self.form.is_column


@dataclass(frozen=True, eq=False)
class Total:
    """What a formula gives in all rows, combined by an operation."""

    op: Operation
    form: Form
    is_column = False

    @property
    def columns(self) -> tuple[bool, ...]:
        """Whether each leaf is a column."""
        return self.form.columns


@dataclass(frozen=True, eq=False)
class Take:
    """The entry of a table of this length at a place that is known at run time.

    Its leaves are the index and the table.
    """

    length: int
    columns: tuple[bool, bool]

    @property
    def is_column(self) -> bool:
        """Whether it gives a number for each row."""
        return True in self.columns


Kind = Form | Fold | Total | Take


@dataclass
class Kinds:
    """All kinds of one schedule, each once."""

    forms: dict[tuple[Operation, tuple[Form, ...]], Form] = field(default_factory=dict)
    folds: dict[tuple[Operation, Form, int, str], Fold] = field(default_factory=dict)
    totals: dict[tuple[Operation, Form], Total] = field(default_factory=dict)
    takes: dict[tuple[int, tuple[bool, bool]], Take] = field(default_factory=dict)

    def form(self, op: Operation, parts: tuple[Form, ...]) -> Form:
        """Return a formula."""
        found = self.forms.get((op, parts))
        if found is None:
            columns = tuple([is_column for part in parts for is_column in part.columns])
            size = 1 + sum([part.size for part in parts])
            found = self.forms[op, parts] = Form(op, parts, columns, size)
        return found

    def fold(self, op: Operation, form: Form, length: int, start: float) -> Fold:
        """Return a fold."""
        key = op, form, length, repr(start)
        if key not in self.folds:
            self.folds[key] = Fold(op, form, length, start)
        return self.folds[key]

    def total(self, op: Operation, form: Form) -> Total:
        """Return what combines all rows."""
        key = op, form
        if key not in self.totals:
            self.totals[key] = Total(op, form)
        return self.totals[key]

    def take(self, length: int, columns: tuple[bool, bool]) -> Take:
        """Return what looks up an entry."""
        key = length, columns
        if key not in self.takes:
            self.takes[key] = Take(length, columns)
        return self.takes[key]
