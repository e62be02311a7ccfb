"""Data sets: what they hold, and that they are found wherever the package lies."""

import doctest
import hashlib
import math
import re
import string
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import fmean, stdev
from zipfile import ZipFile

import pytest

from nanograd import data
from nanograd.data import digits, gates, moons, names, penguins

PACKAGE = Path(__file__).resolve().parent.parent / "nanograd"
DATASETS = PACKAGE / "datasets"
FILES = sorted(path for path in DATASETS.iterdir() if path.suffix != ".md")

#: Of numbers near 1: scikit-learn spaces its angles by the same arithmetic in another order.
TOLERANCE = 1e-15

# -- gates and moons -------------------------------------------------------------------------

# fmt: off
MEANINGS = {
    "AND":  lambda a, b: a and b,
    "OR":   lambda a, b: a or b,
    "XOR":  lambda a, b: a != b,
    "NAND": lambda a, b: not (a and b),
}
# fmt: on


def test_a_truth_table_has_a_row_for_every_pair_of_inputs():
    tables = gates()

    assert tables.keys() == MEANINGS.keys()
    for name, meaning in MEANINGS.items():
        assert [inputs for inputs, _ in tables[name]] == [(0, 0), (0, 1), (1, 0), (1, 1)]
        assert [output for _, output in tables[name]] == [
            int(meaning(a, b)) for (a, b), _ in tables[name]
        ]


def test_a_changed_table_does_not_change_the_next():
    gates()["AND"].clear()

    assert len(gates()["AND"]) == 4


@pytest.mark.parametrize("n", [2, 3, 100, 101])
def test_moons_without_noise_are_those_of_scikit_learn(n):
    datasets = pytest.importorskip(
        "sklearn.datasets", reason="scikit-learn is missing: moons are not compared with its own"
    )
    points, labels = datasets.make_moons(n, shuffle=False, noise=None)
    theirs = sorted((int(moon), *map(float, point)) for point, moon in zip(points, labels))  # noqa: B905
    ours = sorted((moon, *point) for point, moon in moons(n, noise=0.0))

    assert [row[0] for row in ours] == [row[0] for row in theirs]
    for row, other in zip(ours, theirs, strict=True):
        assert math.dist(row, other) < TOLERANCE


def test_every_point_lies_on_its_half_circle():
    for (x, y), moon in moons(51, noise=0.0):
        center = (1.0, 0.5) if moon else (0.0, 0.0)

        assert math.isclose(math.dist((x, y), center), 1.0)
        assert (y <= 0.5) if moon else (y >= 0.0)


def test_noise_is_the_standard_deviation_in_each_coordinate():
    n = 4000
    clean = {moon: [] for moon in (0, 1)}
    noisy = {moon: [] for moon in (0, 1)}
    for rows, found in [(moons(n, 0.0), clean), (moons(n, 0.25), noisy)]:
        for (x, y), moon in rows:
            found[moon].append(math.dist((x, y), (1.0, 0.5) if moon else (0.0, 0.0)))

    for moon in (0, 1):
        assert stdev(clean[moon]) < TOLERANCE
        assert math.isclose(stdev(noisy[moon]), 0.25, rel_tol=0.1)  # 0.25 ± 0.004 of 2000


def test_the_same_seed_gives_the_same_moons_and_another_seed_others():
    assert moons(20, 0.1, 3) == moons(20, 0.1, 3)
    assert moons(20, 0.1, 3) != moons(20, 0.1, 4)


def test_a_seed_gives_the_same_moons_in_every_python():
    (first, _), (second, _) = moons(2, 0.1, 0)

    assert math.dist(first, (1.0941715404680665, -0.139657810470115)) < TOLERANCE
    assert math.dist(second, (-0.0679714448078421, 0.5370503567460659)) < TOLERANCE


def test_moons_are_shuffled():
    order = [moon for _, moon in moons(100)]

    assert order != sorted(order)
    assert Counter(order) == {0: 50, 1: 50}


# fmt: off
WRONG = [
    ({"n": 1},            ValueError),
    ({"n": 2.5},          ValueError),
    ({"noise": -0.1},     ValueError),
    ({"noise": math.nan}, ValueError),
    ({"noise": None},     TypeError),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "error"), WRONG)
def test_moons_that_cannot_be_are_refused(arguments, error):
    with pytest.raises(error):
        moons(**arguments)


# -- penguins --------------------------------------------------------------------------------


COUNTS = {
    "species": {"Adelie": 152, "Chinstrap": 68, "Gentoo": 124},
    "island": {"Biscoe": 168, "Dream": 124, "Torgersen": 52},
    "sex": {"male": 168, "female": 165, None: 11},
    "year": {2007: 110, 2008: 114, 2009: 120},
}


def test_the_penguins_are_those_that_were_counted():
    rows = penguins()

    assert len(rows) == 344
    for column, counts in COUNTS.items():
        assert Counter(row[column] for row in rows) == counts


def test_the_mean_masses_are_those_that_the_source_tells():
    told = {"Adelie": 3701, "Chinstrap": 3733, "Gentoo": 5076}  # grams, Horst et al. 2020

    for species, mass in told.items():
        masses = [row["body_mass_g"] for row in penguins() if row["species"] == species]
        assert round(fmean(filter(None, masses))) == mass


def test_every_cell_has_the_type_that_is_promised():
    types = {column: {type(row[column]) for row in penguins()} for column in penguins()[0]}
    nothing = type(None)

    assert types == {
        "species": {str},
        "island": {str},
        "bill_length_mm": {float, nothing},
        "bill_depth_mm": {float, nothing},
        "flipper_length_mm": {float, nothing},
        "body_mass_g": {float, nothing},
        "sex": {str, nothing},
        "year": {int},
    }
    assert types.keys() == data.Penguin.__annotations__.keys()


def test_every_column_of_the_penguins_is_in_the_readme():
    readme = (DATASETS / "README.md").read_text(encoding="utf-8")

    assert all(f"| `{column}` |" in readme for column in penguins()[0])


# -- names and digits ------------------------------------------------------------------------


def test_names_are_words_of_small_letters():
    found = names()

    assert len(found) == 32_033
    assert len(set(found)) == 32_033 - 2_539
    assert set("".join(found)) == set(string.ascii_lowercase)
    assert {len(name) for name in found} == set(range(2, 16))


def test_digits_are_those_of_scikit_learn():
    datasets = pytest.importorskip(
        "sklearn.datasets", reason="scikit-learn is missing: digits are not compared with its own"
    )
    theirs = datasets.load_digits()

    assert [list(pixels) for pixels, _ in digits()] == theirs.data.tolist()
    assert [digit for _, digit in digits()] == theirs.target.tolist()


def test_a_digit_has_64_pixels_of_17_shades():
    rows = digits()

    assert {len(pixels) for pixels, _ in rows} == {64}
    assert {ink for pixels, _ in rows for ink in pixels} == set(range(17))
    assert {type(ink) for ink in (*rows[0][0], rows[0][1])} == {int}


def test_the_digits_are_as_many_as_their_readme_tells():
    counts = Counter(digit for _, digit in digits())

    assert [counts[i] for i in range(10)] == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


# -- the files -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_file_is_the_one_that_its_readme_tells_of(path):
    readme = (DATASETS / "README.md").read_text(encoding="utf-8")
    chapter = readme.partition(f"## {path.name}\n")[2].partition("\n## ")[0]

    assert hashlib.sha256(path.read_bytes()).hexdigest() in chapter
    assert re.search(r"\*\*License\.\*\*.*(CC0|CC BY 4\.0)", chapter, re.DOTALL)


def test_the_data_are_found_inside_a_zip(tmp_path):
    archive = tmp_path / "packed.zip"
    with ZipFile(archive, "w") as packed:
        for path in PACKAGE.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                packed.write(path, path.relative_to(PACKAGE.parent))
    counts = "len(d.penguins()), len(d.names()), len(d.digits())"
    code = f"import nanograd.data as d; print({counts}, 'packed.zip' in d.__file__)"
    program = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(archive)!r}); {code}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert program.stdout.split() == ["344", "32033", "1797", "True"], program.stderr


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(data).failed == 0
