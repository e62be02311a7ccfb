"""A call with scalars among its numbers: each number that comes out is one operation on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import is_
from typing import TYPE_CHECKING, Any

from ...nanograd import Operation, Scalar
from ..tracing.data import is_data

if TYPE_CHECKING:  # it makes these
    from .compiled import Flat

Numbers = Sequence[Any]


class Call:
    """One call of a program that gives numbers, of which some that go in are scalars.

    One program gives all results, and another one all their slopes in those scalars.
    """

    def __init__(self, flat: Flat, operands: Sequence[Any], lengths: Mapping[str, int]):
        self.flat = flat
        self.operands = operands
        self.lengths = lengths
        self.places = [i for i, x in enumerate(operands) if not is_data(x)]  # of the numbers
        self.wrt = [i for i in self.places if isinstance(operands[i], Scalar)]
        self.results = Latest(self.results_at)
        self.slopes = Latest(self.slopes_at)

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
        return self.results(numbers)[of]

    def partials(self, of: int, *numbers_and_out: Any) -> tuple[Any, ...]:
        """Return the slope of one output in each number; None in those that were plain."""
        found = self.slopes(numbers_and_out[:-1])
        count = len(self.wrt)
        slopes = dict(zip(self.wrt, found[of * count : (of + 1) * count], strict=True))
        return tuple(map(slopes.get, self.places))

    def results_at(self, numbers: Numbers) -> Sequence[Any]:
        """Return all outputs for these numbers."""
        return self.flat(self.filled(numbers), self.lengths)

    def slopes_at(self, numbers: Numbers) -> Sequence[Any]:
        """Return the slopes of all outputs for these numbers, or scalars."""
        jacobian = self.flat.jacobian(tuple(self.wrt))
        return jacobian(self.filled(numbers), self.lengths)

    def filled(self, numbers: Numbers) -> list[Any]:
        """Return all operands, with these for the numbers among them."""
        found = list(self.operands)
        for i, x in zip(self.places, numbers, strict=True):
            found[i] = x
        return found


class Latest:
    """A function of numbers that remembers its latest results."""

    def __init__(self, f: Callable[[Numbers], Sequence[Any]]):
        self.f = f
        self.numbers: Numbers = ()
        self.results: Sequence[Any] | None = None

    def __call__(self, numbers: Numbers) -> Sequence[Any]:
        """Return the results; equal numbers may be different scalars, so they must be the same."""
        if self.results is None or not all(map(is_, numbers, self.numbers)):
            self.numbers, self.results = numbers, self.f(numbers)
        return self.results
