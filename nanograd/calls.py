"""The calls of a function that a program makes, noted while it runs."""

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

from .calculus.traces import TRACES
from .compiler.calls.jit import Jit
from .compiler.calls.signature import key_of, pattern_of


class Call(NamedTuple):
    """The arguments of a call, of a compiled function or of a plain one."""

    function: Jit | None  # a plain one was found by its name
    args: Sequence[Any]
    named: Mapping[str, Any]

    def is_of(self, function: Any) -> bool:
        """Return whether this function was called, or what jit made of it."""
        return self.function in (None, function) or self.function.f is function

    @property
    def signature(self) -> Any:
        """What tells apart calls for which different programs are made."""
        leaves: list[Any] = []
        try:
            return self.function, key_of((self.args, self.named), leaves), pattern_of(leaves)
        except TypeError:  # it cannot be compiled; what is made of the call will tell why
            return self.function, None


@contextmanager
def calls_watched(file: str, name: str) -> Iterator[list[Call]]:
    """Note the calls of compiled functions, and of the function of this name in this file.

    There is one call for each signature. What happens while a function is traced is no call.
    """
    calls: list[Call] = []
    seen = set()

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or TRACES.get():
            return
        call = call_in(frame, file, name)
        if call and call.signature not in seen:
            seen.add(call.signature)
            calls.append(call)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def call_in(frame: FrameType, file: str, name: str) -> Call | None:
    """Return the call that has just begun, if it is one to be noted."""
    code = frame.f_code
    if code is Jit.__call__.__code__:
        given = frame.f_locals
        return Call(given["self"], given["args"], given["named"])
    if code.co_qualname != name or code.co_filename != file:
        return None
    names, rest, rest_by_name, given = inspect.getargvalues(frame)
    args = [given[each] for each in names[: code.co_argcount]]
    args += given[rest] if rest else ()
    named = {each: given[each] for each in names[code.co_argcount :]}
    return Call(None, args, named | (given[rest_by_name] if rest_by_name else {}))
