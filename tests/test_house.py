"""The promises of the house, held: who imports whom, budgets, words, pins."""

import ast
import io
import math
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "nanograd"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# -- the tables ------------------------------------------------------------------------------

HEART = {"modes", "labels", "birth", "errors", "real", "evaluation", "nanograd"}
FUNCTIONS = {*HEART, "polygamma", "functions", "reductions"}
EVERYTHING = {"*"}

#: Each module, and which of ours it may import. A row for a package (`drawing`) holds for all the
#: modules in it that have no row of their own; they may import each other.
MAY_IMPORT: dict[str, set[str]] = {
    "modes": set(),
    "labels": {"modes"},
    "birth": {"labels"},
    "errors": {"modes", "labels", "birth"},
    "real": {"errors"},
    "evaluation": {"errors", "modes", "real"},
    "nanograd": HEART,
    "polygamma": set(),
    "functions": {*HEART, "polygamma"},
    "reductions": {*HEART, "functions"},
    "lookup": {*FUNCTIONS, "calculus"},
    "fast": FUNCTIONS,
    "pickling": FUNCTIONS,
    "calculus": {*FUNCTIONS, "adjoints", "collector", "fast"},
    "forms": {*FUNCTIONS, "calculus"},
    "packing": {*FUNCTIONS, "calculus", "forms"},
    "optimize": {*FUNCTIONS, "calculus"},
    "compiler": {
        *FUNCTIONS,
        "calculus",
        "collector",
        "compiler.backends",
        "compiler.schedules",
        "drawing",
        "forms",
        "lookup",
        "packing",
        "progress",
    },
    "compiler.schedules": {*FUNCTIONS, "collector", "compiler", "drawing", "lookup"},
    "compiler.backends": {*FUNCTIONS, "calculus", "compiler", "compiler.schedules", "packing"},
    "compiler.backends.llvm": {
        *FUNCTIONS,
        "atomic",
        "calculus",
        "lookup",
        "packing",
        "compiler",
        "compiler.backends",
        "compiler.schedules",
    },
    "compiler.backends.numpy": {*FUNCTIONS, "calculus", "compiler", "compiler.backends"},
    "data": FUNCTIONS,
    "losses": FUNCTIONS,
    "nn": {*FUNCTIONS, "losses"},
    "optim": FUNCTIONS,
    "progress": set(),
    "console": set(),
    "collector": set(),
    "adjoints": HEART,
    "atomic": {"errors"},
    "arguments": {"errors"},
    "tabular": {
        *FUNCTIONS,
        "nn",
        "optim",
        "arguments",
        "progress",
        "console",
        "collector",
        "atomic",
    },
    "drawing": {*FUNCTIONS, "adjoints", "collector", "atomic"},
    "formula": FUNCTIONS,
    "grad_command": {*FUNCTIONS, "drawing", "formula", "progress"},
    "running": {"errors"},
    "steps_command": {
        *FUNCTIONS,
        "drawing",
        "formula",
        "grad_command",
        "arguments",
        "atomic",
        "running",
    },
    "calls": {"calculus", "compiler"},
    "compile_command": {
        "errors",
        "compiler",
        "compiler.backends",
        "calls",
        "grad_command",
        "running",
    },
    "cache_command": {"compiler.backends.llvm"},
    "demo": {*FUNCTIONS, "drawing", "progress"},
    "cli": EVERYTHING,
    "__init__": EVERYTHING,
    "__main__": {"cli"},
}

#: What is not ours and not Python's, and which modules ask for it, inside a function.
MAY_ASK_FOR: dict[str, set[str]] = {
    "calculus": {"scipy"},
    "compiler.backends.llvm": {"llvmlite", "numpy"},
    "compiler.backends.numpy": {"numpy", "scipy"},
    "drawing": {"rich"},
    "grad_command": {"rich"},
}

MOST_TOKENS_PER_LINE = 10.0  # on average over the package,
DENSEST_FILE = 12.5  # and over a file
LONGEST_FUNCTION = 40
WIDEST_LINE = 100
LONGEST_FILE = {"nanograd/nanograd.py": 300}  # the heart is read in one sitting

#: A stranger's package has our plain name; addresses of registries and of somebody's machine are
#: of no use to anybody else. (Each pattern is written such that it does not find itself.)
FORBIDDEN = {
    "installs a stranger's package": (
        r"(pip3? install|pipx install|pipx run|uvx|uv add)( +-\S+)* +['\"]?nanograd(?!-autodiff|\w)"
    ),
    "names the host of a registry": r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(org|com)",
    "records a download address": r'"resolved": *"https?:|registry = \{ *url',
    "is a path on one machine": r"(^|[^\w.-])/(work|farm|root|home|Users)/\w|\b[A-Z]:\\Users",
}

# -- imports ---------------------------------------------------------------------------------

FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a module's dotted name without the package's: `nn`, `drawing.svg`, `__init__`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


def row_of(module: str) -> str:
    """Return the row of MAY_IMPORT that holds for a module: its own, or its package's."""
    while module not in MAY_IMPORT and "." in module:
        module = module.rpartition(".")[0]
    return module


def module_at(dotted: list[str]) -> str:
    """Return the module of ours that a dotted name leads to, or `__init__` for a public name."""
    while dotted and ".".join(dotted) not in MODULES:
        dotted = dotted[:-1]
    return ".".join(dotted) or "__init__"


def imports(path: Path, tree: ast.AST) -> Iterator[tuple[bool, list[str]]]:
    """Yield each imported name in parts, and whether it is one of ours."""
    package = list(path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = (node.module or "").split(".") if node.module else []
            if node.level:
                base = ["nanograd", *package[: len(package) - node.level + 1], *base]
            names = [[*base, alias.name] for alias in node.names]
        else:
            continue
        for name in names:
            ours = name[0] == "nanograd"
            yield ours, name[1:] if ours else name


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def id_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


every_file = pytest.mark.parametrize("path", FILES, ids=id_of)


@every_file
def test_a_module_imports_only_what_lies_below_it(path):
    row = row_of(name_of(path))
    assert row in MAY_IMPORT, f"give {row} a row in MAY_IMPORT"

    found = {row_of(module_at(name)) for ours, name in imports(path, parsed(path)) if ours}
    allowed = found if MAY_IMPORT[row] == EVERYTHING else {row, *MAY_IMPORT[row]}

    assert found - allowed == set()


@every_file
def test_a_module_needs_python_and_nothing_else(path):
    tree = parsed(path)
    in_functions = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    asked_for = set()
    needed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            foreign = {name[0] for ours, name in imports(path, node) if not ours}
            (asked_for if node in in_functions else needed).update(foreign)

    assert needed <= sys.stdlib_module_names
    assert asked_for - sys.stdlib_module_names <= MAY_ASK_FOR.get(row_of(name_of(path)), set())


def test_the_table_names_only_modules_that_have_a_row():
    named = {name for row in MAY_IMPORT.values() for name in row} - EVERYTHING

    assert named <= MAY_IMPORT.keys()


# -- budgets ---------------------------------------------------------------------------------

SILENT = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
    tokenize.STRING,
}


def tokens(text: str) -> list[tokenize.TokenInfo]:
    """Return the tokens that count: no layout, no comments, and of a string not even its parts."""
    counted = []
    depth = 0  # from Python 3.12 on, an f-string is a start, parts, and an end
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        depth += kind.endswith("STRING_START")
        if not depth and token.type not in SILENT:
            counted.append(token)
        depth -= kind.endswith("STRING_END")
    return counted


every_source = pytest.mark.parametrize("path", [*FILES, ROOT / "dev.py"], ids=id_of)


def density(paths):
    counted = lines = 0
    for path in paths:
        found = tokens(path.read_text(encoding="utf-8"))
        counted += len(found)
        lines += len({token.start[0] for token in found})
    return counted / max(1, lines)


@every_source
def test_lines_are_not_dense(path):
    assert density([path]) <= DENSEST_FILE


def test_lines_are_not_dense_on_average():
    assert density(FILES) <= MOST_TOKENS_PER_LINE


@every_source
def test_lines_are_not_wide_and_files_not_long(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    length, longest = len(lines), LONGEST_FILE.get(id_of(path), math.inf)

    assert [f"line {i}" for i, line in enumerate(lines, 1) if len(line) > WIDEST_LINE] == []
    assert length <= longest


@every_source
def test_functions_are_short(path):
    functions = [
        node
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = {function.name: function.end_lineno - function.lineno + 1 for function in functions}

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def public(node: ast.Module | ast.ClassDef) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    """Yield the public functions and classes, and the public methods of those."""
    for child in ast.iter_child_nodes(node):
        definition = isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if not definition or child.name.startswith("_") or says_more_of_another(child):
            continue
        yield child
        if isinstance(child, ast.ClassDef):
            yield from public(child)


def says_more_of_another(node: ast.ClassDef | ast.FunctionDef) -> bool:
    """Return whether it is the setter of a property, or one of several signatures."""
    decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(decorators & {"setter", "deleter", "overload"})


@every_source
def test_what_is_public_is_documented(path):
    tree = parsed(path)

    assert ast.get_docstring(tree)
    assert [node.name for node in public(tree) if not ast.get_docstring(node)] == []


# -- words -----------------------------------------------------------------------------------


def files_of_the_repository() -> list[Path]:
    """Return the files that git tracks, and those that it would."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        pytest.skip(f"the words in the repository's files are not tested: {problem}")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("trouble", FORBIDDEN)
def test_no_file_says_what_only_harms(trouble):
    forbidden = re.compile(FORBIDDEN[trouble])
    found = [
        f"{id_of(path)}:{number}: {line.strip()[:80]}"
        for path in files_of_the_repository()
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1)
        if forbidden.search(line)
    ]

    assert found == []


@pytest.mark.parametrize(
    ("trouble", "line"),
    [
        ("installs a stranger's package", "pip install " + "nanograd"),
        ("installs a stranger's package", 'pip install -U "' + 'nanograd[jax]"'),
        ("installs a stranger's package", "uvx " + "nanograd demo"),
        ("installs a stranger's package", "pipx run " + "nanograd==1.0"),
        ("names the host of a registry", "https://files.python" + "hosted.org/packages"),
        ("records a download address", '"resolved": "http' + 's://example.com/x.tgz"'),
        ("is a path on one machine", "see /ho" + "me/ann/code"),
    ],
)
def test_the_patterns_find_what_they_are_for(trouble, line):
    assert re.search(FORBIDDEN[trouble], line)


@pytest.mark.parametrize(
    "line", ["pip install nanograd-autodiff", "uvx --from . nanograd", "uv run nanograd"]
)
def test_the_patterns_let_the_right_words_pass(line):
    assert not any(re.search(pattern, line) for pattern in FORBIDDEN.values())


# -- the map ---------------------------------------------------------------------------------


def test_contributing_names_every_file_of_the_compiler():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    map_of_it = text.partition("## The compiler, file by file")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+\.py|\w+/)`", map_of_it))
    compiler = PACKAGE / "compiler"
    in_one = compiler / "backends" / "llvm" / "vector_math"  # its files are told as one
    files = {x.name for x in compiler.rglob("*.py") if in_one not in x.parents} - {"__init__.py"}

    assert named - {"vector_math/"} == files


# -- pins ------------------------------------------------------------------------------------

EXTRAS = PROJECT["project"]["optional-dependencies"]


def pins() -> dict[str, str]:
    """Return the versions in constraints.txt, and make sure that there is nothing else in it."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def brought(names: set[str]) -> set[str]:
    """Return the packages of these names with all that they need here, if they are installed."""
    found = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        wanted = [Requirement(need) for need in needs]
        waiting += [
            canonicalize_name(need.name)
            for need in wanted
            if need.marker is None or need.marker.evaluate({"extra": ""})
        ]
    return found


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_package_of_an_extra_is_pinned_with_all_it_brings(extra):
    own = canonicalize_name(PROJECT["project"]["name"])
    names = {canonicalize_name(Requirement(text).name) for text in EXTRAS[extra]} - {own}

    assert brought(names) <= pins().keys()


def test_the_build_tool_is_pinned():
    names = [Requirement(text).name for text in PROJECT["build-system"]["requires"]]

    assert set(names) <= pins().keys()


def test_the_core_needs_no_package():
    assert PROJECT["project"]["dependencies"] == []


def test_dependency_groups_say_the_same_as_extras():
    groups = dict(PROJECT["dependency-groups"])
    extras = dict(EXTRAS)
    included = [entry["include-group"] for entry in groups.pop("dev")]

    assert extras.pop("dev") == [f"{PROJECT['project']['name']}[{','.join(included)}]"]
    assert groups == extras
