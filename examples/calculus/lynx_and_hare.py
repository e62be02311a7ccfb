"""Lynx and hare: the equations of Lotka and Volterra, fitted to 21 years of furs.

The numbers are pelts, in thousands, that trappers sold to the Hudson's Bay Company from 1900 to
1920: E. P. Odum, "Fundamentals of Ecology" (1953), as tabulated by J. M. Mahaffy and used in
B. Carpenter, "Predator-Prey Population Dynamics: the Lotka-Volterra model in Stan" (2018).

The model is a differential equation. It is stepped through with a fourth-order Runge-Kutta rule in
plain arithmetic, so what it predicts can be differentiated in its parameters: the exact
Jacobian of all errors is what the least-squares search is given.
"""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from nanograd import exp, log, optimize

HARES = (
    *(30.0, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22.0, 25.4, 27.1),
    *(40.3, 57.0, 76.6, 52.3, 19.5, 11.2, 7.6, 14.6, 16.2, 24.7),
)
LYNXES = (
    *(4.0, 6.1, 9.8, 35.2, 59.4, 41.7, 19.0, 13.0, 8.3, 9.1, 7.4),
    *(8.0, 12.3, 19.5, 45.7, 51.1, 29.7, 15.8, 9.7, 10.1, 8.6),
)
STEPS_PER_YEAR = 12

#: Logarithms of the rates and of the first numbers: so they stay positive.
START = {
    "birth": math.log(0.5),
    "eaten": math.log(0.03),
    "death": math.log(0.8),
    "growth": math.log(0.02),
    "hares": math.log(30.0),
    "lynxes": math.log(4.0),
}


def rates(hares, lynxes, p):
    """Return how fast both grow: hares are born and eaten, lynxes live on hares and die."""
    meetings = hares * lynxes
    return p["birth"] * hares - p["eaten"] * meetings, p["growth"] * meetings - p["death"] * lynxes


def step(hares, lynxes, p, h):
    """Return both after a time h, by the classical rule of Runge and Kutta."""
    a, b = rates(hares, lynxes, p)
    c, d = rates(hares + h / 2 * a, lynxes + h / 2 * b, p)
    e, f = rates(hares + h / 2 * c, lynxes + h / 2 * d, p)
    g, i = rates(hares + h * e, lynxes + h * f, p)
    return hares + h / 6 * (a + 2 * c + 2 * e + g), lynxes + h / 6 * (b + 2 * d + 2 * f + i)


def simulated(logs):
    """Return the numbers of hares and lynxes that the model has for each year."""
    p = {name: exp(x) for name, x in logs.items()}
    hares, lynxes = p["hares"], p["lynxes"]
    years = [(hares, lynxes)]
    for _ in HARES[1:]:
        for _ in range(STEPS_PER_YEAR):
            hares, lynxes = step(hares, lynxes, p, 1 / STEPS_PER_YEAR)
        years.append((hares, lynxes))
    return years


def errors(logs):
    """Return how far the model is off, as differences of logarithms."""
    pairs = zip(simulated(logs), HARES, LYNXES, strict=True)
    return [
        difference
        for (hares, lynxes), counted_hares, counted_lynxes in pairs
        for difference in (
            log(hares) - math.log(counted_hares),
            log(lynxes) - math.log(counted_lynxes),
        )
    ]


def fitted():
    """Return what SciPy finds: the parameters, and the sum of squared errors."""
    found = optimize.least_squares(errors, START)
    return {name: math.exp(x) for name, x in found.x.items()}, 2 * found.cost


def main():
    """Print the parameters, the period of the cycle, and the model beside the counts."""
    p, squares = fitted()
    print("  ".join(f"{name} {x:.3f}" for name, x in p.items()))
    print(f"typical error {math.sqrt(squares / (2 * len(HARES))):.0%}")
    print("year   hares counted  model   lynxes counted  model")
    years = simulated({name: math.log(x) for name, x in p.items()})
    for i, (hares, lynxes) in enumerate(years):
        print(f"{1900 + i}   {HARES[i]:13.1f}  {hares:5.1f}   {LYNXES[i]:14.1f}  {lynxes:5.1f}")


if __name__ == "__main__":
    main()
