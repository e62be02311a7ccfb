"""The command line: what it prints, how it ends, and that nothing makes it show a traceback."""

import contextlib
import io
import json
import os
import shlex
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nanograd import __version__, cli, demo
from nanograd.console import in_ascii
from nanograd.formula import parse

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = [sys.executable, "-m", "nanograd"]


def environment(**variables):
    """Return the environment without what changes Python's output, and with these variables."""
    inherited = {name: x for name, x in os.environ.items() if not name.startswith("PYTHON")}
    return inherited | {"PYTHONUTF8": "1"} | variables


def nanograd(*arguments, given="", **variables):
    """Run the command line as a user does, and return the finished process."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        check=False,
        cwd=ROOT,
        env=environment(**variables),
        input=given,
        capture_output=True,
        encoding="utf-8",
    )


def in_process(*arguments):
    """Run the command line in this process, and return its status and what it printed."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        status = cli.main(arguments)
    return status, output.getvalue(), errors.getvalue()


# -- grad ------------------------------------------------------------------------------------


def test_grad_prints_the_value_and_every_derivative():
    ended = nanograd("grad", "(x*y + 3)**2", "x=2", "y=3")

    assert ended.stdout == "f = (x*y + 3)**2 = 81\n∂f/∂x = 54\n∂f/∂y = 36\n"
    assert (ended.returncode, ended.stderr) == (0, "")


def test_grad_tells_the_steps():
    ended = nanograd("grad", "(x*y + 3)**2", "x=2", "y=3", "--steps")

    assert ended.stdout == (
        "Forward, from the inputs to f:\n"
        "  x = 2\n"
        "  y = 3\n"
        "  a = x · y = 2 · 3 = 6\n"
        "  b = a + 3 = 6 + 3 = 9\n"
        "  f = b²    = 9²    = 81\n"
        "\n"
        "Backward, from f to the inputs (grad so far + grad passed on × slope):\n"
        "  f: 1                ∂f/∂f = 1, the seed\n"
        "  b: 0 + 1 × 18 = 18  ∂(b²)/∂b = 2·b = 18\n"
        "  a: 0 + 18 × 1 = 18  ∂(a + 3)/∂a = 1\n"
        "  x: 0 + 18 × 3 = 54  ∂(x·y)/∂x = y = 3\n"
        "  y: 0 + 18 × 2 = 36  ∂(x·y)/∂y = x = 2\n"
        "\n"
        "f = (x*y + 3)**2 = 81\n"
        "∂f/∂x = 54\n"
        "∂f/∂y = 36\n"
    )


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["x", "x=5"], ["f = x = 5", "∂f/∂x = 1"]),
        (["-x**2", "x=-2"], ["f = -x**2 = -4", "∂f/∂x = 4"]),
        (["--", "-x", "x=1e-3"], ["f = -x = -0.001", "∂f/∂x = -1"]),
        (["--", "--x", "x=1"], ["f = --x = 1", "∂f/∂x = 1"]),
        (["--x", "x=1"], ["f = --x = 1", "∂f/∂x = 1"]),
        (["--", "-h", "h=1"], ["f = -h = -1", "∂f/∂h = -1"]),
        (["-" * 900 + "x", "x=1"], [f"f = {'-' * 900}x = 1", "∂f/∂x = 1"]),
        (["x", "x=1/3"], ["f = x = 0.333333333333", "∂f/∂x = 1"]),
        (["x + 0.2", "x=0.1"], ["f = x + 0.2 = 0.3", "∂f/∂x = 1"]),
        (["sin(x)", "x=pi/2"], ["f = sin(x) = 1", "∂f/∂x = 6.12323399574e-17"]),
        (["2 + 3"], ["f = 2 + 3 = 5"]),
        (["e*x", "x=1", "e=2"], ["f = e*x = 2", "∂f/∂x = 2", "∂f/∂e = 1"]),
        (["f*rate", "f=2", "rate=3"], ["f1 = f*rate = 6", "∂f1/∂f    = 3", "∂f1/∂rate = 2"]),
        (["sqrt(x)", "x=0"], ["f = sqrt(x) = 0", "∂f/∂x = inf"]),
        (["where(x > 0, x, -x)", "x=-2"], ["f = where(x > 0, x, -x) = 2", "∂f/∂x = -1"]),
    ],
)
def test_grad_prints_lines(arguments, lines):
    assert in_process("grad", *arguments) == (0, "\n".join(lines) + "\n", "")


def test_options_of_grad_can_stand_anywhere():
    for arguments in (["--json", "-x", "x=2"], ["-x", "--json", "x=2"], ["-x", "x=2", "--json"]):
        status, output, _ = in_process("grad", *arguments)

        assert (status, json.loads(output)) == (0, {"value": -2.0, "derivatives": {"x": -1.0}})


def test_a_formula_can_come_from_the_input():
    ended = nanograd("grad", "-", "x=3", given="x**2\n + 1\n")

    assert ended.stdout.splitlines() == ["f = x**2 + 1 = 10", "∂f/∂x = 6"]


def test_json_has_the_steps_and_texts_for_what_is_not_finite():
    ended = nanograd("grad", "sqrt(x)", "x=0", "--json", "--steps")

    assert json.loads(ended.stdout) == {
        "value": 0.0,
        "derivatives": {"x": "inf"},
        "steps": {
            "forward": [
                {"name": "x", "value": 0.0},
                {"name": "f", "formula": "√(x)", "numbers": "√(0)", "value": 0.0},
            ],
            "backward": [
                {
                    "name": "f",
                    "from": None,
                    "before": 0.0,
                    "grad": 1.0,
                    "partial": 1.0,
                    "after": 1.0,
                    "rule": "∂f/∂f = 1, the seed",
                },
                {
                    "name": "x",
                    "from": "f",
                    "before": 0.0,
                    "grad": 1.0,
                    "partial": "inf",
                    "after": "inf",
                    "rule": "∂√(x)/∂x = 0.5/f = inf",
                },
            ],
        },
    }


# -- the main job ----------------------------------------------------------------------------


def test_the_main_job_learns_and_explains():
    ended = nanograd()

    lines = ended.stdout.splitlines()
    assert ended.returncode == 0
    assert "  AND(0, 0) ≈ 0.0001    (truth: 0)" in lines
    assert "  AND(0, 1) ≈ 0.0394    (truth: 0)" in lines
    assert "  AND(1, 0) ≈ 0.0394    (truth: 0)" in lines
    assert "  AND(1, 1) ≈ 0.9447    (truth: 1)" in lines
    assert "  x: 0 + 18 × 3 = 54  ∂(x·y)/∂x = y = 3" in lines
    assert "z = 81, ∂z/∂x = 54, ∂z/∂y = 36" in lines
    assert any("█" in line and "▁" in line for line in lines)
    assert max(map(len, lines)) <= 80
    assert 1 <= len(ended.stderr.splitlines()) <= 10
    assert "learning: 10,000/10,000" in ended.stderr


def test_a_short_main_job_says_that_it_has_not_learned():
    ended = nanograd("--epochs", "1", "--seed", "3")

    assert ended.returncode == 0
    assert "not all four are right yet" in " ".join(ended.stdout.split())


def test_the_seed_decides():
    once, again, other = (nanograd("--epochs", "50", "--seed", n).stdout for n in "112")

    assert once == again != other


def test_a_main_job_that_diverges_says_so_in_a_sentence():
    ended = nanograd("--lr", "1e6")

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "nanograd: training diverged in epoch 2: the steps went so far that the loss is no longer "
        "a number. The learning rate was 1e+06; try a smaller one, such as 0.05."
    )


def test_what_to_try_next_works():
    story = nanograd("--epochs", "1").stdout
    commands = [line for line in story.splitlines() if " -m nanograd" in line]

    assert len(commands) == len(demo.NEXT_STEPS)
    for command in commands:
        _python, _m, _nanograd, *arguments = shlex.split(command)
        ended = nanograd(*arguments)
        assert (ended.returncode, command) == (0, command)


# -- where it prints -------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--epochs", "50"], ["grad", "√x"], ["--help"], []])
def test_an_ascii_console_gets_ascii(arguments):
    ended = nanograd(*arguments, PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert (ended.stdout + ended.stderr).isascii()
    assert "Traceback" not in ended.stderr


def test_an_ascii_console_loses_no_meaning():
    ended = nanograd("--epochs", "50", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    lines = ended.stdout.splitlines()
    assert "One neuron, sigma(w1*x1 + w2*x2 + b), begins with random weights. 50 times it" in lines
    assert "  AND(0, 0) ~ 0.3098    (truth: 0)" in lines
    assert "  b: 0 + 1 * 18 = 18  d(b**2)/db = 2*b = 18" in lines
    assert any("#" in line and "_" in line for line in lines)


def test_a_legacy_console_gets_a_curve_of_one_kind():
    ended = subprocess.run(
        [*PROGRAM, "--epochs", "50"],
        check=True,
        cwd=ROOT,
        env=environment(PYTHONIOENCODING="cp437", PYTHONUTF8="0"),
        capture_output=True,
    )

    text = ended.stdout.decode("cp437")
    assert "█" not in text
    assert "AND(0, 0) ≈ 0.3098" in text


@pytest.mark.parametrize(
    ("text", "ascii_text"),
    [
        ("2·x² − √3 ≈ ½", "2*x**2 - sqrt3 ~ 1/2"),
        ("x⁻¹²", "x**-12"),
        ("σ′(naïve) → “b₂”…", 'sigma\'(naive) -> "b2"...'),
        ("損失\ud800", "???"),
    ],
)
def test_text_in_ascii_says_the_same(text, ascii_text):
    assert in_ascii(text) == ascii_text


def test_a_reader_that_goes_away_is_no_error():
    for arguments in (["--epochs", "2000"], ["grad", "x", "x=2"], ["--help"]):
        with subprocess.Popen(
            [*PROGRAM, *arguments],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            process.stdout.close()
            told = process.stderr.read().decode()

        assert process.returncode == 0
        assert "nanograd:" not in told
        assert "rror" not in told


full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")


@full_disk
@pytest.mark.parametrize("arguments", [["grad", "x", "x=2"], ["--help"], ["--version"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_told_in_a_line(arguments, unbuffered):
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*PROGRAM, *arguments],
            check=False,
            cwd=ROOT,
            env=environment(PYTHONUNBUFFERED=unbuffered),
            stdout=full,
            stderr=subprocess.PIPE,
        )

    assert ended.returncode == 1
    assert ended.stderr.count(b"\n") == 1
    assert ended.stderr.startswith(b"nanograd: ")


@full_disk
@pytest.mark.parametrize(("arguments", "status"), [(["--epochs", "50"], 0), (["grad", "x"], 2)])
def test_where_errors_cannot_be_told_the_status_still_tells(arguments, status):
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*PROGRAM, *arguments],
            check=False,
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=full,
        )

    assert ended.returncode == status


@pytest.mark.skipif(os.name != "posix", reason="streams are closed as POSIX has it")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--epochs", "50"], 0), (["grad", "x", "x=2"], 0), (["grad", "x"], 2), (["--help"], 0)],
)
def test_closed_streams_change_nothing_but_what_is_heard(closed, arguments, status):
    script = f'exec "$@" {closed}'
    ended = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *PROGRAM, *arguments],
        check=False,
        cwd=ROOT,
        env=environment(),
        capture_output=True,
    )

    heard = b"2>" in closed.encode() or not status or ended.stderr.startswith(b"nanograd: ")
    assert ended.returncode == status
    assert heard
    assert (ended.stdout != b"") == (closed == "2>&-" and status == 0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
@pytest.mark.parametrize("columns", [20, 40, 80])
def test_on_a_terminal_the_live_line_fits(columns):
    fcntl, pty, termios = map(pytest.importorskip, ("fcntl", "pty", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(
        [*PROGRAM, "--epochs", "2000"],
        cwd=ROOT,
        env=environment(TERM="xterm"),
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ):
        os.close(theirs)
        told = b""
        with contextlib.suppress(OSError):  # Linux says so when the other side has closed
            while piece := os.read(ours, 1000):
                told += piece
    os.close(ours)

    drawings = told.decode().replace("\r\n", "\n").split("\r")
    assert len(drawings) >= 3
    assert all(len(drawing.rstrip("\n")) < columns for drawing in drawings)
    assert drawings[-1].endswith("\n")


# -- what goes wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sing"], "invalid choice: 'sing'"),
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["--epochs"], "--epochs: expected one argument"),
        (["--epochs", "0"], "--epochs: '0' is not a whole number from 1 to 1,000,000,000,000"),
        (["--epochs", "-3"], "--epochs: '-3' is not a whole number from 1 to"),
        (["--epochs", "9" * 500], "is not a whole number from 1 to 1,000,000,000,000"),
        (["--epochs", "1.5"], "--epochs: '1.5' is not a whole number"),
        (["--epochs", "many"], "--epochs: 'many' is not a whole number"),
        (["--lr", "0"], "--lr: '0' is not a finite number above 0"),
        (["--lr", "-1"], "--lr: '-1' is not a finite number above 0"),
        (["--lr", "nan"], "--lr: 'nan' is not a finite number above 0"),
        (["--lr", "inf"], "--lr: 'inf' is not a finite number above 0"),
        (["--lr", "fast"], "--lr: 'fast' is not a finite number above 0"),
        (["--seed", "x"], "--seed: 'x' is not a whole number"),
        (["--epochs", "5", "grad", "x", "x=2"], "--epochs stands before grad"),
        (["grad"], "the following arguments are required: FORMULA. Try"),
        (["steps"], "the following arguments are required: FILE.py|FORMULA. Try"),
        (["steps", "x", "x=2", "--call", "0"], "--call: '0' is not a whole number from 1 to"),
        (["grad", "x", "x=2", "--bogus"], "'--bogus' gives no value to a variable"),
        (["grad", "--", "--json", "json=2", "--json"], "'--json' gives no value to a variable"),
        (["grad", "007"], "a whole number has no zeros in front; write 7: »007«"),
        (["grad", "x*y", "x=2"], "y has no value; give one, as in y=2"),
        (["grad", "x", "x=2", "y=3"], "y does not occur in the formula x"),
        (["grad", "x", "x=abc"], "x must be a number, such as 2, -0.5, 1e-3 or 1/3"),
        (["grad", "x", "x=1e999"], "x must be a number"),
        (["grad", "x", "x=1/0"], "x must be a number"),
        (["grad", "x", "x="], "'x=' gives no value to a variable; write it as x=2"),
        (["grad", "x", "x", "=", "2"], "'x' gives no value to a variable; write it as x=2"),
        (["grad", "x", "x=2", "x=3"], "x is given a value twice"),
        (["grad", "x", "sin=2"], "sin is a function, and cannot be the name of a variable"),
        (["grad", "x", "lambda=2"], "'lambda' cannot be the name of a variable"),
        (["grad", "x", "2x=2"], "'2x' cannot be the name of a variable"),
        (["grad", "lambda: 0"], "lambda is a word of Python"),
        (["grad", "log(x) + 1", "x=-1"], "It is here: »log(x)« + 1"),
        (["grad", "9**9**9"], "It is here: »9**9**9«"),
        (["grad", ""], "the formula is empty"),
        (["grad", "("], "this parenthesis is never closed: »(«"),
        (["grad", "x\x1b[31m"], r"'\x1b' is not known here: x»\x1b«[31m"),
        (["grad", "(" * 10_000], "a formula has at most 1000 characters"),
        (["grad", "x", "x=" + "(" * 10_000], "x must be a number"),
        (["grad", "-"], "the formula is empty"),
        (["train"], "the following arguments are required"),
        (["train", "x.csv", "--targ", "x"], "the following arguments are required: --target"),
        (["predict", "x.json", "x.csv", "--out", "y.csv"], "unrecognized arguments: --out"),
        (["train", ""], "argument FILE.csv: the path of a file is required; it is empty"),
        (["predict", "no such model", "no such table"], "no such model"),
    ],
)
def test_bad_input_is_told_in_one_line(arguments, words):
    ended = nanograd(*arguments)

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("nanograd: ")
    assert ended.stderr.count("\n") == 1
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_ten_megabytes_of_formula_are_refused():
    ended = nanograd("grad", "-", given="(" * 10_000_000)

    assert ended.returncode == 2
    assert ended.stderr == "nanograd: a formula has at most 1000 characters; this one has more\n"


def test_too_little_memory_is_told_in_a_line(monkeypatch):
    def too_large(*_arguments):
        raise MemoryError

    monkeypatch.setattr(demo, "learn", too_large)

    status, _, errors = in_process()

    assert status == 1
    assert errors == "nanograd: this is too large for the memory of this machine\n"


def test_an_interruption_while_the_program_is_loaded_is_told_in_a_line():
    script = """
import runpy
import sys


class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "nanograd.cli":
            raise KeyboardInterrupt


sys.meta_path.insert(0, Interrupted())
runpy.run_module("nanograd", run_name="__main__")
"""
    ended = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
    )

    assert (ended.returncode, ended.stderr) == (130, "nanograd: interrupted\n")


def test_an_interruption_is_told_in_a_line(monkeypatch):
    def interrupted(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "learn", interrupted)

    status, _, errors = in_process()

    assert (status, errors) == (130, "nanograd: interrupted\n")


def broken(*_arguments):
    raise ZeroDivisionError("two\nlines " + "x" * 5000)


def test_an_error_of_ours_is_told_in_a_line_of_bounded_length(monkeypatch):
    monkeypatch.setattr(demo, "learn", broken)

    status, _, errors = in_process()

    assert status == 1
    assert errors.startswith(
        "nanograd: this should not have happened (ZeroDivisionError: two lines"
    )
    assert errors.count("\n") == 1
    assert len(errors) < 1100


def test_debug_raises_it(monkeypatch):
    monkeypatch.setattr(demo, "learn", broken)

    with pytest.raises(ZeroDivisionError):
        in_process("--debug")


def test_debug_shows_where_bad_input_was_refused():
    ended = nanograd("grad", "x", "--debug")

    assert ended.returncode == 1
    assert "Traceback" in ended.stderr


@settings(max_examples=100, deadline=None)
@given(st.text(), st.lists(st.text(), max_size=2))
def test_whatever_is_given_to_grad_it_ends_well(formula, values):
    arguments = [x for x in (formula, *values) if x not in {"-", "--debug"}]

    status, _, errors = in_process("grad", *arguments)

    assert status in {0, 2}
    assert errors.count("\n") == (1 if status else 0)


# -- help ------------------------------------------------------------------------------------


def test_the_version_is_printed():
    assert in_process("--version") == (0, f"nanograd {__version__}\n", "")


@pytest.mark.parametrize("command", [[], ["grad"], ["train"], ["predict"]])
def test_help_is_printed(command):
    status, output, errors = in_process(*command, "--help")

    assert (status, errors) == (0, "")
    assert output.startswith("usage: ")
    assert "--debug" in output


def test_the_examples_in_the_help_work():
    _, output, _ = in_process("grad", "--help")
    examples = output.partition("examples:\n")[2].splitlines()

    assert len(examples) == 4
    for example in examples:
        assert in_process(*shlex.split(example))[0] == 0


def test_the_help_lists_every_function():
    _, output, _ = in_process("grad", "--help")
    functions = output.partition("functions:")[2].partition(";")[0]

    for name in functions.replace(",", " ").split():
        with pytest.raises(ValueError, match="is a function"):
            parse(name)
