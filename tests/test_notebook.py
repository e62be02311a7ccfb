"""A Value as the last line of a cell: text always, a picture where it can be read."""

import pytest

from nanograd import Value
from nanograd import sum as sum_of


def shown(value):
    return value._repr_mimebundle_(include=None, exclude=None)


def test_a_small_graph_is_shown_as_text_and_as_a_picture():
    z = (Value(2.0, "x") * Value(3.0, "y") + 3) ** 2
    bundle = shown(z)

    assert bundle["text/plain"] == repr(z)
    assert bundle["image/svg+xml"].startswith("<svg ")


@pytest.mark.parametrize(("leaves", "has_picture"), [(39, True), (40, False), (100_000, False)])
def test_the_picture_ends_at_forty_nodes(leaves, has_picture):
    value = sum_of([Value(1.0) for _ in range(leaves)])

    assert ("image/svg+xml" in shown(value)) is has_picture


def test_an_input_alone_is_text():
    assert list(shown(Value(2.0, "x"))) == ["text/plain"]


def test_a_deep_graph_is_not_walked_to_its_end():
    value = Value(1.0)
    for _ in range(200_000):
        value = value + 1.0

    assert list(shown(value)) == ["text/plain"]


def test_one_value_used_very_often_is_text_at_once():
    assert list(shown(sum_of([Value(1.0)] * 50_000))) == ["text/plain"]
