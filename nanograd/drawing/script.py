"""Operations as JavaScript, for the page that recomputes a graph while its inputs are dragged.

There is no second table of derivatives. Each operation's own rule is run on scalars that write
down, in JavaScript, what is done to them. So is its function, where JavaScript has none of the
kind: `math.exp` in it becomes `Math.exp`, and a branch becomes a choice, `x >= 0 ? … : …`, as the
function is run once for each way through it.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from types import FunctionType, SimpleNamespace
from typing import Any

from ..nanograd import OPERATIONS, Operation, Scalar

#: What JavaScript computes by itself, or by a function of `viewer/special.js`. Each {} stands for
#: an operand; a single one, for all that there are.
NATIVE = {
    "add": "({} + {})",
    "sub": "({} - {})",
    "mul": "({} * {})",
    "div": "({} / {})",
    "neg": "(-{})",
    "power": "Math.pow({})",
    "pow": "Math.pow({})",
    "arcsin": "Math.asin({})",
    "arccos": "Math.acos({})",
    "arctan": "Math.atan({})",
    "arctan2": "Math.atan2({})",
    "arcsinh": "Math.asinh({})",
    "arccosh": "Math.acosh({})",
    "arctanh": "Math.atanh({})",
    "maximum": "Math.max({})",
    "minimum": "Math.min({})",
    "max": "Math.max({})",
    "min": "Math.min({})",
    "where": "({} !== 0 ? {} : {})",
}
OF_JAVASCRIPT = """
    abs cbrt ceil cos cosh exp expm1 floor hypot log log10 log1p log2 sign sin sinh sqrt tan tanh
"""
SPECIAL = "erf erfc lgamma digamma logsumexp polygamma"
NATIVE |= {name: f"Math.{name}({{}})" for name in OF_JAVASCRIPT.split()}
NATIVE |= {name: f"{name}({{}})" for name in SPECIAL.split()}

#: Operations on any number of operands, by how these are written one after the other.
MANY: dict[str, Callable[[Sequence[str]], str]] = {
    "sum": " + ".join,
    "prod": " * ".join,
    "mean": lambda xs: f"({' + '.join(xs)}) / {len(xs)}",
    "take": lambda xs: f"[{', '.join(xs[1:])}][{xs[0]}] ?? NaN",
    "dot": lambda xs: " + ".join(map("{} * {}".format, xs[: len(xs) // 2], xs[len(xs) // 2 :])),
}

#: The functions of Python's module `math` whose operation has another name.
OF_MATH = {
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "fabs": "abs",
}

LONGEST = 20_000  # characters of one expression
MOST_WAYS = 16  # through one function

# -- scalars that write JavaScript -----------------------------------------------------------


class Undecided(BaseException):
    """A branch has come to a condition, and nobody has said yet which way to go."""


class Script(Scalar):
    """An expression in JavaScript. Compared, it is another one, worth 1 or 0."""

    __slots__ = ("page", "text")
    level = 100  # whatever else there is, it is the text that is wanted

    def __init__(self, text: str, page: "Page"):
        if len(text) > LONGEST:  # an operand that a loop uses twice doubles each time round
            raise ValueError("the expression is too long")
        self.text = text
        self.page = page

    @staticmethod
    def record(op: Operation, operands: Sequence[Any]) -> "Script":
        """Return the expression for op at these operands."""
        page = next(x.page for x in operands if isinstance(x, Script))
        texts = [text_of(x) for x in operands]
        return Script(native(op, texts) or page.call(op, texts), page)

    def compared(self, sign: str, other: Any) -> "Script":
        """Return the comparison with another scalar or number, worth 1 or 0."""
        return Script(f"({self.text} {sign} {text_of(other)} ? 1 : 0)", self.page)

    # fmt: off
    __hash__ = None  # type: ignore[assignment]
    def __eq__(self, other: object) -> Any: return self.compared("===", other)
    def __ne__(self, other: object) -> Any: return self.compared("!==", other)
    def __lt__(self, other: object) -> Any: return self.compared("<", other)
    def __le__(self, other: object) -> Any: return self.compared("<=", other)
    def __gt__(self, other: object) -> Any: return self.compared(">", other)
    def __ge__(self, other: object) -> Any: return self.compared(">=", other)
    def __bool__(self) -> bool:             return self.page.decide(self)
    # fmt: on


def native(op: Operation, operands: Sequence[str]) -> str:
    """Return op as JavaScript has it, or nothing if it has none of the kind."""
    if OPERATIONS.get(op.name) is not op:
        return ""
    if op.name in MANY:
        return f"({MANY[op.name](operands) or '0.0'})"
    template = NATIVE.get(op.name, "")
    return template.format(*(operands if template.count("{}") > 1 else [", ".join(operands)]))


def text_of(operand: Any) -> str:
    """Return an operand as JavaScript.

    >>> text_of(-0.5), text_of(math.inf), text_of(True)
    ('(-0.5)', 'Infinity', '1.0')
    """
    if isinstance(operand, Script):
        return operand.text
    number = float(operand)
    if math.isnan(number):
        return "NaN"
    text = repr(number).replace("inf", "Infinity")
    return f"({text})" if text.startswith("-") else text


def total(values: Any) -> Any:
    """Return the sum of the values, as `math.fsum` does."""
    return sum(values)


MATH_FUNCTIONS = {
    name: OPERATIONS[OF_MATH.get(name, name)]
    for name in dir(math)
    if OF_MATH.get(name, name) in NATIVE
}
MATH = SimpleNamespace(**{**vars(math), **MATH_FUNCTIONS, "fsum": total})

# -- the scripts of one page -----------------------------------------------------------------


class Page:
    """The rules that the operations of one graph need, each written once, and their functions.

    >>> from nanograd import OPERATIONS
    >>> page = Page()
    >>> page.rule(OPERATIONS["mul"], (None, None))
    {'value': '(v0 * v1)', 'partials': ['v1', 'v0']}
    """

    def __init__(self) -> None:
        self.functions: dict[tuple[Operation, int], str] = {}  # by operation and operand count
        self.way: Iterator[bool] = iter(())

    @property
    def helpers(self) -> str:
        """The definitions of all functions that the rules call, as JavaScript."""
        special = resources.files(__package__).joinpath("viewer", "special.js")
        written = (text for text in self.functions.values() if text)
        return "\n".join([special.read_text(encoding="utf-8"), *written])

    def rule(self, op: Operation, constants: Sequence[float | None]) -> dict[str, Any] | None:
        """Return op's value and partials in the operands v0, v1, … and out; None if it has none.

        A constant stands for a plain operand. A partial is None where no derivative flows. None as
        a whole means that the operation cannot be written: its function has no end of branches,
        say, or computes with more than arithmetic, operations and `math`.
        """
        operands = [
            Script(f"v{i}", self) if constant is None else constant
            for i, constant in enumerate(constants)
        ]
        try:
            value = text_of(Script.record(op, operands))
            partials = op.partials(*operands, Script("out", self))
            texts = [None if partial is None else text_of(partial) for partial in partials]
        except (Exception, Undecided):  # noqa: BLE001 - a user's function does what it wants
            return None
        return {"value": value, "partials": texts}

    def call(self, op: Operation, operands: Sequence[str]) -> str:
        """Return the call of a function in JavaScript that does what op's own function does."""
        return f"{self.function(op, len(operands))}({', '.join(operands)})"

    def function(self, op: Operation, count: int) -> str:
        """Return the name of such a function; it is written when it is first needed."""
        key = op, count
        if key not in self.functions:
            self.functions[key] = ""  # holds the place, and its number
            name = self.name_of(key)
            operands = [Script(f"v{i}", self) for i in range(count)]
            body = self.expression(rebound(op.evaluate), operands)
            parameters = ", ".join(x.text for x in operands)
            self.functions[key] = f"const {name} = ({parameters}) => {body};"
        return self.name_of(key)

    def name_of(self, key: tuple[Operation, int]) -> str:
        """Return the name of a function; that of its operation could be any text."""
        return f"op{list(self.functions).index(key)}"

    # -- ways through a function --

    def expression(
        self, function: Callable[..., Any], operands: Sequence[Script], way: tuple[bool, ...] = ()
    ) -> str:
        """Return the function of these operands as one expression, with a choice at each branch."""
        if len(way) > math.log2(MOST_WAYS):
            raise ValueError("there are too many ways through this function")
        before, self.way = self.way, iter(way)
        try:
            return text_of(function(*operands))
        except Undecided as branch:
            yes = self.expression(function, operands, (*way, True))
            no = self.expression(function, operands, (*way, False))
            return f"({branch} ? {yes} : {no})"
        finally:
            self.way = before

    def decide(self, condition: Script) -> bool:
        """Return which way to go at this condition, or leave the function to find out."""
        if (choice := next(self.way, None)) is None:
            raise Undecided(condition.text)
        return choice


def rebound(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with operations in the place of the functions of `math`."""
    if not isinstance(function, FunctionType):
        return function
    if function.__code__.co_exceptiontable:
        raise ValueError("a function that catches errors cannot be written")
    names = {
        name: scripted(function.__globals__[name])
        for name in function.__code__.co_names
        if name in function.__globals__
    }
    copy = FunctionType(
        function.__code__,
        {**function.__globals__, **names},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def scripted(thing: Any) -> Any:
    """Return what stands for `math`, or for a function of it; any other thing as it is."""
    if thing is math:
        return MATH
    of_math = getattr(thing, "__module__", "") == "math"
    return getattr(MATH, thing.__name__) if of_math else thing
