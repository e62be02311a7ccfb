"""Nanoseconds per element of the vector functions, beside NumPy's and the C library's libmvec.

Each function goes through one array that fits the caches, on one thread, by turns with its peers:
NumPy's function of the same name, and gcc -O3 -ffast-math -march=native with libmvec where gcc is
there. The medians over the rounds are printed, for eight lanes and four, and the ratios to both
peers. (What is promised for accuracy differs: here 2 units in the last place, in libmvec 4.) Run
it with `python3 dev.py bench vector_math`.
"""

import argparse
import ctypes
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np
from vector_loops import compiled

from nanograd.compiler.backends.llvm.vector_math import IN_DOUBLE, OPERATIONS

TWO_OPERANDS = {"pow", "hypot", "arctan2", "elu"}
RANGES = {
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "pow"), (0.01, 10.0)),
    **dict.fromkeys(("arcsin", "arccos", "arctanh"), (-1.0, 1.0)),
    "log1p": (-0.9, 10.0),
    "arccosh": (1.0, 100.0),
}
IN_C = {
    **{f"arc{name}": f"a{name}(x[i])" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "arctan2": "atan2(x[i], y[i])",
    "sigmoid": "1 / (1 + exp(-x[i]))",
    "silu": "x[i] / (1 + exp(-x[i]))",
    "softplus": "fmax(x[i], 0) + log1p(exp(-fabs(x[i])))",
    "log_sigmoid": "fmin(x[i], 0) - log1p(exp(-fabs(x[i])))",
    "elu": "x[i] > 0 ? x[i] : y[i] * expm1(x[i])",
    "gelu": "0.5 * x[i] * erfc(-x[i] * 0.7071067811865476)",
}


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="FUNCTION", help="which ones; default: all")
    parser.add_argument("--elements", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    names = arguments.names or ["sqrt", *(function.__name__ for function in IN_DOUBLE)]
    emitters = {name: (OPERATIONS[name], 1 + (name in TWO_OPERANDS)) for name in names}
    contenders = {
        "8 lanes": {name: f.raw for name, f in compiled(emitters, "double", 8).items()},
        "4 lanes": {name: f.raw for name, f in compiled(emitters, "double", 4).items()},
        "libmvec": in_c(names),
        "NumPy": {name: getattr(np, name) for name in names if hasattr(np, name)},
    }
    print(f"{'':12}", *(f"{label:>9}" for label in contenders), "  ÷ libmvec  ÷ NumPy")
    for name in names:
        runs = {label: of[name] for label, of in contenders.items() if name in of}
        times = race(name, runs, arguments.elements, arguments.rounds)
        columns = [f"{times[label]:9.2f}" if label in times else 9 * " " for label in contenders]
        ratios = [times["8 lanes"] / times.get(peer, float("nan")) for peer in ("libmvec", "NumPy")]
        print(f"{name:12}", *columns, f"{ratios[0]:11.2f} {ratios[1]:8.2f}", flush=True)


def race(name, runs, elements, rounds):
    """Return the median nanoseconds per element of each contender, by turns.

    They are of the thread's own time: on a busy machine, the clock on the wall also counts what the
    others do, and often on the same contender.
    """
    rng = np.random.default_rng(0)
    low, high = RANGES.get(name, (-5.0, 5.0))
    *arrays, out = rows(2 + (name in TWO_OPERANDS), elements)
    for array in arrays:
        array[:] = rng.uniform(low, high, elements)
    addresses = [array.ctypes.data for array in (*arrays, out)]
    repeats = max(1, 200_000 // elements)
    times = {label: [] for label in runs}
    for _ in range(rounds):
        for label, run in runs.items():
            is_numpy = isinstance(run, np.ufunc)
            start = time.thread_time()
            for _ in range(repeats):
                run(*arrays, out=out) if is_numpy else run(elements, *addresses)
            times[label].append((time.thread_time() - start) / repeats / elements * 1e9)
    return {label: statistics.median(each) for label, each in times.items()}


def rows(count, elements):
    """Return arrays that begin where a line of the cache does, and never at the same one of a page.

    A processor takes a load for one of what it has just stored if both are at the same place of
    their pages, and waits.
    """
    stride = -(-elements // 512) * 512 + 128
    room = np.empty((count + 1) * stride)
    first = -room.ctypes.data // 8 % 8
    return [room[first + i * stride :][:elements] for i in range(count)]


def in_c(names):
    """Return the loops that gcc makes of the functions, or nothing where there is no gcc."""
    gcc = shutil.which("gcc")
    if not gcc:
        return {}
    loops = [
        f"void {name}_loop(long n, const double *restrict x, "
        f"{'const double *restrict y, ' if name in TWO_OPERANDS else ''}double *restrict out)\n"
        f"{{ for (long i = 0; i < n; i++) out[i] = {IN_C.get(name) or plain_c(name)}; }}\n"
        for name in names
    ]
    with tempfile.TemporaryDirectory() as folder:
        source, code, library = (str(Path(folder, f"loops.{end}")) for end in ("c", "o", "so"))
        Path(source).write_text("#include <math.h>\n" + "".join(loops), encoding="utf-8")
        flags = ["-O3", "-ffast-math", "-march=native", "-mprefer-vector-width=512", "-fPIC"]
        subprocess.run([gcc, *flags, "-c", source, "-o", code], check=True)
        # Linked with -ffast-math, it would turn denormal numbers off for the whole process.
        subprocess.run([gcc, "-shared", code, "-o", library, "-lmvec", "-lm"], check=True)
        loaded = ctypes.CDLL(library)
    found = {name: getattr(loaded, f"{name}_loop") for name in names}
    for name, loop in found.items():
        loop.argtypes = [ctypes.c_long, *[ctypes.c_void_p] * (2 + (name in TWO_OPERANDS))]
        loop.restype = None
    return found


def plain_c(name):
    """Return the call of a function that has the same name in C."""
    return f"{name}(x[i], y[i])" if name in TWO_OPERANDS else f"{name}(x[i])"


if __name__ == "__main__":
    main()
