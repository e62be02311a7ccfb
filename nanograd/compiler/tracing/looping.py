"""`scan` and `while_loop` in a trace: a step runs once, and becomes the program of a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...calculus.scans import pair_in, refuse_change, scanned, steps_in
from ...calculus.structure import flatten, numbers
from ...calculus.traces import IN_TRACES, TRACES
from ...errors import TraceError, short
from ..passes.exact import remove_dead
from ..programs.operations import Loop, Scan, While
from ..programs.program import Program
from .columns import the_same_extent
from .extents import Extent, Slot
from .mapping import Stacking, columns_in, row_of, with_columns
from .refs import Recorder, Ref
from .trace import recording

Step = Callable[..., Any]


def scan(step: Step, state: Any, xs: Any, length: Any, *, reverse: bool = False) -> Any:
    """Return the final state of a loop and what its steps give, as results of one instruction."""
    xs, axes = with_columns(xs, 0, "scan: xs")
    columns = list(columns_in(xs, axes, "xs"))
    if xs is not None and not columns:  # a list: it is gone through as it is
        return scanned(step, state, xs, length, reverse=reverse)
    around = TRACES.get()[-1]
    extents = around.extents
    extent = extent_of(columns, length, around)
    starts, states = numbers(state, "scan: the state")
    with extents.loop(extent) as axis:
        entry = row_of(xs, axes, axis, "xs") if columns else ()
        entries, row = flatten(entry)
        with recording() as body:
            now = states.rebuild(inputs_like(body, starts, "state"))
            x = row.rebuild(inputs_like(body, entries, "x"))
            result = step(now, x) if columns else step(now)
            after, y = pair_in(result)
            refuse_change(now, after, "scan")
            next_state, _ = numbers(after, "scan: the state")
            given, ys = numbers(y, "scan: what a step gives")
            program = body.program([*next_state, *given])
        loop = Scan(axis, program, len(starts), len(entries), reverse)
        found = appended(around, loop, [*starts, *entries, *body.taken()])
        final, given = found[: len(starts)], found[len(starts) :]
        stacking = Stacking(extents, extent, axis)
        return states.rebuild(final), stacking.stacked(ys.rebuild(given), 0)


def while_loop(condition: Step, step: Step, state: Any) -> Any:
    """Return the state of a loop after its last step, as results of one instruction."""
    around = TRACES.get()[-1]
    starts, states = numbers(state, "while_loop: the state")
    with recording() as body:
        now = states.rebuild(inputs_like(body, starts, "state"))
        after = step(now)
        refuse_change(now, after, "while_loop")
        next_state, _ = numbers(after, "while_loop: the state")
        both = body.program([*next_state, condition(now)])
    loop = While(part(both, slice(-1, None)), part(both, slice(-1)))
    return states.rebuild(appended(around, loop, [*starts, *body.taken()]))


IN_TRACES["scan"] = scan
IN_TRACES["while_loop"] = while_loop


def extent_of(columns: Sequence[Any], length: Any, around: Recorder) -> Extent:
    """Return the number of steps of a scan."""
    if columns:
        if length is not None:
            raise TraceError(
                "scan: in a compiled function give xs or length, not both; they were given, and "
                f"length is {short(length)}."
            )
        return the_same_extent(columns, "scan")
    if not isinstance(length, Ref):
        return around.extents.extent("steps", steps_in(None, length))
    if length.recorder is not TRACES.get()[0] or length.axes:
        raise TraceError(
            "scan: length must be known before the compiled function begins: an argument of it, a "
            "plain number, or what is computed of these. A loop whose length depends on what "
            "happens in a row or in a step is a while_loop."
        )
    return around.extents.extent("steps", Slot(length.slot))


def inputs_like(body: Recorder, leaves: Sequence[Any], word: str) -> list[Ref]:
    """Return an input of a body for each of these numbers and scalars."""
    inputs = []
    for i, x in enumerate(leaves, 1):
        name = word if len(leaves) == 1 else f"{word}_{i}"
        known = getattr(x, "name", "")
        inputs.append(body.input(known or name, body.visible(x)))
    return inputs


def part(program: Program, outputs: slice) -> Program:
    """Return what a program does for some of its outputs."""
    return remove_dead(Program(program.ops, program.operands, program.outputs[outputs]))


def appended(around: Recorder, loop: Loop, operands: Sequence[Any]) -> list[Ref]:
    """Record a loop and return the Refs of its results."""
    bundle = around.append(loop, tuple([around.operand(x) for x in operands]))
    return [around.recorded(get, (bundle.slot,)) for get in loop.results()]
