"""log and what is built on it: log1p, log2, log10, softplus, log_sigmoid, arcsinh and its kin.

All begin with x = 2ᵉ m for a whole e and √½ ≤ m < √2. With f = m − 1 and s = f / (2 + f), ln m is
2 artanh s, an odd polynomial of s.
"""

import math

from ..lanes import Lanes, Operand, polynomial
from .exact import product_of, quotient_of, sum_of, sum_of_any
from .exponentials import exp_of_negative
from .ranges import LN2_HIGH, LN2_LOW, ONE, SHIFTER, SHIFTER_BITS, parts, split

FOUR = ONE + (2 << 52)  # its bits

#: (2 artanh s − 2 s) / s³ as a polynomial of s², for s² ≤ 0.0295, to 0.01 · 2⁻⁵³ of the whole.
ARTANH = (
    0.6666666666666735,
    0.39999999999411245,
    0.28571428743248983,
    0.22222198475776064,
    0.18183569811694825,
    0.15313900280721807,
    0.14797545591511801,
)

#: The same for s² ≤ 1/9, to 0.01 · 2⁻⁵³.
ARTANH_TO_A_THIRD = (
    0.666666666666663,
    0.4000000000015877,
    0.2857142854764615,
    0.2222222398340356,
    0.1818174342014328,
    0.1538657110995816,
    0.13300821578722313,
    0.12107325977160933,
    0.08334532932746992,
    0.17029161400863985,
)


def curve(f: Lanes) -> Lanes:
    """Return ln (1 + f) − f = s (s² P(s²) − f), where the error of s hardly counts beside f."""
    s = f / (f + 2.0)
    z = s * s
    return s * z.muladd(polynomial(z, ARTANH), -f)


def with_edges(out: Lanes, x: Lanes, pole: float) -> Lanes:
    """Return the logarithm, but −∞ at its pole, nan below it, and x itself if that is ∞ or nan."""
    out = (x < math.inf).select(out, x)
    out = (x < pole).select(math.nan, out)
    return (x == pole).select(-math.inf, out)


def log(x: Lanes) -> Lanes:
    """Return ln x = e ln 2 + f + (ln (1 + f) − f)."""
    m, e = parts(x)
    f = m - 1.0
    near = f + e.muladd(LN2_LOW, curve(f))
    out = e.fma(LN2_HIGH, near)
    return with_edges(out, x, 0.0)


def log_to_base(x: Lanes, unit: tuple[float, float], octave: tuple[float, float]) -> Lanes:
    """Return ln x times a unit, where ln 2 times it is an octave, both in two parts."""
    (unit_high, unit_low), (octave_high, octave_low) = unit, octave
    m, e = parts(x)
    f = m - 1.0
    near, lost = product_of(f, unit_high)
    lost = curve(f).muladd(unit_high, lost)
    lost = f.muladd(unit_low, lost)
    lost = e.muladd(octave_low, lost)
    out, far_lost = sum_of(e * octave_high, near)
    out = out + (far_lost + lost)
    return with_edges(out, x, 0.0)


def log2(x: Lanes) -> Lanes:
    """Return log₂ x, exact for powers of 2."""
    return log_to_base(x, (1.4426950408889634, 2.0355273740931033e-17), (1.0, 0.0))


def log10(x: Lanes) -> Lanes:
    """Return log₁₀ x."""
    octave = 0.30102999566395283, 2.8363394551042263e-14  # the first has 42 bits, as LN2_HIGH
    return log_to_base(x, (0.4342944819032518, 1.098319650216765e-17), octave)


def log_one_plus(x: Lanes, low: Operand = 0.0, octaves: Operand = 0.0) -> Lanes:
    """Return ln (1 + x + low) + octaves · ln 2; what 1 + x loses is added, scaled as the rest."""
    whole, lost = sum_of_any(x, 1.0)
    lost = lost + low
    m, bits = split(whole)
    quarter = (FOUR - bits).floats() * 0.25  # so the power of two is never denormal
    f, lost = sum_of(m - 1.0, lost * quarter)
    e = ((bits >> 52) + SHIFTER_BITS).floats()
    e = e - SHIFTER + octaves
    near = f + e.muladd(LN2_LOW, curve(f) + lost)
    return e.fma(LN2_HIGH, near)


def log1p(x: Lanes) -> Lanes:
    """Return ln (1 + x)."""
    out = with_edges(log_one_plus(x), x, -1.0)
    return out.copysign(x)


def softplus(x: Lanes) -> Lanes:
    """Return ln (1 + eˣ) = max(x, 0) + ln (1 + e) for e = exp −|x|: 2 artanh (e / (2 + e))."""
    large, lost = exp_of_negative(x)
    e, lost = large * 2.0**-128, lost * 2.0**-128
    under, under_lost = sum_of(2.0, e)
    under_lost = under_lost + lost
    s, lost = quotient_of((e, lost), (under, under_lost))
    z = s * s
    rest = (z * s).muladd(polynomial(z, ARTANH_TO_A_THIRD), lost + lost)
    out = s.muladd(2.0, rest)
    return out + (x < 0.0).select(0.0, x)


def log_sigmoid(x: Lanes) -> Lanes:
    """Return ln σ(x) = −softplus(−x)."""
    return 0.0 - softplus(-x)


def arcsinh(x: Lanes) -> Lanes:
    """Return arcsinh x = ln (1 + x + x² / (1 + √(1 + x²))); for huge x it is ln 2x."""
    size = abs(x)
    huge = size > 2.0**60
    inside = huge.select(1.0, size)
    square = inside * inside
    root = (square + 1.0).sqrt()
    above, lost = sum_of(inside, square / (root + 1.0))
    above = huge.select(size, above)
    lost = huge.select(0.0, lost)
    out = log_one_plus(above, lost, huge.select(1.0, 0.0))
    out = (size < math.inf).select(out, size)
    return out.copysign(x)


def arccosh(x: Lanes) -> Lanes:
    """Return arccosh x = ln (1 + t + √(t (t + 2))) for t = x − 1; for huge x it is ln 2x."""
    huge = x > 2.0**60
    t, t_lost = sum_of_any(huge.select(1.0, x), -1.0)
    root = t.muladd(t, t + t).sqrt()
    above, lost = sum_of(root, t)
    above = huge.select(x, above)
    lost = huge.select(0.0, lost + t_lost)
    out = log_one_plus(above, lost, huge.select(1.0, 0.0))
    out = (x < math.inf).select(out, x)
    return (x < 1.0).select(math.nan, out)


def arctanh(x: Lanes) -> Lanes:
    """Return arctanh x = ½ ln (1 + 2 x / (1 − x))."""
    size = abs(x)
    under = sum_of(1.0, -size)
    ratio, lost = quotient_of((size + size, 0.0), under)
    out = log_one_plus(ratio, lost) * 0.5
    edge = (size == 1.0).select(math.inf, math.nan)
    out = (size < 1.0).select(out, edge)
    return out.copysign(x)
