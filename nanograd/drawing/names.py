"""A name for every value of a graph, so that each can be spoken of."""

from collections import Counter
from collections.abc import Iterator
from itertools import count

from ..nanograd import Value
from .lettering import one_line, shortened_name

LETTERS = "abcdfghkmnpqrstuvw"  # for values without a name; e, i, j, l, o, x, y and z mislead
LONGEST_NAME = 25


def names_under(output: Value) -> dict[Value, str]:
    """Return a name for a value and for all that it was computed from, each one different.

    The inputs come first, then each value after its operands. Those without a name get letters.
    """
    values = sorted(in_order(output), key=lambda value: value.op is not None)  # which is stable
    given = {value: value.name for value in values}
    taken = set(given.values())
    spare = (name for name in letters() if name not in taken)
    names: dict[str, Value] = {}
    uses: Counter[str] = Counter()
    for value, own in given.items():
        base = name = shown(own) or next(spare)
        while name in names:
            uses[base] += 1
            name = f"{base}′{uses[base] if uses[base] > 1 else ''}"
        names[name] = value
    return {value: name for name, value in names.items()}


def letters() -> Iterator[str]:
    """Yield a, b, c, …, then a1, b1, c1, … without end."""
    for round_ in count():
        for letter in LETTERS:
            yield f"{letter}{round_ or ''}"


def shown(name: str) -> str:
    """Return a name as it is shown: in one line, and not too long. Of a path, the end says more.

    >>> shown("layers.0.neurons.0.weights.1"), shown("the sum of all that came before")
    ('…0.neurons.0.weights.1', 'the sum of all that came…')
    """
    return shortened_name(one_line(name), LONGEST_NAME)


def in_order(output: Value) -> list[Value]:
    """Return all values under `output`, each after its operands, the left one first.

    That is the order of reading. (`ancestry` promises less: any order that the chain rule allows.)
    """
    order: dict[Value, None] = {}
    stack = [output]
    while stack:
        operands = stack[-1].operands
        waiting = [x for x in operands if isinstance(x, Value) and x not in order]
        if waiting:
            stack += reversed(waiting)
        else:
            order[stack.pop()] = None
    return list(order)
