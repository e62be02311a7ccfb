"""A program in a file, run by a command as Python would run it."""

import runpy
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import DataError, DomainError


def variables_of_run(file: str) -> Mapping[str, Any]:
    """Run a program and return the variables that it has at its end.

    An error in it is a `DataError` with its line; a `DomainError` is raised as it is, for there is
    more to tell of it.
    """
    if not Path(file).is_file():
        raise DataError(f"there is no file {file}")
    with arguments(file):
        try:
            return runpy.run_path(file, run_name="__main__")
        except SystemExit as end:
            return variables_of(end, file)
        except DomainError:
            raise
        except Exception as error:
            raise DataError(f"{place_of(error, file)}: {type(error).__name__}: {error}") from error


def variables_of(error: BaseException, file: str) -> Mapping[str, Any]:
    """Return the variables that a program had when it was left by an error."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == file and frame.f_code.co_name == "<module>":
            return frame.f_globals
    return {}


@contextmanager
def arguments(file: str) -> Iterator[None]:
    """Let a program see its own name on the command line, and find its neighbors."""
    argv, path = sys.argv, list(sys.path)
    sys.argv = [file]
    sys.path.insert(0, str(Path(file).resolve().parent))
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, path


def place_of(error: Exception, file: str) -> str:
    """Return the last line of the program that an error came through."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == file
    ]
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    lines += [line] if line else []
    return f"{file}:{lines[-1]}" if lines else file
