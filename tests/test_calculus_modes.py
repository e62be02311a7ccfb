"""Forward mode, reverse mode and Taylor mode are three ways to the same derivatives."""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from programs import INPUTS, points, systems
from samples import BUILT_IN, SAMPLES

import nanograd
from nanograd import (
    OPERATIONS,
    Value,
    exp,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jet,
    jvp,
    linearize,
    log,
    reductions,
    sin,
    sqrt,
    tan,
    value_and_grad,
    vjp,
)
from nanograd.calculus import recording

#: Two orders of the same products and sums: some roundings of the largest share.
ROUNDING = 1e-12
#: Where derivatives of partials are taken in another order, cancellation multiplies that.
SECOND_ORDER = 1e-9
#: Central differences, extrapolated after Richardson from steps of 1/100 on, of tame functions.
RICHARDSON = 1e-7

CASES = [(name, operands) for name in BUILT_IN for operands in SAMPLES[name]]
#: Operands that must stay plain numbers.
PLAIN = {("power", 1), ("polygamma", 0), ("where", 0), ("take", 0)}
METHODS_OF_ONE = [x for x in nanograd.functions.METHODS if len(SAMPLES.get(x, [()])[0]) == 1]


def total(f):
    """Return f as a function that returns one number."""
    return lambda x: reductions.sum([y * (i + 1) for i, y in enumerate(f(x))])


def close(found, wanted, rel):
    """Return whether lists of numbers agree, relative to the largest of them."""
    found, wanted = np.array(found, float).ravel(), np.array(wanted, float).ravel()
    size = max([1e-300, *np.abs(wanted[np.isfinite(wanted)])])
    return found.shape == wanted.shape and np.allclose(
        found, wanted, rtol=rel, atol=rel * size, equal_nan=True
    )


def dot(x, y):
    return math.fsum(a * b for a, b in zip(x, y, strict=True))


# -- random programs -------------------------------------------------------------------------


@given(systems(), points, points, points)
def test_pushing_forward_and_pulling_back_are_transposed(f, x, x_dot, y_bar):
    y, y_dot = jvp(f, (x,), (x_dot,))
    y_again, pullback = vjp(f, x)
    (x_bar,) = pullback(y_bar)

    assert y == y_again
    shares = [
        abs(a * b) for a, b in [*zip(y_dot, y_bar, strict=True), *zip(x_dot, x_bar, strict=True)]
    ]
    assert dot(y_dot, y_bar) == pytest.approx(dot(x_dot, x_bar), abs=1e-10 * max(1e-300, *shares))


@given(systems(), points)
def test_jacobians_are_the_same_by_rows_and_by_columns(f, x):
    forward, reverse = jacfwd(f)(x), jacrev(f)(x)

    assert close(forward, reverse, ROUNDING)
    assert jacobian(f)(x) in (forward, reverse)


@given(systems(), points, points)
def test_a_linearized_function_pushes_as_jvp_does(f, x, x_dot):
    y, y_dot = jvp(f, (x,), (x_dot,))
    y_again, push = linearize(f, x)

    assert y == y_again
    assert close(push(x_dot), y_dot, ROUNDING)


@given(systems(), points)
def test_grad_agrees_with_backward(f, x):
    values = [Value(each) for each in x]
    out = total(f)(values)
    out.backward()
    y, slopes = value_and_grad(total(f))(x)

    assert y == out.data
    assert close(slopes, [value.grad for value in values], ROUNDING)


@given(systems(), points)
def test_on_plain_numbers_and_on_values_derivatives_are_the_same(f, x):
    plain = grad(total(f))(x)
    lifted = grad(total(f))([Value(each) for each in x])

    assert close([slope.data for slope in lifted], plain, ROUNDING)


@given(systems(), points)
def test_hessians_are_symmetric_and_the_same_in_each_way(f, x):
    H = hessian(total(f))(x)

    assert close(H, np.transpose(H), SECOND_ORDER)
    assert close(jacfwd(grad(total(f)))(x), H, SECOND_ORDER)
    assert close(jacrev(grad(total(f)))(x), H, SECOND_ORDER)


@given(systems(), points, points)
def test_hvp_is_the_hessian_times_the_direction(f, x, v):
    H = hessian(total(f))(x)
    product = hvp(total(f))(x, v)
    terms = np.array(H) * v  # they may cancel

    error = np.abs(product - terms.sum(axis=1))
    assert np.all(error <= SECOND_ORDER * np.max(np.abs(terms), initial=1e-300))
    assert close(jvp(grad(total(f)), (x,), (v,))[1], product, SECOND_ORDER)


@settings(max_examples=30)
@given(systems(steps=5), points, points)
def test_jet_agrees_with_nested_forward_passes(f, x, v):
    def along(t):
        return total(f)([a + t * b for a, b in zip(x, v, strict=True)])

    wanted = []
    derivative = along
    for _ in range(3):
        derivative = moved(derivative)
        wanted.append(derivative(0.0))
    zero = [0.0] * INPUTS
    y, found = jet(total(f), (x,), ([v, zero, zero],))

    assert y == pytest.approx(along(0.0), rel=1e-14)
    assert close(found, wanted, SECOND_ORDER)


def moved(f):
    return lambda t: jvp(f, (t,), (1.0,))[1]


@settings(max_examples=40)
@given(systems(steps=4), points, points)
def test_derivatives_agree_with_central_differences(f, x, v):
    def along(t):
        return total(f)([a + t * b for a, b in zip(x, v, strict=True)])

    slope, error = richardson(along)
    found = jvp(total(f), (x,), (v,))[1]

    if error < RICHARDSON:  # else there is a kink nearby
        assert found == pytest.approx(slope, rel=1e-5, abs=1e-5)


def richardson(f, step=1e-2):
    """Return f′(0) by extrapolated central differences, and how far the last two are apart."""
    row = []
    for i in range(5):
        h = step / 2**i
        new = [(f(h) - f(-h)) / (2 * h)]
        for k, coarse in enumerate(row, 1):
            new.append(new[-1] + (new[-1] - coarse) / (4**k - 1))
        row = new
    return row[-1], abs(row[-1] - row[-2])


# -- textbook rules --------------------------------------------------------------------------


@given(systems(), systems(), points)
def test_the_gradient_of_a_product_a_quotient_and_a_composition(f, g, x):
    f, g = total(f), total(g)
    (a, da), (b, db) = value_and_grad(f)(x), value_and_grad(g)(x)

    product = grad(lambda x: f(x) * g(x))(x)
    assert close(product, [u * b + a * v for u, v in zip(da, db, strict=True)], 1e-9)
    quotient = grad(lambda x: f(x) / (1.5 + g(x) ** 2))(x)
    h = 1.5 + b * b
    assert close(
        quotient, [u / h - 2 * a * b * v / h**2 for u, v in zip(da, db, strict=True)], 1e-9
    )
    composition = grad(lambda x: sin(f(x)))(x)
    assert close(composition, [math.cos(a) * u for u in da], 1e-9)


# -- each operation --------------------------------------------------------------------------


def scalars(name, operands):
    """Return an operation as a function of the operands that may be other than plain numbers."""
    places = [i for i in range(len(operands)) if (name, i) not in PLAIN]

    def f(*xs):
        full = list(operands)
        for place, x in zip(places, xs, strict=True):
            full[place] = x
        return OPERATIONS[name](*full)

    return f, [operands[place] for place in places]


@pytest.mark.parametrize(("name", "operands"), CASES)
def test_each_operation_has_the_same_slopes_by_jvp_vjp_and_backward(name, operands):
    f, xs = scalars(name, operands)
    values = [Value(x) for x in xs]
    f(*values).backward()
    wanted = [value.grad for value in values]
    axes = [[float(i == j) for j in range(len(xs))] for i in range(len(xs))]
    lifted = [Value(x) for x in xs]

    assert list(vjp(f, *xs)[1](1.0)) == wanted
    assert [jvp(f, xs, axis)[1] for axis in axes] == wanted
    assert [slope.data for slope in vjp(f, *lifted)[1](1.0)] == wanted
    assert [jvp(f, lifted, axis)[1].data for axis in axes] == wanted


@pytest.mark.parametrize(("name", "operands"), CASES)
def test_each_operation_has_the_same_second_derivatives_in_all_ways(name, operands):
    f, xs = scalars(name, operands)
    several = tuple(range(len(xs)))
    wanted = hessian(f, argnums=several)(*xs)

    assert close(jacfwd(grad(f, argnums=several), argnums=several)(*xs), wanted, 1e-13)
    assert close(jacrev(grad(f, argnums=several), argnums=several)(*xs), wanted, 1e-13)


@pytest.mark.parametrize(("name", "operands"), CASES)
def test_each_operation_has_the_taylor_series_of_its_nested_derivatives(name, operands):
    f, xs = scalars(name, operands)
    directions = [0.5 + 0.25 * i for i in range(len(xs))]

    def along(t):
        return f(*[x + t * v for x, v in zip(xs, directions, strict=True)])

    wanted, derivative = [], along
    for _ in range(3):
        derivative = moved(derivative)
        wanted.append(derivative(0.0))
    _, found = jet(f, xs, [[v, 0.0, 0.0] for v in directions])

    for k, (a, b) in enumerate(zip(found, wanted, strict=True), 1):
        size = max(abs(x) for x in [*xs, 1.0])
        assert a == pytest.approx(b, rel=1e-8, abs=1e-13 * size), f"order {k}: {a!r}, not {b!r}"


@pytest.mark.parametrize("name", METHODS_OF_ONE)
def test_the_fast_methods_of_a_dual_are_those_of_the_general_form(name):
    def f(x):
        return getattr(x, name)()

    for operands in SAMPLES[name]:
        fast = jvp(f, operands, (2.0,))
        with nanograd.debug():  # where everything takes the general way
            general = jvp(f, operands, (2.0,))

        assert fast == general


@pytest.mark.parametrize("x", [0.7, -1.3])
@pytest.mark.parametrize("y", [0.4, 2, 3.0])
def test_the_fast_operators_of_a_dual_are_those_of_the_general_form(x, y):
    def f(x, y):
        return [
            x + y,
            x - y,
            x * y,
            x / y,
            y + x,
            y - x,
            y * x,
            y / x,
            -x,
            abs(x),
            abs(x) ** y,
            y**x,
        ]

    fast = jvp(f, (x, 1.0 * y), (2.0, 3.0)), jvp(lambda x: f(x, y), (x,), (2.0,))
    with nanograd.debug():  # where everything takes the general way
        general = jvp(f, (x, 1.0 * y), (2.0, 3.0)), jvp(lambda x: f(x, y), (x,), (2.0,))

    assert fast == general


# -- Taylor series ---------------------------------------------------------------------------

CLOSED_FORMS = {
    "exp": (exp, mp.exp),
    "log": (log, mp.log),
    "sin": (sin, mp.sin),
    "tan": (tan, mp.tan),
    "sqrt": (sqrt, mp.sqrt),
    "reciprocal": (lambda x: 1 / x, lambda x: 1 / x),
    "power": (lambda x: x**2.5, lambda x: x ** mp.mpf(2.5)),
    "x to the x": (lambda x: x**x, lambda x: x**x),
    "mixed": (lambda x: exp(sin(x)) / (1 + x * x), lambda x: mp.exp(mp.sin(x)) / (1 + x * x)),
    "tanh": (nanograd.tanh, mp.tanh),
    "gelu": (nanograd.gelu, lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2),
    "arctan": (nanograd.arctan, mp.atan),
    "lgamma": (nanograd.lgamma, mp.loggamma),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_a_jet_of_order_ten_is_that_of_mpmath(name):
    f, exact = CLOSED_FORMS[name]
    with mp.workdps(60):
        wanted = [
            float(mp.factorial(k) * c) for k, c in enumerate(mp.taylor(exact, mp.mpf(0.7), 10))
        ]
    y, found = jet(f, (0.7,), ([1.0] + [0.0] * 9,))

    assert y == pytest.approx(wanted[0], rel=1e-14)
    assert found == pytest.approx(wanted[1:], rel=1e-11)


def test_a_jet_takes_derivatives_and_not_coefficients():
    # along x(t) = 2 + 3t + 5t²/2 the square has the derivatives 2xẋ and 2ẋ² + 2xẍ
    assert jet(lambda x: x * x, (2.0,), ([3.0, 5.0],)) == (4.0, [12.0, 38.0])


def test_a_jet_does_not_see_a_pole_in_what_stands_still():
    found = jet(lambda x, y: sqrt(x) + y * y, (0.0, 3.0), ([0.0, 0.0], [1.0, 0.0]))

    assert found == (9.0, [6.0, 2.0])


def test_a_jet_of_a_polynomial_ends():
    assert jet(lambda x: x**3, (0.0,), ([1.0, 0.0, 0.0, 0.0, 0.0],)) == (0.0, [0, 0, 6, 0, 0])


def test_a_jet_goes_through_nested_arguments_and_results():
    def f(p, q):
        return {"product": p[0] * q, "constant": 7.0, "p": p}

    y, (first, second) = jet(f, ([2.0], 3.0), ([[1.0], [0.0]], [2.0, 5.0]))

    assert y == {"product": 6.0, "constant": 7.0, "p": [2.0]}
    assert first == {"product": 7.0, "constant": 0.0, "p": [1.0]}
    assert second == {"product": 14.0, "constant": 0.0, "p": [0.0]}


@pytest.mark.parametrize("slope", [grad, moved])
def test_a_jet_can_be_differentiated(slope):
    def second(x):
        return jet(sin, (x,), ([1.0, 0.0],))[1][1]

    assert slope(second)(0.3) == pytest.approx(-math.cos(0.3), rel=1e-14)
    assert jet(slope(sin), (0.3,), ([1.0],))[1][0] == pytest.approx(-math.sin(0.3), rel=1e-14)


def test_a_jet_at_values_and_through_weights_gives_values():
    w = Value(3.0)
    _, (slope,) = jet(lambda x: w * x * x, (2.0,), ([1.0],))
    slope.backward()

    assert (slope.data, w.grad) == (12.0, 4.0)
    assert isinstance(jet(lambda x: 3 * x, (Value(2.0),), ([1.0, 0.0],))[1][1], Value)


def test_the_price_of_a_jet_is_polynomial_in_its_order():
    # nested differentiation of sin(sin(…)) to order 24 would take 2²⁴ times as long
    _, found = jet(lambda x: sin(sin(sin(x))), (0.5,), ([1.0] + [0.0] * 23,))

    with mp.workdps(60):
        exact = mp.taylor(lambda x: mp.sin(mp.sin(mp.sin(x))), mp.mpf(0.5), 24)
        wanted = float(mp.factorial(24) * exact[24])
    assert found[-1] == pytest.approx(wanted, rel=1e-9)


def test_a_jet_of_a_long_chain_is_no_recursion():
    def f(x):
        for _ in range(5_000):
            x = 0.999 * x + 0.001
        return x

    assert jet(f, (0.5,), ([1.0, 0.0],))[1] == [pytest.approx(0.999**5_000), 0.0]


@pytest.mark.parametrize("series", [(), ([1.0],), ([1.0], [1.0, 0.0])])
def test_a_jet_needs_as_many_derivatives_of_each_argument(series):
    with pytest.raises(ValueError, match="a list of derivatives for each of the 2 arguments"):
        jet(lambda x, y: x * y, (1.0, 2.0), series)


# -- Jacobians and Hessians ------------------------------------------------------------------


@pytest.mark.parametrize("derivative", [jacobian, jacfwd, jacrev])
def test_a_jacobian_is_nested_as_the_result_and_then_as_the_argument(derivative):
    def f(p):
        return {"sum": p["a"] + p["b"][0], "products": (p["a"] * p["b"][0], 2.0)}

    found = derivative(f)({"a": 2.0, "b": [3.0]})
    assert found == {
        "sum": {"a": 1.0, "b": [1.0]},
        "products": ({"a": 3.0, "b": [2.0]}, {"a": 0.0, "b": [0.0]}),
    }


@pytest.mark.parametrize("derivative", [jacobian, jacfwd, jacrev])
def test_a_jacobian_of_arrays_is_an_array_of_both_shapes(derivative):
    A = np.arange(6.0).reshape(2, 3)
    x = np.array([1.0, -1.0, 2.0])

    assert np.array_equal(derivative(lambda x: A @ x)(x), A)
    by_matrix = derivative(lambda A: A @ x)(A)
    assert by_matrix.shape == (2, 2, 3)
    assert np.array_equal(by_matrix, np.einsum("ij,k->ijk", np.eye(2), x))
    assert derivative(lambda x: [x[0], x])(x)[0].shape == (3,)
    assert derivative(lambda t: A[0] * t)(2.0).tolist() == A[0].tolist()


def test_several_arguments_have_a_tuple_of_jacobians():
    def f(x, y):
        return [x * y, x + 2 * y]

    assert jacobian(f, argnums=(0, 1))(2.0, 3.0) == [(3.0, 2.0), (1.0, 2.0)]
    assert jacfwd(f, argnums=1)(2.0, 3.0) == [2.0, 2.0]


def test_jacobian_takes_the_shorter_way(monkeypatch):
    sweeps = []
    for way in ("push", "pull"):
        sweep = getattr(recording.Run, way)
        monkeypatch.setattr(
            recording.Run, way, lambda *a, way=way, sweep=sweep: (sweeps.append(way), sweep(*a))[1]
        )
    jacobian(lambda x: [x[0], x[1], x[0] * x[1]])([1.0, 2.0])
    jacobian(lambda x: [x[0] * x[1]])([1.0, 2.0])

    assert sweeps == ["push", "push", "pull"]


def test_a_hessian_is_nested_twice_as_the_argument():
    found = hessian(lambda p: p["a"] ** 2 * p["b"][0])({"a": 2.0, "b": (3.0,)})

    assert found == {"a": {"a": 6.0, "b": (4.0,)}, "b": ({"a": 4.0, "b": (0.0,)},)}


def test_a_hessian_of_an_array_has_its_shape_twice():
    A = np.array([[2.0, 1.0], [1.0, 3.0]])

    assert np.array_equal(hessian(lambda x: x @ A @ x)(np.array([1.0, 5.0])), 2 * A)
    assert hessian(lambda A: np.sum(A * A))(A).shape == (2, 2, 2, 2)
    blocks = hessian(lambda x, t: t * (x @ x), argnums=(0, 1))(np.ones(2), 3.0)
    assert blocks[0][0].tolist() == [[6.0, 0.0], [0.0, 6.0]]
    assert blocks[0][1].tolist() == blocks[1][0].tolist() == [2.0, 2.0]
    assert blocks[1][1] == 0.0


def test_hvp_takes_the_arguments_and_then_the_direction():
    def f(x, y):
        return x[0] ** 2 * x[1] * y

    assert hvp(f)([2.0, 3.0], 5.0, [1.0, 0.0]) == [30.0, 20.0]
    assert hvp(f, argnums=1)([2.0, 3.0], 5.0, 1.0) == 0.0
    assert hvp(f, argnums=(0, 1))([2.0, 3.0], 5.0, ([0.0, 0.0], 1.0)) == ([12.0, 4.0], 0.0)


def test_hvp_and_hessian_run_the_function_once():
    runs = []

    def f(x):
        runs.append(x)
        return x[0] * x[1]

    hvp(f)([1.0, 2.0], [1.0, 0.0])
    hessian(f)([1.0, 2.0])

    assert len(runs) == 2


def test_second_derivatives_keep_the_weights():
    w = Value(3.0)
    curvature = hessian(lambda x: w**2 * x**3)(2.0)
    curvature.backward()

    assert (curvature.data, w.grad) == (108.0, 72.0)


@given(points)
def test_the_third_derivatives_of_a_product_are_its_factors(x):
    found = jacobian(hessian(lambda x: x[0] * x[1] * x[2] ** 2))(x)

    assert found[0][1][2] == 2 * x[2]
    assert found[2][2][0] == pytest.approx(2 * x[1])
    assert found[0][0] == [0.0, 0.0, 0.0]


def test_the_greeks_of_a_call_option_are_those_of_black_and_scholes():
    S, K, r, sigma, T = 100.0, 95.0, 0.03, 0.2, 0.75

    def cdf(x):
        return 0.5 * nanograd.erfc(-x / math.sqrt(2))

    def price(S, sigma):
        d1 = (log(S / K) + (r + sigma**2 / 2) * T) / (sigma * math.sqrt(T))
        return S * cdf(d1) - K * math.exp(-r * T) * cdf(d1 - sigma * math.sqrt(T))

    d1 = (math.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * math.sqrt(T))
    d2 = d1 - sigma * math.sqrt(T)
    phi = math.exp(-(d1**2) / 2) / math.sqrt(2 * math.pi)
    gamma = phi / (S * sigma * math.sqrt(T))

    assert grad(price)(S, sigma) == pytest.approx(0.5 * math.erfc(-d1 / math.sqrt(2)))
    assert grad(price, argnums=1)(S, sigma) == pytest.approx(S * phi * math.sqrt(T))
    ((by_S_twice, vanna), _) = hessian(price, argnums=(0, 1))(S, sigma)
    assert by_S_twice == pytest.approx(gamma)
    assert vanna == pytest.approx(-phi * d2 / sigma)
    speed = grad(grad(grad(price)))(S, sigma)
    assert speed == pytest.approx(-gamma / S * (d1 / (sigma * math.sqrt(T)) + 1))
