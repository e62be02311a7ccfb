"""log and what is built on it: log1p, softplus, log_sigmoid.

All begin with x = 2ᵉ m for a whole e and √½ ≤ m < √2. With f = m − 1 and s = f / (2 + f), ln m is
2 artanh s, an odd polynomial of s.
"""

import math

from ..lanes import Lanes, polynomial
from .exponentials import LN2_HIGH, LN2_LOW, ONE, SHIFTER, exp_of_negative, quotient

SHIFTER_BITS = 0x4338000000000000
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
SMALLEST_NORMAL = 2.0**-1022

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


def exponent_of(x: Lanes) -> Lanes:
    """Return the integer e with x = 2ᵉ m and √½ ≤ m < √2, for positive normal x."""
    return (x.bits() - SQRT_HALF_BITS) >> 52


def log_of(f: Lanes, low: Lanes | float, e: Lanes) -> Lanes:
    """Return ln (2ᵉ (1 + f + low)) for a whole e, where low is small beside f.

    ln (1 + f) is f − s (f − s² P(s²)): the rounding of s, small beside f, does not matter.
    """
    s = f / (f + 2.0)
    z = s * s
    rest = s * z.muladd(polynomial(z, ARTANH), -f) + low
    return e.fma(LN2_HIGH, f + e.muladd(LN2_LOW, rest))


def log(x: Lanes) -> Lanes:
    """Return ln x."""
    small = x < SMALLEST_NORMAL
    normal = small.select(x * 2.0**54, x)
    e = exponent_of(normal)
    m = (normal.bits() - (e << 52)).floats()
    whole = (e + SHIFTER_BITS).floats() - small.select(x.constant(SHIFTER + 54.0), SHIFTER)
    out = log_of(m - 1.0, 0.0, whole)
    out = (x < math.inf).select(out, x)
    out = (x < 0.0).select(math.nan, out)
    return (x == 0.0).select(-math.inf, out)


def log1p(x: Lanes) -> Lanes:
    """Return ln (1 + x); what 1 + x loses to rounding is added again, scaled as the rest."""
    whole = x + 1.0
    back = whole - 1.0
    lost = (x - back) + (1.0 - (whole - back))
    e = exponent_of(whole)
    m = (whole.bits() - (e << 52)).floats() - 1.0
    lost = lost * (ONE - (e << 52)).floats()
    f = m + lost
    out = log_of(f, lost - (f - m), (e + SHIFTER_BITS).floats() - SHIFTER)
    out = (x < math.inf).select(out, x)
    out = (x < -1.0).select(math.nan, out)
    out = (x == -1.0).select(-math.inf, out)
    return out.copysign(x)


def softplus(x: Lanes) -> Lanes:
    """Return ln (1 + eˣ) = max(x, 0) + ln (1 + e) for e = exp −|x|: 2 artanh (e / (2 + e))."""
    e, _ = exp_of_negative(x)
    s, lost = quotient(e, 2.0, e)
    z = s * s
    rest = (z * s).muladd(polynomial(z, ARTANH_TO_A_THIRD), lost + lost)
    return s.muladd(2.0, rest) + (x < 0.0).select(0.0, x)


def log_sigmoid(x: Lanes) -> Lanes:
    """Return ln σ(x) = −softplus(−x)."""
    return -softplus(-x)
