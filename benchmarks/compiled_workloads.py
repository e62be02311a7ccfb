"""What the compiled benchmarks run: scalar code, as a user writes it, eagerly or compiled.

It is about one example, one option, one point: `vmap` makes rows of it, and `scan` a training.
"""

import math
import random
from collections import deque

from workloads import network

from nanograd import erf, exp, ln, mean, scan, sigmoid, sin, sqrt, tanh, value_and_grad, vmap

# -- the AND gate, as the introduction writes it -----------------------------------------------


def example_loss(w1, w2, b, x1, x2, y):
    """Return the loss of one example."""
    p = (x1 * w1 + x2 * w2 + b).sigmoid()
    return -(y * p.ln() + (1 - y) * (1 - p).ln())


def average_loss(w, x1, x2, y):
    """Return the loss of all examples."""
    return mean(vmap(example_loss, in_axes=(None, None, None, 0, 0, 0))(*w, x1, x2, y))


def train(w, x1, x2, y, epochs, lr):
    """Return the weights after all epochs, and the loss of each."""

    def step(w):
        loss, slopes = value_and_grad(average_loss)(w, x1, x2, y)
        return [wi - lr * slope for wi, slope in zip(w, slopes, strict=True)], loss

    return scan(step, w, length=epochs)


def train_one_epoch(w, x1, x2, y, lr):
    """Return the weights after an epoch, and its loss."""
    loss, slopes = value_and_grad(average_loss)(w, x1, x2, y)
    return [wi - lr * slope for wi, slope in zip(w, slopes, strict=True)], loss


# -- the price of an option ---------------------------------------------------------------------


def price(spot, strike, years, rate, volatility):
    """Return the Black-Scholes price of a call."""
    spread = volatility * sqrt(years)
    d1 = (ln(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
    return spot * normal(d1) - strike * exp(-(rate * years)) * normal(d1 - spread)


def normal(x):
    """Return how likely a standard normal number is below x."""
    return 0.5 * (1.0 + erf(x * math.sqrt(0.5)))


# -- a network that tells two moons apart --------------------------------------------------------


def point_loss(layers, point, side):
    """Return the hinge loss of one point."""
    return (1 - side * network(layers, point)).relu()


def network_loss(layers, points, sides):
    """Return the loss of all points, with a price on large weights."""
    losses = vmap(point_loss, in_axes=(None, 0, 0))(layers, points, sides)
    squares = sum(w * w for layer in layers for neuron in layer for w in neuron)
    return mean(losses) + 1e-4 * squares


def train_network(layers, points, sides, steps):
    """Return the layers after all steps, numbered in `steps`, and the loss of each."""

    def step(layers, k):
        loss, slopes = value_and_grad(network_loss)(layers, points, sides)
        return moved(layers, slopes, 1 - 0.9 * k / 100), loss

    return scan(step, layers, steps)


def moved(weights, slopes, rate):
    """Return nested weights after a step against their slopes."""
    if isinstance(weights, list):
        return [moved(w, s, rate) for w, s in zip(weights, slopes, strict=True)]
    return weights - rate * slopes


def first_layers():
    """Return the weights of 2-16-16-1 neurons before the training, neuron by neuron."""
    rng = random.Random(7)
    return [
        [[rng.uniform(-1, 1) for _ in range(inputs + 1)] for _ in range(neurons)]
        for inputs, neurons in ((2, 16), (16, 16), (16, 1))
    ]


# -- programs of any length ----------------------------------------------------------------------

BINARY = [lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y]
UNARY = [lambda x, _: tanh(x), lambda x, _: sin(x), lambda x, _: sigmoid(x)]
INPUTS = [0.1 * i - 0.4 for i in range(1, 9)]


def random_program(nodes, seed):
    """Return a function of 8 numbers with about so many operations, all of which count.

    A step takes what has not been taken yet, or adds to that; in the end it is all added up. A
    result beyond 4 is squashed instead, so nothing overflows, however long the program is.
    """
    rng = random.Random(seed)
    values, steps, waiting = list(INPUTS), [], deque(range(len(INPUTS)))
    while len(steps) + len(waiting) - 1 < nodes:
        i, f = rng.randrange(len(values)), rng.choice(UNARY)
        j = i
        if rng.random() < 0.7:
            j, g = waiting.popleft(), rng.choice(BINARY)
            f = g if abs(g(values[i], values[j])) < 4 else f
            i = i if f is g else j
        steps.append((f, i, j))
        waiting.append(len(values))
        values.append(f(values[i], values[j]))

    def program(numbers):
        slots = list(numbers)
        for f, i, j in steps:
            slots.append(f(slots[i], slots[j]))
        return sum(slots[i] for i in waiting)

    return program
