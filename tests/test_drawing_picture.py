"""A drawing in its forms, the files it is saved to, and the pictures in the documentation."""

import doctest
import importlib
import json
import re
import runpy
from pathlib import Path

import pytest

from nanograd import Value
from nanograd.drawing.picture import draw
from nanograd.errors import DataError

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"
MODULES = ["dot", "grouping", "layout", "lettering", "picture", "settling", "svg"]


def product():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    return (x * y + 3) ** 2


@pytest.mark.parametrize("ending", [".svg", ".html", ".dot", ".json", ".SVG"])
def test_the_ending_says_the_form(tmp_path, ending):
    drawing = draw(product())

    drawing.save(tmp_path / f"z{ending}")

    saved = (tmp_path / f"z{ending}").read_text(encoding="utf-8")
    assert saved == getattr(drawing, ending[1:].lower())


@pytest.mark.parametrize("name", ["z.png", "z", ".svg"])
def test_an_unknown_ending_is_an_error_that_names_the_known_ones(tmp_path, name):
    with pytest.raises(DataError, match=r"\.svg, \.html, \.dot, \.json; it was given '.*"):
        draw(product()).save(str(tmp_path / name))

    assert list(tmp_path.iterdir()) == []


def test_json_is_the_trace():
    record = json.loads(draw(product()).json)

    assert [node["data"] for node in record["nodes"]] == [2.0, 3.0, 6.0, 9.0, 81.0]


def test_notebooks_get_the_picture():
    drawing = draw(product())

    assert drawing._repr_svg_() == drawing.svg
    assert repr(drawing) == "Drawing(5 nodes)"


def test_drawing_changes_nothing():
    x = Value(2.0, "x")
    z = x * x
    z.backward()

    draw(z).svg  # noqa: B018

    assert (x.grad, z.grad, x.name, z.name) == (4.0, 1.0, "x", "")


def test_a_single_value_can_be_drawn():
    drawing = draw(Value(2.0))

    assert drawing.svg.count("<g ") == 1
    assert "animation" in drawing.animated


def test_dot_has_every_card_and_edge_with_its_text_escaped():
    x = Value(2.0, 'a "name"\\')

    dot = draw(x + x).dot

    assert '"node-0" [label="a \\"name\\"\\\\\\n2, grad 2"]' in dot
    assert dot.count('"node-0" -> "node-1"') == 2


def test_the_animation_shows_values_forward_and_gradients_backward():
    svg = draw(product()).animated

    begins = dict(re.findall(r"@keyframes (\w+)\{0%,([\d.]+)%", svg))
    values = [float(begins[f"v{layer}"]) for layer in range(4)]
    gradients = [float(begins[f"g{layer}"]) for layer in range(4)]
    assert values == sorted(values)
    assert gradients == sorted(gradients, reverse=True)
    assert max(values) < min(gradients)


def test_the_animation_is_css_alone_that_honors_reduced_motion_and_small():
    drawing = draw(product())

    moving = drawing.animated

    assert "<script" not in moving
    assert "<animate" not in moving
    style = moving[: moving.index("</style>")]
    assert style.index("@keyframes") > style.index("@media(prefers-reduced-motion:no-preference){")
    assert len(moving) < len(drawing.svg) + 2000


# -- files that are compared, byte by byte ---------------------------------------------------

DOCUMENTATION = runpy.run_path(str(ROOT / "docs" / "pictures" / "draw.py"))
PICTURES = dict(DOCUMENTATION["pictures"]())


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_in_the_documentation_is_what_is_drawn_today(name):
    kept = (ROOT / "docs" / "pictures" / name).read_text(encoding="utf-8")

    assert kept == PICTURES[name], "look at it, then run python3 docs/pictures/draw.py"


def naughty():
    """Return a graph that has all that is rare: strange names, inf, no flow, parallel edges."""
    x, zero = Value(float("inf"), '<b>"x"&\n😀'), Value(0.0, "zero")
    one = Value(1.0, "one")
    return (one + one) * zero + x


GOLDENS = {
    "naughty.svg": lambda: draw(naughty()).svg,
    "naughty.dot": lambda: draw(naughty()).dot,
}


@pytest.mark.parametrize("name", GOLDENS)
def test_a_golden_picture_is_what_is_drawn_today(name):
    kept = (GOLDEN / name).read_text(encoding="utf-8")

    assert kept == GOLDENS[name](), f"look at it, then run PYTHONPATH=. python3 {__file__}"


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_docstrings_hold(name):
    found = doctest.testmod(importlib.import_module(f"nanograd.drawing.{name}"))

    assert found.attempted
    assert not found.failed


if __name__ == "__main__":
    for name, make in GOLDENS.items():
        (GOLDEN / name).write_text(make(), encoding="utf-8")


def test_a_picture_that_cannot_be_written_is_an_error_that_names_the_file(tmp_path):
    place = tmp_path / "nowhere" / "z.svg"

    with pytest.raises(FileNotFoundError) as caught:
        draw(Value(2.0)).save(place)

    assert str(caught.value) == f"[Errno 2] No such file or directory: {str(place)!r}"
