"""Schedules as text: it says what is computed from what, and how it is read."""

import doctest
import importlib
import random
import re
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nanograd
from nanograd import (
    exp,
    grad,
    jit,
    maximum,
    mean,
    pack,
    relu,
    scan,
    sin,
    softmax,
    take,
    tanh,
    value_and_grad,
    vmap,
)
from nanograd import (
    max as max_over,
)
from nanograd.compiler.backends.llvm.waves.module import WaveModule
from nanograd.compiler.programs.blocks import outside
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.schedules.cells import Cells
from nanograd.compiler.schedules.flow import flow_of, members_of
from nanograd.compiler.schedules.forms import Fold, Take, Total
from nanograd.compiler.schedules.memory import CONSTANTS, INPUTS
from nanograd.compiler.schedules.reading import levels_of, told
from nanograd.compiler.schedules.schedule import scheduled
from nanograd.compiler.schedules.text import MOST_LINES, written
from nanograd.errors import DataError

ROOT = Path(__file__).resolve().parent.parent
DIGITS = 1e-12  # sums are added up in another order


def dot(w, x):
    return sum(a * b for a, b in zip(w, x, strict=True))


def loss(w, v, x, y):
    return (dot(v, [relu(dot(row, x)) for row in w]) - y) ** 2


def softmax_loss(w, x):
    powers = [exp(dot(row, x)) for row in w]
    return powers[0] / sum(powers) + maximum(powers[1], powers[2])


def loss_of_rows(w, v, xs, ys):
    return mean(vmap(loss, in_axes=(None, None, 0, 0))(w, v, xs, ys))


def looked_up(w, xs):
    return vmap(lambda x: [take(w, x[0]), take(x, w[0]), x[1] * w[1]])(xs)


def largest(w, xs):
    scaled = vmap(lambda x: w[0] * x[0] * x[1])(xs)
    return max_over(scaled), scaled, 3.0, w[1], w[0] * w[1]


def random_list(n, seed):
    rng = random.Random(seed)
    return [rng.uniform(-1, 1) for _ in range(n)]


def matrix(rows, columns):
    return [random_list(columns, seed) for seed in range(rows)]


def rows_of(*shape):
    """Return an array of zeros."""
    size = 8 * reduce(int.__mul__, shape)
    return memoryview(bytearray(size)).cast("B").cast("d", shape)


SLOPES = value_and_grad(loss_of_rows, argnums=(0, 1))
ROWS = {
    "rows": jit(SLOPES).lower(matrix(8, 4), [0.1] * 8, rows_of(5, 4), rows_of(5)),
    "rows, packed": jit(
        lambda xs, ys, p, rate: value_and_grad(lambda p: rate * loss_of_rows(*p, xs, ys))(p)
    ).lower(rows_of(5, 4), rows_of(5), pack((matrix(8, 4), [0.1] * 8)), 2.0),
    "rows, look-up": jit(looked_up).lower([1.0, 2.0], rows_of(5, 2)),
    "rows, largest": jit(largest).lower([1.0, 2.0], rows_of(5, 2)),
    "rows, softmax": jit(lambda w, xs: softmax(vmap(lambda x: w * x)(xs))).lower(1.0, rows_of(5)),
    "rows, as they are": jit(lambda xs: (vmap(lambda x: x)(xs), 2.0)).lower(rows_of(5)),
}
LOWERED = {
    "network": jit(value_and_grad(loss)).lower(matrix(8, 4), [0.1] * 8, [1.0] * 4, 0.5),
    "softmax": jit(grad(softmax_loss)).lower(matrix(5, 3), [1.0] * 3),
    "look-up": jit(lambda t, i: [2 * take(t, i), 3 * take(t, i + 1)]).lower([1.0, 2.0, 3.0], 0),
    "packed": jit(value_and_grad(lambda p: loss(*p))).lower(
        pack((matrix(8, 4), [0.1] * 8, [1.0] * 4, 0.5))
    ),
    "inputs": jit(lambda x, y: [y, x, 2.0, x + y, x]).lower(1.0, 2.0),
    "nothing": jit(lambda: [1.0, 2.0]).lower(),
}
LOWERED |= ROWS
every_one = pytest.mark.parametrize("lowered", LOWERED.values(), ids=LOWERED)


def lines_of(text, **named):
    """Return the lines of the waves of a program, as words."""
    program = parsed(text)
    shown = written(scheduled(program), program, **named).splitlines()
    return [" ".join(line.split()) for line in shown[3:]]


# -- what is computed ------------------------------------------------------------------------


def run(schedule, inputs, rows=0, some=0):
    """Compute a schedule member by member, each from the places that are told of it.

    A column is a list. Rows are gone through `some` at a time, those waves that are told to be for
    that; or else all waves for all rows at once.
    """
    memory = {(CONSTANTS, i): x for i, x in enumerate(schedule.constants)}
    others = [inputs[i] for i in outside(schedule.blocks.inputs, len(inputs))]
    memory |= {(INPUTS, i): x for i, x in enumerate([*others, rows])}
    for segment, (start, size) in enumerate(schedule.blocks.inputs, INPUTS + 1):
        memory |= {(segment, i): inputs[start + i] for i in range(size)}
    if not (some and schedule.rows.stop):
        run_waves(schedule.waves, memory, rows)
        return memory
    columns = {place: x for place, x in memory.items() if isinstance(x, list)}
    results = {}
    run_waves(schedule.waves[: schedule.rows.start], memory, 0)
    for start in range(0, rows, some):
        memory |= {place: x[start : start + some] for place, x in columns.items()}
        count = min(some, rows - start)
        run_waves(schedule.waves[schedule.rows], memory, count, is_later=start > 0)
        for place in places_written(schedule.waves[schedule.rows]):
            if isinstance(memory[place], list):
                results.setdefault(place, []).extend(memory[place])
    run_waves(schedule.waves[schedule.rows.stop :], memory, 0)
    return memory | results


def places_written(waves):
    return [result for wave in waves for part in wave for result, _ in members_of(part)]


def run_waves(waves, memory, rows, *, is_later=False):
    for part in (part for wave in waves for part in wave):
        for result, leaves in members_of(part):
            numbers = [[memory[place] for place in leaf] for leaf in leaves]
            for is_column, leaf in zip(part.kind.columns, numbers, strict=True):
                assert all(isinstance(x, list) == is_column for x in leaf)
            in_rows = [[[in_row(x, i) for x in leaf] for leaf in numbers] for i in range(rows)]
            if isinstance(part.kind, Total):
                terms = [value(part.kind.form, iter([x for (x,) in row])) for row in in_rows]
                memory[result] = reduce(
                    part.kind.op, [memory[result], *terms] if is_later else terms
                )
            elif part.kind.is_column:
                memory[result] = [computed(part.kind, row) for row in in_rows]
            else:
                memory[result] = computed(part.kind, numbers)


def in_row(x, i):
    return x[i] if isinstance(x, list) else x


def computed(kind, numbers):
    if isinstance(kind, Take):
        (index,), table = numbers
        return table[round(index)]
    if not isinstance(kind, Fold):
        return value(kind, iter([x for (x,) in numbers]))
    total = kind.start
    for term in zip(*numbers, strict=True):
        total = kind.op(total, value(kind.form, iter(term)))
    return total


def value(form, leaves):
    if form.op is None:
        return next(leaves)
    return form.op(*[value(part, leaves) for part in form.parts])


@every_one
@pytest.mark.parametrize("some", [0, 2, 3])
def test_the_places_that_are_told_give_the_results_of_the_program(lowered, some):
    program = lowered.flat.optimized
    inputs = random_list(len(program.inputs), seed=1)
    if lowered is LOWERED["look-up"]:
        inputs[-1] = 1.0
    if lowered is LOWERED["rows, look-up"]:
        inputs[0] = 1.0
    for i, each in enumerate(program.inputs):
        if each.axes:
            is_index = lowered is LOWERED["rows, look-up"]
            inputs[i] = [0.0, 1.0, 1.0, 0.0, 1.0] if is_index else random_list(5, seed=i)
    cells = Cells(lowered.schedule)

    memory = run(lowered.schedule, inputs, 5, some)
    found = {cells.place(*at): x for at, x in memory.items() if cells.is_output(at[0])}

    wanted = replay(program, inputs)
    assert len(found) == len(wanted)
    for i, x in enumerate(wanted):
        assert found[i] == pytest.approx(x, rel=DIGITS)


@every_one
def test_a_wave_reads_what_earlier_waves_have_computed_and_is_a_level_higher(lowered):
    steps = flow_of(lowered.schedule, Cells(lowered.schedule))

    for number, step in enumerate(steps):
        assert all(source < number for source in step.sources)
        before = [steps[source].level for source in step.sources]
        assert step.level == 1 + max(before, default=0)
    assert any(step.is_output for step in steps)


def test_the_origins_are_waves_and_arguments():
    lowered = LOWERED["network"]
    names = [x.name for x in lowered.flat.optimized.inputs]

    first, second, *_ = flow_of(lowered.schedule, Cells(lowered.schedule, names))

    assert first.origins == [[["w"], ["x"]]]
    assert second.origins == [[["v"], [0]]]
    assert second.sources == {0: 8}


# -- words -----------------------------------------------------------------------------------

FOUR = "program(x_0, x_1, x_2, x_3)"

places = st.lists(st.integers(0, 9), min_size=1, max_size=24)
grids = st.builds(
    lambda rows, down, columns, along: [
        500 + i * down + j * along for i in range(rows) for j in range(columns)
    ],
    st.integers(1, 5),
    st.integers(-20, 20),
    st.integers(1, 5),
    st.integers(-4, 4),
)


@given(places | grids)
def test_levels_give_the_places_again(places):
    levels = levels_of(places)
    if levels is None:
        return

    again = [places[0]]
    for level in levels:
        again = [x + i * level.step for x in again for i in range(level.times)]
    assert again == places


@given(grids)
def test_every_grid_is_found(places):
    assert levels_of(places) is not None


@pytest.mark.parametrize(
    ("members", "terms", "words"),
    [
        ([7], [0], (1, "")),
        ([0, 1, 2], [0], (1, "slice")),
        ([0, 4, 8], [0], (4, "stride 4")),
        ([8, 7, 6], [0], (-1, "stride -1")),
        ([5, 5, 5], [0], (1, "broadcast")),
        ([5, 5, 5], [0, 1, 2], (1, "broadcast")),
        ([5, 5, 5], [0, 3, 6], (3, "broadcast")),
        ([5], [0, 1, 2], (1, "slice")),
        ([0, 4, 8], [0, 1, 2, 3], (1, "tile 3×4 (+4, +1)")),
        ([0, 1, 2], [0, 3, 6], (1, "tile 3×3 (+1, +3)")),
        ([0, 0, 1, 1], [0], (1, "slice, each by 2")),
        ([0, 1, 0, 1], [0], (1, "slice, 2 times over")),
        ([5], [0, 0, 1, 1], (1, "slice, each by 2")),
        ([0, 1, 8, 9], [0], (1, "tile 2×2 (+8, +1)")),
        ([0, 1, 5], [0], (1, "gather")),
        ([0, 1, 2], [0, 1, 5], (1, "gather")),
    ],
)
def test_each_way_of_reading_has_its_word(members, terms, words):
    assert told(levels_of(members), levels_of(terms)) == words


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("program(x, y)\n a = mul x y\n return a", ["1 1 1 × a·b out[0] a = x; b = y"]),
        ("program(x)\n a = mul x x\n return a", ["1 1 1 × a·a out[0] a = x"]),
        ("program(x)\n a = mul -2.0 x\n return a", ["1 1 1 × -2·a out[0] a = x"]),
        (
            "program(x)\n a = gt x 0.5\n b = mul x a\n return b",
            ["1 1 1 × a·(a > 0.5) out[0] a = x"],
        ),
        (
            "program(x, y)\n a = sub x y\n b = sub x a\n return b",
            ["1 1 1 × a − (a − b) out[0] a = x; b = y"],
        ),
        (
            f"{FOUR}\n a = add x_0 x_1\n b = add x_2 x_3\n c = add a b\n return c",
            ["1 1 1 × Σ₄ a out[0] a = x[0…3] slice"],
        ),
        (
            f"{FOUR}\n a = max x_0 x_1 x_2 x_3\n return a",
            ["1 1 1 × max₄ a out[0] a = x[0…3] slice"],
        ),
        (
            f"{FOUR}\n a = exp x_0\n b = exp x_1\n c = mul x_3 a\n d = mul x_3 b\n return c d",
            ["1 1 2 × a·exp(b) out[0:2] a = x_3 broadcast; b = x[0…1] slice; one by one"],
        ),
        ("program(x)\n return x 2.0", ["1 1 1 × copy of a out[0] a = x", "1 × copy of 2 out[1]"]),
        ("program(x)\n return", []),
    ],
)
def test_a_program_in_waves(text, lines):
    assert lines_of(text) == lines


def test_results_that_do_not_go_on_evenly_are_scattered():
    (line,) = lines_of(f"{FOUR}\n a = sin x_0\n b = sin x_1\n c = sin x_2\n return a b 1.0 c")[:1]

    assert line == "1 1 3 × sin(a) out[0:4] scatter a = x[0…2] slice; one by one"


def test_inputs_in_blocks_have_their_names():
    head, _, _, first, *_ = LOWERED["packed"]["schedule"].splitlines()

    assert head.startswith("216 instructions → 73 nodes → 10 waves, on 7 levels; ")
    assert "a = p_0[0_0…7_3] tile 8×4 (+4, +1)" in first
    assert "b = p_2[0…3] broadcast" in first


def test_a_block_after_other_inputs_has_its_names():
    lowered = jit(lambda x, y, p: dot(p, [x, y, x, y])).lower(1.0, 2.0, pack([1.0, 2.0, 3.0, 4.0]))

    assert "a = p[0…3] slice; b = x…y slice, 2 times over" in lowered["schedule"]


def test_without_the_program_inputs_are_counted():
    schedule = LOWERED["packed"].schedule

    assert str(schedule) == written(schedule)
    assert "a = in[0:32] tile 8×4 (+4, +1); b = in[40:44] broadcast" in str(schedule)
    assert "instructions" not in str(schedule)


# -- rows ------------------------------------------------------------------------------------


def test_a_layer_over_rows_is_told_in_columns_and_totals():
    first, second, _, _, *lines = ROWS["rows"]["schedule"].splitlines()
    lines = [" ".join(line.split()) for line in lines]

    assert first.endswith("nodes → 10 waves, on 7 levels; 16 cells and 48 columns of memory")
    told = (
        "before the rows: wave 1; through the rows, some at a time: waves 2–9; after them: wave 10"
    )
    assert second == told
    weights = "a = w[0_0…7_3] tile 8×4 (+4, +1)"
    assert lines[:2] == [
        "1 1 1 × 1/a work[0] a = count of rows",
        f"2 1 8 × Σ₄ a·b column[0:8] {weights}; b = columns xs[0…3] broadcast",
    ]
    assert "5 4 1 × a − b column[24] a = column[16]; b = column ys" in lines
    assert "8 × Σ rows a·b out[33:41] a = column[32] broadcast; b = column[8:16] slice" in lines


@pytest.mark.parametrize(
    ("text", "told", "lines"),
    [
        (
            "program(x[rows])\n a = relu x\n b = max[rows] a\n return b",
            "through the rows, some at a time: wave 1",
            ["1 1 1 × max rows relu(a) out[0] a = column x"],
        ),
        (
            "program(x[rows], y[rows])\n a = add x y\n b = sum[rows] a\n return b a",
            "through the rows, some at a time: waves 1–2",
            [
                "1 1 1 × a + b column out[1] a = column x; b = column y",
                "2 2 1 × Σ rows a out[0] a = column out[1]",
            ],
        ),
        (
            "program(x[rows])\n a = sum[rows] x\n b = sub x a\n return b",
            "all rows at once, since some columns are made of totals",
            [
                "1 1 1 × Σ rows a work[0] a = column x",
                "2 2 1 × a − b column out[0] a = column x; b = work[0]",
            ],
        ),
        (
            "program(w, x[rows])\n a = sub x w\n b = sum[rows] a\n c = mul b 2.0\n return c x",
            "through the rows, some at a time: waves 1–2; after them: wave 3",
            [
                "1 1 1 × Σ rows (a − b) work[0] a = column x; b = w",
                "2 1 1 × copy of a column out[1] a = column x",
                "3 2 1 × a·2 out[0] a = work[0]",
            ],
        ),
    ],
)
def test_a_program_over_rows_in_waves(text, told, lines):
    program = parsed(text)
    shown = written(scheduled(program), program).splitlines()

    assert shown[1] == told
    assert [" ".join(line.split()) for line in shown[4:]] == lines


def test_without_the_program_columns_are_counted_and_rows_have_their_count():
    text = str(ROWS["rows, packed"].schedule)

    assert "a = in[0:32] tile 8×4 (+4, +1); b = columns in[41:45] broadcast" in text
    assert "a = in[40]; b = count of rows" in text


# -- length ----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [10, 400])
def test_a_text_is_not_long(count):
    ops = ["sin", "cos", "tanh", "exp", "sigmoid"]
    rng = random.Random(0)
    steps = [f"a{i} = {rng.choice(ops)} {f'a{i - 1}' if i else 'x'}" for i in range(20 * count)]
    outputs = " ".join(f"a{i}" for i in range(0, 20 * count, 7))
    lines = lines_of("program(x)\n " + "\n ".join(steps) + f"\n return {outputs}")

    assert len(lines) <= MOST_LINES + 1
    assert any("more lines" in line for line in lines) == (count > 10)


# -- stages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lowered", "reason"),
    [
        (
            lambda: jit(lambda xs, ys: vmap(lambda x: mean(vmap(lambda y: x * y)(ys)))(xs)).lower(
                rows_of(3), rows_of(4)
            ),
            "over rows and rows_2, and waves have rows along one axis",
        ),
        (
            lambda: jit(lambda w, xs: vmap(lambda x: take([w, x], w))(xs)).lower(0.0, rows_of(3)),
            "does not fall into waves .a table of both numbers and columns.$",
        ),
        (
            lambda: jit(lambda x: scan(lambda s: (s * x, None), 1.0, length=4)[0]).lower(2.0),
            "over steps|a loop",
        ),
    ],
)
def test_what_has_no_schedule_says_why(lowered, reason):
    lowered = lowered()

    assert "schedule" not in lowered.stages
    with pytest.raises(KeyError, match="a stage is one of trace, optimized, python"):
        lowered["schedule"]
    for ask in (lowered.draw, lowered.show):
        with pytest.raises(DataError, match=f"there is no schedule of <lambda>: .*({reason})"):
            ask()


def tangled(xs):
    """Return numbers that are each made of any of those before."""
    xs, rng = list(xs), random.Random(1)
    for _ in range(30_000):
        x, y = rng.choices(xs[-100:], k=2)
        xs.append(rng.choice([lambda x, y: sin(x - y), maximum, lambda x, y: tanh(x) * y])(x, y))
    return xs[-40:]


def test_a_long_program_without_structure_says_that_it_is_run_from_a_tape():
    pytest.importorskip("llvmlite", reason="without llvmlite there are no tapes")
    lowered = jit(tangled).lower([0.1] * 8)

    assert "schedule" not in lowered.stages
    with pytest.raises(KeyError, match="a stage is one of trace, optimized, python, llvm"):
        lowered["schedule"]
    told = "waves .[0-9,]+ waves for [0-9,]+ numbers.; it is run from a tape: its instructions"
    with pytest.raises(DataError, match=told):
        lowered.draw()


def test_the_machine_code_in_the_documentation_is_what_is_made_today():
    pytest.importorskip("llvmlite", reason="without llvmlite there is no machine code to compare")
    text = (ROOT / "docs" / "compiler.md").read_text(encoding="utf-8")
    quoted = re.search(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[1]
    slopes = value_and_grad(loss, argnums=(0, 1))  # relu is used twice, and so it has its own wave
    lowered = jit(slopes).lower(matrix(32, 32), [0.1] * 32, [1.0] * 32, 0.5)

    made = WaveModule(lowered.schedule, "float64", 4).text()

    assert without_numbers(quoted) in without_numbers(made)


def without_numbers(text):
    """Return code without indentation, and with one name for all that is computed."""
    return re.sub(r"%t\d+", "%t", re.sub(r"^ +", "", text, flags=re.MULTILINE))


@pytest.mark.parametrize("name", ["cells", "reading", "text"])
def test_examples_in_the_docstrings_hold(name):
    found = doctest.testmod(importlib.import_module(f"nanograd.compiler.schedules.{name}"))

    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize(("f", "text"), [(nanograd.sqrt, "√(a)"), (nanograd.cbrt, "∛(a)")])
def test_a_sign_before_one_operand_is_no_comparison(f, text):
    lowered = jit(lambda x: [f(a) for a in x]).lower([2.0, 3.0])

    assert text in lowered["schedule"]
