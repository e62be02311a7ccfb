"""The stages of a compiled function, from what was recorded to machine code, to be read."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ...errors import DataError, short
from ..backends import backend_for
from ..programs.blocks import NO_BLOCKS, Blocks
from ..programs.operations import Loop
from ..programs.program import Program
from .compiled import Flat
from .lowering import Lowering

if TYPE_CHECKING:
    from pathlib import Path

    from ...drawing.drawing import Drawing
    from ..schedules.schedule import Schedule


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
        }
        if not without_waves(self.flat.optimized):
            self.texts["schedule"] = self.schedule_text
        self.texts["python"] = lambda: str(
            backend_for("python").lowered(self.flat.optimized).source
        )
        if self.native is not None:
            self.texts["llvm"] = lambda: str(self.native.source)
            self.texts["assembly"] = lambda: str(self.native.assembly)

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages, in order; there is no schedule of what falls into no waves."""
        if isinstance(self.schedule_or_reason, str):
            return tuple([name for name in self.texts if name != "schedule"])
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

    @property
    def schedule(self) -> Schedule:
        """Its waves, also where it is not run so, as what is short; a `DataError` if none."""
        if isinstance(self.schedule_or_reason, str):
            raise DataError(f"there is no schedule of {self.name}: {self.schedule_or_reason}")
        return self.schedule_or_reason

    @cached_property
    def schedule_or_reason(self) -> Schedule | str:
        """Its waves, or why there are none, in words."""
        from ..schedules.nodes import UnscheduledError
        from ..schedules.schedule import scheduled

        program = self.flat.optimized
        if reason := without_waves(program):
            return reason
        try:
            return scheduled(program, self.flat.blocks)
        except UnscheduledError as error:
            return f"it does not fall into waves ({error}){self.way_instead()}"

    def way_instead(self) -> str:
        """Return in words that a program without waves is run from a tape, if it is."""
        if not getattr(self.native, "is_on_tape", False):
            return ""
        return "; it is run from a tape: its instructions are data that a small loop goes through"

    def schedule_text(self) -> str:
        """Return its waves as text."""
        from ..schedules.text import written

        return written(self.schedule, self.flat.optimized)

    def draw(self) -> Drawing:
        """Return a picture of the waves, each of which opens to its scalars in its `html`.

        `save` writes it to a file, as .svg, .html or .dot. A program with rows along several axes,
        one with a loop, or one without structure has no waves, and that is a `DataError`.
        """
        from ..schedules.picture import chart_of

        return chart_of(self.schedule, self.flat.optimized, self.name)

    def show(self, path: str = "", *, browser: bool = True) -> Path:
        """Open the picture of the waves in the browser, and return the file that it is in.

        Without a `path` it is a new file in the folder for temporary files. With `browser=False` it
        is written and not opened.
        """
        return self.draw().show(path, browser=browser)

    def __getitem__(self, stage: str) -> str:
        if stage not in self.texts or (
            stage == "schedule" and isinstance(self.schedule_or_reason, str)
        ):
            raise KeyError(f"a stage is one of {', '.join(self.stages)}; it is {short(stage)}")
        return self.texts[stage]()

    def __str__(self) -> str:
        head = [f"{self.name}, run by the backend {self.backend}", *self.flat.choice.reasons]
        parts = [f"-- {stage} --\n{self[stage]}" for stage in ("trace", "optimized", "python")]
        return "\n\n".join(["\n".join(head), *parts])


def without_waves(program: Program) -> str:
    """Return why no waves are looked for in a program, in words; nothing if they are."""
    if len(program.order) > 1:
        axes = " and ".join(program.order)
        return f"it computes over {axes}, and waves have rows along one axis"
    if any(isinstance(op, Loop) for op in program.ops):
        return "it has a loop, which stays one, and a schedule is of straight code"
    return ""
