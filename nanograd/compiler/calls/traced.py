"""A function, traced for one signature: its program, and what goes into and comes out of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from math import prod
from operator import itemgetter
from typing import Any, NoReturn

from ...calculus.levels import OPEN, Lifted
from ...errors import short
from ...packing import Packed
from ...real import data_of, number
from ..passes.exact import remove_dead
from ..programs.blocks import Block, Blocks, beside, joined, outside
from ..programs.program import Program, rearranged
from ..programs.replay import replay
from ..telling import stage, telling
from ..tracing.data import Data, is_data, part_of, shape_of
from ..tracing.extents import Extent, Extents, Slot
from ..tracing.refs import Recorder
from ..tracing.surroundings import Surroundings
from ..tracing.tables import with_tables
from ..tracing.trace import recording
from .results import Shape
from .signature import fixed_in, replaced

Source = Callable[[Sequence[Any]], Any]  # takes the numbers and arrays of a call; finds one

Operands = Sequence[Any] | Mapping[int, Any]

Arguments = dict[str, Any]  # by name; a rest of positional ones is a tuple


def arguments_of(f: Callable[..., Any], args: Sequence[Any], named: Arguments) -> Arguments:
    """Return the arguments of a call by the names of the parameters, as far as that is known."""
    try:
        bound = inspect.signature(f).bind(*args, **named)
    except ValueError:  # one of C, which does not tell
        return {f"x{i}": x for i, x in enumerate(args)} | named
    return dict(bound.arguments)


class TracedFunction:
    """The program of a function, and how its operands are found in the arguments of a call."""

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        named: Arguments,
        *,
        packed: bool = False,
    ):
        self.name = getattr(f, "__name__", "a function")
        self.sources: dict[str, Source] = {}  # of each input: how its operand is found
        self.places: dict[str, int] = {}  # of inputs that are whole arguments, among the leaves
        self.data: list[Data] = []
        self.given: list[Block] = []  # of inputs: the numbers of what is Packed
        self.names = iter(names_of(arguments_of(f, args, named)))
        with telling(self.name) as told, stage("tracing"), recording(Extents()) as recorder:
            places = count()

            def enter(x: Any, _: str) -> Any:
                return self.enter(recorder, x, next(places))

            given, by_name = with_tables(replaced((list(args), named), "", enter))
            self.shape = Shape(f(*given, **by_name), recorder.extents, packed=packed)
            self.finish(recorder)
        self.seconds = told.spent
        self.surroundings = Surroundings([f, *fixed_in(list(args)), *fixed_in(named)])

    def enter(self, recorder: Recorder, x: Any, place: int) -> Any:
        """Return what stands for a number or an array of the arguments while f runs."""
        if isinstance(x, Packed):
            self.given.append(Block(len(recorder.ops), len(x)))  # arguments are entered first
            return x.form.rebuild([recorder.input(next(self.names)) for _ in range(len(x))])
        name = next(self.names)
        if is_data(x):
            length, *row = shape_of(x)
            data = Data(name, tuple(row), length, place)
            self.data.append(data)
            return data.column(recorder)
        ref = recorder.input(name)
        self.places[recorder.name_of(ref)] = place
        self.sources[recorder.name_of(ref)] = itemgetter(place)
        return ref

    def finish(self, recorder: Recorder) -> None:
        """Note the program, and where its operands come from."""
        self.extents = recorder.extents
        computed = [x.source for x in self.extents.all if isinstance(x.source, Slot)]
        slots = [recorder.ref(x.slot) for x in computed]
        whole = recorder.program([*self.shape.outputs, *slots])
        number = len(self.shape.outputs)
        self.program = Program(whole.ops, whole.operands, whole.outputs[:number])
        self.axes = self.program.output_axes()
        self.steps, self.step_inputs = needed(
            Program(whole.ops, whole.operands, whole.outputs[number:])
        )
        self.captured = recorder.taken()
        for scalar, ref in recorder.captured.values():
            self.sources[recorder.name_of(ref)] = the(scalar)
        self.foreign = [data for data, _ in recorder.foreign]
        self.data += self.foreign
        for name, (data, at) in recorder.feeds.items():
            self.sources[name] = column_at(data, at)
            if not at and data.place is not None:
                self.places[name] = data.place
        arrays = self.whole_arrays(recorder)
        runs = [Block(start, prod(data.row)) for start, data in arrays.items()]
        self.blocks = Blocks(tuple(self.given), tuple(self.shape.blocks), tuple(runs))
        self.others = beside(self.blocks, len(self.program.inputs))
        names = [each.name for each in self.program.inputs]
        self.one_by_one = [self.sources[names[i]] for i in outside(self.given, len(names))]
        self.in_order = [
            arrays[i].find if i in arrays else self.sources[names[i]] for i in self.others
        ]
        #: Of each operand beside blocks: which number or array of the arguments it is, or None.
        self.leaf_of: list[int | None] = [
            arrays[i].place if i in arrays else self.places.get(names[i]) for i in self.others
        ]
        is_simple = len(self.leaf_of) > 1 and None not in self.leaf_of
        self.all_at_once = itemgetter(*self.leaf_of) if is_simple else None

    def whole_arrays(self, recorder: Recorder) -> dict[int, Data]:
        """Return the arrays of several columns, by the input that is the first one of these.

        All columns along one axis become inputs at once, so they follow each other.
        """
        found = {}
        for i, each in enumerate(self.program.inputs):
            data, at = recorder.feeds.get(each.name, (None, ()))
            if at and not any(at):
                found[i] = data
        return found

    def fits(self, leaves: Sequence[Any]) -> bool:
        """Return whether this is the program for a call with these numbers and arrays.

        It is not if a variable outside has changed, or if other arrays than then are as long as
        those that the function takes from outside.
        """
        return self.is_fresh() and (not self.foreign or self.lengths_agree(leaves))

    def is_fresh(self) -> bool:
        """Return whether what the function takes from outside is what it was."""
        return self.surroundings.are_as_then() and self.is_alive()

    def is_alive(self) -> bool:
        """Return whether no number from outside belongs to a transform that is over."""
        if not self.captured:
            return True
        return not any(isinstance(x, Lifted) and x.level not in OPEN for x in self.captured)

    def lengths_agree(self, leaves: Sequence[Any]) -> bool:
        """Return whether the same arrays are equally long as in the call that was traced."""
        now = [len(data.find(leaves)) for data in self.data]
        then = [data.length for data in self.data]
        return list(map(now.index, now)) == list(map(then.index, then))

    def has_only_rows(self) -> bool:
        """Return whether the only axes are those of arguments."""
        return not self.foreign and all(each.word == "rows" for each in self.extents.all)

    # -- a call --

    def operands(self, leaves: Sequence[Any]) -> list[Any]:
        """Return the operands of the program for the numbers and arrays of a call."""
        if not self.blocks.arrays:
            others = self.operands_beside(leaves)
        else:
            others = [source(leaves) for source in self.one_by_one]
        if not self.given:
            return others
        inside = [x.numbers() for x in packed_in(leaves)]
        return joined(self.given, inside, others)

    def operands_beside(self, leaves: Sequence[Any]) -> list[Any]:
        """Return those operands that are not in blocks, and arrays of several columns as such."""
        if self.all_at_once is not None:
            return list(self.all_at_once(leaves))
        return [source(leaves) for source in self.in_order]

    def arrays_in_order(self) -> list[int]:
        """Return which of the arrays of the arguments each operand is that comes after numbers."""
        places = [data.place for data in self.data]
        return [places.index(place) for place in self.leaf_of if place in places]

    def axes_of_arrays(self) -> list[tuple[str, int]]:
        """Return all axes, each with an array of the arguments that has rows along it."""
        lengths: list[Any] = [data.length for data in self.data]
        return [
            (axis, lengths.index(each.source)) for each in self.extents.all for axis in each.axes
        ]

    def needs_what_is_inside(self) -> bool:
        """Return whether a number of steps depends on numbers in blocks."""
        starts = {start for start, _ in self.blocks.arrays}
        outer = set(self.others) - starts
        return bool(self.steps.outputs) and not set(self.step_inputs) <= outer

    def lengths(self, leaves: Sequence[Any], operands: Operands) -> dict[str, int]:
        """Return the length of each axis in a call."""
        if not self.extents.all:
            return {}
        found: dict[str, int] = {}
        rows = {data.length: len(data.find(leaves)) for data in self.data}
        steps = self.computed_steps(operands)
        for extent in self.extents.all:
            source: Any = extent.source
            if isinstance(source, Slot):
                length = next(steps)
            else:
                length = rows[source] if extent.word == "rows" else source
            if not length and extent.needed_by:
                self.refuse_empty(extent)
            found.update(dict.fromkeys(extent.axes, length))
        return found

    def refuse_empty(self, extent: Extent) -> NoReturn:
        """Raise a ValueError for arrays without rows."""
        names = [data.name for data in self.data if data.length == extent.source]
        raise ValueError(
            f"{extent.needed_by} needs at least one row; it was given none in "
            f"{' and '.join(names) or 'what a scan without steps gave'}."
        )

    def computed_steps(self, operands: Operands) -> Iterator[int]:
        """Yield the numbers of steps that depend on the arguments."""
        if self.steps.outputs:
            used = [operands[i] for i in self.step_inputs]
            plain = [list(x) if is_data(x) else data_of(x) for x in used]
            yield from map(whole_number, replay(self.steps, plain))


def packed_in(leaves: Sequence[Any]) -> list[Packed]:
    """Return what is Packed among the leaves of a call."""
    return [x for x in leaves if type(x) is Packed]


def the(thing: Any) -> Source:
    """Return what finds the same thing at every call."""
    return lambda _: thing


def column_at(data: Data, at: tuple[int, ...]) -> Source:
    """Return what finds the column at this place of the rows of an array."""
    return (lambda leaves: part_of(data.find(leaves), at)) if at else data.find


def needed(program: Program) -> tuple[Program, list[int]]:
    """Return what a program does with only those inputs that it needs, and which these are."""
    program = remove_dead(program)
    used = {x for operands in [*program.operands, program.outputs] for x in operands}
    count = len(program.inputs)
    places = [slot for slot in range(count) if slot in used]
    return rearranged(program, [*places, *range(count, len(program))]), places


def names_of(arguments: Arguments) -> list[str]:
    """Return how one writes the place of each number and array in the arguments: `w[0]`."""
    names: list[str] = []

    def note(x: Any, path: str) -> Any:
        if isinstance(x, Packed):
            names.extend([path + inside for inside in x.form.paths()])
        else:
            names.append(path)
        return x

    for name, tree in arguments.items():
        replaced(tree, name, note)
    return names


def whole_number(x: Any) -> int:
    """Return a number of steps, or raise a ValueError."""
    if not number(x).is_integer() or x < 0:
        raise ValueError(f"scan: length must be a whole number of steps; it is {short(x)}.")
    return int(x)
