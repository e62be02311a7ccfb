"""What a wave does to each of its members: a formula, or many terms folded into one number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ...nanograd import Operation


@dataclass(frozen=True, eq=False)
class Form:
    """A formula: an operation on other formulas, and at last on leaves, which are numbers.

    Equal formulas of one schedule are one object.
    """

    op: Operation | None  # None of a leaf
    parts: tuple[Form, ...]
    leaves: int
    size: int  # operations

    def written(self, leaves: Iterator[str]) -> str:
        """Return the formula as text, with these names for its leaves, in their order."""
        if self.op is None:
            return next(leaves)
        parts = [part.written(leaves) for part in self.parts]
        return f"{self.op.name}({', '.join(parts)})"


LEAF = Form(None, (), 1, 0)


@dataclass(frozen=True, eq=False)
class Fold:
    """So many terms, all by one formula, combined by an operation; it begins with a number."""

    op: Operation
    form: Form
    length: int
    start: float


@dataclass(frozen=True, eq=False)
class Take:
    """The entry of a table of this length at a place that is known at run time."""

    length: int


Kind = Form | Fold | Take


@dataclass
class Kinds:
    """All kinds of one schedule, each once."""

    forms: dict[tuple[Operation, tuple[Form, ...]], Form] = field(default_factory=dict)
    folds: dict[tuple[Operation, Form, int, str], Fold] = field(default_factory=dict)
    takes: dict[int, Take] = field(default_factory=dict)

    def form(self, op: Operation, parts: Sequence[Form]) -> Form:
        """Return a formula."""
        key = op, tuple(parts)
        found = self.forms.get(key)
        if found is None:
            leaves = sum([part.leaves for part in parts])
            size = 1 + sum([part.size for part in parts])
            found = self.forms[key] = Form(op, key[1], leaves, size)
        return found

    def fold(self, op: Operation, form: Form, length: int, start: float) -> Fold:
        """Return a fold."""
        key = op, form, length, repr(start)
        if key not in self.folds:
            self.folds[key] = Fold(op, form, length, start)
        return self.folds[key]

    def take(self, length: int) -> Take:
        """Return what looks up an entry."""
        return self.takes.setdefault(length, Take(length))
