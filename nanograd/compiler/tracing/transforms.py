"""Derivatives in a trace: the function becomes a program, and its derivative is written out.

The program knows only of what happens inside of the function. Loops around it, over rows or steps,
are hidden from it: it is written out for each row, and so a derivative is that of the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any, NamedTuple

from ...calculus.arguments import Call
from ...calculus.recording import Run
from ...calculus.structure import Leaves, Structure
from ...calculus.traces import IN_TRACES, TRACES
from ...errors import TraceError
from ...modes import block
from ...nanograd import Scalar
from ..derivatives.derivative import gradient, pullback, tangent
from ..programs.program import Program
from ..programs.replay import recorded
from .refs import Ref, asked_at, turned
from .trace import recording
from .turning import Swap


class Entry(NamedTuple):
    """What one input of a program stands for."""

    ref: Ref
    place: int  # of the primal
    operand: Any  # the primal, or what it is along other axes
    turns: tuple[Swap, ...]  # the way to that


class ProgramRun(Run):
    """A run whose steps are a program."""

    def __init__(self, call: Call, structure: Structure, primals: Leaves):
        self.entries: list[Entry] = []
        with recording() as recorder:
            self.recorder = recorder
            inputs = [self.enter(place, x) for place, x in enumerate(primals)]
            super().__init__(call, structure, primals, inputs)
            returned = self.outputs.leaves + self.outputs.aux_leaves
            self.scalars = [x for x in returned if isinstance(x, Scalar)]
            self.program: Program = recorder.program(self.scalars)
        operands = {each.ref.slot: each.operand for each in self.entries}
        operands |= {ref.slot: scalar for scalar, ref in recorder.captured.values()}
        slots = sorted(operands)
        self.operands = [operands[slot] for slot in slots]
        places = {slot: place for place, slot in enumerate(slots)}
        self.wrt = [places[each.ref.slot] for each in self.entries]
        self.found: dict[int, Any] = {}

    def enter(self, place: int, operand: Any, turns: tuple[Swap, ...] = ()) -> Ref:
        """Return the input for a primal, or for what it is along other axes."""
        recorder = self.recorder
        for known in self.entries if turns else ():
            if known.place == place and is_one(known.operand, operand):
                return known.ref
        name = getattr(operand, "name", "") or "x"
        ref = recorder.input(name, recorder.visible(operand))
        self.entries.append(Entry(ref, place, operand, turns))

        def along(swap: Swap) -> Ref:
            return self.enter(place, turned(operand, swap), (*turns, swap))

        recorder.ways[ref.slot] = along
        return ref

    def note(self, results: Sequence[Any]) -> Sequence[Any]:
        """Note what has become of the scalars that the function returned; return the rest."""
        for scalar, found in zip(self.scalars, results, strict=False):
            self.found[id(scalar)] = found
        return results[len(self.scalars) :]

    def primal(self, x: Any) -> Any:
        """Return what a number of the program is outside of it."""
        if isinstance(x, Scalar) and not self.found:
            self.note(written(self.program, self.operands))
        return self.found.get(id(x), x)

    def together(self, slopes: Leaves) -> Leaves:
        """Return the derivative in each primal: the sum of those in all inputs for it."""
        found: list[Any] = [None] * len(self.primals)
        for slope, (_, place, _, turns) in zip(slopes, self.entries, strict=True):
            share = reduce(turned, reversed(turns), slope)
            found[place] = share if found[place] is None else found[place] + share
        return found

    def apart(self, tangents: Leaves) -> Leaves:
        """Return the tangent of each input."""
        return [reduce(turned, each.turns, tangents[each.place]) for each in self.entries]

    def gradient(self) -> Any:
        """Return the derivatives of the only output, nested as the inputs are."""
        if not isinstance(self.outputs.leaves[0], Scalar):
            return self.structure.rebuild([0.0] * len(self.primals))
        program = gradient(self.program, self.wrt, values=True)
        slopes = self.note(written(program, self.operands))
        return self.structure.rebuild(self.together(slopes))

    def pull(self, cotangents: Leaves, steps: Any = None) -> Leaves:
        """Return the derivative of Σ cotangent · output in each input."""
        del steps
        pairs = zip(self.outputs.leaves, cotangents, strict=True)
        seeds = [y_bar for y, y_bar in pairs if isinstance(y, Scalar)]
        seeds += [0.0] * (len(self.scalars) - len(seeds))
        program = pullback(self.program, self.wrt)
        return self.together(written(program, [*self.operands, *seeds]))

    def push(self, tangents: Leaves) -> Leaves:
        """Return the derivative of each output along the direction `tangents`."""
        program = tangent(self.program, self.wrt, values=True)
        moved = self.note(written(program, [*self.operands, *self.apart(tangents)]))
        of = dict(zip(map(id, self.scalars), moved, strict=True))
        return [of.get(id(y), 0.0) for y in self.outputs.leaves]

    @property
    def order(self) -> Any:
        """There is no graph."""
        raise TraceError(
            f"{asked_at()}{self.call.transform} looks at the graph of a function, and there is "
            "none while it is compiled. Take jacobian or hessian, or keep this part out of jit."
        )

    def keep(self) -> None:
        """Do nothing: a program can be differentiated at any time."""

    def refuse_stale_data(self) -> None:
        """Do nothing: the numbers of a program do not change."""


def written(program: Program, operands: Sequence[Any]) -> list[Any]:
    """Return the outputs of a program that is written out in the trace that is open here."""
    with block("ieee"):
        return recorded(program, operands, TRACES.get()[-1])


def is_one(x: Any, y: Any) -> bool:
    """Return whether these are the same slot of the same trace."""
    return (x.recorder, x.slot) == (y.recorder, y.slot)


IN_TRACES["run"] = ProgramRun
