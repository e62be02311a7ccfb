"""Lists in a trace that take a number of the trace for an index: `wte[token]` is a `take`."""

from __future__ import annotations

from typing import Any

from ...calculus.structure import LISTS, opened
from ...lookup import take
from ...nanograd import Scalar
from .columns import Column


class Table(list[Any]):
    """A list that is an argument of a traced function. With a plain index it is as any other."""

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, Scalar):
            return take(self, index)
        return super().__getitem__(index)


LISTS.add(Table)


def with_tables(tree: Any) -> Any:
    """Return an argument with its lists, however deep inside, as Tables."""
    container = None if isinstance(tree, Column) else opened(tree)
    if container is None:
        return tree
    parts = list(map(with_tables, container.parts))
    return Table(parts) if container.kind is list else container.remake(parts)
