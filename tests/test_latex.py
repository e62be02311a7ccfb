r"""Formulas as LaTeX: read back by sympy, they have the same values and the same derivatives."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nanograd import (
    Value,
    arctan,
    cos,
    dot,
    exp,
    log,
    logsumexp,
    mean,
    prod,
    sigmoid,
    sin,
    sqrt,
    tanh,
)
from nanograd import sum as total
from nanograd.drawing.latex import to_latex
from nanograd.drawing.typesetting import tex_name

FUNCTIONS = [
    sin,
    tanh,
    exp,
    arctan,
    lambda x: log(2 + sin(x)),
    lambda x: sqrt(1 + x * x),
    lambda x: -x,
    lambda x: x**2,
    lambda x: (x + 3) ** -0.5 if x.data > -2.9 else x,
    lambda x: 1 / (2 + cos(x)),
    lambda x: 3e-7 * x - 2.5,
]
OF_TWO = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x / (2 + sin(y)),
    lambda x, y: mean([x, y, 1.0]),
    lambda x, y: total([x, -y, x]),
    lambda x, y: prod([x, y, 2.0]),
    lambda x, y: dot([x, y], [y, 3.0]),
    lambda x, y: logsumexp([x, y]),
]


def example():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    z = (x * y + 3) ** 2
    z.name = "z"
    return x, y, z


# -- by sympy --------------------------------------------------------------------------------


@st.composite
def formulas(draw):
    """Draw a formula of x and y in which each part is used once, so that it stands in one line."""
    x, y = Value(draw(st.sampled_from([0.5, -1.25, 1.75])), "x"), Value(0.75, "y")
    values = [x, y, x, y]
    while len(values) > 1:
        first, second = values.pop(), values.pop()
        function = draw(st.sampled_from(FUNCTIONS))
        values.insert(0, draw(st.sampled_from(OF_TWO))(function(first), second))
    return values[0], x, y


def read_back(latex, x, y):
    """Return the number that sympy makes of a formula of x and y."""
    sympy = pytest.importorskip("sympy", reason="not tested: LaTeX, read by sympy")
    parser = pytest.importorskip("sympy.parsing.latex")
    pytest.importorskip("antlr4", reason="antlr4 is missing: LaTeX is not read by sympy")
    formula = parser.parse_latex(latex.partition(" = ")[2])
    return float(
        formula.subs({"x": x.data, "y": y.data, "e": math.e, "pi": math.pi})
        .replace(sympy.Function("arctan"), sympy.atan)
        .evalf()
    )


@settings(deadline=None, max_examples=60)
@given(formulas())
def test_a_formula_read_back_has_its_value(drawn):
    output, x, y = drawn
    latex = to_latex(output)
    if "aligned" not in latex:
        assert read_back(latex, x, y) == pytest.approx(output.data, rel=1e-4, abs=1e-4)


@settings(deadline=None, max_examples=60)
@given(formulas())
def test_a_derivative_read_back_is_that_of_backward(drawn):
    output, x, y = drawn
    output.backward()
    for leaf in (x, y):
        latex = to_latex(output, by=leaf)
        if "aligned" not in latex:
            assert read_back(latex, x, y) == pytest.approx(leaf.grad, rel=1e-4, abs=1e-4)


# -- by eye ----------------------------------------------------------------------------------


def test_the_example_and_its_derivatives():
    x, y, z = example()

    assert z.to_latex() == r"z = \left(x\,y + 3\right)^{2}"
    assert z.to_latex(by=x) == r"\frac{\partial z}{\partial x} = 2\,\left(x\,y + 3\right)\,y"
    assert z.to_latex(by=y) == r"\frac{\partial z}{\partial y} = 2\,\left(x\,y + 3\right)\,x"
    assert x.to_latex() == "x = 2"


def test_named_and_shared_parts_have_lines_of_their_own():
    x = Value(0.5, "x")
    p = sigmoid(x)
    p.name = "p"
    a = p * p
    lines = to_latex(a + a.exp()).splitlines()

    assert lines[1:-1] == [
        r"p &= \sigma\left(x\right) \\",
        r"a &= p\,p \\",
        r"c &= a + e^{a}",
    ]


def test_a_large_graph_is_cut_with_dots():
    value = x = Value(1.0, "x")
    for _ in range(500):
        value = value * value * 0.5 + 1 / (1 + value)
    for latex in (to_latex(value), to_latex(value, by=x)):
        assert latex.count("\n") < 45
        assert r"\vdots" in latex
        assert max(map(len, latex.splitlines())) < 1000


def test_what_the_output_does_not_depend_on_has_the_derivative_0():
    x, y = Value(1.0, "x"), Value(2.0, "y")

    assert to_latex(x * 2, by=y) == r"\frac{\partial a}{\partial y} = 0"


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("w", "w"),
        ("w1", "w_{1}"),
        ("w_10", "w_{10}"),
        ("theta", r"\theta"),
        ("theta2", r"\theta_{2}"),
        ("loss", r"\mathrm{loss}"),
        ("y_pred", r"y_{\mathrm{pred}}"),
        ("a′", "a'"),
        ("100 %", r"\text{100 \%}"),
        (r"\input{x}", r"\text{\textbackslash{}input\{x\}}"),
        ("$x$", r"\text{\$x\$}"),
        ("😀", r"\text{😀}"),
    ],
)
def test_names_are_set_as_mathematics_or_as_text(name, latex):
    assert tex_name(name) == latex


def test_braces_are_balanced_whatever_the_names():
    x = Value(1.0, "}{\\end{aligned}")
    latex = to_latex(x * x)
    depth = 0
    for before, sign in zip(" " + latex, latex, strict=False):
        depth += (sign == "{") - (sign == "}") if before != "\\" else 0
        assert depth >= 0

    assert depth == 0
