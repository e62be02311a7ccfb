"""A trace as JSON has it. `docs/trace.md` describes the format; VERSION changes when it does."""

import json
import linecache
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..nanograd import Operation, Value
from .script import Page
from .steps import BackwardStep, ForwardStep
from .trace import Link, Node, Trace

FORMAT = "nanograd trace"
VERSION = 1

MOST_OPERANDS = 50  # of an operation that the page can recompute: a rule has a part for each

Record = dict[str, Any]
RuleKey = tuple[Operation, tuple[float | None, ...]]  # an operation, and its plain operands


def json_of(trace: Trace) -> str:
    """Return a trace as JSON text."""
    return json.dumps(record_of(trace), ensure_ascii=False, allow_nan=False)


def record_of(
    trace: Trace,
    forward: Sequence[ForwardStep] | None = None,
    backward: Sequence[BackwardStep] | None = None,
) -> Record:
    """Return a trace as dicts, lists, texts, numbers and None; with these of its steps, or all.

    >>> from nanograd import Value
    >>> record_of(Trace.of(Value(2.0, "x") * 3))["forward"][-1]["text"]
    'a = x · 3 = 2 · 3 = 6'
    """
    keys = [rule_key(value) for value in trace.values]
    places = {key: i for i, key in enumerate(dict.fromkeys(filter(None, keys)))}
    page = Page()
    rules = [page.rule(*key) if len(key[1]) <= MOST_OPERANDS else None for key in places]
    nodes = zip(trace.nodes, keys, strict=True)
    return {
        "format": FORMAT,
        "version": VERSION,
        "output": trace.output,
        "nodes": [node_record(node, places.get(key) if key else None) for node, key in nodes],
        "forward": [forward_record(step, trace.positions) for step in forward or trace.forward],
        "backward": [backward_record(step, trace.positions) for step in backward or trace.backward],
        "sources": dict(sources(trace.nodes)),
        "rules": rules,
        "helpers": page.helpers,
        "focus": trace.focus and trace.focus._asdict(),
    }


def node_record(node: Node, rule: int | None) -> Record:
    """Return a node, and which rule it has; an input has none."""
    return {
        "name": node.name,
        "named": bool(node.given),
        "op": node.op,
        "symbol": node.symbol,
        "operands": [operand_record(operand) for operand in node.operands],
        "data": in_json(node.data),
        "grad": in_json(node.grad),
        "place": node.place._asdict() if node.place else None,
        "rule": rule,
    }


def operand_record(operand: Link | float) -> Record:
    """Return an operand: the node that it is, or the plain number."""
    if isinstance(operand, Link):
        return {"node": operand.node}
    return {"number": in_json(float(operand))}


def rule_key(value: Value) -> RuleKey | None:
    """Return what decides on the rule of a value: two with the same key have the same one."""
    if value.op is None:
        return None
    return value.op, tuple(None if isinstance(x, Value) else float(x) for x in value.operands)


def forward_record(step: ForwardStep, positions: Mapping[Value, int]) -> Record:
    """Return a forward step; an input has neither formula nor numbers."""
    return {
        "node": positions[step.value],
        "formula": step.formula,
        "numbers": step.numbers,
        "text": str(step),
    }


def backward_record(step: BackwardStep, positions: Mapping[Value, int]) -> Record:
    """Return a backward step; the seed comes from nowhere, which is null."""
    return {
        "node": positions[step.value],
        "from": None if step.origin is None else positions[step.origin],
        "operand": step.operand,
        "before": in_json(step.before),
        "grad": in_json(step.grad),
        "partial": in_json(step.partial),
        "after": in_json(step.after),
        "rule": step.rule,
        "text": str(step),
    }


def in_json(number: float) -> float | str:
    """Return a number; JSON knows neither inf nor nan, so they become texts."""
    return number if math.isfinite(number) else str(number)


def sources(nodes: Sequence[Node]) -> Iterator[tuple[str, list[str]]]:
    """Yield each file that nodes were made in, with its lines, as far as they can be read."""
    for file in {node.place.file: None for node in nodes if node.place}:
        yield file, [line.rstrip("\n") for line in linecache.getlines(file)]
