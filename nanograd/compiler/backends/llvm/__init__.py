"""The native backend: machine code by LLVM, vectorized over rows."""

from __future__ import annotations

from ....errors import DataError
from ....nanograd import Operation
from ...programs.blocks import NO_BLOCKS, Blocks
from ...programs.operations import Input
from ...programs.program import Program
from .call import NUMBERS
from .instructions import is_native
from .kernel import Kernel
from .waves.wave_kernel import WaveKernel

LONG = 2_000  # instructions


def lowered(
    program: Program,
    precision: str = "float64",
    blocks: Blocks = NO_BLOCKS,
) -> Kernel | WaveKernel:
    """Return a program as a function of the machine.

    Results are floats, and new arrays along axes, within 1e-12 of those of `replay`, but for sums
    whose terms cancel. With the precision "float32" all numbers are of that. The method `on_blocks`
    of the kernel takes these blocks of numbers from memory, and writes them there.

    >>> from nanograd.compiler.programs.parsing import parsed
    >>> kernel = lowered(
    ...     parsed('''
    ... program(w, x[rows])
    ...   a = mul w x
    ...   b = sum[rows] a
    ...   return a b
    ... ''')
    ... )
    >>> kernel([2.0, [1.0, 10.0]])
    [array([ 2., 20.]), 22.0]
    """
    if precision not in NUMBERS:
        raise DataError(f"a precision is one of {', '.join(NUMBERS)}; it is {precision!r}.")
    if is_for_waves(program):
        return WaveKernel(program, precision, blocks)
    return Kernel(program, precision, blocks)


def is_for_waves(program: Program) -> bool:
    """Return whether a program is run in waves: a long one, of single numbers, without loops."""
    if len(program) < LONG or program.order:
        return False
    return all(
        type(op) is Input or (isinstance(op, Operation) and is_native(op)) for op in program.ops
    )
