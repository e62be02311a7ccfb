"""Formulas as text: a scalar that writes down what is done to it, where a Value would compute it.

An operation's rule, run on symbols, is that rule in words: the partials of a product of x and y
come out as `y` and `x`. So the derivatives in words need no table of their own.
"""

from collections.abc import Sequence
from typing import Any

from ..modes import block
from ..nanograd import OPERATIONS, Operation, Scalar
from ..real import NumberLike, data_of

#: How tightly an operation binds its operands; one that is not here is a call, and binds most.
BINDING = {
    "add": 1,
    "sub": 1,
    "mul": 2,
    "div": 2,
    "neg": 2,
    "power": 4,
    "pow": 4,
}
TIGHTEST = 5

SIGNS = {"add": " + ", "sub": " - ", "mul": "·", "div": "/", "pow": "**", "power": "**"}
NEUTRAL = {"add": 0, "sub": 0, "mul": 1, "div": 1, "power": 1}  # x + 0, x · 1, x¹: all are x
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LONGEST = 20_000  # characters of one formula
MOST_OPERANDS = 4  # in one formula; more are left out


class Symbol(Scalar, NumberLike):
    """A formula as text. It can have a number, to be compared by.

    So a rule with a choice in it, such as that of relu, is told as it is on this side of the kink.

    >>> x = Symbol("x", 3.0)
    >>> (2 * (x + 1) ** 2).text, x > 1
    ('2·(x + 1)²', True)
    """

    __slots__ = ("binding", "data", "text")
    level = 100  # whatever else there is, it is the text that is wanted

    def __init__(self, text: str, data: float | None = None):
        if len(text) > LONGEST:  # an operand that a loop uses twice doubles each time round
            raise ValueError("the formula is too long")
        self.text = text
        self.binding = TIGHTEST
        if data is not None:
            self.data = data

    @staticmethod
    def record(op: Operation, operands: Sequence[Any]) -> Any:
        """Return the formula of op at these operands, or a shorter one that means the same."""
        short = shortened(op.name, operands)
        if short is not None:
            return short
        formula = Symbol(spelled(op, operands), number_of(op, operands))
        formula.binding = binding_of(op)
        return formula


def number_of(op: Operation, operands: Sequence[Any]) -> float | None:
    """Return the number that op gives, if the numbers of all operands are known."""
    numbers = [getattr(x, "data", None) if isinstance(x, Symbol) else x for x in operands]
    if None in numbers:
        return None
    with block("ieee"):
        return data_of(op(*numbers))


# -- writing ---------------------------------------------------------------------------------


def shortened(name: str, operands: Sequence[Any]) -> Any:
    """Return a formula for the operation that is shorter than its own, or None."""
    first, last = operands[0], operands[-1]
    if name == "where" and not isinstance(first, Symbol):
        return operands[1] if first else last
    if name == "power" and is_plainly(0, last):  # x⁰ → 1
        return 1.0
    if name in NEUTRAL and is_plainly(NEUTRAL[name], last):
        return first
    if name in {"add", "mul"} and is_plainly(NEUTRAL[name], first):
        return last
    if name == "mul" and is_plainly(-1, first):  # -1·x → -x
        return OPERATIONS["neg"](last)
    return None


def is_plainly(number: float, operand: Any) -> bool:
    """Return whether an operand is this plain number."""
    return not isinstance(operand, Symbol) and bool(operand == number)


def spelled(op: Operation, operands: Sequence[Any], room: str = "") -> str:
    """Return op at these operands, symbols or numbers, as text; `room` goes around · and /.

    >>> spelled(OPERATIONS["mul"], [Symbol("x"), -3.0], room=" ")
    'x · (-3)'
    """
    symbols = list(map(as_symbol, operands))
    if op.name not in BINDING:
        return called(op.symbol, [symbol.text for symbol in symbols])
    if op.name == "neg":
        return f"-{inside(symbols[0], BINDING['neg'], first=False)}"
    left, right = symbols
    if op.name == "power":
        return raised(left, right)
    sign = SIGNS[op.name]
    if op.name in {"mul", "div"}:
        sign = f"{room}{sign}{room}"
    return between(left, sign, right, BINDING[op.name])


def as_symbol(operand: Any) -> Symbol:
    """Return an operand as a symbol, a plain number as its digits."""
    return operand if isinstance(operand, Symbol) else Symbol(figure(operand))


def raised(base: Symbol, exponent: Symbol) -> str:
    """Return a power: x² where the exponent is a plain whole number, and otherwise x**0.5."""
    if exponent.text.lstrip("-").isdigit():
        return inside(base, TIGHTEST) + exponent.text.translate(RAISED)
    return between(base, SIGNS["power"], exponent, BINDING["power"])


def between(left: Symbol, sign: str, right: Symbol, binding: int) -> str:
    """Return two operands with a sign between them.

    They keep the parentheses of x - (y - z), x / (y·z), (x**y)**z; and of x + (y + z), which is
    rounded in another way.
    """
    loosest = TIGHTEST if sign == "**" else binding
    return inside(left, loosest) + sign + inside(right, binding + 1, first=False)


def called(symbol: str, operands: Sequence[str]) -> str:
    """Return a call of a function as text; of many operands, some are left out."""
    if len(operands) > MOST_OPERANDS:
        operands = [*operands[: MOST_OPERANDS - 2], "…", operands[-1]]
    return f"{symbol}({', '.join(operands)})"


def inside(symbol: Symbol, loosest: int, *, first: bool = True) -> str:
    """Return a formula as an operand, in parentheses if it binds more loosely than allowed.

    A minus sign may stand first, but neither after another sign nor under an exponent.
    """
    signed = symbol.text.startswith("-")
    hidden = signed and (not first or loosest == TIGHTEST)
    if hidden or symbol.binding < loosest:
        return f"({symbol.text})"
    return symbol.text


def binding_of(op: Operation) -> int:
    """Return how tightly an operation binds its operands."""
    return BINDING.get(op.name, TIGHTEST)


def figure(number: Any) -> str:
    """Return a number as a reader wants it: six digits at most, and no more than it needs.

    >>> figure(81.0), figure(1 / 3), figure(-0.5), figure(True)
    ('81', '0.333333', '-0.5', 'True')
    """
    return str(number) if isinstance(number, bool) else f"{number + 0.0:.6g}"  # -0 is 0
