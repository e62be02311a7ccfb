"""The text of a program, one line for each instruction; `parsing.py` reads it back.

A loop's own programs stand below it, indented. Its operands are the state, the sequences, and what
is the same in each step, with a `|` between them. So

    program(w, x[steps])
      a = scan[steps] 0.0 | x | w
        body(s, x, w)
          b = mul w x
          c = add s b
          return c b
      d = get[0] a
      e = get[1, steps] a
      return d e

gives the sum of all `mul w x`, and each of them. A scan from the last step to the first is a
`scan[steps, reversed]`; `a = while x | w` has a `condition` and a `body`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import count

from ...nanograd import Operation
from .operations import OWN, Op, Scan, While
from .program import (
    NAME,
    RESERVED,
    Instruction,
    Operand,
    Program,
    parts,
    programs_in,
)


def written(program: Program) -> str:
    """Return the text of a program; `parsed` makes the same program of it."""
    free = fresh_names({*names_in(program), *RESERVED})
    return "\n".join(lines_of(program, "program", free))


def lines_of(program: Program, head: str, free: Iterator[str]) -> Iterator[str]:
    """Yield the lines of a program; its slots, and those of its loops, are called what is free."""
    yield f"{head}({', '.join(map(str, program.inputs))})"
    names = [each.name for each in program.inputs]
    for step in program.steps():
        names.append(next(free))
        yield f"  {line(step, names)}"
        for word, inner in programs_in(step.op).items():
            for each in lines_of(inner, word, free):
                yield f"    {each}"
    yield " ".join(["  return", *words(program.outputs, names)])


def line(step: Instruction, names: Sequence[str]) -> str:
    """Return one instruction as text: `c = add a 2.0`."""
    shown = [names[step.slot], "=", op_name(step.op)]
    for group in groups_of(step):
        shown += words(group, names)
        shown += "|"
    while shown[-1] == "|":
        shown.pop()
    return " ".join(shown)


def groups_of(step: Instruction) -> list[list[Operand]]:
    """Return the operands of an instruction as the text has them, with a `|` between groups."""
    state, entries, same = parts(step.op, step.operands)
    if isinstance(step.op, Scan):
        return [state, entries, same]
    if isinstance(step.op, While):
        return [state, same]
    return [list(step.operands)]


def words(operands: Sequence[Operand], names: Sequence[str]) -> list[str]:
    """Return operands as text: the names of slots, and numbers so that they are read back exactly.

    A slot that is not there, in a broken program, is told by its number: `%7`.
    """
    shown = []
    for x in operands:
        if type(x) is int:
            shown.append(names[x] if 0 <= x < len(names) else f"%{x}")
        else:
            shown.append(repr(x))
    return shown


def op_name(op: Op) -> str:
    """Return how the text calls an operation; in quotes if its name could be read otherwise."""
    if isinstance(op, Scan):
        return f"scan[{op.axis}, reversed]" if op.is_reversed else f"scan[{op.axis}]"
    if isinstance(op, While):
        return "while"
    if not isinstance(op, Operation) or OWN.get(op.name) is op:
        return op.name if isinstance(op, Operation) else str(op)
    is_plain = NAME.fullmatch(op.name) and op.name not in {*OWN, "while"}
    return op.name if is_plain else json.dumps(op.name)


# -- names -----------------------------------------------------------------------------------


def slot_names(program: Program) -> list[str]:
    """Return the name of every slot: of an input its own, then a, b, …, z, a1, b1, …."""
    names = [each.name for each in program.inputs]
    free = fresh_names({*names, *RESERVED})
    return names + [next(free) for _ in range(len(program) - len(names))]


def names_in(program: Program) -> Iterator[str]:
    """Yield the names of all inputs, those of loops included."""
    for each in program.inputs:
        yield each.name
    for op in program.ops:
        for inner in programs_in(op).values():
            yield from names_in(inner)


def fresh_names(taken: set[str]) -> Iterator[str]:
    """Yield a, b, …, z, a1, b1, …, without those that are taken."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in count():
        for letter in letters:
            name = f"{letter}{number or ''}"
            if name not in taken:
                yield name
