"""grad, value_and_grad, jvp, vjp, linearize: what goes in, what comes out, and how they nest."""

import math
import threading
import tracemalloc
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pytest

from nanograd import (
    StaleError,
    Value,
    cos,
    exp,
    grad,
    gradient,
    hessian,
    hvp,
    jacobian,
    jet,
    jvp,
    linearize,
    no_grad,
    operation,
    sin,
    sqrt,
    stop_gradient,
    tanh,
    value_and_grad,
    vjp,
    where,
)
from nanograd.calculus.arguments import chosen
from nanograd.calculus.recording import recorded


def cube(x):
    return x**3


# -- plain numbers ---------------------------------------------------------------------------


def test_grad_of_a_plain_number_is_a_plain_number():
    found = grad(cube)(2.0)

    assert found == 12.0
    assert type(found) is float


@pytest.mark.parametrize(
    "x", [2, True, Fraction(1, 4), Decimal("0.5"), np.float32(0.5), np.int64(3)]
)
def test_a_real_number_of_any_kind_is_taken(x):
    found = grad(cube)(x)

    assert found == 3 * float(x) ** 2
    assert type(found) is float


def test_value_and_grad_gives_the_value_too():
    assert value_and_grad(cube)(2.0) == (8.0, 12.0)


def test_the_function_runs_once():
    runs = []

    def f(x):
        runs.append(x)
        return x * x

    value_and_grad(f)(3.0)
    vjp(f, 3.0)[1](1.0)
    linearize(f, 3.0)[1](1.0)

    assert len(runs) == 3


def test_an_input_that_is_ignored_has_the_derivative_zero():
    assert grad(lambda x, y: y * 2, argnums=(0, 1))(1.0, 2.0) == (0.0, 2.0)
    assert grad(lambda x: 3.0)(1.0) == 0.0
    assert jvp(lambda x: 3.0, (1.0,), (1.0,)) == (3.0, 0.0)
    assert vjp(lambda x: [3.0, x], 1.0)[1]([1.0, 0.0]) == (0.0,)


def test_the_identity_has_the_derivative_one():
    assert grad(lambda x: x)(2.0) == 1.0
    assert jvp(lambda x: (x, x), (2.0,), (5.0,)) == ((2.0, 2.0), (5.0, 5.0))
    assert vjp(lambda x: (x, x), 2.0)[1]((1.0, 10.0)) == (11.0,)


def test_argnums_chooses_one_argument_or_several():
    def f(x, y, z):
        return x * y**2 * z**3

    assert grad(f)(2.0, 3.0, 1.0) == 9.0
    assert grad(f, argnums=1)(2.0, 3.0, 1.0) == 12.0
    assert grad(f, argnums=-1)(2.0, 3.0, 1.0) == 54.0
    assert grad(f, argnums=(2, 0))(2.0, 3.0, 1.0) == (54.0, 9.0)
    assert grad(f, argnums=[0])(2.0, 3.0, 1.0) == (9.0,)


def test_other_arguments_go_in_as_they_are():
    assert grad(lambda x, power, *, scale: scale * x**power)(3.0, 2, scale=10) == 60.0
    assert grad(lambda x, name: x * len(name))(3.0, "four") == 4.0


def test_aux_comes_out_beside_with_plain_numbers_in_it():
    def f(x):
        return x * x, {"twice": 2 * x, "x": [x, None], "name": "f"}

    aux = {"twice": 6.0, "x": [3.0, None], "name": "f"}
    assert grad(f, has_aux=True)(3.0) == (6.0, aux)
    assert value_and_grad(f, has_aux=True)(3.0) == ((9.0, aux), 6.0)
    assert jvp(f, (3.0,), (1.0,), has_aux=True) == (9.0, 6.0, aux)
    assert vjp(f, 3.0, has_aux=True)[2] == aux
    assert linearize(f, 3.0, has_aux=True)[2] == aux
    assert jacobian(f, has_aux=True)(3.0) == (6.0, aux)
    assert hessian(f, has_aux=True)(3.0) == (2.0, aux)
    assert hvp(f, has_aux=True)(3.0, 5.0) == (10.0, aux)
    assert jet(f, (3.0,), ([1.0, 0.0],), has_aux=True) == (9.0, [6.0, 2.0], aux)


@pytest.mark.parametrize("entries", [["a", "b"], [1, 2], [True, False], [1.5, 2.5], [2j]])
def test_arrays_in_aux_come_out_as_they_are(entries):
    given = np.array(entries)
    _, aux = grad(lambda x: (x * x, {"kept": given}), has_aux=True)(3.0)

    assert aux["kept"].dtype == given.dtype
    assert aux["kept"].tolist() == entries
    assert stop_gradient(given).tolist() == entries


def test_the_name_and_the_docstring_of_the_function_are_kept():
    assert grad(cube).__name__ == "cube"


def test_the_grads_of_values_outside_are_left_alone():
    w = Value(3.0)
    w.grad = 7.0
    grad(lambda x: w * x)(2.0)

    assert w.grad == 7.0


def test_a_chain_of_a_million_has_a_gradient():
    def f(x):
        for _ in range(1_000_000):
            x = x + 1e-6
        return x

    assert grad(f)(0.5) == 1.0


@pytest.mark.parametrize("transform", [grad, lambda f: lambda x: jvp(f, (x,), (1.0,))[1]])
def test_a_long_chain_on_values_is_no_recursion(transform):
    def f(x):
        for _ in range(20_000):
            x = 0.5 * x + 1.0
        return x

    assert transform(f)(Value(0.5)).data == 0.5**20_000


def test_forward_mode_keeps_no_graph():
    def f(x):
        for _ in range(50_000):
            x = tanh(x)
        return x

    tracemalloc.start()
    jvp(f, (0.5,), (1.0,))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 100_000  # the graph of Values would take more than 10 MB


# -- nested things ---------------------------------------------------------------------------


class Pair(NamedTuple):
    left: float
    right: float


@dataclass
class Point:
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Positive:
    """A dataclass that refuses what a derivative may well be, and has a field of its own making."""

    scale: float
    shift: tuple = field(default=(), kw_only=True)

    def __post_init__(self):
        if not self.scale > 0:
            raise ValueError("the scale must be positive")


def test_a_nested_argument_gives_a_nested_gradient():
    parameters = {"w": [[1.0, 2.0], [3.0, 4.0]], "b": (5.0, None)}

    def f(p):
        return p["w"][0][0] * p["w"][1][1] + p["b"][0] ** 2

    assert grad(f)(parameters) == {"w": [[4.0, 0.0], [0.0, 1.0]], "b": (10.0, None)}


def test_a_dataclass_gives_a_dataclass():
    found = grad(lambda p: p.x * p.y**2)(Point(2.0, 3.0))

    assert found == Point(9.0, 12.0)


def test_a_dataclass_that_checks_its_numbers_holds_a_gradient_too():
    found = grad(lambda p: -p.scale * p.shift[0])(Positive(2.0, shift=(3.0,)))

    assert (found.scale, found.shift) == (-3.0, (-2.0,))


def test_what_a_dataclass_cached_of_other_numbers_is_not_used():
    @dataclass
    class Circle:
        radius: float

        @cached_property
        def area(self):
            return math.pi * self.radius**2

    circle = Circle(2.0)
    assert circle.area == pytest.approx(4 * math.pi)

    assert grad(lambda c: c.area)(circle).radius == pytest.approx(4 * math.pi)


@pytest.mark.parametrize(
    "tree",
    [
        Pair(2.0, 3.0),
        OrderedDict(left=2.0, right=3.0),
        defaultdict(float, left=2.0, right=3.0),
        [[], (2.0, {}), [[3.0]]],
    ],
)
def test_containers_of_every_kind_keep_their_kind(tree):
    def leaves(tree):
        if isinstance(tree, dict):
            tree = tree.values()
        return [x for part in tree for x in (leaves(part) if hasattr(part, "__len__") else [part])]

    found = grad(lambda t: leaves(t)[0] ** 2 * leaves(t)[1])(tree)

    assert type(found) is type(tree)
    assert leaves(found) == [12.0, 4.0]


def test_arrays_give_arrays():
    A = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = grad(lambda A: np.sum(A * A) + np.exp(A)[0, 0])(A)

    assert found.dtype == float
    assert found.tolist() == [[2 + math.e, 4.0], [6.0, 8.0]]


def test_an_array_of_whole_numbers_has_a_gradient_of_floats():
    assert grad(lambda a: a @ a)(np.array([1, 2])).tolist() == [2.0, 4.0]
    assert grad(lambda a: a[()] ** 2)(np.array(3)).tolist() == 6.0
    assert grad(lambda a: 3.0)(np.zeros((0, 2))).shape == (0, 2)


def test_an_array_beside_values_gives_an_array_of_values():
    w = Value(3.0)
    found = grad(lambda a: w * (a @ a))(np.array([1.0, 2.0]))
    gradient_in_w = gradient(found[1], [w])

    assert [x.data for x in found] == [6.0, 12.0]
    assert gradient_in_w[0].data == 4.0


def test_the_argument_may_be_changed_between_a_run_and_its_pullback():
    x = [2.0, 3.0]
    _, pullback = vjp(lambda x: x[0] * x[1], x)
    x.append(4.0)

    assert pullback(1.0) == ([3.0, 2.0],)


def test_a_dict_may_be_changed_too():
    x = {"a": 2.0}
    _, pullback = vjp(lambda x: x["a"] ** 2, x)
    x["b"] = 4.0

    assert pullback(1.0) == ({"a": 4.0},)


def test_a_dict_is_read_by_its_keys_and_not_by_their_order():
    _, pullback = vjp(lambda x: {"a": x, "b": 2 * x}, 1.0)

    assert pullback({"b": 10.0, "a": 1.0}) == (21.0,)
    tangent = {"y": 1.0, "x": 0.0}
    assert jvp(lambda p: p["x"] * p["y"], ({"x": 2.0, "y": 5.0},), (tangent,)) == (10.0, 2.0)


# -- Values ----------------------------------------------------------------------------------


def test_values_in_give_values_out_that_can_be_differentiated():
    x = Value(2.0)
    slope = grad(cube)(x)
    slope.backward()

    assert isinstance(slope, Value)
    assert (slope.data, x.grad) == (12.0, 12.0)


@pytest.mark.parametrize("f", [lambda x: 3 * x, lambda x: 5.0, lambda x: x], ids=["3x", "5", "x"])
def test_values_give_values_also_where_the_slope_is_constant(f):
    assert isinstance(grad(f)(Value(2.0)), Value)
    assert isinstance(hessian(f)(Value(2.0)), Value)
    assert isinstance(vjp(f, Value(2.0))[1](1.0)[0], Value)


def test_a_loss_of_a_gradient_has_the_right_grad_in_the_weights():
    # a network that a physicist trains: the loss is about its derivative in x
    w, b = Value(0.7, "w"), Value(-0.2, "b")

    def network(x):
        return tanh(w * x + b)

    loss = (grad(network)(1.5) - 0.3) ** 2
    loss.backward()

    def plain(w, b):
        return (w * (1 - math.tanh(w * 1.5 + b) ** 2) - 0.3) ** 2

    assert w.grad == pytest.approx(central(lambda w: plain(w, -0.2), 0.7), rel=1e-9)
    assert b.grad == pytest.approx(central(lambda b: plain(0.7, b), -0.2), rel=1e-9)


@pytest.mark.parametrize(
    "slope",
    [
        lambda f, x: grad(f)(x),
        lambda f, x: jvp(f, (x,), (1.0,))[1],
        lambda f, x: vjp(f, x)[1](1.0)[0],
        lambda f, x: linearize(f, x)[1](1.0),
        lambda f, x: jacobian(lambda x: [f(x)])(x)[0],
    ],
    ids=["grad", "jvp", "vjp", "linearize", "jacobian"],
)
@pytest.mark.parametrize("x", [2.0, Value(2.0)], ids=["plain", "Value"])
def test_no_transform_cuts_off_a_value_that_the_function_closes_over(slope, x):
    w = Value(3.0)
    found = slope(lambda x: w**2 * x**3, x)

    assert found.data == 108.0
    assert gradient(found, [w])[0].data == 72.0


def test_a_value_far_down_in_the_history_of_weights_is_reached():
    w = Value(3.0)
    deep = w
    for _ in range(1000):
        deep = deep + 0.001 * w
    found = grad(lambda x: deep * x**2)(5.0)

    assert gradient(found, [w])[0].data == pytest.approx(20.0)


@pytest.mark.parametrize("x", [2.0, Value(2.0)], ids=["plain", "Value"])
def test_weights_changed_after_the_run_are_an_error_and_not_a_wrong_number(x):
    w = Value(3.0)
    _, pullback = vjp(lambda x: w * x * x, x)
    _, push = linearize(lambda x: w * x * x, x)
    w.data = 100.0

    with pytest.raises(StaleError, match="vjp needs the data"):
        pullback(1.0)
    with pytest.raises(StaleError, match="linearize needs the data"):
        push(1.0)


def test_transforms_work_inside_no_grad_and_record_no_values():
    with no_grad():
        assert grad(cube)(2.0) == 12.0
        assert grad(grad(cube))(2.0) == 12.0
        assert jvp(cube, (2.0,), (1.0,)) == (8.0, 12.0)
        slope = grad(cube)(Value(2.0))

    assert slope.data == 12.0
    assert slope.parents == ()


@pytest.mark.parametrize("x", [3.0, Value(3.0)], ids=["plain", "Value"])
def test_what_a_no_grad_block_in_the_function_computes_is_constant(x):
    def f(x):
        with no_grad():
            scale = x * x
        return scale * x

    assert grad(f)(x) == 9.0
    assert jvp(f, (x,), (1.0,))[1] == 9.0


# -- nesting ---------------------------------------------------------------------------------


def forward(f):
    return lambda x: jvp(f, (x,), (1.0,))[1]


@pytest.mark.parametrize("third", [grad, forward])
@pytest.mark.parametrize("second", [grad, forward, hessian, jacobian])
@pytest.mark.parametrize("first", [grad, forward, jacobian])
def test_transforms_nest_in_any_order(first, second, third):
    def f(x):
        return exp(2 * x) * x**2

    orders = 4 if second is hessian else 3
    found = third(second(first(f)))(0.5)

    t, e = 0.5, math.exp(1.0)
    third_order = e * (8 * t**2 + 24 * t + 12)
    fourth_order = e * (16 * t**2 + 64 * t + 48)
    assert type(found) is float
    assert found == pytest.approx({3: third_order, 4: fourth_order}[orders], rel=1e-13)


@pytest.mark.parametrize("inner", [grad, forward])
@pytest.mark.parametrize("outer", [grad, forward])
@pytest.mark.parametrize("x", [1.0, Value(1.0)], ids=["plain", "Value"])
def test_perturbation_confusion(outer, inner, x):
    # d/dx (x · d/dy (x + y)) is 1; an engine that mixes up the two differentiations says 2.
    found = outer(lambda x: x * inner(lambda y: x + y)(x))(x)

    assert found == 1.0


@pytest.mark.parametrize("inner", [grad, forward])
@pytest.mark.parametrize("outer", [grad, forward])
def test_closures_over_outer_variables(outer, inner):
    # g(x) = x · d/dy (x² y³) at y = x, which is 3x⁵; g′ is 15x⁴
    def g(x):
        return x * inner(lambda y: x**2 * y**3)(x)

    assert outer(g)(2.0) == 240.0
    # at a constant y it is 3x³y², with g′ = 9x²y²
    assert outer(lambda x: x * inner(lambda y: x**2 * y**3)(5.0))(2.0) == 900.0


@pytest.mark.parametrize("middle", [grad, forward])
@pytest.mark.parametrize("inner", [grad, forward])
def test_three_levels_that_all_close_over_each_other(inner, middle):
    # d/dx d/dy d/dz (x² y² z² ) = 8xyz
    def by_x(x):
        return middle(lambda y: inner(lambda z: x**2 * y**2 * z**2)(5.0))(3.0)

    assert grad(by_x)(2.0) == 240.0
    assert forward(by_x)(2.0) == 240.0


def test_an_inner_gradient_at_plain_numbers_leaves_the_outer_one_plain():
    found = grad(lambda x: x * grad(lambda y: x * y * y)(3.0))(2.0)

    assert found == 24.0
    assert type(found) is float


def test_a_pullback_can_be_differentiated_in_its_cotangent_and_in_its_point():
    def f(x, c):
        return vjp(sin, x)[1](c)[0]

    assert grad(f, argnums=(0, 1))(0.3, 2.0) == pytest.approx((-2 * math.sin(0.3), math.cos(0.3)))
    _, pullback = vjp(sin, 0.3)
    assert grad(lambda c: pullback(c * c)[0])(5.0) == pytest.approx(10 * math.cos(0.3))
    _, push = linearize(sin, 0.3)
    assert jvp(push, (2.0,), (7.0,))[1] == pytest.approx(7 * math.cos(0.3))


def test_a_users_operation_serves_all_transforms():
    @operation("sinc", partials=lambda x, out: ((cos(x) - out) / x,))
    def sinc(x):
        return math.sin(x) / x

    x = 0.8
    first = (math.cos(x) - math.sin(x) / x) / x
    second = -math.sin(x) / x - 2 * first / x
    assert grad(sinc)(x) == pytest.approx(first)
    assert jvp(sinc, (x,), (1.0,))[1] == pytest.approx(first)
    assert hessian(sinc)(x) == pytest.approx(second)
    assert forward(forward(sinc))(x) == pytest.approx(second)


def test_an_inner_run_does_not_walk_the_history_of_the_outer_one():
    lengths = []

    def f(x):
        for _ in range(1000):
            x = 0.999 * x
        run = recorded(chosen("grad", lambda y: y * x, 0, [x], {}))
        lengths.append(len(run.order))
        return grad(lambda y: y * x)(x)

    grad(f)(Value(2.0))
    grad(f)(2.0)

    assert lengths == [1, 1]


def test_threads_differentiate_at_once():
    found = {}

    def work(i):
        found[i] = [grad(grad(lambda x: x**i))(1.0) for _ in range(50)]

    threads = [threading.Thread(target=work, args=[i]) for i in range(2, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {i: [i * (i - 1.0)] * 50 for i in range(2, 8)}


# -- edges -----------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [0.0, Value(0.0)], ids=["plain", "Value"])
def test_an_infinite_slope_is_an_answer_in_each_mode(x):
    assert grad(sqrt)(x) == math.inf
    assert jvp(sqrt, (x,), (1.0,))[1] == math.inf


@pytest.mark.parametrize("factor", [Decimal("0.5"), Fraction(1, 2), np.float32(0.5), 1])
def test_plain_operands_of_every_kind_are_floats_in_each_rule(factor):
    def f(x):
        return factor * x * x / factor

    assert grad(grad(f))(3.0) == grad(f)(Value(1.0)) == forward(grad(f))(3.0) == 2.0


def test_a_pole_in_another_variable_does_not_spoil_a_derivative():
    def f(x, y):
        return sqrt(x) + y

    assert jvp(f, (0.0, 1.0), (0.0, 1.0)) == (1.0, 1.0)
    assert jacobian(lambda x: [f(*x), x[1], x[1]])([0.0, 1.0])[0] == [math.inf, 1.0]
    assert linearize(f, 0.0, 1.0)[1](0.0, 1.0) == 1.0
    assert vjp(lambda x: [sqrt(x), x], 0.0)[1]([0.0, 1.0]) == (1.0,)


@pytest.mark.parametrize("slope", [grad, forward])
@pytest.mark.parametrize("x", [0.0, Value(0.0)], ids=["plain", "Value"])
def test_nothing_flows_into_what_where_has_not_chosen(slope, x):
    found = slope(lambda x: where(x > 1, sqrt(x), 2 * x))(x)

    assert found == 2.0


def test_numbers_of_any_level_compare_by_their_data():
    def f(x):
        if x > 1 and x != 5 and bool(x) and x == 2.0:
            return x * x
        return -x

    assert grad(f)(2.0) == grad(f)(Value(2.0)) == forward(f)(2.0) == 4.0
    assert grad(grad(f))(2.0) == forward(grad(f))(2.0) == 2.0


# -- stop_gradient ---------------------------------------------------------------------------


@pytest.mark.parametrize("slope", [grad, forward, jacobian])
@pytest.mark.parametrize("x", [3.0, Value(3.0)], ids=["plain", "Value"])
def test_nothing_flows_through_stop_gradient(slope, x):
    found = slope(lambda x: x * stop_gradient(x).exp())(x)

    assert type(found) is type(x)
    assert found == pytest.approx(math.exp(3.0))


def test_stop_gradient_stops_all_levels():
    def f(y):
        return grad(lambda x: x * stop_gradient(y) ** 2 * y)(1.0)

    assert grad(f)(3.0) == 9.0
    assert forward(f)(3.0) == 9.0


@pytest.mark.parametrize("outer", [grad, lambda f: forward(f)])
@pytest.mark.parametrize("inner", [grad, lambda f: forward(f)])
def test_what_is_stopped_in_one_level_is_stopped_in_those_below(outer, inner):
    def slope(y):
        return inner(lambda x: x * stop_gradient(x))(y)  # the number y, but not its derivative

    assert slope(3.0) == 3.0
    assert outer(slope)(3.0) == 0.0


def test_stop_gradient_goes_through_containers_and_leaves_plain_things_alone():
    x = Value(2.0)
    stopped = stop_gradient({"x": [x, 1.0], "name": "x"})

    assert stopped["x"][0].data == 2.0
    assert stopped["x"][0] is not x
    assert stopped["x"][1] == 1.0
    assert stopped["name"] == "x"


# -- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [2.0, Value(2.0)], ids=["plain", "Value"])
@pytest.mark.parametrize("transform", [grad, value_and_grad, hessian])
@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: "two", r"the result must be a number.*'two', of type str"),
        (lambda x: [x, x], r"must return one number; it returned \[.*jacobian"),
        (lambda x: np.array([x, x]), r"must return one number; it returned array.*jacobian"),
        (lambda x: np.array([x * x]), r"must return one number; it returned array.*jacobian"),
        (lambda x: None, r"must return one number; it returned None\. Is a return missing"),
        (lambda x: {"loss": x, "name": "f"}, r"the result\['name'\] must be a number"),
        (lambda x: (y for y in [x]), "generator"),
        (lambda x: math.exp(x), r"Take \.data .* nanograd\.exp"),
        (lambda x: float(x), r"Take \.data"),
        (lambda x: x + "a", "unsupported operand"),
        (lambda x: 2j * x, "unsupported operand"),
    ],
)
def test_what_a_function_may_not_do_is_a_type_error_that_says_so(transform, f, message, x):
    with pytest.raises(TypeError, match=message):
        transform(f)(x)


def test_a_dual_is_no_float():
    with pytest.raises(TypeError, match=r"Take \.data"):
        jvp(math.exp, (1.0,), (1.0,))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("two", r"grad: the argument must be a number.*'two', of type str"),
        ({"w": [1.0, "a"]}, r"the argument\['w'\]\[1\] must be .*'a'"),
        (Point(1.0, 2j), r"the argument\.y must be .*complex"),
        (np.array([["a", 1.0]], object), r"the argument\[0, 0\] must be"),
        ({"x": np.array(["a"])}, r"the argument\['x'\] must be .*ndarray"),
        ({1.0, 2.0}, "of type set"),
        ((x for x in [1.0]), "of type generator"),
    ],
    ids=repr,
)
def test_what_is_no_number_is_named_with_its_place(given, message):
    with pytest.raises(TypeError, match=message):
        grad(lambda x: 0.0)(given)


@pytest.mark.parametrize("argnums", [1, -2, "x", (0, 3), None, 0.0])
def test_an_argument_that_was_not_given_by_position_is_an_error(argnums):
    with pytest.raises(TypeError, match=r"argnums must be .* of the 1 that were given"):
        grad(cube, argnums=argnums)(1.0)


@pytest.mark.parametrize("argnums", [(0, 0), [0, -2]])
def test_an_argument_that_is_named_twice_is_an_error(argnums):
    with pytest.raises(TypeError, match="argnums must name each argument once"):
        grad(lambda x, y: x * y, argnums=argnums)(1.0, 2.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: jvp(cube, 1.0, 1.0),
        lambda: jvp(cube, (1.0,), 1.0),
        lambda: jet(cube, 1.0, [1.0]),
        lambda: jet(cube, (1.0,), (1.0,)),
        lambda: hvp(cube)(),
    ],
)
def test_what_was_given_in_another_form_is_an_error_that_says_the_right_one(call):
    with pytest.raises((TypeError, ValueError), match=r"(jvp|jet|hvp): .* must (be|have)"):
        call()


def test_with_has_aux_a_pair_is_required():
    with pytest.raises(TypeError, match=r"must return a pair.*returned 9"):
        grad(lambda x: 9, has_aux=True)(3.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: jvp(lambda p: p["a"], ({"a": 1.0},), ({"b": 1.0},)),
        lambda: jvp(cube, (1.0,), (1.0, 2.0)),
        lambda: jvp(cube, (1.0,), ([1.0],)),
        lambda: jvp(np.sum, (np.zeros(2),), (np.zeros(3),)),
        lambda: vjp(cube, 1.0)[1]([1.0]),
        lambda: linearize(cube, 1.0)[1](1.0, 1.0),
    ],
)
def test_tangents_and_cotangents_must_be_nested_alike(call):
    with pytest.raises(TypeError, match=r"must be .*; it was given"):
        call()


@pytest.mark.parametrize("transform", [forward, lambda f: grad(f)])
def test_a_scalar_that_escaped_from_its_transform_is_an_error(transform):
    escaped = []

    def f(x):
        escaped.append(x)
        return x * x

    transform(f)(Value(2.0))
    with pytest.raises(TypeError, match=r"has returned.*has_aux"):
        escaped[0] + 1
    with pytest.raises(TypeError, match=r"has returned.*has_aux"):
        grad(lambda x: escaped[0])(1.0)


def test_the_level_is_closed_after_an_error():
    def f(_):
        raise RuntimeError

    for transform in (grad, forward):
        with pytest.raises(RuntimeError):
            transform(f)(Value(1.0))

    assert type(grad(cube)(2.0)) is float


def central(f, x, step=1e-2):
    """Return the derivative by central differences, extrapolated after Richardson."""
    row = []
    for i in range(6):
        h = step / 2**i
        new = [(f(x + h) - f(x - h)) / (2 * h)]
        for k, coarse in enumerate(row, 1):
            new.append(new[-1] + (new[-1] - coarse) / (4**k - 1))
        row = new
    return row[-1]
