"""The commands `train` and `predict`: a table in; a model, its scores and predictions out."""

import argparse
import contextlib
import json
import math
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

from ..arguments import at_least_one, path, rate, share, whole_number
from ..atomic import check_writable, write_whole
from ..progress import Progress
from . import report
from .assessment import assess
from .model import Model, new_model
from .model_file import load_model, save_model
from .predictions import as_csv, as_lines, as_records, require_columns, trouble
from .preparation import Prepared, Wishes, prepare
from .table import counted, read_table
from .training import FEWEST_EPOCHS, MOST_EPOCHS, History, Plan, default_epochs, loss_for, train

INTERRUPTED = 130  # the exit status after Ctrl-C, as shells have it

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
    parser = subparsers.add_parser("train", help=about, description=TRAIN, allow_abbrev=False)
    parser.set_defaults(run=run_train)
    add = parser.add_argument
    tasks, policies = ("auto", "classify", "regress"), ("drop", "impute")
    epochs = f"how often each row is seen ({FEWEST_EPOCHS} to {MOST_EPOCHS}, for fewer rows more)"
    hidden = "neurons in each hidden layer, or none for a linear model (8)"
    add("file", metavar="FILE.csv", type=path, help="a table with a header, in UTF-8")
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
    seed = "of the split, weights and batches (0)"
    add("--seed", metavar="N", type=whole_number, default=0, help=seed)
    add("--save", metavar="MODEL.json", type=path, help="write the model to this file")
    add("--json", action="store_true", help="print the result as JSON")


def run_train(args: argparse.Namespace) -> int:
    """Train on a table, save the model, tell the scores; return the exit status."""
    if args.save is not None:
        check_writable(args.save, args.file)
    table = read_table(args.file)
    prepared = prepare(table, wishes(args))
    model = new_model(prepared, args.missing == "impute", args.hidden, args.seed)
    epochs = args.epochs or default_epochs(len(prepared.train))
    plan = Plan(epochs, args.batch, args.lr, args.seed)
    if not args.json:
        with contextlib.suppress(BrokenPipeError):  # nobody reads, but what is learned is saved
            say(*report.facts(prepared, model, plan, report.Page.of(sys.stdout)), "")
    with stoppable():
        history = trained(prepared, model, plan)
        saved = args.save if history.steps else None
        if saved is not None:
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


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Let a request to end, as of a closing terminal, act as Ctrl-C; it is heard once."""

    def stop(number: int, _frame: object) -> NoReturn:
        signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    names = ("SIGTERM", "SIGHUP", "SIGBREAK")  # no system has all
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    hear = threading.current_thread() is threading.main_thread()  # Python asks for it
    ours = [each for each in known if hear and signal.getsignal(each) is signal.SIG_DFL]
    for each in ours:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each in ours:
            signal.signal(each, signal.SIG_DFL)


def tell_training(
    args: argparse.Namespace, prepared: Prepared, model: Model, history: History, saved: str | None
) -> None:
    """Print the scores of both parts and the confusion matrix, or all of it as JSON."""
    table = prepared.table
    parts = {
        name: assess(model, table, rows, model.predict(table, rows))
        for name, rows in (("train", prepared.train), ("test", prepared.test))
        if rows
    }
    if args.json:
        record = report.training_record(prepared, model, history, saved)
        say_json(record | {name: part.record() for name, part in parts.items()})
        return
    page = report.Page.of(sys.stdout)
    say(*report.training_lines(history, page), "", *report.score_lines(parts, page))
    last, part = list(parts.items())[-1]
    if part.classes:
        say("", f"{last} rows by class", *report.confusion_lines(part, page))
    if saved is not None:
        say("", f"saved to {report.plain_path(saved)}")


# -- predict ---------------------------------------------------------------------------------


def add_predict(subparsers: Any) -> None:
    """Add the command `predict` to the commands of an argument parser."""
    about = "predict the rows of a CSV file with a trained model"
    parser = subparsers.add_parser("predict", help=about, description=PREDICT, allow_abbrev=False)
    parser.set_defaults(run=run_predict)
    add = parser.add_argument
    file = "a table with the columns that the model was trained on"
    output = "write the table with its predictions to this file"
    add("model", metavar="MODEL.json", type=path, help="a model that `train --save` wrote")
    add("file", metavar="FILE.csv", type=path, help=file)
    add("--output", metavar="FILE.csv", type=path, help=output)
    add("--json", action="store_true", help="print the result as JSON")


def run_predict(args: argparse.Namespace) -> int:
    """Predict the rows of a table, and tell or write the predictions; return the exit status."""
    if args.output is not None:
        check_writable(args.output, args.model, args.file)
    model, table = load_model(args.model), read_table(args.file)
    require_columns(model, table)
    warn(*trouble(model, table))
    rows = range(len(table.rows))
    predictions = model.predict(table, rows)
    known = model.target.name in table.positions
    score = assess(model, table, rows, predictions) if known else None
    if args.output is not None:
        write_whole(args.output, as_csv(model, table, predictions))
    if args.json:
        records = as_records(model, table, predictions)
        say_json({"predictions": records, "score": score.record() if score else None})
        return 0
    page = report.Page.of(sys.stdout)
    if args.output is not None:
        say(f"{counted(len(rows), 'row')} written to {report.plain_path(args.output)}")
    else:
        say(*as_lines(model, table, predictions, page))
    if score:
        say("", *report.score_lines({"score": score}, page))
        if score.classes:
            say("", *report.confusion_lines(score, page))
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
    """Print lines on the error stream, with the name of the program before each, if it is heard."""
    for line in lines:
        with contextlib.suppress(OSError):
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
