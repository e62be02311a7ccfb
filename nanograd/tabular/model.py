"""A trained model: how it reads a table, the network in the middle, and what its outputs mean."""

import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..errors import DataError, DomainError
from ..modes import no_grad
from ..nn import MLP
from ..reductions import softmax
from .cells import LARGEST, is_missing
from .encoding import ClassTarget, Column, Target
from .preparation import Prepared, encode_row
from .table import Table

ACTIVATION = "tanh"
MOST_PARAMETERS = 1_000_000  # one row takes a second then


@dataclass(frozen=True)
class Prediction:
    """What a model says of a row: its class and how probable each is, or its number."""

    answer: str | float
    probabilities: tuple[float, ...] = ()

    @property
    def probability(self) -> float:
        """How probable the model takes its answer to be."""
        return max(self.probabilities)

    @property
    def is_bounded(self) -> bool:
        """Whether its numbers are, so that scores can be computed."""
        return all(abs(x) <= LARGEST for x in self.probabilities or [float(self.answer)])


@dataclass(frozen=True)
class Model:
    """All that is needed to predict. `hidden` is the width of each hidden layer."""

    columns: list[Column]
    target: Target
    imputes: bool  # rows with a missing cell are predicted too
    hidden: tuple[int, ...]
    network: MLP

    def predict(self, table: Table, rows: Sequence[int]) -> list[Prediction | None]:
        """Return what the model says of each row; None where a cell is missing and not imputed."""
        with no_grad():
            return [self.checked(table, row) if self.reads(table, row) else None for row in rows]

    def reads(self, table: Table, row: int) -> bool:
        """Return whether a row has all the cells that the model needs."""
        cells = (table.cell(row, column.name) for column in self.columns)
        return self.imputes or not any(map(is_missing, cells))

    def checked(self, table: Table, row: int) -> Prediction:
        """Return what the model says of one row; what is beyond all bounds is a `DataError`."""
        with contextlib.suppress(DomainError):
            prediction = self.predict_row(table, row)
            if prediction.is_bounded:
                return prediction
        raise DataError(
            f"{table.path}, line {table.lines[row]}: the prediction grows beyond all bounds; the "
            "row is too far from those that the model was trained on, or the model is damaged"
        )

    def predict_row(self, table: Table, row: int) -> Prediction:
        """Return what the model says of one row, missing cells filled."""
        outputs = [output.data for output in self.network(encode_row(self.columns, table, row))]
        if isinstance(self.target, ClassTarget):
            probabilities = tuple(softmax(outputs))
            best = probabilities.index(max(probabilities))
            return Prediction(self.target.classes[best], probabilities)
        return Prediction(self.target.mean + self.target.scale * outputs[0])


def new_model(prepared: Prepared, imputes: bool, hidden: Sequence[int], seed: int) -> Model:
    """Return a model whose network knows nothing yet: its weights are drawn by the seed.

    One with more parameters than can be trained one by one is a `DataError`.
    """
    widths = [sum(column.width for column in prepared.columns), *hidden, prepared.target.width]
    if (count := parameter_count(widths)) > MOST_PARAMETERS:
        raise DataError(
            f"a network of {count:,} parameters is too large; {MOST_PARAMETERS:,} are the most. "
            "Give fewer neurons with --hidden, or --ignore columns of many categories."
        )
    rng = random.Random(f"weights {seed}")  # noqa: S311 - nothing secret is drawn
    network = new_network(prepared.columns, hidden, prepared.target, rng)
    return Model(prepared.columns, prepared.target, imputes, tuple(hidden), network)


def parameter_count(widths: Sequence[int]) -> int:
    """Return how many weights and biases a network has whose layers are so wide, inputs first."""
    return sum((before + 1) * after for before, after in pairwise(widths))


def new_network(
    columns: Sequence[Column], hidden: Sequence[int], target: Target, rng: random.Random
) -> MLP:
    """Return a network from these columns to this target."""
    inputs = sum(column.width for column in columns)
    return MLP(inputs, [*hidden, target.width], activation=ACTIVATION, rng=rng)
