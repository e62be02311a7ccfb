"""What a model says of rows, beside what is true: the score, and the pairs that it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from .cells import finite_number, is_missing
from .encoding import ClassTarget
from .model import Model, Prediction
from .scores import Scores, class_scores, confusion_matrix, number_scores
from .table import Table


@dataclass(frozen=True)
class Assessment:
    """The scores of some rows, and for a classifier the classes of the model and of the rows."""

    rows: int
    scores: Scores
    classes: tuple[str, ...] = ()
    truth: tuple[str, ...] = ()
    predicted: tuple[str, ...] = ()

    def record(self) -> dict[str, object]:
        """Return it ready for JSON, with the confusion matrix of a classifier."""
        record: dict[str, object] = {"rows": self.rows, **self.scores}
        if self.classes:
            record["classes"] = list(self.classes)
            record["confusion"] = confusion_matrix(self.truth, self.predicted, self.classes)
        return record


def assess(
    model: Model, table: Table, rows: Sequence[int], predictions: Sequence[Prediction | None]
) -> Assessment:
    """Return the scores of those rows that have both a prediction and a target."""
    target = model.target
    known = []
    answers = []
    for row, prediction in zip(rows, predictions, strict=True):
        if prediction is not None and not is_missing(table.cell(row, target.name)):
            known.append(row)
            answers.append(prediction.answer)
    if isinstance(target, ClassTarget):
        truth = tuple(target.label(table, row) for row in known)
        unknown = sorted(set(truth) - set(target.classes))
        classes = (*target.classes, *unknown)
        predicted = tuple(map(str, answers))
        scores = class_scores(truth, predicted)
        return Assessment(len(known), scores, classes, truth, predicted)
    numbers = [finite_number(table, row, target.name) for row in known]
    scores = number_scores(numbers, list(map(float, answers)))
    return Assessment(len(known), scores)
