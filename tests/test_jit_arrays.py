"""Arrays with rows of several numbers, which compiled functions take whole: of any type, layout."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import jitted
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jitted import BACKENDS, Counted, assert_same

from nanograd import Value, jit, mean, pack, sum, tanh, unpack, value_and_grad, vmap
from nanograd.compiler.backends.llvm.kernel import Kernel
from nanograd.compiler.backends.llvm.waves.row_kernel import RowKernel

WIDTH = 6
TABLE = (np.arange(5.0 * WIDTH).reshape(5, WIDTH) * 7 % 11) - 4
MARKS = np.array([1.0, -2.0, 0.5, 3.0, 0.25])
WEIGHTS = [[0.1 * ((3 * i + 5 * j) % 7) - 0.3 for j in range(WIDTH)] for i in range(120)]


def error(weights, row, mark):
    hidden = [tanh(sum([w * x for w, x in zip(each, row, strict=True)])) for each in weights]
    return (sum(hidden) - mark) ** 2


def everything(weights, rows, marks, rate):
    """Return a number, a tree of numbers, a column, a table, and a list of rows."""

    def loss(weights):
        return mean(vmap(lambda row, mark: error(weights, row, mark))(rows, marks)) * rate

    value, slopes = value_and_grad(loss)(weights)
    column = vmap(lambda row, mark: row[1] * mark)(rows, marks)
    table = vmap(lambda row: [row[2], row[0] * rate, row[-1]])(rows)
    tuples = vmap(lambda row: {"a": [(row[0], rate)], "b": row[3]})(rows)
    return value, slopes, column, table, tuples


#: How many rows of weights there are: a short program is one loop, a long one is run in waves.
KINDS = {"loop": 2, "waves": 120}
every_kind = pytest.mark.parametrize("kind", KINDS)


@cache
def compiled(precision="float64"):
    return jit(everything, precision=precision, backend="llvm")


oracle = jit(everything, backend="python")


def assert_as_plain(kind, rows, marks, f=None, tolerance=1e-12):
    """Check what is computed of these rows against pure Python, in both ways in."""
    weights = WEIGHTS[: KINDS[kind]]
    plain = np.array(rows, dtype="float64", order="C"), np.array(marks, dtype="float64")
    wanted = oracle(weights, *plain, 0.5)
    for given_now in (weights, *[pack(weights)] * 3):  # Packed, the quick way is open
        found = (f or compiled())(given_now, rows, marks, 0.5)
        assert_near(found, wanted, tolerance)


def assert_near(found, wanted, tolerance=1e-12):
    """Check that two results hold the same numbers, but for what cancels in the largest ones."""
    found, wanted = jitted.plain(found), jitted.plain(wanted)
    numbers = np.array(jitted.flat(wanted))

    assert jitted.sizes(found) == jitted.sizes(wanted)
    rounding = tolerance * (1.0 + abs(numbers).max())
    np.testing.assert_allclose(jitted.flat(found), numbers, tolerance, rounding)


@every_kind
def test_there_is_a_kernel_of_each_sort(kind):
    lowered = jit(everything).lower(WEIGHTS[: KINDS[kind]], TABLE, MARKS, 0.5)

    assert type(lowered.native) is {"loop": Kernel, "waves": RowKernel}[kind]


def test_arrays_take_the_quick_way_once_a_program_is_there(monkeypatch):
    f, weights = jit(everything), pack(WEIGHTS[:2])
    first = f(weights, TABLE, MARKS, 0.5)
    monkeypatch.setattr(f, "run", None)

    assert_same(f(weights, TABLE[::-1], MARKS[::-1].astype("float32"), 0.5)[0], first[0])
    with pytest.raises(TypeError, match="not callable"):
        f(weights, TABLE[:, :3], MARKS, 0.5)  # another program, which is to be made


# -- types and layouts -----------------------------------------------------------------------


class Own(np.ndarray):
    pass


def unaligned(table):
    memory = bytearray(table.nbytes + 1)
    found = np.frombuffer(memory, table.dtype, offset=1).reshape(table.shape)
    found[...] = table
    return found


def read_only(table):
    table = table.copy(order="F")
    table.flags.writeable = False
    return table


ANY = {
    **{kind: lambda t, kind=kind: t.astype(kind) for kind in ("float32", "float16", ">f8")},
    **{kind: lambda t, kind=kind: t.astype(kind) for kind in ("int8", "int64", ">i4")},
    **{kind: lambda t, kind=kind: abs(t).astype(kind) for kind in ("uint8", "uint64", "bool")},
    "longdouble": lambda t: t.astype("longdouble"),
    "plain": lambda t: t,
    "Fortran": np.asfortranarray,
    "Fortran of singles": lambda t: np.asfortranarray(t.astype("float32")),
    "transposed": lambda t: t.T.copy().T,
    "every other row": lambda t: np.repeat(t, 2, axis=0)[::2],
    "every other number": lambda t: np.repeat(t, 2, axis=1)[:, ::2],
    "rows backwards": lambda t: t[::-1],
    "numbers backwards": lambda t: t[:, ::-1],
    "all backwards": lambda t: np.asfortranarray(t)[::-1, ::-1],
    "the same in each row": lambda t: np.broadcast_to(t[1], t.shape),
    "one number": lambda t: np.broadcast_to(t[1, 1], t.shape),
    "read only": read_only,
    "unaligned": unaligned,
    "a view": memoryview,
    "a class of one's own": lambda t: t.view(Own),
}


@every_kind
@pytest.mark.parametrize("name", ANY)
def test_arrays_of_any_type_and_layout(name, kind):
    table = ANY[name](TABLE)
    before = np.array(table)

    assert_as_plain(kind, table, MARKS)
    assert_as_plain(kind, table, np.repeat(MARKS, 3)[::-3].astype("float32"))
    np.testing.assert_array_equal(np.array(table), before)


@every_kind
@pytest.mark.parametrize("backend", BACKENDS)
def test_all_backends_take_them(backend, kind):
    f = jit(everything, backend=backend)

    assert_as_plain(kind, TABLE[:, ::-1].astype("float32"), MARKS, f)


@every_kind
@pytest.mark.parametrize("backend", ["llvm", "numpy"])
def test_in_single_precision(backend, kind):
    f = jit(everything, backend=backend, precision="float32")

    assert_as_plain(kind, TABLE, MARKS, f, tolerance=1e-6)
    assert_as_plain(kind, np.asfortranarray(TABLE, "float32"), MARKS, f, tolerance=1e-6)
    value, slopes, column, table, _ = f(WEIGHTS[: KINDS[kind]], TABLE, MARKS, 0.5)
    assert (column.dtype, table.dtype) == ("float32", "float32")
    assert [value, *sum_lists(slopes)] == list(map(float, np.float32([value, *sum_lists(slopes)])))


def sum_lists(lists):
    return [x for each in lists for x in each]


@every_kind
@pytest.mark.parametrize("n", [1, 2, 3, 8, 13, 1023, 1024, 1025, 2500])
def test_any_number_of_rows(n, kind):
    rng = np.random.default_rng(n)
    rows, marks = rng.normal(size=(n, WIDTH)), rng.normal(size=n)
    weights = WEIGHTS[: KINDS[kind]]
    for given_now in (weights, *[pack(weights)] * 2):
        found = compiled()(given_now, rows, marks, 2.0)
    value, slopes, column, table, tuples = found
    hidden = np.tanh(rows @ np.transpose(weights))
    off = hidden.sum(axis=1) - marks

    np.testing.assert_allclose(value, 2.0 * np.mean(off**2), rtol=1e-11)
    wanted = 4.0 / n * np.einsum("r,rh,ri->hi", off, 1 - hidden**2, rows)
    np.testing.assert_allclose(slopes, wanted, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(column, rows[:, 1] * marks)
    np.testing.assert_array_equal(table, rows[:, [2, 0, -1]] * [1.0, 2.0, 1.0])
    assert [each[0] for each in tuples["a"]] == [(x, 2.0) for x in rows[:, 0]]


@every_kind
def test_arrays_without_rows_are_told_also_after_good_calls(kind):
    weights = pack(WEIGHTS[: KINDS[kind]])
    for _ in range(3):
        compiled()(weights, TABLE, MARKS, 0.5)
        with pytest.raises(ValueError, match="needs at least one row; it was given none in rows"):
            compiled()(weights, TABLE[:0], MARKS[:0], 0.5)


@every_kind
def test_kernels_take_arrays_without_rows(kind):
    weights = WEIGHTS[: KINDS[kind]]
    kernel = jit(everything).lower(weights, TABLE, MARKS, 0.5).native
    plain = [x for each in weights for x in each]
    for n in (5, 0, 5, 0):
        arrays = {WIDTH: TABLE[:n], 1: MARKS[:n]}
        sizes = [WIDTH if each.name == "rows_0" else 1 for each in kernel.program.inputs]
        columns = [arrays[size] for size in sizes[len(plain) + 1 :: WIDTH]]
        found = kernel.on_blocks([], [*plain, 0.5, *columns], [], {"rows": n})
        assert {len(x) for x in found if not isinstance(x, float)} == {n}


def leaves(row, depth):
    return [x for part in row for x in leaves(part, depth - 1)] if depth else [row]


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("shape", [(4, 2, 3), (4, 3, 1, 2), (4, 6), (4, 1), (4, 1, 1)])
def test_rows_of_more_axes(shape, layout):
    def each(row):
        return sum([i * x * x for i, x in enumerate(leaves(row, len(shape) - 1), 1)])

    cube = np.arange(np.prod(shape) * 1.0).reshape(shape).copy(order=layout)
    f, other_way = jit(vmap(each)), np.moveaxis(np.moveaxis(cube, 0, -1).copy(), -1, 0)
    for rows in (cube, cube[::-1], cube.astype("float32"), other_way, cube[:1], cube[..., ::-1]):
        for _ in range(2):
            assert_same(f(rows), vmap(each)(rows))


def test_rows_without_numbers_beside_others():
    f = jit(lambda rows, xs: vmap(lambda row, x: len(row) + x)(rows, xs))
    for _ in range(3):
        assert_same(f(np.ones((3, 0)), MARKS[:3]), MARKS[:3])


numbers = st.integers(-9, 9)
steps = st.sampled_from([-3, -2, -1, 1, 2, 3])


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(sorted(KINDS)), st.integers(1, 9), steps, steps)
def test_any_view_of_any_table(data, kind, n, down, across):
    kinds = st.sampled_from(["f8", "f4", "i2", "?", ">f4"])
    order = data.draw(st.sampled_from("CF"))
    whole = np.zeros((n * abs(down), WIDTH * abs(across)), data.draw(kinds), order)
    whole[...] = data.draw(st.lists(numbers, min_size=whole.shape[1], max_size=whole.shape[1]))
    whole[::2] += whole.dtype.type(1)
    marks = np.array(data.draw(st.lists(numbers, min_size=n, max_size=n)))

    assert_as_plain(kind, whole[::down, ::across], marks)


# -- several arrays --------------------------------------------------------------------------


def pairs(xs, ys):
    def each(x, y):
        return x[0] * y[1] - x[1] * y[0]

    total = sum(vmap(lambda x: sum(vmap(lambda y: each(x, y))(ys)))(xs))
    return total, vmap(lambda x: [x[1], x[0]])(xs), vmap(lambda y: y[0] + y[1])(ys)


def test_arrays_of_equal_and_other_lengths_by_turns():
    counted = Counted(pairs)
    f, wanted = jit(counted), jit(pairs, backend="python")
    a, b, c = TABLE[:, :2].copy(), TABLE[:3, 1:3], np.asfortranarray(TABLE[:, 4:])
    for _ in range(3):
        for given_now in ((a, b), (a, c), (b, a), (a, a), (b, b), (c, a), (c, b)):
            assert_same(f(*given_now), wanted(*given_now))

    assert counted.times == 2  # one for each pattern of lengths


def test_three_arrays_of_which_two_are_equally_long():
    def f(k, xs, ys, zs):
        def total(rows):
            return sum(vmap(lambda row: row[0] * k - row[1])(rows))

        return total(zs), [total(ys), total(xs)], vmap(lambda x, z: x[0] - z[1])(xs, zs)

    g = jit(f)
    rng = np.random.default_rng(0)
    for n in (4, 4, 1, 7, 4):
        xs, ys, zs = rng.normal(size=(n, 2)), rng.normal(size=(n + 1, 3)), rng.normal(size=(n, 2))
        assert_same(g(2.0, xs, ys, zs), f(2.0, xs, ys, zs))


@every_kind
def test_an_array_given_twice(kind):
    def f(weights, xs, ys):
        return mean(vmap(lambda x, y: error(weights, x, y[0]))(xs, ys)), vmap(lambda y: y)(ys)

    g, weights = jit(f), WEIGHTS[: KINDS[kind]]
    wanted = jit(f, backend="python")(weights, TABLE, TABLE)
    for _ in range(3):
        value, same = g(weights, TABLE, TABLE)
        assert_same((value, same), wanted)
        assert not np.shares_memory(same, TABLE)


def test_an_array_that_is_not_used_counts_for_the_lengths_only():
    f = jit(lambda xs, ys, k: (mean(vmap(lambda x: x[0] * k)(xs)), k))
    for ys in (TABLE, TABLE[:2], MARKS, MARKS[:2]):
        for _ in range(2):
            assert_same(f(TABLE, ys, 3), (3 * TABLE[:, 0].mean(), 3.0))


def test_an_array_from_outside_beside_an_argument():
    outside = TABLE.copy()
    f = jit(lambda xs: vmap(lambda x, y: x[0] * y[1] - y[0])(xs, outside))
    for _ in range(3):
        outside += 1.0  # it is read at every call
        assert_same(f(TABLE), TABLE[:, 0] * outside[:, 1] - outside[:, 0])


# -- beside what is Packed -------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize("backend", [*BACKENDS, None])
def test_a_state_that_is_packed_beside_arrays(backend, kind):
    def step(state, rows, marks, rate):
        weights, count = state

        def loss(weights):
            return mean(vmap(lambda row, mark: error(weights, row, mark))(rows, marks))

        value, slopes = value_and_grad(loss)(weights)
        parts = [list(zip(*each, strict=True)) for each in zip(weights, slopes, strict=True)]
        new = [[w - rate * slope for w, slope in part] for part in parts]
        return value, [new, count + 1], vmap(lambda row: row[0])(rows)

    f, plain = jit(step, backend=backend, packed=True), jit(step, backend="python")
    state = [WEIGHTS[: KINDS[kind]], 0.0]
    packed = pack(state)
    for n in (5, 5, 3, 3, 5):
        value, packed, column = f(packed, TABLE[:n], MARKS[:n], 0.01)
        wanted, state, rows = plain(state, TABLE[:n].copy(), MARKS[:n].copy(), 0.01)
        assert_near((value, unpack(packed), column), (wanted, state, rows))


@every_kind
def test_a_state_that_is_packed_in_single_precision(kind):
    def f(*args):
        return everything(*args)[:4]

    g = jit(f, packed=True, precision="float32")
    weights = WEIGHTS[: KINDS[kind]]
    wanted = jit(f, backend="python")(weights, TABLE, MARKS, 0.5)
    for _ in range(3):
        assert_near(unpack(g(pack(weights), TABLE, MARKS, 0.5)), wanted, 1e-6)


# -- calls -----------------------------------------------------------------------------------


@every_kind
def test_results_that_are_kept_stay_as_they_are(kind):
    weights = pack(WEIGHTS[: KINDS[kind]])
    first = compiled()(weights, TABLE, MARKS, 0.5)
    kept = [np.array(x) for x in first[:4]]
    for k in range(20):
        compiled()(weights, TABLE + k, MARKS - k, 0.25)

    for x, y in zip(first, kept, strict=False):
        np.testing.assert_array_equal(np.array(x), y)


@every_kind
def test_threads_may_call_at_once(kind):
    weights, rng = WEIGHTS[: KINDS[kind]], np.random.default_rng(0)
    tasks = [
        (rng.normal(size=(n, WIDTH)), rng.normal(size=n), 1.0 / n) for n in (5, 5, 5, 7, 40, 40)
    ]
    wanted = [oracle(weights, *task) for task in tasks]
    compiled()(pack(weights), *tasks[0])

    def work(i):
        return [compiled()(pack(weights), *tasks[i]) for _ in range(60)]

    with ThreadPoolExecutor(len(tasks)) as pool:
        found = list(pool.map(work, range(len(tasks))))

    for results, each in zip(found, wanted, strict=True):
        assert_near(results, [each] * len(results))


@every_kind
def test_one_program_serves_all_types_and_layouts(kind):
    counted = Counted(everything)
    f = jit(counted)
    for laid_out in ANY.values():
        for _ in range(2):
            f(WEIGHTS[: KINDS[kind]], laid_out(TABLE), MARKS, 0.5)

    assert counted.times == 1


def test_rows_of_another_width_need_another_program():
    counted = Counted(lambda rows: sum(vmap(lambda row: sum(row) * len(row))(rows)))
    f = jit(counted)
    for _ in range(3):
        for width in (2, 3, 1, 6):
            assert_same(f(TABLE[:, :width]), float(TABLE[:, :width].sum() * width))
        assert_same(f(TABLE[:4].reshape(4, 2, 3)[:, 0]), float(TABLE[:4, :3].sum() * 3))

    assert counted.times == 4


SCALE = 2.0


def test_a_variable_outside_that_changes_is_seen(monkeypatch):
    f = jit(lambda rows: sum(vmap(lambda row: row[0] * SCALE)(rows)))
    for scale in (2.0, 3.0, 2.0):
        monkeypatch.setitem(globals(), "SCALE", scale)
        for _ in range(3):
            assert_same(f(TABLE), scale * float(TABLE[:, 0].sum()))


@pytest.mark.parametrize(
    "wrong",
    [
        TABLE.astype("complex"),
        TABLE.astype(object),
        TABLE.astype(str),
        np.ma.masked_array(TABLE, TABLE > 0),
    ],
    ids=repr,
)
def test_arrays_of_other_things_are_told_also_after_good_calls(wrong):
    f = jit(lambda rows, k: vmap(lambda row: row[0] * k)(rows))
    for _ in range(3):
        f(TABLE, 2.0)
    with pytest.raises(TypeError, match="an array in a compiled function holds real numbers"):
        f(wrong, 2.0)


@every_kind
def test_called_with_values_it_is_one_operation(kind):
    weights = WEIGHTS[: KINDS[kind]]

    def loss(scale, rows, marks):
        scaled = [[w * scale for w in each] for each in weights]
        return mean(vmap(lambda row, mark: error(scaled, row, mark))(rows, marks))

    f = jit(loss)
    for rows in (TABLE, np.asfortranarray(TABLE)[::-1]):
        scale, eager = Value(0.5), Value(0.5)
        out, wanted = f(scale, rows, MARKS), loss(eager, rows, MARKS)
        out.backward()
        wanted.backward()
        assert_near([out, scale.grad], [wanted, eager.grad])
        assert_same(f(0.5, rows, MARKS), wanted.data)


def test_many_rows_go_through_several_threads():
    def f(k, rows):
        return mean(vmap(lambda row: tanh(row[0] * k) + row[1])(rows)), vmap(lambda r: r[1])(rows)

    rows = np.random.default_rng(0).normal(size=(1_000_003, 2))
    wanted = np.mean(np.tanh(rows[:, 0] * 0.5) + rows[:, 1])
    g = jit(f)
    for each in (rows, np.asfortranarray(rows)):
        value, column = g(0.5, each)
        np.testing.assert_allclose(value, wanted, rtol=1e-10)
        np.testing.assert_array_equal(column, rows[:, 1])
        assert not np.shares_memory(column, each)
