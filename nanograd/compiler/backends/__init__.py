"""Backends: what runs programs. Each lowers a program to a kernel, a function of its operands."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ...errors import short

#: The backends, and what each needs that does not come with Python.
NEEDS = {"llvm": "llvmlite", "numpy": "numpy", "python": ""}


#: Those that are told which numbers lie side by side in memory; see `programs/blocks.py`.
TAKE_BLOCKS = frozenset({"llvm"})


class UnsupportedError(Exception):
    """A program has a form that a backend does not know; another one runs it."""


def backend_for(name: str | None) -> Any:
    """Return a backend by its name; without one, the fastest that can run here."""
    if name is None:
        name = next(each for each, need in NEEDS.items() if not need or find_spec(need))
    if name not in NEEDS:
        raise ValueError(f"backend must be one of {', '.join(NEEDS)}; it is {short(name)}.")
    if NEEDS[name] and not find_spec(NEEDS[name]):
        raise ImportError(
            f"the backend {name} needs {NEEDS[name]}. In a clone: "
            "python3 -m pip install '.[native]'"
        )
    return import_module(f".{name}", __name__)
