"""Schedules run in three ways: by Python, one number after the other, by NumPy, and by LLVM."""

import math
from functools import reduce

import numpy as np
from backends import are_close

from nanograd.compiler.backends import numpy as numpy_backend
from nanograd.compiler.backends.numpy import imported
from nanograd.compiler.backends.numpy_waves import WaveKernel as NumpyWaves
from nanograd.compiler.backends.ufuncs import Ufuncs
from nanograd.compiler.programs.blocks import NO_BLOCKS
from nanograd.compiler.programs.operations import Input
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.schedules.forms import Fold, Form, Total
from nanograd.compiler.schedules.memory import CONSTANTS, INPUTS, WORK
from nanograd.compiler.schedules.schedule import scheduled
from nanograd.compiler.tracing.trace import trace
from nanograd.lookup import take_of
from nanograd.modes import block

#: For each precision: how far results may be from those of `replay`, relative to them, or at all.
CLOSE = {"float64": (1e-12, 1e-13), "float32": (2e-5, 2e-6)}
PRECISIONS = list(CLOSE)
WIDTHS = [1, 2, 4, 8]
ROWS = ("rows",)

# -- programs --------------------------------------------------------------------------------


def program_of(f, *shapes, columns=()):
    """Return the program of a function of numbers (None), lists (a count) and matrices (two).

    After them it takes others of such shapes, of columns.
    """
    counts = [sum(map(size_of, each)) for each in (shapes, columns)]
    names = [f"x{i}" for i in range(counts[0])]
    names += [Input(f"y{i}", ROWS) for i in range(counts[1])]
    shapes += tuple(columns)

    def of_numbers(*xs):
        left = iter(xs)
        return f(*[filled(left, shape) for shape in shapes])

    return trace(of_numbers, names).program


def size_of(shape):
    """Return how many numbers there are."""
    return 1 if shape is None else shape if isinstance(shape, int) else math.prod(shape)


def filled(numbers, shape):
    """Return the next numbers in such a shape."""
    if shape is None:
        return next(numbers)
    if isinstance(shape, int):
        return [next(numbers) for _ in range(shape)]
    return [filled(numbers, shape[1:] if len(shape) > 2 else shape[1]) for _ in range(shape[0])]


# -- the parts of a schedule -----------------------------------------------------------------


def parts_in(program, blocks=NO_BLOCKS):
    """Return the parts of all waves of a program."""
    return [part for wave in scheduled(program, blocks).waves for part in wave]


def text_of(kind):
    """Return what a part does, as text: `add 3 mul(a, b)` of a fold of three products."""
    if isinstance(kind, Form):
        return kind.written(iter("abcdefghijklmnopqrstuvwxyz"))
    if isinstance(kind, Fold):
        return f"{kind.op.name} {kind.length} {text_of(kind.form)}"
    if isinstance(kind, Total):
        return f"{kind.op.name} of all rows {text_of(kind.form)}"
    return f"take {kind.length}"


def texts_of(program):
    """Return what the parts of a program do, and to how many members each."""
    return [(text_of(part.kind), part.members) for part in parts_in(program)]


# -- one number after the other --------------------------------------------------------------


def interpreted(schedule, operands, outputs):
    """Return the outputs of a schedule without blocks, by the meaning of its parts.

    What is read must have been written; and what a wave reads, none of its parts may write.
    """
    memory = {(CONSTANTS, i): x for i, x in enumerate(schedule.constants)}
    memory |= {(INPUTS, i): x for i, x in enumerate(operands)}
    with block("ieee"):
        for wave in schedule.waves:
            found, read = {}, set()
            for part in wave:
                for result, *leaves in members_of(part):
                    assert result not in found
                    assert result[0] > INPUTS or result[0] == WORK
                    assert result[0] != WORK or result[1] < schedule.work
                    found[result] = member(part, leaves, memory, read)
            assert not read & found.keys()
            memory |= found
    return [memory[INPUTS + 1, i] for i in range(outputs)]


def members_of(part):
    """Yield where each member of a part has its result and its leaves: segments, and places."""
    for count, starts in part.runs:
        for i in range(count):
            steps = zip(part.segments, starts, part.strides, strict=True)
            yield [(segment, x + i * far) for segment, x, far in steps]


def member(part, leaves, memory, read):
    """Return the result of one member of a part."""

    def at(place, far=0):
        read.add((place[0], place[1] + far))
        return memory[place[0], place[1] + far]

    kind = part.kind
    if isinstance(kind, Form):
        return evaluated(kind, map(at, leaves))
    if isinstance(kind, Fold):
        rows = zip(*part.terms, strict=True)
        terms = [evaluated(kind.form, map(at, leaves, row)) for row in rows]
        assert len(terms) == kind.length
        return reduce(kind.op, terms, kind.start)
    index, table = leaves
    entries = [at(table, far) for far in part.terms[0]]
    assert len(entries) == kind.length
    return take_of(at(index), *entries)


def evaluated(form, leaves):
    """Return the value of a formula."""
    if form.op is None:
        return next(leaves)
    return form.op(*[evaluated(part, leaves) for part in form.parts])


# -- kernels ---------------------------------------------------------------------------------


def by_numpy(program, precision="float64", blocks=NO_BLOCKS):
    """Return the kernel of waves of NumPy."""
    return NumpyWaves(program, Ufuncs(*imported(), np.dtype(precision)), blocks)


def by_llvm(program, precision="float64", width=None, blocks=NO_BLOCKS):
    """Return the kernel of waves of LLVM, for vectors of so many numbers."""
    from nanograd.compiler.backends.llvm.long_kernel import LongKernel

    return at_width(LongKernel(program, precision, blocks), width)


def by_tape(program, precision="float64", blocks=NO_BLOCKS):
    """Return the kernel of a tape."""
    from nanograd.compiler.backends.llvm.long_kernel import LongKernel
    from nanograd.compiler.backends.llvm.tapes.tape_code import TapeCode

    return LongKernel(program, precision, blocks, TapeCode)


def by_rows(program, precision="float64", width=None, blocks=NO_BLOCKS):
    """Return the kernel of waves of LLVM for a program with rows along one axis."""
    from nanograd.compiler.backends.llvm.waves.row_kernel import RowKernel

    kernel = RowKernel(program, precision, blocks)
    _ = kernel.code.schedule  # what no wave does is told at once
    return at_width(kernel, width)


def at_width(kernel, width):
    """Return a kernel of waves, made for vectors of so many numbers."""
    from nanograd.compiler.backends.llvm.waves.module import WaveModule

    if width is not None:
        code = kernel.code
        code.text = WaveModule(code.schedule, kernel.precision, width).text()
        code.code, code.key = None, f"{code.key}-{width}"
    return kernel


def kernels(program, precision="float64", widths=(None,)):
    """Yield the name of each way in which a program is run in waves, and its kernel."""
    yield "numpy", by_numpy(program, precision)
    for width in widths:
        yield f"llvm, {width or 'as many as fit'} at once", by_llvm(program, precision, width)


def assert_waves_are_as_replay(program, operands, precisions=PRECISIONS, widths=(None,)):
    """Check what comes out of a program that is run in waves, in each way."""
    for precision in precisions:
        tolerance, least = CLOSE[precision]
        with np.errstate(all="ignore"):
            given = [float(np.dtype(precision).type(x)) for x in operands]
            wanted = [float(np.dtype(precision).type(x)) for x in replay(program, given)]
        if precision == "float64":
            found = interpreted(scheduled(program), given, len(program.outputs))
            assert are_close(found, wanted, tolerance, least), f"{found}\n{wanted}\n{program}"
        for name, kernel in kernels(program, precision, widths):
            found = kernel(given)
            assert are_close(found, wanted, tolerance, least), (
                f"{name}, {precision}\n{found}\n{wanted}\n{program}"
            )


# -- with rows -------------------------------------------------------------------------------


def rounded(x, precision):
    """Return numbers, nested in lists, as floats that have this precision."""
    if isinstance(x, list | tuple):
        return [rounded(each, precision) for each in x]
    return float(np.dtype(precision).type(x))


def plain(results):
    """Return floats, and arrays as lists."""
    return [x if isinstance(x, float) else x.tolist() for x in results]


def assert_rows_are_as_replay(program, operands, precisions=PRECISIONS, widths=(None,)):
    """Check what comes out of a program with rows that is run in waves, and by NumPy."""
    for precision in precisions:
        kernels = [by_rows(program, precision, width) for width in widths]
        assert_kernels_are_as_replay([*kernels, by_columns(program, precision)], operands)


def by_columns(program, precision="float64"):
    """Return the kernel of NumPy, which takes whole columns."""
    return numpy_backend.lowered(program, precision)


def assert_kernels_are_as_replay(kernels, operands, terms=1):
    """Check what comes out of kernels of one program and precision.

    Sums of more terms may be further off.
    """
    precision, program = kernels[0].precision, kernels[0].program
    tolerance, least = CLOSE[precision]
    least *= max(1.0, terms / 50)
    with np.errstate(all="ignore"):
        given = rounded(operands, precision)
        wanted = rounded(replay(program, given), precision)
        for kernel in kernels:
            found = plain(kernel(given))
            assert are_close(found, wanted, tolerance, least), (
                f"{type(kernel)}, {precision}\n{found}\n{wanted}\n{program}"
            )
