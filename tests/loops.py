"""Random programs with loops, and what they mean: an interpreter that is written for clarity only.

A slot is a function of a place, {axis: index}; nothing is shared with the package but the programs.
"""

import math
from functools import cache

from hypothesis import strategies as st

from nanograd.compiler.programs.operations import Get, Input, Reduction, Scan
from nanograd.compiler.programs.parsing import parsed
from nanograd.modes import block


def meaning(program, operands, lengths):
    """Return the outputs of a program as nested lists along their axes."""

    pairs = zip(program.inputs, operands, strict=True)
    with block("ieee"):
        outputs = functions(program, [table(x, given.axes) for given, x in pairs], lengths)
        pairs = zip(outputs, program.output_axes(), strict=True)
        return [listed(x, axes, lengths, {}) for x, axes in pairs]


def table(x, axes):
    """Return nested lists as a function of a place."""

    def at(place):
        entry = x
        for axis in axes:
            entry = entry[place[axis]]
        return entry

    return at


def listed(x, axes, lengths, place):
    """Return a function of a place as nested lists."""
    if not axes:
        return x(place)
    axis, *inner = axes
    return [listed(x, inner, lengths, {**place, axis: i}) for i in range(lengths[axis])]


def functions(program, inputs, lengths):
    """Return the outputs of a program as functions of a place."""
    axes = program.axes()

    def value(x, place):
        if type(x) is float:
            return x
        here = {axis: i for axis, i in place.items() if axis in axes[x] or is_own(x, axis)}
        return at(x, tuple(sorted(here.items())))

    def is_own(slot, axis):
        op = program.ops[slot]
        return isinstance(op, Get) and axis in op.axes

    @cache
    def at(slot, items):
        op, operands, place = program.ops[slot], program.operands[slot], dict(items)
        if isinstance(op, Input):
            return inputs[slot](place)
        if isinstance(op, Get):
            rows = {axis: i for axis, i in place.items() if axis not in op.axes}
            return results(operands[0], tuple(sorted(rows.items())))[op.index](place)
        if isinstance(op, Reduction):
            length = range(lengths[op.axis])
            if op.name == "count":
                return float(len(length))
            entries = [value(operands[0], {**place, op.axis: i}) for i in length]
            return math.fsum(entries) if op.name == "sum" else max(entries, default=-math.inf)
        return op(*[value(x, place) for x in operands])

    @cache
    def results(slot, rows):
        op = program.ops[slot]
        given = [lambda p, x=x: value(x, {**dict(rows), **p}) for x in program.operands[slot]]
        run = scanned if isinstance(op, Scan) else repeated
        return run(op, given, lengths)

    return [lambda place, x=x: value(x, place) for x in program.outputs]


def scanned(op, given, lengths):
    state, same = given[: op.states], given[op.states + op.sequences :]
    sequences = given[op.states : op.states + op.sequences]
    steps = {}
    places = range(lengths[op.axis])
    for i in places[::-1] if op.is_reversed else places:
        entries = [lambda p, x=x, i=i: x({**p, op.axis: i}) for x in sequences]
        out = functions(op.body, [*state, *entries, *same], lengths)
        state, steps[i] = out[: op.states], out[op.states :]
    count = len(op.body.outputs) - op.states
    return [*state, *[lambda p, k=k: steps[p[op.axis]][k](p) for k in range(count)]]


def repeated(op, given, lengths):
    states = len(op.body.outputs)
    state, same = given[:states], given[states:]
    while functions(op.condition, [*state, *same], lengths)[0]({}):
        state = functions(op.body, [*state, *same], lengths)
    return state


# -- random programs -------------------------------------------------------------------------

#: Steps; those with a # use the one before them. Nothing grows fast, and nothing that is only
#: nearly equal is compared: then rounding makes little difference.
STEPS = ["tanh {}", "sin {}", "add {} {}", "sub {} {}", "maximum {} {}", "neg {}", "sigmoid {}"]
STEPS += ["gelu {}", "sum {} {} {}", "div {} 3.0", "lt {} 0.0123"]
STEPS += ["mul {} {}; tanh #", "lt {} 0.0123; where # {} {}"]
HEADS = [
    "program(w, x[rows], y[steps], z[rows, steps])",
    "program(w, y[steps], x[rows], z[steps, rows])",
]


class Text:
    """The text of a program that grows; each slot has a name of its own."""

    def __init__(self, draw):
        self.draw = draw
        self.lines = []
        self.count = 0

    def add(self, indent, instruction):
        self.count += 1
        self.lines.append(f"{' ' * indent}v{self.count} = {instruction}")
        return f"v{self.count}"

    def steps(self, indent, names, most=3):
        """Add some steps on these names, and return them with the new ones."""
        names = [*names]
        for _ in range(self.draw(st.integers(1, most))):
            last = ""
            for step in self.draw(st.sampled_from(STEPS)).split("; "):
                operands = [self.pick(names) for _ in range(step.count("{}"))]
                last = self.add(indent, step.replace("#", last).format(*operands))
            names.append(last)
        return names

    def pick(self, names):
        return self.draw(st.sampled_from([*names, "0.5"]))

    def scan(self, indent, axis, per_step, names, depth=0):
        """Add a scan over an axis, and return its results."""
        states = [self.pick(names) for _ in range(self.draw(st.integers(0, 2)))]
        entries = self.draw(st.lists(st.sampled_from(per_step), max_size=2)) if per_step else []
        same = [self.pick(names) for _ in range(self.draw(st.integers(0, 2)))]
        groups = " | ".join(map(" ".join, (states, entries, same)))
        order = self.draw(st.sampled_from(["", ", reversed"]))
        loop = self.add(indent, f"scan[{axis}{order}] {groups}")
        takes = [f"p{i}" for i in range(len(states + entries + same))]
        self.lines.append(f"  body({', '.join(takes)})")
        known = self.steps(indent + 2, takes)
        if depth < 2 and self.draw(st.booleans()):
            known += self.scan(indent + 2, f"inner_{depth}", [], known, depth + 1)
        elif self.draw(st.booleans()):
            known += self.repeat(indent + 2, known)
        gives = [self.pick(known) for _ in range(self.draw(st.integers(0, 2)))]
        self.lines.append(f"  return {' '.join([*map(self.pick, [known] * len(states)), *gives])}")
        found = [self.add(indent, f"get[{i}] {loop}") for i in range(len(states))]
        count = len(states)
        columns = [self.add(indent, f"get[{count + i}, {axis}] {loop}") for i in range(len(gives))]
        found += [self.add(indent, f"sum[{axis}] {x}") for x in columns]
        return found if depth else found + columns

    def repeat(self, indent, names):
        """Add a while that ends after a few steps, and return its results."""
        bound = self.pick(names)
        loop = self.add(indent, f"while 0.0 {self.pick(names)} | {bound} {self.pick(names)}")
        self.lines.append("  condition(i, s, n, c)")
        limit = self.add(indent, "add n 1.123")
        limit = self.add(indent, f"minimum {limit} 3.5")
        self.lines.append(f"  return {self.add(indent, f'lt i {limit}')}")
        self.lines.append("  body(i, s, n, c)")
        known = self.steps(indent, ["i", "s", "n", "c"])
        self.lines.append(f"  return {self.add(indent, 'add i 1.0')} {self.pick(known)}")
        return [self.add(indent, f"get[{k}] {loop}") for k in range(2)]


numbers = st.floats(-2, 2).map(lambda x: round(x, 2) + 0.003)


@st.composite
def looping(draw):
    """Draw a program with loops, its operands and lengths."""
    text = Text(draw)
    text.lines.append(draw(st.sampled_from(HEADS)))
    names = text.steps(2, ["w", "x"])
    found = text.scan(2, "steps", ["y", "z"], names)
    found = text.steps(2, [*found, *names])
    found += text.repeat(2, found)
    found.append(text.add(2, f"sum[rows] {text.pick(found)}"))
    text.lines.append(f"  return {' '.join(found)}")
    program = parsed("\n".join(text.lines))
    lengths = {axis: draw(st.integers(0, 3)) for axis in ("rows", "steps", "inner_0", "inner_1")}
    operands = [drawn(draw, each.axes, lengths) for each in program.inputs]
    return program, operands, lengths


def drawn(draw, axes, lengths):
    if not axes:
        return draw(numbers)
    return [drawn(draw, axes[1:], lengths) for _ in range(lengths[axes[0]])]
