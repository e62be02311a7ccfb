"""Which way a program is run: written out, in waves, or from a tape.

Machine code for each instruction is the fastest for a short program, and any with rows or loops. A
long one takes too long to compile so: it is run in waves if there are few of them, and else from a
tape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....nanograd import Operation
from ...programs.blocks import Blocks
from ...programs.operations import Input, Op, Reduction
from ...programs.program import Program
from ...schedules.cost import IN_ROWS, ON_TAPE, WRITTEN_OUT, cost_of
from ...schedules.nodes import UnscheduledError
from .instructions import is_native
from .kernel import Kernel
from .long_kernel import LongKernel
from .tapes.tape_code import TapeCode
from .waves.row_kernel import RowKernel
from .waves.wave_code import WaveCode

LONG = 2_000  # instructions, from which on waves are looked for
TOO_LONG = 20_000  # to be written out: that takes seconds
MOST_PARTS = 1_000  # of waves: for each there is machine code

Way = Callable[[Program, str, Blocks], Any]


def way_for(program: Program) -> Way:
    """Return what makes the kernel of a program."""
    if len(program) < LONG or not has_what_waves_do(program):
        return Kernel
    return way_with_rows if program.order else long_way


def way_with_rows(program: Program, precision: str, blocks: Blocks) -> Kernel | RowKernel:
    """Return the kernel of a long program with rows."""
    kernel = RowKernel(program, precision, blocks)
    code = kernel.code
    if code.is_kept:
        return kernel
    try:
        schedule = code.schedule
    except UnscheduledError:
        return Kernel(program, precision, blocks)
    is_better = cost_of(schedule) < len(program) * IN_ROWS
    if is_better and sum(map(len, schedule.waves)) < MOST_PARTS:
        return kernel
    return Kernel(program, precision, blocks)


def long_way(program: Program, precision: str, blocks: Blocks) -> Kernel | LongKernel:
    """Return the kernel of a long program."""
    kernel = LongKernel(program, precision, blocks, WaveCode)
    code: Any = kernel.code
    if code.is_kept:
        return kernel
    cost, parts = cost_of(code.schedule), sum(map(len, code.schedule.waves))
    is_short = len(program) < TOO_LONG
    others = len(program) * (WRITTEN_OUT if is_short else ON_TAPE)
    if cost < others and parts < MOST_PARTS:
        return kernel
    if is_short:
        return Kernel(program, precision, blocks)
    return LongKernel(program, precision, blocks, TapeCode)


def has_what_waves_do(program: Program) -> bool:
    """Return whether there are no loops, rows along one axis at most, and no unknown operations."""
    return len(program.order) < 2 and all(map(is_for_waves, dict.fromkeys(program.ops)))


def is_for_waves(op: Op) -> bool:
    """Return whether waves can do an operation."""
    if isinstance(op, Operation):
        return is_native(op)
    return isinstance(op, Input | Reduction)
