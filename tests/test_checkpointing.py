"""checkpoint: the same derivatives of any order, and no graph of what goes on inside."""

from functools import partial

import pytest

from nanograd import Value, exp, gradient, no_grad, sin
from nanograd.calculus.checkpointing import checkpoint
from nanograd.calculus.forward import jvp
from nanograd.calculus.jacobians import hvp
from nanograd.calculus.reverse import grad
from nanograd.nanograd import ancestry


def grown(x, rate):
    for _ in range(50):
        x = x + rate * sin(x)
    return x


def pair(state, rate):
    return {"x": grown(state["x"], rate), "y": state["y"] * exp(rate * state["x"])}


@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_of_any_order_are_those_without_it(order):
    plain, condensed = grown, checkpoint(grown)
    for _ in range(order):
        plain, condensed = grad(plain, argnums=1), grad(condensed, argnums=1)

    assert condensed(1.0, 0.02) == pytest.approx(plain(1.0, 0.02), rel=1e-12)


def test_one_value_stays_of_all_that_goes_on_inside():
    x, rate = Value(1.0), Value(0.02)
    y = checkpoint(grown)(x, rate)

    assert len(ancestry(y)) == 1
    assert y.parents == (x, rate)


def test_backward_goes_through_it():
    x, rate = Value(1.0), Value(0.02)
    u, s = Value(1.0), Value(0.02)
    (checkpoint(grown)(x, rate) * 2).backward()
    (grown(u, s) * 2).backward()

    assert (x.grad, rate.grad) == pytest.approx((u.grad, s.grad), rel=1e-13)


def test_gradient_gives_second_derivatives_through_it():
    x = Value(1.0)
    (slope,) = gradient(checkpoint(grown)(x, 0.02), [x])
    (bend,) = gradient(slope, [x])

    assert bend.data == pytest.approx(grad(grad(grown))(1.0, 0.02), rel=1e-12)


def test_nested_states_go_from_segment_to_segment():
    rate = Value(0.01)
    state = {"x": Value(1.0), "y": Value(2.0)}
    plain = dict(state)
    for _ in range(20):
        state, plain = checkpoint(pair)(state, rate), pair(plain, rate)
    found = gradient(state["y"] * state["x"], [rate])[0].data
    expected = gradient(plain["y"] * plain["x"], [rate])[0].data

    assert found == pytest.approx(expected, rel=1e-12)
    assert len(ancestry(state["y"])) <= 2 * 20


def test_a_million_steps_keep_a_few_thousand_values():
    def thousand(x, rate):
        for _ in range(1000):
            x = x + rate * x
        return x

    x, rate = Value(1.0), Value(1e-6)
    y = x
    for _ in range(1000):
        y = checkpoint(thousand)(y, rate)
    y.backward()

    assert len(ancestry(y)) == 1000
    assert y.data == pytest.approx(1.000001**1_000_000, rel=1e-9)
    assert rate.grad == pytest.approx(1e6 * 1.000001**999_999, rel=1e-9)


def test_other_transforms_go_through_it():
    _, tangent = jvp(checkpoint(grown), (1.0, 0.02), (0.0, 1.0))

    assert tangent == pytest.approx(grad(grown, argnums=1)(1.0, 0.02), rel=1e-12)
    assert hvp(checkpoint(grown))(1.0, 0.02, 1.0) == pytest.approx(
        hvp(grown)(1.0, 0.02, 1.0), rel=1e-12
    )


def test_values_that_are_no_arguments_are_refused():
    w = Value(3.0, "w")

    with pytest.raises(TypeError, match=r"computes with Value.*not in its arguments"):
        checkpoint(lambda x: w * x)(Value(2.0))


def test_derivatives_inside_it_are_no_values_from_outside():
    inner = checkpoint(lambda x, y: grad(lambda a: 3.0 * a + y)(x) * x)  # the slope is a constant

    assert grad(inner, argnums=(0, 1))(2.0, 5.0) == (3.0, 0.0)


@pytest.mark.parametrize("slope", [grad, lambda f: lambda x: jvp(f, (x,), (1.0,))[1]])
def test_what_it_closes_over_of_another_transform_is_not_cut_off(slope):
    x = Value(3.0)
    mixed = slope(lambda w: slope(lambda v: checkpoint(lambda x: x * x * v * w)(x))(w))(5.0)

    assert mixed.data == 9.0
    assert gradient(mixed, [x])[0].data == 6.0


def test_a_function_without_a_name_has_the_name_of_its_type():
    y = checkpoint(partial(grown, rate=0.02))(Value(1.0))

    assert y.op.symbol == "partial"


def test_constants_and_inputs_come_out_as_they_are():
    x = Value(2.0)
    seven, same = checkpoint(lambda x: (7.0, x))(x)
    same.backward()

    assert (seven, same.data, x.grad) == (7.0, 2.0, 1.0)


def test_plain_numbers_and_no_grad_give_plain_results():
    with no_grad():
        y = checkpoint(grown)(Value(1.0), 0.02)

    assert y.parents == ()
    assert type(checkpoint(grown)(1.0, 0.02)) is float
