"""The command `steps`: programs are run as far as wanted, and what goes wrong is one line."""

import contextlib
import io
import json
import re
import sys

import pytest

from nanograd import Value, cli

PROGRAM = """\
from nanograd import Value

def loss_of(w, x):
    return (w * x - 1) ** 2

w = Value(0.5)
for epoch in range(3):
    loss = loss_of(w, 4.0)
    loss.zero_grad()
    loss.backward()
    w.data -= 0.01 * w.grad
print("done")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def steps(*arguments):
    """Run the command in this process; return its status, its output and its errors."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        status = cli.main(["steps", *arguments, "--no-browser"])
    return status, output.getvalue(), errors.getvalue()


def data_in(page):
    """Return the trace in a page."""
    text = page.read_text(encoding="utf-8")
    return json.loads(
        re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', text)[1]
    )


def test_a_program_is_run_up_to_its_first_backward(folder):
    status, output, errors = steps("train.py", "--save", "page.html")
    names = {node["name"] for node in data_in(folder / "page.html")["nodes"].values()}

    assert (status, output, errors) == (0, "The steps are in page.html\n", "")
    assert {"w", "loss"} <= names  # by the variables that hold them


def test_another_call_can_be_chosen(folder):
    steps("train.py", "--call", "3", "--save", "page.html")
    nodes = data_in(folder / "page.html")["nodes"].values()
    (weight,) = [node["data"] for node in nodes if node["name"] == "w"]

    assert weight == pytest.approx(0.5 - 0.01 * 8 - 0.01 * 5.44)


@pytest.mark.usefixtures("folder")
def test_more_calls_than_there_are_is_an_error():
    assert steps("train.py", "--call", "4") == (
        2,
        "done\n",
        "nanograd: train.py calls backward() 3 times; --call 4 is too many\n",
    )


def test_without_backward_the_last_value_is_shown(folder):
    (folder / "free.py").write_text(
        "import nanograd as n\nx = n.Value(2.0)\ny = x * x\nimport sys\n", encoding="utf-8"
    )
    steps("free.py", "--save", "page.html")

    assert [node["name"] for node in data_in(folder / "page.html")["nodes"].values()] == ["x", "y"]


def test_a_formula_can_be_stepped_through(folder):
    status, _, _ = steps("(x*y + 3)**2", "x=2", "y=3", "--save", "page.html")
    nodes = data_in(folder / "page.html")["nodes"].values()

    assert status == 0
    assert [node["name"] for node in nodes][:2] == ["x", "y"]


def test_a_program_that_bears_a_nan_is_shown_at_that_step(folder):
    (folder / "bad.py").write_text(
        "from nanograd import Value\nx = Value(2.0, 'x')\nz = (x - 2).log()\n", encoding="utf-8"
    )
    status, output, errors = steps("bad.py", "--save", "page.html")

    assert (status, errors) == (0, "")
    assert output.startswith("It stops where this went wrong: log(x) is defined for x > 0;")
    assert "x (bad.py:2) → sub (bad.py:3) → log" in output
    assert data_in(folder / "page.html")["focus"]["step"] == 2


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("x = (\n", "wrong.py:1: SyntaxError: "),
        ("\n1 / 0\n", "wrong.py:2: ZeroDivisionError: division by zero"),
        ("import nothing_of_this_name\n", "wrong.py:1: ModuleNotFoundError: "),
        ("x = 1\n", "wrong.py computes no Value that a variable holds; there is nothing to show"),
        ("raise SystemExit(3)\n", "wrong.py computes no Value"),
        ("x = '\xff'\n".encode("latin-1"), "wrong.py"),
    ],
)
def test_what_goes_wrong_in_a_program_is_one_line(folder, program, message):
    text = program if isinstance(program, bytes) else program.encode()
    (folder / "wrong.py").write_bytes(text)
    status, _, errors = steps("wrong.py")

    assert status == 2
    assert errors.startswith(f"nanograd: {message}")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.py"], "there is no file none.py"),
        (["train.py", "x=2"], "a program takes no values; it was given 'x=2'"),
        (["train.py", "--save", "no/page.html"], "no/page.html cannot be written"),
        (["train.py", "--save", "train.py"], "train.py is read as well"),
        (["x*y", "x=2"], "y has no value"),
        (["import os"], ""),
    ],
)
@pytest.mark.usefixtures("folder")
def test_bad_arguments_are_one_line(arguments, message):
    status, _, errors = steps(*arguments)

    assert status == 2
    assert errors.startswith(f"nanograd: {message}")
    assert errors.count("\n") == 1


def test_a_program_finds_its_neighbors_and_its_own_name(folder):
    (folder / "near.py").write_text("THREE = 3.0\n", encoding="utf-8")
    (folder / "main.py").write_text(
        "import sys, near\nfrom nanograd import Value\n"
        "assert sys.argv == ['main.py'] and __name__ == '__main__'\n"
        "x = Value(near.THREE)\n(x * x).backward()\n",
        encoding="utf-8",
    )
    before = list(sys.path), sys.argv

    assert steps("main.py")[0] == 0
    assert (sys.path, sys.argv) == before


@pytest.mark.usefixtures("folder")
def test_backward_is_itself_again_afterwards():
    steps("train.py")
    x = Value(3.0)
    (x * x).backward()
    (x * x).backward()

    assert x.grad == 12.0


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("z = x * 1\na = z + 1\nz = a * 2\n", "z"),
        ("y = x * 3\nraise SystemExit(0)\n", "y"),
        ("y = x * 3\nfor _ in range(5):\n    try: y.backward()\n    except: pass\n", "y"),
    ],
)
def test_the_value_that_was_computed_last_is_shown(folder, program, name):
    (folder / "program.py").write_text(
        f"from nanograd import Value\nx = Value(2.0, 'x')\n{program}", encoding="utf-8"
    )
    status, _, errors = steps("program.py", "--save", "page.html")
    data = data_in(folder / "page.html")

    assert (status, errors) == (0, "")
    assert data["nodes"][str(data["output"])]["name"] == name
