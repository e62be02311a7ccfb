"""A network learns to read digits, written by hand: the loss of one picture, and `vmap` for many.

The network has 64 pixels, 32 neurons, and a score for each of ten digits. Written down is the loss
of one picture, number by number. `vmap` makes of it the loss of a mini-batch, `value_and_grad` the
slopes of 2,410 weights, and `jit` one program of the whole step. In a clone,

    python3 examples/digits.py                     learns for 30 epochs
    python3 examples/digits.py --eager --epochs 1  learns for one without the compiler: minutes

A quarter of the pictures is kept out of it, to see how many of them are read in the end.
"""

import argparse
import json
import math
import sys
from itertools import pairwise
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from stopwatch import Stopwatch

from nanograd import (
    exp,
    log,
    max,
    mean,
    pack,
    relu,
    stop_gradient,
    take,
    unpack,
    value_and_grad,
    vmap,
)
from nanograd.arguments import at_least_one, whole_number
from nanograd.data import digits
from nanograd.progress import Progress, figure

try:
    import numpy as np
except ImportError:
    sys.exit("digits.py takes its mini-batches from arrays of NumPy: python3 -m pip install numpy")

SIZES = (64, 32, 10)  # pixels, hidden neurons, digits
INK = 16.0  # of the darkest pixel
SEED, EPOCHS, BATCH = 42, 30, 64
LEARNING_RATE, MOMENTUM = 0.2, 0.9

# -- the network ---------------------------------------------------------------------------------


def scores(layers, pixels):
    """Return a score for each digit: the higher, the likelier."""
    hidden_layer, last_layer = layers
    hidden = [relu(x) for x in outputs(hidden_layer, pixels)]
    return outputs(last_layer, hidden)


def outputs(layer, inputs):
    """Return what each neuron makes of the inputs: a weight for each of them, and its own last."""
    return [
        sum(w * x for w, x in zip(neuron[:-1], inputs, strict=True)) + neuron[-1]
        for neuron in layer
    ]


def picture_loss(layers, pixels, digit):
    """Return −ln of the share that softmax gives to the right digit."""
    found = scores(layers, pixels)
    top = stop_gradient(max(found))  # it changes nothing, but that no exponential overflows
    return log(sum(exp(score - top) for score in found)) - (take(found, digit) - top)


# -- learning ------------------------------------------------------------------------------------


def batch_loss(layers, pixels, labels):
    """Return the mean loss of the pictures in the rows of an array, with the digit of each."""
    return mean(vmap(picture_loss, in_axes=(None, 0, 0))(layers, pixels, labels))


def step(state, pixels, labels, rate):
    """Return the loss of a mini-batch, and the state after a step of gradient descent."""
    loss, slopes = value_and_grad(batch_loss)(state["layers"], pixels, labels)
    speeds = each(lambda v, g: MOMENTUM * v - rate * g, state["speeds"], slopes)
    layers = each(lambda w, v: w + v, state["layers"], speeds)
    return loss, {"layers": layers, "speeds": speeds}


def each(f, *lists):
    """Return f of the numbers that are at the same place in nested lists, nested as they are."""
    if isinstance(lists[0], list):
        return [each(f, *parts) for parts in zip(*lists, strict=True)]
    return f(*lists)


def first_state(rng):
    """Return random weights, of such a size that signals neither fade nor grow; nothing moves."""
    layers = [
        [first_neuron(inputs, rng) for _ in range(neurons)] for inputs, neurons in pairwise(SIZES)
    ]
    return {"layers": layers, "speeds": each(lambda _: 0.0, layers)}


def first_neuron(inputs, rng):
    """Return the weights of a neuron: one for each input, and its own."""
    size = math.sqrt(2 / inputs)
    return [*[rng.gauss(0.0, size) for _ in range(inputs)], 0.0]


# -- the data ------------------------------------------------------------------------------------


def split(rng):
    """Return pictures to learn from, and a quarter to be tested on: rows (pixels, digit)."""
    rows = [([ink / INK for ink in pixels], digit) for pixels, digit in digits()]
    rng.shuffle(rows)
    test = len(rows) // 4
    return rows[test:], rows[:test]


def arrays(rows):
    """Return an array with the pixels of each row, and one with the digits."""
    pixels, labels = zip(*rows, strict=True)
    return np.array(pixels), np.array(labels)


def batches(rows, rng):
    """Yield arrays of all rows, in a random order, some at a time; the last few are left out."""
    pixels, labels = arrays(rows)
    order = rng.sample(range(len(rows)), len(rows))
    for start in range(0, len(rows) - BATCH + 1, BATCH):
        chosen = order[start : start + BATCH]
        yield pixels[chosen], labels[chosen]


def accuracy(layers, rows):
    """Return the share of rows whose digit gets the highest score; computed in plain Python."""
    right = 0
    for pixels, digit in rows:
        found = scores(layers, pixels)
        right += found.index(max(found)) == digit
    return right / len(rows)


# -- the command ---------------------------------------------------------------------------------


def train(state, rows, epochs, take_step, rng):
    """Return the state after so many epochs, and the loss of each step."""
    steps, losses = epochs * (len(rows) // BATCH), []
    with Progress(steps, "learning") as progress:
        for epoch in range(epochs):
            for pixels, labels in batches(rows, rng):
                rate = LEARNING_RATE * (1 - len(losses) / steps)
                loss, state = take_step(state, pixels, labels, rate)
                losses.append(loss)
                progress.update(len(losses), f"epoch {epoch + 1}, loss {figure(loss)}")
    return state, losses


def main():
    """Train, and print how many digits of the other pictures are read."""
    options = parser().parse_args()
    rng = Random(options.seed)
    learned_from, tested_on = split(rng)
    stopwatch = Stopwatch(step, eager=options.eager)
    state = first_state(rng)
    if not options.eager:
        state = pack(state)
    state, losses = train(state, learned_from, options.epochs, stopwatch, rng)
    share = accuracy(unpack(state)["layers"], tested_on)
    if options.json:
        record = {"steps": len(losses), "losses": losses, **stopwatch.report(), "accuracy": share}
        print(json.dumps(record))
        return
    print(stopwatch)
    print(f"{share:.1%} of {len(tested_on)} pictures that it has never seen are read right")


def parser():
    """Return the reader of the command line."""
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0], allow_abbrev=False)
    add = reader.add_argument
    add("--epochs", metavar="N", type=at_least_one, default=EPOCHS, help=f"rounds ({EPOCHS})")
    add("--seed", metavar="N", type=whole_number, default=SEED, help=f"of all random ({SEED})")
    add("--eager", action="store_true", help="run the functions as they stand, not compiled")
    add("--json", action="store_true", help="print the results as one line of JSON")
    return reader


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
