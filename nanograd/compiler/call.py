"""A call with scalars among its numbers: each number that comes out is one operation on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..modes import is_on
from ..nanograd import Operation, Scalar
from .data import is_data

if TYPE_CHECKING:  # it makes these
    from .compiled import Flat

Numbers = Sequence[Any]


class Call:
    """One call of a program that gives numbers, of which some that go in are scalars.

    The program runs once, for all results and for their slopes in those scalars.
    """

    def __init__(self, flat: Flat, operands: Sequence[Any], lengths: Mapping[str, int]):
        self.flat = flat
        self.operands = operands
        self.lengths = lengths
        self.numbers = [x for x in operands if not is_data(x)]
        self.wrt = [i for i, x in enumerate(operands) if isinstance(x, Scalar)]
        self.known: tuple[Numbers, Sequence[Any]] | None = None

    def outputs(self) -> list[Any]:
        """Return the results, as scalars."""
        return [self.operation(of)(*self.numbers) for of in range(len(self.flat.program.outputs))]

    def operation(self, of: int) -> Operation:
        """Return the operation that makes one output of all the numbers."""
        names = [x.name for x in self.flat.program.inputs if not x.axes]
        evaluate: Callable[..., Any] = partial(self.evaluate, of)
        return Operation(
            self.flat.name, self.flat.name, evaluate, partial(self.partials, of), names
        )

    def evaluate(self, of: int, *numbers: float) -> Any:
        """Return one output."""
        if is_on("no_grad"):
            return self.flat(self.filled(numbers), self.lengths)[of]
        return self.with_slopes(numbers)[of]

    def partials(self, of: int, *numbers_and_out: Any) -> tuple[Any, ...]:
        """Return the slope of one output in each number; None in those that were plain."""
        found = self.with_slopes(numbers_and_out[:-1])
        start = len(self.flat.program.outputs) + of * len(self.wrt)
        slopes = dict(zip(self.wrt, found[start : start + len(self.wrt)], strict=True))
        places = [i for i, x in enumerate(self.operands) if not is_data(x)]
        return tuple([slopes.get(i) for i in places])

    def with_slopes(self, numbers: Numbers) -> Sequence[Any]:
        """Return all outputs and then all slopes for these numbers, or scalars."""
        if self.known and is_same(self.known[0], numbers):
            return self.known[1]
        found = self.flat.jacobian(tuple(self.wrt))(self.filled(numbers), self.lengths)
        self.known = numbers, found
        return found

    def filled(self, numbers: Numbers) -> list[Any]:
        """Return all operands, with these for the numbers among them."""
        rest = iter(numbers)
        return [x if is_data(x) else next(rest) for x in self.operands]


def is_same(xs: Numbers, ys: Numbers) -> bool:
    """Return whether these are the very same numbers; equal scalars may be different ones."""
    return all(
        x is y or (type(x) is type(y) is float and x == y) for x, y in zip(xs, ys, strict=True)
    )
