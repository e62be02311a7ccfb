"""Whether a program is well formed: what every pass relies on, and what tests ask of each."""

from __future__ import annotations

import inspect
from functools import cache

from ..errors import ProgramError, short
from ..nanograd import Operation
from .operations import REDUCTIONS, Axes, Input, Op, Reduction
from .program import NAME, RESERVED, Instruction, Program, line, slot_names


def verify(program: Program) -> Program:
    """Return the program, or raise a ProgramError that says what is wrong with it, and where."""
    if len(program.ops) != len(program.operands):
        raise ProgramError(
            "a program has operands for each operation; this one has "
            f"{len(program.ops)} operations and {len(program.operands)} tuples of operands."
        )
    taken: set[str] = set()
    order: Axes = ()
    for each in program.inputs:
        order = check_input(each, taken, order)
    for step in program.steps():
        try:
            check_step(step, order)
        except ProgramError as error:
            raise ProgramError(f"{shown(program, step)}: {error}") from None
    for output in program.outputs:
        check_operand(output, len(program), "an output")
    return program


def shown(program: Program, step: Instruction) -> str:
    """Return a broken instruction as text, as far as it has one."""
    if isinstance(step.op, Operation | Reduction) and isinstance(step.operands, tuple):
        return f"`{line(step, slot_names(program))}`"
    return f"slot {step.slot}"


def check_input(given: Input, taken: set[str], order: Axes) -> Axes:
    """Return the order of axes after this input; a ProgramError if it cannot be written so."""
    for name in (given.name, *given.axes):
        check_name(name, "an input" if name is given.name else f"an axis of {given.name}")
    if given.name in taken:
        raise ProgramError(f"each input has a name of its own; two are called {given.name}.")
    taken.add(given.name)
    new = tuple(dict.fromkeys(axis for axis in given.axes if axis not in order))
    wanted = tuple(axis for axis in order + new if axis in given.axes)
    if given.axes != wanted:
        raise ProgramError(
            f"the axes of all inputs must be in one order, here {', '.join(order + new)}, each "
            f"once; the input {given.name} has {', '.join(given.axes)}."
        )
    return order + new


def check_name(name: str, what: str) -> None:
    """Raise a ProgramError for a name that the text of a program cannot have."""
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in RESERVED:
        raise ProgramError(
            f"{what} must be called by letters, digits and _, and not {', '.join(RESERVED)}; it "
            f"is called {short(name)}."
        )


def check_step(step: Instruction, order: Axes) -> None:
    """Raise a ProgramError for an instruction with an operation or operands that cannot be."""
    op, operands = step.op, step.operands
    if isinstance(op, Input):
        raise ProgramError(f"the inputs are first in a program; {op.name} comes later.")
    if not isinstance(op, Operation | Reduction):
        raise ProgramError(f"an instruction is an operation with operands; this is {short(op)}.")
    if isinstance(op, Reduction):
        check_reduction(op, order)
    wanted = operand_count(op)
    if wanted is not None and len(operands) != wanted:
        names = f" ({', '.join(op.parameters)})" if wanted else ""
        raise ProgramError(f"it needs {wanted} operands{names}; it has {len(operands)}.")
    for operand in operands:
        check_operand(operand, step.slot, "an operand")


def check_reduction(op: Reduction, order: Axes) -> None:
    """Raise a ProgramError for a reduction that there is not, or over an unknown axis."""
    if op.name not in REDUCTIONS:
        raise ProgramError(f"a reduction is one of {', '.join(REDUCTIONS)}; this is {op.name}.")
    if op.axis not in order:
        known = ", ".join(order) or "none"
        raise ProgramError(f"no input has the axis {op.axis}; the axes are: {known}.")


@cache
def operand_count(op: Op) -> int | None:
    """Return how many operands an operation needs; None if it takes any number."""
    if isinstance(op, Operation):
        parameters = list(inspect.signature(op.evaluate).parameters.values())
        if any(each.kind is each.VAR_POSITIONAL for each in parameters):
            return None
    return 0 if isinstance(op, Input) else len(op.parameters)


def check_operand(operand: object, slot: int, what: str) -> None:
    """Raise a ProgramError for what is neither a float nor a slot before this one."""
    if type(operand) is int:
        if not 0 <= operand < slot:
            raise ProgramError(
                f"{what} must be one of the {slot} slots before; it is %{operand}, which is not "
                "defined there."
            )
    elif type(operand) is not float:
        raise ProgramError(
            f"{what} must be a slot, which is an int, or a number, which is a float; it is "
            f"{short(operand)}, of type {type(operand).__name__}."
        )
