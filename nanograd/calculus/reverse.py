"""Reverse mode: the derivatives of one output in all inputs for the price of a few evaluations."""

from __future__ import annotations

from functools import wraps
from typing import Any

from .arguments import Argnums, Function, all_of, chosen
from .recording import recorded, recorded_scalar


def grad(
    f: Function,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
) -> Function:
    """Return the function that gives the derivatives of f, which must return one number.

    They are those in the argument `argnums`, nested as it is, or a tuple for several arguments.
    Where f ignores its input they are 0. Plain numbers give plain numbers, arrays give arrays, and
    Values give Values, as do Values that f itself computes with: so derivatives can be taken again,
    to any order. With `has_aux`, f returns its output and anything else beside it, and the result
    is the pair of the derivatives and that. An argument or a result that is no number, or not
    nested numbers, is a TypeError that says where; so is an argument given by name.

    >>> from nanograd import grad, sin
    >>> grad(lambda x: x**3)(2.0), grad(grad(grad(sin)))(0.0)
    (12.0, -1.0)
    >>> grad(lambda p: p["a"] * p["b"][0])({"a": 2.0, "b": [3.0, 4.0]})
    {'a': 3.0, 'b': [2.0, 0.0]}
    """

    @wraps(f)
    def derivative(*args: Any, **named: Any) -> Any:
        run = recorded_scalar(chosen("grad", f, argnums, args, named, has_aux=has_aux))
        return run.with_aux(run.gradient())

    return derivative


def value_and_grad(
    f: Function,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
) -> Function:
    """Return the function that gives the result of f and its derivatives, as `grad` does.

    With `has_aux` the result is ((output, aux), derivatives). Shapes and errors are as in `grad`.

    >>> from nanograd import value_and_grad
    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """

    @wraps(f)
    def both(*args: Any, **named: Any) -> Any:
        call = chosen("value_and_grad", f, argnums, args, named, has_aux=has_aux)
        run = recorded_scalar(call)
        slopes = run.gradient()
        return run.with_aux(run.result()), slopes

    return both


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    """Return f(*primals) and its pullback, which takes cotangents ȳ to ȳ·J.

    The pullback takes one thing nested like the result of f, and returns a tuple, the adjoints of
    all the arguments. It may be called many times: f has run once. With `has_aux`, what f returns
    beside its output comes third. Cotangents that are nested otherwise are a TypeError; data that
    was changed since f ran is a StaleError.

    >>> from nanograd import vjp
    >>> out, pullback = vjp(lambda x, y: [x * y, x + y], 2.0, 3.0)
    >>> out, pullback([1.0, 10.0])
    ([6.0, 5.0], (13.0, 12.0))
    """
    run = recorded(all_of("vjp", f, primals, has_aux=has_aux))
    run.keep()

    def pullback(cotangents: Any) -> Any:
        run.refuse_stale_data()
        leaves = run.outputs.structure.leaves_of(cotangents, "vjp: the cotangent")
        return run.structure.rebuild(run.pull(leaves))

    return run.with_aux(run.result(), pullback)
