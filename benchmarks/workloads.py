"""The graphs that the benchmarks build, in plain scalar code that runs on any kind of Value."""

import math
import random

AND = [((0, 0), 0), ((0, 1), 0), ((1, 0), 0), ((1, 1), 1)]


def wide(value, nodes):
    """Return the sum of tanh(x·y), pair by pair: `nodes` nodes, about log₂ deep, and its inputs."""
    x, y = value(0.5), value(0.9)
    level = [(x * y).tanh() for _ in range(nodes // 3)]
    while len(level) > 1:
        odd_one_out = level[-1:] if len(level) % 2 else []
        level = [a + b for a, b in zip(level[::2], level[1::2], strict=False)]
        level += odd_one_out
    return level[0], [x, y]


def chain(value, nodes):
    """Return `nodes` nodes in one chain of multiply, add, tanh, and its inputs."""
    x, y = value(0.5), value(0.9)
    out = x
    for _ in range(nodes // 3):
        out = (out * y + x).tanh()
    return out, [x, y]


def and_epoch(value, _nodes):
    """Return the loss of the introduction's AND gate on its four examples, and its weights."""
    w1, w2, b = weights = [value(0.3), value(-0.6), value(0.1)]
    total = value(0.0)
    for inputs, target in AND:
        x1, x2, y = *map(value, inputs), value(target)
        p = (x1 * w1 + x2 * w2 + b).sigmoid()
        total += -(y * p.log() + (1 - y) * (1 - p).log())
    return total / len(AND), weights


def moons_step(value, _nodes):
    """Return the loss of a 2-16-16-1 relu network on 100 points of two moons, and its weights."""
    rng = random.Random(7)
    layers = [
        [[value(rng.uniform(-1, 1)) for _ in range(n_in + 1)] for _ in range(n_out)]
        for n_in, n_out in ((2, 16), (16, 16), (16, 1))
    ]
    weights = [w for layer in layers for neuron in layer for w in neuron]
    losses = [(1 - y * network(layers, point)).relu() for point, y in two_moons(100)]
    return sum(losses) / len(losses) + 1e-4 * sum(w * w for w in weights), weights


def network(layers, inputs):
    """Return the score of one point."""
    for layer in layers:
        sums = [sum(w * x for w, x in zip(n, inputs, strict=False)) + n[-1] for n in layer]
        inputs = [s.relu() for s in sums]
    return sums[0]


def two_moons(n):
    """Return n points on two interleaving half circles, each with its side, −1 or 1."""
    angles = [math.pi * i / (n // 2) for i in range(n // 2)]
    upper = [((math.cos(a), math.sin(a)), -1) for a in angles]
    lower = [((1 - math.cos(a), 0.5 - math.sin(a)), 1) for a in angles]
    return upper + lower
