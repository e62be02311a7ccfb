"""More operations, declared as in the heart: functions of one or two numbers, and choices.

Names are NumPy's; each function is also a method, `x.exp()`, and takes plain numbers too. At a kink
the slope is a convention, stated with the function: 0 for relu and abs, ½ and ½ for a tie.
"""

import math
import sys
from collections.abc import Callable
from typing import Any

from .nanograd import Scalar, operation
from .polygamma import polygamma_at
from .real import raised

# fmt: off
__all__ = [
    "abs",
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "clip",
    "cos",
    "cosh",
    "digamma",
    "elu",
    "erf",
    "erfc",
    "exp",
    "expm1",
    "floor",
    "gelu",
    "hypot",
    "leaky_relu",
    "lgamma",
    "ln",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_sigmoid",
    "maximum",
    "minimum",
    "polygamma",
    "relu",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "tan",
    "tanh",
    "where",
]
# fmt: on

POLES = "x other than 0, −1, −2, …"
SQRT_HALF = math.sqrt(0.5)
SQRT_2PI = math.sqrt(2.0 * math.pi)
TWO_OVER_SQRT_PI = 2.0 / math.sqrt(math.pi)
NORMAL = sys.float_info.min  # 1 / x may be infinite for an x below

# fmt: off
# -- exponentials and logarithms -------------------------------------------------------------


@operation("exp", partials=lambda x, out: (out,))
def exp(x):
    """Exponential eˣ."""
    return math.exp(x)

@operation("expm1", partials=lambda x, out: (exp(x),))
def expm1(x):
    """eˣ − 1, accurate near 0."""
    return math.expm1(x)

@operation("ln", domain="x > 0",
           partials=lambda x, out: (1.0 / x,))
def log(x):
    """Natural logarithm."""
    return math.log(x) if x else -math.inf

@operation("log₂", domain="x > 0",
           partials=lambda x, out: (1.0 / (x * math.log(2.0)),))
def log2(x):
    """Logarithm to base 2."""
    return math.log2(x)

@operation("log₁₀", domain="x > 0",
           partials=lambda x, out: (1.0 / (x * math.log(10.0)),))
def log10(x):
    """Logarithm to base 10."""
    return math.log10(x)

@operation("log1p", domain="x > −1",
           partials=lambda x, out: (1.0 / (1.0 + x),))
def log1p(x):
    """Natural logarithm of 1 + x, accurate near 0."""
    return math.log1p(x)

@operation("√", domain="x ≥ 0",
           partials=lambda x, out: (0.5 / out,))
def sqrt(x):
    """Square root; its slope at 0 is infinite."""
    return math.sqrt(x)

@operation("∛", partials=lambda x, out: (1.0 / (3.0 * out * out),))
def cbrt(x):
    """Cube root, also of negative numbers; its slope at 0 is infinite."""
    return math.cbrt(x)

@operation("**", domain="x > 0; or x = 0 with y ≥ 0; or x < 0 with a whole y",
           partials=lambda x, y, out: (
    where((abs(x) < NORMAL) * (y == 0), 0.0, y * x ** (y - 1)), where(x == 0, 0.0, out * log(x))))
def pow(x, y):  # noqa: A001 - the operator's own name
    """Power xʸ whose exponent is differentiated too. In 0ʸ and x⁰ the slopes are 0."""
    return raised(x, y)

# -- trigonometry ----------------------------------------------------------------------------


@operation("sin", partials=lambda x, out: (cos(x),))
def sin(x):
    """Sine of x in radians."""
    return math.sin(x)

@operation("cos", partials=lambda x, out: (-sin(x),))
def cos(x):
    """Cosine of x in radians."""
    return math.cos(x)

@operation("tan", partials=lambda x, out: (1.0 + out * out,))
def tan(x):
    """Tangent of x in radians."""
    return math.tan(x)

@operation("arcsin", domain="−1 ≤ x ≤ 1",
           partials=lambda x, out: (((1.0 - x) * (1.0 + x)) ** -0.5,))
def arcsin(x):
    """Angle in [−π/2, π/2] whose sine is x; its slope at ±1 is infinite."""
    return math.asin(x)

@operation("arccos", domain="−1 ≤ x ≤ 1",
           partials=lambda x, out: (-(((1.0 - x) * (1.0 + x)) ** -0.5),))
def arccos(x):
    """Angle in [0, π] whose cosine is x; its slope at ±1 is infinite."""
    return math.acos(x)

@operation("arctan", partials=lambda x, out: (1.0 / (1.0 + x * x),))
def arctan(x):
    """Angle in (−π/2, π/2) whose tangent is x."""
    return math.atan(x)

def arctan2_partials(y, x, out):  # noqa: ARG001 - a rule names every operand, and out
    """Return the rule of arctan2; at the origin it is nan."""
    length = hypot(x, y)
    return x / length / length, -y / length / length

@operation("arctan2", partials=arctan2_partials)
def arctan2(y, x):
    """Angle in [−π, π] of the point (x, y); y comes first. It has no slope at the origin."""
    return math.atan2(y, x)

@operation("hypot", kinks=(0.0,),
           partials=lambda x, y, out: (x / (out + (out == 0)), y / (out + (out == 0))))
def hypot(x, y):
    """Length √(x² + y²) without overflow; the slopes at the origin are 0."""
    return math.hypot(x, y)

@operation("sinh", partials=lambda x, out: (cosh(x),))
def sinh(x):
    """Hyperbolic sine."""
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(math.inf, x)

@operation("cosh", partials=lambda x, out: (sinh(x),))
def cosh(x):
    """Hyperbolic cosine."""
    return math.cosh(x)

@operation("tanh", partials=lambda x, out: (1.0 - out * out,))
def tanh(x):
    """Hyperbolic tangent; never overflows."""
    return math.tanh(x)

@operation("arcsinh", partials=lambda x, out: (1.0 / hypot(1.0, x),))
def arcsinh(x):
    """Inverse of sinh."""
    return math.asinh(x)

@operation("arccosh", domain="x ≥ 1",
           partials=lambda x, out: ((x - 1.0) ** -0.5 * (x + 1.0) ** -0.5,))
def arccosh(x):
    """Inverse of cosh; its slope at 1 is infinite."""
    return math.acosh(x)

@operation("arctanh", domain="−1 < x < 1",
           partials=lambda x, out: (1.0 / ((1.0 - x) * (1.0 + x)),))
def arctanh(x):
    """Inverse of tanh."""
    return math.atanh(x)

# -- learning and statistics -----------------------------------------------------------------


@operation("σ", partials=lambda x, out: (out * sigmoid(-x),))
def sigmoid(x):
    """Logistic function 1 / (1 + e⁻ˣ); never overflows. 1 − σ(x) is σ(−x), without rounding."""
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else (e := math.exp(x)) / (1.0 + e)

@operation("ln σ", partials=lambda x, out: (sigmoid(-x),))
def log_sigmoid(x):
    """ln σ(x), accurate and finite for every finite x."""
    return min(x, 0.0) - math.log1p(math.exp(-math.fabs(x)))

@operation("softplus", partials=lambda x, out: (sigmoid(x),))
def softplus(x):
    """ln(1 + eˣ), a smooth relu; never overflows."""
    return max(x, 0.0) + math.log1p(math.exp(-math.fabs(x)))

@operation("relu", kinks=(0.0,),
           partials=lambda x, out: (1.0 * (x > 0),))
def relu(x):
    """The larger of x and 0; its slope at 0 is 0."""
    return 0.0 if x <= 0 else x

@operation("leaky relu", name="leaky_relu", kinks=(0.0,),
           partials=lambda x, slope, out: (where(x > 0, 1.0, slope), where(x > 0, 0.0, x)))
def leaky_relu_of(x, slope):
    """Return x where it is positive, else slope · x; the slope at 0 is that of the left side."""
    return x if x > 0 else slope * x

@operation("elu", name="elu", kinks=(0.0,),
           partials=lambda x, alpha, out: (where(x > 0, 1.0, alpha * exp(x)),
                                           where(x > 0, 0.0, expm1(x))))
def elu_of(x, alpha):
    """Return x where it is positive, else alpha · (eˣ − 1)."""
    return x if x > 0 else alpha * math.expm1(x)

@operation("gelu", partials=lambda x, out: (
    0.5 * erfc(-x * SQRT_HALF) + x * exp(-0.5 * x * x) / SQRT_2PI,))
def gelu(x):
    """Gaussian error linear unit x · Φ(x), exact (Hendrycks & Gimpel 2016)."""
    return 0.5 * x * math.erfc(-x * SQRT_HALF)

@operation("silu", partials=lambda x, out: (sigmoid(x) + out * sigmoid(-x),))
def silu(x):
    """Sigmoid linear unit x · σ(x), also called swish."""
    return x * sigmoid(x)

@operation("erf", partials=lambda x, out: (TWO_OVER_SQRT_PI * exp(-x * x),))
def erf(x):
    """Error function."""
    return math.erf(x)

@operation("erfc", partials=lambda x, out: (-TWO_OVER_SQRT_PI * exp(-x * x),))
def erfc(x):
    """1 − erf(x), accurate where erf(x) is near 1."""
    return math.erfc(x)

@operation("lgamma", domain=POLES,
           partials=lambda x, out: (digamma(x),))
def lgamma(x):
    """Natural logarithm of |Γ(x)|."""
    return math.lgamma(x)

@operation("ψ", domain=POLES,
           partials=lambda x, out: (polygamma(1, x),))
def digamma(x):
    """Slope of lgamma."""
    return polygamma_at(0, x)

@operation("ψₙ", domain=POLES,
           partials=lambda n, x, out: (None, polygamma(n + 1, x)))
def polygamma(n, x):
    """The n-th derivative of digamma, n a plain whole number."""
    return polygamma_at(n, x)

# -- steps and choices -----------------------------------------------------------------------


@operation("abs", kinks=(0.0,),
           partials=lambda x, out: (1.0 * (x > 0) - (x < 0),))
def abs(x):  # noqa: A001 - NumPy's name
    """Size |x|; its slope at 0 is 0."""
    return math.fabs(x)

@operation("sign", kinks=(0.0,),
           partials=lambda x, out: (0.0,))
def sign(x):
    """−1, 0 or 1; its slope is 0."""
    return x if x != x else float((x > 0) - (x < 0))

@operation("floor", partials=lambda x, out: (0.0,))
def floor(x):
    """Largest whole number that is not above x; its slope is 0."""
    return float(math.floor(x)) if math.isfinite(x) else x

@operation("ceil", partials=lambda x, out: (0.0,))
def ceil(x):
    """Smallest whole number that is not below x; its slope is 0."""
    return float(math.ceil(x)) if math.isfinite(x) else x

@operation("max", partials=lambda x, y, out: ((x > y) + 0.5 * (x == y),
                                              (y > x) + 0.5 * (x == y)))
def maximum(x, y):
    """The larger of x and y; nan if either is. In a tie each gets half of the slope."""
    return max(x, y) if x == x and y == y else math.nan

@operation("min", partials=lambda x, y, out: ((x < y) + 0.5 * (x == y),
                                              (y < x) + 0.5 * (x == y)))
def minimum(x, y):
    """The smaller of x and y; nan if either is. In a tie each gets half of the slope."""
    return min(x, y) if x == x and y == y else math.nan

@operation("clip", name="clip", domain="low ≤ high",
           partials=lambda x, low, high, out: (1.0 * (x >= low) * (x <= high),
                                               1.0 * (x < low), 1.0 * (x > high)))
def clip_to(x, low, high):
    """Return x, or the bound that it is beyond; its slope on a bound is 1."""
    return min(max(x, low), high) if low <= high else math.nan

@operation("where", chooses=True, partials=lambda condition, x, y, out: (
    None, 1.0 * (condition != 0), 1.0 * (condition == 0)))
def where(condition, x, y):
    """Return x where the condition is true, else y; nothing flows into the other, not even nan."""
    return x if condition else y
# fmt: on


# -- the public face of operations that have defaults ----------------------------------------


def leaky_relu(x: Any, negative_slope: Any = 0.01) -> Any:
    """Return x where it is positive, else negative_slope · x.

    >>> leaky_relu(-2.0)
    -0.02
    """
    return leaky_relu_of(x, negative_slope)


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """Return x where it is positive, else alpha · (eˣ − 1).

    >>> elu(3.0)
    3.0
    """
    return elu_of(x, alpha)


def clip(x: Any, low: Any = None, high: Any = None) -> Any:
    """Return x, or the bound that it is beyond; None means no bound. On a bound the slope is 1.

    >>> clip(5.0, 0.0, 1.0)
    1.0
    """
    return clip_to(x, -math.inf if low is None else low, math.inf if high is None else high)


ln, asin, acos, atan, atan2 = log, arcsin, arccos, arctan, arctan2
asinh, acosh, atanh = arcsinh, arccosh, arctanh

#: The functions that are methods too, under these names: `x.exp()`, `y.arctan2(x)`.
METHODS: dict[str, Callable[..., Any]] = {
    name: globals()[name] for name in __all__ if name not in {"polygamma", "where"}
}


def as_method(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as a method: the object is its first operand."""

    def method(self: Scalar, *operands: Any, **named: Any) -> Any:
        return function(self, *operands, **named)

    method.__doc__ = function.__doc__
    return method


for name, function in METHODS.items():
    setattr(Scalar, name, as_method(function))
setattr(Scalar, "__floor__", as_method(floor))  # so math.floor and numpy.floor find them
setattr(Scalar, "__ceil__", as_method(ceil))
