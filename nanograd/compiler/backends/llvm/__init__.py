"""The native backend: machine code by LLVM, vectorized over rows."""

from __future__ import annotations

from typing import Any

from ...programs.blocks import NO_BLOCKS, Blocks
from ...programs.program import Program
from ..precision import check_precision
from .ways import kernel_of


def lowered(
    program: Program,
    precision: str = "float64",
    blocks: Blocks = NO_BLOCKS,
) -> Any:
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
    check_precision(precision)
    return kernel_of(program, precision, blocks)
