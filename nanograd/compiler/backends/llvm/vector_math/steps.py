"""Steps and choices: what rounds, compares and picks, in any precision and without an error."""

import math

from ..lanes import Lanes


def sqrt(x: Lanes) -> Lanes:
    """Return √x, correctly rounded."""
    return x.sqrt()


def abs(x: Lanes) -> Lanes:  # noqa: A001 - the operation's name
    """Return |x|."""
    return x.__abs__()


def sign(x: Lanes) -> Lanes:
    """Return −1, 0 or 1; nan for nan."""
    one = x.constant(1.0)
    size = (x == 0.0).select(0.0, one)
    number = x == x
    return number.select(size.copysign(x + 0.0), x)


def floor(x: Lanes) -> Lanes:
    """Return the largest whole number that is not above x; zero is 0, and not −0."""
    return x.floor() + 0.0


def ceil(x: Lanes) -> Lanes:
    """Return the smallest whole number that is not below x; zero is 0, and not −0."""
    return x.ceil() + 0.0


def relu(x: Lanes) -> Lanes:
    """Return the larger of x and 0."""
    below = x <= 0.0
    return below.select(0.0, x)


def leaky_relu(x: Lanes, slope: Lanes) -> Lanes:
    """Return x where it is positive, else slope · x."""
    above = x > 0.0
    below = slope * x
    return above.select(x, below)


def maximum(x: Lanes, y: Lanes) -> Lanes:
    """Return the larger of x and y; nan if either is."""
    above = y > x
    number = y == y
    out = above.select(y, x)
    return number.select(out, y)


def minimum(x: Lanes, y: Lanes) -> Lanes:
    """Return the smaller of x and y; nan if either is."""
    below = y < x
    number = y == y
    out = below.select(y, x)
    return number.select(out, y)


def clip(x: Lanes, low: Lanes, high: Lanes) -> Lanes:
    """Return x, or the bound that it is beyond; nan where there is nothing between the bounds."""
    out = (low > x).select(low, x)
    out = (high < out).select(high, out)
    inside = low <= high
    return inside.select(out, math.nan)


def where(condition: Lanes, x: Lanes, y: Lanes) -> Lanes:
    """Return x where the condition is not 0, else y."""
    holds = condition != 0.0
    return holds.select(x, y)
