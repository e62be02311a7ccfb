"""From a program to whatever it is replayed on: numbers, Values, the Refs of another program."""

from __future__ import annotations

from itertools import islice
from typing import Any

from ...errors import TraceError
from ...modes import block
from ...nanograd import Operation, Scalar
from ...real import is_real, number
from ..tracing.refs import Recorder, Ref
from .interpreter import Interpreter, Operands, Results
from .operations import Get, Loop, Op, Reduction
from .program import Program, renamed
from .rows import Layout, Lengths, lists_of


def replay(program: Program, operands: Operands, lengths: Lengths | None = None) -> Results:
    """Return the outputs of a program on numbers, Values, Refs or other scalars.

    On numbers it is the reference interpreter, by the rules of IEEE 754; for an input with axes a
    list is given, nested for each axis. An axis that no input has, as that of a scan without
    sequences, needs its length in `lengths`; without it, it is a DataError. On Values it is the
    graph again, and loops are unrolled: a `while` goes by the numbers inside. On Refs the program
    is written out in the one that is being recorded, its loops as they are.

    >>> from nanograd.compiler.programs.parsing import parsed
    >>> program = parsed('''
    ... program(w, x[rows])
    ...   a = mul w x
    ...   b = sum[rows] a
    ...   return a b
    ... ''')
    >>> replay(program, [2.0, [1.0, 10.0]])
    [[2.0, 20.0], 22.0]
    """
    layout = Layout(program)
    layout.refuse_other_counts(operands)
    refs = [x for x in operands if isinstance(x, Ref)]
    with block("ieee"):
        if refs:
            return recorded(program, operands, refs[0].recorder)
        space = layout.space(operands, lengths)
        given = space.inputs(program, operands)
        outputs = Interpreter(program, space.lengths).run(given)
        return list(map(lists_of, outputs))


# -- on Refs ---------------------------------------------------------------------------------


def recorded(program: Program, operands: Operands, recorder: Recorder) -> Results:
    """Return the outputs after the instructions of a program have been recorded once more.

    Long programs go through here. So what is usual, an operation on slots of this recorder and
    plain numbers, is written down as it is, without a Ref for each step.
    """
    found = [known(x, recorder) for x in operands]
    is_usual = USUAL.issuperset(map(type, found)) and recorder.is_recording()
    count = len(operands)
    for op, operands_then in islice(program, count, None):
        taken = renamed(operands_then, found)
        if is_usual and type(op) is Operation and int in map(type, taken):
            found.append(recorder.add(op, taken))
        else:
            scalars = list(map(recorder.ref, taken))
            found.append(known(recorded_step(op, scalars, recorder), recorder))
            is_usual = is_usual and type(found[-1]) in USUAL
    outputs = []
    for x in program.outputs:
        if type(x) is int:
            outputs.append(operands[x] if x < count else recorder.ref(found[x]))
        else:
            outputs.append(x)
    return outputs


#: The types of slots and of plain numbers.
USUAL = frozenset({int, float})


def known(x: Any, recorder: Recorder) -> Any:
    """Return the slot of a Ref of this recorder, a plain number as a float, or else what it is."""
    if type(x) is Ref and x.recorder is recorder:
        return x.slot
    return number(x) if is_real(x) else x


def recorded_step(op: Op, operands: Operands, recorder: Recorder) -> Any:
    """Return what the program that is recorded has for an instruction."""
    if isinstance(op, Loop | Get):
        return recorded_loop(op, operands, recorder)
    if not isinstance(op, Reduction):
        return op(*operands)  # type: ignore[operator]  # inputs come before all steps
    if op.name == "count":
        return recorder.append(op, ())
    return recorder.reduced(op, operands[0])


def recorded_loop(op: Op, operands: Operands, recorder: Recorder) -> Ref:
    """Return the Ref of a loop, or of one of its results."""
    for x in operands:
        if isinstance(x, Scalar) and x.level > recorder.level:
            raise TraceError(
                f"a loop that is recorded takes numbers of its own trace; it was given {x!r}. "
                "Differentiate the program as a whole."
            )
    return recorder.append(op, tuple(map(recorder.operand, operands)))
