"""The picture: everything once, text as text, the same bytes every time."""

import os
import random
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanograd import Value, mean
from nanograd.drawing.names import LONGEST_NAME
from nanograd.drawing.picture import draw
from nanograd.drawing.svg import breadth, svg_of
from nanograd.drawing.trace import Link, Trace
from nanograd.nn import MLP

SVG = "{http://www.w3.org/2000/svg}"
MOST_BYTES_PER_NODE = 700  # with its edges, what it says to screen readers, and a hint
STYLE_BYTES = 2500

NAUGHTY = [
    "<script>alert(1)</script>",
    "\"quoted\" & 'quoted'",
    "two\nlines\tand a tab",
    "😀 👩‍👩‍👧 émoji 変数",
    "\0\x1b[31m\x7f control",
    "\ud800 half of a pair",
    "x" * 10_000,
    "]]><!-- -->",
    "\u202eevil",
    "%s {} \\n ${x}",
]


def parsed(svg):
    return ET.fromstring(svg)  # noqa: S314 - of our own making


def texts(svg):
    """Return what stands on each card."""
    root = parsed(svg)
    cards = [group for group in root.iter(f"{SVG}g") if group.get("id")]
    return {card.get("id"): list(map(whole, card.iter(f"{SVG}text"))) for card in cards}


def whole(element):
    """Return all text in an element."""
    return "".join(element.itertext())


def product():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    z = (x * y + 3) ** 2
    z.name = "z"
    return z


def test_a_card_has_the_name_the_formula_the_value_and_the_gradient():
    assert texts(draw(product()).svg) == {
        "node-0": ["x", "2", "grad 54"],
        "node-1": ["y", "3", "grad 36"],
        "node-2": ["a = x · y", "6", "grad 18"],
        "node-3": ["b = a + 3", "9", "grad 18"],
        "node-4": ["z = b²", "81", "grad 1"],
    }


@st.composite
def values(draw):
    """Return a value with up to 60 operations under it."""
    known = [Value(1.0 + i) for i in range(draw(st.integers(1, 5)))]
    places = st.integers(0, 10**6)
    for i, j in draw(st.lists(st.tuples(places, places), min_size=1, max_size=60)):
        left, right = known[i % len(known)], known[j % len(known)]
        known.append(left - right if (i + j) % 3 else left + right)
    return known[-1]


@given(values())
def test_every_node_and_every_operand_is_drawn_exactly_once(value):
    trace = Trace.of(value)

    root = parsed(svg_of(trace))

    groups = list(root.iter(f"{SVG}g"))
    drawn = [int(group.get("data-node")) for group in groups if group.get("data-node")]
    edges = [
        tuple(int(group.get(f"data-{end}")) for end in ("from", "to", "operand"))
        for group in groups
        if group.get("data-from")
    ]
    expected = [
        (operand.node, i, place)
        for i, node in enumerate(trace.nodes)
        for place, operand in enumerate(node.operands)
        if isinstance(operand, Link)
    ]
    assert sorted(drawn) == list(range(len(trace.nodes)))
    assert sorted(edges) == sorted(expected)


@pytest.mark.parametrize("name", NAUGHTY, ids=range(len(NAUGHTY)))
def test_a_name_is_shown_as_text_and_never_executed(name):
    x = Value(2.0, name)

    svg = draw(x * x).svg

    root = parsed(svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "g", "rect", "path", "text", "tspan"}
    svg.encode("utf-8")
    shown = texts(svg)["node-0"][0]
    assert 0 < len(shown) <= LONGEST_NAME
    assert shown.isprintable() or "\N{ZERO WIDTH JOINER}" in shown


def test_a_name_that_can_be_shown_is_shown_as_it_is():
    x = Value(2.0, '<b>"x"&\'😀')

    assert texts(draw(x * x).svg)["node-0"][0] == '<b>"x"&\'😀'


def test_a_long_name_costs_no_more_than_a_short_one():
    short, long = (len(draw(Value(2.0, "x" * n) ** 2).svg) for n in (30, 10_000))

    assert long - short < 1000


def test_minus_zero_is_shown_as_zero_and_a_minus_as_a_minus():
    x = Value(-0.0, "x")

    assert texts(draw(-(x - 2)).svg)["node-0"] == ["x", "0", "grad −1"]


def test_inf_and_nan_are_shown_with_a_mark():
    x = Value(float("inf"), "x")

    svg = draw(x - x).svg

    assert texts(svg)["node-0"] == ["x", "inf", "grad 0"]
    assert texts(svg)["node-1"] == ["a = x − x", "nan", "grad 1"]
    assert svg.count('class="mark"') == 2
    assert 'class="leaf strange"' in svg


def test_an_edge_without_flow_is_dotted_and_thin():
    x, zero = Value(2.0, "x"), Value(0.0, "zero")

    root = parsed(draw(x * zero + x).svg)

    edges = {(e.get("data-from"), e.get("data-to")): e for e in root.iter(f"{SVG}g")}
    silent, flowing = edges["0", "2"], edges["1", "2"]
    assert silent.get("class") == "edge none"
    assert silent.get("stroke-width") == "1"
    assert flowing.get("class") == "edge"
    assert float(flowing.get("stroke-width")) > 1
    assert re.search(r"\.none\{[^}]*stroke-dasharray", draw(x).svg)


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300))
def test_more_flow_is_never_thinner(one, other):
    less, more = sorted((one, other))

    assert 1 < breadth(less, more) <= breadth(more, more)


def test_a_value_used_twice_has_two_edges_apart():
    a = Value(3.0, "a")

    root = parsed(draw(a + a).svg)

    ways = [edge[0].get("d") for edge in root.iter(f"{SVG}g") if edge.get("data-from")]
    assert len(set(ways)) == 2


def test_the_picture_says_in_words_what_it_shows():
    root = parsed(draw(product()).svg)

    assert root.get("role") == "img"
    assert root[0].text == "How z is computed, and its derivatives"
    assert "a = x · y = 6, grad 18" in root[1].text


def test_the_picture_is_light_and_dark_and_asks_no_network():
    svg = draw(product()).svg

    assert "@media(prefers-color-scheme:dark)" in svg
    assert set(re.findall(r"https?://[^\"]*", svg)) == {"http://www.w3.org/2000/svg"}


def test_a_style_reaches_no_other_picture_on_the_page():
    style = re.search(r"<style>(.*)</style>", draw(product()).svg, re.DOTALL)[1]

    rules = re.sub(r"@media[^{]*\{(.*?\})\}", r"\1", style.replace("\n", ""))
    selectors = re.findall(r"(?:^|\})([^{}]+)\{", rules)
    assert all(part.startswith(".ng") for text in selectors for part in text.split(","))


def test_a_picture_is_small():
    total = sum((Value(float(i), f"x{i}") * 2).tanh() for i in range(40))
    trace = Trace.of(total)

    size = len(svg_of(trace).encode())

    assert size <= STYLE_BYTES + MOST_BYTES_PER_NODE * len(trace.nodes)


PROGRAM = """
from nanograd import Value, mean
from nanograd.drawing.names import LONGEST_NAME
from nanograd.drawing.picture import draw
ws = [Value(i / 7, f"w{i % 5}.{i}") for i in range(60)]
z = sum((w * v).tanh() for w, v in zip(ws, ws[1:]))
drawing = draw(z)
import hashlib
print(hashlib.sha256((drawing.svg + drawing.dot + drawing.animated).encode()).hexdigest())
"""


def test_two_processes_draw_the_same_bytes():
    hashes = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(hashes) == 1


def test_the_weights_of_two_layers_have_different_names_on_their_cards():
    (output,) = MLP(2, [4, 1], rng=random.Random(0))([Value(1.0), Value(2.0)])

    names = [lines[0] for lines in texts(draw(output).svg).values() if " = " not in lines[0]]
    assert len(names) == len(set(names))
    assert {"…0.neurons.0.weights.0", "…1.neurons.0.weights.0"} <= set(names)


def test_of_many_operands_the_first_and_the_last_are_named():
    values = [Value(1.0, f"logit{i}") for i in range(9)]

    formula = texts(draw(mean(values)).svg)["node-9"][0]

    assert formula == "a = mean(logit0, …, logit8)"
