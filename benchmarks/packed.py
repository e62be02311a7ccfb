"""What a call costs whose state is thousands of numbers, in nested lists and packed.

A step of Adam for a matrix of so many rows of 16, its moments beside it; and a function of the same
arguments that computes almost nothing, which leaves what the call itself takes. Both ways must find
the same. Run it with `python3 dev.py bench packed`.
"""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from racing import Contender, race, text_of

from nanograd import jit, pack, unpack, value_and_grad

WIDTH = 16
TOKENS = list(range(9))
SIZES = (4, 16, 64)  # rows; a long program takes long to compile
LARGEST = 262  # rows, for the call alone


def loss(rows, xs):
    """Return how far a matrix times a vector is from 1, squared."""
    return sum([(sum([w * x for w, x in zip(row, xs, strict=True)]) - 1.0) ** 2 for row in rows])


def adam(rows, means, squares, xs, rate, t):
    """Return the loss, and the matrix and its moments after a step."""
    cost, slopes = value_and_grad(loss)(rows, xs)
    means = paired(lambda m, g: 0.9 * m + 0.1 * g, means, slopes)
    squares = paired(lambda v, g: 0.99 * v + 0.01 * g * g, squares, slopes)
    first, second = 1.0 - 0.9**t, 1.0 - 0.99**t
    change = paired(lambda m, v: m / first / ((v / second) ** 0.5 + 1e-8), means, squares)
    return cost, paired(lambda w, d: w - rate * d, rows, change), means, squares


def paired(f, left, right):
    """Return f of the pairs of numbers of two matrices."""
    rows = zip(left, right, strict=True)
    return [[f(x, y) for x, y in zip(*pair, strict=True)] for pair in rows]


def almost_nothing(rows, means, squares, xs, rate, t):
    """Return two numbers, in a list and beside it."""
    return rate + t + xs[1], [rows[0][0] + means[1][1] * squares[2][2]]


def matrix(rows, seed):
    """Return numbers between 0 and 1."""
    return [[(seed * (WIDTH * i + j + 1) * 0.618) % 1.0 for j in range(WIDTH)] for i in range(rows)]


def contenders(f, rows, xs):
    """Return f with its state in nested lists, and packed."""
    state = [matrix(rows, seed) for seed in (1, 2, 3)]
    packed = list(map(pack, state))
    plain, fast = jit(f), jit(f, packed=True)

    def repeated(g, arguments, done):
        def run(count):
            for _ in range(count):
                found = g(*arguments, xs, 0.01, 3.0)
            return done(found)

        return run

    return [
        Contender("packed", repeated(fast, packed, unpack), 100),
        Contender("nested lists", repeated(plain, state, unpack), 5),
    ]


def line(what, rows, found):
    """Return the median and the least time of each way, in a line."""
    times = [f"{text_of(each.median):>9} ({text_of(each.least)})" for each in found]
    return f"{what:16}{3 * WIDTH * rows:>8,} numbers   " + "   ".join(times)


def main():
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="turns of each (40)")
    rounds = parser.parse_args().rounds
    print("median, and least, of a call: packed, and in nested lists")
    for rows in SIZES:
        xs = [0.1 * k for k in range(WIDTH)]
        print(line("a step of Adam", rows, race(contenders(adam, rows, xs), rounds)))
    found = race(contenders(almost_nothing, LARGEST, TOKENS), rounds)
    print(line("almost nothing", LARGEST, found))


if __name__ == "__main__":
    main()
