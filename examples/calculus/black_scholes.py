"""The Greeks: how the price of an option moves, to third order, beside the closed forms.

The price of a European call is that of Black and Scholes, "The Pricing of Options and Corporate
Liabilities" (1973). It is written once, in plain arithmetic. Every Greek is a derivative of it: one
call of `grad` for each order. Traders know them by closed forms, which are worked out by hand.
"""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from nanograd import erfc, exp, grad, log, sqrt

SPOT, STRIKE, RATE, VOLATILITY, YEARS = 100.0, 105.0, 0.03, 0.2, 0.75
INPUTS = SPOT, RATE, VOLATILITY, YEARS  # of `price`; the strike is fixed in the contract
S, R, V, T = range(4)


def normal_cdf(x):
    """Return the probability that a standard normal number is below x."""
    return erfc(-x / math.sqrt(2.0)) / 2


def price(spot, rate, volatility, years):
    """Return the price of the right to buy for STRIKE in so many years."""
    spread = volatility * sqrt(years)
    d1 = (log(spot / STRIKE) + (rate + volatility**2 / 2) * years) / spread
    d2 = d1 - spread
    return spot * normal_cdf(d1) - STRIKE * exp(-rate * years) * normal_cdf(d2)


def derivative(*inputs):
    """Return the function that is `price` differentiated in these inputs, one after the other."""
    function = price
    for place in inputs:
        function = grad(function, argnums=place)
    return function


GREEKS = {
    "delta": derivative(S),
    "vega": derivative(V),
    "theta": lambda *inputs: -derivative(T)(*inputs),
    "rho": derivative(R),
    "gamma": derivative(S, S),
    "vanna": derivative(S, V),
    "charm": lambda *inputs: -derivative(S, T)(*inputs),
    "vomma": derivative(V, V),
    "veta": derivative(V, T),
    "speed": derivative(S, S, S),
    "zomma": derivative(S, S, V),
    "color": derivative(S, S, T),
    "ultima": derivative(V, V, V),
}


def closed_forms(spot, rate, volatility, years):
    """Return the same Greeks by textbook formulas (Haug, "Option Pricing Formulas", 2007)."""
    root = math.sqrt(years)
    spread = volatility * root
    d1 = (math.log(spot / STRIKE) + (rate + volatility**2 / 2) * years) / spread
    d2 = d1 - spread
    density = math.exp(-(d1**2) / 2) / math.sqrt(2 * math.pi)
    discounted = STRIKE * math.exp(-rate * years)
    gamma = density / (spot * spread)
    vega = spot * density * root
    vomma = vega * d1 * d2 / volatility
    drift = rate * d1 / spread - (1 + d1 * d2) / (2 * years)
    charm = -density * (2 * rate * years - d2 * spread) / (2 * years * spread)
    tail = d1 * d2 * (1 - d1 * d2) + d1**2 + d2**2
    pull = (2 * rate * years - d2 * spread) / spread * d1
    return {
        "delta": normal_cdf(d1),
        "vega": vega,
        "theta": -spot * density * volatility / (2 * root) - rate * discounted * normal_cdf(d2),
        "rho": discounted * years * normal_cdf(d2),
        "gamma": gamma,
        "vanna": -density * d2 / volatility,
        "charm": charm,
        "vomma": vomma,
        "veta": -vega * drift,
        "speed": -gamma / spot * (d1 / spread + 1),
        "zomma": gamma * (d1 * d2 - 1) / volatility,
        "color": -gamma / (2 * years) * (1 + pull),
        "ultima": -vega / volatility**2 * tail,
    }


def main():
    """Print each Greek by derivatives and by its closed form."""
    print(f"price  {price(*INPUTS):.6f}")
    exact = closed_forms(*INPUTS)
    for name, greek in GREEKS.items():
        value = greek(*INPUTS)
        print(f"{name:7}{value:14.8f}  closed form {exact[name]:14.8f}")


if __name__ == "__main__":
    main()
