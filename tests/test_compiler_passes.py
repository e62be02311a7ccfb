"""Passes: what each does is what its docstring shows, and no bit of a result changes."""

import math
import re
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nanograd import OPERATIONS
from nanograd.compiler.operations import GT, STOP, Input
from nanograd.compiler.parsing import parsed
from nanograd.compiler.passes import ALGEBRA, PASSES, optimized, remove_dead, share, simplify
from nanograd.compiler.program import Program
from nanograd.compiler.replay import replay
from nanograd.compiler.verifying import operand_count, verify

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
    # These look alike, and are not exact.
    ("add x 0.0", "add x 0.0"),
    ("sub x -0.0", "sub x -0.0"),
    ("sub 0.0 x", "sub 0.0 x"),
    ("mul x 0.0", "mul x 0.0"),
    ("power x 2.0", "power x 2.0"),
    ("div x x", "div x x"),
    ("sub x x", "sub x x"),
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
    step = st.tuples(*[st.sampled_from(operands)] * operand_count(op))

    @settings(deadline=None, max_examples=150)
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
    for x in EXTREME:
        for y in EXTREME:
            wanted, found = replay(before, [x, y]), replay(after, [x, y])

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


def test_a_long_program_is_no_trouble():
    steps = 100_000
    ops = [Input("x"), *[OPERATIONS["sin"]] * steps]
    program = Program(ops, [(), *((i,) for i in range(steps))], (steps,))

    assert len(optimized(program)) == steps + 1
