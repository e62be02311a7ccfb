"""A call with scalars among its numbers: each number that comes out is one operation on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        self.places = [i for i, x in enumerate(operands) if not is_data(x)]  # of the numbers
        self.wrt = [i for i in self.places if isinstance(operands[i], Scalar)]
        self.known: tuple[Numbers, Sequence[Any]] | None = None

    def outputs(self) -> list[Any]:
        """Return the results, as scalars."""
        numbers = [self.operands[i] for i in self.places]
        count = len(self.flat.program.outputs)
        return [self.operation(of)(*numbers) for of in range(count)]

    def operation(self, of: int) -> Operation:
        """Return the operation that makes one output of all the numbers."""
        inputs = self.flat.program.inputs
        return Operation(
            name=self.flat.name,
            symbol=self.flat.name,
            evaluate=partial(self.evaluate, of),
            partials=partial(self.partials, of),
            parameters=[inputs[i].name for i in self.places],
        )

    def evaluate(self, of: int, *numbers: float) -> Any:
        """Return one output."""
        if is_on("no_grad"):
            return self.flat(self.filled(numbers), self.lengths)[of]
        return self.with_slopes(numbers)[of]

    def partials(self, of: int, *numbers_and_out: Any) -> tuple[Any, ...]:
        """Return the slope of one output in each number; None in those that were plain."""
        found = self.with_slopes(numbers_and_out[:-1])
        count = len(self.wrt)
        start = len(self.flat.program.outputs) + of * count
        slopes = dict(zip(self.wrt, found[start : start + count], strict=True))
        return tuple(map(slopes.get, self.places))

    def with_slopes(self, numbers: Numbers) -> Sequence[Any]:
        """Return all outputs and then all slopes for these numbers, or scalars."""
        if self.known and all(map(is_same, self.known[0], numbers)):
            return self.known[1]
        jacobian = self.flat.jacobian(tuple(self.wrt))
        found = jacobian(self.filled(numbers), self.lengths)
        self.known = numbers, found
        return found

    def filled(self, numbers: Numbers) -> list[Any]:
        """Return all operands, with these for the numbers among them."""
        found = list(self.operands)
        for i, x in zip(self.places, numbers, strict=True):
            found[i] = x
        return found


def is_same(x: Any, y: Any) -> bool:
    """Return whether this is the very same number; equal scalars may be different ones."""
    return x is y or (type(x) is type(y) is float and x == y)
