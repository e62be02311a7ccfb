"""Programs with rows along one axis, run in waves of columns, against `replay` and NumPy."""

import math
import threading
from functools import cache
from random import Random

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="machine code is made by llvmlite")

from backends import are_close
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import INPUTS, systems
from schedules import (
    CLOSE,
    PRECISIONS,
    ROWS,
    WIDTHS,
    assert_kernels_are_as_replay,
    assert_rows_are_as_replay,
    by_columns,
    by_rows,
    parts_in,
    plain,
    program_of,
    rounded,
    text_of,
)
from test_schedules_random import (
    EXTREME,
    HUGE,
    NATIVE,
    OPS,
    POLES,
    SUMS,
    Aligned,
    dense,
    maximum_of,
    samples_of,
)

from nanograd import exp, maximum, mean, relu, sin, softmax, sum, take, tanh, value_and_grad, vmap
from nanograd.compiler.backends.llvm import lowered, ways
from nanograd.compiler.backends.llvm.kernel import Kernel
from nanograd.compiler.backends.llvm.waves import row_kernel
from nanograd.compiler.backends.llvm.waves.row_kernel import RowKernel
from nanograd.compiler.calls.traced import TracedFunction
from nanograd.compiler.derivatives.derivative import gradient
from nanograd.compiler.passes.exact import optimized
from nanograd.compiler.programs.blocks import Block, Blocks, joined
from nanograd.compiler.programs.operations import Input, Reduction
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.program import Program
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.schedules.forms import Fold, Take, Total
from nanograd.compiler.schedules.nodes import UnscheduledError
from nanograd.compiler.schedules.schedule import scheduled
from nanograd.errors import DataError

INF, NAN = math.inf, math.nan
COUNTS = [0, 1, 2, 7, 8, 9, 31, 64, 65, 1000]  # of rows
FEW = 19  # rows: two vectors, and some left over


def total(x, name="sum"):
    """Return what all rows come to."""
    return x.recorder.reduced(Reduction(name, *ROWS), x)


def count_of(x):
    """Return how many rows there are."""
    return x.recorder.append(Reduction("count", *ROWS), ())


def values(program, rows=FEW, seed=0, scale=1.0):
    """Return an operand for each input: a number, or one for each row."""
    random = Random(seed)

    def number(_=None):
        return scale * random.uniform(-1.0, 1.0)

    return [list(map(number, range(rows))) if x.axes else number() for x in program.inputs]


# -- single operations -----------------------------------------------------------------------


def columns_of(op, arity, members=3):
    """Return a program that does an operation to columns, and to columns with each operand one.

    A table is of columns only, whatever its index is.
    """
    ops = [Input(f"x{i}") for i in range(members * arity)]
    ops += [Input(f"y{i}", ROWS) for i in range(members * arity)]
    operands = [()] * len(ops)
    alone_may_be = range(1 if op is OPS["take"] else arity if arity > 1 else 0)
    for alone in [None, *alone_may_be]:
        for i in range(members):
            ops.append(op)
            places = [i * arity + j for j in range(arity)]
            operands.append(tuple([p + members * arity * (p % arity != alone) for p in places]))
    return Program(ops, operands, tuple(range(2 * members * arity, len(ops))))


def operands_of(samples, program, rows):
    """Return operands for `columns_of`, so that each member has one of the samples in each row."""
    arity, members = len(samples[0]), 3
    numbers = [float(x) for i in range(members) for x in samples[i % len(samples)]]
    found = [
        [float(samples[(i + k) % len(samples)][j]) for k in range(rows)]
        for i in range(members)
        for j in range(arity)
    ]
    assert len(program.inputs) == len(numbers) + len(found)
    return numbers + found


@pytest.mark.parametrize("name", NATIVE)
def test_every_operation_is_a_wave_of_columns(name):
    samples = samples_of(name)
    program = columns_of(OPS[name], len(samples[0]))
    precisions = ["float64"] if name in ("digamma", "lgamma") else PRECISIONS

    assert_rows_are_as_replay(program, operands_of(samples, program, FEW), precisions)


@pytest.mark.parametrize("name", [name for name in NATIVE if name != "lgamma"])
def test_a_column_of_extremes_is_as_replay(name):
    arity = len(samples_of(name)[0])
    left_out = HUGE if name in (*SUMS, "prod") else POLES.get(name, set())
    extremes = [x for x in EXTREME if x not in left_out]
    random = Random(name)
    program = columns_of(OPS[name], arity)
    operands = [
        random.choices(extremes, k=100) if x.axes else random.choice(extremes)
        for x in program.inputs
    ]

    assert_kernels_are_as_replay([by_rows(program)], operands)


@pytest.mark.parametrize("name", ["add", "mul", "exp", "where", "maximum", "sum", "dot", "take"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_column_is_the_same_in_vectors_of_any_width(name, width, precision):
    samples = samples_of(name)
    program = columns_of(OPS[name], len(samples[0]))
    kernel = by_rows(program, precision, width)

    for rows in (1, 8, 9, 40):
        assert_kernels_are_as_replay([kernel], operands_of(samples, program, rows))


# -- any number of rows ----------------------------------------------------------------------


def everything(w, v, x, y):
    """Return outputs of all kinds, after what waves do with columns."""
    hidden = [tanh(a) for a in dense(w, x)]
    products = [sum([a * b for a, b in zip(x, y, strict=True)]), *[a * b for a in x for b in v]]
    sums = [total(a) for a in hidden] + [total(a * b) for a in x for b in y]
    largest = [total(a, "max") for a in (*x, *hidden)]
    shares = softmax([a * v[0] for a in hidden])
    centered = [a - total(a) / maximum(count_of(a), 1.0) for a in x]
    folded = [maximum_of(x), maximum_of([a * b for a, b in zip(x, y, strict=True)])]
    far = [relu(a) + exp(-b * b) * s for a, b, s in zip(centered, products, sums, strict=False)]
    return [
        *far,
        sums[0],
        x[1],
        *largest,
        2.5,
        *shares,
        far[0],
        v[1],
        *sums,
        *folded,
        x[1],
        count_of(x[0]),
        -0.0,
    ]


@cache
def the_program():
    return program_of(everything, (6, 5), 3, columns=(5, 5))


@cache
def kernels_of_it(precision):
    program = the_program()
    made = [by_rows(program, precision, width) for width in (None, 1, 2, 4)]
    return [*made, by_columns(program, precision)]


@pytest.mark.parametrize("rows", COUNTS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_any_number_of_rows_is_as_replay(rows, precision):
    operands = values(the_program(), rows, seed=rows)

    assert_kernels_are_as_replay(kernels_of_it(precision), operands, terms=rows)


def test_that_program_has_waves_of_every_kind():
    kinds = [part.kind for part in parts_in(the_program())]
    texts = {text_of(kind) for kind in kinds}
    folds = {kind.columns for kind in kinds if isinstance(kind, Fold)}

    assert {(True,), (False, True), (True, True)} <= folds
    assert {"add of all rows a", "add of all rows mul(a, b)", "maximum of all rows a"} <= texts
    assert "maximum 5 mul(a, b)" in texts


def test_numbers_of_calls_before_are_in_no_call_after():
    """Memory waits for the next call, and there may be as many rows then, or not."""
    program = the_program()
    kernel = by_rows(program)
    cases = [values(program, rows, seed) for seed, rows in enumerate([7, 7, 1000, 0, 7, 9, 7])]
    found = [kernel(each) for each in cases]

    for case, each in zip(cases, found, strict=True):
        assert are_close(plain(each), replay(program, case), *CLOSE["float64"])


# -- some rows at a time ---------------------------------------------------------------------


def totals_of_all(w, v, x):
    """Return columns that need no totals, totals, and what is made of these."""
    hidden = [tanh(a * v) for a in dense(w, x)]
    sums = [total(a * b) for a in hidden for b in x]
    largest = [total(a, "max") for a in (*x, *hidden)]
    mean_of_it = sums[0] / maximum(count_of(x[0]), 1.0)
    return [
        *hidden,
        *sums,
        x[1],
        mean_of_it,
        *largest,
        sin(v),
        hidden[0],
        exp(-sums[1] * sums[1]) * largest[0],
        v,
        sums[0],
        x[1],
        2.5,
        total(x[0]) * 0.5,
    ]


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 128, 129, 191, 1000])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_many_rows_are_done_some_at_a_time(rows, precision, monkeypatch):
    program = program_of(totals_of_all, (4, 3), None, columns=(3,))
    kernel = by_rows(program, precision)
    operands = values(program, rows, seed=rows)
    at_once = plain(kernel(operands))

    monkeypatch.setattr(row_kernel, "NEAR", 1)
    in_chunks = by_rows(program, precision)

    assert in_chunks.rows_at_a_time == row_kernel.LINE
    assert_kernels_are_as_replay([in_chunks, kernel, in_chunks], operands, terms=rows)
    assert are_close(plain(in_chunks(operands)), at_once, *CLOSE[precision])


def test_what_needs_a_total_waits_for_all_rows(monkeypatch):
    monkeypatch.setattr(row_kernel, "NEAR", 1)
    kernel = by_rows(the_program())

    assert "rows" not in kernel.code.facts.functions
    assert_kernels_are_as_replay([kernel], values(the_program(), 200))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_columns_of_all_rows_that_would_take_too_much_memory_are_not_kept(precision, monkeypatch):
    monkeypatch.setattr(row_kernel, "MOST_IN_COLUMNS", 1000)
    kernel = by_rows(the_program(), precision)

    assert kernel.is_too_large(200)
    assert not kernel.is_too_large(1)
    assert_kernels_are_as_replay([kernel], values(the_program(), 200))
    assert "in_loops" in vars(kernel)


@pytest.mark.parametrize("trouble", [-0.0, INF, -INF, NAN])
@pytest.mark.parametrize("place", [0, 63, 64, 130])
def test_totals_of_what_is_no_usual_number_in_one_of_several_chunks(trouble, place, monkeypatch):
    monkeypatch.setattr(row_kernel, "NEAR", 1)
    program = program_of(
        lambda x: [1.0 / total(x[0]), 1.0 / total(x[0], "max"), total(x[0] * x[1], "max")],
        columns=(2,),
    )
    for other in (-0.0, -1.0, -INF):
        column = [other] * 131
        column[place] = trouble
        assert_kernels_are_as_replay([by_rows(program)], [column, [1.0] * 131])


def test_blocks_and_arrays_are_done_some_rows_at_a_time(monkeypatch):
    monkeypatch.setattr(row_kernel, "NEAR", 1)
    program = program_of(totals_of_all, (4, 3), None, columns=(3,))
    outputs = program.output_axes()
    first = outputs.index(())
    blocks = Blocks((Block(0, 12),), (Block(first, 12),), (Block(13, 3),))
    xs = values(program, 150)
    table = np.array(xs[13:]).T
    kernel = by_rows(program, blocks=blocks)
    given, room = Aligned(xs[:12]), Aligned([0.0] * 12)

    others = kernel.on_blocks([given.address], [xs[12], table], [room.address], {"rows": 150})
    found = joined(blocks.outputs, [list(room.numbers())], others)

    assert are_close(plain(found), replay(program, xs), *CLOSE["float64"])


# -- folds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("terms", [3, 5, 63, 64, 65, 66, 67, 130])
def test_folds_of_any_length_are_as_replay(terms):
    """In the order of the inputs, from anywhere, with plain numbers to begin with."""
    random = Random(terms)
    anywhere = random.sample(range(terms), terms)

    def f(w, x):
        scattered = [x[i] for i in anywhere]
        return [
            sum(list(map(mul, w, x))),
            sum(list(map(mul, w, scattered))),
            sum(list(map(mul, x, scattered))),
            sum([2.5, *x]),
            maximum_of(scattered),
            maximum_of([sin(a) for a in x]),
            sum(x[::2] + [sin(a) for a in x[1::2]]),
        ]

    program = program_of(f, terms, columns=(terms,))

    assert_rows_are_as_replay(program, values(program), widths=(None, 1))


def mul(x, y):
    """Return a product."""
    return x * y


def test_a_sum_takes_terms_from_anywhere():
    """Inputs, plain numbers, results and outputs lie apart; columns and numbers do in any case."""

    def f(w, x):
        wanted, other = sin(x[0]), exp(x[1])
        terms = [*x[:5], wanted, other * other, other]
        return [
            sum(terms),
            wanted,
            sum(list(map(mul, terms, [*x[1:5], 0.5, *terms[:3]]))),
            sum(list(map(mul, terms, [*w, 0.5, w[0] * w[1], *w[:2]]))),
            sum([*w, *x]),
        ]

    program = program_of(f, 4, columns=(5,))

    assert_rows_are_as_replay(program, values(program), widths=WIDTHS)


@pytest.mark.parametrize("count", [2, 3, 4, 9])
@pytest.mark.parametrize("first", [-0.0, 0.0])
def test_a_chain_of_zeros_has_the_sign_that_they_have(count, first):
    """The reciprocal tells."""
    program = program_of(lambda x: [1.0 / added(x), 1.0 / maximum_of(x)], columns=(count,))
    operands = [[first] * FEW, *[[-0.0] * FEW] * (count - 1)]

    assert_kernels_are_as_replay([by_rows(program, width=width) for width in WIDTHS], operands)


def added(xs):
    """Return a chain of additions."""
    first, *others = xs
    for x in others:
        first = first + x
    return first


# -- totals ----------------------------------------------------------------------------------

TROUBLE = {
    "nan": [1.0, NAN, 2.0],
    "infinity": [INF, 1.0, -2.0],
    "both infinities": [INF, -INF, 1.0],
    "the lowest": [-INF, -INF, -INF],
    "negative zeros": [-0.0, -0.0, -0.0],
    "zeros": [-0.0, 0.0, -0.0],
    "one row": [-0.0],
    "nan at the end": [*[1.0] * 16, NAN],
    "negative numbers": [-3.0] * 9,
    "no row": [],
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_totals_of_what_is_no_usual_number(trouble):
    """The reciprocal tells which zero it is."""

    def f(w, x):
        found = []
        for name in ("sum", "max"):
            found += [total(x[0], name), total(x[1], name), total(x[0] * x[1], name)]
            found += [total(sin(x[0]), name), total(w * x[0], name), total(x[0] * x[0], name)]
        return [*found, *[1.0 / each for each in found]]

    program = program_of(f, None, columns=(2,))
    column = TROUBLE[trouble]

    for other in (1.0, -0.0):
        operands = [other, column, [other] * len(column)]
        assert_rows_are_as_replay(program, operands, ["float64"], WIDTHS)


@pytest.mark.parametrize("members", [1, 3, 8, 9, 17])
def test_totals_of_many_members_are_added_up_together(members):
    """Of one column each, of all pairs with another one, and of what is written elsewhere."""

    def f(w, x):
        sums = [total(a * b) for a in x for b in x[:2]]
        return [*[total(a * w) for a in x], *sums, *[total(a, "max") for a in x], sin(sums[0])]

    program = program_of(f, None, columns=(members,))

    for rows in (1, FEW):
        assert_rows_are_as_replay(program, values(program, rows), widths=WIDTHS)


def test_there_are_as_many_rows_as_are_given():
    program = program_of(lambda w, x: [count_of(x[0]), w * count_of(x[0])], None, columns=(1,))
    kernel = by_rows(program)

    for rows in COUNTS:
        assert kernel([0.5, [1.0] * rows]) == [float(rows), rows / 2]


# -- look-ups --------------------------------------------------------------------------------

INDICES = [0.0, 1.0, 4.0, -0.0, 5.0, -1.0, 0.5, NAN, INF, -INF, 1e300, 3.0, 2.0]


def tables(x):
    """Return tables whose entries lie in several ways."""
    return {
        "side by side": x[:5],
        "apart": x[:15:3],
        "backward": x[14::-3],
        "anywhere": [x[7], x[2], x[5], x[14], x[1]],
        "one": [x[3]],
        "one many times": [x[3]] * 5,
        "computed": [sin(a) for a in x[:5]],
        "mixed": [sin(x[0]), *x[:4]],
    }


@pytest.mark.parametrize("way", tables([0.0] * 15))
@pytest.mark.parametrize("width", [None, *WIDTHS])
def test_look_ups_by_row_and_by_one_index(way, width):
    def f(i, numbers, j, columns):
        found = []
        for some in (numbers, columns):
            table = tables(some)[way]
            found += [take(table, i[0]), take(table, j[0]), take(table, j[1] + 1.0)]
            rows = [[a, a * 2.0, a + 1.0] for a in table]
            found += take(rows, i[0]) + take(rows, j[1])
        return found

    program = program_of(f, 1, 15, columns=(2, 15))
    kinds = {part.kind.columns for part in parts_in(program) if isinstance(part.kind, Take)}
    kernel = by_rows(program, width=width)
    xs = values(program, len(INDICES))
    here = [i for i, x in enumerate(program.inputs) if x.axes]
    xs[here[0]], xs[here[1]] = INDICES, INDICES[::-1]

    assert {(True, False), (False, True), (True, True)} <= kinds
    for index in INDICES:
        assert_kernels_are_as_replay([kernel], [index, *xs[1:]])


def test_look_ups_in_single_precision_are_as_by_numpy():
    def f(i, numbers, j, columns):
        return [take(table, k) for table in (numbers, columns, columns[::-1]) for k in (i, *j)]

    program = program_of(f, None, 5, columns=(1, 5))
    xs = values(program, 6)
    xs[0], xs[6] = 3.0, [0.0, 4.0, 2.0, 5.0, -1.0, 0.5]

    assert_rows_are_as_replay(program, xs, ["float32"], [None, 1])


# -- in and out ------------------------------------------------------------------------------


def test_outputs_may_be_inputs_numbers_and_each_other():
    def f(w, x):
        y, z = sin(x[0]), w * 2.0
        return [y, x[1], w, 2.5, y, x[1], z, -0.0, w, x[0] * w, INF, y, z]

    program = program_of(f, None, columns=(2,))
    operands = [-0.0, [0.5, -0.0, 2.0], [-0.0, 1.0, NAN]]

    assert_rows_are_as_replay(program, operands, widths=WIDTHS)
    found = by_rows(program)(operands)
    assert [math.copysign(1.0, found[i]) for i in (2, 6, 7)] == [-1.0] * 3
    assert math.copysign(1.0, found[1][0]) == -1.0


def test_results_are_arrays_of_their_own():
    program = program_of(lambda x: [x[0], x[0] * 2.0, x[0]], columns=(1,))
    column = np.array([1.0, 2.0, 3.0])

    same, double, again = by_rows(program)([column])
    same[0] = double[0] = 9.0

    assert (column.tolist(), again.tolist()) == ([1.0, 2.0, 3.0],) * 2
    assert {type(x) for x in (same, double)} == {np.ndarray}


@pytest.mark.parametrize("precision", PRECISIONS)
def test_columns_may_be_given_as_anything_with_a_number_for_each_row(precision):
    program = program_of(lambda w, x: [w * x[0], total(x[1])], None, columns=(2,))
    whole = np.arange(12.0).reshape(6, 2)
    kernel = by_rows(program, precision)

    for first in ([0, 2, 4, 6, 8, 10], whole[:, 0], whole[:, 0].astype("int16")):
        for second in (tuple(whole[:, 1]), whole[::-1, 1], whole[:, 1].astype("float32")):
            found = kernel([3, first, second])
            assert (found[0].tolist(), found[1]) == ([0.0, 6.0, 12.0, 18.0, 24.0, 30.0], 36.0)
            assert found[0].dtype == precision


def test_wrong_operands_are_told_and_the_kernel_stays_whole():
    program = program_of(lambda w, x: [w * x[0] + x[1]], None, columns=(2,))
    kernel = by_rows(program)
    good = [2.0, [1.0, 2.0], [3.0, 4.0]]
    wanted = kernel(good)[0].tolist()

    for wrong, message in [
        ([2.0, [1.0, 2.0], [3.0]], "must have 2 rows, as before; it has 1"),
        ([2.0, [1.0, 2.0]], "it was given 2"),
        ([2.0, 1.0, 2.0], "must be a list, of its rows"),
    ]:
        with pytest.raises(DataError, match=message):
            kernel(wrong)
    with pytest.raises((TypeError, ValueError)):
        kernel([2.0, ["a", "b"], [3.0, 4.0]])
    with pytest.raises(TypeError):
        kernel([None, *good[1:]])
    assert kernel(good)[0].tolist() == wanted == [5.0, 8.0]


def test_several_threads_may_call_one_kernel_at_once():
    program = the_program()
    kernel = by_rows(program)
    cases = [values(program, 5 + i // 2, seed=i) for i in range(8)]
    wanted = [plain(kernel(each)) for each in cases]
    wrong = []

    def call(i):
        wrong.extend(i for _ in range(40) if plain(kernel(cases[i])) != wanted[i])

    threads = [threading.Thread(target=call, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


# -- blocks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [0, 1, 9, 64])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_numbers_come_and_go_in_blocks_and_columns_in_arrays(precision, rows):
    def f(w, v, x, table, y):
        hidden = [tanh(a + b) for a, b in zip(dense(w, x), table, strict=True)]
        columns = [a * v for a in hidden]
        sums = [total(a * y[0]) for a in hidden]
        return [*sums, columns[0], v * 2.0, *[a * a for a in sums], *columns[1:], x[0], w[0][0]]

    program = program_of(f, (4, 3), None, columns=(3, 4, 1))
    blocks = Blocks(
        inputs=(Block(0, 5), Block(5, 7)),
        outputs=(Block(0, 4), Block(6, 4)),
        arrays=(Block(16, 4),),
    )
    kernel = by_rows(program, precision, blocks=blocks)
    xs = rounded(values(program, rows), precision)
    wanted = replay(program, xs)
    table = np.asfortranarray(np.array(xs[16:20], precision).reshape(4, rows).T)
    given = [Aligned(xs[start : start + size]) for start, size in blocks.inputs]
    room = [Aligned([0.0] * size) for _, size in blocks.outputs]
    beside = [xs[12], *xs[13:16], table, xs[20]]
    places = [[x.address for x in each] for each in (given, room)]

    others = kernel.on_blocks(places[0], beside, places[1], {"rows": rows})
    found = joined(blocks.outputs, [list(x.numbers()) for x in room], others)

    assert are_close(plain(found), wanted, *CLOSE[precision])
    assert are_close(plain(kernel(xs)), wanted, *CLOSE[precision])
    assert [x.numbers() for x in given] == [xs[:5], xs[5:12]]


# -- random programs -------------------------------------------------------------------------


@st.composite
def random_programs(draw):
    """Draw a program of numbers and columns: systems of both, mixed by sums over rows."""
    steps = draw(st.lists(systems(steps=5), min_size=1, max_size=3))
    random = Random(draw(st.integers(0, 10**6)))

    def mixed(some, others):
        return [random.choice([*some, *others, *some]) for _ in some]

    def f(w, x):
        kept = []
        for system in steps:
            x = system(mixed(x, w))
            name = random.choice(["sum", "max"])
            w = [tanh(total(column(a, x), name) * 0.1) for a in system(mixed(x, w))]
            y = dense([mixed(x, w) for _ in range(random.randrange(1, 9))], x)
            kept += [*w[:1], *y, take([a * 0.5 for a in x], 1.0 * (w[0] > 0.2) + (x[0] > 0))]
        return [*x, *w, *kept, *x[:1], 1.5]

    def column(a, x):
        return a + 0.0 * x[0]  # what all rows share is one for each row, too

    program = program_of(f, INPUTS, columns=(INPUTS,))
    if draw(st.booleans()):
        of = [i for i, axes in enumerate(program.output_axes()) if not axes]
        program = gradient(program, range(2 * INPUTS), of=random.choice(of[:-1]), values=True)
    return optimized(program)


def kernel_for(program, precision="float64", width=None):
    """Return the kernel of waves; or what is run in its place, if there are none."""
    try:
        return by_rows(program, precision, width)
    except UnscheduledError:
        return lowered(program, precision)


@settings(deadline=None, max_examples=60)
@given(random_programs(), st.sampled_from(COUNTS[:-1]), st.integers(0, 99))
def test_random_programs_are_as_replay(program, rows, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ways, "LONG", 0)
        kernels = [kernel_for(program), lowered(program), by_columns(program)]

    assert_kernels_are_as_replay(kernels, values(program, rows, seed))


@settings(deadline=None, max_examples=20)
@given(random_programs(), st.sampled_from(WIDTHS), st.sampled_from(PRECISIONS))
def test_random_programs_are_as_replay_in_vectors_of_any_width(program, width, precision):
    kernel = kernel_for(program, precision, width)

    assert_kernels_are_as_replay([kernel], values(program, 13, 3, 0.5))


# -- networks --------------------------------------------------------------------------------


def network(weights, row):
    """Return what a network of two layers makes of a row."""
    hidden = [tanh(sum(list(map(mul, w, row)))) for w in weights[:-1]]
    return sum(list(map(mul, weights[-1], hidden)))


def loss(weights, rows, marks):
    """Return the mean error of a network over all rows."""
    errors = vmap(lambda row, mark: (network(weights, row) - mark) ** 2)(rows, marks)
    return mean(errors)


@pytest.mark.parametrize("sizes", [(2, 3), (5, 8), (9, 17)])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_slopes_of_a_network_over_rows_are_as_replay(sizes, precision):
    columns, hidden = sizes
    weights = [[0.1] * columns for _ in range(hidden)] + [[0.1] * hidden]
    table = np.zeros((3, columns))
    traced = TracedFunction(value_and_grad(loss), [weights, table, np.zeros(3)], {})
    program = optimized(traced.program)
    kernels = [by_rows(program, precision, width) for width in (None, 1)]

    assert any(isinstance(part.kind, Total) for part in parts_in(program))
    for rows in (1, 8, 31):
        assert_kernels_are_as_replay(kernels, values(program, rows))


# -- what waves do not do --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("program(i, w, x[rows])\n a = take i w x\n return a", "a table of both"),
        ("program(w, x[rows])\n a = sum[rows] w\n return a", "the same in all"),
        ("program(w, x[rows])\n a = max[rows] 2.0\n return a w", "the same in all"),
    ],
)
def test_what_no_wave_does_is_done_in_another_way(text, message, monkeypatch):
    program = parsed(text)
    monkeypatch.setattr(ways, "LONG", 0)

    with pytest.raises(UnscheduledError, match=message):
        scheduled(program)
    kernel = lowered(program)
    operands = [1.0 if not x.axes else [0.5, 2.0, 3.0] for x in program.inputs]
    assert type(kernel) is Kernel
    assert are_close(plain(kernel(operands)), replay(program, operands), 1e-14)


# -- what is kept on disk --------------------------------------------------------------------


@pytest.mark.parametrize(
    "texts",
    [
        (
            "program(x[rows], y)\n a = sub x y\n return a",
            "program(x, y[rows])\n a = sub x y\n return a",
        ),
        (
            "program(x[rows])\n a = sum x\n return a",
            "program(x[rows])\n a = sum[rows] x\n return a",
        ),
        (
            "program(x[rows])\n a = max x\n return a",
            "program(x[rows])\n a = max[rows] x\n return a",
        ),
    ],
)
def test_programs_that_differ_by_their_axes_only_are_told_apart(texts):
    for program in map(parsed, texts):
        operands = [[1.0, 2.0, 4.0] if x.axes else 8.0 for x in program.inputs]
        for _ in range(2):
            found = RowKernel(program, "float64")(operands)
            assert plain(found) == replay(program, operands)
