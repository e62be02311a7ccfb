"""Random programs of numbers, run in waves by NumPy and by LLVM, against `replay`."""

import ctypes
import math
from random import Random

import numpy as np
import pytest
from backends import are_close
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import INPUTS, systems
from samples import BUILT_IN, SAMPLES
from schedules import (
    CLOSE,
    PRECISIONS,
    WIDTHS,
    NumpyWaves,
    assert_waves_are_as_replay,
    by_llvm,
    by_numpy,
    parts_in,
    program_of,
)

from nanograd import (
    OPERATIONS,
    exp,
    log,
    maximum,
    relu,
    sin,
    softmax,
    sum,
    take,
    tanh,
    value_and_grad,
    where,
)
from nanograd.compiler.backends import llvm as llvm_backend
from nanograd.compiler.backends import numpy as numpy_backend
from nanograd.compiler.backends.llvm.instructions import is_native
from nanograd.compiler.derivatives.derivative import gradient
from nanograd.compiler.passes.exact import optimized
from nanograd.compiler.programs.blocks import Block, Blocks, joined, outside
from nanograd.compiler.programs.operations import OWN, Input
from nanograd.compiler.programs.program import Program
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.schedules.forms import Fold, Form
from nanograd.compiler.schedules.schedule import scheduled
from nanograd.nanograd import mul

INF, NAN = math.inf, math.nan
OPS = {name: OPERATIONS.get(name) or OWN[name] for name in (*BUILT_IN, *OWN)}
NATIVE = [name for name, op in OPS.items() if is_native(op)]
COUNTS = [1, 3, 8, 9, 40]
EXTREME = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 710.0, -1e308, 1e308, INF, -INF, NAN]

# -- single operations -----------------------------------------------------------------------


def ways(count):
    """Return which operands the members take, for each way in which these may lie."""
    return {
        "side by side": range(count),
        "apart": range(0, 3 * count, 3),
        "backward": range(count - 1, -1, -1),
        "anywhere": Random(count).sample(range(3 * count), count),
        "one for all": [count // 2] * count,
    }


def waves_of(op, count, arity):
    """Return a program that does an operation to operands that lie in many ways."""
    size = 3 * count
    ops = [Input(f"x{i}") for i in range(size * arity)]
    operands = [()] * len(ops)
    for places in ways(count).values():
        for place in places:
            ops.append(op)
            operands.append(tuple(place + j * size for j in range(arity)))
    mixed = zip(ways(count)["anywhere"], ways(count)["side by side"], strict=True)
    for place, other in mixed:
        ops.append(op)
        operands.append(tuple((place, other)[j % 2] + j * size for j in range(arity)))
    return Program(ops, operands, tuple(range(size * arity, len(ops))))


def samples_of(name):
    """Return operands on which an operation is defined, as many for all."""
    arity = len(OPS[name].parameters)
    samples = SAMPLES.get(name, [(1.0, 2.0)[:arity], (2.0, 2.0)[:arity], (-1.0, 0.5)[:arity]])
    arity = max(map(len, samples))
    return [sample for sample in samples if len(sample) == arity]


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize("count", COUNTS)
def test_every_operation_is_a_wave_of_members_anywhere(name, count):
    samples = samples_of(name)
    columns = zip(*[samples[i % len(samples)] for i in range(3 * count)], strict=True)
    program = waves_of(OPS[name], count, len(samples[0]))

    precisions = PRECISIONS if count == max(COUNTS) and name not in ("digamma", "lgamma") else None
    assert_waves_are_as_replay(
        program, [float(x) for column in columns for x in column], precisions or ["float64"]
    )


#: Where LLVM's functions are infinite, as C has it, and ours have no value.
POLES = {"arctanh": {1.0, -1.0}, "log10": {0.0}, "log1p": {-1.0}, "log2": {0.0}}

#: Sums of these depend on the order in which they are added up.
HUGE = {-1e308, 1e308}
SUMS = ("sum", "mean", "dot")


@pytest.mark.parametrize("name", [name for name in NATIVE if name != "lgamma"])
def test_a_wave_of_extremes_is_as_replay(name):
    arity = len(samples_of(name)[0])
    left_out = HUGE if name in SUMS else POLES.get(name, set())
    extremes = [x for x in EXTREME if x not in left_out]
    random = Random(name)
    xs = [random.choice(extremes) for _ in range(3 * 40 * arity)]

    assert_waves_are_as_replay(waves_of(OPS[name], 40, arity), xs, ["float64"])


@pytest.mark.parametrize("name", POLES)
def test_where_an_operation_has_no_value_numpy_has_none(name):
    (pole, *_) = POLES[name]

    assert np.isnan(by_numpy(waves_of(OPS[name], 9, 1))([pole] * 27)).all()


@pytest.mark.parametrize("name", ["add", "mul", "exp", "where", "maximum", "sum", "dot", "take"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_wave_is_the_same_in_vectors_of_any_width(name, width, precision):
    samples = samples_of(name)
    for count in (1, 9, 40):
        columns = zip(*[samples[i % len(samples)] for i in range(3 * count)], strict=True)
        program = waves_of(OPS[name], count, len(samples[0]))
        operands = [float(x) for column in columns for x in column]
        assert_waves_are_as_replay(program, operands, [precision], [width])


def test_members_that_lie_in_a_way_are_read_in_that_way():
    parts = parts_in(waves_of(OPS["mul"], 40, 2))
    strides = {part.strides for part in parts}

    assert {(1, 1, 1), (1, 3, 3), (1, -1, -1), (1, 0, 0), (0, 0, 0)} <= strides


# -- structures ------------------------------------------------------------------------------

SMALL = st.integers(1, 9)
FUNCTIONS = [tanh, sin, relu, lambda x: x * 0.5 + 0.1, lambda x: exp(-x * x)]


def dense(w, x):
    """Return a matrix times a vector."""
    return [sum([a * b for a, b in zip(row, x, strict=True)]) for row in w]


class Builder:
    """Makes a function of a list of numbers, step by step, from choices that are drawn."""

    def __init__(self, draw):
        self.draw = draw
        self.random = Random(draw(st.integers(0, 10**6)))

    def step(self, xs, weights):
        """Return the next list of numbers."""
        kinds = [self.dense, self.each, self.pairs, self.causal, self.looked_up, self.shuffled]
        return self.draw(st.sampled_from([*kinds, self.shares, self.chain]))(xs[:12], weights)

    def dense(self, xs, weights):
        """A matrix, upright or lying."""
        count = self.draw(SMALL)
        begin = self.random.randrange(len(weights) - count * len(xs) + 1)
        some = weights[begin : begin + count * len(xs)]
        if self.draw(st.booleans()):
            rows = [some[i::count] for i in range(count)]
        else:
            rows = [some[i * len(xs) : (i + 1) * len(xs)] for i in range(count)]
        return [tanh(y) for y in dense(rows, xs)]

    def each(self, xs, weights):
        """The same for each number."""
        function = self.draw(st.sampled_from(FUNCTIONS))
        return [function(x) * w for x, w in zip(xs, weights, strict=False)]

    def pairs(self, xs, _):
        """Neighbors, and those that face each other."""
        return [where(a > b, a - b, a * b) for a, b in zip(xs, xs[::-1], strict=True)]

    def causal(self, xs, weights):
        """Sums that are longer at each position, in a triangle."""
        terms = [[x * w for w in weights[: i + 1]] for i, x in enumerate(xs)]
        return [tanh(sum(row)) for row in terms]

    def looked_up(self, xs, weights):
        """Entries at indices that are computed, some of them nowhere."""
        rows = [weights[i : i + 3] for i in (0, 4, 2, 9)]
        index = maximum(xs[0], 0.0) * 0.0 + float(self.random.randrange(4))
        return take(rows, index) + [take(xs, 1.0 * (x > 0.1)) for x in xs if len(xs) > 1]

    def shuffled(self, xs, _):
        """The same numbers in another order, some of them twice."""
        return [self.random.choice(xs) for _ in range(min(12, len(xs) + 1))] if xs else xs

    def shares(self, xs, _):
        """Shares of a whole."""
        return softmax(xs)

    def chain(self, xs, weights):
        """One number after the other."""
        total, found = xs[0], []
        for x, w in zip(xs, weights, strict=False):
            total = total * 0.5 + x * w
            found.append(total)
        return found


@st.composite
def structured(draw, most=6):
    """Draw a program that does the same to many numbers."""
    size, steps = draw(SMALL), draw(st.integers(1, most))
    builder = Builder(draw)
    kept = []

    def f(xs, weights):
        for _ in range(steps):
            xs = builder.step(xs, weights)
            if draw(st.booleans()):
                kept.append(xs[0])
        return [*xs, *kept, *xs[:2], 1.5]

    program = program_of(f, size, 120)
    if draw(st.booleans()):
        some = range(0, len(program.inputs), 7)
        program = gradient(program, some, values=True)
    return optimized(program)


def values(program, seed, scale=1.0):
    """Return an operand for each input."""
    random = Random(seed)
    return [scale * random.uniform(-1.0, 1.0) for _ in program.inputs]


@settings(deadline=None, max_examples=60)
@given(structured(), st.integers(0, 99))
def test_programs_with_structure_are_as_replay(program, seed):
    assert_waves_are_as_replay(program, values(program, seed))


@settings(deadline=None, max_examples=12)
@given(structured(), st.sampled_from(WIDTHS), st.sampled_from(PRECISIONS))
def test_programs_with_structure_are_as_replay_in_vectors_of_any_width(program, width, precision):
    assert_waves_are_as_replay(program, values(program, 1), [precision], [width])


@settings(deadline=None, max_examples=40)
@given(systems(), st.sampled_from([1, 2, 3, 8, 9]), st.integers(0, 99))
def test_the_same_system_at_several_points_is_as_replay(f, count, seed):
    def at_all(rows):
        return [y for x in rows for y in f(x)]

    program = optimized(program_of(at_all, (count, INPUTS)))

    assert_waves_are_as_replay(program, values(program, seed, 2.0), ["float64"])


@settings(deadline=None, max_examples=40)
@given(structured(most=4), st.integers(0, 99))
def test_extremes_are_nan_and_infinite_where_replay_is(program, seed):
    random = Random(seed)
    extremes = [x for x in EXTREME if x not in HUGE and x != 710.0]
    xs = [random.choice([x, x, x, random.choice(extremes)]) for x in values(program, seed)]

    assert_waves_are_as_replay(program, xs, ["float64"])


@settings(deadline=None, max_examples=40)
@given(structured())
def test_formulas_and_waves_are_in_order(program):
    """Each wave has one kind, and no two parts of it write to the same place."""
    schedule = scheduled(program)
    for wave in schedule.waves:
        assert len({part.kind for part in wave}) == 1
        for part in wave:
            leaves = part.kind.form.leaves if isinstance(part.kind, Fold) else 2
            if isinstance(part.kind, Form):
                leaves = part.kind.leaves
            assert len(part.segments) == len(part.strides) == 1 + leaves
            assert all(len(starts) == len(part.segments) for _, starts in part.runs)


# -- larger ones -----------------------------------------------------------------------------


@pytest.mark.parametrize("terms", [4, 63, 64, 65, 67, 130, 515])
@pytest.mark.parametrize("members", [1, 3, 9])
def test_sums_of_any_length_are_as_replay(terms, members):
    """Along rows, down columns, from anywhere, and with plain numbers to begin with."""
    random = Random(terms)
    anywhere = random.sample(range(terms * members), terms)

    def f(w, x):
        rows = [w[i * terms : (i + 1) * terms] for i in range(members)]
        columns = [w[i::members] for i in range(members)]
        scattered = [w[i] for i in anywhere]
        dots = [sum([a * b for a, b in zip(row, x, strict=True)]) for row in rows + columns]
        far = [sum([a * b for a, b in zip(scattered, row, strict=True)]) for row in rows]
        largest = [maximum_of(row) for row in rows]
        return [*dots, *far, *largest, *[sum([2.5, *row]) for row in rows], sum(scattered)]

    program = program_of(f, terms * members, terms)

    assert_waves_are_as_replay(program, values(program, members), widths=(None, 1))
    assert_waves_are_as_replay(program, values(program, members), ["float64"], [2, 4])


def maximum_of(xs):
    """Return the largest number, by a chain."""
    largest = xs[0]
    for x in xs[1:]:
        largest = maximum(largest, x)
    return largest


def transformer(parameters, tokens, width=8, heads=2, size=11):
    """Return the loss of one layer of attention on tokens, with one step of a perceptron."""
    left = iter(parameters)

    def matrix(rows, columns):
        return [[next(left) for _ in range(columns)] for _ in range(rows)]

    def normed(x):
        scale = (sum([a * a for a in x]) * (1 / len(x)) + 1e-5) ** -0.5
        return [a * scale for a in x]

    embedding, positions = matrix(size, width), matrix(len(tokens), width)
    to_query, to_key, to_value, out = [matrix(width, width) for _ in range(4)]
    up, down = matrix(3 * width, width), matrix(width, 3 * width)
    keys, entries, losses = [], [], []
    for t, token in enumerate(tokens[:-1]):
        x = normed([a + b for a, b in zip(embedding[token], positions[t], strict=True)])
        query, key, entry = dense(to_query, x), dense(to_key, x), dense(to_value, x)
        keys.append(key)
        entries.append(entry)
        found = []
        for head in range(heads):
            some = slice(head * width // heads, (head + 1) * width // heads)
            scores = [sum(map(mul, query[some], each[some])) for each in keys]
            shares = softmax(scores)
            columns = zip(*[each[some] for each in entries], strict=True)
            found += [sum(map(mul, shares, column)) for column in columns]
        x = [a + b for a, b in zip(dense(out, found), x, strict=True)]
        hidden = [relu(a) for a in dense(up, normed(x))]
        x = [a + b for a, b in zip(dense(down, hidden), x, strict=True)]
        losses.append(-log(softmax(dense(embedding, x))[tokens[t + 1]]))
    return sum(losses) * (1 / len(losses))


@pytest.fixture(scope="module")
def training():
    """A step of training: the loss, and all parameters after it."""
    tokens = [10, 3, 3, 0, 7, 1, 10]
    count = 11 * 8 + 7 * 8 + 4 * 64 + 2 * 3 * 64

    def step(parameters, rate):
        value, slopes = value_and_grad(lambda p: transformer(p, tokens))(parameters)
        return [value, *[p - rate * g for p, g in zip(parameters, slopes, strict=True)]]

    return optimized(program_of(step, count, None))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_step_of_a_transformer_is_as_replay(training, precision):
    xs = [*values(training, 7)[:-1], 0.1]

    assert len(training) > 20_000
    assert len(parts_in(training)) < len(training) / 100
    assert_waves_are_as_replay(training, xs, [precision], (None, 2))


def test_numpy_and_llvm_choose_waves_for_a_transformer(training):
    xs = [*values(training, 8)[:-1], 0.1]
    wanted = replay(training, xs)

    assert isinstance(numpy_backend.lowered(training), NumpyWaves)
    for backend in (numpy_backend, llvm_backend):
        assert backend.lowered(training)(xs) == pytest.approx(wanted, rel=1e-11, abs=1e-13)


# -- blocks ----------------------------------------------------------------------------------


@st.composite
def blocks_of(draw, count):
    """Draw some blocks of so many numbers."""
    places = sorted(draw(st.sets(st.integers(0, count), max_size=6)))
    pairs = zip(places[::2], places[1::2], strict=False)
    return tuple(Block(start, end - start) for start, end in pairs)


class Aligned:
    """Doubles in memory, at a multiple of 64, with something after them."""

    def __init__(self, numbers):
        self.memory = (ctypes.c_double * (len(numbers) + 16))(*[7.25] * (len(numbers) + 16))
        begin = ctypes.addressof(self.memory)
        self.first = (-begin % 64) // 8
        self.address = begin + 8 * self.first
        self.memory[self.first : self.first + len(numbers)] = numbers
        self.count = len(numbers)

    def numbers(self):
        """Return the numbers, after a look at those around them."""
        end = self.first + self.count
        assert {*self.memory[: self.first], *self.memory[end:]} == {7.25}
        return self.memory[self.first : end]


@settings(deadline=None, max_examples=40)
@given(structured(most=4), st.data(), st.sampled_from(PRECISIONS))
def test_numbers_may_come_and_go_in_blocks(program, data, precision):
    counts = len(program.inputs), len(program.outputs)
    blocks = Blocks(data.draw(blocks_of(counts[0])), data.draw(blocks_of(counts[1])))
    xs = [float(np.float32(x)) for x in values(program, 5)]
    wanted = replay(program, xs)
    operands = [xs[i] for i in outside(blocks.inputs, len(xs))]
    for made in (by_llvm, by_numpy):
        kernel = made(program, precision, blocks=blocks)
        inside = [xs[start : start + size] for start, size in blocks.inputs]
        given = [Aligned(each) for each in inside]
        room = [Aligned([0.0] * size) for _, size in blocks.outputs]
        places = [[x.address for x in each] for each in (given, room)]

        others = kernel.on_blocks(places[0], operands, places[1], {})
        found = joined(blocks.outputs, [x.numbers() for x in room], others)

        assert are_close(found, wanted, *CLOSE[precision])
        assert are_close(kernel(xs), wanted, *CLOSE[precision])
        assert [x.numbers() for x in given] == inside


def test_numpy_is_the_same_however_often_it_is_called():
    program = waves_of(OPS["sum"], 40, 4)
    kernel = by_numpy(program)
    first, second = values(program, 1), values(program, 2)

    assert kernel(first) == kernel(first) == by_numpy(program)(first)
    assert kernel(second) == by_numpy(program)(second)
    assert kernel(second) != kernel(first)
