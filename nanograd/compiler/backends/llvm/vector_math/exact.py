"""Arithmetic whose rounding errors are kept: each result comes with what its rounding lost."""

from ..lanes import Lanes, Operand

Pair = tuple[Lanes, Lanes]

TWO_THIRDS_LOW = 3.700743415417188e-17  # what 2 / 3 loses


def sum_of(large: Operand, small: Lanes) -> Pair:
    """Return the sum as a pair, for |large| ≥ |small| (Dekker)."""
    out = large + small
    lost = small - (out - large)
    return out, lost


def sum_of_any(x: Lanes, y: Operand) -> Pair:
    """Return the sum as a pair, whichever is larger (Knuth)."""
    out = x + y
    back = out - x
    lost = (x - (out - back)) + (y - back)
    return out, lost


def product_of(x: Lanes, y: Operand) -> Pair:
    """Return the product as a pair."""
    out = x * y
    lost = x.fma(y, -out)
    return out, lost


def product_of_pairs(x: Pair, y: Pair) -> Pair:
    """Return the product of two pairs as a pair."""
    (first, first_low), (second, second_low) = x, y
    out, lost = product_of(first, second)
    lost = first.muladd(second_low, lost)
    lost = first_low.muladd(second, lost)
    return out, lost


def quotient_of(top: tuple[Lanes, Operand], under: Pair) -> Pair:
    """Return the quotient of two pairs as a pair."""
    (first, first_low), (second, second_low) = top, under
    over = 1.0 / second
    out = first * over
    rest = out.fma(-second, first)
    rest = rest + first_low
    rest = out.fma(-second_low, rest)
    return out, rest * over
