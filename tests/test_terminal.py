"""Trees and tables: what they show, and where they stop."""

import io

import pytest

from nanograd import Value, relu
from nanograd import sum as sum_of
from nanograd.drawing.terminal import MOST_LINES


def example():
    z = (Value(2.0, "x") * Value(3.0, "y") + 3) ** 2
    z.name = "z"
    return z


def test_the_example_as_a_tree():
    assert str(example().tree()).splitlines() == [
        "z = b² = 81            grad 1",
        "└── b = a + 3 = 9      grad 18",
        "    └── a = x · y = 6  grad 18",
        "        ├── x = 2      grad 54",
        "        └── y = 3      grad 36",
    ]


def test_a_shared_value_is_told_once():
    a = Value(1.0, "a")
    b = a + a
    text = str((b + b).tree())

    assert text.count("a + a") == 1
    assert text.count("as above") == 2


def test_a_tree_without_end_is_cut_and_says_so():
    value = Value(1.0)
    for _ in range(100_000):
        value = value + 1.0
    lines = str(value.tree()).splitlines()

    assert len(lines) <= MOST_LINES + 1
    assert lines[-1].startswith("… 99,")
    assert lines[-1].endswith("more values are not shown")


def test_a_wide_tree_is_cut_too():
    wide = sum_of([Value(float(i)) for i in range(1000)])

    assert len(str(wide.tree()).splitlines()) == MOST_LINES + 1


def test_a_table_has_a_row_for_each_share():
    a = Value(3.0, "a")
    rows = str((a * a).backward_table()).splitlines()

    assert len(rows) == 2 + 3
    assert rows[-1].split()[:7] == ["a", "3", "1", "×", "3", "6", "b"]


def test_a_kink_and_an_infinity_are_shown():
    x = Value(0.0, "x")

    assert "grad 0" in str(relu(x).tree())
    assert "inf" in str(x.sqrt().backward_table())


@pytest.mark.parametrize("view", ["tree", "backward_table"])
def test_rich_shows_the_same_words(view):
    console = pytest.importorskip(
        "rich.console", reason="rich is missing: its views are not tested"
    )
    value = Value(2.0, "[bold]x[/bold]") * 3
    output = console.Console(width=120, record=True, file=io.StringIO())
    shown = getattr(value, view)()
    output.print(shown)
    plain = output.export_text()
    words = [word for word in str(shown).split() if "─" not in word]

    assert "[bold]x[/bold]" in plain
    assert [word for word in words if word not in plain] == []


def test_a_leaf_alone_is_a_tree_of_one_line():
    assert str(Value(2.0, "x").tree()) == "x = 2  grad 1"


def test_grads_are_left_alone():
    x = Value(2.0)
    y = x * x
    x.grad = 7.0
    y.tree()
    y.backward_table()

    assert x.grad == 7.0


def test_one_value_used_very_often_is_cut_too():
    assert len(str(sum_of([Value(1.0)] * 4000).tree()).splitlines()) <= MOST_LINES + 1
