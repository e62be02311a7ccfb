"""Which way a program is run: written out, in waves, or from a tape.

Machine code for each instruction is the fastest for a short program, and any with rows or loops. A
long one takes too long to compile so: it is run in waves if there are few of them, and else from a
tape.
"""

from __future__ import annotations

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


def kernel_of(program: Program, precision: str, blocks: Blocks) -> Any:
    """Return the kernel of a program: the one that is the fastest, as far as that can be told."""
    if len(program) < LONG or not has_what_waves_do(program):
        return Kernel(program, precision, blocks)
    in_waves: Any = (RowKernel if program.order else LongKernel)(program, precision, blocks)
    if in_waves.code.is_kept or is_worth_while(program, in_waves.code):
        return in_waves
    if program.order or len(program) < TOO_LONG:
        return Kernel(program, precision, blocks)
    return LongKernel(program, precision, blocks, TapeCode)


def is_worth_while(program: Program, code: WaveCode) -> bool:
    """Return whether waves are faster than any other way."""
    way = IN_ROWS if program.order else WRITTEN_OUT if len(program) < TOO_LONG else ON_TAPE
    try:
        return cost_of(code.schedule) < way * len(program)
    except UnscheduledError:
        return False


def has_what_waves_do(program: Program) -> bool:
    """Return whether there are no loops, rows along one axis at most, and no unknown operations."""
    return len(program.order) < 2 and all(map(is_for_waves, dict.fromkeys(program.ops)))


def is_for_waves(op: Op) -> bool:
    """Return whether waves can do an operation."""
    if isinstance(op, Operation):
        return is_native(op)
    return isinstance(op, Input | Reduction)
