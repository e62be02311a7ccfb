"""The chain rule in words: every step is told, and its numbers are those of backward()."""

import math
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanograd import OPERATIONS, Operation, Value, gelu, maximum, relu, sqrt, where
from nanograd import sum as total
from nanograd.drawing.steps import (
    backward_lines,
    backward_steps,
    forward_lines,
    forward_steps,
    narrated,
)
from nanograd.drawing.symbols import Symbol, figure
from nanograd.formula import parse

# -- the introduction's example --------------------------------------------------------------


def example():
    z = (Value(2.0, "x") * Value(3.0, "y") + 3) ** 2
    z.name = "z"
    return z


def test_the_example_is_told_forward():
    assert forward_lines(example()) == [
        "x = 2",
        "y = 3",
        "a = x · y = 2 · 3 = 6",
        "b = a + 3 = 6 + 3 = 9",
        "z = b²    = 9²    = 81",
    ]


def test_the_example_is_told_backward():
    assert backward_lines(example()) == [
        "z: 1                ∂z/∂z = 1, the seed",
        "b: 0 + 1 × 18 = 18  ∂(b²)/∂b = 2·b = 18",
        "a: 0 + 18 × 1 = 18  ∂(a + 3)/∂a = 1",
        "x: 0 + 18 × 3 = 54  ∂(x·y)/∂x = y = 3",
        "y: 0 + 18 × 2 = 36  ∂(x·y)/∂y = x = 2",
    ]


def test_the_example_is_told_under_headings():
    lines = narrated(example())

    assert lines[0] == "Forward, from the inputs to z:"
    assert lines[1] == "  x = 2"
    assert lines[7] == "Backward, from z to the inputs (grad so far + grad passed on × slope):"
    assert len(lines) == 13


def test_on_a_narrow_terminal_each_rule_stands_below_its_step():
    lines = narrated(example(), width=40)

    assert max(map(len, lines)) <= 40
    assert lines[-2:] == ["  y: 0 + 18 × 2 = 36", "      ∂(x·y)/∂y = x = 2"]


def test_on_a_narrow_terminal_the_signs_are_not_aligned():
    assert forward_lines(example(), width=20)[-1] == "z = b² = 9² = 81"


def test_the_shares_of_a_value_used_twice_arrive_one_by_one():
    a = Value(1.0, "a")
    b = a + a
    c = b + b

    assert [f"{step} {step.rule}" for step in backward_steps(c)] == [
        "c: 1 ∂c/∂c = 1, the seed",
        "b: 0 + 1 × 1 = 1 ∂(b + b)/∂(1st b) = 1",
        "b: 1 + 1 × 1 = 2 ∂(b + b)/∂(2nd b) = 1",
        "a: 0 + 2 × 1 = 2 ∂(a + a)/∂(1st a) = 1",
        "a: 2 + 2 × 1 = 4 ∂(a + a)/∂(2nd a) = 1",
    ]


def test_a_leaf_alone_is_told():
    assert narrated(Value(5.0, "x"))[1::3] == ["  x = 5", "  x: 1  ∂x/∂x = 1, the seed"]


# -- the numbers -----------------------------------------------------------------------------


def random_program(seed):
    """Return the result of some random steps, each of which uses what there is, also twice."""
    chance = random.Random(seed)
    values = [Value(chance.uniform(0.5, 2.0)) for _ in range(3)]
    for _ in range(12):
        x, y = chance.choice(values), chance.choice(values)
        step = chance.choice(
            [
                lambda x, y: x + y,
                lambda x, y: x * y,
                lambda x, y: x - 2 * y,
                lambda x, y: x / (y * y + 1),
                lambda x, _y: x.tanh(),
                lambda x, y: where(x > y, x, y.sin()),
                maximum,
                lambda x, y: total([x, y, x]),
            ]
        )
        values.append(step(x, y))
    return values[-1]


@given(st.integers(0, 10**9))
def test_the_shares_of_a_random_program_add_up_to_its_grads(seed):
    output = random_program(seed)

    steps = backward_steps(output)

    output.zero_grad()
    output.backward()
    reached = {step.value: step.after for step in steps}  # the last share of each value stays
    assert {value: value.grad for value in reached} == reached
    for value in [step.value for step in forward_steps(output)]:
        assert value in reached or value.grad == 0.0


@given(st.integers(0, 10**9))
def test_each_share_adds_to_what_came_before(seed):
    so_far = {}

    for step in backward_steps(random_program(seed)):
        assert step.before == so_far.get(step.value, 0.0)
        assert step.origin is None or step.grad == so_far[step.origin]
        so_far[step.value] = step.after


@given(st.integers(0, 10**9))
def test_a_value_is_told_after_its_operands(seed):
    told = set()

    for step in forward_steps(random_program(seed)):
        assert told.issuperset(step.value.parents)
        told.add(step.value)


def test_telling_changes_nothing():
    z = example()
    z.backward(7.0)
    grads = {step.value: step.value.grad for step in forward_steps(z)}

    narrated(z)

    assert {value: value.grad for value in grads} == grads


def test_what_was_not_chosen_gets_no_share():
    x, y = Value(2.0, "x"), Value(3.0, "y")

    steps = backward_steps(where(x > 1, x * 2, sqrt(y)))

    assert "y" not in {step.name for step in steps}


def test_a_chain_of_ten_thousand_is_told():
    x = Value(1.0)
    for _ in range(10_000):
        x = x + 1

    assert len(forward_steps(x)) == len(backward_steps(x)) == 10_001


# -- the rules -------------------------------------------------------------------------------

IN_PYTHON = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
OF_SYMBOL = {op.symbol: op.name for op in OPERATIONS.values() if op.symbol not in "+-*/**"}


def as_formula(words):
    """Return a rule in words as a formula that can be computed."""
    words = re.sub("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda power: f"**({power[0].translate(IN_PYTHON)})", words)
    for symbol in sorted(OF_SYMBOL, key=len, reverse=True):
        words = words.replace(f"{symbol}(", f"{OF_SYMBOL[symbol]}(")
    return parse(words.replace("·", "*").replace("ln sigmoid", "log_sigmoid"))


def applied(op):
    """Return the operation at a point where it is defined."""
    count = 3 if op.parameters == ["xs"] else len(op.parameters)
    for numbers in ([0.3, 0.7, 0.9], [1.5, 1.7, 1.9]):
        operands = [Value(x, name) for x, name in zip(numbers, "pqr", strict=True)][:count]
        try:
            return op(*operands)
        except ValueError:
            continue
    raise AssertionError(op)


#: Their rules have ψ, an operand or entry of many, or a plain exponent: no formula has.
UNREADABLE = {"digamma", "dot", "lgamma", "polygamma", "power", "take"}
READABLE = [
    op.name
    for op in OPERATIONS.values()
    if op.name not in UNREADABLE and op.evaluate.__module__.startswith("nanograd.")
]


@pytest.mark.parametrize("name", READABLE)
def test_a_rule_in_words_gives_the_slope(name):
    output = applied(OPERATIONS[name])

    for step in backward_steps(output)[1:]:
        words, *number = step.rule.partition(" = ")[2].split(" = ")
        known = {"p": 0.0, "q": 0.0, "r": 0.0, output.name or "a": output.data}
        known |= {x.name: x.data for x in output.parents}
        formula = as_formula(words)
        slope = formula(**{x: known[x] for x in formula.names})
        assert math.isclose(slope, step.partial, rel_tol=1e-5)  # words have six digits
        assert number in ([], [figure(step.partial)])


@pytest.mark.parametrize(
    ("formula", "rules"),
    [
        ("x**3", ["∂(x³)/∂x = 3·x² = 12"]),
        ("x**2", ["∂(x²)/∂x = 2·x = 4"]),
        ("x**1", ["∂(x¹)/∂x = 1"]),
        ("x**0", ["∂(x⁰)/∂x = 0"]),
        ("x**-1", ["∂(x⁻¹)/∂x = -x⁻² = -0.25"]),
        ("x**0.5", ["∂(x**0.5)/∂x = 0.5·x**(-0.5) = 0.353553"]),
        ("x - y", ["∂(x - y)/∂x = 1", "∂(x - y)/∂y = -1"]),
        ("x / y", ["∂(x/y)/∂x = 1/y = 0.333333", "∂(x/y)/∂y = -f/y = -0.222222"]),
        ("x ** y", ["∂(x**y)/∂x = y·x**(y - 1) = 12", "∂(x**y)/∂y = f·ln(x) = 5.54518"]),
        ("x * x", ["∂(x·x)/∂(1st x) = x = 2", "∂(x·x)/∂(2nd x) = x = 2"]),
        ("exp(x)", ["∂exp(x)/∂x = f = 7.38906"]),
        ("sigmoid(x)", ["∂σ(x)/∂x = f·σ(-x) = 0.104994"]),
        ("tanh(x)", ["∂tanh(x)/∂x = 1 - f·f = 0.0706508"]),
        ("relu(x)", ["∂relu(x)/∂x = 1"]),
        ("relu(-2*x)", ["∂relu(a)/∂a = 0", "∂(-2·x)/∂x = -2"]),
        ("maximum(x, y)", ["∂max(x, y)/∂x = 0", "∂max(x, y)/∂y = 1"]),
        ("maximum(x, 2)", ["∂max(x, 2)/∂x = 0.5"]),
        ("where(x < y, x, y)", ["∂where(True, x, y)/∂x = 1"]),
        ("sum(x, y)", ["∂Σ(x, y)/∂x = 1", "∂Σ(x, y)/∂y = 1"]),
        ("cos(x)", ["∂cos(x)/∂x = -sin(x) = -0.909297"]),
    ],
)
def test_a_rule_is_short(formula, rules):
    read = parse(formula)
    output = read(
        **{name: Value(x, name) for name, x in [("x", 2), ("y", 3)] if name in read.names}
    )
    output.name = "f"

    assert [step.rule for step in backward_steps(output)[1:]] == rules


def test_a_rule_that_is_too_long_is_told_by_its_number():
    (_, step) = backward_steps(gelu(Value(2.0, "x")))

    assert step.rule == f"∂gelu(x)/∂x = {figure(step.partial)}"


def test_a_rule_that_needs_numbers_is_told_by_its_number():
    def partials(x, out):  # noqa: ARG001 - a rule takes out
        return (math.cos(x),)

    op = Operation("wave", "wave", math.sin, partials, ["x"])

    (_, step) = backward_steps(op(Value(0.0, "x")))

    assert step.rule == "∂wave(x)/∂x = 1"


def test_a_rule_beyond_a_kink_is_that_of_its_side():
    assert backward_steps(relu(Value(-1.0, "x")))[1].rule == "∂relu(x)/∂x = 0"


@pytest.mark.parametrize(
    ("write", "text"),
    [
        (lambda x, y: x - (y - 1), "x - (y - 1)"),
        (lambda x, y: x + (y + 1), "x + (y + 1)"),
        (lambda x, y: x + y * 2, "x + y·2"),
        (lambda x, y: (x + y) * 2, "(x + y)·2"),
        (lambda x, y: x / (y * 2), "x/(y·2)"),
        (lambda x, y: x * y / 2, "x·y/2"),
        (lambda x, y: x * -y, "x·(-y)"),
        (lambda x, y: -x * y, "-x·y"),
        (lambda x, y: -(x + y), "-(x + y)"),
        (lambda x, y: x * -2.0 - y, "x·(-2) - y"),
        (lambda x, y: (-x) ** 2 + y, "(-x)² + y"),
        (lambda x, y: -(x**2) + y, "-x² + y"),
        (lambda x, y: (x**y) ** y, "(x**y)**y"),
        (lambda x, y: (x + y) ** -0.5, "(x + y)**(-0.5)"),
        (lambda x, y: x ** (y - 1), "x**(y - 1)"),
        (lambda x, y: 2**x + y**12, "2**x + y¹²"),
        (lambda x, y: x.exp() * y.log(), "exp(x)·ln(y)"),
        (lambda x, y: 1 * x + 0 + y * 1 - 0, "x + y"),
        (lambda x, y: total([x, y, x, y, x]), "Σ(x, y, …, x)"),
    ],
)
def test_a_formula_has_the_parentheses_that_it_needs(write, text):
    assert write(Symbol("x"), Symbol("y")).text == text


# -- names -----------------------------------------------------------------------------------


def names_of(output):
    return [step.name for step in forward_steps(output)]


def test_letters_that_are_names_already_are_left_out():
    assert names_of((Value(1.0, "a") + 1) * Value(1.0, "c") + 1) == ["a", "c", "b", "d", "f"]


def test_equal_names_are_told_apart():
    assert names_of(Value(1.0, "w") + Value(2.0, "w") * Value(3.0, "w′")) == [
        "w",
        "w′",
        "w′′",
        "a",
        "b",
    ]


def test_there_are_names_for_a_hundred_values():
    x = Value(1.0)
    for _ in range(100):
        x = x + 1

    assert len(set(names_of(x))) == 101


def test_a_name_stays_in_its_line():
    assert names_of(Value(1.0, "two\nlines")) == ["two lines"]
    assert len(names_of(Value(1.0, "long" * 100))[0]) == 25
