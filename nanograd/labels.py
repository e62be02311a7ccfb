"""What is known of a value beside its number: its name, and the place in the code that made it.

Few values have a name, and only a `debug` block asks for places. So both are kept in tables beside
the values, where they take no room in the others and go when their value goes.
"""

import functools
import os
import sys
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import ref

from .modes import is_on

PACKAGE = str(Path(__file__).parent) + os.sep
OURS = (PACKAGE, functools.__file__)  # a singledispatch stands between the user and us
MODELS = (f"{PACKAGE}nn.py", f"{PACKAGE}losses.py")  # here a function is a part of a model


class Place(NamedTuple):
    """A line of the user's code, and the function that was at work: the user's, or a model's."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}"


Label = TypeVar("Label")


class Beside(Generic[Label]):
    """A label for each of some objects, for as long as the object lives.

    The objects are told apart by identity: a WeakKeyDictionary would go by ==, and lose a nan.
    """

    def __init__(self) -> None:
        self.entries: dict[int, tuple[ref[Any], Label]] = {}

    def __setitem__(self, thing: Any, label: Label) -> None:
        key = id(thing)
        self.entries[key] = ref(thing, lambda _: self.entries.pop(key, None)), label

    def __getitem__(self, thing: Any) -> Label:
        return self.entries[id(thing)][1]

    def __contains__(self, thing: Any) -> bool:
        return id(thing) in self.entries

    def get(self, thing: Any, default: Any = None) -> Any:
        """Return the label of an object, or else the default."""
        entry = self.entries.get(id(thing))
        return entry[1] if entry else default


NAMES: Beside[str] = Beside()
LINES: Beside[Place] = Beside()


class Named:
    """Anything that can be given a name."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name that this value was given, or an empty text. It can be set at any time."""
        name: str = NAMES.get(self, "")
        return name

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
    while frame.f_back and frame.f_code.co_filename.startswith(OURS):
        if frame.f_code.co_filename in MODELS:
            function = function or named(frame.f_code)
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno, function or named(frame.f_code))


def named(code: Any) -> str:
    """Return the name of the function that this code is of; a comprehension is part of its own."""
    name: str = code.co_qualname.split(".<locals>.<")[0]
    return "" if name.startswith("<") else name
