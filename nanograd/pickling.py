"""Pickling and copying a graph of Values of any depth, without recursion.

A value is pickled as a list: of the values that it was computed from, in order, and itself. So each
of them finds its operands in the pickle already. In the list each is represented by its *twin*,
which is always the same one: so values that share a part share it in the copy too, also where a
part is pickled on its own account. Twins live only as long as a pickle that is being written.
"""

import copyreg
from collections.abc import Sequence
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from .errors import DeclarationError
from .nanograd import OPERATIONS, Operation, Value, ancestry


class Twin:
    """A value inside a pickle, where it becomes a Value again once its operands are there."""

    __slots__ = ("__weakref__", "value")

    def __init__(self, value: Value):
        self.value = value

    def __reduce__(self) -> tuple[Any, ...]:
        return blank, (), (None, held(self.value, twin))


#: The twins that a pickle or a copy being made refers to.
TWINS: WeakValueDictionary[Value, Twin] = WeakValueDictionary()
ONE_AT_A_TIME = Lock()  # lest two threads make two twins of one value


def twin(value: Value) -> Twin:
    """Return the twin of a value, the same as long as anything refers to it."""
    with ONE_AT_A_TIME:
        found = TWINS.get(value)
        if found is None:
            found = TWINS[value] = Twin(value)
        return found


def held(value: Value, form: Any) -> dict[str, Any]:
    """Return what a value holds, by name, with the Values among its operands in another form."""
    slots = ("data", "grad", "op", "partials") + (("name",) if value.name else ())
    operands = tuple(form(x) if type(x) is Value else x for x in value.operands)
    return {slot: getattr(value, slot) for slot in slots} | {"operands": operands}


def blank() -> Value:
    """Return a Value that is about to be filled."""
    return object.__new__(Value)


def pickled(value: Value) -> tuple[Any, ...]:
    """Return how a Value is pickled: as the last of its ancestry."""
    before = ancestry(value)[:0:-1]
    return last, ([*map(twin, before), twin(value)],)


def last(values: Sequence[Value | Twin]) -> Value:
    """Return the value that the others are there for.

    It is still a twin in `copy.copy`, which leaves the list as it is.
    """
    value = values[-1]
    return copied(value.value) if isinstance(value, Twin) else value


def copied(value: Value) -> Value:
    """Return a copy with the very same operands."""
    new = blank()
    for slot, content in held(value, form=lambda operand: operand).items():
        setattr(new, slot, content)
    return new


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
# A copy stays here, so it may keep an operation that only its own graph has, as of `checkpoint`.
setattr(Operation, "__deepcopy__", lambda op, _: op)  # noqa: B010 - unknown to the heart
