"""Pickling and copying a graph of Values of any depth, without recursion.

A value is pickled after all the values that it was computed from. So each of them finds its
operands in the pickle already, and values that share a part share it in the copy too.
"""

import copyreg
from typing import Any
from weakref import WeakSet

from .errors import DeclarationError
from .nanograd import OPERATIONS, Operation, Value, ancestry

#: Values whose operands stand earlier in a pickle that is being written.
UNDER_WAY: WeakSet[Value] = WeakSet()


def pickled(value: Value) -> tuple[Any, ...]:
    """Return how a Value is pickled: its ancestors in order, then what it holds itself."""
    if value in UNDER_WAY:
        UNDER_WAY.discard(value)
        before = []
    else:
        before = ancestry(value)[:0:-1]
        UNDER_WAY.update(before)
    held = ("data", "grad", "op", "operands", "partials") + (("name",) if value.name else ())
    return blank, (before,), (None, {slot: getattr(value, slot) for slot in held})


def blank(_ancestors: list[Value]) -> Value:
    """Return a Value that is about to be filled, now that its ancestors are there."""
    return object.__new__(Value)


def declared(name: str) -> Operation:
    """Return the operation of this name; that it was never declared here is a DeclarationError."""
    if name not in OPERATIONS:
        raise DeclarationError(
            f"the pickled graph uses the operation {name!r}, which is not declared here. "
            "Import or run its @operation first."
        )
    return OPERATIONS[name]


copyreg.pickle(Value, pickled)
copyreg.pickle(Operation, lambda op: (declared, (op.name,)))
