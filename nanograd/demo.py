"""The main job: a neuron learns AND, and a derivative is told step by step."""

import random
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from .drawing.steps import narrated
from .errors import DomainError, NanogradError
from .nanograd import Value
from .progress import Progress, figure, sparkline

TRAINING_DATA = [
    ((0, 0), 0),
    ((0, 1), 0),
    ((1, 0), 0),
    ((1, 1), 1),
]

EPOCHS = 10_000
LEARNING_RATE = 0.05
SEED = 0

INDENT = "  "

VERDICTS = {
    True: "Rounded, all four are right.",
    False: "Rounded, not all four are right yet: it needs more epochs.",
}

NEXT_STEPS = [
    ("derivatives of a formula of yours:", 'grad "x**2 + sin(x)" x=1'),
    ("the same step by step in the browser:", 'steps "(x*y + 3)**2" x=2 y=3'),
    ("a value that is used twice:", 'grad "x*x + x" x=3 --steps'),
    ("other weights, and longer steps:", "--seed 7 --lr 0.5 --epochs 2000"),
    ("a network that learns from a table:", 'train "{penguins}" --target species'),
    ("all commands and options:", "--help"),
]

# -- learning --------------------------------------------------------------------------------


class Neuron:
    """Logistic regression: σ(w1·x1 + w2·x2 + b), with random weights to begin with."""

    def __init__(self, seed: int):
        chance = random.Random(seed)  # noqa: S311 - it keeps no secrets
        self.w1 = Value(chance.uniform(-1, 1), "w1")
        self.w2 = Value(chance.uniform(-1, 1), "w2")
        self.b = Value(chance.uniform(-1, 1), "b")

    def predict(self, x1: int, x2: int) -> Value:
        """Return the probability that the answer is 1."""
        y_pred: Value = (x1 * self.w1 + x2 * self.w2 + self.b).sigmoid()
        return y_pred

    def step(self, learning_rate: float) -> float:
        """Take one step down the slope of the loss, and return the loss before it."""
        loss = average_loss(self)
        loss.zero_grad()
        loss.backward()
        for weight in (self.w1, self.w2, self.b):
            weight.data -= learning_rate * weight.grad
        return loss.data


def cross_entropy(y_true: int, y_pred: Value) -> Value:
    """Return how wrong a prediction is: -ln of the probability that it gives to the truth."""
    loss: Value = -(y_true * y_pred.ln() + (1 - y_true) * (1 - y_pred).ln())
    return loss


def average_loss(neuron: Neuron) -> Value:
    """Return the mean cross-entropy over the truth table."""
    total_loss = Value(0.0)
    for (x1, x2), y_true in TRAINING_DATA:
        total_loss += cross_entropy(y_true, neuron.predict(x1, x2))
    average: Value = total_loss / len(TRAINING_DATA)
    return average


def learn(neuron: Neuron, epochs: int, learning_rate: float) -> list[float]:
    """Train the neuron, with a live line on the error stream, and return the loss of each epoch."""
    losses = []
    with Progress(epochs, "learning") as progress:
        for epoch in range(1, epochs + 1):
            try:
                losses.append(neuron.step(learning_rate))
            except DomainError as error:
                raise NanogradError(
                    f"training diverged in epoch {epoch:,}: the steps went so far that the loss is "
                    f"no longer a number. The learning rate was {learning_rate:g}; try a smaller "
                    f"one, such as {LEARNING_RATE}."
                ) from error
            progress.update(epoch, f"loss {figure(losses[-1])}")
    return losses


# -- telling ---------------------------------------------------------------------------------


def main_job(
    seed: int, epochs: int, learning_rate: float, *, command: str, blocks: str, width: int
) -> Iterator[str]:
    """Yield the lines of the story, for a terminal of this width; the neuron learns in between.

    `command` is how this program is run; `blocks` draw the curve of the loss.
    """
    neuron = Neuron(seed)
    yield from heading("A neuron learns AND")
    yield from textwrap.wrap(
        f"One neuron, σ(w1·x1 + w2·x2 + b), begins with random weights. {epochs:,} times it "
        "predicts four examples, asks backward() for the slope of its loss in every weight, and "
        f"takes a step downhill: weight - {learning_rate:g} × slope.",
        width,
    )
    losses = learn(neuron, epochs, learning_rate)
    yield ""
    yield from outcome(neuron, losses, blocks, width)
    yield from heading("The chain rule, step by step")
    yield from derivation(width)
    yield from heading("What to try next")
    for purpose, arguments in NEXT_STEPS:
        yield f"{INDENT}{purpose}"
        yield f"{INDENT * 2}{command} {arguments.format(penguins=data_set('penguins.csv'))}"


def heading(words: str) -> list[str]:
    """Return a line with the words, underlined."""
    return [words, "─" * len(words)]


def paragraph(words: str, width: int) -> list[str]:
    """Return the words in lines, and an empty line below them."""
    return [*textwrap.wrap(words, width), ""]


def outcome(neuron: Neuron, losses: Sequence[float], blocks: str, width: int) -> Iterator[str]:
    """Yield how the loss fell, what the neuron predicts now, and its weights."""
    yield "The loss, epoch by epoch:"
    yield f"{INDENT}{sparkline(losses, width - 2 * len(INDENT), blocks)}"
    yield f"{INDENT}from {figure(losses[0])} to {figure(losses[-1])}"
    yield ""
    yield "What it predicts now:"
    predictions = [neuron.predict(*inputs).data for inputs, _ in TRAINING_DATA]
    for ((x1, x2), truth), prediction in zip(TRAINING_DATA, predictions, strict=True):
        yield f"{INDENT}AND({x1}, {x2}) ≈ {prediction:.4f}    (truth: {truth})"
    yield ""
    weights = ", ".join(f"{w.name} = {w.data:.4f}" for w in (neuron.w1, neuron.w2, neuron.b))
    right = sum(round(p) == y for p, (_, y) in zip(predictions, TRAINING_DATA, strict=True))
    yield from paragraph(f"It learned {weights}. {VERDICTS[right == 4]}", width)


def derivation(width: int) -> Iterator[str]:
    """Yield the derivatives of (x·y + 3)² at x = 2, y = 3, with every step in words."""
    x = Value(2.0, "x")
    y = Value(3.0, "y")
    z = (x * y + 3) ** 2
    z.name = "z"
    z.backward()
    yield "z = (x·y + 3)² at x = 2, y = 3"
    yield ""
    yield from narrated(z, width)
    yield ""
    yield f"z = {z.data:g}, ∂z/∂x = {x.grad:g}, ∂z/∂y = {y.grad:g}"
    yield ""


def data_set(name: str) -> str:
    """Return the path of a data set of ours, as one writes it here."""
    path = Path(__file__).resolve().parent / "datasets" / name
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
