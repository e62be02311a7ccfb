"""The names of inputs: each has one of its own, by which it is told in the text of a program."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..programs.program import NAME, RESERVED

PARTS = re.compile("[A-Za-z0-9_]+")


class DistinctNames:
    """The names that are taken."""

    def __init__(self, taken: Iterable[str] = ()):
        self.taken = set(taken)
        self.reached: dict[str, int] = {}  # how far names that begin so are numbered

    def __len__(self) -> int:
        return len(self.taken)

    def __contains__(self, name: str) -> bool:
        return name in self.taken

    def distinct(self, name: str) -> str:
        """Take a name that an input can have, as near as may be to the one that is wanted.

        >>> names = DistinctNames(["x"])
        >>> names.distinct("w[0]"), names.distinct("x"), names.distinct("x"), names.distinct("")
        ('w_0', 'x_2', 'x_3', 'x_4')
        """
        name = "_".join(PARTS.findall(name))
        if not NAME.fullmatch(name) or name in RESERVED:
            name = f"x{name}"
        number = self.reached.get(name, 1)
        free = name
        while free in self.taken:
            number += 1
            free = f"{name}_{number}"
        self.reached[name] = number
        self.taken.add(free)
        return free
