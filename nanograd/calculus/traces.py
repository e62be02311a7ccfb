"""Traces: a function that is being compiled runs on scalars that have no numbers yet.

Inside one, a transform is not carried out but written into the program that is recorded. How that
is done the compiler knows, which stands above this package: it enters its ways in this table.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

#: The recorders of the traces that are open here, in this thread or task; the innermost is last.
TRACES: ContextVar[tuple[Any, ...]] = ContextVar("TRACES", default=())

#: What the compiler does in a trace in place of a transform, by the name of that.
IN_TRACES: dict[str, Callable[..., Any]] = {}


def in_trace(transform: str) -> Callable[..., Any] | None:
    """Return what is done in place of a transform if a trace is open here; else None."""
    return IN_TRACES[transform] if TRACES.get() else None
