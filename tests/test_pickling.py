"""Graphs can be pickled and copied, of any depth, and keep what they share."""

import copy
import pickle

import pytest

from nanograd import OPERATIONS, DeclarationError, Value, operation

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)
WAYS = [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_graph_comes_back_whole(protocol):
    x, y = Value(2.0, "x"), Value(3.0)
    z = (x * y + 3) ** 2
    z.name = "z"
    z.backward()
    x2, z2 = pickle.loads(pickle.dumps((x, z), protocol))

    assert (z2.data, z2.name, z2.grad, x2.name, x2.grad) == (81.0, "z", 1.0, "x", 54.0)
    assert z2.op is z.op
    z2.zero_grad()
    z2.backward()
    assert (x2.grad, x.grad) == (54.0, 54.0)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_shared_stays_shared(way):
    x = Value(2.0)
    shared = x * x
    first, second = shared + 1, shared * 3
    x2, first2, second2, shared2 = way((x, first, second, shared))

    assert first2.parents[0] is second2.parents[0] is shared2
    assert shared2.parents == (x2, x2)
    assert shared2 is not shared


@pytest.mark.parametrize("way", WAYS)
def test_a_graph_of_a_hundred_thousand_nodes(way):
    x = value = Value(1.0)
    for _ in range(35_000):  # three nodes each
        value = value * 0.5 + value * 0.5
    x2, value2 = way((x, value))
    value2.backward()

    assert x2.grad == 1.0
    assert x.grad == 0.0


@pytest.mark.parametrize("way", WAYS)
def test_a_wide_graph(way):
    xs = [Value(float(i)) for i in range(10**4)]
    xs2, total = way((xs, sum(xs)))
    total.backward()

    assert {x.grad for x in xs2} == {1.0}


def test_a_shallow_copy_shares_its_operands():
    x = Value(2.0, "x")
    y = x * 3
    twin = copy.copy(y)

    assert twin is not y
    assert twin.parents == (x,)
    assert twin.parents[0] is x


def test_pickling_twice_gives_the_same():
    x = Value(2.0)
    y = (x * 3 + x).exp()

    assert pickle.dumps(y) == pickle.dumps(y)


def test_an_operation_that_is_not_declared_where_it_is_loaded_is_an_error():
    @operation("f", partials=lambda x, out: (2.0,))
    def double_once(x):
        return 2 * x

    dump = pickle.dumps(double_once(Value(1.0)))
    del OPERATIONS["double_once"]
    with pytest.raises(DeclarationError, match=r"'double_once'.*not declared here"):
        pickle.loads(dump)
