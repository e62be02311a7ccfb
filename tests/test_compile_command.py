"""The command `compile`: it shows every stage of a function; what goes wrong is one line."""

import contextlib
import importlib.util
import io
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nanograd import cli
from nanograd.compile_command import value_in
from nanograd.errors import DataError

PROGRAM = """\
from array import array

from nanograd import jit, mean, vmap

def product(x, y):
    return (x * y + 3) ** 2

def error(w, x, y):
    return (w * x - y) ** 2

@jit
def loss(w, xs, ys):
    return mean(vmap(error, in_axes=(None, 0, 0))(w, xs, ys))

def products(xs, ys):
    return vmap(lambda x: vmap(lambda y: x * y)(ys))(xs)

def size(x, kind="city", *more, scale=1.0, **others):
    return abs(x) if kind == "city" else x * x

def dot(w, x):
    return sum(a * b for a, b in zip(w, x, strict=True))

def branch(x):
    if x > 0:
        return x
    return -x

third = 1 / 3

if __name__ == "__main__":
    print("the program runs")
    loss(2.0, array("d", [1.0, 2.0]), array("d", [3.0, 4.0]))
    loss(3.0, array("d", [1.0, 2.0, 3.0]), array("d", [3.0, 4.0, 5.0]))
    size(1.0)
    size(2.0, "city")
    size(3.0, kind="straight", scale=2.0)
"""

TRACE = """\
program(x, y)
  a = mul x y
  b = add a 3.0
  c = power b 2.0
  return c
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


in_folder = pytest.mark.usefixtures("folder")


def run(*arguments):
    """Run the command in this process; return its status, its output and its errors."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        status = cli.main(["compile", *arguments])
    return status, output.getvalue(), errors.getvalue()


def shown(*arguments):
    """Run the command, which ends well, and return what it prints."""
    status, output, errors = run(*arguments)
    assert (status, errors) == (0, "the program runs\n")
    return output


# -- stages ----------------------------------------------------------------------------------


@in_folder
def test_a_function_that_is_not_called_takes_numbers():
    assert shown("program.py:product", "--stage", "trace") == TRACE
    assert shown("program.py:product", "--stage", "optimized") == TRACE


@in_folder
def test_python_is_shown_as_it_runs():
    source = shown("program.py:product", "--stage", "python")
    namespace = {"pow": pow}
    exec(source, namespace)  # noqa: S102 - it is ours

    assert source.startswith("def kernel(x, y):\n")
    assert namespace["kernel"](2.0, 3.0) == [81.0]


@in_folder
def test_a_schedule_is_shown():
    schedule = shown("program.py:dot", "w=[1,2,3]", "x=[4,5,6]", "--stage", "schedule")

    assert schedule.startswith("6 instructions → 1 node → 1 wave, on 1 level; 0 cells of memory\n")
    assert "1 × Σ₃ a·b        out[0]  a = w[0…2] slice; b = x[0…2] slice\n" in schedule


@in_folder
def test_a_schedule_of_rows_is_shown():
    first, *_ = shown("program.py:loss", "--stage", "schedule").split("# signature 2 of 2\n")

    assert "\nthrough the rows, some at a time: wave 1; after them: wave 2\n" in first
    assert "1 × Σ rows (a·b − c)²  work[0]  a = w; b = column xs; c = column ys\n" in first


@in_folder
def test_llvm_and_assembly_are_shown():
    pytest.importorskip("llvmlite", reason="without llvmlite there is no machine code to show")
    text = shown("program.py:product", "--stage", "llvm")
    assembly = shown("program.py:product", "--stage", "assembly")

    assert "define void @kernel(" in text
    assert "kernel:" in assembly
    assert "define" not in assembly


@in_folder
def test_without_a_stage_the_optimized_program_is_shown_and_which_stages_there_are():
    output = shown("program.py:product")

    assert output.startswith(f"{TRACE}\n")
    assert "--stage shows one of trace, optimized, schedule, python, llvm, assembly" in output


# -- calls -----------------------------------------------------------------------------------


@in_folder
def test_a_compiled_function_is_shown_for_the_arguments_of_its_calls():
    output = shown("program.py:loss", "--stage", "trace")

    assert output.startswith("program(w, xs[rows], ys[rows])\n")
    assert output.count("program(") == 1  # more rows are the same signature


@in_folder
def test_each_signature_is_shown_once():
    output = shown("program.py:size", "--stage", "trace")

    assert output == (
        "# signature 1 of 2\nprogram(x, scale)\n  a = abs x\n  return a\n"
        "# signature 2 of 2\nprogram(x, scale)\n  a = mul x x\n  return a\n"
    )


def test_what_jit_makes_of_a_function_elsewhere_counts_for_both(folder):
    (folder / "other.py").write_text(
        "from nanograd import jit\n"
        "def f(w):\n    return w[0] * w[1]\n"
        "fast = jit(f)\nprint('the program runs')\nfast([1.0, 2.0])\n",
        encoding="utf-8",
    )

    for name in ("f", "fast"):
        assert shown(f"other.py:{name}", "--stage", "trace").startswith("program(w_0, w_1)\n")


@in_folder
@pytest.mark.parametrize(
    ("arguments", "program"),
    [
        (["dot", "w=[1,2]", "x=[3, 4.5]"], "program(w_0, w_1, x_0, x_1)"),
        (["dot", "w=[1]", "x=[1]"], "program(w_0, x_0)"),
        (["product", "x=1/4"], "program(x, y)"),
        (["loss", "xs=array(5)", "ys=array( 5 )"], "program(w, xs[rows], ys[rows])"),
        (["size", 'kind="straight"'], "program(x)\n  a = mul x x"),
        (["size", "scale=2"], "program(x, scale)\n  a = abs x"),
    ],
)
def test_values_can_be_given(arguments, program):
    name, *values = arguments

    assert shown(f"program.py:{name}", *values, "--stage", "trace").startswith(program)


@in_folder
def test_profiling_is_as_it_was_afterwards():
    before = sys.getprofile()
    run("program.py:loss")
    run("none.py:loss")

    assert sys.getprofile() is before


def test_a_program_that_leaves_early_is_no_error(folder):
    text = "def f(x):\n    return x\nprint('the program runs')\nraise SystemExit(3)\n"
    (folder / "leaves.py").write_text(text, encoding="utf-8")

    assert shown("leaves.py:f", "--stage", "trace") == "program(x)\n  return x\n"


# -- what goes wrong -------------------------------------------------------------------------


@in_folder
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.py:f"], "there is no file none.py"),
        (["program.py"], "a file and a function in it are required, as in train.py:loss"),
        (["program.py:"], "a file and a function in it are required"),
        (["program.py:nothing"], "program.py has no function nothing; it has product, error, loss"),
        (["program.py:third"], "program.py has no function third"),
        (["program.py:array"], "array does not tell which parameters it has"),
        (
            ["program.py:product", "--stage", "c"],
            "--stage must be one of trace, optimized, schedule, python",
        ),
        (
            ["program.py:size", "--stage", "c"],
            "--stage must be one of trace, optimized, schedule, python",
        ),
        (
            ["program.py:products", "xs=array(2)", "ys=array(3)", "--stage", "schedule"],
            "there is no schedule of products: it computes over rows and rows_2, and waves have",
        ),
        (["program.py:product", "z=1"], "product has no parameter z; it has x, y"),
        (["program.py:product", "x=1", "x=2"], "x is given a value twice"),
        (["program.py:product", "x"], "'x' gives no value to a parameter; write it as x=2"),
        (["program.py:product", "x="], "'x=' gives no value to a parameter"),
        (["program.py:product", "x=open('f')"], "x must be a number, a list or dict as JSON"),
        (["program.py:product", "x=" + "[" * 100_000], "x must be a number, a list or dict"),
        (["program.py:product", "x=array(0)"], "x must be a number, a list or dict"),
        (["program.py:product", "x=array(10000,10000)"], "x has at most 10,000,000 numbers here"),
        (["program.py:branch"], "program.py:25, `if x > 0:`: a branch"),
        (["program.py:branch"], "It is not called here; taken for numbers: x."),
        (["program.py:dot"], "program.py:22"),
        (["program.py:loss", "xs=array(2)", "ys=array(3)"], "the same number of rows"),
    ],
)
def test_bad_input_is_told_in_one_line(arguments, words):
    status, output, errors = run(*arguments)

    assert (status, output) == (2, "")
    assert errors.splitlines()[-1].startswith("nanograd: ")
    assert words in errors
    assert errors.removeprefix("the program runs\n").count("\n") == 1


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("x = (\n", "wrong.py:1: SyntaxError: "),
        ("\n1 / 0\n", "wrong.py:2: ZeroDivisionError: division by zero"),
        ("import nanograd\nnanograd.log(-1.0)\n", "wrong.py:2: log(x) is defined for x > 0"),
    ],
)
def test_what_goes_wrong_in_the_program_is_one_line(folder, program, message):
    (folder / "wrong.py").write_text(program, encoding="utf-8")
    status, output, errors = run("wrong.py:f")

    assert (status, output) == (2, "")
    assert errors.startswith(f"nanograd: {message}")
    assert errors.count("\n") == 1


@in_folder
@pytest.mark.parametrize("stage", ["llvm", "assembly"])
def test_without_llvmlite_the_extra_is_told(monkeypatch, stage):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "nanograd.compiler.backends.find_spec",
        lambda name: None if name == "llvmlite" else found(name),
    )
    status, output, errors = run("program.py:product", "--stage", stage)

    assert (status, output) == (2, "")
    assert "python3 -m pip install '.[native]'" in errors
    assert errors.removeprefix("the program runs\n").count("\n") == 1


def test_nothing_that_is_given_is_run(folder):
    run("program.py:product", "x=__import__('pathlib').Path('made').touch()")

    assert not (folder / "made").exists()


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_every_text_is_a_value_or_an_error_in_words(text):
    try:
        value = value_in(text, "x")
    except DataError as error:
        assert str(error).startswith("x ")  # noqa: PT017 - or there is a value
    else:
        assert isinstance(value, int | float | str | list | dict | memoryview | None)
