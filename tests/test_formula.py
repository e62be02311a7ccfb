"""A formula computes what Python would, and anything else is refused in one line, at once."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nanograd
from nanograd import DataError, DomainError, Value
from nanograd.formula import FUNCTIONS, LONGEST, MOST_PARENTHESES, listed, parse, pointed

AT_ONCE_S = 0.5  # hundreds of times what it takes; what explodes takes longer

# -- what it computes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", 2.0),
        ("2.", 2.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1E-3", 0.001),
        ("1/3", 1 / 3),
        ("-2**2", -4.0),
        ("2**-1", 0.5),
        ("2**3**2", 512.0),
        ("+-+2", -2.0),
        ("1 - 2 - 3", -4.0),
        ("8 / 4 / 2", 1.0),
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("sin(pi / 2)", 1.0),
        ("ln(e)", 1.0),
        ("maximum(1, 2)", 2.0),
        ("minimum(1, 2)", 1.0),
        ("clip(5, 0, 1)", 1.0),
        ("clip(-5, 0)", 0.0),
        ("leaky_relu(-2)", -0.02),
        ("leaky_relu(-2, 0.5)", -1.0),
        ("sum(1, 2, 3)", 6.0),
        ("mean(1, 2, 6)", 3.0),
        ("where(1 < 2, 10, 20)", 10.0),
        ("where(1 > 2, 10, 20)", 20.0),
        ("where(0 < 1 <= 1 == 1 != 2 >= 1, 10, 20)", 10.0),
        ("where(0 < 1 < 1, 10, 20)", 20.0),
        ("where(0, 10, 20)", 20.0),
        ("where(where(1 < 2, 0, 1) == 0, 10, 20)", 10.0),
        (" 1\n+\t2 ", 3.0),
    ],
)
def test_plain_numbers_give_a_number(text, number):
    assert parse(text)() == number


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_can_be_called(name):
    for operands in ("(x)", "(x, y)", "(x, y, 3)"):
        try:
            formula = parse(name + operands)
        except DataError:
            continue
        values = {"x": Value(1.5), "y": Value(1.25)}
        try:
            result = formula(**{known: values[known] for known in formula.names})
        except DomainError:
            result = formula(**dict.fromkeys(formula.names, 0.5))
        assert isinstance(result, float | Value)
        return
    pytest.fail(f"{name} takes neither one, two nor three operands")


def test_values_give_a_graph():
    x, y = Value(2.0, "x"), Value(3.0, "y")

    z = parse("(x*y + 3)**2")(x=x, y=y)
    z.backward()

    assert (z.data, x.grad, y.grad) == (81.0, 54.0, 36.0)
    assert z.op is nanograd.OPERATIONS["power"]


def test_an_exponent_with_a_variable_is_differentiated():
    x = Value(3.0, "x")

    parse("2**x")(x=x).backward()

    assert x.grad == 8.0 * math.log(2.0)


def test_names_stand_in_the_order_in_which_they_appear():
    assert parse("b * sin(a) + b - pi").names == ("b", "a", "pi")


def test_a_constant_can_be_a_variable():
    assert parse("e + pi")(e=1, pi=2) == 3.0


@pytest.mark.parametrize("name", ["self", "text", "Δ", "x1", "_", "values", "match"])
def test_a_variable_can_have_any_name(name):
    assert parse(f"{name} * 2")(**{name: 2}) == 4.0


numbers = st.floats(0.0, 9.0).map(lambda x: f"{x:.3f}")
operations = {
    "({} + {})": 2,
    "({} - {})": 2,
    "{} * {}": 2,
    "({}) / ({})": 2,
    "-{}": 1,
    "({})**2": 1,
    "tanh({})": 1,
    "sigmoid({})": 1,
    "sqrt({})": 1,
    "maximum({}, {})": 2,
    "where({} < {}, {}, {})": 4,
}


def one_larger(smaller):
    return st.sampled_from(list(operations)).flatmap(
        lambda form: st.tuples(*[smaller] * operations[form]).map(lambda xs: form.format(*xs))
    )


@given(st.recursive(st.sampled_from(["x", "y"]) | numbers, one_larger, max_leaves=15))
def test_it_computes_what_python_does(text):
    formula = parse(text)
    ours = {"x": Value(0.5), "y": Value(2.0)}
    theirs = {"x": Value(0.5), "y": Value(2.0)}
    try:
        expected = eval(text, vars(nanograd) | theirs)  # noqa: S307 - a test may
    except (DomainError, ZeroDivisionError):
        with pytest.raises(DomainError):
            formula(**{name: ours[name] for name in formula.names})
        return

    result = formula(**{name: ours[name] for name in formula.names})

    assert isinstance(result, Value) == isinstance(expected, Value)
    if isinstance(result, Value):
        result.backward()
        expected.backward()
        result, expected = result.data, expected.data
    assert result == expected
    assert [repr(x.grad) for x in ours.values()] == [repr(x.grad) for x in theirs.values()]


# -- what it refuses -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "trouble", "place"),
    [
        ("", "the formula is empty", ""),
        ("  \n ", "the formula is empty", ""),
        ("x.real", ". is not known here", "x».«real"),
        ("x[0]", "[ is not known here; parentheses are round", "x»[«0]"),
        ("x.__class__", ". is not known here", "x».«__class__"),
        ("__import__('os')", "' is not known here", "__import__(»'«os')"),
        ("foo(x) + 1", "there is no function foo", "»foo(x)« + 1"),
        ("max(x, y)", "perhaps maximum is meant", "»max(x, y)«"),
        ("min(x, y)", "perhaps minimum is meant", "»min(x, y)«"),
        ("x(y + 1)", "a product is written *", "»x(y + 1)«"),
        ("2(x)", "a product is written *", "»2«(x)"),
        ("sin(x=1)", "= is not known here", "sin(x»=«1)"),
        ("sin(*x)", "this has no place in a formula", "sin(»*x«)"),
        ("sin(**x)", "this has no place in a formula", "»sin(**x)«"),
        ("sin(x, y)", "sin takes (x)", "»sin(x, y)«"),
        ("1 + sin()", "sin takes (x)", "1 + »sin()«"),
        ("mean()", "mean takes (xs)", "»mean()«"),
        ("clip(1, 2, 3, 4)", "clip takes (x, low, high)", "»clip(1, 2, 3, 4)«"),
        ("1 + sin", "sin is a function", "1 + »sin«"),
        ("softmax(x)", "there is no function softmax", "»softmax(x)«"),
        ("eval(x)", "there is no function eval", "»eval(x)«"),
        ("'text'", "' is not known here", "»'«text'"),
        ('"text"', '" is not known here', '»"«text"'),
        ("f'{x}'", "' is not known here", "f»'«{x}'"),
        ("lambda: x", "lambda is a word of Python", "»lambda«: x"),
        ("[x for x in y]", "[ is not known here", "»[«x for x in y]"),
        ("{x}", "{ is not known here", "»{«x}"),
        ("(x := 2)", ": is not known here", "(x »:«= 2)"),
        ("x if y else z", "if is a word of Python", "x »if« y else z"),
        ("x and y", "and is a word of Python", "x »and« y"),
        ("True", "True is a word of Python", "»True«"),
        ("await x", "await is a word of Python", "»await« x"),
        ("2j", "after a number there must be a sign, as in 2*x", "»2«j"),
        ("2x", "after a number there must be a sign, as in 2*x", "»2«x"),
        ("0x10", "after a number there must be a sign", "»0«x10"),
        ("1_000", "after a number there must be a sign", "»1«_000"),
        ("1e999", "this number is too large", "»1e999«"),
        ("1 + " + "9" * 400, "this number is too large", "1 + »" + "9" * 30 + "…«"),
        ("x^2", "^ is not known here; a power is written **", "x»^«2"),
        ("x²", "x² is not a name; a power is written **", "»x²«"),
        ("2·x", "· is not known here; a product is written *", "2»·«x"),
        ("2 × x", "× is not known here; a product is written *", "2 »×« x"),
        ("x − 1", "the minus sign is the one of the keyboard", "x »−« 1"),
        ("y = x", "variables get their values after the formula", "y »=« x"),
        ("x // y", "this has no place in a formula", "»x // y«"),
        ("x % y", "% is not known here", "x »%« y"),
        ("x, y", "this has no place in a formula", "»x, y«"),
        ("()", "this has no place in a formula", "»()«"),
        ("(x,)", "this has no place in a formula", "»(x,)«"),
        ("x < y", "a comparison can only be the condition of where(…)", "»x < y«"),
        ("where(x, y < 1, 2)", "a comparison can only be", "where(x, »y < 1«, 2)"),
        ("sin(x < y)", "a comparison can only be", "sin(»x < y«)"),
        ("x y", "a sign is missing here, or one is too many", "x »y«"),
        ("x + * y", "a sign is missing here, or one is too many", "x + »*« y"),
        ("* x", "a sign is missing here, or one is too many", "»*« x"),
        ("Δ Δ", "a sign is missing here, or one is too many", "Δ »Δ«"),
        ("007", "a whole number has no zeros in front; write 7", "»007«"),
        ("x + 0099", "a whole number has no zeros in front; write 99", "x + »0099«"),
        ("x +", "something is missing after this", "x »+«"),
        ("-", "something is missing after this", "»-«"),
        ("sin(x", "this parenthesis is never closed", "sin»(«x"),
        ("x)", "this parenthesis was never opened", "x»)«"),
        (")(", "this parenthesis was never opened", "»)«("),
        ("x\0y", r"'\x00' is not known here", "x»\0«y"),
        ("\x1b[31mx", r"'\x1b' is not known here", "»\x1b«[31mx"),
        ("x\ud800", r"'\ud800' is not known here", "x»\ud800«"),
        ("x # y", "# is not known here", "x »#« y"),
        ("x; y", "; is not known here", "x»;« y"),
        ("@x", "@ is not known here", "»@«x"),
        ("...", ". is not known here", "».«.."),
    ],
)
def test_what_is_no_formula_is_refused_with_its_place(text, trouble, place):
    with pytest.raises(DataError) as caught:
        parse(text)

    message = str(caught.value)
    assert trouble in message
    assert place in message
    assert message.endswith(
        "A formula has numbers, names, + - * / **, parentheses and functions such as sin(x)"
    )
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1 + log(-1)", "1 + »log(-1)«"),
        ("1 / 0", "»1 / 0«"),
        ("9**9**9", "»9**9**9«"),
        ("9**9**9**9**9", "»9**9**9«"[1:-1]),
        ("10**400", "»10**400«"),
        ("(-8)**0.5", "»(-8)**0.5«"),
        ("x + exp(1000 + x)", "x + »exp(1000 + x)«"),
        ("Δ + log(0 - x)", "Δ + »log(0 - x)«"),
    ],
)
def test_what_is_outside_its_domain_is_told_with_its_place(text, place):
    formula = parse(text)

    with pytest.raises(DomainError) as caught:
        formula(**{name: Value(1.0) for name in formula.names})

    assert place in str(caught.value)


def test_a_variable_without_a_value_is_named():
    with pytest.raises(DataError, match="y has no value; give one, as in y=2"):
        parse("x*y")(x=1)
    with pytest.raises(DataError, match="x and y have no values; give one, as in x=2 y=3"):
        parse("x*y")()


def test_a_value_without_use_is_named():
    with pytest.raises(DataError, match="y does not occur in the formula x"):
        parse("x")(x=1, y=2)
    with pytest.raises(DataError, match="y and z do not occur in the formula x"):
        parse("x")(x=1, y=2, z=3)


HUGE = {
    "long": "x" * 10_000_000,
    "long and blank": " " * 10_000_000,
    "a deep nest": "(" * 10_000,
    "a closed nest": "(" * 10_000 + "x" + ")" * 10_000,
    "a nest of calls": "sin(" * 200 + "x" + ")" * 200,
    "an open nest": "(" * LONGEST,
    "a nest of tuples": "(x," * 50 + ")" * 50,
    "a nest of commas": "(x y," * 50 + ")" * 50,
    "a nest of keywords": "f(**" * 50 + "x" + ")" * 50,
    "a row of minus signs": "-" * (LONGEST - 1) + "x",
    "a row of minus signs and nothing": "-" * LONGEST,
    "a tower of powers": "x**" * 333 + "x",
    "a tower of numbers": "9**" * 333 + "9",
    "a long sum": "x+" * 499 + "x",
    "a chain of comparisons": "x<" * 499 + "x",
    "a nest of conditions": "where(" * 49 + "x<1,2,3" + ")<1,2,3" * 48 + ")",
    "many digits": "9" * LONGEST,
    "a long name": "x" * LONGEST,
}


def trouble_with(text):
    """Return what is said about a text when it is read and computed; nothing if all is well."""
    try:
        formula = parse(text)
        formula(**{name: Value(1.5) for name in formula.names})
    except (DataError, DomainError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_what_is_huge_takes_no_time(text):
    begin = time.perf_counter()

    trouble = trouble_with(text)

    assert time.perf_counter() - begin < AT_ONCE_S
    assert len(trouble) < 600


def test_the_limits_are_what_they_say():
    parse("x" + " + x" * ((LONGEST - 1) // 4))
    parse("(" * MOST_PARENTHESES + "x" + ")" * MOST_PARENTHESES)

    with pytest.raises(DataError, match="at most 1000 characters"):
        parse("x" * (LONGEST + 1))
    with pytest.raises(DataError, match="at most 50 parentheses"):
        parse("(" * (MOST_PARENTHESES + 1) + "x" + ")" * (MOST_PARENTHESES + 1))


signs = st.sampled_from(list("xy12()+-*/,<=.'[é² \n"))
words = st.sampled_from(["**", "==", "sin(", "f(", "where(", "lambda", "if", "1e9", "2.5", "pi"])


@given(st.text() | st.lists(signs | words, max_size=60).map("".join))
def test_any_text_is_a_formula_or_refused_in_one_line(text):
    assert "\n" not in trouble_with(text)


# -- how it is told --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "shown"),
    [
        ("x + y", (4, 5), "x + »y«"),
        ("x + y", (0, 1), "»x« + y"),
        ("x" * 100 + "!" + "y" * 100, (100, 101), f"…{'x' * 30}»!«{'y' * 30}…"),
        ("x" * 100, (0, 100), f"»{'x' * 30}…«"),
    ],
)
def test_a_place_is_shown_with_its_surroundings(text, place, shown):
    assert pointed(text, place) == shown


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["x"], "x"),
        (["x", "y"], "x and y"),
        (["x", "y", "z"], "x, y and z"),
        (list("abcdefgh"), "a, b, c, d and 4 more"),
        (["x" * 100], "x" * 30 + "…"),
    ],
)
def test_names_are_listed(names, words):
    assert listed(names) == words
