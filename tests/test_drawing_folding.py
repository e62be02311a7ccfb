"""Large graphs fold into a few boxes that hold everything once."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanograd import Value, debug
from nanograd.drawing import folding
from nanograd.drawing.folding import Box, fold, folded, unfolded
from nanograd.drawing.grouping import input_labels
from nanograd.drawing.scene import scene_of
from nanograd.drawing.svg import svg_of
from nanograd.drawing.trace import Link, Trace
from nanograd.nn import MLP

MOST = folding.MOST_BOXES
ENOUGH_S = 10.0  # for 10⁵ nodes, which take half a second: a square in it would take hours


@st.composite
def values(draw):
    """Return a value with up to 80 operations under it, on inputs with names and without."""
    names = draw(st.lists(st.sampled_from(["", "w0", "w1", "b", "net.0.w", "net.1.w"]), min_size=1))
    known = [Value(float(i), name) for i, name in enumerate(names)]
    places = st.integers(0, 10**6)
    for i, j in draw(st.lists(st.tuples(places, places), min_size=1, max_size=80)):
        left, right = known[i % len(known)], known[j % len(known)]
        known.append(left * right if (i + j) % 3 else left + right)
    return known[-1]


def chain(length):
    """Return a value with so many operations under it, one after the other."""
    x = Value(1.0)
    for i in range(length):
        x = x * 1.0001 if i % 2 else x + 0.001
    return x


def loss(examples):
    """Return the loss of a straight line at so many points."""
    w, b = Value(0.5, "w"), Value(0.1, "b")
    return sum(error(w * i + b, Value(0.3 * i)) for i in range(examples)) / examples


def error(y_pred, y_true):
    return ((y_pred - y_true) ** 2).sqrt().tanh().exp()


def has_circle(boxes, trace):
    """Return whether boxes need each other."""
    box_of = {node: i for i, box in enumerate(boxes) for node in box.nodes}
    needs = {i: set() for i in range(len(boxes))}
    for i, node in enumerate(trace.nodes):
        operands = {box_of[x.node] for x in node.operands if isinstance(x, Link)}
        needs[box_of[i]] |= operands - {box_of[i]}
    while free := [box for box, needed in needs.items() if not needed]:
        for box in free:
            del needs[box]
        needs = {box: needed - set(free) for box, needed in needs.items()}
    return bool(needs)


@given(values())
def test_every_node_is_in_one_box_and_no_boxes_need_each_other(value):
    trace = Trace.of(value)

    boxes = folded(trace)

    held = sorted(node for box in boxes for node in box.nodes)
    assert held == list(range(len(trace.nodes)))
    assert len(boxes) <= MOST
    assert not has_circle(boxes, trace)


@given(values())
def test_an_edge_is_drawn_between_two_boxes_where_an_operand_leads_and_once(value):
    trace = Trace.of(value)
    boxes = folded(trace)
    box_of = {node: i for i, box in enumerate(boxes) for node in box.nodes}

    ties = scene_of(trace, boxes).ties

    expected = {
        (box_of[operand.node], box_of[i])
        for i, node in enumerate(trace.nodes)
        for operand in node.operands
        if isinstance(operand, Link) and box_of[operand.node] != box_of[i]
    }
    assert {(tie.start, tie.end) for tie in ties} == expected
    assert len({(tie.start, tie.end, tie.operand) for tie in ties}) == len(ties)


def test_an_edge_between_groups_shows_the_largest_flow_in_it():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    trace = Trace.of(x * 5 + y * 7 + x * 6)

    (tie,) = scene_of(trace, halves(trace)).ties

    assert (tie.flow, tie.operand) == (7.0, None)


def halves(trace):
    """Return two boxes: the inputs, and all that is computed from them."""
    inputs = [i for i, node in enumerate(trace.nodes) if not node.op]
    rest = [i for i, node in enumerate(trace.nodes) if node.op]
    return [Box("inputs", inputs), Box("", rest)]


def test_a_graph_of_150_nodes_is_drawn_node_by_node_and_a_larger_one_is_not():
    small, large = Trace.of(chain(149)), Trace.of(chain(150))

    assert len(small.nodes) == 150
    assert fold(small) == unfolded(small)
    assert len(fold(large)) < 20


def test_inputs_are_grouped_by_how_their_names_begin():
    names = ["w[0]", "w[1]", "b3", "b4", "layer1.w0", "layer1.w1", "layer2.w0", "layer2.w1", "x"]

    labels = {name: label.text for name, label in input_labels(names).items()}

    assert labels == {
        "w[0]": "w",
        "w[1]": "w",
        "b3": "b",
        "b4": "b",
        "layer1.w0": "layer1",
        "layer1.w1": "layer1",
        "layer2.w0": "layer2",
        "layer2.w1": "layer2",
        "x": "x",
    }


def test_more_names_than_a_picture_can_hold_are_one_group():
    names = [a + b for a in "abcdefgh" for b in "ijklmnop"]

    assert {label.text for label in input_labels(names).values()} == {"inputs"}


def test_operations_are_grouped_by_the_function_that_they_were_made_in():
    with debug():
        trace = Trace.of(loss(20))

    boxes = folded(trace)

    held = next(box for box in boxes if box.label == "error")
    places = {i: node.place for i, node in enumerate(trace.nodes) if node.op}
    assert {i for i, place in places.items() if place.function == "error"} <= set(held.nodes)


def test_four_examples_of_a_loss_are_four_boxes():
    with debug():
        trace = Trace.of(long_loss(4))

    boxes = [box for box in folded(trace) if box.label == "long_error"]

    assert len(boxes) == 4
    assert len({len(box.nodes) for box in boxes}) == 1


def long_loss(examples):
    w, b = Value(0.5, "w"), Value(0.1, "b")
    return sum(long_error(w * i + b) for i in range(examples))


def long_error(x):
    for _ in range(40):
        x = x.tanh() + 0.1
    return x


def test_without_names_a_wide_graph_folds_by_operation_and_depth():
    trace = Trace.of(sum((Value(i) * 2 + 1) ** 2 for i in range(40)))
    shallow = Trace.of((Value(1.0) * 2).exp())

    assert [box.label for box in folded(shallow)] == ["", ""]
    assert all("depth" in box.label for box in folded(trace))


def test_a_network_folds_by_layer():
    inputs = [Value(0.1 * i, f"x{i}") for i in range(8)]

    (output,) = MLP(8, [8, 8, 1])(inputs)

    labels = {box.label for box in fold(Trace.of(output))}
    assert {"x", "layers.0", "layers.1", "with layers.1"} <= labels


@pytest.mark.parametrize("make", [chain, lambda n: loss(n // 9)], ids=["chain", "loss"])
def test_a_hundred_thousand_nodes_are_drawn_as_a_few_boxes_in_time(make):
    trace = Trace.of(make(100_000))

    start = time.perf_counter()
    svg = svg_of(trace)
    elapsed_s = time.perf_counter() - start

    assert len(trace.nodes) > 90_000
    assert svg.count("<g id=") <= MOST
    assert elapsed_s < ENOUGH_S


def test_a_group_tells_how_many_nodes_it_holds_and_between_what_they_lie():
    picture = svg_of(Trace.of(chain(1000)))

    assert "depth 1–84: 85 nodes (42 +, 42 ·, 1 input), values ≈ 1, |grad| ≤ 1.1" in picture
    assert "depth 925–1000: 76 nodes (38 +, 38 ·), values 1.5 … 1.6, |grad| ≤ 1" in picture
