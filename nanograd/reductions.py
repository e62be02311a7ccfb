"""Operations over many operands, one node each: sum, mean, prod, dot, logsumexp, softmax.

One node instead of a chain of additions is faster, more accurate, and a better picture.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import mul
from typing import Any

from .functions import exp
from .nanograd import operation
from .real import data_of

__all__ = ["dot", "logsumexp", "mean", "prod", "softmax", "sum"]


@operation(
    "Σ",
    name="sum",
    partials=lambda *xs, out: (1.0,) * len(xs),
)
def sum_of(*xs):
    """Sum, correctly rounded."""
    return math.fsum(xs)


@operation(
    "mean",
    name="mean",
    partials=lambda *xs, out: (1.0 / len(xs),) * len(xs),
)
def mean_of(*xs):
    """Arithmetic mean."""
    return math.fsum(xs) / len(xs)


@operation(
    "Π",
    name="prod",
    partials=lambda *xs, out: products_without_each(xs),
)
def prod_of(*xs):
    """Product."""
    return math.prod(xs)


@operation(
    "dot",
    name="dot",
    partials=lambda *xs, out: swapped_halves(xs),
)
def dot_of(*xs):
    """Sum of the products of the first half of the operands with the second half."""
    half = len(xs) // 2
    return math.fsum(map(mul, xs[:half], xs[half:]))


@operation(
    "logsumexp",
    name="logsumexp",
    partials=lambda *xs, out: shares(xs, out),
)
def logsumexp_of(*xs):
    """ln Σ eˣ; never overflows."""
    largest = max(xs)
    if not math.isfinite(largest):
        return largest
    return largest + math.log(math.fsum(shares(xs, largest)))


def sum(values: Iterable[Any]) -> Any:  # noqa: A001 - NumPy's name
    """Return the sum as one node, correctly rounded; of nothing it is 0.0.

    >>> sum([0.1] * 10)
    1.0
    """
    return sum_of(*values)


def mean(values: Iterable[Any]) -> Any:
    """Return the arithmetic mean as one node; of nothing it is a ValueError.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    return mean_of(*at_least_one(values, "mean"))


def prod(values: Iterable[Any]) -> Any:
    """Return the product as one node; of nothing it is 1.0. A factor of 0 is no trouble.

    >>> prod([2.0, 3.0, 7.0])
    42.0
    """
    return prod_of(*values)


def dot(xs: Iterable[Any], ys: Iterable[Any]) -> Any:
    """Return the sum of the products of xs and ys, pair by pair, as one node.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    xs, ys = tuple(xs), tuple(ys)
    if len(xs) != len(ys):
        raise ValueError(f"dot needs as many xs as ys; it was given {len(xs)} and {len(ys)}")
    return dot_of(*xs, *ys)


def logsumexp(values: Iterable[Any]) -> Any:
    """Return ln Σ eˣ as one node, without overflow; of nothing it is a ValueError.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return logsumexp_of(*at_least_one(values, "logsumexp"))


def softmax(values: Iterable[Any]) -> list[Any]:
    """Return eˣ / Σ eˣ for each x, without overflow: probabilities that sum to 1.

    The largest x is subtracted from all, as a plain number: it changes neither result nor slopes.

    >>> softmax([1000.0, 1000.0])
    [0.5, 0.5]
    """
    values = at_least_one(values, "softmax")
    largest = max(map(data_of, values))
    exponentials = [exp(x - largest) for x in values]
    total = sum_of(*exponentials)
    return [e / total for e in exponentials]


def at_least_one(values: Iterable[Any], function: str) -> tuple[Any, ...]:
    """Return the values as a tuple, or raise a ValueError if there are none."""
    if not (found := tuple(values)):
        raise ValueError(f"{function} needs at least one value; it was given none")
    return found


def swapped_halves(xs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the second half of xs, then the first: each x faces its partner."""
    half = len(xs) // 2
    return xs[half:] + xs[:half]


def shares(xs: Sequence[Any], total: Any) -> tuple[Any, ...]:
    """Return eˣ / eᵗ for each x, where t is the total."""
    return tuple(exp(x - total) for x in xs)


def products_without_each(xs: Sequence[Any]) -> tuple[Any, ...]:
    """Return, for each x, the product of all others; without a division, so 0 is no trouble."""
    before = accumulate(xs[:-1], mul, initial=1.0)
    after = accumulate(xs[:0:-1], mul, initial=1.0)
    return tuple(map(mul, before, reversed([*after])))
