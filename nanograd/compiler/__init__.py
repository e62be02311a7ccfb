"""From scalar Python to fast code: programs, their derivatives, passes over them, and backends."""

from .calls.jit import jit
from .tracing import looping as _looping  # noqa: F401 - they enter what is done in a trace
from .tracing import mapping as _mapping  # noqa: F401
from .tracing import transforms as _transforms  # noqa: F401

__all__ = ["jit"]
