"""`jit` over rows: arrays in and out, maps inside of maps, and sums over them."""

import subprocess
import sys
from array import array
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jitted import BACKENDS, Counted, assert_as_eager, assert_same, grads_of

from nanograd import (
    Value,
    dot,
    exp,
    grad,
    gradient,
    hessian,
    hvp,
    jacobian,
    jit,
    jvp,
    log,
    logsumexp,
    max,
    maximum,
    mean,
    min,
    nn,
    scan,
    sin,
    softmax,
    stop_gradient,
    sum,
    value_and_grad,
    vmap,
    where,
)

X = np.array([0.5, -1.25, 2.0, 0.75, 3.5])
Y = np.array([1.0, 0.25, -2.0, 1.5, -0.5])
Z = np.array([2.0, -3.0, 0.125])
TABLE = np.arange(15.0).reshape(5, 3) / 7.0 - 1.0
CUBE = np.arange(30.0).reshape(5, 3, 2) / 11.0 - 1.0


@dataclass
class Point:
    x: object
    y: object


# -- what goes in ----------------------------------------------------------------------------


def double(x):
    return x * 2.0 + 1.0


@pytest.mark.parametrize(
    "rows",
    [
        X,
        X.astype("float32"),
        np.arange(5),
        np.arange(5, dtype="uint8"),
        np.array([True, False, True]),
        X[::2],
        X[::-1],
        TABLE[:, 1],
        np.array([2.5]),
        X.astype(">f8"),
        array("d", [1.5, 2.5]),
        array("i", [1, 2, 3]),
        memoryview(array("f", [1.5, 2.5])),
        memoryview(X)[::2],
    ],
    ids=repr,
)
def test_arrays_and_buffers_of_all_kinds_are_rows(rows):
    assert_as_eager(vmap(double), rows, backends=BACKENDS)


@pytest.mark.parametrize(
    "f",
    [
        lambda r: r[0] * r[2] - r[1],
        lambda r: r[-1],
        lambda r: sum(r),
        lambda r: sum([x * i for i, x in enumerate(r)]),
        lambda r: dot(r, r),
        lambda r: len(r) * r[0],
        lambda r: [x * x for x in r],
        lambda r: [r[1], r[0]],
        lambda r: r,
        lambda r: r[::-1],
        lambda r: softmax(r),
        lambda r: max(r),
        lambda r: (r[0], {"all": r, "sum": sum(r)}),
        lambda r: Point(r[0], [r[1]]),
    ],
)
@pytest.mark.parametrize(
    "table", [TABLE, TABLE.T.copy().T, TABLE[::2], memoryview(TABLE)], ids=repr
)
def test_a_row_of_a_table_is_a_sequence_of_scalars(f, table):
    assert_as_eager(vmap(f), table)


def test_a_row_of_three_axes_is_nested():
    assert_as_eager(vmap(lambda r: [dot(x, x) for x in r]), CUBE)
    assert_as_eager(vmap(lambda r: [[y * y for y in x] for x in r]), CUBE)
    assert_as_eager(vmap(lambda r: r), CUBE)


def test_tuples_dicts_and_dataclasses_have_rows_in_each_part():
    f = vmap(lambda p: p["a"].x * p["a"].y + p["b"][0])

    assert_as_eager(f, {"a": Point(X, Y), "b": (TABLE[:, 0],)})


def test_axes_are_given_for_each_argument_and_for_parts_of_it():
    f = vmap(lambda p, w: p["a"] * p["b"][1] * w, in_axes=({"a": 0, "b": None}, None))

    assert_as_eager(f, {"a": X, "b": list(Z)}, 2.0)


def test_rows_given_by_name():
    assert_as_eager(lambda x, y: vmap(lambda a, b: a - b)(x, b=y), X, y=Y)


def test_the_same_program_serves_any_number_of_rows():
    counted = Counted(vmap(double))
    f = jit(counted)
    for n in (1, 2, 3, 7, 8, 9, 100, 1000):
        rows = np.linspace(-1, 1, n)
        np.testing.assert_array_equal(f(rows), rows * 2.0 + 1.0)

    assert counted.times == 1


def test_arrays_that_go_in_stay_as_they_are_and_results_are_new():
    x = X.copy()
    same = jit(lambda x: x)(x)
    same[0] = 99.0

    np.testing.assert_array_equal(x, X)


def test_lists_are_unrolled_and_give_lists():
    assert jit(vmap(double))([1.0, 2.0]) == [3.0, 5.0]


@pytest.mark.parametrize("axis", [1, -1, 0, -2])
def test_a_table_is_mapped_along_either_axis(axis):
    assert_as_eager(vmap(lambda c: sum(c), in_axes=axis), TABLE)
    assert_as_eager(vmap(lambda c: mean(c), in_axes=axis), TABLE)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_three_axes_are_mapped_along_any(axis):
    assert_as_eager(vmap(vmap(vmap(double)), in_axes=axis), CUBE)


@pytest.mark.parametrize("axis", [1, -1])
def test_results_go_along_another_axis(axis):
    assert_as_eager(vmap(lambda r: [r[0], r[1] * 2, r[2]], out_axes=axis), TABLE)
    assert_as_eager(lambda x, z: vmap(lambda a: vmap(lambda b: a - b)(z), out_axes=axis)(x), X, Z)


def test_results_that_are_the_same_in_each_row_are_given_once():
    assert_as_eager(lambda x, w: vmap(lambda a: (a, w * 2), out_axes=(0, None))(x), X, 3.0)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_a_list_is_mapped_to_columns(axis):
    def f(x, ws):
        return vmap(lambda w: vmap(lambda a: a * w)(x), out_axes=axis)(ws)

    assert_as_eager(f, X, [1.0, 2.0, 3.0])
    assert_as_eager(lambda x, ws: vmap(lambda w: {"c": (x, w)})(ws), X, [1.0, 2.0])


# -- what comes out --------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_that_do_not_depend_on_the_row(backend):
    def f(x, w):
        return vmap(lambda a: (2.0, w, [w, a], [1.0, w], {"c": w * w}))(x)

    assert_as_eager(f, X, 3.0, backends=[backend])


@pytest.mark.parametrize("backend", BACKENDS)
def test_lists_that_hold_tuples_and_dicts(backend):
    def f(x):
        return vmap(lambda a: [(a, 2 * a), {"b": [a, 1.0]}, Point(a, (a,))])(x)

    found = jit(f, backend=backend)(X)

    assert_same(found, f(X))
    assert isinstance(found[0][0], tuple)
    assert isinstance(found[0][2], Point)
    assert type(found[0][0][0]) is float


def test_ragged_results_are_lists_of_rows():
    assert_as_eager(vmap(lambda a: [[a], [a, 2 * a]]), X)
    assert_as_eager(lambda x, z: vmap(lambda a: [a, [vmap(lambda b: a * b)(z)]])(x), X, Z)


@pytest.mark.parametrize("backend", BACKENDS)
def test_columns_come_out_in_the_order_of_their_maps(backend):
    def f(x, z):
        first = vmap(exp)(z)  # so that the axis of z is the first of the program
        return first, vmap(lambda a: vmap(lambda b: a - 2 * b)(z))(x)

    assert_as_eager(f, X, Z, backends=[None if backend == "llvm" else backend])


def test_an_inner_column_that_does_not_depend_on_the_outer_row():
    assert_as_eager(lambda x, z: vmap(lambda a: [vmap(double)(z), vmap(exp)(z)])(x), X, Z)


def test_results_are_arrays():
    found = jit(lambda x, z: (x, vmap(lambda a: vmap(lambda b: [a, b])(z))(x)))(X, Z)

    assert [type(each) for each in found] == [np.ndarray] * 2
    assert [each.shape for each in found] == [(5,), (5, 3, 2)]


# -- reductions ------------------------------------------------------------------------------

REDUCTIONS = {
    "sum": sum,
    "mean": mean,
    "max": max,
    "min": min,
    "logsumexp": logsumexp,
    "dot": lambda x: dot(x, x),
    "softmax": softmax,
    "x.sum": lambda x: x.sum(),
    "x.mean": lambda x: x.mean(),
    "x.max": lambda x: x.max(),
    "x.min": lambda x: x.min(),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_arrays_are_reduced(name, backend):
    for rows in (X, Z, X[:1], 1000.0 * X, np.array([2.0, 2.0, 1.0])):
        assert_as_eager(REDUCTIONS[name], rows, backends=[backend])


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "logsumexp", "dot"])
def test_reductions_are_differentiated(name):
    def f(w, x):
        return REDUCTIONS[name](vmap(lambda a: sin(w * a))(x)) * w

    assert_as_eager(value_and_grad(f, argnums=(0, 1)), 0.7, X)
    assert_as_eager(hessian(f), 0.7, X)


@pytest.mark.parametrize("name", ["max", "min"])
def test_ties_share_the_slope_as_eagerly(name):
    def f(x):
        return REDUCTIONS[name](x)

    assert_same(jit(grad(f))(np.array([1.0, 1.0, 1.0])), [1 / 3] * 3)


def test_infinities_and_nan_are_reduced_as_eagerly():
    for rows in ([1.0, np.inf], [-np.inf, -np.inf], [np.nan, 1.0], [-np.inf, 2.0]):
        for name in ("max", "min", "logsumexp"):
            assert_as_eager(REDUCTIONS[name], np.array(rows))


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "logsumexp"])
def test_each_row_of_a_computed_table_is_reduced(name):
    f = REDUCTIONS[name]

    assert_as_eager(lambda x, z: vmap(lambda a: f(vmap(lambda b: sin(a * b))(z)))(x), X, Z)
    assert_as_eager(lambda x, z: f(vmap(lambda a: f(vmap(lambda b: a + b)(z)))(x)), X, Z)


def test_what_is_the_same_in_each_row_is_counted():
    assert_as_eager(lambda x, w: sum(vmap(lambda _: w)(x)), X, 3.0)
    assert_as_eager(lambda x, w: mean(vmap(lambda _: w)(x)), X, 3.0)
    assert_as_eager(lambda x: sum(vmap(lambda _: 2.0)(x)), X)
    assert_as_eager(value_and_grad(lambda w, x: sum(vmap(lambda _: w * w)(x))), 3.0, X)


# -- maps in maps ----------------------------------------------------------------------------


def kernel(f):
    return lambda x, y: vmap(lambda a: vmap(lambda b: f(a, b))(y))(x)


@pytest.mark.parametrize("backend", [None, "numpy", "python"])
@pytest.mark.parametrize("rows", [(X, Z), (X, Y), (X, X)], ids=["other", "equal", "same"])
def test_a_kernel_matrix_of_scalars(rows, backend):
    assert_as_eager(kernel(lambda a, b: exp(-((a - b) ** 2))), *rows, backends=[backend])


def test_a_kernel_matrix_of_rows():
    def distance(a, b):
        return sum([(p - q) ** 2 for p, q in zip(a, b, strict=True)])

    assert_as_eager(kernel(distance), TABLE, TABLE)
    assert_as_eager(lambda x: kernel(distance)(x, x), TABLE)


def test_maps_three_deep_over_the_same_rows():
    assert_as_eager(
        lambda x: vmap(lambda a: vmap(lambda b: vmap(lambda c: a + 2 * b - c)(x))(x))(x), Z
    )


def test_a_sum_over_all_pairs():
    def energy(x):
        return sum(vmap(lambda a: sum(vmap(lambda b: exp(-((a - b) ** 2)))(x)))(x))

    assert_as_eager(energy, X)


def test_maps_side_by_side():
    assert_as_eager(lambda x: (vmap(double)(x), vmap(lambda a: vmap(exp)(x))(x), sum(x)), Z)


# -- derivatives -----------------------------------------------------------------------------


def row_loss(w, x, y):
    return (y - maximum(w[0] * x + w[1], 0.1 * x)) ** 2


def loss(w, x, y):
    return mean(vmap(row_loss, in_axes=(None, 0, 0))(w, x, y))


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_slope_of_a_mean_sums_over_rows(backend):
    assert_as_eager(value_and_grad(loss), [0.5, -0.25], X, Y, backends=[backend])


@pytest.mark.parametrize("argnums", [1, 2, (0, 1, 2)])
def test_the_slope_in_an_array_is_one_for_each_row(argnums):
    assert_as_eager(grad(loss, argnums=argnums), [0.5, -0.25], X, Y)


def test_the_slope_in_a_table_is_a_table():
    def f(table):
        return sum(vmap(lambda r: exp(r[0]) * r[1] - r[2] ** 3)(table))

    assert_as_eager(grad(f), TABLE)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_slope_of_each_row_in_what_is_the_same(backend):
    slopes = vmap(grad(lambda w, x: sin(w * x) * w), in_axes=(None, 0))

    assert_as_eager(slopes, 0.7, X, backends=[backend])


def test_values_and_slopes_of_each_row():
    f = vmap(value_and_grad(lambda x, y: x**2 * y, argnums=(0, 1)))

    assert_as_eager(f, X, Y)


def test_per_example_gradients_of_a_list_of_weights():
    assert_as_eager(vmap(grad(row_loss), in_axes=(None, 0, 0)), [0.5, -0.25], X, Y)


@pytest.mark.parametrize("transform", [grad, hessian, jacobian])
def test_derivatives_in_each_row_of_a_table(transform):
    assert_as_eager(vmap(transform(lambda r: r[0] ** 3 * r[1] + r[2])), TABLE)


def test_second_derivatives_of_a_mean():
    assert_as_eager(hessian(loss), [0.5, -0.25], X, Y)
    assert_as_eager(
        lambda w, x, y: jvp(grad(loss), (w, x, y), ([1.0, 2.0], y, x)), [0.5, 0.1], X, Y
    )


def test_a_jacobian_of_columns_by_a_uniform():
    assert_as_eager(lambda w, x: jvp(lambda w: vmap(lambda a: sin(w * a))(x), (w,), (1.0,)), 0.5, X)


def test_a_gradient_through_a_kernel_matrix():
    def f(w, x, y):
        return sum(vmap(lambda a: logsumexp(vmap(lambda b: w * (a - b) ** 2)(y)))(x))

    assert_as_eager(grad(f, argnums=(0, 1, 2)), 0.3, X, Z)


def test_the_gradient_of_a_row_inside_of_a_mean():
    def f(w, x):
        return mean(vmap(lambda a: grad(lambda w: sin(w * a))(w) ** 2)(x))

    assert_as_eager(value_and_grad(f), 0.7, X)


def test_an_untaken_arm_in_one_row_spoils_no_other():
    def f(w, x):
        return sum(vmap(lambda a: where(a > 0.0, log(maximum(a, 1e-300)) * w, w * a))(x))

    assert_as_eager(value_and_grad(f), 0.7, X)


def test_stop_gradient_of_an_array():
    def f(x):
        return sum(vmap(lambda a, b: a * b)(x, stop_gradient(x)))

    assert_as_eager(grad(f), X)


def test_a_model_over_rows():
    model = nn.MLP(3, [2, 1])

    def f(x, y):
        return mean(vmap(lambda r, t: nn.mse_loss(model(r)[0], t))(x, y))

    values = model.parameters()
    found, wanted = jit(f)(TABLE, Y), f(TABLE, Y)

    assert_same(found, wanted)
    assert_same(gradient(found, values), gradient(wanted, values))


# -- Values ----------------------------------------------------------------------------------


def test_a_mean_over_rows_is_one_operation_on_values():
    f = jit(lambda w, b, x, y: loss([w, b], x, y))
    w, b = Value(0.5), Value(-0.25)
    out = f(w, b, X, Y)

    assert out.parents == (w, b)
    assert_same(
        grads_of(lambda w, b: f(w, b, X, Y), 0.5, -0.25),
        grads_of(lambda w, b: loss([w, b], X, Y), 0.5, -0.25),
    )


def test_columns_of_values_are_values():
    w = Value(0.5)
    found = jit(lambda w, x: (vmap(lambda a: w * a * a)(x), w * 2))(w, X)
    wanted = vmap(lambda a: w * a * a)(X)

    assert_same(found[0], wanted)
    assert_same([gradient(y, [w]) for y in found[0]], [gradient(y, [w]) for y in wanted])
    assert found[1].parents == (w,)


def test_second_gradients_of_values_over_rows():
    def second(f):
        w = Value(0.4)
        return gradient(gradient(f(w), [w])[0], [w])

    def f(w):
        return mean(vmap(lambda a: sin(w * a))(X))

    assert_same(second(jit(f)), second(f))


# -- arrays from outside ---------------------------------------------------------------------


def test_an_array_from_outside_is_read_at_every_call():
    rows = X.copy()
    f = jit(lambda w: sum(vmap(lambda a: w * a)(rows)))
    first = f(2.0)
    rows[0] += 1.0

    assert_same([first, f(2.0)], [2.0 * X.sum(), 2.0 * X.sum() + 2.0])


def test_another_array_in_the_same_variable_is_seen():
    rows = X
    f = jit(lambda w: sum(vmap(lambda a: w * a)(rows)))
    first = [f(2.0) for _ in range(4)]
    rows = Z

    assert_same([*first, f(2.0)], [2.0 * X.sum()] * 4 + [2.0 * Z.sum()])


def test_an_array_from_outside_that_is_as_long_as_an_argument_by_chance():
    f = jit(lambda x: (sum(vmap(double)(X)), sum(vmap(double)(x))))

    for rows in (Y, Z, Y, np.ones(7), np.ones(9)):
        assert_same(f(rows), (sum(vmap(double)(X)), sum(vmap(double)(rows))))


def test_an_array_from_outside_beside_an_argument():
    f = jit(lambda x: sum(vmap(lambda a, b: a * b)(x, X)))

    assert_same(f(Y), dot(X, Y))
    with pytest.raises(ValueError, match="3 in argument 0, 5 in argument 1"):
        f(Z)
    assert_same(f(Y), dot(X, Y))


# -- loops of Python around it ---------------------------------------------------------------


@pytest.mark.parametrize("rows", [array("d", [1.0, 2.0]), memoryview(array("i", [1, 2]))], ids=repr)
def test_buffers_are_mapped_and_scanned_eagerly(rows):
    assert vmap(double)(rows) == [3.0, 5.0]
    assert scan(lambda s, x: (s + x, s), 0.0, rows) == (3.0, [0.0, 1.0])


def test_a_buffer_of_two_axes_is_mapped_eagerly():
    assert vmap(sum)(memoryview(TABLE)) == list(map(sum, TABLE.tolist()))


def test_without_numpy_columns_are_lists():
    code = """
import sys
from array import array
from nanograd import jit, vmap, mean, value_and_grad
rows = array("d", [1.0, 2.0, 3.0])
f = jit(vmap(lambda x: [x, 2 * x]), backend="python")
g = jit(value_and_grad(lambda w, x: mean(vmap(lambda a: w * a)(x))), backend="python")
table = memoryview(rows.tobytes()).cast("d", (3, 1))
h = jit(lambda t, x: vmap(lambda r: vmap(lambda a: [a, r[0]])(x))(t), backend="python")
print(f(rows), g(3.0, rows), h(table, rows)[1])
assert "numpy" not in sys.modules
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert found.stderr == ""
    assert found.stdout == (
        "[[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]] (6.0, 2.0) [[1.0, 2.0], [2.0, 2.0], [3.0, 2.0]]\n"
    )


# -- many rows -------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 1000, 100_003])
def test_any_number_of_rows(n):
    x = np.linspace(-2.0, 2.0, n)
    found, slopes = jit(vmap(value_and_grad(lambda a: sin(a) * a)))(x)

    np.testing.assert_allclose(found, np.sin(x) * x, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(slopes, np.cos(x) * x + np.sin(x), rtol=1e-12, atol=1e-15)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.floats(-3, 3), min_size=1, max_size=6),
    st.lists(st.floats(-3, 3), min_size=1, max_size=6),
    st.permutations(["outer", "inner", "rows"]),
)
def test_columns_of_any_sizes_in_any_order(x, z, order):
    x, z = np.array(x), np.array(z)
    parts = {
        "outer": lambda: vmap(lambda a: [vmap(lambda b: a * b - b)(z)])(x),
        "inner": lambda: vmap(lambda b: (b, sum(vmap(lambda a: a * b)(x))))(z),
        "rows": lambda: (vmap(double)(z), max(x)),
    }

    assert_same(
        jit(lambda x, z: [parts[name]() for name in order])(x, z),
        [parts[name]() for name in order],
        1e-9,
    )


# -- columns inside of loops over themselves --------------------------------------------------


def near(a, b):
    return exp(-((a - b) ** 2))


def energy(x):
    return sum(vmap(lambda a: sum(vmap(lambda b: near(a, b) * a)(x)))(x))


def features(x):
    f = vmap(sin)(x)
    return vmap(lambda a: vmap(lambda b: near(a, b))(f))(f)


def three_deep(x):
    f = vmap(lambda a: [a, a * mean(x)])(x)
    return vmap(lambda a: vmap(lambda b: vmap(lambda c: a[0] * b[1] - c[0])(f))(f))(f)


def rows_of_a_kernel(x):
    k = vmap(lambda a: vmap(lambda b: near(a, b) * a)(x))(x)
    return vmap(lambda a: vmap(lambda row: sum(vmap(lambda c: c * a)(row)))(k))(x)


def sums_so_far(x):
    so_far = scan(lambda s, b: (s + b, s), 0.0, x)[1]
    return vmap(lambda a: sum(vmap(lambda b: a * b)(so_far)))(so_far)


def scanned_in_each_row(x):
    return vmap(lambda a: scan(lambda s, b: (s * 0.5 + b * a, s), 0.0, vmap(sin)(x)))(x)


OVER_THEMSELVES = {
    "features": features,
    "three deep": three_deep,
    "rows of a kernel": rows_of_a_kernel,
    "sums so far": sums_so_far,
    "scanned in each row": scanned_in_each_row,
    "grad": grad(energy),
    "value_and_grad": value_and_grad(energy),
    "jvp": lambda x: jvp(energy, (x,), (x,)),
    "hvp": lambda x: hvp(energy)(x, x),
    "grad of grad": grad(lambda x: sum(vmap(lambda s: s * s)(grad(energy)(x)))),
    "grad of features": grad(lambda x: sum(vmap(lambda r: logsumexp(r))(features(x)))),
    "grad of sums so far": grad(lambda x: sum(sums_so_far(x))),
    "grad in each row": lambda x: vmap(
        lambda a: grad(lambda a: sum(vmap(near, (None, 0))(a, x)))(a)
    )(x),
}


@pytest.mark.parametrize("backend", [None, "numpy", "python"])
@pytest.mark.parametrize("name", OVER_THEMSELVES)
def test_columns_are_gone_through_inside_of_loops_over_themselves(name, backend):
    assert_as_eager(OVER_THEMSELVES[name], X, backends=[backend], tolerance=1e-11)


def test_two_arrays_may_be_equally_long_by_chance():
    def f(x, y):
        return sum(vmap(lambda a: logsumexp(vmap(lambda b: near(a, b))(y)))(x))

    slopes = grad(f, argnums=(0, 1))

    assert_as_eager(slopes, X, Z)
    assert_as_eager(slopes, X, Y)


def test_what_is_the_same_along_the_axis_is_not_computed_twice():
    lowered = jit(
        lambda x: vmap(lambda a: vmap(lambda b: a * b)(vmap(lambda c: c * mean(x))(x)))(x)
    ).lower(X)

    assert lowered["trace"].count("sum[") == 1


# -- columns that are the same in each row ----------------------------------------------------


def squares(c):
    return sum(vmap(lambda a: a * a)(c))


SAME = {
    "of a number of the program": lambda x, w: grad(squares)(vmap(lambda _: w)(x)),
    "of a plain number": lambda x, _: grad(squares)(vmap(lambda _: 3.0)(x)),
    "in lists": lambda x, w: grad(lambda c: squares(c[0]) * w)([vmap(lambda _: w)(x)]),
    "of the row outside": lambda x, _: vmap(lambda a: grad(squares)(vmap(lambda _: a)(x)))(x),
    "that move": lambda x, w: jvp(vmap(sin), (vmap(lambda _: w)(x),), (x,)),
    "along the same": lambda x, w: jvp(vmap(sin), (x,), (vmap(lambda _: w)(x),)),
}


@pytest.mark.parametrize("backend", [None, "numpy", "python"])
@pytest.mark.parametrize("name", SAME)
def test_a_column_that_is_the_same_in_each_row_has_a_slope_for_each(name, backend):
    assert_as_eager(SAME[name], X, 3.0, backends=[backend])


@pytest.mark.parametrize("backend", [None, "numpy"])
def test_a_column_may_take_a_total_as_it_is(backend):
    """No row is done before all have been added up, in a program with many columns either."""

    def shifted(table):
        return vmap(on_row, (0, None))(table, sum(vmap(lambda row: row[0])(table)))

    def on_row(row, a):
        bent = [sin(x) for x in row]
        return [x * y - a for x, y in pairwise(bent)]

    table = np.random.default_rng(0).normal(size=(300, 1_000))
    bent = np.sin(table)

    found = jit(shifted, backend=backend)(table)
    wanted = bent[:, :-1] * bent[:, 1:] - table[:, 0].sum()
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


# -- matrices --------------------------------------------------------------------------------


def test_matrices_between_numbers_and_arrays():
    def columns(w, x):
        return vmap(lambda a: sin(a * w[0]) + w[1])(x)

    assert_as_eager(lambda w, x: jacobian(lambda w: sum(columns(w, x)))(w), [2.0, 1.0], X)
    assert_as_eager(jacobian(lambda x: [sum(x), mean(vmap(sin)(x))]), X)
    found = jit(jacobian(columns))([2.0, 1.0], X)
    wanted = np.array(jacobian(columns)([2.0, 1.0], X))

    assert_same(found, wanted if np.shape(found) == wanted.shape else wanted.T)
