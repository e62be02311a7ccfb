"""Which waves read what others have computed: found by following the places in memory.

The order in which waves are run decides which of those that wrote to a place is meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .cells import Cells
from .memory import CONSTANTS
from .reading import terms_of
from .schedule import Part, Schedule

Place = tuple[int, int]  # the segment, and where in it


@dataclass
class Step:
    """A wave among the others: how many numbers it reads of which, and of the arguments."""

    level: int = 1
    sources: Counter[int] = field(default_factory=Counter)
    arguments: dict[str, None] = field(default_factory=dict)  # in order
    is_output: bool = False


def flow_of(schedule: Schedule, cells: Cells) -> list[Step]:
    """Return the step of each wave. Its level is 1, or one more than those of all that it reads."""
    written: dict[Place, int] = {}
    steps: list[Step] = []
    for number, wave in enumerate(schedule.waves):
        step = Step()
        results = []
        read: dict[Place, None] = {}
        for part in wave:
            for result, leaves in members_of(part):
                results.append(result)
                read.update(dict.fromkeys([place for leaf in leaves for place in leaf]))
        for place in read:
            if place in written:
                step.sources[written[place]] += 1
            elif place[0] != CONSTANTS:
                step.arguments[cells.argument(*place)] = None
        step.level = 1 + max([steps[source].level for source in step.sources], default=0)
        step.is_output = any(cells.is_output(segment) for segment, _ in results)
        written.update(dict.fromkeys(results, number))
        steps.append(step)
    return steps


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
