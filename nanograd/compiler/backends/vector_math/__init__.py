"""Functions of several numbers at once, written in LLVM as polynomials."""

from collections.abc import Callable
from functools import wraps

from ..lanes import Lanes
from .error_functions import erf
from .exponentials import exp, expm1, sigmoid, silu, tanh
from .logarithms import log, log1p, log_sigmoid, softplus

Function = Callable[..., Lanes]


def sqrt(x: Lanes) -> Lanes:
    """Return √x, correctly rounded."""
    return x.sqrt()


def in_double(function: Function) -> Function:
    """Return the function for single precision too, where it is computed in double."""

    @wraps(function)
    def emit(*operands: Lanes) -> Lanes:
        if operands[0].is_double:
            return function(*operands)
        return function(*(x.widened() for x in operands)).narrowed()

    return emit


#: What writes each operation of nanograd, by its name.
OPERATIONS: dict[str, Function] = {
    function.__name__: in_double(function)
    for function in (
        exp,
        expm1,
        log,
        log1p,
        tanh,
        sigmoid,
        silu,
        softplus,
        log_sigmoid,
        erf,
    )
}
OPERATIONS["sqrt"] = sqrt
