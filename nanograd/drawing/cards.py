"""What stands on a card: a name, the formula, the value, the gradient; of a group, their range."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from .folding import Box
from .lettering import number, one_line, shortened, shortened_name, width_of
from .symbols import Symbol, spelled
from .trace import Link, Node, Trace

LONGEST_LABEL = 20
LONGEST_OPERAND = 12
LONGEST_FORMULA = 26
FEW_OPERANDS = 3  # of more, those in the middle can be left out
MOST_SYMBOLS = 4
SIGNS = {"*": "·", "-": "−"}

LOWEST, HIGHEST = 46.0, 160.0
PER_EDGE = 9.0  # of its height, for the edges that arrive at a card
PADDING = 10.0
NARROWEST = 80.0
STEP = 20.0  # widths are multiples of it: cards of about the same width get the same
TITLE, FIGURES, LABEL = 12.5, 13.0, 10.0  # the sizes of the letters
BOLD = 1.1  # so much wider are bold letters
BETWEEN = 16.0  # the value and the gradient
MARK = 18.0  # the room for the sign for inf or nan


class Card(NamedTuple):
    """A card: `name` and `note` in its upper line, `value` and `grad` in the lower one."""

    key: str  # node-3, or group-0
    kind: str  # leaf, operation or group; and output
    name: str
    note: str  # the formula, or how many nodes
    value: str
    grad: str
    is_strange: bool  # there is an inf or a nan
    told: str  # all of it in words, nothing shortened
    width: float


def card_of(trace: Trace, box: Box, place: int) -> Card:
    """Return the card of a box, which is at this place in the list of boxes."""
    if len(box.nodes) > 1:
        return group_card(trace, box, place)
    return node_card(trace, box.nodes[0])


def width_for(name: str, note: str, value: str, grad: str) -> float:
    """Return how wide a card has to be for these texts."""
    title = width_of(name, TITLE * BOLD) + width_of(f" {note}", TITLE)
    figures = width_of(value + grad, FIGURES) + BETWEEN + width_of("grad ", LABEL)
    widest = max(title, figures, NARROWEST - 2 * PADDING) + 2 * PADDING
    return math.ceil(widest / STEP) * STEP


def height_for(edges: int) -> float:
    """Return how high a card has to be at which so many edges arrive."""
    return min(max(LOWEST, 2 * PADDING + edges * PER_EDGE), HIGHEST)


# -- one node --------------------------------------------------------------------------------


def node_card(trace: Trace, place: int) -> Card:
    """Return the card of one node."""
    node = trace.nodes[place]
    formula = formula_of(trace, place)
    value, grad = number(node.data), number(node.grad)
    is_strange = not math.isfinite(node.data + node.grad)
    kind = "operation" if node.op else "leaf"
    note = f"= {short_formula(trace, place)}" if formula else ""
    width = width_for(node.name, note, value, grad) + MARK * is_strange
    return Card(
        f"node-{place}",
        f"{kind} output" if place == trace.output else kind,
        node.name,
        note,
        value,
        grad,
        is_strange,
        told(node, name_of(trace, place), formula),
        width,
    )


def name_of(trace: Trace, place: int) -> str:
    """Return the name of a node; where the trace has shortened it, as the user gave it."""
    node = trace.nodes[place]
    return node.given if "…" in node.name else node.name


def formula_of(trace: Trace, place: int) -> str:
    """Return how a node was computed, with the names of its operands; empty for an input."""
    return spelled_at(trace, place, operands_of(trace, place))


def short_formula(trace: Trace, place: int) -> str:
    """Return how a node was computed, as short as it stands on a card."""
    formula, operands = formula_of(trace, place), operands_of(trace, place)
    if len(formula) > LONGEST_FORMULA and len(operands) > FEW_OPERANDS:
        formula = spelled_at(trace, place, [operands[0], Symbol("…"), operands[-1]])
    return shortened(formula, LONGEST_FORMULA)


def operands_of(trace: Trace, place: int) -> Sequence[Symbol | float]:
    """Return the operands of a node as a formula has them: names, and plain numbers."""
    return [
        Symbol(shortened_name(trace.nodes[x.node].name, LONGEST_OPERAND))
        if isinstance(x, Link)
        else x
        for x in trace.nodes[place].operands
    ]


def spelled_at(trace: Trace, place: int, operands: Sequence[Symbol | float]) -> str:
    """Return the operation of a node at these operands, as text; an input has none."""
    op = trace.values[place].op
    formula = spelled(op, operands, room=" ") if op else ""
    return f" {formula}".replace(" -", " −")[1:]  # a minus sign, where it is no part of a name


def told(node: Node, name: str, formula: str) -> str:
    """Return a node in words: `a = x · y = 6, grad 18, train.py:14`."""
    parts = filter(None, (name, formula, number(node.data)))
    place = f", {node.place}" if node.place else ""
    return f"{' = '.join(parts)}, grad {number(node.grad)}{place}"


# -- several nodes ---------------------------------------------------------------------------


def group_card(trace: Trace, box: Box, place: int) -> Card:
    """Return the card of several nodes: how many there are, and between what their numbers lie."""
    nodes = [trace.nodes[i] for i in box.nodes]
    numbers = [node.data for node in nodes]
    grads = [abs(node.grad) for node in nodes]
    value, grad = spanned(numbers), f"≤ {number(largest(grads), 2)}" if any(grads) else "0"
    is_strange = not all(map(math.isfinite, numbers + grads))
    label = one_line(box.label) or symbols_of(nodes)
    name = shortened_name(label, LONGEST_LABEL)
    note = f"{len(nodes):,} nodes"
    return Card(
        f"group-{place}",
        kind_of(trace, box),
        name,
        note,
        value,
        grad,
        is_strange,
        f"{label}: {note} ({counted(nodes)}), values {value}, |grad| {grad}",
        width_for(name, note, value, grad) + MARK * is_strange,
    )


def kind_of(trace: Trace, box: Box) -> str:
    """Return what is in a group: only leaves, operations, the output."""
    kinds = ["group"]
    if not any(trace.nodes[i].op for i in box.nodes):
        kinds.append("leaf")
    if trace.output in box.nodes:
        kinds.append("output")
    return " ".join(kinds)


def spanned(numbers: Sequence[float]) -> str:
    """Return between what numbers lie; a nan among them is not seen."""
    least, most = number(-largest([-x for x in numbers]), 2), number(largest(numbers), 2)
    if least != most:
        return f"{least} … {most}"
    return least if len(set(numbers)) == 1 else f"≈ {least}"


def largest(numbers: Sequence[float]) -> float:
    """Return the largest number that is not nan, or nan if there is no other."""
    return max((x for x in numbers if not math.isnan(x)), default=math.nan)


def frequent(nodes: Sequence[Node]) -> list[tuple[str, int]]:
    """Return the symbols of the operations among the nodes, the most frequent first, and counts."""
    symbols = Counter(SIGNS.get(node.symbol, node.symbol) for node in nodes)
    return symbols.most_common(MOST_SYMBOLS)


def symbols_of(nodes: Sequence[Node]) -> str:
    """Return what is done in a group: the symbols of its operations."""
    return " ".join(symbol for symbol, _ in frequent(nodes) if symbol)


def counted(nodes: Sequence[Node]) -> str:
    """Return how many operations of each kind there are; a node without one is an input."""
    return ", ".join(f"{count:,} {symbol or 'input'}" for symbol, count in frequent(nodes))
