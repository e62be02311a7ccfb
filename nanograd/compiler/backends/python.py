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

Results are those of `replay`, to the bit. Where Python raises an error and IEEE 754 has an answer,
as for 1 / 0, the kernel leaves the call to it.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from ...functions import maximum
from ...nanograd import OPERATIONS, Operation
from ...real import number
from ..grouping import Loop, kept_slots, loops_of
from ..operations import OWN, Axes, Op, Reduction
from ..program import Operand, Program
from ..refs import distinct
from ..replay import replay
from ..rows import Space
from ..text import fresh_names

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
    "__builtins__": {},
}


@dataclass(frozen=True, eq=False)
class Kernel:
    """A program as a Python function; its operands are floats, and lists of floats."""

    program: Program
    source: str
    function: Callable[..., list[Any]]
    order: Axes

    def __call__(self, *operands: Any) -> list[Any]:
        """Return the outputs of the program."""
        lengths = Space.of(self.program, operands).lengths.values() if self.order else ()
        try:
            return self.function(*operands, *lengths)
        except (ArithmeticError, ValueError):
            return replay(self.program, operands)


def lowered(program: Program) -> Kernel:
    """Return the program as a Python function.

    >>> from nanograd.compiler.parsing import parsed
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
    >>> kernel(0.0, 1.0)
    [1.0]
    """
    writer = Writer(program)
    source = "\n".join(writer.lines())
    # The source is all ours: templates, numbers, and names of letters, digits and _.
    code = compile(source, "<a program in Python>", "exec")
    namespace: dict[str, Any] = {**OF_PYTHON}
    for op, name in writer.functions.items():
        namespace[name] = callable_of(op)
    exec(code, namespace)  # noqa: S102
    return Kernel(program, source, namespace["kernel"], program.order)


class Writer:
    """Writes one program: how each slot is called, each loop, each expression."""

    def __init__(self, program: Program):
        self.program = program
        self.axes = program.axes()
        self.loops = loops_of(program)
        self.loop_of = {slot: loop for loop in self.loops for slot in loop.slots}
        self.kept = kept_slots(program, self.loops)
        self.functions = functions_of(program)
        taken = {*OF_PYTHON, *keyword.kwlist, *self.functions.values(), "kernel"}
        order = program.order
        self.length = dict(zip(order, named_like(order, taken), strict=True))
        places = [*"ijk", *map("i_{}".format, order)][: len(order)]
        self.index = dict(zip(order, named_like(places, taken), strict=True))
        self.inputs = named_like([each.name for each in program.inputs], taken)
        free = fresh_names(taken)
        self.names = self.inputs + [next(free) for _ in range(len(program) - len(self.inputs))]

    def lines(self) -> Iterator[str]:
        """Yield the lines of the function."""
        yield f"def kernel({', '.join([*self.inputs, *self.length.values()])}):"
        for loop in self.loops:
            yield from self.loop(loop)
        outputs = [self.list_of(x) if type(x) is int else repr(x) for x in self.program.outputs]
        yield f"    return [{', '.join(outputs)}]"

    def loop(self, loop: Loop) -> Iterator[str]:
        """Yield the lines of one loop: its head, its steps, and what is kept of them."""
        kept = [slot for slot in loop.slots if slot in self.kept]
        indent = "    "
        for depth, axis in enumerate(loop.axes):
            for slot in kept:
                yield indent + self.new_list(slot, depth)
            yield f"{indent}for {self.index[axis]} in range({self.length[axis]}):"
            indent += "    "
        for slot in loop.slots:
            yield f"{indent}{self.names[slot]} = {self.expression(slot)}"
        for slot in kept:
            yield f"{indent}{self.inner_list(slot, len(loop.axes))}.append({self.names[slot]})"

    # -- lists -------------------------------------------------------------------------------

    def list_of(self, slot: int) -> str:
        """Return what all entries of a slot are called; a uniform one is itself."""
        name = self.names[slot]
        return "_".join([name, *self.axes[slot]]) if slot in self.kept else name

    def inner_list(self, slot: int, depth: int) -> str:
        """Return the list that is being filled, so deep in the lists of a slot."""
        return self.list_of(slot) + "[-1]" * (depth - 1)

    def new_list(self, slot: int, depth: int) -> str:
        """Return the line that begins a list, so deep in the lists of a slot."""
        return (
            f"{self.inner_list(slot, depth)}.append([])" if depth else f"{self.list_of(slot)} = []"
        )

    def entry(self, slot: int, axes: Axes) -> str:
        """Return the entry of a list where the loops over these axes are."""
        return self.list_of(slot) + "".join([f"[{self.index[axis]}]" for axis in axes])

    # -- expressions -------------------------------------------------------------------------

    def expression(self, slot: int) -> str:
        """Return what a slot is computed by."""
        op, operands = self.program.ops[slot], self.program.operands[slot]
        words = [self.word(x, slot) for x in operands]
        if isinstance(op, Reduction):
            return self.reduction(op, operands, words)
        name = self.functions.get(op)
        return f"{name}({', '.join(words)})" if name else native(op, words)

    def word(self, x: Operand, slot: int) -> str:
        """Return an operand as it is called where this slot is computed."""
        if type(x) is not int:
            return repr(x)
        is_near = x in self.loop_of and self.loop_of[x] is self.loop_of[slot]
        return self.names[x] if is_near else self.entry(x, self.axes[x])

    def reduction(self, op: Reduction, operands: Sequence[Operand], words: Sequence[str]) -> str:
        """Return a reduction of the lists that were kept."""
        length = self.length[op.axis]
        if op.name == "count":
            return f"1.0 * {length}"
        x = operands[0]
        if type(x) is not int or op.axis not in self.axes[x]:
            return f"{words[0]} * {length}" if op.name == "sum" else words[0]
        function = "fsum" if op.name == "sum" else "largest"
        if self.axes[x][-1] == op.axis:
            return f"{function}({self.entry(x, self.axes[x][:-1])})"
        entry = self.entry(x, self.axes[x])
        return f"{function}([{entry} for {self.index[op.axis]} in range({length})])"


def native(op: Op, operands: Sequence[str]) -> str:
    """Return op as Python has it, or nothing."""
    if op not in (OPERATIONS.get(op.name), OWN.get(op.name)):
        return ""
    if op.name in MANY:
        return MANY[op.name](operands)
    return NATIVE.get(op.name, "").format(*operands)


def functions_of(program: Program) -> dict[Any, str]:
    """Return what the operations that Python has not are called in a kernel.

    One of ours is called by its name. That of a user may be any text, and is not used.
    """
    found: dict[Any, str] = {}
    for op in dict.fromkeys(program.ops):
        if isinstance(op, Operation) and not native(op, [""] * 9):
            found[op] = op.name if is_ours(op) else f"operation_{len(found)}"
    return found


def is_ours(op: Operation) -> bool:
    """Return whether an operation is one of nanograd, which gives floats."""
    return OPERATIONS.get(op.name) is op and op.evaluate.__module__.startswith("nanograd.")


def callable_of(op: Operation) -> Callable[..., float]:
    """Return the operation's own function; one of a user may return any kind of number."""
    return op.evaluate if is_ours(op) else lambda *operands: number(op.evaluate(*operands))


def named_like(names: Sequence[str], taken: set[str]) -> list[str]:
    """Return names like these that are not taken, and take them."""
    found = []
    for name in names:
        found.append(distinct(name, taken))
        taken.add(found[-1])
    return found
