"""What derivatives cost beside the function itself: each mode, run by turns.

The function is evaluated on Values, and then differentiated by each of the transforms, in one
process and by turns, with the garbage collector on. The medians over the rounds are compared.
Single times say little on a shared machine: read the ratios. The bounds are those that the design
promises: `value_and_grad` at most 5 times the function, `hvp` at most 5 times `grad`. Run it with
`python3 dev.py bench modes`.
"""

import argparse
import gc
import json
import platform
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import workloads

from nanograd import (
    Value,
    grad,
    hvp,
    jet,
    jvp,
    linearize,
    sparse_jacobian,
    sparsity,
    value_and_grad,
)

BANDED = "banded 10,000 × 10,000"
BOUNDS = {("value_and_grad", "function"): 5.0, ("hvp", "grad"): 5.0}
CELLS = [
    # workload, nodes, rounds
    ("wide", 9_999, 15),
    ("chain", 9_999, 15),
    ("rosenbrock", 1_000, 15),
]


def main():
    """Print the table, or one JSON object with --json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    times = {
        f"{name} {size:,}": race(modes_of(*formula(name, size)), rounds)
        for name, size, rounds in CELLS
    }
    times[BANDED] = race(banded(10_000), 5)
    report = as_json if arguments.json else as_table
    print(report(times))


def race(modes, rounds):
    """Return the seconds of each mode in each round, run by turns."""
    seconds = {mode: [] for mode in modes}
    for _ in range(rounds):
        for mode, run in modes.items():
            gc.collect()
            start = time.perf_counter()
            run()
            seconds[mode].append(time.perf_counter() - start)
    return seconds


def modes_of(f, x):
    """Return what is timed: the function on Values, and its derivatives by each mode."""
    direction = [1.0] * len(x)
    _, push = linearize(f, x)
    return {
        "function": lambda: f([Value(each) for each in x]),
        "grad": lambda: grad(f)(x),
        "value_and_grad": lambda: value_and_grad(f)(x),
        "jvp": lambda: jvp(f, (x,), (direction,)),
        "linearized": lambda: push(direction),
        "hvp": lambda: hvp(f)(x, direction),
        "jet to order 3": lambda: jet(f, (x,), ([direction, [0.0] * len(x), [0.0] * len(x)],)),
    }


def banded(size):
    """Return what is timed of a Jacobian of so many rows, each with three entries."""
    x = [0.1 * (i % 7) for i in range(size)]
    pattern = sparsity(diffusion)(x)
    return {
        "jvp": lambda: jvp(diffusion, (x,), ([1.0] * size,)),
        "the pattern": lambda: sparsity(diffusion)(x),
        "sparse_jacobian": lambda: sparse_jacobian(diffusion, pattern)(x),
    }


def diffusion(x):
    """Return how fast each temperature of a rod changes, whose conductivity depends on it."""
    inner = [(a - 2 * b + c) * (1 + b * b) for a, b, c in zip(x, x[1:], x[2:], strict=False)]
    return [x[0], *inner, x[-1]]


def formula(name, size):
    """Return a function of a list of numbers, and where to evaluate it."""
    if name == "rosenbrock":
        return rosenbrock, [1.0 + 0.1 * (-1) ** i for i in range(size)]
    workload = getattr(workloads, name)

    def f(x):
        rest = iter(x)
        return workload(lambda _: next(rest), size)[0]

    return f, [0.5, 0.9]


def rosenbrock(x):
    """Return the banana-shaped function of many variables."""
    return sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x))


def ratio(seconds, mode, other):
    """Return how many times as long a mode takes as another, and the quartiles of the rounds."""
    ratios = [a / b for a, b in zip(seconds[mode], seconds[other], strict=True)]
    return statistics.quantiles(ratios, n=4)


def as_table(times):
    """Return the results as aligned text."""
    usual = {label: seconds for label, seconds in times.items() if label != BANDED}
    _, *modes = next(iter(usual.values()))
    pairs = [*((mode, "function") for mode in modes), ("hvp", "grad")]
    rows = [f"{'':32}" + "".join(f"{label:>24}" for label in usual)]
    rows += [row(mode, other, usual) for mode, other in pairs]
    rows += ["", f"{'':32}{BANDED:>24}"]
    rows += [row(mode, "jvp", {BANDED: times[BANDED]}) for mode in list(times[BANDED])[1:]]
    return "\n".join([*rows, "", "Medians of the rounds (and their quartiles).", machine()])


def row(mode, other, times):
    """Return the ratios of two modes as a line."""
    cells = [ratio(seconds, mode, other) for seconds in times.values()]
    texts = [f"{middle:.2f} ({low:.2f} to {high:.2f})" for low, middle, high in cells]
    label = f"{mode} ÷ {other}"
    return f"{label:32}" + "".join(f"{text:>24}" for text in texts) + bound(mode, other)


def bound(mode, other):
    """Return the bound of a ratio as text, if there is one."""
    return f"  at most {BOUNDS[mode, other]:g}" if (mode, other) in BOUNDS else ""


def as_json(times):
    """Return the results as one JSON object."""
    medians = {
        label: {mode: statistics.median(each) for mode, each in seconds.items()}
        for label, seconds in times.items()
    }
    return json.dumps({"seconds": medians, "machine": machine()}, indent=1)


def machine():
    """Return what this ran on."""
    return f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}"


if __name__ == "__main__":
    main()
