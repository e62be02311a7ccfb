"""Look-up in a table: eager, compiled on each backend, and its derivatives, the scatter-add."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jitted import BACKENDS, Counted, assert_same

from nanograd import (
    DomainError,
    TraceError,
    Value,
    debug,
    grad,
    gradient,
    hessian,
    jacfwd,
    jit,
    jvp,
    scan,
    sqrt,
    take,
    value_and_grad,
    vmap,
    where,
    while_loop,
)
from nanograd import sum as sum_of
from nanograd.compiler.backends.llvm.emitter import FEW
from nanograd.compiler.backends.llvm.module import IN_REGISTERS
from nanograd.compiler.derivatives.derivative import gradient as gradient_program
from nanograd.compiler.passes.exact import optimized
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.tracing.trace import trace
from nanograd.modes import block

INF, NAN = math.inf, math.nan

#: Where there is no entry in a table of three.
OUTSIDE = [-1.0, 3.0, 0.5, 1e300, -1e300, 2.0**32, -(2.0**63), INF, -INF, NAN]

each_backend = pytest.mark.parametrize("backend", BACKENDS)


def entry(table, index):
    """Return what `take` is to give of plain numbers, said in another way."""
    return next((x for i, x in enumerate(table) if i == index), NAN)


# -- eager -----------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [2, 2.0, True + True, np.int64(2), np.float32(2.0)])
def test_a_plain_index_gives_the_entry_itself(index):
    table = [Value(1.0), Value(2.0), Value(3.0)]

    assert take(table, index) is table[2]
    assert take(tuple(table), index) is table[2]


def test_an_index_that_is_a_value_makes_one_node_whose_first_operand_it_is():
    table, index = [Value(1.0), Value(2.0), 3.0], Value(1)
    out = take(table, index)
    out.backward(5.0)

    assert (out.data, out.op.name) == (2.0, "take")
    assert out.operands == (index, *table)
    assert out.operands[0] is index
    assert [x.grad for x in (index, *table[:2])] == [0.0, 0.0, 5.0]


def test_an_entry_that_is_taken_several_times_adds_up_its_shares():
    table = [Value(x) for x in (1.0, 2.0, 3.0)]
    sum_of([(i + 1) * take(table, Value(at)) for i, at in enumerate([2, 0, 2, 2])]).backward()

    assert [x.grad for x in table] == [2.0, 0.0, 1.0 + 3.0 + 4.0]


def test_neither_inf_nor_nan_comes_out_of_an_entry_that_was_not_taken():
    x = Value(0.0)
    out = take([sqrt(x), 3 * x, sqrt(x) * x], Value(1))
    out.backward()

    assert x.grad == 3.0
    assert gradient(out, [x])[0].data == 3.0


def test_second_derivatives_go_through_an_entry():
    def cubed(table):
        return take(table, Value(1)) ** 3 * table[0]

    bends = hessian(cubed)([2.0, 3.0, 4.0])

    assert_same(bends, [[0.0, 27.0, 0.0], [27.0, 36.0, 0.0], [0.0, 0.0, 0.0]])


def test_forward_mode_takes_the_tangent_of_the_entry():
    def f(table):
        return take(table, Value(2)) ** 2

    assert_same(jvp(f, ([1.0, 2.0, 3.0],), ([1.0, 10.0, 100.0],)), (9.0, 600.0))
    assert_same(jacfwd(f)([1.0, 2.0, 3.0]), [0.0, 0.0, 6.0])


def test_no_derivative_flows_to_the_index():
    assert grad(lambda i: take([1.0, 5.0], i) * i)(1.0) == 5.0
    assert jvp(lambda i: take([1.0, 5.0], i) * i, (1.0,), (1.0,)) == (5.0, 5.0)


@dataclass
class Pair:
    first: object
    second: object


ROWS = [
    # rows of a table, alike
    [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
    [(1.0, [2.0, 3.0]), (4.0, [5.0, 6.0]), (7.0, [8.0, 9.0])],
    [{"a": 1.0, "b": (2.0,)}, {"a": 3.0, "b": (4.0,)}, {"a": 5.0, "b": (6.0,)}],
    [Pair(1.0, [2.0]), Pair(3.0, [4.0]), Pair(5.0, [6.0])],
    [[], [], []],
]


@pytest.mark.parametrize("table", ROWS)
def test_a_row_comes_back_as_it_is_nested(table):
    for i, row in enumerate(table):
        assert take(table, i) is row
        assert take(table, Value(i)) == row  # of Values with these numbers
        assert jit(take, backend="python")(table, i) == row


def test_rows_that_are_not_alike_are_an_error_that_names_the_row():
    with pytest.raises(TypeError, match=r"take: table\[1\] must be a list with the parts \[0\]"):
        take([[1.0], [2.0, 3.0]], Value(0))
    with pytest.raises(TypeError, match=r"take: table\[1\]\[0\] must be a number.*'b'"):
        take([[1.0], ["b"]], Value(0))


@pytest.mark.parametrize("index", [x for x in OUTSIDE if x == x])
def test_an_index_outside_is_an_error_with_its_number_and_line(index):
    for table in ([1.0, 2.0, 3.0], [[1.0], [2.0], [3.0]], [INF, NAN, 1.0]):
        for given_index in (index, Value(index, "token")):
            with pytest.raises(DomainError, match=r"from 0 to 2, as the table has 3") as caught:
                take(table, given_index)
            name = " (the value named 'token')" if given_index is not index else ""

            assert f"given {index!r}{name} at test_take.py:" in str(caught.value)
            assert ("count from the end" in str(caught.value)) == (index < 0)
            assert caught.value.birth.op.name == "take"


def test_an_index_that_is_nan_is_an_error():
    with pytest.raises(DomainError, match="it was given nan at"):
        take([1.0, 2.0], NAN)
    with pytest.raises(DomainError, match="it was given nan at"):
        take([1.0, 2.0], Value(NAN))


@pytest.mark.parametrize(
    ("table", "index", "error", "said"),
    [
        ([1.0, 2.0], "1", TypeError, r"a real number is required; it was given '1'"),
        ([1.0, 2.0], None, TypeError, "a real number is required; it was given None"),
        ([1.0, 2.0], [1], TypeError, r"a real number is required; it was given \[1\]"),
        ({0: 1.0}, 0, TypeError, "the table must be a list or tuple; it is {0: 1.0}, of type dict"),
        (np.arange(3.0), 0, TypeError, "the table must be a list or tuple"),
        ([], 0, ValueError, "take needs at least one value"),
    ],
)
def test_what_is_no_table_or_no_index_is_an_error(table, index, error, said):
    with pytest.raises(error, match=said):
        take(table, index)


def test_in_a_rule_an_index_outside_gives_nan():
    with block("ieee"):
        assert math.isnan(take([1.0, 2.0], 2))
        assert math.isnan(take([[1.0], [2.0]], Value(-1))[0].data)


# -- compiled --------------------------------------------------------------------------------

#: As many entries as there are ways: few, some that are in registers too, more that are in memory.
COUNTS = [1, 2, 3, FEW, FEW + 1, IN_REGISTERS - 1, IN_REGISTERS, 100]


def numbers(count):
    """Return numbers that are all different."""
    return [math.sin(i) + 2 * i for i in range(count)]


def indices(count):
    """Return each index of a table, one after the other, and those at which there is nothing."""
    return [*map(float, range(count)), *OUTSIDE[:1], float(count), *OUTSIDE[2:]]


@each_backend
@pytest.mark.parametrize("count", COUNTS)
def test_one_program_serves_every_index(backend, count):
    table = numbers(count)
    counted = Counted(lambda table, index: take(table, index) + 0.0)
    f = jit(counted, backend=backend)

    for index in indices(count):
        assert_same(f(table, index), entry(table, index), 0.0)
    assert counted.times == 1


@each_backend
@pytest.mark.parametrize("count", COUNTS)
def test_in_each_row_there_is_another_index(backend, count):
    table, column = numbers(count), indices(count)
    f = jit(vmap(take, in_axes=(None, 0)), backend=backend)

    assert_same(f(table, np.array(column)), [entry(table, i) for i in column], 0.0)


@each_backend
@pytest.mark.parametrize("count", [1, 2, FEW + 1, 40])
def test_in_each_row_there_is_another_table(backend, count):
    column = indices(count)
    tables = np.array([numbers(count)] * len(column)) * np.arange(1.0, len(column) + 1)[:, None]
    f = jit(vmap(lambda row, i: row[i]), backend=backend)
    at_one = jit(vmap(lambda row, i: row[i], in_axes=(0, None)), backend=backend)

    assert_same(f(tables, np.array(column)), list(map(entry, tables, column)), 0.0)
    assert_same(at_one(tables, count - 1), tables[:, count - 1], 0.0)
    assert_same(at_one(tables, count), [NAN] * len(column), 0.0)


@each_backend
def test_tables_are_mixed_of_what_is_known_and_what_each_row_has(backend):
    def f(w, x, i):
        return take([w, 2.5, x, w * x, 7.0], i)

    column, x = np.array(indices(5)), np.arange(len(indices(5))) + 0.25
    found = jit(vmap(f, in_axes=(None, 0, 0)), backend=backend)(3.0, x, column)
    wanted = [entry([3.0, 2.5, a, 3.0 * a, 7.0], i) for a, i in zip(x, column, strict=True)]

    assert_same(found, wanted)


@each_backend
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_tables_of_constants_are_looked_up(backend, precision):
    if backend == "python" and precision == "float32":
        pytest.skip("Python has one precision")
    for table in (numbers(300), numbers(5)):
        column = [i for i in indices(len(table)) if abs(i) != 1e300]  # which float32 has not
        f = jit(vmap(lambda i, table=table: take(table, i)), backend=backend, precision=precision)
        wanted = [entry(table, i) for i in column]

        assert_same(f(np.array(column)), wanted, 1e-6 if precision == "float32" else 0.0)


@each_backend
def test_entries_far_apart_in_memory_are_rows_of_a_table(backend):
    wte = [[100.0 * i + j for j in range(5)] for i in range(20)]
    f = jit(
        lambda wte, token: [wte[token], wte[token][3], take(wte[token], token)], backend=backend
    )
    turned = jit(lambda wte, i: take([row[2] for row in reversed(wte)], i), backend=backend)

    assert_same(f(wte, 4), [wte[4], wte[4][3], wte[4][4]], 0.0)
    assert_same(f(wte, 7), [wte[7], wte[7][3], NAN], 0.0)
    assert_same(turned(wte, 0), wte[19][2], 0.0)


def test_a_table_in_memory_is_read_at_a_computed_place_and_a_short_one_is_chosen_from():
    large = jit(take, backend="llvm").lower(numbers(100), 1)["llvm"]
    short = jit(take, backend="llvm").lower(numbers(4), 1)["llvm"]

    assert large.count(" load double") < 10
    assert large.count(" = select ") < 5
    assert short.count("icmp ne") == 2  # a bit each


# -- lists that are arguments ----------------------------------------------------------------


def looked_up(wte, tokens):
    return [x * 2 for token in tokens for x in wte[token]]


@each_backend
def test_a_list_that_is_an_argument_takes_a_number_of_the_trace_for_an_index(backend):
    wte = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]

    assert_same(jit(looked_up, backend=backend)(wte, [2, 0, 2]), looked_up(wte, [2, 0, 2]))


NESTED = [
    # what is given, and what is taken of it at index 1
    ({"wte": [1.0, 2.0]}, lambda x, i: x["wte"][i], 2.0),
    (([1.0, 2.0], 3.0), lambda x, i: x[0][i], 2.0),
    (Pair([1.0, 2.0], 0.0), lambda x, i: x.first[i], 2.0),
    ([[[1.0, 2.0]], [[3.0, 4.0]]], lambda x, i: x[i][0][i], 4.0),
    ([{"a": [1.0, 2.0]}, {"a": [3.0, 4.0]}], lambda x, i: x[i]["a"][1], 4.0),
    ([np.arange(3.0), np.arange(3.0) * 10], lambda x, i: x[i], [0.0, 10.0, 20.0]),
    ([1.0, 2.0], lambda x, i: grad(lambda x: x[i] ** 2)(x), [0.0, 4.0]),
    ([1.0, 2.0], lambda x, i: hessian(lambda x: x[i] ** 2)(x), [[0.0, 0.0], [0.0, 2.0]]),
    ([1.0, 2.0], lambda x, i: scan(lambda s: ([s[1], s[i]], s[i]), x, length=2)[1], [2.0, 2.0]),
]


def test_a_compiled_function_inside_of_another_is_a_part_of_that():
    inner = jit(lambda table, i: table[i] * 2)
    new = jit(lambda table, i: take(table, i) * 2)

    assert jit(lambda x, i: inner(x, i) * x[0])([3.0, 9.0], 1) == 54.0
    assert jit(grad(lambda x, i: new([x, x * x], i)))(3.0, 1) == 12.0


@pytest.mark.parametrize(("given", "f", "wanted"), NESTED)
def test_a_list_takes_an_index_however_deep_it_lies(given, f, wanted):
    assert_same(jit(f, backend="numpy")(given, 1), wanted)


def test_with_a_plain_index_such_a_list_is_as_any_other():
    def f(x, i):
        return x[-1], x[0:2], len(x), [*reversed(x)], [*x, i], i in x[:0]

    found = jit(f)([1.0, 2.0, 3.0], 5.0)

    assert found == (3.0, [1.0, 2.0], 3.0, [3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 5.0], False)


def test_a_list_that_comes_back_is_a_plain_one():
    found = jit(lambda x: (x, {"x": x[1:]}, [x]))([[1.0], [2.0]])

    assert found == ([[1.0], [2.0]], {"x": [[2.0]]}, [[[1.0], [2.0]]])
    assert {type(x) for x in (found[0], found[0][0], found[1]["x"], found[2])} == {list}


def test_another_list_is_an_error_that_names_the_way_out():
    with pytest.raises(TraceError, match=r"test_take\.py:\d+, `.*take\(table, index\)"):
        jit(lambda i: [1.0, 2.0][i])(1)


def test_an_index_outside_that_is_known_is_an_error_in_a_trace():
    for f in (lambda x, i: take(x, 2), lambda x, i: take([i, i], -1), lambda x, i: take(x, 0.5)):
        with pytest.raises(DomainError, match=r"as the table has 2 .* at test_take\.py:\d+"):
            jit(f)([1.0, 2.0], 1)


def test_an_array_is_no_table():
    with pytest.raises(TraceError, match=r"take of an array is not possible.*as a list"):
        jit(take)(np.arange(3.0), 1)


# -- derivatives -----------------------------------------------------------------------------


def weighed(table, column):
    """Return a loss that takes an entry for each row."""
    return sum_of(vmap(lambda i: i * take(table, i) ** 2, in_axes=0)(column))


@each_backend
@pytest.mark.parametrize("count", [1, 3, 40])
def test_the_gradient_in_the_table_is_a_scatter_add(backend, count):
    table = numbers(count)
    column = np.random.default_rng(count).integers(0, count, 50).astype(float)
    wanted = np.zeros(count)
    np.add.at(wanted, column.astype(int), 2 * column * np.array(table)[column.astype(int)])

    loss, found = jit(value_and_grad(weighed), backend=backend)(table, column)

    assert_same(loss, np.sum(column * np.array(table)[column.astype(int)] ** 2))
    assert_same(found, wanted)


@each_backend
def test_at_an_index_outside_no_entry_has_a_slope(backend):
    f = jit(value_and_grad(lambda x, i: 3 * x[i]), backend=backend)
    bends = jit(hessian(lambda x, i: x[i] ** 2), backend=backend)
    moved = jit(lambda x, i: jvp(lambda x: x[i], (x,), ([1.0, 1.0, 1.0],)), backend=backend)

    for index in OUTSIDE:
        assert_same(f([1.0, 2.0, 3.0], index), (NAN, [0.0, 0.0, 0.0]))
        assert_same(bends([1.0, 2.0, 3.0], index), [[0.0] * 3] * 3)
        assert_same(moved([1.0, 2.0, 3.0], index), (NAN, 0.0))


@each_backend
def test_compiled_neither_inf_nor_nan_comes_out_of_an_entry_that_was_not_taken(backend):
    f = jit(value_and_grad(lambda x, i: take([sqrt(x), 3 * x, sqrt(x) * x], i)), backend=backend)
    moved = jit(jvp_of, backend=backend)

    assert_same(f(0.0, 1), (0.0, 3.0))
    assert_same(f(0.0, 7), (NAN, 0.0))
    assert_same(f(4.0, 0), (2.0, 0.25))
    assert_same(moved(0.0, 1), (0.0, 3.0))


def jvp_of(x, i):
    return jvp(lambda x: take([sqrt(x), 3 * x, sqrt(x) * x], i), (x,), (1.0,))


@each_backend
def test_compiled_derivatives_of_second_order_and_forward(backend):
    def f(x, i):
        return take(x, i) ** 3 * x[0]

    x = [2.0, 3.0, 4.0]

    assert_same(
        jit(hessian(f), backend=backend)(x, 1), [[0.0, 27.0, 0.0], [27.0, 36.0, 0.0], [0.0] * 3]
    )
    assert_same(jit(jacfwd(f), backend=backend)(x, 0), [32.0, 0.0, 0.0])
    assert jit(grad(f, argnums=1), backend=backend)(x, 1) == 0.0


def test_called_with_values_the_index_gets_no_grad():
    table, index = [Value(2.0), Value(3.0)], Value(1)
    jit(lambda x, i: x[i] ** 2)(table, index).backward()

    assert [x.grad for x in (*table, index)] == [0.0, 6.0, 0.0]


def test_embeddings_have_the_gradient_of_jax():
    jax = pytest.importorskip("jax", reason="not tested: gradients of look-ups against JAX's")
    jax.config.update("jax_enable_x64", True)
    generator = np.random.default_rng(3)
    wte, wpe = generator.normal(size=(27, 16)), generator.normal(size=(4, 16))
    tokens = [3, 26, 3, 0]

    def ours(wte, wpe, tokens):
        rows = [zip(wte[token], wpe[place], strict=True) for place, token in enumerate(tokens)]
        return sum_of([(a * b + a).tanh() for row in rows for a, b in row])

    def theirs(wte, wpe):
        rows = wte[np.array(tokens)]
        return jax.numpy.tanh(rows * wpe + rows).sum()

    found = jit(value_and_grad(ours, argnums=(0, 1)))(wte.tolist(), wpe.tolist(), tokens)
    loss, slopes = jax.value_and_grad(theirs, argnums=(0, 1))(wte, wpe)

    assert_same(found, (float(loss), [x.tolist() for x in slopes]), 1e-11)


# -- loops -----------------------------------------------------------------------------------


def walk(table, start, steps):
    """Go around in a table, and return what was there."""
    return scan(lambda i: (take([1.0, 2.0, 3.0, 0.0], i), table[i]), start, length=steps)


@each_backend
def test_the_state_of_a_scan_is_an_index(backend):
    table = [10.0, 20.0, 30.0, 40.0]
    slopes = jit(grad(lambda *args: sum_of(walk(*args)[1])), backend=backend)

    assert_same(jit(walk, backend=backend)(table, 2, 5), (3.0, [30.0, 40.0, 10.0, 20.0, 30.0]))
    assert_same(slopes(table, 2, 6), [1.0, 1.0, 2.0, 2.0])


@each_backend
@pytest.mark.parametrize("count", [4, FEW + 4, 40])
def test_scans_go_through_tables_row_by_row(backend, count):
    def summed(table, start):
        def step(state):
            i, total = state
            return [where(i < count - 1, i + 1, 0.0), total + take(table, i)], take(table, i)

        return scan(step, [start, 0.0], length=3)

    table, starts = numbers(count), np.array([0.0, 1.0, 3.0, count - 1.0] * 3)
    found = jit(vmap(summed, in_axes=(None, 0)), backend=backend)(table, starts)
    wanted = [[table[(int(i) + k) % count] for k in range(3)] for i in starts]

    assert_same(found[0][:, 1], [sum(each) for each in wanted])
    assert_same(found[1], wanted)


@each_backend
def test_a_state_that_is_a_table_in_memory_is_read_before_it_is_written(backend):
    def rotated(table, i):
        def step(state):
            return [*state[1:], state[i]], state[i]

        return scan(step, table, length=4)

    def eagerly(table, i):
        given_back = []
        for _ in range(4):
            given_back.append(table[i])
            table = [*table[1:], table[i]]
        return table, given_back

    for count in (3, 20, 50):
        table = numbers(count)
        found = jit(rotated, backend=backend)(table, 2)

        assert_same(found, eagerly(table, 2), 0.0)


@each_backend
def test_a_while_goes_by_what_it_finds_in_a_table(backend):
    def jumps(links, start):
        return while_loop(lambda s: s[0] > 0, lambda s: [links[s[0]], s[1] + 1], [start, 0.0])

    links = [0.0, 0.0, 1.0, 1.0, 2.0, 3.0]
    f = jit(vmap(jumps, in_axes=(None, 0)), backend=backend)

    assert_same(jit(jumps, backend=backend)(links, 5), [0.0, 3.0])
    assert_same(f(links, np.arange(6.0)), [[0.0, float(n)] for n in (0, 1, 2, 2, 3, 3)])


# -- programs --------------------------------------------------------------------------------


def test_the_text_has_the_index_first_and_is_read_back():
    text = "program(i, x, y)\n  a = take i x 2.0 y\n  return a"

    assert str(trace(lambda i, x, y: take([x, 2.0, y], i), ["i", "x", "y"]).program) == text
    assert str(parsed(text)) == text


def test_the_derivative_is_a_comparison_for_each_entry():
    program = optimized(gradient_program(trace(take_of_two, ["i", "x", "y"]).program, [1, 2]))

    assert str(program) == (
        "program(i, x, y)\n  a = eq i 0.0\n  b = eq i 1.0\n  return a b"
    )  # the index needs no check


def take_of_two(i, x, y):
    return take([x, y], i)


def test_an_index_that_turns_out_to_be_known_leaves_the_entry():
    program = trace(lambda x, y: take([x, y], 0.0 * x.floor().stopped()), ["x", "y"]).program

    assert "take" in str(optimized(program))  # of infinity it would be nan
    folded = optimized(parsed("program(x, y)\n a = sin 0.0\n b = take a x y\n return b"))
    assert str(folded) == "program(x, y)\n  return x"


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20),
    st.lists(st.integers(-3, 22) | st.floats(), min_size=1, max_size=8),
)
def test_any_table_and_any_index_are_as_said(table, column):
    column = [float(i) for i in column]
    f = vmap(lambda table, i: take(table, i) * 2, in_axes=(None, 0))
    wanted = [2 * entry(table, i) for i in column]

    for backend in ("numpy", "python"):
        assert_same(jit(f, backend=backend)(table, np.array(column)), wanted, 0.0)


# -- debug -----------------------------------------------------------------------------------


def test_debug_tells_the_index_the_line_and_the_row():
    def doubled(table, i):
        return table[i] * 2

    f = jit(vmap(doubled, in_axes=(None, 0)))
    column = np.array([0.0, 1.0, 5.0, 1.0])

    with debug(), pytest.raises(DomainError, match="as the table has 2 entries") as caught:
        f([1.0, 2.0], column)

    assert "it was given 5.0" in str(caught.value)
    assert f"at test_take.py:{doubled.__code__.co_firstlineno + 1}" in str(caught.value)
    assert "It is in row 2, counted from 0." in str(caught.value)
