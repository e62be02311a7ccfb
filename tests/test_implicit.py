"""Solutions of equations: found, and differentiated by what they solve, to any order."""

import copy
import math
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nanograd import Value, cos, exp, gradient, log, sin, sqrt
from nanograd.calculus.checking import check_grad
from nanograd.calculus.constants import stop_gradient
from nanograd.calculus.forward import jvp
from nanograd.calculus.implicit import fixed_point, root
from nanograd.calculus.jacobians import jacobian
from nanograd.calculus.linear import solved
from nanograd.calculus.reverse import grad
from nanograd.calculus.taylor import jet
from nanograd.errors import ConvergenceError


def square_root(a):
    return root(lambda x: x**2 - a, 1.0)


def number(x):
    return float(getattr(x, "data", x))


def test_a_root_is_found_and_differentiated_in_what_it_closes_over():
    a = Value(2.0)
    x = square_root(a)
    x.backward()

    assert x.data == pytest.approx(math.sqrt(2.0), rel=1e-15)
    assert a.grad == pytest.approx(0.5 / math.sqrt(2.0), rel=1e-14)


def test_derivatives_of_any_order_are_those_of_the_closed_form():
    exact = jet(sqrt, (2.0,), ([1.0] + [0.0] * 7,))[1]
    function = square_root
    for slope in exact[:4]:
        function = grad(function)

        assert function(2.0) == pytest.approx(slope, rel=1e-12)
    assert jet(square_root, (2.0,), ([1.0] + [0.0] * 7,))[1] == pytest.approx(exact, rel=1e-11)


def test_a_value_has_derivatives_of_any_order_in_a_system():
    """x·y = a and x + y = a + 1 are solved by x = a, y = 1."""
    a = Value(3.0)
    x, y = root(lambda p: [p[0] * p[1] - a, p[0] + p[1] - a - 1], [4.0, 0.5])
    slope = x * x * y
    for expected in [6.0, 2.0, 0.0, 0.0]:
        (slope,) = gradient(slope, [a])

        assert slope.data == pytest.approx(expected, abs=1e-10)


def test_a_solution_is_one_operation_and_leaves_no_cycle():
    a = Value(2.0)
    x = square_root(a)
    copied = copy.deepcopy(x)
    known = weakref.ref(x)

    assert (x.op.name, x.operands) == ("root", (a,))
    assert (copied.data, copied.operands[0].data) == (x.data, 2.0)
    del x
    assert known() is None


def test_what_is_stopped_in_an_equation_is_a_constant():
    def ninth(a):
        return root(lambda x: x * a - stop_gradient(a) ** 2 + 0 * stop_gradient(x), 1.0)

    assert grad(ninth)(3.0) == pytest.approx(-9 / 9)  # of 9/a, at 3
    assert grad(grad(ninth))(3.0) == pytest.approx(2 * 9 / 27)


def test_check_grad_passes_a_solution():
    assert check_grad(lambda a, b: root(lambda x: x**3 + a * x - b, 1.0), 1.0, 2.0).partials == 2


def test_forward_mode_goes_through_a_solution():
    value, tangent = jvp(square_root, (2.0,), (3.0,))

    assert (number(value), number(tangent)) == pytest.approx((2**0.5, 1.5 / 2**0.5))


def test_a_fixed_point_has_the_derivatives_of_its_equation_not_of_its_steps():
    steps = []

    def cosine(a):
        def step(x):
            steps.append(x)
            return cos(a * x)

        return fixed_point(step, 0.5)

    a = Value(1.0)
    x = cosine(a)
    taken = len(steps)
    x.backward()
    exact = -x.data * math.sin(x.data) / (1 + math.sin(x.data))

    assert x.data == pytest.approx(0.7390851332151607, rel=1e-12)
    assert a.grad == pytest.approx(exact, rel=1e-10)
    assert taken > 50
    assert sum(isinstance(x, float) for x in steps) > taken - 10  # the search is on plain numbers


def test_plain_numbers_give_plain_numbers():
    assert type(square_root(2.0)) is float
    assert type(fixed_point(lambda x: cos(x), 1.0)) is float


def test_systems_are_nested_as_the_start_is():
    a = Value(3.0)
    found = root(
        lambda p: {"s": p["s"] + p["d"] - a, "d": p["s"] - p["d"] - 1}, {"s": 0.0, "d": 0.0}
    )
    found["s"].backward()

    assert {name: x.data for name, x in found.items()} == pytest.approx({"s": 2.0, "d": 1.0})
    assert a.grad == pytest.approx(0.5)


@settings(deadline=None)
@given(st.floats(0.0, 6.28), st.floats(0.0, 0.95))
def test_keplers_equation_has_its_known_derivatives(mean, eccentricity):
    def anomaly(m, e):
        return root(lambda x: x - e * sin(x) - m, math.pi)

    x = anomaly(mean, eccentricity)
    slope = 1 / (1 - eccentricity * math.cos(x))

    assert x - eccentricity * math.sin(x) == pytest.approx(mean, abs=1e-11)
    assert number(grad(anomaly)(mean, eccentricity)) == pytest.approx(slope, rel=1e-9)
    assert number(grad(anomaly, argnums=1)(mean, eccentricity)) == pytest.approx(
        math.sin(x) * slope, rel=1e-9, abs=1e-9
    )


def test_the_jacobian_of_a_solution_is_the_inverse_of_that_of_its_equation():
    def solution(place):
        def miss(p):
            return [p[0] * exp(p[1]) - place[0], p[0] + log(1 + p[1] ** 2) - place[1]]

        return root(miss, [1.0, 0.5])

    inverse = [[number(x) for x in row] for row in jacobian(solution)([2.0, 1.5])]
    x = solution([2.0, 1.5])
    forward = jacobian(lambda p: [p[0] * exp(p[1]), p[0] + log(1 + p[1] ** 2)])(x)
    product = [
        [
            sum(a * b for a, b in zip(row, column, strict=True))
            for column in zip(*forward, strict=True)
        ]
        for row in inverse
    ]

    assert product[0] == pytest.approx([1.0, 0.0], abs=1e-9)
    assert product[1] == pytest.approx([0.0, 1.0], abs=1e-9)


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (lambda: root(lambda x: x * x + 1, 2.0, steps=30), "root found no solution in 30 steps"),
        (lambda: root(lambda x: 0 * x + 1, 1.0), "the Jacobian of f is singular here"),
        (lambda: fixed_point(lambda x: 2 * x + 1, 1.0, steps=9), "fixed_point found no solution"),
        (lambda: fixed_point(lambda x: -x, 1.0, steps=9), "still moves x by 2 of its size"),
    ],
)
def test_a_search_without_end_is_an_error_that_tells_how_far_it_came(search, message):
    with pytest.raises(ConvergenceError, match=message):
        search()


def test_a_result_of_another_shape_is_refused():
    with pytest.raises(TypeError, match=r"root: f\(x\)"):
        root(lambda x: [x, x], 1.0)


@given(st.lists(st.integers(-3, 3), min_size=9, max_size=9))
def test_linear_equations_are_solved_as_numpy_solves_them(entries):
    numpy = pytest.importorskip("numpy", reason="numpy is missing: the solver is not compared")
    matrix = numpy.array(entries).reshape(3, 3)
    if numpy.linalg.cond(matrix) < 1e6:
        expected = numpy.linalg.solve(matrix, [1.0, 2.0, 3.0])

        assert solved(matrix.tolist(), [1.0, 2.0, 3.0]) == pytest.approx(expected, abs=1e-9)
