"""check_grad: wrong rules are found and named, right ones pass, and what cannot be told is told."""

import math

import pytest
from samples import BUILT_IN, SAMPLES

from nanograd import OPERATIONS, Value, clip, exp, log, relu, sin, sqrt, where
from nanograd.calculus.checking import check_grad
from nanograd.calculus.numeric import has_kink, numeric_slope
from nanograd.errors import GradientError

# -- numeric slopes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "slope", "points"),
    [
        (math.exp, math.exp, [-20.0, 0.0, 1.0, 50.0, 700.0]),
        (math.log, lambda x: 1 / x, [1e-8, 1e-3, 1.0, 1e10]),
        (math.sin, math.cos, [0.0, 1.0, 1e3, 1e6]),
        (math.sqrt, lambda x: 0.5 / math.sqrt(x), [1e-8, 0.3, 1e8]),
        (math.atan, lambda x: 1 / (1 + x * x), [0.0, 10.0, 1e3]),
        (lambda x: x**20, lambda x: 20 * x**19, [0.5, 2.0, 10.0]),
        (lambda x: x**-2, lambda x: -2 * x**-3, [1e-3, 1.0, 1e5]),
    ],
)
def test_numeric_slopes_have_ten_digits_and_know_their_error(f, slope, points):
    for x in points:
        found = numeric_slope(f, x)

        assert found.slope == pytest.approx(slope(x), rel=1e-9)
        assert abs(found.slope - slope(x)) <= 10 * found.error


def test_a_function_without_a_number_has_no_slope():
    assert math.isinf(numeric_slope(lambda x: math.nan, 1.0).error)
    assert math.isinf(numeric_slope(math.log, -1.0).error)


@pytest.mark.parametrize(
    ("f", "x", "kink"),
    [(abs, 0.0, True), (math.sqrt, 0.0, True), (math.floor, 2.0, True), (math.sin, 0.0, False)],
)
def test_kinks_and_borders_are_seen(f, x, kink):
    assert has_kink(f, x) is kink


# -- rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_rule_of_the_package_passes(name):
    for operands in SAMPLES[name][:6]:
        plain = {"power": [1], "polygamma": [0], "where": [0], "take": [0]}.get(name, [])
        free = [x for i, x in enumerate(operands) if i not in plain]

        def f(*xs, operands=operands, plain=plain):
            values = iter(xs)
            return OPERATIONS[name](
                *(x if i in plain else next(values) for i, x in enumerate(operands))
            )

        assert check_grad(f, *free).partials <= len(free)


def test_a_wrong_rule_is_found_and_named_with_its_line(declared):
    @declared("³", partials=lambda x, out: (2 * x**2,))
    def cubed(x):
        return x**3

    with pytest.raises(GradientError) as caught:
        check_grad(lambda x: sin(cubed(exp(x))), math.log(2.0))
    message = str(caught.value)

    assert message.startswith("cubed(x): the rule gives 8 as its slope in x, but it is 12, at x = ")
    assert "called at test_checking.py:" in message
    assert message.endswith("Mend the partials of cubed.")


def test_the_first_wrong_operation_is_named_and_not_what_follows(declared):
    @declared("f", partials=lambda x, out: (3.0,))
    def first_wrong(x):
        return 2 * x

    @declared("g", partials=lambda x, out: (5.0,))
    def second_wrong(x):
        return 2 * x

    with pytest.raises(GradientError, match=r"^first_wrong\(x\): the rule gives 3 "):
        check_grad(lambda x: second_wrong(first_wrong(x)), 1.0)


def test_swapped_partials_are_found(declared):
    @declared("f", partials=lambda x, y, out: (x, y))
    def swapped(x, y):
        return x * y

    with pytest.raises(GradientError, match="as its slope in x, but it is 3"):
        check_grad(swapped, 2.0, 3.0)


def test_a_forgotten_slope_is_found(declared):
    @declared("f", partials=lambda x, y, out: (y, None))
    def forgetful(x, y):
        return x * y

    with pytest.raises(GradientError, match="the rule gives 0 as its slope in y, but it is 2"):
        check_grad(forgetful, 2.0, 3.0)


def test_an_operand_of_many_is_named_by_its_place(declared):
    @declared("f", partials=lambda *xs, out: (1.0, 1.0, 7.0))
    def total_of(*xs):
        return math.fsum(xs)

    with pytest.raises(GradientError, match=r"its slope in xs\[2\], but it is 1"):
        check_grad(lambda *xs: total_of(*xs), 1.0, 2.0, 3.0)


def test_a_rule_that_computes_with_math_has_no_second_derivative(declared):
    @declared("f", partials=lambda x, out: (math.cos(x),))
    def sine(x):
        return math.sin(x)

    with pytest.raises(GradientError, match="cannot be run on Values"):
        check_grad(sine, 1.0)


def test_a_rule_that_differs_on_values_is_found(declared):
    @declared("f", partials=lambda x, out: (2.0 if isinstance(x, float) else 3.0 * x / x,))
    def doubled(x):
        return 2 * x

    with pytest.raises(GradientError, match="is 2 when its rule is run on numbers, and 3 on Val"):
        check_grad(doubled, 1.0)


# -- the function as a whole -----------------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: x * exp(y.data),
        lambda x, y: x * y.detach(),
        lambda x, y: x * Value(y.data),
    ],
)
def test_what_goes_around_the_graph_is_found_and_its_input_named(f):
    with pytest.raises(GradientError, match=r"in args\[1\] backward gives 0, and the numbers"):
        check_grad(f, 2.0, 0.5)


def test_nested_arguments_are_named_by_their_path():
    with pytest.raises(GradientError, match=r"in args\[0\]\['w'\]\[1\] backward"):
        check_grad(lambda p: p["w"][0] * p["w"][1].data, {"w": [2.0, 3.0]})


def test_all_results_of_a_function_are_checked(declared):
    @declared("f", partials=lambda x, out: (1.5,))
    def half_wrong(x):
        return x

    with pytest.raises(GradientError, match="half_wrong"):
        check_grad(lambda x: {"a": x * 2, "b": [x + 1, half_wrong(x)]}, 2.0)


def test_kinks_and_infinite_slopes_are_skipped_and_told():
    found = check_grad(lambda x: relu(x) + sqrt(x) + 2 * x, 0.0)

    assert found.partials == 5
    assert len(found.skipped) == 2
    assert found.skipped[0].startswith(("relu(x) has no slope in x", "sqrt(x) has no slope in x"))


def test_choices_and_bounds_away_from_their_kinks_pass():
    assert check_grad(lambda x: where(x > 1, x, x**2) + clip(x, 0, 1), 1.5).skipped == ()


def test_a_function_that_ignores_its_input_passes():
    assert check_grad(lambda x: 3.0, 2.0).partials == 0


def test_a_result_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match=r"the result of f must be a number, .* it is 'text'"):
        check_grad(lambda x: "text", 2.0)


def test_no_grad_of_a_value_outside_is_changed():
    w = Value(3.0, "w")
    check_grad(lambda x: log(x) * w, 2.0)

    assert w.grad == 0.0
