"""Where an equation is solved: searched for on plain numbers, of which nothing is recorded."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import ConvergenceError, short
from ..real import data_of
from .jacobians import jacfwd
from .linear import solved

HALVINGS = 30  # of a step that leads uphill

Numbers = list[float]
Residual = Callable[[list[Any]], list[Any]]


class Limits(NamedTuple):
    """When a search ends: x moves by no more than `tol` of its size; or after so many steps."""

    tol: float
    steps: int


def newton(residual: Residual, x: Numbers, limits: Limits) -> Numbers:
    """Return a root of the residual near x."""
    height = height_at(residual, x)
    for _ in range(limits.steps):
        there, height_there = downhill(residual, x, height)
        moved = distance(x, there)
        x, height = there, height_there
        if moved <= limits.tol or not height:
            return x
    raise not_found("root", x, limits, f"|f(x)| is still {height:.3g}")


def downhill(residual: Residual, x: Numbers, height: float) -> tuple[Numbers, float]:
    """Return where a step of Newton's method leads, halved until it is downhill, and |f| there."""
    step = newton_step(residual, x)
    for halvings in range(HALVINGS):
        scale = 0.5**halvings
        there = [data_of(a - scale * b) for a, b in zip(x, step, strict=True)]
        height_there = height_at(residual, there)
        if height_there <= height:
            break
    return there, height_there


def newton_step(residual: Residual, x: list[Any]) -> list[Any]:
    """Return J⁻¹ f at x: what Newton's method subtracts from it."""
    return solved(jacfwd(residual)(x), residual(x))


def repeated(step: Residual, x: Numbers, limits: Limits) -> Numbers:
    """Return where the step leads to, from x on."""
    moved = math.inf
    for _ in range(limits.steps):
        there = [data_of(y) for y in step(x)]
        moved = distance(x, there)
        x = there
        if moved <= limits.tol:
            return x
    why = f"a step still moves x by {moved:.3g} of its size"
    raise not_found("fixed_point", x, limits, why)


def height_at(residual: Residual, x: Numbers) -> float:
    """Return |f(x)|; infinite where f is not defined."""
    try:
        height = math.hypot(*map(data_of, residual(x)))
    except (ArithmeticError, ValueError):
        return math.inf
    return math.inf if math.isnan(height) else height


def distance(before: Numbers, after: Numbers) -> float:
    """Return how far numbers have moved at most, relative to their size or to 1."""
    farthest = 0.0
    for a, b in zip(before, after, strict=True):
        move = abs(b - a) / max(1.0, abs(b))
        farthest = math.inf if math.isnan(move) else max(farthest, move)
    return farthest


def not_found(name: str, x: Numbers, limits: Limits, why: str) -> ConvergenceError:
    """Return the error for a search that came to no end."""
    return ConvergenceError(
        f"{name} found no solution in {limits.steps} steps: {why}, at x = {short(x)}. Begin nearer "
        "to the solution, allow more steps, or check that there is one."
    )
