"""The birth of a nan or an infinity: which operation bore it, and the way there from an input."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .labels import LINES

MOST_SHOWN = 8  # values of a path; of a longer one, the middle is left out


@dataclass(frozen=True)
class Birth:
    """The operation that bore the number, and on which operands.

    In a backward pass, that began at `output`, it was a step of the chain rule: of `value`, to its
    operand in the given place. In a forward pass there is no value: it was never made.
    """

    op: Any
    operands: Sequence[Any]
    output: Any = None
    value: Any = None
    place: int = 0
    line: Any = None  # where the operation was called, if that is known

    @property
    def path(self) -> list[Any]:
        """The shortest path from an input to an operand of the operation, in values.

        Of equally short ones it is one that begins at an input with a name.
        """
        below = {x: None for x in self.operands if is_value(x)}
        inputs: list[Any] = []
        layer = list(below)
        while layer and not inputs:
            inputs = [value for value in layer if value.op is None]
            above = [(x, value) for value in layer for x in value.operands if is_value(x)]
            layer = [x for x, _ in above if x not in below]
            below |= {x: value for x, value in reversed(above) if x not in below}
        if not inputs:
            return []
        path = [next((x for x in inputs if x.name), inputs[0])]
        while below[path[-1]] is not None:
            path.append(below[path[-1]])
        return path

    def __str__(self) -> str:
        steps = [*map(told, self.path), self.op.name]
        if len(steps) > MOST_SHOWN:
            half = MOST_SHOWN // 2
            steps = [*steps[:half], f"({len(steps) - MOST_SHOWN} more)", *steps[-half:]]
        return " → ".join(steps)


def is_value(operand: Any) -> bool:
    """Return whether an operand is a value of a graph, and not a plain number."""
    return hasattr(operand, "operands")


def told(value: Any) -> str:
    """Return a value of a path by its name, or else its operation, and the line that made it."""
    name = value.name or (value.op.name if value.op else repr(value.data))
    return f"{name} ({LINES[value]})" if value in LINES else name
