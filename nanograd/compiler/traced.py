"""A function, traced for one signature: its program, and what goes into and comes out of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..calculus.levels import OPEN, Lifted
from ..errors import short
from ..real import data_of, number
from .data import Data, is_data, shape_of
from .extents import Extents, Slot
from .operations import Input
from .passes import remove_dead
from .program import Program, rearranged
from .refs import Recorder
from .replay import replay
from .results import Shape
from .signature import replaced
from .trace import recording

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

    def __init__(self, f: Callable[..., Any], args: Sequence[Any], named: Arguments):
        self.name = getattr(f, "__name__", "a function")
        self.place: dict[str, Any] = {}  # of each input: the place of its leaf, or a scalar
        self.data: list[tuple[Data, int | None]] = []  # arrays, with their places among the leaves
        names = iter(names_of(arguments_of(f, args, named)))
        with recording(Extents()) as recorder:
            count = iter(range(1 << 62))

            def enter(x: Any, _: str) -> Any:
                return self.enter(recorder, x, next(names), next(count))

            given, by_name = replaced((list(args), named), "", enter)
            self.shape = Shape(f(*given, **by_name))
            self.extents = recorder.extents
            self.finish(recorder)

    def enter(self, recorder: Recorder, x: Any, name: str, place: int) -> Any:
        """Return what stands for a number or an array of the arguments while f runs."""
        if is_data(x):
            length, *row = shape_of(x)
            data = Data(name, tuple(row), length)
            self.data.append((data, place))
            return data.column(recorder)
        ref = recorder.input(name)
        op: Any = recorder.ops[ref.slot]
        self.place[op.name] = place
        return ref

    def finish(self, recorder: Recorder) -> None:
        """Note the program, and where its operands come from."""
        sources = [extent.source for extent in recorder.extents.all]
        slots = [recorder.ref(x.slot) for x in sources if isinstance(x, Slot)]
        whole = recorder.program([*self.shape.outputs, *slots])
        outputs, lengths = (
            whole.outputs[: -len(slots) or None],
            whole.outputs[len(whole.outputs) - len(slots) :],
        )
        self.program = Program(whole.ops, whole.operands, outputs)
        self.steps, self.step_inputs = needed(Program(whole.ops, whole.operands, lengths))
        self.captured = recorder.taken()
        for scalar, ref in recorder.captured.values():
            op: Any = recorder.ops[ref.slot]
            self.place[op.name] = scalar
        self.feeds = recorder.feeds
        self.data += [(data, None) for data, _ in recorder.foreign]

    def is_stale(self) -> bool:
        """Return whether it has to do with numbers of a transform that is over."""
        return any(isinstance(x, Lifted) and x.level not in OPEN for x in self.captured)

    # -- a call --

    def operands(self, leaves: Sequence[Any]) -> list[Any]:
        """Return the operands of the program for the numbers and arrays of a call."""
        return [self.operand(x, leaves) for x in self.program.inputs]

    def operand(self, given: Input, leaves: Sequence[Any]) -> Any:
        """Return the operand for one input."""
        if given.name in self.place:
            place = self.place[given.name]
            return leaves[place] if isinstance(place, int) else place
        data, at = self.feeds[given.name]
        whole = self.array_of(data, leaves)
        return whole[(slice(None), *at)] if at else whole

    def array_of(self, data: Data, leaves: Sequence[Any]) -> Any:
        """Return an array of a call."""
        place = next(place for each, place in self.data if each is data)
        return data.whole if place is None else leaves[place]

    def lengths(self, leaves: Sequence[Any], operands: Sequence[Any]) -> dict[str, int]:
        """Return the length of each axis in a call."""
        rows = {data.length: len(self.array_of(data, leaves)) for data, _ in self.data}
        steps = self.computed_steps(operands)
        found = {}
        for extent in self.extents.all:
            source = extent.source
            if isinstance(source, Slot):
                length = next(steps)
            else:
                length = rows[source] if extent.word == "rows" else source
            found.update(dict.fromkeys(extent.axes, length))
        return found

    def computed_steps(self, operands: Sequence[Any]) -> Iterator[int]:
        """Yield the numbers of steps that depend on the arguments."""
        if self.steps.outputs:
            used = [operands[i] for i in self.step_inputs]
            plain = [list(x) if is_data(x) else data_of(x) for x in used]
            yield from map(whole_number, replay(self.steps, plain))


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
