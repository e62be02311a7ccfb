"""The backward pass by shape of graph, and what it leaves in `grad`."""

import gc
import subprocess
import sys
import threading
import tracemalloc
import weakref
from pathlib import Path

import pytest

from nanograd import DomainError, Value, debug, gradient, mean, no_grad
from nanograd.modes import OPEN, is_on


def test_a_value_used_twice_receives_both_shares():
    x = Value(3.0)
    (x * x).backward()

    assert x.grad == 6.0


def test_fan_out_adds_up():
    x = Value(2.0)
    (x + 3 * x + x**2 + 5 / x).backward()

    assert x.grad == 1 + 3 + 4 - 1.25


def test_a_diamond_is_walked_once():
    a = Value(1.0)
    b = a + a
    c = b + b
    c.backward()

    assert (a.grad, b.grad, c.grad) == (4.0, 2.0, 1.0)


def test_a_value_waits_for_the_longer_way():
    a = Value(1.0)
    b = a * 2
    ((b + 1) * (b * 3 + b)).backward()

    assert a.grad == 2 * (8 * 2 + 4)


def test_a_hundred_doublings_take_a_hundred_steps():
    value = x = Value(1.0)
    for _ in range(100):
        value = value + value
    value.backward()

    assert x.grad == 2.0**100


def test_a_constant_result_has_no_slopes():
    x = Value(2.0)
    (x**0).backward()

    assert x.grad == 0.0


def test_an_input_that_is_not_used_keeps_its_grad():
    used, unused = Value(2.0), Value(3.0)
    unused.grad = 7.0
    (used * 2).backward()

    assert unused.grad == 7.0


def test_backward_on_a_leaf_counts_itself():
    x = Value(2.0)
    x.backward()
    x.backward(2.0)

    assert x.grad == 3.0


def test_backward_again_doubles_the_leaves_and_nothing_else():
    x = Value(3.0)
    inner = x * 2
    out = inner * 5
    for n in (1, 2, 3):
        out.backward()

        assert (x.grad, inner.grad, out.grad) == (10.0 * n, 5.0, 1.0)


def test_two_results_that_share_a_part_both_reach_the_leaf():
    x = Value(2.0)
    shared = x * x
    first, second = shared * 3, shared + 1
    first.backward()
    second.backward()

    assert x.grad == 3 * 4 + 4
    assert shared.grad == 1.0


def test_backward_takes_the_seed_that_it_is_given():
    x = Value(3.0)
    (x * x).backward(0.5)

    assert x.grad == 3.0


@pytest.mark.parametrize("seed", ["1", None, Value(1.0), [1.0]])
def test_a_seed_that_is_no_number_is_refused(seed):
    with pytest.raises(TypeError, match="a real number is required"):
        Value(1.0).backward(seed)


@pytest.mark.parametrize("grad", [None, "0"])
def test_a_grad_that_is_no_number_is_an_error_that_names_the_value(grad):
    w, x = Value(2.0, "w"), Value(3.0, "x")
    w.grad = grad
    for output in (w * x, (w * x + 1).tanh(), w):
        with pytest.raises(TypeError, match=r"grad of 2\.0 .*'w'.*must be a number.*zero_grad"):
            output.backward()


def test_an_error_of_another_kind_in_a_backward_pass_stays_what_it_is():
    with pytest.raises(TypeError, match="a real number is required"):
        (Value(2.0) * 3).backward(None)


def test_the_gradient_belongs_to_the_forward_pass_that_ran():
    x, y = Value(2.0), Value(3.0)
    out = x * y
    x.data, y.data, out.data = 100.0, 200.0, 300.0
    out.backward()

    assert (x.grad, y.grad) == (3.0, 2.0)


def test_zero_grad_clears_everything_reachable():
    x, y = Value(2.0), Value(3.0)
    inner = x * y
    out = (inner + x).exp()
    out.backward()
    out.zero_grad()

    assert [v.grad for v in (x, y, inner, out)] == [0.0] * 4


def test_zero_grad_on_a_leaf_clears_it():
    x = Value(2.0)
    x.grad = 5.0
    x.zero_grad()

    assert x.grad == 0.0


def test_grad_fn_is_one_step_and_no_more():
    x = Value(2.0)
    inner = x * 3
    out = inner * 4
    out.grad = 10.0
    out.grad_fn()

    assert (inner.grad, x.grad) == (40.0, 0.0)


def test_grad_fn_of_a_leaf_does_nothing():
    x = Value(2.0)
    x.grad = 5.0
    x.grad_fn()

    assert (x.data, x.grad) == (2.0, 5.0)


def test_a_chain_of_a_million_works():
    value = x = Value(1.0)
    for _ in range(10**6):
        value = value + 1.0
    value.backward()

    assert (value.data, x.grad) == (1_000_001.0, 1.0)
    value.zero_grad()
    assert x.grad == 0.0


def test_a_long_chain_of_values_used_twice_works():
    value = x = Value(1.0)
    for _ in range(10**5):
        value = value * 0.5 + value * 0.5
    value.backward()

    assert x.grad == 1.0


def test_a_hundred_thousand_operands_work():
    xs = [Value(float(i)) for i in range(10**5)]
    sum(xs).backward()

    assert {x.grad for x in xs} == {1.0}


# -- what a graph holds ----------------------------------------------------------------------


def test_parents_are_the_values_in_order_with_repeats():
    x, y = Value(1.0), Value(2.0)

    assert list(map(id, (y - x).parents)) == [id(y), id(x)]
    assert list(map(id, (x * x).parents)) == [id(x), id(x)]
    assert (3 - x).parents == (x,)
    assert x.parents == ()


def test_plain_operands_stay_plain():
    x = Value(1.0)

    assert (x + 3).operands[1] == 3
    assert isinstance((x + 3).operands[1], int)
    assert (2.5 - x).operands[0] == 2.5
    assert not isinstance((2.5 - x).operands[0], Value)


@pytest.mark.parametrize(
    "inside",
    [
        lambda x: (x * 2 + 1).tanh(),  # written out in fast.py
        lambda x: mean([x, x * 2]),  # recorded by the heart
        lambda x: gradient(x**3, [x])[0],
    ],
)
def test_a_graph_is_freed_with_its_last_reference_and_no_collector(inside):
    gc.collect()
    gc.disable()
    try:
        inner = inside(Value(1.0, "x"))
        out = inner * inner
        out.backward()
        watch = weakref.ref(inner)
        del inner, out

        assert watch() is None
    finally:
        gc.enable()


def test_a_node_takes_at_most_220_bytes():
    x, y = Value(0.5), Value(0.9)
    nodes = 9_000
    out = x
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(nodes // 3):
            out = (out * y + x).tanh()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert taken / nodes <= 220
    assert not hasattr(out, "__dict__")


def test_memory_stays_flat_over_a_thousand_training_steps_without_a_collector():
    w = Value(0.5, "w")

    def step():
        loss = sum(((w * i - 2) ** 2).tanh() for i in range(10))
        loss.zero_grad()
        loss.backward()
        w.data -= 1e-3 * w.grad

    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(1000):  # Python keeps some freed tuples for later: let it fill its shelf
            step()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(1000):
            step()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()

    assert grown < 2000, f"{grown} bytes"


def test_importing_does_not_touch_the_collector():
    state = "(gc.isenabled(), gc.get_threshold(), gc.get_freeze_count())"
    program = f"import gc; before = {state}; import nanograd; print(before == {state})"
    root = Path(__file__).resolve().parent.parent
    printed = subprocess.check_output([sys.executable, "-c", program], cwd=root, text=True)

    assert printed == "True\n"


# -- no_grad, detach, threads ----------------------------------------------------------------


def test_nothing_is_recorded_in_a_no_grad_block():
    x = Value(2.0)
    with no_grad():
        y = (x * 3).exp() + 1

    assert y.parents == ()
    assert (x * 3).parents == (x,)


def test_no_grad_decorates_functions_and_ends_with_an_error():
    @no_grad()
    def predict(x):
        return x * 3

    x = Value(2.0)
    assert predict(x).parents == ()
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError

    assert (x * 3).parents == (x,)


def test_one_block_can_be_used_again_and_inside_itself():
    quiet, x = no_grad(), Value(2.0)
    for _ in range(2):
        with quiet:
            with quiet:
                assert (x * 3).parents == ()

            assert (x * 3).parents == ()

        assert (x * 3).parents == (x,)


def test_a_decorated_function_may_call_itself():
    @no_grad()
    def power(x, n):
        return power(x, n - 1) * x if n else x * 1

    x = Value(2.0)

    assert power(x, 3).parents == ()
    assert (x * 3).parents == (x,)


def in_a_block(mode):
    with mode:
        yield is_on(mode.mode)


def test_blocks_that_generators_close_out_of_order_end_only_themselves():
    first, second = in_a_block(no_grad()), in_a_block(no_grad())
    assert next(first)
    assert next(second)

    first.close()
    assert is_on("no_grad")
    second.close()
    assert not is_on("no_grad")
    assert (Value(1.0) * 2).parents


def test_blocks_of_two_modes_closed_out_of_order_leave_none_open():
    first, second = in_a_block(no_grad()), in_a_block(debug())
    next(first)
    next(second)

    first.close()
    assert (is_on("no_grad"), is_on("debug")) == (False, True)
    second.close()
    assert (is_on("no_grad"), is_on("debug")) == (False, False)
    assert OPEN == []


def test_a_block_that_a_generator_closes_in_another_thread_is_closed():
    generator = in_a_block(no_grad())
    next(generator)
    thread = threading.Thread(target=generator.close)
    thread.start()
    thread.join()
    with debug():  # some block is open: it is asked which
        assert not is_on("no_grad")

    assert OPEN == []


def test_a_function_used_by_threads_at_once_ends_each_its_own_block():
    quiet, both_inside, first_left = no_grad(), threading.Barrier(2), threading.Event()
    seen = []

    def work(is_first):
        with quiet:
            both_inside.wait(10)
            if not is_first:
                first_left.wait(10)
                seen.append((Value(1.0) * 2).parents)
        first_left.set()
        seen.append(len((Value(1.0) * 2).parents))

    threads = [threading.Thread(target=work, args=(is_first,)) for is_first in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(seen, key=str) == [(), 1, 1]


def generates():
    yield 1


async def awaits():
    return 1


async def does_both():
    yield 1


@pytest.mark.parametrize("mode", [no_grad, debug])
@pytest.mark.parametrize("function", [generates, awaits, does_both])
def test_a_function_that_runs_after_its_call_is_not_decorated_in_vain(mode, function):
    words = rf"@{mode.__name__}\(\) is for plain functions.*{function.__name__}.*`with"
    with pytest.raises(TypeError, match=words):
        mode()(function)


def test_nothing_flows_back_through_a_detached_value():
    x = Value(3.0, "x")
    (x * x.detach()).backward()

    assert x.grad == 3.0
    assert x.detach().name == "x"


def test_no_grad_in_one_thread_leaves_the_others_alone():
    inside, done, seen = threading.Event(), threading.Event(), []

    def hold():
        with no_grad():
            inside.set()
            done.wait(10)
            seen.append((Value(1.0) * 2).parents)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(10)
    x = Value(2.0)
    here = (x * x).exp()
    here.backward()
    done.set()
    thread.join()

    assert x.grad == pytest.approx(4 * here.data)
    assert seen == [()]


def test_threads_build_separate_graphs_at_once():
    found = {}

    def work(k):
        x = Value(float(k))
        value = x
        for _ in range(2000):
            value = value + x * 2
        value.backward()
        found[k] = x.grad

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == dict.fromkeys(range(8), 4001.0)


# -- debug -----------------------------------------------------------------------------------


def test_in_a_debug_block_errors_name_the_lines():
    with debug():
        x = Value(1.0, "x")
        y = x * 2 - 4
        with pytest.raises(DomainError) as raised:
            y.sqrt()

    line = test_in_a_debug_block_errors_name_the_lines.__code__.co_firstlineno
    assert f"made at test_backward.py:{line + 3}" in str(raised.value)
    assert f"at test_backward.py:{line + 5}" in str(raised.value)


def test_in_a_debug_block_the_first_nan_that_is_born_is_an_error():
    with debug():
        x = Value(float("inf"), "x")
        passed_on = x + 1
        with pytest.raises(DomainError, match=r"x - y.*'x'.*test_backward"):
            passed_on - x

    assert (passed_on - x).parents


def test_in_a_debug_block_the_first_infinite_grad_is_an_error():
    with debug():
        x = Value(0.0, "x")
        y = (x.sqrt() * 2 + 1) ** 2
        with pytest.raises(
            DomainError, match=r"backward.*'x'.*sqrt\(x\) at test_backward"
        ) as raised:
            y.backward()

    assert "4.0 × inf" in str(raised.value)
    y.zero_grad()
    y.backward()
    assert x.grad == float("inf")
