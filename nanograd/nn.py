"""Neural networks of scalars: modules, which own their parameters, and the losses, from losses.py.

    module = Neuron | Layer | MLP | your own: a function with Values in its attributes
    loss   = a function of what a module gives and what it should give, larger where it is worse

Everything is made of ordinary operations, so it can be drawn, differentiated again and compiled.
"""

import difflib
import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from operator import index
from typing import Any, SupportsIndex

from .errors import DataError, short
from .functions import gelu, leaky_relu, relu, sigmoid, silu, softplus, tanh
from .losses import binary_cross_entropy_with_logits, cross_entropy, hinge_loss, mse_loss
from .nanograd import Value
from .real import number
from .reductions import dot

__all__ = [
    "MLP",
    "Layer",
    "Module",
    "Neuron",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "hinge_loss",
    "mse_loss",
]

# -- modules ---------------------------------------------------------------------------------


class Module:
    """A function with parameters: the Values in its attributes, and in those of its modules.

    Attributes that are lists, tuples or dicts are searched too, to any depth. A Value that is
    found twice is one parameter, under the first name. All Values count: keep what is no
    parameter as a plain number.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Value(2.0), Value(1.0)
    ...
    ...     def __call__(self, x):
    ...         return self.slope * x + self.offset
    >>> line = Line()
    >>> line(3.0).data, line.state_dict(), line
    (7.0, {'slope': 2.0, 'offset': 1.0}, Line(2 parameters))
    """

    def parameters(self) -> list[Value]:
        """Return the parameters, in the order in which they were put into the attributes.

        >>> len(Layer(2, 3).parameters())
        9
        """
        return [value for _, value in self.named_parameters()]

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Yield each parameter with its name: the way to it from here.

        >>> [name for name, _ in Layer(1, 2).named_parameters()]
        ['neurons.0.weights.0', 'neurons.0.bias', 'neurons.1.weights.0', 'neurons.1.bias']
        """
        seen: set[int] = set()
        waiting: list[tuple[str, Any]] = [("", self)]
        while waiting:
            name, thing = waiting.pop()
            if id(thing) in seen:  # shared, or it holds itself
                continue
            seen.add(id(thing))
            if isinstance(thing, Value):
                yield name[1:], thing
            else:
                parts = [(f"{name}.{key}", part) for key, part in parts_of(thing)]
                waiting += reversed(parts)

    def name_parameters(self) -> None:
        """Set the name of each parameter to that of `named_parameters`, for errors and pictures.

        Neuron, Layer and MLP do so when they are made. Modules of your own may do it last.

        >>> Neuron(2).bias.name, Layer(2, 1).neurons[0].bias.name
        ('bias', 'neurons.0.bias')
        """
        for name, value in self.named_parameters():
            value.name = name

    def zero_grad(self) -> None:
        """Set the grad of each parameter to zero.

        >>> neuron = Neuron(2)
        >>> neuron([1.0, 2.0]).backward()
        >>> neuron.zero_grad()
        >>> neuron.bias.grad
        0.0
        """
        for value in self.parameters():
            value.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """Return the data of each parameter by its name: plain numbers, ready for JSON.

        >>> sorted(Neuron(2).state_dict())
        ['bias', 'weights.0', 'weights.1']
        """
        return {name: value.data for name, value in parameters_by_name(self).items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the data of each parameter to the number that `state` has under its name.

        If a name is missing or unknown, or holds no real number, it is a `DataError`, and no
        parameter is changed.

        >>> neuron = Neuron(1, "linear")
        >>> neuron.load_state_dict({"weights.0": 2.0, "bias": 1.0})
        >>> neuron([3.0]).data
        7.0
        """
        parameters = parameters_by_name(self)
        check_names(parameters, state)
        data = {name: number_under(name, state) for name in parameters}
        for name, value in parameters.items():
            value.data = data[name]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.parameters())} parameters)"


def parts_of(thing: object) -> Iterable[tuple[object, Any]]:
    """Return the parts of a module, a dict, a list or a tuple with their keys, of others none."""
    if isinstance(thing, Module):
        return vars(thing).items()
    if isinstance(thing, dict):
        return thing.items()
    return enumerate(thing) if isinstance(thing, list | tuple) else ()


def parameters_by_name(module: Module) -> dict[str, Value]:
    """Return the parameters by their names, or raise a DataError if two have the same."""
    parameters: dict[str, Value] = {}
    for name, value in module.named_parameters():
        if name in parameters:
            raise DataError(
                f"each parameter must have a name of its own; two of this {type(module).__name__} "
                f"are both named {short(name)}. In a dict, use keys that differ as text, without "
                "points: 1 and '1' do not."
            )
        parameters[name] = value
    return parameters


def check_names(parameters: Mapping[str, Value], state: Mapping[str, Any]) -> None:
    """Raise a DataError unless both have the same names."""
    missing = [name for name in parameters if name not in state]
    unknown = [name for name in state if name not in parameters]
    if missing or unknown:
        wrong = {"missing": missing, "unknown": unknown}
        found = "; ".join(
            f"{len(names)} {kind}, the first is {short(names[0])}"
            for kind, names in wrong.items()
            if names
        )
        raise DataError(
            f"load_state_dict needs one number for each of the module's {len(parameters)} "
            f"parameters, under the names of state_dict(); of those given, {found}. "
            "Make the module with the sizes that it was saved with."
        )


def number_under(name: str, state: Mapping[str, Any]) -> float:
    """Return the number of this name, or raise a DataError that says what is there instead."""
    try:
        return number(state[name])
    except TypeError as error:
        raise DataError(f"load_state_dict: for {short(name)} {error}") from None


# -- networks --------------------------------------------------------------------------------

Activation = str | Callable[[Any], Any]


def linear(x: Any) -> Any:
    """Return x as it is.

    >>> linear(2.0)
    2.0
    """
    return x


#: The activations that can be chosen by name.
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "gelu": gelu,
    "leaky_relu": leaky_relu,
    "linear": linear,
    "relu": relu,
    "sigmoid": sigmoid,
    "silu": silu,
    "softplus": softplus,
    "tanh": tanh,
}


class Neuron(Module):
    """One neuron: `activation(dot(weights, inputs) + bias)`.

    Weights and bias are drawn from ±1/√n_inputs, as in PyTorch's Linear, with `rng` or, if it is
    None, with the `random` module. The activation is one of `ACTIVATIONS`, by name, or a function.

    >>> neuron = Neuron(2, "relu", random.Random(0))
    >>> neuron([1.0, -1.0]).op.name, len(neuron.parameters())
    ('relu', 3)
    """

    def __init__(
        self, n_inputs: int, activation: Activation = "tanh", rng: random.Random | None = None
    ):
        check_count("n_inputs", n_inputs)
        uniform = uniform_of(rng)
        bound = 1.0 / math.sqrt(n_inputs)
        self.activation = activation_of(activation)
        self.weights = [Value(uniform(-bound, bound)) for _ in range(n_inputs)]
        self.bias = Value(uniform(-bound, bound))
        self.name_parameters()

    def __call__(self, inputs: Iterable[Any]) -> Any:
        """Return the output for these inputs, numbers or Values; another number is an error."""
        inputs = checked_inputs(self, len(self.weights), inputs)
        return self.activation(dot(self.weights, inputs) + self.bias)


class Layer(Module):
    """Neurons side by side, which all get the same inputs. It returns a list, also of one output.

    >>> layer = Layer(2, 3, rng=random.Random(0))
    >>> len(layer([1.0, -1.0])), len(layer.parameters())
    (3, 9)
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        activation: Activation = "tanh",
        rng: random.Random | None = None,
    ):
        check_count("n_outputs", n_outputs)
        self.neurons = [Neuron(n_inputs, activation, rng) for _ in range(n_outputs)]
        self.name_parameters()

    def __call__(self, inputs: Iterable[Any]) -> list[Any]:
        """Return the outputs for these inputs, one of each neuron, in a list."""
        inputs = checked_inputs(self, len(self.neurons[0].weights), inputs)
        return [neuron(inputs) for neuron in self.neurons]


class MLP(Module):
    """A multilayer perceptron: layers in a row, `sizes[i]` neurons in layer i.

    The last layer is linear: its outputs are logits, or the numbers of a regression. The other
    layers have the activation. It returns a list, also of one output.

    >>> model = MLP(2, [16, 16, 1], rng=random.Random(0))
    >>> model
    MLP(337 parameters)
    >>> (logit,) = model([1.0, -1.0])
    >>> logit.op.name, model.parameters()[-1].name
    ('add', 'layers.2.neurons.0.bias')
    """

    def __init__(
        self,
        n_inputs: int,
        sizes: Iterable[int],
        activation: Activation = "tanh",
        rng: random.Random | None = None,
    ):
        activation = activation_of(activation)  # wrong is wrong, even if no layer is hidden
        ends = list(pairwise([n_inputs, *checked_sizes(sizes)]))
        self.layers = [Layer(*end, activation, rng) for end in ends[:-1]]
        self.layers.append(Layer(*ends[-1], "linear", rng))
        self.name_parameters()

    def __call__(self, inputs: Iterable[Any]) -> list[Any]:
        """Return the outputs of the last layer for these inputs, in a list."""
        n_inputs = len(self.layers[0].neurons[0].weights)
        outputs: Sequence[Any] = checked_inputs(self, n_inputs, inputs)
        for layer in self.layers:
            outputs = layer(outputs)
        return list(outputs)


def activation_of(activation: Activation) -> Callable[[Any], Any]:
    """Return the activation of this name, or the function itself if that is what was given."""
    if callable(activation):
        return activation
    if activation in ACTIVATIONS:
        return ACTIVATIONS[activation]
    close = difflib.get_close_matches(str(activation), ACTIVATIONS, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(
        f"activation must be a function or one of {', '.join(ACTIVATIONS)}; "
        f"it was given {short(activation)}.{hint}"
    )


def uniform_of(rng: random.Random | None) -> Callable[[float, float], float]:
    """Return the function that draws a number between two others."""
    source: Any = random if rng is None else rng
    if not hasattr(source, "uniform"):
        raise TypeError(
            f"rng must be a random.Random or None; it was given {short(rng)}. "
            "For a fixed start write random.Random(42)."
        )
    return source.uniform  # type: ignore[no-any-return]


def check_count(name: str, count: object) -> None:
    """Raise a ValueError unless it is a whole number, 1 or more."""
    if not isinstance(count, SupportsIndex) or index(count) < 1:
        raise ValueError(f"{name} must be a whole number, 1 or more; it was given {short(count)}")


def checked_sizes(sizes: Iterable[int]) -> list[int]:
    """Return the sizes of an MLP's layers as a list, if they can be that."""
    if not isinstance(sizes, Iterable):
        raise TypeError(
            f"sizes must be a list, one size for each layer; it was given {short(sizes)}. "
            f"For a single layer write [{short(sizes)}]."
        )
    found = list(sizes)
    if not found:
        raise ValueError(
            "sizes must have the size of one layer or more; it was given none. "
            "The last one is the number of outputs: for one output write [1]."
        )
    for i, size in enumerate(found):
        check_count(f"sizes[{i}]", size)
    return found


def checked_inputs(module: Module, n_inputs: int, inputs: Iterable[Any]) -> tuple[Any, ...]:
    """Return the inputs as a tuple, if there are as many as the module takes."""
    kind = type(module).__name__
    required = f"{n_inputs} input{'s' if n_inputs > 1 else ''}"
    if not isinstance(inputs, Iterable):
        raise TypeError(
            f"this {kind} takes a sequence of {required}; it was given {short(inputs)}. "
            "Put a single input into a list."
        )
    found = tuple(inputs)
    if len(found) != n_inputs:
        raise ValueError(
            f"this {kind} takes {required}; it was given {len(found)}: {short(found)}. "
            f"Give it {n_inputs}, or make it with n_inputs={len(found)}."
        )
    return found
