"""The command `compile`: a function in a file; a stage of its way to machine code out."""

import argparse
import inspect
import json
import math
import re
import sys
import textwrap
from array import array
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from .calls import Call, calls_watched
from .compiler.backends import backend_for
from .compiler.calls.jit import Jit, jit
from .compiler.calls.stages import Lowered
from .errors import DataError, DomainError, NanogradError, short
from .grad_command import number_in
from .running import arguments, place_of, variables_of_run

DESCRIPTION = (
    "Run a program, and show what the compiler makes of a function in it, for the arguments that "
    "the program calls it with. If it is not called, its parameters are numbers, unless values "
    "are given. What the program prints goes to the error stream."
)

EXAMPLES = """\
examples:
  compile train.py:train
  compile price.py:price --stage python
  compile network.py:step --stage schedule
  compile loss.py:loss w=[0.3,-0.6,0.1] "x=array(100)" --stage llvm
"""

NATIVE = ("llvm", "assembly")  # stages that need llvmlite

ARRAY = re.compile(r"array\(([1-9][0-9]{0,8}(?:,[1-9][0-9]{0,8})*)\)")
MOST = 10**7  # numbers in an array; how long it is makes no other program


def add_compile(commands: Any) -> None:
    """Add the command `compile` to the commands of an argument parser."""
    reader = commands.add_parser(
        "compile",
        help="show a compiled function: as recorded, optimized, in Python, as machine code",
        description=textwrap.fill(DESCRIPTION, 78),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    reader.set_defaults(run=run_compile)
    add = reader.add_argument
    add("source", metavar="FILE.py:FUNCTION", help="a function, decorated with jit or not")
    values = "a number, a list or dict as JSON has it, array(ROWS) or array(ROWS,COLUMNS)"
    add("values", metavar="NAME=VALUE", nargs="*", default=[], help=values)
    stage = (
        "trace, optimized, schedule, python, llvm or assembly; without it, optimized and which "
        "there are"
    )
    add("--stage", metavar="NAME", help=stage)


def run_compile(options: argparse.Namespace) -> int:
    """Print the stage, once for each signature; return the exit status."""
    file, _, name = options.source.rpartition(":")
    if not file or not name:
        raise DataError(
            "a file and a function in it are required, as in train.py:loss; it was given "
            f"{short(options.source)}"
        )
    given = values_in(options.values)
    with calls_watched(file, name) as calls, redirect_stdout(sys.stderr):
        variables = run(file)
    source = Source(file, name, function_in(variables, file, name))
    noted = [call for call in calls if call.is_of(source.function) and not given]
    lowered = [source.lowered(call) for call in noted] or [source.lowered_with(given)]
    texts = [stage_of(each, options.stage or "optimized") for each in lowered]
    for i, text in enumerate(texts, 1):
        if len(texts) > 1:
            print(f"# signature {i} of {len(texts)}")
        print(text)
    if not options.stage:
        stages = ", ".join(lowered[0].stages)
        print(f"\nThis is the optimized program; --stage shows one of {stages}.")
    return 0


def stage_of(lowered: Lowered, stage: str) -> str:
    """Return a stage as text; a `DataError` says why there is none."""
    if stage in lowered.stages:
        return lowered[stage]
    if stage == "schedule":
        return str(lowered.schedule)  # a DataError says why there is none
    if stage not in NATIVE:
        raise DataError(
            f"--stage must be one of {', '.join(lowered.stages)}; it was given {short(stage)}"
        )
    try:
        backend_for("llvm")
    except ImportError as error:
        raise DataError(str(error)) from error
    raise DataError(f"there is no {stage}: this program is run by the backend {lowered.backend}")


def run(file: str) -> Mapping[str, Any]:
    """Run a program and return its variables; whatever goes wrong in it is a `DataError`."""
    try:
        return variables_of_run(file)
    except DomainError as error:
        raise DataError(f"{place_of(error, file)}: {error}") from error


def function_in(variables: Mapping[str, Any], file: str, name: str) -> Any:
    """Return the function of this name, or raise a `DataError` that tells which there are."""
    if callable(variables.get(name)):
        return variables[name]
    found = [
        word
        for word, thing in variables.items()
        if callable(thing) and getattr(thing, "__module__", None) == "__main__"
    ]
    there = f"; it has {', '.join(found[:20])}" if found else ""
    raise DataError(f"{file} has no function {name}{there}")


class Source(NamedTuple):
    """A function in a file."""

    file: str
    name: str
    function: Any

    def lowered(self, call: Call) -> Lowered:
        """Return what the compiler makes of a call; what goes wrong is a `DataError`."""
        compiled = self.function if isinstance(self.function, Jit) else jit(self.function)
        try:
            with arguments(self.file):
                found: Lowered = compiled.lower(*call.args, **call.named)
        except Exception as error:
            kind = "" if isinstance(error, NanogradError) else f"{type(error).__name__}: "
            tells_place = str(error).startswith(f"{Path(self.file).name}:")
            place = "" if tells_place else f"{place_of(error, self.file)}: "
            raise DataError(f"{place}{kind}{error}") from error
        return found

    def lowered_with(self, given: Mapping[str, Any]) -> Lowered:
        """Return the same for these arguments; all else that the function needs are numbers."""
        signature = self.signature()
        for word in given:
            if word not in signature.parameters:
                there = ", ".join(signature.parameters)
                raise DataError(f"{self.name} has no parameter {word}; it has {there}")
        needed = [x.name for x in signature.parameters.values() if is_needed(x)]
        numbers = [word for word in needed if word not in given]
        values = {**dict.fromkeys(numbers, 1.0), **given}  # which ones is no part of the program
        in_order = OrderedDict((x, values[x]) for x in signature.parameters if x in values)
        bound = inspect.BoundArguments(signature, in_order)
        try:
            return self.lowered(Call(None, bound.args, bound.kwargs))
        except DataError as error:
            if not numbers:
                raise
            raise DataError(
                f"{error} (It is not called here; taken for numbers: {', '.join(numbers)}. Other "
                "arguments are given as in w=[1,2] or x=array(9).)"
            ) from error

    def signature(self) -> inspect.Signature:
        """Return its parameters; a `DataError` where they are not known."""
        try:
            return inspect.signature(self.function)
        except ValueError:
            raise DataError(f"{self.name} does not tell which parameters it has") from None


def is_needed(parameter: inspect.Parameter) -> bool:
    """Return whether a function cannot be called without an argument for this parameter."""
    is_many = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not is_many


# -- arguments from the command line ---------------------------------------------------------


def values_in(texts: Sequence[str]) -> dict[str, Any]:
    """Return the arguments that the command line gives.

    >>> values_in(["x=1/4", "w=[0.5, -1]"])
    {'x': 0.25, 'w': [0.5, -1]}
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not name.isidentifier() or not value:
            raise DataError(f"{short(text)} gives no value to a parameter; write it as x=2")
        if name in values:
            raise DataError(f"{name} is given a value twice")
        values[name] = value_in(value, name)
    return values


def value_in(text: str, name: str) -> Any:
    """Return the value that a text stands for; the numbers of an array are zeros."""
    if found := ARRAY.fullmatch(text.replace(" ", "")):
        shape = tuple(map(int, found[1].split(",")))
        if math.prod(shape) > MOST:
            raise DataError(f"{name} has at most {MOST:,} numbers here; fewer rows show the same")
        zeros = memoryview(array("d", bytes(8 * math.prod(shape))))
        return zeros.cast("B").cast("d", shape)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return number_in(text, name)
    except DataError:
        raise DataError(
            f"{name} must be a number, a list or dict as JSON has it, or array(ROWS,COLUMNS); it "
            f"was given {short(text)}"
        ) from None
