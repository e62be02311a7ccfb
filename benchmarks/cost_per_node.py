"""What one node costs, in time and memory: building a graph and walking it backward.

Each workload runs on nanograd's Value and on its two peers by turns, in one process, as a
training loop does: graph after graph is built, walked and dropped, with the garbage collector on.
The medians over the rounds are compared. Single times say little on a shared machine: read the
ratios. Run it with `python3 dev.py bench cost_per_node`.
"""

import argparse
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import peers
import workloads

from nanograd import Value

KINDS = {"nanograd": Value, "microgpt": peers.LocalGradientValue, "micrograd": peers.ClosureValue}
CELLS = [
    # workload, nodes, graphs in a row, rounds
    ("wide", 9_999, 10, 9),
    ("wide", 99_999, 2, 5),
    ("chain", 9_999, 10, 9),
    ("and_epoch", 1, 500, 9),
    ("moons_step", 1, 2, 5),
]


def main():
    """Print the table, or one JSON object with --json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--measure-bytes", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sys.setrecursionlimit(1_000_000)  # for the peers, which sort by recursion
    if arguments.measure_bytes:
        print(resident_bytes_per_node(KINDS[arguments.measure_bytes], 999_999))
        return
    times = {cell[:2]: race(*cell) for cell in CELLS}
    memory = {kind: measured_apart(kind) for kind in KINDS}
    report = as_json if arguments.json else as_table
    print(report(times, memory))


def race(name, nodes, graphs, rounds):
    """Return the median seconds per graph of each kind of Value, run by turns."""
    workload = getattr(workloads, name)
    check_agreement(name, {kind: run(workload, value, nodes) for kind, value in KINDS.items()})
    seconds = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        for kind, value in KINDS.items():
            gc.collect()
            start = time.perf_counter()
            for _ in range(graphs):
                run(workload, value, nodes)
            seconds[kind].append((time.perf_counter() - start) / graphs)
    return {kind: statistics.median(times) for kind, times in seconds.items()}


def run(workload, value, nodes):
    """Return the slopes found in one graph, built, walked backward and dropped."""
    output, inputs = workload(value, nodes)
    output.backward()
    return [x.grad for x in inputs]


def check_agreement(name, slopes):
    """Stop unless all kinds of Value find the same slopes."""
    for kind, found in slopes.items():
        error = max(abs(a - b) for a, b in zip(found, slopes["nanograd"], strict=True))
        if not error <= 1e-9 * max(map(abs, found)):
            sys.exit(f"{kind} disagrees with nanograd on {name} by {error}")


def measured_apart(kind):
    """Return the resident bytes per node of one kind, measured in a process of its own."""
    command = [sys.executable, __file__, "--measure-bytes", kind]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def resident_bytes_per_node(value, nodes):
    """Return by how many bytes a node the process grew while a chain was built.

    A chain is built without lists, so nothing but the graph is counted.
    """
    gc.collect()
    before = resident_bytes()
    graph = workloads.chain(value, nodes)
    grown = resident_bytes() - before
    del graph
    return grown / nodes


def resident_bytes():
    """Return the memory that this process holds (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def as_table(times, memory):
    """Return the results as aligned text."""
    rows = [f"{'':18}{'nanograd':>12}{'÷ microgpt':>13}{'÷ micrograd':>13}"]
    for (name, nodes), medians in times.items():
        ours, label = medians["nanograd"], f"{name} {nodes:,}" if nodes > 1 else name
        time_ = f"{ours / nodes * 1e9:.0f} ns/node" if nodes > 1 else f"{ours * 1e6:.0f} µs"
        ratios = "".join(f"{ours / medians[peer]:13.2f}" for peer in ("microgpt", "micrograd"))
        rows.append(f"{label:18}{time_:>12}{ratios}")
    bytes_ = ", ".join(f"{kind} {found:.0f}" for kind, found in memory.items())
    return "\n".join([*rows, f"resident bytes per node of a chain: {bytes_}", machine()])


def as_json(times, memory):
    """Return the results as one JSON object."""
    seconds = {f"{name} {nodes}": medians for (name, nodes), medians in times.items()}
    found = {"seconds": seconds, "bytes_per_node": memory, "machine": machine()}
    return json.dumps(found, indent=1)


def machine():
    """Return what this ran on."""
    return f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}"


if __name__ == "__main__":
    main()
