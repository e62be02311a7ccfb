"""The step-through in a browser: written to one file, which opens anywhere, and opened."""

import math
import tempfile
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..atomic import write_whole
from ..birth import Birth
from ..errors import DomainError, StaleError
from ..labels import LINES
from ..modes import block
from ..nanograd import Value
from .page import page_of
from .trace import Focus, Trace


def show(value: Value, path: str = "", *, browser: bool = True) -> Path:
    """Open the step-through of a value in the browser, and return the file that it is in.

    The page needs no network and no server: it can be kept, sent and put on a web site. Without a
    `path` it is a new file in the folder for temporary files. With `browser=False` it is written
    and not opened. Values that were made inside a `debug` block have their source lines lit.

    >>> from nanograd import Value
    >>> x = Value(2.0, "x")
    >>> (x * x).show(browser=False).suffix
    '.html'

    If data was changed since the value was computed, it is a `StaleError`.
    """
    trace = Trace.of(value)
    refuse_stale(trace)
    return shown(trace, path, browser=browser)


def refuse_stale(trace: Trace) -> None:
    """Raise a StaleError if data was changed since: the arithmetic that is told would be wrong."""
    for value in trace.values:
        op: Any = value.op
        if op is not None:
            with block("ieee"):
                now = op(*[x.data if isinstance(x, Value) else x for x in value.operands])
            if now != value.data and not math.isnan(value.data):
                raise StaleError(
                    f"show needs the data of the forward pass; since {op} gave {value.data!r} data "
                    f"was changed: now it would give {now!r}. Show a value before its inputs are "
                    "changed, as by optimizer.step(), or compute it again."
                )


def show_birth(error: DomainError, path: str = "", *, browser: bool = True) -> Path:
    """Open the step-through on the step at which a nan or an infinity was born.

    An error that was not raised by an operation on Values knows no graph: that is a `ValueError`.
    """
    if error.birth is None:
        raise ValueError(f"no graph led to this error, so there is none to show: {error}")
    return shown(birth_trace(error.birth, str(error)), path, browser=browser)


def birth_trace(birth: Birth, message: str) -> Trace:
    """Return the trace of the graph that a number was born in, with the step that bore it."""
    if birth.value is None:
        trace = Trace.of(unborn(birth))
        return replace(trace, focus=Focus(len(trace.forward) - 1, message))
    trace = Trace.of(birth.output)
    bore = next(
        i
        for i, step in enumerate(trace.backward)
        if step.origin is birth.value and step.operand == birth.place
    )
    return replace(trace, focus=Focus(len(trace.forward) + bore, message))


def unborn(birth: Birth) -> Value:
    """Return the value that an operation would have given, had it not raised an error."""
    value = Value(math.nan)
    value.op, value.operands = birth.op, tuple(birth.operands)
    value.partials = (math.nan,) * len(value.operands)
    if birth.line:
        LINES[value] = birth.line
    return value


def shown(trace: Trace, path: str, *, browser: bool) -> Path:
    """Write the page of a trace, open it if that is wanted, and return the file."""
    return opened(page_of(trace), path or temporary("steps.html"), browser=browser)


def opened(page: str, path: str, *, browser: bool) -> Path:
    """Write a page to a file, open it if that is wanted, and return the file."""
    target = Path(path)
    write_whole(path, page)
    if browser:
        webbrowser.open(target.resolve().as_uri())
    return target


def temporary(name: str) -> str:
    """Return the path of a file of this name in a new folder for temporary files."""
    return str(Path(tempfile.mkdtemp(prefix="nanograd-")) / name)
