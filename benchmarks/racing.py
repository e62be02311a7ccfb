"""Races: contenders that do the same work, checked against each other and then timed by turns."""

import gc
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MOMENT = 2e-3  # seconds that a turn takes at least,
PATIENCE = 4.0  # and that all turns of a contender take at most, however many rounds there are
TOLERANCE = 1e-9  # relative, as sums are added up in different orders
NEARLY_NOTHING = 1e-12  # of the largest number: so small, they may differ by more


@dataclass
class Contender:
    """Somebody who does the work, and how long it took in each round, in seconds per unit."""

    name: str
    run: Callable[[int], Any]  # does so many units of the work, and returns what it found
    size: int  # the units in a run that is timed,
    compared: int = 10**9  # and the most that are compared: in long trainings roundings add up
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self):
        """What a unit takes."""
        return statistics.median(self.seconds)

    @property
    def least(self):
        """What a unit took when nobody was in the way."""
        return min(self.seconds)


def race(contenders, rounds):
    """Return the contenders that can do the work, timed; they must agree with the first of them."""
    fit = [each for each in contenders if can_run(each)]
    for each in fit[1:]:
        check_agreement(each, fit[0])
    repeats = {each.name: repeats_of(each) for each in fit}
    for _ in range(rounds):
        gc.collect()
        for each in fit:
            if sum(each.seconds) * each.size * repeats[each.name] < PATIENCE:
                each.seconds.append(seconds_of(each, repeats[each.name]))
    return fit


def can_run(contender):
    """Return whether a contender does the work at all; say so if not."""
    try:
        contender.run(contender.size)
    except Exception as problem:  # noqa: BLE001 - whatever it is, the others go on
        text = " ".join(str(problem).split())
        print(f"left out: {contender.name}: {type(problem).__name__}: {text[:200]}")
        return False
    return True


def check_agreement(contender, reference):
    """Stop unless a contender finds what the reference finds."""
    size = min(contender.size, reference.size, contender.compared)
    found, expected = (flat(each.run(size)) for each in (contender, reference))
    for a, b in zip(found, expected, strict=True):
        off = np.abs(a - b) - TOLERANCE * np.abs(b) - NEARLY_NOTHING * np.max(np.abs(b))
        if a.shape != b.shape or not np.all(off <= 0):
            sys.exit(f"{contender.name} disagrees with {reference.name} by {np.max(abs(a - b))}")


def flat(found):
    """Return each part of what was found as an array; nested lists of numbers are one."""
    return [
        part if isinstance(part, np.ndarray) else np.array(list(numbers_in(part)), dtype=float)
        for part in found
    ]


def numbers_in(x):
    """Yield the numbers in nested lists."""
    if isinstance(x, list | tuple):
        for part in x:
            yield from numbers_in(part)
    else:
        yield x


def repeats_of(contender):
    """Return how often a contender runs in its turn."""
    once = seconds_of(contender, 1) * contender.size
    return max(1, round(MOMENT / once))


def seconds_of(contender, repeats):
    """Return how long a contender takes, per unit."""
    start = time.perf_counter()
    for _ in range(repeats):
        contender.run(contender.size)
    return (time.perf_counter() - start) / repeats / contender.size


def table(title, contenders):
    """Return the times as aligned text, and how they compare to those of the first contender."""
    first = contenders[0]
    heads = ("median", "least", "× median", "× least")
    rows = [f"{title:52}" + "".join(f"{head:>16}" for head in heads)]
    for each in contenders:
        times = f"{text_of(each.median):>16}{text_of(each.least):>16}"
        ratios = f"{each.median / first.median:16.2f}{each.least / first.least:16.2f}"
        rows.append(f"  {each.name:50}{times}{ratios}")
    return "\n".join(rows)


def text_of(seconds):
    """Return a time with three digits, in a unit that suits it."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
