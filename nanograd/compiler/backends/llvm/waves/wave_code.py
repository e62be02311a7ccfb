"""The machine code of a program that is run in waves. It comes from the disk, if it is there."""

from __future__ import annotations

import ctypes
import hashlib
import json
import marshal
from functools import cached_property
from typing import Any, NamedTuple

from .....nanograd import Operation
from ....programs.blocks import Blocks
from ....programs.operations import Op
from ....programs.program import Program
from ....schedules.schedule import Schedule, scheduled
from .. import cache
from ..machine import assembly, compiled, functions_of, processor, register_bits, version
from ..machine_code import our_version
from .module import WaveModule, phases_of

EFFORT: dict[str, Any] = {"level": 1, "is_tidied": False}  # more of it is no faster


class Facts(NamedTuple):
    """What a call must know."""

    work: int  # numbers that are kept on the way,
    columns: int  # and columns
    functions: list[str]  # by their names


class WaveCode:
    """A program as a function of the machine that takes pointers to segments of memory."""

    tables = ctypes.create_string_buffer(0)  # all is in the code

    def __init__(self, program: Program, precision: str, blocks: Blocks):
        self.program = program
        self.precision = precision
        self.blocks = blocks
        parts = digest_of(program), str(blocks), precision, *processor(), version()
        self.key = cache.key_of("waves", *parts, our_version())
        self.code: bytes | None = None
        if kept := cache.found(self.key):
            head, _, self.code = kept.partition(b"\n")
            self.facts = Facts(*json.loads(head))

    @property
    def is_kept(self) -> bool:
        """Whether the code is there from an earlier time: then waves were the right way."""
        return self.code is not None

    @cached_property
    def facts(self) -> Facts:
        """What a call must know."""
        schedule = self.schedule
        return Facts(schedule.work, schedule.columns, list(phases_of(schedule)))

    @property
    def work(self) -> int:
        """How many numbers are kept on the way."""
        return self.facts.work

    @cached_property
    def schedule(self) -> Schedule:
        """The waves."""
        return scheduled(self.program, self.blocks)

    @cached_property
    def text(self) -> str:
        """The waves in LLVM's language."""
        width = register_bits() // (64 if self.precision == "float64" else 32)
        return WaveModule(self.schedule, self.precision, width).text()

    @property
    def assembly(self) -> str:
        """The code as text."""
        return assembly(self.text, **EFFORT)

    @cached_property
    def functions(self) -> dict[str, Any]:
        """The functions that are called: for all waves, or for some of them; see `phases_of`."""
        names = self.facts.functions
        if self.code is None:
            self.code = compiled(self.text, **EFFORT)
            cache.keep(self.key, json.dumps(self.facts).encode() + b"\n" + self.code)
        return functions_of(self.code, {}, 1, *names)

    @cached_property
    def function(self) -> Any:
        """The function that runs all waves."""
        return self.functions["kernel"]


def digest_of(program: Program) -> str:
    """Return a digest of a program, whose operations are known by what they are and their names.

    Of an input, and of what is done to all rows, the axes belong to the name.
    """
    numbers: dict[Any, int] = {}
    ops = [numbers.setdefault(op, len(numbers)) for op in program.ops]
    names = list(map(name_of, numbers))
    whole = names, ops, program.operands, program.outputs
    return hashlib.sha256(marshal.dumps(whole, 2)).hexdigest()


def name_of(op: Op) -> str:
    """Return a name that no other operation has, or one of another sort."""
    name = op.name if isinstance(op, Operation) else str(op)
    return f"{type(op).__name__} {name}"
