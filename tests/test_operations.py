"""One loop over all declared operations: values, slopes of first and second order, extremes."""

import math

import pytest
from samples import BUILT_IN, ORACLES, SAMPLES, exact, exact_slope

import nanograd
from nanograd import OPERATIONS, Value, functions, gradient, reductions

#: How far a result may be from the exact one, in units in the last place.
VALUE_ULPS = 4
#: Where the condition of the function itself multiplies the rounding of its operand.
LOOSER_ULPS = {
    "digamma": 60,
    "gelu": 40,
    "lgamma": 60,
    "polygamma": 40,
    "pow": 8,
    "power": 8,
    "logsumexp": 8,
}
#: Relative error of a slope: a few roundings of the rule.
SLOPE = 1e-13
#: Relative error of a second slope, and the size below which a difference is rounding.
CURVATURE, NOTHING = 1e-11, 1e-13
#: 1 − tanh² is rounded where tanh is near 1, as in PyTorch: absolute, not relative accuracy.
ABSOLUTE = {"tanh"}

ALIASES = {
    "ln": "log",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
}
CASES = [(name, operands) for name in BUILT_IN for operands in SAMPLES.get(name, ())]
EXTREMES = (0.0, -0.0, 1e-300, -1e-300, 709.0, -709.0, 750.0, -750.0, 1e3, -1e3, 1e300, -1e300)
ONE_OPERAND = [name for name in BUILT_IN if len(SAMPLES[name][0]) == 1]


def ulps(found, wanted):
    """Return the distance in units in the last place of what is wanted."""
    return abs(found - wanted) / math.ulp(wanted) if math.isfinite(found) else math.inf


def recorded(name, operands):
    """Return the operation's Value on these operands, and its operands as Values."""
    plain = {("power", 1), ("polygamma", 0), ("where", 0), ("take", 0)}
    inputs = [x if (name, i) in plain else Value(x) for i, x in enumerate(operands)]
    return OPERATIONS[name](*inputs), inputs


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_operation_has_samples_and_an_oracle(name):
    assert name in SAMPLES
    assert name in ORACLES


@pytest.mark.parametrize(("name", "operands"), CASES)
def test_the_value_is_that_of_mpmath(name, operands):
    out, _ = recorded(name, operands)
    wanted = exact(name, operands)

    error = ulps(out.data, wanted)
    assert error <= LOOSER_ULPS.get(name, VALUE_ULPS), f"{out.data!r}, not {wanted!r}: {error} ulps"


@pytest.mark.parametrize(("name", "operands"), CASES)
def test_the_slopes_are_those_of_mpmath(name, operands):
    out, inputs = recorded(name, operands)
    out.backward()

    for i, x in enumerate(inputs):
        if isinstance(x, Value):
            wanted = float(exact_slope(name, operands, i))
            close = pytest.approx(wanted, rel=SLOPE, abs=1e-15 if name in ABSOLUTE else 1e-300)
            assert x.grad == close, f"operand {i}: {x.grad!r}, not {wanted!r}"


@pytest.mark.parametrize(("name", "operands"), CASES)
def test_gradient_finds_the_slopes_of_backward(name, operands):
    out, inputs = recorded(name, operands)
    values = [x for x in inputs if isinstance(x, Value)]
    out.backward()

    assert [slope.data for slope in gradient(out, values)] == [x.grad for x in values]


@pytest.mark.parametrize(("name", "operands"), CASES)
def test_the_second_slopes_are_those_of_mpmath(name, operands):
    out, inputs = recorded(name, operands)
    for i, x in enumerate(inputs[:2]):
        for j, y in enumerate(inputs[:2]):
            if isinstance(x, Value) and isinstance(y, Value):
                found = gradient(gradient(out, [x])[0], [y])[0].data
                wanted = float(exact_slope(name, operands, i, j))
                close = pytest.approx(wanted, rel=CURVATURE, abs=NOTHING)
                assert found == close, f"operands {i}, {j}: {found!r}, not {wanted!r}"


@pytest.mark.parametrize("name", ONE_OPERAND)
@pytest.mark.parametrize("x", EXTREMES)
def test_at_extremes_there_is_a_finite_value_or_a_domain_error(name, x):
    try:
        out = OPERATIONS[name](Value(x))
    except nanograd.DomainError as error:
        assert name in str(error)  # noqa: PT017 - the other way to end is fine, too
    else:
        assert math.isfinite(out.data)
        assert all(p is not None and not math.isnan(p) for p in out.partials)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "log_sigmoid", "erf", "silu"])
@pytest.mark.parametrize("x", EXTREMES)
def test_the_functions_of_learning_never_overflow(name, x):
    value = Value(x)
    out = OPERATIONS[name](value)
    out.backward()

    assert math.isfinite(out.data)
    assert math.isfinite(value.grad)


@pytest.mark.parametrize("name", ONE_OPERAND)
@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_inf_and_nan_that_the_user_put_in_flow_on(name, x):
    out = OPERATIONS[name](Value(x))

    assert isinstance(out.data, float)
    assert not math.isnan(x) or math.isnan(out.data)


@pytest.mark.parametrize("name", sorted(functions.METHODS))
def test_every_function_is_a_method_and_takes_plain_numbers(name):
    operands = SAMPLES[ALIASES.get(name, name)][0]
    first, *others = operands
    function = getattr(nanograd, name)

    by_method = getattr(Value(first), name)(*others)
    assert by_method.data == function(Value(first), *others).data == function(*operands)


def test_all_that_is_public_is_there():
    for name in (*functions.__all__, *reductions.__all__):
        assert callable(getattr(nanograd, name)), name
