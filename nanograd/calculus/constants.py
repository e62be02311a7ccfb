"""Numbers through which no derivative flows."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

from ..nanograd import Value
from .levels import Lifted
from .structure import flatten

#: The leaves that `stop_gradient` made, and that nobody asks for a derivative.
STOPPED: WeakSet[Value] = WeakSet()


def stop_gradient(tree: Any) -> Any:
    """Return the same numbers as constants: no derivative of any transform flows through them.

    They may be nested in lists, tuples, dicts, dataclasses and arrays. A Value becomes a new leaf,
    as by `detach()`, and a plain number is returned as it is.

    >>> from nanograd import grad, stop_gradient
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    3.0
    """
    leaves, structure = flatten(tree)
    return structure.rebuild([stopped(x) for x in leaves])


def stopped(x: Any) -> Any:
    """Return a scalar as a constant in its own level and in all below."""
    if isinstance(x, Lifted):
        return x.constant(stopped(x.primal))
    if isinstance(x, Value):
        x = x.detach()
        STOPPED.add(x)
    return x.stopped() if hasattr(x, "stopped") else x
