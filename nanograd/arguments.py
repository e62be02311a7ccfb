"""What the options of commands hold: texts made into numbers, or refused in words for the user."""

import argparse
import math
from collections.abc import Callable
from typing import TypeVar

from .errors import short

MOST = 10**12  # so many steps would take years

Number = TypeVar("Number", int, float)


def path(text: str) -> str:
    """Return the path of a file; an empty one leads nowhere."""
    if not text:
        raise argparse.ArgumentTypeError("the path of a file is required; it is empty")
    return text


def whole_number(text: str) -> int:
    """Return a whole number."""
    return number(text, int, lambda _: True, "a whole number")


def at_least_one(text: str) -> int:
    """Return a whole number, 1 or more."""
    return number(text, int, lambda n: 1 <= n <= MOST, f"a whole number from 1 to {MOST:,}")


def rate(text: str) -> float:
    """Return a finite number above 0."""
    return number(text, float, lambda x: 0.0 < x < math.inf, "a finite number above 0")


def share(text: str) -> float:
    """Return a number from 0 up to, but not, 1."""
    return number(text, float, lambda x: 0.0 <= x < 1.0, "from 0 up to, but not, 1")


def number(
    text: str, kind: Callable[[str], Number], fits: Callable[[Number], bool], wanted: str
) -> Number:
    """Return the number in a text, if it fits; argparse tells the user if it does not."""
    try:
        found = kind(text)
    except ValueError:
        found = None
    if found is None or not fits(found):
        raise argparse.ArgumentTypeError(f"{short(text)} is not {wanted}")
    return found
