"""What compiled scalar code takes beside hand-written C, and how long it takes to compile.

All contenders of a race do the same work, in one process and by turns; before that, each must find
what the first of them finds, to 1e-9. Read the ratios: single times say little on a shared machine.
The C is compiled with all that makes it fast, and is left out where there is no compiler. Run it
with `python3 dev.py bench compiled`; `--only and_gate,moons` picks some of the tables.
"""

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import by_hand
import compile_times
import compiled_workloads as workloads
import numpy as np
from racing import Contender, race, table
from workloads import two_moons

from nanograd import jit, value_and_grad, vmap

CORES = 2
BACKENDS = ("llvm", "numpy", "python")

WEIGHTS, RATE = [0.3, -0.6, 0.1], 0.05
EXAMPLES = [np.array(column, float) for column in ((0, 0, 1, 1), (0, 1, 0, 1), (0, 0, 0, 1))]
ROWS, POINTS = 1_000_000, 100


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="how many turns each one has")
    parser.add_argument("--only", default=",".join(TABLES), help="some of: %(default)s")
    arguments = parser.parse_args()
    names = arguments.only.split(",")
    if unknown := [name for name in names if name not in TABLES]:
        parser.error(f"--only takes some of {', '.join(TABLES)}; it is {', '.join(unknown)}")
    stay_on_few_cores()
    with tempfile.TemporaryDirectory() as folder:
        os.environ[compile_times.CACHE] = folder  # of kernels: this leaves the user's own alone
        c, note = by_hand.compiled(folder)
        print(f"{machine()}\n{note}\n")
        for name in names:
            print(TABLES[name](c, arguments.rounds), flush=True)
            print()
        print("×: how many times the median, and the least, of the first line")


def stay_on_few_cores():
    """Keep this process to two cores, whoever starts threads in it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def machine():
    """Return what this runs on, and how busy that is."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}, "
        f"{os.cpu_count()} cores{load}"
    )


# -- the tables ----------------------------------------------------------------------------------


def and_gate(c, rounds):
    """Return the table of the AND gate, all epochs in one call."""

    def training(f):
        return lambda epochs: f(WEIGHTS, *EXAMPLES, epochs, RATE)

    def in_c(function):
        return by_hand.and_gate(function, WEIGHTS, RATE)

    contenders = [
        *written_in_c(c, ("and_gate_as_stated", "and_gate_simplified"), in_c, 10_000),
        *ours(workloads.train, training, {"llvm": 10_000, "numpy": 200, "python": 1_000}, 100),
    ]
    return table("AND gate, all in one call: per epoch", race(contenders, rounds))


def and_gate_by_epoch(c, rounds):
    """Return the table of the AND gate, each epoch a call from Python."""

    def training(f):
        def run(epochs):
            w, losses = WEIGHTS, []
            for _ in range(epochs):
                w, loss = f(w, *EXAMPLES, RATE)
                losses.append(loss)
            return w, losses

        return run

    def in_c(function):
        return by_hand.and_gate_by_steps(function, WEIGHTS, RATE)

    sizes = {"llvm": 1_000, "numpy": 200, "python": 500}
    contenders = [
        *written_in_c(c, ("and_gate_as_stated",), in_c, 1_000),
        *ours(workloads.train_one_epoch, training, sizes, 50),
    ]
    return table("AND gate, a call for each epoch: per epoch", race(contenders, rounds))


def black_scholes(c, rounds):
    """Return the table of option prices with their slopes."""
    given = options()

    def pricing(f):
        def run(rows):
            prices, slopes = f(*[column[:rows] for column in given])
            return [prices, *slopes]

        return run

    def in_c(threads, *, keeps_room):
        return lambda f: by_hand.black_scholes(f, given, threads, keeps_room=keeps_room)

    names = "black_scholes_closed_form", "black_scholes_reverse_mode"
    f = vmap(value_and_grad(workloads.price, argnums=(0, 1, 2, 3, 4)))
    contenders = [
        *written_in_c(c, names, in_c(2, keeps_room=True), ROWS, ", 2 threads"),
        *written_in_c(c, names, in_c(1, keeps_room=True), ROWS, ", 1 thread"),
        *written_in_c(c, names[1:], in_c(2, keeps_room=False), ROWS, ", 2 threads, new arrays"),
        *ours(f, pricing, {"llvm": ROWS, "numpy": 100_000, "python": 5_000}, 500),
    ]
    return table("Black-Scholes, value and five slopes: per row", race(contenders, rounds))


def options():
    """Return spot, strike, years, rate and volatility of many options."""
    rng = np.random.default_rng(0)
    ranges = (50, 150), (50, 150), (0.1, 2), (0, 0.1), (0.1, 0.5)
    return [rng.uniform(low, high, ROWS) for low, high in ranges]


def moons(c, rounds):
    """Return the table of the network, all steps in one call."""
    pairs = two_moons(POINTS)
    points, sides = (np.array(column, float) for column in zip(*pairs, strict=True))
    layers = workloads.first_layers()
    flat = [w for layer in layers for neuron in layer for w in neuron]

    def training(f):
        return lambda steps: f(layers, points, sides, np.arange(float(steps)))

    def in_c(function):
        return by_hand.two_moons(function, flat, points, sides)

    sizes = {"llvm": 100, "numpy": 10, "python": 2}
    contenders = [
        *written_in_c(c, ("two_moons_by_neuron", "two_moons_by_point"), in_c, 100),
        *ours(workloads.train_network, training, sizes, 1),
    ]
    return table("Two moons, 2-16-16-1, 100 points: per step", race(contenders, rounds))


def compile_time(_, rounds):
    """Return the table of first calls."""
    return compile_times.table(rounds)


TABLES = {
    "and_gate": and_gate,
    "and_gate_by_epoch": and_gate_by_epoch,
    "black_scholes": black_scholes,
    "moons": moons,
    "compile_time": compile_time,
}

# -- contenders ----------------------------------------------------------------------------------


def written_in_c(c, names, runner, size, note=""):
    """Return functions of the C library as contenders, if there is one."""
    if c is None:
        return []
    return [
        Contender(f"C, {name.replace('_', ' ')}{note}", runner(getattr(c, name)), size)
        for name in names
    ]


def ours(f, runner, sizes, eager_size):
    """Return a function as contenders: compiled by each backend, and as it stands."""
    compiled = [
        Contender(f"nanograd, {backend}", runner(jit(f, backend=backend)), sizes[backend])
        for backend in BACKENDS
    ]
    return [*compiled, Contender("nanograd, eager", runner(f), eager_size)]


if __name__ == "__main__":
    main()
