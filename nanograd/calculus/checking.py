"""Are the derivatives right? Each rule is compared with numbers that need no rule."""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Any

from ..errors import GradientError, given
from ..labels import LINES
from ..modes import block, debug, no_grad
from ..nanograd import Operation, Value, ancestry, gradient
from ..real import data_of
from ..reductions import dot
from .numeric import NONE, Estimate, has_kink, numeric_slope
from .structure import numbers

Function = Callable[..., Any]

DIRECTIONS = 2  # in which the function as a whole is tried
SEED = 0  # of these directions: a check has the same result every time
DOUBT = 100.0  # a numeric slope may be off by this many times its estimated error


@dataclass(frozen=True)
class Check:
    """What was compared: how many partials, and which could not be, with the reason for each."""

    partials: int
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tolerance:
    """How near two slopes must be to count as equal."""

    rtol: float
    atol: float

    def allows(self, slope: float, numeric: Estimate) -> bool:
        """Return whether a slope agrees with a numeric one, as far as that is known."""
        allowed = self.atol + self.rtol * abs(numeric.slope) + DOUBT * numeric.error
        return abs(slope - numeric.slope) <= allowed

    def decides(self, numeric: Estimate) -> bool:
        """Return whether a numeric slope is known so well that it can tell right from wrong."""
        return DOUBT * numeric.error <= 1e-3 * abs(numeric.slope) + 1e-3


def check_grad(
    f: Function,
    *args: Any,
    rtol: float = 1e-6,
    atol: float = 1e-9,
) -> Check:
    """Return what was compared if all derivatives of f at these arguments are right.

    Otherwise raise a `GradientError` that names the first operation whose rule is wrong, with its
    operands and the line that it was called on. First each operation in f is checked at the very
    operands that it has there: each partial against the slope of the operation's own function, by
    central differences extrapolated to a step of zero (Richardson, Ridders 1982), which has about
    10 digits. The rule is run on Values too, as derivatives of derivatives do. Then f is
    checked as a whole, in two random directions: that finds what goes around the graph, such as
    `.data` and `detach()`.

    Arguments and results are numbers, nested in lists, tuples, dicts, dataclasses and arrays. At a
    kink, and on the border of where a function is defined, there is nothing to compare with: that
    is skipped, and told. `gradcheck` is another name of this function.

    >>> from nanograd import check_grad, operation, sin
    >>> check_grad(lambda x, y: sin(x) * y, 1.0, 2.0)
    Check(partials=3, skipped=())
    >>> @operation("³", partials=lambda x, out: (2 * x**2,))
    ... def cube(x):
    ...     return x**3
    >>> check_grad(cube, 2.0)
    Traceback (most recent call last):
        ...
    nanograd.errors.GradientError: cube(x): the rule gives 8 as its slope in x, but it is 12, ...
    """
    return checked(f, args, Tolerance(rtol, atol))


gradcheck = check_grad


def checked(f: Function, args: Sequence[Any], tolerance: Tolerance) -> Check:
    """Return what was compared if all is right; f is checked part by part, and then as a whole."""
    leaves, structure = numbers(args, "check_grad: the arguments")
    inputs = [Value(data_of(x)) for x in leaves]

    def outputs_at(xs: Sequence[Any]) -> list[Any]:
        return numbers(f(*structure.rebuild(xs)), "check_grad: the result of f")[0]

    with debug():
        outputs = outputs_at(inputs)
    reasons = [check_partial(*use, tolerance) for use in uses_under(outputs)]
    weights = [1.0 / (2 + i) for i in range(len(outputs))]
    grads = gradient(Value(0.0) + dot(weights, outputs), inputs)
    motion = Motion(
        outputs_at,
        [x.data for x in inputs],
        [slope.data for slope in grads],
        weights,
    )
    places = [f"args{path}" for path in structure.paths()]
    check_as_a_whole(motion, places, tolerance)
    return Check(reasons.count(""), tuple(filter(None, reasons)))


def uses_under(outputs: Sequence[Any]) -> Iterator[tuple[Value, int]]:
    """Yield each use of a value by an operation, in the order of computation: user and place."""
    seen: set[Value] = set()
    for output in outputs:
        order = ancestry(output) if isinstance(output, Value) else []
        for value in reversed(order):
            if value not in seen:
                seen.add(value)
                for i, operand in enumerate(value.operands):
                    if isinstance(operand, Value):
                        yield value, i


# -- one partial -----------------------------------------------------------------------------


def check_partial(value: Value, place: int, tolerance: Tolerance) -> str:
    """Raise a `GradientError` if one slope of an operation is wrong; return why none is known."""
    op: Any = value.op
    operands = [data_of(x) for x in value.operands]
    slope = value.partials[place] or 0.0  # where nothing flows, nothing may change

    def function(x: float) -> float:
        return data_of(op.evaluate(*operands[:place], x, *operands[place + 1 :]))

    numeric = numeric_slope(function, operands[place])
    if tolerance.allows(slope, numeric):
        check_on_values(value, operands)
        return ""
    if not tolerance.decides(numeric) or has_kink(function, operands[place]):
        return f"{op} has no slope in {name_of(op, place)} that could be compared: {told(value)}"
    raise GradientError(
        f"{op}: the rule gives {slope:.6g} as its slope in {name_of(op, place)}, but it is "
        f"{numeric.slope:.6g}, {told(value)}. Mend the partials of {op.name}."
    )


def check_on_values(value: Value, operands: Sequence[float]) -> None:
    """Raise a `GradientError` if a rule gives other slopes on Values than on numbers."""
    op: Any = value.op
    try:
        with block("ieee"):
            partials = op.partials(*map(Value, operands), Value(value.data))
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise GradientError(
            f"{op}: its rule cannot be run on Values, so it has no second derivatives: {error}"
        ) from error
    for place, slope in enumerate(value.partials):
        if slope is not None and not agree(data_of(partials[place]), slope):
            raise GradientError(
                f"{op}: the slope in {name_of(op, place)} is {slope:.6g} when its rule is run on "
                f"numbers, and {data_of(partials[place]):.6g} on Values, {told(value)}."
            )


def agree(x: float, y: float) -> bool:
    """Return whether two slopes are equal, but for rounding."""
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    return math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12)


def name_of(op: Operation, place: int) -> str:
    """Return the name of an operand: its own, or `xs[3]` of an operation on many."""
    last = len(op.parameters) - 1
    many = inspect.signature(op.evaluate).parameters[op.parameters[last]].kind
    if many is inspect.Parameter.VAR_POSITIONAL and place >= last:
        return f"{op.parameters[last]}[{place - last}]"
    return op.parameters[place]


def told(value: Value) -> str:
    """Return on what an operation was called, and in which line."""
    line = f", called at {LINES[value]}" if value in LINES else ""
    return f"at {given(value.op, value.operands)}{line}"


# -- the function as a whole -----------------------------------------------------------------


@dataclass(frozen=True)
class Motion:
    """A function that moves all its inputs at once, and the slope that its graph has for it."""

    f: Callable[[Sequence[Any]], Sequence[Any]]
    inputs: Sequence[float]
    grads: Sequence[float]
    weights: Sequence[float]  # of the outputs, whose weighted sum is watched

    def slopes(self, direction: Sequence[float]) -> tuple[float, Estimate]:
        """Return the slope in a direction by the grads, and by the numbers alone."""

        def moved(t: float) -> float:
            there = [Value(x + t * d) for x, d in zip(self.inputs, direction, strict=True)]
            with no_grad():
                outputs = self.f(there)
            return math.fsum(map(mul, self.weights, map(data_of, outputs)))

        slope = math.fsum(map(mul, self.grads, direction))
        numeric = numeric_slope(moved, 0.0)
        return slope, NONE if has_kink(moved, 0.0) else numeric


def check_as_a_whole(motion: Motion, places: Sequence[str], tolerance: Tolerance) -> None:
    """Raise a `GradientError` if f moves in another way than its graph says."""
    chance = random.Random(SEED)  # noqa: S311 - it keeps no secrets
    sizes = [abs(x) or 1.0 for x in motion.inputs]
    for _ in range(DIRECTIONS):
        direction = [size * chance.uniform(-1.0, 1.0) for size in sizes]
        if is_wrong(*motion.slopes(direction), tolerance):
            raise around_the_graph(motion, places, tolerance)


def is_wrong(slope: float, numeric: Estimate, tolerance: Tolerance) -> bool:
    """Return whether a slope is certainly not that of the numbers."""
    return tolerance.decides(numeric) and not tolerance.allows(slope, numeric)


def around_the_graph(motion: Motion, places: Sequence[str], tolerance: Tolerance) -> GradientError:
    """Return the error for a function that the graph does not know all of."""
    found = ""
    for i, place in enumerate(places):
        direction = [float(i == j) for j in range(len(places))]
        slope, numeric = motion.slopes(direction)
        if is_wrong(slope, numeric, tolerance):
            found = f" in {place} backward gives {slope:.6g}, and the numbers {numeric.slope:.6g}."
            break
    return GradientError(
        f"every rule in f is right, but f as a whole moves in another way:{found or ' somewhere.'} "
        "A part of it goes around the graph, by .data, detach(), no_grad() or plain numbers that "
        "it computes from its arguments, or f is not the same from call to call."
    )
