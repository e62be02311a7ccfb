"""From a program to a function in LLVM's language.

What is one number for all stands in registers, outside of loops. What has an axis is computed in a
loop over it, several entries at once, one in each lane; what a reduction needs is added up there.
Only what is used outside of its own loop is kept in memory. Loops of a program, `scan` and `while`,
are loops of the machine: on single numbers, or, inside of a loop over rows, on a number per lane.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ....lookup import take_of
from ....nanograd import div
from ...programs.operations import Axes, Get, Reduction, Scan, While
from ...programs.program import Operand, Program
from .code import Code, Value
from .families import Cells, order_of_sums
from .instructions import is_native, native, shared_quotient
from .lookup import Table, chosen, place_of, read, table_of
from .loops import counted, lanes
from .memory import Column, Lane
from .memory import Place as AxisPlace
from .order import Order
from .rerolling import Rerolled

Place = Any  # a Value, a Column, or the list of the results of a loop

FEW = 8  # numbers that a loop changes stay in registers; more of them, in memory
MOST_ON_STACK = 1_000  # sums, of a few dozen bytes each


class Emitter:
    """What all programs of one function share: its code, its memory, and where it is now."""

    def __init__(self, code: Code, lengths: dict[str, str], names: dict[Any, str]):
        self.code = code
        self.lengths = lengths
        self.names = names  # of functions that do what LLVM cannot
        self.homes: dict[str, Column] = {}  # of numbers in registers that lie in memory as well
        self.lane: Lane | None = None  # of the loop over rows that is being written
        self.active = ""  # the mask of the lanes that count; empty if all do
        self.sizes: list[list[int | str]] = []  # of the columns that are kept: factors, and axes
        self.end = "0"  # of the memory that has been given out
        self.cells = 0  # single numbers that are kept
        self.on_stack = 0  # sums of lanes
        self.row_axes: set[str] = set()  # with loops over several places at once

    def cells_for(self, count: int) -> Cells:
        """Return memory for single numbers, side by side."""
        self.cells += count
        return Cells("%cells", self.cells - count)

    def room_for_lanes(self) -> tuple[str, int]:
        """Return a pointer to room for a number in each lane, and how it is aligned.

        It is on the stack, which is fast; but no thread has much of that.
        """
        code = self.code
        self.on_stack += 1
        if self.on_stack <= MOST_ON_STACK:
            return code.let_first(f"alloca {code.many}, align 64"), 64
        return self.column((), in_lanes=True).begin(code), code.bytes

    def column(self, axes: Axes, *, in_lanes: bool = False) -> Column:
        """Return memory for one more column: of numbers, or of one in each lane."""
        code, size = self.code, str(self.code.width) if in_lanes else "1"
        apart = "1" if in_lanes else ""
        if not axes:
            first = self.cells_for(int(size))
            return Column(first.pointer, start=first.start, apart=apart)
        self.sizes.append([int(size), *axes])
        strides = []
        for axis in axes:
            strides.append(size)
            length = self.lengths[axis]
            size = length if size == "1" else code.let_first(f"mul i64 {size}, {length}")
        start = code.let_first(f"getelementptr {code.one}, ptr %room, i64 {self.end}")
        padded = code.let_first(f"add i64 {size}, 7")
        rounded = code.let_first(f"and i64 {padded}, -8")
        self.end = code.let_first(f"add i64 {self.end}, {rounded}")
        return Column(start, axes, tuple(strides), apart=apart)

    def copy(self, source: Place, target: Column) -> None:
        """Write numbers where they are wanted."""
        code = self.code
        if not target.axes:
            target.store(code, loaded(code, source))
            return
        axis = target.axes[-1]

        def part(place: AxisPlace, _: list[Value]) -> Sequence[Value]:
            is_along = isinstance(source, Column) and axis in source.axes
            inner = source.at(code, axis, place) if is_along else source
            self.copy(inner, target.at(code, axis, place))
            return []

        if len(target.axes) == 1 and self.lane is None:
            lanes(code, axis, self.lengths[axis], [], part)
        else:
            counted(code, self.lengths[axis], [], part)


def loaded(code: Code, place: Place) -> Value:
    """Return the number in a place, or one for each lane."""
    value: Value = place.load(code) if isinstance(place, Column) else place
    return value


class Body:
    """Writes one program: the function's, or that of a loop.

    `targets` says where outputs are wanted, if anywhere. One that is the memory of an input, the
    state of a loop, is only written when that input is no longer read.
    """

    def __init__(
        self,
        emitter: Emitter,
        program: Program,
        operands: Sequence[Place],
        targets: Sequence[Column | None],
    ):
        self.emitter = emitter
        self.code = emitter.code
        self.program = program
        self.axes = program.axes()
        self.places: dict[int, Place] = dict(enumerate(operands))
        self.targets = targets
        self.is_in_lanes = emitter.lane is not None  # of a loop over rows around it
        self.here: dict[str, AxisPlace] = {}  # in the loops over rows that are being written
        order = Order(program)
        self.loops, self.kept = order.loops, order.kept
        self.cells: dict[int, Column] = {}  # of what is added up over rows, if that is much
        self.sums = {i: self.placed(i, slots) for i, slots in order.sums.items()}
        self.added_up = {slot for slots in self.sums.values() for slot in slots}
        self.rerolled = Rerolled(self)
        self.target_of = self.early_targets(operands)
        self.divisors = shared_divisors(program)
        self.homes: dict[Any, Column] = {}  # of what the steps of a loop give

    def placed(self, loop: int, slots: Sequence[int]) -> Sequence[int]:
        """Return what a loop adds up in a good order, with cells for it if it is much."""
        if len(slots) <= FEW or self.is_in_lanes or len(self.loops[loop].axes) > 1:
            return slots
        rank = {slot: i for i, slot in enumerate(order_of_sums(self.program))}
        ordered = sorted(slots, key=lambda slot: (not self.is_sum(slot), rank.get(slot, len(rank))))
        first = self.emitter.cells_for(len(slots))
        for i, slot in enumerate(ordered):
            self.cells[slot] = Column(first.pointer, start=first.start + i)
        return ordered

    def is_sum(self, slot: int) -> bool:
        """Return whether a reduction is a sum, and not a max."""
        op: Any = self.program.ops[slot]
        return bool(op.name == "sum")

    def cell_of(self, slot: int) -> tuple[str, int] | None:
        """Return the cell in which an input, or what is added up over rows, lies."""
        place = self.cells.get(slot) or self.places.get(slot)
        return place.key if isinstance(place, Column) and not place.axes else None

    # -- what is written where it is wanted ----------------------------------------------------

    def early_targets(self, operands: Sequence[Place]) -> dict[int, Column]:
        """Return the slots that can be written where they are wanted at once."""
        order = {slot: i for i, slot in enumerate(s for loop in self.loops for s in loop.slots)}
        last: dict[int, int] = {}
        for slot, _, used in self.program.steps():
            for x in used:
                if type(x) is int and x < len(operands):
                    last[x] = max(last.get(x, -1), order[slot])
        read = {place.key: i for i, place in enumerate(operands) if isinstance(place, Column)}
        found: dict[int, Column] = {}
        read_late = self.rerolled.reads
        for output, target in zip(self.program.outputs, self.targets, strict=True):
            if type(output) is not int or target is None or output not in order or output in found:
                continue
            if output in self.added_up and target.axes:
                continue  # it was made in a loop that came before
            state = read.get(target.key)
            is_free = state is None or last.get(state, -1) <= order[output]
            also_output = state is not None and state in self.program.outputs
            is_free = is_free and target.key not in read_late
            if is_free and not also_output and self.axes[output] == target.axes:
                found[output] = target
        return found

    # -- writing -----------------------------------------------------------------------------

    def outputs(self) -> list[Place]:
        """Write all steps, and return where the outputs are."""
        from .row_loops import RowLoop

        for i, loop in enumerate(self.loops):
            if not loop.axes:
                for slot in loop.slots:
                    if self.rerolled.is_wanted[slot]:
                        self.places[slot] = self.uniform(slot)
            else:
                RowLoop(self, loop, self.sums.get(i, [])).write()
        return self.put_where_wanted()

    def put_where_wanted(self) -> list[Place]:
        """Write the outputs where they are wanted, if they are not there yet."""
        done: dict[int, Any] = {}
        for each in self.rerolled.outputs:
            done |= {i: self.targets[i] for i in range(each.begin, each.end)}
        outputs = list(enumerate(self.program.outputs))
        found = [done[i] if i in done else self.place(x) for i, x in outputs]
        late: list[tuple[int, Column]] = []
        for (i, x), target in zip(outputs, self.targets, strict=True):
            is_there = type(x) is int and self.target_of.get(x) is target
            if target is None or i in done or is_there:
                continue
            if not target.axes:
                found[i] = self.value(x)  # before the memory of another state is written
            late.append((i, target))
        self.rerolled.write_outputs()
        for i, target in late:
            self.emitter.copy(found[i], target)
            found[i] = target
        return found

    def place(self, x: Operand) -> Place:
        """Return where an operand is."""
        return self.places[x] if type(x) is int else self.code.constant(x)

    def value(self, x: Operand) -> Value:
        """Return an operand that is one number, or one for each lane."""
        place = self.place(x)
        if not isinstance(place, Column):
            return place  # type: ignore[no-any-return]
        if not place.axes:
            return place.load(self.code)
        loads = self.code.loads
        if place.key not in loads:
            loads[place.key] = self.located(place).load(self.code)
        return loads[place.key]

    def located(self, place: Column, but_not: Axes = ()) -> Column:
        """Return the part of a column for the rows that are being written."""
        for axis, here in self.here.items():
            if axis in place.axes and axis not in but_not:
                place = place.at(self.code, axis, here)
        return place

    def entered(self, x: Operand, own: Axes) -> Place:
        """Return what a loop takes for an operand: a column along its own axes, or a number."""
        place = self.place(x)
        if not isinstance(place, Column) or not place.axes:
            return place
        part = self.located(place, own)
        return part if part.axes else part.load(self.code)

    def uniform(self, slot: int) -> Place:
        """Write a step that is not in a loop over rows of this program; return its result."""
        if slot in self.rerolled.chains:
            out: Place = self.rerolled.sum(self.rerolled.chains[slot])
        else:
            out = self.step(slot)
        target = self.target_of.get(slot)
        if target and out is not target:
            self.emitter.copy(out, target)
        return out

    def step(self, slot: int) -> Place:
        """Write one step, and return its result."""
        from .scans import scan, while_loop

        op, operands = self.program.ops[slot], self.program.operands[slot]
        if slot in self.added_up:  # in a loop over rows that came before
            return self.places[slot]
        if isinstance(op, Reduction):
            return self.of_the_same(op, operands)
        if isinstance(op, Scan):
            return scan(self, slot, op)
        if isinstance(op, While):
            return while_loop(self, op, operands)
        if isinstance(op, Get):
            results: list[Place] = self.places[int(operands[0])]
            return results[op.index]
        if op is div and operands[1] in self.divisors:
            return shared_quotient(self.code, *map(self.value, operands))
        if op is take_of:
            return self.entry(*operands)
        return self.result(op, [self.value(x) for x in operands])

    def result(self, op: Any, operands: Sequence[Value]) -> Value:
        """Write an operation of numbers."""
        if is_native(op):
            return native(self.code, op.name, operands)
        name, active = self.emitter.names[op], self.emitter.active
        return self.code.one_by_one(f"@{name}", *operands, active=active)

    def entry(self, index: Operand, *entries: Operand) -> Value:
        """Write the look-up of an entry; others at the same index share its place in a block."""
        code, home = self.code, self.place(index)
        is_cell = isinstance(home, Column) and not home.axes
        key = home.key if is_cell else self.value(index).text, len(entries)
        if key not in code.lookups:
            code.lookups[key] = place_of(
                code, self.value(index), code.constant(float(len(entries)))
            )
        if table := self.table(entries):
            return read(code, code.lookups[key], table)
        return chosen(code, code.lookups[key], [self.value(x) for x in entries])

    def table(self, entries: Sequence[Operand]) -> Table | None:
        """Return entries as a table in memory, if they lie there, and reading one is worth while.

        Of a few that are in registers too, choosing is faster.
        """
        places = [self.place(x) for x in entries]
        if len(places) <= FEW:
            return table_of(places)
        if float in map(type, entries) and int not in map(type, entries):
            return Table(Column(self.code.constants([x.text for x in places])), 1)
        homes = self.emitter.homes
        return table_of([homes.get(x.text) if isinstance(x, Value) else x for x in places])

    def of_the_same(self, op: Reduction, operands: Sequence[Operand]) -> Value:
        """Write a reduction over an axis along which all entries are the same."""
        if op.name == "max":
            return self.value(operands[0])
        length = self.emitter.lengths[op.axis]
        count = Value(self.code.let(f"sitofp i64 {length} to {self.code.one}"))
        if op.name == "count":
            return count
        return self.code.apply("fmul", self.value(operands[0]), count)


def shared_divisors(program: Program) -> set[Operand]:
    """Return the slots by which several numbers are divided."""
    found = Counter(operands[1] for op, operands in program if op is div)
    return {slot for slot, count in found.items() if count > 1 and type(slot) is int}
