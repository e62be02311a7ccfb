"""Refs: scalars that stand for the slots of a program while it is recorded.

Arithmetic on Refs appends instructions to the program of their recorder. A Ref has no number, so
nothing can be frozen by accident: whoever asks for one gets a TraceError with the line that asked
and the way out.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

from ...calculus.levels import OPEN, is_recording
from ...errors import TraceError
from ...labels import PACKAGE, Named, current_line
from ...modes import OPEN as BLOCKS
from ...nanograd import Operation, Scalar, Value, ancestry, infix
from ...real import NumberLike, number
from ..programs.operations import (
    EQ,
    GE,
    GT,
    LE,
    LT,
    NE,
    STOP,
    UNIFORM,
    Axes,
    Input,
    Op,
    Reduction,
    axes_after,
    extended,
    without,
)
from ..programs.program import (
    Operand,
    Operands,
    Program,
    axes_from,
    axes_of,
    inputs_first,
)
from ..telling import OFTEN, reached
from .extents import Extents
from .names import DistinctNames
from .turning import Swap, turned_slot

Way = Callable[[Swap], Any]

CHOOSE = "Both ways can be kept by where(condition, a, b), maximum, minimum, relu or clip"
LOOK_UP = "Use take(table, index), or a plain int"
ONE = "It is one number; give lists as such"
#: What a Value has, and a number that is being compiled has not.
OF_VALUES = frozenset({"backward", "grad", "grad_fn", "op", "operands", "parents", "zero_grad"})
KEEP = "Use the functions of nanograd, and return what is wanted as a number"


class Ref(Scalar, NumberLike, Named):
    """A slot of a program that is being recorded."""

    __slots__ = ("__weakref__", "recorder", "slot")

    def __init__(self, recorder: Recorder, slot: int):
        self.recorder = recorder
        self.slot = slot

    @property
    def level(self) -> int:  # type: ignore[override]
        """The level of the trace: what is opened inside it lies above."""
        return self.recorder.level

    @property
    def axes(self) -> Axes:
        """The axes along which it has entries."""
        return self.recorder.axes[self.slot]

    def record(self, op: Operation, operands: Sequence[Any]) -> Ref:
        """Return the Ref of op at these operands, none of which is of a higher level."""
        recorder = self.recorder
        recorder.refuse_late()
        return recorder.recorded(op, tuple([recorder.operand(x) for x in operands]))

    def reduce(self, op: Reduction, left: Axes) -> Any:  # noqa: ARG002 - known here, unlike in Rows
        """Return its sum or max over an axis."""
        return self.recorder.reduced(op, self)

    def turned(self, swap: Swap) -> Any:
        """Return the same number with axes that have changed places."""
        return self.recorder.ref(turned_slot(self.recorder, self.slot, swap))

    def stopped(self) -> Ref:
        """Return the same number, through which no derivative flows."""
        return self.recorder.append(STOP, (self.slot,))

    detach = stopped

    # -- comparisons are recorded --

    # fmt: off
    def __eq__(self, other: object) -> Any: return infix(EQ, self, other)
    def __ne__(self, other: object) -> Any: return infix(NE, self, other)
    def __lt__(self, other: object) -> Any: return infix(LT, self, other)
    def __le__(self, other: object) -> Any: return infix(LE, self, other)
    def __gt__(self, other: object) -> Any: return infix(GT, self, other)
    def __ge__(self, other: object) -> Any: return infix(GE, self, other)

    # -- what asks for a number that is not there --

    @property
    def data(self) -> float:  # type: ignore[override]
        """There is none: it is a TraceError."""
        refuse("`.data`", KEEP)
    def __getattr__(self, name: str) -> NoReturn:
        if name in OF_VALUES:
            refuse(f".{name}", "Use grad, value_and_grad or another transform")
        raise AttributeError(f"a number of a compiled function has no attribute {name!r}")

    def __bool__(self) -> bool:              return self.recorder.decide(self)
    def __float__(self) -> float:            refuse("float(), or a function of math,", KEEP)
    def __int__(self) -> int:                refuse("int()", "Use floor or ceil")
    def __index__(self) -> NoReturn:         refuse("an index", LOOK_UP)  # noqa: PLE0305
    def __round__(self, _: Any = 0) -> NoReturn: refuse("round()", "Use floor or ceil")
    def __len__(self) -> NoReturn:           refuse("len()", ONE)  # noqa: PLE0303
    def __getitem__(self, _: Any) -> NoReturn: refuse("[…] or a loop", ONE)
    def __format__(self, _: str) -> str:     refuse("a text", "Return it, and print the result")
    # fmt: on

    def __hash__(self) -> int:
        asking = sys._getframe(1).f_code.co_filename  # noqa: SLF001 - it is documented
        if not asking.startswith(PACKAGE):  # our own code tells scalars apart by identity
            refuse("a set, a dict or a cache", CHOOSE)
        return object.__hash__(self)

    __complex__ = __float__

    def __repr__(self) -> str:
        axes = f"[{', '.join(self.axes)}]" if self.axes else ""
        return f"Ref(%{self.slot}{axes})"


def asked_at() -> str:
    """Return the line of the user's code that is being run, as an error begins: `f.py:3, `…`: `."""
    place = current_line()
    source = linecache.getline(place.file, place.line).strip()
    return f"{place}, `{source}`: " if source else f"{place}: "


def refuse(asked_by: str, way_out: str) -> NoReturn:
    """Raise the TraceError for something that asks a Ref for its number."""
    raise TraceError(
        f"{asked_at()}{asked_by} needs a number, but while a function is compiled there is "
        f"none yet; what happened now would happen at every call. {way_out}; or keep "
        "this part out of the compiled function."
    )


# -- recording -------------------------------------------------------------------------------


class Recorder:
    """A program while it grows: what Refs append to."""

    __slots__ = (
        "axes",
        "captured",
        "computed",
        "extents",
        "feeds",
        "foreign",
        "hidden",
        "level",
        "names",
        "operands",
        "ops",
        "order",
        "turned",
        "ways",
    )

    def __init__(self, level: int, extents: Extents):
        self.level = level
        self.extents = extents
        self.hidden = extents.open  # of loops around this program: it does not know of them
        self.ops: list[Op] = []
        self.operands: list[Operands] = []
        self.axes: list[Axes] = []
        self.order: Axes = UNIFORM
        self.names = DistinctNames()  # of inputs
        self.captured: dict[int, tuple[Scalar, Ref]] = {}  # by identity
        self.computed: dict[int, tuple[Value, Ref]] = {}  # so too
        self.feeds: dict[str, Any] = {}  # of inputs that are columns of an array: it, and where
        self.foreign: list[Any] = []  # arrays from outside, each with its column
        self.ways: dict[int, Way] = {}  # of inputs: how they are had along other axes
        self.turned: dict[frozenset[str], dict[int, Operand]] = {}  # slots along other axes

    @classmethod
    def after(cls, program: Program, level: int) -> Recorder:
        """Return the recorder that goes on where this program ends."""
        recorder = cls(level, Extents())
        recorder.ops = list(program.ops)
        recorder.operands = list(program.operands)
        recorder.axes = program.axes()
        recorder.order = program.order
        recorder.names = DistinctNames([each.name for each in program.inputs])
        return recorder

    def input(self, name: str, axes: Axes = UNIFORM) -> Ref:
        """Return the Ref of one more input; its name is made one that no other input has."""
        name = self.names.distinct(name)
        in_order = tuple([axis for axis in extended(self.order, axes) if axis in axes])
        return self.append(Input(name, in_order), ())

    def name_of(self, ref: Ref) -> str:
        """Return the name of an input."""
        op: Any = self.ops[ref.slot]
        return str(op.name)

    def input_along(self, slot: int, swap: Swap) -> Operand:
        """Return what an input would be if axes had changed places."""
        if slot not in self.ways:
            raise TraceError(
                f"{asked_at()}a column in the state of a scan is gone through inside of a loop "
                "over as many entries, which is not possible while a function is compiled. Keep "
                "columns of this length out of the state, or compute what is needed before."
            )
        return self.operand(self.ways[slot](swap))

    def append(self, op: Op, operands: Operands) -> Ref:
        """Return the Ref of one more instruction."""
        return Ref(self, self.add(op, operands))

    def add(self, op: Op, operands: Operands) -> int:
        """Return the slot of one more instruction."""
        slot = len(self.ops)
        if not slot % OFTEN:
            reached(slot)
        found = UNIFORM
        if self.order or type(op) is not Operation:
            self.order = extended(self.order, axes_from(op))
            found = axes_after(op, axes_of(operands, self.axes), self.order)
        self.ops.append(op)
        self.operands.append(operands)
        self.axes.append(found)
        return slot

    def recorded(self, op: Op, operands: Operands) -> Ref:
        """Return the same, through which no derivative flows if a `no_grad` block is open here."""
        out = self.append(op, operands)
        return out if self.is_recording() else self.append(STOP, (out.slot,))

    def is_recording(self) -> bool:
        """Return whether derivatives flow through what is recorded now."""
        return not BLOCKS or is_recording(self.level)

    def reduced(self, op: Reduction, x: Any) -> Any:
        """Return a reduction; where x is the same along its axis, what this comes to."""
        if isinstance(x, Ref) and op.axis in x.axes:
            return self.append(op, (self.operand(x),))
        return x if op.name == "max" else x * self.append(Reduction("count", op.axis), ())

    def operand(self, x: Any) -> Operand:
        """Return the slot of a Ref, or a plain number; a foreign scalar becomes an input."""
        if isinstance(x, Ref) and x.recorder is self:
            return x.slot
        if isinstance(x, Value) and x.op:
            return self.compute(x).slot
        return self.capture(x).slot if isinstance(x, Scalar) else number(x)

    def capture(self, x: Scalar) -> Ref:
        """Return the input that stands for a scalar from outside: it is read at every call."""
        if id(x) not in self.captured:
            name = x.name if isinstance(x, Named) else ""
            name = name or f"captured_{len(self.captured) + 1}"
            ref = self.input(name, self.visible(x))
            self.captured[id(x)] = x, ref
            self.ways[ref.slot] = partial(turned, x)
        return self.captured[id(x)][1]

    def taken(self) -> list[Scalar]:
        """Return the scalars from outside, in the order of their inputs."""
        return [scalar for scalar, _ in self.captured.values()]

    def visible(self, x: Any) -> Axes:
        """Return the axes of something as this program sees it."""
        return without(x.axes, self.hidden) if isinstance(x, Ref) else UNIFORM

    def compute(self, x: Value) -> Ref:
        """Return the Ref of a Value that was computed from others, which is done at every call.

        It may have been here, of Values from outside only; its number of now is not for ever.
        """
        for value in reversed(ancestry(x)):
            if id(value) not in self.computed:
                op: Any = value.op
                operands = tuple([self.done(operand) for operand in value.operands])
                self.computed[id(value)] = value, self.append(op, operands)
        return self.computed[id(x)][1]

    def done(self, x: Any) -> Operand:
        """Return an operand of a Value, whose own operands have been computed."""
        return self.computed[id(x)][1].slot if id(x) in self.computed else self.operand(x)

    def refuse_late(self) -> None:
        """Raise a TraceError if the trace is over."""
        if self.level not in OPEN:
            raise TraceError(
                "a number of a function that was compiled is used after that has ended: it was "
                "kept in a variable outside. Return it from the function, to have it at every call."
            )

    def as_ref(self, x: Any) -> Ref:
        """Return a Ref, also of a plain number, so that a rule is recorded and not computed."""
        return x if isinstance(x, Ref) else self.append(STOP, (number(x),))

    def ref(self, operand: Operand) -> Any:
        """Return the Ref of a slot; a plain number is returned as it is."""
        return Ref(self, operand) if isinstance(operand, int) else operand

    def decide(self, condition: Ref) -> bool:
        """Return which way a branch goes: there is no way to know."""
        del condition
        refuse("a branch, `and`, `or`, `not`, max() or sorted()", CHOOSE)

    def program(self, outputs: Sequence[Any]) -> Program:
        """Return what has been recorded, with its inputs first."""
        slots = tuple([self.operand(x) for x in outputs])
        program = Program(self.ops, self.operands, slots)
        return program if len(program.inputs) == len(self.names) else inputs_first(program)


def turned(x: Any, swap: Swap) -> Any:
    """Return a scalar with axes that have changed places; one of no trace has none."""
    return x.turned(swap) if isinstance(x, Ref) else x
