"""Our vector functions as text, and the whole text of a module that calls some of them."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from ....nanograd import OPERATIONS
from ...programs.verifying import operand_count
from .lanes import Lanes
from .vector_math import OPERATIONS as VECTOR_MATH

NAME_OF = re.compile(r'@"?([\w.]+)')

REMARK = re.compile(r"!(\d+)")

#: Flags of the processor that say that a nan was born: others, as NumPy, would warn of ours.
FLAGS = 31 if platform.machine().lower() in {"arm64", "aarch64"} else 61
QUIET = [] if sys.platform == "win32" else [f"  call i32 @feclearexcept(i32 {FLAGS})"]

Key = tuple[str, bool]  # of one of our functions: its name, and whether it is for all lanes


def whole_text(
    texts: Iterable[str],
    declared: Iterable[str],
    lines: Sequence[str],
    *,
    is_inlined: bool,
) -> str:
    """Return a module: what is declared, our functions, and then these lines.

    Our functions may be written out wherever they are called: that is faster, and longer.
    """
    functions = [renumbered(text, 10 * i) for i, text in enumerate(texts)]
    own = [line for text in functions for line in text.splitlines()]
    declares = [*declared, *[line for line in own if line.startswith("declare")]]
    declares.append("declare i32 @feclearexcept(i32)")
    each_once = {NAME_OF.findall(line)[0]: line for line in declares}
    bodies = [line for line in own if not line.startswith(("declare", ";", "target"))]
    whole = "\n".join([*each_once.values(), *bodies, *lines])
    return whole if is_inlined else whole.replace(" alwaysinline", " noinline")


def renumbered(text: str, first: int) -> str:
    """Return a text with other numbers for its remarks to LLVM, `!0`, than other texts have."""
    return REMARK.sub(lambda found: f"!{first + int(found[1])}", text)


def function_texts(keys: Iterable[Key], precision: str, width: int) -> dict[Key, str]:
    """Return some of our functions, for one number or for all lanes."""
    return {key: function_text(key[0], precision, width if key[1] else 1) for key in keys}


@cache
def function_text(name: str, precision: str, width: int) -> str:
    """Return one of our functions, for one number or for several side by side."""
    from llvmlite import ir

    one = ir.DoubleType() if precision == "float64" else ir.FloatType()
    kind: Any = ir.VectorType(one, width) if width > 1 else one
    module = ir.Module()
    count = operand_count(OPERATIONS[name]) or 0
    own_name = f"{name}.{'wide' if width > 1 else 'one'}"
    function = ir.Function(module, ir.FunctionType(kind, [kind] * count), own_name)
    function.linkage = "internal"
    function.attributes.add("alwaysinline")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    builder.ret(VECTOR_MATH[name](*[Lanes(builder, x) for x in function.args]).value)
    return str(module)
