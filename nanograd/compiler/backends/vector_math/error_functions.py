"""erf, the integral of the normal distribution's bell."""

from ..lanes import Lanes, polynomial
from .exponentials import power_of_two, reduced, tail

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


def erf(x: Lanes) -> Lanes:
    """Return erf x: near 0 by a polynomial, elsewhere from the logarithm of 1 − erf."""
    size = abs(x)
    size = (size > 6.0).select(6.0, size)
    near = size.muladd(polynomial(size * size, ERF), size)
    shifted, r = reduced(polynomial(size, LOG_ERFC))
    power = power_of_two(shifted)
    far = 1.0 - tail(r).muladd(power, power)
    return (size < 1.0).select(near, far).copysign(x)
