"""Solutions of equations, differentiated by what they solve, not by how they were found.

Where f(x*, θ) = 0, the implicit function theorem has dx*/dθ = −(∂f/∂x)⁻¹ ∂f/∂θ. That is what one
step of Newton's method from x* gives, x* − (∂f/∂x)⁻¹ f(x*, θ), if θ is live in it: its number is
x*, and its derivative is right. A second step makes second and third derivatives right as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import sub
from typing import Any, NamedTuple

from ..errors import ConvergenceError, short
from ..modes import no_grad
from ..nanograd import Scalar
from ..real import data_of
from .jacobians import jacfwd
from .linear import solved
from .structure import Structure, numbers

LIVE_STEPS = 2  # of Newton's method: derivatives up to the third are right
HALVINGS = 30  # of a step that leads uphill

Function = Callable[[Any], Any]
Numbers = list[float]
Residual = Callable[[list[Any]], list[Any]]


class Limits(NamedTuple):
    """When a search ends: x moves by no more than `tol` of its size; or after so many steps."""

    tol: float
    steps: int


def root(
    f: Function,
    x0: Any,
    *,
    tol: float = 1e-12,
    steps: int = 100,
) -> Any:
    """Return an x near x0 at which f(x) is 0, differentiable in all that f closes over.

    x and f(x) are numbers, or nested alike. It is found by Newton's method with the exact Jacobian,
    on plain numbers, its steps halved while they lead uphill, until no step moves x by more than
    `tol`, relative to its size. The result is a Value (or another scalar) if f closes over one.
    Derivatives up to the third are right; nothing flows into x0, on which a solution does not
    depend. Without convergence after so many steps it raises a `ConvergenceError`.

    >>> from nanograd import Value, root
    >>> a = Value(2.0, "a")
    >>> x = root(lambda x: x**2 - a, 1.0)
    >>> x.backward()
    >>> round(x.data, 12), round(a.grad, 12)  # √2, and 1 / (2√2)
    (1.414213562373, 0.353553390593)
    """
    start, structure = numbers(x0, "root: x0")
    residual = flat(f, structure, "root: f(x)")
    with no_grad():
        found = newton(residual, [data_of(x) for x in start], Limits(tol, steps))
    return structure.rebuild(live(residual, found))


def fixed_point(
    step: Function,
    x0: Any,
    *,
    tol: float = 1e-12,
    steps: int = 10_000,
) -> Any:
    """Return the x that step(x) leaves as it is, differentiable in all that step closes over.

    It is found by repeating the step on plain numbers, from x0 on, until x moves by no more than
    `tol`, relative to its size; nothing of that is recorded. Otherwise it is as `root` of
    x − step(x).

    >>> from nanograd import Value, fixed_point
    >>> a = Value(2.0, "a")
    >>> x = fixed_point(lambda x: (x + a / x) / 2, 1.0)
    >>> x.backward()
    >>> round(x.data, 12), round(a.grad, 12)
    (1.414213562373, 0.353553390593)
    """
    start, structure = numbers(x0, "fixed_point: x0")
    once = flat(step, structure, "fixed_point: step(x)")
    with no_grad():
        found = repeated(once, [data_of(x) for x in start], Limits(tol, steps))

    def residual(x: list[Any]) -> list[Any]:
        return list(map(sub, x, once(x)))

    return structure.rebuild(live(residual, found))


def live(residual: Residual, found: Numbers) -> list[Any]:
    """Return the solution as a function of all that the residual closes over, if that is live."""
    x: list[Any] = found
    if any(isinstance(height, Scalar) for height in residual(x)):
        for _ in range(LIVE_STEPS):
            x = list(map(sub, x, newton_step(residual, x)))
    return x


def flat(f: Function, structure: Structure, what: str) -> Residual:
    """Return f as a function from a list of numbers to one, which must be nested as x is."""

    def on_lists(x: list[Any]) -> list[Any]:
        return structure.leaves_of(f(structure.rebuild(x)), what)

    return on_lists


# -- finding ---------------------------------------------------------------------------------


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
