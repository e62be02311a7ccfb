"""The line that tells what is being done while compiling takes long: true, rare, and gone after."""

import io
import sys
import types
from functools import partial
from threading import Thread

import pytest

from nanograd import grad, jit, sin, value_and_grad
from nanograd.compiler import telling
from nanograd.compiler.calls import lowering
from nanograd.compiler.telling import Telling
from nanograd.progress import LiveLine


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True

    @property
    def drawings(self):
        return [drawing.strip() for drawing in self.getvalue().split("\r")]


class Clock:
    """A clock that moves on by itself each time that somebody looks at it."""

    def __init__(self, step):
        self.now, self.step = 100.0, step

    def monotonic(self):
        self.now += self.step
        return self.now


@pytest.fixture
def terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(telling, "LiveLine", partial(LiveLine, terminal))
    monkeypatch.delenv("TERM", raising=False)
    return terminal


def slow(monkeypatch, step=0.6):
    clock = Clock(step)
    monkeypatch.setattr(telling, "time", types.SimpleNamespace(monotonic=clock.monotonic))


def step(x):
    for _ in range(5000):
        x = sin(x) + 0.5
    return x


def compiled(f=step):
    return jit(value_and_grad(f), backend="python")


def test_a_terminal_is_told_each_stage_and_how_far_it_is(terminal, monkeypatch):
    slow(monkeypatch)

    compiled()(1.0)

    texts = list(dict.fromkeys(terminal.drawings))
    begin = "nanograd: step: "
    assert f"{begin}tracing, 8,192 instructions…" in texts
    assert f"{begin}derivatives, 16,384 instructions…" in texts
    assert f"{begin}passes, 20,000 instructions…" in texts
    assert f"{begin}machine code, 20,000 instructions…" in texts


def test_nothing_of_it_stays_behind(terminal, monkeypatch):
    slow(monkeypatch)

    compiled()(1.0)

    *_, last, end = terminal.getvalue().split("\r")
    assert (last.strip(), end) == ("", "")
    assert "\n" not in terminal.getvalue()


def test_nothing_of_it_stays_behind_an_error(terminal, monkeypatch):
    slow(monkeypatch)

    def breaks(x):
        raise ZeroDivisionError(step(x))

    with pytest.raises(ZeroDivisionError):
        compiled(breaks)(1.0)

    assert any("tracing" in text for text in terminal.drawings)
    assert terminal.getvalue().endswith(" \r")


def test_what_is_quick_is_not_told(terminal, monkeypatch):
    slow(monkeypatch, step=0.001)

    compiled()(1.0)

    assert terminal.getvalue() == ""


def test_a_long_program_is_told_before_machine_code_is_made(terminal, monkeypatch):
    slow(monkeypatch, step=0.001)
    monkeypatch.setattr(lowering, "MANY", 10_000)

    compiled()(1.0)

    assert terminal.drawings[1] == "nanograd: step: machine code, 20,000 instructions…"


def test_no_terminal_is_told_nothing(monkeypatch):
    slow(monkeypatch)
    monkeypatch.setattr(sys, "stderr", io.StringIO())

    compiled()(1.0)

    assert sys.stderr.getvalue() == ""


def test_a_program_without_a_console_is_compiled(monkeypatch):
    slow(monkeypatch)
    monkeypatch.setattr(sys, "stderr", None)

    assert compiled()(1.0) == pytest.approx(value_and_grad(step)(1.0))


def test_a_terminal_without_the_dots_gets_others(terminal, monkeypatch):
    slow(monkeypatch)
    terminal.encoding = "ascii"

    compiled()(1.0)

    assert "nanograd: step: tracing, 8,192 instructions..." in terminal.drawings


def test_the_line_is_drawn_at_most_some_times_a_second(terminal, monkeypatch):
    slow(monkeypatch, step=0.01)
    with telling.telling("step"), telling.stage("tracing"):
        for count in range(1, 1001):  # ten seconds
            telling.reached(count)

    assert 30 <= len(terminal.drawings) <= 60


def test_two_threads_do_not_write_over_each_other(terminal, monkeypatch):
    slow(monkeypatch)
    with telling.telling("first"), telling.stage("tracing"):
        other = Thread(target=compiled(), args=[1.0])
        other.start()
        other.join()
        telling.reached(7)

    assert "nanograd: step" not in terminal.getvalue()
    assert "nanograd: first: tracing, 7 instructions…" in terminal.drawings


def test_derivatives_of_what_is_compiled_are_told_too(terminal, monkeypatch):
    f = jit(step, backend="python")
    f(1.0)
    slow(monkeypatch)

    grad(f)(1.0)

    assert any("step: derivatives" in text for text in terminal.drawings)


def test_what_was_spent_before_counts(monkeypatch):
    slow(monkeypatch, step=0.0)

    assert Telling("step", spent=3.0).spent == 3.0
