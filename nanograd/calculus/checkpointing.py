"""Less memory for long computations: a part of a graph becomes one step of it.

What goes on inside `f` is recorded, differentiated at once, and forgotten. One operation stays:
from the inputs of f to a result, with its slopes in them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from ..adjoints import adjoints
from ..collector import collector_paused
from ..errors import short
from ..modes import is_on
from ..nanograd import Operation, Scalar, Value
from .constants import STOPPED
from .reverse import grad
from .structure import Structure, numbers

Function = Callable[..., Any]
Leaves = Sequence[Any]


def checkpoint(f: Function) -> Function:
    """Return f as a function that keeps no graph of what goes on inside.

    Its results and their derivatives are the same, of any order. In the graph, each number in its
    result is one value, whose operands are the numbers in its arguments. So a loop of a million
    steps, run as a thousand calls of a function that makes a thousand, keeps a few thousand
    values, not millions. That takes a backward pass through f for each number in its result,
    at once; each further derivative runs f again.

    Arguments and result are numbers, nested in lists, tuples, dicts, dataclasses and arrays. All
    Values that f computes with must be arguments: if it closes over one, that is a TypeError.
    Inside other transforms, as jvp, also where it closes over a number of one, and in a `no_grad`
    block, it is f itself.

    >>> from nanograd import Value, checkpoint
    >>> @checkpoint
    ... def thousand(x, rate):
    ...     for _ in range(1000):
    ...         x = x + rate * x
    ...     return x
    >>> x = Value(1.0)
    >>> y = thousand(x, 0.001)
    >>> y.backward()
    >>> y.parents, round(y.data, 3), round(x.grad, 3)
    ((Value(1.0, grad=2.716923932235896),), 2.717, 2.717)
    """

    @wraps(f)
    def condensed(*args: Any) -> Any:
        leaves, structure = numbers(args, "checkpoint: the arguments")
        if is_on("no_grad") or any(map(is_lifted, leaves)):
            return f(*args)
        return Segment(f, structure).run(leaves)

    return condensed


def is_lifted(x: Any) -> bool:
    """Return whether x belongs to a transform that is going on."""
    return isinstance(x, Scalar) and not isinstance(x, Value)


class Segment:
    """A function of a flat list of numbers, to be run without keeping its graph."""

    def __init__(self, f: Function, structure: Structure):
        self.f = f
        self.structure = structure
        self.name = getattr(f, "__name__", type(f).__name__)

    def outputs_at(self, leaves: Leaves) -> tuple[list[Any], Structure]:
        """Return the numbers in the result of f at these inputs, and how they are nested."""
        return numbers(self.f(*self.structure.rebuild(leaves)), "checkpoint: the result of f")

    def run(self, leaves: Leaves) -> Any:
        """Return the result of f, each number in it as one step from these inputs."""
        inside = [Value(x.data) if isinstance(x, Value) else x for x in leaves]
        with collector_paused():
            outputs, structure = self.outputs_at(inside)
            if any(map(is_lifted, outputs)):  # f closes over what a transform moves
                return self.f(*self.structure.rebuild(leaves))
            slopes = [self.slopes(output, inside) for output in outputs]
        steps = []
        for place, output in enumerate(outputs):
            steps.append(self.step(place, output, leaves, slopes[place]))
        return structure.rebuild(steps)

    def step(
        self,
        place: int,
        output: Any,
        leaves: Leaves,
        slopes: Leaves,
    ) -> Any:
        """Return an output as one value of the inputs; a plain number stays plain."""
        if not isinstance(output, Value):
            return output
        value = Value(output.data)
        value.op = self.operation(place, len(leaves))
        value.operands = tuple(leaves)
        value.partials = tuple(slopes)
        return value

    def operation(self, place: int, count: int) -> Operation:
        """Return the operation that makes an output of the inputs."""

        def evaluate(*xs: Any) -> Any:
            return self.outputs_at(xs)[0][place]

        def partials(*xs: Any) -> tuple[Any, ...]:
            slopes: tuple[Any, ...] = gradient(*xs[:-1])
            return slopes

        gradient = grad(evaluate, argnums=tuple(range(count)))
        names = [f"x{i}" for i in range(count)]
        return Operation("checkpoint", self.name, evaluate, partials, names)

    def slopes(self, output: Any, inside: Leaves) -> list[float | None]:
        """Return the derivative of an output in each input, as a plain number."""
        found = adjoints(output) if isinstance(output, Value) else {}
        inputs = {x for x in inside if isinstance(x, Value)}
        leaves = [x for x in found if x.op is None and x not in inputs]
        outside = [x for x in leaves if x not in STOPPED]
        if outside:
            raise TypeError(
                f"checkpoint: {self.name} computes with {short(outside[0])}, which is not in its "
                "arguments. Give all Values as arguments, so that the graph knows of them; a "
                "constant is a plain number, or comes from stop_gradient."
            )
        return [found.get(x, 0.0) if isinstance(x, Value) else None for x in inside]
