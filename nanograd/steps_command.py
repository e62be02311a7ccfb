"""The command `steps`: a program or a formula in; a page that steps through it out."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from .arguments import at_least_one
from .atomic import check_writable
from .drawing.showing import show, show_birth
from .errors import DataError, DomainError, short
from .formula import parse
from .grad_command import assigned, new_name
from .modes import debug
from .nanograd import Value, ancestry
from .running import variables_of_run

EXAMPLES = """\
examples:
  steps "(x*y + 3)**2" x=2 y=3
  steps train.py
  steps train.py --call 10 --save tenth.html --no-browser
"""


def add_steps(commands: Any) -> None:
    """Add the command `steps` to the commands of an argument parser."""
    reader = commands.add_parser(
        "steps",
        help="step through a program or a formula, forward and back, in the browser",
        description=(
            "Write a page that steps through the computation of a value and of its derivatives, "
            "and open it. A program is run until it calls backward(); without such a call, its "
            "last value is shown."
        ),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    reader.set_defaults(run=run_steps)
    add = reader.add_argument
    add("source", metavar="FILE.py|FORMULA", help='a program, or such as "(x*y + 3)**2"')
    values, call = "the variables of a formula, as in x=2", "stop at the N-th call of backward()"
    add("values", metavar="NAME=NUMBER", nargs="*", default=[], help=values)
    add("--call", metavar="N", type=at_least_one, default=1, help=call)
    add("--save", metavar="PAGE.html", default="", help="where to write the page")
    add("--no-browser", action="store_true", help="do not open it")


def run_steps(options: argparse.Namespace) -> int:
    """Write the page, open it, and return the exit status."""
    if options.save:
        check_writable(options.save, options.source)
    seen: dict[str, Any] = {"path": options.save, "browser": not options.no_browser}
    try:
        page = show(value_of(options), **seen)
    except DomainError as error:
        if error.birth is None:
            raise
        page = show_birth(error, **seen)
        print(f"It stops where this went wrong: {error}")
    print(f"The steps are in {page}")
    return 0


def value_of(options: argparse.Namespace) -> Value:
    """Return the value to step through."""
    if not options.source.endswith(".py"):
        return computed(options.source, options.values)
    if options.values:
        raise DataError(f"a program takes no values; it was given {short(options.values[0])}")
    return reached(options.source, options.call)


def computed(text: str, values: Sequence[str]) -> Value:
    """Return a formula at these values of its variables."""
    formula = parse(text)
    variables = {name: Value(x, name) for name, x in assigned(values).items()}
    result = formula(**variables)
    output = result if isinstance(result, Value) else Value(result)
    if not output.name:
        output.name = new_name(formula)
    return output


# -- running a program -----------------------------------------------------------------------


class Reached(BaseException):
    """The program has called backward() as often as is wanted: there is no need to go on."""


def reached(file: str, call: int) -> Value:
    """Run a program up to a call of backward(), and return the value that it was called on.

    If it never calls it, that is the last value that a variable of the program holds.
    """
    variables: Mapping[str, Any] = {}
    with debug(), backward_watched(call) as outputs, suppress(Reached):
        variables = variables_of_run(file)
    computed = [x for x in variables.values() if isinstance(x, Value) and x.op]
    if 0 < len(outputs) < call:
        often = f"{len(outputs)} time{'s' * (len(outputs) > 1)}"
        raise DataError(f"{file} calls backward() {often}; --call {call} is too many")
    if not outputs + computed:
        raise DataError(f"{file} computes no Value that a variable holds; there is nothing to show")
    name_by_variables(variables)
    return outputs[call - 1] if outputs else last(computed)


def last(values: Sequence[Value]) -> Value:
    """Return the last of these values that no other of them was computed from."""
    inside = {x for value in values for each in ancestry(value) for x in each.parents}
    return [value for value in values if value not in inside][-1]


@contextmanager
def backward_watched(call: int) -> Iterator[list[Value]]:
    """Note the values that backward() is called on, and leave the program at a call."""
    outputs: list[Value] = []
    backward = Value.backward

    def watched(self: Value, grad: Any = 1.0) -> None:
        backward(self, grad)
        outputs.append(self)
        if len(outputs) >= call:
            caller = sys._getframe(1)  # noqa: SLF001 - the documented way
            name_by_variables({**caller.f_globals, **caller.f_locals})
            raise Reached

    Value.backward = watched  # type: ignore[method-assign]
    try:
        yield outputs
    finally:
        Value.backward = backward  # type: ignore[method-assign]


def name_by_variables(variables: Mapping[str, Any]) -> None:
    """Give each value without a name that of a variable that holds it."""
    for name, value in variables.items():
        if isinstance(value, Value) and not value.name:
            value.name = name
