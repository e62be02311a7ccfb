"""The stages of a compiled function, from what was recorded to machine code, to be read."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from ...errors import short
from ..backends import backend_for
from ..programs.blocks import NO_BLOCKS, Blocks
from ..programs.program import Program
from .compiled import Flat
from .lowering import Lowering


class Lowered:
    """What a function becomes for the arguments of one call; `lowered["optimized"]` is one stage.

    `stages` has the names of all. `backend` is what runs it: if that is not the fastest that is
    installed, the text says why.
    """

    def __init__(
        self,
        name: str,
        program: Program,
        lowering: Lowering,
        blocks: Blocks = NO_BLOCKS,
    ):
        self.name = name
        self.flat = Flat(name, program, lowering, blocks)
        self.texts: dict[str, Callable[[], str]] = {
            "trace": lambda: str(self.flat.program),
            "optimized": lambda: str(self.flat.optimized),
            "python": lambda: str(backend_for("python").lowered(self.flat.optimized).source),
        }
        if self.native is not None:
            self.texts["llvm"] = lambda: str(self.native.source)
            self.texts["assembly"] = lambda: str(self.native.assembly)

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages, in order."""
        return tuple(self.texts)

    @property
    def backend(self) -> str:
        """The name of the backend that runs it."""
        return self.flat.choice.backend

    @cached_property
    def native(self) -> Any:
        """The kernel of the native backend; None if that is not installed, or cannot do it."""
        if not find_spec("llvmlite"):
            return None
        lowering = Lowering(None, self.flat.lowering.precision)
        choice = lowering.choice(self.flat.optimized, self.flat.blocks)
        return choice.kernel if choice.backend == "llvm" else None

    def __getitem__(self, stage: str) -> str:
        if stage not in self.texts:
            raise KeyError(f"a stage is one of {', '.join(self.texts)}; it is {short(stage)}")
        return self.texts[stage]()

    def __str__(self) -> str:
        head = [f"{self.name}, run by the backend {self.backend}", *self.flat.choice.reasons]
        parts = [f"-- {stage} --\n{self[stage]}" for stage in ("trace", "optimized", "python")]
        return "\n\n".join(["\n".join(head), *parts])
