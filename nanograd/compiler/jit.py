"""`jit`: a function is traced once for each signature, compiled, and called ever after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from threading import RLock
from typing import Any

from ..calculus.traces import TRACES
from ..modes import OPEN
from .backends import backend_for
from .compiled import Compiled
from .direct import short_way
from .signature import key_of, pattern_of
from .traced import TracedFunction

Function = Callable[..., Any]

AGAIN = 3  # calls after which a shorter way is looked for


class Jit:
    """A compiled function; what `jit` returns."""

    def __init__(self, f: Function, backend: str | None, precision: str):
        update_wrapper(self, f)
        self.f = f
        self.backend = backend
        self.precision = precision
        self.compiled: dict[Any, Compiled] = {}
        self.short_way: Function | None = None  # gives NotImplemented for what it does not take
        self.lock = RLock()

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Return what the function returns."""
        if not named and self.short_way and not OPEN:
            found = self.short_way(*args)
            if found is not NotImplemented:
                return found
        if TRACES.get():
            return self.f(*args, **named)
        return self.by_signature(args, named)

    def by_signature(self, args: Sequence[Any], named: dict[str, Any]) -> Any:
        """Return what the function compiled for such arguments returns."""
        leaves: list[Any] = []
        key = key_of((args, named) if named else args, leaves), pattern_of(leaves)
        found = self.compiled.get(key)
        if found is None or found.traced.is_stale():
            found = self.compile(key, args, named)
        result = found(leaves)
        found.calls += 1
        if found.calls == AGAIN and not named:
            self.short_way = short_way(found, args, result) or self.short_way
        return result

    def compile(self, key: Any, args: Sequence[Any], named: dict[str, Any]) -> Compiled:
        """Return the compiled function for a signature."""
        with self.lock:
            found = self.compiled.get(key)
            if found is None or found.traced.is_stale():
                traced = TracedFunction(self.f, args, named)
                found = Compiled(traced, backend_for(self.backend), self.precision)
                self.compiled[key] = found
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
    return Jit(f, backend, precision)
