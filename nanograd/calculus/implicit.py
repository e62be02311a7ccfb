"""Solutions of equations, differentiated by what they solve, not by how they were found.

Where f(x*, θ) = 0, the implicit function theorem has dx*/dθ = −(∂f/∂x)⁻¹ ∂f/∂θ. So a solution is
an operation like all others: its operands are the scalars θ that f closes over, and its rule uses
its own result. Derivatives of any order follow, as from any rule.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import sub
from typing import Any

from ..modes import no_grad
from ..nanograd import Operation, Scalar
from ..real import data_of
from .arguments import Call
from .jacobians import basis
from .linear import solved
from .recording import Run, recorded
from .reverse import vjp
from .search import Limits, Numbers, Residual, newton, repeated
from .structure import Leaves, Structure, holds_scalars, numbers

Function = Callable[[Any], Any]


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
    Derivatives of any order are right; nothing flows into x0, on which a solution does not depend.
    Without convergence after so many steps it raises a `ConvergenceError`.

    >>> from nanograd import Value, root
    >>> a = Value(2.0, "a")
    >>> x = root(lambda x: x**2 - a, 1.0)
    >>> x.backward()
    >>> round(x.data, 12), round(a.grad, 12)  # √2, and 1 / (2√2)
    (1.414213562373, 0.353553390593)
    """
    start, structure = numbers(x0, "root: x0")
    residual = flat(f, structure, "root: f(x)")
    limits = Limits(tol, steps)
    with no_grad():
        found = newton(residual, [data_of(x) for x in start], limits)
    return structure.rebuild(Solution("root", residual, found, limits).live())


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
    x − step(x), and raises a `ConvergenceError` as that does.

    >>> from nanograd import Value, fixed_point
    >>> a = Value(2.0, "a")
    >>> x = fixed_point(lambda x: (x + a / x) / 2, 1.0)
    >>> x.backward()
    >>> round(x.data, 12), round(a.grad, 12)
    (1.414213562373, 0.353553390593)
    """
    start, structure = numbers(x0, "fixed_point: x0")
    once = flat(step, structure, "fixed_point: step(x)")
    limits = Limits(tol, steps)
    with no_grad():
        found = repeated(once, [data_of(x) for x in start], limits)

    def residual(x: list[Any]) -> list[Any]:
        return list(map(sub, x, once(x)))

    return structure.rebuild(Solution("fixed_point", residual, found, limits).live())


def flat(f: Function, structure: Structure, what: str) -> Residual:
    """Return f as a function from a list of numbers to one, which must be nested as x is."""

    def on_lists(x: list[Any]) -> list[Any]:
        return structure.leaves_of(f(structure.rebuild(x)), what)

    return on_lists


# -- differentiating -------------------------------------------------------------------------


class Solution:
    """The x at which f(x, θ) = 0, as a function of the scalars θ that f closes over.

    What f does at x is known from one run, which is replayed on other numbers and scalars.
    """

    def __init__(
        self,
        name: str,
        residual: Residual,
        found: Numbers,
        limits: Limits,
    ):
        self.name = name
        self.run = recorded(Call(name, residual, found))
        self.limits = limits
        self.scalars = closed_over(self.run)
        self.known = {tuple(map(data_of, self.scalars)): found}  # x by the numbers in θ
        self.slopes: dict[tuple[float, ...], list[Leaves]] = {}  # and dx/dθ

    def live(self) -> Leaves:
        """Return x as operations on the scalars that f closes over; without any, as numbers."""
        return self.at(tuple(self.scalars))

    def at(self, theta: tuple[Any, ...]) -> list[Any]:
        """Return x for other scalars or numbers."""
        if holds_scalars(theta):
            return [self.operation(i)(*theta) for i in range(len(self.run.inputs))]
        if theta not in self.known:
            start = next(iter(self.known.values()))
            self.known[theta] = newton(lambda x: self.residual(x, theta), start, self.limits)
        return list(self.known[theta])

    def operation(self, i: int) -> Operation:
        """Return the operation that makes number i in x of θ."""

        def evaluate(*theta: float) -> Any:
            return self.at(theta)[i]

        def partials(*theta_and_out: Any) -> tuple[Any, ...]:
            theta, out = theta_and_out[:-1], theta_and_out[-1]
            if holds_scalars(theta):
                x = self.at(theta)
                x[i] = out
                return self.row(i, x, theta)
            if theta not in self.slopes:
                x = self.at(theta)
                self.slopes[theta] = [self.row(j, x, theta) for j in range(len(x))]
            return tuple(self.slopes[theta][i])

        names = [f"a{place}" for place in range(len(self.scalars))]
        return Operation(self.name, self.name, evaluate, partials, names)

    def row(
        self,
        i: int,
        x: Leaves,
        theta: Leaves,
    ) -> tuple[Any, ...]:
        """Return dxᵢ/dθ = −w ∂f/∂θ, where w is row i of (∂f/∂x)⁻¹."""
        units = basis(len(x))
        _, pullback = vjp(self.residual, x, theta)
        rows = [pullback(unit)[0] for unit in units]
        columns = list(map(list, zip(*rows, strict=True)))
        weights = solved(columns, units[i])
        _, slopes = pullback([-weight for weight in weights])
        return tuple(slopes)

    def residual(self, x: Leaves, theta: Leaves) -> list[Any]:
        """Return f(x, θ)."""
        found = dict(zip(self.run.inputs, x, strict=True))
        found.update(zip(self.scalars, theta, strict=True))

        def reading(operand: Any) -> Any:
            return found[operand] if operand in found else self.run.primal(operand)

        for node in reversed(self.run.order):
            found[node] = node.op(*map(reading, node.operands))
        return list(map(reading, self.run.outputs.leaves))


def closed_over(run: Run) -> list[Scalar]:
    """Return the scalars that a run has from outside, each once."""
    outside: dict[Scalar, None] = {}
    for node in run.order:
        for x in node.operands:
            if isinstance(x, Scalar) and not run.depends(x):
                outside[x] = None
    return list(outside)
