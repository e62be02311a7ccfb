"""The digamma function and its derivatives on plain numbers (Abramowitz & Stegun 6.3 and 6.4)."""

import math

#: The Bernoulli numbers B₂, B₄, …, of the asymptotic series.
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798)


def polygamma_at(n: float, x: float) -> float:
    """Return ψₙ(x), the n-th derivative of digamma; a ValueError at its poles 0, −1, −2, ….

    >>> round(polygamma_at(0, 1.0), 12)  # minus Euler's constant
    -0.577215664902
    """
    order = int(n)
    if order != n or order < 0 or (x <= 0 and x == math.floor(x)):
        raise ValueError("polygamma has a pole here, or n is no whole number from 0 on")
    if math.isinf(x):
        return math.inf if order == 0 else 0.0
    sign = -1.0 if order % 2 else 1.0
    if x < 0:  # reflection, A&S 6.4.7
        return sign * polygamma_at(order, 1 - x) - math.pi * cotangent_slope(order, x)
    terms = []
    while x < 16 + order:  # recurrence, A&S 6.4.6
        terms.append(sign * math.factorial(order) / x ** (order + 1))
        x += 1
    return asymptotic(order, x) - math.fsum(terms)


def asymptotic(n: int, x: float) -> float:
    """Return ψₙ(x) for large x by its series in 1/x (A&S 6.3.18 and 6.4.11)."""
    leading = math.factorial(n) / (2 * x ** (n + 1))
    leading += math.factorial(n - 1) / x**n if n else -math.log(x)
    tail = (
        b * math.factorial(k + n - 1) / math.factorial(k) / x ** (k + n)
        for k, b in zip(range(2, 20, 2), BERNOULLI, strict=True)
    )
    return math.fsum([leading, *tail]) * (1.0 if n % 2 else -1.0)


def cotangent_slope(n: int, x: float) -> float:
    """Return the n-th derivative of cot(πx), a polynomial in cot(πx) itself."""
    cotangent = 1.0 / math.tan(math.pi * (x - round(x)))
    coefficients = [0.0, 1.0]
    for _ in range(n):  # the slope of cᵏ is −π·k·(cᵏ⁻¹ + cᵏ⁺¹)
        slopes = [-math.pi * k * a for k, a in enumerate(coefficients)][1:]
        shifted = [0.0, 0.0, *slopes]
        coefficients = [a + b for a, b in zip([*slopes, 0.0, 0.0], shifted, strict=True)]
    return math.fsum(a * cotangent**k for k, a in enumerate(coefficients))
