"""Schedules: how programs of numbers become waves, and that waves do what the program says."""

import math
import sys
import threading
from random import Random

import numpy as np
import pytest
from schedules import (
    WIDTHS,
    assert_waves_are_as_replay,
    by_llvm,
    by_numpy,
    interpreted,
    kernels,
    parts_in,
    program_of,
    text_of,
    texts_of,
)

import nanograd
from nanograd import exp, grad, maximum, minimum, sin, take, tanh
from nanograd.compiler.backends import numpy as numpy_backend
from nanograd.compiler.backends.numpy_parts import LONG
from nanograd.compiler.programs.operations import Input
from nanograd.compiler.programs.program import Program
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.schedules import levels, schedule
from nanograd.compiler.schedules.forms import Fold, Take
from nanograd.compiler.schedules.levels import earliest, levels_of
from nanograd.compiler.schedules.memory import LINE, Memory
from nanograd.compiler.schedules.nodes import LARGEST, MOST_LEAVES, Nodes, UnscheduledError
from nanograd.compiler.schedules.schedule import scheduled
from nanograd.errors import DataError, DomainError
from nanograd.nanograd import add, mul, sub

INF, NAN = math.inf, math.nan


def numbers(count, scale=1.0):
    """Return so many numbers of moderate size, all of them different."""
    return [scale * math.sin(1.3 * i + 0.4) for i in range(count)]


def dense(w, x):
    """Return a matrix times a vector."""
    return [sum(a * b for a, b in zip(row, x, strict=True)) for row in w]


def total(xs):
    """Return a chain of additions."""
    first, *others = xs
    for x in others:
        first = first + x
    return first


# -- nodes -----------------------------------------------------------------------------------


def test_a_chain_of_additions_is_one_fold():
    program = program_of(lambda x: [total(x)], 10)

    assert texts_of(program) == [("add 10 a", 1)]
    assert_waves_are_as_replay(program, numbers(10))


@pytest.mark.parametrize("op", [add, maximum, minimum])
def test_a_chain_may_be_a_tree(op):
    program = program_of(lambda x: [op(op(op(x[0], x[1]), op(x[2], x[3])), x[4])], 5)
    name = op.name

    assert texts_of(program) == [(f"{name} 5 a", 1)]
    assert_waves_are_as_replay(program, numbers(5))


def test_a_partial_sum_that_is_used_twice_ends_a_chain():
    def f(x):
        first = total(x[:5])
        return [total([first, *x[5:]]), first * 2.0]

    program = program_of(f, 9)

    copied, *others = sorted(texts_of(program))

    assert copied == ("a", 4)  # inputs, beside a result
    assert others == [("add 5 a", 1), ("add 5 a", 1), ("mul(a, b)", 1)]
    assert_waves_are_as_replay(program, numbers(9))


def test_a_partial_sum_that_two_sums_take_is_one_of_its_own():
    def f(x):
        first = total(x[:5])
        return [total([first, *x[5:]]), total([first, *x[4:]])]

    program = program_of(f, 9)

    assert sorted(texts_of(program)) == [
        ("a", 4),
        ("a", 5),
        ("add 5 a", 1),
        ("add 5 a", 1),
        ("add 6 a", 1),
    ]
    assert_waves_are_as_replay(program, numbers(9))


def test_a_sum_takes_terms_from_anywhere():
    """Inputs, plain numbers, results and outputs are in memory of their own."""

    def f(x):
        wanted, other = sin(x[0]), exp(x[1])
        terms = [*x[:5], wanted, other * other, other]
        return [nanograd.sum(terms), wanted, nanograd.dot(terms, [*x[1:5], 0.5, *terms[:3]])]

    assert_waves_are_as_replay(program_of(f, 5), numbers(5), widths=WIDTHS)


def test_a_sum_of_products_is_a_dot_product():
    program = program_of(lambda x, y: [sum(a * b for a, b in zip(x, y, strict=True))], 7, 7)

    assert [text for text, _ in texts_of(program)] == ["add 7 mul(a, b)"]
    assert_waves_are_as_replay(program, numbers(14))


def test_terms_of_two_formulas_are_two_folds_and_their_sum():
    program = program_of(lambda x: [total([sin(a) for a in x[:5]] + [exp(a) for a in x[5:]])], 10)

    assert texts_of(program) == [
        ("add 5 sin(a)", 1),
        ("add 5 exp(a)", 1),
        ("add(a, b)", 1),
    ]
    assert_waves_are_as_replay(program, numbers(10))


def test_a_matrix_times_a_vector_is_one_wave_with_one_part():
    program = program_of(dense, (5, 8), 8)

    (part,) = parts_in(program)

    assert text_of(part.kind) == "add 8 mul(a, b)"
    assert part.runs == [(5, (0, 0, 40))]
    assert part.strides == (1, 8, 0)
    assert part.terms == ((0, 1, 2, 3, 4, 5, 6, 7),) * 2
    assert_waves_are_as_replay(program, numbers(48), widths=WIDTHS)


def test_the_transpose_of_a_matrix_is_read_down_its_columns():
    program = program_of(lambda w, x: dense(list(zip(*w, strict=True)), x), (8, 5), 8)

    (part,) = parts_in(program)

    assert part.strides == (1, 1, 0)
    assert part.terms[0] == tuple(range(0, 40, 5))
    assert_waves_are_as_replay(program, numbers(48), widths=WIDTHS)


def test_slopes_of_a_dense_layer_are_folds_over_the_batch():
    batch, ins, outs = 6, 4, 5

    def loss(w, xs):
        return sum(sum(tanh(y) for y in dense(w, x)) for x in xs)

    program = program_of(
        lambda w, xs: [slope for row in grad(loss)(w, xs) for slope in row],
        (outs, ins),
        (batch, ins),
    )
    folds = [(text, count) for text, count in texts_of(program) if text.startswith("add 6")]

    assert folds == [("add 6 mul(a, b)", outs * ins)]
    assert_waves_are_as_replay(program, numbers(outs * ins + batch * ins), widths=WIDTHS)


@pytest.mark.parametrize(
    ("reduction", "text"),
    [
        (nanograd.sum, "add 5 a"),
        (nanograd.prod, "mul 5 a"),
        (nanograd.max, "maximum 5 a"),
        (nanograd.min, "minimum 5 a"),
    ],
)
def test_an_operation_of_many_operands_is_a_fold(reduction, text):
    program = program_of(lambda x: [reduction(x), reduction([sin(a) for a in x])], 5)

    assert sorted(texts_of(program)) == sorted([(text, 1), (text.replace(" a", " sin(a)"), 1)])
    for xs in (
        numbers(5),
        [0.0, -0.0, 1.0, 2.0, 0.5],
        [INF, 1.0, -INF, 2.0, 3.0],
        [NAN, *[1.0] * 4],
    ):
        assert_waves_are_as_replay(program, xs, widths=WIDTHS)


def test_a_mean_is_a_fold_and_a_quotient():
    program = program_of(lambda x: [nanograd.mean(x)], 5)

    assert texts_of(program) == [("add 5 a", 1), ("div(a, b)", 1)]
    assert_waves_are_as_replay(program, numbers(5))


def test_dot_is_a_fold_of_products():
    program = program_of(lambda x, y: [nanograd.dot(x, y)], 5, 5)

    assert texts_of(program) == [("add 5 mul(a, b)", 1)]
    assert_waves_are_as_replay(program, numbers(10))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean"])
def test_few_terms_are_combined_one_by_one_and_more_are_folded(name, count):
    """Three products are a fold already."""
    reduction = getattr(nanograd, name)
    program = program_of(lambda x: [reduction(x)], count)
    products = program_of(lambda x: [total([a * 2.0 for a in x])], count)

    assert any(isinstance(part.kind, Fold) for part in parts_in(program)) == (count == 4)
    assert any(isinstance(part.kind, Fold) for part in parts_in(products)) == (count >= 3)
    assert_waves_are_as_replay(program, numbers(count))


def test_numbers_in_a_sum_are_what_it_begins_with():
    program = program_of(lambda x: [nanograd.sum([x[0], 2.0, x[1], x[2], 3.5, x[3]])], 4)
    largest = program_of(lambda x: [nanograd.max([x[0], 0.25, x[1], 0.125, *x[2:]])], 4)

    (fold,) = [part.kind for part in parts_in(program)]
    (most,) = [part.kind for part in parts_in(largest)]

    assert (fold.start, fold.length) == (5.5, 4)
    assert (most.start, most.length) == (0.25, 4)
    for xs in (numbers(4), [INF, -1.0, 2.0, 0.0], [NAN, *[0.0] * 3], [-3.0, -2.0, -1.0, -4.0]):
        assert_waves_are_as_replay(program, xs, widths=WIDTHS)
        assert_waves_are_as_replay(largest, xs, widths=WIDTHS)


@pytest.mark.parametrize("count", [3, 40])
def test_a_dot_product_may_begin_with_a_number(count):
    program = program_of(
        lambda x, y: [total([2.5, *map(mul, x, y)]), total([*map(mul, x, x), -0.75])], count, count
    )

    assert sorted(part.kind.start for part in parts_in(program)) == [-0.75, 2.5]
    assert_waves_are_as_replay(program, numbers(2 * count), widths=WIDTHS)


def test_numbers_that_differ_are_folds_that_differ():
    program = program_of(
        lambda x: [nanograd.sum([*x, 1.0]), nanograd.sum([*x, 2.0]), nanograd.sum([1.0, *x])], 4
    )

    assert [(part.kind.start, part.members) for part in parts_in(program)] == [(1.0, 2), (2.0, 1)]
    assert_waves_are_as_replay(program, numbers(4))


def test_a_number_is_not_added_twice_where_a_sum_has_several_folds():
    program = program_of(
        lambda x: [nanograd.sum([*[sin(a) for a in x], 8.0, *[exp(a) for a in x], *x])], 4
    )

    assert_waves_are_as_replay(program, numbers(4))


def test_a_sum_of_plain_numbers_alone_is_one():
    assert_waves_are_as_replay(
        program_of(lambda x: [nanograd.sum([1.0, 2.0, 4.0, x[0] * 0.0]), x[0]], 1), [3.0]
    )


@pytest.mark.parametrize("count", [2, 3, 4, 9, 40])
@pytest.mark.parametrize("first", [-0.0, 0.0])
def test_a_chain_of_zeros_has_the_sign_that_they_have(count, first):
    """The reciprocal tells: 1 / -0.0 is −∞."""
    chain = program_of(lambda x: [1.0 / total(x)], count)
    dots = program_of(lambda x, y: [1.0 / total(list(map(mul, x, y)))], count, count)

    assert_waves_are_as_replay(chain, [first, *[-0.0] * (count - 1)], widths=WIDTHS)
    assert_waves_are_as_replay(
        dots, [first, *[0.0] * (count - 1), 1.0, *[-1.0] * (count - 1)], widths=WIDTHS
    )


def test_formulas_stay_small():
    def f(x):
        deep = x[0]
        for _ in range(40):
            deep = sin(deep) * 2.0
        wide = x
        while len(wide) > 1:
            wide = [a * b for a, b in zip(wide[::2], wide[1::2], strict=True)]
        deeper = x[1]
        for _ in range(40):
            deeper = sin(deeper)
        return [deep, deeper, wide[0], nanograd.logsumexp([sin(a) for a in x])]

    program = program_of(f, 32)
    kinds = [part.kind for part in parts_in(program)]
    forms = [kind.form if isinstance(kind, Fold) else kind for kind in kinds]
    small = [form for form in forms if form.op is None or form.op.name != "logsumexp"]

    assert max(form.size for form in small) == LARGEST
    assert max(form.leaves for form in small) <= MOST_LEAVES
    assert_waves_are_as_replay(program, numbers(32))


def test_equal_formulas_are_one_wave_whatever_their_numbers():
    program = program_of(lambda x: [sin(a) * float(i) for i, a in enumerate(x)], 12)

    assert texts_of(program) == [("mul(sin(a), b)", 12)]
    assert_waves_are_as_replay(program, numbers(12))


def test_comparisons_in_a_formula_are_numbers():
    """To NumPy a sum of truths is a truth, and a difference an error."""
    program = program_of(lambda x: [((a > 0.5) + (a > 0.25)) * 2 - (-(a > 0.0)) for a in x], 9)

    assert_waves_are_as_replay(program, numbers(9))


# -- levels ----------------------------------------------------------------------------------


def sequence(x, w):
    """Return what a causal sequence gives: shares of sums that are longer at each position."""
    powers = [exp(a) for a in x]
    found = []
    for t, power in enumerate(powers):
        share = power / nanograd.sum(powers[: t + 1]) if t else power
        found.append(tanh(share * w))
    return found


def test_the_first_position_of_a_sequence_waits_for_its_peers():
    program = program_of(sequence, 5, None)
    nodes = Nodes(program)
    hurried, patient = earliest(nodes), levels_of(nodes)
    last = nodes.outputs

    assert len({hurried[x] for x in last}) > 1
    assert sum(1 for text, _ in texts_of(program) if "tanh" in text) < len({*last})
    assert [patient[x] for x in last] == sorted(patient[x] for x in last)
    assert_waves_are_as_replay(program, numbers(6), widths=WIDTHS)


def test_those_that_could_come_early_come_with_the_others():
    """Eight are ready at once, and forty one level later: all are one wave."""

    def f(x):
        ready = [tanh(a) for a in x[:8]]
        sums = [a + x[0] for a in x[8:48]]
        return ready + sums + [tanh(a) for a in sums]

    texts = [each for each in texts_of(program_of(f, 48)) if each[0] == "tanh(a)"]

    assert sum(count for _, count in texts) == 48
    waves = [
        wave
        for wave in scheduled(program_of(f, 48)).waves
        if any(text_of(part.kind) == "tanh(a)" for part in wave)
    ]
    assert len(waves) == 1


def test_a_node_comes_after_what_it_takes_and_before_what_takes_it():
    for program in (program_of(sequence, 9, None), program_of(layers, 8, (8, 8))):
        nodes = Nodes(program)
        levels = levels_of(nodes)

        for node, operands in enumerate(nodes.operands):
            assert all(levels[x] < levels[node] for x in operands if type(x) is int)


# -- memory ----------------------------------------------------------------------------------


def layers(x, w, depth=30):
    """Return x after many layers."""
    for _ in range(depth):
        x = [tanh(y) for y in dense(w, x)]
    return x


def test_memory_that_nobody_reads_any_more_is_given_anew():
    program = program_of(layers, 8, (8, 8))
    schedule = scheduled(program)

    assert len(schedule.waves) >= 30
    assert schedule.work <= 3 * 8
    assert_waves_are_as_replay(program, numbers(72, 0.5))


def test_memory_is_not_given_while_somebody_will_read_it():
    def f(x, w):
        kept = []
        y = x
        for i in range(12):
            y = [tanh(a) for a in dense(w, y)]
            if i % 3 == 0:
                kept.append(y)
        return [total([row[j] for row in kept]) - y[j] for j in range(8)]

    program = program_of(f, 8, (8, 8))

    assert_waves_are_as_replay(program, numbers(72, 0.5), widths=WIDTHS)


def test_memory_gives_places_that_do_not_overlap():
    memory = Memory()
    held = {}
    for i in range(300):
        if i % 3 == 2:
            place, count = held.popitem()
            memory.give(place, count)
        count = 1 + 7 * i % 50
        place = memory.take(count)
        assert place % LINE == 0
        assert place + count <= memory.size
        for other, size in held.items():
            assert place + count <= other or other + size <= place
        held[place] = count


# -- outputs ---------------------------------------------------------------------------------


def test_outputs_may_be_inputs_numbers_and_each_other():
    def f(x):
        y = sin(x[0])
        return [y, x[1], 2.5, y, x[1], -0.0, x[0] + 1.0, INF, y]

    program = program_of(f, 2)

    assert_waves_are_as_replay(program, [0.5, -0.0])
    for _, kernel in kernels(program):
        assert math.copysign(1.0, kernel([0.5, -0.0])[1]) == -1.0
        assert math.copysign(1.0, kernel([0.5, 1.0])[5]) == -1.0


def test_a_program_may_do_nothing():
    inputs = Program([Input("x")], [()], (0, 0))
    constant = Program([], [], (2.0,))
    nothing = Program([Input("x")], [()], ())

    assert_waves_are_as_replay(inputs, [3.0])
    assert_waves_are_as_replay(constant, [])
    assert_waves_are_as_replay(nothing, [3.0])


def test_an_output_that_others_read_is_read_where_it_is_wanted():
    program = program_of(lambda x: [y for a in x for y in (sin(a), exp(sin(a)))], 9)

    def several(x):
        sines = [sin(a) for a in x]
        return [*sines, *[exp(a) for a in sines], *sines[::-1]]

    shared = program_of(several, 9)

    assert_waves_are_as_replay(program, numbers(9))
    assert_waves_are_as_replay(shared, numbers(9), widths=WIDTHS)


# -- look-ups --------------------------------------------------------------------------------

INDICES = [0.0, 1.0, 4.0, -0.0, 5.0, -1.0, 0.5, NAN, INF, -INF, 1e300]


@pytest.mark.parametrize("index", INDICES)
def test_a_row_of_a_table_is_looked_up_at_once(index):
    program = program_of(lambda table, i: [2.0 * x for x in take(table, i)], (5, 9), None)
    kinds = [part.kind for part in parts_in(program)]

    assert [kind.length for kind in kinds if isinstance(kind, Take)] == [5]
    assert_waves_are_as_replay(program, [*numbers(45), index], widths=WIDTHS)


@pytest.mark.parametrize("index", INDICES)
def test_look_ups_in_tables_of_any_numbers(index):
    def f(x, i, j):
        scattered = [x[7], x[2], x[5], 0.25, x[1]]
        return [
            take(scattered, i),
            take(scattered, j),
            take(scattered[::-1], i),
            take([sin(a) for a in x[:5]], i),
            take(x[4::-1], j) * take([*x[:8:2], NAN], i),
        ]

    assert_waves_are_as_replay(program_of(f, 8, None, None), [*numbers(8), index, 3.0])


def test_an_index_may_be_computed():
    program = program_of(lambda table, x: [take(table, maximum(a, 1.0) + 1.0) for a in x], 6, 12)

    assert_waves_are_as_replay(program, [*numbers(6), *[i % 5 for i in range(12)]], widths=WIDTHS)


# -- calls -----------------------------------------------------------------------------------


def wide(x, w):
    """Return some layers of many numbers."""
    return layers(x, w, depth=6)


@pytest.fixture(scope="module")
def long_program():
    return program_of(wide, 16, (16, 16))


def test_numpy_runs_long_programs_of_numbers_in_waves(long_program):
    kernel = numpy_backend.lowered(long_program)

    assert len(kernel.steps) < 20
    xs = numbers(272, 0.3)
    assert kernel(xs) == pytest.approx(replay(long_program, xs), rel=1e-12)


def test_numpy_runs_programs_without_waves_one_by_one_and_exactly():
    def f(x, y):
        for _ in range(2100):
            x, y = y, x / y
        return [x, y]

    kernel = numpy_backend.lowered(program_of(f, None, None))

    assert not hasattr(kernel, "steps")
    assert kernel([0.7, 1.3]) == replay(kernel.program, [0.7, 1.3])


def test_operands_are_checked_as_ever(long_program):
    kernel = by_numpy(long_program)
    xs = numbers(272)

    with pytest.raises(DataError, match="it was given 3"):
        kernel(xs[:3])
    with pytest.raises(TypeError, match="a real number is required"):
        kernel([*xs[1:], "1"])
    with pytest.raises(DomainError, match="too large"):
        kernel([*xs[1:], 10**400])
    assert kernel([np.float32(x) for x in xs]) == kernel([float(np.float32(x)) for x in xs])
    assert all(type(x) is float for x in kernel([1] * 272))


def test_an_error_in_an_operation_of_a_user_leaves_the_kernel_whole(declared):
    @declared("?", name="digits", partials=lambda x, out: (None,))
    def digits(x):
        if x > 100:
            raise RuntimeError("too many")
        return len(str(int(x)))

    kernel = by_numpy(program_of(lambda x: [digits(a) + 0.5 for a in x], 9))

    with pytest.raises(RuntimeError, match="too many"):
        kernel([1000.0] * 9)
    assert kernel([12.0] * 9) == [2.5] * 9


@pytest.fixture
def restless():
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_several_threads_may_call_one_kernel_at_once(long_program):
    for kernel in (by_numpy(long_program), by_llvm(long_program)):
        xs = [numbers(272, 0.1 + 0.05 * i) for i in range(8)]
        wanted = [kernel(x) for x in xs]
        wrong = []

        def call(i, kernel=kernel, xs=xs, wanted=wanted, wrong=wrong):
            wrong.extend(i for _ in range(40) if kernel(xs[i]) != wanted[i])

        threads = [threading.Thread(target=call, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert wrong == []
        assert len({tuple(each) for each in wanted}) == 8


@pytest.mark.parametrize("form", [lambda a, b: a, lambda a, b: a * b, lambda a, b: sin(a)])
@pytest.mark.parametrize("count", [LONG, LONG + 1])
def test_a_sum_is_finite_where_it_can_be(form, count):
    """Sums on the way are beyond the floats."""
    program = program_of(
        lambda x, y: [nanograd.sum([form(a, b) for a, b in zip(x, y, strict=True)])], count, count
    )
    half = count // 2
    for huge in ([1e308] * half + [-1e308] * (count - half), [INF] * half + [1.0] * (count - half)):
        xs = [*huge, *[1.0] * count]
        assert by_numpy(program)(xs) == pytest.approx(replay(program, xs), nan_ok=True)


def test_a_long_sum_loses_no_more_than_a_few_bits():
    program = program_of(lambda x: [nanograd.sum([a * a for a in x])], 20_000)
    xs = [0.1] * 20_000

    assert by_numpy(program)(xs) == pytest.approx(replay(program, xs), rel=1e-14)


def test_long_sums_down_columns_lose_no_more_either():
    program = program_of(lambda x: [nanograd.sum(x[i::4]) for i in range(4)], 40_000)
    xs = [0.1] * 40_000

    assert [part.runs[0][0] for part in parts_in(program)] == [4]
    assert by_numpy(program)(xs) == pytest.approx(replay(program, xs), rel=1e-14)


# -- size ------------------------------------------------------------------------------------


def chain(count):
    """Return x − y − y − … as a program."""
    ops = [Input("x"), Input("y"), *[sub] * count]
    operands = [(), (), (0, 1), *[(i, 1) for i in range(2, count + 1)]]
    return Program(ops, operands, (count + 1,))


def sums(count):
    """Return the sum of so many numbers, one after the other."""
    ops = [*[Input(f"x{i}") for i in range(count)], *[add] * (count - 1)]
    operands = [*[()] * count, (0, 1), *[(count + i, i + 2) for i in range(count - 2)]]
    return Program(ops, operands, (len(ops) - 1,))


def fans(count):
    """Return a chain, each of whose links is used once more, by what the chain is made of."""
    ops = [Input("x"), Input("y"), *[sub] * (2 * count)]
    operands = [(), ()]
    outputs, last = [], 0
    for _ in range(count):
        operands += [(last, 1), (last, 1)]
        last = len(operands) - 2
        outputs.append(last + 1)
    return Program(ops, operands, (*outputs, last))


def braid(count):
    """Return a chain, each of whose links takes a result that could have come a little earlier."""
    ops = [Input("x"), Input("y")]
    operands, outputs, link = [(), ()], [0, 0, 0], 0
    for i in range(count):
        ops += [sub, sub]
        operands += [(link, 1), (link, outputs[i])]
        outputs.append(len(ops) - 2)
        link = len(ops) - 1
    return Program(ops, operands, (*outputs, link))


def tangle(count):
    """Return a graph of operations on earlier results, which are anywhere, and stay small."""
    ops = [Input(f"x{i}") for i in range(16)]
    operands = [()] * 16
    kinds = [add, sub, mul, maximum]
    random = Random(1)
    for i in range(16, 16 + count):
        is_of_two = i % 2 == 0
        ops.append(random.choice(kinds if is_of_two else [sin, tanh]))
        odd = range(max(1, i - 199) | 1, i, 2)  # between −1 and 1
        operands.append((random.choice(odd), random.choice(odd)) if is_of_two else (i - 1,))
    return Program(ops, operands, tuple(range(len(ops) - 40, len(ops))))


def lines_run(function, *operands):
    """Return how many lines of Python a call takes."""
    count = 0

    def each(_frame, event, _argument):
        nonlocal count
        count += event == "line"
        return each

    before = sys.gettrace()
    sys.settrace(each)
    try:
        function(*operands)
    finally:
        sys.settrace(before)
    return count


@pytest.fixture
def any_number_of_waves(monkeypatch):
    """Let programs without structure be scheduled, which are run in another way else."""
    monkeypatch.setattr(levels, "MOST_WAVES", math.inf)
    monkeypatch.setattr(schedule, "MOST_PARTS", math.inf)


@pytest.mark.parametrize("programs", [fans, braid])
def test_a_program_without_structure_is_not_scheduled(programs):
    with pytest.raises(UnscheduledError, match=r"waves for .* numbers"):
        scheduled(programs(6000))


@pytest.mark.usefixtures("any_number_of_waves")
@pytest.mark.parametrize("programs", [chain, sums, fans, braid, tangle])
def test_the_work_of_a_schedule_grows_as_its_program_does(programs):
    few, many = (lines_run(scheduled, programs(count)) for count in (600, 2400))

    assert many < 4.5 * few


@pytest.mark.usefixtures("any_number_of_waves")
def test_a_long_chain_and_a_long_sum_are_no_deep_recursion():
    count = 100_000
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(400)
    try:
        long, sum_of_many = scheduled(chain(count)), scheduled(sums(count))
    finally:
        sys.setrecursionlimit(limit)

    assert interpreted(long, [1.0, 2.0], 1) == replay(chain(count), [1.0, 2.0])
    assert [text_of(part.kind) for wave in sum_of_many.waves for part in wave] == [f"add {count} a"]
    kernel = by_numpy(sums(count))
    assert kernel([1.0] * count) == [float(count)]


@pytest.mark.usefixtures("any_number_of_waves")
def test_a_large_tangle_is_as_replay():
    program = tangle(10_000)
    xs = numbers(16)
    wanted = replay(program, xs)

    assert interpreted(scheduled(program), xs, 40) == pytest.approx(wanted, rel=1e-9, nan_ok=True)
    assert by_numpy(program)(xs) == pytest.approx(wanted, rel=1e-9, nan_ok=True)
