"""The digamma function and its derivatives on plain numbers (Abramowitz & Stegun 6.3 and 6.4)."""

import math

#: The Bernoulli numbers B₂, B₄, …, of the asymptotic series.
BERNOULLI = (
    1 / 6,
    -1 / 30,
    1 / 42,
    -1 / 30,
    5 / 66,
    -691 / 2730,
    7 / 6,
    -3617 / 510,
    43867 / 798,
)


def polygamma_at(n: float, x: float) -> float:
    """Return ψₙ(x), the n-th derivative of digamma; a ValueError at its poles 0, −1, −2, ….

    >>> round(polygamma_at(0, 1.0), 12)  # minus Euler's constant
    -0.577215664902
    """
    order = int(n)
    if order != n or order < 0:
        raise ValueError("the order of polygamma is a whole number from 0 on")
    if x <= 0 and x == math.floor(x):
        raise ValueError("polygamma has a pole here")
    if math.isinf(x):
        return 0.0 if order else math.inf
    if x < 0:
        return reflected(order, x)
    terms = []
    while x < 16 + order:  # recurrence, A&S 6.4.6
        terms.append(step(order, x))
        x += 1
    return asymptotic(order, x) - math.fsum(terms)


def step(n: int, x: float) -> float:
    """Return ψₙ(x + 1) − ψₙ(x), which is ± n! / xⁿ⁺¹, infinite where that is beyond a float."""
    change = math.factorial(n) * (-1.0 if n % 2 else 1.0)
    for _ in range(n + 1):
        change /= x
    return change


def reflected(n: int, x: float) -> float:
    """Return ψₙ(x) for negative x from its value at 1 − x (A&S 6.4.7)."""
    there = polygamma_at(n, 1 - x)
    cotangent = math.pi * cotangent_slope(n, x)
    return (-there if n % 2 else there) - cotangent


def asymptotic(n: int, x: float) -> float:
    """Return ψₙ(x) for large x by its series in 1/x (A&S 6.3.18 and 6.4.11).

    Powers of 1/x come to nothing where x is huge; those of x would be beyond a float.
    """
    terms = [math.factorial(n - 1) * x**-n if n else -math.log(x)]
    terms.append(math.factorial(n) / 2 * x ** -(n + 1))
    for i, bernoulli in enumerate(BERNOULLI):
        k = 2 * i + 2
        growth = math.factorial(k + n - 1) / math.factorial(k)
        terms.append(bernoulli * growth * x ** -(k + n))
    total = math.fsum(terms)
    return total if n % 2 else -total


def cotangent_slope(n: int, x: float) -> float:
    """Return the n-th derivative of cot(πx), which is a polynomial in c = cot(πx)."""
    coefficients = [0.0, 1.0]
    for _ in range(n):
        slopes = [0.0] * (len(coefficients) + 1)
        for k, a in enumerate(coefficients[1:], start=1):
            # The slope of cᵏ is −π · k · (cᵏ⁻¹ + cᵏ⁺¹).
            slopes[k - 1] -= math.pi * k * a
            slopes[k + 1] -= math.pi * k * a
        coefficients = slopes
    c = 1.0 / math.tan(math.pi * (x - round(x)))
    return math.fsum(a * c**k for k, a in enumerate(coefficients) if a)  # 0 · ∞ is nan
