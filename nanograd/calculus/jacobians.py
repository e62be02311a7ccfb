"""Matrices of derivatives: of many outputs in many inputs, and of second order.

The function runs once. Then a Jacobian takes one sweep for each input or for each output, and a
Hessian one sweep forward and one back, which run the rules once more on Duals, for each input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from ..errors import TraceError
from ..labels import current_line
from .arguments import Argnums, Function, alike, chosen
from .forward import Dual, jvp, moved_by
from .levels import new_level
from .recording import Run, Steps, recorded, recorded_scalar
from .reverse import grad
from .structure import Leaves, Structure, array
from .traces import in_trace

Matrix = Sequence[Leaves]
Sweeps = Callable[[Run], Matrix]
Unit = tuple[Structure, slice]


def jacobian(
    f: Function,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
) -> Function:
    """Return the function that gives the derivative of each number in the result in each input.

    It is nested as the result is, and within that as the argument `argnums` is (a tuple for several
    arguments). Where a result or an argument is an array, so is the block for the two: its shape is
    that of the result followed by that of the argument. There are as many sweeps as inputs, or as
    outputs if they are fewer. With `has_aux` the result is the pair of this and the aux of f. What
    is no number, in the argument or in the result, is a TypeError that says where.

    >>> from nanograd import jacobian
    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1], x[1] ** 2])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0], [0.0, 6.0]]
    """
    return jacobian_by(shorter, "jacobian", f, argnums, has_aux=has_aux)


def jacfwd(
    f: Function,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
) -> Function:
    """Return what `jacobian` does, by one forward sweep for each input: for few inputs.

    Shapes and errors are those of `jacobian`.

    >>> from nanograd import jacfwd
    >>> jacfwd(lambda t: (t**2, [3 * t]))(2.0)
    (4.0, [3.0])
    """
    return jacobian_by(columns, "jacfwd", f, argnums, has_aux=has_aux)


def jacrev(
    f: Function,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
) -> Function:
    """Return what `jacobian` does, by one reverse sweep for each output: for few outputs.

    Shapes and errors are those of `jacobian`.

    >>> from nanograd import jacrev
    >>> jacrev(lambda x, y: [x * y], argnums=(0, 1))(2.0, 3.0)
    [(3.0, 2.0)]
    """
    return jacobian_by(rows, "jacrev", f, argnums, has_aux=has_aux)


def jacobian_by(
    sweeps: Sweeps,
    transform: str,
    f: Function,
    argnums: Argnums,
    *,
    has_aux: bool,
) -> Function:
    """Return the function that gives the Jacobian of f by these sweeps."""

    @wraps(f)
    def derivative(*args: Any, **named: Any) -> Any:
        run = recorded(chosen(transform, f, argnums, args, named, has_aux=has_aux))
        return run.with_aux(nested(sweeps(run), run.outputs.structure, run.structure))

    return derivative


def rows(run: Run) -> Matrix:
    """Return the Jacobian of a run, by one reverse sweep for each output."""
    refuse_columns(run.outputs.leaves, "vjp")
    return [run.pull(seed) for seed in basis(len(run.outputs.leaves))]


def columns(run: Run) -> Matrix:
    """Return the Jacobian of a run, by one forward sweep for each input."""
    refuse_columns(run.inputs, "jvp or hvp")
    found = [run.push(seed) for seed in basis(len(run.inputs))]
    return list(zip(*found, strict=True)) if found else [[] for _ in run.outputs.leaves]


def shorter(run: Run) -> Matrix:
    """Return the Jacobian of a run, by as few sweeps as that takes."""
    inputs, outputs = run.inputs, run.outputs.leaves
    if has_columns(outputs) or (len(inputs) < len(outputs) and not has_columns(inputs)):
        return columns(run)
    return rows(run)


def has_columns(leaves: Leaves) -> bool:
    """Return whether one of these stands for all entries of an array in a compiled function."""
    return any(getattr(x, "axes", ()) for x in leaves)


def refuse_columns(leaves: Leaves, other: str) -> None:
    """Raise a TraceError if there would have to be a sweep for each entry of an array."""
    if has_columns(leaves):
        raise TraceError(
            f"{current_line()}: a matrix with as many rows or columns as an array has entries is "
            "not possible while a function is compiled, as how many these are is not known. Take "
            f"grad or {other}, give the numbers in a list, or keep this part out of jit."
        )


def basis(size: int) -> list[list[float]]:
    """Return the rows of the identity: the directions of the axes."""
    return [[float(i == j) for j in range(size)] for i in range(size)]


# -- second order ----------------------------------------------------------------------------


def hessian(
    f: Function,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
) -> Function:
    """Return the function that gives all second derivatives of f, which must return one number.

    They are nested as the argument is, and within that again; with several `argnums`, a tuple of
    tuples. For an array of shape s it is one of shape s + s. The price is that of one `hvp` for
    each input. With `has_aux` the result is the pair of this and the aux of f.

    >>> from nanograd import hessian
    >>> hessian(lambda x: x[0] ** 2 * x[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """

    @wraps(f)
    def second(*args: Any, **named: Any) -> Any:
        if in_trace("run"):
            slopes = grad(f, argnums, has_aux=has_aux)
            return jacfwd(slopes, argnums, has_aux=has_aux)(*args, **named)
        run = recorded_scalar(chosen("hessian", f, argnums, args, named, has_aux=has_aux))
        found = [product(run, direction) for direction in basis(len(run.inputs))]
        return run.with_aux(nested(found, run.structure, run.structure))

    return second


def hvp(
    f: Function,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
) -> Function:
    """Return the function that gives the product of the Hessian of f with a direction.

    It takes the arguments of f and then the direction, which is nested as the argument `argnums`
    is (or a tuple for several), and so is the product; another nesting is a TypeError. The Hessian
    is not computed: the price is that of a few gradients, however many inputs there are
    (Pearlmutter 1994). With `has_aux` the result is the pair of this and the aux of f.

    >>> from nanograd import hvp
    >>> hvp(lambda x: x[0] ** 2 * x[1])([2.0, 3.0], [1.0, 0.0])
    [6.0, 4.0]
    """

    @wraps(f)
    def times(*args: Any, **named: Any) -> Any:
        if not args:
            raise TypeError("hvp: the direction must be given, after the arguments of f")
        *args_of_f, direction = args
        if in_trace("run"):
            slopes = chosen("hvp", grad(f, argnums, has_aux=has_aux), argnums, args_of_f, named)
            primals, tangents = (slopes.tree,), (direction,)
            _, *found = jvp(slopes.function, primals, tangents, has_aux=has_aux)
            return tuple(found) if has_aux else found[0]
        call = chosen("hvp", f, argnums, args_of_f, named, has_aux=has_aux)
        run = recorded_scalar(call)
        leaves = run.structure.leaves_of(direction, "hvp: the direction")
        return run.with_aux(run.structure.rebuild(product(run, leaves)))

    return times


def product(run: Run, tangents: Leaves) -> Leaves:
    """Return H·ẋ: the tangent of the gradient, while the inputs move along ẋ.

    A forward sweep finds how each node moves. Then the reverse sweep is taken on Duals: each rule
    for partials gives, of what moves, the partials with their own tangents.
    """
    moving = run.moving(tangents)
    with new_level() as level:
        duals = {x: Dual(level, run.primal(x), x_dot) for x, x_dot in moving.items()}

        def reading(x: Any) -> Any:
            return duals[x] if x in duals else run.primal(x)

        def steps() -> Steps:
            for node, edges in run.kept_steps:
                yield node, run.edges_at(node, reading) if node in duals else edges

        pulled = run.pull([1.0], steps)
    found = [moved_by(x_bar, level) for x_bar in pulled]
    return [alike(x, entry) for x, entry in zip(run.primals, found, strict=True)]


# -- nesting ---------------------------------------------------------------------------------


def nested(matrix: Matrix, outer: Structure, inner: Structure) -> Any:
    """Return a matrix, with a row for each number of `outer`, in that structure of `inner`s."""
    blocks = []
    for row_unit, row_place in places(outer):
        band = matrix[row_place]
        row = []
        for unit, place in places(inner):
            entries = [x for entries in band for x in entries[place]]
            row.append(block(entries, row_unit, unit))
        blocks.append(inner.arrange(iter(row)))
    return outer.arrange(iter(blocks))


def places(structure: Structure) -> list[Unit]:
    """Return the units of a structure, each with its place in the list of numbers."""
    found = []
    start = 0
    for unit in structure.units():
        found.append((unit, slice(start, start + unit.width)))
        start += unit.width
    return found


def block(entries: Leaves, outer: Structure, inner: Structure) -> Any:
    """Return the entries of one unit in another: an array if one of them is, or one number."""
    if outer.shape is None and inner.shape is None:
        return entries[0]
    shape = (outer.shape or ()) + (inner.shape or ())
    return array(entries, shape)
