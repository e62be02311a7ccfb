"""Promises of the layout, held on random graphs."""

import random
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanograd.drawing.layout import MARGIN, arrange, layers_of
from nanograd.drawing.ordering import SWEEPS, crossings, neighbors, swap, swept, untangled
from nanograd.drawing.settling import Wish, rising

ROUNDING = 1e-6  # coordinates are sums of a few hundred floats


@st.composite
def graphs(draw):
    """Return the sizes of boxes, and edges from earlier boxes to later ones, some of them twice."""
    lengths = st.floats(10, 200)
    sizes = draw(st.lists(st.tuples(lengths, lengths), min_size=1, max_size=25))
    ends = st.integers(0, len(sizes) - 1)
    pairs = draw(st.lists(st.tuples(ends, ends), max_size=50))
    return sizes, [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]


def rectangles(sizes, layout):
    """Return left, top, right and bottom of each box."""
    pairs = zip(layout.corners, sizes, strict=True)
    return [(x, y, x + width, y + height) for (x, y), (width, height) in pairs]


@given(graphs())
def test_no_box_overlaps_another(graph):
    sizes, edges = graph

    boxes = rectangles(sizes, arrange(sizes, edges))

    for (left, top, right, bottom), (left2, top2, right2, bottom2) in combinations(boxes, 2):
        apart_sideways = right < left2 or right2 < left
        apart_in_height = bottom < top2 or bottom2 < top
        assert apart_sideways or apart_in_height


@given(graphs())
def test_every_edge_points_forward_and_touches_its_two_boxes(graph):
    sizes, edges = graph

    layout = arrange(sizes, edges)

    boxes = rectangles(sizes, layout)
    assert len(layout.routes) == len(edges)
    for (start, end), route in zip(edges, layout.routes, strict=True):
        (_, top, right, bottom), (left2, top2, _, bottom2) = boxes[start], boxes[end]
        xs = [route.start.x]
        for curve in route.curves:
            xs += curve.start.x, *(control.x for control in curve.controls()), curve.end.x
        assert all(before < after + ROUNDING for before, after in pairwise(xs))
        assert xs[0] == pytest.approx(right)
        assert route.end.x == pytest.approx(left2)
        assert route.end.x + ROUNDING > xs[-1] > xs[0]
        assert top < route.start.y < bottom
        assert top2 < route.end.y < bottom2


@given(graphs())
def test_no_edge_crosses_a_box(graph):
    sizes, edges = graph

    layout = arrange(sizes, edges)

    boxes = rectangles(sizes, layout)
    for route in layout.routes:
        for curve in route.curves:
            assert not any(beside(curve.start.x, curve.end.x, box) for box in boxes)
        for before, after in pairwise(route.curves):
            assert not any(hits(before.end, after.start, box) for box in boxes)


def beside(start, end, box):
    """Return whether a box lies at least in part between two places from left to right."""
    left, _, right, _ = box
    return left < end - ROUNDING and right > start + ROUNDING


def hits(start, end, box):
    """Return whether a line, which rises or falls, may hit a box."""
    _, top, _, bottom = box
    low, high = sorted((start.y, end.y))
    return beside(start.x, end.x, box) and low < bottom and high > top


@given(graphs())
def test_edges_side_by_side_are_drawn_apart(graph):
    sizes, edges = graph

    routes = arrange(sizes, edges).routes

    for start, route in zip(edges, routes, strict=True):
        twins = [other for pair, other in zip(edges, routes, strict=True) if pair == start]
        assert sum(twin.end == route.end for twin in twins) == 1
        assert sum(twin.start == route.start for twin in twins) == 1


@given(graphs())
def test_the_same_graph_has_the_same_layout(graph):
    assert arrange(*graph) == arrange(*graph)


@given(graphs())
def test_everything_lies_in_the_picture(graph):
    sizes, edges = graph

    layout = arrange(sizes, edges)

    for left, top, right, bottom in rectangles(sizes, layout):
        assert MARGIN - ROUNDING < left < right < layout.width - MARGIN + ROUNDING
        assert MARGIN - ROUNDING < top < bottom < layout.height - MARGIN + ROUNDING


@given(graphs())
def test_sweeps_never_add_crossings(graph):
    sizes, edges = graph
    layers = layers_of(len(sizes), edges)
    near = [(start, end) for start, end in edges if layers[end] == layers[start] + 1]
    before, after = neighbors(near, len(sizes))
    rows = [[box for box in range(len(sizes)) if layers[box] == i] for i in range(max(layers) + 1)]

    ordered = untangled(rows, before, after)

    assert crossings(ordered, after) <= crossings(rows, after)
    assert [sorted(row) for row in ordered] == rows


def test_two_edges_that_can_be_drawn_without_crossing_do_not_cross():
    rows, edges = [[0, 1], [2, 3]], [(0, 3), (1, 2)]
    before, after = neighbors(edges, 4)

    ordered = untangled(rows, before, after)

    assert crossings(rows, after) == 1
    assert crossings(ordered, after) == 0


def test_the_best_order_that_was_met_is_kept():
    rng = random.Random(0)
    rows = [list(range(start, start + 12)) for start in range(0, 60, 12)]
    edges = [
        (rng.choice(row), rng.choice(below)) for row, below in pairwise(rows) for _ in range(25)
    ]
    before, after = neighbors(edges, 60)

    found = crossings(untangled(rows, before, after), after)

    ordered, counts = rows, []
    for sweep in range(SWEEPS):
        ordered = swept(ordered, before) if sweep % 2 == 0 else swept(ordered[::-1], after)[::-1]
        swap(ordered, before, after)
        counts.append(crossings(ordered, after))
    assert counts[-1] > min(counts)
    assert found == min(counts)


def test_a_leaf_stands_beside_its_first_use_and_an_operation_as_early_as_it_can():
    chain = [(0, 1), (1, 2), (2, 3), (3, 4)]
    leaf, operation = [(5, 4)], [(1, 6), (6, 4)]

    layers = layers_of(7, chain + leaf + operation)

    assert layers[:5] == [0, 1, 2, 3, 4]
    assert layers[5] == 3
    assert layers[6] == 2


def test_an_operation_moves_later_with_its_leaf():
    chain = [(0, 1), (1, 2), (2, 3), (3, 4)]
    one_minus_y = [(5, 6), (6, 4)]

    layers = layers_of(7, chain + one_minus_y)

    assert (layers[5], layers[6]) == (2, 3)


def test_a_chain_is_a_straight_line():
    layout = arrange([(80, 40)] * 4, [(0, 1), (1, 2), (2, 3)])

    assert {corner.y for corner in layout.corners} == {layout.corners[0].y}
    assert {route.start.y for route in layout.routes} == {route.end.y for route in layout.routes}


wishes = st.lists(st.tuples(st.floats(-100, 100), st.integers(1, 9)), max_size=12)


@given(wishes)
def test_isotonic_means_rise_and_keep_the_sum(pairs):
    found = rising([Wish(*pair) for pair in pairs])

    assert all(before <= after + ROUNDING for before, after in pairwise(found))
    weighted = sum(x * weight for x, (_, weight) in zip(found, pairs, strict=True))
    assert weighted == pytest.approx(sum(x * weight for x, weight in pairs), abs=ROUNDING)
