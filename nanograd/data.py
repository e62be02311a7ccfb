"""Small data sets to learn from: gates, moons, penguins, names, and digits written by hand.

Where they come from, and the columns of those that are files: `datasets/README.md`.
"""

import csv
import gzip
import math
import random
from importlib import resources
from typing import Literal, TypedDict, cast

from .errors import short
from .real import number

#: The inputs of an example, and the number or class that belongs to them.
Row = tuple[tuple[float, float], int]

INPUTS = ((0, 0), (0, 1), (1, 0), (1, 1))

#: What each gate gives for these inputs, in this order.
OUTPUTS = {
    "AND": "0001",
    "OR": "0111",
    "XOR": "0110",
    "NAND": "1110",
}


def gates() -> dict[str, list[Row]]:
    """Return the truth tables of AND, OR, XOR and NAND: by name, four rows ((a, b), output).

    >>> gates()["AND"]
    [((0, 0), 0), ((0, 1), 0), ((1, 0), 0), ((1, 1), 1)]
    >>> [output for _, output in gates()["XOR"]]
    [0, 1, 1, 0]
    """
    return {
        name: list(zip(INPUTS, map(int, outputs), strict=True)) for name, outputs in OUTPUTS.items()
    }


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> list[Row]:
    """Return n points on two interleaved half circles: rows ((x, y), moon), moon 0 or 1, shuffled.

    n // 2 of them are in moon 0, the upper half of the unit circle; the others in moon 1, the
    lower half of a circle around (1, ½). `noise` is the standard deviation of what is added to
    each coordinate. The same seed gives the same rows. The shapes are those of scikit-learn's
    `make_moons`; the random numbers are Python's.

    >>> rows = moons(4, noise=0.0)
    >>> sorted((moon, round(x, 3), round(y, 3)) for (x, y), moon in rows)
    [(0, -1.0, 0.0), (0, 1.0, 0.0), (1, 0.0, 0.5), (1, 2.0, 0.5)]
    """
    if not isinstance(n, int) or n < 2:
        raise ValueError(f"moons: n must be a whole number, 2 or more; it was given {short(n)}")
    if not 0.0 <= number(noise) < math.inf:
        raise ValueError(f"moons: noise must be finite and 0 or more; it was given {noise!r}")
    upper = [(x, y, 0) for x, y in half_circle(n // 2)]
    lower = [(1.0 - x, 0.5 - y, 1) for x, y in half_circle(n - n // 2)]

    rng = random.Random(seed)  # noqa: S311 - to learn from, not to keep secrets
    rows = []
    for x, y, moon in upper + lower:
        point = (
            x + noise * rng.gauss(),
            y + noise * rng.gauss(),
        )
        rows.append((point, moon))
    rng.shuffle(rows)
    return rows


def half_circle(n: int) -> list[tuple[float, float]]:
    """Return n points on the upper half of the unit circle, evenly spaced, from (1, 0) to (−1, 0).

    >>> [(round(x, 3), round(y, 3)) for x, y in half_circle(3)]
    [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)]
    """
    gaps = max(1, n - 1)
    angles = [math.pi * (i / gaps) for i in range(n)]
    return [(math.cos(angle), math.sin(angle)) for angle in angles]


class Penguin(TypedDict):
    """A row of `penguins()`: None is what was not recorded."""

    species: Literal["Adelie", "Chinstrap", "Gentoo"]
    island: Literal["Biscoe", "Dream", "Torgersen"]
    bill_length_mm: float | None
    bill_depth_mm: float | None
    flipper_length_mm: float | None
    body_mass_g: float | None
    sex: Literal["female", "male"] | None
    year: int


def penguins() -> list[Penguin]:
    """Return the 344 penguins of the Palmer Archipelago: a dict each, None for what is missing.

    11 rows have something missing. Source: Horst, Hill & Gorman 2020, CC0.

    >>> penguin = penguins()[0]
    >>> penguin["species"], penguin["bill_length_mm"], penguin["sex"], penguin["year"]
    ('Adelie', 39.1, 'male', 2007)
    >>> len([p for p in penguins() if None not in p.values()])
    333
    """
    rows = csv.DictReader(content("penguins.csv").decode().splitlines())
    return [penguin(row) for row in rows]


def penguin(cells: dict[str, str]) -> Penguin:
    """Return the row of these cells, each in its own type."""
    return cast("Penguin", {column: recorded(column, cell) for column, cell in cells.items()})


def recorded(column: str, cell: str) -> str | float | None:
    """Return what a cell of penguins.csv holds: a text, a number, or None for NA.

    >>> recorded("island", "Dream"), recorded("body_mass_g", "3750"), recorded("sex", "NA")
    ('Dream', 3750.0, None)
    """
    if cell == "NA":
        return None
    if column == "year":
        return int(cell)
    return cell if column in {"species", "island", "sex"} else float(cell)


def names() -> list[str]:
    """Return 32,033 first names of babies, of 2 to 15 letters from a to z; some are there twice.

    Source: the United States' Social Security Administration, names of 2018, in the public domain,
    as A. Karpathy collected them for makemore (MIT).

    >>> names()[:3], len(names())
    (['emma', 'olivia', 'ava'], 32033)
    """
    return content("names.txt").decode().split()


#: The 64 pixels of a picture, and the digit that somebody meant.
Picture = tuple[tuple[int, ...], int]


def digits() -> list[Picture]:
    """Return 1,797 digits written by hand: rows (pixels, digit), eight by eight pixels, 0 to 16.

    The pixels go from left to right, row by row; 0 is paper, 16 is ink. Source: Alpaydin & Kaynak
    1998, CC BY 4.0.

    >>> pixels, digit = digits()[0]
    >>> digit
    0
    >>> for i in range(0, 64, 8):
    ...     print("".join(" .:-=+*#@"[ink // 2] for ink in pixels[i : i + 8]).rstrip())
      :*=
      *#+#:
     .#. +=
     :*  ==
     :=  ==
     :+  *-
     .#:+*
      -*+
    """
    table = gzip.decompress(content("digits.csv.gz")).decode()
    rows = [tuple(map(int, line.split(","))) for line in table.splitlines()]
    return [(row[:-1], row[-1]) for row in rows]


def content(name: str) -> bytes:
    """Return what is in a file of the folder `datasets`, wherever the package lies."""
    return (resources.files("nanograd") / "datasets" / name).read_bytes()
