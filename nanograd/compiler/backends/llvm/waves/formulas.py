"""Waves of formulas: the same operations on the numbers in all lanes."""

from __future__ import annotations

from collections.abc import Sequence

from ....schedules.forms import Form
from ....schedules.schedule import Part
from ..memory import Lane
from .access import Even, Scattered
from .parts import PartWriter, members, vectors, written


def write_formula(writer: PartWriter, form: Form) -> None:
    """Write a part whose members are computed by a formula."""
    part = writer.part
    if form.is_column:
        writer.write(lambda count, accesses: write_rows(writer, form, count, accesses))
    elif all(count == 1 for count, _ in part.runs):
        write_members(writer, form, str(len(part.runs)), scattered(writer, part))
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
        result.store(code, None, written(code, form, iter(found)))
        return
    shared = [None if leaf.is_in_lanes else writer.load(leaf, None) for leaf in leaves]

    def step(several: list[Lane]) -> None:
        for lane in several:
            pairs = zip(leaves, shared, strict=True)
            found = [x or writer.load(leaf, lane) for leaf, x in pairs]
            result.store(code, lane, code.widened(written(code, form, iter(found))))

    vectors(code, count, step, most=2)


def write_rows(writer: PartWriter, form: Form, count: str, accesses: Sequence[Even]) -> None:
    """Write the formula for all rows of so many members."""

    def step(index: str) -> None:
        here = [each.member(writer.code, index) for each in accesses]
        write_members(writer, form, writer.count, here)

    members(writer.code, count, step)


def scattered(writer: PartWriter, part: Part) -> list[Even | Scattered]:
    """Return how members are had that are anywhere in memory."""
    found: list[Even | Scattered] = []
    columns = zip(*[starts for _, starts in part.runs], strict=True)
    for pointer, column in zip(writer.pointers, columns, strict=True):
        stride = column[1] - column[0] if len(column) > 1 else 0
        is_even = column == tuple([column[0] + i * stride for i in range(len(column))])
        if is_even:
            found.append(Even(pointer, str(column[0]), 0, stride))
        else:
            found.append(Scattered(pointer, writer.table(column)))
    return found
