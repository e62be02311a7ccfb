"""Programs: recorded, written and read back, replayed, differentiated, made shorter."""

import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import BUILT_IN, SAMPLES

from nanograd import OPERATIONS, Value, exp, log, maximum, relu, sin, sqrt, where
from nanograd.compiler.derivatives.derivative import gradient, tangent
from nanograd.compiler.passes.exact import PASSES, optimized
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.programs.verifying import verify
from nanograd.compiler.tracing.trace import trace
from nanograd.errors import ProgramError, TraceError

PLAIN = {"power": 1, "polygamma": 0}  # the operand that must be a plain number


def cases():
    """Yield each operation with operands, as a function of those that are differentiated."""
    for name in BUILT_IN:
        for operands in SAMPLES[name]:
            plain = PLAIN.get(name)
            free = [x for i, x in enumerate(operands) if i != plain]

            def f(*xs, name=name, operands=operands, plain=plain):
                rest = iter(xs)
                return OPERATIONS[name](
                    *(x if i == plain else next(rest) for i, x in enumerate(operands))
                )

            yield name, f, free


CASES = list(cases())
each_case = pytest.mark.parametrize(("name", "f", "xs"), CASES)


def program_of(f, xs):
    return verify(trace(f, [f"x{i}" for i in range(len(xs))]).program)


def same(x, y):
    """Return whether two floats are the same, bit by bit but for which nan."""
    return (x != x and y != y) or (x == y and math.copysign(1, x) == math.copysign(1, y))


@each_case
def test_a_program_computes_what_the_function_does(name, f, xs):
    program = program_of(f, xs)

    assert replay(program, xs) == [f(*xs)], name
    assert str(verify(parsed(str(program)))) == str(program)


@each_case
def test_its_gradient_is_that_of_backward(name, f, xs):
    values = [Value(x) for x in xs]
    f(*values).backward()
    program = verify(gradient(program_of(f, xs), range(len(xs))))

    expected = [v.grad for v in values]
    assert replay(program, xs) == pytest.approx(expected, rel=1e-12, nan_ok=True), name


@each_case
def test_every_pass_keeps_every_bit(name, f, xs):
    program = gradient(program_of(f, xs), range(len(xs)), values=True)
    before = replay(program, xs)
    for each in [*PASSES, optimized]:
        after = replay(verify(each(program)), xs)

        assert all(map(same, after, before)), (name, each.__name__)


OF_ONE = [sin, exp, relu, lambda x: -x, lambda x: x * x, lambda x: x**3, lambda x: x / 3 + 1]
OF_TWO = [
    lambda x, y: x + y,
    lambda x, y: x * y,
    lambda x, y: x - 2 * y,
    maximum,
    lambda x, y: where(x > y, x, sin(y)),
]


@st.composite
def functions(draw):
    """Draw a function of two numbers."""
    steps = [
        (draw(st.sampled_from(OF_ONE)), draw(st.sampled_from(OF_TWO)))
        for _ in range(draw(st.integers(1, 6)))
    ]

    def f(x, y):
        for one, two in steps:
            x, y = two(one(sin(x)), y), x
        return x + y

    return f


@settings(deadline=None, max_examples=60)
@given(functions(), st.floats(-2, 2), st.floats(-2, 2))
def test_random_programs_have_the_values_and_slopes_of_eager_code(f, x, y):
    values = Value(x), Value(y)
    out = f(*values)
    out.backward()
    program = program_of(f, (x, y))
    both = optimized(gradient(program, [0, 1], values=True))
    expected = [out.data, *(v.grad for v in values)]

    assert replay(verify(both), [x, y]) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    moved = replay(tangent(program, [0]), [x, y, 1.0])
    assert moved == pytest.approx([values[0].grad], rel=1e-10, abs=1e-10)


def test_derivatives_of_derivatives_are_programs_too():
    program = program_of(lambda x: sin(x) * x**2, [0.7])
    for expected in (
        2 * 0.7 * math.sin(0.7) + 0.49 * math.cos(0.7),
        2 * math.sin(0.7) + 4 * 0.7 * math.cos(0.7) - 0.49 * math.sin(0.7),
    ):
        program = optimized(gradient(program, [0]))

        assert replay(program, [0.7]) == pytest.approx([expected])


def test_an_axis_is_summed_where_it_was_broadcast():
    program = parsed(
        "program(w, x[rows], y[rows])\n"
        "  a = mul w x\n"
        "  b = sub a y\n"
        "  c = power b 2.0\n"
        "  d = sum[rows] c\n"
        "  return d\n"
    )
    xs, ys = [1.0, 2.0, 3.0], [2.0, 1.0, 5.0]
    slope = math.fsum(2 * (0.5 * x - y) * x for x, y in zip(xs, ys, strict=True))
    per_row = [2 * (0.5 * x - y) * 0.5 for x, y in zip(xs, ys, strict=True)]
    found = replay(verify(gradient(program, [0, 1])), [0.5, xs, ys])

    assert found[0] == pytest.approx(slope)
    assert found[1] == pytest.approx(per_row)


def test_what_is_not_chosen_stays_out_of_the_gradient():
    program = program_of(lambda x: where(x > 0, sqrt(maximum(x, 0)), 0 * x), [0.0])

    assert replay(gradient(program, [0]), [0.0]) == [0.0]
    assert replay(gradient(program, [0]), [4.0]) == [0.25]


def test_values_from_outside_are_live_inputs():
    w = Value(3.0, "w")
    program, captured = trace(lambda x: w * x, ["x"])

    assert captured == [w]
    assert replay(program, [2.0, 5.0]) == [10.0]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x if x > 0 else -x,
        lambda x: math.exp(x),
        lambda x: x.data,
        lambda x: [1, 2][x],
        lambda x: f"{x}",
        lambda x: float(x),
        lambda x: {x: 1},
        lambda x: max(x, 1.0),
    ],
)
def test_what_needs_a_number_is_an_error_with_the_line_and_a_way_out(f):
    with pytest.raises(TraceError, match=r"test_compiler_programs\.py:\d+.*needs a number"):
        trace(f, ["x"])


@settings(deadline=None)
@given(st.text(max_size=80) | st.text("programetun()[] =xab.0123\n ,", max_size=120))
def test_text_that_is_no_program_is_one_kind_of_error(text):
    with contextlib.suppress(ProgramError):  # any other is a crash
        verify(parsed(text))


def test_log_of_zero_follows_ieee_754():
    program = program_of(log, [1.0])

    assert replay(program, [0.0]) == [-math.inf]
    assert math.isnan(replay(program, [-1.0])[0])
