"""The command `cache`: it tells where compiled functions are kept, and removes them."""

import contextlib
import io

import pytest

from nanograd import cli
from nanograd.compiler.backends.llvm import cache


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "kept here"
    monkeypatch.setenv("NANOGRAD_CACHE", str(place))
    return place


def run(*arguments):
    """Run the command in this process; return its status, its output and its errors."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        status = cli.main(["cache", *arguments])
    return status, output.getvalue(), errors.getvalue()


def fill():
    """Compile a function, so that something is kept, and return the files."""
    pytest.importorskip("llvmlite", reason="without llvmlite nothing is compiled to be kept")
    from nanograd import exp, jit

    jit(lambda x: exp(x) * 3 + 1, backend="llvm")(2.0)
    return [path for path in cache.folder().rglob("*") if path.is_file()]


def test_an_empty_cache_is_told_with_its_folder(folder):
    assert run() == (0, f"{cache.folder()}: 0 B\n", "")
    assert str(cache.folder()).startswith(str(folder))


def test_clearing_an_empty_cache_removes_nothing(folder):
    assert run("--clear") == (0, f"removed 0 files from {cache.folder()}\n", "")
    assert str(cache.folder()).startswith(str(folder))


@pytest.mark.usefixtures("folder")
def test_what_is_kept_is_measured_and_removed():
    files = fill()
    size = sum(path.stat().st_size for path in files)
    shown = run()
    cleared = run("--clear")

    assert size > 0
    assert shown == (0, f"{cache.folder()}: {size / 1000:,.1f} kB\n", "")
    assert cleared[1].startswith("removed ")
    assert cleared[1] != f"removed 0 files from {cache.folder()}\n"
    assert run() == (0, f"{cache.folder()}: 0 B\n", "")


def test_an_unknown_option_is_one_line():
    status, output, errors = run("--empty")

    assert (status, output) == (2, "")
    assert errors.startswith("nanograd: unrecognized arguments: --empty")
    assert errors.count("\n") == 1
