"""SciPy's optimizers and solvers with our derivatives."""

import math

import pytest

from nanograd import Value, exp, optimize, sin

pytest.importorskip("scipy", reason="SciPy is missing: nanograd.optimize is not tested")
import numpy as np


def rosenbrock(x):
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1))


#: On the way to the right minimum, SciPy's trlib divides by the length of a gradient that has come
#: to nothing, and computes with arrays of numpy.empty: which warning that gives depends on what was
#: in that memory before. Our part of the work gives none, as the other methods show.
KRYLOV = pytest.param("trust-krylov", marks=pytest.mark.filterwarnings("ignore::RuntimeWarning"))


@pytest.mark.parametrize(
    "method",
    [
        *("BFGS", "CG", "L-BFGS-B", "Newton-CG", "Nelder-Mead", "Powell", "SLSQP", "TNC", None),
        *("dogleg", "trust-constr", "trust-exact", KRYLOV, "trust-ncg", "COBYQA"),
    ],
)
def test_every_method_finds_the_minimum(method):
    options = {"maxiter": 2000} if method in {"trust-constr", "Nelder-Mead"} else {}
    start = [0.9, 0.8] if method == "dogleg" else [-1.2, 1.0]  # dogleg: where it is convex
    found = optimize.minimize(rosenbrock, start, method=method, tol=1e-9, options=options)

    assert found.x == pytest.approx([1.0, 1.0], abs=2e-3)
    assert isinstance(found.x, list)


def test_many_numbers_take_products_of_the_hessian():
    found = optimize.minimize(rosenbrock, [0.9] * 60, method="Newton-CG", tol=1e-10)

    assert found.x == pytest.approx([1.0] * 60, abs=1e-6)
    assert found.nhev > 0


@pytest.mark.parametrize(
    ("start", "rebuilt"),
    [
        (np.array([3.0, 4.0]), lambda x: isinstance(x, np.ndarray) and x.shape == (2,)),
        ({"a": 3.0, "b": [4.0]}, lambda x: set(x) == {"a", "b"} and isinstance(x["b"], list)),
        (3.0, lambda x: isinstance(x, float)),
    ],
)
def test_the_result_is_nested_as_the_start_is(start, rebuilt):
    def squares(x):
        if isinstance(x, dict):
            return x["a"] ** 2 + x["b"][0] ** 2
        return sum(each**2 for each in x) if hasattr(x, "__len__") else x**2

    assert rebuilt(optimize.minimize(squares, start).x)


def test_bounds_hold():
    found = optimize.minimize(rosenbrock, [0.0, 0.0], bounds=[(None, 0.5), (None, None)])

    assert found.x[0] == pytest.approx(0.5)


def test_constraints_are_given_with_their_jacobian():
    circle = {"type": "eq", "fun": lambda p: p["x"] ** 2 + p["y"] ** 2 - 1}
    found = optimize.minimize(
        lambda p: p["x"] + p["y"], {"x": 1.0, "y": 0.0}, method="SLSQP", constraints=circle
    )

    assert list(found.x.values()) == pytest.approx([-math.sqrt(0.5)] * 2, abs=1e-3)


def test_least_squares_fits_a_curve():
    times = [0.1 * i for i in range(30)]
    heights = [2.0 * math.exp(-0.7 * t) * math.sin(3 * t) for t in times]

    def residuals(p):
        pairs = zip(times, heights, strict=True)
        return [p[0] * exp(-p[1] * t) * sin(p[2] * t) - y for t, y in pairs]

    found = optimize.least_squares(residuals, [1.0, 1.0, 2.8])

    assert found.x == pytest.approx([2.0, 0.7, 3.0], rel=1e-6)


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA", "RK45"])
def test_a_stiff_equation_is_solved(method):
    span = (0.0, 0.1) if method == "RK45" else (0.0, 10.0)
    found = optimize.solve_ivp(
        lambda t, y: {"fast": -1000 * (y["fast"] - y["slow"]), "slow": -y["slow"]},
        span,
        {"fast": 0.0, "slow": 1.0},
        method=method,
        rtol=1e-8,
        atol=1e-10,
    )

    assert found.success
    assert found.y[1][-1] == pytest.approx(math.exp(-span[1]), rel=1e-5)
    assert found.y[0][-1] == pytest.approx(math.exp(-span[1]) * 1000 / 999, rel=1e-4)


def test_a_function_that_closes_over_values_is_optimized_too():
    w = Value(3.0)
    found = optimize.minimize(lambda x: (x[0] - w) ** 2, [0.0])

    assert found.x == pytest.approx([3.0])
    assert w.grad == 0.0


def test_further_arguments_go_to_f_and_to_constraints():
    def f(p, a, b=0.0):
        return (p[0] - a) ** 2 + (p[1] - b) ** 2

    line = {"type": "eq", "fun": lambda p, total: p[0] + p[1] - total, "args": (2.0,)}
    found = optimize.minimize(f, [0.0, 0.0], args=(3.0, 1.0), constraints=line)
    fitted = optimize.least_squares(
        lambda p, a, *, b: [p[0] - a * b], [0.0], args=(3.0,), kwargs={"b": 2.0}
    )
    decayed = optimize.solve_ivp(lambda t, y, k: [-k * y[0]], (0.0, 1.0), [1.0], args=(2.0,))

    assert optimize.minimize(f, [0.0, 0.0], args=3.0).x == pytest.approx([3.0, 0.0], abs=1e-6)
    assert found.x == pytest.approx([2.0, 0.0], abs=1e-6)
    assert fitted.x == pytest.approx([6.0])
    assert decayed.y[0][-1] == pytest.approx(math.exp(-2.0), rel=1e-2)


def oscillator(_, y):
    return {"v": -y["x"], "x": y["v"]}


@pytest.mark.parametrize(
    ("f", "start"),
    [
        (oscillator, {"x": 1.0, "v": 0.0}),
        (lambda t, y: (y[1], -y[0]), [1.0, 0.0]),
        (lambda t, y: [y[1], -y[0]], np.array([1.0, 0.0])),
    ],
)
@pytest.mark.parametrize("method", ["Radau", "RK45"])
def test_the_rates_of_an_equation_go_by_their_places(f, start, method):
    found = optimize.solve_ivp(f, (0.0, 1.0), start, method=method, rtol=1e-9, atol=1e-9)

    assert found.y[:, -1] == pytest.approx([math.cos(1.0), -math.sin(1.0)], abs=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: optimize.solve_ivp(lambda t, y: [y[0]], (0, 1), [1.0, 0.0]),
            "must have the places",
        ),
        (lambda: optimize.least_squares(lambda p: None, [1.0]), "Is a return missing"),
        (lambda: optimize.minimize(lambda p: p[0], [1.0], jac=len), "given jac too"),
        (lambda: optimize.least_squares(lambda p: p, [1.0], jac=len), "given jac too"),
    ],
)
def test_what_scipy_could_not_use_is_an_error_that_says_so(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_a_result_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match="must be one number"):
        optimize.minimize(lambda x: [x[0], x[0]], [1.0])


def test_without_scipy_the_error_says_how_to_install_it(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr("nanograd.optimize.import_module", missing)

    with pytest.raises(ImportError, match=r'python3 -m pip install "\.\[science\]"'):
        optimize.minimize(lambda x: x**2, 1.0)
