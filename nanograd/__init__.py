"""Automatic differentiation of ordinary scalar Python: readable, never silently wrong, fast."""

from . import fast, functions, pickling, reductions  # two act on Value when imported
from .errors import DataError, DeclarationError, DomainError, NanogradError, StaleError
from .functions import *  # noqa: F403 - the list is its __all__
from .modes import debug, no_grad
from .nanograd import OPERATIONS, Operation, Value, gradient, operation
from .reductions import *  # noqa: F403 - the list is its __all__

__version__ = "0.1.0"

__all__ = [
    "OPERATIONS",
    "DataError",
    "DeclarationError",
    "DomainError",
    "NanogradError",
    "Operation",
    "StaleError",
    "Value",
    "debug",
    "fast",
    "gradient",
    "no_grad",
    "operation",
    "pickling",
]
__all__ += functions.__all__
__all__ += reductions.__all__
