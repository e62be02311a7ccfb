"""Which way a program is run, and that `jit` gives the same by each of them."""

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path
from random import Random

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="machine code is made by llvmlite")

from jitted import assert_same
from schedules import program_of
from test_schedules import chain, dense, layers, numbers, tangle
from test_schedules_random import transformer

import nanograd
from nanograd import (
    Value,
    jit,
    maximum,
    mean,
    pack,
    sin,
    take,
    tanh,
    value_and_grad,
    vmap,
)
from nanograd import grad as slopes_of
from nanograd.compiler.backends.llvm import cache, ways
from nanograd.compiler.backends.llvm.kernel import Kernel
from nanograd.compiler.backends.llvm.long_kernel import LongKernel
from nanograd.compiler.backends.llvm.tapes.tape_code import TapeCode
from nanograd.compiler.backends.llvm.waves import wave_code
from nanograd.compiler.backends.llvm.waves.row_kernel import RowKernel
from nanograd.compiler.backends.llvm.waves.wave_code import WaveCode
from nanograd.compiler.backends.llvm.ways import kernel_of
from nanograd.compiler.programs.blocks import NO_BLOCKS, Block, Blocks
from nanograd.compiler.programs.operations import Input
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.program import Program
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.schedules.cost import (
    cost_of,
    cost_on_tape,
    cost_written_out,
    is_function,
    size_of,
)
from nanograd.compiler.schedules.schedule import scheduled
from nanograd.nanograd import add

CLOSE = 1e-11  # sums of many terms in another order, one after the other in layers


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Keep machine code apart for each test: what is kept is taken."""
    place = tmp_path / "cache"
    monkeypatch.setenv("NANOGRAD_CACHE", str(place))
    monkeypatch.setattr(cache, "TOLD", set())
    return place


def way_of(kernel):
    """Return the name of a way."""
    if isinstance(kernel, LongKernel):
        return "tape" if isinstance(kernel.code, TapeCode) else "waves"
    return {Kernel: "written out", RowKernel: "rows"}[type(kernel)]


def chosen(program, precision="float64", blocks=NO_BLOCKS):
    """Return the name of the way in which a program is run."""
    return way_of(kernel_of(program, precision, blocks))


def way_in(f, *args):
    """Return the way in which a compiled function is run."""
    return way_of(f.lower(*args).native)


# -- functions -------------------------------------------------------------------------------


def network_loss(weights, x):
    """Return a number that depends on layers of a network, written in lists."""
    for matrix in weights:
        x = [tanh(y) for y in dense(matrix, x)]
    return sum([y * y for y in x])


def network_arguments(size=20, depth=2):
    """Return weights, and what goes in."""
    random = Random(size)
    matrices = [
        [[random.uniform(-0.4, 0.4) for _ in range(size)] for _ in range(size)]
        for _ in range(depth)
    ]
    return matrices, [random.uniform(-1.0, 1.0) for _ in range(size)]


def of_tangle(count):
    """Return a function that does a graph of operations without structure."""
    random = Random(count)
    plan = [(random.randrange(4), random.random(), random.random()) for _ in range(count)]

    def f(x):
        values = list(x)
        for kind, i, j in plan:
            a = values[int(i * len(values))]
            b = values[-1 - int(j * min(len(values), 60))]
            some = [lambda a, b: a - 0.5 * b, lambda a, b: sin(a) * b, maximum]
            values.append(tanh(a + b) if kind == 3 else some[kind](a, b) * 0.75)
        return sum(values[-40:])

    return f


def rows_loss(weights, rows, marks):
    """Return the mean error of a network over all rows."""

    def error(row, mark):
        hidden = [tanh(y) for y in dense(weights[:-1], row)]
        return (sum([w * y for w, y in zip(weights[-1], hidden, strict=True)]) - mark) ** 2

    return mean(vmap(error)(rows, marks))


def rows_arguments(hidden=24, count=11):
    """Return weights, rows, and what is wanted of them."""
    random = np.random.default_rng(1)
    weights = random.uniform(-0.5, 0.5, (hidden, hidden)).tolist()
    weights.append(random.uniform(-0.5, 0.5, hidden).tolist())
    return weights, random.uniform(-1.0, 1.0, (count, hidden)), random.uniform(-1.0, 1.0, count)


# -- the choice ------------------------------------------------------------------------------


def test_a_short_program_is_written_out():
    assert chosen(parsed("program(x)\n a = sin x\n return a")) == "written out"
    assert chosen(parsed("program(x[rows])\n a = sum[rows] x\n return a")) == "written out"
    assert chosen(program_of(layers, 4, (4, 4))) == "written out"
    assert chosen(tangle(ways.LONG - 1)) == "written out"


def test_a_long_program_with_structure_is_run_in_waves():
    assert chosen(program_of(lambda x, w: layers(x, w, 4), 20, (20, 20))) == "waves"
    tokens = [10, 3, 3, 0, 7]
    count = 11 * 8 + 5 * 8 + 4 * 64 + 2 * 3 * 64
    assert chosen(program_of(lambda p: [transformer(p, tokens)], count)) == "waves"


def test_a_few_operations_of_many_operands_are_a_long_program():
    ops = [*[Input(f"x{i}") for i in range(500)], *[nanograd.reductions.dot_of] * 20]
    operands = [*[()] * 500, *[tuple(range(i, 480 + i)) for i in range(20)]]
    program = Program(ops, operands, tuple(range(500, 520)))

    assert len(program) < ways.LONG < size_of(program)
    assert chosen(program) == "waves"


def test_a_program_without_structure_is_written_out_until_that_takes_too_long():
    assert chosen(tangle(ways.TOO_LONG // 2)) == "written out"
    assert chosen(tangle(ways.TOO_LONG + 1_000)) == "tape"
    assert chosen(chain(ways.TOO_LONG + 1_000)) != "written out"


def test_rows_are_run_in_waves_where_the_program_is_wide():
    wide = jit(value_and_grad(rows_loss))
    args = rows_arguments()

    assert way_in(wide, *args) == "rows"


def test_rows_of_a_short_program_are_written_out():
    def f(w, xs):
        def of_row(x):
            for i in range(ways.LONG // 4):
                x = sin(x * w) if i % 3 else x - 0.5 * w
            return x

        return mean(vmap(of_row)(xs))

    assert way_in(jit(value_and_grad(f)), 0.5, np.ones(4)) == "written out"


def test_what_waves_never_do_is_written_out(monkeypatch):
    monkeypatch.setattr(ways, "LONG", 0)
    of_two_axes = parsed("program(x[rows], y[cols])\n a = mul x y\n b = sum[rows] a\n return b")
    loop = jit(lambda xs: nanograd.scan(lambda s, x: (s + x, s * x), 0.0, xs))

    assert chosen(of_two_axes) == "written out"
    assert way_in(loop, np.ones(3)) == "written out"


def test_an_operation_of_a_user_is_written_out(declared):
    @declared("½", partials=lambda x, out: (0.5,), name="halved_in_test")
    def halved(x):
        return x / 2.0

    program = program_of(lambda x: [halved(a) + sin(a) for a in x], 1_500)

    assert chosen(program) == "written out"


def test_where_machine_code_may_take_the_numbers_itself_it_is_written_out():
    """A few numbers go in, and one comes out: to hand them over takes longer than the program."""

    def f(w):
        points = [(0.1 * i, 0.05 * i * i) for i in range(60)]
        hidden = [[tanh(w[k] * x + w[4 + k] * y) for k in range(4)] for x, y in points]
        return sum([sum([w[8 + k] * row[k] for k in range(4)]) ** 2 for row in hidden])

    program = program_of(lambda w: [f(w)], 12)

    assert size_of(program) > ways.LONG
    assert chosen(program) == "written out"
    assert chosen(program, blocks=Blocks((Block(0, 12),))) == "waves"
    assert chosen(program, "float32") == "waves"


def test_what_is_kept_is_taken_without_a_look_at_the_schedule(monkeypatch):
    program = program_of(lambda x, w: layers(x, w, 4), 20, (20, 20))
    xs = numbers(420, 0.3)
    first = kernel_of(program, "float64", NO_BLOCKS)(xs)

    monkeypatch.setattr(wave_code, "scheduled", None)
    again = kernel_of(program, "float64", NO_BLOCKS)

    assert way_of(again) == "waves"
    assert again(xs) == first


# -- the model -------------------------------------------------------------------------------


def test_each_way_costs_more_for_more():
    for few, many in [(tangle(500), tangle(1_000)), (chain(500), chain(1_000))]:
        assert cost_written_out(few) < cost_written_out(many)
        assert cost_on_tape(few) < cost_on_tape(many)
        assert cost_of(scheduled(few), has_rows=False) < cost_of(scheduled(many), has_rows=False)


def test_functions_cost_more_than_sums():
    sums = program_of(lambda x: [a + a for a in x], 200)
    sines = program_of(lambda x: [sin(a) for a in x], 200)

    for cost in (cost_written_out, cost_on_tape, lambda p: cost_of(scheduled(p), has_rows=False)):
        assert cost(sines) > cost(sums)
    assert [is_function(op) for op in (sums.ops[-1], sines.ops[-1])] == [False, True]


def test_an_operation_of_many_operands_is_as_large_as_those_of_two_that_it_comes_to():
    ops = [*[Input(f"x{i}") for i in range(9)], nanograd.reductions.sum_of, add]
    program = Program(ops, [*[()] * 9, tuple(range(9)), (0, 9)], (10,))

    assert size_of(program) == 9


# -- end to end ------------------------------------------------------------------------------

CASES = {
    "written out": (network_loss, network_arguments(6)),
    "waves": (network_loss, network_arguments(20)),
    "tape": (of_tangle(21_000), [numbers(12)]),
    "rows": (rows_loss, rows_arguments()),
}


@pytest.mark.parametrize("way", CASES)
def test_values_and_slopes_are_as_without_jit(way):
    f, args = CASES[way]
    compiled = jit(value_and_grad(f))

    assert way_in(compiled, *args) == way
    wanted = value_and_grad(f)(*args)
    for _ in range(5):  # the first calls go another way
        assert_same(compiled(*args), wanted, CLOSE)


def test_packed_numbers_are_the_same():
    f, args = CASES["waves"]
    compiled = jit(value_and_grad(f), packed=True)

    for _ in range(5):
        value, slopes = compiled(*map(pack, args))
        assert_same([value, nanograd.unpack(slopes)], [*value_and_grad(f)(*args)], CLOSE)


@pytest.mark.parametrize("way", ["waves", "tape"])
def test_single_precision_is_near(way):
    f, args = CASES[way]
    found = jit(value_and_grad(f), precision="float32")(*args)
    value, slopes = value_and_grad(f)(*args)

    assert found[0] == pytest.approx(value, rel=1e-3)
    largest = max(map(abs, np.ravel(slopes)))
    assert np.ravel(found[1]) == pytest.approx(np.ravel(slopes), abs=2e-3 * largest)


@pytest.mark.parametrize("way", ["waves", "tape", "rows"])
def test_values_that_go_in_get_their_grads(way):
    f, args = CASES[way]
    if way == "rows":
        weights, *others = args
        numbers_in = [Value(w) for row in weights for w in row]
        size = len(weights[0])
        nested = [numbers_in[i : i + size] for i in range(0, len(numbers_in), size)]
        given = [nested, *others]
    elif way == "waves":
        numbers_in = [Value(x) for x in args[1]]
        given = [args[0], numbers_in]
    else:
        numbers_in = [Value(x) for x in args[0]]
        given = [numbers_in]
    found = []
    for g in (jit(f), f):
        out = g(*given)
        out.backward()
        found.append([out.data, *[x.grad for x in numbers_in]])
        out.zero_grad()

    assert_same(*found, CLOSE)


@pytest.mark.parametrize("way", ["waves", "rows"])
def test_slopes_of_what_is_compiled_are_those_of_what_is_not(way):
    f, args = CASES[way]

    assert_same(slopes_of(jit(f))(*args), slopes_of(f)(*args), CLOSE)


@pytest.mark.parametrize("way", ["waves", "tape", "rows"])
def test_second_derivatives(way):
    f, args = CASES[way]
    if way == "tape":
        f = of_tangle(3_000)

    def along(x, *others):
        """Return the slope of a sum of squared slopes in one number."""

        def inner(t):
            moved = shifted(x, t)
            return f(moved, *others)

        return slopes_of(slopes_of(inner))(0.3)

    assert_same(jit(along)(*args), along(*args), 1e-9)


def shifted(x, t):
    """Return nested lists with all numbers moved."""
    return [shifted(each, t) for each in x] if isinstance(x, list | tuple) else x + t


def test_look_ups_and_choices_end_to_end():
    def f(table, indices, x):
        found = [take(table, i) for i in indices]
        return sum([tanh(a * b) for row in found for a, b in zip(row, x, strict=True)])

    args = [
        [[0.1 * i - 0.02 * j for j in range(30)] for i in range(8)],
        [3, 0, 7, 3] * 3,
        [0.5] * 30,
    ]
    compiled = jit(value_and_grad(f))

    for _ in range(3):
        assert_same(compiled(*args), value_and_grad(f)(*args), CLOSE)
        args[1] = args[1][1:] + args[1][:1]


# -- the disk --------------------------------------------------------------------------------

FRESH = """
import sys
sys.path[:0] = ["tests"]
from test_ways import CASES
from nanograd import jit, value_and_grad
f, args = CASES[sys.argv[1]]
compiled = jit(value_and_grad(f))
value, _ = compiled(*args)
print(value.hex())
"""


@pytest.mark.parametrize("way", ["waves", "tape", "rows"])
def test_another_process_takes_what_is_kept_and_gives_the_same(way, folder):
    root = Path(__file__).parent.parent
    command = [sys.executable, "-c", FRESH, way]
    environment = {**os.environ, "NANOGRAD_CACHE": str(folder), "PYTHONPATH": str(root)}
    found, written = [], []
    for _ in range(2):
        done = subprocess.run(
            command, env=environment, cwd=root, capture_output=True, text=True, check=True
        )
        found.append(done.stdout)
        written.append({path.name: path.stat().st_mtime_ns for path in folder.iterdir()})

    assert found[0] == found[1]
    assert written[0] == written[1] != {}


@pytest.mark.parametrize("way", ["waves", "tape", "rows"])
def test_a_damaged_file_is_made_anew(way, folder):
    f, args = CASES[way]
    wanted = jit(f)(*args)
    for path in folder.iterdir():
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])

    with pytest.warns(UserWarning, match="has a damaged file, which is made anew"):
        assert jit(f)(*args) == wanted
    assert jit(f)(*args) == wanted


# -- threads ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["waves", "tape", "rows"])
def test_two_threads_may_make_the_first_call_at_once(way):
    f, args = CASES[way]
    compiled = jit(f)
    wanted = f(*args)
    found, barrier = [], threading.Barrier(2)

    def call():
        barrier.wait()
        found.extend([compiled(*args) for _ in range(5)])

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 10
    assert_same(found, [wanted] * 10, CLOSE)


@pytest.mark.parametrize("code", [WaveCode, TapeCode])
def test_machine_code_lives_as_long_as_its_function(code):
    """Two threads may link it at once; then each has a function, and one of them is kept."""
    program = program_of(lambda x: [sin(a) * 2.0 for a in x], 9)
    xs = numbers(9)
    kernel = LongKernel(program, "float64", NO_BLOCKS, code)
    memory = kernel.prepared()
    memory.numbers[:] = xs
    memory.blocks[:] = [memory.out_at]
    function = kernel.code.function

    del kernel.code.__dict__["function"]
    kernel.code.__dict__.pop("functions", None)
    other = kernel.code.function
    assert function.library is not other.library
    del other
    gc.collect()
    function(memory.place)

    assert memory.out[:] == pytest.approx(replay(program, xs), rel=1e-12)
