"""When each node is computed: its level, so that nodes of one kind meet in one wave.

A node can be computed once its operands are there, and must be before it is used. Between the two
it may wait for a level at which more of its kind are computed: the first position of a sequence,
whose softmax over one number folds away, is done together with its peers after all.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from .forms import Total
from .nodes import Nodes, UnscheduledError

BEFORE, IN_ROWS, AFTER = 0, 1, 2  # phases
MOST_WAVES, NARROW = 2_000, 10  # more waves must have so many nodes each, on average
MOST = 64  # levels of one kind, of the most members, at which nodes of it may wait


def levels_of(nodes: Nodes) -> list[int]:
    """Return the level of each node; inputs are at 0, and a node comes after its operands.

    That there would be many waves of a few nodes is an UnscheduledError: there is no structure.
    """
    levels = earliest(nodes)
    waves = len(set(zip(nodes.kinds, levels, strict=True)))
    if waves > MOST_WAVES and len(nodes) < NARROW * waves:
        raise UnscheduledError(f"{waves:,} waves for {len(nodes):,} numbers")
    wait(nodes, levels)
    return levels


def earliest(nodes: Nodes) -> list[int]:
    """Return the first level at which each node can be computed."""
    levels: list[int] = []
    for kind, operands in zip(nodes.kinds, nodes.operands, strict=True):
        if kind is None:
            levels.append(0)
            continue
        before = [levels[x] for x in operands if type(x) is int]
        levels.append(1 + max(before, default=0))
    return levels


def wait(nodes: Nodes, levels: list[int]) -> None:
    """Move nodes to later levels where more of their kind are, from the last node to the first."""
    sizes = Counter(zip(nodes.kinds, levels, strict=True))
    largest = largest_levels(sizes)
    latest = [max(levels, default=0)] * len(nodes)
    for node in range(len(nodes) - 1, -1, -1):
        kind, now = nodes.kinds[node], levels[node]
        if kind is None:
            continue
        if now < latest[node]:
            least = sizes[kind, now]
            for level in largest[kind]:
                if now < level <= latest[node] and sizes[kind, level] >= least:
                    levels[node] = level
                    break
        before = levels[node] - 1
        for x in nodes.operands[node]:
            if type(x) is int and latest[x] > before:
                latest[x] = before


def largest_levels(sizes: Counter[tuple[Any, int]]) -> dict[Any, list[int]]:
    """Return for each kind the levels with the most members, those first; of equals the later."""
    found: dict[Any, list[int]] = {}
    for kind, level in sizes:
        found.setdefault(kind, []).append(level)
    for kind, levels in found.items():
        levels.sort(key=lambda level: (sizes[kind, level], level), reverse=True)
        del levels[MOST:]
    return found


def in_phases(nodes: Nodes, levels: list[int]) -> range | None:
    """Shift levels so that all that goes through rows is at some of them, which are returned.

    Before these is what must be known for all rows, and after them what is made of their totals. So
    rows can be gone through some at a time. None if that cannot be: a column depends on a total.
    """
    phases: list[int] = []
    known: list[int] = []  # the phase in which a node can be read
    for kind, operands in zip(nodes.kinds, nodes.operands, strict=True):
        phase = max([known[x] for x in operands if type(x) is int], default=BEFORE)
        if kind is not None and True in kind.columns:
            if phase == AFTER:
                return None
            phase = IN_ROWS
        phases.append(phase)
        known.append(AFTER if isinstance(kind, Total) else phase)
    count = max(levels, default=0) + 1
    for node, phase in enumerate(phases):
        if nodes.kinds[node] is not None:
            levels[node] += phase * count
    return range(count, 2 * count)
