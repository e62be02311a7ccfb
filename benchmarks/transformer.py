"""A small transformer in plain scalar code, as microgpt has it: lists of numbers, and loops."""

import random
from itertools import pairwise

from nanograd import exp, ln, sqrt, value_and_grad

WIDTH, HEADS, POSITIONS, LETTERS = 16, 4, 16, 27
SHAPES = {
    "token": (LETTERS, WIDTH),
    "position": (POSITIONS, WIDTH),
    "query": (WIDTH, WIDTH),
    "key": (WIDTH, WIDTH),
    "value": (WIDTH, WIDTH),
    "joined": (WIDTH, WIDTH),
    "wide": (4 * WIDTH, WIDTH),
    "narrow": (WIDTH, 4 * WIDTH),
    "letter": (LETTERS, WIDTH),
}
RATE, DECAY, DECAY_OF_SQUARES, TINY = 0.01, 0.85, 0.99, 1e-8


def first_weights(seed=1):
    """Return the weights before the training: matrices by their names, as lists of rows."""
    rng = random.Random(seed)
    return {
        name: [[rng.gauss(0.0, 0.08) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }


def zeros():
    """Return zeros, nested as the weights are."""
    return {
        name: [[0.0] * columns for _ in range(rows)] for name, (rows, columns) in SHAPES.items()
    }


# -- the model -----------------------------------------------------------------------------------


def name_loss(weights, letters):
    """Return the mean surprise at each next letter of a name, given as places in the alphabet."""
    keys, values = [], []
    surprises = []
    for position, (letter, target) in enumerate(pairwise(letters)):
        scores = next_letter(weights, letter, position, keys, values)
        surprises.append(-ln(softmax(scores)[target]))
    return sum(surprises) / len(surprises)


def next_letter(weights, letter, position, keys, values):
    """Return a score for each letter that may come next; keys and values of before grow by one."""
    x = added(weights["token"][letter], weights["position"][position])
    x = normalized(x)
    around = normalized(x)
    query = linear(weights["query"], around)
    keys.append(linear(weights["key"], around))
    values.append(linear(weights["value"], around))
    size = WIDTH // HEADS
    heads = [slice(start, start + size) for start in range(0, WIDTH, size)]
    seen = [number for head in heads for number in attended(query, keys, values, head)]
    x = added(x, linear(weights["joined"], seen))
    hidden = [number.relu() for number in linear(weights["wide"], normalized(x))]
    x = added(x, linear(weights["narrow"], hidden))
    return linear(weights["letter"], x)


def attended(query, keys, values, head):
    """Return what one head has seen: the mean of all values, by how well their keys fit."""
    q = query[head]
    fits = [dot(q, key[head]) / len(q) ** 0.5 for key in keys]
    shares = softmax(fits)
    columns = zip(*[value[head] for value in values], strict=True)
    return [dot(shares, column) for column in columns]


def linear(rows, x):
    """Return a matrix times a vector."""
    return [dot(row, x) for row in rows]


def dot(xs, ys):
    """Return the sum of the products."""
    return sum(x * y for x, y in zip(xs, ys, strict=True))


def added(xs, ys):
    """Return the sums."""
    return [x + y for x, y in zip(xs, ys, strict=True)]


def normalized(xs):
    """Return a vector whose mean square is one."""
    mean_square = sum(x * x for x in xs) / len(xs)
    scale = (mean_square + 1e-5) ** -0.5
    return [x * scale for x in xs]


def softmax(scores):
    """Return the share of each score."""
    weights = [exp(score) for score in scores]
    total = sum(weights)
    return [weight / total for weight in weights]


# -- a step of its training ----------------------------------------------------------------------


def training_step(letters):
    """Return the function that trains the weights on one name, by Adam."""

    def step(weights, means, squares, decay, decay_of_squares):
        loss, slopes = value_and_grad(lambda weights: name_loss(weights, letters))(weights)
        after = {}
        for name in SHAPES:
            rows = zip(weights[name], slopes[name], means[name], squares[name], strict=True)
            after[name] = [moved_row(row, decay, decay_of_squares) for row in rows]
        return loss, after

    return step


def moved_row(row, decay, decay_of_squares):
    """Return the weights of a row, and the two means that Adam keeps, after a step."""
    found = []
    for weight, slope, mean, square in zip(*row, strict=True):
        new_mean = DECAY * mean + (1 - DECAY) * slope
        new_square = DECAY_OF_SQUARES * square + (1 - DECAY_OF_SQUARES) * slope**2
        size = sqrt(new_square / (1 - decay_of_squares)) + TINY
        found.append((weight - RATE * (new_mean / (1 - decay)) / size, new_mean, new_square))
    return found


def arguments():
    """Return the arguments of the first step."""
    return first_weights(), zeros(), zeros(), DECAY, DECAY_OF_SQUARES
