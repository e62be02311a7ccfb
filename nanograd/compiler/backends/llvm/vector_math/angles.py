"""arctan, arctan2, arcsin and arccos: the angles that have a tangent, a sine, a cosine."""

import math

from ..lanes import Lanes, Operand, polynomial
from .exact import Pair, product_of, quotient_of, sum_of, sum_of_any

HALF_PI, HALF_PI_LOW = math.pi / 2.0, 6.123233995736766e-17
TAN_EIGHTH = math.sqrt(2.0) - 1.0  # of π/8

#: (arctan t − t) / t³ as a polynomial of t², for |t| ≤ tan π/8, to 0.01 · 2⁻⁵³ of arctan.
ARCTAN = (
    -0.3333333333333319,
    0.19999999999952855,
    -0.1428571428012443,
    0.11111110779930629,
    -0.09090897658195247,
    0.07692058474594994,
    -0.0666308455847053,
    0.05847749266724353,
    -0.05038680511050178,
    0.03804885072644548,
    -0.017890147669799402,
)

#: (arcsin s − s) / s³ as a polynomial of s², for |s| ≤ ½, to 0.13 · 2⁻⁵³ of arcsin.
ARCSIN = (
    0.16666666666665392,
    0.07500000000341203,
    0.044642856824698006,
    0.030381959292668435,
    0.022371754190104003,
    0.017359764714713302,
    0.013884627471152232,
    0.01217330076769684,
    0.006509893329374792,
    0.019578782397171847,
    -0.016305075113204923,
    0.03196868962268055,
)


def steepness(y: Lanes, x: Operand) -> tuple[Lanes, Pair]:
    """Return the angle of (x, y), both ≥ 0, as 0, 1 or 2 halves of a right angle, and the rest.

    Up to π/8 the rest is arctan y/x; from 3π/8 on it is −arctan x/y, before the right angle;
    between the two it is arctan (y − x) / (y + x), about half of a right one.
    """
    flat, steep = y <= x * TAN_EIGHTH, y * TAN_EIGHTH >= x
    halves = flat.select(0.0, steep.select(2.0, 1.0))
    top, top_lost = sum_of_any(y, -x)
    under, under_lost = sum_of_any(y, x)
    top = flat.select(y, steep.select(-x, top))
    under = flat.select(x, steep.select(y, under))
    aside = flat | steep
    top_lost = aside.select(0.0, top_lost)
    under_lost = aside.select(0.0, under_lost)
    t, lost = quotient_of((top, top_lost), (under, under_lost))
    z = t * t
    return halves, (t, (t * z).muladd(polynomial(z, ARCTAN), lost))


def angle_of(halves: Lanes, pair: Pair) -> Lanes:
    """Return halves · π/4 + a pair."""
    rest, low = pair
    base, base_lost = product_of(halves, HALF_PI / 2.0)
    base_lost = halves.muladd(HALF_PI_LOW / 2.0, base_lost)
    out, lost = sum_of(base, rest)
    return out + (lost + (base_lost + low))


def arctan(x: Lanes) -> Lanes:
    """Return arctan x."""
    size = abs(x).at_most(2.0**64)
    halves, rest = steepness(size, 1.0)
    return angle_of(halves, rest).copysign(x)


def arctan2(y: Lanes, x: Lanes) -> Lanes:
    """Return the angle of (x, y), for negative x the rest of π, with the sign of y.

    Coordinates are scaled to where sum and quotient are in range; infinite ones count as 1, and
    then finite ones as 0.
    """
    wide, high = abs(x), abs(y)
    size = (wide > high).select(wide, high)
    tiny = (size < 2.0**-900).select(2.0**150, 1.0)
    scale = (size > 2.0**900).select(2.0**-200, tiny)
    infinite = size == math.inf
    wide = infinite.select((wide == math.inf).select(1.0, 0.0), wide * scale)
    high = infinite.select((high == math.inf).select(1.0, 0.0), high * scale)
    wide = (size == 0.0).select(1.0, wide)
    halves, (t, rest) = steepness(high, wide)
    back = x.bits() < 0
    halves = back.select(4.0 - halves, halves)
    t = back.select(-t, t)
    rest = back.select(-rest, rest)
    out = angle_of(halves, (t, rest)).copysign(y)
    return ((x == x) & (y == y)).select(out, x + y)


def half_chord(x: Lanes) -> tuple[Lanes, Pair]:
    """Return whether |x| > ½, and arcsin of |x|, or there of √((1 − |x|) / 2), as a pair."""
    size = abs(x)
    far = size > 0.5
    z = far.select(size.muladd(-0.5, 0.5), size * size)
    root = z.sqrt()
    s = far.select(root, size)
    lost = root.fma(-root, z) / (root + root + 1e-300)
    lost = far.select(lost, 0.0)
    return far, (s, (s * z).muladd(polynomial(z, ARCSIN), lost))


def arcsin(x: Lanes) -> Lanes:
    """Return arcsin x; beyond ½ it is π/2 − 2 arcsin √((1 − x) / 2)."""
    far, (s, rest) = half_chord(x)
    halves = far.select(2.0, 0.0)
    sign = far.select(-2.0, 1.0)
    out = angle_of(halves, (s * sign, rest * sign))
    return out.copysign(x)


def arccos(x: Lanes) -> Lanes:
    """Return arccos x = π/2 − arcsin x; beyond ½ it is 2 arcsin √((1 − x) / 2)."""
    far, (s, rest) = half_chord(x)
    negative = x < 0.0
    halves = far.select(negative.select(4.0, 0.0), 2.0)
    factor = far.select(2.0, 1.0)
    sign = (far ^ negative).select(factor, -factor)
    return angle_of(halves, (s * sign, rest * sign))
