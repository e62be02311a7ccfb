"""A Value as a notebook shows it: as text, and as a picture if it is small enough to be read."""

from typing import Any

from ..nanograd import Value
from .picture import draw

MOST_NODES = 40


def mimebundle(value: Value, **_: Any) -> dict[str, str]:
    """Return a value in the forms that a notebook can show, by the names of their types."""
    bundle = {"text/plain": repr(value)}
    if is_small(value):
        bundle["image/svg+xml"] = draw(value).svg
    return bundle


def is_small(value: Value) -> bool:
    """Return whether a value has a graph, of few nodes; the walk ends as soon as there are more."""
    seen = {value}
    order = [value]
    for node in order:  # grows as we go
        new = [x for x in dict.fromkeys(node.parents) if x not in seen]
        seen.update(new)
        order += new
        if len(seen) > MOST_NODES:
            return False
    return value.op is not None
