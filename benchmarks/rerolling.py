"""What a step of training a network written in scalar code takes, beside C and arrays.

The networks are those of examples/microgpt.py and examples/digits.py: the scheduler of the compiler
has to find the vectors and matrices in their numbers again. Their peers are written for arrays, and
C and NumPy with slopes worked out by hand. All do the same steps, in one process and by turns, and
must first find the losses, weights and slopes of the first one in the table, to 1e-9. What is not
installed is left out. Run it with `python3 dev.py bench rerolling`; `--everything` brings JAX and
PyTorch, and `--only gpt_of_7,digits` picks some of the tables.
"""

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "examples"), str(ROOT / "tests"), str(ROOT)]

import by_hand
import digits
import digits_in_numpy
import gpt_in_numpy
import gpt_peers
import microgpt
import numpy as np
from compile_times import CACHE
from compiled import machine, stay_on_few_cores
from gpt_peers import STEPS, Names
from racing import Contender, race, table

from nanograd import jit, pack, unpack, value_and_grad

COMPARED = 3  # steps: the first tells the slopes; after many, roundings have grown


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="how many turns each one has")
    parser.add_argument("--only", default=",".join(TABLES), help="some of: %(default)s")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",")
    if unknown := [name for name in chosen if name not in TABLES]:
        parser.error(f"--only takes some of {', '.join(TABLES)}; it is {', '.join(unknown)}")
    stay_on_few_cores()
    with tempfile.TemporaryDirectory() as folder:
        os.environ[CACHE] = folder  # of kernels: this leaves the user's own alone
        c, note = by_hand.compiled(folder)
        print(f"{machine()}\n{note}\n")
        for name in chosen:
            print(TABLES[name](c, arguments.rounds), flush=True)
            print()
        print("×: how many times the median, and the least, of the first line")


# -- the GPT -------------------------------------------------------------------------------------


def first_names(positions=None):
    """Return the first names that the example learns from, or those with so many positions."""
    found = microgpt.names()
    Random(microgpt.SEED).shuffle(found)
    rows = [microgpt.tokens_of(name) for name in found]
    rows = [row for row in rows if positions in (None, len(row) - 1)][:STEPS]
    tokens = np.full((len(rows), microgpt.LONGEST + 1), microgpt.BOUNDARY, np.int32)
    for place, row in enumerate(rows):
        tokens[place, : len(row)] = row
    weights = gpt_in_numpy.vector(microgpt.first_state(microgpt.SEED)["weights"])
    return Names(tokens, np.array([len(row) - 1 for row in rows], np.int32), weights)


def gpt(c, rounds, positions=None):
    """Return the table of training steps."""
    names = first_names(positions)
    contenders = [
        *written_in_c(c, "C, all steps in a call", by_hand.gpt, names, STEPS),
        *written_in_c(c, "C, a call for each step", by_hand.gpt_by_steps, names, STEPS),
        Contender("NumPy, slopes by hand", gpt_peers.in_numpy(names), 100),
        *installed("jax", "jax.jit, all steps in a scan", gpt_peers.in_jax_at_once, names, STEPS),
        *installed("jax", "jax.jit, a call for each step", gpt_peers.in_jax, names, 200),
        *installed("torch", "PyTorch, eager", gpt_peers.in_torch, names, 20),
        *installed("torch", "torch.compile", gpt_peers.in_compiled_torch, names, 20),
        Contender("nanograd, jit, a call for each step", ours(names, eager=False), STEPS),
        Contender("nanograd, eager", ours(names, eager=True), 1),
    ]
    for each in contenders:
        each.compared = COMPARED
    title = f"GPT, names of {positions} positions" if positions else f"GPT, the first {STEPS} names"
    return table(f"{title}: per step", race(contenders, rounds))


def ours(names, *, eager):
    """Return what trains by the example's own step."""
    step = microgpt.step if eager else jit(microgpt.step, packed=True)
    rows = [row.tolist() for row in names.rows()]
    matrices = gpt_in_numpy.matrices(names.weights)
    weights = {name: matrix.tolist() for name, matrix in matrices.items()}
    nothing = microgpt.each(lambda _: 0.0, weights)
    first = {"weights": weights, "means": nothing, "squares": nothing}
    first = first if eager else pack(first)

    def run(steps):
        state, losses = first, []
        for s in range(steps):
            loss, state = step(state, rows[s], gpt_peers.rate_of(s), s + 1)
            losses.append(loss)
        return [losses, *map(gpt_in_numpy.vector, unpack(state).values())]

    return run


def gpt_slopes(c, rounds):
    """Return the table of loss and slopes for one name, whose tokens may be in the program."""
    names = first_names(8)
    contenders = [
        *written_in_c(c, "C", by_hand.gpt_loss, names, 1000),
        Contender("NumPy, slopes by hand", slopes_in_numpy(names), 100),
        *installed("ddx", "ddx-ad, interpreted", gpt_peers.in_ddx, names, 50),
        *installed("ddx", "ddx-ad, LLVM", gpt_peers.in_compiled_ddx, names, 100),
        Contender("nanograd, jit", our_slopes(names), 1000),
    ]
    return table("GPT, one name of 8 positions: loss and slopes", race(contenders, rounds))


def slopes_in_numpy(names):
    """Return what finds loss and slopes of the first name by NumPy."""
    tokens = names.rows()[0]

    def run(times):
        for _ in range(times):
            loss, slopes = gpt_in_numpy.loss_and_slopes(names.weights, tokens)
        return [loss], slopes

    return run


def our_slopes(names):
    """Return what finds them by the example's own loss."""
    f = jit(value_and_grad(microgpt.loss), packed=True)
    tokens = names.rows()[0].tolist()
    matrices = gpt_in_numpy.matrices(names.weights)
    weights = pack({name: matrix.tolist() for name, matrix in matrices.items()})

    def run(times):
        for _ in range(times):
            loss, slopes = f(weights, tokens)
        return [loss], gpt_in_numpy.vector(unpack(slopes))

    return run


# -- digits --------------------------------------------------------------------------------------


def read_digits(_, rounds):
    """Return the table of steps over mini-batches."""
    rng = Random(digits.SEED)
    rows, _ = digits.split(rng)
    layers = digits.first_state(rng)["layers"]
    batches = list(digits.batches(rows, rng))
    contenders = [
        Contender("NumPy, slopes by hand", digits_by_hand(layers, batches), 100),
        Contender("nanograd, jit", our_digits(layers, batches, eager=False), 100),
        Contender("nanograd, eager", our_digits(layers, batches, eager=True), 1),
    ]
    for each in contenders:
        each.compared = COMPARED
    return table(f"Digits, 64-32-10, {digits.BATCH} pictures: per step", race(contenders, rounds))


def digits_by_hand(layers, batches):
    """Return what trains the network by NumPy."""

    def run(steps):
        w, losses = list(map(np.array, layers)), []
        speeds = list(map(np.zeros_like, w))
        for s in range(steps):
            batch = batches[s % len(batches)]
            loss, w, speeds = digits_in_numpy.step(w, speeds, *batch, digits.LEARNING_RATE)
            losses.append(loss)
        return [losses, *w]

    return run


def our_digits(layers, batches, *, eager):
    """Return what trains it by the example's own step."""
    step = digits.step if eager else jit(digits.step, packed=True)
    first = {"layers": layers, "speeds": digits.each(lambda _: 0.0, layers)}
    first = first if eager else pack(first)

    def run(steps):
        state, losses = first, []
        for s in range(steps):
            loss, state = step(state, *batches[s % len(batches)], digits.LEARNING_RATE)
            losses.append(loss)
        return [losses, *map(np.array, unpack(state)["layers"])]

    return run


TABLES = {
    "gpt_of_7": partial(gpt, positions=7),
    "gpt_of_8": partial(gpt, positions=8),
    "gpt": gpt,
    "gpt_slopes": gpt_slopes,
    "digits": read_digits,
}

# -- contenders ----------------------------------------------------------------------------------


def written_in_c(library, name, made, names, size):
    """Return a contender written in C, if there is a library."""
    return [Contender(name, made(library, names), size)] if library else []


def installed(package, name, made, names, size):
    """Return a contender that needs a package, or say that it is left out."""
    if not find_spec(package):
        print(f"left out: {name}: {package} is not installed")
        return []
    begin = time.perf_counter()
    try:
        contender = Contender(name, made(names), size)
    except Exception as problem:  # noqa: BLE001 - whatever it is, the others go on
        print(f"left out: {name}: {type(problem).__name__}: {str(problem)[:200]}")
        return []
    prepared_s = time.perf_counter() - begin
    if prepared_s > 1:
        print(f"{name}: prepared in {prepared_s:.1f} s")
    return [contender]


if __name__ == "__main__":
    main()
