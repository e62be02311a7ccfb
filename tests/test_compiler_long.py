"""Long programs: what is written out for their sake does what the short way does, step by step."""

import gc
from fractions import Fraction
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import systems

from nanograd import (
    OPERATIONS,
    Value,
    exp,
    jit,
    maximum,
    no_grad,
    operation,
    relu,
    sin,
    sqrt,
    tanh,
    value_and_grad,
    where,
)
from nanograd.compiler.calls.traced import TracedFunction
from nanograd.compiler.derivatives import derivative
from nanograd.compiler.derivatives.derivative import gradient
from nanograd.compiler.passes.exact import PASSES, optimized
from nanograd.compiler.tracing.refs import Ref
from nanograd.compiler.tracing.trace import recording, trace
from nanograd.errors import TraceError
from nanograd.nanograd import Scalar

# -- operators -------------------------------------------------------------------------------

BINARY = [f"__{side}{name}__" for name in ("add", "sub", "mul", "truediv") for side in ("", "r")]
BINARY.append("__pow__")
OPERANDS = {
    "a float": lambda _: 2.5,
    "a negative zero": lambda _: -0.0,
    "an int": lambda _: 3,
    "an int that floats round": lambda _: 2**53 + 1,
    "an int that is too large": lambda _: 10**400,
    "a bool": lambda _: True,
    "a fraction": lambda _: Fraction(1, 3),
    "a number of NumPy": lambda _: np.float32(0.1),
    "a text": lambda _: "a",
    "nothing": lambda _: None,
    "itself": lambda x: x,
    "another number of the trace": exp,
    "a leaf from outside": lambda _: OUTSIDE,
    "a Value computed outside": lambda _: COMPUTED,
}
OUTSIDE = Value(2.0, "w")
COMPUTED = OUTSIDE * 3


def recorded(act):
    """Return the text of the program that is recorded, and the type of the result or the error."""
    with recording() as recorder:
        x = recorder.input("x")
        try:
            result = act(x)
        except (TypeError, ValueError) as problem:
            return str(problem), type(problem)
        outputs = [result] if isinstance(result, Scalar) else []
        return str(recorder.program(outputs)), type(result)


@pytest.mark.parametrize("given", OPERANDS)
@pytest.mark.parametrize("dunder", BINARY)
def test_operators_of_refs_record_what_those_of_the_heart_do(dunder, given):
    operand = OPERANDS[given]

    found = recorded(lambda x: getattr(Ref, dunder)(x, operand(x)))

    assert found == recorded(lambda x: getattr(Scalar, dunder)(x, operand(x)))


def test_a_negative_is_recorded_as_by_the_heart():
    assert recorded(lambda x: -x) == recorded(Scalar.__neg__)


def test_nothing_flows_through_what_is_recorded_in_a_no_grad_block():
    @no_grad()
    def within(x):
        return [-x, x + 1.0, 2 - x, x * x, x**2]

    program = trace(within, ["x"]).program

    assert [op.name for op in program.ops[1:]].count("stop") == 5


def test_numbers_of_inner_and_outer_traces_meet_in_the_inner():
    with recording() as outer:
        x = outer.input("x")
        with recording() as inner:
            y = inner.input("y")
            results = [y * x, x * y, y + x, x - y]

    assert {each.recorder for each in results} == {inner}
    assert outer.ops[1:] == []


@pytest.mark.parametrize("act", [lambda x: x + x, lambda x: 1.0 - x, lambda x: -x, lambda x: x**2])
def test_a_number_of_a_trace_that_is_over_is_refused(act):
    with recording() as recorder:
        x = recorder.input("x")

    with pytest.raises(TraceError, match="after that has ended"):
        act(x)


# -- stencils --------------------------------------------------------------------------------


def gradient_by_rules(program, wrt):
    """Return the gradient, in which the rule of each instruction is run, as if it had loops."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(derivative, "has_loops", lambda _: True)
        return str(gradient(program, wrt, values=True))


def assert_stencils_change_nothing(f, names):
    program = trace(f, names).program

    wrt = [place for place, each in enumerate(program.inputs) if each.name in names]
    for some in (wrt, wrt[:1], wrt[1:]):
        assert str(gradient(program, some, values=True)) == gradient_by_rules(program, some)


@settings(deadline=None, max_examples=60)
@given(st.lists(systems(steps=6), min_size=1, max_size=3))
def test_gradients_by_stencils_are_those_by_rules(chosen):
    def f(*xs):
        values = list(xs)
        for system in chosen * 3:
            values = [x - 0.5 * y for x, y in zip(system(values), values, strict=True)]
        return sum(values)

    assert_stencils_change_nothing(f, ["x", "y", "z"])


def test_stencils_are_told_apart_by_plain_numbers_and_their_signs():
    def f(x, y):
        powers = [z**n for z in (x, y) for n in (0, 1, 2, -1, 0.5, 0.0, -0.0) for _ in range(3)]
        products = [z * n for z in (x, y) for n in (0.0, -0.0, 1.0, 2, np.nan) for _ in range(3)]
        return sum(powers) + sum(products) - sum(n / x for n in (0.0, -0.0, 3.0) * 3)

    assert_stencils_change_nothing(f, ["x", "y"])


def test_adjoints_that_are_plain_numbers_are_added_up_as_such():
    assert_stencils_change_nothing(
        lambda x, y: x + x - y + (x - y) + 3 * x + sin(x) * 2, ["x", "y"]
    )
    assert gradient(trace(lambda x: x + x + 3 * x, ["x"]).program, [0]).outputs == (5.0,)


def test_what_chooses_has_its_gates_beside_stencils():
    def f(x, y):
        for _ in range(4):
            x = where(x > y, sqrt(x), y * y) + relu(x) * maximum(x, y)
            y = y * x + x
        return x * y

    assert_stencils_change_nothing(f, ["x", "y"])


def test_a_rule_that_takes_a_value_from_outside_is_run_each_time():
    scale = Value(3.0, "scale")

    @operation("s", partials=lambda x, out: (scale,), name="scaled_in_test")
    def scaled(x):
        return 3.0 * x

    try:
        assert_stencils_change_nothing(lambda x: scaled(scaled(scaled(x) * x) * x), ["x"])
    finally:
        del OPERATIONS["scaled_in_test"]


def test_a_rule_is_run_no_more_than_twice_for_instructions_that_are_alike():
    calls = []

    def rule(x, out):
        calls.append(x)
        return (out * x,)

    counted = operation("c", partials=rule, name="counted_in_test")(lambda x: exp(x * x / 2))
    try:
        program = trace(lambda x: reduce(lambda y, _: counted(y), range(50), x), ["x"]).program
        calls.clear()
        gradient(program, [0])
    finally:
        del OPERATIONS["counted_in_test"]

    assert 1 <= len(calls) <= 4  # the first adjoint is the plain number 1


# -- passes ----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(systems(), systems())
def test_all_passes_in_one_go_leave_what_they_leave_one_after_the_other(first, second):
    def f(*xs):
        ys = second(first(list(xs)))
        zs = [1.0 * x - (-y) for x, y in zip(first(list(xs)), ys, strict=True)]
        return [*ys, *zs, ys[0] * 1.0 + zs[1] ** 1]

    program = trace(f, ["x", "y", "z"]).program
    for each in (program, gradient(program, [0, 1, 2], of=5, values=True)):
        one_by_one = reduce(lambda found, run: run(found), PASSES, each)

        assert str(optimized(each)) == str(one_by_one)


# -- length ----------------------------------------------------------------------------------

MANY = 30_000  # what takes as many steps for each of them takes minutes


def test_a_sum_of_many_terms_is_compiled_in_steps_that_are_no_more():
    def loss(xs):
        return sum(x * x for x in xs)

    program = optimized(TracedFunction(value_and_grad(loss), [[0.5] * MANY], {}).program)

    assert len(program.inputs) == MANY
    assert 3 * MANY <= len(program) <= 5 * MANY


def test_a_chain_of_many_links_needs_no_stack():
    def chain(x):
        for _ in range(MANY):
            x = sin(x) + 0.5
        return x

    program = optimized(TracedFunction(value_and_grad(chain), [0.5], {}).program)

    assert len(program) >= 4 * MANY


# -- the garbage collector -------------------------------------------------------------------


def fails(x):
    raise ZeroDivisionError(x)


@pytest.mark.parametrize("was_on", [True, False])
def test_the_garbage_collector_is_after_a_trace_as_it_was_before(was_on):
    try:
        (gc.enable if was_on else gc.disable)()
        jit(value_and_grad(tanh))(1.0)
        after_a_call = gc.isenabled()
        with pytest.raises(ZeroDivisionError):
            jit(fails)(1.0)

        assert (after_a_call, gc.isenabled()) == (was_on, was_on)
    finally:
        gc.enable()
