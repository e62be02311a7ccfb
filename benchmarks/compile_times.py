"""How long the first call of a compiled function takes, for programs of growing length."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from compiled_workloads import INPUTS, random_program
from racing import text_of

from nanograd import jit, value_and_grad

CACHE = "NANOGRAD_CACHE"  # the environment variable that says where kernels are kept
SIZES = (100, 1_000, 5_000, 20_000)
BACKENDS = ("llvm", "python")
PATIENCE = 6.0  # seconds for a cell of the table; what takes longer is done once
SEEDS = count(1)  # a new program for each first call: nothing can have been kept of it


def table(rounds):
    """Return the times as aligned text: the medians, and the least in brackets."""
    ways = {
        "the function": lambda f: f,
        "value_and_grad": value_and_grad,
    }
    rows = [f"{'First call, about so many operations':52}" + "".join(f"{n:>20,}" for n in SIZES)]
    for backend in BACKENDS:
        for name, way in ways.items():
            cells = [cell(first_calls(way, backend, nodes, rounds)) for nodes in SIZES]
            rows.append(f"  {f'{name}, {backend}':50}{''.join(cells)}")
    rows += fresh_processes(rounds)
    return "\n".join(rows)


def first_calls(way, backend, nodes, rounds):
    """Return the seconds of first calls, each of a program of its own."""
    if first_call(way, backend, SIZES[0], next(SEEDS)) is None:  # the backend itself is loaded
        return []
    found = []
    while len(found) < rounds and sum(found) < PATIENCE:
        found.append(first_call(way, backend, nodes, next(SEEDS)))
    return found


def first_call(way, backend, nodes, seed):
    """Return the seconds of one first call, which must be right; None without the backend."""
    f = way(random_program(nodes, seed))
    start = time.perf_counter()
    try:
        found = jit(f, backend=backend)(INPUTS)
    except ImportError as problem:
        print(f"left out: {backend}: {type(problem).__name__}: {problem}")
        return None
    seconds = time.perf_counter() - start
    check_agreement(found, f(INPUTS))
    return seconds


def check_agreement(found, expected):
    """Stop unless a compiled function finds what it finds eagerly."""
    pairs = [(found, expected)]
    if isinstance(expected, tuple):
        pairs = [(found[0], expected[0]), *zip(found[1], expected[1], strict=True)]
    largest = max(abs(float(b)) for _, b in pairs)
    error = max(abs(float(a) - float(b)) for a, b in pairs)
    if not error <= 1e-9 * largest:
        sys.exit(f"a compiled program disagrees with itself on Values by {error}")


# -- in a process of its own -----------------------------------------------------------------------


def fresh_processes(rounds):
    """Return the rows of processes that compile, and of those that find what others have kept."""
    cold, warm = [], []
    for nodes in SIZES:
        pairs = []
        while len(pairs) < rounds and sum(pair[0] for pair in pairs) < PATIENCE:
            pairs.append(in_fresh_processes(nodes))
        cold.append(cell([pair[0] for pair in pairs]))
        warm.append(cell([pair[1] for pair in pairs if pair[1] is not None]))
    label = "value_and_grad, llvm, a new process"
    return [
        f"  {label + ', nothing kept':50}{''.join(cold)}",
        f"  {label + ', kept':50}{''.join(warm)}",
    ]


def in_fresh_processes(nodes):
    """Return the seconds of the first call in a new process, and in one after it, if that helps."""
    with tempfile.TemporaryDirectory() as folder:
        call = f"first_call(value_and_grad, 'llvm', {nodes}, {next(SEEDS)})"
        command = [sys.executable, "-c", f"from compile_times import *; print({call})"]
        environment = {**os.environ, CACHE: folder}

        def once():
            done = subprocess.run(
                command, env=environment, cwd=HERE, capture_output=True, text=True, check=True
            )
            return float(done.stdout)

        first = once()
        return first, once() if any(Path(folder).rglob("*")) else None


def cell(seconds):
    """Return the median and the least of these as a cell, or a dash."""
    if not seconds:
        return f"{'-':>20}"
    return f"{f'{text_of(statistics.median(seconds))} ({text_of(min(seconds))})':>20}"
