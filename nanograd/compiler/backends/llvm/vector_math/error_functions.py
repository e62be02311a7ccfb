"""erf, the integral of the normal distribution's bell, and what is built on it: erfc, gelu."""

import math

from ..lanes import Lanes, polynomial
from . import eight
from .exact import Pair, product_of, product_of_pairs, quotient_of, sum_of, sum_of_any
from .exponentials import exp_in_two, tail
from .ranges import ONE, RESCUE, power_of_two, reduced

SQRT_HALF, SQRT_HALF_LOW = 0.7071067811865476, -4.833646656726457e-17

#: erf x / x − 1 as a polynomial of x², for |x| ≤ 1, to 0.07 · 2⁻⁵³ of erf.
ERF = (
    0.12837916709551256,
    -0.3761263890318352,
    0.11283791670944174,
    -0.02686617064310972,
    0.005223977606103713,
    -0.000854832592858873,
    0.00012055293554707931,
    -1.492471186717955e-05,
    1.6447126109725652e-06,
    -1.6206271245376315e-07,
    1.3710793721036705e-08,
    -7.779115100569259e-10,
)

#: ln (1 − erf x) for 1 ≤ x ≤ 6, where erf becomes 1; to 0.06 · 2⁻⁵³ of erf.
LOG_ERFC = (
    -4.994271738199961e-07,
    -1.1283741213450436,
    -0.6366434902735177,
    -0.1027038070383889,
    0.018990855636234125,
    0.0004097148196598154,
    -0.0019150089516405885,
    0.0007699025243077408,
    -0.00013458997230793377,
    -2.04923285573884e-05,
    2.2909725291577276e-05,
    -8.693595253847918e-06,
    2.1418796430024155e-06,
    -3.744061586343459e-07,
    4.656656220635798e-08,
    -3.947168054255881e-09,
    2.0521072786190844e-10,
    -4.9469664047925575e-12,
)

#: e^x² erfc(x) (1 + 2 x) for 0.499 ≤ x ≤ 27.5 as a polynomial of (x − 4) / (x + 4), to 0.02 · 2⁻⁵³:
#: the constant, and the others.
ERFCX_AT_4, ERFCX_AT_4_LOW = 1.2329951186255526, 0.0
ERFCX = (
    -0.1396211168405625,
    0.015379652102618989,
    0.06809705425469029,
    -0.10103906603625104,
    0.09373283499845218,
    -0.06633036581367754,
    0.03716751553543661,
    -0.01619773403736541,
    0.005031970000893254,
    -0.0007577734551250235,
    -0.00019925685298384155,
    0.00015062252269387177,
    -2.439850121962825e-05,
    -1.1224804075486555e-05,
    5.707589261848053e-06,
    2.996695341950791e-07,
    -8.211500112030127e-07,
    6.692954283952928e-08,
    1.0462531978334731e-07,
    -1.2190032212535157e-08,
    -1.0138554776927027e-08,
)


def erf(x: Lanes) -> Lanes:
    """Return erf x: near 0 by a polynomial, elsewhere from the logarithm of 1 − erf."""
    if x.eight:
        return eight.erf(x)
    size = abs(x)
    size = (size > 6.0).select(6.0, size)
    near = size.muladd(polynomial(size * size, ERF), size)
    shifted, r = reduced(polynomial(size, LOG_ERFC))
    power = power_of_two(shifted)
    far = 1.0 - tail(r).muladd(power, power)
    return (size < 1.0).select(near, far).copysign(x)


def near_one(x: Pair, square: Lanes) -> Lanes:
    """Return 1 − erf x for |x| ≤ ½."""
    out, lost = sum_of(x[0].constant(1.0), -x[0])
    return out + (lost - x[0].muladd(polynomial(square, ERF), x[1]))


def far_out(x: Lanes, square: Pair) -> Pair:
    """Return 2¹²⁸ erfc x for ½ ≤ x ≤ 28 and its square, as a pair."""
    t = (x - 4.0) / (x + 4.0)
    factor, lost = sum_of(x.constant(ERFCX_AT_4), t * polynomial(t, ERFCX))
    top = factor, lost + ERFCX_AT_4_LOW
    rest = quotient_of(top, sum_of_any(x + x, 1.0))
    shifted, r = reduced(-square[0])
    return product_of_pairs(exp_in_two(shifted, r - square[1], ONE + RESCUE), rest)


def erfc(x: Lanes) -> Lanes:
    """Return 1 − erf x, and 2 − erfc(−x) for negative x."""
    size = abs(x)
    near = near_one((x, x.constant(0.0)), x * x)
    size = (size > 28.0).select(28.0, size)
    out, lost = far_out(size, product_of(size, size))
    far = (out + lost) * 2.0**-128
    far = (x < 0.0).select(2.0 - far, far)
    return (size < 0.5).select(near, far)


def gelu(x: Lanes) -> Lanes:
    """Return x Φ(x) = ½ x erfc(−x / √2), whose argument and its square are kept as pairs.

    It is nan for −∞, as the product of the two.
    """
    size = abs(x)
    size = (size > 39.5).select(39.5, size)
    half, over = size * 0.5, size * SQRT_HALF
    bell, lost = product_of_pairs(far_out(over, product_of(half, size)), (half, half * 0.0))
    below = (bell + lost) * -(2.0**-128)
    above = x + below
    argument, lost = product_of(x, -SQRT_HALF)
    near = near_one((argument, x.muladd(-SQRT_HALF_LOW, lost)), half * size) * (x * 0.5)
    out = (size < SQRT_HALF).select(near, (x < 0.0).select(below, above))
    return (x == -math.inf).select(math.nan, out)
