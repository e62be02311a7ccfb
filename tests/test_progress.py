"""Progress and curves: short enough, rare enough, and true."""

import io
import math
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanograd import progress
from nanograd.progress import ASCII_BLOCKS, BLOCKS, Progress, cut, duration, sparkline, width_of

# -- curves ----------------------------------------------------------------------------------

nan, inf = math.nan, math.inf


@pytest.mark.parametrize(
    ("numbers", "curve"),
    [
        ([], ""),
        ([5], "▁"),
        ([5, 5, 5], "▁▁▁"),
        ([0, 1], "▁█"),
        ([0, 1, 2, 3, 4, 5, 6, 7], BLOCKS),
        ([7, 6, 5, 4, 3, 2, 1, 0], BLOCKS[::-1]),
        ([1, nan, 2], "▁ █"),
        ([1, inf, 2, -inf], "▁ █ "),
        ([nan, nan], "  "),
        ([1e308, -1e308], "█▁"),
        ([0.0, 5e-324], "▁▁"),
    ],
)
def test_a_curve_goes_from_its_lowest_number_to_its_highest(numbers, curve):
    assert sparkline(numbers) == curve


def test_many_numbers_share_a_place():
    assert sparkline([0, 2, 9, 9, 5, 5], width=3) == "▁█▅"


def test_a_curve_can_be_drawn_in_ascii():
    assert sparkline(range(8), blocks=ASCII_BLOCKS) == ASCII_BLOCKS
    assert ASCII_BLOCKS.isascii()
    assert len(ASCII_BLOCKS) == len(BLOCKS)


@given(st.lists(st.floats()), st.integers(1, 100))
def test_a_curve_of_anything_has_room(numbers, width):
    curve = sparkline(numbers, width)

    assert len(curve) == min(len(numbers), width)
    assert set(curve) <= {*BLOCKS, " "}


# -- progress --------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True

    @property
    def drawings(self):
        return self.getvalue().rstrip("\n").split("\r")[1:]


class Clock:
    """A clock that stands still until somebody sets it."""

    now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", types.SimpleNamespace(monotonic=clock.monotonic))
    monkeypatch.setattr(progress, "columns_of", lambda _stream: 80)
    monkeypatch.delenv("TERM", raising=False)
    return clock


def work(stream, clock, *, total=1000, seconds=10.0, text="loss 0.1"):
    with Progress(total, "training", stream) as work_in_progress:
        for done in range(1, total + 1):
            clock.now += seconds / total
            work_in_progress.update(done, text)


def test_a_terminal_sees_one_live_line(clock):
    terminal = Terminal()

    work(terminal, clock)

    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().endswith("\n")
    last = terminal.drawings[-1].rstrip()
    assert last == "training  ████████████████  1,000/1,000  10 s  loss 0.1"


def test_a_live_line_is_drawn_ten_times_a_second_at_most(clock):
    terminal = Terminal()

    work(terminal, clock, total=10_000, seconds=2.0)

    assert 15 <= len(terminal.drawings) <= 22


def test_a_live_line_covers_the_one_before_it(clock):
    terminal = Terminal()

    with Progress(10, "training", terminal) as work_in_progress:
        work_in_progress.update(1, "a long text")
        clock.now += 1
        work_in_progress.update(2, "short")

    lengths = [len(drawing) for drawing in terminal.drawings]
    assert lengths == sorted(lengths)


@given(columns=st.integers(1, 120), text=st.text(st.characters(exclude_categories=["C"])))
def test_a_live_line_is_never_wider_than_the_terminal(columns, text):
    terminal = Terminal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "columns_of", lambda _stream: columns)
        patch.delenv("TERM", raising=False)

        with Progress(10, "training", terminal) as work_in_progress:
            work_in_progress.update(5, text)

    assert all(width_of(drawing) < columns for drawing in terminal.drawings)


@pytest.mark.parametrize("total", [1, 3, 10, 47, 1000])
def test_elsewhere_there_are_ten_lines_at_most(clock, total):
    log = io.StringIO()

    work(log, clock, total=total, seconds=600.0)

    lines = log.getvalue().splitlines()
    assert 1 <= len(lines) <= 10
    assert lines[-1] == f"training: {total:,}/{total:,}, 10 min 0 s, loss 0.1"


def test_elsewhere_a_quick_computation_takes_two_lines(clock):
    log = io.StringIO()

    work(log, clock, seconds=0.5)

    assert len(log.getvalue().splitlines()) == 2


def work_until_interrupted(stream, clock):
    with Progress(1000, "training", stream) as work_in_progress:
        work_in_progress.update(101)
        clock.now += 0.01
        work_in_progress.update(108)
        raise KeyboardInterrupt


def test_a_computation_that_ends_early_tells_where(clock):
    log, terminal = io.StringIO(), Terminal()

    for stream in (log, terminal):
        with pytest.raises(KeyboardInterrupt):
            work_until_interrupted(stream, clock)

    assert log.getvalue().splitlines()[-1].startswith("training: 108/1,000")
    assert "108/1,000" in terminal.drawings[-1]
    assert terminal.getvalue().endswith("\n")


def test_where_nothing_was_done_nothing_is_told(clock):
    log, terminal = io.StringIO(), Terminal()

    for stream in (log, terminal):
        with Progress(0, "training", stream):
            clock.now += 1

    assert log.getvalue() == terminal.getvalue() == ""


def test_closing_twice_tells_once(clock):
    log = io.StringIO()
    work_in_progress = Progress(2, "training", log)
    work_in_progress.update(1)
    clock.now += 0.1
    work_in_progress.update(2)

    work_in_progress.close()
    work_in_progress.close()

    assert log.getvalue().splitlines() == ["training: 1/2", "training: 2/2, 0.1 s"]


def test_the_time_left_follows_the_speed_of_late(clock):
    terminal = Terminal()

    with Progress(200, "training", terminal) as work_in_progress:
        for done in range(1, 101):
            clock.now += 10.0
            work_in_progress.update(done)
        at_first = terminal.drawings[-1]
        for done in range(101, 151):
            clock.now += 1.0
            work_in_progress.update(done)

    assert "16 min 40 s left" in at_first
    assert "50 s left" in terminal.drawings[-2]


def test_what_was_done_before_is_no_speed(clock):
    terminal = Terminal()

    with Progress(200, "training", terminal, done=100) as work_in_progress:
        clock.now += 10.0
        work_in_progress.update(101)

    assert "101/200  16 min 30 s left" in terminal.drawings[0]


def test_a_dumb_terminal_gets_lines(clock, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()

    work(terminal, clock)

    assert "\r" not in terminal.getvalue()


def test_a_stream_without_blocks_gets_an_ascii_bar(clock):
    terminal = Terminal()
    terminal.encoding = "ascii"

    work(terminal, clock, total=2)

    assert "training  ########........  1/2" in terminal.drawings[0]


class Broken(Terminal):
    """A terminal that is gone."""

    def flush(self):
        raise BrokenPipeError


def test_a_computation_outlives_the_stream_that_it_is_told_on(clock):
    done = []

    with Progress(3, "training", Broken()) as work_in_progress:
        for i in range(3):
            clock.now += 10.0
            work_in_progress.update(i)
            done.append(i)

    assert done == [0, 1, 2]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (3599.6, "1 h 0 min"),
        (3600 * 1000, "1,000 h 0 min"),
    ],
)
def test_a_duration_is_said_as_people_say_it(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("text", "room", "left"),
    [("loss", 9, "loss"), ("loss", 2, "lo"), ("損失", 3, "損"), ("loss", 0, ""), ("loss", -1, "")],
)
def test_a_text_is_cut_by_columns(text, room, left):
    assert cut(text, room) == left
