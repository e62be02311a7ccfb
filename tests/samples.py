"""For each declared operation: operands to try it on, and what it is by mpmath at 120 digits."""

import mpmath as mp

from nanograd import OPERATIONS

mp.mp.dps = 120

#: The operations that the package declares; those of tests come and go.
BUILT_IN = sorted(n for n, op in OPERATIONS.items() if op.evaluate.__module__ != __name__)

ALL = (-20.3, -5.5, -2.3, -1.0, -0.7, -1e-3, -1e-8, 1e-8, 1e-3, 0.3, 0.999, 1.0, 1.5, 5.5, 20.3)
POSITIVE = (1e-8, 1e-3, 0.3, 0.999, 1.0, 1.5, 5.5, 20.3, 700.0, 1e10)
INSIDE = (-0.999, -0.5, -1e-3, -1e-8, 1e-8, 1e-3, 0.5, 0.999)
PAIRS = ((2.0, 3.0), (-1.5, 0.7), (0.3, -4.0), (-2.5, -1.25), (1e-3, 50.0))
LISTS = ((1.5,), (2.0, -3.0), (0.3, 1.7, -2.2, 0.9), (-700.0, 1.0, 2.0))


def alone(numbers):
    """Return each number as the only operand."""
    return [(x,) for x in numbers]


SAMPLES = {
    "abs": alone(ALL),
    "add": PAIRS,
    "arccos": alone(INSIDE),
    "arccosh": alone((1.001, 1.5, 20.3, 1e10)),
    "arcsin": alone(INSIDE),
    "arcsinh": alone((*ALL, 1e10)),
    "arctan": alone((*ALL, 1e10)),
    "arctan2": PAIRS,
    "arctanh": alone(INSIDE),
    "cbrt": alone(ALL),
    "ceil": alone((-2.3, -0.5, 0.3, 5.5)),
    "clip": [(0.3, -1.0, 1.0), (-4.0, -1.0, 1.0), (7.0, -1.0, 1.0)],
    "cos": alone(ALL),
    "cosh": alone(ALL),
    "digamma": alone((-2.3, -0.7, 1e-3, 0.3, 1.0, 1.5, 5.5, 20.3, 1e5, 1e18, 1e50, 1e300)),
    "div": PAIRS,
    "dot": [(2.0, 3.0), (1.0, -2.0, 0.5, 4.0), (0.3, 1.7, -2.2, 0.9, 5.0, -6.0)],
    "elu": [(2.0, 1.0), (-1.5, 1.0), (-3.0, 0.5)],
    "erf": alone((-2.3, -0.7, -1e-8, 1e-8, 0.3, 1.5, 2.3)),
    "erfc": alone((-2.3, -0.7, -1e-8, 1e-8, 0.3, 1.5, 2.3, 5.5)),
    "exp": alone(ALL),
    "expm1": alone(ALL),
    "floor": alone((-2.3, -0.5, 0.3, 5.5)),
    "gelu": alone((-5.5, -2.3, -0.7, -1e-8, 1e-8, 0.3, 1.5, 5.5)),
    "hypot": [(3.0, 4.0), (-1.5, 0.7), (1e-3, -2.0), (1e200, 1e200)],
    "leaky_relu": [(2.0, 0.01), (-1.5, 0.01), (-3.0, 0.2)],
    "lgamma": alone((-2.3, -0.7, 1e-3, 0.3, 1.7, 5.5, 20.3, 1e5, 1e18, 1e50, 1e300)),
    "log": alone(POSITIVE),
    "log10": alone(POSITIVE),
    "log1p": alone((-0.999, -0.5, -1e-8, *POSITIVE)),
    "log2": alone(POSITIVE),
    "log_sigmoid": alone((*ALL, -700.0, 30.0)),
    "logsumexp": LISTS,
    "max": LISTS,
    "maximum": PAIRS,
    "mean": LISTS,
    "min": LISTS,
    "minimum": PAIRS,
    "mul": PAIRS,
    "neg": alone(ALL),
    "polygamma": [(1, 0.3), (1, -2.3), (2, 1.5), (3, 5.5), (2, -0.7), (1, 1e18), (2, 1e90)],
    "pow": [(2.0, 3.0), (0.3, -4.0), (1e-3, 2.5), (20.3, 0.5)],
    "power": [(2.0, 3), (-1.5, 3), (0.3, -4.0), (-2.5, -2), (5.5, 0.5), (7.0, 0), (7.0, 1)],
    "prod": LISTS,
    "relu": alone(ALL),
    "sigmoid": alone((*ALL, 40.0, -700.0)),
    "sign": alone(ALL),
    "silu": alone(ALL),
    "sin": alone(ALL),
    "sinh": alone(ALL),
    "softplus": alone((*ALL, -700.0, 700.0)),
    "sqrt": alone(POSITIVE),
    "sub": PAIRS,
    "sum": LISTS,
    "take": [(1, 2.0, -3.0), (0, 0.3, 1.7, -2.2), (2, 0.3, 1.7, -2.2, 0.9), (0, 5.5)],
    "tan": alone((-1.3, -0.7, -1e-8, 1e-3, 1.5, 20.3)),
    "tanh": alone((-2.3, -0.7, -1e-8, 1e-8, 0.3, 1.5, 2.3)),
    "where": [(True, 2.0, 3.0), (False, 2.0, 3.0)],
}


def half_product(*xs):
    """Return the dot product of the first half with the second."""
    half = len(xs) // 2
    return mp.fsum(x * y for x, y in zip(xs[:half], xs[half:], strict=True))


def log_abs_gamma(x):
    """Return ln |Γ(x)|."""
    return mp.log(abs(mp.gamma(x)))


ORACLES = {
    "abs": abs,
    "add": lambda x, y: x + y,
    "arccos": mp.acos,
    "arccosh": mp.acosh,
    "arcsin": mp.asin,
    "arcsinh": mp.asinh,
    "arctan": mp.atan,
    "arctan2": mp.atan2,
    "arctanh": mp.atanh,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "ceil": mp.ceil,
    "clip": lambda x, low, high: min(max(x, low), high),
    "cos": mp.cos,
    "cosh": mp.cosh,
    "digamma": mp.digamma,
    "div": lambda x, y: x / y,
    "dot": half_product,
    "elu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x),
    "erf": mp.erf,
    "erfc": mp.erfc,
    "exp": mp.exp,
    "expm1": mp.expm1,
    "floor": mp.floor,
    "gelu": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
    "hypot": mp.hypot,
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "lgamma": log_abs_gamma,
    "log": mp.log,
    "log10": mp.log10,
    "log1p": mp.log1p,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log_sigmoid": lambda x: -mp.log1p(mp.exp(-x)),
    "logsumexp": lambda *xs: mp.log(mp.fsum(map(mp.exp, xs))),
    "max": lambda *xs: max(xs),
    "maximum": max,
    "mean": lambda *xs: mp.fsum(xs) / len(xs),
    "min": lambda *xs: min(xs),
    "minimum": min,
    "mul": lambda x, y: x * y,
    "neg": lambda x: -x,
    "polygamma": lambda n, x: mp.polygamma(int(n), x),
    "pow": lambda x, y: x**y,
    "power": lambda x, n: x ** (int(n) if n == int(n) else n),
    "prod": lambda *xs: mp.fprod(xs),
    "relu": lambda x: max(x, mp.mpf(0)),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "sign": mp.sign,
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "sin": mp.sin,
    "sinh": mp.sinh,
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "sqrt": mp.sqrt,
    "sub": lambda x, y: x - y,
    "sum": lambda *xs: mp.fsum(xs),
    "take": lambda index, *entries: entries[int(index)],
    "tan": mp.tan,
    "tanh": mp.tanh,
    "where": lambda condition, x, y: x if condition else y,
}


def exact(name, operands):
    """Return the exact result of an operation, rounded to a float."""
    return float(ORACLES[name](*map(mp.mpf, operands)))


def exact_slope(name, operands, *positions):
    """Return the exact derivative in the operands at these positions, one after the other."""
    if not positions:
        return ORACLES[name](*map(mp.mpf, operands))
    *earlier, last = positions
    at = mp.mpf(operands[last])
    step = mp.mpf(10) ** (-40 // len(positions)) * max(abs(at), mp.mpf(10) ** -9)

    def along(t):
        return exact_slope(name, (*operands[:last], t, *operands[last + 1 :]), *earlier)

    slope = (along(at + step) - along(at - step)) / (2 * step)
    return slope.real if isinstance(slope, mp.mpc) else slope
