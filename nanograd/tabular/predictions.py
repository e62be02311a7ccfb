"""Predictions beside the rows that they are of, as text, JSON and CSV, and what to beware of."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from ..errors import DataError, short
from .cells import is_missing
from .encoding import ClassTarget, unknown_categories
from .model import Model, Prediction
from .report import Page, aligned, percent, plain
from .table import Table, closest, counted, listed

MOST_WARNINGS = 10

Predictions = Sequence[Prediction | None]


def require_columns(model: Model, table: Table) -> None:
    """Raise a `DataError` that names the columns which the model needs and the table lacks."""
    lacking = [column.name for column in model.columns if column.name not in table.positions]
    if lacking:
        close = closest(lacking[0], table.columns)
        hint = f"; is {short(close)} {short(lacking[0])}?" if close else "."
        raise DataError(
            f"{table.path} lacks what the model was trained on: {listed(lacking)}{hint} "
            f"Its columns: {listed(table.columns)}"
        )


def trouble(model: Model, table: Table) -> list[str]:
    """Return what becomes of missing cells and unknown categories, a line for each kind."""
    lines = []
    for column in model.columns:
        if count := sum(map(is_missing, table.cells(column.name))):
            filled = f", taken as {plain(column.fill)} as in the training" if model.imputes else ""
            lines.append(f"column {short(column.name)}: {counted(count, 'missing cell')}{filled}")
    rows = range(len(table.rows))
    for (name, cell), count in unknown_categories(model.columns, table, rows).most_common():
        where = f"column {short(name)}: {short(cell)} in {counted(count, 'row')}"
        lines.append(f"{where} is no category of the model's")
    if (more := len(lines) - MOST_WARNINGS) > 0:
        lines[MOST_WARNINGS:] = [f"and {more:,} more of this kind"]
    if unread := sum(not model.reads(table, row) for row in rows):
        lines.append(
            f"{counted(unread, 'row')} not predicted: the model was trained with --missing drop"
        )
    return lines


def as_lines(model: Model, table: Table, predictions: Predictions, page: Page) -> list[str]:
    """Return an aligned table: each row's line in its file, its prediction, the truth if known."""
    name = model.target.name
    classify = isinstance(model.target, ClassTarget)
    known = name in table.positions
    header = ["line", "prediction"]
    header += ["probability"] if classify else []
    header += [plain(name)] if known else []
    rows = [header]
    for row, prediction in enumerate(predictions):
        cells = [str(table.lines[row]), *shown(prediction, classify)]
        cells += [plain(table.cell(row, name))] if known else []
        rows.append(cells)
    return aligned(rows, page, left=0)


def shown(prediction: Prediction | None, classify: bool) -> list[str]:
    """Return a prediction as cells for the eye; dashes where there is none."""
    if prediction is None:
        return ["–", "–"] if classify else ["–"]
    if classify:
        return [plain(str(prediction.answer)), percent(prediction.probability)]
    return [f"{prediction.answer:.6g}"]


def as_records(model: Model, table: Table, predictions: Predictions) -> list[dict[str, Any]]:
    """Return a record for each row: its line, its prediction (or None), and all probabilities."""
    records = []
    for line, prediction in zip(table.lines, predictions, strict=True):
        record: dict[str, Any] = {"line": line, "prediction": None}
        if prediction:
            record["prediction"] = prediction.answer
        if prediction and isinstance(model.target, ClassTarget):
            pairs = zip(model.target.classes, prediction.probabilities, strict=True)
            record["probabilities"] = dict(pairs)
        records.append(record)
    return records


def as_csv(model: Model, table: Table, predictions: Predictions) -> str:
    """Return the table with its predictions in further columns, as a CSV file has it.

    They are `predicted_` and the target's name, and for a classifier `probability`; with a number
    behind the name where the table has one of that name already. A row without prediction has
    empty cells there.
    """
    added = [f"predicted_{model.target.name}"]
    if isinstance(model.target, ClassTarget):
        added.append("probability")
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*table.columns, *(free_name(name, table.columns) for name in added)])
    for cells, prediction in zip(table.rows, predictions, strict=True):
        found: list[object] = [""] * len(added)
        if prediction:
            found = [prediction.answer, max(prediction.probabilities, default="")]
        writer.writerow([*cells, *found[: len(added)]])
    return file.getvalue()


def free_name(name: str, taken: Sequence[str]) -> str:
    """Return the name, with a number behind it if it is taken.

    >>> free_name("probability", ["probability"])
    'probability_2'
    """
    free = name
    number = 1
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
