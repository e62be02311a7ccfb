"""log and what is built on it: log1p, log2, log10, softplus, log_sigmoid, arcsinh and its kin.

All begin with x = 2ᵉ m for a whole e and √½ ≤ m < √2. With f = m − 1 and s = f / (2 + f), ln m is
2 artanh s, an odd polynomial of s.
"""

import math

from ..lanes import Lanes, polynomial
from .exact import product_of, quotient_of, sum_of, sum_of_any
from .exponentials import exp_of_negative
from .ranges import LN2_HIGH, LN2_LOW, ONE, SHIFTER, SHIFTER_BITS, exponent_of, parts

#: (2 artanh s − 2 s) / s³ as a polynomial of s², for s² ≤ 0.0295, to 0.01 · 2⁻⁵³ of the whole.
ARTANH = (
    0.6666666666666735,
    0.3999999999941109,
    0.28571428743262917,
    0.2222219847596626,
    0.18183569740694147,
    0.15313903226985104,
    0.14797507880714594,
)

#: The same for s² ≤ 1/9, to 0.01 · 2⁻⁵³.
ARTANH_TO_A_THIRD = (
    0.6666666666666631,
    0.40000000000157243,
    0.2857142854785398,
    0.22222223969727242,
    0.1818174392499613,
    0.15386559922788376,
    0.13300973576805628,
    0.12106086408835731,
    0.08340100552983289,
    0.17018577491344786,
)


def curve(f: Lanes) -> Lanes:
    """Return ln (1 + f) − f = s (s² P(s²) − f): the rounding error of s, small beside f, hardly counts."""
    s = f / (f + 2.0)
    z = s * s
    return s * z.muladd(polynomial(z, ARTANH), -f)


def with_edges(out: Lanes, x: Lanes, zero: float) -> Lanes:
    """Return the logarithm, or −∞ where x is at its zero, nan below it, and x itself if ∞ or nan."""
    out = (x < math.inf).select(out, x)
    out = (x < zero).select(math.nan, out)
    return (x == zero).select(-math.inf, out)


def log(x: Lanes) -> Lanes:
    """Return ln x = e ln 2 + f + (ln (1 + f) − f)."""
    m, e = parts(x)
    f = m - 1.0
    out = e.fma(LN2_HIGH, f + e.muladd(LN2_LOW, curve(f)))
    return with_edges(out, x, 0.0)


def log_to_base(x: Lanes, unit: tuple[float, float], octave: tuple[float, float]) -> Lanes:
    """Return ln x times a unit, where ln 2 times it is an octave, both in two parts."""
    m, e = parts(x)
    f = m - 1.0
    near, lost = product_of(f, unit[0])
    lost = f.muladd(unit[1], curve(f).muladd(unit[0], lost))
    out, far_lost = sum_of(e * octave[0], near)
    return with_edges(out + (far_lost + e.muladd(octave[1], lost)), x, 0.0)


def log2(x: Lanes) -> Lanes:
    """Return log₂ x, exact for powers of 2."""
    return log_to_base(x, (1.4426950408889634, 2.0355273740931033e-17), (1.0, 0.0))


def log10(x: Lanes) -> Lanes:
    """Return log₁₀ x."""
    octave = 0.30102999566395283, 2.8363394551042263e-14  # the first has 42 bits, as LN2_HIGH
    return log_to_base(x, (0.4342944819032518, 1.098319650216765e-17), octave)


def log_one_plus(x: Lanes, low: Lanes | float, octaves: Lanes | float = 0.0) -> Lanes:
    """Return ln (1 + x + low) + octaves · ln 2; what 1 + x loses is added, scaled as the rest."""
    whole, lost = sum_of_any(x, 1.0)
    lost = lost + low
    e = exponent_of(whole)
    m = (whole.bits() - (e << 52)).floats()
    f, lost = sum_of(m - 1.0, lost * (ONE - (e << 52)).floats())
    e = (e + SHIFTER_BITS).floats() - SHIFTER + octaves
    return e.fma(LN2_HIGH, f + e.muladd(LN2_LOW, curve(f) + lost))


def log1p(x: Lanes) -> Lanes:
    """Return ln (1 + x)."""
    return with_edges(log_one_plus(x, 0.0), x, -1.0).copysign(x)


def softplus(x: Lanes) -> Lanes:
    """Return ln (1 + eˣ) = max(x, 0) + ln (1 + e) for e = exp −|x|: 2 artanh (e / (2 + e))."""
    large, lost = exp_of_negative(x)
    e, lost = large * 2.0**-128, lost * 2.0**-128
    under, under_lost = sum_of(x.constant(2.0), e)
    s, lost = quotient_of((e, lost), (under, under_lost + lost))
    z = s * s
    rest = (z * s).muladd(polynomial(z, ARTANH_TO_A_THIRD), lost + lost)
    return s.muladd(2.0, rest) + (x < 0.0).select(0.0, x)


def log_sigmoid(x: Lanes) -> Lanes:
    """Return ln σ(x) = −softplus(−x)."""
    return 0.0 - softplus(-x)


def arcsinh(x: Lanes) -> Lanes:
    """Return arcsinh x = ln (1 + x + x² / (1 + √(1 + x²))); for huge x it is ln 2x."""
    size = abs(x)
    huge = size > 2.0**60
    inside = huge.select(1.0, size)
    square = inside * inside
    above, lost = sum_of(inside, square / ((square + 1.0).sqrt() + 1.0))
    octaves = huge.select(x.constant(1.0), 0.0)
    out = log_one_plus(huge.select(size, above), huge.select(0.0, lost), octaves)
    return (size < math.inf).select(out, size).copysign(x)


def arccosh(x: Lanes) -> Lanes:
    """Return arccosh x = ln (1 + t + √(t (t + 2))) for t = x − 1; for huge x it is ln 2x."""
    huge = x > 2.0**60
    t, t_lost = sum_of(huge.select(1.0, x), -1.0)
    square = t.muladd(t, t + t)
    root = square.sqrt()
    above, lost = sum_of(root, t)
    octaves = huge.select(x.constant(1.0), 0.0)
    out = log_one_plus(huge.select(x, above), huge.select(0.0, lost + t_lost), octaves)
    out = (x < math.inf).select(out, x)
    return (x < 1.0).select(math.nan, out)


def arctanh(x: Lanes) -> Lanes:
    """Return arctanh x = ½ ln (1 + 2 x / (1 − x))."""
    size = abs(x)
    ratio, lost = quotient_of((size + size, x.constant(0.0)), sum_of(x.constant(1.0), -size))
    out = log_one_plus(ratio, lost) * 0.5
    out = (size < 1.0).select(out, (size == 1.0).select(x.constant(math.inf), math.nan))
    return out.copysign(x)
