"""Operations on columns that are no ufuncs of NumPy: formulas of some that are.

Each takes NumPy, and then columns or floats. Where the operation has no value the formula has none,
even if C has one: log₂ 0 is nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

from ...functions import SQRT_HALF
from ...reductions import mean_of, sum_of

Column = Any


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
    return np.where(low <= high, inside, math.nan)


def where(np: Any, condition: Column, x: Column, y: Column) -> Column:
    """Return x where the condition is true, else y."""
    return np.where(condition != 0, x, y)


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
    return np.maximum(x, 0.0) + softened(np, x)


def log_sigmoid(np: Any, x: Column) -> Column:
    """Return ln σ(x), without overflow."""
    return np.minimum(x, 0.0) - softened(np, x)


# -- poles -----------------------------------------------------------------------------------


def log2(np: Any, x: Column) -> Column:
    """Return the logarithm to base 2."""
    return np.where(x == 0, math.nan, np.log2(x))


def log10(np: Any, x: Column) -> Column:
    """Return the logarithm to base 10."""
    return np.where(x == 0, math.nan, np.log10(x))


def log1p(np: Any, x: Column) -> Column:
    """Return ln(1 + x)."""
    return np.where(x == -1, math.nan, np.log1p(x))


def arctanh(np: Any, x: Column) -> Column:
    """Return the inverse of tanh."""
    return np.where(np.abs(x) == 1, math.nan, np.arctanh(x))


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
    return np.where(np.isfinite(lost), total + lost, total)


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


def logsumexp(np: Any, *xs: Column) -> Column:
    """Return ln Σ eˣ, without overflow."""
    largest = reduce(np.maximum, xs)
    powers = [np.exp(x - largest) for x in xs]
    shift = np.log(reduce(np.add, powers))
    return np.where(np.isfinite(largest), largest + shift, largest)


def mended_of(np: Any, found: Column, xs: Any, exact: Callable[..., float]) -> Column:
    """Return what was found of these columns, exact where it was lost on the way."""
    if np.isfinite(found).all():
        return found
    terms = np.broadcast_arrays(*xs)
    return mended(np, found, np.stack(terms, -1), exact)


def mended(np: Any, found: Column, terms: Column, exact: Callable[..., float]) -> Column:
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
    found = np.where(is_whole & (x <= 0), math.nan, found)
    return np.where(np.isinf(x), math.inf, found)


FORMULAS: dict[str, Callable[..., Column]] = {
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
    "mean": mean,
    "prod": prod,
    "relu": relu,
    "sigmoid": sigmoid,
    "silu": silu,
    "softplus": softplus,
    "stop": stop,
    "sum": sum_of_columns,
    "where": where,
}


def formulas(np: Any, special: Any) -> dict[str, Callable[..., Column]]:
    """Return all functions of columns that there are with NumPy, and SciPy if it is not None."""
    found = {name: partial(formula, np) for name, formula in FORMULAS.items()}
    if special is None:
        return {**found}
    return {
        **found,
        "erf": special.erf,
        "erfc": special.erfc,
        "gelu": partial(gelu, np, special),
        "lgamma": partial(lgamma, np, special),
    }
