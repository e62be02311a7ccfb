"""Sparse matrices of derivatives: the pattern holds, and the entries are those of the full ones."""

import math

import pytest
from hypothesis import given, settings
from programs import points, systems

from nanograd import OPERATIONS, hypot, logsumexp, no_grad, sin, where
from nanograd import sum as total
from nanograd.calculus.checkpointing import checkpoint
from nanograd.calculus.forward import jvp
from nanograd.calculus.jacobians import hessian, jacfwd, jacobian
from nanograd.calculus.reverse import grad
from nanograd.calculus.sparse import sparse_hessian, sparse_jacobian
from nanograd.calculus.sparsity import Sparsity, bends, sparsity


def band(x):
    last = len(x) - 1
    return [x[i] ** 2 + x[max(i - 1, 0)] * sin(x[min(i + 1, last)]) for i in range(len(x))]


def rosenbrock(x):
    return total([100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1)])


def entries(matrix):
    """Return the entries of a sparse matrix by row and column, with SciPy or without it."""
    return matrix if isinstance(matrix, dict) else dict(matrix.todok().items())


def full(matrix, shape):
    found = entries(matrix)
    return [[found.get((i, j), 0.0) for j in range(shape[1])] for i in range(shape[0])]


POINTS = [math.sin(3.0 * i) for i in range(30)]


def test_a_banded_jacobian_takes_three_sweeps_and_has_the_right_entries():
    found = sparse_jacobian(band)(POINTS)

    assert max(sparsity(band)(POINTS).colors()) == 2
    for row, expected in zip(full(found, (30, 30)), jacobian(band)(POINTS), strict=True):
        assert row == pytest.approx(expected, rel=1e-14)


def test_a_band_of_ten_thousand_takes_three_sweeps():
    points = [math.sin(i) for i in range(10_000)]
    pattern = sparsity(band)(points)
    found = entries(sparse_jacobian(band, pattern)(points))

    assert max(pattern.colors()) == 2
    assert len(found) == 29_998
    assert found[5000, 5001] == pytest.approx(points[4999] * math.cos(points[5001]))


def test_a_sparse_hessian_is_the_hessian():
    pattern = sparsity(rosenbrock, order=2)(POINTS)
    found = full(sparse_hessian(rosenbrock, pattern)(POINTS), (30, 30))

    assert max(pattern.colors()) == 2
    for row, expected in zip(found, hessian(rosenbrock)(POINTS), strict=True):
        assert row == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)
@given(systems(), points)
def test_no_derivative_lies_outside_of_the_pattern(f, x):
    output = lambda x: total(f(x))  # noqa: E731
    first, second = sparsity(f)(x).rows, sparsity(output, order=2)(x).rows
    found = [
        *zip(jacobian(f)(x), first, strict=True),
        *zip(hessian(output)(x), second, strict=True),
    ]

    for row, pattern in found:
        assert all(entry == 0.0 or j in pattern for j, entry in enumerate(row))


@pytest.mark.parametrize(
    ("name", "operands", "pairs"),
    [
        ("add", (1.0, 2.0), set()),
        ("sub", (1.0, 2.0), set()),
        ("mul", (1.0, 2.0), {(0, 1), (1, 0)}),
        ("div", (1.0, 2.0), {(0, 1), (1, 0), (1, 1)}),
        ("sin", (1.0,), {(0, 0)}),
        ("relu", (1.0,), set()),
        ("dot", (1.0, 2.0, 3.0, 4.0), {(0, 2), (1, 3), (2, 0), (3, 1)}),
    ],
)
def test_rules_tell_which_slopes_depend_on_which_operands(name, operands, pairs):
    found = set(bends(OPERATIONS[name], operands, range(len(operands))))

    assert pairs <= found
    assert found <= pairs | {(1, 0)} | ({(0, 0), (0, 1)} if name == "div" else set())


def test_the_pattern_is_that_of_the_branch_taken():
    f = lambda x: [where(x[0] > 0, x[1], x[2])]  # noqa: E731

    assert sparsity(f)([1.0, 2.0, 3.0]).rows == ((1,),)
    assert sparsity(f)([-1.0, 2.0, 3.0]).rows == ((2,),)


def test_dense_and_constant_rows():
    assert sparsity(lambda x: [logsumexp(x), 3.0, x[0]])([1.0, 2.0]).rows == ((0, 1), (), (0,))
    assert sparsity(lambda x: hypot(x[0], x[1]), order=2)([3.0, 4.0]).rows == ((0, 1), (0, 1))


def test_nested_arguments_are_flattened_in_order():
    found = sparsity(lambda p: {"y": p["b"] * 2, "z": p["a"][1]})({"a": [1.0, 2.0], "b": 3.0})

    assert (found.rows, found.columns) == (((2,), (1,)), 3)


@pytest.mark.parametrize("order", [0, 3, "2"])
def test_an_order_that_is_not_one_or_two_is_refused(order):
    with pytest.raises(ValueError, match="order of a sparsity is 1 or 2"):
        sparsity(band, order=order)


def test_a_hessian_is_of_one_number():
    with pytest.raises(TypeError, match="sparsity: the function must return one number"):
        sparsity(lambda x: [x, x], order=2)(1.0)


def test_columns_that_share_a_row_differ_in_color():
    pattern = Sparsity(((0, 2), (1, 2), (0, 1)), 3)

    assert sorted(pattern.colors()) == [0, 1, 2]
    assert repr(pattern) == "Sparsity(3 × 3, 6 entries)"


def test_without_scipy_the_entries_come_by_row_and_column(monkeypatch):
    monkeypatch.setattr("nanograd.calculus.sparse.find_spec", lambda _: None)

    assert sparse_jacobian(lambda x: [x[0] * x[1]])([2.0, 3.0]) == {(0, 0): 3.0, (0, 1): 2.0}


def test_with_scipy_it_is_a_sparse_array():
    pytest.importorskip("scipy", reason="SciPy is missing: its sparse arrays are not tested")
    found = sparse_jacobian(band)(POINTS)

    assert (found.shape, found.format, found.nnz) == ((30, 30), "csr", 88)


def second_slope(w):
    """Return d²/dx₀² of w·x₀³ at 2, by a sparse Hessian whose function closes over w."""
    return sparse_hessian(lambda x: w * x[0] ** 3 + x[1])([2.0, 3.0])[0, 0]


def slope_at(w):
    """Return the slope of 5·x₀² at w, by a sparse Jacobian."""
    return sparse_jacobian(lambda x: [5.0 * x[0] ** 2, x[1]])([w, 3.0])[0, 0]


def test_a_pattern_is_found_in_a_no_grad_block():
    with no_grad():
        pattern = sparsity(lambda x: [x[0] * x[1], x[1]])([2.0, 3.0])

    assert pattern.rows == ((0, 1), (1,))


@pytest.mark.parametrize("slope", [grad, jacfwd, lambda f: lambda x: jvp(f, (x,), (1.0,))[1]])
@pytest.mark.parametrize(("f", "expected"), [(second_slope, 12.0), (slope_at, 10.0)])
def test_sparse_matrices_can_be_differentiated(slope, f, expected):
    assert slope(f)(7.0) == pytest.approx(expected)


def test_a_pattern_of_another_size_is_refused():
    pattern = sparsity(band)(POINTS)

    with pytest.raises(ValueError, match=r"30 × 30, 88 entries.*and x has 3"):
        sparse_jacobian(band, pattern)(POINTS[:3])


def test_a_rule_that_runs_a_transform_tells_its_dependences():
    cubed = checkpoint(lambda x: x**3)
    for _ in range(2):
        assert sparsity(lambda x: cubed(x[0]) * x[1], order=2)([2.0, 3.0]).rows == ((0, 1), (0,))
