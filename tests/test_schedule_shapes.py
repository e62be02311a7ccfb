"""Parts of schedules that share their machine code, and sums that are cut to be regular."""

from random import Random

import pytest
from schedules import WIDTHS, assert_waves_are_as_replay, parts_in, program_of

from nanograd import grad, tanh
from nanograd.compiler.schedules.cutting import MOST_CUTS, cuts_of
from nanograd.compiler.schedules.forms import Fold
from nanograd.compiler.schedules.schedule import scheduled
from nanograd.compiler.schedules.shapes import places_of, shape_of

INPUTS, HIDDEN = 5, 12


def dot(w, x):
    return sum(a * b for a, b in zip(w, x, strict=True))


def recurrent(w, u, xs):
    """Return the last state of a network that reads some numbers at each step."""
    state = [0.1 * i for i in range(HIDDEN)]
    for x in xs:
        state = [tanh(dot(a, x) + dot(b, state)) for a, b in zip(w, u, strict=True)]
    return state


def steps(count):
    """Return the program of so many steps of a recurrent network."""
    shapes = (HIDDEN, INPUTS), (HIDDEN, HIDDEN), (count, INPUTS)
    return program_of(recurrent, *shapes)


def slopes(count):
    """Return the program of the slopes of the sum of its last state."""
    shapes = (HIDDEN, INPUTS), (HIDDEN, HIDDEN), (count, INPUTS)

    def all_slopes(*given):
        found = grad(lambda *xs: sum(recurrent(*xs)), argnums=(0, 1))(*given)
        return [x for matrix in found for row in matrix for x in row]

    return program_of(all_slopes, *shapes)


# -- cut -------------------------------------------------------------------------------------


def test_a_sum_over_the_rows_of_two_matrices_is_cut_between_them():
    folds = [part for part in parts_in(steps(1)) if isinstance(part.kind, Fold)]

    assert [part.kind.length for part in folds] == [INPUTS, HIDDEN]
    assert [part.members for part in folds] == [HIDDEN, HIDDEN]


@pytest.mark.parametrize(
    ("length", "rows", "cuts"),
    [
        (3, [[0, 1, 2], [3, 4, 5]], []),  # regular as it is
        (3, [[0, 1, 9], [3, 4, 20]], [2]),
        (3, [[0, 5, 6], [3, 9, 10]], [1]),
        (3, [[0, 1, 2, 7, 8, 9], [3, 4, 5, 20, 22, 23]], [1]),  # the second leaf decides
        (4, [[0, 1, 9, 10], [3, 4, 20, 21], [6, 7, 40, 41]], [2]),
        (2, [[0, 1], [0, 1], [0, 1], [0, 1], [0, 9]] * 8, []),  # few are different
    ],
)
def test_cuts_are_where_distances_differ(length, rows, cuts):
    assert cuts_of(length, rows) == cuts


def test_what_would_be_cut_everywhere_is_let_alone():
    rows = [[i * i * k for k in range(MOST_CUTS + 3)] for i in range(1, 20)]

    assert cuts_of(MOST_CUTS + 3, rows) == []


@pytest.mark.parametrize("programs", [steps, slopes])
def test_a_recurrent_network_is_as_replay(programs):
    program, random = programs(3), Random(1)
    numbers = [random.uniform(-0.5, 0.5) for _ in program.inputs]

    assert_waves_are_as_replay(program, numbers, widths=WIDTHS)


# -- shared ----------------------------------------------------------------------------------


def shapes_in(program):
    return {shape_of(part) for part in parts_in(program)}


def test_more_steps_are_more_parts_of_the_same_shapes():
    few, many = slopes(10), slopes(20)

    assert len(parts_in(many)) > 1.8 * len(parts_in(few))
    assert len(shapes_in(many)) < 1.5 * len(shapes_in(few))


def test_machine_code_is_written_once_for_each_shape():
    pytest.importorskip("llvmlite", reason="without llvmlite there is no machine code")
    from nanograd.compiler.backends.llvm.waves.module import WaveModule

    program = slopes(10)
    text = WaveModule(scheduled(program), "float64", 4).text()

    assert text.count("define internal void @part") == len(shapes_in(program))
    assert text.count("call void @part") == len(parts_in(program))


def test_the_table_of_a_part_has_its_counts_and_then_where_each_column_begins():
    part = next(part for part in parts_in(steps(2)) if isinstance(part.kind, Fold))

    table = places_of(part, width=2)

    size = len(part.runs) + 2
    columns = [table[i : i + size] for i in range(0, len(table), size)]
    assert [column[-2:] for column in columns] == [[0, 0]] * len(columns)
    assert columns[0][:-2] == [count for count, _ in part.runs]
    assert list(zip(*[column[:-2] for column in columns[1:]], strict=True)) == [
        starts for _, starts in part.runs
    ]
