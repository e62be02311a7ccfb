"""The machine code of a program for one width of vectors, and what a call must know of it."""

from __future__ import annotations

import ctypes
import hashlib
import json
import threading
from collections.abc import Sequence
from functools import cache as once
from functools import cached_property
from pathlib import Path
from typing import Any

from ....modes import block
from ....nanograd import Operation
from ....real import number
from ...programs.blocks import NO_BLOCKS, Blocks
from ...programs.operations import Axes, Loop
from ...programs.program import Program, every_axis
from . import cache
from .call import NUMBERS, Call, Facts
from .interrupts import Stop
from .machine import assembly, compiled, functions_of, processor, version
from .module import POINTERS, Module, calls_in, foreign

#: Lines of LLVM, with loops: above the first, its passes take too long; above the second, good
#: code does. What is run but once in a call is not worth either for long.
TIDIED, CAREFUL, CAREFUL_ONCE = 4_000, 20_000, 500

RUNNING = threading.local()  # which call a thread runs now


class MachineCode:
    """A program for vectors of one width. The code comes from the disk, if it is there."""

    def __init__(
        self,
        program: Program,
        precision: str,
        width: int,
        blocks: Blocks = NO_BLOCKS,
    ):
        self.program = program
        self.blocks = blocks
        self.precision = precision
        self.width = width
        self.axes = every_axis(program)
        self.outputs: Sequence[Axes] = program.output_axes()
        self.columns = {i: axes for i, axes in enumerate(self.outputs) if axes}
        self.callbacks = {name: self.callback(op) for name, op in foreign(program).items()}
        parts = str(program), calls_in(program), precision, str(width), *processor(), version()
        self.key = cache.key_of(*parts, str(blocks), our_version())
        self.code: bytes | None = None
        if kept := cache.found(self.key):
            head, _, self.code = kept.partition(b"\n")
            self.facts = Facts(**json.loads(head))
        else:
            emitter = self.module.emitter
            lines = len(self.module.code.lines)
            axes = sorted(emitter.row_axes)
            self.facts = Facts(emitter.cells, emitter.sizes, axes, lines)

    @cached_property
    def module(self) -> Module:
        """The program in LLVM's language."""
        return Module(self.program, self.precision, self.width, self.blocks)

    @property
    def effort(self) -> dict[str, Any]:
        """How much LLVM does for the code."""
        size = self.facts.lines
        if not self.facts.row_axes and not any(isinstance(op, Loop) for op in self.program.ops):
            return {"level": int(size < CAREFUL_ONCE), "is_tidied": False}
        level = 3 if self.is_inlined else 2 if size < TIDIED else int(size < CAREFUL)
        return {"level": level, "is_tidied": size < TIDIED}

    @property
    def is_inlined(self) -> bool:
        """Whether our functions are written out where they are called: it is faster, and longer."""
        return self.module.inlined < TIDIED

    @property
    def assembly(self) -> str:
        """The code as text."""
        return assembly(self.module.text(is_inlined=self.is_inlined), **self.effort)

    @cached_property
    def function(self) -> Any:
        """The function that is called."""
        if self.code is None:
            self.code = compiled(self.module.text(is_inlined=self.is_inlined), **self.effort)
            head = json.dumps(self.facts._asdict()).encode()
            cache.keep(self.key, head + b"\n" + self.code)
        addresses: dict[str, int] = {}
        for name, function in self.callbacks.items():
            addresses[name] = ctypes.cast(function, ctypes.c_void_p).value or 0
        return functions_of(self.code, addresses, len(POINTERS), "kernel")["kernel"]

    def run(self, call: Call) -> list[Any]:
        """Return the results of a call."""
        self.compute(call)
        return call.results()

    def compute(self, call: Call) -> None:
        """Run a call; an error that an operation of the user raised is raised."""
        call.prepare(len(self.outputs), self.columns, self.axes, self.facts, self.blocks)
        around = getattr(RUNNING, "stop", None)
        RUNNING.stop = call.stop
        try:
            self.function(*call.pointers)
        finally:
            RUNNING.stop = around
        call.stop.refuse()

    def callback(self, op: Operation) -> Any:
        """Return an operation that only Python can do, as a function that machine code calls."""
        kind, count = NUMBERS[self.precision], len(op.parameters)

        def evaluate(*operands: float) -> float:
            stop: Stop = RUNNING.stop
            if stop.reason is None:
                try:
                    with block("ieee"):
                        return number(op(*operands))
                except BaseException as failure:  # noqa: BLE001 - raised when the kernel has ended
                    stop.because(failure)
            return 0.0

        return ctypes.CFUNCTYPE(kind, *[kind] * count)(evaluate)


@once
def our_version() -> str:
    """Return a digest of the compiler, so that what older versions wrote is not used."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[2].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
