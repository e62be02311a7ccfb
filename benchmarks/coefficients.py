"""Where the polynomials of nanograd/compiler/backends/vector_math come from: Remez's exchange.

Each is the best of its degree: its largest error, weighted such that it counts relative to the
function that it serves, is as small as can be, and is reached degree + 2 times by turns with either
sign. Prints that error for each, in units of 2⁻⁵³, and whether the coefficients, rounded to floats,
are those in the package; `--print` prints them all. It takes some seconds and needs mpmath. Run it
with `python3 dev.py bench coefficients`.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import mpmath as mp

from nanograd.compiler.backends.llvm.vector_math import (
    angles,
    eight,
    error_functions,
    exponentials,
    logarithms,
    powers,
    trigonometry,
)

mp.mp.dps = 80
SLACK = mp.mpf("1.001")  # intervals are a little longer: a reduced argument is rounded, too
LN2 = mp.log(2)
ARTANH_END = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2
PIECE = mp.mpf(13) / 16


def main():
    """Compare all polynomials with those in the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="print the coefficients")
    arguments = parser.parse_args()
    for module, name, problem in [*SMALL, *erf_pieces()]:
        found, error = minimax(*problem)
        same = found == committed(module, name)
        label = f"{module.__name__.rpartition('.')[2]}.{name}"
        print(f"{label:32} {mp.nstr(error * 2**53, 2):>8}  {'as committed' if same else 'DIFFERS'}")
        if arguments.print:
            print("\n".join(f"    {c!r}," for c in found))


def committed(module, name):
    """Return a tuple of coefficients of the package, or a column of the table for erf."""
    if name[-1].isdigit():
        return tuple(row[int(name[-1])] for row in module.ERF[1:])
    return getattr(module, name)


# -- Remez -----------------------------------------------------------------------------------


def minimax(function, weight, low, high, degree):
    """Return the coefficients of the best polynomial and its largest weighted error."""
    count = degree + 2
    middle, half = (mp.mpf(high) + low) / 2, (mp.mpf(high) - low) / 2
    grid = [away(middle - half * mp.cos(mp.pi * i / (16 * count))) for i in range(16 * count + 1)]
    values = [function(x) for x in grid]
    weights = [weight(x) for x in grid]
    chosen = [round(16 * count * i / (count - 1)) for i in range(count)]
    for _ in range(12):
        rows = [
            [grid[i] ** power for power in range(degree + 1)] + [(-1) ** n / weights[i]]
            for n, i in enumerate(chosen)
        ]
        solved = mp.lu_solve(mp.matrix(rows), mp.matrix([values[i] for i in chosen]))
        coefficients, level = list(solved)[:-1], abs(solved[degree + 1])
        errors = [
            w * (mp.polyval(coefficients[::-1], x) - y)
            for x, y, w in zip(grid, values, weights, strict=True)
        ]
        if max(map(abs, errors)) < level * SLACK:
            break
        chosen = alternating(errors, count)
    return tuple(map(float, coefficients)), max(map(abs, errors))


def away(x):
    """Return x, or a tiny number for 0, where a quotient has a limit and no value."""
    return x if abs(x) > 1e-12 else mp.mpf("1e-12")


def alternating(errors, count):
    """Return the places of the largest error in each run of one sign, `count` of them in a row."""
    peaks = []
    for i, error in enumerate(errors):
        if peaks and (errors[peaks[-1]] > 0) == (error > 0):
            peaks[-1] = max(peaks[-1], i, key=lambda j: abs(errors[j]))
        else:
            peaks.append(i)
    while len(peaks) > count:
        peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
    return peaks


# -- the functions ---------------------------------------------------------------------------


def odd(function, end, degree):
    """Return the problem (f(s) − s) / s³ as a polynomial of s² ≤ end, relative to f."""
    return (
        lambda z: (function(mp.sqrt(z)) - mp.sqrt(z)) / mp.sqrt(z) ** 3,
        lambda z: mp.sqrt(z) ** 3 / function(mp.sqrt(z)),
        0,
        end * SLACK,
        degree,
    )


def exponential(pieces, degree):
    """Return the problem (eʳ − 1 − r) / r² for n ln 2 / pieces on either side of 0."""
    end = LN2 / 2 / pieces * SLACK
    return lambda r: (mp.expm1(r) - r) / r**2, lambda r: r**2 / mp.exp(r), -end, end, degree


def twice_artanh(s):
    """Return 2 artanh s, of which log is made."""
    return 2 * mp.atanh(s)


def artanh(end, degree):
    """Return the problem (2 artanh s − 2 s) / s³ as a polynomial of s² ≤ end."""
    return (
        lambda z: (twice_artanh(mp.sqrt(z)) - 2 * mp.sqrt(z)) / mp.sqrt(z) ** 3,
        lambda z: z / 2,
        0,
        end * SLACK,
        degree,
    )


def artanh_tail(z):
    """Return ((2 artanh s − 2 s) / s³ − ⅔) / s² for z = s²."""
    s = mp.sqrt(z)
    return ((2 * mp.atanh(s) - 2 * s) / s**3 - mp.mpf(2) / 3) / z


def log_tail(r):
    """Return (ln (1 + r) − r + ½ r² − ⅓ r³) / ⅓ r⁴."""
    return (mp.log1p(r) - r + r**2 / 2 - r**3 / 3) / (r**4 / 3)


def scaled_erfc(t):
    """Return e^x² erfc(x) (1 + x) for t = (x − 2.5) / (x + 2.5)."""
    x = 2.5 * (1 + t) / (1 - t)
    return mp.exp(x * x) * mp.erfc(x) * (1 + x)


def erf_pieces():
    """Yield the problems of erf near 13/16 k, less its value there; for k = 0 also less x."""
    for k in range(8):

        def slope(v, k=k):
            return (mp.erf(k * PIECE + v) - mp.erf(k * PIECE)) / v - (k == 0)

        def weight(v, k=k):
            return abs(v / mp.erf(k * PIECE + v))

        low, high = (-PIECE / 2 if k else 0), PIECE / 2
        yield eight, f"ERF, k = {k}", (slope, weight, low * SLACK, high * SLACK, 15)


SMALL = [
    (exponentials, "EXP", exponential(1, 9)),
    (eight, "EXP", exponential(8, 5)),
    (logarithms, "ARTANH", artanh(ARTANH_END, 6)),
    (logarithms, "ARTANH_TO_A_THIRD", artanh(mp.mpf(1) / 9, 9)),
    (powers, "ARTANH_TAIL", (artanh_tail, lambda z: z**2 / 2, 0, ARTANH_END * SLACK, 6)),
    (eight, "LOG", (log_tail, lambda r: r**4 / 3, -0.0705, 0.0785, 10)),
    (powers, "INVERSE_CBRT", (lambda x: x ** (-mp.mpf(1) / 3), mp.cbrt, 1, 2, 5)),
    (trigonometry, "SIN", odd(mp.sin, (mp.pi / 4) ** 2, 5)),
    (
        trigonometry,
        "COS",
        (
            lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2,
            lambda z: z**2 / mp.cos(mp.sqrt(z)),
            0,
            (mp.pi / 4) ** 2 * SLACK,
            5,
        ),
    ),
    (angles, "ARCTAN", odd(mp.atan, mp.tan(mp.pi / 8) ** 2, 10)),
    (angles, "ARCSIN", odd(mp.asin, mp.mpf(1) / 4, 11)),
    (
        error_functions,
        "ERF",
        (
            lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1,
            lambda z: mp.sqrt(z) / mp.erf(mp.sqrt(z)),
            0,
            SLACK,
            11,
        ),
    ),
    (
        error_functions,
        "LOG_ERFC",
        (lambda x: mp.log(mp.erfc(x)), lambda x: mp.erfc(x) / mp.erf(x), 0.999, 6, 17),
    ),
    (
        error_functions,
        "ERFCX",
        (scaled_erfc, lambda t: 1 / scaled_erfc(t), -1, 25.5 / 30.5, 23),
    ),
]


if __name__ == "__main__":
    main()
