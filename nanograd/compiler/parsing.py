"""The text of a program, read back: `str(parsed(text))` is the text, but for its names of slots.

A line is one instruction; words are separated by spaces. `# …` is a comment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import NamedTuple

from ..errors import ProgramError, short
from ..nanograd import OPERATIONS
from .operations import OWN, Axes, Input, Op, Reduction, extended
from .program import RESERVED, Instruction, Operand, Program
from .verifying import check_input, check_step

TOKEN = re.compile(
    r"""
      (?P<space>   [ \t]+ | \#.* )
    | (?P<number>  -? (?: inf\b | nan\b | \d+ (?: \.\d* )? (?: [eE][+-]?\d+ )? ) (?![\w.]) )
    | (?P<name>    [A-Za-z_][A-Za-z0-9_]* )
    | (?P<quoted>  " (?: [^"\\] | \\. )* " )
    | (?P<sign>    [()\[\],=] )
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
    """Goes through the words of a text, and keeps what has been defined."""

    def __init__(self, text: str):
        self.tokens = list(tokens(text))
        self.place = 0
        self.slots: dict[str, int] = {}
        self.order: Axes = ()
        self.ops: list[Op] = []
        self.operands: list[tuple[Operand, ...]] = []

    # -- words --

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

    # -- lines --

    def program(self) -> Program:
        """Read a whole program."""
        self.skips("newline")
        self.take("program", "`program(…)`")
        self.inputs()
        while not self.skips("return"):
            self.step()
        outputs = self.operands_of_line()
        self.skips("newline")
        self.take("end", "nothing below `return`")
        return Program(self.ops, self.operands, outputs)

    def inputs(self) -> None:
        """Read the names of inputs and their axes, in parentheses."""
        self.take("(", "`(`")
        if not self.skips(")"):
            self.input()
            while not self.skips(")"):
                self.take(",", "`,` or `)`")
                self.input()
        self.take("newline", "the end of the line")

    def input(self) -> None:
        """Read one input."""
        token = self.take("name", "the name of an input")
        axes: list[str] = []
        if self.skips("["):
            axes.append(self.axis())
            while not self.skips("]"):
                self.take(",", "`,` or `]`")
                axes.append(self.axis())
        given = Input(token.text, tuple(axes))
        try:
            check_input(given, set(self.slots), self.order)
        except ProgramError as error:
            raise wrong(token, str(error)) from None
        self.order = extended(self.order, given.axes)
        self.define(token.text, given, ())

    def axis(self) -> str:
        """Read the name of an axis."""
        return self.take("name", "the name of an axis").text

    def step(self) -> None:
        """Read one instruction."""
        token = self.take("name", "the name of a slot, or `return`")
        if token.text in RESERVED or token.text in self.slots:
            raise wrong(token, f"a slot needs a name of its own; {token.text} is taken")
        self.take("=", "`=`")
        op = self.op()
        operands = self.operands_of_line()
        try:
            check_step(Instruction(len(self.ops), op, operands), self.order)
        except ProgramError as error:
            raise wrong(token, str(error)) from None
        self.define(token.text, op, operands)

    def define(self, name: str, op: Op, operands: tuple[Operand, ...]) -> None:
        """Give the next slot a name, and what it holds."""
        self.slots[name] = len(self.ops)
        self.ops.append(op)
        self.operands.append(operands)

    def op(self) -> Op:
        """Read an operation: in brackets, an axis; in quotes, any name that was declared."""
        token = self.next
        if self.skips("quoted"):
            return declared(token, unquoted(token))
        self.take("name", "an operation")
        if self.skips("["):
            axis = self.axis()
            self.take("]", "`]`")
            return Reduction(token.text, axis)
        return OWN.get(token.text) or declared(token, token.text)

    def operands_of_line(self) -> tuple[Operand, ...]:
        """Read slots and numbers up to the end of the line."""
        found: list[Operand] = []
        while self.next.kind not in ("newline", "end"):
            found.append(self.operand())
        self.skips("newline")
        return tuple(found)

    def operand(self) -> Operand:
        """Read the name of a slot, or a number."""
        token = self.next
        if self.skips("number"):
            return float(token.text)
        self.take("name", "a slot or a number")
        if token.text not in self.slots:
            raise wrong(token, f"{token.text} is not defined above")
        return self.slots[token.text]


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
