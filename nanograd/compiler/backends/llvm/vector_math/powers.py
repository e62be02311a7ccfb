"""pow, cbrt and hypot."""

import math

from ..lanes import Lanes, polynomial
from . import eight
from .exact import TWO_THIRDS_LOW, Pair, product_of, product_of_pairs, quotient_of, sum_of
from .exponentials import exp
from .ranges import LN2_HIGH, LN2_LOW, ONE, SHIFTER, parts, power_of_two

#: ((2 artanh s − 2 s) / s³ − ⅔) / s² as a polynomial of s², for s² ≤ 0.0295, to 2⁻⁶⁶ of the whole.
ARTANH_TAIL = (
    0.4000000000000227,
    0.2857142857009192,
    0.2222222252135044,
    0.18181784237375592,
    0.15386763512229765,
    0.13256669401754245,
    0.13197743874966844,
)

#: x^−⅓ for 1 ≤ x ≤ 2, to 6 · 10⁻⁶.
INVERSE_CBRT = (
    1.7810624012403227,
    -1.5660445055794794,
    1.2438063279932223,
    -0.5978862215500009,
    0.1560758138445245,
    -0.01701956205853195,
)


#: ((1 − h)^−⅓ − 1) / h, the first terms of the series.
MENDING = (1 / 3, 2 / 9, 14 / 81)
THIRD = 1 / 3


def log_in_two(x: Lanes) -> Pair:
    """Return ln x for positive finite x as a pair, to 2⁻⁶⁵: pow multiplies it by up to 2¹⁰ / ln x.

    It is 2 artanh s = 2 s + s³ (⅔ + s² P(s²)), of which only the last term is not a pair.
    """
    if x.eight:
        return eight.log_in_two(x)
    m, e = parts(x)
    f = m - 1.0
    s, s_lost = s_pair = quotient_of((f, 0.0), sum_of(2.0, f))
    z, _ = z_pair = product_of_pairs(s_pair, s_pair)
    factor, lost = sum_of(2.0 / 3.0, z * polynomial(z, ARTANH_TAIL))
    lost = lost + TWO_THIRDS_LOW
    cube = product_of_pairs(s_pair, z_pair)
    cubic, cubic_lost = product_of_pairs(cube, (factor, lost))
    near, near_lost = sum_of(s + s, cubic)
    near_lost = near_lost + (s_lost + s_lost + cubic_lost)
    out, lost = sum_of(e * LN2_HIGH, near)
    return sum_of(out, lost + e.muladd(LN2_LOW, near_lost))


def pow(x: Lanes, y: Lanes) -> Lanes:  # noqa: A001 - the operation's name
    """Return xʸ = exp(y ln |x|) with the sign of x for odd y; the edges are those of C's pow."""
    size = abs(x)
    log, log_lost = log_in_two(size)
    log = (size < math.inf).select(log, size)
    log = (size == 0.0).select(-math.inf, log)
    limited = y.at_least(-1e300).at_most(1e300)
    power, lost = product_of(limited, log)
    lost = limited.muladd(log_lost, lost)
    lost = (abs(power) < 760.0).select(lost, 0.0)
    out = exp(power, lost)
    half = y * 0.5
    whole = y.floor() == y
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
    m, e = parts(size, ONE)
    third = (e - 1.0).muladd(THIRD, SHIFTER)
    over = (third - SHIFTER).muladd(-3.0, e)
    one, two = over == 1.0, over == 2.0
    a = m * two.select(4.0, one.select(2.0, 1.0))
    root = one.select(0.5**THIRD, 1.0)
    root = two.select(0.25**THIRD, root)
    t = polynomial(m, INVERSE_CBRT) * root
    a_t = a * t
    h = (a_t * t).fma(-t, 1.0)
    t = t.muladd(h * polynomial(h, MENDING), t)
    square = t * t
    c = a * square
    c_square, lost = product_of(c, c)
    rest = c_square.fma(-c, a)
    rest = lost.muladd(-c, rest)
    out = (rest * square).muladd(THIRD, c)
    out = out * power_of_two(third)
    inside = (size > 0.0) & (size < math.inf)
    return inside.select(out, x).copysign(x)


def hypot(x: Lanes, y: Lanes) -> Lanes:
    """Return √(x² + y²), scaled to where the squares are in range; infinite if either is."""
    wide, high = abs(x), abs(y)
    larger = wide > high
    large = larger.select(wide, high)
    small = larger.select(high, wide)
    huge, tiny = large > 2.0**500, large < 2.0**-450
    down = huge.select(2.0**-600, tiny.select(2.0**600, 1.0))
    up = huge.select(2.0**600, tiny.select(2.0**-600, 1.0))
    large, small = large * down, small * down
    square = large.muladd(large, small * small)
    out = square.sqrt() * up
    infinite = (wide == math.inf) | (high == math.inf)
    return infinite.select(math.inf, out)
