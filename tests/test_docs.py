"""The documents keep their word: their code runs and prints what it says, quotes and links hold."""

import ast
import codeop
import contextlib
import doctest
import importlib
import io
import pkgutil
import re
import textwrap
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.example import SybilFailure
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("docs", "examples")
BELOW = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))
DOCUMENTS = [ROOT / "README.md", *BELOW]
PAGES = sorted({*DOCUMENTS, *ROOT.glob("*.md"), *(ROOT / "benchmarks").rglob("*.md")})

#: What a fence may say. A language that is not here could be Python that nobody runs.
LANGUAGES = {"console", "math", "json", "python", "text"}

FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
INLINE_CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def id_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=id_of)
every_page = pytest.mark.parametrize("path", PAGES, ids=id_of)

# -- code ------------------------------------------------------------------------------------


def promises(source: str) -> Iterator[str]:
    """Yield what a block says that it prints.

    That is the comment behind each `print(...)`, or if there is none, the comments below it.
    """
    comments, alone = {}, {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            kind = alone if token.line.lstrip().startswith("#") else comments
            kind[token.start[0]] = token.string.removeprefix("#").removeprefix(" ")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    prints = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    for line in sorted(call.end_lineno for call in prints):
        if line in comments:
            yield comments[line]
            continue
        below = line + 1
        while below in alone:
            yield alone[below]
            below += 1


def run_and_compare(example: Example) -> str | None:
    """Run a block, and return how what it prints differs from what it says, if it does."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        PythonEvaluator()(example)
    printed, promised = output.getvalue().splitlines(), list(promises(example.parsed))
    return None if printed == promised else f"it prints  {printed}\nit says    {promised}"


class PythonBlocks(PythonCodeBlockParser):
    """Blocks that start with `>>>` are sessions; in all others, comments say what is printed.

    In a session long lines may be wrapped, and `...` stands for what differs from run to run.
    """

    def __init__(self):
        super().__init__(doctest_optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        self.codeblock_parser = CodeBlockParser("python", run_and_compare)


def examples_of(path: Path) -> list[Example]:
    """Return the examples of a document in order; they share one namespace."""
    return list(Sybil(parsers=[PythonBlocks()], path=ROOT).parse(path).examples())


@every_document
@pytest.mark.usefixtures("declared")
def test_every_python_block_runs_and_prints_what_it_says(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what a page saves does not stay
    for example in examples_of(path):
        example.evaluate()


@every_document
def test_no_block_escapes(path):
    languages = [(fence["info"].split() or ["none"])[0] for fence in fences(path)]
    outside = FENCE.sub("", path.read_text(encoding="utf-8"))

    assert set(languages) <= LANGUAGES
    assert "```" not in outside
    assert "~~~" not in outside


def test_the_blocks_of_the_introduction_can_be_pasted_into_a_session():
    for example in examples_of(ROOT / "docs" / "introduction.md"):
        if isinstance(example.parsed, str):
            paste(f"{example.parsed}\n")


def test_a_block_that_cannot_be_pasted_is_found():
    with pytest.raises(SyntaxError):
        paste("for i in []:\n    pass\nprint(i)\n")


def paste(source: str) -> None:
    """Compile a block as a session does, line by line; what it cannot take is a SyntaxError."""
    pending = []
    for line in source.split("\n"):
        pending.append(line)
        if codeop.compile_command("\n".join(pending), symbol="single"):
            pending = []

    assert "".join(pending) == ""


@pytest.mark.parametrize(
    ("block", "kept"),
    [
        ("print(6 * 7)  # 42", True),
        ("print(6 * 7)  # 41", False),
        ("print(6 * 7)", False),
        ("6 * 7  # 42", True),
        ("for i in range(2):\n    print(i)\n# 0\n# 1", True),
        ("for i in range(3):\n    print(i)\n# 0\n# 1", False),
        ("print(\n    1\n)  # 1\n# a remark\nprint(2)  # 2", True),
        (">>> 6 * 7\n42", True),
        (">>> 6 * 7\n41", False),
        ("x = 1\n```\n\n```python\nprint(x)  # 1", True),
    ],
)
def test_a_broken_promise_is_found(tmp_path, block, kept):
    path = tmp_path / "page.md"
    path.write_text(f"```python\n{block}\n```\n", encoding="utf-8")
    examples = examples_of(path)

    assert examples
    with contextlib.nullcontext() if kept else pytest.raises(SybilFailure):
        for example in examples:
            example.evaluate()


# -- quotes ----------------------------------------------------------------------------------


def fences(path: Path) -> list[re.Match[str]]:
    return list(FENCE.finditer(path.read_text(encoding="utf-8")))


def quotes(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each quoted file with the quote: blocks that open with ```python and a file's name."""
    for fence in fences(path):
        language, _, source = fence["info"].partition(" ")
        if language == "python" and source:
            yield source.strip(), fence["body"]


def stands_in(quote: str, source: str) -> bool:
    """Return whether a quote stands in a text, at any depth; notes to the linter aside."""
    source = re.sub(r"  # noqa.*", "", source)
    return any(f"\n{textwrap.indent(quote, ' ' * depth)}" in source for depth in (0, 4, 8))


@every_document
def test_what_is_quoted_stands_in_the_file(path):
    missing = [
        quote
        for source, quote in quotes(path)
        if not stands_in(quote, (ROOT / source).read_text(encoding="utf-8"))
    ]

    assert missing == []


def test_a_wrong_quote_is_found():
    source = "class A:\n    def f(x):  # noqa: N805\n        return x\n"

    assert stands_in("def f(x):\n    return x\n", source)
    assert not stands_in("def f(x):\n    return y\n", source)
    assert not stands_in("return\n", source)


def test_the_introduction_quotes_the_heart():
    quoted = "".join(quote for _, quote in quotes(ROOT / "docs" / "introduction.md"))

    for piece in ("def mul(", "def grad_fn(", "ancestry(self)", "sorted_ancestry("):
        assert piece in quoted


# -- links -----------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = HEADING.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(path: Path) -> Iterator[str]:
    """Yield the relative links of a page that lead nowhere."""
    text = INLINE_CODE.sub("", FENCE.sub("", path.read_text(encoding="utf-8")))
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        page = path.parent / name if name else path
        if not page.exists() or (anchor and anchor not in anchors(page)):
            yield target


@every_page
def test_every_relative_link_leads_somewhere(path):
    assert list(broken(path)) == []


def test_a_broken_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    text = """\
        # The `first` part, again
        [good](page.md) [good](#the-first-part-again) [good](https://example.com/none)
        [bad](none.md) [bad](#none) [bad](page.md#none) `[code](none.md)`
        """
    page.write_text(textwrap.dedent(text), encoding="utf-8")

    assert list(broken(page)) == ["none.md", "#none", "page.md#none"]


# -- docstrings ------------------------------------------------------------------------------

PACKAGES = ("nanograd.", "nanograd.calculus.", "nanograd.drawing.")
MODULES = [
    module.name
    for package in PACKAGES
    for module in pkgutil.iter_modules(importlib.import_module(package[:-1]).__path__, package)
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.usefixtures("declared")
def test_the_examples_in_docstrings_are_right(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)

    assert found.failed == 0
