"""The whole text that LLVM is given for a schedule: a function for each shape of its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator

from ....schedules.forms import Fold, Form, Total
from ....schedules.schedule import Part, Schedule
from ....schedules.shapes import places_of, shape_of
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
        parts = [part for wave in schedule.waves for part in wave]
        self.shapes = Counter(map(shape_of, parts))
        self.names: dict[Hashable, str] = {}  # of the functions of shapes
        self.tables = 0  # of places
        self.calls = [[self.called(part) for part in wave] for wave in schedule.waves]

    def called(self, part: Part) -> str:
        """Return the line that calls the function of a part, which is written if there is none."""
        shape = shape_of(part)
        is_shared = self.shapes[shape] > 1
        if shape not in self.names:
            self.names[shape] = f"part{len(self.names)}"
            self.write(part, self.names[shape], is_shared=is_shared)
        places = self.table(part) if is_shared else "null"
        return f"  call void @{self.names[shape]}(ptr %segments, ptr {places})"

    def table(self, part: Part) -> str:
        """Return the name of the table that tells a part from others of its shape."""
        name = f"@places{self.tables}"
        self.tables += 1
        words = [f"i32 {x}" for x in places_of(part, self.width)]
        self.lines.append(f"{name} = private constant [{len(words)} x i32] [{', '.join(words)}]")
        return name

    def write(self, part: Part, name: str, *, is_shared: bool) -> None:
        """Write the function of a part."""
        code = Code(self.precision, self.width, functions=self.functions, declared=self.declared)
        writer = PartWriter(part, name, code, self.schedule, is_shared=is_shared)
        if isinstance(part.kind, Fold):
            FoldWriter(writer, part.kind).write()
        elif isinstance(part.kind, Form):
            write_formula(writer, part.kind)
        elif isinstance(part.kind, Total):
            TotalWriter(writer, part.kind).write()
        else:
            LookupWriter(writer, part.kind).write()
        head = f"define internal void @{name}(ptr %segments, ptr %places) noinline {{"
        self.lines += [*writer.tables, head, "entry:", *code.first, *code.lines, "  ret void", "}"]

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
