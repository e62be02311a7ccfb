"""Transforms, rows and loops against JAX, whose names and meanings they have, if it is there."""

import numpy as np
import pytest

import nanograd as ng

jax = pytest.importorskip("jax", reason="not tested: transforms, rows and loops against JAX's")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

CLOSE = 1e-12


class Of:
    """The functions of a formula in one library or the other."""

    def __init__(self, module, where, names):
        self.where = where
        for name in names:
            setattr(self, name, getattr(module, name))


NAMES = ["exp", "sin", "cos", "tanh", "sqrt", "log"]
OURS, THEIRS = Of(ng, ng.where, NAMES), Of(jnp, jnp.where, NAMES)

FORMULAS = [
    lambda m, x, y: m.sin(x * y) + m.exp(-x) * y**3,
    lambda m, x, y: m.tanh(x / y) * m.log(1 + x * x),
    lambda m, x, y: m.sqrt(x * x + y * y) / (2 + m.cos(x)),
    lambda m, x, y: m.where(x > y, x * y, m.exp(y) - x),
]
POINTS = [(0.7, 1.3), (1.9, 0.4), (0.05, 2.5)]
each_formula = pytest.mark.parametrize("formula", FORMULAS)
each_way = pytest.mark.parametrize("way", [lambda f: f, ng.jit], ids=["eager", "compiled"])


def both(formula):
    """Return a formula in our library, and in theirs."""
    return (lambda x, y: formula(OURS, x, y)), (lambda x, y: formula(THEIRS, x, y))


def close(found, wanted):
    """Return whether nested numbers are the same up to rounding."""
    found, wanted = jax.tree.leaves(found), jax.tree.leaves(wanted)
    assert len(found) == len(wanted)
    for x, y in zip(found, wanted, strict=True):
        np.testing.assert_allclose(np.asarray(x, float), y, rtol=CLOSE, atol=1e-13)


@each_way
@each_formula
@pytest.mark.parametrize("at", POINTS)
def test_derivatives_are_those_of_jax(formula, at, way):
    ours, theirs = both(formula)

    close(way(ng.value_and_grad(ours, (0, 1)))(*at), jax.value_and_grad(theirs, (0, 1))(*at))
    close(way(ng.hessian(ours, (0, 1)))(*at), jax.hessian(theirs, (0, 1))(*at))
    close(
        way(lambda x, y: ng.jvp(ours, (x, y), (1.0, -2.0)))(*at),
        jax.jvp(theirs, at, (1.0, -2.0)),
    )
    close(way(ng.grad(ng.grad(ng.grad(ours))))(*at), jax.grad(jax.grad(jax.grad(theirs)))(*at))
    close(ng.vjp(ours, *at)[1](3.0), jax.vjp(theirs, *at)[1](3.0))


@each_formula
def test_rows_are_mapped_as_by_jax(formula):
    ours, theirs = both(formula)
    xs, ys = np.array(POINTS).T

    for way in (ng.vmap(ours), ng.jit(ng.vmap(ours))):
        close(way(xs, ys), jax.vmap(theirs)(xs, ys))
    for axes in [(0, None), (None, 0)]:
        given = (xs, 0.9) if axes[0] == 0 else (0.9, ys)
        found = ng.jit(ng.vmap(ng.grad(ours, (0, 1)), in_axes=axes))(*given)
        close(found, jax.vmap(jax.grad(theirs, (0, 1)), in_axes=axes)(*given))


@each_way
@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_and_its_slopes_are_those_of_jax(way, reverse):
    xs = np.linspace(-1.0, 1.0, 7)

    def of(m, scan):
        def total(w, start, xs):
            def step(state, x):
                after = m.tanh(w * state + x)
                return after, after * x

            state, given = scan(step, start, xs)
            return state, given

        return total

    ours = of(OURS, lambda step, start, xs: ng.scan(step, start, xs, reverse=reverse))
    theirs = of(THEIRS, lambda step, start, xs: jax.lax.scan(step, start, xs, reverse=reverse))

    def whole(f, add):
        def number(w, start, xs):
            state, given = f(w, start, xs)
            return state + add(given)

        return number

    close(way(ours)(0.7, 0.2, xs), theirs(0.7, 0.2, xs))
    close(
        way(ng.grad(whole(ours, ng.sum), (0, 1)))(0.7, 0.2, xs),
        jax.grad(whole(theirs, jnp.sum), (0, 1))(0.7, 0.2, xs),
    )


@each_way
def test_a_while_loop_and_its_tangent_are_those_of_jax(way):
    def ours(x):
        return ng.while_loop(lambda s: s < 100.0, lambda s: s * x + 1.0, x)

    def theirs(x):
        return jax.lax.while_loop(lambda s: s < 100.0, lambda s: s * x + 1.0, x)

    close(
        way(lambda x: ng.jvp(ours, (x,), (1.0,)))(1.7),
        jax.jvp(theirs, (1.7,), (1.0,)),
    )
