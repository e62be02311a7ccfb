"""Evaluating an operation on plain numbers: errors where a result is born infinite or undefined.

Inside a rule for partials infinity is an answer (the slope of √x at 0), so there the rules of
IEEE 754 hold and nothing is raised: that is the block "ieee".
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .errors import DeclarationError, no_finite_value, short, stale
from .modes import block, is_on
from .real import NumberLike, data_of, number

FLOAT = frozenset({float})

Numbers = Sequence[float]
Operands = Sequence[Any]


def numbers_in(op: Any, operands: Operands) -> list[float]:
    """Return the numbers in the operands; a TypeError that names op if one holds none."""
    numbers = [x.data if isinstance(x, NumberLike) else x for x in operands]
    if FLOAT.issuperset(map(type, numbers)):
        return numbers
    try:
        return [number(x) for x in numbers]
    except TypeError as error:
        raise TypeError(f"{op}: {error}") from None


def kept(operands: Operands, numbers: Numbers) -> tuple[Any, ...]:
    """Return the operands as a graph keeps them: plain ones of an unusual type become floats."""
    if all(map(is_usual, set(map(type, operands)))):
        return tuple(operands)
    keep = list(operands)
    for i, operand in enumerate(operands):
        if not is_usual(type(operand)):
            keep[i] = numbers[i]
    return tuple(keep)


def is_usual(kind: type) -> bool:
    """Return whether operands of this type can stay in a graph as they are."""
    return kind is float or issubclass(kind, (NumberLike, int))


def result_of(op: Any, operands: Operands, numbers: Numbers) -> float:
    """Return op on these numbers. Where finite ones have no finite result, raise a DomainError.

    An inf or nan that the user put in flows on; inside a `debug` block a new one is an error too.
    """
    try:
        out = number(op.evaluate(*numbers))
    except OverflowError:
        out = math.inf
    except (ArithmeticError, ValueError):
        out = math.nan
    if math.isfinite(out) or is_on("ieee"):
        return out
    put_in = [x for x in numbers if not math.isfinite(x)]
    passed_on = out in put_in or any(map(math.isnan, put_in))
    if put_in and (passed_on or not is_on("debug")):
        return out
    raise no_finite_value(op, operands, numbers, out)


def slopes(
    op: Any,
    numbers: Numbers,
    out: float,
    value: Callable[[float], Any],
) -> tuple[float | None, ...]:
    """Return op's partials at these numbers: a float each, or None where no derivative flows.

    `value` wraps a number so that operations on it follow IEEE 754 where plain arithmetic raises.
    """
    try:
        partials = op.partials(*numbers, out)
    except (ArithmeticError, ValueError):
        with block("no_grad"), block("ieee"):
            partials = op.partials(*map(value, numbers), value(out))
    if not isinstance(partials, tuple) or len(partials) != len(numbers):
        raise DeclarationError(
            f"@operation on {op.name}: partials must return a tuple with one entry for each of its "
            f"{len(numbers)} operands; it returned {short(partials)}."
        )
    if FLOAT.issuperset(map(type, partials)) and not op.chooses:
        return partials
    return tuple(slope(op, partial) for partial in partials)


def slope(op: Any, partial: Any) -> float | None:
    """Return one partial as a float, or None if no derivative flows to its operand."""
    if partial is None or (op.chooses and partial == 0):
        return None
    return data_of(partial)


def flows(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each operand of a computed value with its partial as a Value, where a derivative flows.

    The partials are those of the forward pass: if data was changed since, it is a StaleError.
    """
    # Plain operands are floats here, as they were then: 2⁵³ + 1 is rounded in both passes.
    operands = [x if isinstance(x, NumberLike) else number(x) for x in value.operands]
    partials = value.op.partials(*operands, value)
    for operand, partial, then in zip(value.operands, partials, value.partials, strict=True):
        if then is not None and isinstance(operand, NumberLike):
            if data_of(partial) != then and not math.isnan(then):
                raise stale(value, operand, data_of(partial), then)
            yield operand, partial
