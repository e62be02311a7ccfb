"""The direct way into machine code, and calls that are interrupted."""

import array
import os
import signal
import subprocess
import sys
import threading
import time
from collections import UserList
from fractions import Fraction
from pathlib import Path

import pytest

pytest.importorskip("llvmlite", reason="machine code is made by llvmlite")

import numpy as np

from nanograd import Value, jit, mean, vmap, where
from nanograd.calculus.scans import while_loop
from nanograd.compiler.backends.llvm import entry, interrupts, kernel

SIMPLE = ([0.5, (2.0, 3)], np.array([1.0, 2.0, 4.0]))


def function(w, x):
    a, (b, c) = w
    total = mean(vmap(lambda row: (row * a).tanh() * b)(x))
    return [total * c, (a + 1, total)]


def shortened():
    """Return a compiled function with its direct way, which is taken from some calls on."""
    compiled = jit(function)
    for _ in range(5):
        compiled(*SIMPLE)
    assert compiled.short_way is not None
    return compiled


def outcome(f, args):
    """Return what a call gives, or its error."""
    try:
        return f(*args)
    except Exception as error:  # noqa: BLE001 - it is compared
        return type(error), str(error)


class Float(float):
    pass


class List(list):
    pass


def arguments():
    """Yield arguments of all kinds, good and bad."""
    (a, (b, c)), x = SIMPLE
    numbers = [1, -7, True, 0, 2**53 + 1, 2**63, -(2**70), 10**400, Float(2.0), np.float64(2.0)]
    numbers += [np.float32(2.0), np.int64(3), Fraction(1, 3), "1", None, 1j, [1.0], (), 1e-320]
    numbers += [float("nan"), float("inf"), -0.0]
    for number in numbers:
        yield [number, (b, c)], x
        yield [a, (b, number)], x
    read_only = x.copy()
    read_only.flags.writeable = False
    arrays = [read_only, np.arange(6.0)[::2], np.arange(6.0)[::-1], x.astype("f4"), x.astype(">f8")]
    arrays += [np.arange(4), np.array([True, False]), np.ones((2, 2)), np.ones(0), np.float64(1.0)]
    arrays += [
        array.array("d", x),
        array.array("f", x),
        memoryview(x),
        memoryview(x)[::2],
        b"12345678",
    ]
    arrays += [
        x.tolist(),
        tuple(x),
        (each for each in x),
        range(3),
        x[:1],
        np.ones(1000),
        np.ones(7),
    ]
    arrays += [
        np.ma.masked_array(x, [0, 1, 0]),
        np.array(["a"]),
        x.astype(object),
        x + 0j,
        None,
        2.0,
    ]
    for each in arrays:
        yield [a, (b, c)], each
    shapes = [
        [a, [b, c]],
        (a, (b, c)),
        [a, (b,)],
        [a, (b, c, 1.0)],
        [a],
        [],
        a,
        {},
        List([a, (b, c)]),
    ]
    for each in [*shapes, UserList([a, (b, c)]), [a, (b, c), 1.0]]:
        yield each, x
    yield ()
    yield ([a, (b, c)],)
    yield [a, (b, c)], x, 1.0


@pytest.mark.parametrize("args", [*arguments()], ids=lambda args: repr(args)[:60])
def test_whatever_is_given_the_direct_way_does_what_the_usual_one_does(args):
    direct, usual = shortened(), jit(function)
    if args and type(args[-1]).__name__ == "generator":
        args = args[0], iter([1.0, 2.0])
    found, wanted = outcome(direct, args), outcome(usual, args)

    assert repr(found) == repr(wanted)
    assert outcome(direct, SIMPLE) == outcome(usual, SIMPLE)


def test_arguments_and_results_are_neither_lost_nor_kept():
    compiled = shortened()
    w, x = [0.5, (2.0, 3.0)], np.array([1.0, 2.0])
    watched = [w, w[0], w[1], *w[1], x, NotImplemented, float, list, tuple]
    compiled(w, x), compiled(w, x[::-1])
    before = list(map(sys.getrefcount, watched))
    for _ in range(5_000):
        compiled(w, x)
        compiled.short_way(w, x[:0])
        compiled.short_way(w, "x")
        compiled.short_way(w, x.astype("f4"))
        compiled.short_way([0.5, (2.0, "3")], x)
    after = list(map(sys.getrefcount, watched))

    assert max(abs(x - y) for x, y in zip(before, after, strict=True)) < 10
    x.resize(5, refcheck=False)  # no buffer of it is held


def test_a_million_calls_do_not_grow():
    resource = pytest.importorskip("resource")
    compiled = shortened()
    way = compiled.short_way
    for _ in range(1_000):
        way(*SIMPLE)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(1_000_000):
        way(*SIMPLE)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    assert grown < 2_000  # kB; a leak of a float in each call would be 24,000


def test_where_floats_lie_otherwise_the_usual_way_is_gone(monkeypatch):
    monkeypatch.setattr(kernel, "is_possible", lambda: False)
    compiled = jit(function)
    for _ in range(5):
        compiled(*SIMPLE)

    assert compiled.short_way is None
    monkeypatch.undo()
    assert compiled(*SIMPLE) == shortened()(*SIMPLE)


def test_it_is_not_possible_on_other_interpreters(monkeypatch):
    class Other:
        name = "pypy"

    assert entry.is_possible()
    entry.is_possible.cache_clear()
    monkeypatch.setattr(sys, "implementation", Other)
    assert not entry.is_possible()
    entry.is_possible.cache_clear()


def test_a_function_of_many_numbers_goes_the_usual_way():
    compiled = jit(lambda xs: xs[0] + xs[-1])
    compiled_many = jit(lambda xs: sum(x * x for x in xs))
    for _ in range(5):
        assert compiled_many([1.0] * 1000) == 1000.0
        assert compiled([1.0] * 3) == 2.0

    assert compiled_many.short_way is None


def test_values_go_the_usual_way():
    compiled, w = shortened(), Value(0.5)
    total, _ = compiled([w, (2.0, 3)], SIMPLE[1])
    total.backward()

    assert w.grad != 0


def test_many_threads_take_the_direct_way():
    compiled, wrong = shortened(), []
    wanted = {n: compiled([0.5, (2.0, n)], SIMPLE[1]) for n in range(8)}

    def work(n):
        found = [compiled([0.5, (2.0, n)], SIMPLE[1]) for _ in range(2_000)]
        wrong.extend(each for each in found if each != wanted[n])

    threads = [threading.Thread(target=work, args=(n,)) for n in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


# -- Ctrl-C ----------------------------------------------------------------------------------

ENDLESS = {
    "a scan": """
def step(x):
    return x * 0.999 + 0.001
f = jit(lambda x, n: scan(lambda s: (step(s), None), x, length=n)[0])
f(0.5, 10)
run = lambda: f(0.5, 10**12)
""",
    "a while": """
f = jit(lambda x: while_loop(lambda s: s < 1.0, lambda s: s * 0.5, x))
f(2.0)
run = lambda: f(0.5)
""",
    "rows with a scan": """
xs = np.ones(1000)
run = lambda: kernel([xs], {"steps": 10**11})
from nanograd.compiler.backends.llvm import lowered
from nanograd.compiler.programs.parsing import parsed
kernel = lowered(parsed('''program(x[rows])
 a = scan[steps] x
  body(x)
   b = mul x 0.999
   c = add b 0.001
   return c
 d = get[0] a
 return d'''))
kernel([xs], {"steps": 10})
""",
    "a while in rows": """
f = jit(vmap(lambda x: while_loop(lambda s: s < 1.0, lambda s: s * 0.5, x)))
f(np.ones(5))
xs = np.full(100_000, 0.5)
run = lambda: f(xs)
""",
}
CHILD = """
import faulthandler; faulthandler.dump_traceback_later(300, exit=True)
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may ignore it
import numpy as np
from nanograd import jit, scan, vmap
from nanograd.calculus.scans import while_loop
{build}
for _ in range(2):
    print("ready", flush=True)
    try:
        run()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    else:
        print("done", flush=True)
g = jit(lambda x: x * x)
print(g(3.0), flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="another process gets Ctrl-C otherwise on Windows")
@pytest.mark.parametrize("name", ENDLESS)
def test_ctrl_c_ends_a_call_that_would_not_end(name):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(build=ENDLESS[name])],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = []
    for _ in range(2):
        lines.append(child.stdout.readline().strip())
        wait_until_busy(child.pid)
        child.send_signal(signal.SIGINT)
        lines.append(child.stdout.readline().strip())
    with child.stdout:
        lines += child.stdout.read().split()

    assert lines == [*["ready", "interrupted"] * 2, "9.0"]
    assert child.wait(60) == 0


def wait_until_busy(pid):
    """Wait until a process has computed for a while after this moment."""
    start = cpu_time(pid)
    deadline = time.monotonic() + 120
    while cpu_time(pid) - start < 0.2:
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def cpu_time(pid):
    """Return for how many seconds a process has computed."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:  # no Linux: it will have begun
        return time.monotonic()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_ctrl_c_while_waiting_for_the_end_is_taken_too(monkeypatch):
    stop, waits = interrupts.Stop(), []

    def work():
        while not stop.word.value:
            threading.Event().wait(0.001)
        while len(waits) < 3:
            threading.Event().wait(0.001)
        return "done"

    def interrupted(_, patience):
        waits.append(patience)
        raise KeyboardInterrupt

    monkeypatch.setattr(interrupts, "wait", interrupted)
    monkeypatch.setattr(interrupts.Future, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        interrupts.interruptible(work, stop)

    assert isinstance(stop.reason, KeyboardInterrupt)
    assert len(waits) >= 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_has_threads_of_its_own():
    f = jit(lambda x: while_loop(lambda s: s < 1.0, lambda s: s * 2.0 + where(x > 5, 1.0, 0.0), x))
    g = jit(lambda xs: mean(vmap(lambda x: x.exp() * x + x * x)(xs)))
    many = np.ones(2_000_000)
    wanted = f(0.01), g(many)
    child = os.fork()
    if not child:
        os._exit(0 if (f(0.01), g(many)) == wanted else 1)
    deadline = time.monotonic() + 120
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid or time.monotonic() > deadline:
            break
        threading.Event().wait(0.01)
    if not pid:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert pid, "the child hangs"
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_nan_in_a_kernel_is_not_told_by_numpy_as_its_own():
    jit(lambda x: x.ln(), backend="llvm")(-1.0)

    with np.errstate(all="raise"):
        assert np.exp(np.array([Value(0.0)], object))[0].data == 1.0
