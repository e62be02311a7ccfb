"""Passes over loops: what they take, and what their steps do, that need not be there.

They are exact, as all passes are. What moves out of a loop is done once, also if the loop has no
steps; then nobody uses it. A loop that may not end stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import replace

from .bodies import arranged, renamed, state_count, taking
from .operations import Axes, Get, Input, Loop, Op, Reduction, Scan, While, without
from .program import Instruction, Operand, Operands, Program, axes_of, programs_in
from .refs import distinct

#: Makes a loop and its operands of a loop in a program, of which all before is written.
Change = Callable[[Program, Instruction, Loop], tuple[Loop, Operands]]


def with_loops(program: Program, change: Change) -> Program:
    """Return the program with each of its loops changed; their results are what they were."""
    if not any(isinstance(op, Loop) for op in program.ops):
        return program
    now = Program([], [], ())
    new: list[Operand] = []  # what has become of each slot
    results: dict[Operand, list[Get]] = {}
    for slot, (given, taken) in enumerate(program):
        op, operands = given, renamed(taken, new)
        if isinstance(op, Loop):
            op, operands = change(now, Instruction(slot, op, operands), op)
            results[len(now)] = list(op.results())
        elif isinstance(op, Get):
            op = results[operands[0]][op.index]
        new.append(len(now))
        now.ops.append(op)
        now.operands.append(operands)
    now.outputs = renamed(program.outputs, new)
    return now


def left(loop: Loop, operands: Operands, given: Sequence[Operand | None]) -> tuple[Loop, Operands]:
    """Return a loop that takes fewer operands; `given` has what is inside for those left out.

    That is a plain number, or the place of an operand that stays.
    """
    stays = [i for i, x in enumerate(given) if x is None]
    if len(stays) == len(given):
        return loop, operands
    place = {i: k for k, i in enumerate(stays)}
    inside: list[Operand] = []
    for i, x in enumerate(given):
        inside.append(x if type(x) is float else place[i if x is None else int(x)])
    inputs = loop.body.inputs
    again = loop_taking(loop, [inputs[i] for i in stays], inside)
    if isinstance(again, Scan):
        ends = again.states, again.states + again.sequences
        again = replace(again, sequences=sum(ends[0] <= i < ends[1] for i in stays))
    return again, tuple([operands[i] for i in stays])


def loop_taking(loop: Loop, inputs: Sequence[Input], operands: Sequence[Operand]) -> Loop:
    """Return a loop whose programs take other inputs, with these for the ones they took before."""
    body = taking(loop.body, inputs, operands)
    if isinstance(loop, Scan):
        return replace(loop, body=body)
    return While(taking(loop.condition, inputs, operands), body)


# -- what a loop takes -----------------------------------------------------------------------


def move_numbers_in(program: Program) -> Program:
    """Write a plain number that is the same in each step where it is used.

    program(s, x[steps])
      a = scan[steps] s | x | 2.0
        body(s, x, w)
          b = mul s w
          c = add b x
          return c
      d = get[0] a
      return d
    →
    program(s, x[steps])
      a = scan[steps] s | x
        body(s, x)
          b = mul s 2.0
          c = add b x
          return c
      d = get[0] a
      return d
    """

    def change(_: Program, step: Instruction, loop: Loop) -> tuple[Loop, Operands]:
        given: list[Operand | None] = [None] * len(step.operands)
        states = state_count(loop)
        for i, each in enumerate(loop.body.inputs):
            if i >= states and not each.axes and type(step.operands[i]) is float:
                given[i] = step.operands[i]
        return left(loop, step.operands, given)

    return with_loops(program, change)


def give_once(program: Program) -> Program:
    """Give a loop the same sequence, or the same number for each step, only once.

    program(s, w)
      a = while s | w w
        condition(s, v, w)
          b = lt s v
          return b
        body(s, v, w)
          c = mul s v
          d = add c w
          return d
      e = get[0] a
      return e
    →
    program(s, w)
      a = while s | w
        condition(s, v)
          b = lt s v
          return b
        body(s, v)
          c = mul s v
          d = add c v
          return d
      e = get[0] a
      return e
    """

    def change(_: Program, step: Instruction, loop: Loop) -> tuple[Loop, Operands]:
        given: list[Operand | None] = [None] * len(step.operands)
        states = state_count(loop)
        seen: dict[tuple[Operand, Axes], int] = {}
        for i, axes in enumerate(loop.own_axes()):
            x = step.operands[i]
            if i >= states and type(x) is int:
                first = seen.setdefault((x, axes), i)
                given[i] = None if first == i else first
        return left(loop, step.operands, given)

    return with_loops(program, change)


# -- what each step does ---------------------------------------------------------------------


def move_out(program: Program) -> Program:
    """Do what is the same in each step of a loop once, before it.

    program(s, x[steps], w)
      a = scan[steps] s | x | w
        body(s, x, w)
          b = exp w
          c = mul s b
          d = add c x
          return d
      e = get[0] a
      return e
    →
    program(s, x[steps], w)
      a = exp w
      b = scan[steps] s | x | w a
        body(s, x, w, same)
          c = mul s same
          d = add c x
          return d
      e = get[0] b
      return e
    """
    axes, order = program.axes(), program.order

    def change(now: Program, step: Instruction, loop: Loop) -> tuple[Loop, Operands]:
        having = axes_of(program.operands[step.slot], axes)
        new = constants_of(loop, step.operands, having)
        moved = steps_that_move(loop.body, new, order)
        for slot in moved:
            operands = loop.body.operands[slot]
            new[slot] = len(now)
            now.ops.append(loop.body.ops[slot])
            now.operands.append(tuple([new[x] if type(x) is int else x for x in operands]))
        used = used_later(loop.body, set(moved))
        again = with_inputs_for(loop, moved, used) if moved else loop
        return again, (*step.operands, *[new[slot] for slot in used])

    return with_loops(program, change)


def constants_of(
    loop: Loop,
    operands: Operands,
    axes: Sequence[Axes],
) -> dict[int, Operand]:
    """Return what is the same in each step, if it has all axes that it has in the body."""
    first = loop.states + loop.sequences if isinstance(loop, Scan) else state_count(loop)
    own = loop.own_axes()
    places = range(first, len(operands))
    return {i: operands[i] for i in places if not without(own[i], axes[i])}


def steps_that_move(body: Program, constants: Container[int], order: Axes) -> list[int]:
    """Return the steps of a body that depend on constants only, and can be done outside."""
    is_same = [i in constants for i in range(len(body.inputs))]
    for _, op, operands in body.steps():
        known = all(type(x) is float or is_same[int(x)] for x in operands)
        is_same.append(known and always_ends(op) and has_length(op, order))
    return [slot for slot in range(len(body.inputs), len(body)) if is_same[slot]]


def always_ends(op: Op) -> bool:
    """Return whether an instruction comes to an end, whatever its operands."""
    return not isinstance(op, While) and all(
        always_ends(inner) for each in programs_in(op).values() for inner in each.ops
    )


def has_length(op: Op, order: Axes) -> bool:
    """Return whether the axis that is reduced, if one is, is among these."""
    return not isinstance(op, Reduction) or op.axis in order


def used_later(body: Program, moved: Container[int]) -> list[int]:
    """Return the slots that have moved out of a body, and are used by what has not."""
    found: dict[Operand, None] = {}
    for slot, _, operands in body.steps():
        if slot not in moved:
            found |= dict.fromkeys(operands)
    found |= dict.fromkeys(body.outputs)
    return [x for x in found if type(x) is int and x in moved]


def with_inputs_for(loop: Loop, moved: Sequence[int], used: Sequence[int]) -> Loop:
    """Return a loop that takes, after all else, what these steps of its body gave."""
    body, axes = loop.body, loop.body.axes()
    inputs = body.inputs
    names = {each.name for each in inputs}
    ops = list(body.ops)
    for slot in used:
        name = distinct("same", names)
        names.add(name)
        ops[slot] = Input(name, axes[slot])
    has_moved = set(moved)
    steps = [slot for slot in range(len(inputs), len(ops)) if slot not in has_moved]
    without_operands = [
        () if type(op) is Input else x for op, x in zip(ops, body.operands, strict=True)
    ]
    again = arranged(
        Program(ops, without_operands, body.outputs), [*range(len(inputs)), *used], steps
    )
    if isinstance(loop, Scan):
        return replace(loop, body=again)
    return While(taking(loop.condition, again.inputs, range(len(inputs))), again)
