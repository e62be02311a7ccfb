"""erf, the integral of the normal distribution's bell, and what is built on it: erfc, gelu."""

import math

from ..lanes import Lanes, Operand, polynomial
from . import eight
from .exact import Pair, product_of, product_of_pairs, quotient_of, sum_of, sum_of_any
from .exponentials import exp_in_two, tail
from .ranges import ONE, RESCUE, power_of_two, reduced

SQRT_HALF, SQRT_HALF_LOW = 0.7071067811865476, -4.833646656726457e-17

#: erf x / x − 1 as a polynomial of x², for |x| ≤ 1, to 0.07 · 2⁻⁵³ of erf.
ERF = (
    0.12837916709551256,
    -0.37612638903183515,
    0.11283791670944075,
    -0.026866170643093434,
    0.005223977605966654,
    -0.000854832592187372,
    0.0001205529335000342,
    -1.4924707866919231e-05,
    1.6447075980774785e-06,
    -1.6205881820039268e-07,
    1.37090867589327e-08,
    -7.775888812782552e-10,
)

#: ln (1 − erf x) for 1 ≤ x ≤ 6, where erf becomes 1; to 0.06 · 2⁻⁵³ of erf.
LOG_ERFC = (
    -4.997376295974629e-07,
    -1.1283741183927527,
    -0.6366435033070066,
    -0.10270377156749669,
    0.018990788993948526,
    0.00040980653653474933,
    -0.0019151046884169124,
    0.0007699799370738395,
    -0.00013463906033524113,
    -2.04677801017195e-05,
    2.2900043695808362e-05,
    -8.690601170297284e-06,
    2.141162469170615e-06,
    -3.742758943180196e-07,
    4.654923513498478e-08,
    -3.945577567040027e-09,
    2.0512076962642557e-10,
    -4.9446056995952686e-12,
)

#: e^x² erfc(x) (1 + x) as a polynomial of (x − 2.5) / (x + 2.5), for 0 ≤ x ≤ 28, to 0.1 · 2⁻⁵³.
ERFCX = (
    0.7378222742140025,
    -0.24704674851568872,
    0.07634432682192148,
    0.016298433322184152,
    -0.031522258481347626,
    0.01438359605175948,
    -0.0008552365772357145,
    -0.0017530814507642333,
    0.000360123148155106,
    0.00025162363412704186,
    -6.133120101963314e-05,
    -4.7454217650921256e-05,
    6.912156919586399e-06,
    1.0201848820668946e-05,
    3.9130121257259927e-07,
    -2.0744797771228782e-06,
    -5.880045255566716e-07,
    3.1321638536618273e-07,
    2.2416962584447156e-07,
    -9.352769593323164e-09,
    -5.180031262641872e-08,
    -1.0519902514353317e-08,
    6.026564784305827e-09,
    2.2372371695955985e-09,
)


def erf(x: Lanes) -> Lanes:
    """Return erf x: near 0 by a polynomial, elsewhere from the logarithm of 1 − erf."""
    if x.eight:
        return eight.erf(x)
    size = abs(x).at_most(6.0)
    near = size.muladd(polynomial(size * size, ERF), size)
    shifted, r = reduced(polynomial(size, LOG_ERFC))
    power = power_of_two(shifted)
    far = 1.0 - tail(r).muladd(power, power)
    return (size < 1.0).select(near, far).copysign(x)


def upper_tail(x: Lanes, low: Operand, square: Pair) -> Pair:
    """Return 2¹²⁸ erfc (x + low) for 0 ≤ x ≤ 28 and the square of x + low, as a pair."""
    t = (x - 2.5) / (x + 2.5)
    first, second, *others = ERFCX
    line, line_lost = product_of(t, second)
    top, top_lost = sum_of(first, line)
    bend = (t * t).muladd(polynomial(t, others), line_lost + top_lost)
    under, lost = sum_of_any(x, 1.0)
    rest = quotient_of(sum_of(top, bend), (under, lost + low))
    most, least = square
    shifted, r = reduced(-most)
    bell = exp_in_two(shifted, r - least, ONE + RESCUE)
    return product_of_pairs(bell, rest)


def erfc(x: Lanes) -> Lanes:
    """Return 1 − erf x, which for negative x is 2 − the erfc of −x."""
    size = abs(x).at_most(28.0)
    out, lost = upper_tail(size, 0.0, product_of(size, size))
    out = (out + lost) * 2.0**-128
    return (x < 0.0).select(2.0 - out, out)


def gelu(x: Lanes) -> Lanes:
    """Return x Φ(x) = ½ x erfc(−x / √2), which for positive x is x − ½ x erfc(x / √2).

    It is nan for −∞, as the product of the two.
    """
    size = abs(x).at_most(39.5)
    half = size * 0.5
    argument, lost = product_of(size, SQRT_HALF)
    lost = size.muladd(SQRT_HALF_LOW, lost)
    out, lost = upper_tail(argument, lost, product_of(half, size))
    product, product_lost = product_of(half, out)
    product = product + half.muladd(lost, product_lost)
    below = product * -(2.0**-128)
    out = (x < 0.0).select(below, x + below)
    return (x == -math.inf).select(math.nan, out)
