"""The banana valley: Rosenbrock's function in 2 and in 100 dimensions, by exact derivatives.

The minimum lies at (1, 1, …, 1), at the end of a long curved valley (H. H. Rosenbrock, "An
automatic method for finding the greatest or least value of a function", 1960; in n dimensions as in
SciPy). L-BFGS takes gradients, Newton-CG takes products of the Hessian with a direction as well.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from nanograd import optimize

METHODS = "L-BFGS-B", "Newton-CG"


def rosenbrock(x):
    """Return Rosenbrock's function of a list of numbers."""
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1))


def minimum(dimensions, method):
    """Return what SciPy finds with this method from (−1.2, 1, −1.2, 1, …) on."""
    start = [-1.2, 1.0] * (dimensions // 2)
    return optimize.minimize(rosenbrock, start, method=method, tol=1e-10)


def main():
    """Print how far each method comes, and what it takes."""
    print("dimensions  method     steps  calls of f  farthest from 1")
    for dimensions in (2, 100):
        for method in METHODS:
            found = minimum(dimensions, method)
            farthest = max(abs(x - 1.0) for x in found.x)
            print(f"{dimensions:10}  {method:9}  {found.nit:5}  {found.nfev:10}  {farthest:.1e}")


if __name__ == "__main__":
    main()
