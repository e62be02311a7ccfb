"""Writing a file whole or not at all: nobody ever finds it half written."""

import os
import secrets
import shutil
from pathlib import Path

from .errors import DataError


def write_whole(path: str, text: str) -> None:
    """Write the text, as UTF-8, to a file that holds either what it held before or all of it.

    The text goes to a new file in the same folder, which then takes the place of the old one, with
    the same permissions. A link is followed; a device such as /dev/stdout is written directly.
    """
    if is_device(path):
        Path(path).write_text(text, encoding="utf-8")
        return
    target = Path(path).resolve()
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
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


def check_writable(path: str, *inputs: str) -> None:
    """Raise a `DataError` if a file cannot be written here, or is one of those that are read.

    To be asked before the work whose result is to be written, not after it.
    """
    if is_device(path):
        return
    target = Path(path).resolve()
    if target.is_dir():
        raise DataError(f"{path} is a folder; the name of a file is required")
    if not target.parent.is_dir():
        raise DataError(f"{path} cannot be written: there is no folder {target.parent}")
    if not all(os.access(place, os.W_OK) for place in (target.parent, target) if place.exists()):
        raise DataError(f"{path} cannot be written: permission denied")
    if any(target.exists() and Path(x).exists() and target.samefile(x) for x in inputs):
        raise DataError(f"{path} is read as well; write to another file")


def is_device(path: str) -> bool:
    """Return whether there is something here that is neither a file nor a folder."""
    place = Path(path)
    return place.exists() and not place.is_file() and not place.is_dir()
