"""From scalar Python to fast code: programs, their derivatives, passes over them, and backends."""

from . import looping as _looping  # noqa: F401 - they enter what is done in a trace
from . import mapping as _mapping  # noqa: F401
from . import transforms as _transforms  # noqa: F401
from .jit import jit

__all__ = ["jit"]
