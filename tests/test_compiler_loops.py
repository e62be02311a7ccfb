"""Loops in programs: what they mean, on every backend, and which are refused."""

import math

import pytest
from backends import BACKENDS, are_close, assert_as_replay, run
from hypothesis import given, settings
from loops import looping, meaning

from nanograd import Value
from nanograd.compiler.backends.python import lowered
from nanograd.compiler.programs.operations import Get, Input, Reduction, Scan, While
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.program import Program
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.programs.verifying import DEEPEST, verify
from nanograd.compiler.tracing.trace import recording
from nanograd.errors import DataError, ProgramError, TraceError
from nanograd.nanograd import OPERATIONS

#: Sums of few numbers, in another order.
ROUNDING = 1e-12

each_backend = pytest.mark.parametrize("backend", BACKENDS)


@settings(deadline=None, max_examples=80)
@given(looping())
def test_random_loops_are_what_they_mean(drawn):
    program, operands, lengths = drawn
    wanted = meaning(verify(program), operands, lengths)

    assert are_close(replay(program, operands, lengths), wanted, ROUNDING, least=1e-9), str(program)
    assert str(parsed(str(program))) == str(program)
    for backend in BACKENDS:
        assert_as_replay(backend, program, operands, lengths, least=1e-9)


# -- written by hand -------------------------------------------------------------------------

RUNNING_SUM = """\
program(w, x[steps])
  a = scan[steps] 0.0 | x | w
    body(s, x, w)
      b = mul w x
      c = add s b
      return c c b
  d = get[0] a
  e = get[1, steps] a
  f = get[2, steps] a
  return d e f"""


@each_backend
def test_a_scan_hands_its_state_on(backend):
    program = parsed(RUNNING_SUM)

    assert run(backend, program, [2.0, [1.0, 10.0, 100.0]]) == [
        222.0,
        [2.0, 22.0, 222.0],
        [2.0, 20.0, 200.0],
    ]
    assert run(backend, program, [2.0, []]) == [0.0, [], []]


@each_backend
def test_a_reversed_scan_begins_at_the_end(backend):
    program = parsed(RUNNING_SUM.replace("[steps] 0.0", "[steps, reversed] 0.0"))

    assert run(backend, program, [2.0, [1.0, 10.0, 100.0]]) == [
        222.0,
        [222.0, 220.0, 200.0],
        [2.0, 20.0, 200.0],
    ]


@each_backend
def test_rows_share_the_steps_of_a_scan(backend):
    program = parsed(RUNNING_SUM.replace("x[steps])", "x[rows, steps])", 1))

    assert run(backend, program, [2.0, [[1.0, 10.0], [3.0, 5.0]]]) == [
        [22.0, 16.0],
        [[2.0, 22.0], [6.0, 16.0]],
        [[2.0, 20.0], [6.0, 10.0]],
    ]
    assert run(backend, program, [2.0, []]) == [[], [], []]
    assert run(backend, program, [2.0, [[], []]]) == [[0.0, 0.0], [[], []], [[], []]]


COLLATZ = """\
program(n[rows])
  a = while n 0.0
    condition(n, steps)
      b = gt n 1.0
      return b
    body(n, steps)
      c = div n 2.0
      d = floor c
      e = eq c d
      f = mul n 3.0
      g = add f 1.0
      h = where e c g
      i = add steps 1.0
      return h i
  j = get[1] a
  return j"""


@each_backend
def test_each_row_of_a_while_ends_by_its_own_condition(backend):
    numbers = [1.0, 2.0, 3.0, 6.0, 7.0, 27.0]

    assert run(backend, parsed(COLLATZ), [numbers]) == [[0.0, 1.0, 7.0, 8.0, 16.0, 111.0]]
    assert run(backend, parsed(COLLATZ), [[]]) == [[]]


@each_backend
def test_a_row_that_has_ended_does_not_run_on_inside(backend):
    # Where n is 0 the inner loop would never end; the outer one does not go there.
    program = parsed("""
        program(n[rows])
          a = while n 0.0
            condition(n, total)
              b = gt n 0.0
              return b
            body(n, total)
              c = while n | n
                condition(m, n)
                  d = lt m 100.0
                  return d
                body(m, n)
                  e = add m n
                  return e
              f = get[0] c
              g = sub n 1.0
              h = add total f
              return g h
          i = get[1] a
          return i
    """)

    assert run(backend, program, [[0.0, 1.0, 3.0]]) == [[0.0, 100.0, 102.0 + 100.0 + 100.0]]


DESCENT = """\
program(w, rate, x[rows], y[rows])
  a = scan[epochs] w | | rate x y
    body(w, rate, x[rows], y[rows])
      b = mul w x
      c = sub b y
      d = mul c x
      e = sum[rows] d
      f = mul rate e
      g = sub w f
      h = mul c c
      i = sum[rows] h
      return g i
  j = get[0] a
  k = get[1, epochs] a
  return j k"""


def descended(w, rate, x, y, epochs):
    """Return what DESCENT does, in plain Python."""
    losses = []
    for _ in range(epochs):
        errors = [w * a - b for a, b in zip(x, y, strict=True)]
        losses.append(math.fsum(e * e for e in errors))
        w -= rate * math.fsum(e * a for e, a in zip(errors, x, strict=True))
    return [w, losses]


@each_backend
@pytest.mark.parametrize("epochs", [0, 1, 20])
def test_a_body_may_sum_over_columns_that_it_takes_whole(backend, epochs):
    operands = [0.0, 0.02, [1.0, 2.0, 3.0], [2.1, 3.9, 6.2]]
    found = run(backend, parsed(DESCENT), operands, {"epochs": epochs})

    assert are_close(found, descended(*operands, epochs), ROUNDING)


@each_backend
def test_a_training_in_each_row_of_another_axis(backend):
    program = parsed(DESCENT.replace("program(w, rate,", "program(w[models], rate,"))
    rest = [0.02, [1.0, 2.0, 3.0], [2.1, 3.9, 6.2]]
    weights, losses = zip(*[descended(w, *rest, 5) for w in (0.0, -1.0, 3.0)], strict=True)
    found = run(backend, program, [[0.0, -1.0, 3.0], *rest], {"epochs": 5})

    assert are_close(found[0], [*weights], ROUNDING)
    assert are_close(found[1], [*losses], ROUNDING)


DIFFUSION = """\
program(x[rows], mix)
  a = scan[steps] x 0.0 | | mix
    body(x[rows], trace[rows], mix)
      b = sum[rows] x
      c = count[rows]
      d = div b c
      e = sub d x
      f = mul e mix
      g = add x f
      h = add trace e
      return g h x b
  i = get[0, rows] a
  j = get[1, rows] a
  k = get[2, steps, rows] a
  l = get[3, steps] a
  return i j k l"""


@each_backend
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_column_may_be_the_state(backend, steps):
    x, mix = [1.0, 2.0, 6.0], 0.25
    now, trace, seen, sums = [*x], [0.0] * 3, [], []
    for _ in range(steps):
        seen.append(now)
        sums.append(math.fsum(now))
        errors = [sums[-1] / 3 - each for each in now]
        now = [a + b * mix for a, b in zip(now, errors, strict=True)]
        trace = [a + b for a, b in zip(trace, errors, strict=True)]
    transposed = [list(column) for column in zip(*seen, strict=True)] or [[], [], []]
    found = run(backend, parsed(DIFFUSION), [x, mix], {"steps": steps})

    # The order of the program's axes is that in which it meets them: rows, then steps.
    assert are_close(found, [now, trace, transposed, sums], ROUNDING)


@each_backend
def test_a_constant_is_broadcast_to_the_state_and_to_what_steps_give(backend):
    program = parsed("""
        program(x[rows])
          a = scan[steps] 0.5 | x
            body(s[cols], x)
              return s 2.0
          b = get[0, cols] a
          c = get[1, steps] a
          return b c
    """)
    lengths = {"cols": 2, "steps": 1}

    assert run(backend, program, [[1.0, 3.0, 4.0]], lengths) == [[[0.5, 0.5]] * 3, [[2.0]] * 3]


NESTED = """\
program(x)
  a = scan[outer] x
    body(x)
      b = scan[inner] x
        body(x)
          c = mul 2.0 x
          return c
      d = get[0] b
      return d
  e = get[0] a
  return e"""


@each_backend
def test_loops_are_nested(backend):
    assert run(backend, parsed(NESTED), [1.0], {"outer": 2, "inner": 3}) == [64.0]


# -- lengths ---------------------------------------------------------------------------------


@each_backend
def test_an_axis_without_length_is_an_error_that_names_it(backend):
    with pytest.raises(DataError, match=r"the axis epochs must have a length"):
        run(backend, parsed(DESCENT), [0.0, 0.1, [], []])
    with pytest.raises(DataError, match=r"the axis inner must have a length"):
        run(backend, parsed(NESTED), [1.0], {"outer": 2})


@each_backend
@pytest.mark.parametrize("length", [-1, 2.0, "3"])
def test_a_length_is_a_whole_number(backend, length):
    with pytest.raises(DataError, match="the length of the axis epochs must be a whole number"):
        run(backend, parsed(DESCENT), [0.0, 0.1, [], []], {"epochs": length})


@each_backend
def test_a_length_that_an_input_contradicts_is_an_error(backend):
    with pytest.raises(DataError, match=r"x\[steps\] must have 2 steps, as before; it has 1"):
        run(backend, parsed(RUNNING_SUM), [1.0, [1.0]], {"steps": 2})


@each_backend
def test_an_operand_too_few_is_an_error_that_names_the_inputs(backend):
    with pytest.raises(DataError, match=r"takes the inputs w, x\[steps\]; it was given 1"):
        run(backend, parsed(RUNNING_SUM), [1.0])
    with pytest.raises(DataError, match=r"takes the inputs x; it was given 2"):
        run(backend, parsed("program(x)\n return x"), [1.0, 2.0])


# -- on Values and Refs ----------------------------------------------------------------------


def test_on_values_a_loop_is_the_graph_of_all_its_steps():
    w, x = Value(3.0), [Value(1.0), Value(2.0)]
    total, sums, _ = replay(parsed(RUNNING_SUM), [w, x])
    (total * sums[0]).backward()

    assert (total.data, w.grad, [each.grad for each in x]) == (9.0, 18.0, [36.0, 9.0])


def test_on_values_a_while_goes_by_their_numbers():
    program = parsed(
        "program(x[r], n)\n a = while x | n\n condition(x, n)\n b = lt x n\n return b\n"
        " body(x, n)\n c = mul x x\n return c\n d = get[0] a\n return d"
    )
    x = [Value(3.0), Value(20.0)]
    (out,) = replay(program, [x, Value(10.0)])
    (out[0] + out[1]).backward()

    assert [each.grad for each in x] == [4 * 3.0**3, 1.0]


@pytest.mark.parametrize("text", [RUNNING_SUM, COLLATZ, DESCENT, DIFFUSION])
def test_on_refs_a_loop_is_recorded_as_it_is(text):
    program = parsed(text)
    with recording() as recorder:
        refs = [recorder.input(each.name, each.axes) for each in program.inputs]
        again = recorder.program(replay(program, refs))

    assert str(verify(again)) == text
    assert [op for op in again.ops if isinstance(op, Scan | While)] == [
        op for op in program.ops if isinstance(op, Scan | While)
    ]


def test_a_loop_is_not_recorded_on_what_lies_above_its_trace():
    with recording() as recorder, recording() as above:
        refs = [recorder.input("w"), above.input("x", ("steps",))]
        with pytest.raises(TraceError, match="numbers of its own trace"):
            replay(parsed(RUNNING_SUM), refs)


# -- source ----------------------------------------------------------------------------------


def test_the_source_of_a_loop_is_what_one_would_write():
    assert (
        lowered(parsed(RUNNING_SUM)).source
        == """\
def kernel(w, x, steps):
    s = 0.0
    e_steps = []
    f_steps = []
    for i in range(steps):
        x_2 = x[i]
        b = w * x_2
        c = s + b
        e_steps.append(c)
        f_steps.append(b)
        s = c
    d = s
    return [d, e_steps, f_steps]"""
    )
    assert lowered(parsed(COLLATZ)).source.startswith("""\
def kernel(n, rows):
    k_rows = []
    for i in range(rows):
        n_2 = n[i]
        steps = 0.0
        while True:
            b = 1.0 if n_2 > 1.0 else 0.0
            if not b:
                break
""")


def test_no_name_in_the_source_is_used_twice():
    # Lists, states and inputs would all be called the same.
    program = parsed(
        RUNNING_SUM.replace("(w, x[steps])", "(e_steps, s, steps, x[steps])")
        .replace("| x | w", "| x | e_steps")
        .replace("return d e f", "return d e f s steps e_steps")
    )
    found = lowered(program)([2.0, 3.0, 4.0, [1.0, 10.0]])

    assert found == [22.0, [2.0, 22.0], [2.0, 20.0], 3.0, 4.0, 2.0]


def test_loops_that_are_nested_too_deep_for_python_are_an_error():
    text = "program(x[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v])\n"
    program = parsed(text + " y = neg x\n return y")

    with pytest.raises(ProgramError, match="nested too deep for Python"):
        lowered(program)


# -- what is no loop -------------------------------------------------------------------------

ADD, LT = OPERATIONS["add"], parsed("program(x)\n a = lt x 0.0\n return a").ops[1]
X, XS, ROWS = Input("x"), Input("x", ("steps",)), Input("x", ("rows",))
ONE = Program([X], [()], (0,))
NONE = Program([], [], ())
TOTAL = Program([XS, Reduction("sum", "steps")], [(), (0,)], (1,))
SELF = Program([ROWS, Input("y")], [(), ()], (1, 1))


def loop_of(op, *operands, get=None, inputs=(X,), outputs=()):
    """Return a program with a loop, and what takes out a result."""
    ops, given = [*inputs, op], [*[()] * len(inputs), operands]
    if get:
        ops.append(get)
        given.append((len(inputs),))
    return Program(ops, given, outputs)


BROKEN = [
    (loop_of(Scan("steps", ONE, 1, 0)), "`a = scan[steps]`: it needs 1 operands (x); it has 0"),
    (loop_of(Scan("steps", ONE, 1, 0), 0, 0), "it needs 1 operands (x); it has 2"),
    (loop_of(Scan("steps", ONE, 2, 0), 0), "must take 2 states and an entry of each of 0"),
    (loop_of(Scan("steps", ONE, 1, 1), 0), "an entry of each of 1 sequences; it takes 1 inputs"),
    (loop_of(Scan("steps", Program([X], [()], ()), 1, 0), 0), "take and return 1 states"),
    (loop_of(Scan("a b", ONE, 1, 0), 0), "the axis of a scan must be called by letters"),
    (loop_of(Scan("steps", ONE, -1, 0), 0), "slot 1: a loop is made of programs, and of counts"),
    (loop_of(Scan("steps", ONE, True, 0), 0), "a loop is made of programs, and of counts"),
    (loop_of(Scan("steps", "body", 1, 0), 0), "a loop is made of programs, and of counts"),
    (loop_of(While(ONE, None), 0), "a loop is made of programs, and of counts"),
    (
        loop_of(Scan("steps", Program([X, ADD], [(), (0,)], (1,)), 1, 0), 0),
        "in its body: `a = add x`: it needs 2 operands",
    ),
    (
        loop_of(Scan("steps", Program([ROWS], [()], (1.0,)), 1, 0), 0),
        "must keep its axes from step to step; its body returns it with the axes none",
    ),
    (loop_of(Scan("steps", SELF, 2, 0), 0, 0), "the state x[rows] must keep its axes"),
    (loop_of(Scan("steps", TOTAL, 0, 1), 0), "the axis steps is met twice"),
    (loop_of(Scan("steps", ONE, 1, 0), 0, inputs=[XS]), "the axis steps is met twice"),
    (
        loop_of(
            Scan("steps", Program([ROWS, Input("y")], [(), ()], ()), 0, 0), 0, 0, inputs=[ROWS]
        ),
        "the axis rows is met twice",
    ),
    (
        loop_of(Scan("steps", loop_of(Scan("steps", ONE, 1, 0), 0, outputs=(0,)), 1, 0), 0),
        "the axis steps is met twice",
    ),
    (loop_of(While(NONE, ONE), 0), "its condition must take what its body takes, x; it takes noth"),
    (
        loop_of(While(Program([X], [()], (0, 0)), ONE), 0),
        "must return one number, without axes; it ",
    ),
    (loop_of(While(Program([X], [()], ()), ONE), 0), "must return one number"),
    (
        loop_of(While(Program([ROWS], [()], (0,)), Program([ROWS], [()], (0,))), 0),
        "must return one number, without axes; it returns 1, with the axes [('rows',)]",
    ),
    (loop_of(While(ONE, Program([X], [()], (0, 0))), 0), "must take and return 2 states"),
    (loop_of(While(Program([X, LT], [(), (0,)], (1,)), ONE), 0), "in its condition: `a = lt x`"),
    (loop_of(Scan("steps", ONE, 1, 0), 0, get=Get(1)), "`b = get[1] a`: the loop has 1 results"),
    (loop_of(Scan("steps", ONE, 1, 0), 0, get=Get(-1)), "there is no such one"),
    (loop_of(Scan("steps", ONE, 1, 0), 0, get=Get(0, ("steps",))), "`get[0]`, by its axes"),
    (loop_of(Scan("steps", ONE, 0, 1), 0, get=Get(0)), "is `get[0, steps]`, by its axes"),
    (Program([X, Get(0)], [(), (0,)], ()), "`a = get[0] x`: get takes a result out of a loop"),
    (Program([X, Get(0)], [(), (1.0,)], ()), "get takes a result out of a loop"),
    (loop_of(Scan("steps", ONE, 1, 0), 0, outputs=(1,)), "an output is a loop; take one of its"),
    (loop_of(Scan("steps", ONE, 1, 0), 0, get=OPERATIONS["neg"]), "an operand is a loop; take one"),
    (Program([X, Reduction("sum", "steps")], [(), (0,)], ()), "and no result of a loop; the axes"),
]


@pytest.mark.parametrize(("program", "said"), BROKEN)
def test_a_broken_loop_is_an_error_that_says_what_and_where(program, said):
    with pytest.raises(ProgramError) as caught:
        verify(program)

    assert said in str(caught.value)


def test_a_loop_that_is_inside_of_itself_is_an_error():
    body = Program([X, X], [(), (0,)], (0,))
    body.ops[1] = Scan("steps", body, 1, 0)

    with pytest.raises(ProgramError, match=f"nested {DEEPEST} deep"):
        verify(body)
