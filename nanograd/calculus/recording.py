"""One run of a function, recorded: what all transforms but the plain forward pass work on.

A run has inputs, outputs, and steps between: the nodes that depend on the inputs, outputs first,
each with its edges, which are operands and their partials. Along the edges a run pushes tangents
forward (J·ẋ) and pulls adjoints back (ȳ·J), as often as is asked; the function is not run again.

There are two kinds. Where all is plain, the function runs on fresh Values, whose partials are
floats already. Elsewhere it runs on Nodes, which hold lower scalars; the partials are computed on
those, so they are recorded by whatever lies below, and can be differentiated themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import count
from typing import Any

from ..errors import StaleError
from ..evaluation import flows
from ..modes import is_on
from ..nanograd import Operation, Scalar, Value, ancestry
from ..real import data_of
from ..reductions import sum_of
from .arguments import Call, Outputs, alike, the_only
from .constants import STOPPED
from .levels import OPEN, Lifted, below, is_recording, is_zero, new_level, partials_at, unfailing
from .structure import Leaves, Structure, holds_scalars
from .traces import in_trace

Edges = Sequence[tuple[Any, Any]]
Steps = Iterable[tuple[Any, Edges]]
Derivatives = dict[Any, Any]  # of nodes


class Run:
    """A function's inputs and outputs, and the steps between."""

    def __init__(
        self,
        call: Call,
        structure: Structure,
        primals: Leaves,
        inputs: Leaves,
    ):
        self.call = call
        self.structure = structure
        self.primals = primals
        self.inputs = inputs
        self.outputs: Outputs = call.outputs(structure.rebuild(inputs))

    @cached_property
    def order(self) -> Sequence[Any]:
        """The nodes that depend on the inputs, each before its operands."""
        raise NotImplementedError

    def depends(self, x: Any) -> bool:
        """Return whether an operand depends on the inputs."""
        raise NotImplementedError

    def primal(self, x: Any) -> Any:
        """Return what a node stands for: the plain number or scalar below it."""
        raise NotImplementedError

    def edges(self, node: Any) -> Edges:
        """Return the operands of a node that depend on the inputs, each with its partial."""
        return self.edges_at(node, self.primal)

    def edges_at(self, node: Any, reading: Callable[[Any], Any]) -> Edges:
        """Return the edges of a node with the partials that its rule has on such readings."""
        operands = [reading(x) for x in node.operands]
        partials = partials_at(node.op, operands, reading(node))
        pairs = zip(node.operands, partials, strict=True)
        return [(x, p) for x, p in pairs if p is not None and self.depends(x)]

    def steps(self) -> Steps:
        """Yield each node with its edges, outputs first."""
        return ((node, self.edges(node)) for node in self.order)

    @cached_property
    def kept_steps(self) -> Sequence[tuple[Any, Edges]]:
        """The steps, for those who take them more than once, or later."""
        found: list[tuple[Any, Edges]] = unfailing(lambda: list(self.steps()))
        return found

    def keep(self) -> None:
        """Compute the steps now, for sweeps that come later, and note their numbers."""
        partials = [partial for _, edges in self.kept_steps for _, partial in edges]
        self.noted = [(p, data_of(p)) for p in partials if isinstance(p, Scalar)]

    def refuse_stale_data(self) -> None:
        """Raise a StaleError if a number that was noted has been changed since."""
        for partial, then in self.noted:
            now = data_of(partial)
            if now != then and not math.isnan(then):
                raise StaleError(
                    f"{self.call.transform} needs the data with which the function was run; since "
                    f"then a slope was changed from {then!r} to {now!r}. Run it again."
                )

    # -- what comes out ----------------------------------------------------------------------

    def result(self) -> Any:
        """Return what the function returned, without what came beside it."""
        leaves = [self.primal(y) for y in self.outputs.leaves]
        return self.outputs.structure.rebuild(leaves)

    def with_aux(self, *found: Any) -> Any:
        """Return what was found, and what the function returned beside its output, if it does."""
        if self.call.has_aux:
            found = *found, self.outputs.aux(self.primal)
        return found if len(found) > 1 else found[0]

    def gradient(self) -> Any:
        """Return the derivatives of the only output, nested as the inputs are."""
        return self.structure.rebuild(self.pull([1.0], self.steps))

    def pull(
        self,
        cotangents: Leaves,
        steps: Callable[[], Steps] | None = None,
    ) -> Leaves:
        """Return the derivative of Σ cotangent · output in each input."""

        def adjoints() -> Derivatives:
            taken = steps() if steps else self.kept_steps
            return self.pulled(cotangents, taken)

        found = unfailing(adjoints)
        pairs = zip(self.primals, self.inputs, strict=True)
        return [alike(primal, found.get(x, 0.0)) for primal, x in pairs]

    def pulled(self, cotangents: Leaves, steps: Steps) -> Derivatives:
        """Walk from the outputs to the inputs, as `backward()` does."""
        adjoints: Derivatives = {}
        for y, y_bar in zip(self.outputs.leaves, cotangents, strict=True):
            if not is_zero(y_bar):
                accumulate(adjoints, y, y_bar)
        for node, edges in steps:
            if node in adjoints:
                adjoint = adjoints.pop(node)
                for x, partial in edges:
                    share = adjoint * partial
                    adjoints[x] = adjoints[x] + share if x in adjoints else share
        return adjoints

    def push(self, tangents: Leaves) -> Leaves:
        """Return the derivative of each output along the direction `tangents`."""
        moving = self.moving(tangents)
        outputs = self.outputs.leaves
        return [alike(self.primal(y), moving.get(y, 0.0)) for y in outputs]

    def moving(self, tangents: Leaves) -> Derivatives:
        """Return the tangent of each node that moves along this direction."""
        found: Derivatives = unfailing(lambda: self.pushed(tangents))
        return found

    def pushed(self, tangents: Leaves) -> Derivatives:
        """Walk from the inputs to the outputs."""
        pairs = zip(self.inputs, tangents, strict=True)
        moving = {x: x_dot for x, x_dot in pairs if not is_zero(x_dot)}
        for node, edges in reversed(self.kept_steps):
            for x, partial in edges:
                if x in moving:
                    accumulate(moving, node, moving[x] * partial)
        return moving


def accumulate(derivatives: Derivatives, x: Any, share: Any) -> None:
    """Add a share to the derivative of x."""
    derivatives[x] = derivatives[x] + share if x in derivatives else share


def recorded(call: Call) -> Run:
    """Return one run of this call."""
    leaves, structure = call.leaves()
    if traced := in_trace("run"):
        run: Run = traced(call, structure, leaves)
        return run
    if not OPEN and not is_on("no_grad") and not holds_scalars(leaves):
        values = [Value(x) for x in leaves]
        return ValueRun(call, structure, leaves, values)
    with new_level() as level:
        nodes = [Node(level, x) for x in leaves]
        return NodeRun(call, structure, leaves, nodes)


def recorded_scalar(call: Call) -> Run:
    """Return one run of a call whose result must be one number."""
    run = recorded(call)
    the_only(call.transform, run.outputs)
    return run


# -- on Values -------------------------------------------------------------------------------


class ValueRun(Run):
    """A run on fresh Values: the usual, fast case.

    It is closed if no other Values took part. If some did, such as the weights of a model, nothing
    is cut off: what comes out are Values, and they can be differentiated in those.
    """

    @cached_property
    def ancestry(self) -> Sequence[Value]:
        """All computed Values under what the function returned, outputs first."""
        returned = self.outputs.leaves + self.outputs.aux_leaves
        above = Value(0.0)
        above.op = sum_of
        above.operands = tuple(filter(is_value, returned))
        return ancestry(above)

    @cached_property
    def is_closed(self) -> bool:
        """Whether all was computed from the inputs, and from no other Values."""
        inputs = set(self.inputs)
        closed = all(
            x.op is not None or x in inputs or x in STOPPED
            for value in self.ancestry
            for x in value.operands
            if isinstance(x, Value)
        )
        if not closed:  # what comes out depends on our inputs too, but as on constants
            STOPPED.update(self.inputs)
        return closed

    @cached_property
    def dependent(self) -> set[Value]:
        """The Values that depend on the inputs."""
        found = set(self.inputs)
        for value in reversed(self.ancestry):
            if not found.isdisjoint(filter(is_value, value.operands)):
                found.add(value)
        return found

    @cached_property
    def order(self) -> Sequence[Value]:
        """The Values that depend on the inputs, outputs first."""
        computed = self.ancestry[1:]
        if self.is_closed:
            return computed
        return [value for value in computed if value in self.dependent]

    def depends(self, x: Any) -> bool:
        """Return whether an operand depends on the inputs."""
        return is_value(x) and (self.is_closed or x in self.dependent)

    def edges(self, node: Value) -> Edges:
        """Return the edges with the partials of the forward pass; as Values if it is not closed."""
        if self.is_closed:
            pairs = zip(node.operands, node.partials, strict=True)
            return [(x, p) for x, p in pairs if p is not None and isinstance(x, Value)]
        return [edge for edge in flows(node) if self.depends(edge[0])]

    def primal(self, x: Any) -> Any:
        """Return the plain number; the Value itself if the run is not closed."""
        return x.data if is_value(x) and self.is_closed else x


def is_value(x: Any) -> bool:
    """Return whether x is a Value."""
    return isinstance(x, Value)


# -- on Nodes --------------------------------------------------------------------------------

SERIAL = count()


class Node(Lifted):
    """A scalar that remembers the operation and the operands it came from, in one level."""

    __slots__ = ("op", "operands", "serial")

    def __init__(
        self,
        level: int,
        primal: Any,
        op: Operation | None = None,
        operands: Leaves = (),
    ):
        self.level = level
        self.primal = primal
        self.op: Any = op
        self.operands = operands
        self.serial = next(SERIAL)  # a node comes after its operands

    def lift(self, op: Operation, operands: Leaves) -> Node:
        """Return the Node of op at these operands."""
        level = self.level
        out = op(*[below(x, level) for x in operands])
        if is_recording(level):
            return Node(level, out, op, operands)
        return Node(level, out)

    def constant(self, primal: Any) -> Node:
        """Return a Node that came from nothing."""
        return Node(self.level, primal)


class NodeRun(Run):
    """A run on Nodes of a level of its own: inside other transforms, or on Values."""

    @cached_property
    def level(self) -> int:
        """The level of the inputs; without any, one that nothing has."""
        level: int = self.inputs[0].level if self.inputs else 0
        return level

    @cached_property
    def order(self) -> Sequence[Node]:
        """The computed Nodes under the outputs, outputs first."""
        waiting = list(filter(self.depends, self.outputs.leaves))
        found = set(waiting)
        for node in waiting:  # grows as we go
            fresh = set(filter(self.depends, node.operands)) - found
            found |= fresh
            waiting += fresh
        computed = [node for node in found if node.op]
        return sorted(computed, key=lambda node: node.serial, reverse=True)

    def depends(self, x: Any) -> bool:
        """Return whether an operand depends on the inputs."""
        return isinstance(x, Node) and x.level == self.level

    def primal(self, x: Any) -> Any:
        """Return what lies below."""
        return below(x, self.level)
