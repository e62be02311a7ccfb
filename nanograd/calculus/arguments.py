"""What goes into a function that is differentiated, and what it may give back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import short
from ..nanograd import Scalar, Value
from .constants import stopped
from .levels import OPEN, Lifted, escaped
from .structure import Structure, flatten, numbers

Argnums = int | Sequence[int]
Function = Callable[..., Any]


@dataclass(frozen=True)
class Call:
    """A function of one nested thing, and that thing: what all transforms work on."""

    transform: str
    function: Callable[[Any], Any]
    tree: Any
    has_aux: bool = False

    def leaves(self) -> tuple[list[Any], Structure]:
        """Return the numbers that go in and their structure."""
        return numbers(self.tree, f"{self.transform}: the argument")

    def outputs(self, tree: Any) -> Outputs:
        """Return what the function gives back for other numbers in the same structure."""
        result, aux = self.function(tree), None
        if inspect.isgenerator(result):
            raise TypeError(
                f"{self.transform}: the function must return its numbers, but it is a "
                "generator, which yields them. Return a list of them."
            )
        if self.has_aux:
            if not isinstance(result, tuple) or len(result) != 2:
                raise TypeError(
                    f"{self.transform}: with has_aux=True the function must return a pair, its "
                    f"output and what else it has to say; it returned {short(result)}."
                )
            result, aux = result
        leaves, structure = numbers(result, f"{self.transform}: the result")
        for leaf in leaves:
            if isinstance(leaf, Lifted) and leaf.level not in OPEN:
                raise escaped(leaf)
        return Outputs(leaves, structure, *flatten(aux))


@dataclass(frozen=True)
class Outputs:
    """What a function gave back: numbers in a structure, and `aux`, anything else."""

    leaves: list[Any]
    structure: Structure
    aux_leaves: list[Any]
    aux_structure: Structure

    def aux(self, primal: Callable[[Any], Any]) -> Any:
        """Return what came beside the output, with each scalar in it replaced by its primal."""
        leaves = [primal(x) if isinstance(x, Scalar) else x for x in self.aux_leaves]
        return self.aux_structure.rebuild(leaves)


def all_of(
    transform: str,
    f: Function,
    primals: Sequence[Any],
    *,
    has_aux: bool = False,
) -> Call:
    """Return f as a function of the tuple of all its arguments."""
    if not isinstance(primals, tuple | list):
        raise TypeError(
            f"{transform}: the arguments of f must be given as a tuple; it was given "
            f"{short(primals)}. Write ({short(primals)},) for one."
        )
    return Call(transform, lambda tree: f(*tree), tuple(primals), has_aux)


def chosen(
    transform: str,
    f: Function,
    argnums: Argnums,
    args: Sequence[Any],
    named: dict[str, Any],
    *,
    has_aux: bool = False,
) -> Call:
    """Return f as a function of the arguments at `argnums`: of one, or of a tuple of several."""
    several = isinstance(argnums, tuple | list)
    wanted: Any = argnums if several else [argnums]
    places = [place_of(transform, i, args) for i in wanted]
    if len(set(places)) < len(places):
        raise TypeError(
            f"{transform}: argnums must name each argument once; it was given {short(argnums)}."
        )

    def function(tree: Any) -> Any:
        full = list(args)
        for place, part in zip(places, tree if several else [tree], strict=True):
            full[place] = part
        return f(*full, **named)

    tree = tuple(args[place] for place in places)
    return Call(transform, function, tree if several else tree[0], has_aux)


def place_of(transform: str, i: Any, args: Sequence[Any]) -> int:
    """Return an argument number as an index from 0; one that is not there is a TypeError."""
    if not isinstance(i, int) or not -len(args) <= i < len(args):
        raise TypeError(
            f"{transform}: argnums must be numbers of positional arguments; {short(i)} is none of "
            f"the {len(args)} that were given. Count from 0, and give what is differentiated in "
            "by position, not by name."
        )
    return i % len(args)


def the_only(transform: str, outputs: Outputs) -> Any:
    """Return the output of a function that must return one number."""
    structure = outputs.structure
    if structure.remake or structure.shape:
        given = structure.rebuild(outputs.leaves)
        hint = (
            "Is a return missing?"
            if given is None
            else ("Return a sum or a mean, or use jacobian, which takes results of any structure.")
        )
        raise TypeError(
            f"{transform}: the function must return one number; it returned {short(given)}. {hint}"
        )
    return outputs.leaves[0]


def alike(x: Any, found: Any) -> Any:
    """Return what was found for x as a Value if x is one; else as it is."""
    if not isinstance(x, Value) or isinstance(found, Scalar):
        return found
    return stopped(Value(found))  # a constant of ours, in which nobody wants a derivative
