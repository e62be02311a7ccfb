"""Model files: JSON with all that a prediction needs, every part checked when it is read.

Reading runs nothing of what a file says and builds nothing before its sizes are known to fit, so a
damaged or a hostile file is a `DataError` and no more.
"""

import json
import random
from typing import Any, TypeVar

from ..atomic import write_whole
from ..errors import DataError, short
from .cells import LARGEST
from .encoding import ClassTarget, Column, NumberColumn, NumberTarget, Target, TextColumn
from .model import Model, new_network, parameter_count
from .table import read_bytes

FORMAT, VERSION = "nanograd tabular model", 1
MOST_DIGITS = 500

Kind = TypeVar("Kind")


def save_model(model: Model, path: str) -> None:
    """Write a model to a file, which holds either what it held before or the whole model."""
    record = {
        "format": FORMAT,
        "version": VERSION,
        "target": target_record(model.target),
        "columns": [column_record(column) for column in model.columns],
        "imputes": model.imputes,
        "hidden": list(model.hidden),
        "weights": model.network.state_dict(),
    }
    write_whole(path, json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def load_model(path: str) -> Model:
    """Return the model in a file; anything but a model that `save_model` wrote is a `DataError`."""
    content = read_bytes(path)
    try:
        text = content.decode("utf-8")
        return model_in(json.loads(text, parse_constant=refuse_constant, parse_int=whole_number))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        reason: object = "it is not JSON"
    except DataError as error:
        reason = error
    raise DataError(f"{path} is not a model that nanograd train saved: {reason}")


def refuse_constant(name: str) -> float:
    """Raise a `DataError`: NaN and infinities are not JSON, and no part of a model."""
    raise DataError(f"it holds {name}")


def whole_number(digits: str) -> int:
    """Return a whole number, or raise a `DataError` for one that is longer than any in a model."""
    if len(digits) > MOST_DIGITS:
        raise DataError(f"it holds a number of {len(digits):,} digits")
    return int(digits)


# -- columns and target ----------------------------------------------------------------------


def column_record(column: Column) -> dict[str, Any]:
    """Return a column as a file has it."""
    if isinstance(column, NumberColumn):
        return {"kind": "number", "name": column.name, "mean": column.mean, "scale": column.scale}
    categories = list(column.categories)
    return {"kind": "text", "name": column.name, "categories": categories, "fill": column.fill}


def column_in(record: Any) -> Column:
    """Return the column that a part of a file describes."""
    name, kind = part(record, "name", str), part(record, "kind", str)
    if kind == "number":
        return NumberColumn(name, *mean_and_scale_in(record))
    if kind != "text":
        raise DataError(f"its column {short(name)} must be of number or text; it is {short(kind)}")
    categories, fill = names_in(record, "categories"), part(record, "fill", str)
    if fill not in categories:
        raise DataError(f"its column {short(name)} fills in {short(fill)}, which it does not know")
    return TextColumn(name, categories, fill)


def target_record(target: Target) -> dict[str, Any]:
    """Return a target as a file has it."""
    if isinstance(target, ClassTarget):
        classes = {"classes": list(target.classes), "numeric": target.numeric}
        return {"task": "classify", "name": target.name, **classes}
    return {"task": "regress", "name": target.name, "mean": target.mean, "scale": target.scale}


def target_in(record: Any) -> Target:
    """Return the target that a part of a file describes."""
    name, task = part(record, "name", str), part(record, "task", str)
    if task == "classify":
        return ClassTarget(name, names_in(record, "classes"), part(record, "numeric", bool))
    if task == "regress":
        return NumberTarget(name, *mean_and_scale_in(record))
    raise DataError(f"its task must be classify or regress; it is {short(task)}")


# -- the whole -------------------------------------------------------------------------------


def model_in(record: Any) -> Model:
    """Return the model that a decoded file describes."""
    if type(record) is not dict or record.get("format") != FORMAT:
        raise DataError(f"its format must be {FORMAT!r}")
    if part(record, "version", int) != VERSION:
        raise DataError(f"its version is {record['version']}; this nanograd reads {VERSION}")
    target = target_in(part(record, "target", dict))
    columns = [column_in(column) for column in part(record, "columns", list)]
    names = [target.name, *(column.name for column in columns)]
    if not columns or len(set(names)) < len(names):
        raise DataError("its columns must be one or more, each with a name of its own")
    hidden = tuple(part(record, "hidden", list))
    if not all(type(width) is int and width > 0 for width in hidden):
        raise DataError(f"its hidden layers must have widths above 0; they are {short(hidden)}")
    weights = part(record, "weights", dict)
    wanted = parameter_count([sum(c.width for c in columns), *hidden, target.width])
    if len(weights) != wanted:
        raise DataError(f"its layers need {wanted:,} weights; it holds {len(weights):,}")
    network = new_network(columns, hidden, target, random.Random(0))  # noqa: S311 - all replaced
    network.load_state_dict({name: number_in(weights, name) for name in weights})
    return Model(columns, target, part(record, "imputes", bool), hidden, network)


# -- parts -----------------------------------------------------------------------------------


def part(record: Any, name: str, kind: type[Kind]) -> Kind:
    """Return a part of a record, if it is there and of this kind; a bool is not an int."""
    found = record.get(name) if type(record) is dict else None
    if type(found) is not kind:
        raise DataError(f"its {short(name)} must be of type {kind.__name__}; it is {short(found)}")
    if isinstance(found, str) and not is_unicode(found):
        raise DataError(f"its {short(name)} is not Unicode text")
    return found


def number_in(record: Any, name: str) -> float:
    """Return a part of a record that is a number no larger than cells may be."""
    found = record.get(name)
    if type(found) not in (int, float) or not abs(found) <= LARGEST:
        raise DataError(
            f"its {short(name)} must be a number of size {LARGEST:g} or less; it is {short(found)}"
        )
    return float(found)


def mean_and_scale_in(record: Any) -> tuple[float, float]:
    """Return the parts `mean` and `scale`, a number and one above 0."""
    mean, scale = number_in(record, "mean"), number_in(record, "scale")
    if not scale * LARGEST >= 1.0:
        raise DataError(f"its scale must be above 0; it is {scale!r}")
    return mean, scale


def names_in(record: Any, name: str) -> tuple[str, ...]:
    """Return a part that is a list of two or more different texts."""
    found = part(record, name, list)
    if not all(type(text) is str and is_unicode(text) for text in found):
        raise DataError(f"its {name} must be texts")
    if len(found) < 2 or len(set(found)) < len(found):
        raise DataError(f"its {name} must be two or more, and different; they are {short(found)}")
    return tuple(found)


def is_unicode(text: str) -> bool:
    """Return whether a text can be written as UTF-8: JSON can hold halves of characters."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
