"""The reference backend: readable Python, which needs the standard library only.

A step is a line. What is one number per row is computed in a loop; what a sum needs is kept in a
list until the loop ends, for `math.fsum` rounds but once. So the program

    program(w, x[rows])
      a = mul w x
      b = sum[rows] a
      return b

becomes

    def kernel(w, x, rows):
        a_rows = []
        for i in range(rows):
            a = w * x[i]
            a_rows.append(a)
        b = fsum(a_rows)
        return [b]

A scan is a `for`, a `while` is a `while`; `source.py` writes all these. Results are those of
`replay`, to the bit. Where Python raises an error and IEEE 754 has an answer,
as for 1 / 0, the kernel leaves the call to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from ...calculus.structure import is_array
from ...errors import DataError, ProgramError
from ...functions import maximum
from ...nanograd import OPERATIONS, Operation
from ...real import number
from ..programs.operations import OWN, Axes
from ..programs.program import Program, every_axis, programs_in
from ..programs.replay import replay
from ..programs.rows import Layout, Lengths
from .source import source_of

#: How Python writes an operation; each {} stands for an operand. A function is the one of `math`.
NATIVE = {
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{} * {}",
    "div": "{} / {}",
    "neg": "-{}",
    "where": "{1} if {0} else {2}",
    "relu": "0.0 if {0} <= 0.0 else {0}",
    "stop": "{}",
    "lt": "1.0 if {} < {} else 0.0",
    "le": "1.0 if {} <= {} else 0.0",
    "gt": "1.0 if {} > {} else 0.0",
    "ge": "1.0 if {} >= {} else 0.0",
    "eq": "1.0 if {} == {} else 0.0",
    "ne": "1.0 if {} != {} else 0.0",
    "abs": "fabs({})",
    "power": "pow({}, {})",
    "pow": "pow({}, {})",
    "hypot": "hypot({}, {})",
    "arcsin": "asin({})",
    "arccos": "acos({})",
    "arctan": "atan({})",
    "arctan2": "atan2({}, {})",
    "arcsinh": "asinh({})",
    "arccosh": "acosh({})",
    "arctanh": "atanh({})",
}
OF_MATH = """
    cbrt cos cosh erf erfc exp expm1 lgamma log log10 log1p log2 sin sinh sqrt tan tanh
"""
NATIVE |= {name: f"{name}({{}})" for name in OF_MATH.split()}

#: Operations on any number of operands, by how these are written one after the other.
MANY: dict[str, Callable[[Sequence[str]], str]] = {
    "sum": lambda xs: f"fsum([{', '.join(xs)}])",
    "mean": lambda xs: f"fsum([{', '.join(xs)}]) / {len(xs)}",
    "dot": lambda xs: f"fsum([{', '.join(map('{} * {}'.format, xs, xs[len(xs) // 2 :]))}])",
}


def largest(entries: Sequence[float]) -> float:
    """Return the largest of some numbers; of none it is −∞, and nan if one is nan."""
    return reduce(maximum.evaluate, entries, -math.inf)


OF_PYTHON = {
    **{name: thing for name, thing in vars(math).items() if callable(thing)},
    "inf": math.inf,
    "nan": math.nan,
    "largest": largest,
    "range": range,
    "reversed": reversed,
    "__builtins__": {},
}


@dataclass(frozen=True, eq=False)
class Kernel:
    """A program as a Python function."""

    program: Program
    source: str
    function: Callable[..., list[Any]]
    axes: Axes
    layout: Layout

    def __call__(self, operands: Sequence[Any], lengths: Lengths | None = None) -> list[Any]:
        """Return the outputs, given floats and lists of floats as `replay` takes them."""
        known = self.layout.space(operands, lengths).lengths
        if self.axes:
            operands = [x.tolist() if is_array(x) else x for x in operands]
        try:
            return self.function(*operands, *[known[axis] for axis in self.axes])
        except (ArithmeticError, ValueError):
            return replay(self.program, operands, lengths)


def lowered(program: Program, precision: str = "float64") -> Kernel:
    """Return the program as a Python function.

    The floats of Python have one precision, "float64"; any other is a DataError.

    >>> from nanograd.compiler.programs.parsing import parsed
    >>> kernel = lowered(
    ...     parsed('''
    ... program(x, y)
    ...   a = mul x y
    ...   b = exp a
    ...   return b
    ... ''')
    ... )
    >>> print(kernel.source)
    def kernel(x, y):
        a = x * y
        b = exp(a)
        return [b]
    >>> kernel([0.0, 1.0])
    [1.0]
    """
    if precision != "float64":
        raise DataError(
            f"the backend python computes in float64 only; {precision!r} was asked for."
        )
    functions = functions_of(program)

    def called(op: Operation, operands: Sequence[str]) -> str:
        name = functions.get(op)
        return f"{name}({', '.join(operands)})" if name else native(op, operands)

    source = source_of(program, called, taken={*OF_PYTHON, *functions.values()})
    function = function_of(source, functions)
    return Kernel(program, source, function, every_axis(program), Layout(program))


def function_of(source: str, functions: dict[Operation, str]) -> Callable[..., list[Any]]:
    """Return the function `kernel` of this source, which is all ours.

    It has templates, numbers, and names of letters, digits and _.
    """
    namespace: dict[str, Any] = {**OF_PYTHON}
    for op, name in functions.items():
        namespace[name] = callable_of(op)
    try:
        code = compile(source, "<a program in Python>", "exec")
    except SyntaxError as error:
        raise ProgramError(f"the loops are nested too deep for Python: {error.msg}.") from None
    exec(code, namespace)  # noqa: S102
    kernel: Callable[..., list[Any]] = namespace["kernel"]
    return kernel


def native(op: Operation, operands: Sequence[str]) -> str:
    """Return op as Python has it, or nothing."""
    if op not in (OPERATIONS.get(op.name), OWN.get(op.name)):
        return ""
    if op.name in MANY:
        return MANY[op.name](operands)
    return NATIVE.get(op.name, "").format(*operands)


def functions_of(program: Program) -> dict[Operation, str]:
    """Return what the operations that Python has not are called in a kernel.

    One of ours is called by its name. That of a user may be any text, and is not used.
    """
    found: dict[Operation, str] = {}
    for op in operations_in(program):
        if op not in found and not native(op, [""] * 9):
            found[op] = op.name if is_ours(op) else f"operation_{len(found)}"
    return found


def operations_in(program: Program) -> Iterator[Operation]:
    """Yield the declared operations of a program, and of its loops."""
    for op in dict.fromkeys(program.ops):
        if isinstance(op, Operation):
            yield op
        for inner in programs_in(op).values():
            yield from operations_in(inner)


def is_ours(op: Operation) -> bool:
    """Return whether an operation is one of nanograd, which gives floats."""
    return OPERATIONS.get(op.name) is op and op.evaluate.__module__.startswith("nanograd.")


def callable_of(op: Operation) -> Callable[..., float]:
    """Return the operation's own function; one of a user may return any kind of number."""
    return op.evaluate if is_ours(op) else lambda *operands: number(op.evaluate(*operands))
