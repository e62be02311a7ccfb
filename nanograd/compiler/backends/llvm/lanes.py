"""Lanes: one number, or several side by side, in LLVM. Python's operators write the instructions.

The same formula serves a `double` and a `<8 x double>`; a plain Python number is a constant in all
lanes. A comparison gives a mask, one bit per lane, that chooses by `select`. `bits` and `floats`
look at the same lanes as integers and as floating-point numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any


@dataclass(frozen=True, eq=False)
class Lanes:
    """An SSA value, of one type of LLVM's or a vector of them, and the builder that uses it."""

    builder: Any  # an ir.IRBuilder; llvmlite has no types
    value: Any  # an ir.Value

    # -- types and constants -----------------------------------------------------------------

    @property
    def element(self) -> Any:
        """The type of one lane."""
        return getattr(self.value.type, "element", self.value.type)

    @property
    def is_float(self) -> bool:
        """Whether the lanes are floating-point numbers, and not integers or a mask."""
        return str(self.element) in {"float", "double"}

    @property
    def is_double(self) -> bool:
        """Whether the lanes are of double precision."""
        return str(self.element) == "double"

    @property
    def eight(self) -> bool:
        """Whether these are eight lanes, one register of AVX-512."""
        return getattr(self.value.type, "count", 1) == 8

    def type_of(self, element: Any) -> Any:
        """Return the type that has as many lanes of another element."""
        kind = self.value.type
        return element if kind is self.element else type(kind)(element, kind.count)

    def constant(self, number: float) -> Lanes:
        """Return the number in every lane, in the type of these lanes."""
        from llvmlite import ir

        kind, one = self.value.type, self.element(number)
        if kind is self.element:
            return Lanes(self.builder, one)
        out = ir.FormattedConstant(self.element, f"splat ({one})")  # shorter than a list of lanes
        out.type = kind
        return Lanes(self.builder, out)

    def lift(self, x: Lanes | float) -> Any:
        """Return the SSA value of x, which may be a plain number."""
        return x.value if isinstance(x, Lanes) else self.constant(x).value

    def write(self, instruction: str, *operands: Lanes | float) -> Lanes:
        """Return what an instruction of the builder makes of these lanes and the operands."""
        values = [self.lift(x) for x in operands]
        return Lanes(self.builder, getattr(self.builder, instruction)(self.value, *values))

    def call(self, name: str, *operands: Lanes | float) -> Lanes:
        """Return what LLVM's intrinsic function of this name gives, lane by lane."""
        from llvmlite import ir

        kind = self.value.type
        suffix = {"double": "f64", "float": "f32"}.get(str(self.element), str(self.element))
        suffix = suffix if kind is self.element else f"v{kind.count}{suffix}"
        arguments = [self.value, *map(self.lift, operands)]
        function = declared(
            self.builder.module,
            f"llvm.{name}.{suffix}",
            ir.FunctionType(kind, [kind] * len(arguments)),
        )
        return Lanes(self.builder, self.builder.call(function, arguments))

    # -- arithmetic --------------------------------------------------------------------------

    # fmt: off
    def __add__(self, x: Lanes | float) -> Lanes: return self.write(self.kind_of("add"), x)
    def __sub__(self, x: Lanes | float) -> Lanes: return self.write(self.kind_of("sub"), x)
    def __mul__(self, x: Lanes | float) -> Lanes: return self.write(self.kind_of("mul"), x)
    def __truediv__(self, x: Lanes | float) -> Lanes: return self.write("fdiv", x)
    def __neg__(self) -> Lanes: return self.write(self.kind_of("neg"))

    def __radd__(self, x: float) -> Lanes: return self.constant(x) + self
    def __rsub__(self, x: float) -> Lanes: return self.constant(x) - self
    def __rmul__(self, x: float) -> Lanes: return self.constant(x) * self
    def __rtruediv__(self, x: float) -> Lanes: return self.constant(x) / self
    # fmt: on

    def kind_of(self, instruction: str) -> str:
        """Return the name that an instruction has for these lanes: `fadd` or `add`."""
        return f"f{instruction}" if self.is_float else instruction

    def fma(self, factor: Lanes | float, term: Lanes | float) -> Lanes:
        """self · factor + term, rounded once: where the rounding error matters."""
        return self.call("fma", factor, term)

    def muladd(self, factor: Lanes | float, term: Lanes | float) -> Lanes:
        """self · factor + term, rounded once or twice, whichever is faster."""
        return self.call("fmuladd", factor, term)

    def __abs__(self) -> Lanes:
        return self.call("fabs")

    def sqrt(self) -> Lanes:
        """Return the square root."""
        return self.call("sqrt")

    def floor(self) -> Lanes:
        """Return the largest whole number that is not above."""
        return self.call("floor")

    def ceil(self) -> Lanes:
        """Return the smallest whole number that is not below."""
        return self.call("ceil")

    def copysign(self, sign: Lanes | float) -> Lanes:
        """Return the size of these lanes with the sign of others."""
        return self.call("copysign", sign)

    def scaled(self, exponent: Lanes) -> Lanes:
        """Return self · 2 to the power of an integer: one instruction of AVX-512, else a call."""
        from llvmlite import ir

        number, integer = self.value.type, exponent.value.type
        name = f"llvm.ldexp.v{number.count}f64.v{number.count}i64"
        function = declared(self.builder.module, name, ir.FunctionType(number, [number, integer]))
        return Lanes(self.builder, self.builder.call(function, [self.value, exponent.value]))

    # -- comparisons, masks and choices ------------------------------------------------------

    def compare(self, relation: str, x: Lanes | float) -> Lanes:
        """Return the mask of lanes where the relation holds; with a nan only != does."""
        kind = "fcmp_unordered" if relation == "!=" else "fcmp_ordered"
        compare = getattr(self.builder, kind if self.is_float else "icmp_signed")
        return Lanes(self.builder, compare(relation, self.value, self.lift(x)))

    # fmt: off
    def __lt__(self, x: Lanes | float) -> Lanes: return self.compare("<", x)
    def __le__(self, x: Lanes | float) -> Lanes: return self.compare("<=", x)
    def __gt__(self, x: Lanes | float) -> Lanes: return self.compare(">", x)
    def __ge__(self, x: Lanes | float) -> Lanes: return self.compare(">=", x)
    def __eq__(self, x: Lanes | float) -> Lanes: return self.compare("==", x)  # type: ignore[override]
    def __ne__(self, x: Lanes | float) -> Lanes: return self.compare("!=", x)  # type: ignore[override]
    __hash__ = None  # type: ignore[assignment]

    def __and__(self, x: Lanes | float) -> Lanes: return self.write("and_", x)
    def __or__(self, x: Lanes | float) -> Lanes: return self.write("or_", x)
    def __xor__(self, x: Lanes | float) -> Lanes: return self.write("xor", x)
    def __invert__(self) -> Lanes: return self.write("not_")
    # fmt: on

    def select(self, x: Lanes | float, y: Lanes | float) -> Lanes:
        """Return x in the lanes where this mask holds, else y; at least one of the two is Lanes."""
        like = x if isinstance(x, Lanes) else y
        assert isinstance(like, Lanes)  # noqa: S101 - it gives the type to the other
        chosen = self.builder.select(self.value, like.lift(x), like.lift(y))
        return Lanes(self.builder, chosen)

    def any(self) -> Any:
        """Return the one bit, an SSA value, that says whether any lane of this mask holds."""
        from llvmlite import ir

        kind = self.value.type
        if kind is self.element:
            return self.value
        name = f"llvm.vector.reduce.or.v{kind.count}i1"
        function = declared(self.builder.module, name, ir.FunctionType(kind.element, [kind]))
        return self.builder.call(function, [self.value])

    def lookup(self, table: Sequence[float]) -> Lanes:
        """Return the number of a table of eight at each index: one instruction of AVX-512.

        The low three bits of these integers are the index.
        """
        from llvmlite import ir

        count, place = self.value.type.count, ir.IntType(32)
        index = (self & 7).value
        numbers = ir.VectorType(ir.DoubleType(), 8)(list(table))
        out = ir.VectorType(ir.DoubleType(), count)(ir.Undefined)
        for lane in map(place, range(count)):
            entry = self.builder.extract_element(numbers, self.builder.extract_element(index, lane))
            out = self.builder.insert_element(out, entry, lane)
        return Lanes(self.builder, out)

    # -- other types -------------------------------------------------------------------------

    def bits(self) -> Lanes:
        """Return the same bits as integers."""
        from llvmlite import ir

        width = 64 if str(self.element) == "double" else 32
        return self.cast("bitcast", ir.IntType(width))

    def floats(self) -> Lanes:
        """Return the same bits as floating-point numbers."""
        from llvmlite import ir

        return self.cast("bitcast", ir.DoubleType() if self.element.width == 64 else ir.FloatType())

    def widened(self) -> Lanes:
        """Return these lanes of single precision in double."""
        from llvmlite import ir

        return self.cast("fpext", ir.DoubleType())

    def narrowed(self) -> Lanes:
        """Return these lanes of double precision, rounded to single."""
        from llvmlite import ir

        return self.cast("fptrunc", ir.FloatType())

    def cast(self, instruction: str, element: Any) -> Lanes:
        """Return these lanes as another type, by an instruction such as `fpext`."""
        change = getattr(self.builder, instruction)
        return Lanes(self.builder, change(self.value, self.type_of(element)))

    # fmt: off
    def __lshift__(self, x: int) -> Lanes: return self.write("shl", x)
    def __rshift__(self, x: int) -> Lanes: return self.write("ashr", x)
    # fmt: on


def declared(module: Any, name: str, kind: Any) -> Any:
    """Return the function of this name, declared in the module where it is not yet."""
    from llvmlite import ir

    return module.globals.get(name) or ir.Function(module, kind, name)


def elsewhere(mask: Lanes, rare: Callable[[], Lanes], usual: Lanes) -> Lanes:
    """Return the usual lanes, and where the mask holds the rare ones, written in a block aside."""
    builder = usual.builder
    before = builder.block
    aside = builder.append_basic_block("aside")
    after = builder.append_basic_block("after")
    builder.cbranch(mask.any(), aside, after).set_weights([1, 1000])
    builder.position_at_end(aside)
    chosen = mask.select(rare(), usual)
    aside = builder.block
    builder.branch(after)
    builder.position_at_end(after)
    out = builder.phi(usual.value.type)
    out.add_incoming(usual.value, before)
    out.add_incoming(chosen.value, aside)
    return Lanes(builder, out)


def polynomial(x: Lanes, coefficients: Sequence[float]) -> Lanes:
    """Return c₀ + c₁x + c₂x² + … in pairs of pairs (Estrin), which shortens the longest chain."""
    terms: list[Any] = list(coefficients)
    power = x
    while True:
        pairs = zip_longest(terms[::2], terms[1::2])
        terms = [low if high is None else power.muladd(high, low) for low, high in pairs]
        if len(terms) == 1:
            return Lanes(power.builder, power.lift(terms[0]))
        power = power * power
