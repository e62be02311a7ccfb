"""`jit`: a function is traced once for each signature, compiled, and called ever after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from threading import RLock
from typing import Any

from ..calculus.traces import TRACES
from ..modes import OPEN as BLOCKS
from ..modes import is_on
from .compiled import Compiled
from .debugging import checked
from .direct import short_way
from .lowering import Lowering
from .signature import key_of, pattern_of
from .stages import Lowered
from .traced import TracedFunction

Function = Callable[..., Any]

AGAIN = 3  # calls after which a shorter way is looked for
MOST_KEPT = 8  # programs for one key: for other numbers outside, or other lengths of arrays there


class Jit:
    """A compiled function; what `jit` returns."""

    def __init__(self, f: Function, lowering: Lowering):
        update_wrapper(self, f)
        self.f = f
        self.lowering = lowering
        self.compiled: dict[Any, list[Compiled]] = {}
        self.short_way: Function | None = None  # gives NotImplemented for what it does not take
        self.is_fresh: Callable[[], bool] = bool  # whether that way is still the right one
        self.lock = RLock()

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Return what the function returns."""
        if not named and self.short_way and not BLOCKS and self.is_fresh():
            found = self.short_way(*args)
            if found is not NotImplemented:
                return found
        if TRACES.get():
            return self.f(*args, **named)
        if BLOCKS and is_on("debug"):
            return checked(self.f, self.run, args, named)
        return self.run(*args, **named)

    def run(self, *args: Any, **named: Any) -> Any:
        """Return what the function returns, by its program."""
        leaves: list[Any] = []
        key = self.key(args, named, leaves)
        found = self.known(key, leaves) or self.compile(key, leaves, args, named)
        result = found(leaves)
        found.calls += 1
        if found.calls == AGAIN and not named:
            self.take_short_way(found, args, result)
        return result

    def take_short_way(self, found: Compiled, args: Sequence[Any], result: Any) -> None:
        """Look for a shorter way into what has been called again and again."""
        way = short_way(found, args, result)
        if way is not None:
            self.is_fresh, self.short_way = found.traced.is_fresh, way

    def lower(self, *args: Any, **named: Any) -> Lowered:
        """Return what the function becomes for such arguments, stage by stage; nothing is run."""
        leaves: list[Any] = []
        key = self.key(args, named, leaves)
        found = self.known(key, leaves) or self.compile(key, leaves, args, named)
        return Lowered(found.traced.name, found.traced.program, self.lowering)

    def key(self, args: Sequence[Any], named: dict[str, Any], leaves: list[Any]) -> Any:
        """Return the key of a call, and append its numbers and arrays to the list."""
        parts = key_of(args, leaves), key_of(named, leaves) if named else None
        return *parts, pattern_of(leaves)

    def known(self, key: Any, leaves: list[Any]) -> Compiled | None:
        """Return what has been compiled for such a call, if there is anything."""
        for each in self.compiled.get(key, ()):
            if each.traced.fits(leaves):
                return each
        return None

    def compile(
        self,
        key: Any,
        leaves: list[Any],
        args: Sequence[Any],
        named: dict[str, Any],
    ) -> Compiled:
        """Return the compiled function for a call, of which nothing is known yet."""
        with self.lock:
            found = self.known(key, leaves)
            if found is None:
                found = Compiled(TracedFunction(self.f, args, named), self.lowering)
                alive = [each for each in self.compiled.get(key, ()) if each.traced.is_alive()]
                self.compiled[key] = [*alive, found][-MOST_KEPT:]
            return found

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Return it as a method."""
        from types import MethodType

        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"jit({self.f!r})"


def jit(
    f: Function | None = None,
    *,
    backend: str | None = None,
    precision: str = "float64",
) -> Any:
    """Return f, compiled: the same results, at the speed of C."""
    if f is None:
        return lambda function: jit(function, backend=backend, precision=precision)
    return Jit(f, Lowering(backend, precision))
