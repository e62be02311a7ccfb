"""Forms: how numbers are nested, each way of it once, so that to compare two is to ask for `is`.

A compiled function asks at every call whether its arguments are nested as they were. For thousands
of numbers that must not take a walk over them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, repeat
from threading import RLock
from typing import Any
from weakref import WeakValueDictionary

from .calculus.structure import Container, opened
from .errors import short

PLAIN = frozenset({float, int})

MOST_SHOWN = 4  # parts of a container, in a text
DEEPEST = 3  # containers in each other, in a text


class Form:
    """How numbers are nested: a kind of container, and the forms of its parts.

    Forms are made by `take_apart`, and are equal only if they are the same.
    """

    __slots__ = ("__weakref__", "kind", "labels", "parts", "remake", "room", "size", "waiting")

    def __init__(
        self,
        kind: Any,  # None for a number
        labels: Sequence[str],  # of the parts, as one writes them; those of lists are counted
        parts: Sequence[Form],
        remake: Callable[[list[Any]], Any],
    ):
        self.kind = kind
        self.labels = labels
        self.parts = parts
        self.remake = remake
        self.size: int = sum([part.size for part in parts])
        self.room: Any = None  # the type of memory for so many numbers, once it is asked for
        self.waiting: list[Any] = []  # such memory that nobody has any more

    def rebuild(self, numbers: Sequence[Any]) -> Any:
        """Return these numbers, nested in this way."""
        return self.rebuilt(iter(numbers))

    def rebuilt(self, numbers: Iterator[Any]) -> Any:
        """Return the next of these numbers, nested in this way."""
        if self is NUMBER:
            return next(numbers)
        if len(self.parts) == self.size and set(self.parts) == {NUMBER}:
            return self.remake(list(islice(numbers, self.size)))
        return self.remake([part.rebuilt(numbers) for part in self.parts])

    def paths(self) -> Iterator[str]:
        """Yield the place of each number, as one writes it: `['w'][2]`."""
        if self is NUMBER:
            yield ""
        for i, part in enumerate(self.parts):
            label = self.labels[i] if self.labels else f"[{i}]"
            for path in part.paths():
                yield label + path

    def text(self, depth: int = 0) -> str:
        """Return the form as a short text: `{'w': [27 × 16], 'b': number}`."""
        if self is NUMBER:
            return "number"
        if self.kind is type(None):
            return "None"
        left, right = BRACKETS.get(self.kind, (f"{self.kind.__name__}(", ")"))
        if depth == DEEPEST:
            return f"{left}…{right}"
        if sizes := self.sizes():
            return f"{left}{' × '.join(map(str, sizes))}{right}"
        texts = [part.text(depth + 1) for part in self.parts[:MOST_SHOWN]]
        if self.labels:
            names = [short_label(label) for label in self.labels]
            texts = [name + text for name, text in zip(names, texts, strict=False)]
        more = ["…"] if len(self.parts) > MOST_SHOWN else []
        return left + ", ".join(texts + more) + right

    def sizes(self) -> list[int]:
        """Return the sizes of a list, or of equal lists in a list; none of anything else."""
        if self.kind not in (list, tuple) or self.labels or len(set(self.parts)) != 1:
            return []
        inner = self.parts[0]
        if inner is NUMBER:
            return [len(self.parts)]
        return [len(self.parts), *sizes] if (sizes := inner.sizes()) else []


BRACKETS = {list: ("[", "]"), tuple: ("(", ")"), dict: ("{", "}")}


def short_label(label: str) -> str:
    """Return how a label is written before its part: `'w': ` for `['w']`, `w=` for `.w`."""
    if label.startswith("."):
        return f"{label[1:]}="
    return f"{label[1:-1] if len(label) < 30 else '…'}: "


NUMBER = Form(None, (), (), lambda parts: parts[0])
NUMBER.size = 1

#: The forms that something still has.
FORMS: WeakValueDictionary[Any, Form] = WeakValueDictionary()
ONE_AT_A_TIME = RLock()  # lest two threads make two forms of one way


def take_apart(
    tree: Any,
    leaves: list[Any],
    is_whole: Callable[[Any], bool] = lambda _: False,
) -> Form:
    """Return the form of something nested, and append its leaves, which may be anything, to a list.

    What `is_whole` is a leaf, even if it could be taken apart.

    >>> leaves = []
    >>> form = take_apart({"w": [1.0, 2.0], "b": 3.0}, leaves)
    >>> leaves, form.rebuild([10.0, 20.0, 30.0])
    ([1.0, 2.0, 3.0], {'w': [10.0, 20.0], 'b': 30.0})
    >>> form is take_apart({"w": [0.0, 0.0], "b": 0.0}, [])
    True
    """
    kind = type(tree)
    if kind is list or kind is tuple:
        if PLAIN.issuperset(map(type, tree)):  # the usual case, without a call for each
            leaves += tree
            return the_form(kind, (), tuple(repeat(NUMBER, len(tree))), kind)
        return the_form(kind, (), tuple([take_apart(x, leaves, is_whole) for x in tree]), kind)
    container = None if is_whole(tree) else opened(tree)
    if container is None:
        leaves.append(tree)
        return NUMBER
    parts = tuple([take_apart(part, leaves, is_whole) for part in container.parts])
    if container.kind is dict:
        return form_of_dict(tree, container, parts)
    labels = () if container.kind in (list, tuple) else tuple(container.labels)
    return the_form(container.kind, labels, parts, container.remake)


def form_of_dict(tree: Any, container: Container, parts: tuple[Form, ...]) -> Form:
    """Return the form of a dict of any kind, which does not keep the dict itself."""
    keys = tuple(tree)
    labels = tuple(container.labels)
    if type(tree) is dict:
        return the_form(dict, labels, parts, lambda made: dict(zip(keys, made, strict=True)), keys)
    empty = copy.copy(tree)
    empty.clear()

    def remake(made: list[Any]) -> Any:
        new = copy.copy(empty)
        new.update(zip(keys, made, strict=True))
        return new

    beside = repr(empty.__reduce_ex__(2)[:3])  # as the factory of a defaultdict
    return the_form(type(tree), labels, parts, remake, keys, beside)


def the_form(
    kind: Any,
    labels: tuple[str, ...],
    parts: tuple[Form, ...],
    remake: Callable[[list[Any]], Any],
    keys: tuple[Any, ...] = (),
    beside: str = "",
) -> Form:
    """Return the one form of this kind. Keys that are equal, as 1 and True, have other labels."""
    key = kind, labels, parts, keys, tuple(map(type, keys)), beside
    with ONE_AT_A_TIME:
        found = FORMS.get(key)
        if found is None:
            found = FORMS[key] = Form(kind, labels, parts, remake)
        return found


def described(form: Form) -> str:
    """Return a form as one bounded line."""
    text = form.text()
    return text if len(text) < 200 else short(text)
