"""How good predictions are: accuracy and the confusion matrix of classes, the errors of numbers.

A score that does not exist (R² of one row, or of rows that are all the same) is None.
"""

import math
from collections import Counter
from collections.abc import Sequence

from .cells import LARGEST

Scores = dict[str, float | None]


def class_scores(truth: Sequence[str], predicted: Sequence[str]) -> Scores:
    """Return the accuracy, and as a baseline that of naming the most frequent class of these rows.

    Accuracy is the share of rows whose class is predicted right.

    >>> class_scores(["a", "b", "b", "b"], ["a", "a", "b", "a"])
    {'accuracy': 0.5, 'baseline': 0.75}
    """
    if not truth:
        return {"accuracy": None, "baseline": None}
    pairs = zip(truth, predicted, strict=True)
    right = sum(a == b for a, b in pairs)
    most = max(Counter(truth).values())
    return {
        "accuracy": right / len(truth),
        "baseline": most / len(truth),
    }


def number_scores(truth: Sequence[float], predicted: Sequence[float]) -> Scores:
    """Return R², and the root mean square and the mean absolute error in the target's unit.

    R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)²: 1 is perfect, 0 no better than the mean ȳ of these rows.

    >>> number_scores([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    {'r2': 1.0, 'rmse': 0.0, 'mae': 0.0}
    """
    if not truth:
        return {"r2": None, "rmse": None, "mae": None}
    rows = len(truth)
    errors = [y - guess for y, guess in zip(truth, predicted, strict=True)]
    mean = math.fsum(truth) / rows
    error = math.hypot(*errors)
    spread = math.hypot(*(y - mean for y in truth))
    ratio = error / spread if spread else math.inf
    return {
        "r2": 1.0 - ratio * ratio if ratio < LARGEST else None,
        "rmse": error / math.sqrt(rows),
        "mae": math.fsum(map(abs, errors)) / rows,
    }


def confusion_matrix(
    truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]
) -> list[list[int]]:
    """Return how many rows of class i were predicted as class j, in row i and column j.

    >>> confusion_matrix(["a", "a", "b"], ["a", "b", "b"], ["a", "b"])
    [[1, 1], [0, 1]]
    """
    counts = Counter(zip(truth, predicted, strict=True))
    return [
        [counts[row, column] for column in classes]  # one row of the matrix
        for row in classes
    ]
