"""The commands `train` and `predict`: a table in; a model, its scores and predictions out."""

import argparse
import json
import math
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from ..atomic import check_writable, write_whole
from ..errors import short
from ..progress import ASCII_BLOCKS, BLOCKS, Progress, can_show
from . import report
from .evaluation import evaluate
from .model import Model, new_model
from .model_file import load_model, save_model
from .predictions import as_csv, as_lines, as_records, require_columns, trouble
from .preparation import Prepared, Wishes, prepare
from .table import counted, read_table
from .training import FEWEST_EPOCHS, MOST_EPOCHS, History, Plan, default_epochs, loss_for, train

INTERRUPTED = 130  # the exit status after Ctrl-C, as shells have it

Number = TypeVar("Number", int, float)

TRAIN = """
Train a small network on a table and tell how good it is on rows that it has not seen. Numbers
are standardized and texts one-hot, by the training part only. A column that is missing in most
rows, the same in all, or of texts that hardly repeat, is left out. A cell that is empty, NA, N/A,
NaN, null or ? is missing. The same seed gives the same result. Ctrl-C ends the training early and
keeps what was learned.
"""

PREDICT = """
Predict each row of a table with a model that `train` saved. Columns are found by their names. A
category that the model does not know counts as none of the known ones, with a warning. If the
table has the target too, the score is told.
"""

# -- train -----------------------------------------------------------------------------------


def add_train(subparsers: Any) -> None:
    """Add the command `train` to the commands of an argument parser."""
    about = "train a classifier or a regressor on a CSV file"
    parser = subparsers.add_parser("train", help=about, description=TRAIN)
    parser.set_defaults(run=run_train)
    add = parser.add_argument
    tasks, policies = ("auto", "classify", "regress"), ("drop", "impute")
    epochs = f"how often each row is seen ({FEWEST_EPOCHS} to {MOST_EPOCHS}, for fewer rows more)"
    hidden = "neurons in each hidden layer, or none for a linear model (8)"
    add("file", metavar="FILE.csv", help="a table with a header, in UTF-8")
    add("--target", metavar="COLUMN", required=True, help="the column to predict")
    add("--task", choices=tasks, default="auto", help="auto classifies texts and few whole numbers")
    add("--missing", choices=policies, default="drop", help="what to do where a cell is missing")
    add("--ignore", metavar="COLUMN", action="append", default=[], help="leave a column out")
    add("--text", metavar="COLUMN", action="append", default=[], help="take numbers as categories")
    add("--hidden", metavar="N,N", type=widths, default=(8,), help=hidden)
    add("--epochs", metavar="N", type=at_least_one, help=epochs)
    add("--batch", metavar="N", type=batch_size, default=32, help="rows a step, or all (32)")
    add("--lr", metavar="RATE", type=rate, default=0.01, help="learning rate at the start (0.01)")
    add("--test", metavar="SHARE", type=share, default=0.2, help="rows kept to test on (0.2)")
    add("--seed", metavar="N", type=int, default=0, help="of the split, weights and batches (0)")
    add("--save", metavar="MODEL.json", help="write the model to this file")
    add("--json", action="store_true", help="print the result as JSON")


def run_train(args: argparse.Namespace) -> int:
    """Train on a table, save the model, tell the scores; return the exit status."""
    if args.save:
        check_writable(args.save, args.file)
    table = read_table(args.file)
    prepared = prepare(table, wishes(args))
    model = new_model(prepared, args.missing == "impute", args.hidden, args.seed)
    epochs = args.epochs or default_epochs(len(prepared.train))
    plan = Plan(epochs, args.batch, args.lr, args.seed)
    if not args.json:
        say(*report.facts(prepared, model, plan), "")
    history = trained(prepared, model, plan)
    saved = args.save if history.steps else None
    if saved:
        save_model(model, saved)
    if history.interrupted:
        warn(report.interruption(history, plan, saved))
    if history.steps:
        tell_training(args, prepared, model, history, saved)
    return INTERRUPTED if history.interrupted else 0


def wishes(args: argparse.Namespace) -> Wishes:
    """Return what the options ask of the table."""
    names = ("target", "task", "missing", "test", "seed", "ignore", "text")
    return Wishes(**{name: getattr(args, name) for name in names})


def trained(prepared: Prepared, model: Model, plan: Plan) -> History:
    """Train the model in place, with a progress line, and return the history."""
    examples = prepared.examples(prepared.train)
    steps = plan.epochs * (math.ceil(len(examples) / plan.batch) if plan.batch else 1)
    with Progress(steps, "training") as progress:
        loss_of = loss_for(model.target.task)
        return train(model.network, loss_of, examples, plan, progress.update)


def tell_training(
    args: argparse.Namespace, prepared: Prepared, model: Model, history: History, saved: str | None
) -> None:
    """Print the scores of both parts and the confusion matrix, or all of it as JSON."""
    table = prepared.table
    parts = {
        name: evaluate(model, table, rows, model.predict(table, rows))
        for name, rows in (("train", prepared.train), ("test", prepared.test))
        if rows
    }
    if args.json:
        record = report.training_record(prepared, model, history, saved)
        say_json(record | {name: part.record() for name, part in parts.items()})
        return
    blocks = BLOCKS if can_show(BLOCKS, sys.stdout) else ASCII_BLOCKS
    say(*report.training_lines(history, blocks), "", *report.score_lines(parts))
    last, part = list(parts.items())[-1]
    if part.classes:
        say("", f"{last} rows by class", *report.confusion_lines(part))
    if saved:
        say("", f"saved to {report.plain_path(saved)}")


# -- predict ---------------------------------------------------------------------------------


def add_predict(subparsers: Any) -> None:
    """Add the command `predict` to the commands of an argument parser."""
    about = "predict the rows of a CSV file with a trained model"
    parser = subparsers.add_parser("predict", help=about, description=PREDICT)
    parser.set_defaults(run=run_predict)
    add = parser.add_argument
    add("model", metavar="MODEL.json", help="a model that `train --save` wrote")
    add("file", metavar="FILE.csv", help="a table with the columns that the model was trained on")
    add("--output", metavar="FILE.csv", help="write the table with its predictions to this file")
    add("--json", action="store_true", help="print the result as JSON")


def run_predict(args: argparse.Namespace) -> int:
    """Predict the rows of a table, and tell or write the predictions; return the exit status."""
    if args.output:
        check_writable(args.output, args.model, args.file)
    model, table = load_model(args.model), read_table(args.file)
    require_columns(model, table)
    warn(*trouble(model, table))
    rows = range(len(table.rows))
    predictions = model.predict(table, rows)
    known = model.target.name in table.positions
    score = evaluate(model, table, rows, predictions) if known else None
    if args.output:
        write_whole(args.output, as_csv(model, table, predictions))
    if args.json:
        records = as_records(model, table, predictions)
        say_json({"predictions": records, "score": score.record() if score else None})
        return 0
    if args.output:
        say(f"{counted(len(rows), 'row')} written to {report.plain_path(args.output)}")
    else:
        say(*as_lines(model, table, predictions))
    if score:
        say("", *report.score_lines({"score": score}))
        if score.classes:
            say("", *report.confusion_lines(score))
    return 0


# -- what is said ----------------------------------------------------------------------------


def say(*lines: str) -> None:
    """Print lines at once, also where the output is a file."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def say_json(record: object) -> None:
    """Print a record as one line of JSON."""
    say(json.dumps(record, allow_nan=False))


def warn(*lines: str) -> None:
    """Print lines on the error stream, with the name of the program before each."""
    for line in lines:
        sys.stderr.write(f"nanograd: {line}\n")


# -- values of options -----------------------------------------------------------------------


def widths(text: str) -> tuple[int, ...]:
    """Return the sizes of the hidden layers: of "8,8" two, of "none" or nothing none.

    >>> widths("8,4"), widths("none")
    ((8, 4), ())
    """
    if text.strip() in ("", "none"):
        return ()
    return tuple(at_least_one(width) for width in text.split(","))


def batch_size(text: str) -> int | None:
    """Return the rows of a step, or None for "all"."""
    return None if text.strip() == "all" else at_least_one(text)


def at_least_one(text: str) -> int:
    """Return a whole number, 1 or more."""
    return within(text, int, lambda number: number >= 1, "a whole number, 1 or more")


def rate(text: str) -> float:
    """Return a finite number above 0."""
    return within(text, float, lambda x: 0.0 < x < math.inf, "a number above 0")


def share(text: str) -> float:
    """Return a number from 0 up to, but not, 1."""
    return within(text, float, lambda x: 0.0 <= x < 1.0, "from 0 up to, but not, 1")


def within(
    text: str, kind: Callable[[str], Number], fits: Callable[[Number], bool], wanted: str
) -> Number:
    """Return the number in a text, if it fits; argparse tells the user if it does not."""
    try:
        number = kind(text)
    except ValueError:
        number = None
    if number is None or not fits(number):
        raise argparse.ArgumentTypeError(f"{short(text)} is not {wanted}")
    return number
