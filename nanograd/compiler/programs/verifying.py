"""Whether a program is well formed: what every pass relies on, and what tests ask of each."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Any

from ...errors import ProgramError, short
from ...nanograd import Operation
from .operations import (
    REDUCTIONS,
    UNIFORM,
    Axes,
    Get,
    Input,
    Loop,
    Op,
    Reduction,
    Scan,
    While,
    axes_after,
    extended,
    without,
)
from .program import (
    NAME,
    RESERVED,
    Instruction,
    Program,
    axes_from,
    axes_of,
    every_axis,
    programs_in,
)
from .text import line, slot_names

DEEPEST = 10  # loops inside of loops


def verify(program: Program, depth: int = 0) -> Program:
    """Return the program, or raise a ProgramError that says what is wrong with it, and where."""
    if depth > DEEPEST:
        raise ProgramError(f"loops may be nested {DEEPEST} deep; these are deeper.")
    if len(program.ops) != len(program.operands):
        raise ProgramError(
            "a program has operands for each operation; this one has "
            f"{len(program.ops)} operations and {len(program.operands)} tuples of operands."
        )
    checker = Checker(depth)
    for given in program.inputs:
        checker.input(given)
    for step in program.steps():
        try:
            checker.step(step)
        except ProgramError as error:
            raise ProgramError(f"{shown(program, step)}: {error}") from None
    checker.outputs(program.outputs)
    return program


def shown(program: Program, step: Instruction) -> str:
    """Return a broken instruction as text, as far as it has one."""
    op = step.op
    is_known = isinstance(op, Operation | Reduction | Get) or (
        isinstance(op, Loop) and is_whole(op)
    )
    if is_known and isinstance(step.operands, tuple):
        return f"`{line(step, slot_names(program))}`"
    return f"slot {step.slot}"


def is_whole(op: Scan | While) -> bool:
    """Return whether the parts of a loop are what they should be."""
    counts = (op.states, op.sequences) if isinstance(op, Scan) else ()
    are_counts = all(type(n) is int and n >= 0 for n in counts)
    return are_counts and all(isinstance(each, Program) for each in programs_in(op).values())


class Checker:
    """Goes through the instructions of a program, and keeps what it needs to judge the next."""

    def __init__(self, depth: int = 0):
        self.depth = depth  # how many loops are around
        self.names: set[str] = set()
        self.order: Axes = UNIFORM
        self.ops: list[Op] = []
        self.axes: list[Axes] = []

    def input(self, given: Input) -> None:
        """Take in an input, or raise a ProgramError."""
        check_input(given, self.names, self.order)
        self.names.add(given.name)
        self.append(given, ())

    def step(self, step: Instruction) -> None:
        """Take in an instruction, or raise a ProgramError if it cannot be."""
        op, operands = step.op, step.operands
        if isinstance(op, Input):
            raise ProgramError(f"the inputs are first in a program; {op.name} comes later.")
        if not isinstance(op, Operation | Reduction | Get | Loop):
            raise ProgramError(
                f"an instruction is an operation with operands; this is {short(op)}."
            )
        if isinstance(op, Reduction):
            check_reduction(op, self.order)
        if isinstance(op, Loop):
            check_loop(op, self.depth)
        self.operands(op, operands)
        if isinstance(op, Loop):
            check_rows(op, axes_of(operands, self.axes))
        self.append(op, operands)

    def append(self, op: Op, operands: Any) -> None:
        """Note what the next slot holds."""
        self.order = extended(self.order, axes_from(op))
        self.axes.append(axes_after(op, axes_of(operands, self.axes), self.order))
        self.ops.append(op)

    def operands(self, op: Op, operands: Sequence[object]) -> None:
        """Raise a ProgramError for operands that do not fit the operation."""
        wanted = operand_count(op)
        if wanted is None:
            check_least(op, len(operands))
        if wanted is not None and len(operands) != wanted:
            names = f" ({', '.join(parameters_of(op))})" if wanted else ""
            raise ProgramError(f"it needs {wanted} operands{names}; it has {len(operands)}.")
        for operand in operands:
            self.operand(operand, "an operand", of_loop=isinstance(op, Get))
        if isinstance(op, Get):
            source: Any = self.ops[int(operands[0])]  # type: ignore[call-overload]
            check_get(op, source)

    def outputs(self, outputs: Sequence[object]) -> None:
        """Raise a ProgramError for outputs that are neither numbers nor slots with one."""
        for output in outputs:
            self.operand(output, "an output")

    def operand(self, operand: object, what: str, *, of_loop: bool = False) -> None:
        """Raise a ProgramError for what cannot be used here."""
        check_operand(operand, len(self.ops), what)
        is_loop = type(operand) is int and isinstance(self.ops[operand], Loop)
        if of_loop and not is_loop:
            raise ProgramError("get takes a result out of a loop, a scan or a while; this is none.")
        if is_loop and not of_loop:
            raise ProgramError(f"{what} is a loop; take one of its results out of it, by get.")


# -- inputs ----------------------------------------------------------------------------------


def check_input(given: Input, taken: set[str], order: Axes) -> None:
    """Raise a ProgramError for an input that cannot be written so."""
    for name in (given.name, *given.axes):
        check_name(name, "an input" if name is given.name else f"an axis of {given.name}")
    if given.name in taken:
        raise ProgramError(f"each input has a name of its own; two are called {given.name}.")
    new = tuple(dict.fromkeys(axis for axis in given.axes if axis not in order))
    wanted = tuple(axis for axis in order + new if axis in given.axes)
    if given.axes != wanted:
        raise ProgramError(
            f"the axes of all inputs must be in one order, here {', '.join(order + new)}, each "
            f"once; the input {given.name} has {', '.join(given.axes)}."
        )


def check_name(name: object, what: str) -> None:
    """Raise a ProgramError for a name that the text of a program cannot have."""
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in RESERVED:
        raise ProgramError(
            f"{what} must be called by letters, digits and _, and not {', '.join(RESERVED)}; it "
            f"is called {short(name)}."
        )


# -- instructions ----------------------------------------------------------------------------


def check_reduction(op: Reduction, order: Axes) -> None:
    """Raise a ProgramError for a reduction that there is not, or over an unknown axis."""
    if op.name not in REDUCTIONS:
        raise ProgramError(f"a reduction is one of {', '.join(REDUCTIONS)}; this is {op.name}.")
    if op.axis not in order:
        known = ", ".join(order) or "none"
        raise ProgramError(
            f"no input has the axis {op.axis}, and no result of a loop; the axes are: {known}."
        )


@cache
def operand_count(op: Op) -> int | None:
    """Return how many operands an operation needs; None if it takes any number."""
    if isinstance(op, Operation):
        parameters = list(inspect.signature(op.evaluate).parameters.values())
        if any(each.kind is each.VAR_POSITIONAL for each in parameters):
            return None
    return len(parameters_of(op))


def check_least(op: Op, count: int) -> None:
    """Raise a ProgramError for too few operands of an operation that takes any number of them."""
    *needed, _ = parameters_of(op)
    if count < len(needed):
        raise ProgramError(f"it needs at least {', '.join(needed)}; it has {count} operands.")


def parameters_of(op: Op) -> Sequence[str]:
    """Return the names of the operands of an operation."""
    if isinstance(op, Loop):
        return [each.name for each in op.body.inputs]
    return [] if isinstance(op, Input) else op.parameters


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


# -- loops -----------------------------------------------------------------------------------


def check_loop(op: Scan | While, depth: int) -> None:
    """Raise a ProgramError for a loop whose own programs do not make one."""
    if not is_whole(op):
        raise ProgramError("a loop is made of programs, and of counts of operands.")
    for word, program in programs_in(op).items():
        try:
            verify(program, depth + 1)
        except ProgramError as error:
            raise ProgramError(f"in its {word}: {error}") from None
    if isinstance(op, Scan):
        check_scan(op)
    else:
        check_while(op)


def check_scan(op: Scan) -> None:
    """Raise a ProgramError for a scan whose body does not fit its states and sequences."""
    check_name(op.axis, "the axis of a scan")
    inputs = len(op.body.inputs)
    if inputs < op.states + op.sequences:
        raise ProgramError(
            f"its body must take {op.states} states and an entry of each of {op.sequences} "
            f"sequences; it takes {inputs} inputs."
        )
    check_states(op.body, op.states)


def check_while(op: While) -> None:
    """Raise a ProgramError for a while whose body and condition do not fit."""
    check_states(op.body, len(op.body.outputs))
    takes = [each.axes for each in op.condition.inputs]
    if takes != [each.axes for each in op.body.inputs]:
        raise ProgramError(
            f"its condition must take what its body takes, {inputs_of(op.body)}; it takes "
            f"{inputs_of(op.condition)}."
        )
    if op.condition.output_axes() != [UNIFORM]:
        raise ProgramError(
            "its condition must return one number, without axes; it returns "
            f"{len(op.condition.outputs)}, with the axes {op.condition.output_axes()}."
        )


def inputs_of(program: Program) -> str:
    """Return the inputs of a program as text."""
    return ", ".join(map(str, program.inputs)) or "nothing"


def check_states(body: Program, states: int) -> None:
    """Raise a ProgramError for a body that does not return the states that it takes."""
    given, found = body.inputs[:states], body.output_axes()[:states]
    if len(given) < states or len(found) < states:
        raise ProgramError(
            f"its body must take and return {states} states; it takes {len(body.inputs)} inputs "
            f"and returns {len(body.outputs)} outputs."
        )
    for state, axes in zip(given, found, strict=True):
        if set(state.axes) != set(axes):
            raise ProgramError(
                f"the state {state} must keep its axes from step to step; its body returns it "
                f"with the axes {', '.join(axes) or 'none'}."
            )


def check_rows(op: Scan | While, operands: Sequence[Axes]) -> None:
    """Raise a ProgramError for a loop inside which its own rows, or its axis, are met again."""
    inside: Axes = UNIFORM
    for program in programs_in(op).values():
        inside = extended(inside, every_axis(program))
    rows = [axis for axes in map(without, operands, op.own_axes()) for axis in axes]
    along = (op.axis,) if isinstance(op, Scan) else ()
    for axis in (*rows, *along):
        if axis in inside or (axis in rows and axis in along):
            raise ProgramError(
                f"the axis {axis} is met twice: a loop may not have rows, or steps, along an axis "
                "that its body has too. Give one of them another name."
            )


def check_get(op: Get, loop: Scan | While) -> None:
    """Raise a ProgramError for what takes out a result that the loop has not."""
    results = list(loop.results())
    if type(op.index) is not int or not 0 <= op.index < len(results):
        raise ProgramError(f"the loop has {len(results)} results, from 0 on; there is no such one.")
    if op.axes != results[op.index].axes:
        raise ProgramError(
            f"this result of the loop is `{results[op.index]}`, by its axes; it is got by `{op}`."
        )
