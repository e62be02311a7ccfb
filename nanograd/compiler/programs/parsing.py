"""The text of a program, read back: `str(parsed(text))` is the text, but for its names of slots.

A line is one instruction; words are separated by spaces. `# …` is a comment. Indentation is for the
eye: a program of a loop begins below it with what it is, `body(…)`, and ends with its `return`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import NamedTuple

from ...errors import ProgramError, short
from ...nanograd import OPERATIONS
from .operations import OWN, Get, Input, Op, Reduction, Scan, While
from .program import RESERVED, Instruction, Operand, Operands, Program
from .verifying import DEEPEST, Checker

TOKEN = re.compile(
    r"""
      (?P<space>   [ \t]+ | \#.* )
    | (?P<number>  -? (?: inf\b | nan\b | \d+ (?: \.\d* )? (?: [eE][+-]?\d+ )? ) (?![\w.]) )
    | (?P<name>    [A-Za-z_][A-Za-z0-9_]* )
    | (?P<quoted>  " (?: [^"\\] | \\. )* " )
    | (?P<sign>    [()\[\],=|] )
    | (?P<trouble> . )
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A word of the text, and where it stands; lines and columns count from 1."""

    kind: str
    text: str
    line: int
    column: int


def parsed(text: str) -> Program:
    """Return the program that this is the text of.

    What cannot be one is a ProgramError that names line and column.

    >>> program = parsed('''
    ... program(x, y[rows])
    ...   a = mul x y
    ...   return a 0.5
    ... ''')
    >>> program.ops[2].name, program.operands[2], program.outputs
    ('mul', (0, 1), (2, 0.5))
    """
    return Parser(text).program()


class Parser:
    """Goes through the words of a text."""

    def __init__(self, text: str):
        self.tokens = list(tokens(text))
        self.place = 0

    @property
    def next(self) -> Token:
        """The word that has not been read yet."""
        return self.tokens[self.place]

    def take(self, kind: str, what: str) -> Token:
        """Return the next word, which must be of this kind, or be just this sign."""
        token = self.next
        if kind not in (token.kind, token.text):
            given = {"end": "the text ends", "newline": "the line ends"}.get(
                token.kind, f"there is {short(token.text)}"
            )
            raise wrong(token, f"{what} is expected; {given}")
        self.place += 1
        return token

    def skips(self, kind: str) -> bool:
        """Read the next word if it is of this kind, or this sign, and return whether it was."""
        found = kind in (self.next.kind, self.next.text)
        self.place += found
        return found

    def program(self) -> Program:
        """Read a whole text."""
        self.skips("newline")
        program = Block(self).program("program")
        self.take("end", "nothing below `return`")
        return program


class Block:
    """Reads one program, and keeps what has been defined in it."""

    def __init__(self, text: Parser, depth: int = 0):
        self.text = text
        self.depth = depth
        self.checker = Checker(depth)
        self.slots: dict[str, int] = {}
        self.ops: list[Op] = []
        self.operands: list[Operands] = []

    def program(self, word: str) -> Program:
        """Read the program that begins with this word."""
        self.text.take(word, f"`{word}(…)`")
        self.inputs()
        while self.text.next.text != "return":
            self.step()
        token = self.text.take("return", "`return`")
        outputs = self.group()
        self.end_of_line()
        with placed(token):
            self.checker.outputs(outputs)
        return Program(self.ops, self.operands, outputs)

    def end_of_line(self) -> None:
        """Read the end of a line."""
        if self.text.next.kind != "end":
            self.text.take("newline", "the end of the line")

    # -- inputs --

    def inputs(self) -> None:
        """Read the names of inputs and their axes, in parentheses."""
        self.text.take("(", "`(`")
        if not self.text.skips(")"):
            self.input()
            while not self.text.skips(")"):
                self.text.take(",", "`,` or `)`")
                self.input()
        self.text.take("newline", "the end of the line")

    def input(self) -> None:
        """Read one input."""
        token = self.text.take("name", "the name of an input")
        axes = self.words("the name of an axis") if self.text.skips("[") else []
        given = Input(token.text, tuple(axes))
        with placed(token):
            self.checker.input(given)
        self.define(token.text, given, ())

    def words(self, what: str) -> list[str]:
        """Read names up to the closing bracket."""
        found = [self.text.take("name", what).text]
        while not self.text.skips("]"):
            self.text.take(",", "`,` or `]`")
            found.append(self.text.take("name", what).text)
        return found

    # -- instructions --

    def step(self) -> None:
        """Read one instruction."""
        token = self.text.take("name", "the name of a slot, or `return`")
        if token.text in RESERVED or token.text in self.slots:
            raise wrong(token, f"a slot needs a name of its own; {token.text} is taken")
        self.text.take("=", "`=`")
        op, operands = self.instruction()
        with placed(token):
            self.checker.step(Instruction(len(self.ops), op, operands))
        self.define(token.text, op, operands)

    def define(self, name: str, op: Op, operands: Operands) -> None:
        """Give the next slot a name, and what it holds."""
        self.slots[name] = len(self.ops)
        self.ops.append(op)
        self.operands.append(operands)

    def instruction(self) -> tuple[Op, Operands]:
        """Read an operation and its operands: in brackets, axes; in quotes, any declared name."""
        token = self.text.next
        if self.text.skips("quoted"):
            return declared(token, unquoted(token)), self.line()
        self.text.take("name", "an operation")
        if token.text == "while":
            return self.while_loop(token)
        if not self.text.skips("["):
            return OWN.get(token.text) or declared(token, token.text), self.line()
        if token.text == "scan":
            return self.scan(token)
        return (self.get() if token.text == "get" else self.reduction(token)), self.line()

    def reduction(self, token: Token) -> Reduction:
        """Read the axis of a reduction."""
        axis = self.text.take("name", "the name of an axis").text
        self.text.take("]", "`]`")
        return Reduction(token.text, axis)

    def get(self) -> Get:
        """Read which result is taken out of a loop, and its axes."""
        token = self.text.take("number", "the number of a result")
        if not token.text.isdecimal() or len(token.text) > len("1000000"):
            raise wrong(token, f"the number of a result is expected; there is {short(token.text)}")
        if self.text.skips("]"):
            return Get(int(token.text))
        self.text.take(",", "`,` or `]`")
        return Get(int(token.text), tuple(self.words("the name of an axis")))

    # -- loops --

    def scan(self, token: Token) -> tuple[Op, Operands]:
        """Read a scan: its axis, the groups of its operands, and its body below."""
        axis, *rest = self.words("the name of an axis")
        if rest not in ([], ["reversed"]):
            raise wrong(token, "a scan has one axis, and then may be `reversed`")
        states, sequences, same = self.groups(token, "the state | the sequences | the same", 3)
        body = self.inner(token, "body")
        op = Scan(axis, body, len(states), len(sequences), is_reversed=bool(rest))
        return op, states + sequences + same

    def while_loop(self, token: Token) -> tuple[Op, Operands]:
        """Read a while: the groups of its operands, and its condition and body below."""
        states, same = self.groups(token, "the state | the same", 2)
        op = While(self.inner(token, "condition"), self.inner(token, "body"))
        if len(op.body.outputs) != len(states):
            raise wrong(
                token,
                f"the body must return the {len(states)} numbers of the state; it returns "
                f"{len(op.body.outputs)}",
            )
        return op, states + same

    def inner(self, token: Token, word: str) -> Program:
        """Read a program of a loop."""
        if self.depth == DEEPEST:
            raise wrong(token, f"loops may be nested {DEEPEST} deep")
        return Block(self.text, self.depth + 1).program(word)

    # -- operands --

    def line(self) -> Operands:
        """Read operands and the end of the line."""
        found = self.group()
        self.end_of_line()
        return found

    def groups(self, token: Token, what: str, count: int) -> list[Operands]:
        """Read groups of operands with `|` between them; the last ones may be left out."""
        found = [self.group()]
        while self.text.skips("|"):
            found.append(self.group())
        if len(found) > count:
            raise wrong(token, f"the operands of this loop are: {what}; there is one `|` too many")
        self.end_of_line()
        return found + [()] * (count - len(found))

    def group(self) -> Operands:
        """Read slots and numbers up to a `|` or the end of the line."""
        found: list[Operand] = []
        while self.text.next.kind not in ("newline", "end") and self.text.next.text != "|":
            found.append(self.operand())
        return tuple(found)

    def operand(self) -> Operand:
        """Read the name of a slot, or a number."""
        token = self.text.next
        if self.text.skips("number"):
            return float(token.text)
        self.text.take("name", "a slot or a number")
        if token.text not in self.slots:
            raise wrong(token, f"{token.text} is not defined above")
        return self.slots[token.text]


@contextmanager
def placed(token: Token) -> Iterator[None]:
    """Say of what is wrong inside the block where it stands."""
    try:
        yield
    except ProgramError as error:
        raise wrong(token, str(error)) from None


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of a text, with one word for the end of each line that is not empty."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        found = [
            Token(match.lastgroup or "", match.group(), number, match.start() + 1)
            for match in TOKEN.finditer(line.rstrip("\r"))
            if match.lastgroup != "space"
        ]
        yield from found
        if found:
            yield Token("newline", "", number, len(line) + 1)
    yield Token("end", "", len(lines), len(lines[-1]) + 1)


def unquoted(token: Token) -> str:
    """Return the name that stands in quotes."""
    try:
        name: str = json.loads(token.text)
    except ValueError:
        raise wrong(token, f"a name in quotes is expected; there is {token.text}") from None
    return name


def declared(token: Token, name: str) -> Op:
    """Return the operation that was declared under a name."""
    if name not in OPERATIONS:
        near = get_close_matches(name, [*OPERATIONS, *OWN], n=1)
        hint = f"; is it {near[0]}?" if near else ""
        raise wrong(token, f"no operation is called {short(name)}{hint}")
    return OPERATIONS[name]


def wrong(token: Token, message: str) -> ProgramError:
    """Return the error for a word of the text."""
    return ProgramError(f"line {token.line}, column {token.column}: {message.rstrip('.')}.")
