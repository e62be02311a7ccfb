"""The two ways to a small range: x = n ln 2 + r for exp, x = 2ᵉ m for log."""

from ..lanes import Lanes
from .exact import Pair

LOG2_E = 1.4426950408889634
LN2_HIGH = 0.6931471805598903  # 42 bits of ln 2: n times it is exact
LN2_LOW = 5.497923018708371e-14  # and the rest
ONE = 1023 << 52  # the bits of 1.0
RESCUE = 128 << 52  # what they need to become those of 2¹²⁸
SHIFTER = 1.5 * 2.0**52  # x + SHIFTER has x, rounded to a whole number, in its low bits
SHIFTER_BITS = 0x4338000000000000
SMALLEST_NORMAL = 2.0**-1022
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
EXPONENT = -(1 << 52)  # the bits above the fraction


def reduced(x: Lanes) -> Pair:
    """Return SHIFTER + n and r, where x = n ln 2 + r and |r| ≤ ½ ln 2."""
    shifted = x.muladd(LOG2_E, SHIFTER)
    n = shifted - SHIFTER
    most = n.fma(-LN2_HIGH, x)
    return shifted, n.muladd(-LN2_LOW, most)


def power_of_two(shifted: Lanes, one: Lanes | int = ONE) -> Lanes:
    """Return 2ⁿ from SHIFTER + n, for −1022 ≤ n ≤ 1023; with other bits than those of 1, 2ⁿ⁺ᵏ."""
    n = shifted.bits() << 52
    return (n + one).floats()


def split(x: Lanes, first: int = SQRT_HALF_BITS) -> Pair:
    """Return m, from what has the first bits on, and the bits e · 2⁵², for positive normal x."""
    bits = x.bits()
    e = (bits - first) & EXPONENT
    return (bits - e).floats(), e


def parts(x: Lanes, first: int = SQRT_HALF_BITS) -> Pair:
    """Return m and e as numbers, for positive finite x; by default √½ ≤ m < √2."""
    small = x < SMALLEST_NORMAL
    normal = small.select(x * 2.0**54, x)
    m, e = split(normal, first)
    shifter = small.select(SHIFTER + 54.0, SHIFTER)
    return m, ((e >> 52) + SHIFTER_BITS).floats() - shifter
