"""From a function to a program: it is run once, on Refs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from ...calculus.levels import new_level
from ...calculus.traces import TRACES
from ...collector import collector_paused
from ...errors import TraceError, short
from ...nanograd import Scalar
from ...real import is_real
from ..programs.operations import UNIFORM, Input
from ..programs.program import Program
from . import operators  # noqa: F401 - it gives Refs their operators
from .extents import Extents
from .refs import Recorder


class Traced(NamedTuple):
    """A program, and the scalars from outside that its last inputs stand for."""

    program: Program
    captured: list[Scalar]


@contextmanager
def recording(extents: Extents | None = None) -> Iterator[Recorder]:
    """Open a trace, and give its recorder, until the block ends.

    Inside of another trace it shares the extents of that.
    """
    around = TRACES.get()
    with collector_paused(), new_level() as level:
        shared = around[-1].extents if around else Extents()
        recorder = Recorder(level, extents or shared)
        token = TRACES.set((*around, recorder))
        try:
            yield recorder
        finally:
            TRACES.reset(token)


@contextmanager
def continuing(program: Program) -> Iterator[Recorder]:
    """Give a recorder for a program that begins as this one does, until the block ends."""
    with collector_paused(), new_level() as level:
        yield Recorder.after(program, level)


def trace(f: Callable[..., Any], inputs: Sequence[Input | str]) -> Traced:
    """Return what f does to these inputs as a program. f returns a number, or a list or a tuple.

    A Value that f takes from outside becomes one more input, read at every call.

    >>> program, captured = trace(lambda x, y: (x * y + 3) ** 2, ["x", "y"])
    >>> print(program)
    program(x, y)
      a = mul x y
      b = add a 3.0
      c = power b 2.0
      return c
    """
    with recording(Extents()) as recorder:
        refs = []
        for each in inputs:
            name, axes = (each, UNIFORM) if isinstance(each, str) else (each.name, each.axes)
            refs.append(recorder.input(name, axes))
        program = recorder.program(flat(f(*refs)))
    return Traced(program, recorder.taken())


def flat(result: Any) -> Sequence[Any]:
    """Return what a function gave back as a list of numbers and scalars, or raise a TraceError."""
    results = result if isinstance(result, list | tuple) else [result]
    for each in results:
        if not isinstance(each, Scalar) and not is_real(each):
            raise TraceError(
                "a function that is traced must return a number, or a flat list of numbers; it "
                f"returned {short(result)}. Is a return missing?"
            )
    return results
