"""Graphs can be pickled and copied, of any depth, and keep what they share."""

import copy
import gc
import io
import pickle
import threading

import pytest

from nanograd import OPERATIONS, DeclarationError, Value, operation
from nanograd.pickling import TWINS

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


def a_long_chain():
    value = Value(1.0, "x")
    for _ in range(20_000):
        value = value + 1.0
    return value


@pytest.mark.parametrize("way", WAYS)
def test_two_results_of_one_long_graph_share_it(way):
    shared = a_long_chain()
    first, second = way([shared * 2, shared * 3])

    assert first.parents[0] is second.parents[0] is not shared
    assert (first.data, second.data) == (40_002.0, 60_003.0)
    assert way(shared).data == 20_001.0  # the first time has left nothing behind


@pytest.mark.parametrize("way", WAYS)
def test_names_and_leaves_outside_of_the_graph_survive(way):
    x, y = Value(2.0, "x"), Value(3.0, "y")
    z = (x * y).exp()
    z.name = "z"
    held = way({"z": z, "leaves": [y, x], "again": z})

    y2, x2 = held["leaves"]
    assert held["z"] is held["again"]
    assert held["z"].parents[0].parents == (x2, y2)
    assert [v.name for v in (x2, y2, held["z"])] == ["x", "y", "z"]


def test_after_a_shallow_copy_a_long_graph_is_pickled_whole():
    shared = a_long_chain()
    copy.copy(shared * 2)

    assert pickle.loads(pickle.dumps(shared)).data == shared.data
    assert not TWINS


class Full:
    """A file on a disk that is full after a while."""

    room = 10_000

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise OSError("the disk is full")


@pytest.mark.parametrize("pickler", [pickle.Pickler, pickle._Pickler])
def test_a_dump_that_fails_midway_leaves_nothing_behind(pickler):
    shared = a_long_chain()
    out = shared * 2
    with pytest.raises(OSError, match="full") as raised:
        pickler(Full()).dump(out)
    again = pickle.loads(pickle.dumps(shared))
    del raised

    assert again.data == shared.data
    gc.collect()  # the frames in the traceback hold each other
    assert not TWINS


def test_threads_may_pickle_one_graph_at_once():
    shared = a_long_chain()
    found = []

    def work():
        for _ in range(3):
            x, y, z = pickle.loads(pickle.dumps([shared * 2, shared, shared * 3]))
            found.append(x.parents[0] is y is z.parents[0])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [True] * 12
    assert not TWINS


def test_one_pickler_keeps_what_its_dumps_share():
    shared = a_long_chain()
    file = io.BytesIO()
    pickler = pickle.Pickler(file)
    pickler.dump(shared * 2)
    pickler.dump(shared)
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    first, second = unpickler.load(), unpickler.load()

    assert first.parents[0] is second


def test_a_shallow_copy_holds_what_the_value_holds():
    y = Value(2.0) * 3
    y.name, y.grad = "y", 5.0
    twin = copy.copy(y)

    assert (twin.data, twin.grad, twin.op, twin.partials) == (6.0, 5.0, y.op, y.partials)
    assert twin.name == "y"


class Weight(Value):
    """A kind of Value of a user's own."""


@pytest.mark.parametrize("way", [*WAYS, copy.copy])
def test_a_kind_of_value_stays_what_it_is(way):
    w = Weight(2.0)

    assert type(way(w)) is Weight
    assert type(way(w * 3).parents[0]) is Weight


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
