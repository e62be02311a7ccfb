"""Writes the function of one part of a wave: a loop over its runs, each a loop over lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .....nanograd import div
from ....schedules.forms import Form
from ....schedules.memory import ALL_ROWS, CONSTANTS, INPUTS, ROWS
from ....schedules.schedule import Part, Schedule
from ....schedules.shapes import literal, starts_of
from ..code import Code, Value
from ..instructions import native, reciprocal
from ..loops import counted, lanes
from ..memory import Lane
from .access import Even, Scattered

UNROLLED = 4  # vectors of a run that are written out, one after the other


class PartWriter:
    """What is needed to write a part: its code, and its tables."""

    def __init__(
        self,
        part: Part,
        name: str,
        code: Code,
        schedule: Schedule,
        *,
        is_shared: bool,
    ):
        self.part = part
        self.is_shared = is_shared  # with other parts, each of which has a table of its places
        self.name = name
        self.code = code
        self.constants = schedule.constants
        self.outputs = INPUTS + 1 + len(schedule.blocks.inputs)  # their first segment
        self.tables: list[str] = []
        self.reciprocals: dict[str, tuple[Value, Value]] = {}  # of numbers; see `divide_by`
        self.pointers = [self.segment(each) for each in part.segments]
        columns = (part.kind.is_column, *part.kind.columns)
        places = zip(part.segments, columns, strict=True)
        self.count = self.whole(ROWS) if any(columns) else ""
        self.rows = [self.apart(each) if is_column else "" for each, is_column in places]

    def apart(self, segment: int) -> str:
        """Return how far columns of a segment are from each other."""
        return self.count if segment < self.outputs else self.whole(ALL_ROWS)

    def segment(self, number: int) -> str:
        """Return the pointer to a segment."""
        code = self.code
        if number == CONSTANTS:
            return "@constants"
        place = code.let_first(f"getelementptr ptr, ptr %segments, i64 {number}")
        return code.let_first(f"load ptr, ptr {place}, align 8")

    def whole(self, place: int) -> str:
        """Return a whole number that stands among the pointers to segments."""
        code = self.code
        where = code.let_first(f"getelementptr ptr, ptr %segments, i64 {place}")
        return code.let_first(f"load i64, ptr {where}, align 8")

    def table(self, numbers: Sequence[int]) -> str:
        """Return the name of a table of whole numbers, which has some more for the last lanes."""
        name = f"@{self.name}.{len(self.tables)}"
        padded = [*numbers, *[0] * self.code.width]
        words = ", ".join([f"i32 {x}" for x in padded])
        self.tables.append(f"{name} = private constant [{len(padded)} x i32] [{words}]")
        return name

    def write(self, run: Callable[[str, Sequence[Even]], None]) -> None:
        """Write what is done for each run, given how many members it has, and where they are."""
        counts = tuple([count for count, _ in self.part.runs])
        count_of = self.entry(counts) if len(set(counts)) == 1 else self.place_in(0, counts)
        start_of = [self.start_of(i, column) for i, column in enumerate(starts_of(self.part))]

        def body(index: str, _: list[Value]) -> Sequence[Value]:
            self.code.loads = {}
            run(count_of(index), self.accesses([of(index) for of in start_of]))
            return []

        if len(counts) == 1:
            body("0", [])
        else:
            counted(self.code, str(len(counts)), [], body)

    def start_of(self, i: int, column: Sequence[int]) -> Callable[[str], str]:
        """Return what writes where an operand begins in a run."""
        if literal(self.part, i, column) is not None:
            return self.entry(column)
        return self.place_in(1 + i, column)

    def place_in(self, i: int, column: Sequence[int]) -> Callable[[str], str]:
        """Return what writes an entry of a column of the table of places."""
        return self.read(self.places(i)) if self.is_shared else self.entry(column)

    def places(self, i: int) -> str:
        """Return a column of the table of places; see `places_of`."""
        size = len(self.part.runs) + self.code.width
        return self.code.let_first(f"getelementptr i32, ptr %places, i64 {i * size}")

    def entry(self, numbers: Sequence[int]) -> Callable[[str], str]:
        """Return what writes an entry of a table; if all are the same, there is none."""
        if len(set(numbers)) == 1:
            return lambda _: str(numbers[0])
        return self.read(self.table(numbers))

    def read(self, table: str) -> Callable[[str], str]:
        """Return what writes an entry of a table."""
        code = self.code

        def entry(index: str) -> str:
            where = code.let(f"getelementptr i32, ptr {table}, i64 {index}")
            return code.let(f"zext i32 {code.let(f'load i32, ptr {where}, align 4')} to i64")

        return entry

    def accesses(self, starts: Sequence[str]) -> list[Even]:
        """Return how the result and the leaves of a run are had."""
        found = zip(self.pointers, starts, self.part.strides, self.rows, strict=True)
        return [Even(pointer, start, 0, stride, rows) for pointer, start, stride, rows in found]

    def constant(self, access: Even) -> Value | None:
        """Return the plain number that an operand is, if it is one."""
        is_one = (
            access.pointer == "@constants" and access.start.isdigit() and not access.is_in_lanes
        )
        if not is_one:
            return None
        return self.code.constant(self.constants[int(access.start) + access.distance])

    def formula(self, form: Form, leaves: Iterator[Value]) -> Value:
        """Write a formula of these leaves."""
        if form.op is None:
            return next(leaves)
        operands = [self.formula(part, leaves) for part in form.parts]
        if form.op is div and operands[1].text in self.reciprocals:
            return self.quotient(*operands)
        return native(self.code, form.op.name, operands)

    def quotient(self, x: Value, y: Value) -> Value:
        """Write x / y by the reciprocal of y, which has been written."""
        scale, one = self.reciprocals[y.text]
        return self.code.apply("fmul", self.code.apply("fmul", x, scale), one)

    def divide_by(self, y: Value) -> None:
        """Write the reciprocal of a number by which many others are divided: it takes less time."""
        scale, one = reciprocal(self.code, y)
        self.reciprocals[y.text] = self.code.widened(scale), self.code.widened(one)

    def load(self, access: Even | Scattered, lane: Lane | None) -> Value:
        """Return an operand in some lanes."""
        if isinstance(access, Even):
            return self.constant(access) or access.load(self.code, lane)
        assert lane is not None  # noqa: S101 - members anywhere are done in lanes
        return access.load(self.code, lane)


def members(code: Code, count: str, step: Callable[[str], None]) -> None:
    """Write a step for each of so many members."""

    def each(index: str, _: list[Value]) -> Sequence[Value]:
        step(index)
        return []

    if count == "1":
        step("0")
    else:
        counted(code, count, [], each)


def groups(
    code: Code,
    count: str,
    several: Callable[[str], None] | None,
    one: Callable[[str], None],
) -> None:
    """Write what is done for as many members at once as there are lanes, and for those left."""
    if several is None:
        members(code, count, one)
        return
    if count.isdigit():
        rounds, left = map(str, divmod(int(count), code.width))
        done = str(int(rounds) * code.width)
    else:
        rounds = code.let(f"udiv i64 {count}, {code.width}")
        done = code.let(f"mul i64 {rounds}, {code.width}")
        left = code.let(f"sub i64 {count}, {done}")
    if rounds != "0":
        members(code, rounds, several)
    if left != "0":
        members(code, left, lambda index: one(code.let(f"add i64 {index}, {done}")))


def vectors(
    code: Code,
    count: str,
    step: Callable[[list[Lane]], None],
    most: int = UNROLLED,
) -> None:
    """Write what is done in all lanes of a run, in several vectors at once if it is long."""
    if not count.isdigit() or code.width == 1:
        vectors_at_run_time(code, count, step, most if code.width > 1 else 1)
        return
    width = code.width
    full, left = divmod(int(count), width)
    rounds, rest = divmod(full, most)
    if rounds == 1 and rest <= most // 2:
        rounds, rest = 0, full
    if rounds:
        counted(code, str(rounds), [], at_once(code, step, most))
    begin = rounds * most
    found = [Lane("", str((begin + i) * width), "") for i in range(rest)]
    if left:
        bits = ", ".join([f"i1 {int(i < left)}" for i in range(width)])
        found.append(Lane("", str(full * width), f"<{bits}>"))
    for i in range(0, len(found), most):
        step(found[i : i + most])


def vectors_at_run_time(
    code: Code,
    count: str,
    step: Callable[[list[Lane]], None],
    most: int,
) -> None:
    """Write the same for a count that is known at run time."""
    size = most * code.width
    rounds = code.let(f"udiv i64 {count}, {size}")
    if most > 1:
        counted(code, rounds, [], at_once(code, step, most))
    done = code.let(f"mul i64 {rounds}, {size}") if most > 1 else "0"
    left = code.let(f"sub i64 {count}, {done}")

    def each(lane: Lane, _: list[Value]) -> Sequence[Value]:
        step([lane._replace(place=code.let(f"add i64 {lane.place}, {done}"))])
        return []

    lanes(code, "", left, [], each)


def at_once(
    code: Code,
    step: Callable[[list[Lane]], None],
    most: int,
) -> Callable[[str, list[Value]], Sequence[Value]]:
    """Return what writes a step of so many vectors, of which there are no others left over."""

    def several(index: str, _: list[Value]) -> Sequence[Value]:
        start = code.let(f"mul i64 {index}, {most * code.width}")
        places = [code.let(f"add i64 {start}, {i * code.width}") for i in range(most)]
        step([Lane("", place, "") for place in places])
        return []

    return several
