"""Charts of schedules: a box for each wave, arrows from what is computed to what reads it."""

import random
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from nanograd import exp, jit, relu, value_and_grad
from nanograd.compiler.schedules.cells import Cells
from nanograd.compiler.schedules.flow import flow_of
from nanograd.compiler.schedules.picture import MOST_BANDS, MOST_WAVES
from nanograd.drawing.chart import Arrow, Chart, ChartBox, Entry
from nanograd.drawing.chart_page import page_of
from nanograd.drawing.drawing import Drawing
from nanograd.drawing.picture import draw
from nanograd.errors import DataError
from nanograd.nanograd import Value

SVG = "{http://www.w3.org/2000/svg}"
WICKED = "</title><script>alert('&')</script>"


def dot(w, x):
    return sum(a * b for a, b in zip(w, x, strict=True))


def step(w, v, x, y):
    def loss(w, v):
        return (dot(v, [relu(dot(row, x)) for row in w]) - y) ** 2

    error, (dw, dv) = value_and_grad(loss, argnums=(0, 1))(w, v)
    moved = [[a - 0.1 * d for a, d in zip(*rows, strict=True)] for rows in zip(w, dw, strict=True)]
    return error, moved, [a - 0.1 * d for a, d in zip(v, dv, strict=True)]


def deep(xs):
    for i in range(40):
        xs = [exp(-x) if i % 2 else relu(x + xs[0]) for x in xs]
    return xs


NETWORK = jit(step).lower([[0.1] * 4] * 8, [0.1] * 8, [1.0] * 4, 0.5)
DEEP = jit(deep).lower([0.5] * 6)


def arrows_of(chart):
    return {(arrow.start, arrow.end): arrow.numbers for arrow in chart.arrows}


def test_each_wave_has_a_box_and_what_it_reads_an_arrow():
    chart = NETWORK.draw()
    steps = flow_of(NETWORK.schedule, Cells(NETWORK.schedule))
    read = {(i, end): n for end, step in enumerate(steps) for i, n in step.sources.items()}

    assert [box.name for box in chart.boxes] == [
        "Σ₄ w·x",
        "relu(#1)",
        "Σ₈ v·#2",
        "#3 − y",
        "#4²",
        "2·#4",
        "#6·v·(#1 > 0)",
        "w − 0.1·(#7·x)",
    ]
    assert [box.note for box in chart.boxes[:3]] == ["8 numbers", "8 numbers", "1 number"]
    assert [box.tag for box in chart.boxes if "output" in box.kind] == ["#5", "#8"]
    assert arrows_of(chart) == read
    assert read[0, 1] == 8


def test_many_waves_share_boxes_by_their_levels():
    chart = DEEP.draw()

    assert len(DEEP.schedule.waves) > MOST_WAVES
    assert 4 < len(chart.boxes) <= MOST_BANDS
    waves = [int(re.match(r"(\d+) waves", box.note)[1]) for box in chart.boxes]
    assert sum(waves) == len(DEEP.schedule.waves)
    assert all(arrow.start < arrow.end for arrow in chart.arrows)


def test_a_box_holds_its_scalars():
    (entry,) = NETWORK.draw().boxes[0].entries
    wave = NETWORK.draw().boxes[7].entries

    assert entry.facts == [
        ("a", "w[0_0…7_3] tile 8×4 (+4, +1)"),
        ("b", "x[0…3] broadcast"),
        ("→", "work[0:8]"),
    ]
    terms = "w_1_0·x_0 + w_1_1·x_1 + w_1_2·x_2 + w_1_3·x_3"
    assert entry.lines[1] == f"work[1] = {terms}"
    assert len(entry.lines) + entry.left_out == 8
    assert [len(part.lines) + part.left_out for part in wave] == [32, 8]


def test_the_picture_is_sound_and_all_arrows_go_down():
    root = ET.fromstring(NETWORK.draw().svg)  # noqa: S314 - of our own making
    boxes = {
        group.get("data-box"): group for group in root.iter(f"{SVG}g") if group.get("data-box")
    }
    tops = {
        key: float(re.search(r"translate\(\S+ (\S+)\)", box.get("transform"))[1])
        for key, box in boxes.items()
    }
    edges = [group for group in root.iter(f"{SVG}g") if group.get("class") == "edge"]

    assert len(boxes) == 8
    assert len(edges) == len(NETWORK.draw().arrows)
    assert all(tops[edge.get("data-from")] < tops[edge.get("data-to")] for edge in edges)


def corners(svg):
    """Return the corners of all boxes, and the picture's."""
    root = ET.fromstring(svg)  # noqa: S314 - of our own making
    yield 0, 0, float(root.get("width")), float(root.get("height"))
    for group in root.iter(f"{SVG}g"):
        if group.get("data-box"):
            x, y = map(float, re.findall(r"[\d.]+", group.get("transform")))
            box = group.find(f"{SVG}rect")
            yield x, y, x + float(box.get("width")), y + float(box.get("height"))


@pytest.mark.parametrize("lowered", [NETWORK, DEEP], ids=["network", "deep"])
def test_boxes_are_in_the_picture_and_apart(lowered):
    (_, _, right, low), *boxes = corners(lowered.draw().svg)

    for i, (x, y, x2, y2) in enumerate(boxes):
        assert x >= 0 <= y
        assert x2 <= right
        assert y2 <= low
        for u, v, u2, v2 in boxes[:i]:
            assert x2 < u or u2 < x or y2 < v or v2 < y


def test_what_is_written_in_a_chart_is_text():
    box = ChartBox(
        WICKED, WICKED, WICKED, "operation", [Entry(WICKED, [(WICKED, WICKED)], [WICKED], 0)]
    )
    chart = Chart(WICKED, WICKED, [box], [])

    ET.fromstring(chart.svg)  # noqa: S314 - of our own making
    assert page_of(chart).count("<script>") == 1
    assert "alert('" not in page_of(chart) + chart.svg


@pytest.mark.parametrize("ending", ["svg", "html", "dot"])
def test_a_chart_is_a_drawing_and_is_saved_like_one(tmp_path, ending):
    chart = NETWORK.draw()

    chart.save(tmp_path / f"step.{ending}")

    assert (tmp_path / f"step.{ending}").read_text(encoding="utf-8") == getattr(chart, ending)
    assert chart._repr_svg_() == chart.svg
    assert repr(chart) == "Chart(8 boxes)"
    assert isinstance(chart, Drawing)
    assert isinstance(draw(Value(2.0)), Drawing)


def test_a_chart_has_no_json(tmp_path):
    with pytest.raises(DataError, match=r"\.svg, \.html, \.dot; it was given"):
        NETWORK.draw().save(tmp_path / "step.json")


def test_show_writes_the_page(tmp_path):
    path = NETWORK.show(str(tmp_path / "step.html"), browser=False)

    assert path == Path(tmp_path / "step.html")
    assert path.read_text(encoding="utf-8") == NETWORK.draw().html
    assert NETWORK.show(browser=False).name == "drawing.html"


def test_dot_has_every_box_and_arrow():
    text = NETWORK.draw().dot

    assert text.count(" [label=") == 8
    assert '"#1" -> "#2"' in text


def test_the_same_program_gives_the_same_picture():
    again = jit(step).lower([[0.1] * 4] * 8, [0.1] * 8, [1.0] * 4, 0.5)

    assert again.draw().html == NETWORK.draw().html


def test_arrows_are_the_wider_the_more_goes_along():
    boxes = [ChartBox(str(i), "", f"#{i}", "operation", []) for i in range(3)]
    numbers = random.Random(0).sample(range(1, 1000), 2)
    chart = Chart("", "", boxes, [Arrow(i, i + 1, n) for i, n in enumerate(numbers)])

    widths = [float(x) for x in re.findall(r'stroke-width="([\d.]+)"', chart.svg)]

    assert (widths[0] < widths[1]) == (numbers[0] < numbers[1])
