"""The machine code of a program that is run in waves. It comes from the disk, if it is there."""

from __future__ import annotations

import ctypes
import hashlib
import json
import marshal
from functools import cached_property
from typing import Any

from .....nanograd import Operation
from ....programs.blocks import Blocks
from ....programs.operations import Op
from ....programs.program import Program
from ....schedules.schedule import Schedule, scheduled
from .. import cache
from ..machine import assembly, compiled, linked, processor, register_bits, version
from ..machine_code import our_version
from .module import WaveModule

EFFORT: dict[str, Any] = {"level": 1, "is_tidied": False}  # more of it is no faster


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
            self.work, self.columns = json.loads(head)

    @property
    def is_kept(self) -> bool:
        """Whether the code is there from an earlier time: then waves were the right way."""
        return self.code is not None

    @cached_property
    def work(self) -> int:
        """How many numbers are kept on the way."""
        return self.schedule.work

    @cached_property
    def columns(self) -> int:
        """How many columns are kept on the way."""
        return self.schedule.columns

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
    def function(self) -> Any:
        """The function that is called."""
        if self.code is None:
            self.code = compiled(self.text, **EFFORT)
            cache.keep(self.key, json.dumps([self.work, self.columns]).encode() + b"\n" + self.code)
        self.library = linked(self.code, {})
        return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.library["kernel"])


def digest_of(program: Program) -> str:
    """Return a digest of a program, whose operations are known by what they are and their names.

    Of an input, and of what is done to all rows, the axes belong to the name.
    """
    numbers: dict[Any, int] = {}
    ops = [numbers.setdefault(op, len(numbers)) for op in program.ops]
    names = [(type(op).__name__, name_of(op)) for op in numbers]
    whole = names, ops, program.operands, program.outputs
    return hashlib.sha256(marshal.dumps(whole, 2)).hexdigest()


def name_of(op: Op) -> str:
    """Return the name of an operation."""
    return op.name if isinstance(op, Operation) else str(op)
