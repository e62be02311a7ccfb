"""Cells as numbers that a network learns from: standardized, one-hot, and the same for the target.

What a column looks like (its mean, its categories) is taken from the rows that it is given to fit,
the training part, and from nowhere else.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .cells import LARGEST, finite_number, is_missing, label
from .table import Table, counted


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers, standardized: mean 0 and standard deviation 1 in the training part."""

    name: str
    mean: float
    scale: float

    width = 1

    @property
    def fill(self) -> str:
        """What stands in for a missing cell: the mean."""
        return f"{self.mean:.6g}"

    def encode(self, table: Table, row: int) -> list[float]:
        """Return (x − mean) / scale, 0 for a missing cell; what is no number is a `DataError`."""
        if is_missing(table.cell(row, self.name)):
            return [0.0]
        return [(finite_number(table, row, self.name) - self.mean) / self.scale]


@dataclass(frozen=True)
class TextColumn:
    """A column of categories, one-hot: a 1 for the cell's own category, 0 for each other."""

    name: str
    categories: tuple[str, ...]
    fill: str

    @property
    def width(self) -> int:
        """How many numbers a cell becomes."""
        return len(self.categories)

    def encode(self, table: Table, row: int) -> list[float]:
        """Return the one-hot row; of `fill` for a missing cell, all 0 for an unknown category."""
        cell = table.cell(row, self.name)
        own = self.fill if is_missing(cell) else cell
        return [float(category == own) for category in self.categories]


Column = NumberColumn | TextColumn


def fit_numbers(table: Table, name: str, rows: Sequence[int]) -> NumberColumn | str:
    """Return the column with the mean and the scale of these rows, or why there is no scale."""
    known = [row for row in rows if not is_missing(table.cell(row, name))]
    numbers = [finite_number(table, row, name) for row in known]
    if len(set(numbers)) < 2:
        return "the same in every row"
    mean, scale = mean_and_scale(numbers)
    if scale * LARGEST < 1.0:
        return f"different by less than {1 / LARGEST:g} from row to row"
    return NumberColumn(name, mean, scale)


def fit_categories(table: Table, name: str, rows: Sequence[int]) -> TextColumn | str:
    """Return the column with the categories of these rows, sorted, or why they teach nothing."""
    counts = Counter(cell for row in rows if not is_missing(cell := table.cell(row, name)))
    if len(counts) < 2:
        return "the same in every row"
    if 2 * len(counts) > counts.total():
        return f"{len(counts):,} different texts in {counted(counts.total(), 'row')}"
    categories = tuple(sorted(counts))
    return TextColumn(name, categories, fill=max(categories, key=lambda known: counts[known]))


def mean_and_scale(numbers: Sequence[float]) -> tuple[float, float]:
    """Return the mean and the standard deviation (of the whole, not of a sample) of numbers.

    >>> mean_and_scale([1.0, 3.0, 1.0, 3.0])
    (2.0, 1.0)
    """
    mean = math.fsum(numbers) / len(numbers)
    return mean, math.hypot(*(x - mean for x in numbers)) / math.sqrt(len(numbers))


def unknown_categories(
    columns: Sequence[Column], table: Table, rows: Sequence[int]
) -> Counter[tuple[str, str]]:
    """Return how many of these rows hold each (column, category) that the columns do not know."""
    unknown: Counter[tuple[str, str]] = Counter()
    for column in columns:
        if isinstance(column, TextColumn):
            counts = Counter(table.cell(row, column.name) for row in rows)
            known = set(column.categories)
            others = [x for x in counts if x not in known and not is_missing(x)]
            unknown |= Counter({(column.name, x): counts[x] for x in others})
    return unknown


# -- the target ------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClassTarget:
    """A target with a few classes; the network gives one score (logit) for each.

    The classes of a `numeric` one are numbers, which can be written in several ways.
    """

    name: str
    classes: tuple[str, ...]
    numeric: bool

    task = "classify"

    @property
    def width(self) -> int:
        """How many numbers the network gives."""
        return len(self.classes)

    def label(self, table: Table, row: int) -> str:
        """Return the class that the cell names, be it one of `classes` or not."""
        return label(table.cell(row, self.name), self.numeric)

    def encode(self, table: Table, row: int) -> int:
        """Return the index of the cell's class; it must be one of `classes`."""
        return self.classes.index(self.label(table, row))


@dataclass(frozen=True)
class NumberTarget:
    """A target that is a number, standardized by the training part while the network learns."""

    name: str
    mean: float
    scale: float

    task = "regress"
    width = 1

    def encode(self, table: Table, row: int) -> float:
        """Return the cell's number, standardized."""
        return (finite_number(table, row, self.name) - self.mean) / self.scale


Target = ClassTarget | NumberTarget
