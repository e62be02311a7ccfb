"""`jit` is never silently wrong: each trap is an error that names the line, or the argument."""

import math
from array import array
from dataclasses import dataclass

import numpy as np
import pytest

from nanograd import (
    DomainError,
    NanogradError,
    TraceError,
    Value,
    debug,
    dot,
    exp,
    fixed_point,
    grad,
    hessian,
    jacfwd,
    jacobian,
    jacrev,
    jit,
    log,
    max,
    mean,
    nn,
    prod,
    root,
    scan,
    softmax,
    sparse_hessian,
    sparse_jacobian,
    sqrt,
    sum,
    vjp,
    vmap,
    while_loop,
)

X = np.array([1.0, 2.0, 3.0])
Z = np.array([1.0, 2.0])
TABLE = np.ones((3, 2))

HERE = r"^test_jit_traps\.py:\d+, `.*`: .*"  # the line that asked comes first, with its code


# -- numbers ---------------------------------------------------------------------------------


def branch(x):
    return x if x > 0 else -x


def chained(x):
    return 1.0 * (0 < x < 2)


def loop(x):
    while x < 10:
        x = x * 2
    return x


ASKS_A_NUMBER = {
    "if": branch,
    "comparisons in a chain": chained,
    "while": loop,
    "and": lambda x: (x > 0 and x) or 1.0,
    "not": lambda x: 1.0 * (not x),
    "float": lambda x: float(x) * x,
    "int": lambda x: int(x) * x,
    "round": lambda x: round(x) * x,
    ".data": lambda x: x.data * x,
    "math": lambda x: math.sin(x),
    "index": lambda x: [1.0, 2.0][x],
    "range": lambda x: [x for _ in range(x)],
    "len": lambda x: len(x),
    "iteration": lambda x: list(x),
    "unpacking": lambda x: [*x],
    "subscript": lambda x: x[0],
    "text": lambda x: {f"{x:.3f}": x},
    "dict": lambda x: {x: 1.0}[x],
    "set": lambda x: len({x, x}),
    "sorted": lambda x: sorted([x, 2 * x]),
    "numpy's maximum": lambda x: np.maximum(x, 1.0) * x,
}


@pytest.mark.parametrize("name", ASKS_A_NUMBER)
def test_what_asks_for_a_number_is_told_the_line(name):
    with pytest.raises(TraceError, match=HERE + "needs a number.*keep this part out"):
        jit(ASKS_A_NUMBER[name])(2.0)


def test_the_way_out_is_named():
    with pytest.raises(
        TraceError, match=r"where\(condition, a, b\), maximum, minimum, relu or clip"
    ):
        jit(branch)(2.0)


def test_a_table_of_numpy_takes_no_number_that_is_not_known():
    with pytest.raises(IndexError):
        jit(lambda x: np.array([1.0, 2.0])[x])(1)


def test_functions_of_numpy_on_a_number_are_ours():
    with np.errstate(all="ignore"):  # NumPy looks at flags of the processor that are not ours
        found = jit(lambda x: np.exp(x) + np.sqrt(x))(4.0)

    assert found == pytest.approx(math.exp(4.0) + 2.0)


def test_numpy_arrays_of_traced_numbers_are_arrays_of_objects():
    found = jit(lambda x: list(np.array([x, 2.0]) * np.array([3.0, x])))(2.0)

    assert found == [6.0, 4.0]


def test_a_branch_inside_of_a_derivative_in_a_row():
    with pytest.raises(TraceError, match=HERE):
        jit(vmap(grad(branch)))(X)


# -- arrays ----------------------------------------------------------------------------------

ASKS_AN_ARRAY = {
    "len": lambda x: len(x),
    "iteration": lambda x: [a * 2 for a in x],
    "index": lambda x: x[0],
    "slice": lambda x: x[1:],
    "setting": lambda x: x.__setitem__(0, 1.0),
    "x + 1": lambda x: x + 1,
    "1 + x": lambda x: 1 + x,
    "x * x": lambda x: x * x,
    "x @ x": lambda x: x @ x,
    "-x": lambda x: -x,
    "abs": lambda x: abs(x),
    "x ** 2": lambda x: x**2,
    "x > 0": lambda x: x > 0,
    "x == x": lambda x: x == x,
    "an array by it": lambda x: np.ones(3) * x,
    "numpy's exp": lambda x: np.exp(x),
    "numpy's sum": lambda x: np.sum(x),
    "numpy's dot": lambda x: np.dot(x, x),
    "numpy's array": lambda x: np.array(x),
    "numpy's where": lambda x: np.where(x, 1.0, 2.0),
    "builtin sum": lambda x: __builtins__["sum"](x),
    "builtin max": lambda x: __builtins__["max"](x),
    "sorted": lambda x: sorted(x),
    "zip": lambda x: list(zip(x, x, strict=True)),
    "in": lambda x: 1.0 * (2.0 in x),
    "if": lambda x: 1.0 if x else 2.0,
    "float": lambda x: float(x),
    "text": lambda x: f"{x}",
    "shape": lambda x: x.shape[0],
    "T": lambda x: x.T,
    "std": lambda x: x.std(),
    "prod": lambda x: prod(x),
    "dot of array and list": lambda x: dot(x, [1.0, 2.0, 3.0]),
    "exp": lambda x: vmap(lambda a: x * a)(x),
}


@pytest.mark.parametrize("name", ASKS_AN_ARRAY)
def test_what_is_not_done_to_an_array_is_told_the_line_and_the_way_out(name):
    with pytest.raises(TraceError, match=HERE + "is not possible while a function is compiled"):
        jit(ASKS_AN_ARRAY[name])(X)


@pytest.mark.parametrize("f", [sum, mean, max, softmax, lambda x: x.sum(), lambda x: x.mean()])
def test_a_table_is_not_reduced_at_once(f):
    with pytest.raises(TraceError, match="of an array with several axes is not possible"):
        jit(f)(TABLE)


def test_the_way_to_a_row_is_named():
    with pytest.raises(TraceError, match=r"mapped by vmap\(f\)\(x\), scanned, or reduced by sum"):
        jit(lambda x: len(x))(X)


def test_an_operation_on_an_array_names_what_it_needs():
    with pytest.raises(TypeError):
        jit(lambda x: exp(x))(X)


# -- rows ------------------------------------------------------------------------------------


def test_different_numbers_of_rows_name_their_arguments():
    with pytest.raises(ValueError, match="3 in argument 0, 2 in argument 'y'"):
        jit(lambda x, z: vmap(lambda x, y: x * y)(x, y=z))(X, Z)
    with pytest.raises(ValueError, match=r"3 in argument 0\['a'\], 2 in argument 0\['b'\]"):
        jit(vmap(lambda p: p["a"] * p["b"]))({"a": X, "b": Z})
    with pytest.raises(ValueError, match="dot needs the same number of rows"):
        jit(dot)(X, Z)
    with pytest.raises(ValueError, match="scan needs the same number of rows"):
        jit(lambda x, z: scan(lambda s, p: (s + p[0] * p[1], None), 0.0, (x, z))[0])(X, Z)


@pytest.mark.parametrize(
    "f", [vmap(exp), mean, max, softmax], ids=["vmap", "mean", "max", "softmax"]
)
def test_no_rows_are_refused_as_eagerly_and_named(f):
    compiled = jit(lambda table: f(table))
    compiled(X)
    for _ in range(5):
        with pytest.raises(ValueError, match="needs at least one row; it was given none in table"):
            compiled(np.zeros(0))
        compiled(Z)


def test_no_rows_at_first_are_refused_and_rows_are_taken_later():
    f = jit(mean)
    with pytest.raises(ValueError, match="mean needs at least one row"):
        f(np.zeros(0))

    assert f(X) == 2.0


def test_the_sum_of_no_rows_is_zero():
    assert jit(sum)(np.zeros(0)) == jit(lambda x: dot(x, x))(np.zeros(0)) == 0.0


def test_lists_and_arrays_are_not_mapped_together():
    with pytest.raises(TraceError, match="argument 1 is a list, and others are arrays"):
        jit(vmap(lambda x, y: x * y))(X, [1.0, 2.0, 3.0])


def test_a_number_has_no_rows():
    with pytest.raises(ValueError, match="argument 1 must have rows along axis 0"):
        jit(vmap(lambda x, y: x * y))(X, 2.0)


@pytest.mark.parametrize("axis", [1, -2, 5, "rows"])
def test_an_axis_that_there_is_not(axis):
    with pytest.raises(ValueError, match="argument 0 must have rows along axis"):
        jit(vmap(lambda x: x, in_axes=axis))(X)


def test_a_result_that_depends_on_the_row_is_not_given_once():
    with pytest.raises(ValueError, match="out_axes=None is for what is the same in each row"):
        jit(vmap(lambda x: 2 * x, out_axes=None))(X)


def test_ragged_lists_are_told():
    with pytest.raises(ValueError, match="vmap needs the same number of rows"):
        jit(vmap(lambda a: a, in_axes=1))([[1.0, 2.0], [3.0]])


@dataclass
class Odd:
    x: object


@pytest.mark.parametrize("returned", ["text", object(), Odd, {1.0, 2.0}, len], ids=str)
def test_rows_return_numbers(returned):
    with pytest.raises(TraceError, match="a function that is mapped must return a number"):
        jit(vmap(lambda x: returned))(X)


# -- dtypes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        np.array([1j]),
        np.array([Value(1.0)]),
        np.array(["a"]),
        np.array(["2020-01-01"], "datetime64[D]"),
        np.array([(1.0,)], [("a", "f8")]),
        np.ma.masked_array([1.0, 2.0], [False, True]),
        memoryview(b"ab").cast("c"),
        memoryview(array("d", [1.0])).cast("B").cast("d", ()),
    ],
    ids=lambda x: str(getattr(x, "dtype", "memory")),
)
def test_arrays_hold_real_numbers(array):
    with pytest.raises(TypeError, match="holds real numbers"):
        jit(vmap(lambda x: x))(array)


def test_the_same_for_an_array_from_outside():
    rows = np.array([1j])
    with pytest.raises(TypeError, match="holds real numbers"):
        jit(lambda w: sum(vmap(lambda a: a * w)(rows)))(2.0)


@pytest.mark.parametrize("argument", [{1.0}, bytearray(b"1"), np.array(2.0)], ids=repr)
def test_what_cannot_be_told_apart_is_refused(argument):
    with pytest.raises(TypeError, match="a compiled function takes numbers, arrays of them"):
        jit(lambda x: 1.0)(argument)


# -- results ---------------------------------------------------------------------------------


def nothing(x):
    x * 2


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (nothing, "Is a return missing"),
        (lambda x: "text", "Is a return missing"),
        (lambda x: (y for y in [x]), "it returned <generator"),
        (lambda x: {x.name}, "it returned {''}"),
        (lambda x: lambda: x, "it returned <function"),
        (lambda x: (x, object()), "of type object"),
        (lambda x: 2j, "of type complex"),
        (lambda x: vjp(lambda y: y * y, x), "it returned <function"),
    ],
)
def test_a_compiled_function_returns_what_it_computes(f, message):
    with pytest.raises(TraceError, match=message):
        jit(f)(2.0)


# -- matrices --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        jacobian(vmap(exp)),
        jacfwd(lambda x: sum(x)),
        lambda x: jacrev(lambda w: vmap(lambda a: a * w)(x))(2.0),
        hessian(lambda x: sum(vmap(exp)(x))),
    ],
)
def test_there_is_no_matrix_with_an_unknown_number_of_rows(f):
    with pytest.raises(TraceError, match=r"test_jit_traps.py:\d+: a matrix with as many rows"):
        jit(f)(X)


@pytest.mark.parametrize("transform", [sparse_jacobian, sparse_hessian])
def test_there_is_no_graph_to_look_at(transform):
    with pytest.raises(TraceError, match="looks at the graph of a function"):
        jit(transform(lambda x: x[0] * x[1]))([1.0, 2.0])


# -- loops -----------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [-1, 2.5, float("nan")])
def test_a_length_is_a_whole_number(length):
    with pytest.raises(ValueError, match="scan: length must be a whole number of steps"):
        jit(lambda n: scan(lambda s: (s + 1, None), 0.0, length=n)[0])(length)


@pytest.mark.parametrize("length", [2.5, "3", None])
def test_a_fixed_length_too(length):
    with pytest.raises(TypeError, match="scan"):
        jit(lambda x: scan(lambda s: (s + x, None), 0.0, length=length)[0])(1.0)


def test_a_length_that_depends_on_the_row():
    with pytest.raises(
        TraceError, match="length must be known before the compiled function begins"
    ):
        jit(vmap(lambda n: scan(lambda s: (s + 1, None), 0.0, length=n)[0]))(X)


def test_a_length_beside_an_array():
    with pytest.raises(TraceError, match="give xs or length, not both"):
        jit(lambda x: scan(lambda s, a: (s + a, None), 0.0, x, length=3)[0])(X)


@pytest.mark.parametrize(
    "step",
    [
        lambda s: ([s, s], None),
        lambda s: ((s,), None),
        lambda s: (None, None),
        lambda s: (vmap(exp)(np.ones(3)), None),
    ],
)
def test_a_state_stays_nested_as_it_is(step):
    with pytest.raises(TypeError, match="the state must stay nested as it is"):
        jit(lambda x: scan(step, x, length=3)[0])(1.0)
    with pytest.raises(TypeError, match="the state must stay nested as it is"):
        jit(lambda x: while_loop(lambda s: s < 3.0, lambda s: step(s)[0], x))(1.0)


def test_a_step_returns_a_pair():
    with pytest.raises(TypeError, match="each step must return a pair"):
        jit(lambda x: scan(lambda s: s, x, length=3)[0])(1.0)


def test_a_step_gives_numbers():
    with pytest.raises(TypeError, match="scan: what a step gives"):
        jit(lambda x: scan(lambda s: (s, "text"), x, length=3)[0])(1.0)
    with pytest.raises(TypeError, match="scan: the state"):
        jit(lambda x: scan(lambda s: (s, None), "text", length=3)[0])(1.0)


def test_a_branch_in_a_step():
    with pytest.raises(TraceError, match=HERE):
        jit(lambda x: scan(lambda s: (branch(s), None), x, length=3)[0])(1.0)


# -- what outlives a trace -------------------------------------------------------------------


def test_a_number_that_escapes_is_told():
    kept = []
    f = jit(lambda x: kept.append(x) or x * 2)
    f(1.0)

    with pytest.raises(TraceError, match="used after that has ended"):
        kept[0] + 1
    with pytest.raises(TraceError, match="used after that has ended"):
        jit(lambda x: x * kept[0])(1.0)
    with pytest.raises(TraceError, match="used after that has ended"):
        sum([kept[0], Value(2.0)])


def test_a_number_that_escapes_from_a_step():
    kept = []

    def f(x):
        scan(lambda s: (kept.append(s) or s * x, None), 1.0, length=3)
        return kept[0] * x

    with pytest.raises(TraceError, match="used after that has ended"):
        jit(f)(2.0)


def test_an_array_that_escapes():
    kept = []
    jit(lambda x: kept.append(x) or sum(x))(X)

    with pytest.raises(TypeError):
        jit(lambda w: w * sum(kept[0]))(2.0)


def test_a_number_of_a_transform_that_has_ended():
    kept = []
    grad(lambda x: grad(lambda y: kept.append(y) or y * x)(x) * x)(2.0)

    with pytest.raises(TypeError, match=r"belongs to a call of grad|has ended"):
        jit(lambda x: x * kept[0])(1.0)


# -- searches --------------------------------------------------------------------------------


@pytest.mark.parametrize("search", [lambda a: root(lambda x: x * x - a, 1.0)])
def test_a_search_asks_for_numbers(search):
    with pytest.raises(TraceError, match=HERE):
        jit(search)(2.0)


def test_a_fixed_point_too():
    with pytest.raises(TraceError, match=HERE):
        jit(lambda a: fixed_point(lambda x: (x + a / x) / 2, 1.0))(2.0)


def test_a_class_that_is_known_only_when_it_runs():
    with pytest.raises(TraceError, match=HERE):
        jit(lambda logits, k: nn.cross_entropy(logits, k))([1.0, 2.0], 1)


def test_a_while_loop_has_no_reverse():
    with pytest.raises(TraceError, match="Use scan with a fixed length"):
        jit(grad(lambda x: while_loop(lambda s: s < 9.0, lambda s: s * x, x)))(2.0)


# -- after an error --------------------------------------------------------------------------


def test_an_error_leaves_nothing_open():
    for f in (branch, nothing, lambda x: vmap(branch)(X), lambda x: scan(branch, x, length=2)):
        with pytest.raises(NanogradError):
            jit(f)(2.0)

    assert jit(lambda x: x * 2)(3.0) == 6.0
    assert grad(branch)(-2.0) == -1.0
    assert vmap(branch)(X).tolist() == X.tolist()


# -- debug -----------------------------------------------------------------------------------


def row(x, w):
    return sqrt(w - x)


def test_a_debug_block_names_the_row():
    x = np.linspace(0.0, 1.0, 1000)
    x[577] = 3.0
    f = jit(lambda x, w: mean(vmap(row, in_axes=(0, None))(x, w)))

    assert math.isnan(f(x, 2.0))
    with debug(), pytest.raises(ValueError, match=r"sqrt\(x\).*test_jit_traps.py:\d+.*row 577"):
        f(x, 2.0)


def test_a_debug_block_names_the_row_for_values_and_buffers_too():
    rows = array("d", [0.0, 1.0, 5.0])
    f = jit(lambda x, w: mean(vmap(row, in_axes=(0, None))(x, w)))

    with debug(), pytest.raises(ValueError, match=r"from the inputs: w \(.*row 2"):
        f(rows, Value(2.0, "w"))
    with debug(), pytest.raises(ValueError, match="row 2"):
        f(rows, 2.0)


def test_a_debug_block_names_what_only_all_rows_bring_about():
    f = jit(lambda x: log(2.5 - sum(x)))

    with debug(), pytest.raises(ValueError, match=r"log\(x\)"):
        f(np.array([1.0, 1.0, 1.0]))


def test_a_debug_block_lets_infinite_slopes_pass():
    with debug():
        assert jit(grad(sqrt))(0.0) == math.inf


def test_a_debug_block_runs_methods_of_numbers_again():
    compiled = jit(lambda x: x.ln() + 1 / x)

    with debug(), pytest.raises(DomainError, match="named 'x'"):
        compiled(-1.0)
    with debug(), pytest.raises(DomainError, match="y ≠ 0"):
        jit(lambda x: 1 / x)(0.0)


def test_what_is_detached_is_a_constant():
    assert jit(grad(lambda x: x.detach() * x))(3.0) == 3.0


@pytest.mark.parametrize("ask", [lambda y: y.backward(), lambda y: y.grad, lambda y: y.zero_grad()])
def test_a_backward_pass_has_no_place_in_a_compiled_function(ask):
    with pytest.raises(TraceError, match="value_and_grad"):
        jit(lambda x: ask(x * x))(1.0)
