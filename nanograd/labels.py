"""What is known of a value beside its number: its name, and the place in the code that made it.

Few values have a name, and only a `debug` block asks for places. So both are kept in tables beside
the values, where they take no room in the others and go when their value goes.
"""

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from .modes import is_on

PACKAGE = str(Path(__file__).parent) + os.sep
MODELS = (f"{PACKAGE}nn.py", f"{PACKAGE}losses.py")  # here a function is a part of a model


class Place(NamedTuple):
    """A line of the user's code, and the function that was at work: the user's, or a model's."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}"


NAMES: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
LINES: WeakKeyDictionary[Any, Place] = WeakKeyDictionary()


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


def current_line() -> Place:
    """Return the line outside this package that is being run now; its text is `train.py:14`."""
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way
    function = ""
    while frame.f_back and frame.f_code.co_filename.startswith(PACKAGE):
        if frame.f_code.co_filename in MODELS:
            function = function or named(frame.f_code)
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno, function or named(frame.f_code))


def named(code: Any) -> str:
    """Return the name of the function that this code is of; a comprehension is part of its own."""
    name: str = code.co_qualname.split(".<locals>.<")[0]
    return "" if name.startswith("<") else name
