"""The vector functions against mpmath, in scalars and vectors of both precisions; their edges."""

import inspect
import itertools
import math
from functools import cache

import mpmath
import numpy as np
import pytest

from nanograd import functions
from nanograd.compiler.backends.llvm.lanes import polynomial
from nanograd.compiler.backends.llvm.vector_math import OPERATIONS

pytest.importorskip("llvmlite", reason="the functions are compiled with LLVM")

from llvmlite import ir
from vector_loops import DTYPES, add_loop, compiled

MOST_ULPS = 2.0
CLOSE = 1e-12  # gelu on numbers squares a rounded argument
WIDTHS = [("double", 1), ("double", 4), ("double", 8), ("float", 8)]
OPERATION_OF = {
    "elu": functions.elu_of,
}
OPERATION_OF = {name: OPERATION_OF.get(name) or getattr(functions, name) for name in OPERATIONS}
ARITY = {name: len(operation.parameters) for name, operation in OPERATION_OF.items()}
WITH_A_RARE_PATH = {"sin", "cos", "tan"}

every_function = pytest.mark.parametrize("name", OPERATIONS)
every_width = pytest.mark.parametrize(
    ("element", "lanes"), WIDTHS, ids=[f"{n} x {kind}" for kind, n in WIDTHS]
)


@cache
def loops(element, lanes):
    """Return all functions for one type, compiled."""
    emitters = {name: (emit, ARITY[name]) for name, emit in OPERATIONS.items()}
    return compiled(emitters, element, lanes)


# -- accuracy --------------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def erfc(x):
    """Return erfc, also where mpmath gives up because it is smaller than anything."""
    return mpmath.mpf(0) if x > 100 else mpmath.mpf(2) if x < -100 else mpmath.erfc(x)


ORACLES = {
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "elu": lambda x, alpha: x if x > 0 else alpha * mpmath.expm1(x),
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "log2": lambda x: mpmath.log(x, 2),
    "log10": mpmath.log10,
    "softplus": lambda x: max(x, 0) + mpmath.log1p(mpmath.exp(-abs(x))),
    "log_sigmoid": lambda x: min(x, 0) - mpmath.log1p(mpmath.exp(-abs(x))),
    "arcsinh": mpmath.asinh,
    "arccosh": mpmath.acosh,
    "arctanh": mpmath.atanh,
    "pow": mpmath.power,
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "hypot": mpmath.hypot,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "arcsin": mpmath.asin,
    "arccos": mpmath.acos,
    "arctan": mpmath.atan,
    "arctan2": mpmath.atan2,
    "erf": mpmath.erf,
    "erfc": erfc,
    "gelu": lambda x: x * erfc(-x / mpmath.sqrt(2)) / 2,
}

#: Where a function is defined, if not everywhere.
DOMAINS = {
    "log": (5e-324, math.inf),
    "log2": (5e-324, math.inf),
    "log10": (5e-324, math.inf),
    "log1p": (-1.0 + 2.0**-53, math.inf),
    "arccosh": (1.0, math.inf),
    "arctanh": (-1.0 + 2.0**-53, 1.0 - 2.0**-53),
    "arcsin": (-1.0, 1.0),
    "arccos": (-1.0, 1.0),
}

#: Where formulas meet, ranges end, results overflow, become denormal or vanish.
PLACES = [
    *(0.25, 0.40625, 0.5, math.sqrt(0.5), 0.71875, 1.0, math.sqrt(2.0), 2.0, 6.0, 20.0, 28.0, 37.0),
    *(40.0, 600.0, 700.0, 708.4, 709.78, 710.47, 745.13, 760.0, 2.0**30, 2.0**60, 1e22, 1.7e308),
    *(math.pi / 4 * k for k in (1, 2, 3, 4, 10_001, 12_345_678)),
    *(math.log(2.0) / 16 * k for k in (1, 3, 7, 8, 9, 15, 24, 1000)),
    *(math.tan(math.pi / 8 * k) for k in (1, 3)),
]


def points(name, dtype):
    """Return numbers of either sign at each place and beside it, in each octave, on a grid."""
    rng = np.random.default_rng(sum(map(ord, name)))
    beside = [place * (1 + step * 2.0**-52) for place in PLACES for step in (-3, 0, 1, 2**20)]
    limits = np.finfo(dtype)
    octaves = np.arange(np.log2(float(limits.smallest_subnormal)), limits.maxexp, 3.0)
    octaves = rng.uniform(1, 2, len(octaves)) * 2.0**octaves
    near_one = 1.0 + rng.choice([-1, 1], 100) * 2.0 ** -rng.uniform(0, 53, 100)
    grid = np.concatenate([rng.uniform(0, end, 150) for end in (1, 8, 50, 750)])
    sizes = np.concatenate([beside, octaves, near_one, grid])
    low, high = DOMAINS.get(name, (-math.inf, math.inf))
    with np.errstate(over="ignore"):
        found = np.concatenate([sizes, -sizes]).astype(dtype)
    return found[(found >= low) & (found <= high) & np.isfinite(found)]


def pairs(name, dtype):
    """Return two operands for each of many cases."""
    rng = np.random.default_rng(sum(map(ord, name)))
    x, y = (rng.permutation(points(name, dtype))[:1000] for _ in "xy")
    with np.errstate(over="ignore"):
        near = x * rng.uniform(-3, 3, len(x)).astype(dtype)
    if name == "pow":
        x = np.abs(np.where(x == 0, 1, x))
        largest = 709.0 if dtype is np.float64 else 88.0
        with np.errstate(divide="ignore"):
            steep = rng.uniform(-1.05, 1.0, len(x)) * largest / np.log(x.astype(float))
        steep = np.where(np.isfinite(steep), steep, 2.0)
        whole = rng.integers(-30, 30, len(x))
        bases = np.concatenate([x, x, -rng.uniform(0, 30, len(x)).astype(dtype)])
        return bases, np.concatenate([steep, y, whole]).astype(dtype)
    fine = np.isfinite(near)
    return np.concatenate([x, x[fine]]), np.concatenate([y, near[fine]])


@cache
def oracle(name, dtype):
    """Return operands and, for each, the exact result to many digits."""
    operands = (pairs if ARITY[name] == 2 else lambda *of: (points(*of),))(name, dtype)
    with mpmath.workprec(150):
        cases = zip(*(map(mpmath.mpf, map(float, x)) for x in operands), strict=True)
        exact = [ORACLES[name](*case) for case in cases]
    return operands, exact


def ulps(got, exact, dtype):
    """Return how many units in the last place a number is off."""
    with np.errstate(over="ignore"):
        nearest = dtype(float(exact))
    if np.isinf(nearest) or np.isinf(got):
        return 0.0 if got == nearest else math.inf
    return float(abs(mpmath.mpf(float(got)) - exact) / float(np.spacing(abs(nearest))))


@pytest.mark.parametrize("name", ORACLES)
@every_width
def test_a_function_is_within_two_units_in_the_last_place(name, element, lanes):
    dtype = DTYPES[element]
    operands, exact = oracle(name, dtype)

    got = loops(element, lanes)[name](*operands)

    errors = [ulps(a, b, dtype) for a, b in zip(got, exact, strict=True)]
    worst = int(np.argmax(errors))
    assert errors[worst] <= MOST_ULPS, [float(x[worst]) for x in operands]


# -- edges -----------------------------------------------------------------------------------

SIZES = [
    *(0.0, 5e-324, 1e-310, 1e-300, 0.5, 1.0, 1.5, 2.0, 3.0, 20.0, 2.0**53 - 1, 2.0**53, 1.7e308),
    math.inf,
]
EDGES = [*SIZES, *(-x for x in SIZES), math.nan]

#: Where `math` raises an error, and IEEE 754 has infinity.
POLES = {
    ("log", 0.0): -math.inf,
    ("log2", 0.0): -math.inf,
    ("log10", 0.0): -math.inf,
    ("log1p", -1.0): -math.inf,
    ("arctanh", 1.0): math.inf,
    ("arctanh", -1.0): -math.inf,
}


def by_ieee(name, *operands):
    """Return what nanograd's own function gives, and nan or infinity where it is an error."""
    try:
        return OPERATION_OF[name].evaluate(*operands)
    except OverflowError:
        return math.inf
    except ValueError:
        return POLES.get((name, *operands), math.nan)


def alike(x, y):
    """Return whether two numbers are the same in kind and sign, and finite ones close."""
    if math.isnan(x) or math.isnan(y) or math.isinf(x) or math.isinf(y):
        return x == y or (math.isnan(x) and math.isnan(y))
    same_sign = math.copysign(1.0, x) == math.copysign(1.0, y)
    return same_sign and math.isclose(x, y, rel_tol=CLOSE, abs_tol=1e-323)


@every_function
@pytest.mark.parametrize("lanes", [1, 8])
def test_edges_are_those_of_the_function_on_numbers(name, lanes):
    cases = list(itertools.product(EDGES, repeat=ARITY[name]))

    got = loops("double", lanes)[name](*np.array(cases).T)

    wrong = [
        (case, float(out), by_ieee(name, *case))
        for case, out in zip(cases, got, strict=True)
        if not alike(float(out), by_ieee(name, *case))
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ORACLES)
def test_every_lane_is_computed_as_if_alone(name):
    operands, _ = oracle(name, np.float64)

    together = loops("double", 4)[name](*operands)
    alone = loops("double", 1)[name](*operands)

    np.testing.assert_array_equal(together, alone)


# -- form ------------------------------------------------------------------------------------


@every_function
@pytest.mark.parametrize("lanes", [1, 8])
def test_only_functions_of_angles_have_a_rare_path(name, lanes):
    emit, arity = OPERATIONS[name], ARITY[name]

    function = add_loop(ir.Module(), name, emit, arity, "double", lanes)

    assert len(function.blocks) == (5 if name in WITH_A_RARE_PATH else 3)


@every_function
def test_it_is_named_as_an_operation_with_as_many_operands(name):
    operands = inspect.signature(OPERATIONS[name]).parameters.values()

    required = [each for each in operands if each.default is each.empty]
    assert OPERATION_OF[name].name == name
    assert len(required) == ARITY[name]


LANE_OPERATIONS = {
    "add": (lambda x: 2.0 + x + 1.0, lambda x: 2.0 + x + 1.0),
    "subtract": (lambda x: 2.0 - (x - 1.0), lambda x: 2.0 - (x - 1.0)),
    "multiply": (lambda x: 3.0 * x * x, lambda x: 3.0 * x * x),
    "divide": (lambda x: 1.0 / x / 3.0, lambda x: 1.0 / x / 3.0),
    "negate": (lambda x: -x, lambda x: -x),
    "abs": (abs, np.abs),
    "floor": (lambda x: x.floor(), np.floor),
    "ceil": (lambda x: x.ceil(), np.ceil),
    "choose": (lambda x: (x < 1.0).select(x, 5.0), lambda x: np.where(x < 1.0, x, 5.0)),
    "and": (
        lambda x: ((x >= -1.0) & (x <= 1.0)).select(1.0, x),
        lambda x: np.where(np.abs(x) <= 1.0, 1.0, x),
    ),
    "or not": (
        lambda x: ((x > 1.0) | ~(x == x)).select(0.0, x),
        lambda x: np.where((x > 1.0) | np.isnan(x), 0.0, x),
    ),
    "differ": (lambda x: (x != x).select(7.0, x), lambda x: np.where(np.isnan(x), 7.0, x)),
    "bits": (lambda x: (x.bits() ^ (-(1 << 63))).floats(), lambda x: -x),
}


@pytest.mark.parametrize("name", LANE_OPERATIONS)
@pytest.mark.parametrize("lanes", [1, 2, 8])
def test_lanes_do_what_numpy_does(name, lanes):
    emit, expected = LANE_OPERATIONS[name]
    x = np.array([*np.linspace(-3.0, 3.0, 25), math.inf, math.nan])
    loop = compiled({name: (emit, 1)}, "double", lanes)[name]

    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(loop(x), expected(x))


@pytest.mark.parametrize("count", range(1, 12))
def test_a_polynomial_has_all_its_terms(count):
    coefficients = [float(3 * i - 7) for i in range(count)]
    x = np.arange(-4.0, 5.0)
    loop = compiled({"p": (lambda x: polynomial(x, coefficients), 1)}, "double", 1)["p"]

    np.testing.assert_array_equal(loop(x), np.polynomial.polynomial.polyval(x, coefficients))
