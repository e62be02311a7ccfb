"""The examples: what they compute is what books and closed forms say."""

import importlib
import math
import runpy
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "calculus"


@pytest.fixture
def example(monkeypatch):
    """Return a function that imports an example by its name."""
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    return importlib.import_module


def needs_scipy():
    pytest.importorskip("scipy", reason="SciPy is missing: two examples of calculus are not run")


def test_every_greek_is_its_closed_form(example):
    greeks = example("black_scholes")
    exact = greeks.closed_forms(*greeks.INPUTS)

    assert greeks.price(*greeks.INPUTS) == pytest.approx(5.741433, abs=1e-6)
    assert set(greeks.GREEKS) == set(exact)
    for name, greek in greeks.GREEKS.items():
        assert greek(*greeks.INPUTS) == pytest.approx(exact[name], rel=1e-11), name


@pytest.mark.parametrize("eccentricity", [0.0, 0.0167, 0.2056, 0.9])
def test_keplers_equation_holds_and_its_derivatives_too(example, eccentricity):
    kepler = example("kepler")
    mean = 1.1
    x = kepler.eccentric_anomaly(mean, eccentricity)
    exact = kepler.closed_forms(mean, eccentricity)
    found = (
        kepler.grad(kepler.eccentric_anomaly)(mean, eccentricity),
        kepler.grad(kepler.eccentric_anomaly, argnums=1)(mean, eccentricity),
        kepler.grad(kepler.grad(kepler.eccentric_anomaly))(mean, eccentricity),
    )

    assert x - eccentricity * math.sin(x) == pytest.approx(mean, rel=1e-13)
    assert found == pytest.approx(exact, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("place", [[1.2, 0.7], [0.3, 1.2], [1.0, -0.5]])
def test_the_hand_comes_where_it_should(example, place):
    arm = example("robot_arm")
    found = arm.angles_for(place)
    exact = arm.closed_form(place)

    assert arm.hand(found) == pytest.approx(place, abs=1e-12)
    assert found == pytest.approx(exact, abs=1e-9) or math.sin(found[1]) < 0  # the other elbow


@pytest.mark.parametrize("method", ["L-BFGS-B", "Newton-CG"])
def test_the_valley_in_two_dimensions_is_gone_through(example, method):
    needs_scipy()
    assert example("rosenbrock").minimum(2, method).x == pytest.approx([1.0] * 2, abs=1e-6)


def test_the_valley_in_a_hundred_dimensions_is_gone_through(example):
    needs_scipy()
    assert example("rosenbrock").minimum(100, "L-BFGS-B").x == pytest.approx([1.0] * 100, abs=1e-4)


def test_lynx_and_hare_have_the_published_rates(example):
    needs_scipy()
    p, squares = example("lynx_and_hare").fitted()

    # Carpenter (2018) has means of 0.55, 0.028, 0.80 and 0.024, with errors of about a tenth.
    assert p["birth"] == pytest.approx(0.55, rel=0.1)
    assert p["eaten"] == pytest.approx(0.028, rel=0.1)
    assert p["death"] == pytest.approx(0.80, rel=0.1)
    assert p["growth"] == pytest.approx(0.024, rel=0.1)
    assert math.sqrt(squares / 42) == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize("name", ["black_scholes", "kepler", "lynx_and_hare", "robot_arm"])
def test_each_example_runs_by_itself(name, capsys):
    if name == "lynx_and_hare":
        needs_scipy()
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")

    assert capsys.readouterr().out.count("\n") > 3
