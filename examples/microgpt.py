"""A small GPT learns names, and then makes up some: scalar code, at the speed of tensors.

The network is written as one explains it at a whiteboard: numbers in lists, loops over them, and no
derivative worked out by hand. `jit` makes machine code of a whole training step, from the embedding
to Adam. The model is that of A. Karpathy's microgpt (2026): one layer, four heads, 4,192 numbers to
learn, one name in each step. In a clone,

    python3 examples/microgpt.py            learns from 1,000 names, and makes up 10
    python3 examples/microgpt.py --eager    does the same without the compiler, in some minutes
"""

import argparse
import json
import math
import sys
import time
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from checkpoint import Training, read, write
from stopwatch import Stopwatch

from nanograd import exp, log, max, pack, relu, sqrt, stop_gradient, take, unpack, value_and_grad
from nanograd.arguments import at_least_one, number, path, whole_number
from nanograd.atomic import check_writable
from nanograd.data import names
from nanograd.errors import DataError
from nanograd.progress import Progress, figure

WIDTH, HEADS, LONGEST = 16, 4, 16  # numbers for each token; heads; tokens that are looked back on
HEAD_WIDTH = WIDTH // HEADS

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BOUNDARY = len(LETTERS)  # the token that begins and ends a name
TOKENS = len(LETTERS) + 1

#: What is learned: the matrices, with so many rows and columns.
SHAPES = {
    "tokens": (TOKENS, WIDTH),
    "positions": (LONGEST, WIDTH),
    "queries": (WIDTH, WIDTH),
    "keys": (WIDTH, WIDTH),
    "values": (WIDTH, WIDTH),
    "heads": (WIDTH, WIDTH),
    "widen": (4 * WIDTH, WIDTH),
    "narrow": (WIDTH, 4 * WIDTH),
    "scores": (TOKENS, WIDTH),
}

# -- the network ---------------------------------------------------------------------------------


def predict(w, token, keys, values):
    """Return a score for each token that may come next; this one's key and value are appended."""
    x = add(take(w["tokens"], token), w["positions"][len(keys)])
    x = normalize(x)
    x = add(x, attend(w, normalize(x), keys, values))
    x = add(x, think(w, normalize(x)))
    return transform(w["scores"], x)


def attend(w, x, keys, values):
    """Return what this token finds among those up to itself: each head looks for something else."""
    query = transform(w["queries"], x)
    keys.append(transform(w["keys"], x))
    values.append(transform(w["values"], x))
    found = []
    for start in range(0, WIDTH, HEAD_WIDTH):
        own = slice(start, start + HEAD_WIDTH)
        matches = [dot(query[own], key[own]) / math.sqrt(HEAD_WIDTH) for key in keys]
        shares = softmax(matches)
        found += [dot(shares, column) for column in zip(*[v[own] for v in values], strict=True)]
    return transform(w["heads"], found)


def think(w, x):
    """Return what a layer of neurons makes of it."""
    hidden = [relu(h) for h in transform(w["widen"], x)]
    return transform(w["narrow"], hidden)


def transform(matrix, x):
    """Return the product of a matrix with a list of numbers."""
    return [dot(row, x) for row in matrix]


def dot(xs, ys):
    """Return the sum of the products, pair by pair."""
    return sum(x * y for x, y in zip(xs, ys, strict=True))


def add(xs, ys):
    """Return the sums, pair by pair."""
    return [x + y for x, y in zip(xs, ys, strict=True)]


def normalize(xs):
    """Return the numbers scaled such that the mean of their squares is 1."""
    mean_square = sum(x * x for x in xs) / len(xs)
    scale = (mean_square + 1e-5) ** -0.5
    return [x * scale for x in xs]


def softmax(scores):
    """Return positive shares of 1, each e times as large for a score that is larger by 1."""
    top = stop_gradient(max(scores))  # it changes nothing, but that no exponential overflows
    parts = [exp(score - top) for score in scores]
    total = sum(parts)
    return [part / total for part in parts]


# -- learning ------------------------------------------------------------------------------------

LEARNING_RATE = 0.01  # of the first step; it falls to 0
MEMORY_OF_SLOPES, MEMORY_OF_SQUARES = 0.85, 0.99  # the betas of Adam
TINY = 1e-8


def loss(w, tokens):
    """Return how surprising each token is after those before it, on average."""
    keys, values = [], []
    surprises = [
        surprise(predict(w, token, keys, values), following)
        for token, following in pairwise(tokens)
    ]
    return sum(surprises) / len(surprises)


def surprise(scores, token):
    """Return −ln of the share that softmax gives to a token."""
    top = stop_gradient(max(scores))
    return log(sum(exp(score - top) for score in scores)) - (take(scores, token) - top)


def step(state, tokens, rate, t):
    """Return the loss for a name, and the state after step number t, from 1 on, down its slopes."""
    name_loss, slopes = value_and_grad(loss)(state["weights"], tokens)
    return name_loss, adam(state, slopes, rate, t)


def adam(state, slopes, rate, t):
    """Return the state after a step of Adam (Kingma & Ba 2015).

    Each weight goes by its mean slope of late, in proportion to how large slopes usually are. Both
    means began at 0, so they are too small at first, by factors that are known.
    """
    a, b = MEMORY_OF_SLOPES, MEMORY_OF_SQUARES
    means = each(lambda m, g: a * m + (1 - a) * g, state["means"], slopes)
    squares = each(lambda v, g: b * v + (1 - b) * g * g, state["squares"], slopes)
    m_share, v_share = 1 - a**t, 1 - b**t

    def moved(w, m, v):
        return w - rate * (m / m_share) / (sqrt(v / v_share) + TINY)

    weights = each(moved, state["weights"], means, squares)
    return {"weights": weights, "means": means, "squares": squares}


def each(f, *trees):
    """Return f of the numbers that are at the same place in dicts and lists, nested as they are."""
    if isinstance(trees[0], dict):
        return {name: each(f, *[tree[name] for tree in trees]) for name in trees[0]}
    if isinstance(trees[0], list):
        return [each(f, *parts) for parts in zip(*trees, strict=True)]
    return f(*trees)


def first_state(seed):
    """Return small random weights, and an Adam that remembers nothing."""
    rng = Random(seed)
    weights = {
        name: [[rng.gauss(0.0, 0.08) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }
    nothing = each(lambda _: 0.0, weights)
    return {"weights": weights, "means": nothing, "squares": nothing}


# -- training, and what comes of it --------------------------------------------------------------

TEMPERATURE = 0.5  # below 1, likely letters become likelier still


def train(training, take_step):
    """Yield the training after each further step; it can be stopped, and gone on with, anywhere."""
    order = names()
    Random(training.seed).shuffle(order)
    for done in range(len(training.losses), training.steps):
        tokens = tokens_of(order[done % len(order)])
        rate = LEARNING_RATE * (1 - done / training.steps)
        name_loss, state = take_step(training.state, tokens, rate, done + 1)
        training = replace(training, losses=[*training.losses, name_loss], state=state)
        yield training


def tokens_of(name):
    """Return the tokens of a name, with the boundaries."""
    return [BOUNDARY, *map(LETTERS.index, name), BOUNDARY][: LONGEST + 1]


def make_up(w, rng):
    """Return a new name: each letter is drawn in proportion to what the network expects."""
    keys, values, letters, token = [], [], "", BOUNDARY
    while len(keys) < LONGEST:
        scores = predict(w, token, keys, values)
        shares = softmax([score / TEMPERATURE for score in scores])
        [token] = rng.choices(range(TOKENS), shares)
        if token == BOUNDARY:
            break
        letters += LETTERS[token]
    return letters


def samples(training, count):
    """Return so many new names: always the same ones for the same weights and the same seed."""
    w, rng = unpack(training.state)["weights"], Random(training.seed)
    return [make_up(w, rng) for _ in range(count)]


# -- the command ---------------------------------------------------------------------------------

SEED, STEPS, SAMPLES = 42, 1000, 10
BETWEEN_CHECKPOINTS_S = 10.0
INTERRUPTED = 130  # the exit status that a shell expects after Ctrl-C


def main():
    """Train, print what came of it, and return the exit status."""
    options = parser().parse_args()
    try:
        training = prepared(options)
        stopwatch = Stopwatch(step, eager=options.eager)
        training = trained(training, stopwatch, options.checkpoint)
        print_report(training, stopwatch, options)
    except (DataError, OSError) as problem:
        print(f"microgpt: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0 if len(training.losses) == training.steps else INTERRUPTED


def parser():
    """Return the reader of the command line."""
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0], allow_abbrev=False)
    add = reader.add_argument
    add("--steps", metavar="N", type=at_least_one, help=f"names to learn from ({STEPS})")
    add("--seed", metavar="N", type=whole_number, help=f"of all that is random ({SEED})")
    add("--samples", metavar="N", type=count, default=SAMPLES, help="names to make up (10)")
    add("--eager", action="store_true", help="run the functions as they stand, not compiled")
    add("--json", action="store_true", help="print the results as one line of JSON")
    add("--checkpoint", metavar="FILE", type=path, help="where to save the training, now and then")
    add("--resume", metavar="FILE", type=path, help="go on with the training that is saved there")
    return reader


def count(text):
    """Return a whole number, 0 or more."""
    return number(text, int, lambda n: 0 <= n <= 10**6, "a whole number from 0 to 1,000,000")


def prepared(options):
    """Return the training that the options ask for, as it is before its next step."""
    if options.checkpoint:
        check_writable(options.checkpoint)
    if options.resume and (options.seed is not None or options.steps is not None):
        raise DataError("--resume goes on with the checkpoint's own --seed and --steps; omit yours")
    seed = SEED if options.seed is None else options.seed
    training = Training(options.steps or STEPS, seed, [], first_state(seed))
    if options.resume:
        training = read(options.resume, training.state)
    return training if options.eager else replace(training, state=pack(training.state))


def trained(before, take_step, checkpoint):
    """Return the training at its end, or as it is at Ctrl-C; save it to a file, if there is one."""
    training, begin = before, time.monotonic()
    done, saved_at = len(before.losses), begin
    with (
        Progress(before.steps, "learning", done=done) as progress,
        suppress(KeyboardInterrupt),  # what counts then is the training after the last whole step
    ):
        for training in train(before, take_step):
            losses, now = training.losses, time.monotonic()
            speed = (len(losses) - done) / (now - begin)
            text = f"loss {figure(average(losses[-100:]))}, {speed:,.1f} names/s"
            progress.update(len(losses), text)
            if checkpoint and now - saved_at > BETWEEN_CHECKPOINTS_S:
                write(checkpoint, training)
                saved_at = now
    if checkpoint:
        write(checkpoint, training)
    return training


def print_report(training, stopwatch, options):
    """Print the results, as text or as one line of JSON."""
    losses, times = training.losses, stopwatch.report()
    found = samples(training, options.samples)
    if options.json:
        print(json.dumps({"steps": len(losses), "losses": losses, **times, "samples": found}))
        return
    if losses:
        n = min(100, len(losses))
        first, last = average(losses[:n]), average(losses[-n:])
        print(f"loss: {first:.3f} in the first {n} steps, {last:.3f} in the last {n}")
    print(stopwatch)
    print(", ".join(found))


def average(numbers):
    """Return the arithmetic mean."""
    return sum(numbers) / len(numbers)


if __name__ == "__main__":
    sys.exit(main())
