"""Which way a program is run: written out, in waves, or from a tape.

Machine code for each instruction suits a short program, and any with loops, or rows along several
axes. A long one is run in waves if it falls into a few, and else from a tape if it takes LLVM too
long; a model of the cost decides.
"""

from __future__ import annotations

import math
from typing import Any

from ....nanograd import Operation
from ...programs.blocks import Blocks
from ...programs.operations import Input, Op, Reduction
from ...programs.program import Program
from ...schedules.cost import cost_of, cost_on_tape, cost_written_out, size_of
from ...schedules.nodes import UnscheduledError
from ...schedules.shapes import shape_of
from .entry import MOST_LEAVES, is_possible
from .instructions import is_native
from .kernel import Kernel
from .long_kernel import LongKernel
from .tapes.tape_code import TapeCode
from .waves.row_kernel import RowKernel
from .waves.wave_code import WaveCode

MOST_SHAPES = 1_000  # of parts of waves: for each there is machine code

#: How many operations a program comes to, from which on waves are looked for, and from which on it
#: is not written out if it is without rows: that takes seconds.
LONG, TOO_LONG = 1_000, 20_000

#: Nanoseconds that Python takes, where machine code could take the numbers of a call itself: for
#: the call, and for each number that goes in or comes out.
CALL, NUMBER = 5_000.0, 250.0


def kernel_of(program: Program, precision: str, blocks: Blocks) -> Any:
    """Return the kernel of a program: the one that is the fastest, as far as that can be told."""
    size = size_of(program)
    if size < LONG or not has_what_waves_do(program):
        return Kernel(program, precision, blocks)
    in_waves: Any = (RowKernel if program.order else LongKernel)(program, precision, blocks)
    if in_waves.code.is_kept:
        return in_waves
    is_short = bool(program.order) or size < TOO_LONG
    written_out = cost_written_out(program) if is_short else math.inf
    if not blocks and precision == "float64":
        written_out -= saved_by_entry(program)
    on_tape = math.inf if program.order else cost_on_tape(program)
    if cost_in_waves(in_waves.code) < min(written_out, on_tape):
        return in_waves
    if on_tape < written_out:
        return LongKernel(program, precision, blocks, TapeCode)
    return Kernel(program, precision, blocks)


def cost_in_waves(code: WaveCode) -> float:
    """Return about how many nanoseconds a call takes in waves, if their code is not too long."""
    try:
        schedule = code.schedule
    except UnscheduledError:
        return math.inf
    shapes = {shape_of(part) for wave in schedule.waves for part in wave}
    if len(shapes) > MOST_SHAPES:
        return math.inf
    return cost_of(schedule, has_rows=bool(code.program.order))


def saved_by_entry(program: Program) -> float:
    """Return the nanoseconds that are saved where machine code takes numbers from Python itself."""
    leaves = len(program.inputs) + len(program.outputs)
    is_direct = is_possible() and not program.order and leaves <= MOST_LEAVES
    return CALL + NUMBER * leaves if is_direct else 0.0


def has_what_waves_do(program: Program) -> bool:
    """Return whether there are no loops, rows along one axis at most, and no unknown operations."""
    return len(program.order) < 2 and all(map(is_for_waves, dict.fromkeys(program.ops)))


def is_for_waves(op: Op) -> bool:
    """Return whether waves can do an operation."""
    if isinstance(op, Operation):
        return is_native(op)
    return isinstance(op, Input | Reduction)
