"""Programs as text: written, read back, and refused with the place of what is wrong."""

import contextlib
import doctest
import importlib
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nanograd import OPERATIONS
from nanograd.compiler.programs.operations import GT, Get, Input, Reduction, While
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.program import Program
from nanograd.compiler.programs.verifying import verify
from nanograd.errors import ProgramError

SQUARES = """\
program(w, x[rows], y[rows])
  a = mul w x
  b = sub a y
  c = power b 2.0
  d = sum[rows] c
  return d"""

#: Every kind of line that a loop brings.
LOOPS = """\
program(w, n, x[rows, steps])
  a = scan[steps, reversed] 0.0 w | x | w
    body(s, t, x, w)
      b = mul w x
      c = scan[inner] s | | x
        body(s, x)
          d = add s x
          return d d
      e = get[0] c
      f = get[1, inner] c
      g = sum[inner] f
      return e g b 1.0
  h = get[0] a
  i = get[2, steps] a
  j = while h | n
    condition(s, n)
      k = lt s n
      return k
    body(s, n)
      l = mul s 2.0
      return l
  m = get[0] j
  return m i 2.5"""

MODULES = [
    "backends.numpy",
    "backends.python",
    "derivatives.derivative",
    "passes.bodies",
    "programs.grouping",
    "programs.interpreter",
    "programs.operations",
    "programs.parsing",
    "programs.program",
    "programs.replay",
    "programs.rows",
    "programs.text",
    "programs.verifying",
    "tracing.refs",
    "tracing.trace",
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(f"nanograd.compiler.{name}")).failed == 0


def test_the_text_says_what_the_program_holds():
    program = parsed(SQUARES)

    assert program.inputs == [Input("w"), Input("x", ("rows",)), Input("y", ("rows",))]
    assert program.operands[3:] == [(0, 1), (3, 2), (4, 2.0), (5,)]
    assert [type(x) for x in program.operands[5]] == [int, float]
    assert program.ops[6] == Reduction("sum", "rows")
    assert program.outputs == (6,)
    assert program.axes() == [(), *[("rows",)] * 5, ()]
    assert str(program) == SQUARES


def test_the_text_of_loops_says_what_they_hold():
    program = parsed(LOOPS)
    scan, loop = program.ops[3], program.ops[6]

    assert (scan.axis, scan.states, scan.sequences, scan.is_reversed) == ("steps", 2, 1, True)
    assert program.operands[3] == (0.0, 0, 2, 0)
    assert scan.body.inputs == [*map(Input, "stxw")]
    assert scan.body.ops[5].body.outputs == (2, 2)
    assert program.ops[4:6] == [Get(0), Get(2, ("steps",))]
    assert isinstance(loop, While)
    assert (len(loop.condition), len(loop.body)) == (3, 3)
    assert program.order == ("rows", "steps")
    assert program.axes()[3:] == [("rows",), ("rows",), ("rows", "steps"), ("rows",), ("rows",)]
    assert str(program) == LOOPS


def test_how_loops_are_indented_is_free():
    flat = "\n".join(line.strip() for line in LOOPS.splitlines())

    assert str(parsed(flat)) == LOOPS


@pytest.mark.parametrize(
    "groups", ["0.0 | x | x", "0.0 | x", "0.0 | | x", "| x x", "| | x", "", "x"]
)
def test_groups_of_operands_that_are_empty_at_the_end_are_left_out(groups):
    names = "pqr"[: len(groups.replace("|", "").split())]
    states = len(groups.split("|")[0].split())
    head = f"scan[steps] {groups}".rstrip()
    text = f"""\
program(x)
  a = {head}
    body({", ".join(names)})
      return {" ".join(names[:states])}"""
    text = text.rstrip() + "\n  return x"

    assert str(verify(parsed(text))) == text


def test_comments_blank_lines_and_names_are_free():
    loose = SQUARES.replace("  ", "\t ").replace("\n", "  # so it is\n\n").replace("d", "total")
    loose = loose.replace("return", " return").replace("atotal", "ad").replace("mul", "mul ")

    assert str(parsed(loose.replace("atd", "add"))) == SQUARES


@pytest.mark.parametrize("x", [0.0, -0.0, 0.1, 1e-320, 1e300, -math.inf, math.inf, 2.0**53 + 2])
def test_a_number_is_read_back_to_the_bit(x):
    program = parsed(str(Program([Input("x"), GT], [(), (0, x)], (x,))))

    for found in (program.outputs[0], program.operands[1][1]):
        assert (found, math.copysign(1, found)) == (x, math.copysign(1, x))


def test_not_a_number_is_read_back():
    (found,) = parsed(str(Program([], [], (math.nan,)))).outputs

    assert math.isnan(found)


def test_names_of_slots_go_around_those_of_inputs():
    program = parsed("program(b, a)\n x = neg b\n y = neg x\n return y a")

    assert str(program) == "program(b, a)\n  c = neg b\n  d = neg c\n  return d a"


def test_after_z_come_numbers():
    inputs = ["x", "z", "c1"]
    steps = [(0,)] * 30
    program = Program([*map(Input, inputs), *[OPERATIONS["neg"]] * 30], [*[()] * 3, *steps], (32,))

    assert re.findall(r"(\w+) =", str(program))[-8:] == [
        "w",
        "y",
        "a1",
        "b1",
        "d1",
        "e1",
        "f1",
        "g1",
    ]
    assert str(parsed(str(program))) == str(program)


@pytest.mark.parametrize(
    "name",
    ["while", "scan", "get", "body", "lt", "<b>", "stop", "two words", 'quo"te', "día", "return"],
)
def test_operations_of_users_are_called_by_any_name(declared, name):
    @declared("?", name=name, partials=lambda x, y, out: (1.0, 1.0))
    def strange(x, y):
        return x + y

    text = str(Program([Input("x"), strange], [(), (0, 0)], (1,)))

    assert parsed(text).ops[1] is strange
    assert str(parsed(text)) == text


WRONG = [
    # text, line, column, what is said
    ("", 1, 1, "`program"),
    ("program", 1, 8, "the line ends"),
    ("program(x", 1, 10, "the line ends"),
    ("program(x y)\n return", 1, 11, "`,` or `\\)`"),
    ("program(x, x)\n return", 1, 12, "two are called x"),
    ("program(nan)\n return", 1, 9, "the name of an input"),
    ("program(x[r, c], y[c, r])\n return", 1, 18, "one order"),
    ("program(x[r, r])\n return", 1, 9, "each once"),
    ("program(x)", 1, 11, "the name of a slot, or `return`"),
    ("program(x)\n  a = ad x x\n return", 2, 7, "is it add?"),
    ("program(x)\n  a = add x\n return", 2, 3, "2 operands \\(x, y\\); it has 1"),
    ("program(x)\n  a = neg x x\n return", 2, 3, "it has 2"),
    ("program(x)\n  a = neg b\n return", 2, 11, "b is not defined above"),
    ("program(x)\n  a = neg a\n return", 2, 11, "a is not defined above"),
    ("program(x)\n  x = neg x\n return", 2, 3, "x is taken"),
    ("program(x)\n  inf = neg x\n return", 2, 3, "a slot"),
    ("program(x)\n  a = sum[rows] x\n return", 2, 3, "no input has the axis rows"),
    ("program(x[r])\n  a = prod[r] x\n return", 2, 3, "one of sum, max, count"),
    ("program(x[r])\n  a = count[r] x\n return", 2, 3, "it has 1"),
    ("program(x)\n  a = neg 1.0.0\n return", 2, 11, "a slot or a number"),
    ("program(x)\n  a = neg 2x\n return", 2, 11, "a slot or a number"),
    ('program(x)\n  a = "\\q" x\n return', 2, 7, "a name in quotes"),
    ("program(x)\n  return x\n  a", 3, 3, "nothing below `return`"),
    ("program(x)\n  return y", 2, 10, "y is not defined above"),
    ("program(x)\n  a = scan[s] x", 2, 16, "`body"),
    ("program(x)\n  a = scan[s] x\n  return x", 3, 3, "`body"),
    ("program(x)\n  a = scan[s, t] x\n  body(x)\n  return x", 2, 7, "may be `reversed`"),
    ("program(x)\n  a = scan[s] x | | | x\n  body(x)\n  return x", 2, 7, "one `|` too many"),
    ("program(x)\n  a = scan[s] x\n  body(y)\n  return x", 4, 10, "x is not defined above"),
    ("program(x)\n  a = scan[s] x\n  body(x)\n  return\n  return", 2, 3, "return 1 states"),
    ("program(x)\n  a = scan[s] x\n  body(x)\n  b = neg\n  return x", 4, 3, "it needs 1 op"),
    ("program(x)\n  a = while x\n  body(x)\n  return x", 3, 3, "`condition"),
    (
        "program(x)\n  a = while x\n  condition(x)\n  return x\n  body(x)\n  return x x\n",
        2,
        7,
        "the body must return the 1 numbers of the state; it returns 2",
    ),
    ("program(x)\n  a = get[x] x\n  return", 2, 11, "the number of a result is expected"),
    ("program(x)\n  a = get[1.0] x\n  return", 2, 11, "the number of a result is expected"),
    ("program(x)\n  a = get[0 x\n  return", 2, 13, "`,` or `\\]`"),
    ("program(x)\n  a = get[0] x\n  return", 2, 3, "get takes a result out of a loop"),
    ("program(x)\n  a = scan[s] x\n  body(x)\n  return x\n  return a", 5, 3, "is a loop; take"),
    ("program(x)\n  a = neg x | x\n  return", 2, 13, "the end of the line"),
    ("program(x)\n  return x | x", 2, 12, "the end of the line"),
    ("program(x)\n" + "a = scan[s] x\nbody(x)\n" * 12, 22, 5, "nested 10 deep"),
]


@pytest.mark.parametrize(("text", "line", "column", "said"), WRONG)
def test_what_is_wrong_is_said_with_its_place(text, line, column, said):
    with pytest.raises(ProgramError, match=said) as caught:
        parsed(text)

    assert str(caught.value).startswith(f"line {line}, column {column}: ")


LETTERS = st.sampled_from(sorted({*SQUARES, *LOOPS, *'"\\#\t%é\x00'}))


@settings(deadline=None, max_examples=400)
@given(st.sampled_from([SQUARES, LOOPS]), st.data())
def test_damaged_text_is_a_program_or_one_kind_of_error(text, data):
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 6))
        text = text[:place] + data.draw(st.text(LETTERS, max_size=4)) + text[place + cut :]

    with contextlib.suppress(ProgramError):  # any other is a crash
        program = verify(parsed(text))
        assert str(parsed(str(program))) == str(program)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_lines_in_any_order_are_a_program_or_one_kind_of_error(data):
    lines = LOOPS.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        line = data.draw(st.sampled_from(lines))
        place = data.draw(st.integers(1, len(lines)))
        lines[place : place + data.draw(st.integers(0, 2))] = [line]

    with contextlib.suppress(ProgramError):  # any other is a crash
        program = verify(parsed("\n".join(lines)))
        assert str(parsed(str(program))) == str(program)


X, NEG, ADD = Input("x"), OPERATIONS["neg"], OPERATIONS["add"]
TAKE = OPERATIONS["take"]
DAMAGED = [
    (Program([X, NEG], [(), (1,)], (1,)), "`a = neg a`: an operand must be one of the 1 slots"),
    (Program([X, NEG], [(), (7,)], (1,)), "`a = neg %7`"),
    (Program([X, NEG], [(), (-1,)], (1,)), "`a = neg %-1`"),
    (Program([X, ADD], [(), (0,)], (1,)), "`a = add x`: it needs 2 operands"),
    (Program([X, TAKE], [(), ()], (1,)), "`a = take`: it needs at least index; it has 0 operands"),
    (
        Program([X, NEG], [(), (True,)], (1,)),
        "a number, which is a float; it is True, of type bool",
    ),
    (Program([X, NEG], [(), ("x",)], (1,)), "it is 'x', of type str"),
    (Program([X], [()], (1,)), "an output must be one of the 1 slots"),
    (Program([X], [()], (None,)), "an output must be a slot"),
    (Program([X, NEG], [()], (0,)), "2 operations and 1 tuples"),
    (Program([NEG, X], [(1.0,), ()], (0,)), "the inputs are first in a program; x comes later"),
    (Program([X, "neg"], [(), (0,)], (1,)), "slot 1: an instruction is an operation"),
    (Program([Input("a b")], [()], (0,)), "an input must be called by letters"),
    (Program([Input("a", ("1",))], [()], (0,)), "an axis of a must be called by letters"),
    (Program([X, X], [(), ()], (0,)), "two are called x"),
    (Program([X, Reduction("sum", "rows")], [(), (0,)], (1,)), "the axes are: none"),
]


@pytest.mark.parametrize(("program", "said"), DAMAGED)
def test_verify_finds_each_kind_of_damage(program, said):
    with pytest.raises(ProgramError) as caught:
        verify(program)

    assert said in str(caught.value)
