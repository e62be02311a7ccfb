"""Derivatives in a trace: the function becomes a program, and its derivative is written out.

The program knows only of what happens inside of the function. Loops around it, over rows or steps,
are hidden from it: it is written out for each row, and so a derivative is that of the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..calculus.arguments import Call
from ..calculus.recording import Run
from ..calculus.structure import Leaves, Structure
from ..calculus.traces import IN_TRACES
from ..nanograd import Scalar
from .derivative import gradient, pullback, tangent
from .program import Program
from .replay import replay
from .trace import recording


class ProgramRun(Run):
    """A run whose steps are a program."""

    def __init__(self, call: Call, structure: Structure, primals: Leaves):
        with recording() as recorder:
            names = [getattr(x, "name", "") or "x" for x in primals]
            pairs = zip(names, primals, strict=True)
            inputs = [recorder.input(name, recorder.visible(x)) for name, x in pairs]
            super().__init__(call, structure, primals, inputs)
            returned = self.outputs.leaves + self.outputs.aux_leaves
            self.scalars = [x for x in returned if isinstance(x, Scalar)]
            self.program: Program = recorder.program(self.scalars)
        self.operands = [*primals, *recorder.taken()]
        self.found: dict[int, Any] = {}

    def note(self, results: Sequence[Any]) -> Sequence[Any]:
        """Note what has become of the scalars that the function returned; return the rest."""
        for scalar, found in zip(self.scalars, results, strict=False):
            self.found[id(scalar)] = found
        return results[len(self.scalars) :]

    def primal(self, x: Any) -> Any:
        """Return what a number of the program is outside of it."""
        if isinstance(x, Scalar) and not self.found:
            self.note(replay(self.program, self.operands))
        return self.found.get(id(x), x)

    @property
    def wrt(self) -> range:
        """The places of the inputs that are differentiated in."""
        return range(len(self.primals))

    def gradient(self) -> Any:
        """Return the derivatives of the only output, nested as the inputs are."""
        if not isinstance(self.outputs.leaves[0], Scalar):
            return self.structure.rebuild([0.0] * len(self.primals))
        program = gradient(self.program, self.wrt, values=True)
        return self.structure.rebuild(self.note(replay(program, self.operands)))

    def pull(self, cotangents: Leaves, steps: Any = None) -> Leaves:
        """Return the derivative of Σ cotangent · output in each input."""
        del steps
        pairs = zip(self.outputs.leaves, cotangents, strict=True)
        seeds = [y_bar for y, y_bar in pairs if isinstance(y, Scalar)]
        seeds += [0.0] * (len(self.scalars) - len(seeds))
        program = pullback(self.program, self.wrt)
        return replay(program, [*self.operands, *seeds])

    def push(self, tangents: Leaves) -> Leaves:
        """Return the derivative of each output along the direction `tangents`."""
        program = tangent(self.program, self.wrt, values=True)
        moved = self.note(replay(program, [*self.operands, *tangents]))
        of = dict(zip(map(id, self.scalars), moved, strict=True))
        return [of.get(id(y), 0.0) for y in self.outputs.leaves]

    def keep(self) -> None:
        """Do nothing: a program can be differentiated at any time."""

    def refuse_stale_data(self) -> None:
        """Do nothing: the numbers of a program do not change."""


IN_TRACES["run"] = ProgramRun
