"""The machine code for the tape of a program, and the tables that it reads."""

from __future__ import annotations

import ctypes
from functools import cached_property
from typing import Any

from ....programs.blocks import Blocks
from ....programs.program import Program
from ....schedules.tape import taped
from .. import cache
from ..call import NUMBERS
from ..machine import assembly, compiled, functions_of, processor, version
from .interpreter import Interpreter

EFFORT: dict[str, Any] = {"level": 2, "is_tidied": True}


class TapeCode:
    """A program as a function of the machine that takes pointers to segments of memory."""

    def __init__(self, program: Program, precision: str, blocks: Blocks):
        tape = taped(program)
        self.work = tape.cells
        self.text = Interpreter(tape, precision, blocks).text()
        constants = bytes((NUMBERS[precision] * len(tape.constants))(*tape.constants))
        tables = constants + tape.outputs.tobytes() + tape.words.tobytes()
        self.tables = ctypes.create_string_buffer(tables, len(tables))

    @property
    def assembly(self) -> str:
        """The code as text."""
        return assembly(self.text, **EFFORT)

    @cached_property
    def function(self) -> Any:
        """The function that is called."""
        key = cache.key_of(self.text, *processor(), version())
        code = cache.found(key)
        if code is None:
            code = compiled(self.text, **EFFORT)
            cache.keep(key, code)
        return functions_of(code, {}, 1, "kernel")["kernel"]
