"""The quick way into a compiled function, for calls with what is Packed, and with arrays.

For thousands of numbers in memory a call must not take longer than the computation. So what tells
the program, what is computed with, and where the blocks are, is found in one walk over the
arguments, which is over soon: what is Packed is one thing, and so is an array.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ...packing import Packed
from ..tracing.data import REAL_KINDS
from .signature import PLAIN

if TYPE_CHECKING:  # it is made of one
    from .compiled import Compiled

#: What is given in a call: its key, all numbers in order, all arrays, the addresses of blocks.
Given = tuple[Any, list[float], list[Any], list[int]]

OTHER: Given = (None, [], [], [])


def quickly(args: Sequence[Any]) -> Given:
    """Return what is given in a call; OTHER if it holds what is taken only in the usual way.

    Taken here are Packed, numbers, lists of them, and arrays of NumPy with rows. Calls for which
    there are different programs have different keys.
    """
    key: list[Any] = []
    numbers: list[Any] = []
    arrays: list[Any] = []
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
        elif is_array_with_rows(x, kind):
            key.append(x.shape[1:])
            arrays.append(x)
        else:
            return OTHER
    if len(arrays) > 1:
        lengths = list(map(len, arrays))
        key += map(lengths.index, lengths)
    try:
        return tuple(key), list(map(float, numbers)), arrays, addresses
    except OverflowError:  # of an int, of which the usual way tells
        return OTHER


def is_array_with_rows(x: Any, kind: type) -> bool:
    """Return whether x, of this type, is a plain array of real numbers that has rows."""
    numpy = sys.modules.get("numpy")
    if numpy is None or kind is not numpy.ndarray:
        return False
    return bool(x.ndim and len(x)) and x.dtype.kind in REAL_KINDS


class QuickWay:
    """A compiled function that takes nothing but numbers, arrays with rows, and blocks."""

    def __init__(self, compiled: Compiled):
        traced = compiled.traced
        self.is_fresh = traced.is_fresh
        self.on_blocks: Callable[..., list[Any]] = compiled.on_blocks
        self.forms = traced.shape.forms
        self.arrays = traced.arrays_in_order()
        self.axes = traced.axes_of_arrays()
        self.result = result_of(compiled)

    def __call__(self, numbers: list[float], arrays: list[Any], addresses: list[int]) -> Any:
        """Return what the function returns."""
        made = [Packed.empty(form) for form in self.forms]
        lengths = {axis: len(arrays[i]) for axis, i in self.axes}
        operands = numbers + [arrays[i] for i in self.arrays]
        others = self.on_blocks(addresses, operands, [x.address for x in made], lengths)
        return self.result(others, made, lengths)


def quick_way(compiled: Compiled) -> QuickWay | None:
    """Return the quick way into a compiled function, if there can be one."""
    traced = compiled.traced
    if compiled.on_blocks is None or not traced.has_only_rows():
        return None
    return QuickWay(compiled)


def result_of(compiled: Compiled) -> Callable[[list[Any], list[Packed], dict[str, int]], Any]:
    """Return what makes a result of numbers, columns, and what is Packed.

    If that is a number, a Packed or a tuple of these, it is known which is where.
    """
    traced = compiled.traced
    shape = traced.shape
    if shape.columns:
        return lambda others, made, lengths: shape.remade_around(others, made, traced.axes, lengths)
    count, blocks = len(shape.others), len(shape.blocks)
    places = shape.remade_around(range(count), range(count, count + blocks), traced.axes, {})
    if type(places) is int:
        return lambda others, made, _: (others or made)[0]
    if type(places) is tuple and len(places) > 1 and {*map(type, places)} == {int}:
        pick = itemgetter(*places)
        return lambda others, made, _: pick(others + made)
    return lambda others, made, _: shape.remade_around(others, made, traced.axes, {})
