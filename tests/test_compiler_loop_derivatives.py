"""Derivatives of loops: those of the same loop written out in Python, of any order."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import OF_TWO, TAME

from nanograd import Value, exp, log, sin, sqrt, tanh, where
from nanograd import gradient as eager_gradient
from nanograd import sum as sum_of
from nanograd.compiler.derivative import gradient, pullback, tangent
from nanograd.compiler.liveness import needs_of
from nanograd.compiler.operations import Input, Reduction, Scan, While
from nanograd.compiler.parsing import parsed
from nanograd.compiler.replay import replay
from nanograd.compiler.trace import recording, trace
from nanograd.compiler.verifying import verify
from nanograd.errors import TraceError

#: Both ways do the same arithmetic in another order.
CLOSE = {"rel": 1e-9, "abs": 1e-11, "nan_ok": True}

numbers = st.floats(-2, 2).map(lambda x: round(x, 3) + 0.0005)


def body_of(step, kinds, axes=()):
    """Return a step as a program; it takes as many numbers as there are of each kind."""
    with recording() as recorder:
        names = [
            f"{kind}{i}" for kind, count in zip("sxw", kinds, strict=True) for i in range(count)
        ]
        refs = [recorder.input(name, axes) for name in names]
        ends = kinds[0], kinds[0] + kinds[1]
        state, outputs = step(refs[: ends[0]], refs[ends[0] : ends[1]], refs[ends[1] :])
        return recorder.program([*state, *outputs])


def scan_of(recorder, body, kinds, operands, *, is_reversed=False):
    """Record a scan, and return its final states and what its steps gave."""
    scan = Scan("steps", body, kinds[0], kinds[1], is_reversed)
    bundle = recorder.append(scan, tuple(recorder.operand(x) for x in operands))
    results = [recorder.append(get, (bundle.slot,)) for get in scan.results()]
    return results[: kinds[0]], results[kinds[0] :]


def compiled(step, kinds, *, is_reversed=False):
    """Return the program that weighs all results of a scan."""
    body = body_of(step, kinds)
    with recording() as recorder:
        operands = [recorder.input(f"s{i}") for i in range(kinds[0])]
        operands += [recorder.input(f"x{i}", ("steps",)) for i in range(kinds[1])]
        operands += [recorder.input(f"w{i}") for i in range(kinds[2])]
        states, outputs = scan_of(recorder, body, kinds, operands, is_reversed=is_reversed)
        sums = [
            recorder.reduced(Reduction("sum", "steps"), weighed(x, i))
            for i, x in enumerate(outputs)
        ]
        return verify(recorder.program([sum_of([*map(weighed, states, range(9)), *sums, 0.0])]))


def weighed(x, i):
    return tanh(x + 0.1 * i) * x


def looped(step, operands, kinds, *, is_reversed=False):
    """Return what `compiled` gives, by a loop of Python."""
    ends = kinds[0], kinds[0] + kinds[1]
    state, sequences = operands[: ends[0]], operands[ends[0] : ends[1]]
    total = 0.0
    steps = list(zip(*sequences, strict=True)) if sequences else [()] * 3
    for entries in reversed(steps) if is_reversed else steps:
        state, outputs = step(state, entries, operands[ends[1] :])
        total = sum_of([total, *map(weighed, outputs, range(9))])
    return sum_of([total, *map(weighed, state, range(9))])


def values_of(operands):
    return [[*map(Value, x)] if isinstance(x, list) else Value(x) for x in operands]


def flat(nested):
    return [x for each in nested for x in (flat(each) if isinstance(each, list) else [each])]


def run(program, operands, steps=3):
    """Return all numbers of a program's results."""
    return flat(replay(verify(program), operands, {"steps": steps}))


STEPS = {
    "a sum": (lambda s, x, w: ([s[0] + x[0]], []), (1, 1, 0)),
    "a linear step": (lambda s, x, w: ([w[0] * s[0] + x[0]], [s[0]]), (1, 1, 1)),
    "a network": (lambda s, x, w: ([tanh(w[0] * s[0] + w[1] * x[0])], [sin(s[0])]), (1, 1, 2)),
    "two states": (lambda s, x, w: ([s[1], s[0] * sin(s[1]) + x[0]], [s[0] * x[1]]), (2, 2, 0)),
    "three in a row": (lambda s, x, w: ([x[0] * w[0], s[0] * s[0], s[1] * w[0]], []), (3, 1, 1)),
    "nothing is taken along": (lambda s, x, w: ([x[0]], [x[0] * s[0]]), (1, 1, 0)),
    "no sequence": (lambda s, x, w: ([s[0] - w[0] * sin(s[0])], [s[0]]), (1, 0, 1)),
    "no state": (lambda s, x, w: ([], [sin(x[0]) * w[0]]), (0, 1, 1)),
    "a choice": (lambda s, x, w: ([where(s[0] > x[0], s[0] * w[0], x[0])], [s[0]]), (1, 1, 1)),
    "a state stays": (lambda s, x, w: ([s[0], s[1] * s[0]], [x[0] + s[1]]), (2, 1, 0)),
    "a plain output": (lambda s, x, w: ([0.5], [s[0] * x[0], 1.0]), (1, 1, 0)),
}
AT = [0.7, -0.4, 1.1]
ALONG = [[0.3, -1.2, 0.9], [1.5, 0.2, -0.6]]
WITH = [0.8, -1.3]


def operands_of(kinds):
    return [*AT[: kinds[0]], *ALONG[: kinds[1]], *WITH[: kinds[2]]]


def slopes_by_loop(step, operands, kinds, **options):
    """Return the slopes in all operands, and those of each of these slopes."""
    values = values_of(operands)
    leaves = flat(values)
    first = eager_gradient(looped(step, values, kinds, **options), leaves)
    second = [eager_gradient(slope, leaves) for slope in first]
    return [x.data for x in first], [[x.data for x in row] for row in second]


@pytest.mark.parametrize("is_reversed", [False, True], ids=["forward", "reversed"])
@pytest.mark.parametrize("name", STEPS)
def test_slopes_of_a_scan_are_those_of_the_loop_in_python(name, is_reversed):
    step, kinds = STEPS[name]
    operands = operands_of(kinds)
    first, second = slopes_by_loop(step, operands, kinds, is_reversed=is_reversed)
    program = compiled(step, kinds, is_reversed=is_reversed)
    places = range(len(operands))

    slopes = gradient(program, places)
    assert run(slopes, operands) == pytest.approx(first, **CLOSE)
    rows = iter(second)
    for i, x in enumerate(operands):
        again = run(gradient(slopes, places, of=i), operands)
        along = [next(rows) for _ in flat([x])]
        assert again == pytest.approx([sum(column) for column in zip(*along, strict=True)], **CLOSE)


@pytest.mark.parametrize("name", STEPS)
def test_forward_is_reverse(name):
    step, kinds = STEPS[name]
    operands = operands_of(kinds)
    program = compiled(step, kinds)
    slopes = run(gradient(program, range(len(operands))), operands)
    place = 0
    for i, x in enumerate(operands):
        direction = [1.0, -2.0, 0.5] if isinstance(x, list) else 1.5
        expected = sum(d * slopes[place + k] for k, d in enumerate(flat([direction])))
        place += len(flat([x]))
        found = run(tangent(program, [i]), [*operands, direction])

        assert found == pytest.approx([expected], **CLOSE)


@pytest.mark.parametrize("name", STEPS)
def test_modes_go_through_each_other(name):
    step, kinds = STEPS[name]
    operands = operands_of(kinds)
    program = compiled(step, kinds)
    first = [i for i, x in enumerate(operands) if not isinstance(x, list)][:1] or [0]
    of_slope = gradient(gradient(program, first), first)
    direction = [1.0] * 3 if isinstance(operands[first[0]], list) else 1.0
    expected = sum(run(of_slope, operands))

    forward_of_back = tangent(gradient(program, first), first)
    assert sum(run(forward_of_back, [*operands, direction])) == pytest.approx(expected, **CLOSE)
    back_of_forward = gradient(tangent(program, first), first)
    assert sum(run(back_of_forward, [*operands, direction])) == pytest.approx(expected, **CLOSE)
    forward_twice = tangent(tangent(program, first), first)
    found = run(forward_twice, [*operands, direction, direction])
    assert found == pytest.approx([expected], **CLOSE)


# -- random steps ----------------------------------------------------------------------------


@st.composite
def steps(draw, most=5):
    """Draw a step: a function of states, entries and constants, and how many there are of each."""
    kinds = draw(st.integers(1, 3)), draw(st.integers(0, 2)), draw(st.integers(0, 2))
    moves = []
    known = sum(kinds)
    for _ in range(draw(st.integers(1, most))):
        pick = st.integers(0, known - 1)
        op = draw(st.sampled_from([*TAME, *OF_TWO]))
        moves.append((op, [draw(pick) for _ in range(2 if op in OF_TWO else 1)]))
        known += 1
    results = draw(st.lists(st.integers(0, known - 1), min_size=kinds[0], max_size=kinds[0] + 2))

    def step(state, entries, constants):
        found = [*state, *entries, *constants]
        for op, places in moves:
            found.append(op(*[found[i] for i in places]))
        given = [found[i] for i in results]
        return given[: kinds[0]], given[kinds[0] :]

    return step, kinds


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_random_steps_have_the_slopes_of_the_loop_in_python(data):
    step, kinds = data.draw(steps())
    operands = [data.draw(numbers) for _ in range(kinds[0])]
    operands += [data.draw(st.lists(numbers, min_size=3, max_size=3)) for _ in range(kinds[1])]
    operands += [data.draw(numbers) for _ in range(kinds[2])]
    wrt = sorted(data.draw(st.sets(st.sampled_from(range(len(operands))), min_size=1)))
    is_reversed = data.draw(st.booleans())
    values = values_of(operands)
    asked = flat([values[i] for i in wrt])
    first = eager_gradient(looped(step, values, kinds, is_reversed=is_reversed), asked)
    second = eager_gradient(sum_of([x * x for x in first]), asked)
    program = compiled(step, kinds, is_reversed=is_reversed)

    slopes = gradient(program, wrt)
    assert filled(slopes, operands, wrt) == pytest.approx([x.data for x in first], **CLOSE)
    again = gradient(squared(slopes, operands, wrt), wrt)
    assert filled(again, operands, wrt) == pytest.approx([x.data for x in second], **CLOSE)


def filled(program, operands, wrt):
    """Return slopes in these operands; one that is the same along all steps is repeated."""
    found = replay(verify(program), operands, {"steps": 3})
    pairs = zip(found, wrt, strict=True)
    return flat(
        [
            [x] * 3 if isinstance(operands[i], list) and not isinstance(x, list) else x
            for x, i in pairs
        ]
    )


def squared(program, operands, wrt):
    """Return the program for the sum of the squares of slopes in these operands."""
    with recording() as recorder:
        refs = [recorder.input(x.name, x.axes) for x in program.inputs]
        found = [x * x for x in replay(program, refs)]
        sums = [
            recorder.reduced(Reduction("sum", "steps"), x) if isinstance(operands[i], list) else x
            for x, i in zip(found, wrt, strict=True)
        ]
        return recorder.program([sum_of(sums)])
