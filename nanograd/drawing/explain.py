"""A gradient in words: the sum over all paths, each the product of the slopes along it.

    dz/dx = 18 · 3 = 54
      z → b → a → x   18 · 1 · 3 = 54

A graph can have more paths than there are atoms. They are counted and ranked without being walked:
at each value, only the largest shares of those that lead there are kept.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..nanograd import Value
from .names import names_under, shown
from .paths import Way, ways_between
from .steps import signed
from .symbols import figure
from .typesetting import fraction, product, tex_name

MOST_PATHS = 5
UNREADABLE = 10**15  # paths
MOST_STEPS = 8  # of a path in one line; in a longer one, those in the middle are left out


@dataclass(frozen=True)
class Path:
    """A way from the output down to an input; `factors` has the slope of each step on it."""

    names: tuple[str, ...]
    factors: tuple[float, ...]

    @property
    def share(self) -> float:
        """What this path adds to the derivative: the product of its factors."""
        return math.prod(self.factors)

    @property
    def telling(self) -> tuple[float, ...]:
        """The factors without those that are 1, unless all are."""
        return tuple(factor for factor in self.factors if factor != 1.0) or (1.0,)

    @property
    def arithmetic(self) -> str:
        """The factors and their product, as in `18 · 1 · 3 = 54`."""
        few = len(self.factors) <= MOST_STEPS
        factors, result = multiplied(self.factors if few else self.telling), figure(self.share)
        return factors if factors == result else f"{factors} = {result}"

    def __str__(self) -> str:
        return " → ".join(without_middle(self.names))


@dataclass(frozen=True)
class Explanation:
    """A derivative as a sum over paths: the largest shares, and what all others add up to.

    `str()` gives it as text, and `latex` as LaTeX, which a notebook sets by itself.
    """

    of: str
    by: str
    derivative: float
    paths: tuple[Path, ...]
    number_of_paths: int

    @property
    def others(self) -> int:
        """How many paths are not listed."""
        return self.number_of_paths - len(self.paths)

    @property
    def rest(self) -> float:
        """What the paths that are not listed add to the derivative."""
        listed = math.fsum(path.share for path in self.paths)
        return self.derivative - listed if self.others else 0.0

    @property
    def text(self) -> str:
        """The derivative and its paths as lines of text."""
        terms = [multiplied(path.telling) for path in self.paths]
        if self.others:
            terms.append(figure(self.rest))
        result = figure(self.derivative)
        sides = [f"d{self.of}/d{self.by}", added(terms), result]
        if terms in ([], [result]):
            del sides[1]
        return "\n".join([" = ".join(sides), *self.lines()])

    def lines(self) -> Iterator[str]:
        """Yield a line for each path, and one for those that are not listed."""
        rows = [(str(path), path.arithmetic, self.part(path.share)) for path in self.paths]
        if self.others:
            rows.append((f"{counted(self.others)} more", figure(self.rest), self.part(self.rest)))
        if not rows:
            yield f"  {self.of} does not depend on {self.by}"
        widths = [max((len(row[i]) for row in rows), default=0) for i in (0, 1)]
        for path, arithmetic, part in rows:
            yield f"  {path:{widths[0]}}   {arithmetic:{widths[1]}}   {part:>5}".rstrip()

    def part(self, share: float) -> str:
        """Return which part of the derivative a share is, where that says something."""
        if self.number_of_paths == 1 or not self.derivative:
            return ""
        part = share / self.derivative
        if not math.isfinite(part):
            return ""
        return f"{part:.0%}" if abs(part) >= 0.005 else "<1%" if part else "0%"

    @property
    def latex(self) -> str:
        """The equation as LaTeX, without dollar signs."""
        terms = [product(path.telling) for path in self.paths]
        if self.others:
            terms.append(product([self.rest]))
        result = product([self.derivative])
        sides = [fraction(tex_name(self.of), tex_name(self.by)), added(terms), result]
        if terms in ([], [result]):
            del sides[1]
        return " = ".join(sides)

    def _repr_latex_(self) -> str:
        return f"${self.latex}$"

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def explain(x: Value, of: Value, top: int = MOST_PATHS) -> Explanation:
    """Return the derivative of one value in another as a sum over paths, the largest shares first.

    `top` is how many paths are listed; the others are counted, and what they add up to is told. The
    slopes are those of the forward pass. No grad is changed. The time is that of a backward pass,
    times `top`, however many paths there are. Where nothing flows, the derivative is 0 by 0 paths.

    The view is that of F. L. Bauer, "Computational Graphs and Rounding Error" (1974).

    >>> from nanograd import Value, explain
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> z = (x * y + 3) ** 2
    >>> z.name = "z"
    >>> explain(x, of=z)
    dz/dx = 18 · 3 = 54
      z → b → a → x   18 · 1 · 3 = 54
    >>> explain(x, of=x * x + 5 * x, top=1)
    dc/dx = 5 + 4 = 9
      c → b → x   1 · 5 = 5     56%
      2 more      4             44%
    """
    for value in (x, of):
        if not isinstance(value, Value):
            raise TypeError(f"explain needs two Values; it was given {value!r}")
    if top < 1:
        raise ValueError(f"explain lists at least one path; it was given top={top!r}")
    names = names_under(of)
    arrived = ways_between(x, of, top)
    return Explanation(
        names[of],
        names.get(x) or shown(x.name) or "x",
        arrived.derivative,
        tuple(path_of(way, names) for way in arrived.ways),
        arrived.count,
    )


def path_of(way: Way, names: Mapping[Value, str]) -> Path:
    """Return a way in names and factors. That of a value to itself has the factor 1."""
    slopes = tuple(step.slope for step in way.steps[1:])
    return Path(tuple(names[step.value] for step in way.steps), slopes or (1.0,))


# -- writing ---------------------------------------------------------------------------------


def counted(paths: int) -> str:
    """Return a number of paths; one that nobody reads to its end, by its size.

    >>> counted(1234), counted(2**300)
    ('1,234', 'about 10^90')
    """
    return f"{paths:,}" if paths < UNREADABLE else f"about 10^{math.floor(math.log10(paths))}"


def added(terms: Sequence[str]) -> str:
    """Return the terms as a sum: `6 - 2 · 3`."""
    return " + ".join(terms).replace(" + -", " - ")


def multiplied(factors: Sequence[float]) -> str:
    """Return the factors with dots between them: `18 · (-3)`."""
    first, *others = factors
    return " · ".join(without_middle([figure(first), *map(signed, others)]))


def without_middle(steps: Sequence[str]) -> Sequence[str]:
    """Return the steps, or the first and the last of them if there are too many."""
    if len(steps) <= MOST_STEPS:
        return steps
    kept = MOST_STEPS // 2
    return [*steps[:kept], "…", *steps[-kept:]]
