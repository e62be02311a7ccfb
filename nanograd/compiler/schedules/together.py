"""Which waves put their results together in memory: those that are read together."""

from __future__ import annotations

from collections.abc import Sequence

from .forms import Fold, Kind
from .nodes import Nodes

Key = tuple[int, Kind]  # of a wave: its level, and what it does


class Together:
    """Finds the waves whose results are read together, by terms of the same sums.

    Such are the adjoints at all positions of a sequence, each of them a sum of another length.
    Where the terms of all sums come from the same waves, one after the other, there is no need.
    """

    def __init__(self, nodes: Nodes, members: dict[Key, list[int]]):
        self.nodes = nodes
        self.members = members
        self.wave_of = [-1] * len(nodes)  # inputs have none
        for wave, found in enumerate(members.values()):
            for node in found:
                self.wave_of[node] = wave
        self.parents = list(range(len(members)))

    def blocks(self) -> dict[Key, list[list[int]]]:
        """Return, for the waves that share memory with others, the nodes of all of these."""
        for (_, kind), nodes in self.members.items():
            if isinstance(kind, Fold):
                for leaf in range(len(kind.columns)):
                    self.join_terms(nodes, slice(leaf * kind.length, (leaf + 1) * kind.length))
        groups: dict[int, list[list[int]]] = {}
        for wave, nodes in enumerate(self.members.values()):
            groups.setdefault(self.root(wave), []).append(nodes)
        found = {}
        for wave, key in enumerate(self.members):
            if len(groups[self.root(wave)]) > 1:
                found[key] = groups[self.root(wave)]
        return found

    def join_terms(self, nodes: Sequence[int], terms: slice) -> None:
        """Join the waves from which the terms of one sum come, if other sums have other ones."""
        origins = set()
        for node in nodes:
            operands = self.nodes.operands[node][terms]
            origins.add(tuple([self.wave_of[x] if type(x) is int else -1 for x in operands]))
        if len(origins) > 1:
            for waves in origins:
                first, *others = sorted({wave for wave in waves if wave >= 0}) or [0]
                for other in others:
                    self.parents[self.root(other)] = self.root(first)

    def root(self, wave: int) -> int:
        """Return the wave that stands for all that are read together with this one."""
        while self.parents[wave] != wave:
            wave = self.parents[wave]
        return wave
