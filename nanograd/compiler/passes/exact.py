"""Passes: each takes a program to one that does the same, bit by bit, in fewer steps.

They are exact for every operand, infinities, nan and signs of zeros included (of two nans it does
not matter which). What is nearly the same is not done: `x + 0.0` is not x where x is -0.0, and x²
by the power function is not always x · x. Each pass walks a program once.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from itertools import compress
from operator import not_
from typing import Any

from ...collector import collector_paused
from ...functions import abs as absolute
from ...functions import maximum, minimum, where
from ...lookup import is_place, take_of
from ...modes import block
from ...nanograd import Operation, add, div, mul, neg, power, sub
from ..programs.operations import (
    COMPARISONS,
    EQ,
    NE,
    Loop,
    Op,
    Scan,
    While,
)
from ..programs.program import (
    Instruction,
    Operand,
    Operands,
    Program,
)
from ..telling import stage
from .liveness import needs_of
from .loops import (
    give_once,
    has_loops,
    move_numbers_in,
    move_out,
    with_loops,
)
from .rewriting import Rewriting, Rewritten

Pass = Callable[[Program], Program]

#: What an instruction becomes; None where it stays as it is.
Rule = Callable[[Rewriting, Op, Operands], Rewritten | None]


@collector_paused()
def optimized(program: Program) -> Program:
    """Return the program after all passes.

    Its outputs keep their axes in their order. Where that is not so, since a loop that is not
    needed brought one of two axes that no input has, the program is left as it is.
    """
    with stage("passes", len(program)):
        if has_loops(program):
            found = reduce(lambda each, run: run(each), PASSES, program)
        else:  # those over loops have nothing to do, and all others go through it as it is
            found = rewritten(program, fold_in, simplify_in, share_in, remove_dead_in)
    is_alike = found.output_axes() == program.output_axes()
    return found if is_alike else program


def rewritten(program: Program, *passes: Callable[[Rewriting], None]) -> Program:
    """Return what becomes of a program."""
    now = Rewriting(program)
    for each in passes:
        each(now)
    return now.program()


# -- numbers ---------------------------------------------------------------------------------


def fold_constants(program: Program) -> Program:
    """Compute what has only numbers as operands, by IEEE 754.

    program(x)
      a = log 0.0
      b = add a 2.0
      c = mul b x
      return c
    →
    program(x)
      a = mul -inf x
      return a
    """
    return rewritten(program, fold_in)


def fold_in(now: Rewriting) -> None:
    """Compute what has only numbers as operands."""
    begin = [operands for operands in now.operands if operands and type(operands[0]) is float]
    if any(map(has_only_numbers, begin)):
        with block("ieee"):
            now.walk(folded)


def folded(_: int, op: Op, operands: Operands) -> Rewritten | None:
    """Return the number that an operation gives, if it can be known."""
    if isinstance(op, Operation) and has_only_numbers(operands):
        out: float = op(*operands)
        return out
    return None


def has_only_numbers(operands: Operands) -> bool:
    """Return whether there are operands, and all are numbers."""
    return bool(operands) and int not in map(type, operands)


# -- algebra ---------------------------------------------------------------------------------


def simplify(program: Program) -> Program:
    """Replace an instruction by a simpler one, or by an operand, where algebra is exact.

    program(x, y)
      a = mul 1.0 x
      b = neg y
      c = add a b
      d = power c 1.0
      return d
    →
    program(x, y)
      a = neg y
      b = sub x y
      return b
    """
    return rewritten(program, simplify_in)


def simplify_in(now: Rewriting) -> None:
    """Apply the rules of algebra to each instruction."""
    ops = now.ops

    def simplified(_: int, op: Op, operands: Operands) -> Rewritten | None:
        if op in ARITHMETIC:  # of slots, of which none is a negative, there is nothing to be done
            x, y = operands
            if type(x) is type(y) is int and ops[x] is not neg and ops[y] is not neg:
                return None
        rule = ALGEBRA.get(op)
        return None if rule is None else rule(now, op, operands)

    now.walk(simplified)


ARITHMETIC = frozenset({add, sub, mul, div})


def sums(now: Rewriting, op: Op, operands: Operands) -> Rewritten | None:  # noqa: ARG001
    """x + (−0) → x    x + (−y) → x − y    (−x) + y → y − x"""  # noqa: D400, D415
    x, y = operands
    if is_same(x, -0.0):
        return y
    if is_same(y, -0.0):
        return x
    if is_made_by(now, neg, y):
        return sub, (x, inside(now, y))
    if is_made_by(now, neg, x):
        return sub, (y, inside(now, x))
    return None


def differences(now: Rewriting, op: Op, operands: Operands) -> Rewritten | None:  # noqa: ARG001
    """x − 0 → x    −0 − x → −x    x − (−y) → x + y"""  # noqa: D400, D415
    x, y = operands
    if is_same(y, 0.0):
        return x
    if is_same(x, -0.0):
        return neg, (y,)
    if is_made_by(now, neg, y):
        return add, (x, inside(now, y))
    return None


def products(now: Rewriting, op: Op, operands: Operands) -> Rewritten | None:
    """1 · x → x    −1 · x → −x    (−x) · (−y) → x · y"""  # noqa: D400, D415
    x, y = operands
    if type(x) is float:
        x, y = y, x
    if y == 1.0 and type(y) is float:
        return x
    if y == -1.0 and type(y) is float:
        return neg, (x,)
    if is_made_by(now, neg, x) and is_made_by(now, neg, y):
        return op, (inside(now, x), inside(now, y))
    return None


def quotients(now: Rewriting, op: Op, operands: Operands) -> Rewritten | None:
    """x / 1 → x    x / −1 → −x    (−x) / (−y) → x / y"""  # noqa: D400, D415
    x, y = operands
    if y == 1.0 and type(y) is float:
        return x
    if y == -1.0 and type(y) is float:
        return neg, (x,)
    if is_made_by(now, neg, x) and is_made_by(now, neg, y):
        return op, (inside(now, x), inside(now, y))
    return None


def opposites(now: Rewriting, op: Op, operands: Operands) -> Rewritten | None:  # noqa: ARG001
    """−(−x) → x"""  # noqa: D400, D415
    return inside(now, operands[0]) if is_made_by(now, neg, operands[0]) else None


def powers(now: Rewriting, op: Op, operands: Operands) -> Rewritten | None:  # noqa: ARG001
    """x¹ → x    x⁰ → 1"""  # noqa: D400, D415
    x, n = operands
    if type(n) is float and n in (0.0, 1.0):
        return x if n else 1.0
    return None


def sizes(now: Rewriting, op: Op, operands: Operands) -> Rewritten | None:
    """|−x| → |x|    ||x|| → |x|"""  # noqa: D400, D415
    (x,) = operands
    if is_made_by(now, absolute, x):
        return x
    return (op, (inside(now, x),)) if is_made_by(now, neg, x) else None


def extremes(now: Rewriting, op: Op, operands: Operands) -> Rewritten | None:  # noqa: ARG001
    """max(x, x) → x"""  # noqa: D400, D415
    x, y = operands
    return x if are_one(x, y) else None


def unequal(now: Rewriting, op: Op, operands: Operands) -> Rewritten | None:  # noqa: ARG001
    """(x < y) ≠ 0 → x < y: a comparison is 1 or 0 already."""
    x, y = operands
    return x if is_comparison(now, x) and y == 0.0 and type(y) is float else None


def choices(now: Rewriting, op: Op, operands: Operands) -> Rewritten | None:
    """where(1, x, y) → x    where(c, x, x) → x    where(c ≠ 0, x, y) → where(c, x, y)

    where(c = 0, x, y) → where(c, y, x)    where(a < b, x · (a < b), y) → where(a < b, x, y)
    where(a < b, 1, 0) → a < b
    """  # noqa: D400, D415
    condition, x, y = operands
    if type(condition) is float:
        return x if condition else y
    if are_one(x, y):
        return x
    if is_comparison(now, condition):
        x = where_it_is_one(now, condition, x)
        if is_same(x, 1.0) and is_same(y, 0.0):
            return condition
    for comparison, arms in ((NE, (x, y)), (EQ, (y, x))):
        if is_made_by(now, comparison, condition):
            compared, zero = now.operands[int(condition)]
            if zero == 0.0 and type(zero) is float:
                return choices(now, op, (compared, *arms))
    return op, (condition, x, y)


def where_it_is_one(now: Rewriting, condition: Operand, x: Operand) -> Operand:
    """Return what x comes to where a comparison holds: it is 1 there."""
    if are_one(x, condition):
        return 1.0
    if is_made_by(now, mul, x):
        first, second = now.operands[int(x)]
        if are_one(second, condition):
            return first
    return x


def lookups(now: Rewriting, op: Op, operands: Operands) -> Rewritten | None:  # noqa: ARG001
    """take(1, x, y, z) → y    take(3, x, y, z) → nan"""  # noqa: D400, D415
    index, *entries = operands
    if type(index) is not float:
        return None
    return entries[int(index)] if is_place(index, len(entries)) else math.nan


ALGEBRA: dict[Any, Rule] = {
    add: sums,
    sub: differences,
    mul: products,
    div: quotients,
    neg: opposites,
    power: powers,
    absolute: sizes,
    maximum: extremes,
    minimum: extremes,
    NE: unequal,
    where: choices,
    take_of: lookups,
}


def is_same(x: Operand, number: float) -> bool:
    """Return whether an operand is this number, its sign included."""
    return type(x) is float and x == number and math.copysign(1.0, x) == math.copysign(1.0, number)


def are_one(x: Operand, y: Operand) -> bool:
    """Return whether two operands are the same slot; a number like it, 2.0 for 2, is not."""
    return type(x) is type(y) is int and x == y


def is_made_by(now: Rewriting, op: Op, x: Operand) -> bool:
    """Return whether an operand is the slot of an instruction with this operation."""
    return type(x) is int and now.ops[x] is op


def is_comparison(now: Rewriting, x: Operand) -> bool:
    """Return whether an operand is a comparison: 1.0 or 0.0."""
    return type(x) is int and now.ops[x] in COMPARISONS


def inside(now: Rewriting, x: Operand) -> Operand:
    """Return the only operand of an instruction."""
    return now.operands[int(x)][0]


# -- instructions ----------------------------------------------------------------------------

#: x and y can be swapped, and the result is the same to the bit.
COMMUTATIVE = frozenset({add, mul, EQ, NE})


def share(program: Program) -> Program:
    """Do the same thing only once.

    program(x, y)
      a = mul x y
      b = mul y x
      c = add a b
      return c
    →
    program(x, y)
      a = mul x y
      b = add a a
      return b
    """
    return rewritten(program, share_in)


def share_in(now: Rewriting) -> None:
    """Let what does the same thing as an instruction before be that one."""
    seen: dict[Op, dict[Any, int]] = defaultdict(dict)

    def shared(slot: int, op: Op, operands: Operands) -> Rewritten | None:
        first = seen[op].setdefault(same_for_all(op, operands), slot)
        return None if first == slot else first

    now.walk(shared)


def same_for_all(op: Op, operands: Operands) -> tuple[int | str, ...]:
    """Return what is equal for operands with which op does the same.

    0.0 and -0.0 are equal, and so are the slot 2 and the number 2.0; their texts are not.
    """
    words: tuple[Any, ...] = operands
    if float in map(type, operands):
        words = tuple([x if type(x) is int else repr(x) for x in operands])
    if op in COMMUTATIVE:
        x, y = words
        is_turned = y < x if type(x) is type(y) else type(x) is str
        return (y, x) if is_turned else words
    return words


def remove_dead(program: Program) -> Program:
    """Leave out what no output needs, of loops too; the inputs stay.

    program(x[steps], y)
      a = exp y
      b = scan[steps] 0.0 1.0 | x | y
        body(s, t, x, y)
          c = add s x
          d = mul t y
          return c d d
      e = get[0] b
      return e
    →
    program(x[steps], y)
      a = scan[steps] 0.0 | x
        body(s, x)
          b = add s x
          return b
      c = get[0] a
      return c
    """
    inputs = range(len(program.inputs))
    needs = needs_of(program, [*inputs, *program.outputs])
    return needs.pruned(inputs, program.outputs)


def remove_dead_in(now: Rewriting) -> None:
    """Leave out what no output needs, where there are no loops."""
    program = Program(now.ops, now.operands, now.outputs)
    inputs = range(len(program.inputs))
    is_needed = needs_of(program, [*inputs, *program.outputs]).is_needed
    for slot in compress(range(len(program)), map(not_, is_needed)):
        now.leave_out(slot)


# -- loops -----------------------------------------------------------------------------------


def optimize_loops(program: Program) -> Program:
    """Run all passes inside of loops.

    program(x)
      a = while x
        condition(s)
          b = neg 3.0
          c = gt s b
          return c
        body(s)
          d = neg 1.0
          e = add s d
          return e
      f = get[0] a
      return f
    →
    program(x)
      a = while x
        condition(s)
          b = gt s -3.0
          return b
        body(s)
          c = add s -1.0
          return c
      d = get[0] a
      return d
    """

    def change(_: Program, step: Instruction, loop: Loop) -> tuple[Loop, Operands]:
        body = optimized(loop.body)
        if isinstance(loop, Scan):
            return replace(loop, body=body), step.operands
        return While(optimized(loop.condition), body), step.operands

    return with_loops(program, change)


PASSES: tuple[Pass, ...] = (
    fold_constants,
    simplify,
    share,
    move_numbers_in,
    give_once,
    optimize_loops,
    move_out,
    share,  # what has moved out of several loops
    remove_dead,
)
