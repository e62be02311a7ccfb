"""A graph in the terminal: as a tree, and its backward pass as a table; prettier with rich."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..adjoints import adjoints
from ..nanograd import Value
from .names import names_under
from .steps import BackwardStep, ForwardStep, backward_steps, signed
from .symbols import figure

MOST_LINES = 200  # there is no end of what a graph can hold
DEEPEST = 24  # branches within branches that still fit on a screen
BRANCH, LAST, PASS, NOTHING = "├── ", "└── ", "│   ", "    "

HEADINGS = ("grad of", "was", "+ passed on × slope", "= now", "from", "rule")
STYLES = ("bold", "dim", "", "cyan", "dim", "")

Names = Mapping[Value, str]

# -- the tree --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Branch:
    """One line of a tree: what leads to it, what it says, and a grad where that is news."""

    lead: str
    text: str
    grad: str = ""


@dataclass(frozen=True)
class Tree:
    """A graph as lines of text, the output first, below each value the operands it came from.

    `print(tree)` gives plain text; `rich.print(tree)` gives the same with colors.
    """

    branches: Sequence[Branch]

    @property
    def width(self) -> int:
        """How wide the lines are without their grads."""
        return max(len(branch.lead + branch.text) for branch in self.branches)

    def __str__(self) -> str:
        width = self.width
        lines = [(branch.lead + branch.text, branch.grad) for branch in self.branches]
        return "\n".join(f"{line:{width}}  {grad}".rstrip() for line, grad in lines)

    __repr__ = __str__

    def __rich__(self) -> Any:
        """Return the tree as rich shows it."""
        from rich.text import Text

        text = Text(no_wrap=True)
        for branch in self.branches:
            room = " " * (self.width - len(branch.lead + branch.text))
            text.append(branch.lead, style="dim").append(branch.text, style="bold")
            text.append(f"{room}  ").append(f"{branch.grad}\n", style="cyan")
        text.right_crop(1)
        return text


def tree(value: Value) -> Tree:
    """Return the graph of a value as a tree, with the derivative of the value in each of its parts.

    A value that is used more than once is told where it comes first, and pointed at after that. A
    tree of more than 200 lines, or 24 levels, is cut there, and says so. No grad is changed.

    >>> from nanograd import Value
    >>> a = Value(3.0, "a")
    >>> b = a * a + 1
    >>> b.name = "b"
    >>> print(b.tree())
    b = c + 1 = 10       grad 1
    └── c = a · a = 9    grad 1
        ├── a = 3        grad 6
        └── a, as above
    """
    return Tree([*branches(value, names_under(value), adjoints(value))])


def branches(output: Value, names: Names, grads: Mapping[Value, float]) -> Iterator[Branch]:
    """Yield the lines of a tree from the top, each value's operands below it."""
    told: set[Value] = set()
    stack = [(output, "", "")]
    for _ in range(MOST_LINES):
        if not stack:
            break
        value, lead, below = stack.pop()
        if value in told:
            yield Branch(lead, f"{names[value]}, as above")
        elif len(below) > DEEPEST * len(PASS):
            yield Branch(lead, f"{names[value]} = …")
        else:
            told.add(value)
            yield Branch(lead, formula_of(value, names), f"grad {figure(grads.get(value, 0.0))}")
            stack += hung(value.parents, below)
    if len(told) < len(names):
        yield Branch("", f"… {len(names) - len(told):,} more values are not shown")


def formula_of(value: Value, names: Names) -> str:
    """Return the name of a value, its formula if it has one, and its number."""
    step = ForwardStep(value, names)
    formula = [step.formula] if step.formula else []
    return " = ".join([step.name, *formula, figure(value.data)])


def hung(parents: Sequence[Value], below: str) -> Iterator[tuple[Value, str, str]]:
    """Yield what to tell below a value, the last first: each with its lead, and that of its own."""
    for parent in reversed(parents):
        yield parent, below + LAST, below + NOTHING
        break
    for parent in reversed(parents[:-1]):
        yield parent, below + BRANCH, below + PASS


# -- the table -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """The backward pass as a table, one share a row.

    `print(table)` gives plain text; `rich.print(table)` gives the same with lines and colors.
    """

    steps: Sequence[BackwardStep]
    names: Names

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The cells of each share as text."""
        return [row_of(step, self.names) for step in self.steps[:MOST_LINES]]

    @property
    def rest(self) -> str:
        """What is said of shares that are not shown, if any."""
        more = len(self.steps) - MOST_LINES
        return f"… {more:,} more steps are not shown" if more > 0 else ""

    def __str__(self) -> str:
        rows = [HEADINGS, *self.rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        lines.insert(1, "  ".join("─" * width for width in widths))
        return "\n".join([*lines, self.rest] if self.rest else lines)

    __repr__ = __str__

    def __rich__(self) -> Any:
        """Return the table as rich shows it."""
        from rich import box
        from rich.table import Table as RichTable
        from rich.text import Text

        table = RichTable(box=box.SIMPLE_HEAD, caption=self.rest or None)
        for heading, style in zip(HEADINGS, STYLES, strict=True):
            table.add_column(heading, style=style)
        for row in self.rows:
            table.add_row(*map(Text, row))
        return table


def backward_table(value: Value) -> Table:
    """Return the backward pass from a value as a table: each share that arrives, and its rule.

    Of more than 200 steps the first are shown, and the others counted. No grad is changed.

    >>> from nanograd import Value
    >>> a = Value(3.0, "a")
    >>> print((a * a).backward_table())
    grad of  was  + passed on × slope  = now  from  rule
    ───────  ───  ───────────────────  ─────  ────  ───────────────────────
    b        0    1                    1            ∂b/∂b = 1, the seed
    a        0    1 × 3                3      b     ∂(a·a)/∂(1st a) = a = 3
    a        3    1 × 3                6      b     ∂(a·a)/∂(2nd a) = a = 3
    """
    return Table(backward_steps(value), names_under(value))


def row_of(step: BackwardStep, names: Names) -> tuple[str, ...]:
    """Return one share as the cells of a row."""
    seed = step.origin is None
    share = "1" if seed else f"{signed(step.grad)} × {signed(step.partial)}"
    origin = "" if step.origin is None else names[step.origin]
    return step.name, figure(step.before), share, figure(step.after), origin, step.rule
