"""Real numbers: what counts as one, and how a Value behaves where one is expected."""

import math
import operator
from collections.abc import Callable
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

from .errors import DomainError, short, with_type


def is_real(x: Any) -> bool:
    """Return whether x is an int, a float, a bool, a Fraction, a Decimal or a numpy scalar.

    >>> is_real(2), is_real("2"), is_real(2j), is_real([2.0])
    (True, False, False, False)
    """
    dtype: Any = getattr(x, "dtype", None)
    if dtype is None:
        return isinstance(x, (Real, Decimal))
    # To numpy a timedelta64 is a Real, and a bool is none; an array has a dtype too.
    return isinstance(x, getattr(dtype, "type", ())) and dtype.kind in "bfiu"


def number(x: Any) -> float:
    """Return x as a float. Anything but a real number is a TypeError; one too large, a DomainError.

    >>> from fractions import Fraction
    >>> number(Fraction(1, 4))
    0.25
    """
    if type(x) is float:
        return x
    if type(x) is not int and not is_real(x):
        raise TypeError(f"a real number is required; it was given {with_type(x)}")
    try:
        out = float(x)
    except OverflowError:
        out = math.inf
    if math.isinf(out) and x != out:
        raise DomainError(f"{short(x)} is too large: the largest float is 1.8e308. Rescale it.")
    return out


def data_of(x: Any) -> float:
    """Return the number in x: the data of a Value, or x itself."""
    return number(x.data if isinstance(x, NumberLike) else x)


def raised(x: float, n: float) -> float:
    """Return xⁿ as IEEE 754 has it: infinite, with a sign, where `math.pow` raises an error."""
    try:
        return math.pow(x, n)
    except (OverflowError, ValueError):
        if x < 0.0 and n % 1.0:
            raise
        return math.copysign(math.inf, x) if n % 2.0 == 1.0 else math.inf


class NumberLike:
    """Comparisons, truth and text by `data`, the number inside."""

    __slots__ = ()
    __hash__ = object.__hash__  # by identity: equal numbers are not the same value
    data: float

    # fmt: off
    def __eq__(self, other: object) -> Any: return compare(operator.eq, self, other)
    def __lt__(self, other: object) -> Any: return compare(operator.lt, self, other)
    def __le__(self, other: object) -> Any: return compare(operator.le, self, other)
    def __gt__(self, other: object) -> Any: return compare(operator.gt, self, other)
    def __ge__(self, other: object) -> Any: return compare(operator.ge, self, other)
    def __bool__(self) -> bool:             return self.data != 0.0
    # fmt: on

    def __float__(self) -> float:
        raise TypeError(
            f"float() and the functions of math would cut {self!r} out of the graph, and lose its "
            "derivative without a word. Take .data for the plain number, or the function of "
            "nanograd, such as nanograd.exp."
        )

    __int__ = __complex__ = __float__

    if TYPE_CHECKING:  # every function is a method too: functions.py puts them there

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    def __format__(self, spec: str) -> str:
        """Return the number by this format; without one, as `repr`."""
        return format(self.data, spec) if spec else repr(self)


def compare(relation: Callable[[Any, Any], Any], x: NumberLike, y: Any) -> Any:
    """Return whether the relation holds between two numbers; NotImplemented for anything else."""
    y = y.data if isinstance(y, NumberLike) else y
    return bool(relation(x.data, y)) if is_real(y) else NotImplemented
