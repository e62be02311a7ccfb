"""exp and what is built on it: expm1, elu, sinh, cosh, tanh, sigmoid, silu.

All begin with x = n ln 2 + r for a whole n and |r| ≤ ½ ln 2, so that eˣ = 2ⁿ eʳ, and with the tail
eʳ − 1 of a polynomial. 2ⁿ comes from writing n into the exponent's bits.
"""

import math

from ..lanes import Lanes, Operand, polynomial
from . import eight
from .exact import Pair, quotient_of, sum_of, sum_of_any
from .ranges import LN2_HIGH, LN2_LOW, LOG2_E, ONE, RESCUE, SHIFTER, power_of_two, reduced

HALF, QUARTER = ONE - (1 << 52), ONE - (2 << 52)  # the bits of ½ and ¼

#: (eʳ − 1 − r) / r² for |r| ≤ ½ ln 2, to 0.03 · 2⁻⁵³ of eʳ.
EXP = (
    0.5000000000000011,
    0.1666666666666641,
    0.04166666666652905,
    0.008333333333495103,
    0.0013888888943951018,
    0.00019841269505796002,
    2.4801492738089004e-05,
    2.7557586473160208e-06,
    2.7630386293353363e-07,
    2.500023142500953e-08,
)


def tail(r: Lanes) -> Lanes:
    """Return eʳ − 1 for |r| ≤ ½ ln 2."""
    return (r * r).muladd(polynomial(r, EXP), r)


def exp(x: Lanes, low: Operand = 0.0) -> Lanes:
    """Return e to the power of x + low; 2ⁿ goes in as two factors, so that none is out of range."""
    if x.eight:
        return eight.exp(x, low)
    shifted, r = reduced(x)
    r = r + low if isinstance(low, Lanes) else r
    positive = x > 0.0
    one = positive.select(ONE - RESCUE, ONE + RESCUE)
    scale = positive.select(2.0**128, 2.0**-128)
    power = power_of_two(shifted, one)
    out = tail(r).muladd(power, power) * scale
    out = (x > 760.0).select(math.inf, out)
    return (x < -760.0).select(0.0, out)


def exp_in_two(shifted: Lanes, r: Lanes, one: int) -> Pair:
    """Return 2ⁿ eʳ as a pair, times what `one` has the bits of."""
    power = power_of_two(shifted, one)
    curve = tail(r)
    out = curve.muladd(power, power)
    lost = curve.fma(power, power - out)
    return out, lost


def exp_minus_one(x: Lanes, one: Operand = 1.0, bits: Lanes | int = ONE) -> Pair:
    """Return eˣ − 1 = (2ⁿ − 1) + 2ⁿ r + 2ⁿ (eʳ − 1 − r) as a pair, times `one` of these bits."""
    shifted = x.muladd(LOG2_E, SHIFTER)
    n = shifted - SHIFTER
    most = n.fma(-LN2_HIGH, x)
    r = n.fma(-LN2_LOW, most)
    lost = n.fma(-LN2_LOW, most - r)
    power = power_of_two(shifted, bits)
    base = power - one
    straight = r.fma(power, base)
    straight_lost = r.fma(power, base - straight)
    curved = (r * r).muladd(polynomial(r, EXP), lost)
    out, lost = sum_of(straight, curved * power)
    return out, lost + straight_lost


def expm1(x: Lanes) -> Lanes:
    """Return eˣ − 1; before the end of the range at half size, so that 2ⁿ is finite."""
    inside = x.at_least(-40.0).at_most(710.0)
    large = x > 700.0
    half = large.select(0.5, 1.0)
    bits = large.select(HALF, ONE)
    out, lost = exp_minus_one(inside, half, bits)
    out = (out + lost) * large.select(2.0, 1.0)
    return out.copysign(x)


def sinh(x: Lanes) -> Lanes:
    """Return sinh x = ½ (E + E / (E + 1)) for E = eˣ − 1; if large, from a quarter of E."""
    size = abs(x).at_most(710.8)
    large = size > 40.0
    one = large.select(0.25, 1.0)
    bits = large.select(QUARTER, ONE)
    above, lost = exp_minus_one(size, one, bits)
    under, under_lost = sum_of_any(above, one)
    under_lost = under_lost + lost
    ratio, ratio_lost = quotient_of((above, lost), (under, under_lost))
    lost = ratio_lost.muladd(one, lost)
    out, sum_lost = sum_of(above, ratio * one)
    out = out + (sum_lost + lost)
    out = out * large.select(2.0, 0.5)
    return out.copysign(x)


def cosh(x: Lanes) -> Lanes:
    """Return cosh x = 2 (q + 1 / 16 q) for q = ¼ eˣ, which is finite where cosh is."""
    size = abs(x).at_most(710.8)
    shifted, r = reduced(size)
    quarter, lost = exp_in_two(shifted, r, QUARTER)
    rest = 0.0625 / quarter + lost
    return (quarter + rest) * 2.0


def tanh(x: Lanes) -> Lanes:
    """Return tanh x = (e²ˣ − 1) / (e²ˣ + 1)."""
    size = abs(x).at_most(20.0)
    above, lost = exp_minus_one(size + size)
    under, under_lost = sum_of(2.0, above)
    under_lost = under_lost + lost
    over = 1.0 / under
    out = above * over
    rest = out.fma(-under, above) + lost
    rest = out.fma(-under_lost, rest)
    return rest.fma(over, out).copysign(x)


def exp_of_negative(x: Lanes) -> Pair:
    """Return 2¹²⁸ e to the power of −|x|, which is never denormal, as a pair."""
    size = abs(x).at_most(760.0)
    shifted, r = reduced(-size)
    return exp_in_two(shifted, r, ONE + RESCUE)


def logistic(x: Lanes, factor: Operand) -> Lanes:
    """Return factor / (1 + e⁻ˣ); where e⁻ˣ may overflow, both sides are 2¹²⁸ times smaller."""
    inside = x.at_least(-760.0).at_most(700.0)
    shifted, r = reduced(-inside)
    low = x < -600.0
    one = low.select(ONE - RESCUE, ONE)
    scale = low.select(2.0**-128, 1.0)
    power = power_of_two(shifted, one)
    under = tail(r).muladd(power, scale) + power
    return scale * factor / under


def sigmoid(x: Lanes) -> Lanes:
    """Return σ(x)."""
    return logistic(x, 1.0)


def silu(x: Lanes) -> Lanes:
    """Return x σ(x), which is nan for −∞, as the product of the two."""
    out = logistic(x, x.at_least(-760.0))
    return (x == -math.inf).select(math.nan, out)


def elu(x: Lanes, alpha: Lanes) -> Lanes:
    """Return x where it is positive, else alpha (eˣ − 1)."""
    below = alpha * expm1(x)
    return (x > 0.0).select(x, below)
