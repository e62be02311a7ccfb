"""Programs as Python source: each step a line, each loop a `for` or a `while`.

What is one number per row is computed in a loop over the rows, and kept in a list where it is
needed afterwards. The body of a scan or a while is written where it is run, inside of the loop: its
state is in local variables, and what its steps give is appended to lists.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...nanograd import Operation
from ..grouping import Loop, kept_slots, loops_of
from ..operations import Axes, Get, Reduction, Scan, While, without
from ..operations import Loop as LoopOp
from ..program import Instruction, Operand, Program, axes_of, every_axis, programs_in
from ..refs import distinct
from ..text import fresh_names, names_in

Native = Callable[[Operation, Sequence[str]], str]  # writes an operation on operands, or nothing


def source_of(
    program: Program,
    native: Native,
    functions: Mapping[Operation, str],
    taken: set[str],
) -> str:
    """Return the source of the function `kernel`, which takes the operands and lengths of axes.

    What is not native is called as one of the `functions`; names that are taken are not used.
    """
    names = Names(program, native, functions, taken)
    inputs = [names.like(each.name) for each in program.inputs]
    writer = Writer(program, names, inputs)
    head = f"def kernel({', '.join([*inputs, *names.length.values()])}):"
    outputs = ", ".join(writer.outputs())
    return "\n".join([head, *indented([*writer.lines(), f"return [{outputs}]"])])


def indented(lines: Iterable[str], indent: str = "    ") -> Iterator[str]:
    """Yield the lines further to the right."""
    for line in lines:
        yield indent + line


class Names:
    """What is called how, all over one function."""

    def __init__(
        self,
        program: Program,
        native: Native,
        functions: Mapping[Operation, str],
        taken: set[str],
    ):
        self.native = native
        self.functions = functions
        self.taken = {*taken, *keyword.kwlist, *functions.values(), "kernel"}
        axes = every_axis(program)
        self.length = {axis: self.like(axis) for axis in axes}
        places = [*"ijk", *[f"i_{axis}" for axis in axes[3:]]]
        self.index = {axis: self.like(i) for axis, i in zip(axes, places, strict=False)}
        self.letters = fresh_names({*names_in(program)})

    def like(self, name: str) -> str:
        """Return a name as near to this one as may be, and take it."""
        found = distinct(name, self.taken)
        self.taken.add(found)
        return found

    def letter(self) -> str:
        """Return the next letter that is free, and take it."""
        return self.like(next(name for name in self.letters if name not in self.taken))

    def range(self, axis: str) -> str:
        """Return all places along an axis."""
        return f"range({self.length[axis]})"

    def places(self, axes: Axes) -> str:
        """Return where a list is indexed by the loops over these axes."""
        return "".join([f"[{self.index[axis]}]" for axis in axes])


class Writer:
    """Writes the steps of one program, the kernel's or that of a loop."""

    def __init__(self, program: Program, names: Names, inputs: Sequence[str]):
        self.program = program
        self.names = names
        self.axes = program.axes()
        self.loops = loops_of(program)
        self.loop_of = {slot: loop for loop in self.loops for slot in loop.slots}
        self.kept = kept_slots(program, self.loops)
        self.local = [*inputs]  # what a slot is called in its own loop,
        self.lists = [*inputs]  # and what, after it, all of its entries,
        self.layout = [each.axes for each in program.inputs]  # along these axes
        self.inner: dict[int, dict[str, Writer]] = {}  # the programs of loops
        for step in program.steps():
            self.name(step)

    def name(self, step: Instruction) -> None:
        """Find names for a slot, and for those in the programs of a loop."""
        letter = self.names.letter()
        rows = self.loop_of[step.slot].axes
        own = step.op.axes if isinstance(step.op, Get) else ()
        self.local.append(self.names.like("_".join([letter, *own])) if own else letter)
        if rows and step.slot in self.kept:
            self.lists.append(self.names.like("_".join([letter, *rows, *own])))
        else:
            self.lists.append(self.local[-1])
        self.layout.append(rows + own)
        if isinstance(step.op, LoopOp):
            words = list(self.words(step.op, step))
            inner = programs_in(step.op).items()
            self.inner[step.slot] = {key: Writer(each, self.names, words) for key, each in inner}

    def words(self, op: Scan | While, step: Instruction) -> Iterator[str]:
        """Yield what the inputs of a loop's body are called.

        What is the same in each step keeps the name that it has outside, if it has one.
        """
        changing = op.states + op.sequences if isinstance(op, Scan) else len(op.body.outputs)
        for i, (x, given) in enumerate(zip(step.operands, op.body.inputs, strict=True)):
            outside = self.whole(x, given.axes, step.slot)
            is_named = type(x) is float or outside.isidentifier()
            yield outside if i >= changing and is_named else self.names.like(given.name)

    def lines(self) -> Iterator[str]:
        """Yield the lines of all steps."""
        for loop in self.loops:
            yield from self.loop(loop)

    def loop(self, loop: Loop) -> Iterator[str]:
        """Yield the lines of one loop over rows: its head, its steps, and what is kept of them."""
        kept = [slot for slot in loop.slots if slot in self.kept and loop.axes]
        indent = ""
        for depth, axis in enumerate(loop.axes):
            for slot in kept:
                yield indent + self.new_list(slot, depth)
            yield f"{indent}for {self.names.index[axis]} in {self.names.range(axis)}:"
            indent += "    "
        for slot in loop.slots:
            yield from indented(self.step(slot), indent)
        for slot in kept:
            yield f"{indent}{self.inner_list(slot, len(loop.axes))}.append({self.local[slot]})"

    def inner_list(self, slot: int, depth: int) -> str:
        """Return the list that is being filled, so deep in the lists of a slot."""
        return self.lists[slot] + "[-1]" * (depth - 1)

    def new_list(self, slot: int, depth: int) -> str:
        """Return the line that begins a list, so deep in the lists of a slot."""
        return f"{self.inner_list(slot, depth)}.append([])" if depth else f"{self.lists[slot]} = []"

    # -- steps -------------------------------------------------------------------------------

    def step(self, slot: int) -> Iterator[str]:
        """Yield the lines of one step."""
        op = self.program.ops[slot]
        if isinstance(op, Scan):
            yield from self.scan(op, slot)
        elif isinstance(op, While):
            yield from self.repeat(op, slot)
        elif not isinstance(op, Get):
            yield f"{self.local[slot]} = {self.expression(op, slot)}"
        elif (state := self.state_taken(op, slot)) is not None:
            yield f"{self.local[slot]} = {state}"

    def expression(self, op: Any, slot: int) -> str:
        """Return what a slot is computed by."""
        operands = self.program.operands[slot]
        if isinstance(op, Reduction):
            return self.reduction(op, operands, slot)
        words = [self.whole(x, (), slot) for x in operands]
        name = self.names.functions.get(op)
        return f"{name}({', '.join(words)})" if name else self.names.native(op, words)

    def reduction(self, op: Reduction, operands: Sequence[Operand], slot: int) -> str:
        """Return a reduction of the lists that were kept."""
        length = self.names.length[op.axis]
        if op.name == "count":
            return f"1.0 * {length}"
        x = operands[0]
        if type(x) is int and op.axis in self.axes[x]:
            function = "fsum" if op.name == "sum" else "largest"
            return f"{function}({self.whole(x, (op.axis,), slot)})"
        word = self.whole(x, (), slot)
        return f"{word} * {length}" if op.name == "sum" else word

    def whole(self, x: Operand, wanted: Axes, slot: int | None = None) -> str:
        """Return an operand of this slot, or an output, as a list along the wanted axes.

        Along others it is the entry at the place where the loops are.
        """
        layout: Axes = ()
        if type(x) is not int:
            word = repr(x)
        elif slot is not None and self.loop_of.get(x) is self.loop_of[slot]:
            word = self.local[x]
        else:
            word, layout = self.lists[x], self.layout[x]
        around = without(layout, wanted)
        if layout == around + wanted:
            return word + self.names.places(around)
        entry = word + self.names.places(layout)
        for axis in reversed(wanted):
            entry = f"[{entry} for {self.names.index[axis]} in {self.names.range(axis)}]"
        return entry

    def outputs(self) -> list[str]:
        """Return the outputs."""
        axes = axes_of(self.program.outputs, self.axes)
        return list(map(self.whole, self.program.outputs, axes))

    # -- scans and whiles --------------------------------------------------------------------

    def scan(self, op: Scan, slot: int) -> Iterator[str]:
        """Yield the lines of a scan, with its body inside."""
        body = self.inner[slot]["body"]
        lists = self.lists_filled(op, slot)
        inputs = range(len(op.body.inputs))
        entries = inputs[op.states : op.states + op.sequences]
        yield from self.entered(op, slot, [i for i in inputs if i not in entries])
        for name, _ in lists:
            yield f"{name} = []"
        places = self.names.range(op.axis)
        places = f"reversed({places})" if op.is_reversed else places
        yield f"for {self.names.index[op.axis]} in {places}:"
        outputs = body.outputs()
        appended = [f"{name}.append({outputs[i]})" for name, i in lists]
        next_state = assigned(body.local[: op.states], outputs)
        yield from indented(self.entered(op, slot, entries))
        yield from indented([*body.lines(), *appended, *next_state] or ["pass"])
        if op.is_reversed:
            for name, _ in lists:
                yield f"{name}.reverse()"

    def repeat(self, op: While, slot: int) -> Iterator[str]:
        """Yield the lines of a while, with its condition and its body inside."""
        body, condition = self.inner[slot]["body"], self.inner[slot]["condition"]
        yield from self.entered(op, slot, range(len(op.body.inputs)))
        yield "while True:"
        yield from indented(condition.lines())
        yield f"    if not {condition.outputs()[0]}:"
        yield "        break"
        yield from indented(body.lines())
        yield from indented(assigned(body.local, body.outputs()))

    def entered(self, op: Scan | While, slot: int, places: Iterable[int]) -> Iterator[str]:
        """Yield the lines that give inputs of a body what they are called by."""
        operands, inputs = self.program.operands[slot], op.body.inputs
        for i in places:
            word = self.whole(operands[i], inputs[i].axes, slot)
            yield from assigned([self.inner[slot]["body"].local[i]], [word])

    def lists_filled(self, op: Scan, slot: int) -> list[tuple[str, int]]:
        """Return the lists that a scan fills with what its steps give, and with which outputs."""
        found = []
        for step in self.program.steps():
            if isinstance(step.op, Get) and step.operands == (slot,) and step.op.index >= op.states:
                found.append((self.local[step.slot], step.op.index))
        return found

    def state_taken(self, op: Get, slot: int) -> str | None:
        """Return what a result is called if it is a state of its loop; others are filled lists."""
        source: Any = self.program.operands[slot][0]
        loop = self.program.ops[source]
        is_state = isinstance(loop, While) or (isinstance(loop, Scan) and op.index < loop.states)
        return self.inner[source]["body"].local[op.index] if is_state else None


def assigned(names: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    """Yield the line that gives these names what they are to be, all at once."""
    pairs = [(name, word) for name, word in zip(names, words, strict=False) if name != word]
    if pairs:
        left, right = zip(*pairs, strict=True)
        yield f"{', '.join(left)} = {', '.join(right)}"
