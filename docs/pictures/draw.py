"""The pictures in this folder: `python3 docs/pictures/draw.py` draws them again."""  # noqa: INP001

import random
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent.parent))

from nanograd import Value, jit  # noqa: E402
from nanograd.drawing.picture import draw  # noqa: E402
from nanograd.nn import MLP  # noqa: E402

TRUTH_TABLE = [((0, 0), 0), ((0, 1), 0), ((1, 0), 0), ((1, 1), 1)]


def product():
    """Return (x·y + 3)²."""
    x, y = Value(2.0, "x"), Value(3.0, "y")
    return named("z", (x * y + 3) ** 2)


def twice():
    """Return 4·a, of values that are used twice."""
    a = Value(3.0, "a")
    b = named("b", a + a)
    return named("c", b + b)


def and_loss(examples):
    """Return the loss of a neuron that is to learn AND, before it has learned."""
    w1, w2, b = Value(0.5, "w1"), Value(-0.3, "w2"), Value(0.1, "b")
    total = None
    for (x1_raw, x2_raw), y_raw in examples:
        x1, x2, y_true = Value(x1_raw, "x1"), Value(x2_raw, "x2"), Value(y_raw, "y_true")
        y_pred = named("y_pred", (x1 * w1 + x2 * w2 + b).sigmoid())
        loss = -(y_true * y_pred.ln() + (1 - y_true) * (1 - y_pred).ln())
        total = loss if total is None else total + loss
    return named("loss", total if len(examples) == 1 else total / len(examples))


def network():
    """Return what a network of two inputs, four hidden neurons and one output gives."""
    (output,) = MLP(2, [4, 1], rng=random.Random(3))([Value(1.0, "x1"), Value(-1.0, "x2")])  # noqa: S311
    return named("y", output)


def named(name, value):
    """Give a value a name, and return it."""
    value.name = name
    return value


# -- microgpt --------------------------------------------------------------------------------

EMBEDDING, HEADS, HIDDEN, LETTERS = 16, 4, 64, 27


def microgpt():
    """Return the loss of one layer of a transformer at the third letter of a word."""
    return named("loss", loss_at_third(weights(), softmax))


def microgpt_rolled():
    """Return the same loss as the compiler sees it, which knows no largest logit beforehand."""
    numbers = {name: [[w.data for w in row] for row in rows] for name, rows in weights().items()}

    def loss(w):
        return loss_at_third(w, plain_softmax)

    return jit(loss).lower(numbers)


def weights():
    """Return random weights."""
    rng = random.Random(0)  # noqa: S311
    shapes = {
        "wte": (LETTERS, EMBEDDING),
        "wpe": (3, EMBEDDING),
        "wq": (EMBEDDING, EMBEDDING),
        "wk": (EMBEDDING, EMBEDDING),
        "wv": (EMBEDDING, EMBEDDING),
        "wo": (EMBEDDING, EMBEDDING),
        "fc1": (HIDDEN, EMBEDDING),
        "fc2": (EMBEDDING, HIDDEN),
        "lm_head": (LETTERS, EMBEDDING),
    }
    return {name: matrix(name, *shape, rng) for name, shape in shapes.items()}


def loss_at_third(weights, softmax):
    """Return the loss at the third letter."""
    keys, values = [], []
    for position, letter in enumerate([0, 5, 13]):
        logits = transformer(weights, letter, position, keys, values, softmax)
    return -softmax(logits)[1].ln()


def matrix(name, rows, columns, rng):
    """Return a matrix of random weights."""
    return [
        [Value(rng.gauss(0, 0.2), f"{name}[{i}][{j}]") for j in range(columns)] for i in range(rows)
    ]


def transformer(weights, letter, position, keys, values, softmax):
    """Return the logits of the next letter; the keys and values of this position are kept."""
    x = add(weights["wte"][letter], weights["wpe"][position])
    x = residual = rmsnorm(x)
    x = rmsnorm(x)
    query = linear(x, weights["wq"])
    keys.append(linear(x, weights["wk"]))
    values.append(linear(x, weights["wv"]))
    x = residual = add(linear(attention(query, keys, values, softmax), weights["wo"]), residual)
    x = [y.relu() for y in linear(rmsnorm(x), weights["fc1"])]
    return linear(add(linear(x, weights["fc2"]), residual), weights["lm_head"])


def attention(query, keys, values, softmax):
    """Return the means of the values, by how well their keys fit the query, head by head."""
    size = EMBEDDING // HEADS
    out = []
    for start in range(0, EMBEDDING, size):
        head = slice(start, start + size)
        fits = [dot(query[head], key[head]) / size**0.5 for key in keys]
        shares = softmax(fits)
        out += [dot(shares, column) for column in zip(*(v[head] for v in values), strict=True)]
    return out


def linear(x, weights):
    """Return the product of a matrix and a vector."""
    return [dot(row, x) for row in weights]


def dot(xs, ys):
    """Return the scalar product."""
    return sum(x * y for x, y in zip(xs, ys, strict=True))


def add(xs, ys):
    """Return the sum of two vectors."""
    return [x + y for x, y in zip(xs, ys, strict=True)]


def rmsnorm(x):
    """Return a vector of the same direction whose mean square is 1."""
    scale = (dot(x, x) / len(x) + 1e-5) ** -0.5
    return [y * scale for y in x]


def softmax(logits):
    """Return probabilities."""
    largest = max(y.data for y in logits)
    return shares([(x - largest).exp() for x in logits])


def plain_softmax(logits):
    """Return the same for logits that are not large."""
    return shares([x.exp() for x in logits])


def shares(powers):
    """Return powers divided by their sum."""
    total = sum(powers)
    return [power / total for power in powers]


# -- what compiler.md computes ---------------------------------------------------------------


def network_rolled():
    """Return the step of the network in compiler.md, whose first block of code is run."""
    text = (FOLDER.parent / "compiler.md").read_text(encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[1]
    names = {}
    exec(code, names)  # noqa: S102
    return jit(names["step"]).lower(*names["arguments"](4, 8))


# -- files -----------------------------------------------------------------------------------

PICTURES = {
    "product.svg": product,
    "twice.svg": twice,
    "and-one-example.svg": lambda: and_loss(TRUTH_TABLE[-1:]),
    "and-four-examples.svg": lambda: and_loss(TRUTH_TABLE),
    "network.svg": network,
    "microgpt.svg": microgpt,
}


ROLLED = {
    "network-rolled.svg": network_rolled,
    "microgpt-rolled.svg": microgpt_rolled,
}


def pictures():
    """Yield the name of each file, and what belongs into it."""
    for name, lower in ROLLED.items():
        yield name, lower().draw().svg
    for name, make in PICTURES.items():
        yield name, draw(make()).svg
    yield "product-animated.svg", draw(product()).animated


if __name__ == "__main__":
    for name, text in pictures():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"{name}: {len(text):,} characters")  # noqa: T201
