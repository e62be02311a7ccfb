"""Optimizers: they change the data of parameters, step by step, such that a loss falls.

    optimizer = SGD(model.parameters(), lr=0.1)
    loss = …                    the forward pass
    optimizer.zero_grad()       forget the last gradient
    loss.backward()             find the new one
    optimizer.step()            go a little way downhill

Each is one rule for one parameter; what they share is how a step is taken: whole, or not at all.
Rules, defaults and the order of arguments are those of PyTorch.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, fields
from numbers import Real
from typing import Any, ClassVar

from .errors import DataError, DomainError, described, short
from .nanograd import Value
from .real import number

#: What an optimizer remembers of one parameter, from step to step; before the first, nothing.
Memory = tuple[float, ...]


@dataclass(eq=False)
class Optimizer(ABC):
    """A rule that moves parameters. Its settings are attributes, and may be changed between steps.

    `params` is any ordered collection of leaves, such as `model.parameters()`; a Value that was
    computed, one that comes twice, or none at all is an error.
    """

    params: InitVar[Iterable[Value]]
    lr: float = 1e-3

    remembers: ClassVar[int]  # how many numbers a memory has, once there is one

    def __post_init__(self, params: Iterable[Value]) -> None:
        """Check everything, and begin at step 0 with empty memories."""
        self.parameters = checked_parameters(type(self).__name__, params)
        self.memories: list[Memory] = [()] * len(self.parameters)
        self.steps = 0
        self.check()

    @abstractmethod
    def check(self) -> None:
        """Make floats of the settings that are numbers; an error if one is not what it can be."""

    @abstractmethod
    def moved(self, data: float, grad: float, memory: Memory) -> tuple[float, Memory]:
        """Return the new data of one parameter, and what is to be remembered of it."""

    def zero_grad(self) -> None:
        """Set the grad of each parameter to zero.

        >>> w = Value(1.0)
        >>> (w * 3).backward()
        >>> SGD([w]).zero_grad()
        >>> w.grad
        0.0
        """
        for parameter in self.parameters:
            parameter.grad = 0.0

    def step(self) -> None:
        """Move each parameter by the rule, according to its grad.

        A parameter that the loss does not depend on has the grad 0. If a parameter or its memory
        would become inf or nan, it is a `DomainError` that names it, and nothing at all is changed.

        >>> w = Value(1.0)
        >>> (w * 3).backward()
        >>> SGD([w], lr=0.25).step()
        >>> w.data
        0.25
        """
        self.check()
        moves = [
            self.moved(number(parameter.data), number(parameter.grad), memory)
            for parameter, memory in zip(self.parameters, self.memories, strict=True)
        ]
        for i, (data, memory) in enumerate(moves):
            if not all(map(math.isfinite, (data, *memory))):
                raise self.refusal(i, data, memory)
        for parameter, (data, _) in zip(self.parameters, moves, strict=True):
            parameter.data = data
        self.memories = [memory for _, memory in moves]
        self.steps += 1

    def refusal(self, i: int, data: float, memory: Memory) -> DomainError:
        """Return the error for a step that would spoil parameter i."""
        parameter = self.parameters[i]
        remembered = f" and be remembered as {memory}" if memory else ""
        return DomainError(
            f"{type(self).__name__}.step must leave all numbers finite; parameters[{i}], "
            f"{described(parameter)}, with the grad {parameter.grad!r} would become {data!r}"
            f"{remembered}. Nothing was changed. Lower lr or rescale the loss; where a grad is inf "
            "or nan, backward() in a debug() block finds its source."
        )

    def settings(self) -> dict[str, Any]:
        """Return the settings by name.

        >>> SGD([Value(1.0)], momentum=0.9).settings()["momentum"]
        0.9
        """
        return {setting.name: getattr(self, setting.name) for setting in fields(self)}

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on elsewhere: numbers, lists and dicts, ready for JSON.

        The parameters are known by their order. Their data is not in it: `Module.state_dict` is.

        >>> state = SGD([Value(1.0)]).state_dict()
        >>> state["steps"], state["memories"], state["settings"]["lr"]
        (0, [[]], 0.001)
        """
        settings = {
            name: list(setting) if isinstance(setting, tuple) else setting
            for name, setting in self.settings().items()
        }
        memories = [list(memory) for memory in self.memories]
        return {"settings": settings, "steps": self.steps, "memories": memories}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` returned for as many parameters.

        Settings are taken over too. A state that does not fit is a `DataError`, and nothing is
        changed.

        >>> a, b = SGD([Value(1.0)], lr=0.5), SGD([Value(1.0)])
        >>> b.load_state_dict(a.state_dict())
        >>> b.lr
        0.5
        """
        kind = type(self)
        try:
            loaded = kind(self.parameters, **state["settings"])  # which checks the settings
            loaded.steps = count(state["steps"])
            loaded.memories = [loaded.remembered(memory) for memory in state["memories"]]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{kind.__name__}.load_state_dict needs what its own state_dict() returned; "
                f"it was given {short(state)}: {error}"
            ) from error
        if len(loaded.memories) != len(self.parameters):
            raise DataError(
                f"{kind.__name__}.load_state_dict: the state must be one of {len(self.parameters)} "
                f"parameters; it was given one of {len(loaded.memories)}. Make the model with the "
                "sizes that it was saved with."
            )
        vars(self).update(vars(loaded))

    def remembered(self, memory: Iterable[Any]) -> Memory:
        """Return a memory from a saved state, if it can be that."""
        found = tuple(map(number, memory))
        if len(found) not in (0, self.remembers) or not all(map(math.isfinite, found)):
            raise ValueError(
                f"a memory must be {self.remembers} finite numbers, or none before the first "
                f"step; it was given {short(found)}"
            )
        return found


@dataclass(eq=False)
class SGD(Optimizer):
    """Gradient descent: each parameter goes `lr` times its grad downhill.

    With momentum μ and dampening τ it goes by a velocity instead, which is the grad at the first
    step and then v ← μ·v + (1 − τ)·grad; with nesterov, by grad + μ·v. Weight decay λ adds λ·data
    to the grad first; maximize turns it round. So it is in PyTorch, which differs from Sutskever
    et al. 2013 in that lr is no part of the velocity.

    >>> w = Value(1.0, "w")
    >>> optimizer = SGD([w], lr=0.1, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w * 2).backward()
    ...     optimizer.step()
    >>> f"{w.data:.6f}"
    '0.500000'
    """

    momentum: float = 0.0
    dampening: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False
    maximize: bool = field(default=False, kw_only=True)

    remembers = 1  # the velocity

    def check(self) -> None:
        """Raise an error if a setting is negative, or nesterov does not go with the others."""
        settle(self, 0.0, "lr", "momentum", "weight_decay")
        settle(self, -math.inf, "dampening")
        if self.nesterov and (self.momentum == 0.0 or self.dampening != 0.0):
            raise ValueError(
                "SGD: nesterov needs a momentum above 0 and no dampening; "
                f"momentum is {self.momentum!r} and dampening is {self.dampening!r}"
            )

    def moved(self, data: float, grad: float, memory: Memory) -> tuple[float, Memory]:
        """Return the new data of one parameter, and its velocity if there is momentum."""
        grad = (-grad if self.maximize else grad) + self.weight_decay * data
        if self.momentum == 0.0:
            return data - self.lr * grad, memory
        velocity = grad  # undamped at the first step, as in PyTorch
        if memory:
            velocity = self.momentum * memory[0] + (1.0 - self.dampening) * grad
        direction = grad + self.momentum * velocity if self.nesterov else velocity
        return data - self.lr * direction, (velocity,)


@dataclass(eq=False)
class Adam(Optimizer):
    """Adam: steps of about `lr`, by the mean of the grad over the root of its mean square.

    Both means run, with the weights β₁ and β₂ for what was, and are corrected for having begun at
    0 (Kingma & Ba 2015, Algorithm 1). With amsgrad the mean square is the largest so far (Reddi et
    al. 2018; as in PyTorch, the largest before the correction). Weight decay λ adds λ·data to the
    grad first; maximize turns it round.

    >>> w = Value(1.0, "w")
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * 1000).backward()
    >>> optimizer.step()
    >>> f"{w.data:.6f}"
    '0.900000'
    """

    betas: Sequence[float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    amsgrad: bool = False
    maximize: bool = field(default=False, kw_only=True)

    remembers = 3  # the two means, and the largest mean square

    def check(self) -> None:
        """Raise an error if a setting is negative, or a beta is not below 1."""
        settle(self, 0.0, "lr", "eps", "weight_decay")
        betas = self.betas
        pair = isinstance(betas, Sequence) and len(betas) == 2
        if not pair or not all(isinstance(beta, Real) and 0.0 <= beta < 1.0 for beta in betas):
            raise ValueError(
                f"Adam: betas must be two numbers, 0 or more and below 1; it is {short(betas)}"
            )
        self.betas = tuple(map(float, betas))

    def moved(self, data: float, grad: float, memory: Memory) -> tuple[float, Memory]:
        """Return the new data of one parameter, and its running means."""
        beta1, beta2 = self.betas
        mean, square, largest = memory or (0.0, 0.0, 0.0)
        grad = (-grad if self.maximize else grad) + self.weight_decay * data
        mean = beta1 * mean + (1.0 - beta1) * grad
        square = beta2 * square + (1.0 - beta2) * grad * grad
        largest = max(largest, square)

        step = self.steps + 1
        lr = self.lr / (1.0 - beta1**step)
        scale = math.sqrt(1.0 - beta2**step)
        size = math.sqrt(largest if self.amsgrad else square) / scale + self.eps
        move = lr * mean / size if size else math.nan  # 0 / 0 is refused with the nans
        return data - move, (mean, square, largest)


# -- what can be given -----------------------------------------------------------------------


def checked_parameters(kind: str, params: Iterable[Value]) -> list[Value]:
    """Return the parameters as a list, if an optimizer can change them."""
    if not isinstance(params, Iterable) or isinstance(params, set | frozenset):
        raise TypeError(
            f"{kind} takes a list of Values, in an order that stays, such as model.parameters(); "
            f"it was given {short(params)}"
        )
    found = list(params)
    if not found:
        raise ValueError(f"{kind} needs one parameter or more; it was given none")
    seen: set[Value] = set()
    for i, value in enumerate(found):
        check_parameter(f"{kind}: parameters[{i}]", value)
        if value in seen:
            raise ValueError(
                f"{kind}: each parameter must come once; parameters[{i}], {described(value)}, "
                "came before. Leave out the repetition."
            )
        seen.add(value)
    return found


def check_parameter(place: str, value: object) -> None:
    """Raise an error unless it is a leaf Value."""
    if not isinstance(value, Value):
        kind = type(value).__name__
        raise TypeError(f"{place} must be a Value; it was given {short(value)}, of type {kind}")
    if value.op is not None:
        raise ValueError(
            f"{place} must be a leaf; it was given {described(value)}, computed by {value.op}. "
            "Pass the Values that it was computed from, or make a leaf of it by detach()."
        )


def settle(optimizer: Optimizer, least: float, *names: str) -> None:
    """Make floats of the settings of these names: numpy's own would make numpy's of all parameters.

    A ValueError unless they are finite and not below `least`.
    """
    for name in names:
        setting = getattr(optimizer, name)
        finite = isinstance(setting, Real) and math.isfinite(setting)
        if not finite or setting < least:
            kind = type(optimizer).__name__
            bound = f", {least:g} or more" if math.isfinite(least) else ""
            raise ValueError(
                f"{kind}: {name} must be a finite number{bound}; it is {short(setting)}"
            )
        setattr(optimizer, name, float(setting))


def count(steps: object) -> int:
    """Return a saved number of steps, if it can be that."""
    if not isinstance(steps, int) or steps < 0:
        raise ValueError(f"steps must be a whole number, 0 or more; it was given {short(steps)}")
    return steps
