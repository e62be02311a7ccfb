"""What is told about a table, a training and its scores: lines of aligned, plain text."""

import math
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self, TextIO, TypeVar

from ..progress import ASCII_BLOCKS, BLOCKS, columns_of, figure, sparkline, width_of
from .assessment import Assessment
from .encoding import ClassTarget, Column, NumberColumn, unknown_categories
from .model import ACTIVATION, Model
from .preparation import Prepared
from .scores import confusion_matrix
from .table import counted, listed
from .training import History, Plan

MOST_CLASSES = 30  # a confusion matrix of more does not fit in any case
LONGEST_CLASS = 20  # characters at the edge of a confusion matrix
MOST_COLUMNS = 20  # of more, it is told how many they are

Fact = TypeVar("Fact")

WIDEST, NARROWEST = 96, 40  # columns of a page, on terminals of any width


@dataclass(frozen=True)
class Page:
    """What lines are written for: so many columns, and the characters that an encoding has."""

    width: int = WIDEST
    encoding: str = "utf-8"

    @classmethod
    def of(cls, stream: TextIO) -> Self:
        """Return the page that a stream is."""
        width = max(NARROWEST, min(columns_of(stream), WIDEST))
        return cls(width, getattr(stream, "encoding", None) or "utf-8")

    def shown(self, text: str) -> str:
        """Return a text as it will stand there, with ASCII for what the encoding lacks."""
        return text.encode(self.encoding, "nanograd-ascii").decode(self.encoding)

    @property
    def blocks(self) -> str:
        """The heights of a curve."""
        return BLOCKS if self.shown(BLOCKS) == BLOCKS else ASCII_BLOCKS


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


def aligned(rows: Sequence[Sequence[str]], page: Page, left: int = 1) -> list[str]:
    """Return a line for each row, with columns of one width; the first `left` to the left.

    >>> aligned([["", "train"], ["accuracy", "1.0"]], Page())
    ['          train', 'accuracy    1.0']
    """
    rows = [[page.shown(cell) for cell in row] for row in rows]
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


def facts(prepared: Prepared, model: Model, plan: Plan, page: Page) -> list[str]:
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
        "left out": few(prepared.left_out, lambda name, why: f"{plain(name)}: {why}", "; "),
        "unknown": unknown(prepared),
        "rows": f"{len(prepared.train):,} to train on, {len(prepared.test):,} to test on{shares}",
        "inputs": inputs(prepared.columns),
        "model": sizes(model),
        "training": f"{counted(plan.epochs, 'epoch')}, Adam with {batch} a step, --lr {plan.lr:g}",
    }
    lines = []
    for name, fact in parts.items():
        lines += wrapped(f"{name:10}{page.shown(fact)}", page.width) if fact else []
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines, from the second on below its 11th column; words stay whole."""
    return textwrap.wrap(
        text,
        width,
        subsequent_indent=" " * 10,
        break_long_words=False,
        break_on_hyphens=False,
    )


def missing_cells(prepared: Prepared, model: Model) -> str:
    """Return how many cells of which columns are missing, and what became of their rows."""
    if not prepared.missing:
        return ""
    counts = few(prepared.missing, lambda name, count: f"{plain(name)} {count:,}", ", ")
    dropped = len(prepared.table.rows) - len(prepared.train) - len(prepared.test)
    imputed = model.imputes and any(column.name in prepared.missing for column in model.columns)
    told = [
        counts,
        f"{counted(dropped, 'row')} dropped" if dropped else "",
        ("others imputed" if dropped else "imputed") if imputed else "",
    ]
    return "; ".join(filter(None, told))


def few(facts: Mapping[str, Fact], told: Callable[[str, Fact], str], between: str) -> str:
    """Return what is told of the first columns, and how many more there are."""
    first = [told(*fact) for fact in islice(facts.items(), MOST_COLUMNS)]
    more = len(facts) - len(first)
    return between.join([*first, *([f"and {more:,} more"] if more else [])])


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


def training_lines(history: History, page: Page) -> list[str]:
    """Return how long the training took, and how the loss fell, in blocks of 8 heights."""
    took = f"{counted(history.steps, 'step')} in {history.elapsed_s:.1f} s"
    if not history.losses:
        return [took]
    first, last = map(figure, (history.losses[0], history.losses[-1]))
    told = f"{took}, loss {first} "
    room = page.width - width_of(told) - len(last) - 1
    if room < SHORTEST_CURVE:
        return [f"{took},", f"loss {first} → {last}"]
    return [f"{told}{sparkline(history.losses, min(room, LONGEST_CURVE), page.blocks)} {last}"]


LONGEST_CURVE, SHORTEST_CURVE = 40, 8

#: How a score is called and written.
SCORES: dict[str, tuple[str, Callable[[float], str]]] = {
    "accuracy": ("accuracy", percent),
    "baseline": ("always the most frequent", percent),
    "r2": ("R²", "{:#.4g}".format),
    "rmse": ("RMSE", "{:#.4g}".format),
    "mae": ("MAE", "{:#.4g}".format),
}


def score_lines(parts: Mapping[str, Assessment], page: Page) -> list[str]:
    """Return a table of scores: a row for each score, a column for each part of the rows."""
    rows = [["", *parts], ["rows", *(f"{part.rows:,}" for part in parts.values())]]
    for kind, (name, written) in SCORES.items():
        found = [part.scores[kind] for part in parts.values() if kind in part.scores]
        if found:
            rows.append([name, *("–" if x is None else written(x) for x in found)])
    return aligned(rows, page)


def confusion_lines(part: Assessment, page: Page) -> list[str]:
    """Return the confusion matrix; of more classes than fit, the most frequent mistakes."""
    if len(part.classes) > MOST_CLASSES:
        return mistake_lines(part, page)
    names = [plain(name, LONGEST_CLASS) for name in part.classes]
    matrix = confusion_matrix(part.truth, part.predicted, part.classes)
    rows = [[name, *map(str, counts)] for name, counts in zip(names, matrix, strict=True)]
    lines = aligned([["true \\ predicted", *names], *rows], page)
    return lines if width_of(lines[0]) <= page.width else mistake_lines(part, page)


def mistake_lines(part: Assessment, page: Page, most: int = 10) -> list[str]:
    """Return the most frequent mistakes, one a line."""
    pairs = zip(part.truth, part.predicted, strict=True)
    mistakes = Counter((truth, guess) for truth, guess in pairs if truth != guess)
    rows = [[plain(a), "→", plain(b), f"{n:,}"] for (a, b), n in mistakes.most_common(most)]
    title = f"{counted(mistakes.total(), 'mistake')}, true → predicted, the most frequent first"
    if not rows:
        return ["no mistakes"]
    return [*textwrap.wrap(title, page.width), *aligned(rows, page, left=3)]


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
