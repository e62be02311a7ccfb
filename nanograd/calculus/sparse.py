"""Jacobians and Hessians that are mostly zero, in a handful of sweeps.

Inputs that no output shares can move in the same sweep: their columns are told apart by the rows.
So a banded Jacobian takes as many sweeps as the band is wide, however large it is (Curtis, Powell
and Reid, "On the Estimation of Sparse Jacobian Matrices", 1974).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from .arguments import Function
from .forward import linearize
from .jacobians import hvp
from .sparsity import Sparsity, sparsity
from .structure import Structure, holds_scalars, numbers

Product = Callable[[Any], Sequence[Any]]  # of the matrix with a direction
Entries = dict[tuple[int, int], Any]
Pattern = Sparsity | None


def sparse_jacobian(f: Function, pattern: Pattern = None) -> Function:
    """Return a function of x that computes the Jacobian of f at x, with few forward sweeps.

    The result is a `csr_array` where SciPy is installed, and else a dict of the entries by row and
    column; also where the entries are Values, or belong to another transform, as SciPy could not
    hold them. A pattern that is known, from `sparsity`, need not be found again; it must hold at x,
    and one for another number of inputs is a ValueError.

    >>> from nanograd import sparse_jacobian
    >>> jacobian = sparse_jacobian(lambda x: [x[0] * x[1], x[1] + x[2]])([2.0, 3.0, 4.0])
    >>> jacobian.toarray().tolist()
    [[3.0, 2.0, 0.0], [0.0, 1.0, 1.0]]
    """

    def jacobian(x: Any) -> Any:
        _, structure = numbers(x, "sparse_jacobian: x")
        where = pattern or sparsity(f)(x)
        _, push = linearize(f, x)

        def product(v: Any) -> Sequence[Any]:
            return numbers(push(v), "f(x)")[0]

        return swept(where, structure, product)

    return jacobian


def sparse_hessian(f: Function, pattern: Pattern = None) -> Function:
    """Return a function of x that computes the Hessian of f at x, with few products.

    As `sparse_jacobian`, for an f that has one number as its result; anything else is a TypeError.

    >>> from nanograd import sparse_hessian
    >>> hessian = sparse_hessian(lambda x: x[0] ** 2 * x[1] + x[2])([2.0, 3.0, 4.0])
    >>> hessian.toarray().tolist()
    [[6.0, 4.0, 0.0], [4.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """

    def hessian(x: Any) -> Any:
        _, structure = numbers(x, "sparse_hessian: x")
        where = pattern or sparsity(f, order=2)(x)
        times = hvp(f)

        def product(v: Any) -> Sequence[Any]:
            return numbers(times(x, v), "H·v")[0]

        return swept(where, structure, product)

    return hessian


def swept(where: Sparsity, structure: Structure, product: Product) -> Any:
    """Return the matrix of this pattern, from its product with one direction for each color."""
    if where.columns != structure.size:
        raise ValueError(
            f"the pattern must have a column for each number in x: it is {where}, and x has "
            f"{structure.size}. Find it at an x of this size."
        )
    colors = where.colors()
    moved = []
    for color in range(max(colors, default=-1) + 1):
        direction = [float(each == color) for each in colors]
        moved.append(product(structure.rebuild(direction)))
    found: Entries = {}
    for i, row in enumerate(where.rows):
        for j in row:
            found[i, j] = moved[colors[j]][i]
    return as_matrix(found, (len(where.rows), where.columns))


def as_matrix(found: Entries, shape: tuple[int, int]) -> Any:
    """Return the entries as a sparse matrix of SciPy, or as they are if it cannot hold them."""
    data = list(found.values())
    if not find_spec("scipy") or holds_scalars(data):
        return found
    from scipy.sparse import csr_array

    places = tuple(zip(*found, strict=True)) or ((), ())
    return csr_array((data, places), shape=shape)
