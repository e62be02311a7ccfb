"""A Schedule: what a program does, as waves over memory.

Each wave does the same to many numbers. Its *parts* say how it reads and writes: along *runs*, in
which all addresses go on evenly, or one member after the other. Of a fold, the terms of all members
of a part lie at the same distances from the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ...collector import collector_paused
from ..programs.blocks import NO_BLOCKS, Blocks
from ..programs.program import Program
from .forms import Form, Kind, Take, Total
from .layout import Layout, Wave
from .levels import in_phases, levels_of
from .memory import (
    COLUMNS,
    INPUTS,
    SPAN,
    WORK,
    addresses_of,
    offset_of,
    runs_of_columns,
    segment_of,
)
from .nodes import Nodes, UnscheduledError
from .patterns import Run, runs_of

SHORTEST = 3  # members of a run, on average, that are worth a loop of their own

MOST_PARTS = 20_000  # of waves; what has more is no schedule, but a tangle

Offsets = tuple[int, ...]


class Part(NamedTuple):
    """Members of a wave that are read and written in one way.

    `segments` and `strides` are those of the result, then of each leaf. `terms` has, for each leaf
    of a fold, and for the table of a look-up, how far its operands are from the first of them.
    """

    kind: Kind
    segments: tuple[int, ...]
    strides: Offsets
    terms: tuple[Offsets, ...]
    runs: list[tuple[int, Offsets]]  # how many members, and where the first one is

    @property
    def members(self) -> int:
        """How many members there are."""
        return sum([count for count, _ in self.runs])


@dataclass
class Schedule:
    """Waves in the order in which they are run, and the memory that they need."""

    waves: list[list[Part]]
    rows: slice  # of the waves: those that can be run for some rows at a time, if there are any
    count: int  # the place of how many rows there are, after the numbers that go in
    constants: list[float]
    work: int  # numbers that are kept on the way,
    columns: int  # and columns
    blocks: Blocks  # with those of columns

    def __str__(self) -> str:
        from .text import written

        return written(self)


def scheduled(program: Program, blocks: Blocks = NO_BLOCKS) -> Schedule:
    """Return the schedule of a program without loops, of numbers, or with rows along one axis.

    Some of its inputs and outputs may come in blocks. After the numbers that go in comes how many
    rows there are. What no wave does, and a program without structure, is an UnscheduledError.
    """
    with collector_paused():
        return schedule_of(Nodes(program), program, with_columns(program, blocks))


def schedule_of(nodes: Nodes, program: Program, blocks: Blocks) -> Schedule:
    """Return the schedule of the nodes of a program."""
    levels = levels_of(nodes)
    rows = in_phases(nodes, levels) if program.order else None
    count = len(program.inputs) - sum([size for _, size in blocks.inputs])
    outputs = INPUTS + 1 + len(blocks.inputs)
    layout = Layout(
        nodes,
        levels,
        addresses_of(blocks.inputs, len(program.inputs), INPUTS),
        addresses_of(blocks.outputs, len(program.outputs), outputs),
        INPUTS * SPAN + count,
        rows or range(0),
    )
    parts = [list(parts_of(wave)) for wave in layout.waves]
    many = sum(map(len, parts))
    if many > MOST_PARTS:
        raise UnscheduledError(f"waves in {many:,} parts, which are more than {MOST_PARTS:,}")
    return Schedule(
        waves=parts,
        rows=waves_at(layout.waves, rows or range(0)),
        count=count,
        constants=layout.constants.numbers,
        work=layout.memory[WORK].size,
        columns=layout.memory[COLUMNS].size,
        blocks=blocks,
    )


def waves_at(waves: Sequence[Wave], levels: range) -> slice:
    """Return which of the waves are at these levels."""
    found = [i for i, wave in enumerate(waves) if wave.level in levels]
    return slice(found[0], found[-1] + 1) if found else slice(0)


def with_columns(program: Program, blocks: Blocks) -> Blocks:
    """Return blocks, and after them those of columns: of an array, and what else follows itself."""
    whole = {start + i for start, size in blocks.arrays for i in range(size)}
    alone = [bool(each.axes) and i not in whole for i, each in enumerate(program.inputs)]
    inputs = sorted([*runs_of_columns(alone), *blocks.arrays])
    outputs = runs_of_columns([bool(axes) for axes in program.output_axes()])
    return Blocks((*blocks.inputs, *inputs), (*blocks.outputs, *outputs), blocks.arrays)


# -- parts -----------------------------------------------------------------------------------


def parts_of(wave: Wave) -> Iterator[Part]:
    """Yield the parts of a wave."""
    for terms, members in by_terms(wave).items():
        columns = list(map(list, zip(*members, strict=True)))
        by_way: dict[tuple[Offsets, Offsets], list[Run]] = {}
        for run in runs_of(columns):
            by_way.setdefault((tuple(map(segment_of, run.starts)), run.strides), []).append(run)
        alone: dict[Offsets, list[tuple[int, Offsets]]] = {}
        for (segments, strides), runs in by_way.items():
            if sum([run.size for run in runs]) >= SHORTEST * len(runs):
                found = [(run.size, tuple(map(offset_of, run.starts))) for run in runs]
                yield Part(wave.kind, segments, strides, terms, found)
            else:
                for run in runs:
                    alone.setdefault(segments, []).extend(each_of(run))
        for segments, found in alone.items():
            yield Part(wave.kind, segments, (0,) * len(segments), terms, found)


def each_of(run: Run) -> Iterator[tuple[int, Offsets]]:
    """Yield the members of a run as runs of their own."""
    for i in range(run.size):
        places = zip(run.starts, run.strides, strict=True)
        yield 1, tuple([offset_of(start + i * stride) for start, stride in places])


def by_terms(wave: Wave) -> dict[tuple[Offsets, ...], list[tuple[int, ...]]]:
    """Return the members by the distances of their terms: the result's address, and each leaf's."""
    found: dict[tuple[Offsets, ...], list[tuple[int, ...]]] = {}
    kind = wave.kind
    members = zip(wave.results, *wave.columns, strict=True)
    if isinstance(kind, Form | Total):
        found[()] = list(members)
    elif isinstance(kind, Take):
        for result, index, *table in members:
            found.setdefault(distances([table]), []).append((result, index, table[0]))
    else:
        size = kind.length
        order = None
        for result, *row in members:
            leaves = [row[i : i + size] for i in range(0, len(row), size)]
            if order is None:
                order = upward(leaves)
            if order:
                leaves = [[leaf[i] for i in order] for leaf in leaves]
            firsts = [leaf[0] for leaf in leaves]
            found.setdefault(distances(leaves), []).append((result, *firsts))
    return found


def upward(leaves: Sequence[Sequence[int]]) -> list[int]:
    """Return the terms in the order of the addresses of a leaf; nothing if they are so already."""
    for leaf in leaves:
        order = sorted(range(len(leaf)), key=leaf.__getitem__)
        if leaf[order[0]] != leaf[order[-1]]:
            return [] if order == list(range(len(leaf))) else order
    return []


def distances(leaves: Iterable[Sequence[int]]) -> tuple[Offsets, ...]:
    """Return how far the operands of each leaf are from its first."""
    return tuple([tuple([x - leaf[0] for x in leaf]) for leaf in leaves])
