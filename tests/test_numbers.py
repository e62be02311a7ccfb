"""What a Value takes, how it behaves as a number, and how it goes along with numpy."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import nanograd
from nanograd import DomainError, Value
from nanograd.labels import NAMES

TAKEN = [
    (2, 2.0),
    (2.5, 2.5),
    (True, 1.0),
    (Fraction(1, 4), 0.25),
    (Decimal("0.125"), 0.125),
    (np.float64(2.5), 2.5),
    (np.float32(0.5), 0.5),
    (np.float16(0.5), 0.5),
    (np.int64(-3), -3.0),
    (np.uint8(200), 200.0),
    (np.bool_(True), 1.0),
    (math.inf, math.inf),
    (Decimal("Infinity"), math.inf),
]
REFUSED = [
    "2",
    b"2",
    None,
    2j,
    np.complex128(2),
    [2.0],
    (2.0,),
    np.array([2.0]),
    np.array([1.0, 2.0]),
    np.array(1.0),
    np.array(True),
    np.str_("2"),
    np.timedelta64(2, "s"),
    np.timedelta64(2, "ns"),
    Value(2.0),
    object(),
    float,
]


@pytest.mark.parametrize(("given", "stored"), TAKEN)
def test_a_value_takes_real_numbers_and_stores_a_float(given, stored):
    value = Value(given)

    assert value.data == stored
    assert type(value.data) is float


@pytest.mark.parametrize("given", REFUSED, ids=repr)
def test_anything_else_is_a_type_error_that_shows_it(given):
    with pytest.raises(TypeError, match=f"a real number is required.*{type(given).__name__}"):
        Value(given)


@pytest.mark.parametrize("huge", [10**400, -(10**400), Fraction(10**400, 3), Decimal("1e999")])
def test_a_number_beyond_the_floats_is_an_error_and_not_infinity(huge):
    with pytest.raises(DomainError, match="too large"):
        Value(huge)
    with pytest.raises(DomainError, match="too large"):
        Value(1.0) + huge


@pytest.mark.parametrize(("given", "stored"), TAKEN)
def test_plain_operands_of_every_kind_work_on_either_side(given, stored):
    x = Value(3.0)
    outs = [x + given, given + x, x * given, given * x, x - given, given - x]
    wanted = [3 + stored, stored + 3, 3 * stored, stored * 3, 3 - stored, stored - 3]

    assert [out.data for out in outs] == wanted
    assert {type(out.data) for out in outs} == {float}


@pytest.mark.parametrize("name", ["name", "", "σ"])
def test_a_name_is_second_or_by_keyword_and_can_be_changed(name):
    value = Value(1.0, name)
    other = Value(1.0, name=name) * 2
    other.name = "z"

    assert (value.name, other.name) == (name, "z")


@pytest.mark.parametrize("name", [5, 0, None, [], False, b""], ids=repr)
def test_a_name_that_is_no_text_is_refused(name):
    with pytest.raises(TypeError, match="a name must be a text"):
        Value(1.0, name)


# -- data that the user changed --------------------------------------------------------------

AS_FLOATS = [np.uint8(200), np.int8(-100), np.float16(1.1), np.float32(1.1), np.int64(3), 3, True]
NOT_NUMBERS = [Value(3.0, "w"), 1j, "2", None, np.array([1.0, 2.0]), np.array(1.0)]
USES = {
    "x + 2": lambda x: x + 2,
    "2 - x": lambda x: 2 - x,
    "x * x": lambda x: x * x,
    "1 / x": lambda x: 1 / x,
    "x ** 2": lambda x: x**2,
    "x ** 3.0": lambda x: x**3.0,
    "x ** y": lambda x: abs(x) ** Value(1.5),
    "y ** x": lambda x: Value(1.01) ** x,
    "-x": lambda x: -x,
    "abs": abs,
    "sin": lambda x: x.sin(),
    "sigmoid": lambda x: x.sigmoid(),
    "relu": lambda x: x.relu(),
    "sum": lambda x: nanograd.sum([x, 2.0]),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("given", AS_FLOATS, ids=repr)
def test_data_of_another_type_is_the_float_that_it_equals(given, use):
    x, wanted = Value(1.0), Value(given)
    x.data = given
    out, right = use(x), use(wanted)
    out.backward()
    right.backward()

    assert (out.data, out.partials, x.grad) == (right.data, right.partials, wanted.grad)
    assert {type(number) for number in (out.data, *out.partials) if number is not None} == {float}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("given", NOT_NUMBERS, ids=repr)
def test_data_that_is_no_number_is_a_type_error_where_it_is_used(given, use):
    x = Value(1.0)
    x.data = given
    with pytest.raises(TypeError, match="a real number is required; it was given"):
        use(x)


# -- operators -------------------------------------------------------------------------------

OPERATORS = ["add", "sub", "mul", "truediv", "pow"]


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("foreign", ["a", None, [1.0], 1j, object()], ids=repr)
def test_an_operator_leaves_unknown_types_to_the_other_side(operator, foreign):
    x = Value(2.0)

    assert getattr(x, f"__{operator}__")(foreign) is NotImplemented
    assert getattr(x, f"__r{operator}__")(foreign) is NotImplemented


def test_a_foreign_type_may_take_a_value():
    class Money:
        def __radd__(self, other):
            return ("money", other)

        def __rmul__(self, other):
            return ("money", other)

    x = Value(2.0)
    assert x + Money() == ("money", x)
    assert x * Money() == ("money", x)


def test_unknown_types_end_in_pythons_own_type_error():
    with pytest.raises(TypeError, match=r"unsupported operand type\(s\) for \+: 'Value' and 'str'"):
        Value(2.0) + "a"


def test_a_function_names_itself_when_it_refuses_an_operand():
    with pytest.raises(TypeError, match=r"hypot\(x, y\): a real number is required.*'a'"):
        nanograd.hypot(Value(2.0), "a")


@pytest.mark.parametrize("call", [lambda v: v.exp(1), lambda _: nanograd.exp()])
def test_a_wrong_count_of_operands_names_the_function(call):
    with pytest.raises(TypeError, match=r"exp\(\)"):
        call(Value(1.0))


def test_operators_of_python_on_a_value():
    x = Value(2.0)

    assert [(-x).data, (+x).data, abs(-x).data, (2**x).data, (x**2).data] == [-2, 2, 2, 4, 4]
    assert sum([x, x, x]).data == 6.0
    assert math.prod([x, x, x]).data == 8.0
    assert (math.floor(x), math.ceil(x)) == (x.floor(), x.ceil())


# -- comparisons, truth, text ----------------------------------------------------------------


def test_comparisons_are_by_number():
    x, y = Value(2.0), Value(3.0)

    assert x < y
    assert x <= 2
    assert x > 1.5
    assert x >= Fraction(2)
    assert x == 2
    assert x == Value(2.0)
    assert x != y
    assert x == 2
    assert x < 3
    assert max(x, y) is y
    assert sorted([y, x]) == [x, y]


@pytest.mark.parametrize("other", ["a", None, [2.0], 2j, object()], ids=repr)
def test_a_value_equals_nothing_that_is_no_number(other):
    assert (Value(2.0) == other) is False
    assert (Value(2.0) != other) is True


def test_ordering_against_what_is_no_number_is_an_error():
    with pytest.raises(TypeError, match="not supported"):
        Value(2.0) < "a"  # noqa: B015 - it raises


def test_nan_is_equal_to_nothing():
    nan = Value(math.nan)

    assert nan != nan
    assert not nan < 1
    assert not nan > 1


def test_the_hash_is_identity():
    x, y = Value(2.0), Value(2.0)

    assert len({x, y}) == 2
    assert {x: "x", y: "y"}[x] == "x"


def test_truth_is_being_other_than_zero():
    assert [bool(Value(v)) for v in (0.0, -0.0, 0.1, math.nan)] == [False, False, True, True]


@pytest.mark.parametrize("cut", [float, int, complex, math.exp, math.sqrt, math.log])
def test_what_would_cut_the_graph_says_what_to_do(cut):
    with pytest.raises(TypeError, match=r"\.data.*nanograd\.exp"):
        cut(Value(2.0, "x"))


@pytest.mark.parametrize(
    ("spec", "text"), [(".3f", "2.500"), ("8.1f", "     2.5"), ("e", "2.500000e+00"), ("g", "2.5")]
)
def test_a_format_is_that_of_the_number(spec, text):
    assert f"{Value(2.5):{spec}}" == text


def test_repr_tells_what_a_value_is():
    x = Value(2.0, "x")

    assert repr(x) == "Value(2.0, name='x', grad=0.0)"
    assert repr(x * 3) == "Value(6.0, op='*', grad=0.0)"
    assert f"{x}" == str(x) == repr(x)


def test_repr_is_one_bounded_line_whatever_hangs_on_it():
    value = Value(1.0, "n" * 10**6 + "\n")
    for _ in range(10**5):
        value = value + 1
    value.name = "n" * 10**6 + "\n"

    assert len(repr(value)) < 200
    assert "\n" not in repr(value)


# -- numpy -----------------------------------------------------------------------------------


def test_numpy_scalars_and_object_arrays_just_work():
    v, w = Value(2.0), Value(3.0)
    pair = np.array([v, w])

    assert (np.float64(3) * v).data == 6.0
    assert (v * np.float64(3)).data == 6.0
    assert [x.data for x in np.array([1.0, 2.0]) * v] == [2.0, 4.0]
    assert [x.data for x in v * np.array([1.0, 2.0])] == [2.0, 4.0]
    assert [x.data for x in np.array([[1.0, 2.0], [3.0, 4.0]]) @ pair] == [8.0, 18.0]
    assert np.sum(pair).data == 5.0
    assert np.mean(pair).data == 2.5
    assert np.dot(pair, np.array([1.0, 2.0])).data == 8.0


OF_NUMPY = (
    "exp expm1 log log2 log10 log1p sqrt cbrt sin cos tan arcsin arccos arctan sinh cosh tanh"
    " arcsinh arctanh floor ceil absolute"
)


@pytest.mark.parametrize("name", OF_NUMPY.split())
def test_numpys_functions_call_the_methods(name):
    x = Value(0.3)
    (out,) = getattr(np, name)(np.array([x]))

    assert out.data == pytest.approx(getattr(np, name)(0.3))
    assert out.parents == (x,)


@pytest.mark.parametrize("name", ["arctan2", "hypot"])
def test_numpys_functions_of_two_call_the_methods(name):
    (out,) = getattr(np, name)(np.array([Value(0.3)]), np.array([Value(2.0)]))

    assert out.data == pytest.approx(getattr(np, name)(0.3, 2.0))


def test_numpy_comparisons_give_plain_truth():
    x = Value(2.0)

    assert (x < np.float64(3)) is True
    assert bool(np.float64(3) > x)
    assert np.maximum(x, Value(3.0)).data == 3.0


def test_a_value_that_is_not_a_number_keeps_its_name():
    x = Value(math.nan, "x")
    y = Value(math.nan, "y")

    assert (x.name, y.name) == ("x", "y")


def test_names_go_when_their_values_go():
    before = len(NAMES.entries)
    values = [Value(1.0, "same") for _ in range(100)]
    between = len(NAMES.entries)
    del values

    assert (between - before, len(NAMES.entries) - before) == (100, 0)
