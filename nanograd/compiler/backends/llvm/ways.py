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
from ...programs.operations import Input
from ...programs.program import Program
from ...schedules.cost import ON_TAPE, WRITTEN_OUT, cost_of
from .instructions import is_native
from .kernel import Kernel
from .long_kernel import LongKernel
from .tapes.tape_code import TapeCode
from .waves.wave_code import WaveCode

LONG = 2_000  # instructions, from which on waves are looked for
TOO_LONG = 20_000  # to be written out: that takes seconds
MOST_PARTS = 1_000  # of waves: for each there is machine code

Way = Callable[[Program, str, Blocks], Any]


def way_for(program: Program) -> Way:
    """Return what makes the kernel of a program."""
    if len(program) < LONG or not is_of_single_numbers(program):
        return Kernel
    return long_way


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


def is_of_single_numbers(program: Program) -> bool:
    """Return whether there are no rows and no loops, and only operations that LLVM has."""
    if program.order:
        return False
    ops = dict.fromkeys(program.ops)
    return all(isinstance(op, Input) or (isinstance(op, Operation) and is_native(op)) for op in ops)
