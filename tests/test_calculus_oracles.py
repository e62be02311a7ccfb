"""Derivatives as functions against SymPy and PyTorch, where they are installed."""

import random

import pytest

from nanograd import exp, grad, hessian, hvp, jet, jvp, sin, tanh

#: Roundings of some ten operations, multiplied by cancellation in random formulas.
CLOSE = 1e-9

FORMS = [
    "sin({})*y",
    "exp(-({})**2)",
    "({})/(2+x**2)",
    "tanh({})+x*y",
    "({})**3",
    "2.5/(3+({})**2)",
]
SCOPE = {"sin": sin, "exp": exp, "tanh": tanh}


def formulas(count):
    """Return random formulas in x and y as text, each with a point."""
    rng = random.Random(4)
    for _ in range(count):
        text = "x*y"
        for _ in range(4):
            text = rng.choice(FORMS).format(text)
        yield text, (rng.uniform(0.3, 1.2), rng.uniform(0.3, 1.2))


def function(text, scope):
    """Return a formula as a function of x and y."""
    return eval(f"lambda x, y: {text}", dict(scope))  # noqa: S307 - a text of our own making


@pytest.mark.parametrize(("text", "at"), list(formulas(12)))
def test_derivatives_to_third_order_are_those_of_sympy(text, at):
    sympy = pytest.importorskip("sympy", reason="not tested: derivatives against sympy's")
    x, y = sympy.symbols("x y")
    formula = sympy.sympify(text)
    f = function(text, SCOPE)

    def exact(*by):
        return float(formula.diff(*by).evalf(30, subs={x: at[0], y: at[1]}))

    wanted = (exact(x), exact(y))
    assert grad(f, argnums=(0, 1))(*at) == pytest.approx(wanted, rel=CLOSE, abs=1e-13)
    assert jvp(f, at, (1.0, -2.0))[1] == pytest.approx(
        wanted[0] - 2 * wanted[1], rel=CLOSE, abs=1e-13
    )
    (xx, xy), (yx, yy) = hessian(f, argnums=(0, 1))(*at)
    second = (exact(x, x), exact(x, y), exact(x, y), exact(y, y))
    assert (xx, xy, yx, yy) == pytest.approx(second, rel=CLOSE, abs=1e-12)
    third = grad(grad(grad(f)), argnums=1)(*at)
    assert third == pytest.approx(exact(x, x, y), rel=CLOSE, abs=1e-11)
    straight = ([1.0, 0.0, 0.0], [0.0, 0.0, 0.0])
    found = jet(f, at, straight)[1]
    assert found == pytest.approx([wanted[0], second[0], exact(x, x, x)], rel=CLOSE, abs=1e-11)


@pytest.mark.parametrize(("text", "at"), list(formulas(12)))
def test_gradients_and_hessian_products_are_those_of_torch(text, at):
    torch = pytest.importorskip("torch", reason="not tested: derivatives against torch's")
    ours = function(text, SCOPE)
    theirs = function(text, {name: getattr(torch, name) for name in SCOPE})
    v = [0.5, -1.5]
    x = torch.tensor(at, dtype=torch.float64)
    _, wanted = torch.autograd.functional.hvp(
        lambda x: theirs(x[0], x[1]), x, torch.tensor(v, dtype=torch.float64)
    )
    found = hvp(lambda x: ours(x[0], x[1]))(list(at), v)

    assert found == pytest.approx(wanted.tolist(), rel=CLOSE, abs=1e-12)
