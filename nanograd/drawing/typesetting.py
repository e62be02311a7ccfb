"""One operation, one number, one name as LaTeX: a scalar that writes down what is done to it."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from ..nanograd import Operation
from .symbols import BINDING, TIGHTEST, Symbol, figure, is_plainly, number_of, shortened

MOST_TERMS = 8  # in one sum; of more, the first few and the last are shown
FEW_TERMS = 3

GREEK = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau
    upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
KNOWN = "arccos arcsin arctan cos cosh ln max min sin sinh tan tanh"

#: Operations that are set in another way than as the call of a function; %s is an operand.
TEMPLATES = {
    "div": r"\frac{%s}{%s}",
    "sqrt": r"\sqrt{%s}",
    "cbrt": r"\sqrt[3]{%s}",
    "abs": r"\left|%s\right|",
    "exp": r"e^{%s}",
    "floor": r"\left\lfloor %s\right\rfloor",
    "ceil": r"\left\lceil %s\right\rceil",
}
SYMBOLS = {
    "σ": r"\sigma",
    "ln σ": r"\ln\sigma",
    "log₂": r"\log_{2}",
    "log₁₀": r"\log_{10}",
    "ψ": r"\psi",
}
RAISED = BINDING["power"]
SUM, PRODUCT = BINDING["add"], BINDING["mul"]

ESCAPES = {sign: f"\\{sign}" for sign in "{}$&#%_"}
ESCAPES |= {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}


class Latex(Symbol):
    r"""A formula as LaTeX. With a number it can be compared, as rules with a choice in them do.

    >>> x = Latex("x")
    >>> print((1 / (2 * x) + x**3).text)
    \frac{1}{2\,x} + x^{3}
    """

    __slots__ = ()

    @staticmethod
    def record(op: Operation, operands: Sequence[Any]) -> Any:
        """Return the formula of op at these operands, or a shorter one that means the same."""
        if op.name == "mul" and any(is_plainly(0, x) for x in operands):
            return 0.0
        short = shortened(op.name, operands)
        if short is not None:
            return short
        formula = typeset(op, operands)
        if (number := number_of(op, operands)) is not None:
            formula.data = number
        return formula


def typeset(op: Operation, operands: Sequence[Any]) -> Latex:
    r"""Return op at these operands, formulas or numbers, as LaTeX.

    >>> from nanograd import OPERATIONS
    >>> typeset(OPERATIONS["sigmoid"], [Latex("w_{1}")]).text
    '\\sigma\\left(w_{1}\\right)'
    """
    parts = [as_latex(x) for x in operands]
    if op.name in TEMPLATES:
        text = TEMPLATES[op.name] % tuple(part.text for part in parts)
        return bound(text, RAISED if op.name in {"div", "exp"} else TIGHTEST)
    if op.name in SETTERS:
        return SETTERS[op.name](parts)
    arguments = ", ".join(part.text for part in few(parts))
    return bound(rf"{function_name(op)}\left({arguments}\right)", TIGHTEST)


def bound(text: str, binding: int) -> Latex:
    """Return a formula that binds its operands so tightly."""
    formula = Latex(text)
    formula.binding = binding
    return formula


def as_latex(operand: Any) -> Latex:
    """Return an operand as a formula, a plain number as its digits."""
    return operand if isinstance(operand, Latex) else number(operand)


def number(x: float) -> Latex:
    r"""Return a number, six digits at most, as LaTeX.

    >>> number(-0.5).text, number(1e-5).text, number(math.inf).text
    ('-0.5', '10^{-5}', '\\infty')
    """
    if not math.isfinite(x):
        sign = "-" if x < 0 else ""
        return bound(r"\mathrm{nan}" if math.isnan(x) else rf"{sign}\infty", PRODUCT)
    digits, _, exponent = figure(x).partition("e")
    if not exponent:
        return bound(digits, TIGHTEST if x >= 0 else PRODUCT)
    power = f"10^{{{int(exponent)}}}"
    if digits in {"1", "-1"}:
        return bound(digits[:-1] + power, RAISED if x > 0 else PRODUCT)
    return bound(rf"{digits} \cdot {power}", PRODUCT)


def inside(part: Latex, loosest: int, *, first: bool = True) -> str:
    """Return a formula as an operand, in parentheses if it binds more loosely than allowed."""
    signed = part.text.startswith("-")
    if part.binding < loosest or (signed and not first):
        return rf"\left({part.text}\right)"
    return part.text


def set_sum(parts: Sequence[Latex]) -> Latex:
    """Return a sum; a part that begins with a minus sign is subtracted."""
    first, *others = few(parts, r"\cdots")
    text = first.text
    for part in others:
        negative = part.text.startswith("-")
        text += f" - {part.text[1:]}" if negative else f" + {inside(part, SUM, first=False)}"
    return bound(text, SUM)


def set_difference(parts: Sequence[Latex]) -> Latex:
    """Return a difference."""
    left, right = parts
    return bound(f"{left.text} - {inside(right, PRODUCT, first=False)}", SUM)


def set_product(parts: Sequence[Latex]) -> Latex:
    """Return a product, with a dot before a number, and where it would look like a call."""
    first, *others = few(parts, r"\cdots")
    text = inside(first, PRODUCT)
    for part in others:
        factor = inside(part, PRODUCT, first=False)
        like_a_call = factor.startswith(r"\left(") and not text[-1].isdigit()
        dot = factor[0].isdigit() or like_a_call
        text += rf" \cdot {factor}" if dot else rf"\,{factor}"
    return bound(text, PRODUCT)


def set_power(parts: Sequence[Latex]) -> Latex:
    """Return a power."""
    base, exponent = parts
    return bound(f"{inside(base, TIGHTEST, first=False)}^{{{exponent.text}}}", RAISED)


def set_negative(parts: Sequence[Latex]) -> Latex:
    """Return a negative."""
    return bound(f"-{inside(parts[0], PRODUCT, first=False)}", PRODUCT)


def set_mean(parts: Sequence[Latex]) -> Latex:
    """Return an arithmetic mean as the fraction that it is."""
    return bound(rf"\frac{{{set_sum(parts).text}}}{{{len(parts)}}}", RAISED)


def set_dot(parts: Sequence[Latex]) -> Latex:
    """Return a sum of products."""
    half = len(parts) // 2
    pairs = zip(parts[:half], parts[half:], strict=True)
    return set_sum([set_product(pair) for pair in pairs])


def set_logsumexp(parts: Sequence[Latex]) -> Latex:
    """Return the logarithm of a sum of exponentials."""
    terms = set_sum([bound(f"e^{{{part.text}}}", RAISED) for part in parts])
    return bound(rf"\ln\left({terms.text}\right)", TIGHTEST)


SETTERS: dict[str, Callable[[Sequence[Latex]], Latex]] = {
    "add": set_sum,
    "sub": set_difference,
    "mul": set_product,
    "neg": set_negative,
    "power": set_power,
    "pow": set_power,
    "sum": set_sum,
    "prod": set_product,
    "mean": set_mean,
    "dot": set_dot,
    "logsumexp": set_logsumexp,
}


def few(parts: Sequence[Latex], dots: str = r"\ldots") -> Sequence[Latex]:
    """Return the parts, or, of many, the first few, dots and the last."""
    if len(parts) <= MOST_TERMS:
        return parts
    return [*parts[:FEW_TERMS], Latex(dots), parts[-1]]


# -- names -----------------------------------------------------------------------------------


def function_name(op: Operation) -> str:
    r"""Return the name of a function: `\sin`, `\sigma`, or upright letters."""
    if op.symbol in KNOWN.split():
        return f"\\{op.symbol}"
    return SYMBOLS.get(op.symbol) or rf"\operatorname{{{escaped(op.name)}}}"


def tex_name(name: str) -> str:
    r"""Return the name of a variable as LaTeX: one letter, with an index; or a word, upright.

    >>> [tex_name(name) for name in ("x", "w12", "alpha", "loss", "y_pred", "50 %")]
    ['x', 'w_{12}', '\\alpha', '\\mathrm{loss}', 'y_{\\mathrm{pred}}', '\\text{50 \\%}']
    """
    found = re.fullmatch(r"([A-Za-z]+?)_?(\d*)", name) or re.fullmatch(r"([A-Za-z]+)_(\w+)", name)
    if not found:
        primes = len(name) - len(name.rstrip("′"))
        return tex_name(name[:-primes]) + "'" * primes if primes else rf"\text{{{escaped(name)}}}"
    letters, index = found.groups()
    return word(letters) + (f"_{{{word(index)}}}" if index else "")


def word(letters: str) -> str:
    """Return letters or digits: a Greek letter by its name, a word upright."""
    if letters in GREEK.split():
        return f"\\{letters}"
    plain = len(letters) == 1 or letters.isdigit()
    return letters if plain else rf"\mathrm{{{escaped(letters)}}}"


def escaped(text: str) -> str:
    """Return any text such that LaTeX shows it as it is."""
    return "".join(ESCAPES.get(character, character) for character in text)


def fraction(of: str, by: str) -> str:
    """Return the sign of a derivative, of names that are LaTeX already."""
    return rf"\frac{{\partial {of}}}{{\partial {by}}}"


def product(factors: Sequence[float]) -> str:
    r"""Return the product of plain numbers: `18 \cdot \left(-3\right)`."""
    first, *others = factors
    told = [number(first).text, *(inside(number(x), PRODUCT, first=False) for x in others)]
    return r" \cdot ".join(part.text for part in few([*map(Latex, told)], r"\cdots"))
