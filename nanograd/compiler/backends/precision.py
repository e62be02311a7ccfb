"""The precisions in which NumPy and machine code compute."""

from __future__ import annotations

from ...errors import DataError

PRECISIONS = ("float64", "float32")


def check_precision(precision: str) -> None:
    """Raise a DataError for a precision that is none of these.

    >>> check_precision("float16")
    Traceback (most recent call last):
    nanograd.errors.DataError: a precision is one of float64, float32; it is 'float16'.
    """
    if precision not in PRECISIONS:
        raise DataError(f"a precision is one of {', '.join(PRECISIONS)}; it is {precision!r}.")
