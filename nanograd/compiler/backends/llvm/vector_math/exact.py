"""Arithmetic whose rounding errors are kept: each result comes with what its rounding lost."""

from ..lanes import Lanes

Pair = tuple[Lanes, Lanes]

TWO_THIRDS_LOW = 3.700743415417188e-17  # what 2 / 3 loses


def sum_of(large: Lanes, small: Lanes | float) -> Pair:
    """Return the sum as a pair, for |large| ≥ |small| (Dekker)."""
    out = large + small
    return out, small - (out - large)


def sum_of_any(x: Lanes, y: Lanes | float) -> Pair:
    """Return the sum as a pair, whichever is larger (Knuth)."""
    out = x + y
    back = out - x
    return out, (x - (out - back)) + (y - back)


def product_of(x: Lanes, y: Lanes | float) -> Pair:
    """Return the product as a pair."""
    out = x * y
    return out, x.fma(y, -out)


def product_of_pairs(x: Pair, y: Pair) -> Pair:
    """Return the product of two pairs as a pair."""
    out, lost = product_of(x[0], y[0])
    return out, x[1].muladd(y[0], x[0].muladd(y[1], lost))


def quotient_of(top: Pair, under: Pair) -> Pair:
    """Return the quotient of two pairs as a pair."""
    over = 1.0 / under[0]
    out = top[0] * over
    rest = out.fma(-under[0], top[0]) + top[1]
    return out, out.fma(-under[1], rest) * over
