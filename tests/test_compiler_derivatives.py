"""Derivatives of programs: of second order, over rows, and past arms that were not chosen."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import programs
from samples import BUILT_IN, SAMPLES

from nanograd import (
    OPERATIONS,
    Value,
    exp,
    log,
    maximum,
    mean,
    sigmoid,
    sin,
    sqrt,
    take,
    tanh,
    where,
)
from nanograd import gradient as eager_gradient
from nanograd import sum as sum_of
from nanograd.compiler.derivatives.derivative import gradient, pullback, tangent
from nanograd.compiler.passes.exact import optimized
from nanograd.compiler.programs.operations import Input, Reduction
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.programs.verifying import verify
from nanograd.compiler.tracing.trace import trace
from nanograd.modes import block
from nanograd.nanograd import ancestry

#: Both ways do the same arithmetic in another order.
CLOSE = {"rel": 1e-11, "abs": 1e-12, "nan_ok": True}
PLAIN = {("power", 1), ("polygamma", 0), ("where", 0), ("take", 0)}

CASES = [(name, sample) for name in BUILT_IN for sample in SAMPLES[name]]


def program_of(f, *inputs):
    return verify(trace(f, inputs).program)


def applied(name, sample):
    """Return the operation as a function of what can be differentiated, and where that is."""
    free = [i for i in range(len(sample)) if (name, i) not in PLAIN]

    def f(*xs):
        operands = list(sample)
        for i, x in zip(free, xs, strict=True):
            operands[i] = x
        return OPERATIONS[name](*operands)

    return f, [sample[i] for i in free]


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_the_second_derivatives_are_those_of_eager_code(name, sample):
    f, xs = applied(name, sample)
    program = program_of(f, *(f"x{i}" for i in range(len(xs))))
    values = [Value(x) for x in xs]
    places = range(len(xs))

    for i in places:
        slope = eager_gradient(f(*values), values)[i]
        expected = [x.data for x in eager_gradient(slope, values)]
        second = verify(optimized(gradient(gradient(program, [i]), places)))

        assert replay(second, xs) == pytest.approx(expected, **CLOSE)


@settings(deadline=None, max_examples=50)
@given(programs())
def test_random_graphs_have_the_slopes_of_backward(drawn):
    out, leaves = drawn

    def again(*refs):
        new = dict(zip(leaves, refs, strict=True))
        for value in reversed(ancestry(out)):
            new[value] = value.op(*[new.get(x, x) for x in value.operands])
        return new[out]

    numbers = [x.data for x in leaves]
    program = program_of(again, *(x.name for x in leaves))
    out.backward()
    expected = [out.data, *(x.grad for x in leaves)]

    both = gradient(program, range(len(leaves)), values=True)
    assert replay(both, numbers) == pytest.approx(expected, **CLOSE)
    assert replay(optimized(both), numbers) == replay(both, numbers)


def test_what_nobody_asks_for_is_not_derived():
    program = program_of(lambda x, y: sin(x) * exp(exp(exp(y))), "x", "y")
    names = [op.name for op, _ in optimized(gradient(program, [0]))]

    assert (names.count("cos"), names.count("exp"), names.count("mul")) == (1, 3, 1)


def test_a_tangent_is_the_slope_times_the_direction():
    program = program_of(lambda x, y: [x * y, sin(x)], "x", "y")
    found = replay(tangent(program, [0, 1], values=True), [2.0, 3.0, 10.0, 0.5])

    assert found == pytest.approx([6.0, math.sin(2), 31.0, 10 * math.cos(2)])


def test_a_pullback_weighs_the_outputs():
    program = program_of(lambda x, y: [x * y, sin(x)], "x", "y")
    found = replay(verify(pullback(program, [0, 1])), [2.0, 3.0, 10.0, 0.5])

    assert found == pytest.approx([30 + 0.5 * math.cos(2), 20.0])


# -- choices ---------------------------------------------------------------------------------

CHOICES = [
    # the slope of what is not chosen is infinite, or the chain to it passes through inf or nan
    lambda x: where(x > 0, sqrt(x), 0.0),
    lambda x: where(x > 0, sqrt(sin(x)) * 2, x * 3),
    lambda x: where(x > 0, log(x) + x, x),
    lambda x: where(x > 0, 1 / x, where(x < -1, log(-x), x * x)),
    lambda x: where(x <= 0, 2 * x, sqrt(x)) + x,
    lambda x: where(x > 0, where(x > 2, 1 / (x - 2), sqrt(2 - x)), exp(x)),
    lambda x: where(x > 0, sqrt(tanh(x)), 0.0) * where(x > 0, 1 / x, 1.0) + x,
]


@pytest.mark.parametrize("i", range(len(CHOICES)))
@pytest.mark.parametrize("x", [0.0, -0.5, -2.0, 1.5, 2.0, 3.0])
def test_nothing_flows_into_an_arm_that_was_not_chosen(i, x):
    f = CHOICES[i]
    value = Value(x)
    with block("ieee"):  # eager code computes both arms, and one is outside of its domain
        f(value).backward()
    expected = value.grad
    program = gradient(program_of(f, "x"), [0])

    assert replay(program, [x]) == pytest.approx([expected])
    assert replay(optimized(program), [x]) == pytest.approx([expected])


def test_a_slope_that_flows_by_two_ways_flows_if_one_is_open():
    def f(x):
        root = sqrt(x)
        return where(x > 1, root, 0.0) + where(x > 0, root, 0.0)

    program = gradient(program_of(f, "x"), [0])

    assert replay(program, [0.0]) == [0.0]
    assert replay(program, [0.25]) == [1.0]
    assert replay(program, [4.0]) == [0.5]


def test_a_row_that_was_not_chosen_leaves_the_sum_alone():
    program = parsed("""
        program(w, x[rows])
          a = gt x 0.0
          b = mul w x
          c = sqrt b
          d = where a c 0.0
          e = sum[rows] d
          return e
    """)
    found = replay(gradient(program, [0, 1]), [1.0, [4.0, 0.0, -1.0, 1.0]])

    assert found == [1.5, [0.25, 0.0, 0.0, 0.5]]


def test_a_slope_that_is_stopped_does_not_flow():
    program = parsed("program(x)\n a = stop x\n b = mul a x\n return b")

    assert replay(gradient(program, [0]), [3.0]) == [3.0]
    assert replay(tangent(program, [0]), [3.0, 1.0]) == [3.0]


# -- axes ------------------------------------------------------------------------------------

OF_ROW = [
    lambda w, x: w * x,
    lambda w, x: sigmoid(w + x),
    lambda w, x: tanh(w) - x,
    lambda w, x: where(x > w, x * x, w),
    lambda w, x: maximum(w, sin(x)),
    lambda w, x: take([x, w * x, sin(w)], 1.0 * (x > w) + (x > 0)),
    lambda w, x: w,
    lambda w, x: x,
    lambda w, x: x / (2 + w * w),
]
numbers = st.floats(-2, 2).map(lambda x: round(x, 3) + 0.0005)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(OF_ROW), min_size=1, max_size=4),
    numbers,
    st.lists(numbers, min_size=1, max_size=4),
)
def test_rows_are_a_loop(steps, w, xs):
    def per_row(w, x):
        for step in steps:
            w, x = step(w, x), w + x
        return w * x

    def over_rows(w, x):
        y = per_row(w, x)
        rows = Reduction("sum", "rows")
        recorder = y.recorder
        total = recorder.reduced(rows, y)
        return total / recorder.reduced(rows, 1.0) + recorder.reduced(rows, total * y), y

    weight, values = Value(w), [Value(x) for x in xs]
    ys = [per_row(weight, x) for x in values]
    total = sum_of(ys)
    out = mean(ys) + sum_of([total * y for y in ys])
    out.backward()
    program = program_of(over_rows, "w", Input("x", ("rows",)))

    value, per, by_w, by_x = replay(gradient(program, [0, 1], values=True), [w, xs])
    assert value == pytest.approx(out.data, **CLOSE)
    assert per == [y.data for y in ys]
    assert by_w == pytest.approx(weight.grad, **CLOSE)
    by_x = by_x if isinstance(by_x, list) else [by_x] * len(xs)
    assert by_x == pytest.approx([x.grad for x in values], **CLOSE)


TWO_AXES = """
    program(w, x[rows], y[cols], m[rows, cols])
      a = mul x y
      b = mul a m
      c = mul b w
      d = sum[cols] c
      e = tanh d
      f = max[rows] e
      g = sum[rows] e
      h = sum[rows] c
      i = sin h
      j = sum[cols] i
      k = add f g
      l = add k j
      n = sum[rows] y
      o = sum[cols] n
      p = add l o
      return p
"""


def two_axes(w, x, y, m):
    """Return what TWO_AXES does, as loops."""
    rows, cols = range(len(x)), range(len(y))
    c = [[x[i] * y[j] * m[i][j] * w for j in cols] for i in rows]
    e = [tanh(sum_of(row)) for row in c]
    h = [sum_of([c[i][j] for i in rows]) for j in cols]
    largest = e[0]
    for each in e[1:]:
        largest = maximum(largest, each)
    return largest + sum_of(e) + sum_of([sin(each) for each in h]) + len(x) * sum_of(y)


def test_two_axes_are_two_loops():
    at = 0.7, [1.0, -0.5], [0.3, 2.0, -1.0], [[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]]
    w, x, y = Value(at[0]), [*map(Value, at[1])], [*map(Value, at[2])]
    m = [[*map(Value, row)] for row in at[3]]
    out = two_axes(w, x, y, m)
    out.backward()
    program = parsed(TWO_AXES)

    found = replay(verify(gradient(program, range(4), values=True)), at)
    assert found[:2] == pytest.approx([out.data, w.grad])
    assert found[2] == pytest.approx([each.grad for each in x])
    assert found[3] == pytest.approx([each.grad for each in y])
    for row, expected in zip(found[4], m, strict=True):
        assert row == pytest.approx([each.grad for each in expected])


def test_a_tangent_over_rows_is_the_slopes_times_the_direction():
    at = [0.7, [1.0, -0.5], [0.3, 2.0, -1.0], [[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]]]
    direction = [1.0, [0.5, -1.0]]
    program = parsed(TWO_AXES)
    by_w, by_x = replay(gradient(program, [0, 1]), at)
    (found,) = replay(verify(tangent(program, [0, 1])), [*at, *direction])

    assert found == pytest.approx(by_w + 0.5 * by_x[0] - by_x[1])


def test_a_tie_for_the_largest_shares_its_slope():
    program = parsed("program(x[rows])\n a = max[rows] x\n return a")

    assert replay(gradient(program, [0]), [[1.0, 3.0, 3.0]]) == [[0.0, 0.5, 0.5]]


def test_rows_of_values_are_the_graph_again():
    program = parsed("program(w, x[rows])\n a = mul w x\n b = sum[rows] a\n return b")
    w, xs = Value(2.0), [Value(1.0), Value(10.0)]
    (out,) = replay(program, [w, xs])
    out.backward()

    assert (out.data, w.grad, [x.grad for x in xs]) == (22.0, 11.0, [2.0, 2.0])
