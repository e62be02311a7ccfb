"""Text on any console: for a character that it lacks, ASCII that says the same stands in."""

import codecs
import io
import os
import re
import unicodedata
from pathlib import Path
from typing import TextIO

#: Accented and raised characters are taken apart to find the ASCII in them; in these there is none.
IN_ASCII = {
    "×": "*",
    "·": "*",
    "−": "-",
    "≈": "~",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
    "→": "->",
    "√": "sqrt",
    "∛": "cbrt",
    "∂": "d",
    "Γ": "Gamma",
    "Π": "prod",
    "Σ": "sum",
    "π": "pi",
    "σ": "sigma",
    "ψ": "psi",
    "«": "<<",
    "»": ">>",
    "′": "'",
    "─": "-",
    "█": "#",
    "░": ".",
    "–": "-",
    "—": "-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
}

FRACTION_SLASH = "\N{FRACTION SLASH}"
RAISED = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")


def prepared(stream: TextIO | None) -> TextIO:
    """Return the stream, which writes in ASCII what its encoding lacks, instead of failing.

    Where the stream is closed, the one that is returned leads nowhere.
    """
    stream = stream or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="nanograd-ascii")
    return stream


def leave(stream: TextIO) -> None:
    """Write what waits to be written, or give it up: at its end, Python would try again."""
    try:
        stream.flush()
    except OSError:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def replacement(error: UnicodeError) -> tuple[str, int]:
    """Return what to write for the characters that an encoding lacks, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return in_ascii(error.object[error.start : error.end]), error.end


codecs.register_error("nanograd-ascii", replacement)


def in_ascii(text: str) -> str:
    """Return a text with ASCII in place of all other characters, a question mark if need be.

    >>> in_ascii("∂(x²)/∂x ≈ 2·x, naïvely"), in_ascii("損")
    ('d(x**2)/dx ~ 2*x, naively', '?')
    """
    text = RAISED.sub(lambda power: f"**{unicodedata.normalize('NFKC', power[0])}", text)
    return "".join(IN_ASCII.get(character) or decomposed(character) for character in text)


def decomposed(character: str) -> str:
    """Return the ASCII in a character that is made of some, or a question mark: é → e, ₂ → 2."""
    parts = unicodedata.normalize("NFKD", character).replace(FRACTION_SLASH, "/")
    return parts.encode("ascii", "ignore").decode() or "?"
