"""Packed: nested numbers that stay in memory between the calls of a compiled function."""

import copy
import math
import pickle
from collections import OrderedDict, defaultdict, namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jitted import BACKENDS, Counted, assert_same, flat, plain
from programs import points, systems

from nanograd import (
    DomainError,
    Packed,
    TraceError,
    Value,
    debug,
    exp,
    grad,
    jacobian,
    jit,
    mean,
    pack,
    scan,
    sqrt,
    unpack,
    value_and_grad,
    vmap,
    where,
)
from nanograd.compiler.backends import llvm
from nanograd.compiler.programs.blocks import Block, Blocks
from nanograd.compiler.programs.parsing import parsed


@dataclass
class Line:
    slope: float
    height: float


class Name(str):
    """A text that is another key than a plain one, though they are equal."""

    __slots__ = ()


Point = namedtuple("Point", "x y")  # noqa: PYI024 - it has no types to tell

TREES = {
    "a list": [1.0, 2.0],
    "nothing": [],
    "lists of nothing": [[], [], ()],
    "rows": [[1.0, 2.0], [3.0, 4.0]],
    "ragged rows": [[1.0], [2.0, 3.0], []],
    "a tuple": (1.0, (2.0,)),
    "a dict": {"w": [[1.0]], 3: 4.0, (1, "k"): {}},
    "None inside": {"w": [1.0], "b": None},
    "a dataclass": Line(1.0, 2.0),
    "a named tuple": [Point(1.0, [2.0])],
    "an ordered dict": OrderedDict(b=1.0, a=2.0),
    "a dict with a default": defaultdict(list, a=[1.0]),
    "extremes": [math.inf, -math.inf, 5e-324, 1.8e308 / 2, -0.0],
}
every_tree = pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
every_backend = pytest.mark.parametrize("backend", BACKENDS)

numbers = st.floats(allow_nan=False) | st.integers(-1000, 1000)
trees = st.recursive(
    st.lists(numbers, max_size=4),
    lambda inner: (
        st.lists(inner | numbers, max_size=3)
        | st.tuples(inner, numbers)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner | numbers, max_size=3)
    ),
    max_leaves=12,
)

# -- in and out ------------------------------------------------------------------------------


@every_tree
def test_what_is_packed_comes_back_nested_as_it_was(tree):
    found = unpack(pack(tree))

    assert found == tree
    assert type(found) is type(tree)
    assert repr(found) == repr(tree)


@given(trees)
def test_any_tree_comes_back_with_floats(tree):
    packed = pack(tree)
    found = unpack(packed)

    assert found == tree
    assert {float}.issuperset(map(type, flat(plain(found))))
    assert len(packed) == len(flat(plain(tree)))


def test_what_comes_back_is_new():
    tree = {"w": [1.0, 2.0]}
    packed = pack(tree)
    tree["w"][0] = 9.0
    unpack(packed)["w"][1] = 9.0

    assert unpack(packed) == {"w": [1.0, 2.0]}


def test_a_default_survives():
    assert unpack(pack(defaultdict(list, a=[1.0])))["b"] == []


def test_a_plain_tree_is_unpacked_to_itself():
    tree = {"w": [1.0, (2.0, None)], "name": "x"}

    assert unpack(tree) is tree


def test_packed_parts_of_a_tree_are_unpacked():
    tree = (0.5, {"state": pack([1.0]), "name": "x"}, [pack((2.0,))])

    assert unpack(tree) == (0.5, {"state": [1.0], "name": "x"}, [(2.0,)])


def test_what_is_packed_can_be_packed_once_more():
    inner = pack([1.0, 2.0])

    assert pack(inner) == inner
    assert pack({"a": inner}) == pack({"a": [1.0, 2.0]})
    assert pack([pack({"a": 1.0}), 2.0]) == pack([{"a": 1.0}, 2.0])


@every_tree
def test_one_form_is_one_object(tree):
    assert pack(tree).form is pack(copy.deepcopy(tree)).form


@pytest.mark.parametrize(
    ("tree", "other"),
    [
        ([1.0], (1.0,)),
        ([1.0], [[1.0]]),
        ([1.0, 2.0], [1.0]),
        ({1: 1.0}, {True: 1.0}),
        ({1: 1.0}, {1.0: 1.0}),
        ({"a": 1.0}, {Name("a"): 1.0}),
        ({0.0: 1.0}, {-0.0: 1.0}),
        ({"a": 1.0, "b": 2.0}, {"b": 1.0, "a": 2.0}),
        ({"a": 1.0}, OrderedDict(a=1.0)),
        (defaultdict(list, a=1.0), defaultdict(int, a=1.0)),
        (Point(1.0, 2.0), (1.0, 2.0)),
        ([[], [1.0]], [[1.0], []]),
        ([None, 1.0], [[], 1.0]),
    ],
)
def test_other_nesting_is_another_form(tree, other):
    assert pack(tree).form is not pack(other).form
    assert pack(tree) != pack(other)


def test_equality_is_that_of_form_and_numbers():
    assert pack([1, 2]) == pack([1.0, 2.0])
    assert hash(pack([1, 2])) == hash(pack([1.0, 2.0]))
    assert pack([1.0, 2.0]) != pack([1.0, 2.5])
    assert pack([1.0]) != [1.0]
    assert pack([math.nan]) != pack([math.nan])


@every_tree
def test_copies_and_pickles_are_equal(tree):
    packed = pack(tree)
    again = pickle.loads(pickle.dumps(packed))

    assert again == packed
    assert again.form is packed.form
    assert copy.copy(packed) is copy.deepcopy(packed) is packed


def test_the_text_is_one_bounded_line():
    big = {f"layer {i}": {"w": [[0.0] * 16] * 27, "b": [0.0] * 16} for i in range(1000)}

    assert repr(pack({"w": [[0.0] * 3] * 2, "b": [1, (2, 3), 4.0]})) == (
        "Packed({'w': [2 × 3], 'b': [number, (2), number]}, 10 numbers)"
    )
    assert repr(pack([Line(1, 2)])) == "Packed([Line(slope=number, height=number)], 2 numbers)"
    assert repr(pack([1])) == "Packed([1], 1 number)"
    for tree in (big, [big], [[[[[1.0]], []]]], {"k" * 1000: 1.0}, [[], None]):
        assert len(repr(pack(tree))) < 400
        assert "\n" not in repr(pack(tree))


@pytest.mark.parametrize(
    ("tree", "error", "words"),
    [
        (np.float64(3.0), TypeError, "A single number needs no packing."),
        (3.0, TypeError, "it was given 3.0, of type float. A single number needs no packing."),
        (None, TypeError, "it was given None"),
        ("text", TypeError, "it was given 'text', of type str"),
        ({"a": [1.0, "x"]}, TypeError, r"'x', of type str, at \['a'\]\[1\]. Keep it out"),
        ([1.0, True], TypeError, r"True, of type bool, at \[1\]"),
        ([Value(1.0)], TypeError, r"at \[0\]. What is packed is in no graph.*\.data"),
        ([np.zeros(2)], TypeError, r"of type ndarray, at \[0\]. An array .*\.tolist"),
        (np.zeros(2), TypeError, "of type ndarray"),
        (Line(1.0, 1j), TypeError, r"at \.height"),
        ([10**400], DomainError, "too large"),
    ],
)
def test_what_cannot_be_packed_is_told(tree, error, words):
    with pytest.raises(error, match=words):
        pack(tree)


def test_what_is_packed_is_not_taken_apart():
    packed = pack({"w": [1.0]})
    with pytest.raises(TypeError, match=r"not taken apart, as by \['w'\].*unpack"):
        packed["w"]
    with pytest.raises(TypeError, match="unpack"):
        list(packed)


# -- calls -----------------------------------------------------------------------------------


def step(state, tokens, rate):
    """One step of something like a training: it uses all numbers, and a captured constant."""
    rows, bias = state["rows"], state["bias"]
    loss = sum([exp(-x * x) * b for row in rows for x, b in zip(row, bias, strict=True)])
    moved = [[x - rate * k * exp(-x) for x, k in zip(row, tokens, strict=True)] for row in rows]
    return loss, {"rows": moved, "bias": [bias[1], 0.5, rate]}


STATE = {"rows": [[0.1, 0.2, 0.3], [-0.4, 0.5, 0.6]], "bias": [1.0, 2.0, 3.0]}
TOKENS = [1, 2, 0]


@every_backend
def test_a_state_goes_in_and_comes_out_packed(backend):
    compiled = jit(step, backend=backend, packed=True)
    wanted, state = STATE, STATE
    for rate in (0.1, 0.2, 0.3, 0.4, 0.5):
        wanted_loss, wanted = step(wanted, TOKENS, rate)
        loss, state = compiled(state, TOKENS, rate)

        assert type(loss) is float
        assert type(state) is Packed
        assert_same([loss, unpack(state)], [wanted_loss, wanted])


@every_backend
def test_a_plain_function_takes_what_is_packed(backend):
    compiled = jit(step, backend=backend)

    for _ in range(5):
        found = compiled(pack(STATE), TOKENS, 0.1)
        assert type(found[1]) is dict
        assert_same(found, step(STATE, TOKENS, 0.1))


@every_backend
@pytest.mark.parametrize(
    "f",
    [
        lambda s: s,
        lambda s: s["rows"],
        lambda s: (s, s),
        lambda s: (s["bias"], s["rows"][0][0], s["bias"]),
        lambda s: s["bias"][0],
        lambda s: (s["bias"][0],),
        lambda s: (s["bias"][0], s["bias"][1]),
        lambda s: (),
        lambda s: [],
        lambda s: ([], s["bias"][0], [], [1.0, 2, s["bias"][2]]),
        lambda s: (None, "name", s["bias"]),
        lambda s: Line(s["bias"][0], 2.0),
        lambda s: Point(s["bias"], s["bias"]),
        lambda s: (1.0, (s["bias"][1], [s["bias"][2]])),
        lambda s: {"deep": [{"er": (s["bias"][0],)}, None]},
    ],
)
def test_results_are_those_without_packing(f, backend):
    compiled = jit(f, backend=backend, packed=True)
    for state in (STATE, pack(STATE)):
        for _ in range(4):
            assert repr(unpack(compiled(state))) == repr(jit(f, backend=backend)(STATE))


def test_what_is_no_plain_tuple_comes_as_one():
    state = pack([1.0, 2.0])

    assert type(jit(lambda s: Point(s[0], s[1]), packed=True)(state)) is Packed
    assert type(jit(lambda s: Line(s[0], s[1]), packed=True)(state)) is Packed
    assert type(jit(lambda s: [s, s], packed=True)(state)) is Packed
    assert list(map(type, jit(lambda s: (s[0], (s, s)), packed=True)(state))) == [float, Packed]
    assert type(jit(lambda s: s[0], packed=True)(state)) is float
    assert jit(packed=True)(lambda s: s)(state) == state


@settings(deadline=None, max_examples=30)
@given(systems(), points, points)
def test_random_programs_give_the_same_packed(f, xs, ys):
    def both(p, q):
        return sum(f(p["x"])), {"x": f(q["x"]), "y": [f(p["x"]), q["x"]]}

    wanted = jit(both)({"x": xs}, {"x": ys})
    compiled = jit(both, packed=True)
    for _ in range(4):
        found = compiled(pack({"x": xs}), pack({"x": ys}))
        assert_same(unpack(found), wanted, tolerance=0.0)


@every_backend
def test_many_numbers_are_the_same_as_unpacked(backend):
    def f(p, q, k):
        pairs = list(zip(p["w"], q["w"], strict=True))
        return sum([a * b for a, b in pairs]), [[a - k * b, k] for a, b in pairs], p

    p, q = {"w": [0.01 * i for i in range(600)]}, {"w": [1.0 / (i + 1) for i in range(600)]}
    compiled = jit(f, backend=backend, packed=True)
    for k in range(4):
        assert_same(unpack(compiled(pack(p), pack(q), k)), f(p, q, k))


def test_packed_arguments_may_stand_anywhere():
    def f(parts, scale, *, more):
        return {"a": [x * scale for x in parts[0]["p"]], "b": more[0] + parts[1]}

    compiled = jit(f, packed=True)
    wanted = f([{"p": [1.0, 2.0]}, 3.0], 2.0, more=(4.0,))
    for _ in range(4):
        assert_same(unpack(compiled([{"p": pack([1, 2])}, 3], 2, more=pack((4,)))), wanted)
        assert_same(unpack(compiled([pack({"p": [1, 2]}), 3], 2, more=(4,))), wanted)


@every_backend
def test_rows_go_beside_what_is_packed(backend):
    def f(w, xs, k):
        def error(row):
            return sum([a * b for a, b in zip(w["a"], row, strict=True)]) - k

        loss, slope = value_and_grad(lambda w: mean(vmap(error)(xs)) * w["a"][0])(w)
        return loss, vmap(error)(xs), slope, {"k": [k, loss]}

    xs = np.arange(12.0).reshape(6, 2)
    compiled = jit(f, backend=backend, packed=True)
    wanted = jit(f, backend=backend)({"a": [0.5, 2.0]}, xs, 3.0)
    for _ in range(4):
        found = compiled(pack({"a": [0.5, 2.0]}), xs, 3.0)
        assert list(map(type, found)) == [float, np.ndarray, Packed, Packed]
        assert_same(list(unpack(found)), list(wanted))


def test_many_rows_go_through_several_threads():
    def f(w, xs):
        return (mean(vmap(lambda x: exp(w[0] * x) + w[1])(xs)), [w[1], w[0]])

    xs = np.linspace(0.0, 1.0, 1 << 21)
    loss, found = jit(f, packed=True)(pack([0.5, 1.0]), xs)

    assert loss == jit(f)([0.5, 1.0], xs)[0]
    assert unpack(found) == [1.0, 0.5]


@every_backend
@pytest.mark.parametrize("length", [lambda w, n: 5, lambda w, n: n, lambda w, n: w["n"][0]])
def test_loops_take_what_is_packed(length, backend):
    def f(w, n):
        def turn(x):
            return ([0.5 * x[0] + w["n"][1], x[1] - x[0]], None)

        return scan(turn, w["x"], length=length(w, n))[0], n

    compiled = jit(f, backend=backend, packed=True)
    w = {"x": [1.0, 2.0], "n": [5, 0.25]}
    for _ in range(4):
        found, n = compiled(pack(w), 5)
        assert n == 5.0
        assert_same(unpack(found), f(w, 5)[0])


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
def test_in_single_precision_results_are_rounded(backend):
    def f(s, k):
        return ([x / k for x in s], k / 3)

    compiled = jit(f, backend=backend, precision="float32", packed=True)
    for _ in range(4):
        found, third = compiled(pack([1.0, 2.0]), 3.0)
        assert unpack(found) == [float(np.float32(1) / np.float32(3)), float(np.float32(2 / 3))]
        assert third == 1.0


def test_an_operation_that_only_python_can_do_is_called():
    from nanograd import operation

    @operation("halved", partials=lambda x, out: (0.5,))
    def halved_in_python(x):
        """Half of x."""
        return float(repr(x)) / 2

    f = jit(lambda s: ([halved_in_python(x) for x in s], s[0]), packed=True)
    for _ in range(4):
        assert unpack(f(pack([1.0, 3.0]))) == ([0.5, 1.5], 1.0)


# -- one program for one signature -------------------------------------------------------------


def test_the_same_form_needs_one_program():
    f = Counted(lambda s, k: [x * k for x in s["x"]])
    compiled = jit(f, packed=True)
    for k in range(5):
        compiled(pack({"x": [1.0 + k, 2.0]}), k)

    assert f.times == 1


def test_another_form_needs_another_program():
    f = Counted(lambda s, k: [x * k for x in s])
    compiled = jit(f, packed=True)
    for _ in range(5):
        for state in ([1.0], [1.0, 2.0], (1.0,), pack([1.0]), pack([1.0, 2.0]), pack((1.0,))):
            assert unpack(compiled(state, 3)) == [x * 3 for x in unpack(state)]

    assert f.times == 6


def test_lists_of_other_lengths_beside_need_other_programs():
    def f(s, tokens, k):
        return ([s[0] * t for t in tokens], k)

    compiled = jit(f, packed=True)
    for _ in range(4):
        for tokens in ([1, 2], [1, 2, 3], (1, 2), [], [0.5]):
            assert unpack(compiled(pack([2.0]), tokens, 1)) == ([2.0 * t for t in tokens], 1.0)


def test_what_is_fixed_beside_counts():
    compiled = jit(lambda s, up: [x + 1 if up else x - 1 for x in s], packed=True)
    for _ in range(4):
        assert unpack(compiled(pack([1.0]), True)) == [2.0]
        assert unpack(compiled(pack([1.0]), False)) == [0.0]
    with pytest.raises(DomainError, match="too large"):
        jit(lambda s, k: [s[0] * k], packed=True)(pack([1.0]), 10**400)


def test_a_number_outside_that_changes_is_seen():
    scale = 2.0
    compiled = jit(lambda s: [x * scale for x in s], packed=True)
    found = [unpack(compiled(pack([1.0]))) for _ in range(5)]
    scale = 3.0
    found += [unpack(compiled(pack([1.0]))) for _ in range(5)]
    scale = 2.0
    found += [unpack(compiled(pack([1.0])))]

    assert found == [[2.0]] * 5 + [[3.0]] * 5 + [[2.0]]


def test_a_packed_outside_is_a_constant_that_may_be_returned():
    table = {"t": pack({"a": [1.0, 2.0]})}

    def f(s):
        return s[0] + unpack(table)["t"]["a"][1], table["t"], [table, s]

    plain_results = (5.0, {"a": [1.0, 2.0]}, [{"t": {"a": [1.0, 2.0]}}, [3.0]])
    compiled = jit(f, packed=True)
    for _ in range(4):
        assert unpack(compiled(pack([3.0]))) == plain_results
        assert jit(f)([3.0]) == plain_results
    table["t"] = pack({"a": [1.0, 20.0]})

    assert compiled(pack([3.0]))[0] == 23.0


def test_a_packed_outside_that_is_replaced_is_seen():
    table = pack([1.0, 2.0])
    compiled = jit(lambda s: [x + sum(unpack(table)) for x in s], packed=True)
    found = [unpack(compiled(pack([0.0]))) for _ in range(4)]
    table = pack([10.0, 20.0])

    assert [*found, unpack(compiled(pack([0.0])))] == [[3.0]] * 4 + [[30.0]]


# -- memory ----------------------------------------------------------------------------------


@every_backend
def test_nothing_that_goes_in_is_changed_and_results_have_memory_of_their_own(backend):
    def f(p, q):
        return (p, q, [x + y for x, y in zip(p, q, strict=True)], p)

    compiled = jit(f, backend=backend, packed=True)
    p = pack([1.0, 2.0, 3.0])
    kept = [compiled(p, p) for _ in range(6)]

    places = {x.address for results in kept for x in results} | {p.address}
    assert len(places) == 6 * 4 + 1
    assert p == pack([1.0, 2.0, 3.0])
    assert {tuple(map(tuple, unpack(results))) for results in kept} == {
        ((1.0, 2.0, 3.0), (1.0, 2.0, 3.0), (2.0, 4.0, 6.0), (1.0, 2.0, 3.0))
    }


def test_results_that_are_kept_stay_when_others_go():
    compiled = jit(lambda s: (s[0], [x + 1 for x in s]), packed=True)
    state, kept = pack([0.0] * 500), []
    for i in range(300):
        _, state = compiled(state)
        if i % 7 == 0:
            kept.append((i, state))

    assert all(unpack(x) == [i + 1.0] * 500 for i, x in kept)


def test_numbers_begin_at_a_line_of_the_cache():
    assert {pack([1.0] * n).address % 64 for n in range(50)} == {0}


def test_threads_may_call_at_once():
    def f(s, k):
        return sum(s), [x * k + exp(-x * x) for x in s]

    compiled = jit(f, packed=True)
    state = [0.01 * i for i in range(300)]
    compiled(pack(state), 1)

    def work(k):
        return [unpack(compiled(pack(state), k)) for _ in range(50)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))

    for k, results in enumerate(found):
        assert all(each == results[0] for each in results)
        assert_same(results[0], f(state, k))


def test_threads_may_pack_one_form_at_once():
    tree = {"some": [[1.0] * 5] * 5, "thing": (1.0, 2.0)}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(pack, [tree] * 200))

    assert len({id(x.form) for x in found}) == 1


# -- derivatives, Values, other functions ------------------------------------------------------


def test_derivatives_are_those_of_what_was_packed():
    f = jit(lambda s, k: sum([x * x * k for x in s["x"]]), packed=True)
    s = {"x": [1.0, 2.0]}

    assert grad(f)(pack(s), 3.0) == grad(f)(s, 3.0) == {"x": [6.0, 12.0]}
    assert grad(f, argnums=1)(pack(s), 3.0) == 5.0
    assert value_and_grad(f)(pack(s), 3.0) == (15.0, {"x": [6.0, 12.0]})
    assert unpack(jit(grad(f), packed=True)(pack(s), 3.0)) == {"x": [6.0, 12.0]}
    assert jacobian(jit(lambda s: [s[0] * s[1]], packed=True))(pack([2.0, 3.0])) == [[3.0, 2.0]]


def test_values_beside_give_values():
    compiled = jit(lambda s, k: (s[0] * k, [x * k for x in s]), packed=True)
    k = Value(3.0)
    for _ in range(4):
        loss, state = compiled(pack([2.0, 5.0]), k)
        (loss + state[1]).backward()

    assert [x.data for x in state] == [6.0, 15.0]
    assert k.grad == 4 * 7.0
    assert unpack(compiled(pack([2.0, 5.0]), 3.0)) == (6.0, [6.0, 15.0])


def test_a_value_outside_is_read_at_every_call():
    w = Value(2.0)
    compiled = jit(lambda s: [x * w for x in s], packed=True)
    for _ in range(4):
        compiled(pack([1.0]))
    w.data = 5.0
    (found,) = compiled(pack([3.0]))

    assert found.data == 15.0


def test_called_in_another_compiled_function_it_is_part_of_that():
    inner = jit(lambda s, k: [x * k for x in s], packed=True)
    table = pack([1.0, 2.0])
    inner(table, 2.0), inner(table, 2.0)
    outer = jit(lambda s, k: (inner(s, k)[1], inner(table, 2.0)[0], inner(table, k)), packed=True)

    for k in (3.0, 4.0):
        assert unpack(outer(pack([5.0, 6.0]), k)) == (6.0 * k, 2.0, [k, 2 * k])


def test_in_a_debug_block_an_error_names_the_number():
    compiled = jit(lambda s: [sqrt(x) for x in s["x"]], packed=True)
    state = pack({"x": [4.0, -1.0]})
    for _ in range(4):
        assert math.isnan(unpack(compiled(state))[1])

    with debug():
        assert unpack(compiled(pack({"x": [4.0, 1.0]}))) == [2.0, 1.0]
        with pytest.raises(DomainError, match=r"sqrt.*s\['x'\]\[1\]"):
            compiled(state)


def test_stages_are_shown_for_what_is_packed():
    lowered = jit(lambda s: [x * 2 for x in s], packed=True).lower(pack([1.0, 2.0]))

    assert all(lowered[stage] for stage in lowered.stages)
    assert lowered["trace"].startswith("program(s_0, s_1)")


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda s, xs: {"a": [vmap(lambda x: x + s[0])(xs)]}, r"at \['a'\]\[0\] .* a column"),
        (lambda s, xs: [s[0], "text"], r"at \[1\] this one holds 'text', of str"),
        (lambda s, xs: (s[0], [True]), r"at \[0\] this one holds True"),
        (lambda s, xs: None, "Is a return missing"),
    ],
)
def test_results_that_cannot_be_packed_are_told(f, words):
    with pytest.raises(TraceError, match=words):
        jit(f, packed=True)(pack([1.0]), np.zeros(3))


def test_an_untaken_arm_stays_out():
    f = jit(lambda s: [where(s[0] > 0, s[0].ln(), s[1])], packed=True)

    assert unpack(f(pack([-1.0, 7.0]))) == [7.0]


# -- kernels ---------------------------------------------------------------------------------

PROGRAM = """
program(a, b, c, d, x[rows])
  e = mul a b
  f = add c d
  g = mul x b
  h = sum[rows] g
  return f e 7.0 g h e
"""


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(
    "blocks",
    [
        Blocks((Block(0, 2),), ()),
        Blocks((Block(1, 2),), (Block(1, 2),)),
        Blocks((Block(0, 1), Block(1, 0), Block(1, 3)), (Block(0, 3), Block(4, 2))),
        Blocks((), (Block(4, 2), Block(6, 0))),
    ],
)
def test_a_kernel_takes_and_gives_blocks(blocks, precision):
    kernel = llvm.lowered(parsed(PROGRAM), precision, blocks)
    operands = [2.0, 3.0, 5.0, 7.0, np.array([1.0, 2.0])]
    inside = [pack(operands[start : start + count]) for start, count in blocks.inputs]
    taken = [x for i, x in enumerate(operands) if not is_inside(i, blocks.inputs)]
    made = [Packed.empty(pack([1.0] * count).form) for _, count in blocks.outputs]
    found = kernel.on_blocks(
        [x.address for x in inside], taken, [x.address for x in made], {"rows": 2}
    )

    wanted = [12.0, 6.0, 7.0, [3.0, 6.0], 9.0, 6.0]
    assert plain(found) == [x for i, x in enumerate(wanted) if not is_inside(i, blocks.outputs)]
    assert [unpack(x) for x in made] == [wanted[s : s + n] for s, n in blocks.outputs]
    assert_same(kernel(operands, {"rows": 2}), wanted)


def is_inside(place, blocks):
    """Return whether a place is in one of these blocks."""
    return any(start <= place < start + count for start, count in blocks)
