"""The order of the members of each wave, and where their results lie.

The order is chosen so that a wave reads what lies side by side: by the addresses of what it reads,
computed numbers before inputs; or, of what is wanted outside, by where it is wanted. The results of
waves that are read together, as parts of the same sums, lie together, in the order of the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import chain, pairwise
from itertools import count as counting
from operator import attrgetter, lt
from typing import Any, NamedTuple

from ..programs.program import Operand
from .cutting import cuts_of, piece
from .forms import NEUTRAL, Fold, Kind, Take, leaf
from .memory import COLUMNS, SPAN, WORK, Constants, Memory, segment_of
from .nodes import Nodes
from .together import Key, Together

Addresses = list[int]  # one for each member


class Wave(NamedTuple):
    """What is done to many numbers at once: where its results go, and what it reads.

    There is a column for each operand of a member: `columns[j][i]` is where member i has operand j.
    """

    kind: Kind
    level: int
    results: Addresses
    columns: list[Addresses]


class Layout:
    """The waves of nodes in an order in which they can be run, and their addresses."""

    def __init__(
        self,
        nodes: Nodes,
        levels: Sequence[int],
        inputs: Sequence[int],
        outputs: Sequence[int],
        count: int,
        rows: range,
    ):
        self.nodes = nodes
        self.levels = levels
        self.rows = rows  # the levels that are run for some rows at a time
        self.last = last_levels(nodes, levels, rows)
        self.members = members_of(nodes, levels)
        self.blocks = Together(nodes, self.members).blocks()
        self.memory = {WORK: Memory(), COLUMNS: Memory()}
        self.free_after: dict[int, list[tuple[int, ...]]] = {}  # of levels: where, and how much
        self.constants = Constants()
        self.addresses: list[int] = [*inputs, *[-1] * (len(nodes) - len(inputs))]
        if nodes.count is not None:
            self.addresses[nodes.count] = count
        self.wanted = self.wanted_at(outputs)
        waves = [*self.computing(), *self.copying(outputs)]
        self.waves = sorted(waves, key=attrgetter("level"))

    def wanted_at(self, outputs: Sequence[int]) -> dict[int, int]:
        """Return the address at which a node is wanted, for those that are outputs."""
        found: dict[int, int] = {}
        for x, address in zip(self.nodes.outputs, outputs, strict=True):
            if type(x) is int and self.nodes.kinds[x] is not None:
                found.setdefault(x, address)
        return found

    def copying(self, outputs: Sequence[int]) -> Iterator[Wave]:
        """Yield the waves of the outputs that are inputs, plain numbers, or another output."""
        left: dict[bool, list[tuple[int, int]]] = {}
        for x, address in zip(self.nodes.outputs, outputs, strict=True):
            source = self.address(x)
            if source != address:
                left.setdefault(self.nodes.is_column(x), []).append((source, address))
        for is_column, pairs in left.items():
            sources, results = map(list, zip(*pairs, strict=True))
            last = max([*self.levels, *self.rows], default=0) + 1
            if is_column and self.rows:
                last = self.rows[-1]
            yield Wave(leaf(is_column=is_column), last, results, [sources])

    def address(self, x: Operand) -> int:
        """Return the address of a node, or of a plain number."""
        return self.addresses[x] if type(x) is int else self.constants.address(x)

    # -- waves -------------------------------------------------------------------------------

    def computing(self) -> Iterator[Wave]:
        """Yield the waves level by level, each with memory for its results."""
        level = 0
        for key, nodes in self.members.items():
            while level < key[0]:
                for segment, place, size in self.free_after.pop(level, ()):
                    self.memory[segment].give(place, size)
                level += 1
            yield from self.waves_of(key, nodes)

    def waves_of(self, key: Key, nodes: list[int]) -> Iterator[Wave]:
        """Yield the wave of some nodes, which get addresses, and before it what it needs."""
        level, kind = key
        rows = {node: list(map(self.address, self.nodes.operands[node])) for node in nodes}
        yield from self.gathering(key, list(rows.values()))
        order = self.leaves_in_order(kind, rows[nodes[0]])
        nodes = sorted(nodes, key=lambda node: self.rank(node, rows[node], order))
        self.place(kind, self.blocks.pop(key, [nodes]), nodes)
        results = [self.addresses[node] for node in nodes]
        members = [rows[node] for node in nodes]
        cuts = cuts_of(kind.length, members) if isinstance(kind, Fold) else []
        if cuts and isinstance(kind, Fold):
            yield from self.cut(Wave(kind, level, results, columns_of(members)), members, cuts)
        else:
            yield Wave(kind, level, results, columns_of(members))

    def cut(self, wave: Wave, rows: Sequence[Addresses], cuts: Sequence[int]) -> Iterator[Wave]:
        """Yield the waves of the pieces of a fold, and the one that combines them."""
        whole: Any = wave.kind
        kinds = self.nodes.all_kinds
        segment = COLUMNS if whole.is_column else WORK
        form, columns = leaf(is_column=whole.is_column), []
        for begin, end in pairwise([0, *cuts, whole.length]):
            place = self.memory[segment].take(len(rows))
            self.free_later(wave.level, segment, place, len(rows))
            results = [segment * SPAN + place + i for i in range(len(rows))]
            pieces = [piece(whole.length, row, begin, end) for row in rows]
            start = NEUTRAL[whole.op] if begin else whole.start
            kind = kinds.fold(whole.op, whole.form, end - begin, start)
            yield Wave(kind, wave.level, results, columns_of(pieces))
            columns.append(results)
        parts = [form] * len(columns)
        total = reduce(lambda x, y: kinds.form(whole.op, (x, y)), parts)
        yield Wave(total, wave.level, wave.results, columns)

    def gathering(self, key: Key, rows: Sequence[Addresses]) -> Iterator[Wave]:
        """Yield waves that copy terms from several segments to one, and say so in the rows.

        For the terms of a leaf, and the entries of a table, are had by their distances.
        """
        level, kind = key
        for terms, is_column in terms_of(kind):
            mixed = [row for row in rows if are_apart(row[terms])]
            home = COLUMNS if is_column else WORK
            away = {x for row in mixed for x in row[terms] if segment_of(x) != home}
            if away:
                place = self.memory[home].take(len(away))
                self.free_later(level, home, place, len(away))
                copies = dict(zip(sorted(away), counting(home * SPAN + place), strict=False))
                for row in mixed:
                    row[terms] = [copies.get(x, x) for x in row[terms]]
                yield Wave(leaf(is_column=is_column), level, [*copies.values()], [[*copies]])

    def leaves_in_order(self, kind: Kind, row: Addresses) -> list[int]:
        """Return the places of the leaves of a formula, those that are computed first.

        If none is, there are none: then the order of the program is the best.
        """
        step = kind.length if isinstance(kind, Fold) else 1
        computed: list[int] = []
        others: list[int] = []
        for i in range(0, len(row), step):
            is_computed = segment_of(row[i]) in self.memory
            (computed if is_computed else others).append(i)
        return computed + others if computed else []

    def rank(self, node: int, row: Addresses, order: Sequence[int]) -> tuple[int, ...]:
        """Return what members of a wave are ordered by."""
        return self.wanted.get(node, -1), *[row[i] for i in order]

    def place(self, kind: Kind, block: list[list[int]], ordered: list[int]) -> None:
        """Give addresses to the nodes of a block, if they have none, and are not wanted outside."""
        if self.addresses[ordered[0]] >= 0:
            return
        nodes = ordered
        if len(block) > 1:
            falling = sum(map(lt, ordered[1:], ordered))
            is_backward = falling > len(ordered) // 2
            nodes = sorted(chain.from_iterable(block), reverse=is_backward)
        kept = []
        for node in nodes:
            if node in self.wanted:
                self.addresses[node] = self.wanted[node]
            else:
                kept.append(node)
        if kept:
            self.keep(kind, kept)

    def keep(self, kind: Kind, nodes: list[int]) -> None:
        """Give addresses in memory to nodes, until they are read for the last time."""
        segment = COLUMNS if kind.is_column else WORK
        size = len(nodes)
        place = self.memory[segment].take(size)
        first = segment * SPAN + place
        for i, node in enumerate(nodes):
            self.addresses[node] = first + i
        end = max([self.last[node] for node in nodes])
        self.free_later(end, segment, place, size)

    def free_later(self, level: int, *memory: int) -> None:
        """Note that memory is free after a level."""
        self.free_after.setdefault(level, []).append(memory)


def terms_of(kind: Kind) -> Iterator[tuple[slice, bool]]:
    """Yield where among its operands a node has terms, or entries, and whether they are columns."""
    if isinstance(kind, Fold):
        for i, is_column in enumerate(kind.columns):
            yield slice(i * kind.length, (i + 1) * kind.length), is_column
    elif isinstance(kind, Take):
        yield slice(1, None), kind.columns[1]


def are_apart(addresses: Addresses) -> bool:
    """Return whether addresses are in several segments."""
    return segment_of(min(addresses)) != segment_of(max(addresses))


def members_of(nodes: Nodes, levels: Sequence[int]) -> dict[Key, list[int]]:
    """Return the nodes of each wave, from the first level to the last."""
    found: dict[Key, list[int]] = {}
    for node, kind in enumerate(nodes.kinds):
        if kind is not None:
            found.setdefault((levels[node], kind), []).append(node)
    return {key: found[key] for key in sorted(found, key=lambda key: key[0])}


def last_levels(nodes: Nodes, levels: Sequence[int], rows: range) -> list[int]:
    """Return the level at which each node is read for the last time.

    What is read for each row is needed until all rows are done.
    """
    last = list(levels)
    for operands, level in zip(nodes.operands, levels, strict=True):
        end = rows[-1] if level in rows else level
        for x in operands:
            if type(x) is int and last[x] < end:
                last[x] = end
    return last


def columns_of(rows: Sequence[Addresses]) -> list[Addresses]:
    """Return rows as columns."""
    return list(map(list, zip(*rows, strict=True)))
