"""Programs that are run from a tape, against `replay`: what each word means to the machine."""

import math
import threading
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
    assert_kernels_are_as_replay,
    by_tape,
    plain,
    program_of,
    rounded,
)
from test_schedules import chain, tangle
from test_schedules_random import (
    EXTREME,
    HUGE,
    NATIVE,
    OPS,
    POLES,
    SUMS,
    Aligned,
    blocks_of,
    samples_of,
    structured,
    values,
    waves_of,
)

from nanograd import sin, sum, take, tanh
from nanograd.compiler.backends.llvm.tapes import tape_code
from nanograd.compiler.derivatives.derivative import gradient
from nanograd.compiler.passes.exact import optimized
from nanograd.compiler.programs.blocks import Block, Blocks, joined, outside
from nanograd.compiler.programs.operations import Input
from nanograd.compiler.programs.program import Program
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.schedules.tape import MANY, taped
from nanograd.errors import DataError

INF, NAN = math.inf, math.nan


def assert_tape_is_as_replay(program, operands, precisions=PRECISIONS):
    """Check what comes out of a program that is run from a tape."""
    for precision in precisions:
        assert_kernels_are_as_replay([by_tape(program, precision)], operands)


# -- operations ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NATIVE)
def test_every_operation_is_on_a_tape(name):
    samples = samples_of(name)
    columns = zip(*[samples[i % len(samples)] for i in range(27)], strict=True)
    operands = [float(x) for column in columns for x in column]
    precisions = ["float64"] if name in ("digamma", "lgamma") else PRECISIONS

    assert_tape_is_as_replay(waves_of(OPS[name], 9, len(samples[0])), operands, precisions)


@pytest.mark.parametrize("name", [name for name in NATIVE if name != "lgamma"])
def test_extremes_are_as_replay(name):
    arity = len(samples_of(name)[0])
    left_out = HUGE if name in (*SUMS, "prod") else POLES.get(name, set())
    random = Random(name)
    xs = random.choices([x for x in EXTREME if x not in left_out], k=3 * 40 * arity)

    assert_tape_is_as_replay(waves_of(OPS[name], 40, arity), xs, ["float64"])


COUNTS = [0, 1, 2, 3, 100]  # of operands


def of_many(names, counts):
    """Return a program that does operations to so many operands, in order and in another one."""
    most = max(counts)
    ops = [Input(f"x{i}") for i in range(most)]
    operands = [()] * most
    random = Random(1)
    for name in names:
        for count in counts:
            for places in (range(count), random.sample(range(most), count), [most - 1] * count):
                ops.append(OPS[name])
                operands.append(tuple(places))
    return Program(ops, operands, tuple(range(most, len(ops))))


#: Those that have a value without operands, and those that have none.
ALWAYS, OF_SOME = ["sum", "prod"], ["mean", "max", "min", "logsumexp"]


@pytest.mark.parametrize("name", [*ALWAYS, *OF_SOME])
def test_operations_of_any_number_of_operands(name):
    program = of_many([name], COUNTS[name in OF_SOME :])

    assert_tape_is_as_replay(program, values(program, 3))
    assert_tape_is_as_replay(program, [-0.0] * 100, ["float64"])
    assert_tape_is_as_replay(program, [*[1.0] * 50, NAN, *[INF] * 49], ["float64"])
    assert_tape_is_as_replay(program, [*[1.0] * 50, *[-INF] * 50], ["float64"])


def test_dots_of_any_number_of_products():
    program = of_many(["dot"], [0, 2, 4, 6, 100])

    assert_tape_is_as_replay(program, values(program, 4))
    assert_tape_is_as_replay(program, [*[-0.0] * 50, *[1.0] * 50], ["float64"])


@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_look_ups_in_tables_of_any_length(count):
    """The last one is in a table without entries, in which there is nothing."""
    ops = [Input(f"x{i}") for i in range(count + 1)] + [OPS["take"]] * 3
    entries = tuple(range(1, count + 1))
    operands = [*[()] * (count + 1), (0, *entries), (0, *entries[::-1]), (0,)]
    program = Program(ops, operands, tuple(range(count + 1, count + 4)))
    kernel = by_tape(program)

    for index in (0.0, 1.0, -0.0, count - 1.0, float(count), -1.0, 0.5, NAN, INF, -INF, 1e300):
        assert_kernels_are_as_replay([kernel], [index, *[0.5 + i for i in range(count)]])


def test_one_piece_of_code_serves_operations_of_any_number_of_operands():
    tape = taped(of_many(["sum", "max"], COUNTS[1:]))

    assert tape.ops == [(OPS["sum"], -1), (OPS["max"], -1)]
    assert {OPS[name] for name in ("sum", "mean", "prod", "dot", "max", "min", "take")} == MANY


def test_numbers_of_operands_are_told_apart_where_there_is_code_for_each():
    program = of_many(["logsumexp"], [1, 2, 3])

    assert taped(program).ops == [(OPS["logsumexp"], count) for count in (1, 2, 3)]


# -- cells -----------------------------------------------------------------------------------


def test_positive_and_negative_zero_are_two_constants():
    program = program_of(
        lambda x: [1.0 / (x * 0.0 + -0.0), x + -0.0, x * -0.0 + 0.0, 0.0, -0.0, x - 2.5, 2.5], None
    )
    constants = sorted(map(repr, taped(program).constants))

    assert {"-0.0", "0.0", "2.5"} <= {*constants}
    assert len(constants) == len({*constants})
    for x in (-1.0, 1.0, -0.0, 0.0):
        assert_tape_is_as_replay(program, [x])
        found = by_tape(program)([x])
        assert [each.hex() for each in found] == [each.hex() for each in replay(program, [x])]


def test_outputs_may_be_inputs_constants_and_each_other():
    def f(x):
        y = sin(x[0])
        return [y, x[1], 2.5, y, x[1], -0.0, x[0] + 1.0, INF, NAN, y, x[0]]

    program = program_of(f, 2)

    assert_tape_is_as_replay(program, [0.5, -0.0])
    assert math.copysign(1.0, by_tape(program)([0.5, -0.0])[1]) == -1.0


def test_a_program_may_do_nothing():
    assert_tape_is_as_replay(Program([Input("x")], [()], (0, 0)), [3.0])
    assert_tape_is_as_replay(Program([], [], (2.0,)), [])
    assert_tape_is_as_replay(Program([Input("x")], [()], ()), [3.0])


def test_nothing_is_left_of_the_call_before():
    program = tangle(200)
    kernel = by_tape(program)
    first, second = values(program, 1), values(program, 2)
    wanted = [kernel(first), kernel(second)]

    assert wanted[0] != wanted[1]
    assert [kernel(second), kernel(first)] == wanted[::-1]


# -- blocks ----------------------------------------------------------------------------------


def on_blocks(kernel, xs):
    """Return the outputs of a kernel that is called with its blocks; those that go in stay."""
    blocks = kernel.blocks
    given = [Aligned(xs[start : start + size]) for start, size in blocks.inputs]
    room = [Aligned([0.0] * size) for _, size in blocks.outputs]
    places = [[x.address for x in each] for each in (given, room)]
    operands = [xs[i] for i in outside(blocks.inputs, len(xs))]
    others = kernel.on_blocks(places[0], operands, places[1], {})
    for each, (start, size) in zip(given, blocks.inputs, strict=True):
        assert each.numbers() == xs[start : start + size]
    return joined(blocks.outputs, [x.numbers() for x in room], others)


@settings(deadline=None, max_examples=25)
@given(structured(most=3), st.data(), st.sampled_from(PRECISIONS))
def test_numbers_may_come_and_go_in_blocks(program, data, precision):
    counts = len(program.inputs), len(program.outputs)
    blocks = Blocks(data.draw(blocks_of(counts[0])), data.draw(blocks_of(counts[1])))
    xs = rounded(values(program, 5), "float32")
    kernel = by_tape(program, precision, blocks)
    wanted = replay(program, xs)

    assert are_close(on_blocks(kernel, xs), wanted, *CLOSE[precision])
    assert are_close(kernel(xs), wanted, *CLOSE[precision])


def test_all_numbers_may_be_in_blocks_and_some_blocks_are_empty():
    program = program_of(lambda x: [*x[::-1], sum(x)], 5)
    blocks = Blocks((Block(0, 0), Block(0, 3), Block(3, 2)), (Block(0, 6), Block(6, 0)))
    xs = [1.0, 2.0, 4.0, 8.0, 16.0]

    assert on_blocks(by_tape(program, blocks=blocks), xs) == [16.0, 8.0, 4.0, 2.0, 1.0, 31.0]


# -- programs --------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(st.lists(systems(), min_size=1, max_size=3), st.integers(0, 99), st.booleans())
def test_random_programs_are_as_replay(chosen, seed, is_gradient):
    def f(xs):
        for system in chosen:
            xs = system(xs)
        return [*xs, take(xs, 1.0 * (xs[0] > 0.1)), sum(xs)]

    program = program_of(f, INPUTS)
    if is_gradient:
        program = gradient(program, range(INPUTS), of=INPUTS + 1, values=True)

    assert_tape_is_as_replay(optimized(program), values(program, seed, 2.0), ["float64"])


@settings(deadline=None, max_examples=20)
@given(structured(most=4), st.integers(0, 99), st.sampled_from(PRECISIONS))
def test_programs_with_structure_are_as_replay_too(program, seed, precision):
    assert_tape_is_as_replay(program, values(program, seed), [precision])


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_long_chain_is_as_replay(precision):
    """Rounding is the same: one subtraction after the other."""
    program = chain(100_000)
    kernel = by_tape(program, precision)

    assert kernel([1.0, 2.0**-20]) == replay(program, [1.0, 2.0**-20])


def test_a_large_tangle_is_as_replay():
    program = tangle(20_000)
    xs = values(program, 1)

    assert by_tape(program)(xs) == pytest.approx(replay(program, xs), rel=1e-9)


def test_the_order_on_a_tape_is_by_level_and_then_by_operation():
    def f(x):
        return [tanh(sin(x[0])), tanh(x[1]), sin(x[2]), tanh(sin(x[3]))]

    program = program_of(f, 4)
    tape = taped(program)
    names = [tape.ops[word][0].name for word in tape.words[:-1:3]]

    assert names == ["sin"] * 3 + ["tanh"] * 3
    assert tape.words[-1] == len(tape.ops)


# -- calls -----------------------------------------------------------------------------------


def test_wrong_operands_are_told_and_the_kernel_stays_whole():
    program = program_of(lambda x: [x[0] + x[1]], 2)
    kernel = by_tape(program)

    with pytest.raises(DataError, match="it was given 1"):
        kernel([1.0])
    with pytest.raises(TypeError):
        kernel([1.0, "2"])
    assert kernel([1, np.float32(2.0)]) == [3.0]


def test_several_threads_may_call_one_kernel_at_once():
    program = tangle(3_000)
    kernel = by_tape(program)
    cases = [values(program, seed) for seed in range(8)]
    wanted = [replay(program, xs) for xs in cases]
    wrong = []

    def call(i):
        found = [kernel(cases[i]) for _ in range(20)]
        wrong.extend(i for each in found if not are_close(each, wanted[i], 1e-9))

    threads = [threading.Thread(target=call, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_programs_that_differ_in_their_words_only_share_their_code(monkeypatch):
    texts = []
    compiled = tape_code.compiled
    monkeypatch.setattr(
        tape_code, "compiled", lambda text, **named: texts.append(text) or compiled(text, **named)
    )
    first = program_of(lambda x: [sin(x[0]) - x[1], x[0] - tanh(x[2])], 3)
    second = program_of(lambda x: [sin(x[2]) - x[0], x[1] - tanh(x[1])], 3)

    for program in (first, second, first):
        assert plain(by_tape(program)([0.5, 0.25, -1.0])) == pytest.approx(
            replay(program, [0.5, 0.25, -1.0]), rel=1e-12
        )
    assert len(texts) <= 1
