"""What is known of a value beside its number: its name, and the line of code that made it.

Few values have a name, and only a `debug` block asks for lines. So both are kept in tables beside
the values, where they take no room in the others and go when their value goes.
"""

import os
import sys
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from .modes import is_on

NAMES: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
LINES: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
PACKAGE = str(Path(__file__).parent) + os.sep


class Named:
    """Anything that can be given a name."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name that this value was given, or an empty text. It can be set at any time."""
        return NAMES.get(self, "")

    @name.setter
    def name(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"a name must be a text; it was given {name!r}")
        NAMES[self] = name


def remember_line(value: Any) -> None:
    """Note the line of code that is making `value`, if a `debug` block is open here."""
    if is_on("debug"):
        LINES[value] = current_line()


def current_line() -> str:
    """Return the line outside this package that is being run now, as `train.py:14`."""
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way
    while frame.f_back and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
