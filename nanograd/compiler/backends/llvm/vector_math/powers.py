"""pow, cbrt and hypot."""

import math

from ..lanes import Lanes, polynomial
from . import eight
from .exact import TWO_THIRDS_LOW, Pair, product_of, product_of_pairs, quotient_of, sum_of
from .exponentials import exp
from .ranges import (
    LN2_HIGH,
    LN2_LOW,
    ONE,
    SHIFTER,
    SHIFTER_BITS,
    SMALLEST_NORMAL,
    parts,
    power_of_two,
)

#: ((2 artanh s − 2 s) / s³ − ⅔) / s² as a polynomial of s², for s² ≤ 0.0295, to 2⁻⁶⁶ of the whole.
ARTANH_TAIL = (
    0.4000000000000227,
    0.28571428570091895,
    0.22222222521353144,
    0.18181784237136253,
    0.15386763526569797,
    0.13256668967914828,
    0.13197748865292735,
)

#: x^−⅓ for 1 ≤ x ≤ 2, to 6 · 10⁻⁶.
INVERSE_CBRT = (
    1.7810577469069375,
    -1.5660288775847409,
    1.24378570797455,
    -0.5978728468792975,
    0.1560715469824996,
    -0.017019026160353962,
)


def log_in_two(x: Lanes) -> Pair:
    """Return ln x for positive finite x as a pair, to 2⁻⁶⁵: pow multiplies it by up to 2¹⁰ / ln x."""
    if x.eight:
        return eight.log_in_two(x)
    m, e = parts(x)
    f = m - 1.0
    zero = x.constant(0.0)
    s = quotient_of((f, zero), sum_of(x.constant(2.0), f))
    z = product_of_pairs(s, s)
    factor, factor_lost = sum_of(x.constant(2.0 / 3.0), z[0] * polynomial(z[0], ARTANH_TAIL))
    cubic = product_of_pairs(product_of_pairs(s, z), (factor, factor_lost + TWO_THIRDS_LOW))
    near, near_lost = sum_of(s[0] + s[0], cubic[0])
    near_lost = near_lost + (s[1] + s[1] + cubic[1])
    out, lost = sum_of(e * LN2_HIGH, near)
    return sum_of(out, lost + e.muladd(LN2_LOW, near_lost))


def pow(x: Lanes, y: Lanes) -> Lanes:  # noqa: A001 - the operation's name
    """Return xʸ = exp(y ln |x|) with the sign of x for odd y; the edges are those of C's pow."""
    size = abs(x)
    log, log_lost = log_in_two(size)
    log = (size < math.inf).select(log, size)
    log = (size == 0.0).select(-math.inf, log)
    limited = (y > 1e300).select(1e300, (y < -1e300).select(-1e300, y))
    power, lost = product_of(limited, log)
    lost = (abs(power) < 760.0).select(limited.muladd(log_lost, lost), 0.0)
    out = exp(power, lost)
    whole = y.floor() == y
    half = y * 0.5
    odd = whole & (half.floor() != half)
    out = out.copysign(odd.select(x, 1.0))
    undefined = (x < 0.0) & (x > -math.inf) & ~whole
    out = undefined.select(math.nan, out)
    return ((y == 0.0) | (x == 1.0)).select(1.0, out)


def cbrt(x: Lanes) -> Lanes:
    """Return ∛x from t ≈ a^−⅓, where a is x less a power of 8, mended by h = 1 − a t³ (to h³).

    Then c = a t² is a cube root, and what c³ lacks of a is known exactly.
    """
    size = abs(x)
    small = size < SMALLEST_NORMAL
    bits = small.select(size * 2.0**54, size).bits()
    e = ((bits >> 52) + SHIFTER_BITS).floats() - small.select(
        x.constant(SHIFTER + 1077.0), SHIFTER + 1023.0
    )
    m = ((bits & ((1 << 52) - 1)) | ONE).floats()
    third = (e - 1.0).muladd(1.0 / 3.0, SHIFTER)
    over = (third - SHIFTER).muladd(-3.0, e)
    second, first = over == 2.0, over == 1.0
    a = m * second.select(4.0, first.select(x.constant(2.0), 1.0))
    t = polynomial(m, INVERSE_CBRT) * second.select(
        2.0 ** (-2 / 3), first.select(x.constant(2.0 ** (-1 / 3)), 1.0)
    )
    h = (a * t * t).fma(-t, 1.0)
    t = t.muladd(h * polynomial(h, (1 / 3, 2 / 9, 14 / 81)), t)
    c = a * (t * t)
    square, lost = product_of(c, c)
    rest = lost.muladd(-c, square.fma(-c, a))
    out = (rest * (t * t)).muladd(1.0 / 3.0, c) * power_of_two(third)
    return ((size > 0.0) & (size < math.inf)).select(out, x).copysign(x)


def hypot(x: Lanes, y: Lanes) -> Lanes:
    """Return √(x² + y²), scaled to where the squares are in range; infinite if either is."""
    wide, high = abs(x), abs(y)
    larger = wide > high
    large, small = larger.select(wide, high), larger.select(high, wide)
    huge, tiny = large > 2.0**500, large < 2.0**-450
    down = huge.select(2.0**-600, tiny.select(x.constant(2.0**600), 1.0))
    up = huge.select(2.0**600, tiny.select(x.constant(2.0**-600), 1.0))
    large, small = large * down, small * down
    out = large.muladd(large, small * small).sqrt() * up
    return ((wide == math.inf) | (high == math.inf)).select(math.inf, out)
