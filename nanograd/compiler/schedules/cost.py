"""How long a schedule takes, as far as that can be told beforehand: to choose how a program is run.

The figures are nanoseconds of one processor with vectors of eight numbers. They need not be right,
but in proportion: benchmarks/ways.py shows what they say beside what is measured.
"""

from __future__ import annotations

from .forms import Fold, Form, Total
from .schedule import Part, Schedule

WRITTEN_OUT = 0.45  # an instruction of a program that is written out,
ON_TAPE = 4.0  # and one on a tape; of eight rows, one of a long loop over rows
IN_ROWS = 5.0
PART, RUN = 3.0, 1.5  # what a part takes, and a run, beside their numbers
VECTOR = 0.4  # an operation on numbers side by side
ANYWHERE = 0.8  # a number that is read alone
LANES = 8


def cost_of(schedule: Schedule) -> float:
    """Return about how many nanoseconds a schedule takes."""
    return sum([cost_of_part(part) for wave in schedule.waves for part in wave])


def cost_of_part(part: Part) -> float:
    """Return about how many nanoseconds a part takes, of rows for eight of them."""
    kind = part.kind
    members, runs = part.members, part.runs
    length = kind.length if isinstance(kind, Fold) else 1
    operations = 1
    if isinstance(kind, Fold | Total):
        operations += kind.form.size
    elif isinstance(kind, Form):
        operations = kind.size
    if True in kind.columns:
        vectors = members * length
    elif {*part.strides} <= {0, 1} and members > len(runs):
        vectors = sum([-(-count // LANES) for count, _ in runs]) * length
    elif isinstance(kind, Fold) and all(map(is_side_by_side, part.terms)):
        vectors = members * (1 - -length // LANES)
    else:
        return PART + members * length * len(part.strides) * ANYWHERE
    return PART + len(runs) * RUN + vectors * (operations + len(part.strides)) * VECTOR


def is_side_by_side(terms: tuple[int, ...]) -> bool:
    """Return whether terms lie side by side, or are one and the same."""
    stride = terms[1] - terms[0] if len(terms) > 1 else 0
    return stride in {0, 1} and terms[-1] == stride * (len(terms) - 1)
