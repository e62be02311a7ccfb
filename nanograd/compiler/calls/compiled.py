"""A traced function with its kernel, called with the numbers and arrays of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from threading import RLock
from typing import Any

from ...nanograd import Scalar
from ...packing import Packed
from ..derivatives.derivative import gradient
from ..passes.exact import optimized, remove_dead
from ..programs.blocks import NO_BLOCKS, Blocks
from ..programs.operations import Axes
from ..programs.program import Program
from ..programs.replay import replay
from ..telling import telling
from ..tracing.data import is_data
from ..tracing.extents import Extents
from ..tracing.trace import recording
from .call import Call
from .lowering import Choice, Lowering
from .quick import QuickWay, quick_way
from .signature import SIMPLE
from .traced import TracedFunction, packed_in

Lengths = Mapping[str, int]


class Compiled:
    """A traced function that can be called."""

    def __init__(self, traced: TracedFunction, lowering: Lowering):
        self.traced = traced
        self.calls = 0
        self.flat = Flat(
            traced.name,
            traced.program,
            lowering,
            traced.blocks,
            traced.seconds,
        )

    def __call__(self, leaves: Sequence[Any]) -> Any:
        """Return the result of a call."""
        traced = self.traced
        if self.on_blocks is not None and not has_scalars(leaves):
            return self.run_on_blocks(leaves)
        operands = traced.operands(leaves)
        lengths = traced.lengths(leaves, operands)
        results = self.flat(operands, lengths)
        return traced.shape.remade(list(results), traced.axes, lengths)

    @cached_property
    def on_blocks(self) -> Any:
        """What runs the program on blocks and arrays, if there are any: see programs/blocks.py."""
        traced = self.traced
        if not (traced.blocks or traced.data) or traced.captured or traced.needs_what_is_inside():
            return None
        return getattr(self.flat.choice.kernel, "on_blocks", None)

    @cached_property
    def quick(self) -> QuickWay | None:
        """The quick way into it, if there is one."""
        return quick_way(self)

    def run_on_blocks(self, leaves: Sequence[Any]) -> Any:
        """Return the result of a call without a walk over all numbers and columns."""
        traced = self.traced
        operands = traced.operands_beside(leaves)
        by_input = dict(zip(traced.others, operands, strict=True)) if traced.steps.outputs else {}
        lengths = traced.lengths(leaves, by_input)
        given = [x.address for x in packed_in(leaves)]
        made = [Packed.empty(form) for form in traced.shape.forms]
        others = self.on_blocks(given, operands, [x.address for x in made], lengths)
        return traced.shape.remade_around(others, made, traced.axes, lengths)


def has_scalars(xs: Sequence[Any]) -> bool:
    """Return whether there is a scalar among these."""
    kinds = set(map(type, xs))
    return not kinds <= SIMPLE and any(issubclass(kind, Scalar) for kind in kinds)


class Flat:
    """A program with its kernel; of scalars it makes scalars."""

    def __init__(
        self,
        name: str,
        program: Program,
        lowering: Lowering,
        blocks: Blocks = NO_BLOCKS,
        seconds: float = 0.0,
    ):
        self.name = name
        self.program = program
        self.lowering = lowering
        self.blocks = blocks
        self.seconds = seconds  # that it took to find the program
        self.jacobians: dict[Any, Flat] = {}
        self.lock = RLock()

    @cached_property
    def optimized(self) -> Program:
        """The program after all passes."""
        return optimized(self.program)

    @cached_property
    def choice(self) -> Choice:
        """What runs the program."""
        with self.lock, telling(self.name, self.seconds):
            return self.lowering.choice(self.optimized, self.blocks)

    def __call__(self, operands: Sequence[Any], lengths: Lengths) -> Sequence[Any]:
        """Return the results of the program."""
        if has_scalars(operands):
            return self.on_scalars(operands, lengths)
        results: Sequence[Any] = self.choice.kernel(operands, lengths)
        return results

    def jacobian(self, wrt: tuple[int, ...]) -> Flat:
        """Return the program for the slopes of each output in these inputs."""
        with self.lock:
            if wrt not in self.jacobians:
                with telling(self.name) as told:
                    program = slopes_of(self.program, wrt)
                self.jacobians[wrt] = Flat(
                    self.name,
                    program,
                    self.lowering,
                    seconds=told.spent,
                )
            return self.jacobians[wrt]

    def on_scalars(self, operands: Sequence[Any], lengths: Lengths) -> Sequence[Any]:
        """Return the results as scalars: each number one operation of the numbers that went in.

        A column is a graph for each row: there is no other way to have its entries one by one.
        """
        found = Call(self.numbers, operands, lengths).outputs() if self.numbers else []
        if self.columns:
            plain = [x.tolist() if is_data(x) else x for x in operands]
            found += replay(self.columns, plain, lengths)
        return [found[place] for place in self.places]

    @cached_property
    def axes(self) -> Sequence[Axes]:
        """The axes of the outputs."""
        return self.program.output_axes()

    @cached_property
    def numbers(self) -> Flat | None:
        """The part that gives single numbers, if there is any."""
        if not any(self.axes):
            return self
        outputs = [i for i, axes in enumerate(self.axes) if not axes]
        return Flat(self.name, part(self.program, outputs), self.lowering) if outputs else None

    @cached_property
    def columns(self) -> Program | None:
        """The part that gives columns, if there is any."""
        outputs = [i for i, axes in enumerate(self.axes) if axes]
        return part(self.program, outputs) if outputs else None

    @cached_property
    def places(self) -> Sequence[int]:
        """Where each output stands, if numbers come before columns."""
        order = sorted(range(len(self.axes)), key=lambda i: bool(self.axes[i]))
        return sorted(range(len(order)), key=order.__getitem__)


def part(program: Program, outputs: Sequence[int]) -> Program:
    """Return what a program does for some of its outputs."""
    wanted = tuple([program.outputs[i] for i in outputs])
    return remove_dead(Program(program.ops, program.operands, wanted))


def slopes_of(program: Program, wrt: Sequence[int]) -> Program:
    """Return the program for the slopes of each output in these inputs."""
    with recording(Extents()) as recorder:
        inputs = [recorder.input(x.name, x.axes) for x in program.inputs]
        found: list[Any] = []
        for i in range(len(program.outputs)):
            found += replay(gradient(program, wrt, of=i), inputs)
        return recorder.program(found)
