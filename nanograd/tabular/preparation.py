"""A table made ready to learn from: the rows and columns that count, the task, the split."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from ..errors import DataError, short
from .cells import finite_number, holds_numbers, is_missing, label
from .encoding import (
    ClassTarget,
    Column,
    NumberTarget,
    Target,
    fit_categories,
    fit_numbers,
)
from .splitting import split
from .table import Table, counted

#: A target of whole numbers is one of classes if it has no more different ones than this.
MOST_NUMERIC_CLASSES = 10

Fit = Callable[[Table, str, Sequence[int]], Column | str]


@dataclass(frozen=True)
class Wishes:
    """What the user asks for, beside the table."""

    target: str
    task: str = "auto"
    missing: str = "drop"
    test: float = 0.2
    seed: int = 0
    ignore: Collection[str] = ()
    text: Collection[str] = ()


@dataclass(frozen=True)
class Prepared:
    """A table with all that is decided before learning. Rows are positions in `table.rows`."""

    table: Table
    missing: dict[str, int]  # how many cells of a column hold nothing, where any do
    left_out: dict[str, str]  # columns that nothing is learned from, and why
    columns: list[Column]
    target: Target
    reason: str  # why this task
    train: list[int]
    test: list[int]

    def examples(self, rows: Sequence[int]) -> list[tuple[list[float], float]]:
        """Return the inputs of each row, and its class index or standardized number."""
        return [
            (encode_row(self.columns, self.table, row), self.target.encode(self.table, row))
            for row in rows
        ]


def encode_row(columns: Sequence[Column], table: Table, row: int) -> list[float]:
    """Return a row as the numbers that a network takes."""
    return [x for column in columns for x in column.encode(table, row)]


def prepare(table: Table, wishes: Wishes) -> Prepared:
    """Return the table made ready, or raise a `DataError` that says why nothing can be learned.

    Only the training part is asked for means, scales, categories and fillings.
    """
    for name in (wishes.target, *wishes.ignore, *wishes.text):
        table.require(name)
    unused = {wishes.target, *wishes.ignore}
    names = [name for name in table.columns if name not in unused]
    missing = missing_cells(table, [*names, wishes.target])
    left_out = {
        name: f"missing in {missing[name]:,} of {counted(len(table.rows), 'row')}"
        for name in names
        if 2 * missing.get(name, 0) > len(table.rows)
    }
    fits = {name: fit_for(table, wishes, name) for name in names if name not in left_out}
    _, useless = fitted(table, fits, range(len(table.rows)))  # no row is dropped for these
    return with_columns(table, wishes, missing, left_out | useless, fits)


def with_columns(
    table: Table,
    wishes: Wishes,
    missing: dict[str, int],
    left_out: dict[str, str],
    fits: Mapping[str, Fit],
) -> Prepared:
    """Return the table made ready from the columns that are not left out.

    If rows are dropped for a column that teaches nothing, it is done again without that column.
    """
    fits = {name: fit for name, fit in fits.items() if name not in left_out}
    rows = usable_rows(table, wishes, list(fits))
    classes, reason = classes_of(table, wishes, rows)
    strata = [classes.label(table, row) if classes else "" for row in rows]
    train, test = split(rows, strata, wishes.test, wishes.seed)
    columns, useless = fitted(table, fits, train)
    useless = {name: f"{why} to train on" for name, why in useless.items()}
    costly = {name: why for name, why in useless.items() if name in missing}
    if costly and wishes.missing == "drop":
        return with_columns(table, wishes, missing, left_out | costly, fits)
    left_out |= useless
    if not columns:
        raise DataError(f"{table.path} has no column to learn from{reasons(left_out)}")
    target = classes or fit_target(table, wishes, train)
    return Prepared(table, missing, left_out, columns, target, reason, train, test)


# -- rows ------------------------------------------------------------------------------------


def missing_cells(table: Table, names: Sequence[str]) -> dict[str, int]:
    """Return how many cells of each column hold nothing, where any do."""
    counts = {name: sum(map(is_missing, table.cells(name))) for name in names}
    return {name: count for name, count in counts.items() if count}


def usable_rows(table: Table, wishes: Wishes, names: Sequence[str]) -> list[int]:
    """Return the rows that hold a target and, unless missing cells are imputed, all of `names`."""
    known = [
        row for row in range(len(table.rows)) if not is_missing(table.cell(row, wishes.target))
    ]
    if not known:
        raise DataError(f"{table.path}: the target {short(wishes.target)} is missing in every row")
    if wishes.missing == "impute":
        return known
    whole = [row for row in known if not any(is_missing(table.cell(row, name)) for name in names)]
    if not whole:
        raise DataError(
            f"{table.path}: every row misses a cell, and none is left when these are dropped. "
            "Use --missing impute, or --ignore the columns that miss the most."
        )
    return whole


# -- the task --------------------------------------------------------------------------------


def classes_of(table: Table, wishes: Wishes, rows: Sequence[int]) -> tuple[ClassTarget | None, str]:
    """Return the target with its classes, or None if it is one of numbers to be met; and why.

    A target that cannot be what is asked for is a `DataError`.
    """
    target = wishes.target
    if wishes.task == "regress":
        for row in rows:
            finite_number(table, row, target)
        return None, "as --task says"
    numeric = target not in wishes.text and holds_numbers(table, target)
    found = sorted({label(table.cell(row, target), numeric) for row in rows})
    if wishes.task == "classify":
        reason = "as --task says"
    elif not numeric:
        reason = "as it is text"
    elif are_few_whole_numbers(found, len(rows)):
        reason = f"as it has only {len(found)} different whole numbers"
    else:
        return None, f"as it has {counted(len(found), 'different number')}"
    check_classes(f"{table.path}: the target {short(target)} has", found, len(rows))
    return ClassTarget(target, tuple(found), numeric), reason


def are_few_whole_numbers(labels: Sequence[str], rows: int) -> bool:
    """Return whether numbers are classes rather than measurements: whole, and few."""
    whole = all(float(label).is_integer() for label in labels)
    return whole and len(labels) <= MOST_NUMERIC_CLASSES and 2 * len(labels) <= rows


def check_classes(where: str, classes: Sequence[str], rows: int) -> None:
    """Raise a `DataError` for a single class, or for almost as many as rows."""
    if len(classes) < 2:
        raise DataError(
            f"{where} only one class, {short(classes[0])}, in {counted(rows, 'usable row')}; "
            "there is nothing to tell apart"
        )
    if 2 * len(classes) > rows:
        raise DataError(
            f"{where} {len(classes):,} classes in {counted(rows, 'usable row')}: too many to "
            "learn. Give another target, or --task regress for a number."
        )


def fit_target(table: Table, wishes: Wishes, train: Sequence[int]) -> NumberTarget:
    """Return a target of numbers as the training part has it; all the same are a `DataError`."""
    numbers = fit_numbers(table, wishes.target, train)
    if isinstance(numbers, str):
        cell = short(table.cell(train[0], wishes.target))
        raise DataError(
            f"{table.path}: the target {short(wishes.target)} is {numbers} to train on (the "
            f"first has {cell}); there is nothing to learn"
        )
    return NumberTarget(wishes.target, numbers.mean, numbers.scale)


# -- columns ---------------------------------------------------------------------------------


def fit_for(table: Table, wishes: Wishes, name: str) -> Fit:
    """Return how a column is to be fitted: as one of numbers or of categories."""
    numeric = name not in wishes.text and holds_numbers(table, name)
    return fit_numbers if numeric else fit_categories


def fitted(
    table: Table, fits: Mapping[str, Fit], rows: Sequence[int]
) -> tuple[list[Column], dict[str, str]]:
    """Return the columns as these rows have them, and which have nothing to teach, and why."""
    found = {name: fit(table, name, rows) for name, fit in fits.items()}
    useless = {name: column for name, column in found.items() if isinstance(column, str)}
    columns = [column for column in found.values() if not isinstance(column, str)]
    return columns, useless


def reasons(left_out: Mapping[str, str]) -> str:
    """Return why columns are left out, in brackets, or an empty text if there are none."""
    causes = "; ".join(f"{short(name)}: {cause}" for name, cause in left_out.items())
    return f" ({causes})" if causes else ""
