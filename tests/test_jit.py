"""`jit`: the same results as without it, for all that goes in and comes out."""

import math
import random
import threading
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import NamedTuple

import numpy as np
import pytest
from jitted import BACKENDS, Counted, assert_as_eager, assert_same, grads_of
from samples import SAMPLES

import nanograd
from nanograd import (
    OPERATIONS,
    DomainError,
    TraceError,
    Value,
    checkpoint,
    debug,
    exp,
    fixed_point,
    grad,
    gradient,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jit,
    jvp,
    linearize,
    log,
    logsumexp,
    maximum,
    mean,
    minimum,
    nn,
    no_grad,
    sin,
    softmax,
    sqrt,
    stop_gradient,
    sum,
    value_and_grad,
    vjp,
    where,
)
from nanograd.compiler.backends import backend_for
from nanograd.compiler.calls import lowering
from nanograd.compiler.calls.lowering import UnsupportedError


@dataclass
class Line:
    slope: object
    offset: object
    label: str = "line"

    def at(self, x):
        return self.slope * x + self.offset


@dataclass(frozen=True)
class Frozen:
    w: object


class Pair(NamedTuple):
    left: object
    right: object


def polynomial(x, y):
    return (x * y + 3) ** 2 - y / (1 + x * x) + exp(-x) * sin(y)


def deep(tree):
    return tree["w"][0] * tree["w"][1].slope + tree["b"].left - tree["b"].right[0]


# -- what goes in and comes out --------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_formula_gives_what_it_gives_eagerly(backend):
    assert_as_eager(polynomial, 0.5, -1.5, backends=[backend])


@pytest.mark.parametrize(
    "number",
    [2, True + 1, np.float64(2.0), np.float32(0.1), np.int32(2), Fraction(1, 3), Decimal("0.1")],
    ids=str,
)
def test_every_kind_of_number_goes_in(number):
    assert_same(jit(lambda x: x * 3.0 + 1.0)(number), float(number) * 3.0 + 1.0)


def test_a_number_beyond_the_floats_is_refused_as_eagerly():
    with pytest.raises(DomainError, match="too large"):
        jit(lambda x: x * 2)(10**400)


def test_lists_tuples_dicts_and_dataclasses_go_in_nested():
    tree = {"w": [2.0, Line(3.0, 1.0)], "b": Pair(0.5, (0.25,))}

    assert_as_eager(deep, tree)


@pytest.mark.parametrize(
    "result",
    [
        lambda x, y: [x, y, x * y],
        lambda x, y: (x, [y, (x,)]),
        lambda x, y: {"sum": x + y, "parts": [x, y]},
        lambda x, y: Line(x, y),
        lambda x, y: Pair(x, [y]),
        lambda x, y: Frozen(x * y),
        lambda x, y: OrderedDict(b=x, a=y),
        lambda x, y: (x + y, 1.0, 2, [], {}),
        lambda x, y: {"loss": x * y, "name": "sgd", "done": True, "none": None},
        lambda x, y: [y, x, x],
    ],
)
def test_results_come_out_as_they_are_nested(result):
    wanted, found = result(2.0, 3.0), jit(result)(2.0, 3.0)

    assert type(found) is type(wanted)
    assert found == wanted


def test_each_call_gives_containers_of_its_own():
    f = jit(lambda x: {"x": x})
    first, second = f(1.0), f(2.0)

    assert (first, second) == ({"x": 1.0}, {"x": 2.0})


def test_results_are_plain_floats():
    assert {type(x) for x in jit(lambda x: [x, x * 2, 1])(2)} == {float}


def test_an_empty_list_comes_out():
    assert jit(lambda xs: [x * 2 for x in xs])([]) == []


def test_names_and_defaults_are_taken():
    def f(x, y=2.0, *rest, scale=3.0, **more):
        return x * y * scale + sum(rest) + more.get("z", 0.0)

    compiled = jit(f)

    for args, named in [
        ((5.0,), {}),
        ((5.0, 7.0), {}),
        ((5.0,), {"y": 7.0}),
        ((5.0, 7.0, 1.0, 2.0), {"scale": 0.5}),
        ((5.0,), {"scale": 0.5, "z": 1.0}),
        ((), {"y": 1.0, "x": 4.0}),
        ((), {"x": 1.0, "y": 4.0}),
    ]:
        assert compiled(*args, **named) == f(*args, **named)


def test_what_is_given_by_place_is_not_taken_for_what_is_given_by_name():
    f = jit(lambda *args, **named: 5.0 * args[0] if named else 7.0 * args[0][0])

    assert (f(1.0, 2.0, a=3.0), f((1.0, 2.0), {"a": 3.0})) == (5.0, 7.0)


def test_a_method_knows_its_object():
    class Model:
        def __init__(self, w):
            self.w = w

        @jit
        def __call__(self, x):
            return self.w * x

        @jit
        def twice(self, x):
            return 2 * self(x)

    one, other = Model(3.0), Model(4.0)

    assert (one(2.0), other(2.0), one.twice(2.0)) == (6.0, 8.0, 12.0)


def test_a_number_in_an_attribute_is_seen_when_it_changes():
    class Model:
        rate = 1.0

        @jit
        def step(self, x):
            return self.rate * x

    model = Model()
    found = [model.step(2.0)]
    for rate in (0.5, 0.25, 1.0):
        model.rate = rate
        found.append(model.step(2.0))

    assert found == [2.0, 1.0, 0.5, 2.0]


def test_it_is_a_decorator_with_arguments_or_without():
    @jit
    def f(x):
        """Say something."""
        return x * 2

    @jit(backend="python", precision="float64")
    def g(x):
        return x * 2

    assert (f(2.0), g(2.0), f.__name__, f.__doc__) == (4.0, 4.0, "f", "Say something.")


def test_decorated_twice_is_decorated():
    assert jit(jit(lambda x: x * 2))(3.0) == 6.0


def test_single_precision_is_single():
    found = jit(lambda x: x / 3.0, precision="float32")(1.0)

    assert found == float(np.float32(1.0) / np.float32(3.0))
    assert found != 1.0 / 3.0


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="backend must be one of"):
        jit(lambda x: x, backend="fortran")(1.0)


# -- the cache -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "traces"),
    [
        ((1.0, 2.0), (3.0, 4), 1),
        (([1.0], 2.0), ([3.0], 4.0), 1),
        (([1.0], 2.0), ([3.0, 5.0], 4.0), 2),
        (([1.0], 2.0), ((3.0,), 4.0), 2),
        (({"a": 1.0}, 2.0), ({"b": 3.0}, 4.0), 2),
        ((np.ones(3), np.ones(3)), (np.ones(5), np.ones(5)), 1),
        ((np.ones(3), np.ones(3)), (np.ones(5), np.ones(4)), 2),
        ((np.ones(3), 1.0), (np.ones((3, 1)), 1.0), 2),
        ((np.ones((3, 2)), 1.0), (np.ones((9, 2)), 1.0), 1),
        ((np.ones(3), 1.0), (np.ones(3, "float32"), 1.0), 1),
        (("a", 1.0), ("b", 1.0), 2),
        (("a", 1.0), ("a", 2.0), 1),
        ((None, 1.0), (1.0, 1.0), 2),
        ((True, 1.0), (False, 1.0), 2),
        ((True, 1.0), (1, 1.0), 2),
        ((max, 1.0), (min, 1.0), 2),
        ((Line(1.0, 2.0), 1.0), (Line(3.0, 4.0), 1.0), 1),
        ((Line(1.0, 2.0), 1.0), (Line(3.0, 4.0, "other"), 1.0), 2),
        ((Pair(1.0, 2.0), 1.0), ((1.0, 2.0), 1.0), 2),
        (({}, 1.0), (OrderedDict(), 1.0), 2),
    ],
)
def test_a_function_is_traced_once_for_each_signature(first, second, traces):
    counted = Counted(lambda x, y: 1.0)
    f = jit(counted)
    for args in (first, second, first, second):
        f(*args)

    assert counted.times == traces


def test_threads_may_call_at_once():
    counted = Counted(lambda x, xs: x * sum(xs))
    f, found = jit(counted), {}

    def work(i):
        found[i] = [f(float(i), [1.0] * (1 + k % 3)) for k in range(30)]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {i: [i * (1.0 + k % 3) for k in range(30)] for i in range(6)}
    assert counted.times == 3


def test_a_function_that_fails_can_be_called_again():
    fails = [True]

    def f(x):
        if fails[0]:
            raise KeyError("first")
        return x * 2

    compiled = jit(f)
    with pytest.raises(KeyError, match="first"):
        compiled(1.0)
    fails[0] = False

    assert compiled(1.0) == 2.0


# -- derivatives -----------------------------------------------------------------------------


def loss(w):
    return w[0] ** 3 * w[1] + sin(w[0] * w[1]) + maximum(w[0], w[1])


AT = [0.7, 1.3]
AROUND = {
    "value_and_grad": lambda f: value_and_grad(f)(AT),
    "grad": lambda f: grad(f)(AT),
    "hessian": lambda f: hessian(f)(AT),
    "hvp": lambda f: hvp(f)(AT, [1.0, 2.0]),
    "jvp": lambda f: jvp(f, (AT,), ([1.0, 2.0],)),
    "vjp": lambda f: vjp(f, AT)[1](2.0),
    "linearize": lambda f: linearize(f, AT)[1]([1.0, 2.0]),
    "grad of grad": lambda f: grad(lambda w: grad(f)(w)[0])(AT),
    "jacfwd of grad": lambda f: jacfwd(grad(f))(AT),
    "jacrev of grad": lambda f: jacrev(grad(f))(AT),
    "jvp of grad": lambda f: jvp(grad(f), (AT,), ([1.0, 2.0],)),
    "three times": lambda f: grad(lambda w: grad(lambda w: grad(f)(w)[1])(w)[0])(AT),
}


@pytest.mark.parametrize("transform", AROUND)
def test_a_compiled_function_is_differentiated_as_another(transform):
    assert_same(AROUND[transform](jit(loss)), AROUND[transform](loss))


@pytest.mark.parametrize("transform", AROUND)
def test_derivatives_are_compiled(transform):
    def f(x):
        return AROUND[transform](lambda w: x * loss(w))

    assert_as_eager(f, 1.5)


def vector(x):
    return {"a": x[0] * x[1], "b": [exp(x[1]), 2.0, x[0]]}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("transform", [jacobian, jacfwd, jacrev])
def test_jacobians_are_compiled(transform, backend):
    assert_as_eager(transform(vector), AT, backends=[backend])


def test_several_arguments_and_aux():
    def f(x, y):
        return x * x * y, {"twice": 2 * x, "text": "aux"}

    for transform in (
        value_and_grad(f, argnums=(0, 1), has_aux=True),
        grad(f, argnums=1, has_aux=True),
        hessian(f, has_aux=True),
    ):
        assert jit(transform)(2.0, 3.0) == transform(2.0, 3.0)


def test_a_function_that_ignores_its_input_has_slope_zero():
    assert jit(grad(lambda x: 3.0))(2.0) == 0.0
    assert jit(value_and_grad(lambda x, y: y))(2.0, 5.0) == (5.0, 0.0)


def test_jit_inside_of_jit_is_part_of_it():
    inner = jit(lambda x: x**2)

    assert jit(lambda x: inner(x) + grad(inner)(x))(3.0) == 15.0


def test_the_untaken_arm_of_where_stays_out():
    def f(x):
        return where(x > 0.0, log(maximum(x, 1e-300)), -x) * minimum(x, 2.0)

    for x in (-1.0, 0.0, 3.0):
        assert_as_eager(value_and_grad(f), x)


# -- Values ----------------------------------------------------------------------------------


def test_called_with_values_it_is_one_operation():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    out = jit(polynomial)(x, y)

    assert out.parents == (x, y)
    assert out.op.name == "polynomial"
    assert list(out.op.parameters) == ["x", "y"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_backward_goes_through_it(backend):
    assert_same(
        grads_of(jit(polynomial, backend=backend), 0.5, -1.5), grads_of(polynomial, 0.5, -1.5)
    )


def test_it_stands_in_a_graph_with_other_values():
    f = jit(loss)

    def around(g):
        return lambda x, y: exp(g([x * y, y])) + g([y, x])

    assert_same(grads_of(around(f), 0.3, 0.7), grads_of(around(loss), 0.3, 0.7))


def test_a_plain_number_beside_values_stays_plain():
    x = Value(2.0)
    out = jit(polynomial)(x, 3.0)
    out.backward()

    assert out.parents == (x,)
    assert_same(x.grad, grad(polynomial)(2.0, 3.0))


def test_the_same_value_twice_receives_both_shares():
    assert_same(
        grads_of(lambda x: jit(polynomial)(x, x), 1.5), grads_of(lambda x: polynomial(x, x), 1.5)
    )


def test_all_results_are_values_with_their_own_slopes():
    x, y = Value(0.7), Value(1.3)
    found, wanted = jit(vector)([x, y]), vector([x, y])
    firsts = (
        (found["a"], found["b"][0], found["b"][2]),
        (wanted["a"], wanted["b"][0], wanted["b"][2]),
    )

    for out, other in zip(*firsts, strict=True):
        assert_same(out, other)
        assert_same(gradient(out, [x, y]), gradient(other, [x, y]))


def test_the_program_runs_once_for_all_results():
    f = jit(vector)
    f([Value(1.0), Value(2.0)])
    (compiled,) = next(iter(f.compiled.values()))

    assert len(compiled.flat.jacobians) == 1


def test_gradients_can_be_taken_again():
    f = jit(polynomial)

    def second(g):
        x, y = Value(0.4), Value(0.9)
        slope = gradient(g(x, y), [x])[0]
        third = gradient(slope, [x, y])
        return slope, third, gradient(third[1], [x])

    assert_same(second(f), second(polynomial), 1e-11)


def test_a_value_gives_the_same_number_to_the_bit_as_a_float():
    for x, y in ((0.1, 0.7), (-1.3, 2.9), (1e-9, 1e9)):
        assert jit(polynomial)(Value(x), Value(y)).data == jit(polynomial)(x, y)


def test_in_a_no_grad_block_there_is_no_graph():
    with no_grad():
        out = jit(polynomial)(Value(2.0), Value(3.0))

    assert out.parents == ()
    assert_same(out, polynomial(2.0, 3.0))


def test_a_no_grad_block_inside_is_kept():
    def f(x):
        with no_grad():
            y = x * x
        return x * y

    assert_as_eager(value_and_grad(f), 3.0)
    assert_same(grads_of(jit(f), 3.0), grads_of(f, 3.0))


def test_a_result_without_a_finite_value_is_told_of_values():
    with pytest.raises(DomainError, match="named 'x'"):
        jit(lambda x: log(x - 1))(Value(0.5, "x"))


def test_of_numbers_it_goes_by_ieee_754():
    assert np.isnan(jit(log)(-1.0))
    assert jit(lambda x: 1 / x)(0.0) == np.inf


# -- what is taken from outside --------------------------------------------------------------


def test_a_value_from_outside_is_read_at_every_call():
    w = Value(3.0, "w")
    f = jit(lambda x: w * x**2)
    first = f(2.0)
    w.data = 5.0
    second = f(2.0)
    second.backward()

    assert (first.data, second.data, w.grad) == (12.0, 20.0, 4.0)
    assert second.parents == (w,)


def test_what_was_computed_from_outside_is_computed_at_every_call():
    w = Value(3.0)
    square = w * w
    f = jit(lambda x: square * x)
    f(1.0)
    w.data = 2.0
    out = f(10.0)
    out.backward()

    assert (out.data, w.grad) == (40.0, 40.0)


def test_a_model_is_trained_as_eagerly():
    def trained(wrap):
        model = nn.MLP(2, [3, 1], rng=random.Random(1))
        f = wrap(lambda x, y: nn.binary_cross_entropy_with_logits(model(x)[0], y))
        for _ in range(5):
            model.zero_grad()
            f([0.5, -1.0], 1.0).backward()
            for p in model.parameters():
                p.data -= 0.1 * p.grad
        return [p.data for p in model.parameters()]

    assert_same(trained(jit), trained(lambda f: f), 1e-11)


def test_a_number_of_another_transform_from_outside_counts_for_that():
    def f(w):
        inner = jit(lambda x: w * x)
        return inner(3.0) * w

    assert grad(f)(2.0) == 12.0


def test_a_global_jit_does_not_keep_numbers_of_a_transform_that_is_over():
    box = []
    f = jit(lambda x: box[0] * x)

    def g(w):
        box[:] = [w]
        return f(3.0)

    assert [grad(g)(2.0), grad(g)(5.0)] == [3.0, 3.0]


@dataclass(eq=False)
class Settings:
    rate: float
    weights: dict


RATE, SCALE = 2.0, Settings(3.0, {"w": 1.0})


def scaled(x):
    return RATE * x


@pytest.mark.parametrize("wrap", [jit, lambda f: jit(value_and_grad(f)), lambda f: jit(jit(f))])
def test_a_variable_outside_that_is_changed_is_seen(wrap, monkeypatch):
    f = wrap(lambda x: scaled(x) * SCALE.rate + SCALE.weights["w"])
    for _ in range(5):
        before = f(10.0)
    for change in (
        lambda: monkeypatch.setitem(globals(), "RATE", 5.0),
        lambda: monkeypatch.setitem(globals(), "scaled", lambda x: 7.0 * x),
        lambda: monkeypatch.setattr(SCALE, "rate", 11.0),
        lambda: monkeypatch.setitem(SCALE.weights, "w", 13.0),
    ):
        change()
        after = f(10.0)
        assert after != before
        before = after


def test_a_variable_of_a_closure_is_seen_when_it_changes():
    rate = 1.0

    @jit
    def f(x):
        return rate * x

    first = [f(2.0) for _ in range(5)]
    rate = 3.0

    assert (first, f(2.0)) == ([2.0] * 5, 6.0)


def test_another_value_in_the_same_variable_is_seen():
    w = Value(2.0)
    f = jit(lambda x: w * x)
    f(1.0)
    w = Value(5.0)
    out = f(3.0)
    out.backward()

    assert (out.data, w.grad) == (15.0, 3.0)


class Slotted:
    __slots__ = ("rate",)

    def __init__(self, rate):
        self.rate = rate


class Net(nn.Module):
    def __init__(self):
        self.parts = [nn.Neuron(1, "linear"), {"scale": 2.0}]
        self.itself = self

    def __call__(self, x):
        return self.parts[0]([x]) * self.parts[1]["scale"]


def test_objects_in_objects_are_looked_at():
    net, odd = Net(), Slotted(1.0)
    f = jit(lambda x: net(x) * odd.rate)
    before = f(3.0).data
    net.parts[1]["scale"] = 4.0
    after = f(3.0)
    net.parts[0].weights[0] = Value(0.0)

    assert_same(after.data, 2 * before)
    assert_same(f(3.0), 4.0 * net.parts[0].bias.data)
    odd.rate = 0.5
    assert_same(f(3.0), 2.0 * net.parts[0].bias.data)


def test_what_does_not_change_is_not_traced_again():
    counted = Counted(lambda x: scaled(x) + SCALE.rate)
    f = jit(counted)
    for x in range(5):
        f(float(x))

    assert counted.times == 1


# -- the rest of the library -----------------------------------------------------------------

LIBRARY = {
    "stop_gradient": lambda w: w[0] * stop_gradient(w[0] * w[1]),
    "checkpoint": lambda w: checkpoint(lambda x, y: exp(x) * y)(*w),
    "softmax": lambda w: softmax([w[0], w[1], 0.5])[1],
    "logsumexp": lambda w: logsumexp([w[0], 2 * w[1], 1000.0]),
    "cross_entropy": lambda w: nn.cross_entropy([w[0], w[1], 0.0], 1),
    "soft cross_entropy": lambda w: nn.cross_entropy(w, [0.25, 0.75]),
    "binary_cross_entropy": lambda w: nn.binary_cross_entropy_with_logits(w[1], w[0]),
    "mse_loss": lambda w: nn.mse_loss(w, [1.0, 2.0]),
    "hinge_loss": lambda w: nn.hinge_loss(w[0], -1) + w[1],
    "jit": lambda w: jit(loss)(w),
    "a value in a list": lambda w: sum([w[0], 2.0, w[1]]) / len(w),
}


@pytest.mark.parametrize("name", LIBRARY)
def test_functions_of_the_library_can_be_compiled(name):
    assert_as_eager(value_and_grad(LIBRARY[name]), AT)
    assert_as_eager(hessian(LIBRARY[name]), AT)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_operation_can_be_compiled(name):
    sample = SAMPLES[name][0]

    assert_as_eager(lambda *xs: OPERATIONS[name](*xs), *sample)


# -- stages ----------------------------------------------------------------------------------


def test_the_stages_can_be_read():
    lowered = jit(lambda w, x: mean_of(w, x)).lower(2.0, np.ones(3))

    stages = "trace", "optimized", "schedule", "python", "llvm", "assembly"
    assert lowered.stages == stages
    assert lowered["trace"].startswith("program(w, x[rows])")
    assert "def kernel(w, x, rows):" in lowered["python"]
    assert "define" in lowered["llvm"]
    assert "kernel:" in lowered["assembly"]
    assert lowered["optimized"] in str(lowered)
    assert lowered.backend == "llvm"


def mean_of(w, x):
    from nanograd import vmap

    return mean(vmap(lambda v: w * v)(x))


def test_a_stage_that_there_is_not_is_refused():
    with pytest.raises(KeyError, match="a stage is one of trace, optimized, schedule, python"):
        jit(lambda x: x).lower(1.0)["binary"]


def test_lowering_runs_nothing_and_a_call_does_not_trace_again():
    counted = Counted(lambda x: x * 2)
    f = jit(counted)
    f.lower(1.0)

    assert (f(2.0), counted.times) == (4.0, 1)


# -- debug -----------------------------------------------------------------------------------


def test_a_debug_block_names_operation_and_line():
    def f(x):
        y = x - 2.0
        return log(y)

    with debug(), pytest.raises(DomainError, match=r"log\(x\).*x = -1.0 .*at test_jit.py:\d+"):
        jit(f)(1.0)


def test_a_debug_block_lets_pass_what_is_finite_and_what_was_put_in():
    with debug():
        assert jit(sqrt)(4.0) == 2.0
        assert jit(lambda x: x * 2)(np.inf) == np.inf


def test_a_fixed_point_is_found_on_numbers_only():
    with pytest.raises(TypeError, match=r"test_jit\.py"):
        jit(lambda a: fixed_point(lambda x: (x + a / x) / 2, 1.0))(2.0)


# -- backends that cannot --------------------------------------------------------------------


class Unable:
    """A backend that can do nothing."""

    @staticmethod
    def lowered(program, precision):
        del program, precision
        raise UnsupportedError("a thing of this kind")


def test_a_backend_that_cannot_leaves_it_to_the_next_and_lower_says_so(monkeypatch):
    monkeypatch.setattr(
        lowering, "backend_for", lambda name: Unable if name == "llvm" else backend_for(name)
    )
    f = jit(lambda x: x * 2)
    lowered = f.lower(1.0)

    assert f(3.0) == 6.0
    assert lowered.backend == "numpy"
    assert "the backend llvm does not do a thing of this kind" in str(lowered)
    with pytest.raises(TraceError, match=r"does not do a thing of this kind\. Leave out backend"):
        jit(lambda x: x * 2, backend="llvm")(3.0)


# -- many numbers alike ------------------------------------------------------------------------

SHARED = {
    "a constant that is the number of a slot": (
        lambda c, d, xs: [(x + 1.0) * d - c for x in xs],
        (5.0, 7.0, [1.0] * 32),
    ),
    "the slopes of a sum": (
        grad(lambda c, d, xs: sum((x + 1.0) ** 2 * d - c * x for x in xs), argnums=2),
        (0.3, 0.5, [2.0] * 40),
    ),
    "a constant in a loop": (
        lambda c, d, w: nanograd.scan(
            lambda w: ([(a + 40.0) * d * 0.01 - c for a in w], w[0]), w, length=2
        )[0],
        (0.3, 0.5, [0.25] * 40),
    ),
    "a polynomial": (
        lambda c, xs: [reduce(lambda s, a, x=x: s * x + a, c, 0.0) for x in xs],
        ([1.0 + k for k in range(8)], [0.5] * 32),
    ),
}


@pytest.mark.parametrize("name", SHARED)
def test_numbers_computed_alike_share_a_slot_and_a_constant_of_its_number(name):
    f, args = SHARED[name]

    assert jit(f)(*args) == pytest.approx(f(*args), rel=1e-12)


def test_zeros_of_both_signs_are_two_constants():
    f = jit(lambda xs: [1.0 / (x * (0.0 if i % 2 else -0.0)) for i, x in enumerate(xs)])

    assert f([1.0] * 64) == [-math.inf, math.inf] * 32
