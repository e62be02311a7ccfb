"""Identities: the rules of the calculus books on random numbers, and reductions against loops."""

import math

import mpmath as mp
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nanograd
from nanograd import DomainError, Value, cos, exp, gradient, sin, tanh

#: A few roundings on either side of an identity.
CLOSE = 1e-12

moderate = st.floats(-3, 3).filter(lambda x: abs(x) > 1e-3)
lists = st.lists(st.floats(-50, 50), min_size=1, max_size=12)


def slope(function, x):
    """Return the derivative of a function of one number."""
    value = Value(x)
    function(value).backward()
    return value.grad


def close(wanted):
    """Return what compares equal up to a few roundings."""
    return pytest.approx(wanted, rel=CLOSE, abs=CLOSE)


@given(moderate)
def test_the_product_rule(x):
    found = slope(lambda v: sin(v) * exp(v), x)

    assert found == close(slope(sin, x) * math.exp(x) + math.sin(x) * slope(exp, x))


@given(moderate)
def test_the_quotient_rule(x):
    found = slope(lambda v: sin(v) / (2 + cos(v)), x)
    below = 2 + math.cos(x)

    assert found == close((math.cos(x) * below + math.sin(x) ** 2) / below**2)


@given(moderate)
def test_the_chain_rule(x):
    found = slope(lambda v: tanh(sin(v)), x)

    assert found == close(slope(tanh, math.sin(x)) * math.cos(x))


@given(moderate, moderate, moderate)
def test_differentiation_is_linear(x, a, b):
    found = slope(lambda v: a * sin(v) + b * exp(v), x)

    assert found == close(a * math.cos(x) + b * math.exp(x))


@given(moderate, moderate)
def test_a_function_and_its_inverse_have_reciprocal_slopes(x, y):
    assert slope(exp, x) * slope(nanograd.log, math.exp(x)) == close(1.0)
    assert slope(nanograd.sinh, y) * slope(nanograd.arcsinh, math.sinh(y)) == close(1.0)


@given(moderate)
def test_euler_homogeneity(x):
    y = Value(2.0)
    v = Value(x)
    (v**3 + 4 * v * y**2).backward()

    assert v.data * v.grad + y.data * y.grad == close(3 * (x**3 + 16 * x))


# -- reductions ------------------------------------------------------------------------------

LOOPS = {
    "sum": lambda xs: math.fsum(xs),
    "mean": lambda xs: math.fsum(xs) / len(xs),
    "prod": lambda xs: math.prod(xs),
    "logsumexp": lambda xs: float(mp.log(mp.fsum(map(mp.exp, xs)))),
}


@pytest.mark.parametrize("name", LOOPS)
@given(numbers=lists)
def test_a_reduction_is_the_loop(name, numbers):
    out = getattr(nanograd, name)(map(Value, numbers))

    assert out.data == pytest.approx(LOOPS[name](numbers), rel=1e-14, abs=1e-14)


@given(lists)
def test_the_slopes_of_prod_are_the_products_of_the_others(numbers):
    values = [Value(x) for x in numbers]
    nanograd.prod(values).backward()

    for i, value in enumerate(values):
        others = math.prod(numbers[:i] + numbers[i + 1 :])
        assert value.grad == pytest.approx(others, rel=1e-13)


def test_prod_with_zeros():
    values = [Value(x) for x in (0.0, 2.0, 3.0)]
    nanograd.prod(values).backward()
    assert [v.grad for v in values] == [6.0, 0.0, 0.0]

    (slope_of_slope,) = gradient(gradient(nanograd.prod(values), [values[0]])[0], [values[1]])
    assert slope_of_slope.data == 3.0


@given(lists)
def test_softmax_is_the_slope_of_logsumexp_and_sums_to_one(numbers):
    values = [Value(x) for x in numbers]
    shares = nanograd.softmax(values)
    nanograd.logsumexp(values).backward()

    assert math.fsum(s.data for s in shares) == pytest.approx(1.0, abs=1e-14)
    assert [s.data for s in shares] == pytest.approx([v.grad for v in values], rel=1e-12, abs=1e-15)


def test_nothing_overflows_at_thousands():
    values = [Value(1000.0), Value(999.0), Value(-1000.0)]
    out = nanograd.logsumexp(values)
    out.backward()

    assert out.data == pytest.approx(1000 + math.log1p(math.exp(-1)), rel=1e-15)
    assert math.fsum(v.grad for v in values) == pytest.approx(1.0, rel=1e-12)
    assert [s.data for s in nanograd.softmax([1000.0 * v for v in values])] == [1.0, 0.0, 0.0]


@given(lists)
def test_dot_is_the_loop_and_its_slopes_are_the_partners(numbers):
    xs, ys = [Value(x) for x in numbers], [Value(2 - x) for x in numbers]
    out = nanograd.dot(xs, ys)
    out.backward()

    assert out.data == pytest.approx(math.fsum(x * (2 - x) for x in numbers), rel=1e-13, abs=1e-11)
    assert [x.grad for x in xs] == [y.data for y in ys]
    assert [y.grad for y in ys] == [x.data for x in xs]


def test_of_nothing():
    assert nanograd.sum([]) == 0.0
    assert nanograd.prod([]) == 1.0
    assert nanograd.dot([], []) == 0.0
    for name in ("mean", "logsumexp", "softmax"):
        with pytest.raises(ValueError, match=f"{name} needs at least one"):
            getattr(nanograd, name)([])


def test_dot_of_different_lengths_is_an_error():
    with pytest.raises(ValueError, match="it was given 2 and 1"):
        nanograd.dot([1.0, 2.0], [3.0])


def test_a_reduction_is_one_node():
    values = [Value(float(i)) for i in range(5)]

    assert nanograd.sum(values).parents == tuple(values)
    assert nanograd.dot(values, [1.0] * 5).parents == tuple(values)


# -- reductions whose parts are beyond the floats --------------------------------------------

INF = math.inf
BEYOND = [
    # reduction, operands, result
    (nanograd.sum, [1e308, 1e308, -1e308], 1e308),
    (nanograd.sum, [1e308, 1e308, 1e-300, -1e308, -1e308], 1e-300),
    (nanograd.sum, [-INF, 1e308, 1e308], -INF),
    (nanograd.sum, [1e308, 1e308, math.nan], math.nan),
    (nanograd.sum, [INF, -INF, 1e308, 1e308], math.nan),
    (nanograd.mean, [1e308] * 4, 1e308),
    (nanograd.mean, [-1e308] * 4, -1e308),
    (nanograd.mean, [1.7e308, 1.7e308, -1.7e308, 0.0], 4.25e307),
]


@pytest.mark.parametrize(("reduction", "xs", "wanted"), BEYOND)
def test_a_result_is_found_where_parts_of_it_are_beyond_the_floats(reduction, xs, wanted):
    close = pytest.approx(wanted, rel=1e-15, abs=0.0, nan_ok=True)

    assert reduction(xs) == close
    assert reduction(map(Value, xs)).data == close


def test_a_dot_product_is_found_where_parts_of_it_are_beyond_the_floats():
    assert nanograd.dot([1e308, 1e308, 1e308], [1.0, 1.0, -1.0]) == 1e308


@pytest.mark.parametrize("xs", [[1e308, 1e308], [-1e308, -1e308, 1e307]])
def test_a_sum_beyond_the_floats_is_an_error(xs):
    with pytest.raises(DomainError, match=r"1\.8e308"):
        nanograd.sum(xs)


def test_a_product_of_many_factors_that_is_zero_takes_no_time():
    xs = [Value(0.4) for _ in range(5000)]
    out = nanograd.prod(xs)

    assert {slope.data for slope in gradient(out, xs)} == {0.0}


@pytest.mark.parametrize("offset", [0.0, 1e16, -1e16, 1e300])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_slopes_of_logsumexp_are_shares_whatever_its_operands_have_in_common(offset, n):
    xs = [Value(offset) for _ in range(n)]
    out = nanograd.logsumexp(xs)
    slopes = gradient(out, xs)
    out.backward()

    assert [x.grad for x in xs] == [slope.data for slope in slopes] == [1 / n] * n
    bends = [bend.data for bend in gradient(slopes[0], xs)]
    assert bends == close([1 / n - 1 / n**2, *[-1 / n**2] * (n - 1)])


@pytest.mark.parametrize("xs", [[math.nan, INF], [INF, math.nan], [-INF, math.nan]])
def test_a_nan_in_logsumexp_comes_out(xs):
    assert math.isnan(nanograd.logsumexp(xs))


@pytest.mark.parametrize("xs", [[INF, 1.0], [INF, INF, -INF]])
def test_logsumexp_of_infinity_is_infinity(xs):
    assert nanograd.logsumexp(xs) == INF
    assert nanograd.logsumexp([-INF, -INF]) == -INF
