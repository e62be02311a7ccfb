"""What flows backward: adjoints, and the gates that tell where they flow at all."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...functions import maximum, where
from ..programs.operations import UNIFORM, Axes
from ..tracing.refs import Ref


class Flow(NamedTuple):
    """What arrives somewhere: an adjoint, and its gate; without one it flows always.

    Where a gate is not open, it is 0.0, and so is the adjoint.
    """

    adjoint: Any
    gate: Any = None


def joined(flow: Flow, other: Flow) -> Flow:
    """Return what two flows come to: it flows where one of them does."""
    adjoint = flow.adjoint + other.adjoint
    if flow.gate is None or other.gate is None:
        return Flow(adjoint)
    if flow.gate.slot == other.gate.slot:
        return Flow(adjoint, flow.gate)
    gate = maximum(flow.gate, other.gate)
    return Flow(adjoint, gate)


def both(gate: Ref | None, other: Ref) -> Ref:
    """Return the gate that is open where both are."""
    return other if gate is None else gate * other


def where_open(gate: Ref | None, share: Any) -> Any:
    """Return a share, and 0 where its gate is not open: there it may be nan."""
    return share if gate is None else where(gate, share, 0.0)


def widened(x: Any, like: Ref) -> Any:
    """Return the same along each axis that `like` has."""
    if axes_of(x) == like.axes:
        return x
    return where(1.0, x, like)


def axes_of(x: Any) -> Axes:
    """Return the axes of a Ref; a plain number has none."""
    return x.axes if isinstance(x, Ref) else UNIFORM
