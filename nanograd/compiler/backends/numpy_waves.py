"""Long programs of numbers on NumPy: each wave of a schedule is done to all its members at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from ...modes import block
from ...nanograd import Operation
from ...packing import doubles_at
from ...real import number
from ..programs.blocks import NO_BLOCKS, Blocks, outside
from ..programs.operations import Input
from ..programs.program import Program
from ..programs.rows import Layout, Lengths
from ..schedules.memory import CONSTANTS, INPUTS, WORK
from ..schedules.nodes import UnscheduledError
from ..schedules.schedule import scheduled
from .formulas import Column
from .numpy_parts import Run, steps_of
from .ufuncs import Ufuncs

LONG = 2_000  # instructions
FEWEST = 4  # instructions per step, on average: of fewer, waves are hardly faster than exact steps


def waves_of(
    program: Program,
    ufuncs: Ufuncs,
    blocks: Blocks = NO_BLOCKS,
) -> WaveKernel | None:
    """Return a program as a function of numbers, run in waves; None if that is not worth it.

    It is for long programs without axes and loops which do the same to many numbers.
    """
    is_plain = all(type(op) is Input or isinstance(op, Operation) for op in program.ops)
    if len(program) < LONG or program.order or not is_plain:
        return None
    try:
        kernel = WaveKernel(program, ufuncs, blocks)
    except UnscheduledError:
        return None
    return kernel if FEWEST * len(kernel.steps) <= len(program) else None


class WaveKernel:
    """A program of single numbers, run in waves; it takes and gives blocks of them, too."""

    def __init__(self, program: Program, ufuncs: Ufuncs, blocks: Blocks = NO_BLOCKS):
        self.program = program
        self.ufuncs = ufuncs
        self.blocks = blocks
        self.layout = Layout(program)
        self.schedule = scheduled(program)
        parts = [part for wave in self.schedule.waves for part in wave]
        self.steps = [step for part in parts for step in steps_of(part, ufuncs)]
        self.places_in = outside(blocks.inputs, len(program.inputs))
        self.places_out = outside(blocks.outputs, len(program.outputs))
        self.waiting: list[Memory] = []

    def __call__(self, operands: Sequence[Any], lengths: Lengths | None = None) -> list[Any]:
        """Return the outputs, given numbers."""
        self.layout.space(operands, lengths)
        numbers = floats(operands)
        with self.memory() as memory:
            memory.inputs[:] = numbers
            memory.run()
            outputs: list[Any] = memory.outputs.tolist()
        return outputs

    def on_blocks(
        self,
        given: Sequence[int],
        operands: Sequence[Any],
        wanted: Sequence[int],
        lengths: Lengths,
    ) -> list[Any]:
        """Return the outputs outside of blocks; those inside are written to where it is wanted."""
        del lengths  # there are no axes
        numbers = floats(operands)
        with self.memory() as memory:
            for address, (start, size) in zip(given, self.blocks.inputs, strict=True):
                memory.inputs[start : start + size] = self.column_at(address, size)
            memory.inputs[self.places_in] = numbers
            memory.run()
            for address, (start, size) in zip(wanted, self.blocks.outputs, strict=True):
                self.column_at(address, size)[:] = memory.outputs[start : start + size]
            others: list[Any] = memory.outputs[self.places_out].tolist()
        return others

    def column_at(self, address: int, size: int) -> Column:
        """Return doubles anywhere as a column."""
        return self.ufuncs.np.ndarray(size, float, doubles_at(address, size))

    @contextmanager
    def memory(self) -> Iterator[Memory]:
        """Give memory that no other thread has, until the block ends, where IEEE 754 rules."""
        try:
            memory = self.waiting.pop()
        except IndexError:
            memory = self.prepared()
        with block("ieee"), self.ufuncs.np.errstate(all="ignore"):
            yield memory
        self.waiting.append(memory)

    def prepared(self) -> Memory:
        """Return memory for a run, and what is to be done in it."""
        np, dtype = self.ufuncs.np, self.ufuncs.dtype
        work = np.empty(self.schedule.work, dtype)
        with np.errstate(over="ignore"):
            constants = np.array(self.schedule.constants, dtype)
        inputs = np.empty(len(self.program.inputs), dtype)
        outputs = np.empty(len(self.program.outputs), dtype)
        segments = {WORK: work, CONSTANTS: constants, INPUTS: inputs, INPUTS + 1: outputs}
        return Memory(inputs, outputs, [step.bound(segments) for step in self.steps])


def floats(operands: Sequence[Any]) -> Sequence[float]:
    """Return real numbers as floats; anything else is a TypeError."""
    return operands if {*map(type, operands)} == {float} else list(map(number, operands))


class Memory(NamedTuple):
    """The inputs and outputs of a run, and its steps, one after the other."""

    inputs: Column
    outputs: Column
    steps: list[Run]

    def run(self) -> None:
        """Do all steps."""
        for step in self.steps:
            step()
