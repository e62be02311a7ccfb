"""What a wave does, as mathematics has it: `relu(a)` for a formula, `Σ₁₆ a·b` for a fold.

What all rows come to is `Σ rows a·b`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...drawing.symbols import BINDING, SIGNS, Symbol, binding_of, inside, spelled
from ...nanograd import Operation
from .forms import Fold, Form, Kind, Take, Total

MINUS = " − "
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
BIG = {"add": "Σ", "mul": "Π"}  # signs for many terms; others have their names
FEW_TERMS = 4  # that are told one by one
NEUTRAL = {"add": 0.0, "mul": 1.0}


def formula_of(kind: Kind, leaves: Sequence[str]) -> str:
    """Return what is done to leaves of these names."""
    if isinstance(kind, Form):
        return symbol_of(kind, iter(leaves)).text.replace(" - ", MINUS)
    if isinstance(kind, Take):
        index, table = leaves
        return f"{table}[{index}]"
    sign = BIG.get(kind.op.name, kind.op.symbol)
    term = inside(symbol_of(kind.form, iter(leaves)), BINDING["mul"])
    term = term.replace(" - ", MINUS)
    if isinstance(kind, Total):
        return f"{sign} rows {term}"
    sign += str(kind.length).translate(LOWERED)
    begins = kind.start in {NEUTRAL.get(kind.op.name), float("inf"), float("-inf")}
    return f"{sign} {term}" if begins else f"{kind.start:.6g} {joint(kind.op)} {sign} {term}"


def terms_written(fold: Fold, terms: Sequence[Sequence[str]]) -> str:
    """Return the terms of a fold one by one, each with the names of its leaves; of many, a few."""
    written = [symbol_of(fold.form, iter(leaves)) for leaves in terms]
    if fold.op.name in SIGNS:
        binding = BINDING[fold.op.name]
        texts = [inside(term, binding, first=False) for term in written]
    else:
        texts = [term.text for term in written]
    if len(texts) > FEW_TERMS:
        texts = [*texts[: FEW_TERMS - 1], "…", texts[-1]]
    texts = [text.replace(" - ", MINUS) for text in texts]
    if fold.op.name not in SIGNS:
        return f"{fold.op.symbol}({', '.join(texts)})"
    return SIGNS[fold.op.name].join(texts)


def joint(op: Operation) -> str:
    """Return what stands between a beginning and the terms."""
    return SIGNS.get(op.name, f" {op.symbol} ").strip()


def symbol_of(form: Form, leaves: Iterator[str]) -> Symbol:
    """Return a formula as a symbol, which knows where parentheses go."""
    if form.op is None:
        return Symbol(next(leaves))
    parts = [symbol_of(part, leaves) for part in form.parts]
    if is_comparison(form.op):
        return Symbol(f"({parts[0].text} {form.op.symbol} {parts[1].text})")
    symbol = Symbol(spelled(form.op, parts))
    symbol.binding = binding_of(form.op)
    return symbol


def is_comparison(op: Operation) -> bool:
    """Return whether the sign of an operation stands between its operands, and binds loosely."""
    is_sign = op.name not in BINDING and not op.symbol[0].isalpha()
    return is_sign and len(op.parameters) == 2
