"""exp and what is built on it: expm1, elu, sinh, cosh, tanh, sigmoid, silu.

All begin with x = n ln 2 + r for a whole n and |r| ≤ ½ ln 2, so that eˣ = 2ⁿ eʳ, and with the tail
eʳ − 1 of a polynomial. 2ⁿ comes from writing n into the exponent's bits.
"""

import math

from ..lanes import Lanes, polynomial
from . import eight
from .exact import Pair, quotient_of, sum_of, sum_of_any
from .ranges import LN2_HIGH, LN2_LOW, LOG2_E, ONE, RESCUE, SHIFTER, power_of_two, reduced

#: (eʳ − 1 − r) / r² for |r| ≤ ½ ln 2, to 0.03 · 2⁻⁵³ of eʳ.
EXP = (
    0.5000000000000011,
    0.1666666666666641,
    0.041666666666529725,
    0.008333333333494983,
    0.001388888894375997,
    0.00019841269505762815,
    2.48014929496134e-05,
    2.7557586813394826e-06,
    2.763030626003487e-07,
    2.50000158696544e-08,
)


def tail(r: Lanes) -> Lanes:
    """Return eʳ − 1 for |r| ≤ ½ ln 2."""
    return (r * r).muladd(polynomial(r, EXP), r)


def exp(x: Lanes, low: Lanes | None = None) -> Lanes:
    """Return e to the power of x + low; 2ⁿ goes in as two factors, so that none is out of range."""
    if x.eight:
        return eight.exp(x, low)
    shifted, r = reduced(x)
    r = r if low is None else r + low
    positive = x > 0.0
    one = positive.select(shifted.bits().constant(ONE - RESCUE), ONE + RESCUE)
    power = power_of_two(shifted, one)
    scale = positive.select(x.constant(2.0**128), 2.0**-128)
    out = tail(r).muladd(power, power) * scale
    out = (x > 760.0).select(math.inf, out)
    return (x < -760.0).select(0.0, out)


def exp_in_two(shifted: Lanes, r: Lanes, one: int) -> Pair:
    """Return 2ⁿ eʳ as a pair, times what `one` has the bits of."""
    power = power_of_two(shifted, one)
    curve = tail(r)
    out = curve.muladd(power, power)
    return out, curve.fma(power, power - out)


def exp_minus_one(x: Lanes, bits: Lanes | int = ONE, one: Lanes | float = 1.0) -> Pair:
    """Return eˣ − 1 = (2ⁿ − 1) + 2ⁿ r + 2ⁿ (eʳ − 1 − r) as a pair, times `one`, which has the bits."""
    shifted = x.muladd(LOG2_E, SHIFTER)
    n = shifted - SHIFTER
    most = n.fma(-LN2_HIGH, x)
    r = n.fma(-LN2_LOW, most)
    lost = n.fma(-LN2_LOW, most - r)
    power = power_of_two(shifted, bits)
    base = power - one
    straight = r.fma(power, base)
    curved = (r * r).muladd(polynomial(r, EXP), lost) * power
    out, lost = sum_of(straight, curved)
    return out, lost + r.fma(power, base - straight)


def expm1(x: Lanes) -> Lanes:
    """Return eˣ − 1; before the end of the range at half size, so that 2ⁿ is finite."""
    inside = (x < -40.0).select(-40.0, x)
    inside = (inside > 710.0).select(710.0, inside)
    large = x > 700.0
    bits = large.select(x.bits().constant(ONE - (1 << 52)), ONE)
    out, lost = exp_minus_one(inside, bits, large.select(x.constant(0.5), 1.0))
    return ((out + lost) * large.select(x.constant(2.0), 1.0)).copysign(x)


def sinh(x: Lanes) -> Lanes:
    """Return sinh x = ½ (E + E / (E + 1)) for E = eˣ − 1; where it is large, from a quarter of E."""
    size = abs(x)
    size = (size > 710.8).select(710.8, size)
    large = size > 40.0
    one = large.select(x.constant(0.25), 1.0)
    above = exp_minus_one(size, large.select(x.bits().constant(ONE - (2 << 52)), ONE), one)
    under, under_lost = sum_of_any(above[0], one)
    ratio = quotient_of(above, (under, under_lost + above[1]))
    out, lost = sum_of(above[0], ratio[0] * one)
    out = out + (lost + ratio[1].muladd(one, above[1]))
    return (out * large.select(x.constant(2.0), 0.5)).copysign(x)


def cosh(x: Lanes) -> Lanes:
    """Return cosh x = 2 (q + 1 / 16 q) for q = ¼ eˣ, which is finite where cosh is."""
    size = abs(x)
    size = (size > 710.8).select(710.8, size)
    quarter, lost = exp_in_two(*reduced(size), ONE - (2 << 52))
    return (quarter + (0.0625 / quarter + lost)) * 2.0


def tanh(x: Lanes) -> Lanes:
    """Return tanh x = (e²ˣ − 1) / (e²ˣ + 1)."""
    size = abs(x)
    size = (size > 20.0).select(20.0, size)
    above, lost = exp_minus_one(size + size)
    under, under_lost = sum_of(x.constant(2.0), above)
    over = 1.0 / under
    out = above * over
    rest = out.fma(-under, above) + lost
    return out.fma(-(under_lost + lost), rest).fma(over, out).copysign(x)


def exp_of_negative(x: Lanes) -> Pair:
    """Return 2¹²⁸ e to the power of −|x|, which is never denormal, as a pair."""
    size = abs(x)
    size = (size > 760.0).select(760.0, size)
    return exp_in_two(*reduced(-size), ONE + RESCUE)


def logistic(x: Lanes, factor: Lanes | float) -> Lanes:
    """Return factor / (1 + e⁻ˣ); where e⁻ˣ may overflow, both sides are 2¹²⁸ times smaller."""
    inside = (x < -760.0).select(-760.0, x)
    inside = (inside > 700.0).select(700.0, inside)
    shifted, r = reduced(-inside)
    low = x < -600.0
    one = low.select(shifted.bits().constant(ONE - RESCUE), ONE)
    scale = low.select(x.constant(2.0**-128), 1.0)
    power = power_of_two(shifted, one)
    return scale * factor / (tail(r).muladd(power, scale) + power)


def sigmoid(x: Lanes) -> Lanes:
    """Return σ(x)."""
    return logistic(x, 1.0)


def silu(x: Lanes) -> Lanes:
    """Return x σ(x), which is nan for −∞, as the product of the two."""
    out = logistic(x, (x < -760.0).select(-760.0, x))
    return (x == -math.inf).select(math.nan, out)


def elu(x: Lanes, alpha: Lanes) -> Lanes:
    """Return x where it is positive, else alpha (eˣ − 1)."""
    return (x > 0.0).select(x, alpha * expm1(x))
