"""SciPy's optimizers and solvers, given exact derivatives: nested numbers in, nested numbers out.

SciPy is imported when one of them is called; it comes with the extra `science`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, cast

from .calculus.forward import linearize
from .calculus.jacobians import hessian, jacobian
from .calculus.reverse import grad, value_and_grad
from .calculus.structure import Structure, numbers
from .errors import short
from .real import data_of

Function = Callable[..., Any]

WITHOUT_DERIVATIVES = frozenset({"cobyla", "cobyqa", "nelder-mead", "powell"})
WITH_HESSIAN = frozenset({"dogleg", "newton-cg", "trust-constr", "trust-exact"})
IMPLICIT = frozenset({"BDF", "LSODA", "Radau"})
WITH_PRODUCT = frozenset({"newton-cg", "trust-constr", "trust-krylov", "trust-ncg"})
MANY = 50  # numbers in x: with more, products with the Hessian are cheaper than all of it


def scipy(module: str) -> Any:
    """Return a module of SciPy, or raise an ImportError that says how to install it."""
    try:
        return import_module(f"scipy.{module}")
    except ImportError:
        raise ImportError(
            "nanograd.optimize needs SciPy, which is not installed. In a clone of nanograd: "
            'python3 -m pip install ".[science]"'
        ) from None


class Flat:
    """A function of nested numbers, seen as one of a flat list of them."""

    def __init__(self, f: Function, structure: Structure, what: str):
        self.f = f
        self.structure = structure
        self.what = what

    def __call__(self, *xs: Any) -> Any:
        """Return f at these numbers, of which the last argument is the list."""
        *others, flat = xs
        return self.f(*others, self.structure.rebuild(list(flat)))

    def many(self, *xs: Any) -> list[Any]:
        """Return the numbers in f at these numbers as a list."""
        found, _ = numbers(self(*xs), self.what)
        if not found:
            raise TypeError(f"{self.what} must have a number in it. Is a return missing?")
        return found

    def one(self, flat: Any) -> Any:
        """Return the number that f is at these numbers."""
        found = self.many(flat)
        if len(found) > 1:
            raise TypeError(f"{self.what} must be one number; it is {short(found)}. Return a sum.")
        return found[0]

    def alike(self, *xs: Any) -> list[Any]:
        """Return the numbers in f at these numbers, in the order of their places in x."""
        found, structure = numbers(self(*xs), self.what)
        by_place = dict(zip(structure.paths(), found, strict=True))
        places = list(self.structure.paths())
        if by_place.keys() != set(places):
            given = ", ".join(by_place) or "no places"
            raise TypeError(f"{self.what} must have the places {', '.join(places)}; it has {given}")
        return [by_place[place] for place in places]


def with_arguments(f: Function, options: dict[str, Any]) -> Function:
    """Return f with the further arguments that are among SciPy's options, and take them out."""
    args, named = options.pop("args", ()), options.pop("kwargs", {})
    more = args if isinstance(args, tuple) else (args,)
    return lambda x: f(x, *more, **named)


def refuse_derivatives(name: str, options: Mapping[str, Any]) -> None:
    """Raise a TypeError if derivatives are among the options: those of f are known."""
    given = {"hess", "hessp", "jac"} & options.keys()
    if given:
        raise TypeError(
            f"{name} has the derivatives of f from f itself; it was given {min(given)} too. Leave "
            f"that out, or call the {name} of SciPy."
        )


# -- optimizing ------------------------------------------------------------------------------


def minimize(
    f: Function,
    x0: Any,
    *,
    method: str | None = None,
    constraints: Any = (),
    **options: Any,
) -> Any:
    """Return SciPy's result of minimizing f from x0 on, with the gradient that f has.

    x0 is a number, an array, or numbers nested in lists, tuples, dicts and dataclasses; f takes
    what is nested like it, and returns one number. In the result `x` and `jac` are nested like x0.
    Methods that take a Hessian are given it, or its products where x has more than 50 numbers. A
    constraint may be SciPy's dict with `type` and `fun`, where `fun` takes what f takes: its
    Jacobian is given too. All other options, as `bounds` and `tol`, are those of
    `scipy.optimize.minimize`; bounds are of the flat numbers, in order. A `jac` or `hess` among
    them, or an f that returns more than one number, is a TypeError.

    >>> from nanograd import optimize
    >>> def rosenbrock(p):
    ...     return (1 - p["x"]) ** 2 + 100 * (p["y"] - p["x"] ** 2) ** 2
    >>> result = optimize.minimize(rosenbrock, {"x": -1.0, "y": 2.0}, method="Newton-CG", tol=1e-9)
    >>> {name: round(value, 6) for name, value in result.x.items()}
    {'x': 1.0, 'y': 1.0}
    """
    refuse_derivatives("minimize", options)
    start, structure = numbers(x0, "minimize: x0")
    flat = Flat(with_arguments(f, options), structure, "minimize: f(x)")
    given = {"method": method, "constraints": constrained(constraints, structure), **options}
    given |= derivatives(flat, str(method or "").lower(), len(start))
    found = scipy("optimize").minimize(x0=plain(start), **given)
    found.x = structure.rebuild(found.x.tolist())
    if "jac" in found and len(found.jac) == len(start):
        found.jac = structure.rebuild(plain(found.jac).tolist())
    return found


def derivatives(flat: Flat, method: str, size: int) -> dict[str, Any]:
    """Return what a method of `minimize` is given: f alone, or with its derivatives."""
    if method in WITHOUT_DERIVATIVES:
        return {"fun": lambda x: data_of(flat.one(x.tolist()))}
    both = value_and_grad(flat.one)

    def value_and_slopes(x: Any) -> tuple[float, Any]:
        value, slopes = both(x.tolist())
        return data_of(value), plain(slopes)

    given: dict[str, Any] = {"fun": value_and_slopes, "jac": True}
    if method in WITH_PRODUCT and (size > MANY or method not in WITH_HESSIAN):
        given["hessp"] = products(flat.one)
    elif method in WITH_HESSIAN:
        bends = hessian(flat.one)
        given["hess"] = lambda x: matrix(bends(x.tolist()))
    return given


def products(f: Function) -> Function:
    """Return the product of the Hessian of f at x with v; the slopes at x are recorded once."""
    slopes = grad(f)

    @lru_cache(maxsize=1)
    def at(*x: float) -> Function:
        _, push = linearize(slopes, list(x))
        return cast("Function", push)

    return lambda x, v: plain(at(*x.tolist())(v.tolist()))


def constrained(constraints: Any, structure: Structure) -> Any:
    """Return the constraints, those that are dicts as functions of flat numbers with a Jacobian."""
    if isinstance(constraints, Mapping):
        return constrained([constraints], structure)
    if not isinstance(constraints, Sequence):
        return constraints
    return [
        with_jacobian(each, structure) if isinstance(each, Mapping) else each
        for each in constraints
    ]


def with_jacobian(constraint: Mapping[str, Any], structure: Structure) -> dict[str, Any]:
    """Return a constraint on flat numbers, with the Jacobian of its function."""
    rest = dict(constraint)
    f = with_arguments(rest.pop("fun"), rest)
    flat = Flat(f, structure, "minimize: a constraint")
    slopes = jacobian(flat.many)
    ours = {
        "fun": lambda x: plain(flat.many(x.tolist())),
        "jac": lambda x: matrix(slopes(x.tolist())),
    }
    return {**rest, **ours}


def least_squares(residuals: Function, x0: Any, **options: Any) -> Any:
    """Return SciPy's result of making the squares of the residuals small, with their Jacobian.

    `residuals` takes what is nested like x0, and returns a list or an array, or any nested numbers.
    In the result `x` is nested like x0. The options are those of `scipy.optimize.least_squares`; a
    `jac` among them, or residuals without a number, is a TypeError.

    >>> from nanograd import exp, optimize
    >>> times, heights = [0.0, 1.0, 2.0], [3.0, 1.5, 0.75]
    >>> def residuals(p):
    ...     return [p["a"] * exp(-p["k"] * t) - y for t, y in zip(times, heights)]
    >>> found = optimize.least_squares(residuals, {"a": 1.0, "k": 1.0}).x
    >>> round(found["a"], 6), round(found["k"], 6)  # 3, and ln 2
    (3.0, 0.693147)
    """
    refuse_derivatives("least_squares", options)
    start, structure = numbers(x0, "least_squares: x0")
    f = with_arguments(residuals, options)
    flat = Flat(f, structure, "least_squares: the residuals")
    slopes = jacobian(flat.many)
    found = scipy("optimize").least_squares(
        lambda x: plain(flat.many(x.tolist())),
        plain(start),
        jac=lambda x: matrix(slopes(x.tolist())),
        **options,
    )
    found.x = structure.rebuild(found.x.tolist())
    return found


# -- differential equations ------------------------------------------------------------------


def solve_ivp(f: Function, t_span: Sequence[float], y0: Any, **options: Any) -> Any:
    """Return SciPy's solution of dy/dt = f(t, y) from y0 on; implicit methods get the Jacobian.

    y is nested like y0, and so is f(t, y); a tuple or an array may stand for a list. In the result
    `y` is an array as SciPy has it, with a row for each number. The options are those of
    `scipy.integrate.solve_ivp`; without a `method` it is Radau, which is for stiff equations and
    makes most of a Jacobian. Rates that are not nested like y are a TypeError.

    >>> from nanograd import optimize
    >>> found = optimize.solve_ivp(lambda t, y: [-1000.0 * (y[0] - t)], (0.0, 1.0), [1.0])
    >>> round(float(found.y[0][-1]), 3)
    0.999
    """
    refuse_derivatives("solve_ivp", options)
    start, structure = numbers(y0, "solve_ivp: y0")
    flat = Flat(lambda args, t, y: f(t, y, *args), structure, "solve_ivp: f(t, y)")
    method = options.pop("method", "Radau")
    if getattr(method, "__name__", method) in IMPLICIT:
        slopes = jacobian(flat.alike, argnums=2)
        options["jac"] = lambda t, y, *args: matrix(slopes(args, t, y.tolist()))
    return scipy("integrate").solve_ivp(
        lambda t, y, *args: plain(flat.alike(args, t, y.tolist())),
        t_span,
        plain(start),
        method=method,
        **options,
    )


def plain(scalars: Sequence[Any]) -> Any:
    """Return the plain numbers in these scalars as an array."""
    return array(list(map(data_of, scalars)))


def matrix(rows: Sequence[Sequence[Any]]) -> Any:
    """Return the rows of a matrix as an array of plain numbers."""
    return array([list(map(data_of, row)) for row in rows])


def array(numbers_: Any) -> Any:
    """Return a NumPy array; who has SciPy has NumPy."""
    return import_module("numpy").array(numbers_, dtype=float)
