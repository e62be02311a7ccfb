"""Operations that users declare: everything works for them, and a wrong declaration is an error."""

import math

import pytest

from nanograd import (
    OPERATIONS,
    DeclarationError,
    DomainError,
    Value,
    exp,
    gradient,
    jit,
    operation,
)


@pytest.fixture(autouse=True)
def registry():
    """Forget what a test declares."""
    before = dict(OPERATIONS)
    yield
    OPERATIONS.clear()
    OPERATIONS.update(before)


def declare_softsign():
    @operation("softsign", partials=lambda x, out: (1.0 / (1.0 + abs(x)) ** 2,))
    def softsign(x):
        """Squash x into (−1, 1)."""
        return x / (1.0 + math.fabs(x))

    return softsign


def test_a_declared_operation_computes_records_and_differentiates():
    softsign = declare_softsign()
    x = Value(1.0, "x")
    out = softsign(x)
    out.backward()

    assert softsign(1.0) == out.data == 0.5
    assert (x.grad, out.op.name, out.op.symbol, out.parents) == (0.25, "softsign", "softsign", (x,))
    assert softsign.__doc__ == "Squash x into (−1, 1)."


def test_its_rule_gives_derivatives_of_any_order():
    softsign = declare_softsign()
    x = value = Value(1.0)
    value = softsign(x)
    for wanted in (0.25, -0.25, 0.375):
        (value,) = gradient(value, [x])

        assert value.data == pytest.approx(wanted, rel=1e-14)


def test_a_body_may_be_made_of_other_operations():
    @operation("2eˣ", partials=lambda x, out: (out,))
    def twice_exp(x):
        return 2 * exp(x)

    x = Value(0.0)
    twice_exp(x).backward()

    assert x.grad == 2.0


def test_several_operands_mixed_with_plain_ones():
    @operation("lerp", partials=lambda a, b, t, out: (1.0 - t, t, b - a))
    def lerp(a, b, t):
        return a + (b - a) * t

    b, t = Value(4.0), Value(0.25)
    out = lerp(2, b, t)
    out.backward()

    assert (out.data, b.grad, t.grad, out.operands[0]) == (2.5, 0.25, 2.0, 2)


def test_an_operation_of_many_operands():
    @operation("rss", partials=lambda *xs, out: tuple(x / out for x in xs))
    def root_sum_square(*xs):
        return math.sqrt(math.fsum(x * x for x in xs))

    x, y = Value(3.0), Value(4.0)
    root_sum_square(x, y, 0.0).backward()

    assert (x.grad, y.grad) == (0.6, 0.8)


def test_a_declared_domain_is_in_the_message():
    @operation("acot", partials=lambda x, out: (-1.0 / (1.0 + x * x),), domain="x > 0")
    def arccot(x):
        if x <= 0:
            raise ValueError
        return math.atan(1 / x)

    with pytest.raises(DomainError, match=r"arccot\(x\) is defined for x > 0.*x = -1\.0.*'angle'"):
        arccot(Value(-1.0, "angle"))


def test_a_rule_that_divides_by_zero_gives_an_infinite_slope():
    @operation("root", partials=lambda x, out: (1.0 / (2.0 * out),))
    def root(x):
        return math.sqrt(x)

    x = Value(0.0)
    root(x).backward()

    assert x.grad == math.inf


def test_none_means_that_no_derivative_flows():
    @operation("scaled", partials=lambda x, scale, out: (scale, None))
    def scaled(x, scale):
        return x * scale

    x, scale = Value(2.0), Value(3.0)
    scaled(x, scale).backward()

    assert (x.grad, scale.grad) == (3.0, 0.0)


def test_declaring_again_in_the_same_place_replaces():
    first, second = declare_softsign(), declare_softsign()

    assert OPERATIONS["softsign"] is second is not first


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lambda x: (1.0,), ("(x, out)", "takes (x)")),
        (lambda y, out: (1.0,), ("(x, out)", "takes (y, out)")),
        (lambda out, x: (1.0,), ("(x, out)", "takes (out, x)")),
        (lambda x, y, out: (1.0,), ("takes (x, y, out)",)),
    ],
)
def test_a_rule_whose_operands_do_not_fit_is_refused(rule, words):
    with pytest.raises(DeclarationError) as raised:

        @operation("f", partials=rule)
        def misfit(x):
            return x

    assert "@operation on misfit" in str(raised.value)
    assert all(word in str(raised.value) for word in words)


def with_default(x, slope=0.1):
    return x * slope


def with_keyword(x, *, slope):
    return x * slope


def with_keywords(x, **slopes):
    return x * len(slopes)


@pytest.mark.parametrize(
    ("function", "rule", "parameter"),
    [
        (with_default, lambda x, slope, out: (slope, x), "slope=0.1"),
        (with_keyword, lambda x, slope, out: (slope, x), "slope"),
        (with_keywords, lambda x, slopes, out: (1.0, None), "**slopes"),
    ],
)
def test_an_operand_without_a_place_or_with_a_default_is_refused(function, rule, parameter):
    with pytest.raises(DeclarationError) as raised:
        operation("f", partials=rule)(function)

    assert f"@operation on {function.__name__}: operands have a place" in str(raised.value)
    assert f"it was given `{parameter}`" in str(raised.value)
    assert function.__name__ not in OPERATIONS


@pytest.mark.parametrize("slopes", [(1.0,), (1.0, 1.0, 1.0), 1.0, [1.0, 1.0], None])
def test_a_rule_that_does_not_return_one_partial_for_each_operand_is_refused(slopes):
    @operation("f", partials=lambda x, y, out: slopes)
    def shape(x, y):
        return x + y

    with pytest.raises(DeclarationError, match=r"shape.*one entry for each of its 2 operands"):
        shape(Value(1.0), 2.0)


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(
        DeclarationError, match=r"exp.*taken by an operation of nanograd\.functions"
    ):

        @operation("exp", partials=lambda x, out: (out,))
        def exp(x):
            return math.exp(x)


def test_a_body_that_returns_no_number_is_refused():
    @operation("f", partials=lambda x, out: (1.0,))
    def forgetful(x):
        x + 1

    with pytest.raises(TypeError, match="a real number is required; it was given None"):
        forgetful(Value(1.0))


def test_a_long_sum_of_an_operation_that_only_python_knows_is_compiled():
    @operation("cubed", partials=lambda x, out: (3.0 * x * x,))
    def cubed(x):
        return float(x) ** 3

    xs = [0.5 * i for i in range(40)]

    found = jit(lambda xs: sum(cubed(x) * x for x in xs))(xs)

    assert found == pytest.approx(sum(x**4 for x in xs), rel=1e-12)
