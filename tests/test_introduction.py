"""The document that the project was created from, where it is at hand: its code runs unchanged."""

import contextlib
import io
import re
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.document import Document
from sybil.parsers.markdown import PythonCodeBlockParser

ORIGINAL = Path(__file__).parents[2] / "shared" / "INTRODUCTION.md"


@pytest.fixture(scope="module")
def printed():
    """Run the blocks of the document in order, in one namespace, and return what they print."""
    if not ORIGINAL.exists():
        pytest.skip("not tested: the blocks of the original introduction, which is not here")
    sybil = Sybil(parsers=[PythonCodeBlockParser()], patterns=["*.md"])
    document = Document.parse(str(ORIGINAL), *sybil.parsers)
    assert len(list(document)) >= 4
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        for example in document:
            example.evaluate()
    return out.getvalue()


def test_the_original_introduction_prints_what_it_promises(printed):
    for line in (
        "dz/dx: 54.0",
        "dz/dy: 36.0",
        "dy/dx: 15.0",
        "dc/da: 12.0",
        "dc/db: -12.0",
    ):
        assert line in printed.splitlines()


def test_the_original_introduction_learns_and(printed):
    found = dict(re.findall(r"AND\((\d, \d)\) ≈ (\d\.\d{4})", printed))

    assert {pair: round(float(p)) for pair, p in found.items()} == {
        "0, 0": 0,
        "0, 1": 0,
        "1, 0": 0,
        "1, 1": 1,
    }
