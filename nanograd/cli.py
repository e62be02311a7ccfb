"""The command line: `python3 -m nanograd`, in a clone where nothing has been installed."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import __version__, demo
from .arguments import at_least_one, rate, whole_number
from .cache_command import add_cache
from .compile_command import add_compile
from .console import leave, prepared
from .errors import DataError, NanogradError
from .grad_command import FLAGS, add_grad
from .progress import ASCII_BLOCKS, BLOCKS, can_show, columns_of
from .steps_command import add_steps
from .tabular.commands import add_predict, add_train

FAILURE, BAD_INPUT, INTERRUPTED = 1, 2, 130  # exit statuses; the last is what a shell expects

LONGEST_MESSAGE = 1000
WIDEST = 80  # longer lines of prose are hard to read
GRAD_FLAGS = {"-h", "--help", "--debug", *FLAGS}  # what else begins with - is a formula

# -- running ---------------------------------------------------------------------------------


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, or the main job without one, and return the exit status.

    0 when all went well, 1 for a failure, 2 for bad input, 130 after Ctrl-C. What went wrong is
    told in one line on the error stream; with `--debug` it is raised instead.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    sys.stdout, sys.stderr = prepared(sys.stdout), prepared(sys.stderr)
    try:
        return run(arguments)
    except KeyboardInterrupt:
        return fail("interrupted", INTERRUPTED)
    except Exception as error:  # the user is owed one line, whatever it is
        if isinstance(error, BrokenPipeError) and not error.filename:
            return 0  # the reader of the output, such as `head`, has all that it wants
        if "--debug" in arguments:
            raise
        return fail(explanation(error), BAD_INPUT if isinstance(error, DataError) else FAILURE)
    finally:
        leave(sys.stdout)
        leave(sys.stderr)


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments ask, and return the exit status; whatever goes wrong is raised."""
    try:
        options = parser().parse_args(formulas_last(arguments))
    except SystemExit:  # after --help or --version
        status = 0
    else:
        check_main_options(options)
        status = options.run(options)
    sys.stdout.flush()
    return status


def explanation(error: Exception) -> str:
    """Return an error as a sentence for the user."""
    if isinstance(error, NanogradError):
        return str(error)
    if isinstance(error, MemoryError):
        return "this is too large for the memory of this machine"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    kind = type(error).__name__
    return f"this should not have happened ({kind}: {error}); --debug tells where it did"


def fail(message: str, status: int) -> int:
    """Tell what went wrong in one line of bounded length, and return the exit status."""
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in " ".join(message.split()))
    if len(line) > LONGEST_MESSAGE:
        line = f"{line[:LONGEST_MESSAGE]}…"
    leave(sys.stdout)  # what was printed stands before it
    with contextlib.suppress(OSError):  # then there is nobody to tell
        print(f"nanograd: {line}", file=sys.stderr)
    return status


# -- reading the command line ----------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """A reader of arguments whose errors are told in one line, by `main`, as all others are."""

    def error(self, message: str) -> NoReturn:
        """Raise a `DataError` with the message."""
        raise DataError(f"{message}. Try {self.prog} --help")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help or version; where argparse hushes up that it cannot, the error is raised."""
        print(message, end="", file=file)


def parser() -> Parser:
    """Return the reader of the command line."""
    reader = Parser(prog=program(), description=ABOUT, allow_abbrev=False)
    reader.set_defaults(run=run_main_job)
    add = reader.add_argument
    add("--version", action="version", version=f"nanograd {__version__}")
    for option, metavar, kind, about in MAIN_JOB_OPTIONS:
        add(f"--{option}", metavar=metavar, type=kind, dest=f"main_{option}", help=about)
    commands = reader.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    add_grad(commands)
    add_steps(commands)
    add_train(commands)
    add_predict(commands)
    add_compile(commands)
    add_cache(commands)
    for each in (reader, *commands.choices.values()):
        each.add_argument("--debug", action="store_true", help="show where an error was raised")
    return reader


def check_main_options(options: argparse.Namespace) -> None:
    """Raise a `DataError` if options of the main job stand before a command, as it has its own."""
    for option, *_ in MAIN_JOB_OPTIONS:
        if options.command and getattr(options, f"main_{option}") is not None:
            raise DataError(f"--{option} stands before {options.command}: it is of the main job")


def program() -> str:
    """Return how this program was called."""
    if Path(sys.argv[0]).stem == "nanograd":
        return "nanograd"
    return "python -m nanograd" if os.name == "nt" else "python3 -m nanograd"


def formulas_last(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with all that `grad` computes with at the end, behind a `--`.

    For `-x**2` is a formula, though it begins as options do.
    """
    command = next((i for i, x in enumerate(arguments) if not x.startswith("-")), len(arguments))
    first, rest = arguments[: command + 1], arguments[command + 1 :]
    if first[-1:] != ["grad"]:
        return list(arguments)
    end = rest.index("--") if "--" in rest else len(rest)
    flags = [argument for argument in rest[:end] if argument in GRAD_FLAGS]
    others = [argument for argument in rest[:end] if argument not in GRAD_FLAGS]
    return [*first, *flags, "--", *others, *rest[end + 1 :]]


# -- the main job ----------------------------------------------------------------------------

ABOUT = (
    "Derivatives of ordinary arithmetic, one number at a time. Without a command, a neuron learns "
    "AND, and a derivative is told step by step."
)

MAIN_JOB_OPTIONS = [
    ("seed", "N", whole_number, f"of the neuron's random weights ({demo.SEED})"),
    ("epochs", "N", at_least_one, f"how often it sees the four examples ({demo.EPOCHS})"),
    ("lr", "RATE", rate, f"its learning rate ({demo.LEARNING_RATE})"),
]


def run_main_job(options: argparse.Namespace) -> int:
    """Print the main job's story as it goes, and return the exit status."""
    blocks = BLOCKS if can_show(BLOCKS, sys.stdout) else ASCII_BLOCKS
    lines = demo.main_job(
        demo.SEED if options.main_seed is None else options.main_seed,
        options.main_epochs or demo.EPOCHS,
        options.main_lr or demo.LEARNING_RATE,
        command=program(),
        blocks=blocks,
        width=min(columns_of(sys.stdout), WIDEST),
    )
    for line in lines:
        print(line, flush=True)
    return 0
