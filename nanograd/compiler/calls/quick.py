"""The quick way into a compiled function, for calls with Packed arguments or results.

For thousands of numbers in memory a call must not take longer than the computation. So what tells
the program, what is computed with, and where the blocks are, is found in one walk over the
arguments, which is over soon: what is Packed is one thing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ...packing import Packed
from .signature import PLAIN

if TYPE_CHECKING:  # it is made of one
    from .compiled import Compiled

#: What is given in a call: its key, all numbers in order, the addresses of blocks.
Given = tuple[Any, list[float], list[int]]

OTHER: Given = (None, [], [])


def quickly(args: Sequence[Any]) -> Given:
    """Return what is given in a call; OTHER if that is not only Packed, numbers and lists of them.

    Calls for which there are different programs have different keys.
    """
    key: list[Any] = []
    numbers: list[Any] = []
    addresses = []
    for x in args:
        kind = type(x)
        if kind is Packed:
            key.append(x.form)
            addresses.append(x.address)
        elif kind is float or kind is int:
            key.append(float)
            numbers.append(x)
        elif (kind is list or kind is tuple) and PLAIN.issuperset(map(type, x)):
            key.append((kind, len(x)))
            numbers += x
        else:
            return OTHER
    try:
        return tuple(key), list(map(float, numbers)), addresses
    except OverflowError:  # of an int, of which the usual way tells
        return OTHER


class QuickWay:
    """A compiled function that takes nothing but numbers and blocks of them."""

    def __init__(self, compiled: Compiled):
        self.is_fresh = compiled.traced.is_fresh
        self.on_blocks: Callable[..., list[Any]] = compiled.on_blocks
        self.forms = compiled.traced.shape.forms
        self.result = result_of(compiled)

    def __call__(self, numbers: list[float], addresses: list[int]) -> Any:
        """Return what the function returns."""
        made = [Packed.empty(form) for form in self.forms]
        others = self.on_blocks(addresses, numbers, [x.address for x in made], NO_LENGTHS)
        return self.result(others, made)


NO_LENGTHS: dict[str, int] = {}


def quick_way(compiled: Compiled) -> QuickWay | None:
    """Return the quick way into a compiled function, if there can be one."""
    traced = compiled.traced
    if compiled.on_blocks is None or traced.extents.all or traced.data:
        return None
    return QuickWay(compiled)


def result_of(compiled: Compiled) -> Callable[[list[Any], list[Packed]], Any]:
    """Return what makes a result of numbers and of what is Packed.

    If that is a number, a Packed or a tuple of these, it is known which is where.
    """
    traced = compiled.traced
    shape = traced.shape
    count, blocks = len(shape.others), len(shape.blocks)
    places = shape.remade_around(range(count), range(count, count + blocks), traced.axes, {})
    if type(places) is int:
        return lambda others, made: (others or made)[0]
    if type(places) is tuple and len(places) > 1 and {*map(type, places)} == {int}:
        pick = itemgetter(*places)
        return lambda others, made: pick(others + made)
    return lambda others, made: shape.remade_around(others, made, traced.axes, {})
