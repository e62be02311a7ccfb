"""Long programs of numbers on NumPy: each wave of a schedule is done to all its members at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...modes import block
from ...nanograd import Operation
from ...real import number
from ..programs.operations import Input
from ..programs.program import Program
from ..programs.rows import Layout, Lengths
from ..schedules.schedule import scheduled
from .formulas import Column
from .numpy_parts import Run, steps_of
from .ufuncs import Ufuncs

LONG = 2_000  # instructions
FEWEST = 32  # instructions per step, on average; of fewer it is no faster than one by one


def waves_of(program: Program, ufuncs: Ufuncs) -> WaveKernel | None:
    """Return a program as a function of numbers, run in waves; None if that is not worth it.

    It is for long programs without axes and loops which do the same to many numbers.
    """
    is_plain = all(type(op) is Input or isinstance(op, Operation) for op in program.ops)
    if len(program) < LONG or program.order or not is_plain:
        return None
    kernel = WaveKernel(program, ufuncs)
    return kernel if FEWEST * len(kernel.steps) <= len(program) else None


class WaveKernel:
    """A program of single numbers, run in waves."""

    def __init__(self, program: Program, ufuncs: Ufuncs):
        self.program = program
        self.ufuncs = ufuncs
        self.layout = Layout(program)
        self.schedule = scheduled(program)
        parts = [part for wave in self.schedule.waves for part in wave]
        self.steps = [step for part in parts for step in steps_of(part, ufuncs)]
        self.waiting: list[Memory] = []

    def __call__(self, operands: Sequence[Any], lengths: Lengths | None = None) -> list[Any]:
        """Return the outputs, given numbers."""
        self.layout.space(operands, lengths)
        is_plain = {*map(type, operands)} == {float}
        numbers = operands if is_plain else list(map(number, operands))
        np = self.ufuncs.np
        with block("ieee"), np.errstate(all="ignore"):
            memory = self.memory()
            memory.inputs[:] = numbers
            for run in memory.runs:
                run()
            outputs: list[Any] = memory.outputs.tolist()
        self.waiting.append(memory)
        return outputs

    def memory(self) -> Memory:
        """Return memory that waits for a run, and that no other thread has; if none does, more."""
        try:
            return self.waiting.pop()
        except IndexError:
            return self.prepared()

    def prepared(self) -> Memory:
        """Return memory for a run, and what is to be done in it."""
        np, dtype = self.ufuncs.np, self.ufuncs.dtype
        work = np.empty(self.schedule.work, dtype)
        constants = np.array(self.schedule.constants, dtype)
        inputs = np.empty(len(self.program.inputs), dtype)
        outputs = np.empty(len(self.program.outputs), dtype)
        columns = rows = np.empty(0)  # of those there are none
        segments = work, columns, constants, rows, inputs, outputs
        return Memory(inputs, outputs, [step.bound(segments) for step in self.steps])


class Memory(NamedTuple):
    """The inputs and outputs of a run, and its steps, one after the other."""

    inputs: Column
    outputs: Column
    runs: list[Run]
