"""A Value as a notebook shows it: as text, and as a picture if it is small enough to be read."""

from typing import Any

from ..nanograd import Value
from .picture import draw

MOST_NODES = 40
MOST_EDGES = 160


def mimebundle(value: Value, **_: Any) -> dict[str, str]:
    """Return a value in the forms that a notebook can show, by the names of their types."""
    bundle = {"text/plain": repr(value)}
    if is_small(value):
        bundle["image/svg+xml"] = draw(value).svg
    return bundle


def is_small(value: Value) -> bool:
    """Return whether a value has a graph, and a small one; the walk ends as soon as it is not."""
    seen = {value}
    order = [value]
    edges = 0
    for node in order:  # grows as we go
        edges += len(node.operands)
        if len(seen) > MOST_NODES or edges > MOST_EDGES:
            return False
        new = [x for x in dict.fromkeys(node.parents) if x not in seen]
        seen.update(new)
        order += new
    return value.op is not None
