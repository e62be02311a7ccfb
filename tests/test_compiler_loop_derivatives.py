"""Derivatives of loops: those of the same loop written out in Python, of any order."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import OF_TWO, TAME

from nanograd import Value, sin, tanh, where
from nanograd import gradient as eager_gradient
from nanograd import sum as sum_of
from nanograd.compiler.derivatives.derivative import gradient, pullback, tangent
from nanograd.compiler.passes.exact import optimized, remove_dead
from nanograd.compiler.programs.operations import Reduction, Scan, While, without
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.programs.verifying import verify
from nanograd.compiler.tracing.trace import recording
from nanograd.errors import TraceError
from nanograd.modes import block

#: Both ways do the same arithmetic in another order.
CLOSE = {"rel": 1e-9, "abs": 1e-11, "nan_ok": True}

#: How many entries each axis has.
LENGTHS = {"steps": 3, "rows": 2, "inner": 2}

numbers = st.floats(-2, 2).map(lambda x: round(x, 3) + 0.0005)


# -- operands and slopes as lists of numbers -------------------------------------------------


def flat(nested):
    """Return all that is in nested lists."""
    return [x for each in nested for x in flat(each)] if isinstance(nested, list) else [nested]


def valued(x):
    """Return the Values of numbers in nested lists."""
    return [*map(valued, x)] if isinstance(x, list) else Value(x)


def drawn(data, axes):
    """Draw an operand with these axes."""
    if not axes:
        return data.draw(numbers)
    return [drawn(data, axes[1:]) for _ in range(LENGTHS[axes[0]])]


def slopes_of(program, wrt, operands):
    """Return a program's outputs, which are slopes in these inputs, in each of their numbers."""
    found = replay(verify(program), operands, LENGTHS)
    triples = zip(found, program.output_axes(), wrt, strict=True)
    return flat([broadcast(x, axes, program.inputs[i].axes) for x, axes, i in triples])


def broadcast(x, axes, wanted):
    """Return what has some of these axes as lists along all of them."""
    if not wanted:
        return x
    axis, *rest = wanted
    if axis in axes:
        return [broadcast(each, axes[1:], rest) for each in x]
    return [broadcast(x, axes, rest)] * LENGTHS[axis]


def summed(recorder, x, axes):
    """Return the sum of x over these axes."""
    for axis in axes:
        x = recorder.reduced(Reduction("sum", axis), x)
    return x


def squares(program, wrt):
    """Return the program for the sum of the squares of slopes in these inputs."""
    with recording() as recorder:
        refs = [recorder.input(x.name, x.axes) for x in program.inputs]
        slopes = zip(replay(program, refs), wrt, strict=True)
        sums = [summed(recorder, x * x, program.inputs[i].axes) for x, i in slopes]
        return recorder.program([sum_of(sums)])


def check(program, wrt, operands, eager):
    """Check first and second derivatives against those of a graph of Values, bits after passes.

    `eager` is its output, and the Values whose slopes are asked for.
    """
    out, leaves = eager
    with block("ieee"):
        slopes = eager_gradient(out, leaves)
        second = eager_gradient(sum_of([x * x for x in slopes]), leaves)
    first = [x.data for x in slopes]
    back = gradient(program, wrt)
    again = gradient(squares(back, wrt), wrt)

    found = slopes_of(back, wrt, operands)
    assert found == pytest.approx(first, **CLOSE)
    assert bits(slopes_of(optimized(back), wrt, operands)) == bits(found)
    found = slopes_of(again, wrt, operands)
    assert found == pytest.approx([x.data for x in second], **CLOSE)
    assert bits(slopes_of(optimized(again), wrt, operands)) == bits(found)
    return first


def bits(numbers):
    """Return what tells floats from all others, but not one nan from another."""
    return ["nan" if x != x else x.hex() for x in numbers]


def check_forward(program, wrt, operands, slopes, directions):
    """Check that the tangent in some directions is the sum of slopes times directions."""
    expected = sum(d * x for d, x in zip(flat(directions), slopes, strict=True))
    (found,) = replay(verify(tangent(program, wrt)), [*operands, *directions], LENGTHS)

    assert found == pytest.approx(expected, **CLOSE)


# -- a scan, and the same as a loop of Python ------------------------------------------------


def scan_of(recorder, body, kinds, operands, *, is_reversed=False):
    """Record a scan, and return its results."""
    scan = Scan("steps", body, kinds[0], kinds[1], is_reversed)
    bundle = recorder.append(scan, tuple(recorder.operand(x) for x in operands))
    return [recorder.append(get, (bundle.slot,)) for get in scan.results()]


def parts(operands, kinds):
    """Return the states, the sequences and the constants among operands."""
    states, sequences = kinds[0], kinds[0] + kinds[1]
    return operands[:states], operands[states:sequences], operands[sequences:]


def compiled(step, kinds, *, is_reversed=False):
    """Return the program that weighs all results of a scan; `kinds` counts what a step takes."""
    names = [f"{kind}{i}" for kind, n in zip("sxw", kinds, strict=True) for i in range(n)]
    with recording() as recorder:
        state, given = step(*parts([recorder.input(name) for name in names], kinds))
        body = recorder.program([*state, *given])
    with recording() as recorder:
        refs = [recorder.input(name, ("steps",) if name[0] == "x" else ()) for name in names]
        results = scan_of(recorder, body, kinds, refs, is_reversed=is_reversed)
        state, given = results[: kinds[0]], results[kinds[0] :]
        sums = [summed(recorder, weighed(x, i), ["steps"]) for i, x in enumerate(given)]
        return verify(recorder.program([sum_of([*map(weighed, state, range(9)), *sums])]))


def looped(step, kinds, operands, *, is_reversed=False):
    """Return what `compiled` gives, by a loop of Python."""
    state, sequences, constants = parts(operands, kinds)
    found = []
    steps = list(zip(*sequences, strict=True)) if sequences else [()] * LENGTHS["steps"]
    for entries in reversed(steps) if is_reversed else steps:
        state, given = step(state, entries, constants)
        found += map(weighed, given, range(9))
    return sum_of([*found, *map(weighed, state, range(9))])


def weighed(x, i):
    return tanh(x + 0.1 * i) * x


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
AT = [0.7, -0.4, 1.1], [[0.3, -1.2, 0.9], [1.5, 0.2, -0.6]], [0.8, -1.3]


def operands_of(kinds):
    return [x for part, n in zip(AT, kinds, strict=True) for x in part[:n]]


@pytest.mark.parametrize("is_reversed", [False, True], ids=["forward", "reversed"])
@pytest.mark.parametrize("name", STEPS)
def test_slopes_of_a_scan_are_those_of_the_loop_in_python(name, is_reversed):
    step, kinds = STEPS[name]
    operands = operands_of(kinds)
    values = valued(operands)
    out = looped(step, kinds, values, is_reversed=is_reversed)
    program = compiled(step, kinds, is_reversed=is_reversed)
    wrt = range(len(operands))

    assert replay(program, operands, LENGTHS) == pytest.approx([out.data])
    slopes = check(program, wrt, operands, (out, flat(values)))
    directions = [[1.0, -2.0, 0.5] if isinstance(x, list) else 1.5 for x in operands]
    check_forward(program, wrt, operands, slopes, directions)


@pytest.mark.parametrize("name", STEPS)
def test_modes_go_through_each_other(name):
    step, kinds = STEPS[name]
    operands = operands_of(kinds)
    program = compiled(step, kinds)
    direction = [1.0] * 3 if isinstance(operands[0], list) else 1.0

    def total(program, *directions):
        return sum(flat(replay(verify(program), [*operands, *directions], LENGTHS)))

    expected = total(gradient(gradient(program, [0]), [0]))
    for found in (
        total(tangent(gradient(program, [0]), [0]), direction),
        total(gradient(tangent(program, [0]), [0]), direction),
        total(tangent(tangent(program, [0]), [0]), direction, direction),
    ):
        assert found == pytest.approx(expected, **CLOSE)


def test_a_pullback_weighs_each_result():
    program = verify(
        parsed("""
            program(s, x[steps], w)
              a = scan[steps] s | x | w
                body(s, x, w)
                  b = mul s w
                  c = add b x
                  d = mul c c
                  return c d
              e = get[0] a
              f = get[1, steps] a
              return e f
        """)
    )
    operands = [0.5, [1.0, -2.0, 0.3], 0.8]
    weights = [2.0, [3.0, -1.0, 0.5]]
    state, x, w = values = valued(operands)
    total = 0.0
    for entry, weight in zip(x, weights[1], strict=True):
        state = state * w + entry
        total = total + weight * state * state
    (total + weights[0] * state).backward()
    found = replay(verify(pullback(program, range(3))), [*operands, *weights])

    assert flat(found) == pytest.approx([x.grad for x in flat(values)])


@st.composite
def steps(draw):
    """Draw a step: a function of states, entries and constants, and how many there are of each."""
    kinds = draw(st.integers(1, 3)), draw(st.integers(0, 2)), draw(st.integers(0, 2))
    moves = []
    for known in range(sum(kinds), sum(kinds) + draw(st.integers(1, 5))):
        op = draw(st.sampled_from([*TAME, *OF_TWO]))
        places = st.lists(st.integers(0, known - 1), min_size=2, max_size=2)
        moves.append((op, draw(places)[: 1 + (op in OF_TWO)]))
    places = st.integers(0, sum(kinds) + len(moves) - 1)
    results = draw(st.lists(places, min_size=kinds[0], max_size=kinds[0] + 2))

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
    is_reversed = data.draw(st.booleans())
    program = compiled(step, kinds, is_reversed=is_reversed)
    operands = [drawn(data, x.axes) for x in program.inputs]
    wrt = sorted(data.draw(st.sets(st.sampled_from(range(sum(kinds))), min_size=1)))
    values = valued(operands)
    leaves = flat([values[i] for i in wrt])
    out = looped(step, kinds, values, is_reversed=is_reversed)

    slopes = check(program, wrt, operands, (out, leaves))
    directions = [drawn(data, program.inputs[i].axes) for i in wrt]
    check_forward(program, wrt, operands, slopes, directions)


# -- axes ------------------------------------------------------------------------------------


@st.composite
def loops_with_axes(draw):
    """Draw a program with a scan whose operands have rows, or an axis of its body, or both."""
    kinds = draw(st.integers(1, 2)), draw(st.integers(0, 2)), draw(st.integers(1, 2))
    inputs = draw(
        st.lists(
            st.sampled_from([(), ("rows",), ("inner",), ("rows", "inner")]),
            min_size=sum(kinds),
            max_size=sum(kinds),
        )
    )
    body = draw(bodies_with_axes([without(axes, ("rows",)) for axes in inputs], kinds))
    along = range(kinds[0], kinds[0] + kinds[1])
    with recording() as recorder:
        refs = []
        for i, axes in enumerate(inputs):
            has = {*axes, "steps"} if i in along else {*axes}
            has -= draw(st.sampled_from([set(), set(), {"inner"}, {"steps"}]))  # it is repeated
            refs.append(recorder.input(f"y{i}", tuple(axis for axis in LENGTHS if axis in has)))
        recorder.input("z", ("steps", "inner"))  # so that all lengths are known outside
        results = scan_of(recorder, body, kinds, refs, is_reversed=draw(st.booleans()))
        found = [weighed(x, i) for i, x in enumerate(results)]
        sums = [summed(recorder, x, draw(st.permutations(x.axes))) for x in found]
        return verify(recorder.program([sum_of(sums)]))


@st.composite
def bodies_with_axes(draw, axes, kinds):
    """Draw a step whose inputs have these axes."""
    with recording() as recorder:
        refs = [recorder.input(f"y{i}", each) for i, each in enumerate(axes)]
        found = list(refs)
        reductions = ["sum", "max"] if "inner" in recorder.order else []
        for _ in range(draw(st.integers(1, 5))):
            pick = st.sampled_from(found)
            op = draw(st.sampled_from([*TAME, *OF_TWO, *reductions, *reductions]))
            if op in reductions:
                found.append(recorder.reduced(Reduction(op, "inner"), draw(pick)) * 0.3)
            else:
                found.append(op(*[draw(pick) for _ in range(2 if op in OF_TWO else 1)]))
        state = [fitted(recorder, draw(st.sampled_from(found)), x) for x in refs[: kinds[0]]]
        return recorder.program(state + draw(st.lists(st.sampled_from(found), max_size=2)))


def fitted(recorder, x, state):
    """Return x with the axes of a state."""
    x = summed(recorder, x, without(x.axes, state.axes))
    return x if x.axes == state.axes else x + state * 0.5


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_rows_and_axes_of_the_body_have_the_slopes_of_the_graph(data):
    program = data.draw(loops_with_axes())
    operands = [drawn(data, x.axes) for x in program.inputs]
    wrt = sorted(data.draw(st.sets(st.sampled_from(range(len(operands))), min_size=1)))
    values = valued(operands)
    leaves = flat([values[i] for i in wrt])
    (out,) = replay(program, values, LENGTHS)

    slopes = check(program, wrt, operands, (out, leaves))
    directions = [drawn(data, program.inputs[i].axes) for i in wrt]
    check_forward(program, wrt, operands, slopes, directions)


def test_an_operand_that_is_repeated_along_axes_receives_the_sum_of_its_slopes():
    program = verify(
        parsed("""
            program(s, w, v, y[inner])
              a = scan[steps] s | w | v y
                body(s[inner], x, v[inner], y[inner])
                  b = mul v y
                  c = add b x
                  d = mul s c
                  return d
              e = get[0, inner] a
              f = sum[inner] e
              return f
        """)
    )
    operands = [1.5, 0.5, -0.7, [2.0, 3.0]]
    s, w, v, y = values = valued(operands)
    out = sum_of([s * (v * each + w) ** 3 for each in y])

    check(program, range(4), operands, (out, flat(values)))


TRAINING = """
    program(w, v, x[rows], y[rows], rates[steps])
      a = scan[steps] w v | rates | x y
        body(w, v, rate, x[rows], y[rows])
          b = mul w x
          c = add b v
          d = tanh c
          e = sub d y
          f = mul d d
          g = sub 1.0 f
          h = mul e g
          i = mul h x
          j = sum[rows] i
          k = sum[rows] h
          l = mul rate j
          m = mul rate k
          n = sub w l
          o = sub v m
          p = mul e e
          q = sum[rows] p
          return n o q
      b = get[0] a
      c = get[1] a
      d = get[2, steps] a
      e = sum[steps] d
      f = mul b c
      g = add e f
      return g
"""


def test_a_training_run_is_differentiated_in_its_data_and_its_rates():
    operands = [0.5, -0.2, [1.0, -2.0], [0.3, 0.9], [0.1, 0.2, 0.3]]
    w, v, x, y, rates = values = valued(operands)
    losses = []
    for rate in rates:
        outs = [tanh(w * each + v) for each in x]
        misses = [out - wanted for out, wanted in zip(outs, y, strict=True)]
        steps = [e * (1 - out * out) for e, out in zip(misses, outs, strict=True)]
        by_w = sum_of([step * each for step, each in zip(steps, x, strict=True)])
        losses.append(sum_of([e * e for e in misses]))
        w, v = w - rate * by_w, v - rate * sum_of(steps)
    out = sum_of(losses) + w * v
    program = verify(parsed(TRAINING))

    check(program, range(5), operands, (out, flat(values)))
    axes = optimized(gradient(program, range(5))).output_axes()
    assert axes == [(), (), ("rows",), ("rows",), ("steps",)]


# -- loops in loops --------------------------------------------------------------------------

NESTED = """
    program(s, x[steps], y[inner], w)
      a = scan[steps, reversed] s | x | y w
        body(s, x, y[inner], w)
          b = scan[inner] s x | y | w
            body(t, u, y, w)
              c = mul t w
              d = add c y
              e = tanh d
              f = mul u e
              return e f c
          c = get[0] b
          d = get[1] b
          e = get[2, inner] b
          f = mul e y
          g = sum[inner] f
          h = mul c d
          return h g
      b = get[0] a
      c = get[1, steps] a
      d = mul c x
      e = sum[steps] d
      f = add b e
      return f
"""


def test_a_scan_in_a_scan():
    operands = [0.4, [1.0, -0.5, 2.0], [0.3, 0.8], 1.2]
    s, x, y, w = values = valued(operands)
    found = []
    for entry in reversed(x):
        t, u, given = s, entry, []
        for each in y:
            given.append(t * w)
            t = tanh(t * w + each)
            u = u * t
        s = t * u
        found.append(sum_of([a * b for a, b in zip(given, y, strict=True)]) * entry)
    program = verify(parsed(NESTED))

    slopes = check(program, range(4), operands, (s + sum_of(found), flat(values)))
    directions = [1.0, [0.5, 1.0, -1.0], [2.0, 1.0], -1.0]
    check_forward(program, range(4), operands, slopes, directions)


# -- choices ---------------------------------------------------------------------------------

#: Programs in which something has an infinite slope and may not be chosen, with operands.
CHOICES = {
    "a choice after the loop": (
        """
        program(s, w)
          a = scan[steps] s | | w
            body(s, w)
              b = sqrt s
              c = mul b w
              return c
          d = get[0] a
          e = gt d 1.0
          f = where e d 5.0
          return f
        """,
        [[0.0, 1.0], [16.0, 2.0]],
    ),
    "a choice of what the steps gave": (
        """
        program(x[steps], w)
          a = scan[steps] | x | w
            body(x, w)
              b = sqrt x
              c = mul b w
              return c
          d = get[0, steps] a
          e = gt x 0.5
          f = where e d x
          g = mul f f
          h = sum[steps] g
          return h
        """,
        [[[0.0, 1.0, 0.0], 2.0], [[2.0, 1.0, 3.0], 2.0]],
    ),
    "a choice in a later step": (
        """
        program(s, t, x[steps], w)
          a = scan[steps] s t | x | w
            body(s, t, x, w)
              b = mul t w
              c = gt x 0.0
              d = where c s b
              e = sub t x
              f = sqrt e
              return f d
          d = get[1] a
          return d
        """,
        [
            [2.0, 1.0, [1.0, -1.0, -2.0], 0.5],
            [2.0, 4.0, [1.0, 0.5, 0.25], 0.5],
        ],
    ),
    "nobody uses the last state": (
        """
        program(s, x[steps], w)
          a = scan[steps] s | x | w
            body(s, x, w)
              b = sub s x
              c = sqrt b
              d = mul c w
              e = mul s s
              return d e
          d = get[1, steps] a
          e = sum[steps] d
          return e
        """,
        [[5.0, [1.0, 1.0, 1.0], 1.0], [9.0, [0.0, 1.0, 2.0], 1.0]],
    ),
    "each step begins anew": (
        """
        program(s, x[steps])
          r = sqrt s
          a = scan[steps] r | x
            body(s, x)
              b = sqrt x
              return b
          d = get[0] a
          return d
        """,
        [[0.0, [0.0, 0.0, 4.0]], [1.0, [0.0, 1.0, 4.0]]],
    ),
    "a constant that no step chooses": (
        """
        program(s, x[steps], w)
          r = sqrt w
          a = scan[steps] s | x | r
            body(s, x, r)
              b = gt x 0.0
              c = where b r x
              d = add s c
              return d
          d = get[0] a
          return d
        """,
        [
            [1.0, [-1.0, -2.0, -3.0], 0.0],
            [1.0, [-1.0, 2.0, -3.0], 4.0],
        ],
    ),
    "entries that their step does not choose": (
        """
        program(s, x[steps], w)
          r = sqrt x
          a = scan[steps] s | x r | w
            body(s, x, r, w)
              b = gt x 0.0
              c = where b r w
              d = mul s c
              return d
          d = get[0] a
          return d
        """,
        [[1.0, [0.0, 4.0, 0.0], 0.5], [1.0, [0.0, 0.0, 0.0], 0.5]],
    ),
    "rows of the loop, of which one is not chosen": (
        """
        program(s[rows], w)
          a = scan[steps] s | | w
            body(s, w)
              b = sqrt s
              c = mul b w
              return c
          d = get[0] a
          e = gt d 1.0
          f = where e d 5.0
          g = sum[rows] f
          return g
        """,
        [[[0.0, 16.0], 2.0], [[0.0, 0.0], 2.0]],
    ),
    "a loop in a loop": (
        """
        program(s, x[steps], w)
          a = scan[steps] s | x | w
            body(s, x, w)
              b = scan[inner] s | | w
                body(t, w)
                  c = sqrt t
                  d = mul c w
                  return d c
              e = get[0] b
              f = get[1, inner] b
              g = max[inner] f
              h = gt x 0.0
              i = where h e 4.0
              return i g
          d = get[0] a
          e = get[1, steps] a
          f = gt x 0.0
          g = where f e 0.0
          h = sum[steps] g
          i = add d h
          return i
        """,
        [[0.0, [-1.0, 1.0, 2.0], 0.5], [2.0, [1.0, 0.0, -2.0], 0.5], [2.0, [1.0, 1.0, 2.0], 0.5]],
    ),
    "a maximum that is not chosen": (
        """
        program(s, x[steps], v[inner])
          q = log v
          r = add q v
          a = scan[steps] s | x | r
            body(s, x, r[inner])
              b = max[inner] r
              c = gt x 0.0
              d = where c b s
              return d
          d = get[0] a
          return d
        """,
        [[1.0, [0.0, 0.0, 0.0], [-1.0, 0.0]], [1.0, [0.0, 0.0, 1.0], [1.0, 2.0]]],
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_nothing_flows_into_what_was_not_chosen_in_any_step(name):
    text, places = CHOICES[name]
    program = verify(parsed(text))
    for operands in places:
        values = valued(operands)
        with block("ieee"):
            (out,) = replay(program, values, LENGTHS)
        slopes = check(program, range(len(operands)), operands, (out, flat(values)))

        assert all(map(math.isfinite, slopes))
        for i, x in enumerate(operands):
            before = len(flat(operands[:i]))
            ones = [1.0] * len(x) if isinstance(x, list) else 1.0
            own = slopes[before : before + len(flat([x]))]
            check_forward(program, [i], operands, own, [ones])


# -- the rest --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STEPS)
def test_of_no_steps_the_slope_is_that_of_the_state(name):
    step, kinds = STEPS[name]
    program = compiled(step, kinds)
    operands = [[] if isinstance(x, list) else x for x in operands_of(kinds)]
    wrt = range(len(operands))
    values = valued(operands)
    out = sum_of([*map(weighed, values[: kinds[0]], range(9)), 0.0 * Value(1.0)])
    out.backward()
    zero = {**LENGTHS, "steps": 0}
    expected = [x.grad if isinstance(x, Value) else None for x in values]

    back = gradient(program, wrt)
    for each in (back, optimized(back)):
        found = replay(verify(each), operands, zero)
        for x, wanted in zip(found, expected, strict=True):
            assert wanted is None or x == pytest.approx(wanted)
    directions = [[] if isinstance(x, list) else 1.0 for x in operands]
    (moved,) = replay(tangent(program, wrt), [*operands, *directions], zero)
    assert moved == pytest.approx(sum(x for x in expected if x is not None))


def test_a_state_that_does_not_move_yet_gives_no_nan_forward():
    program = verify(
        parsed("""
            program(w)
              a = scan[steps] 0.0 | | w
                body(s, w)
                  b = mul s 2.0
                  c = sqrt b
                  d = add c w
                  return d
              e = get[0] a
              return e
        """)
    )
    (slope,) = replay(gradient(program, [0]), [4.0], LENGTHS)
    value = Value(4.0)
    out = (((value * 2) ** 0.5 + value) * 2) ** 0.5 + value
    check(program, [0], [4.0], (out, [value]))

    assert replay(verify(tangent(program, [0])), [4.0, 1.0], LENGTHS) == pytest.approx([slope])


def test_a_tangent_that_is_zero_in_one_step_moves_nevertheless():
    def step(s, x, w):
        return [sin(s[0]) * x[0] + w[0] * x[1] + 0.2], []

    operands = [0.0, [0.3, 0.0, 0.7], [1.0, 0.0, 0.0], 0.3]
    program = compiled(step, (1, 2, 1))
    (expected,) = replay(gradient(gradient(program, [3]), [1]), operands, LENGTHS)
    (found,) = replay(gradient(tangent(program, [3]), [1]), [*operands, 1.0], LENGTHS)

    assert found == pytest.approx(expected, **CLOSE)
    assert expected[1] != 0.0


POWERS = """
    program(x, n)
      a = while x 0.0 | x n
        condition(out, i, x, n)
          b = lt i n
          return b
        body(out, i, x, n)
          b = mul out x
          c = add i 1.0
          return b c
      b = get[0] a
      c = get[1] a
      return b c
"""


def test_a_while_is_differentiated_forward():
    program = verify(parsed(POWERS))
    found = replay(verify(tangent(program, [0], values=True)), [1.5, 4.0, 1.0])
    twice = replay(verify(tangent(tangent(program, [0]), [0])), [1.5, 4.0, 1.0, 1.0])

    assert found == pytest.approx([1.5**5, 4.0, 5 * 1.5**4, 0.0])
    assert twice == pytest.approx([20 * 1.5**3, 0.0])
    (loop,) = loops_in(tangent(program, [0]))
    assert [len(loop.body.inputs), len(loop.body.outputs)] == [6, 3]


@pytest.mark.parametrize("derive", [gradient, pullback], ids=lambda derive: derive.__name__)
def test_a_while_is_not_differentiated_in_reverse(derive):
    with pytest.raises(TraceError, match=r"while_loop .* scan .* jvp .* fixed_point"):
        derive(parsed(POWERS), [0])


def test_what_a_while_gives_is_no_trouble_where_nobody_asks():
    head, _, _ = POWERS.rpartition("return")
    program = parsed(f"{head} d = mul b n\n e = stop d\n f = mul e x\n return f")

    assert replay(gradient(program, [0]), [1.5, 4.0]) == pytest.approx([4 * 1.5**5])


def loops_in(program):
    return [op for op in program.ops if isinstance(op, Scan | While)]


def test_only_what_is_asked_for_is_derived():
    step, kinds = STEPS["a network"]
    program = compiled(step, kinds)
    forward, back = loops_in(remove_dead(gradient(program, [0])))
    assert (forward.states, len(forward.body.outputs)) == (1, 3)
    assert (back.states, len(back.body.outputs)) == (1, 1)

    forward, back = loops_in(remove_dead(gradient(program, [2])))
    assert [x.name for x in back.body.inputs[: back.states]] == ["s0_bar", "w0_sum"]
    assert len(back.body.outputs) == 2

    forward, back = loops_in(remove_dead(gradient(program, [1])))
    assert (back.states, len(back.body.outputs)) == (1, 2)


def test_a_state_that_does_not_move_has_no_adjoint():
    def step(s, _, w):
        return [s[0] * 0.5, tanh(s[0] + s[1] * w[0])], []

    program = compiled(step, (2, 0, 1))
    _, back = loops_in(gradient(program, [2]))
    assert [x.name for x in back.body.inputs[: back.states]] == ["s1_bar", "w0_sum"]

    (loop,) = loops_in(remove_dead(tangent(program, [2])))
    assert [x.name for x in loop.body.inputs] == ["s0", "s1", "s1_dot", "s1_gate", "w0", "w0_dot"]


def test_gates_are_only_where_something_may_not_flow():
    step, kinds = STEPS["a network"]
    back = loops_in(gradient(compiled(step, kinds), range(4)))[1]

    assert "where" not in [op.name for op in back.body.ops]


def test_an_adjoint_that_is_the_same_in_all_steps_is_no_sequence():
    program = parsed("""
        program(x[steps], w)
          a = scan[steps] 1.0 | x
            body(s, x)
              b = mul s x
              return b b
          b = get[1, steps] a
          c = sum[steps] b
          d = mul c w
          return d
    """)
    slopes = gradient(program, [0])
    back = loops_in(slopes)[1]

    assert [x.name for x in back.body.inputs[back.states :]] == ["s", "x", "out_bar_1"]
    assert back.sequences == 2
    assert replay(slopes, [[1.0, 2.0, 3.0], 10.0]) == [[90.0, 40.0, 20.0]]


def test_the_loop_forward_is_run_once():
    program = compiled(*STEPS["a network"])
    once = remove_dead(tangent(program, range(4), values=True))
    assert len(loops_in(once)) == 1

    first = remove_dead(gradient(program, range(4), values=True))
    assert len(loops_in(first)) == 2

    second = gradient(gradient(program, [2]), [2], values=True)
    given = loops_in(second)[0].body.outputs[1:]
    assert len(given) == len(set(given))
    second = optimized(second)
    assert [loop.is_reversed for loop in loops_in(second)] == [False, True, False, True]
