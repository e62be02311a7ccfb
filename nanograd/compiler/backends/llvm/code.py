"""LLVM's language, written line by line: names, types, values of one lane or of several."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple


class Value(NamedTuple):
    """A number of the function that is being written: its name or constant, and its lanes."""

    text: str
    is_wide: bool = False  # one number in each lane, and not one for all


@dataclass
class Code:
    """The lines of a function; numbers are of one precision, and vectors have so many lanes."""

    precision: str
    width: int
    lines: list[str] = field(default_factory=list)
    first: list[str] = field(default_factory=list)  # before all others
    block: str = "entry"
    functions: dict[tuple[str, bool], str] = field(default_factory=dict)  # that are called
    calls: Counter[tuple[str, bool]] = field(default_factory=Counter)  # of these
    declared: set[str] = field(default_factory=set)
    tables: dict[str, str] = field(default_factory=dict)  # of constants: their names
    splats: dict[str, str] = field(default_factory=dict)  # in this block
    loads: dict[tuple[str, int], Value] = field(default_factory=dict)  # from columns, in this block
    reciprocals: dict[str, tuple[Value, Value]] = field(default_factory=dict)  # in this block
    lookups: dict[Any, Any] = field(default_factory=dict)  # places in tables, in this block
    masks: dict[str, str] = field(default_factory=dict)  # the bits behind a comparison's 1 and 0

    def __post_init__(self) -> None:
        self.numbers = count(1)
        self.one = {"float64": "double", "float32": "float"}[self.precision]
        self.many = self.vector(self.one)
        self.bytes = 8 if self.precision == "float64" else 4

    # -- lines -------------------------------------------------------------------------------

    def write(self, line: str) -> None:
        """Add a line without a result."""
        self.lines.append(f"  {line}")

    def name(self) -> str:
        """Return a name that nothing has."""
        return f"%t{next(self.numbers)}"

    def let(self, expression: str) -> str:
        """Add a line with a result, and return its name."""
        name = f"%t{next(self.numbers)}"
        self.lines.append(f"  {name} = {expression}")
        return name

    def let_first(self, expression: str) -> str:
        """Add a line with a result before all others, and return its name."""
        name = f"%t{next(self.numbers)}"
        self.first.append(f"  {name} = {expression}")
        return name

    def label(self, word: str) -> str:
        """Return the name of a block that is to come."""
        return f"{word}{next(self.numbers)}"

    def begin(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label}:")
        self.block = label
        self.splats = {}
        self.loads = {}
        self.reciprocals = {}
        self.lookups = {}

    def jump(self, label: str) -> None:
        """End a block: go on there."""
        self.write(f"br label %{label}")

    def branch(self, condition: str, yes: str, no: str) -> None:
        """End a block: go on here or there."""
        self.write(f"br i1 {condition}, label %{yes}, label %{no}")

    def declare(self, line: str) -> None:
        """Note a function of somebody else that is called."""
        self.declared.add(f"declare {line}")

    def constants(self, numbers: Sequence[str]) -> str:
        """Return the name of numbers that lie side by side in memory for good."""
        parts = ", ".join(f"{self.one} {x}" for x in numbers)
        body = f"private unnamed_addr constant [{len(numbers)} x {self.one}] [{parts}]"
        name = self.tables.setdefault(body, f"@table.{len(self.tables)}")
        self.declared.add(f"{name} = {body}")
        return name

    # -- numbers -----------------------------------------------------------------------------

    def number(self, x: float) -> str:
        """Return a constant as LLVM writes it: by its bits, which loses nothing."""
        if self.precision == "float32":
            x = struct.unpack("f", struct.pack("f", x))[0] if abs(x) < 3.5e38 else x
        return f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"

    def constant(self, x: float) -> Value:
        """Return a plain number."""
        return Value(self.number(x))

    def type_of(self, x: Value) -> str:
        """Return the type of a number."""
        return self.many if x.is_wide else self.one

    def widened(self, x: Value) -> Value:
        """Return a number as one in each lane."""
        if x.is_wide or self.width == 1:
            return Value(x.text, is_wide=True)
        if x.text.startswith("0x"):
            return Value(f"splat ({self.one} {x.text})", is_wide=True)
        if x.text not in self.splats:
            inserted = self.let(f"insertelement {self.many} poison, {self.one} {x.text}, i64 0")
            zeros = f"<{self.width} x i32> zeroinitializer"
            pair = f"{self.many} {inserted}, {self.many} poison"
            self.splats[x.text] = self.let(f"shufflevector {pair}, {zeros}")
        return Value(self.splats[x.text], is_wide=True)

    def alike(self, *operands: Value) -> tuple[Value, ...]:
        """Return these numbers in one type."""
        if any(x.is_wide for x in operands):
            return tuple([self.widened(x) for x in operands])
        return operands

    def apply(self, instruction: str, *operands: Value) -> Value:
        """Return what an instruction makes of numbers."""
        xs = self.alike(*operands)
        kind = self.type_of(xs[0])
        return Value(
            self.let(f"{instruction} {kind} {', '.join(x.text for x in xs)}"), xs[0].is_wide
        )

    def intrinsic(self, name: str, *operands: Value) -> Value:
        """Return what one of LLVM's own functions makes of numbers."""
        xs = self.alike(*operands)
        kind, wide = self.type_of(xs[0]), xs[0].is_wide
        letter = f"f{8 * self.bytes}"
        full = f"@llvm.{name}.{f'v{self.width}' if wide and self.width > 1 else ''}{letter}"
        self.declare(f"{kind} {full}({', '.join([kind] * len(xs))})")
        return self.called(full, xs)

    def called(self, function: str, xs: tuple[Value, ...]) -> Value:
        """Return what a function makes of numbers."""
        kind = self.type_of(xs[0])
        arguments = ", ".join(f"{kind} {x.text}" for x in xs)
        return Value(self.let(f"call {kind} {function}({arguments})"), xs[0].is_wide)

    def own_function(self, name: str, *operands: Value) -> Value:
        """Return what one of our functions, by the name of the operation, makes of numbers."""
        xs = self.alike(*operands)
        is_wide = xs[0].is_wide and self.width > 1
        word = "wide" if is_wide else "one"
        function = self.functions.setdefault((name, is_wide), f"@{name}.{word}")
        self.calls[name, is_wide] += 1
        return self.called(function, xs)

    # -- choices -----------------------------------------------------------------------------

    def bits(self, x: Value) -> str:
        """Return the type of a mask."""
        return f"<{self.width} x i1>" if x.is_wide and self.width > 1 else "i1"

    def compare(self, relation: str, x: Value, y: Value) -> Value:
        """Return the mask that says where a relation holds, such as `olt`."""
        return self.apply(f"fcmp {relation}", x, y)

    def select(self, mask: Value, x: Value, y: Value) -> Value:
        """Return x where the mask holds, and else y."""
        wide = mask.is_wide or x.is_wide or y.is_wide
        if wide:
            x, y = self.widened(x), self.widened(y)
        kind = self.type_of(x)
        condition = f"{self.bits(mask)} {mask.text}"
        return Value(self.let(f"select {condition}, {kind} {x.text}, {kind} {y.text}"), wide)

    def truth(self, x: Value) -> Value:
        """Return the mask that says where a number is not 0."""
        if x.text in self.masks:
            return Value(self.masks[x.text], x.is_wide)
        return self.compare("une", x, self.constant(0.0))

    def as_number(self, mask: Value) -> Value:
        """Return 1.0 where a mask holds, and else 0.0."""
        out = self.select(mask, self.constant(1.0), self.constant(0.0))
        out = Value(out.text, mask.is_wide)
        self.masks[out.text] = mask.text
        return out

    # -- memory under a mask -----------------------------------------------------------------

    def vector(self, kind: str) -> str:
        """Return the type that has one of this type in each lane."""
        return f"<{self.width} x {kind}>" if self.width > 1 else kind

    def masked(self, way: str, where: str, mask: str) -> str:
        """Return numbers from memory in the lanes of a mask: by `load`, or by `gather`."""
        kind = f"v{self.width}f{8 * self.bytes}"
        place = "p0" if way == "load" else f"v{self.width}p0"
        pointers = where.rsplit(" ", 1)[0]
        function = f"@llvm.masked.{way}.{kind}.{place}"
        bits = self.vector("i1")
        self.declare(f"{self.many} {function}({pointers}, i32, {bits}, {self.many})")
        given = f"{bits} {mask or 'splat (i1 true)'}, {self.many} zeroinitializer"
        return self.let(f"call {self.many} {function}({where}, i32 {self.bytes}, {given})")

    def store_masked(self, way: str, x: Value, where: str, mask: str) -> None:
        """Write the numbers in the lanes of a mask to memory: by `store`, or by `scatter`."""
        kind = f"v{self.width}f{8 * self.bytes}"
        place = "p0" if way == "store" else f"v{self.width}p0"
        pointers = where.rsplit(" ", 1)[0]
        function = f"@llvm.masked.{way}.{kind}.{place}"
        bits = self.vector("i1")
        self.declare(f"void {function}({self.many}, {pointers}, i32, {bits})")
        given = f"i32 {self.bytes}, {bits} {mask or 'splat (i1 true)'}"
        self.write(f"call void {function}({self.many} {x.text}, {where}, {given})")

    # -- all lanes together ------------------------------------------------------------------

    def total_of_lanes(self, x: Value) -> Value:
        """Return the sum of the numbers in all lanes."""
        if self.width == 1:
            return Value(x.text)
        kind = f"v{self.width}f{8 * self.bytes}"
        self.declare(f"{self.one} @llvm.vector.reduce.fadd.{kind}({self.one}, {self.many})")
        start = f"{self.one} {self.number(-0.0)}"
        call = f"call reassoc {self.one} @llvm.vector.reduce.fadd.{kind}"
        return Value(self.let(f"{call}({start}, {self.many} {x.text})"))

    def totals_of_lanes(self, xs: list[Value]) -> Value:
        """Return the sum of the lanes of each number side by side; they are as many as lanes."""
        while len(xs) > 1:
            xs = [self.pairs_added(x, y) for x, y in zip(xs[::2], xs[1::2], strict=True)]
        return xs[0]

    def pairs_added(self, x: Value, y: Value) -> Value:
        """Return the sums of neighboring lanes of x, and then of those of y."""
        both = f"{self.many} {x.text}, {self.many} {y.text}"
        halves = []
        for first in (0, 1):
            places = ", ".join(f"i32 {i}" for i in range(first, 2 * self.width, 2))
            half = self.let(f"shufflevector {both}, {self.vector('i32')} <{places}>")
            halves.append(Value(half, is_wide=True))
        return self.apply("fadd", *halves)

    # -- lanes one by one --------------------------------------------------------------------

    def lane(self, x: Value, i: int) -> Value:
        """Return the number in one lane."""
        if not x.is_wide or self.width == 1:
            return Value(x.text)
        return Value(self.let(f"extractelement {self.many} {x.text}, i64 {i}"))

    def joined(self, lanes: list[Value]) -> Value:
        """Return numbers side by side."""
        if self.width == 1:
            return Value(lanes[0].text, is_wide=True)
        out = "poison"
        for i, x in enumerate(lanes):
            out = self.let(f"insertelement {self.many} {out}, {self.one} {x.text}, i64 {i}")
        return Value(out, is_wide=True)

    def one_by_one(self, function: str, *operands: Value, active: str = "") -> Value:
        """Return what a function of single numbers makes of these, lane by lane.

        Given a mask, lanes that are not active have 0, and the function is not called for them.
        """
        arguments = ", ".join([self.one] * len(operands))
        self.declare(f"{self.one} {function}({arguments})")
        if not any(x.is_wide for x in operands):
            return self.called(function, operands)
        lanes = [tuple([self.lane(x, i) for x in operands]) for i in range(self.width)]
        if not active or self.width == 1:
            return self.joined([self.called(function, xs) for xs in lanes])
        bits = self.vector("i1")
        are_active = [
            self.let(f"extractelement {bits} {active}, i64 {i}") for i in range(len(lanes))
        ]
        pairs = zip(are_active, lanes, strict=True)
        return self.joined([self.called_if(is_active, function, xs) for is_active, xs in pairs])

    def called_if(self, condition: str, function: str, xs: tuple[Value, ...]) -> Value:
        """Return what a function makes of numbers; 0, without a call, unless a condition holds."""
        call, end, before = self.label("call"), self.label("end"), self.block
        self.branch(condition, call, end)
        self.begin(call)
        found = self.called(function, xs)
        self.jump(end)
        self.begin(end)
        origins = f"[{self.number(0.0)}, %{before}], [{found.text}, %{call}]"
        return Value(self.let(f"phi {self.one} {origins}"))
