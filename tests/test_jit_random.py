"""`jit` of random functions: maps, loops, reductions and derivatives, all in each other."""

import random

import numpy as np
import pytest
from jitted import flat, plain, sizes

import nanograd
from nanograd import grad, jit, value_and_grad

ARRAYS = {
    "x": np.array([0.5, -1.25, 2.0, 0.75]),
    "y": np.array([1.0, 0.25, -2.0, 1.5]),  # as long as x
    "z": np.array([2.0, -0.5, 0.125]),
}

PAIRS = [
    "({} + {})",
    "({} * {})",
    "sin({} - {})",
    "tanh({} * {})",
    "maximum({}, {})",
    "where({0} > {1}, {0}, 0.5 * {1})",
]
REDUCED = ["sum", "mean", "max", "min", "logsumexp"]
SCALED = "tanh({})"  # numbers stay small


class Writer:
    """Writes random functions of a number w and the arrays, so deep, as text."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.count = 0

    def new(self):
        """Return a name that is free."""
        self.count += 1
        return f"v{self.count}"

    def number(self, depth, numbers, columns):
        """Return an expression for a number, of these numbers and columns."""
        pick = self.random.choice
        if depth <= 0:
            return pick([*numbers, "0.5", "1.5"])
        kinds = [self.pair, self.pair, self.reduced, self.scanned, self.repeated, self.slope]
        kinds += [self.of_column, self.of_slopes]
        return pick(kinds)(depth - 1, numbers, columns)

    def pair(self, depth, numbers, columns):
        x, y = (self.number(depth, numbers, columns) for _ in range(2))
        return self.random.choice(PAIRS).format(x, y)

    def reduced(self, depth, numbers, columns):
        reduction = self.random.choice(REDUCED)
        return f"{reduction}({self.column(depth, numbers, columns)})"

    def scanned(self, depth, numbers, columns):
        state, entry = self.new(), self.new()
        following = SCALED.format(self.number(depth, [*numbers, state, entry], columns))
        start = self.number(depth - 1, numbers, columns)
        xs = self.random.choice(columns)
        return f"scan(lambda {state}, {entry}: ({following}, None), {start}, {xs})[0]"

    def repeated(self, depth, numbers, columns):
        state = self.new()
        following = SCALED.format(self.number(depth, [*numbers, state], columns))
        start = self.number(depth - 1, numbers, columns)
        return f"scan(lambda {state}: ({following}, None), {start}, length=3)[0]"

    def slope(self, depth, numbers, columns):
        name = self.new()
        body = self.number(depth, [*numbers, name], columns)
        at = self.number(depth - 1, numbers, columns)
        return SCALED.format(f"grad(lambda {name}: {body})({at})")

    def of_column(self, depth, numbers, columns):
        name = self.new()
        body = self.number(depth, numbers, [*columns, name])
        return f"(lambda {name}: {body})({self.column(depth, numbers, columns)})"

    def of_slopes(self, depth, numbers, columns):
        return f"sum({self.slopes(depth, numbers, columns)})"

    def slopes(self, depth, numbers, columns):
        name = self.new()
        body = self.number(depth, numbers, [*columns, name])
        at = self.column(depth - 1, numbers, columns)
        return f"grad(lambda {name}: {body})({at})"

    def column(self, depth, numbers, columns):
        """Return an expression for a column."""
        pick = self.random.choice
        if depth <= 0:
            return pick(columns)
        entry, state = self.new(), self.new()
        body = self.number(depth - 1, [*numbers, entry], columns)
        following = SCALED.format(self.number(depth - 1, [*numbers, state, entry], columns))
        return pick(
            [
                pick(columns),
                f"vmap(lambda {entry}: {body})({pick(columns)})",
                f"softmax({self.column(depth - 1, numbers, columns)})",
                f"scan(lambda {state}, {entry}: ({following}, {state}), w, {pick(columns)})[1]",
                self.slopes(depth - 1, numbers, columns),
            ]
        )

    def function(self):
        """Return a function of w, x, y, z, and its text."""
        names = list(ARRAYS)
        parts = self.number(4, ["w"], names), self.column(3, ["w"], names)
        text = f"lambda w, {', '.join(names)}: [{', '.join(parts)}]"
        return eval(text, dict(vars(nanograd))), text  # noqa: S307 - we have just written it


def assert_close(found, wanted, text):
    found, wanted = plain(found), plain(wanted)
    largest = max([1.0, *map(abs, flat(wanted))])

    assert sizes(found) == sizes(wanted), text
    for x, y in zip(flat(found), flat(wanted), strict=True):
        assert x == y or abs(x - y) <= 1e-10 * largest, f"{text}\n{found}\n{wanted}"


@pytest.mark.parametrize("seed", range(40))
def test_a_random_function_gives_the_same_compiled(seed):
    f, text = Writer(seed).function()
    transforms = [
        f,
        value_and_grad(lambda w, *arrays: f(w, *arrays)[0]),
        grad(lambda *args: f(*args)[0], argnums=(0, 1, 2, 3)),
    ]
    transformed = transforms[seed % 3]
    args = 0.7, *ARRAYS.values()

    assert_close(jit(transformed)(*args), transformed(*args), text)
