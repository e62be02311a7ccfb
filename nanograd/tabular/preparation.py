"""A table made ready to learn from: the rows and columns that count, the task, the split."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ..errors import DataError, short
from .cells import finite_number, holds_numbers, is_missing, label, number_in
from .encoding import (
    ClassTarget,
    Column,
    NumberTarget,
    Target,
    TextColumn,
    fit_categories,
    fit_numbers,
)
from .splitting import split
from .table import Table, counted

#: A target of whole numbers is one of classes if it has no more different ones than this.
MOST_NUMERIC_CLASSES = 10


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
        name: f"missing in {count:,} of {counted(len(table.rows), 'row')}"
        for name, count in missing.items()
        if name in names and 2 * count > len(table.rows)
    }
    names = [name for name in names if name not in left_out]
    numeric = {name for name in names if name not in wishes.text and holds_numbers(table, name)}
    rows = usable_rows(table, wishes, names)
    task, reason = task_of(table, wishes, rows)
    classes = classes_of(table, wishes.target, rows) if task == "classify" else ()
    strata = [label(table.cell(row, wishes.target)) if classes else "" for row in rows]
    train, test = split(rows, strata, wishes.test, wishes.seed)
    columns: list[Column] = []
    for name in names:
        column = fit_column(table, name, train, name in numeric)
        if isinstance(column, str):
            left_out[name] = column
        else:
            columns.append(column)
    if not columns:
        raise DataError(f"{table.path} has no column to learn from{reasons(left_out)}")
    target = ClassTarget(wishes.target, classes) if classes else fit_target(table, wishes, train)
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


def task_of(table: Table, wishes: Wishes, rows: Sequence[int]) -> tuple[str, str]:
    """Return "classify" or "regress", and why; a target that cannot be that is a `DataError`."""
    target = wishes.target
    if wishes.task != "auto":
        for row in rows if wishes.task == "regress" else ():
            finite_number(table, row, target)
        return wishes.task, "as --task says"
    if target in wishes.text or not holds_numbers(table, target):
        return "classify", "as it is text"
    different = {number_in(table.cell(row, target)) for row in rows}
    whole = all(number is not None and number.is_integer() for number in different)
    if whole and len(different) <= MOST_NUMERIC_CLASSES and 2 * len(different) <= len(rows):
        return "classify", f"as it has only {len(different)} different whole numbers"
    return "regress", f"as it has {counted(len(different), 'different number')}"


def classes_of(table: Table, name: str, rows: Sequence[int]) -> tuple[str, ...]:
    """Return the classes of a target, sorted; one, or almost as many as rows, are a `DataError`."""
    classes = sorted({label(table.cell(row, name)) for row in rows})
    where = f"{table.path}: the target {short(name)} has"
    if len(classes) < 2:
        raise DataError(
            f"{where} only one class, {short(classes[0])}, in {counted(len(rows), 'usable row')}; "
            "there is nothing to tell apart"
        )
    if 2 * len(classes) > len(rows):
        raise DataError(
            f"{where} {len(classes):,} classes in {counted(len(rows), 'usable row')}: too many to "
            "learn. Give another target, or --task regress for a number."
        )
    return tuple(classes)


def fit_target(table: Table, wishes: Wishes, train: Sequence[int]) -> NumberTarget:
    """Return a target of numbers as the training part has it; all the same are a `DataError`."""
    numbers = fit_numbers(table, wishes.target, train)
    if numbers is None:
        cell = short(table.cell(train[0], wishes.target))
        raise DataError(
            f"{table.path}: the target {short(wishes.target)} is {cell} in every row to train on; "
            "there is nothing to learn"
        )
    return NumberTarget(wishes.target, numbers.mean, numbers.scale)


# -- columns ---------------------------------------------------------------------------------


def fit_column(table: Table, name: str, train: Sequence[int], numeric: bool) -> Column | str:
    """Return the column as the training part has it, or why there is nothing to learn from it."""
    fit = fit_numbers if numeric else fit_categories
    column = fit(table, name, train)
    if column is None:
        return "the same in every row to train on"
    if isinstance(column, TextColumn) and 2 * len(column.categories) > len(train):
        texts = f"{len(column.categories):,} different texts"
        return f"{texts} in {counted(len(train), 'row')} to train on"
    return column


def reasons(left_out: Mapping[str, str]) -> str:
    """Return why columns are left out, in brackets, or an empty text if there are none."""
    causes = "; ".join(f"{short(name)}: {cause}" for name, cause in left_out.items())
    return f" ({causes})" if causes else ""
