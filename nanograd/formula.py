"""A formula as text, made into a function: it computes with numbers and Values, and no more.

Python's own grammar reads the text, which is then taken apart into steps: put a number or a
variable on a stack, or replace the top of the stack by a function of it. What is not a number, a
name, an operator or the call of a known function is an error. Nothing is handed to eval, exec or
compile, and size and depth are limited before anything is read.
"""

import ast
import difflib
import inspect
import keyword
import math
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from . import functions
from .errors import DataError, DomainError
from .nanograd import OPERATIONS, Scalar

LONGEST = 1000  # characters; also the depth to which + - * / ** can nest
MOST_PARENTHESES = 50  # one within the other
SHOWN = 30  # characters on either side of a place, and of the place itself

ALLOWED = "A formula has numbers, names, + - * / **, parentheses and functions such as sin(x)"

CONSTANTS = {"pi": math.pi, "e": math.e}

#: The functions of one number, of two, or of a few. A rule of polygamma needs a plain number.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(functions, name) for name in functions.__all__ if name != "polygamma"
}
FUNCTIONS |= {name: OPERATIONS[name] for name in ("logsumexp", "mean", "prod", "sum")}


def raised(x: Any, y: Any) -> Any:
    """Return x to the power y; with a plain exponent that is an operation of its own."""
    return OPERATIONS["pow" if isinstance(y, Scalar) else "power"](x, y)


#: What the signs of Python's grammar mean; one that is not here has no meaning in a formula.
MEANING: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: OPERATIONS["add"],
    ast.Sub: OPERATIONS["sub"],
    ast.Mult: OPERATIONS["mul"],
    ast.Div: OPERATIONS["div"],
    ast.Pow: raised,
    ast.USub: OPERATIONS["neg"],
    ast.UAdd: operator.pos,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

SIGNS = ("**", "<=", ">=", "==", "!=", *"+-*/(),<>")

TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W0-9]\w*)"
    rf"|(?P<sign>{'|'.join(map(re.escape, SIGNS))}|\S)"
)

#: What is meant, perhaps, by a sign that is not known.
HINTS = {
    "^": "a power is written **",
    "²": "a power is written **",
    "³": "a power is written **",
    "·": "a product is written *",
    "×": "a product is written *",
    "÷": "a quotient is written /",
    "−": "the minus sign is the one of the keyboard, -",
    "=": "variables get their values after the formula, as in x=2",
    "[": "parentheses are round",
    "{": "parentheses are round",
}

# -- the formula -----------------------------------------------------------------------------

Place = tuple[int, int]  # where something stands in the text: from, and up to


@dataclass(frozen=True)
class Step:
    """A number or the name of a variable to put on the stack, or a function of its top."""

    what: float | str | Callable[..., Any]
    operands: int
    place: Place


@dataclass(frozen=True)
class Formula:
    """A function made of text: call it with the value of each variable by name.

    It returns a Value if one is among them, and a float otherwise.

    >>> square = parse("(x*y + 3)**2")
    >>> square.names, square(x=2, y=3)
    (('x', 'y'), 81.0)
    """

    text: str
    names: tuple[str, ...]
    steps: tuple[Step, ...]

    def __call__(self, /, **values: Any) -> Any:  # noqa: D102 - the class has told
        missing = [x for x in self.names if x not in values and x not in CONSTANTS]
        unused = [x for x in values if x not in self.names]
        if missing:
            example = " ".join(f"{name}={n}" for n, name in enumerate(missing[:3], start=2))
            verb = "has no value" if len(missing) == 1 else "have no values"
            raise DataError(f"{listed(missing)} {verb}; give one, as in {example}")
        if unused:
            verb = "does" if len(unused) == 1 else "do"
            raise DataError(f"{listed(unused)} {verb} not occur in the formula {cut(self.text)}")
        known = {**CONSTANTS, **values}
        stack: list[Any] = []
        for step in self.steps:
            bottom = len(stack) - step.operands
            stack[bottom:] = [self.result(step, stack[bottom:], known)]
        return stack.pop()

    def result(self, step: Step, operands: Sequence[Any], known: dict[str, Any]) -> Any:
        """Return what a step makes of its operands; a `DomainError` is told with its place."""
        if isinstance(step.what, float):
            return step.what
        if isinstance(step.what, str):
            return known[step.what]
        try:
            return step.what(*operands)
        except DomainError as error:
            told = DomainError(f"{error} It is here: {pointed(self.text, step.place)}")
            told.birth = error.birth
            raise told from None


def parse(text: str) -> Formula:
    """Return the formula in a text, or raise a `DataError` that shows the place that is not right.

    >>> parse("sin(pi/2) + where(1 < 2, 10, 20)")()
    11.0
    >>> parse("x + sine(y)")
    Traceback (most recent call last):
        ...
    nanograd.errors.DataError: there is no function sine; perhaps sin is meant: x + »sine(y)«. ...
    """
    if len(text) > LONGEST:
        raise DataError(f"a formula has at most {LONGEST} characters; this one has more")
    text = " ".join(text.split())  # in one line
    check_tokens(text)
    steps = tuple(reversed(list(backwards(text, tree_of(text)))))
    names = [step.what for step in steps if isinstance(step.what, str)]
    return Formula(text, tuple(dict.fromkeys(names)), steps)


# -- reading ---------------------------------------------------------------------------------


def check_tokens(text: str) -> None:
    """Raise a `DataError` for a sign, a word or a number that no formula has, or for depth."""
    opened: list[Place] = []
    for token in TOKEN.finditer(text):
        kind, place = token.lastgroup, token.span()
        problem = {"number": number_problem, "name": name_problem}.get(kind or "", sign_problem)
        if trouble := problem(token[0], text[token.end() :]):
            raise refused(trouble, text, place)
        if token[0] == "(":
            opened.append(place)
        elif token[0] == ")" and not opened:
            raise refused("this parenthesis was never opened", text, place)
        elif token[0] == ")":
            opened.pop()
        if len(opened) > MOST_PARENTHESES:
            raise refused(f"at most {MOST_PARENTHESES} parentheses can nest", text, place)
    if opened:
        raise refused("this parenthesis is never closed", text, opened[-1])
    if not text:
        raise DataError(f"the formula is empty. {ALLOWED}")


def number_problem(number: str, rest: str) -> str:
    """Return what is wrong with a number, before what follows it; nothing if it will do."""
    if re.match(r"\w", rest):
        return f"after a number there must be a sign, as in {cut(number)}*x"
    if math.isinf(float(number)):
        return "this number is too large"
    if number.isdigit() and number.startswith("0") and number.strip("0"):
        return f"a whole number has no zeros in front; write {cut(number.lstrip('0'))}"
    return ""


def name_problem(name: str, _rest: str) -> str:
    """Return what is wrong with a word, wherever it stands; nothing if it will do.

    >>> name_problem("lambda", "")
    'lambda is a word of Python, and means nothing in a formula'
    """
    if keyword.iskeyword(name):
        return f"{name} is a word of Python, and means nothing in a formula"
    if not name.isidentifier():
        hint = next((HINTS[sign] for sign in name if sign in HINTS), "")
        return f"{cut(name)} is not a name" + (f"; {hint}" if hint else "")
    return ""


def sign_problem(sign: str, _rest: str) -> str:
    """Return what is wrong with a sign; nothing if it will do."""
    if sign in SIGNS:
        return ""
    shown = sign if sign.isprintable() else ascii(sign)
    return f"{shown} is not known here" + (f"; {HINTS[sign]}" if sign in HINTS else "")


def tree_of(text: str) -> ast.expr:
    """Return the text as Python's grammar sees it."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        trouble, place = syntax_trouble(text, error.offset or 0, error.end_offset or 0)
    except (MemoryError, RecursionError):
        trouble, place = "this is nested too deep", (0, len(text))
    raise refused(trouble, text, place)


def syntax_trouble(text: str, start: int, end: int) -> tuple[str, Place]:
    """Return what is wrong between two columns, and where; they count from 1, and 0 is the end."""
    if start == 0:
        *_, last = TOKEN.finditer(text)
        return "something is missing after this", last.span()
    place = start - 1, max(start, end - 1)
    return "a sign is missing here, or one is too many", place


def backwards(text: str, tree: ast.expr) -> Iterator[Step]:
    """Yield the steps that compute a formula, the last one first; without recursion."""
    stack = [(tree, False)]
    while stack:
        node, may_compare = stack.pop()
        place = place_of(text, node)
        if isinstance(node, ast.Compare) and not may_compare:
            raise refused("a comparison can only be the condition of where(…)", text, place)
        what, operands = meaning(text, node)
        chooses = what is FUNCTIONS["where"]
        stack += [(operand, chooses and i == 0) for i, operand in enumerate(operands)]
        yield Step(what, len(operands), place)


def meaning(text: str, node: ast.expr) -> tuple[Any, list[ast.expr]]:
    """Return what a node of the grammar does to its operands, and those."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number), []
        case ast.Name(id=name) if name not in FUNCTIONS:
            return name, []
        case ast.Name(id=name):
            raise refused(f"{name} is a function: write {name}(…)", text, place_of(text, node))
        case ast.UnaryOp(op=sign, operand=x) if type(sign) in MEANING:
            return MEANING[type(sign)], [x]
        case ast.BinOp(left=x, op=sign, right=y) if type(sign) in MEANING:
            return MEANING[type(sign)], [x, y]
        case ast.Compare(left=first, ops=signs, comparators=others):
            relations = [MEANING[type(sign)] for sign in signs]
            return partial(hold, relations), [first, *others]
        case ast.Call(func=ast.Name(id=name), args=operands, keywords=[]):
            return function_for(text, node, name), operands
        case ast.Call(func=called) if not isinstance(called, ast.Name):
            trouble = "this is called like a function; a product is written *"
            raise refused(trouble, text, place_of(text, called))
    raise refused("this has no place in a formula", text, place_of(text, node))


def function_for(text: str, call: ast.Call, name: str) -> Callable[..., Any]:
    """Return the function that is called, if it is known and takes so many operands."""
    if name not in FUNCTIONS:
        longer = [known for known in FUNCTIONS if known.startswith(name)]
        similar = longer or difflib.get_close_matches(name, FUNCTIONS)
        hint = f"perhaps {similar[0]} is meant" if similar else "a product is written *"
        raise refused(f"there is no function {cut(name)}; {hint}", text, place_of(text, call))
    function = FUNCTIONS[name]
    takes = inspect.signature(getattr(function, "evaluate", function))
    try:
        takes.bind(*call.args)
        fits = bool(call.args)
    except TypeError:
        fits = False
    if not fits:
        raise refused(f"{name} takes ({', '.join(takes.parameters)})", text, place_of(text, call))
    return function


def hold(relations: Sequence[Callable[[Any, Any], Any]], *operands: Any) -> bool:
    """Return whether each relation holds between its two neighbors, as in 0 < x < 1."""
    pairs = zip(relations, pairwise(operands), strict=True)
    return all(relation(x, y) for relation, (x, y) in pairs)


# -- telling what is wrong -------------------------------------------------------------------


def refused(trouble: str, text: str, place: Place) -> DataError:
    """Return an error that says what is wrong, where, and what would be right."""
    return DataError(f"{trouble}: {pointed(text, place)}. {ALLOWED}")


def pointed(text: str, place: Place) -> str:
    """Return a place in a text with some of what is around it.

    >>> pointed("1 + foo + 2", (4, 7))
    '1 + »foo« + 2'
    """
    start, end = place
    before, after = text[:start], text[end:]
    if len(before) > SHOWN:
        before = "…" + before[-SHOWN:]
    return f"{before}»{cut(text[start:end])}«{cut(after)}"


def cut(text: str) -> str:
    """Return the beginning of a text, with a sign that there is more if there is."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return names as one says them.

    >>> listed(["x"]), listed(["x", "y", "z"])
    ('x', 'x, y and z')
    """
    shown = [cut(name) for name in names]
    if len(shown) > most:
        shown[most - 1 :] = [f"{len(names) - most + 1} more"]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def place_of(text: str, node: ast.expr) -> Place:
    """Return where a node stands in the text; the grammar counts bytes, and this characters."""
    encoded = text.encode()
    start, end = encoded[: node.col_offset], encoded[: node.end_col_offset]
    return len(start.decode()), len(end.decode())
