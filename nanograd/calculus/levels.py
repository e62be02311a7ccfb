"""The levels of transforms: which differentiation a number belongs to, and who records what.

Each transform takes a level of its own while it runs a function, higher than all before it. The
numbers that it differentiates in are *lifted* to that level: each holds a lower scalar, its primal.
Where levels meet in one operation the highest records it, and to that one the others are constants.
So two differentiations can never be mixed up, and one can be differentiated by another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from ..evaluation import numbers_in, slopes
from ..modes import block, is_on
from ..nanograd import Operation, Scalar, Value
from ..real import NumberLike, data_of, number

#: Levels are never used twice: a number that escaped from its transform is told from all others.
LEVELS = count(1)

#: The levels open now, in any thread, and whether a `no_grad` block was open around each.
OPEN: dict[int, bool] = {}


@contextmanager
def new_level() -> Iterator[int]:
    """Open a level until the block ends."""
    level = next(LEVELS)
    OPEN[level] = is_on("no_grad")
    try:
        yield level
    finally:
        del OPEN[level]


class Lifted(Scalar, NumberLike):
    """A scalar of a level: it goes by the number of its primal, the lower scalar inside."""

    __slots__ = ("level", "primal")
    primal: Any

    def record(self, op: Operation, operands: Sequence[Any]) -> Any:
        """Return what this scalar, the highest of the operands, makes of the operation."""
        if self.level not in OPEN:
            raise escaped(self)
        return self.lift(op, operands)

    def lift(self, op: Operation, operands: Sequence[Any]) -> Any:
        """Return the scalar of this level for op at these operands, none of which is higher."""
        raise NotImplementedError

    def constant(self, primal: Any) -> Any:
        """Return a scalar of this level through which no derivative flows."""
        raise NotImplementedError

    @property
    def data(self) -> float:  # type: ignore[override]
        """The plain number inside."""
        return data_of(self.primal)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.data!r}, level={self.level})"


def escaped(x: Any) -> TypeError:
    """Return the error for a scalar that is used after its transform has ended."""
    return TypeError(
        f"{x!r} belongs to a call of grad, jvp or another transform that has returned; outside, "
        "it has no derivative. Return it from the function, for example with has_aux=True, or "
        "keep its .data, the plain number."
    )


def below(x: Any, level: int) -> Any:
    """Return the primal of a scalar of this level; anything lower is returned as it is."""
    return x.primal if isinstance(x, Lifted) and x.level == level else x


def is_recording(level: int) -> bool:
    """Return whether operations are recorded at this level: no `no_grad` block is open inside."""
    return not is_on("no_grad") or OPEN[level]


def partials_at(op: Operation, primals: Sequence[Any], out: Any) -> Sequence[Any]:
    """Return the partials of op at these numbers or scalars: None where no derivative flows."""
    if not isinstance(out, Scalar):
        return slopes(op, numbers_in(op, primals), out, Value)
    operands = [x if isinstance(x, Scalar) else number(x) for x in primals]
    partials: Sequence[Any] = op.partials(*operands, out)
    if op.chooses:
        return [None if p is None or p == 0 else p for p in partials]
    return partials


def unfailing(compute: Callable[[], Any]) -> Any:
    """Return what this computes: in a derivative infinity is an answer, as in IEEE 754."""
    try:
        return compute()
    except (ArithmeticError, ValueError):
        with block("ieee"):
            return compute()


def is_zero(x: Any) -> bool:
    """Return whether x is a plain 0: a direction that is not followed, not even at a pole."""
    return not isinstance(x, Scalar) and x == 0.0
