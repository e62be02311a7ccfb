"""sin, cos and tan.

All begin with x = n π/2 + r for a whole n and |r| ≤ π/4. π/2 is taken in three parts (Cody and
Waite), and r in two, since near a multiple of π/2 little of x is left. Where |x| is beyond a
billion, three parts are too few, and the C library is asked, off the path of all others.
"""

import math

from ..lanes import Lanes, elsewhere, polynomial
from .exact import Pair, product_of, quotient_of, sum_of
from .ranges import SHIFTER

TWO_OVER_PI = 2.0 / math.pi
HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33)
FARTHEST = 2.0**30
SIGN = -(1 << 63)  # its bit

#: (sin r − r) / r³ as a polynomial of r², for |r| ≤ π/4, to 0.03 · 2⁻⁵³ of sin.
SIN = (
    -0.1666666666666663,
    0.008333333333322063,
    -0.00019841269829542056,
    2.7557313604198975e-06,
    -2.5050744975346678e-08,
    1.5896063559182976e-10,
)

#: (cos r − 1 + ½ r²) / r⁴ as a polynomial of r², to 0.001 · 2⁻⁵³ of cos.
COS = (
    0.041666666666666595,
    -0.0013888888888872967,
    2.4801587288794126e-05,
    -2.755731416227199e-07,
    2.0875698479182433e-09,
    -1.1358411814291997e-11,
)


def quarter_turns(x: Lanes) -> tuple[Lanes, Pair]:
    """Return the bits of n, of which the last two count, and r as a pair, where x = n π/2 + r."""
    shifted = x.muladd(TWO_OVER_PI, SHIFTER)
    n = shifted - SHIFTER
    first, second, third = HALF_PI
    most = n.fma(-first, x)
    part, part_lost = product_of(n, second)
    r, lost = sum_of(most, -part)
    lost = n.muladd(-third, lost - part_lost)
    return shifted.bits(), (r, lost)


def turned(x: Lanes, quarters: int) -> Lanes:
    """Return sin (x + quarters · π/2), which after an odd number of quarter turns is ± cos r."""
    n, (r, lost) = quarter_turns(x)
    n = n + quarters if quarters else n
    z = r * r
    sine = r + (r * z).muladd(polynomial(z, SIN), lost)
    cosine = z.muladd(polynomial(z, (-0.5, *COS)), 1.0)
    odd = (n & 1) == 1
    return flipped(odd.select(cosine, sine), n << 62)


def flipped(x: Lanes, signs: Lanes) -> Lanes:
    """Return x with the other sign where these bits begin with 1."""
    bits = x.bits() ^ (signs & SIGN)
    return bits.floats()


def sin(x: Lanes) -> Lanes:
    """Return sin x, from that of |x|, so that sin −0 is −0."""
    size = abs(x)
    out = flipped(turned(size, 0), x.bits())
    return elsewhere(size > FARTHEST, lambda: x.call("sin"), out)


def cos(x: Lanes) -> Lanes:
    """Return cos x."""
    out = turned(x, 1)
    return elsewhere(abs(x) > FARTHEST, lambda: x.call("cos"), out)


def tan(x: Lanes) -> Lanes:
    """Return tan x: sine / cosine, or − cosine / sine after an odd number of quarter turns.

    Both are sums of two: r and the rest of the sine, 1 − ½ r² and the rest of the cosine.
    """
    size = abs(x)
    n, (r, lost) = quarter_turns(size)
    z = r * r
    most = z.fma(-0.5, 1.0)
    sine = (r * z).muladd(polynomial(z, SIN), most * lost)
    rest = z.fma(-0.5, 1.0 - most)
    rest = r.muladd(-lost, rest)
    cosine = (z * z).muladd(polynomial(z, COS), rest)
    odd = (n & 1) == 1
    top = sum_of(odd.select(most, r), odd.select(cosine, sine))
    under = sum_of(odd.select(r, most), odd.select(sine, cosine))
    out, lost = quotient_of(top, under)
    out = flipped(out + lost, x.bits() ^ (n << 63))
    return elsewhere(size > FARTHEST, lambda: x.call("tan"), out)
