"""Operations on columns that are no ufuncs of NumPy: formulas of some that are.

Each takes NumPy, and then columns or floats. Where the operation has no value the formula has none,
even if C has one: log₂ 0 is nan.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from math import inf, nan
from typing import Any

from ...functions import SQRT_HALF
from ...reductions import mean_of, sum_of

Column = Any
Table = dict[str, Callable[..., Column]]  # by the names of operations
Exact = Callable[..., float]


def ceil(np: Any, x: Column) -> Column:
    """Smallest whole numbers above; never -0.0."""
    return np.ceil(x) + 0.0


def floor(np: Any, x: Column) -> Column:
    """Largest whole numbers below; never -0.0."""
    return np.floor(x) + 0.0


def clip(np: Any, x: Column, low: Column, high: Column) -> Column:
    """Return x between two bounds, which are in the right order."""
    above = np.maximum(x, low)
    inside = np.minimum(above, high)
    return np.where(low <= high, inside, nan)


def where(np: Any, condition: Column, x: Column, y: Column) -> Column:
    """Return x where the condition is true, else y."""
    return np.where(condition != 0, x, y)


def take(np: Any, index: Column, *entries: Column) -> Column:
    """Return the entry at an index, in each place along all axes; nan where there is none."""
    is_there = (index >= 0) & (index < len(entries)) & (index == np.floor(index))
    places = np.where(is_there, index, len(entries)).astype(int)
    if all(type(x) is float for x in entries):
        return np.array([*entries, nan])[places]
    *columns, places = np.broadcast_arrays(*entries, nan, places)
    table = np.stack(columns, -1)
    return np.take_along_axis(table, places[..., None], -1)[..., 0]


def stop(np: Any, x: Column) -> Column:
    """Return x."""
    del np
    return x


# -- learning --------------------------------------------------------------------------------


def relu(np: Any, x: Column) -> Column:
    """Return the larger of x and 0."""
    return np.where(x <= 0, 0.0, x)


def leaky_relu(np: Any, x: Column, slope: Column) -> Column:
    """Return x where it is positive, else slope · x."""
    return np.where(x > 0, x, slope * x)


def elu(np: Any, x: Column, alpha: Column) -> Column:
    """Return x where it is positive, else alpha · (eˣ − 1)."""
    below = alpha * np.expm1(x)
    return np.where(x > 0, x, below)


def sigmoid(np: Any, x: Column) -> Column:
    """Return 1 / (1 + e⁻ˣ), without overflow."""
    small = np.exp(-np.abs(x))
    share = np.where(x >= 0, 1.0, small)
    return share / (1.0 + small)


def silu(np: Any, x: Column) -> Column:
    """Return x · σ(x)."""
    return x * sigmoid(np, x)


def softened(np: Any, x: Column) -> Column:
    """Return ln(1 + e⁻ˡˣˡ)."""
    small = np.exp(-np.abs(x))
    return np.log1p(small)


def softplus(np: Any, x: Column) -> Column:
    """Return ln(1 + eˣ), without overflow."""
    positive = np.maximum(x, 0.0)
    return positive + softened(np, x)


def log_sigmoid(np: Any, x: Column) -> Column:
    """Return ln σ(x), without overflow."""
    negative = np.minimum(x, 0.0)
    return negative - softened(np, x)


# -- poles -----------------------------------------------------------------------------------


def log2(np: Any, x: Column) -> Column:
    """Return the logarithm to base 2."""
    found = np.log2(x)
    return np.where(x == 0, nan, found)


def log10(np: Any, x: Column) -> Column:
    """Return the logarithm to base 10."""
    found = np.log10(x)
    return np.where(x == 0, nan, found)


def log1p(np: Any, x: Column) -> Column:
    """Return ln(1 + x)."""
    found = np.log1p(x)
    return np.where(x == -1, nan, found)


def arctanh(np: Any, x: Column) -> Column:
    """Return the inverse of tanh."""
    found = np.arctanh(x)
    is_pole = np.abs(x) == 1
    return np.where(is_pole, nan, found)


# -- sums ------------------------------------------------------------------------------------


def added(np: Any, *xs: Column) -> Column:
    """Return the sum of columns; what rounding loses is summed as well (Neumaier 1974)."""
    total, lost = xs[0], 0.0
    for x in xs[1:]:
        new = total + x
        from_x = (total - new) + x
        from_total = (x - new) + total
        is_small = np.abs(x) <= np.abs(total)
        lost = lost + np.where(is_small, from_x, from_total)
        total = new
    is_finite = np.isfinite(lost)
    return np.where(is_finite, total + lost, total)


def sum_of_columns(np: Any, *xs: Column) -> Column:
    """Return the sum of columns, nearly always correctly rounded."""
    total = added(np, *xs)
    return mended_of(np, total, xs, sum_of)


def mean(np: Any, *xs: Column) -> Column:
    """Return the mean of columns."""
    total = added(np, *xs)
    return mended_of(np, total / len(xs), xs, mean_of)


def dot(np: Any, *xs: Column) -> Column:
    """Return the sum of the products of the first half of the columns with the second."""
    half = len(xs) // 2
    products = map(np.multiply, xs[:half], xs[half:])
    return sum_of_columns(np, *products)


def prod(np: Any, *xs: Column) -> Column:
    """Return the product of columns, from left to right."""
    return reduce(np.multiply, xs)


def largest(np: Any, *xs: Column) -> Column:
    """Return the largest of columns."""
    return reduce(np.maximum, xs)


def smallest(np: Any, *xs: Column) -> Column:
    """Return the smallest of columns."""
    return reduce(np.minimum, xs)


def logsumexp(np: Any, *xs: Column) -> Column:
    """Return ln Σ eˣ, without overflow."""
    shift = largest(np, *xs)
    powers = [np.exp(x - shift) for x in xs]
    rest = np.log(reduce(np.add, powers))
    is_finite = np.isfinite(shift)
    return np.where(is_finite, shift + rest, shift)


def mended_of(np: Any, found: Column, xs: Any, exact: Exact) -> Column:
    """Return what was found of these columns, exact where it was lost on the way."""
    if np.isfinite(found).all():
        return found
    columns = np.broadcast_arrays(*xs)
    terms = np.stack(columns, -1)
    return mended(np, found, terms, exact)


def mended(np: Any, found: Column, terms: Column, exact: Exact) -> Column:
    """Return what was found of terms along the last axis, exact where it was lost on the way.

    It is lost where the terms are finite, and it is not: a part of the sum was too large.
    """
    found = np.array(found)
    is_lost = ~np.isfinite(found)
    if is_lost.any():
        is_lost &= np.isfinite(terms).all(-1)
        rows = terms[is_lost].tolist()
        found[is_lost] = [exact(*row) for row in rows]
    return found


# -- SciPy -----------------------------------------------------------------------------------


def gelu(np: Any, special: Any, x: Column) -> Column:
    """Return x · Φ(x)."""
    del np
    return 0.5 * x * special.erfc(-x * SQRT_HALF)


def lgamma(np: Any, special: Any, x: Column) -> Column:
    """Return ln |Γ(x)|."""
    found = special.gammaln(x)
    is_whole = x == np.floor(x)
    found = np.where(is_whole & (x <= 0), nan, found)
    return np.where(np.isinf(x), inf, found)


FORMULAS: Table = {
    "arctanh": arctanh,
    "ceil": ceil,
    "clip": clip,
    "dot": dot,
    "elu": elu,
    "floor": floor,
    "leaky_relu": leaky_relu,
    "log10": log10,
    "log1p": log1p,
    "log2": log2,
    "log_sigmoid": log_sigmoid,
    "logsumexp": logsumexp,
    "max": largest,
    "mean": mean,
    "min": smallest,
    "prod": prod,
    "relu": relu,
    "sigmoid": sigmoid,
    "silu": silu,
    "softplus": softplus,
    "stop": stop,
    "sum": sum_of_columns,
    "take": take,
    "where": where,
}


def formulas(np: Any, special: Any) -> Table:
    """Return all functions of columns that there are with NumPy, and SciPy if it is not None."""
    found: Table = {}
    for name, formula in FORMULAS.items():
        found[name] = partial(formula, np)
    if special is None:
        return found
    return {
        **found,
        "erf": special.erf,
        "erfc": special.erfc,
        "gelu": partial(gelu, np, special),
        "lgamma": partial(lgamma, np, special),
    }
