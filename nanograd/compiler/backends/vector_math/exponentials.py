"""exp and what is built on it: expm1, the hyperbolic functions, sigmoid.

All begin with x = n ln 2 + r for a whole n and |r| ≤ ½ ln 2, so that eˣ = 2ⁿ eʳ, and with the tail
eʳ − 1 of a polynomial. 2ⁿ comes from writing n into the exponent's bits.
"""

import math

from ..lanes import Lanes, polynomial

LOG2_E = 1.4426950408889634
LN2_HIGH = 0.6931471805598903  # 42 bits of ln 2: n times it is exact
LN2_LOW = 5.497923018708371e-14  # and the rest
ONE = 1023 << 52  # the bits of 1.0
RESCUE = 128 << 52  # what they need to become those of 2¹²⁸
SHIFTER = 1.5 * 2.0**52  # x + SHIFTER has x, rounded to a whole number, in its low bits

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


def reduced(x: Lanes) -> tuple[Lanes, Lanes]:
    """Return SHIFTER + n and r, where x = n ln 2 + r."""
    shifted = x.muladd(LOG2_E, SHIFTER)
    n = shifted - SHIFTER
    return shifted, n.muladd(-LN2_LOW, n.fma(-LN2_HIGH, x))


def power_of_two(shifted: Lanes, one: Lanes | int = ONE) -> Lanes:
    """Return 2ⁿ from SHIFTER + n, for −1022 ≤ n ≤ 1023; with other bits than those of 1, 2ⁿ⁺ᵏ."""
    return ((shifted.bits() << 52) + one).floats()


def tail(r: Lanes) -> Lanes:
    """Return eʳ − 1 for |r| ≤ ½ ln 2."""
    return (r * r).muladd(polynomial(r, EXP), r)


def exp(x: Lanes) -> Lanes:
    """Return eˣ. 2ⁿ goes in as two factors, so that nothing between is out of range."""
    shifted, r = reduced(x)
    positive = x > 0.0
    one = positive.select(shifted.bits().constant(ONE - RESCUE), ONE + RESCUE)
    power = power_of_two(shifted, one)
    scale = positive.select(x.constant(2.0**128), 2.0**-128)
    out = tail(r).muladd(power, power) * scale
    out = (x > 760.0).select(math.inf, out)
    return (x < -760.0).select(0.0, out)


def exp_minus_one(x: Lanes, bits: Lanes | int = ONE, one: Lanes | float = 1.0) -> Lanes:
    """Return eˣ − 1 = (2ⁿ − 1) + 2ⁿ r + 2ⁿ (eʳ − 1 − r), scaled as `one` and its bits are."""
    shifted = x.muladd(LOG2_E, SHIFTER)
    n = shifted - SHIFTER
    most = n.fma(-LN2_HIGH, x)
    r = n.fma(-LN2_LOW, most)
    lost = n.fma(-LN2_LOW, most - r)
    power = power_of_two(shifted, bits)
    curved = (r * r).muladd(polynomial(r, EXP), lost)
    return curved.muladd(power, r.muladd(power, power - one))


def expm1(x: Lanes) -> Lanes:
    """Return eˣ − 1; before the end of the range at half size, so that 2ⁿ is finite."""
    inside = (x < -40.0).select(-40.0, x)
    inside = (inside > 710.0).select(710.0, inside)
    large = x > 700.0
    bits = large.select(x.bits().constant(ONE - (1 << 52)), ONE)
    out = exp_minus_one(inside, bits, large.select(x.constant(0.5), 1.0))
    return (out * large.select(x.constant(2.0), 1.0)).copysign(x)


def quotient(top: Lanes, whole: Lanes | float, part: Lanes) -> tuple[Lanes, Lanes]:
    """Return top / (whole + part), for |part| ≤ |whole|, as a number and what its rounding lost."""
    under = part + whole
    over = 1.0 / under
    out = top * over
    rest = (part - (under - whole)).fma(-out, out.fma(-under, top))
    return out, rest * over


def tanh(x: Lanes) -> Lanes:
    """Return tanh x = (e²ˣ − 1) / (e²ˣ + 1)."""
    size = abs(x)
    size = (size > 20.0).select(20.0, size)
    above = exp_minus_one(size + size)
    out, lost = quotient(above, 2.0, above)
    return (out + lost).copysign(x)


def exp_of_negative(x: Lanes) -> tuple[Lanes, Lanes]:
    """Return e to the power of −|x|, and the same times 2¹²⁸, which is never denormal."""
    size = abs(x)
    size = (size > 760.0).select(760.0, size)
    shifted, r = reduced(-size)
    power = power_of_two(shifted, ONE + RESCUE)
    large = tail(r).muladd(power, power)
    return large * 2.0**-128, large


def logistic(x: Lanes) -> tuple[Lanes, Lanes, Lanes]:
    """Return σ(x) in three parts: a number, what its rounding lost, and a factor for both."""
    e, large = exp_of_negative(x)
    negative = x < 0.0
    out, lost = quotient(negative.select(large, 1.0), 1.0, e)
    return out, lost, negative.select(x.constant(2.0**-128), 1.0)


def sigmoid(x: Lanes) -> Lanes:
    """Return σ(x): 1 / (1 + e⁻ˣ), and eˣ / (1 + eˣ) for negative x."""
    out, lost, scale = logistic(x)
    return (out + lost) * scale


def silu(x: Lanes) -> Lanes:
    """Return x σ(x), with the rounding error of the product; of ±∞ it is just the product."""
    out, lost, scale = logistic(x)
    factor = (x < -760.0).select(-760.0, x)
    product = factor * out
    product = product + factor.muladd(lost, factor.fma(out, -product))
    return (abs(x) < math.inf).select(product * scale, x * ((out + lost) * scale))
