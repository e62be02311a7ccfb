"""The paths from an output down to a value: counted and ranked without walking each of them."""

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ..nanograd import Value, ancestry


class Way(NamedTuple):
    """A path from the output to a value, by its last step; `before` is the way to its user."""

    share: float
    value: Value
    slope: float
    before: "Way | None"

    @property
    def size(self) -> float:
        """How much this path counts. One that is nan counts most: it spoils the sum."""
        return math.inf if math.isnan(self.share) else abs(self.share)

    @property
    def steps(self) -> list["Way"]:
        """The whole path, from the output on."""
        steps = [self]
        while steps[-1].before is not None:
            steps.append(steps[-1].before)
        return steps[::-1]


@dataclass
class Arrivals:
    """What has come down to a value: how many paths, the sum of their shares, the largest few."""

    count: int = 0
    derivative: float = 0.0
    ways: list[Way] = field(default_factory=list)

    def add(self, user: "Arrivals", value: Value, slope: float, top: int) -> None:
        """Let all that came down to a user of this value come down one step further."""
        self.count += user.count
        self.derivative += user.derivative * slope
        longer = [Way(way.share * slope, value, slope, way) for way in user.ways]
        self.ways = heapq.nlargest(top, self.ways + longer, key=lambda way: way.size)


def ways_between(x: Value, output: Value, top: int) -> Arrivals:
    """Return what comes down from the output to x along all paths, with the `top` largest."""
    leads = leading_to(x, output)
    arrivals = {output: Arrivals(1, 1.0, [Way(1.0, output, 1.0, None)])}
    for user in ancestry(output):
        if user in arrivals and user is not x:
            for operand, slope in steps_down(user):
                if operand in leads:
                    arrived = arrivals.setdefault(operand, Arrivals())
                    arrived.add(arrivals[user], operand, slope, top)
    return arrivals.get(x, Arrivals())


def leading_to(x: Value, output: Value) -> set[Value]:
    """Return the values that depend on x, and x itself."""
    leads = {x}
    for value in reversed(ancestry(output)):
        if any(operand in leads for operand, _ in steps_down(value)):
            leads.add(value)
    return leads


def steps_down(value: Value) -> Iterator[tuple[Value, float]]:
    """Yield each operand that a derivative flows to, with the slope."""
    for operand, slope in zip(value.operands, value.partials, strict=True):
        if slope is not None and isinstance(operand, Value):
            yield operand, slope
