"""Which backend runs a program: the one that is asked for, or the fastest that can."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from ..errors import TraceError
from .backends import NEEDS, backend_for
from .backends.llvm.emitter import UnsupportedError
from .program import Program


@dataclass(frozen=True)
class Lowering:
    """How programs become kernels."""

    backend: str | None
    precision: str

    def kernel(self, program: Program) -> Any:
        """Return the function that runs a program."""
        return self.kernel_and_name(program)[0]

    def kernel_and_name(self, program: Program) -> tuple[Any, str]:
        """Return the function that runs a program, and the backend that made it.

        Without a backend that was asked for, one that cannot run this program leaves it to the next.
        """
        reasons = []
        for name in self.names():
            try:
                return backend_for(name).lowered(program, precision=self.precision), name
            except UnsupportedError as reason:
                reasons.append(f"{name} does not do {reason}")
        raise TraceError(
            f"no backend runs this program: {', '.join(reasons)}. Without an argument `backend`, "
            "another one takes over."
        )

    def names(self) -> list[str]:
        """Return the backends that may be tried, the fastest first."""
        if self.backend is not None:
            return [self.backend]
        return [name for name, need in NEEDS.items() if not need or find_spec(need)]
