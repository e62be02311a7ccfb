"""The trace of a graph: what there is to see of it, in plain data. All pictures read only this."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ..adjoints import adjoints
from ..collector import collector_paused
from ..labels import LINES, Place
from ..nanograd import Value
from .lettering import one_line
from .names import names_under
from .steps import BackwardStep, ForwardStep, shares


class Link(NamedTuple):
    """An operand that is a node of the graph, by its position in the list of nodes."""

    node: int


class Node(NamedTuple):
    """A value of the graph; an input has no operation. `grad` is the output's derivative in it."""

    name: str
    given: str  # the name that the user gave it, in full; without one, the name is a letter
    op: str
    symbol: str
    operands: tuple[Link | float, ...]
    data: float
    grad: float
    place: Place | None


class Focus(NamedTuple):
    """A step to look at first, of both passes together, and what there is to say about it."""

    step: int
    message: str


@dataclass(frozen=True)
class Trace:
    """A graph as plain data: its nodes, each after its operands, and the steps of both passes.

    >>> x = Value(2.0, "x")
    >>> trace = Trace.of(x * x)
    >>> [(node.name, node.data, node.grad) for node in trace.nodes]
    [('x', 2.0, 4.0), ('a', 4.0, 1.0)]
    >>> trace.nodes[1].operands
    (Link(node=0), Link(node=0))
    """

    nodes: tuple[Node, ...]
    values: tuple[Value, ...]  # the value of each node: what the steps are told from
    focus: Focus | None = None

    @classmethod
    def of(cls, output: Value) -> "Trace":
        """Return the trace of a value and of all that it was computed from. Nothing is changed."""
        with collector_paused():
            names, grads = names_under(output), adjoints(output)
            links = {value: Link(i) for i, value in enumerate(names)}
            nodes = [node_of(value, name, links, grads) for value, name in names.items()]
        return cls(tuple(nodes), tuple(names))

    @property
    def output(self) -> int:
        """The position of the node whose derivatives these are: the last."""
        return len(self.nodes) - 1

    @cached_property
    def positions(self) -> Mapping[Value, int]:
        """The position of each value's node."""
        return {value: i for i, value in enumerate(self.values)}

    @cached_property
    def names(self) -> Mapping[Value, str]:
        """The name of each value."""
        return {value: node.name for value, node in zip(self.values, self.nodes, strict=True)}

    @cached_property
    def forward(self) -> list[ForwardStep]:
        """The steps of the forward pass: one for each node, the inputs first."""
        return [ForwardStep(value, self.names) for value in self.values]

    @cached_property
    def backward(self) -> list[BackwardStep]:
        """The steps of the backward pass: the seed, then each share as it arrives."""
        return shares(self.values[-1], self.names)


def node_of(
    value: Value,
    name: str,
    links: Mapping[Value, Link],
    grads: Mapping[Value, float],
) -> Node:
    """Return one value as a node."""
    return Node(
        name,
        one_line(value.name),
        value.op.name if value.op else "",
        value.op.symbol if value.op else "",
        tuple([links[x] if isinstance(x, Value) else x for x in value.operands]),
        value.data,
        grads.get(value, 0.0),
        LINES.get(value),
    )
