"""Automatic differentiation of ordinary scalar Python: readable, never silently wrong, fast."""

from . import data, functions, nn, optim, reductions
from . import fast as _fast  # noqa: F401 - it gives Value its operators in their fast form,
from . import pickling as _pickling  # noqa: F401 - and this teaches pickle about Values
from .drawing import methods as _methods  # noqa: F401 - draw, show and the like
from .drawing.explain import explain
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
    "data",
    "debug",
    "explain",
    "gradient",
    "nn",
    "no_grad",
    "operation",
    "optim",
]
__all__ += functions.__all__
__all__ += reductions.__all__
