"""Automatic differentiation of ordinary scalar Python: readable, never silently wrong, fast."""

from . import fast, functions, pickling  # two of them act on Value when they are imported
from .errors import DataError, DeclarationError, DomainError, NanogradError, StaleError
from .functions import *  # noqa: F403 - the list is its __all__
from .modes import debug, no_grad
from .nanograd import OPERATIONS, Operation, Value, gradient, operation

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
