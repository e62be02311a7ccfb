"""Passes over loops: what they take, and what their steps do, that need not be there.

They are exact, as all passes are. What moves out of a loop is done once, also if the loop has no
steps; then nobody uses it. A loop that may not end stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace

from ..programs.operations import (
    Axes,
    Input,
    Loop,
    Op,
    Reduction,
    Scan,
    While,
    without,
)
from ..programs.program import (
    Instruction,
    Operand,
    Operands,
    Program,
    axes_of,
    programs_in,
    renamed,
)
from ..tracing.names import DistinctNames
from .bodies import arranged, kinds_of, state_count, taking

#: Makes a loop and its operands of a loop in a program, of which all before is written.
Change = Callable[[Program, Instruction, Loop], tuple[Loop, Operands]]


def has_loops(program: Program) -> bool:
    """Return whether there is a loop among the instructions of a program."""
    return not {Scan, While}.isdisjoint(map(type, program.ops))


def with_loops(program: Program, change: Change) -> Program:
    """Return the program with each of its loops changed; results are got as they were."""
    if not has_loops(program):
        return program
    now = Program([], [], ())
    new: list[Operand] = []  # what has become of each slot
    for slot, (given, taken) in enumerate(program):
        op = given
        operands = renamed(taken, new)
        if isinstance(op, Loop):
            step = Instruction(slot, op, operands)
            op, operands = change(now, step, op)
        new.append(len(now))
        now.ops.append(op)
        now.operands.append(operands)
    now.outputs = renamed(program.outputs, new)
    return now


def without_operands(
    loop: Loop,
    operands: Operands,
    inside: Mapping[int, Operand],
) -> tuple[Loop, Operands]:
    """Return a loop that takes fewer operands, and those that it takes.

    For each that is left out, `inside` has what the programs of the loop use in its place: a plain
    number, or another operand, by its place.
    """
    inputs = loop.body.inputs
    stay = [i for i in range(len(inputs)) if i not in inside]
    if not inside:
        return loop, operands
    new = {i: k for k, i in enumerate(stay)}
    given: list[Operand] = []
    for i in range(len(inputs)):
        x = inside.get(i, i)
        given.append(new[x] if type(x) is int else x)
    again = loop_taking(loop, [inputs[i] for i in stay], given)
    if isinstance(again, Scan):
        along = range(again.states, again.states + again.sequences)
        again = replace(again, sequences=sum(i in along for i in stay))
    return again, tuple([operands[i] for i in stay])


def loop_taking(
    loop: Loop,
    inputs: Sequence[Input],
    operands: Sequence[Operand],
) -> Loop:
    """Return a loop whose programs take other inputs, with these for the ones they took before."""
    body = taking(loop.body, inputs, operands)
    if isinstance(loop, Scan):
        return replace(loop, body=body)
    condition = taking(loop.condition, inputs, operands)
    return While(condition, body)


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
        numbers: dict[int, Operand] = {}
        states = state_count(loop)
        for i, each in enumerate(loop.body.inputs):
            operand = step.operands[i]
            is_number = type(operand) is float and not each.axes
            if is_number and i >= states:
                numbers[i] = operand
        return without_operands(loop, step.operands, numbers)

    return with_loops(program, change)


def give_once(program: Program) -> Program:
    """Give a loop the same sequence, or the same number for each step, only once.

    program(x[steps], w)
      a = scan[steps] 0.0 | x x | w w
        body(s, x, y, v, w)
          b = mul x v
          c = mul y w
          d = sub b c
          return d
      e = get[0] a
      return e
    →
    program(x[steps], w)
      a = scan[steps] 0.0 | x | w
        body(s, x, v)
          b = mul x v
          c = mul x v
          d = sub b c
          return d
      e = get[0] a
      return e
    """

    def change(_: Program, step: Instruction, loop: Loop) -> tuple[Loop, Operands]:
        again: dict[int, Operand] = {}
        states = state_count(loop)
        seen: dict[tuple[int, Axes], int] = {}
        for i, axes in enumerate(loop.own_axes()):
            operand = step.operands[i]
            if type(operand) is int and i >= states:
                first = seen.setdefault((operand, axes), i)
                if first != i:
                    again[i] = first
        return without_operands(loop, step.operands, again)

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
    if not has_loops(program):
        return program
    axes = program.axes()
    known = {axis for each in program.inputs for axis in each.axes}

    def change(now: Program, step: Instruction, loop: Loop) -> tuple[Loop, Operands]:
        having = axes_of(program.operands[step.slot], axes)
        constants = constants_of(loop, step.operands, having)
        moved = steps_that_move(loop.body, constants, known)
        if not moved:
            return loop, step.operands
        return without_steps(now, step, loop, moved, constants)

    return with_loops(program, change)


def without_steps(
    now: Program,
    step: Instruction,
    loop: Loop,
    moved: Sequence[int],
    constants: Mapping[int, Operand],
) -> tuple[Loop, Operands]:
    """Return a loop, and what it takes, after these steps of its body have been written before."""
    new = dict(constants)
    for slot in moved:
        operands = [new[x] if type(x) is int else x for x in loop.body.operands[slot]]
        new[slot] = len(now)
        now.ops.append(loop.body.ops[slot])
        now.operands.append(tuple(operands))
    used = used_by_others(loop.body, moved)
    again = with_inputs_for(loop, moved, used)
    more = [new[slot] for slot in used]
    return again, (*step.operands, *more)


def constants_of(
    loop: Loop,
    operands: Operands,
    axes: Sequence[Axes],
) -> dict[int, Operand]:
    """Return what is the same in each step, if it has all axes that it has in the body."""
    own = loop.own_axes()
    _, _, constants = kinds_of(loop)
    return {i: operands[i] for i in constants if not without(own[i], axes[i])}


def steps_that_move(
    body: Program,
    constants: Container[int],
    known: set[str],
) -> list[int]:
    """Return the steps of a body that depend on constants only, and can be done outside."""
    inputs = range(len(body.inputs))
    same = set(filter(constants.__contains__, inputs))
    moved = []
    for slot, op, operands in body.steps():
        is_same = same.issuperset(slots_in(operands))
        if is_same and always_ends(op) and known.issuperset(axes_made_by(op)):
            same.add(slot)
            moved.append(slot)
    return moved


def always_ends(op: Op) -> bool:
    """Return whether an instruction comes to an end, whatever its operands."""
    return not isinstance(op, While) and all(
        always_ends(inner) for each in programs_in(op).values() for inner in each.ops
    )


def axes_made_by(op: Op) -> Iterator[str]:
    """Yield the axes that an instruction brings or counts: where it moves to, inputs have them.

    So no axis comes in sooner than it did, and their order stays.
    """
    if isinstance(op, Reduction):
        yield op.axis
    if isinstance(op, Loop):
        for each in op.results():
            yield from each.axes


def used_by_others(body: Program, moved: Sequence[int]) -> list[int]:
    """Return those of these steps of a body that its other steps use, or that are outputs."""
    among = set(moved)
    found: dict[int, None] = {}  # in order
    for slot, _, operands in body.steps():
        if slot not in among:
            found |= dict.fromkeys(slots_in(operands))
    found |= dict.fromkeys(slots_in(body.outputs))
    return [slot for slot in found if slot in among]


def slots_in(operands: Operands) -> list[int]:
    """Return the slots among operands."""
    return [x for x in operands if type(x) is int]


def with_inputs_for(
    loop: Loop,
    moved: Sequence[int],
    used: Sequence[int],
) -> Loop:
    """Return a loop without these steps, which takes, after all else, what is used of them."""
    body = loop.body
    axes = body.axes()
    inputs = range(len(body.inputs))
    names = DistinctNames([each.name for each in body.inputs])
    ops, operands = list(body.ops), list(body.operands)
    for slot in used:
        ops[slot] = Input(names.distinct("same"), axes[slot])
        operands[slot] = ()
    has_moved = set(moved)
    steps = [slot for slot, _, _ in body.steps() if slot not in has_moved]
    again = Program(ops, operands, body.outputs)
    again = arranged(again, [*inputs, *used], steps)
    if isinstance(loop, Scan):
        return replace(loop, body=again)
    condition = taking(loop.condition, again.inputs, inputs)
    return While(condition, again)
