"""Loops whose state goes from step to step: eagerly, loops of Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import short
from .rows import no_steps, rows_in, stacked
from .structure import Structure, flatten
from .traces import in_trace

Step = Callable[..., Any]


def scan(
    step: Step,
    state: Any,
    xs: Any = None,
    length: Any = None,
    *,
    reverse: bool = False,
) -> Any:
    """Return the final state of a loop, and what its steps gave, stacked.

    Each step is `state, y = step(state, x)`, with one entry x of `xs` after the other, or, without
    `xs`, `state, y = step(state)`, `length` times. The state may be nested in lists, tuples, dicts,
    dataclasses and arrays, and stays nested alike, else it is a TypeError. The xs are a list, an
    array or something else with a buffer, or are nested, with as many entries in each part. Each y
    may be nested, or None; the ys are stacked as `vmap` stacks them. With `reverse` the last step
    comes first, and its y is still the last one. It is JAX's `lax.scan`.

    Without steps, the state is the one that was given, and the ys are empty. A length that is no
    whole number, or not that of the xs, is an error; so is neither.

    Eagerly it is a loop of Python. In a compiled function it is a loop of the machine; lists of xs
    are written out step by step, and `length` may be an argument, or computed of arguments: a
    number that is known before the function begins. There it is given without xs only. Derivatives
    go through it, forward and in reverse; the states of all steps are kept for that.

    >>> from nanograd import grad, jit, scan
    >>> scan(lambda total, x: (total + x, total), 0.0, [1.0, 2.0, 3.0])
    (6.0, [0.0, 1.0, 3.0])
    >>> scan(lambda x: (x / 2, None), 1.0, length=3)
    (0.125, None)
    >>> def grown(rate, years):
    ...     return scan(lambda x: (x + rate * x, None), 1.0, length=years)[0]
    >>> jit(grown)(0.5, 2), jit(grad(grown))(0.5, 2)
    (2.25, 3.0)
    """
    if traced := in_trace("scan"):
        return traced(step, state, xs, length, reverse=reverse)
    return scanned(step, state, xs, length, reverse=reverse)


def scanned(step: Step, state: Any, xs: Any, length: Any, *, reverse: bool = False) -> Any:
    """Return what `scan` does, by a loop of Python."""
    rows = None if xs is None else rows_in(xs, 0, "scan: xs")
    count = steps_in(rows, length)
    given = []
    for i in range(count)[:: -1 if reverse else 1]:
        before = state
        state, y = pair_in(step(before) if rows is None else step(before, rows[i]))
        refuse_change(before, state, "scan")
        given.append(y)
    if reverse:
        given.reverse()
    arrays = any(unit.shape is not None for unit in flatten((state, xs))[1].units())
    return state, stacked(given, 0, arrays=arrays) if given else no_steps(arrays=arrays)


def steps_in(rows: Any, length: Any) -> int:
    """Return how many steps a loop has."""
    if rows is None and length is None:
        raise TypeError("scan needs to know how many steps there are: give xs, or length.")
    if length is not None and (isinstance(length, float) or not hasattr(length, "__index__")):
        raise TypeError(f"scan: length must be a whole number; it is {short(length)}.")
    count = len(rows) if length is None else int(length)
    if count < 0 or (rows is not None and len(rows) != count):
        entries = "" if rows is None else f", and the xs have {len(rows)} entries"
        raise ValueError(f"scan: length must be the number of steps; it is {count}{entries}.")
    return count


def pair_in(result: Any) -> tuple[Any, Any]:
    """Return what a step gave back: the next state, and y."""
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise TypeError(
            "scan: each step must return a pair, the next state and what it gives, or None; it "
            f"returned {short(result)}."
        )
    return result[0], result[1]


def refuse_change(before: Any, after: Any, loop: str) -> None:
    """Raise a TypeError if the state is no longer nested as it was."""
    is_number = type(before) is type(after) is float
    if not is_number and not alike(flatten(before)[1], flatten(after)[1]):
        raise TypeError(
            f"{loop}: the state must stay nested as it is; a step took {short(before)} and "
            f"returned {short(after)}."
        )


def alike(x: Structure, y: Structure) -> bool:
    """Return whether two things are nested alike."""
    if (x.kind, x.shape, set(x.labels)) != (y.kind, y.shape, set(y.labels)):
        return False
    return list(x.labels) == list(y.labels) and all(map(alike, x.parts, y.parts))


def while_loop(condition: Step, step: Step, state: Any) -> Any:
    """Return the state of a loop when `condition(state)` no longer holds.

    Each step is `state = step(state)`; the condition is asked before each. The state may be nested,
    and stays nested alike, else it is a TypeError. It is JAX's `lax.while_loop`. A condition that
    always holds makes a loop without end.

    Eagerly it is a loop of Python. In a compiled function it is a loop of the machine; over rows,
    each row goes on as long as it needs. There it cannot be differentiated in reverse, as how many
    states are to be kept is not known, which is a `TraceError`: use `scan`, which has a length, or
    forward mode (`jvp`, `jacfwd`).

    >>> from nanograd import jit, jvp, while_loop
    >>> def doubled(x):
    ...     return while_loop(lambda x: x < 100.0, lambda x: 2 * x, x)
    >>> doubled(1.0), jit(doubled)(1.0), jvp(doubled, (1.0,), (1.0,))
    (128.0, 128.0, (128.0, 128.0))
    """
    if traced := in_trace("while_loop"):
        return traced(condition, step, state)
    while condition(state):
        before, state = state, step(state)
        refuse_change(before, state, "while_loop")
    return state
