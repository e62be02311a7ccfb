"""Which way is a program run: what the cost model says of each way, and what is measured.

A program is written out, run in waves, or run from a tape. For programs of many sorts and sizes,
it is shown how long each way takes by the model, how long it takes, and how long LLVM takes to make
its code; which way is chosen, and how much longer that takes than the fastest.
"""

import argparse
import math
import os
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np
from racing import text_of
from transformer import first_weights, name_loss

from nanograd import maximum, mean, sin, tanh, value_and_grad, vmap
from nanograd.compiler.backends.llvm import ways
from nanograd.compiler.backends.llvm.call import Call
from nanograd.compiler.backends.llvm.interrupts import Stop
from nanograd.compiler.backends.llvm.kernel import Kernel
from nanograd.compiler.backends.llvm.long_kernel import LongKernel
from nanograd.compiler.backends.llvm.tapes.tape_code import TapeCode
from nanograd.compiler.backends.llvm.waves.row_kernel import Memory, RowKernel
from nanograd.compiler.backends.llvm.waves.wave_code import WaveCode
from nanograd.compiler.calls.traced import TracedFunction
from nanograd.compiler.passes.exact import optimized
from nanograd.compiler.programs.blocks import NO_BLOCKS
from nanograd.compiler.programs.operations import Input, Reduction
from nanograd.compiler.programs.program import Program
from nanograd.compiler.schedules import cost
from nanograd.compiler.schedules.nodes import UnscheduledError
from nanograd.functions import exp
from nanograd.nanograd import add, mul, sub

PATIENCE = 20.0  # seconds for machine code; what would take longer is left out
MOST = {False: 60_000, True: 12_000}  # instructions, without rows and with, in that time
MOMENT = 2e-3  # seconds of a turn
TURNS = 9


# -- programs --------------------------------------------------------------------------------------


def network(size):
    """Return a dense network of two layers of so many neurons, its slopes, and its arguments."""

    def loss(weights, x):
        for matrix in weights:
            x = [tanh(sum([w * a for w, a in zip(row, x, strict=True)])) for row in matrix]
        return sum([a * a for a in x])

    matrix = [[0.1] * size for _ in range(size)]
    return value_and_grad(loss), [[matrix, matrix[: size // 2]], [0.5] * size]


def attention(letters):
    """Return the loss of a transformer on a name, its slopes, and its arguments."""
    places = [0, *[3 * i % 26 + 1 for i in range(letters)], 0]
    return value_and_grad(lambda weights: name_loss(weights, places)), [first_weights()]


def over_rows(size):
    """Return a network mapped over rows, its slopes, and its arguments."""

    def error(weights, row, mark):
        hidden = [tanh(sum([w * a for w, a in zip(each, row, strict=True)])) for each in weights[0]]
        out = sum([w * a for w, a in zip(weights[1], hidden, strict=True)])
        return (out - mark) ** 2

    def loss(weights, rows, marks):
        return mean(vmap(lambda row, mark: error(weights, row, mark))(rows, marks))

    weights = [[0.1] * size for _ in range(size)], [0.1] * size
    return value_and_grad(loss), [weights, np.zeros((2, size)), np.zeros(2)]


def mixed_over_rows(count):
    """Return a graph without structure mapped over rows, its slopes, and its arguments."""
    random = Random(count)
    kinds = [lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, maximum]
    plan = [(random.choice(kinds), random.random(), random.random()) for _ in range(count)]

    def of_row(w, row):
        values = [*row, w]
        for kind, i, j in plan:
            x = values[int(i * len(values))]
            values.append(sin(kind(x, values[-1 - int(j * min(len(values), 50))])))
        return values[-1] + values[len(values) // 2]

    def loss(w, rows):
        return mean(vmap(lambda row: of_row(w, row))(rows))

    return value_and_grad(loss), [0.5, np.zeros((2, 8))]


def chain_over_rows(count):
    """Return a chain of operations mapped over rows, its slope, and its arguments."""

    def of_row(w, x):
        for i in range(count):
            x = sin(x * w) if i % 3 else x - 0.5 * w
        return x

    def loss(w, xs):
        return mean(vmap(lambda x: of_row(w, x))(xs))

    return value_and_grad(loss), [0.5, np.zeros(2)]


def traced(pair):
    """Return the program of a function."""
    f, args = pair
    return optimized(TracedFunction(f, args, {}).program)


def tangle(count):
    """Return a graph of operations on earlier results, which are anywhere, and stay small."""
    random = Random(1)
    ops: list[Any] = [Input(f"x{i}") for i in range(16)]
    operands: list[Any] = [()] * 16
    for i in range(16, 16 + count):
        ops.append(random.choice([add, sub, mul, maximum] if i % 2 == 0 else [sin, tanh]))
        odd = range(max(1, i - 199) | 1, i, 2)  # between −1 and 1
        operands.append((random.choice(odd), random.choice(odd)) if i % 2 == 0 else (i - 1,))
    return Program(ops, operands, tuple(range(len(ops) - 40, len(ops))))


def chain(count):
    """Return operations of two kinds, each on the result of the one before."""
    ops = [Input("x"), Input("y"), *[(sin, mul, exp, sub)[i % 4] for i in range(count)]]
    operands = [(), (), *[(i + 1, 1) if i % 2 else (i + 1,) for i in range(count)]]
    operands[2] = (0,)
    return Program(ops, operands, (len(ops) - 1,))


ROWS = (8, 64, 1000)
FAMILIES = {
    "a dense network": (lambda n: traced(network(n)), (8, 12, 16, 24, 32, 64, 128), (0,)),
    "a transformer": (lambda n: traced(attention(n)), (1, 3, 7), (0,)),
    "a random graph": (tangle, (500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 100_000), (0,)),
    "a chain": (chain, (500, 2_000, 20_000, 100_000), (0,)),
    "a network over rows": (lambda n: traced(over_rows(n)), (8, 12, 16, 24, 32), ROWS),
    "a chain over rows": (lambda n: traced(chain_over_rows(n)), (300, 1_200), ROWS),
    "a random graph over rows": (lambda n: traced(mixed_over_rows(n)), (150, 500, 1_500), ROWS),
}


# -- ways ------------------------------------------------------------------------------------------


class Found(NamedTuple):
    """What was found of a way: nanoseconds by the model and measured, and seconds to compile."""

    said: float | None
    took: float | None
    compiling: float | None


def written_out(program, operands, rows):
    """Return what runs a program that is written out."""
    kernel = Kernel(program, "float64")
    lengths = dict.fromkeys(program.order, rows)
    call = Call(kernel.columns, "float64", operands, lengths, Stop())
    code = kernel.code(lengths)
    call.prepare(len(code.outputs), code.columns, code.axes, code.facts, code.blocks)
    function, pointers = code.function, call.pointers
    return lambda: function(*pointers), (kernel, call)


def in_waves(program, operands, rows):
    """Return what runs a program in waves."""
    if not program.order:
        return of_numbers(LongKernel(program, "float64", NO_BLOCKS, WaveCode), operands)
    kernel = RowKernel(program, "float64")
    functions = kernel.code.functions
    size = kernel.rows_at_a_time if "rows" in functions else rows
    starts = range(0, rows, size)
    memories = [Memory(kernel, min(size, rows - start)) for start in starts]
    arrays = [np.array(operands[i]) for i in kernel.arrays]
    for memory, start in zip(memories, starts, strict=True):
        memory.numbers[:] = [*[operands[i] for i in kernel.numbers], rows]
        memory.fill(arrays, start, start + memory.rows)
        memory.point(memories[0], [], [], [], rows, start)
    places = [memory.place for memory in memories]

    def run():
        if len(places) == 1:
            functions["kernel"](places[0])
            return
        functions["before"](places[0])
        for place in places:
            functions["rows"](place)
        functions["after"](places[-1])

    return run, (kernel, memories)


def on_tape(program, operands, rows):
    """Return what runs a program from a tape."""
    del rows
    return of_numbers(LongKernel(program, "float64", NO_BLOCKS, TapeCode), operands)


def of_numbers(kernel, operands):
    """Return what runs a program of numbers."""
    memory = kernel.prepared()
    memory.numbers[:] = operands
    memory.blocks[:] = [memory.out_at]
    function, place = kernel.code.function, memory.place
    return lambda: function(place), (kernel, memory)


WAYS = {"written out": written_out, "in waves": in_waves, "on a tape": on_tape}


def said(way, program, rows):
    """Return the nanoseconds that a way takes by the model, without those for LLVM; or None."""
    rounds = max(rows, cost.LANES) / cost.ROWS if rows else 1.0
    if way == "written out":
        return written_out_by_model(program) * rounds
    if way == "on a tape":
        return None if rows else cost.cost_on_tape(program)
    try:
        waves = WaveCode(program, "float64", NO_BLOCKS).schedule.waves
    except UnscheduledError:
        return None
    return sum([cost.cost_of_part(part) for wave in waves for part in wave]) * rounds


def written_out_by_model(program):
    """Return the nanoseconds of a program that is written out; with rows, for as many as it has."""
    vectors = cost.ROWS // cost.LANES if program.order else 1
    return cost.cost_of_each(program, cost.WRITTEN_OUT) * vectors


def found_of(way, program, rows):
    """Return what is found of a way."""
    predicted = said(way, program, rows)
    is_too_long = way == "written out" and len(program) > MOST[bool(rows)]
    if predicted is None or is_too_long:
        return Found(predicted, None, None)
    random = Random(1)
    number = lambda: random.uniform(-0.5, 0.5)  # noqa: E731
    columns = [bool(each.axes) for each in program.inputs]
    operands = [[number() for _ in range(rows)] if each else number() for each in columns]
    start = time.perf_counter()
    run, kept = WAYS[way](program, operands, rows)
    compiling = time.perf_counter() - start
    took = seconds_of(run)
    del kept  # memory that the machine reads
    return Found(predicted, max(took - of_call(way, rows > 0), 1e-9) * 1e9, compiling)


@cache
def of_call(way, has_rows):
    """Return the seconds of a call by this way, of a program that does almost nothing."""
    given = [Input("x", ("rows",)), Reduction("sum", "rows")] if has_rows else [Input("x"), sin]
    program = Program(given, [(), (0,)], (1,))
    run, kept = WAYS[way](program, [[0.5] if has_rows else 0.5], 1)
    took = seconds_of(run)
    del kept
    return took


def seconds_of(run):
    """Return the least seconds of a run, of several turns."""
    run()
    start = time.perf_counter()
    run()
    count = max(1, math.ceil(MOMENT / (time.perf_counter() - start)))
    least = math.inf
    for _ in range(TURNS):
        start = time.perf_counter()
        for _ in range(count):
            run()
        least = min(least, (time.perf_counter() - start) / count)
    return least


def chosen_for(program):
    """Return the way that is chosen: nothing has been compiled before."""
    kernel = ways.kernel_of(program, "float64", NO_BLOCKS)
    if isinstance(kernel, Kernel):
        return "written out"
    return "on a tape" if isinstance(kernel.code, TapeCode) else "in waves"


# -- the table -------------------------------------------------------------------------------------


def main():
    """Print a line for each program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="the sorts of programs whose names have this")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NANOGRAD_CACHE"] = folder
        print("of each way: by the model, measured, and the seconds of its compilation")
        print(f"{'':42}" + "".join([f"{way:>27}" for way in WAYS]) + "  chosen")
        for family, (make, sizes, rows) in FAMILIES.items():
            if options.only in family:
                for size in sizes:
                    show(family, make(size), rows)


def show(family, program, all_rows):
    """Print the lines of a program, for each number of rows."""
    chosen = chosen_for(program)
    for rows in all_rows:
        found = {way: found_of(way, program, rows) for way in WAYS}
        label = f"{family}, {len(program):,}" + (f" × {rows:,}" if rows else "")
        times = {way: each.took for way, each in found.items() if each.took}
        verdict = "the fastest"
        if chosen in times and times[chosen] > min(times.values()):
            verdict = f"{times[chosen] / min(times.values()):.2f} × the fastest"
        cells = "".join([cell(each) for each in found.values()])
        print(f"{label:42}{cells}  {chosen}, {verdict}", flush=True)


def cell(found):
    """Return what was found of a way as text."""
    if found.said is None:
        return f"{'-':>27}"
    predicted = text_of(found.said * 1e-9)
    if found.took is None:
        return f"{predicted:>9}{'-':>9}{'':9}"
    return f"{predicted:>9}{text_of(found.took * 1e-9):>9}{f'({found.compiling:.2f})':>9}"


if __name__ == "__main__":
    main()
