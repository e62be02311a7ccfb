"""Programs as Python source: each step a line, each loop a `for` or a `while`.

What is one number per row is computed in a loop over the rows, and kept in a list where it is
needed afterwards. The body of a scan or a while is written where it is run, inside of the loop: its
state is in local variables, and what its steps give is appended to lists.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ...nanograd import Operation
from ..programs.grouping import Loop, kept_slots, loops_of
from ..programs.operations import Axes, Get, Op, Reduction, Scan, While, without
from ..programs.operations import Loop as LoopOp
from ..programs.program import (
    Instruction,
    Operand,
    Operands,
    Program,
    axes_of,
    every_axis,
    programs_in,
    states_of,
)
from ..programs.text import fresh_names, names_in
from ..tracing.names import DistinctNames

Words = Sequence[str]
Native = Callable[[Operation, Words], str]  # writes an operation on operands


def source_of(program: Program, native: Native, taken: set[str]) -> str:
    """Return the source of the function `kernel`, which takes the operands and lengths of axes.

    `native` writes an operation on operands; names that are taken are not used.
    """
    names = Names(program, taken)
    inputs = [names.like(each.name) for each in program.inputs]
    writer = Writer(program, names, native, inputs)
    parameters = ", ".join([*inputs, *names.length.values()])
    outputs = ", ".join(writer.outputs())
    lines = [*writer.lines(), f"return [{outputs}]"]
    return "\n".join([f"def kernel({parameters}):", *indented(lines)])


def indented(lines: Iterable[str], indent: str = "    ") -> Iterator[str]:
    """Yield the lines further to the right."""
    for line in lines:
        yield indent + line


class Names:
    """What is called how, all over one function."""

    def __init__(self, program: Program, taken: set[str]):
        self.taken = DistinctNames([*taken, *keyword.kwlist, "kernel"])
        self.letters = fresh_names({*names_in(program)})
        self.length: dict[str, str] = {}  # of each axis,
        self.index: dict[str, str] = {}  # and the place where a loop over it is
        for axis in every_axis(program):
            self.length[axis] = self.like(axis)
        places = iter("ijk")
        for axis in self.length:
            place = next(places, f"i_{axis}")
            self.index[axis] = self.like(place)

    def like(self, *words: str) -> str:
        """Return a name as near to these words as may be, and take it."""
        return self.taken.distinct("_".join(words))

    def letter(self) -> str:
        """Return the next letter that is free, and take it."""
        for name in self.letters:
            if name not in self.taken:
                break
        return self.like(name)

    def loop(self, axis: str, *, backward: bool = False) -> str:
        """Return the head of a loop over an axis, from the first entry to the last."""
        places = f"range({self.length[axis]})"
        if backward:
            places = f"reversed({places})"
        return f"for {self.index[axis]} in {places}"

    def places(self, axes: Axes) -> str:
        """Return where a list is indexed in the loops over these axes."""
        return "".join([f"[{self.index[axis]}]" for axis in axes])


class Writer:
    """Writes the steps of one program, the kernel's or that of a loop."""

    def __init__(self, program: Program, names: Names, native: Native, inputs: Words):
        self.program = program
        self.names = names
        self.native = native
        self.axes = program.axes()
        self.loops = loops_of(program)
        self.kept = kept_slots(program, self.loops)
        self.loop_of: dict[Operand, Loop] = {}
        for loop in self.loops:
            self.loop_of.update(dict.fromkeys(loop.slots, loop))
        self.local = list(inputs)  # what a slot is called in its own loop,
        self.lists = list(inputs)  # and what, after it, all of its entries,
        self.layout = [each.axes for each in program.inputs]  # along these axes
        self.inner: dict[int, dict[str, Writer]] = {}  # the programs of each loop,
        self.filled: dict[Operand, list[tuple[str, int]]] = {}  # and which lists its outputs fill
        for step in program.steps():
            self.name(step)

    def name(self, step: Instruction) -> None:
        """Find names for a slot, and for those in the programs of a loop."""
        slot, op, operands = step
        letter = self.names.letter()
        rows = self.loop_of[slot].axes
        own = op.axes if isinstance(op, Get) else ()
        local = everywhere = letter
        if own:
            local = everywhere = self.names.like(letter, *own)
        if rows and slot in self.kept:
            everywhere = self.names.like(letter, *rows, *own)
        self.local.append(local)
        self.lists.append(everywhere)
        self.layout.append(rows + own)
        if isinstance(op, LoopOp):
            self.inner[slot] = self.inside(op, step)
        if isinstance(op, Get) and not self.is_state(op, operands):
            lists = self.filled.setdefault(operands[0], [])
            lists.append((local, op.index))

    def is_state(self, op: Get, operands: Operands) -> bool:
        """Return whether a result of a loop is its final state."""
        loop = self.program.ops[int(operands[0])]
        return op.index < states_of(loop)

    def inside(self, op: Scan | While, step: Instruction) -> dict[str, Writer]:
        """Return what writes the programs of a loop."""
        words = list(self.words(op, step))
        found = {}
        for key, each in programs_in(op).items():
            found[key] = Writer(each, self.names, self.native, words)
        return found

    def words(self, op: Scan | While, step: Instruction) -> Iterator[str]:
        """Yield what the inputs of a loop's body are called.

        What is the same in each step keeps the name that it has outside, if it has one.
        """
        entries = op.sequences if isinstance(op, Scan) else 0
        changing = states_of(op) + entries
        for i, given in enumerate(op.body.inputs):
            x = step.operands[i]
            outside = self.whole(x, given.axes, step.slot)
            is_name = type(x) is float or outside.isidentifier()
            if i >= changing and is_name:
                yield outside
            else:
                yield self.names.like(given.name)

    def lines(self) -> Iterator[str]:
        """Yield the lines of all steps."""
        for loop in self.loops:
            yield from self.loop(loop)

    def loop(self, loop: Loop) -> Iterator[str]:
        """Yield the lines of one loop over rows: its head, its steps, and what is kept of them."""
        kept = self.kept.intersection(loop.slots)
        if not loop.axes:
            kept = set()
        indent = ""
        for depth, axis in enumerate(loop.axes):
            for slot in sorted(kept):
                yield indent + self.new_list(slot, depth)
            yield f"{indent}{self.names.loop(axis)}:"
            indent += "    "
        for slot in loop.slots:
            yield from indented(self.step(slot), indent)
        for slot in sorted(kept):
            filled = self.inner_list(slot, len(loop.axes))
            yield f"{indent}{filled}.append({self.local[slot]})"

    def inner_list(self, slot: int, depth: int) -> str:
        """Return the list that is being filled, so deep in the lists of a slot."""
        return self.lists[slot] + "[-1]" * (depth - 1)

    def new_list(self, slot: int, depth: int) -> str:
        """Return the line that begins a list, so deep in the lists of a slot."""
        if not depth:
            return f"{self.lists[slot]} = []"
        return f"{self.inner_list(slot, depth)}.append([])"

    # -- steps -------------------------------------------------------------------------------

    def step(self, slot: int) -> Iterator[str]:
        """Yield the lines of one step."""
        op = self.program.ops[slot]
        if isinstance(op, Scan):
            yield from self.scan(op, slot)
        elif isinstance(op, While):
            yield from self.repeat(op, slot)
        elif isinstance(op, Get):
            yield from self.taken_out(op, slot)
        else:
            yield f"{self.local[slot]} = {self.expression(op, slot)}"

    def expression(self, op: Op, slot: int) -> str:
        """Return what a slot is computed by."""
        operands = self.program.operands[slot]
        if isinstance(op, Reduction):
            return self.reduction(op, operands, slot)
        words = [self.whole(x, (), slot) for x in operands]
        operation: Any = op  # no input, which come before all steps, and no loop
        return self.native(operation, words)

    def reduction(self, op: Reduction, operands: Operands, slot: int) -> str:
        """Return a reduction of the lists that were kept."""
        length = self.names.length[op.axis]
        if op.name == "count":
            return f"1.0 * {length}"
        (axes,) = axes_of(operands, self.axes)
        if op.axis in axes:
            function = "fsum" if op.name == "sum" else "largest"
            entries = self.whole(operands[0], (op.axis,), slot)
            return f"{function}({entries})"
        word = self.whole(operands[0], (), slot)
        return f"{word} * {length}" if op.name == "sum" else word

    def whole(self, x: Operand, wanted: Axes, slot: int | None = None) -> str:
        """Return an operand of this slot, or an output, as a list along the wanted axes.

        Along others it is the entry at the place where the loops are.
        """
        layout: Axes = ()
        if type(x) is not int:
            word = repr(x)
        elif slot in self.loop_of and self.loop_of.get(x) is self.loop_of[slot]:
            word = self.local[x]
        else:
            word = self.lists[x]
            layout = self.layout[x]
        return entry_of(self.names, word, layout, wanted)

    def outputs(self) -> Words:
        """Return the outputs."""
        axes = axes_of(self.program.outputs, self.axes)
        return list(map(self.whole, self.program.outputs, axes))

    # -- scans and whiles --------------------------------------------------------------------

    def scan(self, op: Scan, slot: int) -> Iterator[str]:
        """Yield the lines of a scan, with its body inside."""
        inputs = range(len(op.body.inputs))
        entries = inputs[op.states : op.states + op.sequences]
        before = [i for i in inputs if i not in entries]
        filled = self.filled.get(slot, [])
        yield from self.entered(op, slot, before)
        for name, _ in filled:
            yield f"{name} = []"
        yield f"{self.names.loop(op.axis, backward=op.is_reversed)}:"
        inside = list(self.entered(op, slot, entries))
        inside += self.body(slot)
        yield from indented(inside or ["pass"])
        if op.is_reversed:
            for name, _ in filled:
                yield f"{name}.reverse()"

    def body(self, slot: int) -> Iterator[str]:
        """Yield the lines of the body of a loop, up to the next state."""
        body = self.inner[slot]["body"]
        outputs = body.outputs()
        states = states_of(self.program.ops[slot])
        yield from body.lines()
        for name, i in self.filled.get(slot, []):
            yield f"{name}.append({outputs[i]})"
        yield from assigned(body.local[:states], outputs[:states])

    def repeat(self, op: While, slot: int) -> Iterator[str]:
        """Yield the lines of a while, with its condition and its body inside."""
        condition = self.inner[slot]["condition"]
        (holds,) = condition.outputs()
        inputs = range(len(op.body.inputs))
        yield from self.entered(op, slot, inputs)
        yield "while True:"
        yield from indented(condition.lines())
        yield f"    if not {holds}:"
        yield "        break"
        yield from indented(self.body(slot))

    def entered(self, op: Scan | While, slot: int, places: Iterable[int]) -> Iterator[str]:
        """Yield the lines that give inputs of a body what they are called by."""
        operands = self.program.operands[slot]
        words = self.inner[slot]["body"].local
        for i in places:
            axes = op.body.inputs[i].axes
            word = self.whole(operands[i], axes, slot)
            yield from assigned([words[i]], [word])

    def taken_out(self, op: Get, slot: int) -> Iterator[str]:
        """Yield the line for a result of a loop that is a state; others are lists that it fills."""
        operands = self.program.operands[slot]
        if self.is_state(op, operands):
            body = self.inner[int(operands[0])]["body"]
            yield f"{self.local[slot]} = {body.local[op.index]}"


def entry_of(names: Names, word: str, layout: Axes, wanted: Axes) -> str:
    """Return, of lists with this layout, the entry where the loops are, along the wanted axes."""
    around = without(layout, wanted)
    if layout == around + wanted:
        return word + names.places(around)
    entry = word + names.places(layout)
    for axis in reversed(wanted):
        entry = f"[{entry} {names.loop(axis)}]"
    return entry


def assigned(names: Words, words: Words) -> Iterator[str]:
    """Yield the line that gives these names what they are to be, all at once."""
    pairs = zip(names, words, strict=True)
    changed = [pair for pair in pairs if pair[0] != pair[1]]
    if changed:
        left, right = map(", ".join, zip(*changed, strict=True))
        yield f"{left} = {right}"
