"""Automatic differentiation of ordinary scalar Python: readable, never silently wrong, fast."""

from . import calculus, data, functions, lookup, nn, optim, optimize, reductions
from . import fast as _fast  # noqa: F401 - it gives Value its operators in their fast form,
from . import pickling as _pickling  # noqa: F401 - and this teaches pickle about Values
from .calculus import *  # noqa: F403 - the list is its __all__
from .compiler import jit
from .drawing import methods as _methods  # noqa: F401 - draw, show and the like
from .drawing.explain import explain
from .errors import (
    ConvergenceError,
    DataError,
    DeclarationError,
    DomainError,
    GradientError,
    NanogradError,
    StaleError,
    TraceError,
)
from .functions import *  # noqa: F403 - the list is its __all__
from .lookup import *  # noqa: F403 - the list is its __all__
from .modes import debug, no_grad
from .nanograd import OPERATIONS, Operation, Value, gradient, operation
from .packing import Packed, pack, unpack
from .reductions import *  # noqa: F403 - the list is its __all__

__version__ = "0.1.0"

__all__ = [
    "OPERATIONS",
    "ConvergenceError",
    "DataError",
    "DeclarationError",
    "DomainError",
    "GradientError",
    "NanogradError",
    "Operation",
    "Packed",
    "StaleError",
    "TraceError",
    "Value",
    "data",
    "debug",
    "explain",
    "gradient",
    "jit",
    "nn",
    "no_grad",
    "operation",
    "optim",
    "optimize",
    "pack",
    "unpack",
]
__all__ += calculus.__all__
__all__ += functions.__all__
__all__ += lookup.__all__
__all__ += reductions.__all__
