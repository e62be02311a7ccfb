"""Slopes without any rule: from values of a function alone, to many digits.

Central differences at shrinking steps, extrapolated to a step of zero (Richardson), as Ridders does
it: "Accurate computation of F′(x) and F′(x)F″(x)", Advances in Engineering Software 4 (1982).
"""

import math
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

SHRINK = 1.4  # from one step to the next
MOST_STEPS = 12
STEPS = (0.1, 1e-3, 1e-5)  # the largest one; which of them suits, the function decides
PARTS = (0.1, 1e-3)  # of |x|, as a step too

EPSILON = sys.float_info.epsilon

Function = Callable[[float], float]


class Estimate(NamedTuple):
    """A slope, and about how far it may be off; infinitely far where there is none."""

    slope: float
    error: float


NONE = Estimate(math.nan, math.inf)


def numeric_slope(f: Function, x: float) -> Estimate:
    """Return the slope of f at x; f may raise an error, or give nan, where it is not defined.

    >>> slope, error = numeric_slope(math.exp, 1.0)
    >>> abs(slope - math.e) < 1e-9, error < 1e-9
    (True, True)
    """
    steps = {*STEPS, *(part * abs(x) for part in PARTS)} - {0.0}
    found = [ridders(f, x, step) for step in sorted(steps)]
    return min(found, key=lambda estimate: estimate.error)


def ridders(f: Function, x: float, step: float) -> Estimate:
    """Return the best of the extrapolations that begin with this step."""
    best = NONE
    above: list[float] = []
    for slope, rounding in differences(f, x, step):
        row = [slope]
        power = SHRINK**2
        for previous in above:  # each removes one more even power of the step from the error
            last = row[-1]
            better = (last * power - previous) / (power - 1.0)
            error = rounding + max(abs(better - last), abs(better - previous))
            if error <= best.error:
                best = Estimate(better, error)
            row.append(better)
            power *= SHRINK**2
        above = row
    return best


def differences(f: Function, x: float, step: float) -> Iterator[tuple[float, float]]:
    """Yield central differences at shrinking steps, each with the rounding error in it.

    Where f has no number, or where x ± step is x, there is none.
    """
    for _ in range(MOST_STEPS):
        right, left = x + step, x - step  # as a float has them, which is not quite x ± step
        step /= SHRINK
        try:
            above, below = f(right), f(left)
            slope = (above - below) / (right - left)
        except (ArithmeticError, ValueError):
            continue
        if math.isfinite(slope):
            rounding = EPSILON * (abs(above) + abs(below))
            yield slope, rounding / (right - left)


def has_kink(f: Function, x: float) -> bool:
    """Return whether the slopes of f on the left and on the right of x differ, as those of |x|.

    Also where f is not defined on one side, or jumps.
    """
    step = 1e-6 * max(abs(x), 1e-3)
    try:
        here, right, left = f(x), f(x + step), f(x - step)
    except (ArithmeticError, ValueError):
        return True
    after, before = (right - here) / step, (here - left) / step
    noise = 10.0 * EPSILON * abs(here) / step
    return not math.isclose(after, before, rel_tol=1e-2, abs_tol=1e-4 + noise)
