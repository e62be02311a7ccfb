"""A table of text as it stands in a CSV file: named columns, rows of cells, and their lines.

What cannot be read without guessing is a `DataError` that says where. Blank lines are skipped, and
blanks around a cell do not count.
"""

import csv
import difflib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..atomic import as_data_error, is_folder
from ..errors import DataError, short

#: What may separate the cells; of two that split the header into as many, the earlier one.
SEPARATORS = ",;\t|"

LARGEST_FILE = 2**29  # bytes; it is all in memory at once


@dataclass(frozen=True)
class Table:
    """A header and its rows. `lines[i]` is the line of the file on which row i begins."""

    path: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    lines: list[int]

    @cached_property
    def positions(self) -> dict[str, int]:
        """Where each column stands in a row, by its name."""
        return {column: position for position, column in enumerate(self.columns)}

    def cell(self, row: int, column: str) -> str:
        """Return one cell; the column must be one of `columns`."""
        return self.rows[row][self.positions[column]]

    def cells(self, column: str) -> list[str]:
        """Return the cells of a column, from the top; it must be one of `columns`."""
        at = self.positions[column]
        return [row[at] for row in self.rows]

    def place(self, row: int, column: str) -> str:
        """Return where a cell is, as the start of a message."""
        return f"{self.path}, line {self.lines[row]}, column {short(column)}"

    def require(self, column: str) -> None:
        """Raise a `DataError` that names the closest column if there is none of this name."""
        if column not in self.positions:
            close = closest(column, self.columns)
            hint = f"; did you mean {short(close)}?" if close else "."
            raise DataError(
                f"{self.path} has no column {short(column)}{hint} "
                f"Its columns: {listed(self.columns)}"
            )


def read_table(path: str) -> Table:
    """Return the table in a CSV file: UTF-8, a row of distinct names first, then rows as long.

    Cells are separated by commas, semicolons, tabs or bars: whichever splits the header most.
    """
    text = decoded(path)
    separator = separator_of(text)
    records = list(read_records(path, text, separator))
    if not records:
        raise DataError(f"{path} is empty; a header and rows below it are required")
    (line, header), *below = records
    check_header(f"{path}, line {line}", header)
    if not below:
        raise DataError(f"{path} has a header, but no row below it")
    for line, cells in below:
        if len(cells) != len(header):
            raise DataError(
                f"{path}, line {line}: {counted(len(cells), 'cell')}, but the header names "
                f"{counted(len(header), 'column')}. A cell that holds {separator!r} needs quotes."
            )
    return Table(path, header, [cells for _, cells in below], [line for line, _ in below])


# -- from bytes to cells ---------------------------------------------------------------------


def decoded(path: str) -> str:
    """Return the text of a file, without a byte order mark; what is not UTF-8 is a `DataError`."""
    content = read_bytes(path)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path} is UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: byte {error.start + 1} of the file, "
            f"{content[error.start]:#04x}, is not UTF-8; save the file as UTF-8"
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{path}, line {line}: there is a NUL byte; this is not a text file")
    return text


def read_bytes(path: str) -> bytes:
    """Return a file's content; a `DataError` if it cannot be read or is too large for this tool."""
    if is_folder(path):
        raise DataError(f"{path} is a folder; a file is required")
    with as_data_error(f"{path} cannot be read"), Path(path).open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise DataError(f"{path} is larger than {LARGEST_FILE:,} bytes; take a part of it")
    return content


def separator_of(text: str) -> str:
    """Return the separator that splits the header into the most cells.

    >>> separator_of("height;weight")
    ';'
    """

    def columns(separator: str) -> int:
        try:
            _, header = next(read_records("", text, separator))
        except (StopIteration, DataError):
            return 0
        return len(header)

    return max(SEPARATORS, key=columns)


def read_records(path: str, text: str, separator: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the line on which each record begins, and its cells."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = tuple(cell.strip() for cell in next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{path}, line {line}: {in_words(error)}") from None
        if any(cells) or len(cells) > 1:
            yield line, cells


def in_words(error: csv.Error) -> str:
    """Return what the csv module complains of, and what to do."""
    said = str(error)
    if "field limit" in said:
        limit = csv.field_size_limit()
        return f"a cell has more than {limit:,} characters; is a quote left open?"
    if "unexpected end of data" in said:
        return "a quote is opened and not closed before the file ends"
    return f"{said}; a quote inside a quoted cell is written twice"


# -- names -----------------------------------------------------------------------------------


def check_header(place: str, header: tuple[str, ...]) -> None:
    """Raise a `DataError` unless each column has a name of its own."""
    places: dict[str, int] = {}
    for position, name in enumerate(header, 1):
        if not name:
            raise DataError(f"{place}: column {position} has no name; give it one")
        if (first := places.setdefault(name, position)) < position:
            raise DataError(
                f"{place}: columns {first} and {position} are both named {short(name)}; "
                "give each its own name"
            )


def closest(name: str, names: Iterable[str]) -> str:
    """Return the name that is most like this one, capitals aside, or an empty text.

    >>> closest("Speceis", ["species", "island"])
    'species'
    """
    by_lowercase = {known.lower(): known for known in names}
    found = difflib.get_close_matches(name.lower(), by_lowercase, n=1)
    return by_lowercase[found[0]] if found else ""


def listed(names: Iterable[str], most: int = 20) -> str:
    """Return names separated by commas, no more than `most` of them.

    >>> listed(["a", "b", "c"], most=2)
    'a, b, … (3)'
    """
    known = [short(name)[1:-1] for name in names]  # on one line whatever they hold, and short
    return ", ".join(known[:most]) + (f", … ({len(known)})" if len(known) > most else "")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
