"""Which waves read what others have computed: found by following the places in memory.

The order in which waves are run decides which of those that wrote to a place is meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .cells import Cells
from .memory import CONSTANTS
from .reading import terms_of
from .schedule import Part, Schedule

Place = tuple[int, int]  # the segment, and where in it


Origin = int | str  # a wave, counted from 0, or an argument


@dataclass
class Step:
    """A wave among the others: how many numbers it reads of which.

    `origins` has, for each part and each of its leaves, where that comes from: nothing of a plain
    number.
    """

    level: int = 1
    sources: Counter[int] = field(default_factory=Counter)
    origins: list[list[list[Origin]]] = field(default_factory=list)
    is_output: bool = False


def flow_of(schedule: Schedule, cells: Cells) -> list[Step]:
    """Return the step of each wave. Its level is 1, or one more than those of all that it reads."""
    writers: dict[Place, int] = {}
    steps: list[Step] = []
    for number, wave in enumerate(schedule.waves):
        step = Step()
        results: list[Place] = []
        read: set[Place] = set()
        for part in wave:
            leaves: list[dict[Place, None]] = [{} for _ in part.segments[1:]]
            for result, members in members_of(part):
                results.append(result)
                for known, places in zip(leaves, members, strict=True):
                    known.update(dict.fromkeys(places))
            step.origins.append([origins_of(places, writers, cells) for places in leaves])
            read.update(*leaves)
        step.sources = Counter([writers[place] for place in read if place in writers])
        step.level = 1 + max([steps[source].level for source in step.sources], default=0)
        step.is_output = any(cells.is_output(segment) for segment, _ in results)
        writers.update(dict.fromkeys(results, number))
        steps.append(step)
    return steps


def origins_of(places: Iterable[Place], writers: Mapping[Place, int], cells: Cells) -> list[Origin]:
    """Return the waves and arguments that places come from, each once, in order."""
    found: dict[Origin, None] = {}
    for place in places:
        if place in writers:
            found[writers[place]] = None
        elif place[0] != CONSTANTS:
            found[cells.argument(*place)] = None
    return list(found)


def members_of(part: Part) -> Iterator[tuple[Place, list[list[Place]]]]:
    """Yield where each member has its result, and the terms of each leaf; most leaves have one."""
    terms = [terms_of(part, column) for column in range(1, len(part.segments))]
    for count, starts in part.runs:
        for i in range(count):
            offsets = [
                start + i * stride for start, stride in zip(starts, part.strides, strict=True)
            ]
            result, *firsts = zip(part.segments, offsets, strict=True)
            yield result, list(map(leaf_of, firsts, terms))


def leaf_of(first: Place, terms: Sequence[int]) -> list[Place]:
    """Return the places of the terms of a leaf."""
    segment, offset = first
    return [(segment, offset + term) for term in terms]
