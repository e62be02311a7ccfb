"""The step-through: one HTML file that holds a trace, its picture, and what plays them.

It asks nothing of any network, and its policy forbids that to all that might have slipped in. What
users wrote, names and lines of code, is in it as data only. `viewer/` has the parts of the page.
"""

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html import escape
from importlib import resources
from pathlib import PurePath
from string import Template
from typing import Any

from ..nanograd import Value, ancestry
from .folding import Folding, fold
from .record import record_of
from .steps import BackwardStep, ForwardStep
from .svg import DECADES, THINNEST, WIDEST, svg_of
from .symbols import Symbol, spelled
from .trace import Focus, Trace

Record = dict[str, Any]

#: The parts of the viewer, each after what it needs at once; together they are one script.
SCRIPTS = (
    "numbers",
    "graph",
    "steps",
    "naive",
    "dom",
    "picture",
    "equation",
    "code",
    "listing",
    "predict",
    "knobs",
    "lessons",
    "words",
    "player",
    "main",
)

MOST_NODES = 4000  # in one page; of a larger graph, it has some steps only
MOST_STEPS = 1000  # of each pass, then
AROUND = 4  # lines of code before the first that made a value, and after the last
MOST_LINES = 600  # of one file

#: In JSON, what could end the script that it stands in, or a line of it.
DANGEROUS = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


def page_of(trace: Trace, title: str = "", step: int | None = None) -> str:
    """Return a page, as HTML, that steps through a trace; it opens on a step, counted from 0."""
    if step is not None:
        trace = replace(trace, focus=Focus(step, trace.focus.message if trace.focus else ""))
    record = record_of(trace, *kept_steps(trace))
    title = " ".join(title.split()) or f"How {trace.nodes[trace.output].name} changes"
    folding = fold(trace)
    picture = svg_of(trace, folding)
    data = data_of(record, trace, folding) | {"smallest": smallest()}
    style, script = part("viewer.css"), script_of(record)
    parts = {
        "title": escape(title),
        "policy": policy([style, *styles_in(picture)], script),
        "style": style,
        "picture": picture,
        "data": embedded(data),
        "script": script,
    }
    return Template(part("page.html")).substitute(parts)


def part(name: str, folder: str = "viewer") -> str:
    """Return the text of a file of the viewer, or of that of charts."""
    return resources.files(__package__).joinpath(folder, name).read_text(encoding="utf-8")


# -- what the browser is told ----------------------------------------------------------------


def policy(styles: Sequence[str], script: str) -> str:
    """Return the policy of the page: these styles, this script, and nothing else from anywhere."""
    allowed = " ".join(map(digest, styles))
    return f"default-src 'none'; style-src {allowed}; script-src {digest(script)}; base-uri 'none'"


def digest(text: str) -> str:
    """Return the hash of a text as a policy has it."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def styles_in(picture: str) -> list[str]:
    """Return the style sheets in a picture."""
    return re.findall(r"<style>(.*?)</style>", picture, flags=re.DOTALL)


def embedded(record: Record) -> str:
    """Return a record as JSON that can stand in a script: nothing in it can end the script."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(DANGEROUS)


# -- the script ------------------------------------------------------------------------------


def script_of(record: Record) -> str:
    """Return the script of a page: the operations of this graph, and the viewer."""
    rules = "" if is_large(record) else ",\n".join(map(rule_in_script, record["rules"]))
    helpers = record["helpers"] if rules else ""
    viewer = "\n".join(part(f"{name}.js") for name in SCRIPTS)
    return f"'use strict';\n(() => {{\n{helpers}\nconst RULES = [{rules}];\n{viewer}\n}})();\n"


def rule_in_script(rule: Mapping[str, Any] | None) -> str:
    """Return an operation as JavaScript: functions of the numbers in its operands.

    >>> rule_in_script({"value": "v0 ** 2", "partials": ["2 * v0"]})
    '{ value: ([v0]) => v0 ** 2, partials: [([v0], out) => 2 * v0] }'
    """
    if rule is None:
        return "null"
    names = ", ".join(f"v{i}" for i in range(len(rule["partials"])))
    partials = ", ".join(
        "null" if partial is None else f"([{names}], out) => {partial}"
        for partial in rule["partials"]
    )
    return f"{{ value: ([{names}]) => {rule['value']}, partials: [{partials}] }}"


# -- the data --------------------------------------------------------------------------------


def data_of(record: Record, trace: Trace, folding: Folding) -> Record:
    """Return what the viewer reads of a trace: all that it cannot work out."""
    files = list(record["sources"])
    forward = [step["node"] for step in record["forward"]]
    backward = [flow_of(step) for step in record["backward"]]
    kept: Sequence[int] = range(len(record["nodes"]))
    data: Record = {"output": record["output"], "focus": record["focus"]}
    if is_large(record):
        cut = len(trace.forward) - len(forward)
        data["left_out"] = {
            "nodes": len(trace.nodes),
            "forward": cut,
            "backward": len(trace.backward) - len(backward),
        }
        if trace.focus:
            data["focus"] = {**record["focus"], "step": max(0, trace.focus.step - cut)}
        kept = sorted(needed(record, forward, backward))
    used = {record["nodes"][i]["rule"] for i in kept}
    return data | {
        "nodes": {i: node_of(record["nodes"][i], files) for i in kept},
        "forward": forward,
        "backward": backward,
        "computed": [] if is_large(record) else computed_in(trace),
        "spelling": {i: how for i, how in enumerate(spellings(record, trace)) if i in used},
        "widths": {"thinnest": THINNEST, "widest": WIDEST, "decades": DECADES},
        "groups": {i: box.nodes for i, box in enumerate(folding) if len(box.nodes) > 1},
        "sources": [source_of(file, record) for file in files],
    }


def computed_in(trace: Trace) -> list[int]:
    """Return the nodes that have operands, in the order in which they pass their grads on."""
    return [trace.positions[value] for value in ancestry(trace.values[-1])]


def smallest() -> Record:
    """Return the data of the smallest graph on which naive recursion goes wrong."""
    a = Value(1.0, "a")
    b = a + a
    c = b + b
    b.name, c.name = "b", "c"
    trace = Trace.of(c)
    return data_of(record_of(trace), trace, ())


def kept_steps(trace: Trace) -> tuple[Sequence[ForwardStep], Sequence[BackwardStep]]:
    """Return the steps of both passes that a page has: of a large graph, those near the output.

    Back from there it goes at least as far as the step to look at first.
    """
    if len(trace.nodes) <= MOST_NODES:
        return trace.forward, trace.backward
    first = trace.focus.step - len(trace.forward) if trace.focus else 0
    return trace.forward[-MOST_STEPS:], trace.backward[: max(MOST_STEPS, first + 1)]


def is_large(record: Record) -> bool:
    """Return whether a graph is too large for all its steps to be in one page."""
    return len(record["nodes"]) > MOST_NODES


def needed(record: Record, forward: Sequence[int], backward: Sequence[Record]) -> set[int]:
    """Return the nodes that some steps are about, with their operands."""
    nodes = {record["output"], *forward, *(flow["node"] for flow in backward)}
    operands = [x for i in nodes for x in record["nodes"][i]["operands"]]
    return nodes | {x["node"] for x in operands if "node" in x}


def node_of(node: Record, files: Sequence[str]) -> Record:
    """Return a node, the file that it was made in by its number: paths tell of their machine."""
    place = node["place"]
    return {
        **{key: node[key] for key in ("name", "named", "op", "operands", "data", "rule")},
        "place": place and {"file": files.index(place["file"]), "line": place["line"]},
    }


def flow_of(step: Record) -> Record:
    """Return a share by what decides on it: where it comes from, the partial, and the rule."""
    return {key: step[key] for key in ("node", "from", "operand", "partial", "rule")}


def spellings(record: Record, trace: Trace) -> Iterator[Record]:
    """Yield for each rule how its operation is written: a formula with a {0} for each operand.

    An operation `chooses` if no derivative flows to an operand with partial 0. A partial is `sided`
    if its words may hold on one side of a kink only.
    """
    by_rule: dict[int, Value] = {}
    for node, value in zip(record["nodes"], trace.values, strict=True):
        if node["rule"] is not None:
            by_rule.setdefault(node["rule"], value)
    for i, rule in enumerate(record["rules"]):
        op: Any = by_rule[i].op
        operands = [
            Symbol(f"{{{n}}}") if isinstance(x, Value) else x
            for n, x in enumerate(by_rule[i].operands)
        ]
        partials = rule["partials"] if rule else [None] * len(operands)
        yield {
            "formula": spelled(op, operands, room=" "),
            "chooses": op.chooses,
            "sided": ["?" in (partial or "") for partial in partials],
        }


def source_of(file: str, record: Record) -> Record:
    """Return a file's name, and its lines from the first that made a value to the last."""
    places = [node["place"] for node in record["nodes"] if node["place"]]
    used = [place["line"] for place in places if place["file"] == file]
    first = max(1, min(used) - AROUND)
    last = min(max(used) + AROUND, first + MOST_LINES)
    lines = record["sources"][file][first - 1 : last]
    return {"name": PurePath(file).name, "start": first, "lines": lines}
