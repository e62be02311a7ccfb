"""The whole text that LLVM is given for a schedule: a function for each part of a wave."""

from __future__ import annotations

from collections.abc import Iterator

from ....schedules.forms import Fold, Form, Total
from ....schedules.schedule import Part, Schedule
from ..code import Code
from ..own_functions import QUIET, function_texts, whole_text
from .folds import FoldWriter
from .formulas import write_formula
from .lookups import LookupWriter
from .parts import PartWriter
from .totals import TotalWriter


class WaveModule:
    """A schedule in LLVM's language."""

    def __init__(self, schedule: Schedule, precision: str, width: int):
        self.schedule = schedule
        self.precision = precision
        self.width = width
        self.functions: dict[tuple[str, bool], str] = {}  # of ours, that are called
        self.declared: set[str] = set()
        self.lines: list[str] = []
        self.count = 0  # of parts
        self.calls = [[self.called(part) for part in wave] for wave in schedule.waves]

    def called(self, part: Part) -> str:
        """Return the line that calls the function of a part, which is written."""
        name = f"part{self.count}"
        self.count += 1
        code = Code(self.precision, self.width, functions=self.functions, declared=self.declared)
        writer = PartWriter(part, name, code, self.schedule)
        if isinstance(part.kind, Fold):
            FoldWriter(writer, part.kind).write()
        elif isinstance(part.kind, Form):
            write_formula(writer, part.kind)
        elif isinstance(part.kind, Total):
            TotalWriter(writer, part.kind).write()
        else:
            LookupWriter(writer, part.kind).write()
        self.lines += writer.tables
        self.lines += [f"define internal void @{name}(ptr %segments) noinline {{", "entry:"]
        self.lines += [*code.first, *code.lines, "  ret void", "}"]
        return f"  call void @{name}(ptr %segments)"

    def text(self) -> str:
        """Return the module."""
        texts = function_texts(self.functions, self.precision, self.width).values()
        lines = [*self.constants(), *self.lines]
        for name, waves in phases_of(self.schedule).items():
            lines += [f"define void @{name}(ptr %segments) {{"]
            lines += [call for calls in self.calls[waves] for call in calls]
            lines += [*QUIET, "  ret void", "}"]
        return whole_text(texts, self.declared, lines, is_inlined=False)

    def constants(self) -> Iterator[str]:
        """Yield the line that has all plain numbers."""
        code = Code(self.precision, 1)
        numbers = self.schedule.constants or [0.0]
        words = ", ".join([f"{code.one} {code.number(x)}" for x in numbers])
        yield f"@constants = private constant [{len(numbers)} x {code.one}] [{words}]"


def phases_of(schedule: Schedule) -> dict[str, slice]:
    """Return which waves each function runs: all; if there are rows, before, in and after them."""
    found = {"kernel": slice(None)}
    if schedule.rows.stop:
        found |= {"before": slice(schedule.rows.start), "rows": schedule.rows}
        found["after"] = slice(schedule.rows.stop, None)
    return found
