"""The text of a schedule: a line for each wave, or for each part of one.

    62 instructions → 14 nodes → 5 waves, on 5 levels; 24 cells of memory

    wave level  members, formula  result     operands
       1     1  8 × Σ₄ a·b        work[0:8]  a = w[0_0…7_3] tile 8×4 (+4, +1); b = x[0…3] broadcast

Each of 8 members adds up 4 products. It is told how the members read an operand, all together:

    slice                 one after the other
    stride 4              every fourth
    broadcast             all of them the same
    tile 8×4 (+4, +1)     in 8 rows, 4 apart, of 4, side by side; the last is over the terms of sums
    gather                by a table of places; results go to theirs by a scatter
    , each by 4           4 members one after the other read the same
    , 4 times over        and then all from the beginning

A plain number stands in the formula. `work` is the memory for what is computed on the way, `out` is
what comes out; inputs have their names. A column has a number for each row, and one place: `column`
is the memory for those on the way, and where columns go in or come out it is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_lowercase
from typing import NamedTuple

from ..programs.program import Program
from .cells import Cells
from .flow import Step, flow_of
from .forms import COLUMN, NUMBER
from .formula import formula_of
from .memory import CONSTANTS
from .reading import Reading, places_of, reading_of, terms_of
from .schedule import Part, Schedule

MOST_LINES = 150
FEW_PARTS = 3  # of a wave, each on a line of its own

GATHER, SCATTER = " gather", " scatter"  # the same, of what is read and of what is written

WIDEST_FORMULA, WIDEST_RESULT = 34, 24  # what is wider moves its own line only


def written(schedule: Schedule, program: Program | None = None) -> str:
    """Return the text of a schedule, with the names of the inputs of its program."""
    cells = Cells(schedule, [x.name for x in program.inputs] if program else ())
    steps = flow_of(schedule, cells)
    rows = list(rows_of(schedule, cells, steps, FEW_PARTS))
    if len(rows) > MOST_LINES:
        rows = list(rows_of(schedule, cells, steps, 1))
    lines = list(aligned([HEAD, *rows[: MOST_LINES + 1]]))
    if len(rows) > MOST_LINES:
        half = MOST_LINES // 2
        lines = list(aligned([HEAD, *rows[:half], *rows[-half:]]))
        lines.insert(half + 1, f"       … {len(rows) - 2 * half:,} more lines …")
    head = [head_of(schedule, steps, program), *rows_told(schedule)]
    return "\n".join([*head, "", *lines])


def head_of(schedule: Schedule, steps: Sequence[Step], program: Program | None) -> str:
    """Return how many there are of everything."""
    nodes = sum([part.members for wave in schedule.waves for part in wave])
    levels = max([step.level for step in steps], default=0)
    counts = [counted(nodes, "node"), counted(len(steps), "wave")]
    if program:
        counts.insert(0, counted(len(program) - len(program.inputs), "instruction"))
    memory = counted(schedule.work, "cell")
    if schedule.columns:
        memory = f"{memory} and {counted(schedule.columns, 'column')}"
    return f"{' → '.join(counts)}, on {counted(levels, 'level')}; {memory} of memory"


def rows_told(schedule: Schedule) -> list[str]:
    """Return, in a sentence, which waves are run for some rows at a time; none without rows."""
    start, stop, count = schedule.rows.start, schedule.rows.stop, len(schedule.waves)
    if not stop:
        has_rows = any(True in part.kind.columns for wave in schedule.waves for part in wave)
        return ["all rows at once, since some columns are made of totals"] * has_rows
    told = [f"through the rows, some at a time: {spanned(start, stop)}"]
    if start:
        told.insert(0, f"before the rows: {spanned(0, start)}")
    if stop < count:
        told.append(f"after them: {spanned(stop, count)}")
    return ["; ".join(told)]


def spanned(start: int, stop: int) -> str:
    """Return the numbers of waves, which are counted from 1, in words.

    >>> spanned(0, 3), spanned(4, 5)
    ('waves 1–3', 'wave 5')
    """
    return f"wave {stop}" if stop - start == 1 else f"waves {start + 1}–{stop}"


def counted(number: int, word: str) -> str:
    """Return a number of things.

    >>> counted(1, "wave"), counted(2000, "node")
    ('1 wave', '2,000 nodes')
    """
    return f"{number:,} {word}{'' if number == 1 else 's'}"


# -- lines -----------------------------------------------------------------------------------


class Row(NamedTuple):
    """One line, in columns."""

    number: str
    level: str
    formula: str
    result: str
    operands: str


HEAD = Row("wave", "level", "members, formula", "result", "operands")


def rows_of(
    schedule: Schedule,
    cells: Cells,
    steps: Sequence[Step],
    most: int,
) -> Iterator[Row]:
    """Yield the rows of all waves, of so many parts each at most."""
    for number, (wave, step) in enumerate(zip(schedule.waves, steps, strict=True), 1):
        shown = wave if len(wave) <= most + 1 else wave[:most]
        for i, part in enumerate(shown):
            line = described(part, cells)
            names = ("", "") if i else (str(number), str(step.level))
            yield Row(*names, f"{line.members} × {line.formula}", line.result, line.all_operands)
        if left := wave[len(shown) :]:
            total = sum([part.members for part in left])
            yield Row("", "", f"{total:,} more, in {counted(len(left), 'part')}", "", "")


def aligned(rows: Sequence[Row]) -> Iterator[str]:
    """Yield rows as lines."""
    formulas = [len(row.formula) for row in rows if len(row.formula) <= WIDEST_FORMULA]
    results = [len(row.result) for row in rows if len(row.result) <= WIDEST_RESULT]
    widths = max(formulas), max(results)
    for row in rows:
        start = f"{row.number:>4} {row.level:>5}  {row.formula:<{widths[0]}}"
        yield f"{start}  {row.result:<{widths[1]}}  {row.operands}".rstrip()


# -- parts -----------------------------------------------------------------------------------


class Line(NamedTuple):
    """A part of a wave in words."""

    members: str
    formula: str
    result: str
    operands: dict[str, str]  # how each is read, by its letter
    runs: str

    @property
    def all_operands(self) -> str:
        """All operands, and the runs."""
        told = [f"{letter} = {way}" for letter, way in self.operands.items()]
        return "; ".join([*told, *filter(None, [self.runs])])


def described(part: Part, cells: Cells) -> Line:
    """Return a part in words."""
    letters = iter(ascii_lowercase)
    names: list[str] = []
    ways: dict[str, str] = {}
    known: dict[object, str] = {}
    for column in range(1, len(part.segments)):
        reading = reading_of(part, column)
        number = number_of(reading, cells)
        key = tuple(places_of(part, column)), tuple(terms_of(part, column)), reading.segment
        if number is None and key not in known:
            known[key] = next(letters)
            ways[known[key]] = reading.written(cells)
        names.append(known[key] if number is None else number)
    formula = formula_of(part.kind, names)
    result = reading_of(part, 0).written(cells).removesuffix(" slice").replace(GATHER, SCATTER)
    copied = "copy of " if part.kind in {NUMBER, COLUMN} else ""
    return Line(f"{part.members:,}", copied + formula, result, ways, runs_of(part))


def number_of(reading: Reading, cells: Cells) -> str | None:
    """Return the plain number that all members read, as text, if there is one."""
    if reading.segment != CONSTANTS or reading.first != reading.last:
        return None
    return cells.name(reading.segment, reading.first)


def runs_of(part: Part) -> str:
    """Return how many runs there are, if there are several."""
    if len(part.runs) == 1:
        return ""
    lengths = {count for count, _ in part.runs}
    each = f" of {lengths.pop()}" if len(lengths) == 1 else ""
    return f"{len(part.runs)} runs{each}" if each != " of 1" else "one by one"
