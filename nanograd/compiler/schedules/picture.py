"""The picture of a schedule: a box for each wave, or of many waves for several levels together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from ...drawing.chart import Arrow, Chart, ChartBox, Entry
from ..programs.program import Program
from .cells import Cells
from .flow import Origin, Place, flow_of, members_of
from .forms import Fold, Take
from .formula import formula_of, terms_written
from .reading import reading_of
from .schedule import Part, Schedule
from .text import counted, described, head_of, number_of, rows_told

MOST_WAVES = 24  # with a box for each; more are put together
MOST_BANDS = 12  # of levels, then
FEW_MEMBERS = 6  # that are shown of a part
FEW_PARTS = 4  # of a wave
FEW_TITLES = 2  # of several waves

Numbers = Sequence[int]  # of waves, counted from 0


def chart_of(schedule: Schedule, program: Program, name: str) -> Chart:
    """Return the picture of a schedule, with the names of the inputs of its program."""
    drawer = Drawer(schedule, Cells(schedule, [x.name for x in program.inputs]))
    groups = drawer.groups()
    boxes = list(map(drawer.box, groups))
    summary = "; ".join([head_of(schedule, drawer.steps, program), *rows_told(schedule)])
    return Chart(f"{name}, re-rolled", summary, boxes, drawer.arrows(groups))


class Drawer:
    """Makes boxes of waves."""

    def __init__(self, schedule: Schedule, cells: Cells):
        self.waves = schedule.waves
        self.cells = cells
        self.steps = flow_of(schedule, cells)

    def groups(self) -> list[Numbers]:
        """Return the waves that share a box: each has its own, or those of some levels do."""
        if len(self.waves) <= MOST_WAVES:
            return [[number] for number in range(len(self.waves))]
        deepest = max([step.level for step in self.steps])
        reach = math.ceil(deepest / MOST_BANDS)
        bands: dict[int, list[int]] = {}
        for number, step in enumerate(self.steps):
            bands.setdefault((step.level - 1) // reach, []).append(number)
        return [bands[band] for band in sorted(bands)]

    def arrows(self, groups: Sequence[Numbers]) -> list[Arrow]:
        """Return the arrows between boxes."""
        box_of = {wave: box for box, waves in enumerate(groups) for wave in waves}
        sums: Counter[tuple[int, int]] = Counter()
        for wave, step in enumerate(self.steps):
            for source, numbers in step.sources.items():
                sums[box_of[source], box_of[wave]] += numbers
        return [Arrow(*ends, numbers) for ends, numbers in sums.items() if len(set(ends)) == 2]

    # -- boxes -------------------------------------------------------------------------------

    def box(self, waves: Numbers) -> ChartBox:
        """Return the box of some waves."""
        entries = [
            entry
            for wave in waves
            for entry in self.entries(wave, f"#{wave + 1} " if len(waves) > 1 else "")
        ]
        is_output = any(self.steps[wave].is_output for wave in waves)
        kind = ("operation" if len(waves) == 1 else "group") + " output" * is_output
        note = results_counted([part for wave in waves for part in self.waves[wave]])
        if len(waves) == 1:
            return ChartBox(self.title(waves[0]), note, f"#{waves[0] + 1}", kind, entries)
        levels = [self.steps[wave].level for wave in waves]
        first, last = min(levels), max(levels)
        tag = f"levels {first}–{last}" if first < last else f"level {first}"
        title = ", ".join(map(self.title, self.busiest(waves)))
        return ChartBox(title, f"{len(waves)} waves, {note}", tag, kind, entries)

    def title(self, wave: int) -> str:
        """Return what a wave does, with the names of what its largest part reads."""
        parts = self.waves[wave]
        place = max(range(len(parts)), key=lambda i: parts[i].members)
        origins = self.steps[wave].origins[place]
        names = [
            source_name(leaf)
            or number_of(reading_of(parts[place], column), self.cells)
            or "numbers"
            for column, leaf in enumerate(origins, 1)
        ]
        return formula_of(parts[place].kind, names)

    def busiest(self, waves: Numbers) -> Numbers:
        """Return the waves that read most, in order."""
        few = sorted(waves, key=lambda wave: -sum(map(reads_of, self.waves[wave])))[:FEW_TITLES]
        return sorted(few)

    def entries(self, wave: int, name: str) -> Iterator[Entry]:
        """Yield what is told of the parts of a wave, under its name."""
        parts = self.waves[wave]
        for part in parts[:FEW_PARTS]:
            line = described(part, self.cells)
            result = [("→", line.result)]
            runs = [("", line.runs)] if line.runs else []
            facts = [*line.operands.items(), *result, *runs]
            lines = list(islice(self.members(part), FEW_MEMBERS))
            heading = f"{name}{line.members} × {line.formula}"
            yield Entry(heading, facts, lines, part.members - len(lines))
        if left := parts[FEW_PARTS:]:
            members = sum([part.members for part in left])
            told = f"{name}{members:,} more, which read in {len(left)} other ways"
            yield Entry(told, (), (), 0)

    def members(self, part: Part) -> Iterator[str]:
        """Yield the scalars of a part: what each one is."""
        for result, leaves in members_of(part):
            yield f"{self.cells.name(*result)} = {self.computed(part, leaves)}"

    def computed(self, part: Part, leaves: Sequence[Sequence[Place]]) -> str:
        """Return one scalar as a formula of the places that it reads."""
        names = [[self.cells.name(*place) for place in leaf] for leaf in leaves]
        if isinstance(part.kind, Fold):
            return terms_written(part.kind, list(zip(*names, strict=True)))
        if isinstance(part.kind, Take):
            table = leaves[1]
            spanned = self.cells.span(table[0][0], table[0][1], table[-1][1])
            return formula_of(part.kind, [names[0][0], spanned])
        return formula_of(part.kind, [name for (name,) in names])


def results_counted(parts: Sequence[Part]) -> str:
    """Return how many numbers parts give, and how many columns."""
    members: Counter[str] = Counter()
    for part in parts:
        members["column" if part.kind.is_column else "number"] += part.members
    return ", ".join([counted(count, word) for word, count in members.items()])


def reads_of(part: Part) -> int:
    """Return how many operands a part has."""
    terms = sum(map(len, part.terms)) or len(part.segments)
    return part.members * terms


def source_name(origins: Sequence[Origin]) -> str:
    """Return where a leaf comes from, in short: `weights`, `#3` of a wave, `#3…` of several.

    It is empty for plain numbers.
    """
    if not origins:
        return ""
    first = origins[0]
    text = first if isinstance(first, str) else f"#{first + 1}"
    return text if len(origins) == 1 else f"{text}…"
