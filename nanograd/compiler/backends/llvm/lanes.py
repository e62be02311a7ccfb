"""Lanes: one number, or several side by side, in LLVM. Python's operators write the instructions.

The same formula serves a `double` and a `<8 x double>`; a plain Python number is a constant in all
lanes. A comparison gives a mask, one bit per lane, that chooses by `select`. `bits` and `floats`
look at the same lanes as integers and as floating-point numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeAlias

Operand: TypeAlias = "Lanes | float"


# -- what operators write --------------------------------------------------------------------


def arithmetic(name: str) -> Callable[..., Lanes]:
    """Return the method that writes `fadd` for floating-point numbers, `add` for integers."""

    def method(self: Lanes, *operands: Operand) -> Lanes:
        instruction = f"f{name}" if self.is_float else name
        return self.write(instruction, *operands)

    return method


def reflected(method: Callable[..., Lanes]) -> Callable[..., Lanes]:
    """Return the method for a plain number on the left side."""

    def other(self: Lanes, x: float) -> Lanes:
        return method(self.constant(x), self)

    return other


def logic(instruction: str) -> Callable[..., Lanes]:
    """Return the method that writes an instruction for integers and masks."""

    def method(self: Lanes, *operands: Operand) -> Lanes:
        return self.write(instruction, *operands)

    return method


def comparison(relation: str) -> Callable[..., Lanes]:
    """Return the method that gives the mask where a relation holds; with a nan, only != does."""
    ordered = "fcmp_unordered" if relation == "!=" else "fcmp_ordered"

    def method(self: Lanes, x: Operand) -> Lanes:
        compare = getattr(self.builder, ordered if self.is_float else "icmp_signed")
        return Lanes(self.builder, compare(relation, self.value, self.lift(x)))

    return method


# -- the lanes -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Lanes:
    """An SSA value, of one type of LLVM's or a vector of them, and the builder that uses it."""

    builder: Any  # an ir.IRBuilder; llvmlite has no types
    value: Any  # an ir.Value

    # -- types and constants -----------------------------------------------------------------

    @property
    def element(self) -> Any:
        """The type of one lane."""
        kind = self.value.type
        return getattr(kind, "element", kind)

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
        """Whether these are eight lanes: of doubles, one register of AVX-512."""
        return getattr(self.value.type, "count", 1) == 8

    def type_of(self, element: Any) -> Any:
        """Return the type that has as many lanes of another element."""
        kind = self.value.type
        if kind is self.element:
            return element
        return type(kind)(element, kind.count)

    def constant(self, number: float, element: Any = None) -> Lanes:
        """Return the number in every lane, in the type of these lanes or of another element."""
        from llvmlite import ir

        one = (element or self.element)(number)
        kind = self.type_of(one.type)
        if kind is one.type:
            return Lanes(self.builder, one)
        out = ir.FormattedConstant(one.type, f"splat ({one})")  # shorter than a list of lanes
        out.type = kind
        return Lanes(self.builder, out)

    def lift(self, x: Operand) -> Any:
        """Return the SSA value of x, which may be a plain number."""
        return x.value if isinstance(x, Lanes) else self.constant(x).value

    def write(self, instruction: str, *operands: Operand) -> Lanes:
        """Return what an instruction of the builder makes of these lanes and the operands."""
        values = map(self.lift, operands)
        add = getattr(self.builder, instruction)
        return Lanes(self.builder, add(self.value, *values))

    def call(self, name: str, *operands: Operand) -> Lanes:
        """Return what LLVM's intrinsic function of this name gives, lane by lane."""
        arguments = [self.value, *map(self.lift, operands)]
        return Lanes(self.builder, called(self.builder, name, self.value.type, arguments))

    # -- arithmetic --------------------------------------------------------------------------

    __add__ = arithmetic("add")
    __sub__ = arithmetic("sub")
    __mul__ = arithmetic("mul")
    __truediv__ = arithmetic("div")
    __neg__ = arithmetic("neg")
    __radd__ = reflected(__add__)
    __rsub__ = reflected(__sub__)
    __rmul__ = reflected(__mul__)
    __rtruediv__ = reflected(__truediv__)

    def fma(self, factor: Operand, term: Operand) -> Lanes:
        """self · factor + term, rounded once: where the rounding error matters."""
        return self.call("fma", factor, term)

    def muladd(self, factor: Operand, term: Operand) -> Lanes:
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

    def copysign(self, sign: Operand) -> Lanes:
        """Return the size of these lanes with the sign of others."""
        return self.call("copysign", sign)

    def scaled(self, exponent: Lanes) -> Lanes:
        """Return self · 2 to the power of an integer: one instruction of AVX-512, else a call."""
        arguments = [self.value, exponent.value]
        return Lanes(self.builder, called(self.builder, "ldexp", self.value.type, arguments))

    # -- comparisons, masks and choices ------------------------------------------------------

    __lt__ = comparison("<")
    __le__ = comparison("<=")
    __gt__ = comparison(">")
    __ge__ = comparison(">=")
    __eq__ = comparison("==")  # type: ignore[assignment]
    __ne__ = comparison("!=")  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]

    __and__ = logic("and_")
    __or__ = logic("or_")
    __xor__ = logic("xor")
    __invert__ = logic("not_")

    def select(self, x: Operand, y: Operand) -> Lanes:
        """Return x in the lanes where this mask holds, else y; of two plain numbers in 64 bits."""
        lanes = [each for each in (x, y) if isinstance(each, Lanes)]
        like = lanes[0] if lanes else self.plain(x)
        chosen = self.builder.select(self.value, like.lift(x), like.lift(y))
        return Lanes(self.builder, chosen)

    def at_most(self, bound: float) -> Lanes:
        """Return the smaller of these lanes and a bound; nan stays nan."""
        return (self > bound).select(bound, self)

    def at_least(self, bound: float) -> Lanes:
        """Return the larger of these lanes and a bound; nan stays nan."""
        return (self < bound).select(bound, self)

    def any(self) -> Any:
        """Return the one bit, an SSA value, that says whether any lane of this mask holds."""
        if self.value.type is self.element:
            return self.value
        return called(self.builder, "vector.reduce.or", self.element, [self.value])

    # -- other types and tables --------------------------------------------------------------

    def plain(self, number: Any) -> Lanes:
        """Return an int as an integer of 64 bits, a float in double precision, in every lane."""
        from llvmlite import ir

        whole = isinstance(number, int)
        return self.constant(number, ir.IntType(64) if whole else ir.DoubleType())

    def bits(self) -> Lanes:
        """Return the same bits as integers."""
        from llvmlite import ir

        return self.cast("bitcast", ir.IntType(64 if self.is_double else 32))

    def floats(self) -> Lanes:
        """Return the same bits as floating-point numbers."""
        from llvmlite import ir

        double = self.element.width == 64
        return self.cast("bitcast", ir.DoubleType() if double else ir.FloatType())

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

    __lshift__ = logic("shl")
    __rshift__ = logic("ashr")

    def lookup(self, table: Sequence[float]) -> Lanes:
        """Return the number of a table of eight at each index: one instruction of AVX-512.

        The low three bits of these integers are the index.
        """
        from llvmlite import ir

        builder, index = self.builder, (self & 7).value
        kind = ir.VectorType(ir.DoubleType(), 8)
        numbers, out = kind(list(table)), kind(ir.Undefined)
        for lane in map(ir.IntType(32), range(8)):
            place = builder.extract_element(index, lane)
            entry = builder.extract_element(numbers, place)
            out = builder.insert_element(out, entry, lane)
        return Lanes(builder, out)


def called(builder: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    """Return a call of LLVM's intrinsic function, declared in the module where it is not yet."""
    from llvmlite import ir

    module, kinds = builder.module, [argument.type for argument in arguments]
    full_name = ".".join(["llvm", name, *map(suffix, dict.fromkeys(kinds))])
    kind = ir.FunctionType(result, kinds)
    function = module.globals.get(full_name) or ir.Function(module, kind, full_name)
    return builder.call(function, arguments)


def suffix(kind: Any) -> str:
    """Return how an intrinsic's name ends for a type: `f64`, `v8f64`."""
    if hasattr(kind, "count"):
        return f"v{kind.count}{suffix(kind.element)}"
    return str(kind.intrinsic_name)


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


def polynomial(x: Lanes, coefficients: Sequence[Operand]) -> Lanes:
    """Return c₀ + c₁x + c₂x² + … in pairs of pairs (Estrin), which shortens the longest chain."""
    terms, power = list(coefficients), x
    while True:
        pairs = zip_longest(terms[::2], terms[1::2])
        terms = [low if high is None else power.muladd(high, low) for low, high in pairs]
        if len(terms) == 1:
            return Lanes(power.builder, power.lift(terms[0]))
        power = power * power
