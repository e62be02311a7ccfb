"""A stopwatch for a training step: what tracing, compiling and each call take."""

import statistics
import time
from functools import update_wrapper

from nanograd import jit


class Stopwatch:
    """A training step that is compiled, unless it is to be `eager`, and timed in each call.

    A compiled function runs its own code only when it is traced, so the time within that is the
    time of tracing. The rest of such a call goes into compiling, and one run.
    """

    def __init__(self, step, *, eager):
        self.own_code = Timed(step)
        self.step = self.own_code if eager else jit(self.own_code, packed=True)
        self.eager = eager
        self.tracing_s = self.compiling_s = 0.0
        self.calls_s = []

    def __call__(self, *args):
        """Return what the step returns."""
        before, begin = self.own_code.elapsed_s, time.perf_counter()
        result = self.step(*args)
        elapsed_s = time.perf_counter() - begin
        tracing_s = 0.0 if self.eager else self.own_code.elapsed_s - before
        if tracing_s:
            self.tracing_s += tracing_s
            self.compiling_s += elapsed_s - tracing_s
        else:
            self.calls_s.append(elapsed_s)
        return result

    def __str__(self):
        median = self.report()["median_microseconds"]
        first = f"tracing {self.tracing_s:.1f} s, compiling {self.compiling_s:.1f} s; "
        each = f"{median:,.0f} microseconds" if median else "too few to tell"
        return f"{'' if self.eager else first}each step: {each}"

    def report(self):
        """Return the times by name; without a call that had nothing to compile, one is None."""
        median_s = statistics.median(self.calls_s) if self.calls_s else None
        return {
            "seconds_tracing": self.tracing_s,
            "seconds_compiling": self.compiling_s,
            "median_microseconds": median_s and median_s * 1e6,
        }


class Timed:
    """A function that knows how long its own code has run. To `jit`, it is that function."""

    def __init__(self, f):
        update_wrapper(self, f)
        self.f = f
        self.elapsed_s = 0.0

    def __call__(self, *args):
        """Return what the function returns."""
        begin = time.perf_counter()
        try:
            return self.f(*args)
        finally:
            self.elapsed_s += time.perf_counter() - begin
