"""The command `grad`: a formula in; its value, its derivatives and every step of them out."""

import argparse
import json
import keyword
import sys
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import count
from typing import Any

from .drawing.explain import explain
from .drawing.latex import to_latex
from .drawing.record import in_json
from .drawing.steps import BackwardStep, ForwardStep, backward_steps, forward_steps, narrated
from .drawing.terminal import backward_table, tree
from .errors import DataError, DomainError, short
from .formula import FUNCTIONS, LONGEST, Formula, parse
from .nanograd import Value
from .progress import columns_of

WIDEST = 100  # columns
DIGITS = ".12g"  # enough to trust, and 0.1 + 0.2 is 0.3
EXAMPLES = """\
examples:
  grad "(x*y + 3)**2" x=2 y=3 --steps
  grad "x**2 + x*y" x=2 y=3 --explain --tree
  grad "where(x > 0, sqrt(x), 0)" x=1/4
  grad "-x**2 + e**x" x=-1e-3 --json
"""

#: The options, each without a value; what else begins with - is a formula.
FLAGS = {
    "--steps": "tell every step of the chain rule",
    "--explain": "tell each derivative as a sum over paths",
    "--tree": "show how the value was computed, as a tree",
    "--table": "show the backward pass as a table",
    "--latex": "print the formula and its derivatives as LaTeX",
    "--json": "print the result as JSON",
}


def add_grad(commands: Any) -> None:
    """Add the command `grad` to the commands of an argument parser."""
    names = textwrap.fill(f"functions: {', '.join(sorted(FUNCTIONS))}; constants: pi, e", 78)
    reader = commands.add_parser(
        "grad",
        help="the derivatives of a formula",
        description="Print the value of a formula, and its derivative in every variable.",
        epilog=f"{names}\n\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    reader.set_defaults(run=run_grad)
    add = reader.add_argument
    add("formula", metavar="FORMULA", help='such as "(x*y + 3)**2"; - reads it from the input')
    values = "the value of each variable, as in x=2"
    add("values", metavar="NAME=NUMBER", nargs="*", default=[], help=values)
    for flag, about in FLAGS.items():
        add(flag, action="store_true", help=about)


def run_grad(options: argparse.Namespace) -> int:
    """Print a formula's value and derivatives; return the exit status."""
    formula = parse(read_input() if options.formula == "-" else options.formula)
    variables = {name: Value(x, name) for name, x in assigned(options.values).items()}
    output, name = evaluated(formula, variables), new_name(formula)
    if output not in set(variables.values()):
        output.name = name
    output.backward()
    grads = {name: variable.grad for name, variable in variables.items()}
    if options.json:
        record = as_record(output, grads, steps=options.steps)
        if options.explain:
            record["paths"] = {name: paths_record(x, output) for name, x in variables.items()}
        print(json.dumps(record, allow_nan=False))
        return 0
    for view in views(options, output, list(variables.values())):
        show_text(view)
    print(*as_lines(name, formula, output, grads), sep="\n")
    return 0


# -- what is given ---------------------------------------------------------------------------


def read_input() -> str:
    """Return the text on the standard input, as far as a formula can go and one character more."""
    try:
        return sys.stdin.read(LONGEST + 1) if sys.stdin else ""
    except UnicodeDecodeError:
        raise DataError("the formula on the standard input is not text") from None


def assigned(texts: Sequence[str]) -> dict[str, float]:
    """Return the variables with their numbers.

    >>> assigned(["x=-2", "rate=1/4"])
    {'x': -2.0, 'rate': 0.25}
    """
    values: dict[str, float] = {}
    for text in texts:
        name, sign, number = text.partition("=")
        name = unicodedata.normalize("NFKC", name)  # as Python's grammar does
        if not name or not sign or not number:
            raise DataError(
                f"{short(text)} gives no value to a variable; write it as x=2, no blanks"
            )
        if not name.isidentifier() or keyword.iskeyword(name):
            raise DataError(f"{short(name)} cannot be the name of a variable")
        if name in FUNCTIONS:
            raise DataError(f"{name} is a function, and cannot be the name of a variable")
        if name in values:
            raise DataError(f"{name} is given a value twice")
        values[name] = number_in(number, name)
    return values


def number_in(text: str, name: str) -> float:
    """Return the number that a text comes to; it may be a formula without variables, as in 1/3."""
    try:
        return float(parse(text)())
    except (DataError, DomainError):
        raise DataError(
            f"{name} must be a number, such as 2, -0.5, 1e-3 or 1/3; it was given {short(text)}"
        ) from None


def evaluated(formula: Formula, variables: dict[str, Value]) -> Value:
    """Return the formula at these values; one outside its domain is a `DataError`."""
    try:
        result = formula(**variables)
    except DomainError as error:
        raise DataError(str(error)) from error
    return result if isinstance(result, Value) else Value(result)


def new_name(formula: Formula) -> str:
    """Return a name for the result that no variable has: f, or else f1, f2, …."""
    names = (f"f{n or ''}" for n in count())
    return next(name for name in names if name not in formula.names)


# -- what is shown ---------------------------------------------------------------------------


def views(options: argparse.Namespace, output: Value, variables: Sequence[Value]) -> Iterator[Any]:
    """Yield what is to be shown beside the result: texts, and what rich can make prettier."""
    if options.tree:
        yield tree(output)
    if options.table:
        yield backward_table(output)
    if options.steps:
        yield "\n".join(narrated(output, min(columns_of(sys.stdout), WIDEST)))
    if options.explain:
        yield "\n".join(str(explain(x, of=output)) for x in variables)
    if options.latex:
        formulas = [to_latex(output), *(to_latex(output, by=x) for x in variables)]
        yield "\n".join(formulas)


def show_text(view: Any) -> None:
    """Print a view and a blank line; on a terminal with rich, if that is installed."""
    if hasattr(view, "__rich__") and sys.stdout.isatty() and find_spec("rich"):
        from rich.console import Console

        Console().print(view)
    else:
        print(view)
    print()


# -- what is told ----------------------------------------------------------------------------


def as_lines(name: str, formula: Formula, output: Value, grads: dict[str, float]) -> list[str]:
    """Return the result as lines of text, the signs = of the derivatives below each other."""
    slopes = {f"∂{name}/∂{variable}": grad for variable, grad in grads.items()}
    width = max(map(len, slopes), default=0)
    told = [f"{slope:{width}} = {grad:{DIGITS}}" for slope, grad in slopes.items()]
    return [f"{name} = {formula.text} = {output.data:{DIGITS}}", *told]


def as_record(output: Value, grads: dict[str, float], *, steps: bool) -> dict[str, Any]:
    """Return the result as JSON has it."""
    record: dict[str, Any] = {
        "value": in_json(output.data),
        "derivatives": {name: in_json(grad) for name, grad in grads.items()},
    }
    if steps:
        forward, backward = forward_steps(output), backward_steps(output)
        names = {step.value: step.name for step in forward}
        record["steps"] = {
            "forward": [forward_record(step) for step in forward],
            "backward": [backward_record(step, names) for step in backward],
        }
    return record


def paths_record(x: Value, output: Value) -> dict[str, Any]:
    """Return a derivative as a sum over paths, as JSON has it."""
    told = explain(x, of=output)
    paths = [
        {
            "names": path.names,
            "factors": [in_json(factor) for factor in path.factors],
            "share": in_json(path.share),
        }
        for path in told.paths
    ]
    return {"number": told.number_of_paths, "largest": paths, "rest": in_json(told.rest)}


def forward_record(step: ForwardStep) -> dict[str, Any]:
    """Return a forward step as JSON has it; an input has neither formula nor numbers."""
    computed = {"formula": step.formula, "numbers": step.numbers} if step.formula else {}
    return {"name": step.name, **computed, "value": in_json(step.value.data)}


def backward_record(step: BackwardStep, names: Mapping[Value, str]) -> dict[str, Any]:
    """Return a backward step as JSON has it; the seed comes from nowhere, which is null."""
    return {
        "name": step.name,
        "from": names[step.origin] if step.origin is not None else None,
        "before": in_json(step.before),
        "grad": in_json(step.grad),
        "partial": in_json(step.partial),
        "after": in_json(step.after),
        "rule": step.rule,
    }
