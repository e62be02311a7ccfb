"""Which backend runs a program: the one that is asked for, or the fastest that can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NamedTuple

from ...errors import TraceError
from ..backends import NEEDS, TAKE_BLOCKS, UnsupportedError, backend_for
from ..programs.blocks import NO_BLOCKS, Blocks
from ..programs.program import Program
from ..telling import MANY, stage


class Choice(NamedTuple):
    """A kernel, the backend that made it, and why others did not."""

    kernel: Any
    backend: str
    reasons: Sequence[str]


@dataclass(frozen=True)
class Lowering:
    """How programs become kernels: by the backend that is asked for, or by the fastest that can."""

    backend: str | None
    precision: str

    def choice(self, program: Program, blocks: Blocks = NO_BLOCKS) -> Choice:
        """Return the kernel for a program; a backend that cannot run it leaves it to the next."""
        reasons: list[str] = []
        for name in self.names():
            try:
                lower = backend_for(name).lowered
                told = {"blocks": blocks} if blocks and name in TAKE_BLOCKS else {}
                with stage("machine code", len(program), is_long=len(program) > MANY):
                    kernel = lower(program, precision=self.precision, **told)
            except UnsupportedError as reason:
                reasons.append(f"the backend {name} does not do {reason}")
            else:
                return Choice(kernel, name, reasons)
        raise TraceError(f"{reasons[0]}. Leave out backend={self.backend!r}: others can.")

    def names(self) -> list[str]:
        """Return the backends that may be tried, the fastest first."""
        if self.backend is not None:
            return [self.backend]
        return [name for name, need in NEEDS.items() if not need or find_spec(need)]
