"""The backends, by one table: what holds for each of them is tested for each."""

import math

from nanograd.compiler.backends import llvm, numpy, python
from nanograd.compiler.programs.replay import replay

#: How a program is lowered, and how far results may be from those of `replay`, relative to them.
BACKENDS = {
    "python": (python.lowered, 0.0),
    "numpy": (numpy.lowered, 1e-12),
    "llvm": (llvm.lowered, 1e-12),
}


def run(name, program, operands, lengths=None):
    """Return what a backend makes of a program, as floats and lists of them."""
    lowered, _ = BACKENDS[name]
    return [x if isinstance(x, float) else plain(x) for x in lowered(program)(operands, lengths)]


def plain(x):
    """Return lists, or an array, as lists."""
    return x if isinstance(x, list) else x.tolist()


def assert_as_replay(name, program, operands, lengths=None, least=1e-14):
    """Check the results of a backend against those of the reference interpreter.

    What is nearer than the least difference is the same, where results may differ at all.
    """
    wanted = replay(program, operands, lengths)
    found = run(name, program, operands, lengths)
    _, tolerance = BACKENDS[name]

    assert are_close(found, wanted, tolerance, least), f"{found}\n{wanted}\n{program}"


def are_close(x, y, tolerance, least=1e-14):
    """Return whether numbers, or lists of them, are the same, within a relative tolerance."""
    if isinstance(x, list) or isinstance(y, list):
        if not isinstance(x, list) or not isinstance(y, list) or len(x) != len(y):
            return False
        return all(are_close(*pair, tolerance, least) for pair in zip(x, y, strict=True))
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    if not tolerance:
        return x.hex() == y.hex()
    return math.isclose(x, y, rel_tol=tolerance, abs_tol=least)
