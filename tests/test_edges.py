"""Tables of edges: powers near 0, kinks, ties, domains, infinite slopes, arms not chosen."""

import math

import pytest

import nanograd
from nanograd import OPERATIONS, DomainError, Value, gradient, maximum, minimum, where
from nanograd.modes import block
from nanograd.nanograd import power

INF = math.inf

POWERS = [
    # x, n, value, slope
    (0.0, 0, 1.0, 0.0),
    (0.0, 1, 0.0, 1.0),
    (0.0, 2, 0.0, 0.0),
    (0.0, 3, 0.0, 0.0),
    (0.0, 0.5, 0.0, INF),
    (0.0, 1.5, 0.0, 0.0),
    (-0.0, 2, 0.0, -0.0),
    (-2.0, 0, 1.0, 0.0),
    (-2.0, 1, -2.0, 1.0),
    (-2.0, 2, 4.0, -4.0),
    (-2.0, 3, -8.0, 12.0),
    (-2.0, -1, -0.5, -0.25),
    (-2.0, -3, -0.125, -0.1875),
    (1e-200, -1, 1e200, -INF),
    (-1e-150, -2, (-1e-150) ** -2, INF),
    (-1e-160, -1, (-1e-160) ** -1, -INF),
    (1e200, 1, 1e200, 1.0),
]
NOT_POWERS = [(0.0, -1), (0.0, -0.5), (-2.0, 0.5), (-2.0, -1.5), (1e200, 2), (1e-200, -2)]


@pytest.mark.parametrize(("x", "n", "value", "slope"), POWERS)
def test_powers_with_a_plain_exponent(x, n, value, slope):
    base = Value(x)
    out = base**n
    out.backward()

    assert (out.data, base.grad) == (value, slope)


@pytest.mark.parametrize(("x", "n", "value", "slope"), POWERS)
def test_a_value_as_exponent_changes_neither_value_nor_slope(x, n, value, slope):
    base, exponent = Value(x), Value(n)
    out = base**exponent
    out.backward()

    assert (out.data, base.grad) == (value, slope)


@pytest.mark.parametrize(("x", "n"), NOT_POWERS)
@pytest.mark.parametrize("wrap", [float, Value])
def test_powers_outside_the_domain_are_errors(x, n, wrap):
    with pytest.raises(DomainError, match=r"x \*\* [ny]"):
        Value(x) ** wrap(n)


@pytest.mark.parametrize(
    ("x", "y", "slope"),
    [(0.0, 0.0, 0.0), (0.0, 2.0, 0.0), (2.0, 3.0, 8 * math.log(2)), (1.0, 5.0, 0.0)],
)
def test_the_slope_in_the_exponent(x, y, slope):
    exponent = Value(y)
    (Value(x) ** exponent).backward()

    assert exponent.grad == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize("x", [2.0, 0.25, 1e-100])
def test_the_mixed_slope_of_a_power_at_exponent_zero_is_one_over_the_base(x):
    base, exponent = Value(x), Value(0.0)
    by_base, by_exponent = gradient(base**exponent, [base, exponent])

    assert gradient(by_base, [exponent])[0].data == pytest.approx(1 / x, rel=1e-15)
    assert gradient(by_exponent, [base])[0].data == pytest.approx(1 / x, rel=1e-15)


@pytest.mark.parametrize("x", [0.0, -0.0, 5e-324, -1e-310])
def test_the_slope_of_a_power_at_exponent_zero_is_zero_where_one_over_the_base_is_infinite(x):
    base = Value(x)
    (base ** Value(0.0)).backward()

    assert base.grad == 0.0


def test_a_negative_base_has_no_slope_in_its_exponent():
    exponent = Value(2.0)
    (Value(-2.0) ** exponent).backward()

    assert math.isnan(exponent.grad)


@pytest.mark.parametrize(
    ("function", "x", "slope"),
    [
        ("relu", 0.0, 0.0),
        ("relu", -0.0, 0.0),
        ("abs", 0.0, 0.0),
        ("sign", 0.0, 0.0),
        ("floor", 2.0, 0.0),
        ("ceil", 2.0, 0.0),
        ("leaky_relu", 0.0, 0.01),
        ("elu", 0.0, 1.0),
        ("cbrt", 0.0, INF),
        ("sqrt", 0.0, INF),
        ("arcsin", 1.0, INF),
        ("arcsin", -1.0, INF),
        ("arccos", 1.0, -INF),
        ("arccosh", 1.0, INF),
    ],
)
def test_the_slope_at_a_kink_or_an_edge(function, x, slope):
    value = Value(x)
    out = getattr(nanograd, function)(value)
    out.backward()

    assert value.grad == slope
    assert gradient(out, [value])[0].data == slope


@pytest.mark.parametrize("pick", [maximum, minimum])
def test_in_a_tie_each_gets_half(pick):
    x, y = Value(2.0), Value(2.0)
    pick(x, y).backward()

    assert (x.grad, y.grad) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("x", "value", "slopes"),
    [
        (-3.0, -1.0, (0.0, 1.0, 0.0)),
        (-1.0, -1.0, (1.0, 0.0, 0.0)),
        (0.5, 0.5, (1.0, 0.0, 0.0)),
        (2.0, 2.0, (1.0, 0.0, 0.0)),
        (9.0, 2.0, (0.0, 0.0, 1.0)),
    ],
)
def test_clip_on_and_beyond_its_bounds(x, value, slopes):
    inputs = [Value(x), Value(-1.0), Value(2.0)]
    out = nanograd.clip(*inputs)
    out.backward()

    assert out.data == value
    assert tuple(v.grad for v in inputs) == slopes


def test_hypot_has_no_slope_at_the_origin_and_arctan2_is_undefined_there():
    x, y = Value(0.0), Value(0.0)
    nanograd.hypot(x, y).backward()
    assert (x.grad, y.grad) == (0.0, 0.0)

    nanograd.arctan2(y, x).backward()
    assert math.isnan(x.grad)


def test_neither_inf_nor_nan_comes_out_of_an_arm_that_was_not_chosen():
    x = Value(0.0)
    for out in (where(x > 0, x.sqrt(), 3 * x), where(x <= 0, 3 * x, x.sqrt() * 2)):
        x.grad = 0.0
        out.backward()

        assert x.grad == 3.0
        assert gradient(out, [x])[0].data == 3.0


def test_the_values_of_an_arm_that_was_not_chosen_get_no_grad():
    x = Value(4.0)
    root = x.sqrt()
    root.backward()
    where(False, root, x).backward()

    assert root.grad == 0.0
    assert x.grad == 0.25 + 1.0


def test_zero_times_infinity_stays_nan_because_zero_would_be_wrong():
    x = Value(0.0)
    (x.sqrt() ** 2).backward()  # the true slope is 1, not 0

    assert math.isnan(x.grad)


OUTSIDE = [
    # what, words that the message must have
    (lambda: Value(-0.5, "y_pred").ln(), ("log(x)", "x > 0", "-0.5", "'y_pred'")),
    (lambda: Value(0.0).log(), ("log(x)", "x > 0", "0.0")),
    (lambda: Value(-1.0).sqrt(), ("sqrt(x)", "x ≥ 0", "-1.0")),
    (lambda: Value(2.0, "a") / Value(0.0, "b"), ("x / y", "y ≠ 0", "'a'", "'b'", "0.0")),
    (lambda: 1 / Value(0.0), ("x / y", "x = 1", "y ≠ 0")),
    (lambda: Value(1000.0, "big").exp(), ("exp(x)", "1.8e308", "1000.0", "'big'")),
    (lambda: Value(1e200) * 1e200, ("x * y", "1.8e308", "1e+200")),
    (lambda: Value(1e308) + 1e308, ("x + y", "1.8e308")),
    (lambda: Value(1e-300) / 1e-300 / 1e-300 / 1e-300, ("x / y", "1.8e308")),
    (lambda: Value(2.0).arcsin(), ("arcsin(x)", "−1 ≤ x ≤ 1", "2.0")),
    (lambda: Value(0.5).arccosh(), ("arccosh(x)", "x ≥ 1")),
    (lambda: Value(1.0).arctanh(), ("arctanh(x)", "−1 < x < 1")),
    (lambda: Value(-2.0).log1p(), ("log1p(x)", "x > −1")),
    (lambda: Value(-3.0).lgamma(), ("lgamma(x)", "-3.0")),
    (lambda: Value(0.0).digamma(), ("digamma(x)", "0.0")),
    (lambda: nanograd.sum([Value(1e308), 1e308]), ("sum(xs)", "xs[0] = 1e+308")),
    (lambda: nanograd.exp(1000.0), ("exp(x)", "1000.0")),
]


@pytest.mark.parametrize(("act", "words"), OUTSIDE)
def test_outside_its_domain_an_operation_says_what_and_where(act, words):
    with pytest.raises(DomainError) as raised:
        act()

    assert isinstance(raised.value, ValueError)
    assert [word for word in words if word not in str(raised.value)] == []


IN_A_RULE = [
    # what, infinite with the sign that IEEE 754 gives it
    (lambda: nanograd.sinh(-1000.0), -INF),
    (lambda: nanograd.sinh(1000.0), INF),
    (lambda: power(-1e-150, -3), -INF),
    (lambda: power(-1e-150, -4), INF),
    (lambda: power(-1e150, 3), -INF),
    (lambda: power(0.0, -1), INF),
    (lambda: power(-0.0, -1), -INF),
    (lambda: power(-0.0, -2), INF),
    (lambda: power(-0.0, -0.5), INF),
    (lambda: OPERATIONS["pow"](-1e-150, -3.0), -INF),
    (lambda: OPERATIONS["pow"](-0.0, -1.0), -INF),
    (lambda: nanograd.polygamma(1, -5e-324), INF),
    (lambda: nanograd.polygamma(2, 5e-324), -INF),
    (lambda: nanograd.polygamma(2, -5e-324), INF),
    (lambda: nanograd.sum([-1e308, -1e308]), -INF),
    (lambda: nanograd.sum([-INF, 1e308, 1e308]), -INF),
    (lambda: nanograd.prod([-1e200, 1e200]), -INF),
]


@pytest.mark.parametrize(("act", "wanted"), IN_A_RULE)
def test_in_a_rule_an_overflow_has_its_sign(act, wanted):
    with block("ieee"):
        assert act() == wanted


def test_a_root_of_a_negative_number_is_nan_in_a_rule():
    with block("ieee"):
        assert math.isnan(power(-2.0, 0.5))
        assert math.isnan(power(-1e-200, -2.5))


def test_a_message_stays_short_with_many_operands_and_long_names():
    values = [Value(1e308, "n" * 10**6) for _ in range(1000)]
    with pytest.raises(DomainError) as raised:
        nanograd.sum(values)

    assert len(str(raised.value)) < 1000
    assert "1000 operands" in str(raised.value)


@pytest.mark.parametrize(
    ("act", "wanted"),
    [
        (lambda x: x + 1, INF),
        (lambda x: x * 0, math.nan),
        (lambda x: x - x, math.nan),
        (lambda x: 1 / x, 0.0),
        (lambda x: (-x).exp(), 0.0),
        (lambda x: x.log(), INF),
        (lambda x: x.sin(), math.nan),
        (lambda x: x.floor(), INF),
        (lambda x: x**0.5, INF),
        (lambda x: x.tanh(), 1.0),
        (lambda x: x.relu(), INF),
    ],
)
def test_infinity_that_the_user_put_in_flows_on(act, wanted):
    out = act(Value(INF)).data

    assert out == wanted or (math.isnan(out) and math.isnan(wanted))
