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

#: e^x² erfc(x) (1 + 2 x) for ½ ≤ x ≤ 27.5 as a polynomial of (x − 4) / (x + 4), to 0.02 · 2⁻⁵³.
ERFCX = (
    1.2329951186255526,
    -0.1396211168405625,
    0.015379652102618985,
    0.06809705425469031,
    -0.10103906603625089,
    0.0937328349984508,
    -0.0663303658136811,
    0.037167515535462214,
    -0.01619773403732445,
    0.0050319700006350235,
    -0.0007577734553942897,
    -0.00019925685143318907,
    0.00015062252376326214,
    -2.43985070120337e-05,
    -1.1224806683676612e-05,
    5.707602838077008e-06,
    2.9967334945814774e-07,
    -8.211694154296653e-07,
    6.692647526884747e-08,
    1.0464077038997551e-07,
    -1.2188991288191386e-08,
    -1.0143806491841542e-08,
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


def near_one(x: Lanes, low: Operand, square: Lanes) -> Lanes:
    """Return 1 − erf (x + low) for |x| ≤ ½."""
    out, lost = sum_of(1.0, -x)
    rest = x.muladd(polynomial(square, ERF), low)
    return out + (lost - rest)


def far_out(x: Lanes, square: Pair) -> Pair:
    """Return 2¹²⁸ erfc x for ½ ≤ x ≤ 28 and its square, as a pair."""
    t = (x - 4.0) / (x + 4.0)
    first, *others = ERFCX
    top = sum_of(first, t * polynomial(t, others))
    rest = quotient_of(top, sum_of_any(x + x, 1.0))
    most, low = square
    shifted, r = reduced(-most)
    bell = exp_in_two(shifted, r - low, ONE + RESCUE)
    return product_of_pairs(bell, rest)


def erfc(x: Lanes) -> Lanes:
    """Return 1 − erf x, which for negative x is 2 − the erfc of −x."""
    size = abs(x).at_most(28.0)
    near = near_one(x, 0.0, x * x)
    out, lost = far_out(size, product_of(size, size))
    far = (out + lost) * 2.0**-128
    far = (x < 0.0).select(2.0 - far, far)
    return (size < 0.5).select(near, far)


def gelu(x: Lanes) -> Lanes:
    """Return x Φ(x) = ½ x erfc(−x / √2), whose argument and its square are kept as pairs.

    It is nan for −∞, as the product of the two.
    """
    size = abs(x).at_most(39.5)
    half = size * 0.5
    tail, lost = far_out(size * SQRT_HALF, product_of(half, size))
    product, product_lost = product_of(half, tail)
    product = product + half.muladd(lost, product_lost)
    below = product * -(2.0**-128)
    far = (x < 0.0).select(below, x + below)
    argument, lost = product_of(x, -SQRT_HALF)
    lost = x.muladd(-SQRT_HALF_LOW, lost)
    near = near_one(argument, lost, half * size) * (x * 0.5)
    out = (size < SQRT_HALF).select(near, far)
    return (x == -math.inf).select(math.nan, out)
