"""Writing a file whole or not at all: nobody ever finds it half written."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from .errors import DataError


def write_whole(path: str, text: str) -> None:
    """Write the text, as UTF-8, to a file that holds either what it held before or all of it.

    The text goes to a new file in the same folder, which then takes the place of the old one, with
    the same permissions. A link is followed; a device such as /dev/stdout is written directly. An
    `OSError` names the path.
    """
    try:
        if is_device(path):
            Path(path).write_text(text, encoding="utf-8")
        else:
            replace(Path(path).resolve(), text)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None


def replace(target: Path, text: str) -> None:
    """Write the text to a draft that takes the place of the target."""
    draft = draft_beside(target)
    try:
        with draft.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, draft)
        draft.replace(target)
    except BaseException:  # Ctrl-C too
        draft.unlink(missing_ok=True)
        raise


def draft_beside(target: Path) -> Path:
    """Return a new name in the folder of a file; it is short, however long the file's own is."""
    return target.with_name(f".nanograd-{secrets.token_hex(4)}.part")


# -- before the work -------------------------------------------------------------------------


def check_writable(path: str, *inputs: str) -> None:
    """Raise a `DataError` if a file cannot be written here, or is one of those that are read.

    To be asked before the work whose result is to be written, not after it.
    """
    with as_data_error(f"{path} cannot be written"):
        if is_device(path):
            return
        target = Path(path).resolve()
        if is_folder(target):
            raise DataError(f"{path} is a folder; the name of a file is required")
        if not target.parent.is_dir():
            raise DataError(f"{path} cannot be written: there is no folder {target.parent}")
        if any(is_same(target, other) for other in inputs):
            raise DataError(f"{path} is read as well; write to another file")
        if target.exists() and not os.access(target, os.W_OK):
            raise DataError(f"{path} cannot be written: permission denied")
        try_draft(target)


@contextlib.contextmanager
def as_data_error(problem: str) -> Iterator[None]:
    """Make a `DataError` of what the system has against a path: that it is too long, a loop, …."""
    try:
        yield
    except DataError:
        raise
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links; a NUL
        reason = error.strerror if isinstance(error, OSError) else error
        raise DataError(f"{problem}: {reason}") from None


def try_draft(target: Path) -> None:
    """Make a draft and delete it, and ask for the file itself, whose name may be too long."""
    draft = draft_beside(target)
    draft.touch(exist_ok=False)
    draft.unlink()
    with contextlib.suppress(FileNotFoundError):
        target.stat()


def is_device(path: str) -> bool:
    """Return whether there is something here that is neither a file nor a folder."""
    place = Path(path)
    return place.exists() and not place.is_file() and not place.is_dir()


def is_folder(path: str | Path) -> bool:
    """Return whether there is a folder here, so far as one may look."""
    with contextlib.suppress(OSError, ValueError):
        return Path(path).is_dir()
    return False


def is_same(target: Path, other: str) -> bool:
    """Return whether a file that is there is another one too, so far as one may look."""
    with contextlib.suppress(OSError, ValueError):
        return target.samefile(other)
    return False
