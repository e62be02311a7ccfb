"""The loop: mini-batches, one loss for each row, the chain rule, a step of Adam."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..collector import collector_paused
from ..errors import DataError, DomainError
from ..nn import MLP, cross_entropy
from ..optim import Adam
from ..progress import figure
from .cells import LARGEST

#: Without --epochs, rows are visited about so often in all, in a number of epochs between these.
VISITS, FEWEST_EPOCHS, MOST_EPOCHS = 25_000, 10, 200

Example = tuple[list[float], float]
Loss = Callable[[Sequence[Any], Any], Any]


@dataclass(frozen=True)
class Plan:
    """How to train. A `batch` of None is all the rows at once."""

    epochs: int
    batch: int | None = 32
    lr: float = 0.01
    seed: int = 0


@dataclass
class History:
    """What came of a training: the mean loss of each epoch, and whether it was interrupted."""

    losses: list[float] = field(default_factory=list)
    steps: int = 0
    interrupted: bool = False
    elapsed_s: float = 0.0


def default_epochs(rows: int) -> int:
    """Return how many epochs a training part of so many rows gets if nothing else is wished.

    >>> default_epochs(10), default_epochs(250), default_epochs(100_000)
    (200, 100, 10)
    """
    return max(FEWEST_EPOCHS, min(MOST_EPOCHS, VISITS // rows))


def loss_for(task: str) -> Loss:
    """Return the loss of one row: of its logits and its class, or of its output and its number."""
    return cross_entropy if task == "classify" else squared_error


def squared_error(outputs: Sequence[Any], target: float) -> Any:
    """Return (output − target)² of a network with one output."""
    return (outputs[0] - target) ** 2


def train(
    network: MLP,
    loss_of: Loss,
    examples: Sequence[Example],
    plan: Plan,
    tell: Callable[[int, str], None],
) -> History:
    """Train the network's parameters in place, and return the history.

    After each step `tell` is given the number of steps taken and a few words. Ctrl-C ends the
    training early, with the parameters as they are then. One that diverges is a `DataError`.
    """
    history, begin = History(), time.perf_counter()
    optimizer = Adam(network.parameters(), lr=plan.lr)
    rng = random.Random(f"batches {plan.seed}")  # noqa: S311 - nothing secret is drawn
    try:
        with collector_paused():
            for epoch in range(plan.epochs):
                optimizer.lr = plan.lr * (1.0 - epoch / plan.epochs)
                total, seen = 0.0, 0
                for batch in batches(examples, plan.batch, rng):
                    total += step(network, loss_of, batch, optimizer)
                    seen += len(batch)
                    history.steps += 1
                    tell(history.steps, f"epoch {epoch + 1}, loss {figure(total / seen)}")
                history.losses.append(total / seen)
    except KeyboardInterrupt:
        history.interrupted = True
    except DomainError:
        raise diverged(len(history.losses) + 1, plan) from None
    if any(abs(parameter.data) > LARGEST for parameter in network.parameters()):
        raise diverged(len(history.losses), plan)
    history.elapsed_s = time.perf_counter() - begin
    return history


def step(network: MLP, loss_of: Loss, batch: Sequence[Example], optimizer: Adam) -> float:
    """Take one step down the mean loss of a batch, and return the sum of its losses before it."""
    optimizer.zero_grad()
    total = 0.0
    for inputs, target in batch:  # one by one: a row's graph is gone before the next is built
        loss = loss_of(network(inputs), target)
        loss.backward(1.0 / len(batch))
        total += loss.data
    optimizer.step()
    return total


def diverged(epoch: int, plan: Plan) -> DataError:
    """Return the error for numbers that grew beyond all bounds."""
    return DataError(
        f"the training diverged in epoch {epoch}; give a smaller rate than --lr {plan.lr:g}"
    )


def batches(
    examples: Sequence[Example], size: int | None, rng: random.Random
) -> Iterator[Sequence[Example]]:
    """Yield all the examples once, in a random order, `size` at a time; None is all at once."""
    if size is None:
        yield examples
        return
    order = rng.sample(range(len(examples)), len(examples))
    for start in range(0, len(order), size):
        yield [examples[index] for index in order[start : start + size]]
