"""The wheel, as somebody gets it who has no clone: built, installed alone, and used."""

import os
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "nanograd"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"

USE = """
from nanograd.nanograd import Value

x, y = Value(2.0), Value(3.0)
z = (x * y + 3) ** 2
z.backward()
print(z.data, x.grad, y.grad)
"""


def output(*command, cwd):
    """Return what the command prints, run where neither the clone nor its packages are in sight."""
    hidden = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    program = subprocess.run(
        command, cwd=cwd, env=hidden, capture_output=True, text=True, check=False
    )
    assert program.returncode == 0, program.stderr
    return program.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("hatchling", reason="hatchling is missing: the wheel is not tested")
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    output(*build, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of the programs of a fresh environment that holds the wheel and nothing else."""
    pytest.importorskip("pip", reason="pip is missing: the wheel is not tested installed")
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=os.name != "nt")
    pip = (sys.executable, "-m", "pip", "--python", str(folder))
    output(*pip, "install", "--no-index", "--no-deps", str(wheel), cwd=folder)
    return folder / SCRIPTS


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    with ZipFile(wheel) as archive:
        files = {Path(name) for name in archive.namelist()}
    shipped = {path for path in files if not path.parts[0].endswith(".dist-info")}
    ours = {path.relative_to(ROOT) for path in PACKAGE.rglob("*") if path.is_file()}

    assert shipped == {path for path in ours if not is_litter(path)}


def is_litter(path):
    """Return whether a file was left by Python or by a file manager, not written by us."""
    return any(part == "__pycache__" or part.startswith(".") for part in path.parts)


def test_the_wheel_holds_types_and_data_sets(wheel):
    with ZipFile(wheel) as archive:
        files = archive.namelist()

    assert "nanograd/py.typed" in files
    assert any(name.startswith("nanograd/datasets/") for name in files if name.endswith(".csv"))


def test_the_installed_package_differentiates(installed, tmp_path):
    assert output(str(installed / "python"), "-c", USE, cwd=tmp_path) == "81.0 54.0 36.0"


def test_the_installed_command_knows_its_version(installed, wheel, tmp_path):
    version = wheel.name.split("-")[1]

    assert version in output(str(installed / "nanograd"), "--version", cwd=tmp_path)
