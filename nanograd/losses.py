"""Losses: how far what a model gives is from what it should give, larger where it is worse.

Meanings are PyTorch's, for one example at a time: the mean over many is `mean`.
"""

import math
from collections.abc import Iterable
from operator import index
from typing import Any, SupportsIndex

from .errors import short
from .functions import relu, softplus
from .nanograd import power
from .real import NumberLike, is_real
from .reductions import constant_max, dot, is_recorded, logsumexp, operand

#: How far from 1 probabilities may sum: as far as single precision puts them.
SUM_TOLERANCE = 1e-6


def binary_cross_entropy_with_logits(logit: Any, target: Any) -> Any:
    """Return −target · ln σ(logit) − (1 − target) · ln(1 − σ(logit)), stable at any logit.

    The target is the probability of "yes", from 0 to 1; one outside is a ValueError. Of the two
    terms, softplus(−logit) and softplus(logit), none cancels the other: digits are never lost.

    >>> binary_cross_entropy_with_logits(0.0, 1.0)
    0.6931471805599453
    >>> binary_cross_entropy_with_logits(-1000.0, 1.0)
    1000.0
    """
    if has_number(target) and not 0.0 <= target <= 1.0:
        raise ValueError(
            "binary_cross_entropy_with_logits: target must be from 0 to 1, the probability of yes; "
            f"it was given {short(target)}. For targets −1 and 1 write (target + 1) / 2."
        )
    logit, target = number_of(logit), number_of(target)
    return target * softplus(-logit) + (1.0 - target) * softplus(logit)


def cross_entropy(logits: Iterable[Any], target: Any) -> Any:
    """Return −ln softmax(logits)[target], or its mean by the probabilities in `target`.

    `target` is the index of the right class, or a sequence of as many probabilities as there are
    logits. An index out of range, a negative one too, and probabilities that do not sum to 1 are a
    ValueError. Accurate at any logits: the largest is subtracted from all, as in `softmax`.

    >>> cross_entropy([0.0, 0.0], 1)
    0.6931471805599453
    >>> cross_entropy([1000.0, -1000.0], [0.25, 0.75])
    1500.0
    """
    if not isinstance(logits, Iterable):
        raise TypeError(
            "cross_entropy takes a sequence of logits, one for each class; it was given "
            f"{short(logits)}. For a single one there is binary_cross_entropy_with_logits."
        )
    logits = tuple(logits)
    largest = constant_max(logits) if logits else 0.0
    logits = tuple(operand(logit) - largest for logit in logits)
    total = logsumexp(logits)
    if isinstance(target, Iterable):
        return dot(probabilities(target, len(logits)), [total - logit for logit in logits])
    return total - logits[class_index(target, len(logits))]


def mse_loss(predictions: Any, targets: Any) -> Any:
    """Return the mean of (prediction − target)² over two sequences, or of two single numbers.

    Sequences of different lengths, or of none, are a ValueError; nothing is stretched to fit.

    >>> mse_loss([1.0, 2.0], [1.0, 4.0]), mse_loss(1.0, 4.0)
    (2.0, 9.0)
    """
    many, others = isinstance(predictions, Iterable), isinstance(targets, Iterable)
    if many != others:
        raise TypeError(
            "mse_loss takes two sequences or two single numbers; it was given "
            f"{short(predictions)} and {short(targets)}. The output of an MLP is a list, "
            "also if it is one: take its element, or put the target into a list."
        )
    if not many:
        return power(number_of(predictions) - number_of(targets), 2)
    predictions, targets = tuple(predictions), tuple(targets)
    if len(predictions) != len(targets) or not targets:
        raise ValueError(
            "mse_loss needs as many predictions as targets, and one or more; "
            f"it was given {len(predictions)} and {len(targets)}"
        )
    pairs = zip(predictions, targets, strict=True)
    errors = [number_of(prediction) - number_of(target) for prediction, target in pairs]
    return dot(errors, errors) / len(errors)


def hinge_loss(score: Any, target: Any) -> Any:
    """Return max(0, 1 − target · score) for a target of −1 or 1; any other is a ValueError.

    0 where the score is on the target's side by 1 or more (Cortes & Vapnik 1995). The slope at
    that corner is 0.

    >>> hinge_loss(0.25, 1), hinge_loss(0.25, -1), hinge_loss(3.0, 1)
    (0.75, 1.25, 0.0)
    """
    if has_number(target) and target not in (-1.0, 1.0):
        raise ValueError(
            f"hinge_loss: target must be −1 or 1; it was given {short(target)}. "
            "For targets 0 and 1 write 2 * target - 1."
        )
    return relu(1.0 - number_of(target) * number_of(score))


def has_number(x: object) -> bool:
    """Return whether x can be compared now: a number or a Value, not a part of a recording."""
    return is_real(x) or (isinstance(x, NumberLike) and not is_recorded(x))


def number_of(x: Any) -> Any:
    """Return x as an operand, unless it is a sequence: a model's output where one is due."""
    if isinstance(x, Iterable):
        raise TypeError(
            f"a loss takes a single number here; it was given {short(x)}. The output of an MLP is "
            "a list, also if it is one: take its element, as in (logit,) = model(inputs)."
        )
    return operand(x)


def class_index(target: object, n_classes: int) -> int:
    """Return the target as an index of one of n classes, if it is one."""
    if not isinstance(target, SupportsIndex):
        raise TypeError(
            "cross_entropy: target must be a class index, a whole number, or a sequence of "
            f"probabilities; it was given {short(target)}"
        )
    if not 0 <= index(target) < n_classes:
        raise ValueError(
            f"cross_entropy: with {n_classes} logits target must be an index from 0 to "
            f"{n_classes - 1}; it was given {short(target)}"
        )
    return index(target)


def probabilities(target: Iterable[Any], n_classes: int) -> tuple[Any, ...]:
    """Return the target as probabilities of n classes, if it can be that."""
    found = tuple(target)
    if len(found) != n_classes:
        raise ValueError(
            f"cross_entropy needs as many probabilities as logits; "
            f"it was given {len(found)} and {n_classes}"
        )
    if all(map(has_number, found)):
        numbers = [p.data if isinstance(p, NumberLike) else float(p) for p in found]
        if min(numbers) < 0.0 or not abs(math.fsum(numbers) - 1.0) <= SUM_TOLERANCE:
            raise ValueError(
                "cross_entropy: probabilities must be 0 or more and sum to 1; "
                f"it was given {short(found)}. Divide them by their sum."
            )
    return found
