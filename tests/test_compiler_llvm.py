"""The native backend: machine code, at every width of vectors, with the results of `replay`."""

import contextlib
import gc
import math
import random
import struct
import threading

import pytest

pytest.importorskip("llvmlite", reason="machine code is made by llvmlite")

import numpy as np
from backends import are_close, assert_as_replay, plain
from hypothesis import given, settings
from hypothesis import strategies as st
from loops import looping
from samples import BUILT_IN, SAMPLES
from test_compiler_derivatives import CHOICES, OF_ROW, TWO_AXES, applied, numbers
from test_compiler_numpy import EVERY_KIND, EXTREME, ROWS, program_of

from nanograd import OPERATIONS, jit, tanh
from nanograd.compiler.backends.llvm import lowered, machine, machine_code
from nanograd.compiler.backends.llvm.emitter import FEW
from nanograd.compiler.backends.llvm.kernel import Kernel
from nanograd.compiler.derivatives.derivative import gradient
from nanograd.compiler.passes.exact import optimized
from nanograd.compiler.programs.operations import OWN, Input, Reduction
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.tracing.trace import trace
from nanograd.errors import DataError, ProgramError, TraceError
from nanograd.modes import block

WIDTHS = (1, 2, 4, 8)
CLOSE = 1e-12  # results of the vector functions, and sums in another order
SINGLE = 1e-5  # of numbers with 24 bits, after a few steps
DENORMAL = 1e-323  # the last bits of a denormal number
INF, NAN = math.inf, math.nan

#: Functions whose samples are beyond single precision.
FAR = ("digamma", "lgamma", "polygamma", "hypot")

#: Where a function has a pole, at which `math` raises an error; it is infinite or nan.
POLES = {
    "arctanh": (1.0, -1.0),
    "log10": (0.0,),
    "log1p": (-1.0,),
    "log2": (0.0,),
    "lgamma": (0.0, -1.0, -2.0, -1e308, -INF),
}


@pytest.fixture(autouse=True)
def _verified(monkeypatch):
    """Let LLVM verify every module that it is given."""
    given_to_llvm = machine.module_of

    def verified(*args, **named):
        module = given_to_llvm(*args, **named)
        module.verify()
        return module

    monkeypatch.setattr(machine, "module_of", verified)


def run_in(width, kernel, operands, lengths=None):
    """Return what a kernel makes of operands with so many lanes."""
    code = kernel.code_of(width)
    kernel.code = lambda _: code
    try:
        return [x if isinstance(x, float) else plain(x) for x in kernel(operands, lengths)]
    finally:
        del kernel.code


def assert_in_all_widths(program, operands, lengths=None, least=1e-14):
    """Check the results with every number of lanes against those of the reference interpreter."""
    wanted, kernel = replay(program, operands, lengths), lowered(program)
    for width in WIDTHS:
        found = run_in(width, kernel, operands, lengths)

        assert are_close(found, wanted, CLOSE, least), f"{width}: {found}\n{wanted}\n{program}"


# -- operations ------------------------------------------------------------------------------

NAMES = [*BUILT_IN, *OWN]
each_name = pytest.mark.parametrize("name", NAMES)


def samples_of(name):
    """Return an operation, and operands to try it on, as many in each sample."""
    op = OPERATIONS.get(name) or OWN[name]
    pair = [(1.0, 2.0)[: len(op.parameters)], (2.0,) * len(op.parameters)]
    return op, [[*map(float, sample)] for sample in SAMPLES.get(name, pair)]


def by_count(samples):
    """Yield samples with equally many operands together."""
    for count in sorted({len(xs) for xs in samples}):
        yield count, [xs for xs in samples if len(xs) == count]


@each_name
def test_every_operation_is_that_of_replay(name):
    op, samples = samples_of(name)
    for count, group in by_count(samples):
        columns = [list(column) for column in zip(*group, strict=True)]
        assert_in_all_widths(program_of(op, *[ROWS] * count), columns)
        for axes in ([()] * count, [ROWS, *[()] * (count - 1)], [*[()] * (count - 1), ROWS]):
            kernel, program = lowered(program_of(op, *axes)), program_of(op, *axes)
            for xs in group[:3]:
                operands = [[x] * 3 if each else x for x, each in zip(xs, axes, strict=True)]
                (found,) = kernel(operands)
                (wanted,) = replay(program, operands)

                assert are_close(plain(found) if any(axes) else found, wanted, CLOSE), (axes, xs)


@each_name
def test_extremes_are_those_of_replay(name):
    op = OPERATIONS.get(name) or OWN[name]
    count = 2 if name in ("polygamma", "dot") else len(op.parameters)
    entries = (*EXTREME, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308)
    pairs = [(x, y) for x in entries for y in entries]
    columns = [[x for x, _ in pairs], [y for _, y in pairs], [2.0] * len(pairs)][:count]

    (found,) = lowered(program_of(op, *[ROWS] * count))(columns)
    (wanted,) = replay(program_of(op, *[ROWS] * count), columns)
    for operands, x, y in zip(zip(*columns, strict=True), found.tolist(), wanted, strict=True):
        is_pole = operands[0] in POLES.get(name, ()) and math.isinf(x) and math.isnan(y)

        assert is_pole or are_close(x, y, CLOSE, least=DENORMAL), (operands, x, y)


@each_name
def test_in_single_precision_it_is_near(name):
    op, samples = samples_of(name)
    for count, group in by_count(samples):
        kept = [xs for xs in group if name not in FAR or all(abs(x) < 1e30 for x in xs)]
        columns = np.float32(kept).T.astype(float).tolist()
        program = program_of(op, *[ROWS] * count)
        (found,) = lowered(program, precision="float32")(columns)
        (wanted,) = replay(program, columns)
        with np.errstate(over="ignore", under="ignore"):
            wanted = np.float32(wanted)

        assert found.dtype == np.float32
        assert found == pytest.approx(wanted, rel=SINGLE, abs=1e-30, nan_ok=True), columns


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_slope_is_that_of_replay(name):
    for sample in SAMPLES[name][:4]:
        f, xs = applied(name, sample)
        inputs = [Input(f"x{i}", ROWS) for i in range(len(xs))]
        program = gradient(trace(f, inputs).program, range(len(xs)), values=True)

        assert_as_replay("llvm", optimized(program), [[float(x)] * 3 for x in xs])


ENDS = [math.ldexp(m, e) for e in (-1074, -1060, -1023, -1000, 0, 1000, 1022) for m in (1.0, 1.5)]
ENDS += [1.0, 3.0, 1.1, 1e308, 1.7976931348623157e308, 0.0, -0.0, INF, NAN]


def test_quotients_by_a_shared_divisor_are_quotients():
    program = parsed("program(x[rows], z[rows], y[rows])\n a = div x y\n b = div z y\n return a b")
    ys = [sign * y for y in ENDS for sign in (1.0, -1.0)]
    triples = [(x, z, y) for x in (*ENDS, -2.5) for z in (1.0, 1e-300) for y in ys]
    found = lowered(program)([list(column) for column in zip(*triples, strict=True)])
    wanted = replay(program, [list(column) for column in zip(*triples, strict=True)])

    for x, y in zip(map(plain, found), wanted, strict=True):
        for triple, a, b in zip(triples, x, y, strict=True):
            is_tiny = abs(b) < 2.0**-1021  # a denormal result is rounded twice
            assert are_close(a, b, CLOSE, least=1e-323 if is_tiny else 0.0), (triple, a, b)


# -- programs --------------------------------------------------------------------------------


@settings(deadline=None, max_examples=25)
@given(looping())
def test_random_loops_are_those_of_replay_in_all_widths(drawn):
    assert_in_all_widths(*drawn, least=1e-9)


@settings(deadline=None, max_examples=15)
@given(looping())
def test_slopes_of_random_loops_are_those_of_replay(drawn):
    program, operands, lengths = drawn
    for of, axes in enumerate(program.output_axes()):
        if not axes:
            with contextlib.suppress(ProgramError, TraceError):  # a while has no slopes backward
                slopes = optimized(gradient(program, [0, 1, 2], of=of, values=True))
                assert_as_replay("llvm", slopes, operands, lengths, least=1e-8)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.sampled_from(OF_ROW), min_size=1, max_size=4),
    numbers,
    st.lists(numbers, max_size=9),
)
def test_random_programs_over_rows_are_those_of_replay(steps, w, xs):
    def over_rows(w, x):
        recorder = x.recorder
        for step in steps:
            total = recorder.reduced(Reduction("sum", "rows"), step(w, x))
            largest = recorder.reduced(Reduction("max", "rows"), x * total)
            w, x = tanh(total) * w, x + tanh(largest)  # large numbers would magnify rounding
        return w, x, largest

    program = trace(over_rows, ["w", Input("x", ROWS)]).program

    assert_in_all_widths(optimized(program), [w, xs], least=1e-11)


@pytest.mark.parametrize("f", CHOICES)
def test_arms_that_were_not_chosen_do_no_harm(f):
    program = optimized(gradient(trace(f, [Input("x", ROWS)]).program, [0], values=True))

    assert_in_all_widths(program, [[0.0, -0.5, -2.0, 1.5, 2.0, 3.0]])


@pytest.mark.parametrize("shape", [(2, 3), (1, 1), (9, 5), (5, 9), (0, 0), (2, 0), (0, 2)])
def test_two_axes_are_loops_inside_of_each_other(shape):
    rows, cols = shape
    x = [0.5 * i - 1 for i in range(rows)]
    y = [0.25 * j + 0.1 for j in range(cols)]
    m = [[math.sin(i + 2 * j) for j in range(cols)] for i in range(rows)]
    program = optimized(gradient(parsed(TWO_AXES), range(4), values=True))

    assert_in_all_widths(program, [0.7, x, y, m], least=1e-13)


THREE_AXES = """
    program(x[rows], y[cols], z[deep], t[rows, cols, deep])
      a = mul x y
      b = add a z
      c = mul b t
      d = sum[cols] c
      e = max[rows] c
      f = sum[deep] c
      g = sum[rows] d
      h = max[deep] g
      i = mul d h
      j = sum[rows] x
      k = mul f j
      return d e f g h i k
"""


@pytest.mark.parametrize(
    "shape", [(2, 3, 4), (5, 1, 3), (9, 2, 2), (0, 2, 3), (2, 0, 3), (3, 2, 0)]
)
def test_sums_and_maxima_over_any_of_three_axes(shape):
    drawn = np.random.default_rng(3)
    operands = [drawn.normal(size=n) for n in shape] + [drawn.normal(size=shape)]

    assert_in_all_widths(parsed(THREE_AXES), operands, least=1e-13)


TRAINED_ROWS = """
    program(w[models], x[rows], m[models, rows])
      a = scan[steps] w x | | m x
        body(w, s[rows], m[rows], x[rows])
          b = mul w x
          c = sub m b
          d = add s c
          e = mul 0.1 d
          f = sum[rows] c
          g = max[rows] e
          h = mul f 0.01
          i = add w h
          j = tanh e
          return i j g d
      k = get[0] a
      l = get[1, rows] a
      n = get[2, steps] a
      o = get[3, steps, rows] a
      p = sum[models] k
      q = sum[steps] n
      return k l n o p q
"""


@pytest.mark.parametrize("models", [0, 1, 3, 9])
def test_a_column_is_the_state_of_a_loop_in_each_row(models):
    drawn = np.random.default_rng(4)
    operands = [drawn.normal(size=models), drawn.normal(size=5), drawn.normal(size=(models, 5))]

    for steps in (0, 1, 4):
        assert_in_all_widths(parsed(TRAINED_ROWS), operands, {"steps": steps}, least=1e-13)


DIFFUSING = """
    program(m[rows, cols], x[rows], y[cols], y2[steps])
      a = scan[steps] m 0.0 | y2 | x y
        body(m[rows, cols], s, y2, x[rows], y[cols])
          b = sum[rows] m
          c = max[cols] m
          d = mul b y
          e = add c x
          f = mul d e
          g = mul f y2
          h = tanh g
          i = sum[cols] b
          j = add s i
          return h j b c m
      k = get[0, rows, cols] a
      l = get[1] a
      n = get[2, steps, cols] a
      o = get[3, steps, rows] a
      p = get[4, steps, rows, cols] a
      q = sum[steps] p
      return k l n o p q
"""


@pytest.mark.parametrize("shape", [(0, 2), (2, 0), (1, 1), (3, 5), (9, 4)])
def test_the_body_of_a_scan_may_have_two_axes(shape):
    drawn = np.random.default_rng(5)
    operands = [drawn.normal(size=shape), *[drawn.normal(size=n) for n in shape]]

    for steps in (0, 1, 4):
        assert_in_all_widths(parsed(DIFFUSING), [*operands, drawn.normal(size=steps)], least=1e-12)


HALVED = """
    program({inputs})
      a = while x 0.0 | limit
        condition(x[cols], n, limit)
          b = max[cols] x
          c = gt b limit
          return c
        body(x[cols], n, limit)
          d = mul 0.5 x
          e = add n 1.0
          return d e
      f = get[0, cols] a
      g = get[1] a
      return f g
"""


def test_a_column_is_the_state_of_a_while():
    alone = parsed(HALVED.format(inputs="x[cols], limit"))
    in_rows = parsed(HALVED.format(inputs="x[rows, cols], limit[rows]"))
    x = [[1.0, 2.0, 3.0], [100.0, 3.0, 1.0], [0.1, 0.2, 0.3], [7.0, 8.0, 9.0], [1.0, 0.0, 40.0]]

    for row in x:
        assert_in_all_widths(alone, [row, 0.7])
    assert_in_all_widths(in_rows, [x, [0.5, 1.0, 2.0, 0.01, 3.0]])
    assert_in_all_widths(in_rows, [[], []])


def test_outputs_may_be_inputs_constants_and_each_other():
    program = parsed("program(w, x[rows])\n a = mul w x\n return x a a w 2.0 x w")
    x = np.array([1.0, 2.0, 3.0])
    outputs = lowered(program)([3.0, x])
    for out in outputs:
        if not isinstance(out, float):
            np.add(out, 1.0, out)

    assert x.tolist() == [1.0, 2.0, 3.0]
    plain_outputs = [out if isinstance(out, float) else out.tolist() for out in outputs]
    assert plain_outputs == [[2, 3, 4], [4, 7, 10], [4, 7, 10], 3.0, 2.0, [2, 3, 4], 3.0]


@pytest.mark.parametrize("count", [2, FEW, FEW + 1, 40])
@pytest.mark.parametrize("rows", ["", "[rows]"])
def test_states_are_handed_on_in_turn(count, rows):
    names = [f"s{i}" for i in range(count)]
    turned = [*names[1:], names[0]]
    program = parsed(
        f"program({', '.join(name + rows for name in names)})\n a = scan[steps] {' '.join(names)}\n"
        f" body({', '.join(names)})\n return {' '.join(turned)} {names[0]}\n"
        + "".join(f" g{i} = get[{i}] a\n" for i in range(count))
        + f" h = get[{count}, steps] a\n return {' '.join(f'g{i}' for i in range(count))} h"
    )
    operands = [[float(i), i + 0.5, -1.0] if rows else float(i) for i in range(count)]

    for steps in (0, 1, 5):
        assert_in_all_widths(program, operands, {"steps": steps})


def test_many_states_may_read_each_other():
    count = 30
    names = [f"s{i}" for i in range(count)]
    lines = [f"   t{i} = add s{i} {names[i - 1]}\n   u{i} = tanh t{i}" for i in range(count)]
    program = parsed(
        f"program({', '.join(names)})\n a = scan[steps] {' '.join(names)}\n"
        f"  body({', '.join(names)})\n" + "\n".join(lines) + "\n"
        f"  return {' '.join(f'u{i}' for i in range(count))}\n"
        + "".join(f" g{i} = get[{i}] a\n" for i in range(count))
        + f" return {' '.join(f'g{i}' for i in range(count))}"
    )

    assert_in_all_widths(program, [0.1 * i for i in range(count)], {"steps": 7})


def test_three_hundred_sums_and_maxima_of_the_same_rows():
    lines = [
        f"  a{i} = mul x {float(i)}\n  b{i} = {name}[rows] a{i}"
        for i in range(300)
        for name in [("sum", "max")[i % 2]]
    ]
    program = parsed(
        "program(x[rows])\n"
        + "\n".join(lines)
        + f"\n  return {' '.join(f'b{i}' for i in range(300))}"
    )
    for rows in (0, 1, 7):
        assert_in_all_widths(program, [[0.3 * i - 1 for i in range(rows)]])


def test_many_sums_do_not_fill_the_stack_of_a_thread():
    count = 8_000
    lines = [f" a{i} = mul x {float(i)}\n b{i} = sum[rows] a{i}" for i in range(count)]
    outputs = " ".join(f"b{i}" for i in range(count))
    program = parsed("program(x[rows])\n" + "\n".join(lines) + f"\n return {outputs}")
    kernel = Kernel(program, "float64")
    found = []
    before = threading.stack_size(256 * 1024)
    thread = threading.Thread(target=lambda: found.extend(kernel([[1.0, 2.0] * 8])))
    try:
        kernel.code_of(kernel.widest).function  # noqa: B018 - LLVM itself needs more
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)

    assert found == [24.0 * i for i in range(count)]


def test_memory_is_used_again_and_never_by_two():
    kernel = lowered(parsed("program(x[rows])\n a = mul x 2.0\n return a"))
    x, results = np.arange(100_000.0), []
    for i in range(20):
        results.append(kernel([x + i])[0])
        if i % 3 == 0:
            cycle = [results.pop()]
            cycle.append(cycle)
        if i % 5 == 0:
            gc.collect()

    kept = [i for i in range(20) if i % 3]
    assert all((a == 2 * (x + i)).all() for i, a in zip(kept, results, strict=True))


LONG_ENOUGH = """
    program(w, x[rows])
      a = mul w x
      b = exp a
      c = sum[rows] b
      d = div b c
      e = max[rows] d
      f = sub e d
      g = count[rows]
      return c e f x x g
"""


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 5, 7, 8, 9, 1000, 100_000, 1_000_003])
def test_any_number_of_rows(rows):
    x = np.random.default_rng(2).normal(size=rows)
    c, e, f, again, twice, count = lowered(parsed(LONG_ENOUGH))([0.3, x])
    shares = np.exp(0.3 * x)
    total = shares.sum()
    most = (shares / total).max(initial=-INF)

    assert c == pytest.approx(total, rel=CLOSE)
    assert e == pytest.approx(most, rel=CLOSE)
    assert np.allclose(f, most - shares / total, rtol=1e-9, atol=1e-15)
    assert again.tolist() == twice.tolist() == x.tolist()
    assert again is not x
    assert again is not twice
    assert count == rows


def test_sums_over_threads_may_be_infinite_or_nan():
    program = parsed(
        "program(x[rows])\n a = sum[rows] x\n b = max[rows] x\n c = mul x x\n return a b c"
    )
    kernel = lowered(program)
    x = np.zeros(2_000_000)
    for entry, total in ((INF, INF), (NAN, NAN), (-INF, -INF)):
        x[3], x[-3] = entry, 1.0
        found = kernel([x])[0]
        assert found == total or (math.isnan(found) and math.isnan(total))
    x[-3] = INF
    assert math.isnan(kernel([x])[0])


def test_single_precision_is_that_everywhere():
    rng = np.random.default_rng(1)
    operands = [0.1, rng.normal(size=4), rng.normal(size=(4, 3))]
    program, steps = parsed(EVERY_KIND), {"steps": 3}
    double = lowered(program)(operands, steps)
    single = lowered(program, precision="float32")(operands, steps)

    for x, y in zip(single, double, strict=True):
        assert isinstance(x, float) or x.dtype == np.float32
        assert np.float32(x).tolist() == np.asarray(x).tolist()
        assert np.asarray(x) == pytest.approx(np.asarray(y), rel=SINGLE, abs=1e-6)
    with pytest.raises(DataError, match="a precision is one of float64, float32; it is 'float16'"):
        lowered(program, precision="float16")


def test_arrays_of_any_layout_and_kind_are_columns():
    program = parsed("program(m[rows, cols], x[rows])\n a = sum[cols] m\n b = add a x\n return b m")
    m = np.arange(6).reshape(3, 2).T
    for x in (np.arange(10, dtype="i1")[2:6:2], [2, True], np.array([2, 4.0], "f4")):
        b, same = lowered(program)([m, x])

        assert b.tolist() == [6.0 + float(x[0]), 9.0 + float(x[1])]
        assert same.tolist() == m.tolist()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**64 - 1))
def test_constants_keep_all_their_bits(bits):
    (number,) = struct.unpack("<d", struct.pack("<Q", bits))
    if math.isnan(number):
        return
    program = parsed(f"program(x)\n a = maximum x {number!r}\n return {number!r} a")

    assert lowered(program)([-INF])[0].hex() == number.hex()


# -- operations of users ---------------------------------------------------------------------


def test_an_operation_of_a_user_is_called_for_rows_that_are_there_and_for_no_others(declared):
    seen = []

    @declared("?", name="seen", partials=lambda x, y, out: (1.0, None))
    def note(x, y):
        seen.append(x)
        return 1 / x + y

    kernel = lowered(program_of(note, ROWS, ()))
    for width in WIDTHS:
        seen.clear()
        assert run_in(width, kernel, [[1.0, 2.0, 4.0], 0.5]) == [[1.5, 1.0, 0.75]]
        assert seen == [1.0, 2.0, 4.0]


def test_in_a_while_it_is_called_for_rows_that_go_on(declared):
    @declared("?", name="less", partials=lambda x, out: (1.0,))
    def less(x):
        assert x > 0
        return x - 1

    program = parsed(
        "program(x[r])\n a = while x\n condition(x)\n b = gt x 0.0\n return b\n"
        " body(x)\n c = less x\n return c\n d = get[0] a\n return d"
    )

    assert_in_all_widths(program, [[3.0, -1.0, 7.0, 0.5, 2.0]])


@pytest.mark.parametrize("rows", [1, 5, 50_000])
def test_what_it_raises_comes_out_of_the_call(declared, rows):
    calls = []

    @declared("?", name="fails", partials=lambda x, out: (1.0,))
    def fails(x):
        calls.append(x)
        raise LookupError(f"no {x}")

    kernel = lowered(program_of(fails, ROWS))
    for _ in range(2):
        calls.clear()
        with pytest.raises(LookupError, match=r"no 1\.0"):
            kernel([[1.0] * rows])
        assert calls == [1.0]


def test_a_loop_ends_when_an_operation_in_it_fails(declared):
    @declared("?", name="fails", partials=lambda x, out: (1.0,))
    def fails(x):
        raise KeyboardInterrupt(x)

    program = parsed(
        "program(x)\n a = while x\n condition(x)\n b = lt x 10.0\n return b\n"
        " body(x)\n c = fails x\n return c\n d = get[0] a\n return d"
    )

    with pytest.raises(KeyboardInterrupt):
        lowered(program)([1.0])


def test_it_may_call_another_compiled_function_or_the_same(declared):
    inner = jit(lambda x: x.exp() + 1)

    @declared("?", name="nested", partials=lambda x, out: (1.0,))
    def nested(x):
        return inner(x) if x < 3 else kernel([x - 1.0, [x - 2.0]])[0]

    program = parsed("program(w, x[rows])\n a = nested w\n b = nested x\n return a b")
    kernel = lowered(program)
    a, b = kernel([4.0, [1.0, 2.0, 5.0]])

    assert a == pytest.approx(inner(2.0))
    assert b.tolist() == pytest.approx([inner(1.0), inner(2.0), inner(2.0)])


@pytest.mark.usefixtures("declared")
def test_an_operation_declared_anew_is_the_one_of_the_program():
    first = trace(lambda x: x.sin(), [Input("x", ROWS)]).program
    assert lowered(first)([[1.0]])[0].tolist() == pytest.approx([math.sin(1.0)], rel=CLOSE)
    OPERATIONS["sin"] = OPERATIONS["cos"]
    second = parsed("program(x[rows])\n a = sin x\n return a")
    again = lowered(first)  # it has the same text as what is on disk

    assert again([[1.0]])[0].tolist() == [math.sin(1.0)]
    assert lowered(second)([[1.0]])[0].tolist() == pytest.approx([math.cos(1.0)], rel=CLOSE)


def test_functions_of_the_same_name_are_not_taken_for_each_other(declared):
    @declared("?", name="twin", partials=lambda x, out: (1.0,))
    def one(x):
        return x + 1

    @declared("?", name="twin", partials=lambda x, out: (1.0,))
    def two(x):
        return x + 2

    for f, g in ((one, two), (two, one), (one, one)):
        program = trace(lambda x, f=f, g=g: (f(x), g(x)), ["x"]).program
        assert lowered(program)([1.0]) == replay(program, [1.0])


# -- threads ---------------------------------------------------------------------------------


def test_many_threads_may_call_the_same_kernel(declared):
    @declared("?", name="picky", partials=lambda x, out: (1.0,))
    def picky(x):
        if x < 0:
            raise LookupError(f"{x}")
        return x

    kernel = lowered(parsed("program(x[rows])\n a = picky x\n b = sum[rows] a\n return b"))
    wrong = []

    def work(seed):
        drawn = random.Random(seed)
        for _ in range(60):
            xs = [drawn.choice([1.0, 2.0, 3.0]) for _ in range(drawn.randint(1, 9))]
            try:
                if seed % 2:
                    kernel([[*xs, -seed]])
                    wrong.append("no error")
                elif kernel([xs]) != [sum(xs)]:
                    wrong.append(xs)
            except LookupError as error:
                if str(error) != str(-float(seed)):
                    wrong.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


# -- long programs ---------------------------------------------------------------------------


@pytest.mark.parametrize("limits", [(0, 60_000), (0, 0)])
def test_with_less_effort_the_results_are_the_same(monkeypatch, limits):
    monkeypatch.setattr(machine_code, "TIDIED", limits[0])
    monkeypatch.setattr(machine_code, "CAREFUL", limits[1])
    monkeypatch.setattr(machine_code, "our_version", lambda: f"{limits}")
    for text, operands, lengths in (
        (TRAINED_ROWS, [[1.0, 2.0], [3.0], [[0.5], [0.6]]], {"steps": 3}),
        (EVERY_KIND, [0.1, [1.0, 2.0, 0.1], [[1.0], [2.0], [3.0]]], {"steps": 2}),
    ):
        assert_in_all_widths(parsed(text), operands, lengths)


def test_modes_reach_operations_in_every_thread(declared):
    @declared("?", name="square_root", partials=lambda x, out: (1.0,))
    def square_root(x):
        return OPERATIONS["sqrt"](x)

    kernel = lowered(program_of(square_root, ROWS))
    with block("ieee"):
        assert math.isnan(kernel([[-1.0]])[0][0])
