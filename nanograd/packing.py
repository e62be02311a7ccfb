"""Packed numbers: thousands of them, nested in any way, side by side in memory.

A compiled function that is given nested lists takes them apart at each call, and makes new lists.
For the state of a large model that takes longer than to compute. A Packed goes in and comes out as
it is: its numbers stay in the memory where machine code finds them.
"""

from __future__ import annotations

import ctypes
from itertools import islice
from operator import is_
from typing import Any

from .calculus.structure import is_array, opened
from .errors import short
from .forms import PLAIN, Form, described, take_apart
from .nanograd import Scalar
from .real import is_real, number

LINE = 64  # bytes of the processor's cache; a Packed begins at one
MOST_WAITING = 4  # memories of one form that are kept for the next
WIDTH = ctypes.sizeof(ctypes.c_double)


class Packed:
    """Numbers nested in lists, tuples, dicts and dataclasses, kept side by side; made by `pack`.

    Nothing can be done to it but to give it to a compiled function, to `unpack` it, to compare,
    pickle and copy it. It never changes: so copies are the very same. `len` is how many numbers it
    has. Where derivatives are taken in it, it is as good as unpacked.
    """

    # `form` is how the numbers are nested, `address` where they are, as doubles, one after the
    # other, and `memory` is what keeps them there.
    __slots__ = ("address", "form", "memory")

    form: Form
    address: int
    memory: Any

    def __init__(self, tree: Any):
        numbers: list[Any] = []
        tree = unpack(tree)
        form = take_apart(tree, numbers)
        refuse_others(tree, numbers, form)
        self.allocate(form)
        self.fill([number(x) for x in numbers])

    @classmethod
    def empty(cls, form: Form) -> Packed:
        """Return one of this form, whose numbers, whatever they are, are to be written."""
        made = cls.__new__(cls)
        made.allocate(form)
        return made

    def allocate(self, form: Form) -> None:
        """Take memory for the numbers: that of one that has gone, or new memory, which is 0."""
        self.form = form
        if form.room is None:
            form.room = ctypes.c_char * (WIDTH * form.size + LINE)
        try:
            memory = form.waiting.pop()
        except IndexError:
            memory = form.room()
        self.memory = memory
        self.address = ctypes.addressof(memory) + LINE - 1 & -LINE

    def __del__(self) -> None:
        if hasattr(self, "memory") and len(self.form.waiting) < MOST_WAITING:
            self.form.waiting.append(self.memory)

    def fill(self, numbers: list[float]) -> None:
        """Write all numbers; only what has just been made is written."""
        doubles_at(self.address, self.form.size)[:] = numbers

    def numbers(self) -> list[float]:
        """Return all numbers in order, in a new list."""
        found: list[float] = doubles_at(self.address, self.form.size)[:]
        return found

    def as_container(self) -> Any:
        """Return it as what it was made of, so that its numbers can be flattened."""
        return opened(unpack(self))

    def __len__(self) -> int:
        return self.form.size

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Packed):
            return NotImplemented
        return self.form is other.form and self.numbers() == other.numbers()

    def __hash__(self) -> int:
        return hash((self.form, tuple(self.numbers())))

    def __getitem__(self, key: Any) -> Any:
        raise TypeError(
            f"a Packed is not taken apart, as by [{short(key)}] or in a loop; this is {self!r}. "
            "Take unpack(…) of it first, or do it inside of a compiled function."
        )

    def __copy__(self) -> Packed:
        return self

    def __deepcopy__(self, _: Any) -> Packed:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Packed, (unpack(self),)

    def __repr__(self) -> str:
        count = len(self)
        return f"Packed({described(self.form)}, {count} number{'s' * (count != 1)})"


def doubles_at(address: int, count: int) -> Any:
    """Return so many doubles in memory, as an array of ctypes."""
    return (ctypes.c_double * count).from_address(address)


def pack(tree: Any) -> Packed:
    """Return nested numbers as a `Packed`, whose numbers lie side by side in memory.

    `tree` is a list, tuple, dict or dataclass of real numbers, or of such containers, or None in
    them; ints become floats. What is packed in it already may stay so. The tree is copied: it may
    be changed afterwards. An array, a Value, a bool, a text or anything else in it is a TypeError
    that says where.

    >>> from nanograd import pack, unpack
    >>> state = pack({"w": [[1, 2], [3, 4]], "b": [0.5]})
    >>> state
    Packed({'w': [2 × 2], 'b': [1]}, 5 numbers)
    >>> unpack(state)
    {'w': [[1.0, 2.0], [3.0, 4.0]], 'b': [0.5]}
    """
    return Packed(tree)


def unpack(tree: Any) -> Any:
    """Return a `Packed` as what it was made of, with floats: new lists, dicts and dataclasses.

    What is Packed inside of lists, tuples, dicts and dataclasses is unpacked there, in a copy of
    them. Anything else, as a plain tree of numbers, is returned as it is, the very same object.

    >>> from nanograd import pack, unpack
    >>> unpack((0.5, pack([1, 2])))
    (0.5, [1.0, 2.0])
    """
    if isinstance(tree, Packed):
        return tree.form.rebuild(tree.numbers())
    if isinstance(tree, Scalar) or hasattr(tree, "as_container"):  # as a column in a trace
        return tree
    if isinstance(tree, list | tuple) and PLAIN.issuperset(map(type, tree)):  # the usual case
        return tree
    container = opened(tree)
    if container is None:
        return tree
    parts = list(map(unpack, container.parts))
    return tree if all(map(is_, parts, container.parts)) else container.remake(parts)


def refuse_others(tree: Any, numbers: list[Any], form: Form) -> None:
    """Raise a TypeError if a tree is no container, or has anything but numbers in it."""
    if form.kind in (None, type(None)):
        raise TypeError(
            "pack takes a list, tuple, dict or dataclass of numbers; it was given "
            f"{short(tree)}, of type {type(tree).__name__}.{hint_for(tree)}"
        )
    for i, x in enumerate(numbers):
        if not is_packable(x):
            path = next(islice(form.paths(), i, None))
            raise TypeError(
                "pack takes lists, tuples, dicts and dataclasses of numbers; it was given "
                f"{short(x)}, of type {type(x).__name__}, at {path}.{hint_for(x)}"
            )


def is_packable(x: Any) -> bool:
    """Return whether x is a number; True and False are fixed in a compiled function."""
    return type(x) is float or (is_real(x) and type(x) is not bool)


def hint_for(x: Any) -> str:
    """Return what to do with something that is not packed."""
    if isinstance(x, Scalar):
        return " What is packed is in no graph: take its number, .data."
    if is_packable(x):
        return " A single number needs no packing."
    if is_array(x) or hasattr(x, "tolist"):
        return " An array is kept side by side anyway: give it beside, or its numbers, .tolist()."
    return " Keep it out of there."
