"""arctan, arctan2, arcsin and arccos: the angles that have a tangent, a sine, a cosine."""

import math

from ..lanes import Lanes, polynomial
from .exact import Pair, product_of, quotient_of, sum_of, sum_of_any

HALF_PI, HALF_PI_LOW = math.pi / 2.0, 6.123233995736766e-17
TAN_EIGHTH = math.sqrt(2.0) - 1.0  # of π/8

#: (arctan t − t) / t³ as a polynomial of t², for |t| ≤ tan π/8, to 0.01 · 2⁻⁵³ of arctan.
ARCTAN = (
    -0.333333333333332,
    0.19999999999953205,
    -0.14285714280162148,
    0.11111110781924251,
    -0.09090897718355741,
    0.0769205959056739,
    -0.06663097718105783,
    0.05847848170887585,
    -0.05039139177660266,
    0.038060808826100564,
    -0.017903552007343074,
)

#: (arcsin s − s) / s³ as a polynomial of s², for |s| ≤ ½, to 0.13 · 2⁻⁵³ of arcsin.
ARCSIN = (
    0.16666666666665408,
    0.07500000000337007,
    0.04464285682833472,
    0.03038195913671539,
    0.02237175805627194,
    0.01735970467690627,
    0.01388523631723699,
    0.012169206017009063,
    0.006527999717952292,
    0.0195281983659652,
    -0.016224148691841855,
    0.031912199345696314,
)


def steepness(y: Lanes, x: Lanes) -> tuple[Lanes, Pair]:
    """Return the angle of (x, y), both ≥ 0, as 0, 1 or 2 halves of a right angle, and the rest.

    Up to π/8 the rest is arctan y/x; from 3π/8 on it is −arctan x/y, before the right angle;
    between the two it is arctan (y − x) / (y + x), about half of a right one.
    """
    flat, steep = y <= x * TAN_EIGHTH, x <= y * TAN_EIGHTH
    halves = flat.select(0.0, steep.select(x.constant(2.0), 1.0))
    top, top_lost = sum_of_any(y, -x)
    under, under_lost = sum_of_any(x, y)
    top = flat.select(y, steep.select(-x, top))
    under = flat.select(x, steep.select(y, under))
    diagonal = ~(flat | steep)
    losses = diagonal.select(top_lost, 0.0), diagonal.select(under_lost, 0.0)
    t, lost = quotient_of((top, losses[0]), (under, losses[1]))
    z = t * t
    return halves, (t, (t * z).muladd(polynomial(z, ARCTAN), lost))


def angle_of(halves: Lanes, rest: Pair) -> Lanes:
    """Return halves · π/4 + rest."""
    base, base_lost = product_of(halves, HALF_PI / 2.0)
    base_lost = halves.muladd(HALF_PI_LOW / 2.0, base_lost)
    out, lost = sum_of(base, rest[0])
    return out + (lost + (base_lost + rest[1]))


def arctan(x: Lanes) -> Lanes:
    """Return arctan x."""
    size = abs(x)
    size = (size > 2.0**64).select(2.0**64, size)
    return angle_of(*steepness(size, x.constant(1.0))).copysign(x)


def arctan2(y: Lanes, x: Lanes) -> Lanes:
    """Return the angle of (x, y), for negative x the rest of π, with the sign of y.

    Coordinates are scaled to where sum and quotient are in range; infinite ones count as 1, and
    then finite ones as 0.
    """
    wide, high = abs(x), abs(y)
    size = (wide > high).select(wide, high)
    scale = (size > 2.0**900).select(
        2.0**-200, (size < 2.0**-900).select(x.constant(2.0**150), 1.0)
    )
    infinite = (wide == math.inf) | (high == math.inf)
    wide = infinite.select((wide == math.inf).select(x.constant(1.0), 0.0), wide * scale)
    high = infinite.select((high == math.inf).select(x.constant(1.0), 0.0), high * scale)
    wide = (size == 0.0).select(1.0, wide)
    halves, (t, rest) = steepness(high, wide)
    back = x.bits() < 0
    halves = back.select(4.0 - halves, halves)
    out = angle_of(halves, (back.select(-t, t), back.select(-rest, rest)))
    return ((x == x) & (y == y)).select(out.copysign(y), x + y)


def half_chord(x: Lanes) -> tuple[Lanes, Pair]:
    """Return whether |x| > ½, and arcsin of |x|, or there of √((1 − |x|) / 2), as a pair."""
    size = abs(x)
    far = size > 0.5
    z = far.select(size.muladd(-0.5, 0.5), size * size)
    root = z.sqrt()
    lost = root.fma(-root, z) / (root + root + 1e-300)
    s = far.select(root, size)
    return far, (s, (s * z).muladd(polynomial(z, ARCSIN), far.select(lost, 0.0)))


def arcsin(x: Lanes) -> Lanes:
    """Return arcsin x; beyond ½ it is π/2 − 2 arcsin √((1 − x) / 2)."""
    far, (s, rest) = half_chord(x)
    halves = far.select(x.constant(2.0), 0.0)
    sign = far.select(x.constant(-2.0), 1.0)
    return angle_of(halves, (s * sign, rest * sign)).copysign(x)


def arccos(x: Lanes) -> Lanes:
    """Return arccos x = π/2 − arcsin x; beyond ½ it is 2 arcsin √((1 − x) / 2)."""
    far, (s, rest) = half_chord(x)
    negative = x < 0.0
    halves = far.select(negative.select(x.constant(4.0), 0.0), 2.0)
    factor = far.select(x.constant(2.0), 1.0)
    sign = (far ^ negative).select(factor, -factor)
    return angle_of(halves, (s * sign, rest * sign))
