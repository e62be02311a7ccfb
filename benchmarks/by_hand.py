"""The same work written by hand in C, compiled when the benchmark runs, and called with ctypes."""

import ctypes
import os
import shutil
import subprocess
from ctypes import c_double, c_int, c_long, c_void_p
from pathlib import Path

import numpy as np

SOURCES = sorted((Path(__file__).parent / "c").glob("*.c"))
FLAGS = ["-O3", "-march=native", "-ffast-math"]
TOTAL_STEPS = 1000  # of the training of the GPT, over which its rate falls
MORE_FLAGS = [["-fopenmp", "-mprefer-vector-width=512"], ["-fopenmp"], []]  # the first that work


class Columns(ctypes.Structure):
    """The columns of black_scholes.c: five that are given, six that are found."""

    _fields_ = [(f"column_{i}", ctypes.c_void_p) for i in range(11)]


def compiled(folder):
    """Return the library of all C sources, made in this folder, and the flags that it took.

    Without a compiler there is no library: None, and a reason.
    """
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if not compiler:
        return None, "C is left out: there is no compiler named cc"
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # no thread spins while others have a turn
    target = Path(folder) / "by_hand.so"
    for more in MORE_FLAGS:
        flags = [*FLAGS, *more]
        command = [compiler, *flags, "-shared", "-fPIC", *SOURCES, "-o", target, "-lm"]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return ctypes.CDLL(str(target)), f"C: {Path(compiler).name} {' '.join(flags)}"
    return None, f"C is left out: {compiler} does not compile it"


def and_gate(function, weights, rate):
    """Return what trains the AND gate for a number of epochs by a function of the library."""

    def run(epochs):
        w, losses = np.array(weights), np.empty(epochs)
        function(pointer(w), c_long(epochs), c_double(rate), pointer(losses))
        return w, losses

    return run


def and_gate_by_steps(function, weights, rate):
    """Return what trains the AND gate by one call for each epoch."""

    def run(epochs):
        w, losses = np.array(weights), np.empty(1)
        of_w, of_losses, one, step = pointer(w), pointer(losses), c_long(1), c_double(rate)
        found = []
        for _ in range(epochs):
            function(of_w, one, step, of_losses)
            found.append(losses.item())
        return w, np.array(found)

    return run


def black_scholes(function, given, threads, *, keeps_room):
    """Return what prices a number of rows; `keeps_room` for results that are written over."""
    kept = np.empty((6, len(given[0])))

    def run(rows):
        found = kept[:, :rows] if keeps_room else np.empty((6, rows))
        columns = Columns(*[x.ctypes.data for x in [*given, *found]])
        function(columns, c_long(rows), c_int(threads))
        return list(found)

    return run


def two_moons(function, weights, points, sides):
    """Return what trains the network for a number of steps by a function of the library."""

    def run(steps):
        w, losses = np.array(weights), np.empty(steps)
        data = pointer(points), pointer(sides), c_long(len(points))
        function(pointer(w), *data, c_long(steps), pointer(losses))
        return w, losses

    return run


def gpt(library, names):
    """Return what trains a GPT for a number of steps, by one call."""
    return lambda steps: gpt_trained(library, names, steps, of_call=steps)


def gpt_by_steps(library, names):
    """Return what trains a GPT for a number of steps, by one call for each."""
    return lambda steps: gpt_trained(library, names, steps, of_call=1)


def gpt_trained(library, names, steps, of_call):
    """Return losses, weights and both means of Adam, after so many steps."""
    state = [names.weights.copy(), np.zeros_like(names.weights), np.zeros_like(names.weights)]
    losses, of_state = np.empty(steps), [pointer(x) for x in state]
    tokens, positions = names.tokens.ctypes.data, names.positions.ctypes.data
    row, one = names.tokens.strides[0], names.positions.strides[0]
    count, total = c_long(of_call), c_long(TOTAL_STEPS)
    for s in range(0, steps, of_call):
        given = c_void_p(tokens + row * s), c_void_p(positions + one * s), c_long(s)
        found = c_void_p(losses.ctypes.data + losses.itemsize * s)
        library.gpt_train(*of_state, *given, count, total, found)
    return [losses, *state]


def gpt_loss(library, names):
    """Return what finds loss and slopes for the first name, again and again, by a call for each."""
    library.gpt_loss.restype = c_double
    weights, slopes = names.weights, np.empty_like(names.weights)
    tokens, positions = c_void_p(names.tokens.ctypes.data), c_int(int(names.positions[0]))
    given = pointer(weights), tokens, positions, pointer(slopes)

    def run(times):
        for _ in range(times):
            loss = library.gpt_loss(*given)
        return [loss], slopes

    return run


def pointer(array):
    """Return where an array of doubles lies in memory."""
    return array.ctypes.data_as(ctypes.POINTER(c_double))
