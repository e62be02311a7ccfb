"""A label for every node of a large graph: what it is a part of.

That of an input is what its name begins with: `w` for w[3], `layer1` for layer1.w0. That of an
operation is the function that it was made in, where that is known (from a `debug` block); or else
the inputs that it uses; or else the label that all its operands have; or else its symbol.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .trace import Node

MOST_NAMES = 24  # of inputs, in one picture
MOST_BRANCHES = 6  # layer1, layer2, … are told apart if there are no more of them
MOST_USED = 3  # names in one label
LONGEST_NAME = 80  # what is longer is cut before it is looked at
PART = re.compile(r"\d+|[^\W\d]+")  # layer1.w0 has four parts: layer, 1, w, 0

Operands = Sequence[Sequence[int]]  # the nodes that each node was computed from
Ends = dict[str, list[int]]  # where the parts of each name end


class Label(NamedTuple):
    """What a node is a part of: `kind` is "input", "function", "use" or "operation"."""

    kind: str
    text: str

    def __str__(self) -> str:
        return {"use": f"with {self.text}", "operation": ""}.get(self.kind, self.text)


def labels_of(
    nodes: Sequence[Node],
    operands: Operands,
) -> list[Label | None]:
    """Return the label of each node; an input without a name has none."""
    names = {node.given: None for node in nodes if node.given and not node.op}
    inputs = input_labels(names)
    functions = {name: Label("function", name) for name in map(function_of, nodes) if name}
    labels: list[Label | None] = []
    for node, used in zip(nodes, operands, strict=True):
        if not node.op:
            labels.append(inputs.get(node.given))
        elif functions and node.place:
            function = function_of(node)
            labels.append(functions.get(function) or Label("operation", node.symbol))
        else:
            before = {labels[operand] for operand in used}
            labels.append(inherited(node, before))
    return labels


def function_of(node: Node) -> str:
    """Return the function that an operation was made in, if it is known."""
    return node.place.function if node.op and node.place else ""


def inherited(
    node: Node,
    labels: Iterable[Label | None],
) -> Label:
    """Return the label of an operation by those of its operands."""
    known = [label for label in labels if label]
    inputs = [label.text for label in known if label.kind == "input"]
    if inputs:
        used = sorted(inputs)[:MOST_USED]
        return Label("use", ", ".join(used))
    if len(known) == 1:
        return known[0]
    return Label("operation", node.symbol)


# -- names -----------------------------------------------------------------------------------


def input_labels(names: Iterable[str]) -> dict[str, Label]:
    """Return the label of each input by its name: how it begins, where few others begin so.

    >>> list(map(str, input_labels(["w1", "w2", "net.0.w1", "net.0.w2", "net.1.w"]).values()))
    ['w', 'w', 'net', 'net', 'net']
    """
    ends = {name: ends_in(name[:LONGEST_NAME]) for name in names}
    waiting = branches(list(ends), ends, 0)
    if len(waiting) > MOST_NAMES:
        return dict.fromkeys(ends, Label("input", "inputs"))
    labels: dict[str, Label] = {}
    total = len(waiting)
    for text, group, level in waiting:  # grows as we go
        parts = branches(group, ends, level)
        if worth_telling_apart(parts) and total + len(parts) - 1 <= MOST_NAMES:
            waiting += parts
            total += len(parts) - 1
        else:
            labels.update(dict.fromkeys(group, Label("input", text)))
    return labels


def ends_in(name: str) -> list[int]:
    """Return where each part of a name ends."""
    return [part.end() for part in PART.finditer(name)]


Branch = tuple[str, list[str], int]  # a beginning, the names that have it, of how many parts it is


def branches(
    names: list[str],
    ends: Ends,
    level: int,
) -> list[Branch]:
    """Return the next longer beginnings of which there are several, or of which there can be."""
    found: dict[str, list[str]] = {}
    while len(found) < 2:
        level += 1
        found = {}
        for name in names:
            text = beginning(name, ends[name], level)
            found.setdefault(text, []).append(name)
        if level == 1 or level >= len(ends[names[0]]):
            break
    return [(text, group, level) for text, group in found.items()]


def beginning(name: str, ends: Sequence[int], level: int) -> str:
    """Return the first parts of a name, so many or all; a bracket that is open there is closed."""
    if not ends:
        return name
    level = min(level, len(ends))
    text = name[: ends[level - 1]]
    is_open = text.count("[") > text.count("]")
    return f"{text}]" if is_open else text


def worth_telling_apart(parts: Sequence[Branch]) -> bool:
    """Return whether these are a few groups, rather than many or single inputs."""
    if len(parts) == 1 or len(parts) > MOST_BRANCHES:
        return False
    return all(len(group) > 1 for _, group, _ in parts)
