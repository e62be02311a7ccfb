"""Text in a picture: on one line, escaped, shortened, and how wide it will be.

The fonts of whoever looks at a picture are not known here. So widths are estimated, on the wide
side, from the shapes of the characters alone: the same text has the same width everywhere.
"""

import math
import unicodedata
from html import escape

from .symbols import figure

JOINER = "\N{ZERO WIDTH JOINER}"  # holds an emoji of several characters together
UNKNOWN = "\N{REPLACEMENT CHARACTER}"

LONG = 1e6  # numbers from here on are written with an exponent

#: Widths in hundredths of the font's size.
NARROW, MEDIUM, BROAD, FULL = 34, 60, 92, 125
SLIM = frozenset("fijlrtI.,:;'′|!()[]·-/ ")
STOUT = frozenset("mwMW@%#—…")


def one_line(text: str) -> str:
    r"""Return a text on one line, of characters that can be shown.

    >>> one_line("two\nlines\0")
    'two lines�'
    """
    if text.isprintable() and " " not in text:  # most are, and a large graph has many
        return text
    shown = (
        character if character.isprintable() or character == JOINER else UNKNOWN
        for character in " ".join(text.split())
    )
    return "".join(shown)


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters: its beginning, and an ellipsis.

    >>> shortened("a long name", 7)
    'a long…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def shortened_name(name: str, most: int) -> str:
    """Return a name of at most so many characters; of a path, the last parts say most.

    >>> shortened_name("layers.0.neurons.3.weights.1", 16)
    '…3.weights.1'
    """
    start = max(0, len(name) - most)
    part = name.find(".", start, -1)
    if not start or part < 0:
        return shortened(name, most)
    return "…" + name[part + 1 :]


def written(text: str) -> str:
    """Return a text as it stands in a picture: escaped, on one line.

    >>> written("<script>")
    '&lt;script&gt;'
    """
    return escape(one_line(text), quote=True)


def number(value: float, digits: int = 4) -> str:
    """Return a number with so many digits, a whole one with six; the minus sign is a real one.

    >>> number(0.7310586), number(-1234567.0), number(36.0), number(712.3, 2), number(5e-324)
    ('0.7311', '−1.23457e6', '36', '710', '4.941e−324')
    """
    text = f"{value + 0.0:.{digits}g}"  # -0.0 + 0.0 is 0.0
    if digits == 4 and math.isfinite(value) and value == int(value):
        text = figure(value)
    elif 1 <= abs(value) < LONG:  # 710, not 7.1e2
        text = figure(float(text))
    return text.replace("e+0", "e").replace("e+", "e").replace("e-0", "e-").replace("-", "−")


def width_of(text: str, size: float) -> float:
    """Return about how wide a text will be, in a font of this size."""
    return sum(map(hundredths, text)) * size / 100


def hundredths(character: str) -> int:
    """Return about how wide a character is, in hundredths of the font's size."""
    if character in SLIM:
        return NARROW
    if character in STOUT:
        return BROAD
    if unicodedata.east_asian_width(character) in "WF":
        return FULL
    if unicodedata.combining(character) or character == JOINER:
        return 0
    return MEDIUM + 10 * character.isupper()
