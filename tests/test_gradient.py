"""gradient(): the pure twin of backward(), to any order."""

import math
import random

import pytest
from hypothesis import given
from programs import programs

from nanograd import StaleError, Value, exp, gradient, sin, tanh


def state(*values):
    """Return all that a pass could change in these values."""
    return [(v.data, v.grad, v.op, v.operands, v.partials, v.name) for v in values]


def test_gradient_changes_nothing():
    x, y = Value(2.0, "x"), Value(3.0)
    inner = x * y
    out = inner.exp() + x
    x.grad, inner.grad, out.grad = 1.0, 2.0, 3.0
    before = state(x, y, inner, out)
    gradient(out, [x, y, inner])

    assert state(x, y, inner, out) == before


def test_gradient_gives_new_values_in_the_order_of_the_inputs():
    x, y = Value(2.0), Value(3.0)
    found = gradient(x * y, [y, x, y])

    assert [slope.data for slope in found] == [2.0, 3.0, 2.0]
    assert all(isinstance(slope, Value) and slope is not x and slope is not y for slope in found)


def test_gradient_in_a_value_between():
    x = Value(2.0)
    inner = x * x
    out = inner**2

    assert [slope.data for slope in gradient(out, [inner, out])] == [8.0, 1.0]


def test_what_the_output_does_not_depend_on_has_the_slope_zero():
    assert gradient(Value(2.0) * 3, [Value(5.0)])[0].data == 0.0


@pytest.mark.parametrize("order", range(6))
def test_any_order_of_a_polynomial(order):
    x = value = Value(2.0)
    value = x**4
    for _ in range(order):
        (value,) = gradient(value, [x])

    assert value.data == [16.0, 32.0, 48.0, 48.0, 24.0, 0.0][order]


def test_the_third_derivative_of_a_product_is_that_of_the_closed_form():
    x = Value(0.7)
    value = tanh(x) * exp(x)
    for _ in range(3):
        (value,) = gradient(value, [x])

    t, e = math.tanh(0.7), math.exp(0.7)
    s = 1 - t * t
    slopes = (s, -2 * t * s, -2 * s * s + 4 * t * t * s)
    assert value.data == pytest.approx(
        e * (t + 3 * slopes[0] + 3 * slopes[1] + slopes[2]), rel=1e-14
    )


def test_perturbation_confusion():
    # d/dx (x · d/dy (x + y)) is 1; an engine that mixes up the two differentiations says 2.
    x, y = Value(1.0), Value(1.0)
    (inner,) = gradient(x + y, [y])

    assert gradient(x * inner, [x])[0].data == 1.0


def test_the_slope_of_a_slope_in_another_variable():
    x, y = Value(0.5), Value(2.0)
    out = sin(x * y)
    (by_x,) = gradient(out, [x])

    assert gradient(by_x, [y])[0].data == pytest.approx(math.cos(1) - math.sin(1), rel=1e-14)


def test_backward_goes_through_a_gradient():
    x = Value(3.0)
    (slope,) = gradient(x**3, [x])
    slope.backward()

    assert x.grad == 18.0


def test_data_changed_since_the_forward_pass_is_an_error_and_not_a_wrong_number():
    x, y = Value(2.0, "x"), Value(3.0)
    out = x * y
    y.data = 5.0
    with pytest.raises(StaleError, match=r"x \* y.*'x'.*was 3\.0.*now it is 5\.0"):
        gradient(out, [x])


@pytest.mark.parametrize("n", [2**53 + 1, -(2**53) - 1, 2**53 + 3])
def test_an_exponent_that_no_float_holds_is_no_change_of_data(n):
    x = Value(1.0 + 2.0**-52)
    out = x**n
    out.backward()

    assert gradient(out, [x])[0].data == x.grad


X, Y = Value(2.0, "x"), Value(3.0, "y")


@pytest.mark.parametrize(
    ("output", "inputs", "words"),
    [
        (X * Y, [2.0], r"inputs\[0\] must be a Value; it was given 2\.0, of type float"),
        (X * Y, [X, "y"], r"inputs\[1\] must be a Value; it was given 'y', of type str"),
        (X * Y, "x", r"inputs\[0\] must be a Value; it was given 'x'"),
        (X * Y, {"x": X}, "inputs must be a list of Values, .*of type dict"),
        (X * Y, {X: X}, "inputs must be a list of Values, .*of type dict"),
        (X * Y, X, r"inputs must be a list of Values, as in gradient\(output, \[x, y\]\)"),
        (X * Y, None, "inputs must be a list of Values"),
        (3.0, [X], r"output must be one Value; it was given 3\.0, of type float"),
        ([X * Y], [X], "output must be one Value; .*of type list"),
    ],
)
def test_what_is_no_value_has_no_gradient(output, inputs, words):
    with pytest.raises(TypeError, match=f"gradient: {words}"):
        gradient(output, inputs)


def test_inputs_may_come_in_anything_that_has_an_order():
    out = X * Y

    for inputs in ((X, Y), iter([X, Y]), {X: 0, Y: 0}.keys()):
        assert [slope.data for slope in gradient(out, inputs)] == [3.0, 2.0]


def test_data_changed_where_it_does_not_matter_is_no_error():
    x = Value(2.0)
    out = x * 3 + 1
    x.data = 5.0

    assert gradient(out, [x])[0].data == 3.0


@given(programs())
def test_backward_and_gradient_agree_to_the_bit(program):
    output, inputs = program
    found = gradient(output, inputs)
    output.backward()

    for x, slope in zip(inputs, found, strict=True):
        assert slope.data == pytest.approx(x.grad, rel=1e-12, abs=1e-300, nan_ok=True)


@given(programs())
def test_hessians_are_symmetric(program):
    output, inputs = program
    slopes = gradient(output, inputs)
    hessian = [gradient(slope, inputs) for slope in slopes]
    size = max(abs(h.data) for row in hessian for h in row)

    for i, row in enumerate(hessian):
        for j, entry in enumerate(row):
            close = pytest.approx(hessian[j][i].data, rel=1e-9, abs=1e-9 * size, nan_ok=True)
            assert entry.data == close


def test_a_random_expression_agrees_with_sympy():
    sympy = pytest.importorskip("sympy", reason="not tested: derivatives against sympy's")
    rng = random.Random(3)
    names = ["x", "y"]
    for _ in range(25):
        text = "x*y"
        for _ in range(5):
            form = rng.choice(
                ["sin({})*y", "exp(-({})**2)", "({})/(2+x**2)", "tanh({})+x*y", "({})**3"]
            )
            text = form.format(text)
        at = {name: rng.uniform(0.3, 1.2) for name in names}
        inputs = [Value(at[name]) for name in names]
        scope = {"sin": sin, "exp": exp, "tanh": tanh, **dict(zip(names, inputs, strict=True))}
        out = eval(text, scope)  # noqa: S307 - a text of our own making
        for name, x, slope in zip(names, inputs, gradient(out, inputs), strict=True):
            wanted = float(sympy.diff(sympy.sympify(text), name).evalf(30, subs=at))
            assert slope.data == pytest.approx(wanted, rel=1e-9, abs=1e-12), (text, name, x)
