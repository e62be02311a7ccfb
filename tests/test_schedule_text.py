"""Schedules as text: it says what is computed from what, and how it is read."""

import doctest
import importlib
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanograd import exp, grad, jit, maximum, mean, pack, relu, scan, take, value_and_grad, vmap
from nanograd.compiler.backends.llvm.waves.module import WaveModule
from nanograd.compiler.programs.blocks import outside
from nanograd.compiler.programs.parsing import parsed
from nanograd.compiler.programs.replay import replay
from nanograd.compiler.schedules.cells import Cells
from nanograd.compiler.schedules.flow import flow_of, members_of
from nanograd.compiler.schedules.forms import Fold, Take
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


def random_list(n, seed):
    rng = random.Random(seed)
    return [rng.uniform(-1, 1) for _ in range(n)]


def matrix(rows, columns):
    return [random_list(columns, seed) for seed in range(rows)]


LOWERED = {
    "network": jit(value_and_grad(loss)).lower(matrix(8, 4), [0.1] * 8, [1.0] * 4, 0.5),
    "softmax": jit(grad(softmax_loss)).lower(matrix(5, 3), [1.0] * 3),
    "look-up": jit(lambda t, i: [2 * take(t, i), 3 * take(t, i + 1)]).lower([1.0, 2.0, 3.0], 0),
    "packed": jit(value_and_grad(lambda p: loss(*p))).lower(
        pack((matrix(8, 4), [0.1] * 8, [1.0] * 4, 0.5))
    ),
    "inputs": jit(lambda x, y: [y, x, 2.0, x + y, x]).lower(1.0, 2.0),
}
every_one = pytest.mark.parametrize("lowered", LOWERED.values(), ids=LOWERED)


def lines_of(text, **named):
    """Return the lines of the waves of a program, as words."""
    program = parsed(text)
    shown = written(scheduled(program), program, **named).splitlines()
    return [" ".join(line.split()) for line in shown[3:]]


# -- what is computed ------------------------------------------------------------------------


def run(schedule, inputs):
    """Compute a schedule member by member, each from the places that are told of it."""
    memory = {(CONSTANTS, i): x for i, x in enumerate(schedule.constants)}
    others = [inputs[i] for i in outside(schedule.blocks.inputs, len(inputs))]
    memory |= {(INPUTS, i): x for i, x in enumerate(others)}
    for segment, (start, size) in enumerate(schedule.blocks.inputs, INPUTS + 1):
        memory |= {(segment, i): inputs[start + i] for i in range(size)}
    for part in (part for wave in schedule.waves for part in wave):
        for result, leaves in members_of(part):
            numbers = [[memory[place] for place in leaf] for leaf in leaves]
            memory[result] = computed(part.kind, numbers)
    return memory


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
def test_the_places_that_are_told_give_the_results_of_the_program(lowered):
    program = lowered.flat.optimized
    inputs = random_list(len(program.inputs), seed=1)
    if lowered is LOWERED["look-up"]:
        inputs[-1] = 1.0
    cells = Cells(lowered.schedule)

    memory = run(lowered.schedule, inputs)
    found = {cells.place(*at): x for at, x in memory.items() if cells.is_output(at[0])}

    wanted = [float(x) for x in replay(program, inputs)]
    assert [found[i] for i in range(len(wanted))] == pytest.approx(wanted, rel=DIGITS)


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
            lambda: jit(lambda xs: mean(vmap(relu)(xs))).lower(memoryview(bytearray(24)).cast("d")),
            "rows",
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
