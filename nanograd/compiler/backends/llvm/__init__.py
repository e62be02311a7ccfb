"""The native backend: machine code by LLVM, vectorized over rows."""

from __future__ import annotations

from ...program import Program
from .kernel import Kernel


def lowered(program: Program, precision: str = "float64") -> Kernel:
    """Return a program as a function of the machine."""
    return Kernel(program, precision)
