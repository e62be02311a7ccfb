"""The NumPy backend: each step is done to whole columns at once.

A slot with axes is an array with a dimension for each of them, in the order of the program; one
without is a float, and what is done to it is done as `replay` does it. A scan is a loop of Python
over its axis, for all rows at once. A while goes on until the condition holds in no row; rows in
which it holds no longer keep their state. A long program of numbers is run in waves, if it has any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...modes import block
from ...real import number
from ..programs.blocks import NO_BLOCKS, Blocks
from ..programs.program import Program
from ..programs.rows import Layout, Lengths
from .numpy_waves import WaveKernel, waves_of
from .precision import check_precision
from .ufuncs import Ufuncs
from .vectorized import Call, Plan


def lowered(
    program: Program,
    precision: str = "float64",
    blocks: Blocks = NO_BLOCKS,
) -> Kernel | WaveKernel:
    """Return the program as a function of columns, which are arrays or lists.

    Results are floats, and new arrays along axes, within 1e-12 of those of `replay`, but for sums
    whose terms cancel. With the precision "float32" columns are arrays of such. A kernel
    of waves takes these blocks of numbers from memory, and writes them there.

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
    numpy, special = imported()
    ufuncs = Ufuncs(numpy, special, numpy.dtype(precision))
    if waves := waves_of(program, ufuncs, blocks):
        return waves
    axes = [each.axes for each in program.inputs]
    plan = Plan(program, axes, program.order, ufuncs)
    return Kernel(program, plan, ufuncs, Layout(program))


def imported() -> tuple[Any, Any]:
    """Return NumPy, and `scipy.special` if SciPy is there; that NumPy is not is an ImportError."""
    try:
        import numpy as np
    except ImportError:
        raise ImportError(
            "the backend numpy needs NumPy, which is not installed. Install it from the clone, "
            'python3 -m pip install ".[native]", or use the backend python.'
        ) from None
    try:
        from scipy import special
    except ImportError:
        special = None
    return np, special


@dataclass(frozen=True, eq=False)
class Kernel:
    """A program on columns."""

    program: Program
    plan: Plan
    ufuncs: Ufuncs
    layout: Layout

    def __call__(self, operands: Sequence[Any], lengths: Lengths | None = None) -> list[Any]:
        """Return the outputs, given floats, and lists or arrays, which stay as they are."""
        space = self.layout.space(operands, lengths)
        columns = []
        for given, x in zip(self.layout.inputs, operands, strict=True):
            shape = [space.lengths[axis] for axis in given.axes]
            if shape:
                columns.append(self.ufuncs.column(x).reshape(shape))
            else:
                columns.append(self.ufuncs.rounded(number(x)))
        np = self.ufuncs.np
        with block("ieee"), np.errstate(all="ignore"):
            outputs = self.plan.run(columns, Call(self.ufuncs, space.lengths))
        return [x if isinstance(x, float) else np.array(x) for x in outputs]
