"""The project's chores: `python3 dev.py test`, and `python3 dev.py --help` for the others.

Each command first makes the project's own environment, the folder `.venv`, if it is missing or
out of date. Nothing but the standard library is used: a bare Python is enough to begin with.
"""

import sys

if sys.version_info < (3, 11):  # before the imports that an older Python does not have
    sys.exit("dev.py: needs Python 3.11 or newer; this is %d.%d" % sys.version_info[:2])

import argparse
import ast
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent
BENCHMARKS = ROOT / "benchmarks"
VENV = ROOT / ".venv"
STAMP = VENV / "dev-stamp.json"  # what a finished set-up installed; "{}" while one is under way
LOG = VENV / "dev-install.log"
PYTHON = str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
BASE = getattr(sys, "_base_executable", sys.executable)  # the one running may live in .venv

#: What pip and uv say when they reach nobody.
NO_NETWORK = ("connection broken", "connectionerror", "dns error", "name resolution", "timed out")


def main() -> int:
    """Run one command and return its exit status."""
    parser = arguments()
    options, rest = parser.parse_known_args()
    if not options.command:
        parser.print_help()
        return 0
    if rest and options.command == "lint":
        parser.error(f"lint does not take {' '.join(rest)}")
    chores = {"test": test, "lint": lint, "bench": bench}
    return chores[options.command](options, rest)


def arguments() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    parser = argparse.ArgumentParser(
        description="The project's chores. The first one makes the environment .venv.",
        epilog="COMMAND --help tells more.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, about: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=about, description=about, allow_abbrev=False)

    testing = add("test", "run the tests; other arguments go to pytest")
    linting = add("lint", "check style, format and types")
    linting.add_argument("--fix", action="store_true", help="mend what can be mended")
    timing = add("bench", "run a script of benchmarks/, or list them; other arguments go to it")
    timing.add_argument("name", nargs="?", help="the script's name")
    for command in (testing, timing):
        about = "install the libraries to compare with, too; on Linux that can be gigabytes"
        command.add_argument("--everything", action="store_true", help=about)
    return parser


# -- commands --------------------------------------------------------------------------------


def test(options: argparse.Namespace, rest: Sequence[str]) -> int:
    """Run pytest and return its exit status."""
    prepare("test", *(["oracle", "browser"] if options.everything else []))
    return run(PYTHON, "-m", "pytest", *rest)


def lint(options: argparse.Namespace, _rest: Sequence[str]) -> int:
    """Run every check, also after one has failed, and say which did."""
    prepare("lint")
    checks = {
        "style": ["ruff", "check", *(["--fix"] if options.fix else [])],
        "format": ["ruff", "format", *([] if options.fix else ["--check"])],
        "types": ["mypy"],
    }
    failed = [name for name, check in checks.items() if run(PYTHON, "-m", *check)]
    if failed:
        say(f"to mend: {', '.join(failed)}. `python3 dev.py lint --fix` mends what it can")
    return 1 if failed else 0


def bench(options: argparse.Namespace, rest: Sequence[str]) -> int:
    """Run the benchmark of that name; without a name, list them all."""
    files = sorted(BENCHMARKS.glob("*.py"))
    scripts = {path.stem: path for path in files if "__main__" in path.read_text(encoding="utf-8")}
    if options.name in scripts:
        prepare("test", *(["oracle"] if options.everything else []))
        return run(PYTHON, str(scripts[options.name]), *rest)
    for name, path in scripts.items():
        print(f"{name:24} {first_sentence(path)}")
    if options.name:
        say(f"there is no benchmark named {options.name}")
    elif not scripts:
        say("there are no benchmarks yet")
    return 2 if options.name else 0


def first_sentence(script: Path) -> str:
    """Return the first line of the script's docstring."""
    text = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


# -- the environment -------------------------------------------------------------------------


def prepare(*extras: str) -> None:
    """Make `.venv` hold these extras of pyproject.toml, beside those that it holds already."""
    held = stamp()
    wanted = {
        "extras": sorted({*extras, *held.get("extras", [])}),
        "inputs": fingerprint(),
        "python": sys.implementation.cache_tag,
        "root": str(ROOT),  # the environment knows its own place, and breaks when it is moved
    }
    if held == wanted and Path(PYTHON).exists():
        return
    trouble = fault(held)
    if trouble:
        say(f"making the environment .venv: {trouble}")
        create()
    install(wanted)


def stamp() -> dict[str, Any]:
    """Return what the last set-up noted; nothing if there was none, or if it broke off."""
    try:
        noted = json.loads(STAMP.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def fingerprint() -> str:
    """Return a digest of the files that decide what is installed."""
    inputs = (ROOT / "pyproject.toml", ROOT / "constraints.txt")
    return hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()


def fault(held: dict[str, Any]) -> str:
    """Return why `.venv` must be made anew, in words; nothing if it can be added to."""
    if not VENV.exists():
        return "there is none yet"
    if STAMP.exists() and not held:
        return "the last set-up did not finish"
    if held.get("root", str(ROOT)) != str(ROOT):
        return "it was made for another folder"
    tag = output(PYTHON, "-c", "import sys; print(sys.implementation.cache_tag)")
    if tag != sys.implementation.cache_tag:
        return f"the one there is not of Python {sys.version_info.major}.{sys.version_info.minor}"
    return ""


def create() -> None:
    """Make an empty environment, in place of any other, by what works on this machine."""
    if VENV.exists():
        shutil.rmtree(VENV)
    VENV.mkdir()
    STAMP.write_text("{}", encoding="utf-8")
    ways = (
        ("uv", "venv", "--allow-existing", "--python", BASE, str(VENV)),
        (BASE, "-m", "venv", str(VENV)),
        (BASE, "-m", "venv", "--without-pip", str(VENV)),  # Debian may lack ensurepip
    )
    if not any(logged(*way) for way in ways):
        fail(f"could not make an environment ({last_words()}). Debian: apt install python3-venv")


def install(wanted: dict[str, Any]) -> None:
    """Install the project with the wanted extras, at the pinned versions, and note it.

    The build tool comes first, so that it is pinned too, and building needs no network of its own.
    """
    before = STAMP.read_text(encoding="utf-8") if STAMP.exists() else ""
    project = f".[{','.join(wanted['extras'])}]"
    say(f"installing {project} into .venv; this can take a minute")
    STAMP.write_text("{}", encoding="utf-8")
    pinned = ("--constraint", "constraints.txt")
    done = any(
        logged(*pip, *pinned, "hatchling")
        and logged(*pip, *pinned, "--no-build-isolation", "--editable", project)
        for pip in installers()
    )
    if not done:
        STAMP.write_text(before, encoding="utf-8")  # nothing changes before all is downloaded
        if no_network():
            fail(f"could not install {project}: no network, it seems. Connect and try again")
        fail(f"could not install {project}: {last_words()}. All that was said is in {LOG}")
    STAMP.write_text(json.dumps(wanted, indent=1), encoding="utf-8")


def installers() -> Sequence[Sequence[str]]:
    """Return commands that install into `.venv`, to be tried in turn."""
    if output("uv", "--version"):
        uv = ("uv", "pip", "install", "--python", PYTHON)
        return (*uv, "--offline"), uv  # what it has kept may be enough; it would ask all the same
    pips = (
        (PYTHON, "-m", "pip"),
        (BASE, "-m", "pip", "--python", PYTHON),
        ("pip3", "--python", PYTHON),
        ("pip", "--python", PYTHON),
    )
    for pip in pips:
        if output(*pip, "--version"):
            return ((*pip, "install"),)
    fail("needs pip 22.3 or newer, or uv. Debian and Ubuntu: apt install python3-venv")


# -- running other programs ------------------------------------------------------------------


def run(*command: str) -> int:
    """Run the command in the project's folder, its output passing through; return its status."""
    say(" ".join(command[1:]).removeprefix("-m "))
    with subprocess.Popen(command, cwd=ROOT) as program:
        while True:
            try:
                status = program.wait()
            except KeyboardInterrupt:
                continue  # the program was told as well, and ends in its own way
            return status if status >= 0 else 128 - status  # as a shell counts signals


def logged(*command: str) -> bool:
    """Run the command with its output in the log, and return whether it succeeded."""
    try:
        with LOG.open("wb") as log:
            program = subprocess.run(
                command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False
            )
    except FileNotFoundError:
        return False
    return program.returncode == 0


def output(*command: str) -> str:
    """Return what the command prints; nothing if it cannot be run, or fails."""
    try:
        program = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return "" if program.returncode else program.stdout.strip()


def no_network() -> bool:
    """Return whether the log of the last command tells of a network out of reach."""
    text = LOG.read_text(encoding="utf-8", errors="replace").lower()
    return any(sign in text for sign in NO_NETWORK)


def last_words() -> str:
    """Return the last line of the log that calls itself an error, or else the very last."""
    lines = LOG.read_text(encoding="utf-8", errors="replace").split("\n")
    lines = [line.strip() for line in lines if line.strip()] or ["it said nothing"]
    return next((line for line in reversed(lines) if "error: " in line.lower()), lines[-1])


def say(message: str) -> None:
    """Tell on the standard error stream what is happening; the other one is the command's own."""
    print(f"dev.py: {message}", file=sys.stderr, flush=True)


def fail(message: str) -> NoReturn:
    """End with a line about what went wrong and what to do."""
    sys.exit(f"dev.py: {message}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as problem:
        fail(str(problem))
