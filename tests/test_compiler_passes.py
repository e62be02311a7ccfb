"""Passes: what each does is what its docstring shows, and no bit of a result changes."""

import math
import re
import textwrap
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nanograd import OPERATIONS
from nanograd.compiler.passes.exact import ALGEBRA, PASSES, optimized, remove_dead, share, simplify
from nanograd.compiler.passes.loops import give_once, move_numbers_in, move_out
from nanograd.compiler.programs.interpreter import Interpreter
from nanograd.compiler.programs.operations import GT, STOP, Get, Input, Loop, Scan
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.program import Program
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.programs.verifying import operand_count, verify
from nanograd.modes import block

INF, NAN = math.inf, math.nan
EXTREME = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -3.0, INF, -INF, NAN, 1e308, 5e-324)


def bits(x):
    """Return what tells one float from all others, but not one nan from another."""
    return "nan" if x != x else x.hex()


@pytest.mark.parametrize("each", PASSES, ids=lambda each: each.__name__)
def test_a_pass_does_what_its_docstring_shows(each):
    before, after = re.search(
        r"(program\(.*?)\n *→\n *(program\(.*)", each.__doc__, re.DOTALL
    ).groups()

    assert str(each(parsed(before))) == textwrap.dedent(f"    {after}").rstrip()
    assert str(each(parsed(after))) == str(parsed(after))  # there is no more to do


#: Each rule of `simplify`, with what is left.
RULES = [
    ("add x -0.0", "x"),
    ("add -0.0 x", "x"),
    ("sub x 0.0", "x"),
    ("sub -0.0 x", "neg x"),
    ("mul 1.0 x", "x"),
    ("mul x 1.0", "x"),
    ("mul x -1.0", "neg x"),
    ("mul -1.0 x", "neg x"),
    ("div x 1.0", "x"),
    ("div x -1.0", "neg x"),
    ("power x 1.0", "x"),
    ("power x 0.0", "1.0"),
    ("maximum x x", "x"),
    ("minimum x x", "x"),
    ("where 1.0 x y", "x"),
    ("where -0.0 x y", "y"),
    ("where nan x y", "x"),
    ("where y x x", "x"),
    ("take 0.0 x y", "x"),
    ("take 1.0 x y", "y"),
    ("take 1.0 x 3.0", "3.0"),
    ("take -0.0 x y", "x"),
    ("take 2.0 x y", "nan"),
    ("take -1.0 x y", "nan"),
    ("take 0.5 x y", "nan"),
    ("take nan x y", "nan"),
    # These look alike, and are not exact.
    ("add x 0.0", "add x 0.0"),
    ("sub x -0.0", "sub x -0.0"),
    ("sub 0.0 x", "sub 0.0 x"),
    ("mul x 0.0", "mul x 0.0"),
    ("power x 2.0", "power x 2.0"),
    ("div x x", "div x x"),
    ("sub x x", "sub x x"),
    ("take y x x", "take y x x"),
]


@pytest.mark.parametrize(("before", "after"), RULES)
def test_a_rule_leaves_what_is_exact(before, after):
    program = simplify(parsed(f"program(x, y)\n a = {before}\n return a"))
    lines = [f"a = {after}", "return a"] if " " in after else [f"return {after}"]

    assert str(program) == "\n  ".join(["program(x, y)", *lines])
    assert_same_bits(parsed(f"program(x, y)\n a = {before}\n return a"), program)


CHAINS = [
    ("a = neg x\n b = neg a", "x"),
    ("a = neg y\n b = add x a", "sub x y"),
    ("a = neg x\n b = add a y", "sub y x"),
    ("a = neg y\n b = sub x a", "add x y"),
    ("a = abs x\n b = abs a", "abs x"),
    ("a = neg x\n b = abs a", "abs x"),
    ("a = gt x y\n b = ne a 0.0", "gt x y"),
    ("a = gt x y\n b = where a 1.0 0.0", "gt x y"),
    ("a = gt x y\n b = where a a 0.0", "gt x y"),
    ("a = ne x 0.0\n b = where a y 2.0", "where x y 2.0"),
    ("a = eq x 0.0\n b = where a y 2.0", "where x 2.0 y"),
]


@pytest.mark.parametrize(("before", "after"), CHAINS)
def test_a_rule_sees_what_an_operand_was_made_by(before, after):
    before = parsed(f"program(x, y)\n {before}\n return b")
    program = remove_dead(simplify(before))

    assert re.search(r"= (.*)|return (\w)", str(program)).group(0).split(" ", 1)[1] == after
    assert_same_bits(before, program)


@pytest.mark.parametrize("op", [*ALGEBRA], ids=lambda op: op.name)
def test_no_rule_changes_a_bit(op):
    operands = [0, 1, 2, 3, 4, 5, *EXTREME]
    count = operand_count(op) or 3  # or any number
    step = st.tuples(*[st.sampled_from(operands)] * count)

    @settings(deadline=None, max_examples=60)
    @given(step, step)
    def check(first, second):
        inside = [OPERATIONS["neg"], OPERATIONS["abs"], GT, OPERATIONS["mul"]]
        ops = [Input("x"), Input("y"), *inside, op, op]
        made = [(), (), (0,), (1,), (0, 1), (0, 4), first, second]
        program = verify(Program(ops, made, (6, 7)))
        assert_same_bits(program, verify(simplify(program)))
        assert_same_bits(program, verify(optimized(program)))

    check()


def assert_same_bits(before, after):
    """Check that two programs of x and y have the same results at all extremes."""
    ways = Interpreter(before, {}), Interpreter(after, {})
    with block("ieee"):
        for x, y in product(EXTREME, EXTREME):
            wanted, found = [way.run([x, y]) for way in ways]

            assert list(map(bits, found)) == list(map(bits, wanted)), (str(before), x, y)


def test_slots_and_numbers_are_not_mixed_up():
    program = parsed("""
        program(x, y)
          a = mul x 0.0
          b = mul x -0.0
          c = mul x x
          d = mul 1.0 x
          e = add y 1.0
          f = add y y
          g = sub x y
          h = sub y x
          return a b c d e f g h
    """)

    assert str(share(program)) == str(program)


def test_a_pass_takes_no_axis_away():
    text = """\
program(c[rows], x)
  a = where c x x
  b = power c 0.0
  d = where 1.0 x c
  e = maximum c c
  return a b d e"""
    program = verify(optimized(parsed(text)))

    assert str(program) == text.replace("  e = maximum c c\n", "").replace("b d e", "b d c")
    assert replay(program, [[0.0, 1.0], 5.0]) == [[5.0, 5.0], [1.0, 1.0], [5.0, 5.0], [0.0, 1.0]]


def test_inputs_stay_and_stops_too():
    program = parsed("program(x, y)\n  a = stop x\n  return a 2.0")

    assert str(optimized(program)) == str(program)
    assert optimized(program).ops[2] is STOP


@pytest.mark.parametrize("axes", [(), ("rows",)])
def test_a_long_program_is_no_trouble(axes):
    steps = 50_000
    ops = [Input("x", axes), *[OPERATIONS["sin"]] * steps]
    program = Program(ops, [(), *((i,) for i in range(steps))], (steps,))

    assert len(optimized(program)) == steps + 1


# -- loops -----------------------------------------------------------------------------------

#: What each pass leaves of a loop: the pass, the program before, and after.
LOOPS = {
    "a while needs what its condition needs": (
        remove_dead,
        """
        program(x, n)
          a = while x 0.0 1.0 | n
            condition(s, i, t, n)
              b = lt i n
              return b
            body(s, i, t, n)
              c = sin s
              d = add i 1.0
              e = mul t s
              return c d e
          f = get[0] a
          return f
        """,
        """
        program(x, n)
          a = while x 0.0 | n
            condition(s, i, n)
              b = lt i n
              return b
            body(s, i, n)
              c = sin s
              d = add i 1.0
              return c d
          e = get[0] a
          return e
        """,
    ),
    "a state that another needs in the next step stays": (
        remove_dead,
        """
        program(x[steps], y[steps])
          a = scan[steps] 0.0 1.0 2.0 | x y
            body(r, s, t, x, y)
              b = add s x
              c = mul t y
              return r b c t
          d = get[3, steps] a
          return d
        """,
        """
        program(x[steps], y[steps])
          a = scan[steps] 2.0 | y
            body(t, y)
              b = mul t y
              return b t
          c = get[1, steps] a
          return c
        """,
    ),
    "of a loop in a loop only what is needed outside stays": (
        remove_dead,
        """
        program(x[steps], y[inner])
          a = scan[steps] 0.0 | x | y
            body(s, x, y[inner])
              b = scan[inner] s x | y
                body(s, t, y)
                  c = add s y
                  d = mul t y
                  return c d
              e = get[0] b
              f = get[1] b
              return e f
          g = get[0] a
          return g
        """,
        """
        program(x[steps], y[inner])
          a = scan[steps] 0.0 | | y
            body(s, y[inner])
              b = scan[inner] s | y
                body(s, y)
                  c = add s y
                  return c
              d = get[0] b
              return d
          e = get[0] a
          return e
        """,
    ),
    "an axis that is counted stays": (
        remove_dead,
        """
        program(x[steps], y[inner])
          a = scan[steps] 0.0 | x | y
            body(s, x, y[inner])
              b = count[inner]
              c = add s b
              d = mul x y
              return c d
          e = get[0] a
          return e
        """,
        """
        program(x[steps], y[inner])
          a = scan[steps] 0.0 | | y
            body(s, y[inner])
              b = count[inner]
              c = add s b
              return c
          d = get[0] a
          return d
        """,
    ),
    "a number for an input with an axis stays": (
        move_numbers_in,
        """
        program(x[steps], y[inner])
          a = scan[steps] 0.0 | x 3.0 | y 2.0 1.0
            body(s, x, t, y[inner], u[inner], v)
              b = add y u
              c = mul t v
              d = add s c
              return d b
          e = get[0] a
          f = get[1, steps, inner] a
          return e f
        """,
        """
        program(x[steps], y[inner])
          a = scan[steps] 0.0 | x | y 2.0
            body(s, x, y[inner], u[inner])
              b = add y u
              c = mul 3.0 1.0
              d = add s c
              return d b
          e = get[0] a
          f = get[1, steps, inner] a
          return e f
        """,
    ),
    "what is given once is of one kind": (
        give_once,
        """
        program(x[steps, inner], w)
          a = scan[steps] w | x x | w w
            body(s, p[inner], q[inner], v, w)
              b = sub p q
              c = sum[inner] b
              d = mul v w
              e = add s d
              f = mul e c
              return f
          g = get[0] a
          return g
        """,
        """
        program(x[steps, inner], w)
          a = scan[steps] w | x | w
            body(s, p[inner], v)
              b = sub p p
              c = sum[inner] b
              d = mul v v
              e = add s d
              f = mul e c
              return f
          g = get[0] a
          return g
        """,
    ),
    "what is along an axis in one place and repeated in another is given twice": (
        give_once,
        """
        program(x[steps], w)
          a = scan[steps] 0.0 | x | w w
            body(s, x, v, w[inner])
              b = sum[inner] w
              c = mul b v
              d = add s c
              return d
          e = get[0] a
          return e
        """,
        None,
    ),
    "the axes that are left come in the order of the inputs that are left": (
        remove_dead,
        """
        program(x[steps], p[rows], q[cols], r[rows, cols])
          a = scan[steps] 0.0 | x | p q r
            body(s, x, p[rows], q[cols], r[rows, cols])
              b = add s p
              c = mul q r
              d = add s x
              return d b c
          e = get[2, steps, rows, cols] a
          return e
        """,
        """
        program(x[steps], p[rows], q[cols], r[rows, cols])
          a = scan[steps] | | q r
            body(q[cols], r[cols, rows])
              b = mul q r
              return b
          c = get[0, steps, cols, rows] a
          return c
        """,
    ),
    "a number moves into a condition too": (
        move_numbers_in,
        """
        program(x)
          a = while x | 3.0
            condition(s, v)
              b = lt s v
              return b
            body(s, v)
              c = mul s v
              return c
          d = get[0] a
          return d
        """,
        """
        program(x)
          a = while x
            condition(s)
              b = lt s 3.0
              return b
            body(s)
              c = mul s 3.0
              return c
          d = get[0] a
          return d
        """,
    ),
    "a condition takes once what the body takes once": (
        give_once,
        """
        program(s, w)
          a = while s | w w
            condition(s, v, w)
              b = lt s w
              return b
            body(s, v, w)
              c = mul s v
              d = add c w
              return d
          e = get[0] a
          return e
        """,
        """
        program(s, w)
          a = while s | w
            condition(s, v)
              b = lt s v
              return b
            body(s, v)
              c = mul s v
              d = add c v
              return d
          e = get[0] a
          return e
        """,
    ),
    "what moves out of a while is given to its condition too": (
        move_out,
        """
        program(s, w)
          a = while s | w
            condition(s, w)
              b = exp w
              c = lt s b
              return c
            body(s, w)
              d = exp w
              e = mul s d
              return e
          f = get[0] a
          return f
        """,
        """
        program(s, w)
          a = exp w
          b = while s | w a
            condition(s, w, same)
              c = exp w
              d = lt s c
              return d
            body(s, w, same)
              e = mul s same
              return e
          f = get[0] b
          return f
        """,
    ),
    "what the steps give may be what has moved": (
        move_out,
        """
        program(x[steps], w)
          a = scan[steps] 2.0 | x | w
            body(s, x, w)
              b = exp w
              c = add s 2.0
              d = mul b b
              return c d
          e = get[1, steps] a
          return e
        """,
        """
        program(x[steps], w)
          a = exp w
          b = mul a a
          c = scan[steps] 2.0 | x | w b
            body(s, x, w, same)
              d = add s 2.0
              return d same
          e = get[1, steps] c
          return e
        """,
    ),
    "a loop that is the same in each step moves out whole": (
        move_out,
        """
        program(x[steps], y[inner], w)
          a = scan[steps] 0.0 | x | y w
            body(s, x, y[inner], w)
              b = scan[inner] w | y
                body(t, y)
                  c = mul t y
                  return c
              d = get[0] b
              e = mul d 2.0
              f = add s e
              g = mul x d
              return f g e
          h = get[0] a
          return h
        """,
        """
        program(x[steps], y[inner], w)
          a = scan[inner] w | y
            body(t, y)
              b = mul t y
              return b
          c = get[0] a
          d = mul c 2.0
          e = scan[steps] 0.0 | x | y w d c
            body(s, x, y[inner], w, same, same_2)
              f = add s same
              g = mul x same_2
              return f g same
          h = get[0] e
          return h
        """,
    ),
    "a loop that may not end stays": (
        move_out,
        """
        program(x[steps], w)
          a = scan[steps] 0.0 | x | w
            body(s, x, w)
              b = while w
                condition(v)
                  c = gt v 1.0
                  return c
                body(v)
                  d = mul v 0.5
                  return d
              e = get[0] b
              f = add s e
              return f
          g = get[0] a
          return g
        """,
        None,
    ),
    "what has more axes in the body than outside stays": (
        move_out,
        """
        program(x[steps], y[inner], w)
          a = scan[steps] 0.0 | x | y w
            body(s, x, y[inner], w[inner])
              b = add w 1.0
              c = sum[inner] b
              d = add s c
              return d
          e = get[0] a
          return e
        """,
        None,
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_pass_leaves_of_a_loop_what_is_needed(name):
    each, before, after = LOOPS[name]
    program = verify(each(verify(parsed(before))))

    assert str(program) == str(parsed(after or before))
    assert str(each(program)) == str(program)


def test_what_two_loops_do_alike_is_done_once_outside():
    program = parsed("""
        program(x[steps], w)
          a = scan[steps] 0.0 | x | w
            body(s, x, w)
              b = exp w
              c = mul s b
              d = add c x
              return d
          e = get[0] a
          f = scan[steps, reversed] 1.0 | x | w
            body(s, x, w)
              g = exp w
              h = mul s g
              return h
          i = get[0] f
          return e i
    """)
    found = verify(optimized(program))
    loops = [op for op in found.ops if isinstance(op, Loop)]

    assert [op.name for op in found.ops if op is OPERATIONS["exp"]] == ["exp"]
    assert [len(loop.body.inputs) for loop in loops] == [3, 2]
    assert replay(found, [[1.0, 2.0], 0.5]) == replay(program, [[1.0, 2.0], 0.5])


COUNTING = """
    program(w)
      a = scan[inner] 0.0 | | w
        body(s, w)
          b = add s w
          return b b
      c = get[1, inner] a
      d = scan[steps] 1.0 | | w
        body(s, w)
          e = scan[inner] s | | w
            body(t, w)
              f = mul t w
              return f f
          g = get[1, inner] e
          h = add s 1.0
          return h g
      i = get[1, steps, inner] d
      return i
"""


def test_an_output_keeps_the_order_of_its_axes():
    lengths = {"steps": 2, "inner": 3}
    program = verify(parsed(COUNTING))
    found = verify(optimized(program))

    assert found.output_axes() == program.output_axes() == [("inner", "steps")]
    assert replay(found, [2.0], lengths) == [[[2.0, 4.0], [4.0, 8.0], [8.0, 16.0]]]


def test_a_loop_that_brings_an_axis_does_not_move_before_another():
    text = COUNTING.replace("scan[inner] s |", "scan[inner] 1.0 |")
    start, end = text.index("a = scan"), text.index("d = scan")
    program = verify(parsed(text[:start] + text[end:]))
    found = verify(optimized(program))

    assert found.output_axes() == program.output_axes() == [("steps", "inner")]
    lengths = {"steps": 2, "inner": 3}
    assert replay(found, [2.0], lengths) == [[[2.0, 4.0, 8.0]] * 2]


def test_many_states_in_a_row_are_no_trouble():
    states = 3000
    body = [Input(f"s{i}") for i in range(states)]
    body = Program(body, [()] * states, (0, *range(states - 1), states - 1))
    scan = Scan("steps", body, states, 0)
    ops = [Input("x", ("steps",)), scan, Get(states, ("steps",))]
    program = Program(ops, [(), tuple(map(float, range(states))), (1,)], (2,))

    assert len(optimized(program).ops[1].body) == states
