"""What it costs to trace, derive and simplify a program of so many instructions: time and memory.

A step of a small transformer, and programs of any length: a chain, a random graph, a wide sum. The
stages are those of the first call of `jit(value_and_grad(f))` before any backend: f is run on
stand-ins, the derivative is written after it, both are recorded in the program of the call, and
that goes through the passes. Times are of the processor: on an idle machine, as long as it takes.
Memory is the most that a process of its own holds, beyond what it held before, per instruction. Run
it with `python3 dev.py bench tracing_cost`; `--sizes` takes other lengths.
"""

import argparse
import platform
import random
import subprocess
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import transformer
from racing import text_of

from nanograd import exp, jit, sin, tanh, value_and_grad  # noqa: F401 - jit: all is loaded
from nanograd.compiler.calls.traced import TracedFunction
from nanograd.compiler.derivatives.derivative import gradient
from nanograd.compiler.passes.exact import optimized
from nanograd.compiler.tracing.trace import trace

NAME = [26, *(ord(letter) - ord("a") for letter in "isabella")]  # 26: where a name begins
SIZES = (200_000, 1_000_000)
STAGES = ("f", "its gradient", "all traced", "passes", "traced + passes")


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is done")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="instructions traced")
    parser.add_argument("--only", default=",".join(WORKLOADS), help="some of: %(default)s")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        name, size = arguments.one
        print(*measured(name, int(size)))
        return
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}\n")
    heads = ["instructions", "left", *STAGES, "bytes each"]
    print(f"{'':14}" + "".join(f"{head:>17}" for head in heads))
    for name in arguments.only.split(","):
        for size in [0] if name == "transformer" else arguments.sizes:
            print(row(name, size, arguments.rounds), flush=True)


def row(name, size, rounds):
    """Return a line of the table: the least of several processes."""
    found = [measured_apart(name, size) for _ in range(rounds)]
    traced, left, *times, bytes_each = map(min, zip(*found, strict=True))
    cells = [f"{traced:,.0f}", f"{left:,.0f}", *map(text_of, times), f"{bytes_each:,.0f}"]
    return f"{name:14}" + "".join(f"{cell:>17}" for cell in cells)


def measured_apart(name, size):
    """Return what one process measures."""
    command = [sys.executable, __file__, "--one", name, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(map(float, done.stdout.split()))


def measured(name, size):
    """Return instructions before and after, seconds for each stage, and bytes an instruction."""
    f, args, loss = WORKLOADS[name](size)
    TracedFunction(value_and_grad(tanh), [1.0], {})  # what is loaded late is loaded
    times = [time.process_time()]
    before = most_resident_bytes()
    traced = TracedFunction(f, args, {}).program
    times.append(time.process_time())
    after = optimized(traced)
    times.append(time.process_time())
    bytes_each = (most_resident_bytes() - before) / len(traced)
    parts = seconds_of_parts(*loss)
    whole, passes = times[1] - times[0], times[2] - times[1]
    return len(traced), len(after), *parts, whole, passes, whole + passes, bytes_each


def seconds_of_parts(f, inputs):
    """Return how long it takes to trace a function alone, and to write its gradient alone."""
    start = time.process_time()
    program = trace(f, inputs).program
    middle = time.process_time()
    gradient(program, range(len(inputs)), values=True)
    return middle - start, time.process_time() - middle


def most_resident_bytes():
    """Return the most memory that this process has held (Linux), since this was asked last."""
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
    Path("/proc/self/clear_refs").write_text("5")
    return peak


# -- workloads: a function and its arguments, and the loss in it and its inputs --------------------


def transformer_step(_):
    """Return a step of the training of a transformer, on a name of eight letters."""
    step, args = transformer.training_step(NAME), transformer.arguments()
    names = [f"w{i}" for i in range(sum(rows * columns for rows, columns in SHAPES))]

    def loss(*numbers):
        rest = iter(numbers)
        weights = {
            name: [[next(rest) for _ in range(columns)] for _ in range(rows)]
            for name, (rows, columns) in transformer.SHAPES.items()
        }
        return transformer.name_loss(weights, NAME)

    return step, args, (loss, names)


SHAPES = transformer.SHAPES.values()


def chain(instructions):
    """Return a chain in which each number depends on the one before."""
    links = instructions // 8

    def loss(x, y):
        for _ in range(links):
            x = sin(x) * y + 0.5
        return x

    return value_and_grad(lambda numbers: loss(*numbers)), [[0.3, 0.9]], (loss, ["x", "y"])


def random_graph(instructions):
    """Return a graph in which a number is made of any two before."""
    rng = random.Random(3)
    names = [f"x{i}" for i in range(100)]
    count = instructions * 2 // 9
    steps = [
        (rng.randrange(4), rng.randrange(100 + i), rng.randrange(100 + i)) for i in range(count)
    ]
    ways = [lambda x, y: x + y, lambda x, y: x * y, lambda x, y: x - y, lambda x, _: tanh(x)]

    def loss(*numbers):
        found = list(numbers)
        for way, i, j in steps:
            found.append(ways[way](found[i], found[j]))
        return sum(found)

    return value_and_grad(lambda numbers: loss(*numbers)), [[0.1] * 100], (loss, names)


def wide_sum(instructions):
    """Return a sum of many terms."""
    names = [f"x{i}" for i in range(instructions // 6)]

    def loss(*numbers):
        return sum(exp(x) * x for x in numbers)

    return value_and_grad(lambda numbers: loss(*numbers)), [[0.1] * len(names)], (loss, names)


WORKLOADS = {
    "transformer": transformer_step,
    "chain": chain,
    "random graph": random_graph,
    "wide sum": wide_sum,
}

if __name__ == "__main__":
    main()
