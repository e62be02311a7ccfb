"""The picture as DOT, the language of Graphviz, for those who have it."""

from .lettering import one_line
from .scene import Scene

HEAD = """digraph {
  rankdir=LR
  node [shape=box style=rounded fontname="sans-serif" fontsize=11]
  edge [arrowsize=0.7]"""


def dot_of(scene: Scene) -> str:
    """Return a scene as DOT, in text: the same cards, but where they go is up to Graphviz."""
    lines = [HEAD]
    for card in scene.cards:
        title = f"{card.name} {card.note}"
        label = quoted(title, f"{card.value}, grad {card.grad}")
        lines.append(f"  {quoted(card.key)} [label={label}]")
    for tie in scene.ties:
        start, end = (quoted(scene.cards[box].key) for box in (tie.start, tie.end))
        lines.append(f"  {start} -> {end}" + ("" if tie.flow else " [style=dotted]"))
    return "\n".join([*lines, "}"]) + "\n"


def quoted(*lines: str) -> str:
    r"""Return lines of text as DOT has them, in quotes.

    >>> print(quoted('a "name"', "2"))
    "a \"name\"\n2"
    """
    escaped = (one_line(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
