"""Operations over many operands, one node each: sum, mean, prod, dot, max, min, logsumexp, softmax.

One node instead of a chain of additions is faster, more accurate, and a better picture. A sum is
finite where it can be: the sums on the way to it may be beyond the floats. What a public function
does depends on what it is given: the compiler registers its own ways for whole columns of numbers.
"""

import builtins
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import singledispatch
from itertools import accumulate
from operator import mul
from typing import Any

from .functions import exp
from .nanograd import Scalar, operation
from .real import data_of, number

__all__ = ["dot", "logsumexp", "max", "mean", "min", "prod", "softmax", "sum"]


@operation(
    "Σ",
    name="sum",
    partials=lambda *xs, out: (1.0,) * len(xs),
)
def sum_of(*xs):
    """Sum, correctly rounded."""
    try:
        return math.fsum(xs)
    except OverflowError:  # on the way
        return exact_sum(xs)


@operation(
    "mean",
    name="mean",
    partials=lambda *xs, out: (1.0 / len(xs),) * len(xs),
)
def mean_of(*xs):
    """Arithmetic mean."""
    try:
        return math.fsum(xs) / len(xs)
    except OverflowError:
        return exact_sum(xs, parts=len(xs))


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
    products = [*map(mul, xs[:half], xs[half:])]
    try:
        return math.fsum(products)
    except OverflowError:
        return exact_sum(products)


@operation(
    "max",
    name="max",
    partials=lambda *xs, out: tied(xs, out),
)
def max_of(*xs):
    """Largest number; nan if one is. In a tie each gets its part of the slope."""
    return math.nan if any(map(math.isnan, xs)) else builtins.max(xs)


@operation(
    "min",
    name="min",
    partials=lambda *xs, out: tied(xs, out),
)
def min_of(*xs):
    """Smallest number; nan if one is. In a tie each gets its part of the slope."""
    return math.nan if any(map(math.isnan, xs)) else builtins.min(xs)


@operation(
    "logsumexp",
    name="logsumexp",
    partials=lambda *xs, out: tuple(shares(xs, out)),
)
def logsumexp_of(*xs):
    """ln Σ eˣ; never overflows."""
    largest = builtins.max(xs)
    if not math.isfinite(largest):
        return math.nan if any(map(math.isnan, xs)) else largest
    return largest + math.log(math.fsum(math.exp(x - largest) for x in xs))


@singledispatch
def sum(values: Iterable[Any]) -> Any:  # noqa: A001 - NumPy's name
    """Return the sum as one node, correctly rounded; of nothing it is 0.0.

    >>> sum([0.1] * 10)
    1.0
    """
    return sum_of(*values)


@singledispatch
def mean(values: Iterable[Any]) -> Any:
    """Return the arithmetic mean as one node; of nothing it is a ValueError.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    return mean_of(*at_least_one(values, "mean"))


@singledispatch
def prod(values: Iterable[Any]) -> Any:
    """Return the product, from left to right, as one node; of nothing it is 1.0.

    A factor of 0 is no trouble: the slope in it is the product of the others.

    >>> prod([2.0, 3.0, 7.0])
    42.0
    """
    return prod_of(*values)


@singledispatch
def dot(xs: Iterable[Any], ys: Iterable[Any]) -> Any:
    """Return the sum of the products of xs and ys, pair by pair, as one node.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    xs, ys = tuple(xs), tuple(ys)
    if len(xs) != len(ys):
        raise ValueError(f"dot needs as many xs as ys; it was given {len(xs)} and {len(ys)}")
    return dot_of(*xs, *ys)


@singledispatch
def max(values: Any, *others: Any) -> Any:  # noqa: A001 - Python's and NumPy's name
    """Return the largest value as one node, of one iterable or of several values, as Python does.

    Of nothing it is a ValueError.

    >>> max([1.0, 3.0, 2.0])
    3.0
    """
    return max_of(*at_least_one((values, *others) if others else values, "max"))


@singledispatch
def min(values: Any, *others: Any) -> Any:  # noqa: A001 - Python's and NumPy's name
    """Return the smallest value as one node, of one iterable or of several values, as Python does.

    Of nothing it is a ValueError.

    >>> min([1.0, 3.0, 2.0])
    1.0
    """
    return min_of(*at_least_one((values, *others) if others else values, "min"))


@singledispatch
def logsumexp(values: Iterable[Any]) -> Any:
    """Return ln Σ eˣ as one node, without overflow; of nothing it is a ValueError.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return logsumexp_of(*at_least_one(values, "logsumexp"))


@singledispatch
def softmax(values: Iterable[Any]) -> list[Any]:
    """Return eˣ / Σ eˣ for each x, without overflow: probabilities that sum to 1.

    The largest x is subtracted from all, as a plain number: it changes neither result nor slopes.

    >>> softmax([1000.0, 1000.0])
    [0.5, 0.5]
    """
    values = at_least_one(values, "softmax")
    largest = constant_max(values)
    return in_proportion([exp(operand(x) - largest) for x in values])


def constant_max(values: Sequence[Any]) -> Any:
    """Return the largest value as a constant; while a function is compiled it has no number yet."""
    if any(map(is_recorded, values)):
        return max_of(*values).stopped()
    return builtins.max(map(data_of, values))


def is_recorded(x: Any) -> bool:
    """Return whether x is a part of a recording, which has no number yet."""
    return hasattr(x, "stopped")


def operand(x: Any) -> Any:
    """Return a scalar as it is, and a plain number as a float: Decimal and uint8 are no trouble."""
    return x if isinstance(x, Scalar) else number(x)


def at_least_one(values: Iterable[Any], function: str) -> tuple[Any, ...]:
    """Return the values as a tuple, or raise a ValueError if there are none."""
    if not (found := tuple(values)):
        raise ValueError(f"{function} needs at least one value; it was given none")
    return found


def tied(xs: Sequence[Any], out: Any) -> tuple[Any, ...]:
    """Return equal parts of 1 for each x that is out, the largest or the smallest; else 0."""
    chosen = [1.0 * (x == out) for x in xs]
    count = sum_of(*chosen)
    return tuple([each / (count + (count == 0)) for each in chosen])  # of nan there is none


def swapped_halves(xs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the second half of xs, then the first: each x faces its partner."""
    half = len(xs) // 2
    return xs[half:] + xs[:half]


def shares(xs: Sequence[Any], out: Any) -> list[Any]:
    """Return eˣ / Σ eˣ for each x, where out is ln Σ eˣ.

    Large xs have a rounded out, and eˣ⁻ᵒᵘᵗ do not sum to 1: so they are divided by their sum.
    """
    return in_proportion([exp(x - out) for x in xs])


def in_proportion(weights: Sequence[Any]) -> list[Any]:
    """Return the weights divided by their sum."""
    whole = sum_of(*weights)
    return [weight / whole for weight in weights]


def products_without_each(xs: Sequence[Any]) -> tuple[Any, ...]:
    """Return, for each x, the product of all others; without a division, so 0 is no trouble."""
    before = accumulate(xs[:-1], mul, initial=1.0)
    after = accumulate(xs[:0:-1], mul, initial=1.0)
    return tuple(map(mul, before, reversed([*after])))


# -- plain numbers, with parts of a result beyond the floats ---------------------------------


def exact_sum(xs: Sequence[float], parts: int = 1) -> float:
    """Return the sum divided by the number of parts, where the sum of some of them is too large."""
    if infinite := [x for x in xs if math.isinf(x)]:
        return math.fsum(infinite)
    exact = builtins.sum(map(Fraction, xs)) / parts
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf
