"""The two ways to a small range: x = n ln 2 + r for exp, x = 2ᵉ m for log."""

from ..lanes import Lanes

LOG2_E = 1.4426950408889634
LN2_HIGH = 0.6931471805598903  # 42 bits of ln 2: n times it is exact
LN2_LOW = 5.497923018708371e-14  # and the rest
ONE = 1023 << 52  # the bits of 1.0
RESCUE = 128 << 52  # what they need to become those of 2¹²⁸
SHIFTER = 1.5 * 2.0**52  # x + SHIFTER has x, rounded to a whole number, in its low bits
SHIFTER_BITS = 0x4338000000000000
SMALLEST_NORMAL = 2.0**-1022
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD


def reduced(x: Lanes) -> tuple[Lanes, Lanes]:
    """Return SHIFTER + n and r, where x = n ln 2 + r and |r| ≤ ½ ln 2."""
    shifted = x.muladd(LOG2_E, SHIFTER)
    n = shifted - SHIFTER
    return shifted, n.muladd(-LN2_LOW, n.fma(-LN2_HIGH, x))


def power_of_two(shifted: Lanes, one: Lanes | int = ONE) -> Lanes:
    """Return 2ⁿ from SHIFTER + n, for −1022 ≤ n ≤ 1023; with other bits than those of 1, 2ⁿ⁺ᵏ."""
    return ((shifted.bits() << 52) + one).floats()


def exponent_of(x: Lanes, first: int = SQRT_HALF_BITS) -> Lanes:
    """Return the integer e with x = 2ᵉ m, for positive normal x; m begins at the `first` bits."""
    return (x.bits() - first) >> 52


def parts(x: Lanes, first: int = SQRT_HALF_BITS) -> tuple[Lanes, Lanes]:
    """Return m and e as numbers, for positive finite x; by default √½ ≤ m < √2."""
    small = x < SMALLEST_NORMAL
    normal = small.select(x * 2.0**54, x)
    e = exponent_of(normal, first)
    m = (normal.bits() - (e << 52)).floats()
    return m, (e + SHIFTER_BITS).floats() - small.select(x.constant(SHIFTER + 54.0), SHIFTER)
