"""Waves of formulas: the same operations on the numbers in all lanes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .....nanograd import div
from ....schedules.forms import Form
from ....schedules.shapes import is_scattered, starts_of, step_of
from ..code import Code
from ..instructions import constant_in
from ..memory import Lane
from .access import Even, Scattered
from .parts import PartWriter, members, vectors


def write_formula(writer: PartWriter, form: Form) -> None:
    """Write a part whose members are computed by a formula."""
    part = writer.part
    if form.is_column:
        writer.write(lambda count, accesses: write_rows(writer, form, count, accesses))
    elif is_scattered(part):
        write_members(writer, form, str(len(part.runs)), scattered(writer))
    else:
        writer.write(lambda count, accesses: write_members(writer, form, count, accesses))


def write_members(
    writer: PartWriter,
    form: Form,
    count: str,
    accesses: Sequence[Even | Scattered],
) -> None:
    """Write the formula for so many members."""
    code = writer.code
    result, *leaves = accesses
    if isinstance(result, Even) and count == "1" and not result.is_in_lanes:
        found = [writer.load(leaf, None) for leaf in leaves]
        result.store(code, None, writer.formula(form, iter(found)))
        return
    shared = [None if leaf.is_in_lanes else writer.load(leaf, None) for leaf in leaves]
    for i in divisors_of(form):
        x = shared[i]
        if x is not None and constant_in(x) is None and is_long(code, count):
            writer.divide_by(x)

    def step(several: list[Lane]) -> None:
        for lane in several:
            pairs = zip(leaves, shared, strict=True)
            found = [x or writer.load(leaf, lane) for leaf, x in pairs]
            result.store(code, lane, code.widened(writer.formula(form, iter(found))))

    vectors(code, count, step, most=2)


def write_rows(writer: PartWriter, form: Form, count: str, accesses: Sequence[Even]) -> None:
    """Write the formula for all rows of so many members."""

    def step(index: str) -> None:
        here = [each.member(writer.code, index) for each in accesses]
        write_members(writer, form, writer.count, here)

    members(writer.code, count, step)


def scattered(writer: PartWriter) -> list[Even | Scattered]:
    """Return how members are had that are anywhere in memory."""
    found: list[Even | Scattered] = []
    for i, column in enumerate(starts_of(writer.part)):
        pointer, step = writer.pointers[i], step_of(column)
        if step is not None:
            first = writer.start_of(i, column[:1])
            found.append(Even(pointer, first("0"), 0, step))
        elif writer.is_shared:
            found.append(Scattered(pointer, writer.places(1 + i)))
        else:
            found.append(Scattered(pointer, writer.table(column)))
    return found


def is_long(code: Code, count: str) -> bool:
    """Return whether so many members are several vectors, as far as that is known."""
    return not count.isdigit() or int(count) > 2 * code.width


def divisors_of(form: Form, first: int = 0) -> Iterator[int]:
    """Yield which leaves of a formula other parts of it are divided by."""
    if form.op is div and form.parts[1].op is None:
        yield first + form.parts[0].leaves
    for part in form.parts:
        yield from divisors_of(part, first)
        first += part.leaves
