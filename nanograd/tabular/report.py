"""What is told about a table, a training and its scores: lines of aligned, plain text."""

import math
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..progress import sparkline, width_of
from .encoding import ClassTarget, Column, NumberColumn, unknown_categories
from .evaluation import Evaluation
from .model import ACTIVATION, Model
from .preparation import Prepared
from .scores import confusion_matrix
from .table import counted, listed
from .training import History, Plan

WIDTH = 96  # longer lines are folded
MOST_CLASSES = 30  # a confusion matrix of more does not fit in any case


def plain(text: str, most: int = 24) -> str:
    """Return a text from a file as it can be shown: on one line, no control characters, not long.

    >>> plain("Gentoo"), plain("Gentoo penguins", most=8)
    ('Gentoo', 'Gentoo …')
    """
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: most + 1])
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def plain_path(path: str) -> str:
    """Return the path of a file as it can be shown: nothing is cut off that matters."""
    return plain(path, 200)


def percent(share: float) -> str:
    """Return a share in percent, rounded down: 100.0% is all, not almost all.

    >>> percent(0.5), percent(0.99999), percent(1.0)
    ('50.0%', '99.9%', '100.0%')
    """
    return f"{math.floor(1000.0 * share) / 10.0:.1f}%"


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Return a line for each row, with columns of one width; the first `left` to the left.

    >>> aligned([["", "train"], ["accuracy", "1.0"]])
    ['          train', 'accuracy    1.0']
    """
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = []
        for position, (cell, width) in enumerate(zip(row, widths, strict=True)):
            blanks = " " * (width - width_of(cell))
            cells.append(cell + blanks if position < left else blanks + cell)
        lines.append("  ".join(cells).rstrip())
    return lines


# -- before the training ---------------------------------------------------------------------


def facts(prepared: Prepared, model: Model, plan: Plan) -> list[str]:
    """Return what was decided before the training, a fact a line."""
    table, target = prepared.table, prepared.target
    classify = isinstance(target, ClassTarget)
    rows, columns = counted(len(table.rows), "row"), counted(len(table.columns), "column")
    task = "classification" if classify else "regression"
    shares = ", each class in the same share" if classify and prepared.test else ""
    batch = "all rows" if plan.batch is None else f"{plan.batch} rows"
    parts = {
        "table": f"{plain_path(table.path)}: {rows}, {columns}",
        "target": f"{plain(target.name)}: {task}, {prepared.reason}",
        "missing": missing_cells(prepared, model),
        "left out": "; ".join(f"{plain(name)}: {why}" for name, why in prepared.left_out.items()),
        "unknown": unknown(prepared),
        "rows": f"{len(prepared.train):,} to train on, {len(prepared.test):,} to test on{shares}",
        "inputs": inputs(prepared.columns),
        "model": sizes(model),
        "training": f"{counted(plan.epochs, 'epoch')}, Adam with {batch} a step, --lr {plan.lr:g}",
    }
    lines = []
    for name, fact in parts.items():
        wrapped = textwrap.wrap(fact, WIDTH - 10, break_long_words=False, break_on_hyphens=False)
        lines += [f"{name if line is wrapped[0] else '':10}{line}" for line in wrapped]
    return lines


def missing_cells(prepared: Prepared, model: Model) -> str:
    """Return how many cells of which columns are missing, and what became of their rows."""
    if not prepared.missing:
        return ""
    counts = ", ".join(f"{plain(name)} {count:,}" for name, count in prepared.missing.items())
    dropped = len(prepared.table.rows) - len(prepared.train) - len(prepared.test)
    imputed = model.imputes and any(column.name in prepared.missing for column in model.columns)
    told = [
        counts,
        f"{counted(dropped, 'row')} dropped" if dropped else "",
        ("others imputed" if dropped else "imputed") if imputed else "",
    ]
    return "; ".join(filter(None, told))


def unknown(prepared: Prepared) -> str:
    """Return which categories are in the rows to test on only, where they count as no category."""
    counts = unknown_categories(prepared.columns, prepared.table, prepared.test)
    found = [f"{name} {cell} ({count:,})" for (name, cell), count in counts.most_common()]
    return (
        f"{listed(found, 6)}: only in rows to test on, and none of the categories" if found else ""
    )


def inputs(columns: Sequence[Column]) -> str:
    """Return how many numbers go into the model, and which column becomes how many."""
    numbers = [column.name for column in columns if isinstance(column, NumberColumn)]
    texts = [column for column in columns if not isinstance(column, NumberColumn)]
    parts = [
        f"standardized {listed(numbers, 6)}" if numbers else "",
        f"one-hot {listed([f'{c.name} {c.width}' for c in texts], 6)}" if texts else "",
    ]
    width = sum(column.width for column in columns)
    return f"{counted(width, 'number')}: {'; '.join(filter(None, parts))}"


def sizes(model: Model) -> str:
    """Return the widths of the layers, and how many parameters there are."""
    width = sum(column.width for column in model.columns)
    widths = " → ".join(map(str, [width, *model.hidden, model.target.width]))
    kind = f"{ACTIVATION} layers" if model.hidden else "linear"
    return f"{widths}, {kind}, {counted(len(model.network.parameters()), 'parameter')}"


# -- after it --------------------------------------------------------------------------------


def interruption(history: History, plan: Plan, saved: str | None) -> str:
    """Return what Ctrl-C left of a training, in a sentence."""
    if not history.steps:
        return "interrupted before the first step: nothing is learned, and nothing saved"
    epoch = min(len(history.losses) + 1, plan.epochs)
    done = f"interrupted in epoch {epoch} of {plan.epochs}"
    kept = f"saved to {plain_path(saved)}" if saved else "not saved (there is no --save)"
    return f"{done}: what was learned until then is {kept}"


def training_lines(history: History, blocks: str) -> list[str]:
    """Return how long the training took, and how the loss fell, in blocks of 8 heights."""
    took = f"{counted(history.steps, 'step')} in {history.elapsed_s:.1f} s"
    if not history.losses:
        return [took]
    curve = sparkline(history.losses, 40, blocks)
    return [f"{took}, loss {history.losses[0]:.4f} {curve} {history.losses[-1]:.4f}"]


#: How a score is called and written.
SCORES: dict[str, tuple[str, Callable[[float], str]]] = {
    "accuracy": ("accuracy", percent),
    "baseline": ("always the most frequent", percent),
    "r2": ("R²", "{:#.4g}".format),
    "rmse": ("RMSE", "{:#.4g}".format),
    "mae": ("MAE", "{:#.4g}".format),
}


def score_lines(parts: Mapping[str, Evaluation]) -> list[str]:
    """Return a table of scores: a row for each score, a column for each part of the rows."""
    rows = [["", *parts], ["rows", *(f"{part.rows:,}" for part in parts.values())]]
    for kind, (name, written) in SCORES.items():
        found = [part.scores[kind] for part in parts.values() if kind in part.scores]
        if found:
            rows.append([name, *("–" if x is None else written(x) for x in found)])
    return aligned(rows)


def confusion_lines(part: Evaluation) -> list[str]:
    """Return the confusion matrix; of more classes than fit, the most frequent mistakes."""
    if len(part.classes) > MOST_CLASSES:
        return mistake_lines(part)
    names = [plain(name, 12) for name in part.classes]
    matrix = confusion_matrix(part.truth, part.predicted, part.classes)
    rows = [[name, *map(str, counts)] for name, counts in zip(names, matrix, strict=True)]
    lines = aligned([["true \\ predicted", *names], *rows])
    return lines if width_of(lines[0]) <= WIDTH else mistake_lines(part)


def mistake_lines(part: Evaluation, most: int = 10) -> list[str]:
    """Return the most frequent mistakes, one a line."""
    pairs = zip(part.truth, part.predicted, strict=True)
    mistakes = Counter((truth, guess) for truth, guess in pairs if truth != guess)
    rows = [[plain(a), "→", plain(b), f"{n:,}"] for (a, b), n in mistakes.most_common(most)]
    title = f"{counted(mistakes.total(), 'mistake')}, true → predicted, the most frequent first"
    return [title, *aligned(rows, left=3)] if rows else ["no mistakes"]


def training_record(
    prepared: Prepared, model: Model, history: History, saved: str | None
) -> dict[str, Any]:
    """Return all but the scores of a training, ready for JSON."""
    table, rows = prepared.table, len(prepared.train) + len(prepared.test)
    return {
        "file": table.path,
        "target": model.target.name,
        "task": model.target.task,
        "reason": prepared.reason,
        "rows": len(table.rows),
        "dropped": len(table.rows) - rows,
        "missing": prepared.missing,
        "left_out": prepared.left_out,
        "inputs": [column.name for column in model.columns],
        "parameters": len(model.network.parameters()),
        "steps": history.steps,
        "losses": history.losses,
        "elapsed_s": history.elapsed_s,
        "interrupted": history.interrupted,
        "saved": saved,
    }
