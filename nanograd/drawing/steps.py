"""A derivative in words: each step forward, then each step of the chain rule back.

    a = x · y = 2 · 3 = 6
    z = a + 3 = 6 + 3 = 9

    z: 1                 ∂z/∂z = 1, the seed
    a: 0 + 1 × 1 = 1     ∂(a + 3)/∂a = 1
    x: 0 + 1 × 3 = 3     ∂(x·y)/∂x = y = 3
    y: 0 + 1 × 2 = 2     ∂(x·y)/∂y = x = 2

Nothing is changed: the steps are told with grads that begin at zero, whatever the Values hold. The
words of a step are made when they are asked for: a large graph has more steps than anyone reads.
"""

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..nanograd import Value, ancestry
from .names import names_under
from .symbols import TIGHTEST, Symbol, binding_of, figure, spelled

Names = Mapping[Value, str]

LONGEST_RULE = 32  # a longer one is told by its number alone
WIDEST_COLUMN = 24  # what is longer does not push the others aside,
WIDEST_STEP = 40  # neither here
INDENT = "  "

# -- what there is to tell -------------------------------------------------------------------


@dataclass(frozen=True)
class ForwardStep:
    """One value and how it was computed: `a = x · y = 2 · 3 = 6`. An input has no formula."""

    value: Value
    names: Names

    @property
    def name(self) -> str:
        """The name of the value."""
        return self.names[self.value]

    @cached_property
    def formula(self) -> str:
        """How it was computed, with the names of its operands."""
        op = self.value.op
        return spelled(op, symbols_for(self.value, self.names), room=" ") if op else ""

    @cached_property
    def numbers(self) -> str:
        """How it was computed, with the numbers that its operands hold now."""
        op, operands = self.value.op, self.value.operands
        numbers = [x.data if isinstance(x, Value) else x for x in operands]
        return spelled(op, numbers, room=" ") if op else ""

    @property
    def parts(self) -> list[str]:
        """Its name, the formula with names, the formula with numbers, the result: what it has."""
        result = figure(self.value.data)
        numbers = "" if self.numbers == result else self.numbers
        return [part for part in (self.name, self.formula, numbers, result) if part]

    def __str__(self) -> str:
        return " = ".join(self.parts)


@dataclass(frozen=True)
class BackwardStep:
    """One share that arrives at a value: `x: 0 + 18 × 3 = 54`, by the rule `∂(x·y)/∂x = y = 3`.

    The share is the grad of the value that it comes from, times the partial. The first step of all
    comes from nowhere: it is the seed, 1. `operand` is the value's place among the operands there.
    """

    value: Value
    names: Names
    rules: "Rules | None"
    operand: int
    before: float
    grad: float
    partial: float

    @property
    def name(self) -> str:
        """The name of the value."""
        return self.names[self.value]

    @property
    def origin(self) -> Value | None:
        """The value that the share comes from."""
        return self.rules.origin if self.rules else None

    @property
    def rule(self) -> str:
        """The rule that gives the partial."""
        if self.rules is None:
            return f"∂{self.name}/∂{self.name} = 1, the seed"
        return self.rules.by_operand[self.operand]

    @property
    def after(self) -> float:
        """The grad of the value with this share, and with those that came before."""
        return self.before + self.grad * self.partial

    def __str__(self) -> str:
        if self.origin is None:
            return f"{self.name}: {figure(self.after)}"
        share = f"{signed(self.grad)} × {signed(self.partial)}"
        return f"{self.name}: {figure(self.before)} + {share} = {figure(self.after)}"


@dataclass(frozen=True)
class Rules:
    """The rules by which one value passes its derivative on."""

    origin: Value
    names: Names

    @cached_property
    def by_operand(self) -> Mapping[int, str]:
        """The rule for each operand that a share flows to: `∂(x·y)/∂x = y = 3`."""
        op: Any = self.origin.op
        symbols = symbols_for(self.origin, self.names)
        formula = spelled(op, symbols)
        if binding_of(op) < TIGHTEST:
            formula = f"({formula})"
        words = partials_in_words(self.origin, symbols, self.names)
        uses = Counter(x for x in self.origin.operands if isinstance(x, Value))
        used: Counter[Value] = Counter()
        rules = {}
        for i, operand, partial in flows(self.origin):
            used[operand] += 1
            name = self.names[operand]
            if uses[operand] > 1:
                name = f"({ordinal(used[operand])} {name})"
            number = figure(partial)
            equals = number if words[i] in {"", number} else f"{words[i]} = {number}"
            rules[i] = f"∂{formula}/∂{name} = {equals}"
        return rules


def forward_steps(output: Value) -> list[ForwardStep]:
    """Return the inputs of a value, then the values in between and itself, as they were computed.

    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> for step in forward_steps((x * y + 3) ** 2):
    ...     print(step)
    x = 2
    y = 3
    a = x · y = 2 · 3 = 6
    b = a + 3 = 6 + 3 = 9
    c = b² = 9² = 81
    """
    names = names_under(output)
    return [ForwardStep(value, names) for value in names]


def backward_steps(output: Value) -> list[BackwardStep]:
    """Return the seed and then every share, in the order in which `backward()` passes them on.

    >>> a = Value(1.0, "a")
    >>> for step in backward_steps(a + a):
    ...     print(step, "by", step.rule)
    b: 1 by ∂b/∂b = 1, the seed
    a: 0 + 1 × 1 = 1 by ∂(a + a)/∂(1st a) = 1
    a: 1 + 1 × 1 = 2 by ∂(a + a)/∂(2nd a) = 1
    """
    return shares(output, names_under(output))


def shares(output: Value, names: Names) -> list[BackwardStep]:
    """Return the steps of the backward pass, told in these names."""
    steps = [BackwardStep(output, names, None, 0, 0.0, 1.0, 1.0)]
    grads = {output: 1.0}
    for origin in ancestry(output):
        if origin in grads:  # else nothing flows here: it was not chosen
            grad, rules = grads[origin], Rules(origin, names)
            for operand, value, partial in flows(origin):
                before = grads.get(value, 0.0)
                step = BackwardStep(value, names, rules, operand, before, grad, partial)
                grads[value] = step.after
                steps.append(step)
    return steps


def forward_lines(output: Value, width: int = 80) -> list[str]:
    """Return the forward steps as lines of text, their signs = below each other if there is room.

    >>> for line in forward_lines((Value(2.0, "x") + 1) ** 2):
    ...     print(line)
    x = 2
    a = x + 1 = 2 + 1 = 3
    b = a²    = 3²    = 9
    """
    rows = [step.parts for step in forward_steps(output)]
    widths = [WIDEST_COLUMN] * 4
    for column in range(4):
        lengths = [len(row[column]) for row in rows if len(row) > column + 1]
        widths[column] = min(max(lengths, default=0), WIDEST_COLUMN)
    padded = [[*map(str.ljust, row[:-1], widths), row[-1]] for row in rows]
    fits = max(len(" = ".join(row)) for row in padded) <= width
    return [" = ".join(row) for row in (padded if fits else rows)]


def backward_lines(output: Value, width: int = 80) -> list[str]:
    """Return the backward steps as lines of text, with the rules beside them, or else below.

    >>> for line in backward_lines(Value(2.0, "x") ** 2):
    ...     print(line)
    a: 1              ∂a/∂a = 1, the seed
    x: 0 + 1 × 4 = 4  ∂(x²)/∂x = 2·x = 4
    """
    steps = backward_steps(output)
    longest = min(max(len(str(step)) for step in steps), WIDEST_STEP)
    lines = [f"{step!s:{longest}}  {step.rule}" for step in steps]
    if max(map(len, lines)) <= width:
        return lines
    return [line for step in steps for line in (str(step), f"    {step.rule}")]


def narrated(output: Value, width: int = 80) -> list[str]:
    """Return both passes as lines of text for a terminal of this width, each under a heading."""
    name = names_under(output)[output]
    forward = f"Forward, from the inputs to {name}:"
    backward = f"Backward, from {name} to the inputs (grad so far + grad passed on × slope):"
    steps = forward_lines(output, width - len(INDENT)), backward_lines(output, width - len(INDENT))
    lines = []
    for heading, told in zip((forward, backward), steps, strict=True):
        lines += [*textwrap.wrap(heading, width), *(INDENT + line for line in told), ""]
    return lines[:-1]


# -- single steps ----------------------------------------------------------------------------


def symbols_for(value: Value, names: Names) -> list[Any]:
    """Return the operands of a value as symbols; plain numbers stay plain."""
    return [Symbol(names[x], x.data) if isinstance(x, Value) else x for x in value.operands]


def flows(origin: Value) -> Iterator[tuple[int, Value, float]]:
    """Yield each operand that a share flows to: its place, itself, and its partial."""
    for i, (operand, partial) in enumerate(zip(origin.operands, origin.partials, strict=True)):
        if partial is not None and isinstance(operand, Value):
            yield i, operand, partial


def partials_in_words(value: Value, symbols: Sequence[Any], names: Names) -> list[str]:
    """Return the partials of a value's operation as text; empty where that would say nothing.

    They are what the operation's own rule gives for symbols. A rule that wants to know more of its
    operands than a name, or whose text is too long, is told by its number alone.
    """
    op: Any = value.op
    try:
        partials = op.partials(*symbols, Symbol(names[value], value.data))
    except Exception:  # noqa: BLE001 - whatever the user's rule does when it is given text
        partials = [None] * len(symbols)
    words = [partial.text if isinstance(partial, Symbol) else "" for partial in partials]
    return [text if len(text) <= LONGEST_RULE else "" for text in words]


def ordinal(position: int) -> str:
    """Return a position as a word: 1st, 2nd, 3rd, 4th.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 101)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '101st']
    """
    teen = position % 100 in {11, 12, 13}
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(position % 10, "th")
    return f"{position}{ending}"


def signed(number: float) -> str:
    """Return a number as it stands after a sign: a negative one in parentheses."""
    text = figure(number)
    return f"({text})" if text.startswith("-") else text
