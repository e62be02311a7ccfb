"""Machine code on disk: whatever happens to it, results are right, and there is one warning."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("llvmlite", reason="machine code is made by llvmlite")

from nanograd.compiler.backends.llvm import cache, lowered, machine_code
from nanograd.compiler.programs.parsing import parsed

PROGRAM = parsed("program(w, x[rows])\n a = mul w x\n b = tanh a\n c = sum[rows] b\n return c")
OPERANDS = [0.5, [1.0, 2.0, -2.0]]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    place = tmp_path / "cache"
    monkeypatch.setenv("NANOGRAD_CACHE", str(place))
    monkeypatch.setattr(cache, "TOLD", set())
    return place


@pytest.fixture
def compilations(monkeypatch):
    """Count what LLVM compiles."""
    found = []
    compiled = machine_code.compiled
    monkeypatch.setattr(
        machine_code, "compiled", lambda *args, **named: found.append(1) or compiled(*args, **named)
    )
    return found


def result():
    return lowered(PROGRAM)(OPERANDS)


def test_a_second_time_nothing_is_compiled(compilations, folder):
    first = result()
    count = len(compilations)

    assert count
    assert result() == first
    assert len(compilations) == count
    assert cache.size() == sum(path.stat().st_size for path in folder.iterdir())
    assert cache.clear() == len(compilations)
    assert cache.files() == []
    assert result() == first
    assert len(compilations) == 2 * count


def damage(content):
    """Return contents of a file that was damaged in several ways."""
    middle = len(content) // 2
    return [
        b"",
        content[:10],
        content[: cache.DIGEST],
        content[:middle],
        content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        content + b"\0",
        os.urandom(100),
    ]


def test_a_damaged_file_is_told_once_and_made_anew(compilations, folder):
    wanted = result()
    paths = list(folder.iterdir())
    good = {path: path.read_bytes() for path in paths}
    for case in range(len(damage(b"x" * 100))):
        cache.TOLD.clear()
        for path, content in good.items():
            path.write_bytes(damage(content)[case])
        with pytest.warns(UserWarning, match="has a damaged file, which is made anew") as told:
            assert result() == wanted

        assert len(told) == 1
        compilations.clear()
        assert result() == wanted
        assert not compilations


def assert_told_once(wanted, reason):
    with pytest.warns(UserWarning, match=f"cannot be used .*{reason}") as told:
        assert result() == result() == wanted
    assert len(told) == 1


def test_a_folder_that_is_a_file(monkeypatch, tmp_path):
    wanted = result()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NANOGRAD_CACHE", str(tmp_path / "file"))

    assert_told_once(wanted, "")
    assert cache.files() == []
    assert (cache.size(), cache.clear()) == (0, 0)


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), PermissionError(13, "no")]
)
def test_a_disk_that_is_full_or_cannot_be_written(monkeypatch, folder, error):
    wanted = result()
    cache.clear()

    def write_half(path, content):
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise error

    monkeypatch.setattr(Path, "write_bytes", write_half)
    assert_told_once(wanted, error.strerror)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_read(monkeypatch):
    wanted = result()

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(machine_code, "our_version", lambda: "known")
    assert_told_once(wanted, "Permission denied")


def test_without_a_home_there_is_no_cache_and_no_shared_folder_is_taken(monkeypatch):
    wanted = result()

    def refuse():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("NANOGRAD_CACHE")
    monkeypatch.setattr(Path, "home", refuse)
    assert_told_once(wanted, "home directory")
    assert cache.files() == []


def test_another_version_does_not_use_what_this_one_wrote(compilations, monkeypatch):
    wanted = result()
    count = len(compilations)
    monkeypatch.setattr(machine_code, "our_version", lambda: "another")

    assert result() == wanted
    assert len(compilations) == 2 * count


def test_what_ended_processes_left_is_cleared(folder):
    result()
    draft = folder / ".nanograd-0123.part"
    draft.write_text("half")
    another = folder / ".nanograd-4567.part"
    another.write_text("being written")
    os.utime(draft, (0, 0))
    cache.clear()

    assert list(folder.iterdir()) == [another]


def test_a_cache_that_has_grown_large_forgets_what_is_old(folder, monkeypatch):
    for i in range(4):
        cache.keep(f"key{i}", b"code")
        os.utime(folder / f"key{i}.code", (i, i))
    monkeypatch.setattr(cache, "MOST", 4 * (cache.DIGEST + 4))
    cache.keep("key4", b"code")

    assert sorted(path.stem for path in folder.iterdir()) == ["key2", "key3", "key4"]
    assert cache.found("key4") == b"code"


CHILD = """
from test_compiler_llvm_cache import *
import nanograd.compiler.backends.llvm.cache as cache
for _ in range(10):
    for name in ("tanh", "sin", "exp", "sigmoid"):
        program = parsed(str(PROGRAM).replace("tanh", name))
        print(lowered(program)(OPERANDS)[0].hex())
    cache.clear()
"""


def test_processes_may_share_it_and_clear_it_at_the_same_time():
    there = Path(__file__).parent
    paths = os.pathsep.join([str(there.parent), str(there)])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", CHILD]
    children = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    ends = [child.communicate(timeout=300) for child in children]

    assert [errors for _, errors in ends] == [b""] * 3
    assert len({output for output, _ in ends}) == 1
    assert len(ends[0][0].split()) == 40
