"""Taylor mode: derivatives of any order along a curve, at a price that is polynomial in the order.

A Series is x₀ + x₁t + x₂t² + …, whose coefficients are computed when they are asked for, each once.
For z = f(x, y) the chain rule ż = pẋ + qẏ, with the partials p and q as series themselves, gives

    k·zₖ = Σ pⱼ·(k − j)·xₖ₋ⱼ + qⱼ·(k − j)·yₖ₋ⱼ    for j = 0 … k − 1

so the partials are needed to order k − 1 only. That is why a rule may use its own result, and why
sin and cos may each be the other's slope. (Griewank and Walther, Evaluating Derivatives, ch. 13.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import add
from typing import Any

from ..errors import short
from ..nanograd import Operation
from .arguments import Function, alike, all_of
from .levels import Lifted, below, is_zero, new_level, partials_at, unfailing
from .recording import Run, recorded
from .structure import Leaves, Structure


class Series(Lifted):
    """A power series in t; a given one ends, a computed one goes on as far as it is asked for."""

    __slots__ = ("coefficients", "op", "operands", "slopes")

    def __init__(
        self,
        level: int,
        coefficients: list[Any],
        op: Operation | None = None,
        operands: Leaves = (),
    ):
        self.level = level
        self.primal = coefficients[0]
        self.coefficients = coefficients
        self.op: Any = op
        self.operands = operands
        self.slopes: Leaves | None = None

    def lift(self, op: Operation, operands: Leaves) -> Series:
        """Return the Series of op at these operands, of which only the first term is computed."""
        out = op(*[below(x, self.level) for x in operands])
        return Series(self.level, [out], op, operands)

    def constant(self, primal: Any) -> Series:
        """Return a Series that ends with its first term."""
        return Series(self.level, [primal])

    def coefficient(self, k: int) -> Any:
        """Return the coefficient of tᵏ."""
        if self.op:
            for order in range(len(self.coefficients), k + 1):
                terms = list(self.terms(order))
                following = reduce(add, terms) / order if terms else 0.0
                self.coefficients.append(following)
        return self.coefficients[k] if k < len(self.coefficients) else 0.0

    def terms(self, k: int) -> Iterator[Any]:
        """Yield the terms of k·zₖ, those that are not 0 from the start."""
        if self.slopes is None:
            self.slopes = partials_at(self.op, self.operands, self)
        for x, slope in zip(self.operands, self.slopes, strict=True):
            if slope is None or not self.is_sibling(x):
                continue
            for j in range(k):
                x_dot = x.coefficient(k - j)
                partial = self.coefficient_of(slope, j)
                if not is_zero(x_dot) and not is_zero(partial):
                    yield partial * ((k - j) * x_dot)

    def is_sibling(self, x: Any) -> bool:
        """Return whether x is a Series in the same t."""
        return isinstance(x, Series) and x.level == self.level

    def coefficient_of(self, slope: Any, j: int) -> Any:
        """Return the coefficient of tʲ in a partial, which may be a constant."""
        if self.is_sibling(slope):
            return slope.coefficient(j)
        return 0.0 if j else slope


def jet(
    f: Function,
    primals: Leaves,
    series: Leaves,
    *,
    has_aux: bool = False,
) -> Any:
    """Return f at a point of a curve, and the derivatives of f along it, of order 1, 2, … n.

    The curve goes through `primals`, a tuple of all arguments; `series` has for each argument the
    list of its own n derivatives along the curve, nested as the argument is. As in JAX these are
    derivatives, not Taylor coefficients: the k-th is k! times that of tᵏ. For the derivatives of a
    function of one number, let it move straight on: [1.0, 0.0, 0.0, …]. The result is f(*primals)
    and the list of its n derivatives, nested as it is; with `has_aux`, the aux of f comes third.
    The price grows with the square of n. Lists of different lengths are a ValueError.

    >>> from nanograd import jet, sin
    >>> jet(sin, (0.0,), ([1.0, 0.0, 0.0, 0.0, 0.0],))
    (0.0, [1.0, 0.0, -1.0, 0.0, 1.0])
    """
    run = recorded(all_of("jet", f, primals, has_aux=has_aux))
    given = coefficients_in(series, run.structure)
    with new_level() as level:
        curves = list(zip(run.primals, *given, strict=True))
        found = unfailing(lambda: expanded(run, curves, level))
    derivatives = []
    for k in range(1, len(given) + 1):
        leaves = [derivative(run, y, found, k) for y in run.outputs.leaves]
        derivatives.append(run.outputs.structure.rebuild(leaves))
    return run.with_aux(run.result(), derivatives)


def coefficients_in(series: Leaves, structure: Structure) -> list[Leaves]:
    """Return the coefficients of t, t², … as lists of one number for each input."""
    lists = isinstance(series, list | tuple) and all(isinstance(x, list | tuple) for x in series)
    lengths = {len(derivatives) for derivatives in series} if lists else set()
    if not lists or len(series) != len(structure.parts) or len(lengths) > 1:
        raise ValueError(
            f"jet: series must have a list of derivatives for each of the {len(structure.parts)} "
            f"arguments, all of one length; it was given {short(series)}."
        )
    found: list[Leaves] = []
    for k, derivatives in enumerate(zip(*series, strict=True), 1):
        leaves = structure.leaves_of(derivatives, f"jet: the series, at order {k},")
        found.append([x / math.factorial(k) for x in leaves])
    return found


def expanded(
    run: Run,
    curves: Sequence[Leaves],
    level: int,
) -> dict[Any, Series]:
    """Return each node of a run as a series, with as many coefficients as the inputs have."""
    pairs = zip(run.inputs, curves, strict=True)
    found = {x: Series(level, list(curve)) for x, curve in pairs}
    last = len(curves[0]) - 1 if curves else 0

    def reading(x: Any) -> Any:
        if run.depends(x) and x in found:
            return found[x]
        return run.primal(x)

    for node in reversed(run.order):
        primal, *operands = map(reading, [node, *node.operands])
        series = Series(level, [primal], node.op, operands)
        series.coefficient(last)  # now, from the inputs on: so no recursion is deep
        found[node] = series
    return found


def derivative(
    run: Run,
    y: Any,
    found: dict[Any, Series],
    k: int,
) -> Any:
    """Return the k-th derivative of an output along the curve; of a constant it is 0."""
    coefficient: Any = 0.0
    if run.depends(y) and y in found:
        coefficient = found[y].coefficient(k)
    return alike(run.primal(y), math.factorial(k) * coefficient)
