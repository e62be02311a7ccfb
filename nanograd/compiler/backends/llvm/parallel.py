"""Several threads: a program in parts, each of which is done by all threads, for some rows each.

A part ends where a sum or a max over the rows is needed whole. What rows add up to in each chunk is
added up at the end of the part. Machine code runs without Python's lock.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache, partial, reduce
from typing import Any

from ....functions import maximum
from ....reductions import sum_of
from ...programs.operations import Input, Reduction
from ...programs.program import Operand, Program
from .call import Call
from .order import Order

MOST_IN_CHUNK = 1 << 20  # rows: a call that is told to stop begins no other chunk
LARGE = 1 << 22  # steps times rows, from which on several threads are worth while


@cache
def workers() -> ThreadPoolExecutor:
    """Return the threads: as many as there are processors for this process."""
    return ThreadPoolExecutor(thread_count(), "nanograd")


if hasattr(os, "register_at_fork"):  # a child process has none of its parent's threads
    os.register_at_fork(after_in_child=workers.cache_clear)


def thread_count() -> int:
    """Return how many threads work at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_large(steps: int, lengths: Mapping[str, int]) -> bool:
    """Return whether a call is large enough for several threads."""
    return steps * max(lengths.values(), default=0) >= LARGE


@dataclass
class Part:
    """A part of a program: what it takes, and what it finds."""

    kernel: Any
    takes: list[int]  # slots of the whole program
    finds: list[int]
    sums: dict[int, str]  # of what is found, what is added up over chunks, and how
    is_chunked: bool


class Parts:
    """The parts of a program over one axis."""

    def __init__(self, program: Program, parts: list[Part], axis: str):
        self.program = program
        self.parts = parts
        self.axis = axis
        self.counts = counts_in(program)

    @classmethod
    def of(cls, program: Program, kernel: Callable[[Program], Any]) -> Parts | None:
        """Return the parts of a program; None if it has other axes, or no loop over rows."""
        if len(program.order) != 1 or any(hasattr(op, "body") for op in program.ops):
            return None
        (axis,) = program.order
        order = Order(program)
        added_up = {slot for slots in order.sums.values() for slot in slots}
        counts = counts_in(program)
        found = []
        for i, loop in enumerate(order.loops):
            sums = order.sums.get(i, [])
            slots = [*[slot for slot in loop.slots if slot not in {*added_up, *counts}], *sums]
            if slots:
                found.append(part_of(program, slots, sums, kernel, is_chunked=bool(loop.axes)))
        return cls(program, found, axis) if any(part.is_chunked for part in found) else None

    def run(self, call: Call) -> list[Any]:
        """Return the outputs."""
        places: dict[int, Any] = dict.fromkeys(self.counts, float(call.lengths[self.axis]))
        columns, numbers = iter(call.columns), iter(call.numbers)
        for slot, given in enumerate(self.program.inputs):
            places[slot] = next(columns if given.axes else numbers)
        for part in self.parts:
            operands = [places[slot] for slot in part.takes]
            if part.is_chunked:
                found = self.chunked(part, operands, call)
            else:
                found = part.kernel.run_whole(operands, call)
            places.update(zip(part.finds, found, strict=True))
        return self.apart([places[x] if type(x) is int else x for x in self.program.outputs], call)

    def apart(self, outputs: Sequence[Any], call: Call) -> list[Any]:
        """Return the outputs, with copies of columns that were given or are there twice."""
        seen = set(map(id, call.columns))
        found = []
        for x in outputs:
            found.append(x.copy() if id(x) in seen else x)
            if not isinstance(x, float):
                seen.add(id(x))
        return found

    def chunked(self, part: Part, operands: Sequence[Any], call: Call) -> list[Any]:
        """Run one part on chunks of rows at once."""
        rows = call.lengths[self.axis]
        size = min(-(-rows // thread_count()), MOST_IN_CHUNK)
        size += -size % 64  # whole lines of the cache
        results = part.kernel.columns_for(rows)
        tasks = []
        for start in range(0, rows, size):
            end = min(start + size, rows)
            run = partial(part.kernel.run_rows, operands, results, start, end, call.stop)
            tasks.append(workers().submit(copy_context().run, run))
        wait(tasks)
        partly = [task.result() for task in tasks]
        found = []
        for i, slot in enumerate(part.finds):
            if slot in part.sums:
                found.append(COMBINED[part.sums[slot]](*[each[i] for each in partly]))
            else:
                found.append(results[i])
        return found


def largest(*entries: float) -> float:
    """Return the largest of some numbers; nan if one is."""
    return reduce(maximum, entries, -math.inf)


COMBINED: dict[str, Callable[..., float]] = {"sum": sum_of, "max": largest}


def counts_in(program: Program) -> list[int]:
    """Return the slots that tell how many rows there are: of them all, which no part knows."""
    ops = enumerate(program.ops)
    return [slot for slot, op in ops if isinstance(op, Reduction) and op.name == "count"]


def part_of(
    program: Program,
    slots: Sequence[int],
    sums: Sequence[int],
    kernel: Callable[[Program], Any],
    *,
    is_chunked: bool,
) -> Part:
    """Return the part of a program that fills these slots."""
    inside = set(slots)
    axes = program.axes()
    used = {x for s in slots for x in program.operands[s] if type(x) is int}
    takes = sorted(used - inside)
    outside = {x for s in range(len(program)) if s not in inside for x in program.operands[s]}
    finds = [s for s in slots if s in outside or s in program.outputs]
    new: dict[Operand, int] = {slot: i for i, slot in enumerate([*takes, *slots])}
    ops: list[Any] = [Input(f"x{slot}", axes[slot]) for slot in takes]
    operands: list[Any] = [()] * len(takes)
    for slot in slots:
        ops.append(program.ops[slot])
        operands.append(tuple([new[x] if type(x) is int else x for x in program.operands[slot]]))
    part = Program(ops, operands, tuple(new[s] for s in finds))
    how = {s: op.name for s in sums if isinstance(op := program.ops[s], Reduction)}
    return Part(kernel(part), takes, finds, how, is_chunked)
