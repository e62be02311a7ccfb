"""Blocks: runs of inputs, or of outputs, of a program that are given as one thing.

All numbers of a Packed argument are consecutive inputs of a program, and those of a Packed result
are consecutive outputs. So are all columns of an array that has rows of several numbers, along one
axis. If there are any, a backend that `TAKE_BLOCKS` names is told of them before it makes code:

    kernel = lowered(program, precision=precision, blocks=blocks)

If the kernel has a method `on_blocks`, a program with blocks, or with arrays of any sort, is called
so, where no operand is a scalar:

    others = kernel.on_blocks(given, operands, wanted, lengths)

- `given` has an address, an int, for each block of `blocks.inputs`, in order. There lie `size`
  doubles, whatever the precision. They are only read. Two blocks may lie at the same address.
- `operands` has the other operands, in order: floats, and arrays along axes. Instead of the inputs
  of each block of `blocks.arrays` it has the array itself, as the user gave it: of real numbers of
  any type, anywhere in memory, with two dimensions or more. The first one is along the axis; in C's
  order the others have `size` places, one for each of these inputs.
- `wanted` has an address for each block of `blocks.outputs`, with room for `size` doubles, all of
  which the kernel writes. It overlaps neither with what is given nor with another one.
- `lengths` has the length of each axis, by name; it is empty for a program without axes.
- `others` is a list of the other outputs, in order: floats, and arrays along their axes.

An address is a multiple of 64, also that of a block without numbers, where there is nothing to read
or write. The caller keeps all memory alive until the method returns, and not longer: the kernel
keeps no address. Several threads may call it at once. If it raises an error, what it has written
is thrown away. A kernel without this method is given all operands one by one, and gives all outputs
so; `calls/compiled.py` takes the blocks apart for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Block(NamedTuple):
    """Consecutive inputs, or outputs: the first of them, and how many."""

    start: int
    size: int


class Blocks(NamedTuple):
    """The blocks of a program, in order, which do not overlap; inputs with axes come after them.

    Those of `arrays` are among these: each has all columns of one array, along the same axis.
    """

    inputs: tuple[Block, ...] = ()
    outputs: tuple[Block, ...] = ()
    arrays: tuple[Block, ...] = ()

    def __bool__(self) -> bool:
        return any(self)


NO_BLOCKS = Blocks()


def gaps(blocks: Sequence[Block], count: int) -> list[Block]:
    """Return the runs before, between and after blocks, some of them empty: of `count` in all.

    >>> gaps([Block(2, 3), Block(5, 1)], 8)
    [Block(start=0, size=2), Block(start=5, size=0), Block(start=6, size=2)]
    """
    starts = [0, *[start + size for start, size in blocks]]
    ends = [*[start for start, _ in blocks], count]
    return [Block(start, end - start) for start, end in zip(starts, ends, strict=True)]


def outside(blocks: Sequence[Block], count: int) -> list[int]:
    """Return which places, of so many, are in no block.

    >>> outside([Block(2, 3), Block(5, 1)], 8)
    [0, 1, 6, 7]
    """
    return [place for start, size in gaps(blocks, count) for place in range(start, start + size)]


def beside(blocks: Blocks, count: int) -> list[int]:
    """Return which inputs, of so many, are given beside blocks; of an array, that is the first.

    >>> beside(Blocks(inputs=(Block(0, 2),), arrays=(Block(3, 4),)), 8)
    [2, 3, 7]
    """
    inside = {place for start, size in blocks.arrays for place in range(start + 1, start + size)}
    return [place for place in outside(blocks.inputs, count) if place not in inside]


def joined(blocks: Sequence[Block], inside: Sequence[list[Any]], others: list[Any]) -> list[Any]:
    """Return in one list what is in each block, and what is in none.

    >>> joined([Block(1, 2)], [["a", "b"]], ["x", "y"])
    ['x', 'a', 'b', 'y']
    """
    found: list[Any] = []
    taken = 0
    for (start, _), part in zip(blocks, inside, strict=True):
        used = taken + start - len(found)
        found += others[taken:used]
        found += part
        taken = used
    return found + others[taken:]
