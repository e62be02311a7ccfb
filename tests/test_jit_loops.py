"""`jit` of loops: scan and while_loop, in rows, in each other, and their derivatives."""

from array import array

import numpy as np
import pytest
from jitted import BACKENDS, Counted, assert_as_eager, assert_same, grads_of

from nanograd import (
    TraceError,
    Value,
    cos,
    exp,
    grad,
    gradient,
    hessian,
    jit,
    jvp,
    maximum,
    mean,
    scan,
    sin,
    sum,
    value_and_grad,
    vmap,
    where,
    while_loop,
)

X = np.array([0.5, -1.25, 2.0, 0.75])
Z = np.array([2.0, -3.0, 0.125])
TABLE = np.arange(12.0).reshape(4, 3) / 7.0 - 1.0

ANY = [None, "numpy", "python"]


def decay(x, n):
    return scan(lambda s: (s * 0.9 + sin(s), s * s), x, length=n)


# -- scan ------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("n", [0, 1, 2, 17])
def test_a_loop_of_some_length(n, backend):
    found, wanted = jit(decay, backend=backend)(0.3, n), decay(0.3, n)

    assert_same(found, wanted)


def test_a_length_is_an_argument_and_is_not_traced_again():
    counted = Counted(decay)
    f = jit(counted)
    for n in (3, 5, 0, 1000):
        assert_same(f(0.3, n), decay(0.3, n))

    assert counted.times == 1


def test_a_length_may_be_computed_of_arguments():
    f = jit(lambda x, n, m: scan(lambda s: (s + x, s), 0.0, length=2 * n + m)[0])

    assert [f(1.0, 3, 4), f(2.0, 0, 1)] == [10.0, 2.0]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("reverse", [False, True])
def test_arrays_are_scanned(reverse, backend):
    def f(w, x):
        return scan(lambda s, a: (w * s + a, (s, {"p": s * a})), 1.0, x, reverse=reverse)

    for rows in (X, X[:1], X[::-1], X.astype("float32")):
        assert_as_eager(f, 0.5, rows, backends=[backend])


def test_no_rows_are_scanned_to_nothing():
    found = jit(lambda x: scan(lambda s, a: (s + a, s), 2.0, x))(np.zeros(0))

    assert_same(found, (2.0, []))


def test_nested_states_and_xs():
    def step(state, x):
        position, velocity = state["p"], state["v"]
        force = x["f"] - position[0]
        after = {"p": [position[0] + velocity, position[1]], "v": velocity + force}
        return after, (force, [velocity, x["t"][1]])

    def f(p, v, xs):
        return scan(step, {"p": [p, 1.0], "v": v}, xs)

    assert_as_eager(f, 0.5, 1.5, {"f": X, "t": TABLE})


def test_a_row_of_a_table_in_each_step():
    assert_as_eager(lambda t: scan(lambda s, r: (s + sum(r) * r[1], r), 0.0, t), TABLE)


def test_a_list_is_gone_through():
    assert_as_eager(lambda xs: scan(lambda s, x: (s * x, s), 2.0, xs), [0.5, 3.0])


def test_steps_that_give_nothing_or_the_same():
    assert_as_eager(lambda x: scan(lambda s, a: (s + a, None), 0.0, x), X)
    assert_as_eager(lambda x, w: scan(lambda s, a: (s + a, (w, 2.0)), 0.0, x), X, 3.0)


def test_a_state_that_is_carried_along_or_begins_as_a_whole_number():
    assert_as_eager(
        lambda x, w: scan(lambda s, a: ([s[0] + a, s[1], s[0]], s[1]), [0, w, 1], x), X, 3.0
    )


def test_a_buffer_is_scanned():
    assert_as_eager(lambda x: scan(lambda s, a: (s + a, s), 0.0, x), array("d", [1.0, 2.0]))


def test_what_the_steps_gave_is_mapped_and_reduced():
    def f(x):
        _, ys = scan(lambda s, a: (s + a, s), 0.0, x)
        return sum(vmap(lambda y: y * y)(ys)), mean(ys)

    assert_as_eager(f, X)


def test_what_the_steps_gave_is_mapped_with_the_rows_it_came_from():
    def f(x):
        _, ys = scan(lambda s, a: (s + a, s), 0.0, x)
        return vmap(lambda a, b: a - b)(x, ys)

    assert_as_eager(f, X)


# -- while_loop ------------------------------------------------------------------------------


def collatz(x):
    def step(s):
        half = s["x"] / 2.0
        whole = where(half - (half + 0.25) // 1 == 0.0, 1.0, 0.0) if False else 1.0
        return {"x": half * whole, "n": s["n"] + 1}

    return while_loop(lambda s: s["x"] > 1.0, step, {"x": x, "n": 0.0})


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("x", [0.5, 1.5, 100.0])
def test_a_loop_goes_on_while_a_condition_holds(x, backend):
    assert_as_eager(collatz, x, backends=[backend])


def newton(a):
    def step(x):
        return (x + a / x) / 2.0

    return while_loop(lambda x: abs(x * x - a) > 1e-13 * a, step, a)


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_row_goes_on_as_long_as_it_needs(backend):
    assert_as_eager(vmap(newton), np.array([2.0, 1e-3, 1.0, 1e4, 9.0]), backends=[backend])


def test_a_while_loop_is_differentiated_forward_and_not_in_reverse():
    assert_as_eager(lambda a: jvp(newton, (a,), (1.0,)), 2.0)
    with pytest.raises(TraceError, match="while_loop is not differentiated in reverse"):
        jit(grad(newton))(2.0)


# -- in each other ---------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ANY)
def test_a_scan_in_each_row(backend):
    assert_as_eager(vmap(lambda x: decay(x, 5)), X, backends=[backend])
    assert_as_eager(vmap(lambda x: decay(x, 5)[0]), X, backends=[backend])


@pytest.mark.parametrize("backend", ANY)
def test_a_scan_over_an_array_in_each_row(backend):
    def f(x, z):
        return vmap(lambda a: scan(lambda s, b: (s * a + b, s), 0.0, z))(x)

    for rows in (Z, X):
        assert_as_eager(f, X, rows, backends=[backend])


@pytest.mark.parametrize("backend", ANY)
def test_a_map_in_each_step(backend):
    def f(w, x):
        return scan(lambda s: (s - 0.1 * mean(vmap(lambda a: s * a * a)(x)), s), w, length=6)

    assert_as_eager(f, 0.7, X, backends=[backend])


@pytest.mark.parametrize("backend", ANY)
def test_a_map_of_the_row_of_a_step(backend):
    def f(x, z):
        return scan(lambda s, a: (s + sum(vmap(lambda b: a * b * s)(z)), s), 0.1, x)

    for rows in (Z, X):
        assert_as_eager(f, X, rows, backends=[backend])


@pytest.mark.parametrize("backend", ANY)
def test_a_scan_in_a_scan(backend):
    def f(w, x, z):
        def step(s, a):
            inner, ys = scan(lambda t, b: (t * w + a * b, t), s, z)
            return inner, (inner, sum(ys))

        return scan(step, 0.5, x)

    for rows in (Z, X):
        assert_as_eager(f, 0.3, X, rows, backends=[backend])


@pytest.mark.parametrize("backend", ANY)
def test_a_state_with_a_column(backend):
    def f(x):
        return scan(lambda s: (vmap(lambda a: a * 0.5 + 1.0)(s), mean(s)), x, length=3)

    assert_as_eager(f, X, backends=[backend])


def test_a_state_with_columns_beside_numbers():
    def f(x, y, w):
        def step(state):
            x, y, w = state
            after = vmap(lambda a, b: a + w * b)(x, y)
            return (after, vmap(sin)(x), w * 0.5), w

        return scan(step, (x, y, w), length=4)

    assert_as_eager(f, X, X[::-1], 0.5, backends=ANY)


def test_a_while_in_a_scan_in_rows():
    def f(x):
        def one(a):
            return scan(
                lambda s: (while_loop(lambda v: v > 1.0, lambda v: v / 3, s + a), s), 1.0, length=3
            )

        return vmap(one)(x)

    assert_as_eager(f, abs(X) * 10)


def test_maps_scans_and_maps():
    def f(x, z):
        def row(a):
            def step(s):
                return s * 0.5 + mean(vmap(lambda b: sin(a * b + s))(z)), s

            return scan(step, a, length=3)

        return vmap(row)(x)

    assert_as_eager(f, X, Z, backends=ANY)


# -- derivatives -----------------------------------------------------------------------------


def rollout(w, x):
    final, ys = scan(lambda s, a: (w * s + sin(a * s), s * a), 0.3, x)
    return final * sum(ys)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_scan_is_differentiated_in_reverse(backend):
    assert_as_eager(value_and_grad(rollout, argnums=(0, 1)), 0.7, X, backends=[backend])


def test_a_scan_is_differentiated_twice_and_forward():
    assert_as_eager(hessian(rollout), 0.7, X)
    assert_as_eager(lambda w, x: jvp(rollout, (w, x), (1.0, x)), 0.7, X)
    assert_as_eager(lambda w, x: jvp(grad(rollout), (w, x), (1.0, x)), 0.7, X)


def test_a_scan_in_each_row_is_differentiated():
    def f(w, x):
        return mean(vmap(lambda a: scan(lambda s: (w * s + a, s), a, length=4)[0])(x))

    assert_as_eager(value_and_grad(f, argnums=(0, 1)), 0.5, X)
    assert_as_eager(vmap(grad(lambda w, a: decay(w * a, 3)[0]), in_axes=(None, 0)), 0.5, X)


def test_a_scan_in_a_scan_is_differentiated():
    def f(w, x, z):
        def step(s, a):
            inner, ys = scan(lambda t, b: (t * w + a * b, t), s, z)
            return cos(inner), sum(ys)

        final, ys = scan(step, 0.5, x)
        return final + sum(ys)

    assert_as_eager(value_and_grad(f, argnums=(0, 1, 2)), 0.3, X, Z, backends=ANY[::-1])


def test_a_map_in_each_step_is_differentiated():
    def f(w, x):
        return scan(lambda s: (s - 0.1 * mean(vmap(lambda a: s * a * a)(x)), s), w, length=6)[0]

    assert_as_eager(value_and_grad(f, argnums=(0, 1)), 0.7, X, backends=ANY[::-1])


def training(w, x, y, epochs, rate):
    def loss(w):
        def row(x, y):
            p = (x * w[0] + w[1]).sigmoid()
            return -(y * p.ln() + (1 - y) * (1 - p).ln())

        return mean(vmap(row)(x, y))

    def step(w):
        value, slopes = value_and_grad(loss)(w)
        return [wi - rate * slope for wi, slope in zip(w, slopes, strict=True)], value

    return scan(step, w, length=epochs)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_whole_training_is_one_call(backend):
    labels = np.array([0.0, 1.0, 1.0, 0.0])
    found = jit(training, backend=backend)([0.3, -0.1], X, labels, 20, 0.5)

    assert_same(found, training_by_hand([0.3, -0.1], X, labels, 20, 0.5))


def training_by_hand(w, x, y, epochs, rate):
    """Return what `training` does, in NumPy, with the slopes worked out on paper."""
    losses = []
    for _ in range(epochs):
        p = 1.0 / (1.0 + np.exp(-(w[0] * x + w[1])))
        losses.append(float(np.mean(-(y * np.log(p) + (1 - y) * np.log(1 - p)))))
        w = [w[0] - rate * float(np.mean((p - y) * x)), w[1] - rate * float(np.mean(p - y))]
    return w, losses


def test_a_training_is_differentiated_in_its_rate():
    def f(rate):
        return training([0.3, -0.1], X, np.array([0.0, 1.0, 1.0, 0.0]), 3, rate)[0][0]

    eps = 1e-6
    by_difference = (jit(f)(0.5 + eps) - jit(f)(0.5 - eps)) / (2 * eps)

    assert abs(jit(grad(f))(0.5) - by_difference) < 1e-7 * abs(by_difference)


def test_loops_on_values_are_one_operation():
    f = jit(lambda w: rollout(w, X))
    w = Value(0.7)

    assert f(w).parents == (w,)
    assert_same(grads_of(f, 0.7), grads_of(lambda w: rollout(w, X), 0.7))
    assert_same(gradient(f(w), [w]), gradient(rollout(w, X), [w]))


def test_values_from_outside_in_a_loop():
    w = Value(0.5, "w")
    f = jit(lambda x: scan(lambda s, a: (s * w + a, None), 0.0, x)[0])
    f(X)
    w.data = 0.25
    found, wanted = f(X), scan(lambda s, a: (s * w + a, None), 0.0, X)[0]

    assert_same((found, gradient(found, [w])), (wanted, gradient(wanted, [w])))


def test_a_kink_in_a_loop():
    def f(w, x):
        return scan(lambda s, a: (maximum(s * w, a) + where(s > 1.0, exp(-s), 0.0), s), 0.5, x)[0]

    assert_as_eager(value_and_grad(f, argnums=(0, 1)), 0.7, X)


# -- states that begin or end as the same in each row -------------------------------------------


def zeros(x):
    return vmap(lambda _: 0.0)(x)


def momentum(x):
    def step(state):
        x, v = state
        after = vmap(lambda p, v: 0.9 * v - 0.1 * p)(x, v)
        return (vmap(lambda p, v: p + v)(x, after), after), sum(x)

    return scan(step, (x, zeros(x)), length=4)


STATES = {
    "begins as zeros": lambda x: scan(
        lambda s: (vmap(lambda a, b: a + b)(s, x), None), zeros(x), length=3
    ),
    "becomes ones": lambda x: scan(lambda s: (vmap(lambda _: 1.0)(s), s), x, length=3),
    "momentum": momentum,
    "momentum, differentiated": value_and_grad(lambda x: sum(momentum(x)[0][0])),
    "while": lambda x: while_loop(
        lambda s: sum(s) < 10.0, lambda s: vmap(lambda a: a + 1.0)(s), zeros(x)
    ),
}


@pytest.mark.parametrize("backend", ANY)
@pytest.mark.parametrize("name", STATES)
def test_a_column_in_the_state_may_begin_or_end_as_the_same_in_each_row(name, backend):
    assert_as_eager(STATES[name], X, backends=[backend])


def test_called_again_and_again_steps_are_not_taken_for_rows():
    f = jit(lambda x: sum(scan(lambda s: (s * 2, s), 1.0, length=5)[1]) + sum(x))
    g = jit(lambda a: sum(scan(lambda s: (s * 2, s), a, length=5)[1]))

    assert [f(Z) for _ in range(6)] == [31.0 + Z.sum()] * 6
    assert [g(1.0) for _ in range(6)] == [31.0] * 6
