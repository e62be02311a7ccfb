"""The NumPy backend: whole columns at once, with the results of `replay`."""

import math
import sys

import numpy as np
import pytest
from backends import BACKENDS, assert_as_replay, run
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import BUILT_IN, SAMPLES
from test_compiler_derivatives import CHOICES, OF_ROW, TWO_AXES, applied, numbers

from nanograd import OPERATIONS, tanh
from nanograd.compiler.backends import numpy as backend
from nanograd.compiler.backends.numpy import lowered
from nanograd.compiler.derivatives.derivative import gradient
from nanograd.compiler.passes.exact import optimized
from nanograd.compiler.programs.operations import OWN, Input, Reduction
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.program import Program
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.tracing.trace import trace
from nanograd.errors import DataError

INF, NAN = math.inf, math.nan
EXTREME = (0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 710.0, -1e308, 1e308, INF, -INF, NAN)
ROWS = ("rows",)


def program_of(op, *axes):
    """Return the program that does one operation to inputs with these axes."""
    places = range(len(axes))
    inputs = [Input(f"x{i}", axes[i]) for i in places]
    return Program([*inputs, op], [*[()] * len(axes), tuple(places)], (len(axes),))


@pytest.mark.parametrize("name", [*BUILT_IN, *OWN])
def test_every_operation_is_that_of_replay_on_numbers_and_on_columns(name):
    op = OPERATIONS.get(name) or OWN[name]
    for sample in SAMPLES.get(
        name, [(1.0, 2.0)[: len(op.parameters)], (2.0,) * len(op.parameters)]
    ):
        xs = [*map(float, sample)]
        assert_as_replay("numpy", program_of(op, *[()] * len(xs)), xs)
        assert_as_replay("numpy", program_of(op, *[ROWS] * len(xs)), [[x, x] for x in xs])
        assert_as_replay("numpy", program_of(op, ROWS, *[()] * (len(xs) - 1)), [[xs[0]], *xs[1:]])
        assert_as_replay("numpy", program_of(op, *[()] * (len(xs) - 1), ROWS), [*xs[:-1], [xs[-1]]])


@pytest.mark.parametrize("name", [*BUILT_IN, *OWN])
def test_extremes_of_columns_are_those_of_replay(name):
    op = OPERATIONS.get(name) or OWN[name]
    count = len(op.parameters)
    if name in ("polygamma", "dot"):
        count = 2
    pairs = [(x, y) for x in EXTREME for y in EXTREME]
    columns = [[x for x, _ in pairs], [y for _, y in pairs], [2.0] * len(pairs)][:count]

    assert_as_replay("numpy", program_of(op, *[ROWS] * count), columns)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_slope_is_that_of_replay(name):
    for sample in SAMPLES[name]:
        f, xs = applied(name, sample)
        inputs = [Input(f"x{i}", ROWS) for i in range(len(xs))]
        program = gradient(trace(f, inputs).program, range(len(xs)), values=True)

        assert_as_replay("numpy", optimized(program), [[float(x)] * 2 for x in xs])


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(OF_ROW), min_size=1, max_size=4),
    numbers,
    st.lists(numbers, max_size=4),
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

    assert_as_replay("numpy", optimized(program), [w, xs], least=1e-11)
    slopes = gradient(program, [0, 1], of=1, values=True)
    assert_as_replay("numpy", slopes, [w, xs], least=1e-11)


@pytest.mark.parametrize("shape", [(2, 3), (1, 1), (3, 1), (0, 0), (2, 0), (0, 2)])
def test_two_axes_are_two_dimensions(shape):
    rows, cols = shape
    x = [0.5 * i - 1 for i in range(rows)]
    y = [0.25 * j + 0.1 for j in range(cols)]
    m = [[math.sin(i + 2 * j) for j in range(cols)] for i in range(rows)]
    program = gradient(parsed(TWO_AXES), range(4), values=True)

    assert_as_replay("numpy", program, [0.7, x, y, m])


@pytest.mark.parametrize("f", CHOICES)
def test_arms_that_were_not_chosen_do_no_harm_and_give_no_warning(f):
    program = optimized(gradient(trace(f, [Input("x", ROWS)]).program, [0], values=True))

    assert_as_replay("numpy", program, [[0.0, -0.5, -2.0, 1.5, 2.0, 3.0]])


def test_an_operation_of_a_user_is_done_entry_by_entry(declared):
    @declared("?", name="digits", partials=lambda x, y, out: (1.0, None))
    def digits(x, y):
        return len(str(int(x))) + y

    program = program_of(digits, ROWS, ())

    assert lowered(program)([[1.0, 345.0], 0.5])[0].tolist() == [1.5, 3.5]
    assert lowered(program)([[], 0.5])[0].tolist() == []


@pytest.mark.usefixtures("declared")
def test_an_operation_declared_anew_is_the_one_of_the_program():
    program = trace(lambda x: x.sin(), [Input("x", ROWS)]).program
    OPERATIONS["sin"] = OPERATIONS["cos"]

    assert lowered(program)([[1.0]])[0].tolist() == [math.sin(1.0)]


# -- sums ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize(
    "terms",
    [(1e16, 1.0, -1e16), (1e308, 1e308, -1e308), (1e308, 1e308), (INF, 1.0), (INF, -INF), (NAN, 1)],
)
def test_a_sum_of_columns_is_finite_and_exact_where_it_can_be(name, terms):
    op = OPERATIONS[name]
    columns = [[float(x), 1.0] for x in terms]

    assert_as_replay("numpy", program_of(op, *[ROWS] * len(terms)), columns)


def test_a_sum_over_an_axis_is_finite_where_it_can_be():
    program = parsed("program(x[rows, cols])\n a = sum[rows] x\n b = sum[cols] x\n return a b")
    x = [[1e308, INF, 1.0], [1e308, 1.0, NAN], [-1e308, -INF, 2.0]]

    assert_as_replay("numpy", program, [x])


# -- arrays ----------------------------------------------------------------------------------


def test_what_is_given_stays_as_it_is_and_what_comes_out_is_new():
    program = parsed("""
        program(w, x[rows])
          a = stop x
          b = scan[steps] x | | w
            body(s[rows], w)
              c = mul s w
              return c
          d = get[0, rows] b
          return x a d a
    """)
    x = np.array([1.0, 2.0])
    for steps in (0, 2):
        outputs = lowered(program)([3.0, x], {"steps": steps})
        for i in range(4):
            outputs[i] += i + 1.0

        assert x.tolist() == [1.0, 2.0]
        assert [out.tolist() for out in outputs] == [
            [2.0, 3.0],
            [3.0, 4.0],
            [3.0 + 3**steps, 3.0 + 2 * 3**steps],
            [5.0, 6.0],
        ]


def test_arrays_of_any_layout_and_kind_are_columns():
    program = parsed("program(m[rows, cols])\n a = sum[cols] m\n return a m")
    m = np.arange(6).reshape(3, 2).T  # whole numbers, and not in the order of C
    found, same = lowered(program)([m])

    assert found.tolist() == [6.0, 9.0]
    assert same.dtype == np.float64
    assert same.tolist() == m.tolist()
    for other in BACKENDS:
        assert run(other, program, [m]) == replay(program, [m]) == [[6.0, 9.0], m.tolist()]


def test_columns_that_do_not_fit_are_errors_that_name_the_input():
    kernel = lowered(parsed("program(x[rows], m[rows, cols])\n return x"))

    with pytest.raises(DataError, match=r"m\[rows, cols\] must have 2 rows, as before; it has 3"):
        kernel([np.zeros(2), np.zeros((3, 2))])
    with pytest.raises(DataError, match=r"x\[rows\] must be a list, of its rows; it is 2\.0"):
        kernel([2.0, np.zeros((3, 2))])
    with pytest.raises(DataError, match=r"x\[rows\] must be a list, of its rows; it is array"):
        kernel([np.zeros((3, 2)), np.zeros((3, 2))])
    with pytest.raises(DataError, match=r"m\[rows, cols\] must have 1 cols, as before; it has 2"):
        kernel([[0.0, 1.0], [[1.0], [1.0, 2.0]]])
    with pytest.raises(DataError, match=r"the inputs x\[rows\], m\[rows, cols\]; it was given 1"):
        kernel([[0.0, 1.0]])


# -- precision -------------------------------------------------------------------------------

EVERY_KIND = """
    program(w, x[rows], m[rows, cols])
      a = mul w x
      b = exp a
      c = sum[cols] m
      d = sigmoid c
      e = mul b d
      f = sum[rows] e
      g = log f
      h = gt x 0.1
      i = digamma b
      j = scan[steps] w | | x 0.1
        body(s, x, y)
          k = mul x y
          l = add s k
          return l l
      n = get[0] j
      o = get[1, steps] j
      p = where h n 0.1
      return b e f g h i n o p
"""


def test_single_precision_is_that_everywhere():
    rng = np.random.default_rng(1)
    operands = [0.1, rng.normal(size=4), rng.normal(size=(4, 3))]
    program, steps = parsed(EVERY_KIND), {"steps": 3}
    double = lowered(program)(operands, steps)
    single = lowered(program, precision="float32")(operands, steps)

    for x, y in zip(single, double, strict=True):
        assert isinstance(x, float) or x.dtype == np.float32
        assert np.float32(x).tolist() == np.asarray(x).tolist()
        assert np.asarray(x) == pytest.approx(np.asarray(y), rel=1e-5, abs=1e-6)
    assert single[2] != double[2]


def test_a_precision_that_there_is_not_is_an_error():
    with pytest.raises(DataError, match="a precision is one of float64, float32; it is 'float16'"):
        lowered(parsed("program(x)\n return x"), precision="float16")


# -- without SciPy, without NumPy ------------------------------------------------------------


@pytest.mark.parametrize("name", ["erf", "erfc", "gelu", "lgamma"])
def test_without_scipy_its_functions_are_done_entry_by_entry(monkeypatch, name):
    monkeypatch.setattr(backend, "imported", lambda: (np, None))

    assert_as_replay("numpy", program_of(OPERATIONS[name], ROWS), [[x for (x,) in SAMPLES[name]]])


def test_without_numpy_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)

    with pytest.raises(ImportError, match=r"not installed.*or use the backend python"):
        lowered(parsed("program(x)\n return x"))
