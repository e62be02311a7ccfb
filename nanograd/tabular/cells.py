"""What a cell of a table holds: nothing, a number or a text; and what kind of column cells make."""

import math
import re
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, InvalidOperation

from ..errors import DataError, short
from .table import Table

#: Cells that hold nothing; so does nan in any spelling.
MISSING = frozenset({"", "?", "NA", "N/A", "n/a", "null", "NULL"})

#: Larger numbers could not be squared.
LARGEST = 1e150

#: Arithmetic that keeps every digit.
EXACT = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)

LONGEST_LABEL = 20  # digits before or behind the point; beyond them, 1E+21 reads better

#: A number with commas, before its decimals or between its thousands.
WITH_COMMAS = re.compile(r"[+-]?\d+(,\d+)+(\.\d+)?", re.ASCII)


def number_in(cell: str) -> float | None:
    """Return the number that a cell holds, nan and inf included, or None if it holds none.

    >>> number_in("1e3"), number_in("-.5"), number_in("1_000"), number_in("abc")
    (1000.0, -0.5, None, None)
    """
    if "_" in cell or not cell.isascii():  # Python reads 1_000 and ١٢; few others do
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def is_missing(cell: str) -> bool:
    """Return whether a cell holds nothing: it is empty, NA, N/A, NaN, null or ?.

    >>> [cell for cell in ("", "NA", "NaN", "null", "?", "0", "none") if is_missing(cell)]
    ['', 'NA', 'NaN', 'null', '?']
    """
    return cell in MISSING or math.isnan(number_in(cell) or 0.0)


def label(cell: str, numeric: bool) -> str:
    """Return the class that a cell of the target names.

    Of a column of numbers the number counts, to its last digit, and not how it is written.

    >>> [label(cell, numeric=True) for cell in ("7", "007", "7.0", "1e3", "2.50", "Gentoo")]
    ['7', '7', '7', '1000', '2.5', 'Gentoo']
    >>> label("007", numeric=False)
    '007'
    """
    if not numeric or number_in(cell) is None:
        return cell
    try:
        number = EXACT.normalize(Decimal(cell))
    except InvalidOperation:  # its exponent has 19 digits
        return cell
    return f"{number or abs(number):f}" if abs(number.adjusted()) < LONGEST_LABEL else str(number)


def finite_number(table: Table, row: int, column: str) -> float:
    """Return the number in a cell, or raise a `DataError` that says where there is none to use."""
    cell = table.cell(row, column)
    number = number_in(cell)
    if number is None:
        raise DataError(f"{table.place(row, column)}: a number is required; it is {short(cell)}")
    if not abs(number) <= LARGEST:
        raise DataError(
            f"{table.place(row, column)}: {short(cell)} is not a number of size {LARGEST:g} or "
            "less. Leave the cell empty if it is not known."
        )
    return number


def holds_numbers(table: Table, column: str) -> bool:
    """Return whether a column is one of numbers (or nothing), and not one of texts.

    One of mostly numbers, or of numbers with commas, is a `DataError` that says where: to take it
    as text without a word would hide a mistake.
    """
    cells = table.cells(column)
    known = [row for row, cell in enumerate(cells) if not is_missing(cell)]
    others = [row for row in known if number_in(cells[row]) is None]
    if not others:
        for row in known:
            finite_number(table, row, column)
        return bool(known)
    first = f"{table.place(others[0], column)}: {short(cells[others[0]])}"
    if 2 * len(others) < len(known):
        raise DataError(
            f"{first} is not a number, but {len(known) - len(others):,} of the column's "
            f"{len(known):,} cells are. Mend it, leave it empty, or take the column as text with "
            "--text."
        )
    if all(WITH_COMMAS.fullmatch(cells[row]) for row in others):
        raise DataError(
            f"{first} is not a number because of its comma. Write a point before decimals and "
            "nothing between thousands, or take the column as text with --text."
        )
    return False
