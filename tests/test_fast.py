"""The usual case, as fast.py writes it out, is the heart's own path to the bit."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from samples import BUILT_IN, SAMPLES

from nanograd import OPERATIONS, Value
from nanograd.nanograd import Operation, Scalar

DUNDERS = [
    f"__{side}{name}__" for name in ("add", "sub", "mul", "truediv", "pow") for side in ("", "r")
]
NUMBERS = (0.0, -0.0, 1.0, -2.5, 3, -1, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan)
UNUSUAL = (True, Fraction(1, 3), Decimal("0.5"), np.float32(1.5), np.int64(7), 10**400, 2**53 + 1)
FOREIGN = ("a", None, 2j, [1.0])


def outcome(act):
    """Return what came of it in a form that can be compared: numbers by their bits."""
    try:
        out = act()
    except (ArithmeticError, TypeError, ValueError) as error:
        return type(error).__name__, str(error)
    if not isinstance(out, Value):
        return repr(out)
    numbers = [repr(out.data), *map(repr, out.partials)]
    return numbers, out.op, [repr(x) for x in out.operands]


LEFT = (0.0, 2.5, -1.5, 1e308, math.inf)


@pytest.mark.parametrize("dunder", DUNDERS)
def test_operators_are_those_of_the_heart_on_plain_operands(dunder):
    fast, general = getattr(Value, dunder), getattr(Scalar, dunder)
    for x in map(Value, LEFT):
        for y in (*NUMBERS, *UNUSUAL, *FOREIGN):
            wanted = outcome(lambda x=x, y=y: general(x, y))

            assert outcome(lambda x=x, y=y: fast(x, y)) == wanted, (x, y)


@pytest.mark.parametrize("dunder", [name for name in DUNDERS if not name.startswith("__r")])
def test_operators_are_those_of_the_heart_between_values(dunder):
    fast, general = getattr(Value, dunder), getattr(Scalar, dunder)
    for x in map(Value, LEFT):
        for y in map(Value, NUMBERS):
            wanted = outcome(lambda x=x, y=y: general(x, y))

            assert outcome(lambda x=x, y=y: fast(x, y)) == wanted, (x, y)


@pytest.mark.parametrize("name", [n for n in BUILT_IN if {*map(len, SAMPLES[n])} == {1}])
def test_functions_of_one_operand_are_those_of_the_heart(name):
    op = OPERATIONS[name]
    numbers = (*NUMBERS, *(x for (x,) in SAMPLES[name]))
    for x in (*numbers, *UNUSUAL, *FOREIGN, *map(Value, numbers)):
        wanted = outcome(lambda x=x: Operation.apply(op, x))

        assert outcome(lambda x=x: op(x)) == wanted, x


def test_nothing_else_of_value_was_replaced():
    replaced = {name for name in vars(Value) if name in vars(Scalar)}
    one_operand = {n for n in replaced if not n.startswith("__")}

    assert replaced - one_operand - {*DUNDERS, "__neg__", "__abs__"} <= {
        "__slots__",
        "__doc__",
        "__module__",
        "record",
    }
