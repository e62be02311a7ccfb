"""A training in a file of JSON: saved whole or not at all, and checked when it is read."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nanograd import unpack
from nanograd.atomic import write_whole
from nanograd.errors import DataError, short


@dataclass(frozen=True)
class Training:
    """A training as it stands: how long it is to be, its seed, the loss of each step, the state."""

    steps: int
    seed: int
    losses: list[float]
    state: Any


def write(file, training):
    """Save a training."""
    record = {name: getattr(training, name) for name in ("steps", "seed", "losses")}
    write_whole(file, json.dumps(record | {"state": unpack(training.state)}))


def read(file, first_state):
    """Return the training in a file; one whose state is not nested as `first_state` is an error."""
    try:
        record = json.loads(Path(file).read_text(encoding="utf-8"))
        return training_in(record, first_state)
    except OSError as problem:
        raise DataError(f"{file} cannot be read: {problem.strerror}") from None
    except RecursionError:
        raise DataError(f"{file} is not a checkpoint: it is nested too deeply") from None
    except ValueError as problem:  # not UTF-8, not JSON, or not what a checkpoint holds
        raise DataError(f"{file} is not a checkpoint, or is damaged: {problem}") from None


def training_in(record, first_state):
    """Return the training that a record describes; a ValueError says what is wrong with it."""
    parts = Training.__annotations__
    if not isinstance(record, dict) or record.keys() != parts.keys():
        raise ValueError(f"it must have the parts {', '.join(parts)}, and no others")
    steps, seed, losses, state = (record[name] for name in parts)
    if type(steps) is not int or type(seed) is not int or steps < 1:
        raise ValueError(f"its steps, {short(steps)}, and seed, {short(seed)}, must be whole")
    if not isinstance(losses, list) or len(losses) > steps:
        raise ValueError(f"its losses must be a list, of {steps} numbers at most")
    check_alike(losses, [0.0] * len(losses), "losses")
    check_alike(state, first_state, "state")
    return Training(steps, seed, losses, state)


def check_alike(found, wanted, place):
    """Raise a ValueError unless finite numbers are nested as others are."""
    if isinstance(wanted, dict):
        if not isinstance(found, dict) or found.keys() != wanted.keys():
            raise ValueError(f"its {place} must have the parts {', '.join(wanted)}")
        for name, part in wanted.items():
            check_alike(found[name], part, f"{place}.{name}")
    elif isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            raise ValueError(f"its {place} must be a list of {len(wanted)}")
        for i, part in enumerate(wanted):
            check_alike(found[i], part, f"{place}[{i}]")
    elif type(found) not in (int, float) or not math.isfinite(found):
        raise ValueError(f"its {place} must be a finite number; it is {short(found)}")
