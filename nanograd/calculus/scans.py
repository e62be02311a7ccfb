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
    `xs`, `state, y = step(state)`, `length` times. The state may be nested, and stays nested alike;
    so may be the xs, all of one length, and the ys, each of which may be None. With `reverse` the
    last step comes first, and its y is still the last one. It is JAX's `lax.scan`.

    The ys are stacked as `vmap` stacks them. Eagerly it is a loop of Python; in a compiled function
    it is a loop of the machine, and `length` may be a number that is known only when it runs.

    >>> from nanograd import scan
    >>> scan(lambda total, x: (total + x, total), 0.0, [1.0, 2.0, 3.0])
    (6.0, [0.0, 1.0, 3.0])
    >>> scan(lambda x: (x / 2, None), 1.0, length=3)
    (0.125, None)
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

    Each step is `state = step(state)`; the state may be nested, and stays nested alike. It is JAX's
    `lax.while_loop`. Eagerly it is a loop of Python. In a compiled function it is a loop of the
    machine, and it cannot be differentiated in reverse, as how many states are to be kept is not
    known: use `scan`, which has a length, or forward mode (`jvp`, `jacfwd`).

    >>> from nanograd import while_loop
    >>> while_loop(lambda x: x < 100.0, lambda x: 2 * x, 1.0)
    128.0
    """
    if traced := in_trace("while_loop"):
        return traced(condition, step, state)
    while condition(state):
        before, state = state, step(state)
        refuse_change(before, state, "while_loop")
    return state
