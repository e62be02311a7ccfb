"""Forward mode: each number takes its tangent along, and no graph is kept.

A Dual x + ẋε stands for a number that moves: after z = f(x, y) its tangent is ż = f₁ẋ + f₂ẏ, by the
same partials that `backward()` uses. Seeded with a direction, one evaluation gives J·ẋ.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from ..nanograd import Operation
from .arguments import Function, alike, all_of
from .levels import Lifted, below, is_recording, is_zero, new_level, partials_at, unfailing
from .recording import recorded
from .structure import Leaves
from .traces import in_trace


class Dual(Lifted):
    """A scalar with its tangent, in the level of one forward pass; None is a tangent of zero."""

    __slots__ = ("tangent",)

    def __init__(self, level: int, primal: Any, tangent: Any = None):
        self.level = level
        self.primal = primal
        self.tangent = tangent

    def lift(self, op: Operation, operands: Leaves) -> Dual:
        """Return the Dual of op: its tangent is the sum of partials times tangents."""
        level = self.level
        primals = [below(x, level) for x in operands]
        out = op(*primals)
        tangents = [tangent_of(x, level) for x in operands]
        if set(tangents) == {None} or not is_recording(level):
            return Dual(level, out)

        def tangent() -> Any:
            partials = partials_at(op, primals, out)
            pairs = zip(tangents, partials, strict=True)
            return total([x_dot * p for x_dot, p in pairs if x_dot is not None and p is not None])

        return Dual(level, out, unfailing(tangent))

    def constant(self, primal: Any) -> Dual:
        """Return a Dual that does not move."""
        return Dual(self.level, primal)


def total(shares: Leaves) -> Any:
    """Return the sum of these shares of a derivative; of none it is None."""
    return reduce(add, shares) if shares else None


def jvp(
    f: Function,
    primals: Leaves,
    tangents: Leaves,
    *,
    has_aux: bool = False,
) -> Any:
    """Return f(*primals) and J·tangents, its derivative along this direction, in one forward pass.

    `primals` and `tangents` are one tuple each, of all arguments and of their tangents, which are
    nested alike, or it is a TypeError. The second result is nested like the first. With `has_aux`,
    f returns its output and anything else beside it, and that comes third.

    >>> from nanograd import jvp
    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    call = all_of("jvp", f, primals, has_aux=has_aux)
    leaves, structure = call.leaves()
    given = tuple(tangents) if isinstance(tangents, list) else tangents
    directions = structure.leaves_of(given, "jvp: tangents")
    if in_trace("run"):
        run = recorded(call)
        moving = run.outputs.structure.rebuild(run.push(directions))
        return run.with_aux(run.result(), moving)
    with new_level() as level:
        duals = [
            Dual(level, x, None if is_zero(x_dot) else x_dot)
            for x, x_dot in zip(leaves, directions, strict=True)
        ]
        outputs = call.outputs(structure.rebuild(duals))
    out = outputs.structure.rebuild([below(y, level) for y in outputs.leaves])
    moved = outputs.structure.rebuild([moved_by(y, level) for y in outputs.leaves])
    if has_aux:
        return out, moved, outputs.aux(lambda x: below(x, level))
    return out, moved


def tangent_of(x: Any, level: int) -> Any:
    """Return the tangent of x in this level, or None if it does not move."""
    return x.tangent if isinstance(x, Dual) and x.level == level else None


def moved_by(y: Any, level: int) -> Any:
    """Return the tangent of an output in this level; of a constant it is 0."""
    tangent = tangent_of(y, level)
    return alike(below(y, level), 0.0 if tangent is None else tangent)


def linearize(
    f: Function,
    *primals: Any,
    has_aux: bool = False,
) -> Any:
    """Return f(*primals) and the linear function that takes tangents ẋ, one per argument, to J·ẋ.

    The linear function may be called many times: f has run once. Tangents that are not nested like
    the arguments are a TypeError; data that was changed since f ran is a StaleError. With
    `has_aux`, what f returns beside its output comes third.

    >>> from nanograd import linearize
    >>> out, pushforward = linearize(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pushforward(1.0, 0.0), pushforward(0.0, 1.0)
    (6.0, 3.0, 2.0)
    """
    run = recorded(all_of("linearize", f, primals, has_aux=has_aux))
    run.keep()

    def pushforward(*tangents: Any) -> Any:
        run.refuse_stale_data()
        leaves = run.structure.leaves_of(tangents, "linearize: the tangents")
        return run.outputs.structure.rebuild(run.push(leaves))

    return run.with_aux(run.result(), pushforward)
