"""How each operation is written in LLVM: by instructions, by our vector functions, or by libm's."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from functools import partial, reduce

from ....nanograd import OPERATIONS, Operation
from ...programs.operations import OWN
from .code import Code, Value
from .lookup import take
from .vector_math import OPERATIONS as VECTOR_MATH

Writer = Callable[..., Value]

FAST = "contract"  # a product and a sum may be rounded once

RELATIONS = {
    "lt": "olt",
    "le": "ole",
    "gt": "ogt",
    "ge": "oge",
    "eq": "oeq",
    "ne": "une",
}
ARITHMETIC = {
    "add": "fadd",
    "sub": "fsub",
    "mul": "fmul",
    "div": "fdiv",
}
LIBM = {"lgamma"}  # what the C library has, and we have not


def arithmetic(instruction: str) -> Writer:
    """Return what writes an operator."""
    return lambda code, x, y: code.apply(f"{instruction} {FAST}", x, y)


def intrinsic(name: str) -> Writer:
    """Return what writes one of LLVM's own functions."""
    return lambda code, x: code.intrinsic(name, x)


def relation(name: str) -> Writer:
    """Return what writes a comparison."""
    return lambda code, x, y: code.as_number(code.compare(name, x, y))


def shared_quotient(code: Code, x: Value, y: Value) -> Value:
    """Write x / y by the reciprocal of y, which serves other quotients too: within 1.5 ulp.

    Divisions are slow. Near the ends of range y is scaled before, so that there is a reciprocal.
    """
    scale, one = reciprocal(code, y)
    return code.apply("fmul", code.apply("fmul", x, scale), one)


def reciprocal(code: Code, y: Value) -> tuple[Value, Value]:
    """Return a power of 2, which is 1 but near the ends of range, and the reciprocal of it · y."""
    if y.text not in code.reciprocals:
        least = 2.0**-1000 if code.precision == "float64" else 2.0**-120
        step = 2.0**100 if code.precision == "float64" else 2.0**20
        size, unit = code.intrinsic("fabs", y), code.constant(1.0)
        is_tiny = code.compare("olt", size, code.constant(least))
        is_huge = code.compare("ogt", size, code.constant(1.0 / least))
        scale = code.select(is_tiny, code.constant(step), unit)
        scale = code.select(is_huge, code.constant(1.0 / step), scale)
        divisor = code.apply("fmul", y, scale)
        code.reciprocals[y.text] = scale, code.apply("fdiv", unit, divisor)
    return code.reciprocals[y.text]


def where(code: Code, condition: Value, x: Value, y: Value) -> Value:
    """Write a choice."""
    return code.select(code.truth(condition), x, y)


def maximum(code: Code, x: Value, y: Value) -> Value:
    """Write the larger of two; nan if one is."""
    return with_nan(code, "ogt", x, y)


def minimum(code: Code, x: Value, y: Value) -> Value:
    """Write the smaller of two; nan if one is."""
    return with_nan(code, "olt", x, y)


def with_nan(code: Code, order: str, x: Value, y: Value) -> Value:
    """Write y where it is beyond x, or is nan; and else x."""
    chosen = code.select(code.compare(order, y, x), y, x)
    return code.select(code.compare("uno", y, y), y, chosen)


def relu(code: Code, x: Value) -> Value:
    """Write 0 where x is not above 0, and else x."""
    zero = code.constant(0.0)
    return code.select(code.compare("ole", x, zero), zero, x)


def leaky_relu(code: Code, x: Value, slope: Value) -> Value:
    """Write x where it is above 0, and else slope · x."""
    below = code.apply("fmul", slope, x)
    return code.select(code.compare("ogt", x, code.constant(0.0)), x, below)


def clip(code: Code, x: Value, low: Value, high: Value) -> Value:
    """Write x between two bounds."""
    raised = code.select(code.compare("ogt", low, x), low, x)
    out = code.select(code.compare("olt", high, raised), high, raised)
    return code.select(code.compare("ole", low, high), out, code.constant(math.nan))


def sign(code: Code, x: Value) -> Value:
    """Write −1, 0 or 1; nan of nan."""
    zero = code.constant(0.0)
    size = code.intrinsic("copysign", code.constant(1.0), x)
    out = code.select(code.compare("oeq", x, zero), zero, size)
    return code.select(code.compare("uno", x, x), x, out)


def power(code: Code, x: Value, n: Value) -> Value:
    """Write xⁿ; for a small whole n by products, for n = ½ by the root."""
    number = constant_in(n)
    if number is None or not (number.is_integer() or abs(number) == 0.5) or abs(number) > 4:
        return general_power(code, x, n)
    if abs(number) == 0.5:
        root = code.apply("fadd", code.intrinsic("sqrt", x), code.constant(0.0))
        lowest = code.compare("oeq", x, code.constant(-math.inf))
        out = code.select(lowest, code.constant(math.inf), root)
    else:
        out = reduce(lambda y, _: code.apply("fmul", y, x), range(abs(int(number)) - 1), x)
        out = out if number else code.constant(1.0)
    return out if number >= 0 else code.apply("fdiv", code.constant(1.0), out)


def general_power(code: Code, x: Value, y: Value) -> Value:
    """Write xʸ for any y."""
    return code.own_function("pow", x, y)


def constant_in(x: Value) -> float | None:
    """Return the number that is written here, if it is one."""
    if not x.text.startswith("0x"):
        return None
    found: float = struct.unpack(">d", bytes.fromhex(x.text[2:]))[0]
    return found


# -- of many operands ------------------------------------------------------------------------


def total(code: Code, terms: Sequence[Value]) -> Value:
    """Write a sum in pairs of pairs: less is lost than one after the other, and it is faster."""
    if not terms:
        return code.constant(0.0)
    while len(terms) > 1:
        pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
        terms = [code.apply(f"fadd {FAST}", *pair) if len(pair) > 1 else pair[0] for pair in pairs]
    return terms[0]


def mean(code: Code, *xs: Value) -> Value:
    """Write the mean."""
    return code.apply("fdiv", total(code, xs), code.constant(float(len(xs))))


def dot(code: Code, *xs: Value) -> Value:
    """Write a sum of products, in four chains."""
    half = len(xs) // 2
    chains: list[Value | None] = [None] * 4
    for i, (x, y) in enumerate(zip(xs[:half], xs[half:], strict=True)):
        product = code.apply(f"fmul {FAST}", x, y)
        before = chains[i % 4]
        chains[i % 4] = product if before is None else code.apply(f"fadd {FAST}", before, product)
    return total(code, [x for x in chains if x is not None])


def prod(code: Code, *xs: Value) -> Value:
    """Write a product."""
    return reduce(lambda x, y: code.apply("fmul", x, y), xs) if xs else code.constant(1.0)


def folded(choice: Writer) -> Writer:
    """Return what writes a choice between two, for many."""
    return lambda code, *xs: reduce(partial(choice, code), xs)


def logsumexp(code: Code, *xs: Value) -> Value:
    """Write ln Σ eˣ."""
    largest = reduce(partial(maximum, code), xs)
    size = code.intrinsic("fabs", largest)
    is_finite = code.compare("one", size, code.constant(math.inf))
    shift = code.select(is_finite, largest, code.constant(0.0))
    shares = [native(code, "exp", [code.apply("fsub", x, shift)]) for x in xs]
    return code.apply("fadd", native(code, "log", [total(code, shares)]), shift)


# -- the table -------------------------------------------------------------------------------

NATIVE: dict[str, Writer] = {
    **{name: arithmetic(instruction) for name, instruction in ARITHMETIC.items()},
    **{name: relation(word) for name, word in RELATIONS.items()},
    "neg": lambda code, x: code.apply("fneg", x),
    "stop": lambda code, x: x,
    "abs": intrinsic("fabs"),
    "sqrt": intrinsic("sqrt"),
    "floor": intrinsic("floor"),
    "ceil": intrinsic("ceil"),
    "where": where,
    "maximum": maximum,
    "minimum": minimum,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "clip": clip,
    "sign": sign,
    "power": power,
    "pow": general_power,
    "sum": lambda code, *xs: total(code, xs),
    "take": take,
    "mean": mean,
    "dot": dot,
    "prod": prod,
    "logsumexp": logsumexp,
    "max": folded(maximum),
    "min": folded(minimum),
}


def native(code: Code, name: str, operands: Sequence[Value]) -> Value:
    """Write one of our operations."""
    if name in NATIVE:
        return NATIVE[name](code, *operands)
    if name in VECTOR_MATH:
        return code.own_function(name, *operands)
    suffix = "" if code.precision == "float64" else "f"
    return code.one_by_one(f"@{name}{suffix}", *operands)


def is_native(op: Operation) -> bool:
    """Return whether an operation can be written in LLVM."""
    known = OPERATIONS.get(op.name) is op or OWN.get(op.name) is op
    return known and (op.name in NATIVE or op.name in VECTOR_MATH or op.name in LIBM)
