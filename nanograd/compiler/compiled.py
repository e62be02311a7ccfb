"""A traced function with its kernel, called with the numbers and arrays of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ..modes import is_on
from ..nanograd import Operation, Scalar
from .data import is_data
from .derivative import gradient
from .passes import optimized
from .program import Program
from .replay import replay
from .traced import TracedFunction

Lengths = Mapping[str, int]


class Compiled:
    """A traced function that can be called."""

    def __init__(self, traced: TracedFunction, backend: Any, precision: str):
        self.traced = traced
        self.calls = 0
        self.flat = Flat(traced.name, traced.program, backend, precision)

    def __call__(self, leaves: Sequence[Any]) -> Any:
        """Return the result of a call."""
        traced = self.traced
        operands = traced.operands(leaves)
        lengths = traced.lengths(leaves, operands)
        return traced.shape.remake(self.flat(operands, lengths), lengths)


class Flat:
    """A program with its kernel; of scalars it makes scalars."""

    def __init__(self, name: str, program: Program, backend: Any, precision: str):
        self.name = name
        self.program = program
        self.backend = backend
        self.precision = precision
        self.slopes: dict[int, Flat] = {}

    @cached_property
    def kernel(self) -> Any:
        """What runs the program."""
        return self.backend.lowered(optimized(self.program), precision=self.precision)

    def __call__(self, operands: Sequence[Any], lengths: Lengths) -> Sequence[Any]:
        """Return the results of the program."""
        if any(isinstance(x, Scalar) for x in operands):
            return self.on_scalars(operands, lengths)
        results: Sequence[Any] = self.kernel(operands, lengths)
        return results

    def gradient(self, of: int) -> Flat:
        """Return the program for one output and its derivatives in all numbers that go in."""
        if of not in self.slopes:
            wrt = [i for i, x in enumerate(self.program.inputs) if not x.axes]
            program = Program(self.program.ops, self.program.operands, (self.program.outputs[of],))
            slopes = gradient(program, wrt, values=True)
            self.slopes[of] = Flat(self.name, slopes, self.backend, self.precision)
        return self.slopes[of]

    def on_scalars(self, operands: Sequence[Any], lengths: Lengths) -> Sequence[Any]:
        """Return the results as scalars: each number one operation of the numbers that went in."""
        axes = self.program.output_axes()
        if any(axes):  # a graph for each row: there is no other way to have them one by one
            plain = [x.tolist() if hasattr(x, "tolist") else x for x in operands]
            return replay(self.program, plain, lengths)
        scalars = [x for x in operands if not is_data(x)]
        return [Step(self, of, operands, lengths).operation(*scalars) for of in range(len(axes))]


class Step:
    """One output of a program at one call, as an operation on the numbers that go in."""

    def __init__(self, flat: Flat, of: int, operands: Sequence[Any], lengths: Lengths):
        self.flat = flat
        self.of = of
        self.all_operands = operands
        self.lengths = lengths
        self.found: tuple[Any, Sequence[Any]] | None = None
        names = [x.name for x in flat.program.inputs if not x.axes]
        self.operation = Operation(flat.name, flat.name, self.evaluate, self.partials, names)

    def operands(self, numbers: Sequence[Any]) -> list[Any]:
        """Return all operands, with these for the numbers among them."""
        rest = iter(numbers)
        return [x if is_data(x) else next(rest) for x in self.all_operands]

    def evaluate(self, *numbers: float) -> float:
        """Return the output."""
        if is_on("no_grad"):
            out: float = self.flat(self.operands(numbers), self.lengths)[self.of]
            return out
        out, *slopes = self.flat.gradient(self.of)(self.operands(numbers), self.lengths)
        self.found = numbers, slopes
        return out

    def partials(self, *numbers_and_out: Any) -> tuple[Any, ...]:
        """Return the derivative of the output in each number."""
        numbers = numbers_and_out[:-1]
        is_known = self.found and not any(isinstance(x, Scalar) for x in numbers)
        if self.found and is_known and self.found[0] == numbers:
            return tuple(self.found[1])
        return tuple(self.flat.gradient(self.of)(self.operands(numbers), self.lengths)[1:])
