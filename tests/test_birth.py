"""The birth of a nan or an infinity: the error tells the path to it, and its graph is shown."""

import pytest

from nanograd import OPERATIONS, DomainError, Value, debug, exp, log, sqrt
from nanograd import sum as total
from nanograd.birth import Birth
from nanograd.drawing.record import record_of
from nanograd.drawing.showing import birth_trace


def raised(code):
    with pytest.raises(DomainError) as caught:
        code()
    return caught.value


def test_the_error_of_a_debug_block_tells_the_path_from_an_input():
    with debug():
        x = Value(3.0, "x")
        y = (x - 3.0) * 2
        error = raised(lambda: log(y))
    path = str(error).partition(" Path from the inputs: ")[2]

    assert path.startswith("x (test_birth.py:")
    assert [step.split()[0] for step in path.split(" → ")] == ["x", "sub", "mul", "log."]


def test_without_debug_the_message_is_short_but_the_birth_is_known():
    x = Value(0.0, "x")
    error = raised(lambda: log(x * 2))

    assert "Path" not in str(error)
    assert error.birth.op.name == "log"
    assert [value.op and value.op.name for value in error.birth.path] == [None, "mul"]


def test_the_path_is_the_shortest_and_begins_at_a_named_input_if_one_is_as_near():
    far = near = Value(1.0)
    for _ in range(5):
        far = far + 0.0
    named = Value(0.0, "w")
    birth = Birth(OPERATIONS["log"], [far - far, (near - 1.0) * named])

    assert birth.path[0] is named
    assert len(birth.path) == 2


def test_an_input_without_a_name_begins_the_path_if_it_is_the_nearest():
    near, far = Value(0.0), Value(1.0, "far")
    birth = Birth(OPERATIONS["div"], [far * 2 * 3, near])

    assert birth.path == [near]


def test_a_path_of_a_thousand_steps_is_told_by_its_ends():
    with debug():
        value = Value(1.0, "x")
        for _ in range(1000):
            value = value * 1.0
        error = raised(lambda: log(value - 1.0))
    path = str(error).partition(" Path from the inputs: ")[2]

    assert path.startswith("x (test_birth.py")
    assert "(995 more)" in path


def test_plain_operands_have_no_path():
    assert raised(lambda: log(-1.0)).birth.path == []


def test_the_graph_of_a_forward_birth_ends_at_the_operation_that_bore_it():
    x = Value(0.0, "x")
    error = raised(lambda: log(x * 2))
    trace = birth_trace(error.birth, str(error))

    assert trace.nodes[-1].op == "log"
    assert trace.nodes[-1].data != trace.nodes[-1].data
    assert trace.focus.step == len(trace.forward) - 1
    assert record_of(trace)["focus"]["message"] == str(error)


def test_a_backward_birth_is_shown_at_the_share_that_bore_it():
    with debug():
        x = Value(0.0, "x")
        loss = exp(sqrt(x * 1.0)) + x
        error = raised(loss.backward)
    trace = birth_trace(error.birth, str(error))
    step = trace.backward[trace.focus.step - len(trace.forward)]

    assert step.origin.op.name == "sqrt"
    assert step.partial == float("inf")


def test_equal_numbers_do_not_hide_the_right_step():
    with debug():
        x, y = Value(0.0, "x"), Value(0.0, "y")
        loss = total([sqrt(1.0 + x), sqrt(1.0 + y), sqrt(y)])
        error = raised(loss.backward)
    trace = birth_trace(error.birth, str(error))

    assert trace.backward[trace.focus.step - len(trace.forward)].name == "y"


def test_an_error_without_a_graph_has_nothing_to_show():
    with pytest.raises(ValueError, match="no graph led to this error"):
        DomainError("by hand").show(browser=False)


def test_the_step_through_of_an_error_is_written(tmp_path):
    x = Value(0.0, "x")
    page = raised(lambda: log(x)).show(str(tmp_path / "birth.html"), browser=False)

    assert "is defined for x" in page.read_text(encoding="utf-8")


def test_the_line_of_the_operation_that_bore_it_is_known():
    with debug():
        error = raised(lambda: log(Value(-1.0, "q") * 2))
    place = birth_trace(error.birth, str(error)).nodes[-1].place

    assert str(place).startswith("test_birth.py:")
