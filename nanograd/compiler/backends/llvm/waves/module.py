"""The whole text that LLVM is given for a schedule: a function for each part of a wave."""

from __future__ import annotations

from collections.abc import Iterator

from ....schedules.forms import Fold, Form
from ....schedules.schedule import Part, Schedule
from ..code import Code
from ..module import QUIET, function_text, renumbered
from .folds import FoldWriter
from .formulas import write_formula
from .lookups import LookupWriter
from .parts import PartWriter


class WaveModule:
    """A schedule in LLVM's language."""

    def __init__(self, schedule: Schedule, precision: str, width: int):
        self.schedule = schedule
        self.precision = precision
        self.width = width
        self.functions: dict[tuple[str, bool], str] = {}  # of ours, that are called
        self.declared: set[str] = {"declare i32 @feclearexcept(i32)"}
        self.lines: list[str] = []
        self.calls: list[str] = []
        for wave in schedule.waves:
            for part in wave:
                self.add(part)

    def add(self, part: Part) -> None:
        """Write the function of a part."""
        name = f"part{len(self.calls)}"
        code = Code(self.precision, self.width, functions=self.functions, declared=self.declared)
        writer = PartWriter(part, name, code, self.schedule.constants)
        if isinstance(part.kind, Fold):
            FoldWriter(writer, part.kind).write()
        elif isinstance(part.kind, Form):
            write_formula(writer, part.kind)
        else:
            LookupWriter(writer, part.kind).write()
        self.lines += writer.tables
        self.lines += [f"define internal void @{name}(ptr %segments) noinline {{", "entry:"]
        self.lines += [*code.first, *code.lines, "  ret void", "}"]
        self.calls.append(f"  call void @{name}(ptr %segments)")

    def text(self) -> str:
        """Return the module."""
        texts = [
            renumbered(function_text(name, self.precision, self.width if is_wide else 1), 10 * i)
            for i, (name, is_wide) in enumerate(self.functions)
        ]
        own = [line for text in texts for line in text.splitlines()]
        declares = dict.fromkeys([*self.declared, *filter(is_declared, own)])
        bodies = [line for line in own if not line.startswith(("declare", ";", "target"))]
        kernel = ["define void @kernel(ptr %segments) {", *self.calls, *QUIET, "  ret void", "}"]
        whole = "\n".join([*declares, *self.constants(), *bodies, *self.lines, *kernel])
        return whole.replace(" alwaysinline", " noinline")

    def constants(self) -> Iterator[str]:
        """Yield the line that has all plain numbers."""
        code = Code(self.precision, 1)
        numbers = self.schedule.constants or [0.0]
        words = ", ".join([f"{code.one} {code.number(x)}" for x in numbers])
        yield f"@constants = private constant [{len(numbers)} x {code.one}] [{words}]"


def is_declared(line: str) -> bool:
    """Return whether a line only tells of a function."""
    return line.startswith("declare")
