"""What can go wrong, and how it is said: what is required, what was given, what to do.

NanogradError
├── DomainError (ValueError)          an operation where it has no finite value or slope
├── DeclarationError (TypeError)      an @operation whose rule does not fit its function
├── GradientError (AssertionError)    a derivative that check_grad found to be wrong
├── StaleError (RuntimeError)         data changed after the forward pass whose derivative is wanted
├── TraceError (TypeError)            what a function cannot do while it is recorded as a program
├── ProgramError (ValueError)         a program, or its text, that is not well formed
├── ConvergenceError (RuntimeError)   a search for a solution that came to no end
└── DataError (ValueError)            a table, a formula or a model file that cannot be used

Every exception is also the builtin that it resembles, so `except ValueError` keeps its meaning.
"""

import inspect
import math
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from .birth import Birth, is_value
from .labels import LINES, current_line
from .modes import is_on


class NanogradError(Exception):
    """The parent of every exception that nanograd raises on its own account."""


class DomainError(NanogradError, ValueError):
    """An operation was applied to finite operands where it has no finite value or slope.

    `birth` tells which, and the path to it from an input; `show()` opens the step-through on it.
    """

    birth: Birth | None = None


class DeclarationError(NanogradError, TypeError):
    """The rule for the partial derivatives does not fit the function that it decorates."""


class GradientError(NanogradError, AssertionError):
    """A rule for partial derivatives gives other slopes than the numbers do."""


class StaleError(NanogradError, RuntimeError):
    """A value's data was changed after the forward pass whose derivative is wanted."""


class TraceError(NanogradError, TypeError):
    """A function does what cannot be recorded: it asks for a number that is not known yet."""


class ProgramError(NanogradError, ValueError):
    """A program, or the text of one, is not well formed."""


class ConvergenceError(NanogradError, RuntimeError):
    """A search for the solution of an equation came to no end, or the equation has none nearby."""


class DataError(NanogradError, ValueError):
    """A table, a formula or a model file cannot be used as it is."""


# -- showing what was given ------------------------------------------------------------------


def short(thing: object) -> str:
    """Return the thing as one short piece of text, however long it is.

    >>> short("a" * 1000)
    "'aaaaaaaaaaaa...aaaaaaaaaaaaa'"
    """
    return reprlib.repr(thing)


def with_type(thing: object) -> str:
    """Return the thing as short text, with its type.

    >>> with_type("2")
    "'2', of type str"
    """
    return f"{short(thing)}, of type {type(thing).__name__}"


def described(operand: Any) -> str:
    """Return an operand's number, with its name and the line that made it where they are known."""
    if not is_value(operand):
        return short(operand)
    name = f"the value named {short(operand.name)}" if operand.name else ""
    line = f"made at {LINES[operand]}" if operand in LINES else ""
    facts = ", ".join(filter(None, (name, line)))
    return short(operand.data) + (f" ({facts})" if facts else "")


def given(op: Any, operands: Sequence[Any], most: int = 4) -> str:
    """Return the operands as a message shows them: `x = -0.5 (the value named 'loss')`."""
    names = op.parameters
    if len(names) < len(operands):
        *names, many = names
        names = [*names, *[f"{many}[{i}]" for i in range(len(operands) - len(names))]]
    pairs = zip(names[:most], operands[:most], strict=True)
    shown = ", ".join(f"{name} = {described(x)}" for name, x in pairs)
    return shown + (f", … ({len(operands)} operands)" if len(operands) > most else "")


def spelled(op: Any) -> str:
    """Return an operation as it is written: `x / y` or `log(x)`."""
    between = len(op.parameters) == 2 and not op.symbol[0].isalpha()
    joined = (f" {op.symbol} " if between else ", ").join(op.parameters)
    return joined if between else f"{op.name}({joined})"


# -- evaluating ------------------------------------------------------------------------------


def no_finite_value(
    op: Any, operands: Sequence[Any], numbers: Sequence[float], out: float
) -> DomainError:
    """Return the error for an operation that gave `out`, inf or nan, on these numbers."""
    if math.isnan(out) or (op.domain and 0.0 in numbers):
        required = f"{op} is defined for {op.domain or 'operands with a finite result'}"
        remedy = "Keep its operands inside, for example with maximum, clip or a small constant"
    else:
        required = f"{op} must stay below 1.8e308, the largest float"
        remedy = "Rescale its operands, or use a form that cannot overflow, such as logsumexp"
    line = current_line() if is_on("debug") else None
    at = f" at {line}" if line else ""
    message = f"{required}; it was given {given(op, operands)}{at}. {remedy}."
    return born(message, Birth(op, operands, line=line))


def born(message: str, birth: Birth) -> DomainError:
    """Return an error that knows where the number was born; inside a `debug` block it tells."""
    path = f" Path from the inputs: {birth}." if is_on("debug") and birth.path else ""
    error = DomainError(message + path)
    error.birth = birth
    return error


def refuse_born_shares(order: Sequence[Any]) -> None:
    """Raise a DomainError for the first inf or nan that was born in a backward pass, if any was."""
    births = [
        Birth(value.op, value.operands, order[0], value, i)
        for value in order
        for i, operand in enumerate(value.operands)
        if value.partials[i] is not None and hasattr(operand, "grad")
        if math.isfinite(value.grad) and not math.isfinite(operand.grad)
    ]
    births.sort(key=share_is_finite)  # the others only arrived where one had gone wrong
    if births:
        raise no_finite_grad(births[0])


def share_is_finite(birth: Birth) -> bool:
    """Return whether what a value passed on is a number, so that only the sum was too large."""
    return math.isfinite(birth.value.grad * birth.value.partials[birth.place])


def no_finite_grad(birth: Birth) -> DomainError:
    """Return the error for a step of the chain rule that made a grad inf or nan."""
    value, operand = birth.value, birth.operands[birth.place]
    message = (
        f"backward: the grad of {described(operand)} must be finite; {value.op} at "
        f"{LINES.get(value, 'an unknown line')} passed on {value.grad!r} × "
        f"{value.partials[birth.place]!r}, with {given(value.op, value.operands)}. Keep its "
        "operands away from the points where its slope is infinite."
    )
    return born(message, birth)


def stale(value: Any, operand: Any, now: float, then: float) -> StaleError:
    """Return the error for data that was changed between the forward pass and `gradient`."""
    return StaleError(
        f"gradient needs the data of the forward pass; since {value.op} was computed data was "
        f"changed: its slope in {described(operand)} was {then!r}, and now it is {now!r}. "
        "Compute the output again, or call backward(), which kept the slopes of that pass."
    )


class explained:  # noqa: N801 - it is read as a word: `with explained(output, order)`
    """A block around a backward pass, after which an error says what was wrong with which value."""

    __slots__ = ("order", "output")

    def __init__(self, output: Any, order: Sequence[Any]):
        self.output, self.order = output, order

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is TypeError:
            refuse_unusual_grads(self.output, self.order)
        elif kind is None and is_on("debug"):
            refuse_born_shares(self.order)


def refuse_unusual_grads(output: Any, order: Sequence[Any]) -> None:
    """Raise a TypeError for the first value whose grad is no number, if there is one."""
    below = (x for user in order for x in user.operands if is_value(x))
    for value in (output, *below):
        if not isinstance(value.grad, Real):
            raise TypeError(
                f"backward adds to the grad of {described(value)}, which must be a number; it is "
                f"{short(value.grad)}. Forget a gradient by zero_grad(), or by grad = 0.0."
            )


def values_in(inputs: Any, output: Any) -> list[Any]:
    """Return the inputs of a gradient as a list; a TypeError unless they and the output are Values.

    A number, or the name of an input, would have the slope 0, without a word.
    """
    if not is_value(output):
        raise TypeError(f"gradient: output must be one Value; it was given {with_type(output)}")
    if not isinstance(inputs, Iterable) or isinstance(inputs, Mapping):
        raise TypeError(
            "gradient: inputs must be a list of Values, as in gradient(output, [x, y]); it was "
            f"given {with_type(inputs)}"
        )
    found = list(inputs)
    for i, x in enumerate(found):
        if not is_value(x):
            raise TypeError(f"gradient: inputs[{i}] must be a Value; it was given {with_type(x)}")
    return found


# -- declaring -------------------------------------------------------------------------------


def check_rule(
    function: Callable[..., Any], partials: Callable[..., Any], other: Any
) -> tuple[list[str], Callable[..., Any]]:
    """Return the names of the operands, and the rule in a form that takes `out` last.

    A rule that does not fit its function, or a name that another function has, is an error.
    """
    name = function.__name__
    parameters = list(inspect.signature(function).parameters.values())
    check_operands(name, parameters)
    names, wanted = [p.name for p in parameters], [p.name for p in parameters] + ["out"]
    takes = list(inspect.signature(partials).parameters)
    if takes != wanted:
        raise DeclarationError(
            f"@operation on {name}: partials must take ({', '.join(wanted)}); "
            f"it takes ({', '.join(takes)}). Name the operands as {name} does; out is the result."
        )
    if other is not None and other.evaluate.__module__ != function.__module__:
        raise DeclarationError(
            f"@operation on {name}: this name is taken by an operation of "
            f"{other.evaluate.__module__}. Choose another name."
        )
    many = parameters and parameters[-1].kind is inspect.Parameter.VAR_POSITIONAL
    return names, (lambda *xs: partials(*xs[:-1], out=xs[-1])) if many else partials


def check_operands(name: str, parameters: Sequence[inspect.Parameter]) -> None:
    """Raise a DeclarationError if an operation could not be given each parameter as an operand."""
    for parameter in parameters:
        named = parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD)
        if named or parameter.default is not parameter.empty:
            raise DeclarationError(
                f"@operation on {name}: operands have a place and no default; it was given "
                f"`{parameter}`. Declare it without, and write a plain function that calls it."
            )
