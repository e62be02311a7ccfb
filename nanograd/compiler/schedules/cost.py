"""How long a program takes in each way in which it can be run, as far as that can be told before.

The figures are nanoseconds of one processor with vectors of eight numbers, and what is added up is
the time of one call, with a share of the time that LLVM takes: so that of two ways the one is taken
that is done first, after many calls. They need not be right, but in proportion: benchmarks/ways.py
shows what they say beside what is measured.
"""

from __future__ import annotations

from typing import Any

from ..programs.program import Program
from .forms import Fold, Form, Total
from .schedule import Part, Schedule
from .shapes import shape_of

LANES = 8
ROWS = 64  # of a program with rows; nobody knows how many there will be
CALLS = 50_000  # that share the time of LLVM

#: What an operation takes, of one number or of eight rows: written out, and on a tape.
WRITTEN_OUT, ON_TAPE = 0.5, 1.5
FUNCTION = 9.0  # what it takes beside that, if it is none of those that a processor has
PART, RUN = 2.5, 1.5  # what a part of a wave takes, and a run, beside their numbers
VECTOR = 0.12  # an operation on numbers side by side,
COLUMN = 0.4  # and one on columns, where they are not read again at once, as by folds
ANYWHERE = 0.3  # a number that is read alone

#: What LLVM takes for an instruction, and for a shape of parts; with rows, each is a loop.
WRITING, WRITING_ROWS = 40_000.0, 150_000.0
WRITING_SHAPE, WRITING_SHAPE_OF_ROWS = 1_500_000.0, 8_000_000.0

#: Operations that take a processor about as long as an addition.
SIMPLE = frozenset(
    [
        *("add", "sub", "mul", "div", "neg", "abs", "sqrt", "floor", "ceil", "sign", "power"),
        *("lt", "le", "gt", "ge", "eq", "ne", "where", "take", "stop"),
        *("maximum", "minimum", "clip", "relu", "leaky_relu"),
        *("sum", "mean", "prod", "dot", "max", "min", "count"),
    ]
)


def size_of(program: Program) -> int:
    """Return how many operations of one operand or two the instructions of a program come to."""
    inputs = len(program.inputs)
    return sum([max(1, len(operands) - 1) for operands in program.operands[inputs:]])


def cost_written_out(program: Program) -> float:
    """Return about how many nanoseconds a call takes, if each instruction is written out."""
    writing = WRITING_ROWS if program.order else WRITING
    vectors = ROWS // LANES if program.order else 1
    return cost_of_each(program, WRITTEN_OUT) * vectors + size_of(program) * writing / CALLS


def cost_on_tape(program: Program) -> float:
    """Return about how many nanoseconds a call takes, if the instructions come from a tape."""
    return cost_of_each(program, ON_TAPE)


def cost_of_each(program: Program, operation: float) -> float:
    """Return what all instructions take, given what an operation takes that is no function."""
    functions = sum([is_function(op) for op in program.ops[len(program.inputs) :]])
    return size_of(program) * operation + functions * FUNCTION


def cost_of(schedule: Schedule, *, has_rows: bool) -> float:
    """Return about how many nanoseconds a call takes in waves."""
    writing = WRITING_SHAPE_OF_ROWS if has_rows else WRITING_SHAPE
    parts = [part for wave in schedule.waves for part in wave]
    shapes = set(map(shape_of, parts))
    return sum(map(cost_of_part, parts)) + len(shapes) * writing / CALLS


def cost_of_part(part: Part) -> float:
    """Return about how many nanoseconds a part takes."""
    kind = part.kind
    members, runs = part.members, part.runs
    length = kind.length if isinstance(kind, Fold) else 1
    operations, functions = 1, 0
    if isinstance(kind, Fold | Total):
        operations += kind.form.size
        functions = functions_in(kind.form)
    elif isinstance(kind, Form):
        operations = kind.size
        functions = functions_in(kind)
    if True in kind.columns:
        vectors = members * length * (ROWS // LANES)
    elif {*part.strides} <= {0, 1} and members > len(runs):
        vectors = sum([-(-count // LANES) for count, _ in runs]) * length
    elif isinstance(kind, Fold) and all(map(is_side_by_side, part.terms)):
        vectors = members * (1 - -length // LANES)
    else:
        each = len(part.strides) * ANYWHERE + functions * FUNCTION
        return PART + members * length * each
    vector = COLUMN if isinstance(kind, Form) and kind.is_column else VECTOR
    each = (operations + len(part.strides)) * vector + functions * FUNCTION
    return PART + len(runs) * RUN + vectors * each


def functions_in(form: Form) -> int:
    """Return how many operations of a formula are none of those that a processor has."""
    return int(form.op is not None and is_function(form.op)) + sum(map(functions_in, form.parts))


def is_function(op: Any) -> bool:
    """Return whether an operation takes much longer than an addition, as exp does."""
    return op.name not in SIMPLE


def is_side_by_side(terms: tuple[int, ...]) -> bool:
    """Return whether terms lie side by side, or are one and the same."""
    stride = terms[1] - terms[0] if len(terms) > 1 else 0
    return stride in {0, 1} and terms[-1] == stride * (len(terms) - 1)
