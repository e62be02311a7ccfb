"""`jit`: a function is traced once for each signature, compiled, and called ever after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from threading import RLock
from typing import Any

from ...calculus.traces import TRACES
from ...modes import OPEN as BLOCKS
from ...modes import is_on
from ...packing import unpack
from .compiled import Compiled
from .debugging import checked
from .direct import short_way
from .lowering import Lowering
from .quick import QuickWay, quickly
from .signature import key_of, pattern_of
from .stages import Lowered
from .traced import TracedFunction

Function = Callable[..., Any]

AGAIN = 3  # calls after which a shorter way is looked for
MOST_KEPT = 8  # programs for one key: for other numbers outside, or other lengths of arrays there


class Jit:
    """A compiled function; what `jit` returns.

    Lists, tuples, dicts and dataclasses of numbers are *structure*: their numbers are inputs, and
    loops over them are written out; these lists take a number of f for an index, as `take` does.
    Arrays of NumPy, array.array and memoryviews are *data*: mapped by `vmap`, scanned, or reduced
    by `sum`, `mean`, `max`, `min`, `dot`, `logsumexp` or `softmax`; one with more rows needs no new
    program. Anything else, as a text, None, True or an object, is *fixed*. Together they are the
    *signature*: how the arguments are nested, how wide the rows of arrays are, which arrays are
    equally long, and all that is fixed.

    Results are floats, nested as f nests them; columns are new arrays (lists without NumPy), with
    two axes for rows that are lists of numbers, and lists of rows for those that hold tuples or
    are ragged. Nothing that goes in is changed. Results are within 1e-12 of those without `jit`,
    but sums whose terms cancel; inf and nan come about by IEEE 754, and a `debug` block says where.

    Transforms of f may be compiled, and what is compiled may be transformed. Called with Values it
    is one operation in their graph for each number that comes out. A leaf Value that f takes from
    outside is read at every call, and gets its grad; so is an array that is mapped or scanned.
    Called in another compiled function it is a part of that.

    What cannot be recorded is a `TraceError` with the line and the way out: a branch on a number,
    `float()`, `.data`, arithmetic on whole arrays. No rows, or different numbers of them, are a
    ValueError; arrays of other things than real numbers, a TypeError.

    Given a `Packed`, f sees what it was made of, but its numbers are taken as they lie in memory.
    With `packed=True` a list, dict, dataclass or named tuple of numbers that f returns comes as a
    `Packed`, and so does each of these in a plain tuple; a number, a column, None and texts stay
    what they are. For the state of a model with thousands of numbers that saves the walk over it.
    Called with Values, results are nested, as ever.

    >>> from nanograd import pack, unpack
    >>> @jit(packed=True)
    ... def step(state, rate):
    ...     loss = sum([x * x for x in state["x"]])
    ...     return loss, {"x": [x - rate * 2 * x for x in state["x"]]}
    >>> state = pack({"x": [1.0, 2.0]})
    >>> for _ in range(3):
    ...     loss, state = step(state, 0.25)
    >>> loss, state, unpack(state)
    (0.3125, Packed({'x': [2]}, 2 numbers), {'x': [0.125, 0.25]})
    """

    def __init__(self, f: Function, lowering: Lowering, *, packed: bool = False):
        update_wrapper(self, f)
        self.f = f
        self.lowering = lowering
        self.packed = packed
        self.compiled: dict[Any, list[Compiled]] = {}
        self.short_way: Function | None = None  # gives NotImplemented for what it does not take
        self.is_fresh: Callable[[], bool] = bool  # whether that way is still the right one
        self.quick: dict[Any, QuickWay] = {}  # for calls with blocks and arrays
        self.lock = RLock()

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Return what the function returns."""
        if not named and self.short_way and not BLOCKS and self.is_fresh():
            found = self.short_way(*args)
            if found is not NotImplemented:
                return found
        if self.quick and not named and not BLOCKS and not TRACES.get():
            key, *given = quickly(args)
            way = self.quick.get(key)
            if way is not None and way.is_fresh():
                return way(*given)
        if TRACES.get():
            args, named = unpack(args), unpack(named)
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
        if not named:
            self.take_shorter_way(found, args, result)
        return result

    def take_shorter_way(self, found: Compiled, args: Sequence[Any], result: Any) -> None:
        """Look for a shorter way into what has been called."""
        if found.quick is not None:
            key, *_ = quickly(args)
            if key is not None:
                self.quick[key] = found.quick
        if found.calls == AGAIN and not found.traced.blocks:
            way = short_way(found, args, result)
            if way is not None:
                self.is_fresh, self.short_way = found.traced.is_fresh, way

    def lower(self, *args: Any, **named: Any) -> Lowered:
        """Return what the function becomes for such arguments, stage by stage; nothing is run.

        >>> print(jit(lambda x: x * x + 1.0).lower(2.0)["optimized"])
        program(x)
          a = mul x x
          b = add a 1.0
          return b
        """
        leaves: list[Any] = []
        key = self.key(args, named, leaves)
        found = self.known(key, leaves) or self.compile(key, leaves, args, named)
        traced = found.traced
        return Lowered(traced.name, traced.program, self.lowering, traced.blocks)

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
                traced = TracedFunction(self.f, args, named, packed=self.packed)
                found = Compiled(traced, self.lowering)
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
    packed: bool = False,
) -> Any:
    """Return f, compiled: it gives the same results, at the speed of C. It is also a decorator.

    At the first call f is run once, on stand-ins for its numbers, which write down what is done
    with them. That is simplified and made into machine code, which runs from then on. f is run
    again for another signature, and when a variable that it sees outside has changed. What goes in
    and comes out, and what is an error, is told at `Jit`, the class of what is returned.

    `backend` is "llvm" (needs llvmlite), "numpy" or "python"; without it, it is the fastest that is
    installed and can run the program. `precision` is "float64" or "float32".

    With `packed`, nested numbers that f returns come as `Packed`, which stays in memory.

    >>> from nanograd import grad, jit, mean, vmap
    >>> @jit
    ... def f(x, y):
    ...     return (x * y + 3) ** 2
    >>> f(2.0, 3.0), grad(f)(2.0, 3.0)
    (81.0, 54.0)

    Over rows, with the slope in what all rows share:

    >>> from array import array
    >>> def loss(w, xs, ys):
    ...     return mean(vmap(lambda x, y: (w * x - y) ** 2)(xs, ys))
    >>> xs, ys = array("d", [1.0, 2.0]), array("d", [2.0, 4.0])
    >>> jit(loss)(1.0, xs, ys), jit(grad(loss))(1.0, xs, ys)
    (2.5, -5.0)
    """
    if f is None:
        return lambda g: jit(g, backend=backend, precision=precision, packed=packed)
    return Jit(f, Lowering(backend, precision), packed=packed)
