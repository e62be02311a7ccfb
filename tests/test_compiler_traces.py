"""Traces: what is recorded, what cannot be, and what transforms inside of one see."""

import math

import pytest

from nanograd import Value, grad, jvp, no_grad, sin, where
from nanograd.compiler.programs.operations import Input
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.tracing.trace import trace
from nanograd.errors import DataError, TraceError


def test_the_text_of_a_trace_is_the_function():
    program, captured = trace(lambda x, y: where(x >= 1, 2 - y, x / 3) ** 2, ["x", "y"])

    assert captured == []
    assert (
        str(program)
        == """\
program(x, y)
  a = ge x 1.0
  b = sub 2.0 y
  c = div x 3.0
  d = where a b c
  e = power d 2.0
  return e"""
    )


def test_comparisons_are_numbers():
    def relations(x, y):
        return x < y, x <= y, x > y, x >= y, x == y, x != y, 1 < x, x == None  # noqa: E711, SIM300

    program, _ = trace(lambda x, y: [*map(float_or_same, relations(x, y))], ["x", "y"])

    assert replay(program, [1.0, 2.0]) == [1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    assert replay(program, [2.0, 2.0]) == [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0]
    assert replay(program, [math.nan, 2.0]) == [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]


def float_or_same(x):
    return float(x) if isinstance(x, bool) else x


def test_a_value_from_outside_is_one_live_input_however_often_it_is_used():
    w, v = Value(2.0, "w[0]"), Value(3.0)
    program, captured = trace(lambda x: (w * x + w, v), ["w_0"])

    assert [x is y for x, y in zip(captured, (w, v), strict=True)] == [True, True]
    assert [each.name for each in program.inputs] == ["w_0", "w_0_2", "captured_2"]
    out, _ = replay(program, [5.0, w, v])
    out.backward()
    assert (out.data, w.grad) == (12.0, 6.0)


def test_two_values_of_equal_numbers_are_two_inputs():
    values = [Value(2.0), Value(2.0)]
    program, captured = trace(lambda: values[0] * values[1], [])

    assert len(captured) == len(program.inputs) == 2
    assert replay(program, [3.0, 5.0]) == [15.0]


def test_what_is_computed_of_values_from_outside_is_computed_at_every_call():
    w = Value(2.0, "w")
    before = w * 10
    program, captured = trace(lambda x: x + (w * w).sin() + before + w * w, ["x"])

    assert [x is w for x in captured] == [True]
    assert replay(program, [0.0, 3.0]) == [math.sin(9.0) + 30.0 + 9.0]


def test_a_program_inside_a_trace_is_written_out():
    inner = parsed("program(a, b[rows])\n c = mul a b\n d = sum[rows] c\n return d")
    program, _ = trace(lambda x, y: replay(inner, [x + 1, y]), ["x", Input("y", ("rows",))])

    assert (
        str(program)
        == """\
program(x, y[rows])
  a = add x 1.0
  b = mul a y
  c = sum[rows] b
  return c"""
    )


def test_a_trace_inside_a_trace_takes_the_outer_numbers_as_inputs():
    def f(x):
        program, captured = trace(lambda y: x * y, ["y"])
        return replay(program, [sin(x), *captured])

    program, captured = trace(f, ["x"])

    assert captured == []
    assert replay(program, [0.5]) == [math.sin(0.5) * 0.5]


def test_derivatives_inside_a_trace_lift_over_its_numbers():
    program, _ = trace(lambda x: [grad(sin)(x), *jvp(sin, (x,), (x,))], ["x"])

    assert replay(program, [0.5]) == [math.cos(0.5), math.sin(0.5), 0.5 * math.cos(0.5)]


def test_nothing_flows_through_a_block_without_gradients():
    def f(x):
        with no_grad():
            y = x * 2
        return y * x

    assert "stop" in str(trace(f, ["x"]).program)


WAYS = [
    # what asks for a number, and the way out
    (lambda x: 1 if x > 0 else 2, "where"),
    (lambda x: x and 1, "where"),
    (lambda x: x in {0.0: 1}, "where"),
    (lambda x: x in [0.0, 1.0], "where"),
    (lambda x: sorted([x, 1.0]), "maximum"),
    (lambda x: max(x, 0.0), "maximum"),
    (lambda x: float(x), "functions of nanograd"),
    (lambda x: math.exp(x), "functions of nanograd"),
    (lambda x: x.data, "functions of nanograd"),
    (lambda x: complex(x), "functions of nanograd"),
    (lambda x: int(x), "floor"),
    (lambda x: round(x, 2), "floor"),
    (lambda x: range(x), "plain int"),
    (lambda x: [1, 2][x], "take(table, index)"),
    (lambda x: f"{x:.2f}", "print the result"),
    (lambda x: f"{x}", "print the result"),
    (lambda x: len(x), "one number"),
    (lambda x: [*x], "one number"),
    (lambda x: x[0], "one number"),
]


@pytest.mark.parametrize(("f", "way_out"), WAYS)
def test_what_asks_for_a_number_is_told_the_line_and_the_way_out(f, way_out):
    with pytest.raises(TraceError, match=r"^test_compiler_traces\.py:\d+, `.*lambda x: ") as caught:
        trace(f, ["x"])

    assert way_out in str(caught.value)
    assert f":{f.__code__.co_firstlineno}," in str(caught.value)


def test_a_number_that_escaped_from_its_trace_is_an_error():
    escaped = []
    trace(lambda x: escaped.append(x) or x, ["x"])

    with pytest.raises(TraceError, match="after that has ended"):
        escaped[0] + 1


@pytest.mark.parametrize("result", [None, "x", [None], {"a": 1.0}, [[1.0]]])
def test_a_function_that_is_traced_returns_numbers(result):
    with pytest.raises(TraceError, match="must return a number"):
        trace(lambda: result, [])


def test_a_number_can_be_printed_while_it_is_traced():
    shown = []
    trace(lambda x: shown.append(repr(x * 2)) or x, [Input("x", ("rows",))])

    assert shown == ["Ref(%1[rows])"]


def test_replay_needs_an_operand_for_each_input():
    program = parsed("program(x, y[rows])\n return x")

    with pytest.raises(DataError, match=r"the inputs x, y\[rows\]; it was given 1"):
        replay(program, [1.0])


def test_a_domain_is_no_error_in_a_program():
    program, _ = trace(lambda x, y: [x / y, y.ln(), x.sqrt(), x.exp()], ["x", "y"])

    found = replay(program, [-1e9, -0.0])
    assert (found[0], found[1], found[3]) == (math.inf, -math.inf, 0.0)
    assert math.isnan(found[2])
