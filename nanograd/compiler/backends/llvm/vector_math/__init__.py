"""Functions of several numbers at once, written in LLVM as polynomials.

Each is called with Lanes and writes instructions where their builder stands. All are free of
branches but sin, cos and tan, which ask the C library about angles beyond a billion. Their results
are within 2 units in the last place, denormal ones included; infinities, nan and the sign of zero
come out as from the functions of `math`, with an infinity or nan where those raise an error.

Eight lanes are written for AVX-512, where exp, pow and erf look numbers up in registers; on other
machines that is slow, and four or two lanes are right.
"""

from collections.abc import Callable
from functools import wraps

from ..lanes import Lanes
from . import angles, error_functions, exponentials, logarithms, powers, trigonometry

Function = Callable[..., Lanes]


def in_double(function: Function) -> Function:
    """Return the function for single precision too, where it is computed in double."""

    @wraps(function)
    def emit(*operands: Lanes) -> Lanes:
        if operands[0].is_double:
            return function(*operands)
        return function(*(x.widened() for x in operands)).narrowed()

    return emit


#: Those that are polynomials in double precision.
IN_DOUBLE: tuple[Function, ...] = (
    exponentials.exp,
    exponentials.expm1,
    exponentials.sinh,
    exponentials.cosh,
    exponentials.tanh,
    exponentials.sigmoid,
    exponentials.silu,
    exponentials.elu,
    logarithms.log,
    logarithms.log1p,
    logarithms.log2,
    logarithms.log10,
    logarithms.softplus,
    logarithms.log_sigmoid,
    logarithms.arcsinh,
    logarithms.arccosh,
    logarithms.arctanh,
    powers.pow,
    powers.cbrt,
    powers.hypot,
    trigonometry.sin,
    trigonometry.cos,
    trigonometry.tan,
    angles.arcsin,
    angles.arccos,
    angles.arctan,
    angles.arctan2,
    error_functions.erf,
    error_functions.erfc,
    error_functions.gelu,
)

#: What writes each operation of nanograd, by its name.
OPERATIONS: dict[str, Function] = {function.__name__: in_double(function) for function in IN_DOUBLE}
