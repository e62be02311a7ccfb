"""Which rows to train on and which to test on: drawn by a seed, each class in the same share."""

import math
import random
from collections.abc import Mapping, Sequence

from ..errors import DataError
from .table import counted


def split(
    rows: Sequence[int],
    strata: Sequence[str],
    share: float,
    seed: int,
) -> tuple[list[int], list[int]]:
    """Return the rows to train on and the rows to test on, each in their order.

    `strata[i]` is the class of `rows[i]`, or the same for all where there are no classes. A class
    keeps at least one row to train on. Too few rows for the two parts are a `DataError`.

    >>> split([10, 11, 12, 13], ["a", "a", "b", "b"], share=0.5, seed=0)
    ([10, 13], [11, 12])
    """
    groups: dict[str, list[int]] = {}
    for row, stratum in zip(rows, strata, strict=True):
        groups.setdefault(stratum, []).append(row)
    sizes = sizes_to_test(groups, share)

    rng = random.Random(f"split {seed}")  # noqa: S311 - nothing secret is drawn
    test: set[int] = set()
    for stratum in sorted(groups):
        test.update(rng.sample(groups[stratum], sizes[stratum]))
    train = [row for row in rows if row not in test]
    if len(train) < 2 or (share and not test):
        raise DataError(
            "at least 2 rows to train on are required, and 1 to test on; "
            f"{counted(len(rows), 'row')} with --test {share:g} give {len(train)} and {len(test)}. "
            "Give more rows, another share, or --test 0."
        )
    return train, sorted(test)


def sizes_to_test(groups: Mapping[str, Sequence[int]], share: float) -> dict[str, int]:
    """Return how many rows of each class to test on: its share, and together the share of all.

    What rounding leaves goes to the classes that it took most from.

    >>> sizes_to_test({"a": [1, 2, 3], "b": [4, 5, 6, 7], "c": [8]}, 0.5)
    {'a': 2, 'b': 2, 'c': 0}
    """
    exact = {}
    found = {}
    for stratum, rows in groups.items():
        exact[stratum] = share * len(rows)
        found[stratum] = math.floor(exact[stratum])
    wanted = round(math.fsum(exact.values()))

    def taken(stratum: str) -> tuple[float, str]:
        return found[stratum] - exact[stratum], stratum

    for stratum in sorted(groups, key=taken):
        spare = len(groups[stratum]) - 1 - found[stratum]
        if spare > 0 and sum(found.values()) < wanted:
            found[stratum] += 1
    return found
