"""Formulas as LaTeX: of a value, and of its derivative, which the operations' own rules give."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..nanograd import Value, ancestry
from .names import names_under
from .paths import leading_to
from .typesetting import Latex, as_latex, fraction, number, tex_name, typeset

LONGEST_FORMULA = 120  # characters of LaTeX: a part that is longer gets a line of its own
MOST_LINES = 40


def to_latex(value: Value, by: Value | None = None) -> str:
    r"""Return the formula of a value as LaTeX, or, given `by`, that of its derivative in it.

    Values that have a name, or are used more than once, are defined in lines of their own, and so
    are parts that would become long. A bar over a name is the derivative of the value in that
    one, its adjoint. After 40 lines dots stand for the rest. There are no dollar signs around it.

    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> z = (x * y + 3) ** 2
    >>> z.name = "z"
    >>> print(to_latex(z))
    z = \left(x\,y + 3\right)^{2}
    >>> print(to_latex(z, by=x))
    \frac{\partial z}{\partial x} = 2\,\left(x\,y + 3\right)\,y
    """
    for each in (value, by):
        if each is not None and not isinstance(each, Value):
            raise TypeError(f"to_latex needs Values; it was given {each!r}")
    writer = Writer(value)
    if by is None:
        writer.line(writer.names[value], writer.body(value))
    else:
        name = writer.names.get(by) or tex_name(by.name or "x")
        writer.line(fraction(writer.names[value], name), writer.derivative(value, by))
    return writer.text


class Writer:
    """The lines that define the parts of one formula, and the formulas of the parts so far."""

    def __init__(self, output: Value):
        names = names_under(output)
        self.names = {value: tex_name(name) for value, name in names.items()}
        self.order = ancestry(output)
        self.uses = Counter(x for value in self.order for x in value.parents)
        self.lines: list[str] = []
        self.formulas: dict[Value, Latex] = {}
        for value in self.names:
            if value is not output:  # that one is defined by the caller
                self.formulas[value] = self.formula(value)

    def line(self, name: str, formula: Latex) -> None:
        """Add a line that defines a name."""
        self.lines.append(f"{name} = {formula.text}")

    @property
    def text(self) -> str:
        """All lines; more than one are aligned at their signs =."""
        lines = self.lines
        if len(lines) == 1:
            return lines[0]
        if len(lines) > MOST_LINES:
            lines = [*lines[: MOST_LINES - 2], r"\vdots", lines[-1]]
        aligned = [line.replace(" = ", " &= ", 1) for line in lines]
        body = " \\\\\n".join(aligned)
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    def formula(self, value: Value) -> Latex:
        """Return what stands for a value where it is used: its name, or all of its formula."""
        name = Latex(self.names[value], value.data)
        if value.op is None:
            return name
        body = self.body(value)
        shared = self.uses[value] > 1
        if shared or value.name or is_long(body):
            self.line(name.text, body)
            return name
        body.data = value.data
        return body

    def body(self, value: Value) -> Latex:
        """Return the formula that a value was computed by."""
        if value.op is None:
            return number(value.data)
        return typeset(value.op, self.operands(value))

    def operands(self, value: Value) -> list[Any]:
        """Return the operands of a value as formulas; plain numbers stay plain."""
        return [self.formulas.get(x, x) for x in value.operands]

    def derivative(self, output: Value, by: Value) -> Latex:
        """Return the derivative as a formula, with a line for each adjoint that is long."""
        self.define(output)
        adjoints: dict[Value, Any] = {output: 1.0}
        leads = leading_to(by, output)
        for value in self.order:
            if value in adjoints and value is not by:
                adjoint = self.adjoint(value, adjoints[value])
                for operand, partial in self.flows(value):
                    if operand in leads:
                        share = partial * adjoint if is_number(partial) else adjoint * partial
                        adjoints[operand] = adjoints.get(operand, 0.0) + share
        return as_latex(adjoints.get(by, 0.0))

    def define(self, output: Value) -> None:
        """Let rules make use of the output, by its formula or, if that is long, by its name."""
        body = self.body(output) if output.op else Latex(self.names[output])
        if is_long(body):
            self.line(self.names[output], body)
            body = Latex(self.names[output])
        body.data = output.data
        self.formulas[output] = body

    def adjoint(self, value: Value, formula: Any) -> Any:
        """Return what stands for the adjoint of a value: a name, if its formula is long."""
        if not is_long(formula):
            return formula
        if self.formulas[value].text != self.names[value]:
            self.line(self.names[value], self.formulas[value])
        bar = Latex(rf"\bar{{{self.names[value]}}}")
        self.line(bar.text, formula)
        return bar

    def flows(self, value: Value) -> Iterator[tuple[Any, Any]]:
        """Yield each operand that a derivative flows to, with the partial as a formula.

        If the rule wants to know more of its operands than a formula, it is a number.
        """
        op: Any = value.op
        try:
            partials = op.partials(*self.operands(value), self.formulas[value])
        except Exception:  # noqa: BLE001 - whatever the user's rule does when it is given text
            partials = value.partials
        for operand, partial, slope in zip(value.operands, partials, value.partials, strict=True):
            if slope is not None and isinstance(operand, Value):
                yield operand, partial


def is_number(formula: Any) -> bool:
    """Return whether a formula is a plain number, which stands first in a product."""
    return not isinstance(formula, Latex)


def is_long(formula: Any) -> bool:
    """Return whether a formula is too long to stand inside another."""
    return not is_number(formula) and len(formula.text) > LONGEST_FORMULA
