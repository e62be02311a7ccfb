"""A gradient in words: paths, shares, and what the rest adds up to."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import programs

from nanograd import Value, explain, where


def example():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    z = (x * y + 3) ** 2
    z.name = "z"
    return x, y, z


def walked(output, x):
    """Return the factors of each path from the output to x, found by walking every one of them."""
    if output is x:
        return [()]
    return [
        (slope, *below)
        for operand, slope in zip(output.operands, output.partials, strict=True)
        if slope is not None and isinstance(operand, Value)
        for below in walked(operand, x)
    ]


def test_the_example_is_told_with_its_numbers():
    x, y, z = example()

    assert str(explain(x, of=z)) == "dz/dx = 18 · 3 = 54\n  z → b → a → x   18 · 1 · 3 = 54"
    assert str(explain(y, of=z)).startswith("dz/dy = 18 · 2 = 36\n")
    assert explain(x, of=z).latex == r"\frac{\partial z}{\partial x} = 18 \cdot 3 = 54"


def test_each_use_of_a_value_is_a_path():
    x = Value(3.0, "x")
    told = explain(x, of=x * x + x)

    assert told.number_of_paths == 3
    assert sorted(path.share for path in told.paths) == [1.0, 3.0, 3.0]
    assert str(told).splitlines()[0] == "db/dx = 3 + 3 + 1 = 7"


@given(programs(inputs=2, steps=5))
def test_paths_are_those_that_walking_finds_and_their_shares_add_up(program):
    output, leaves = program
    output.backward()
    for leaf in leaves:
        told = explain(leaf, of=output, top=3)
        found = walked(output, leaf)
        sizes = sorted((abs(math.prod(path)) for path in found), reverse=True)

        assert told.number_of_paths == len(found)
        assert [abs(path.share) for path in told.paths] == pytest.approx(sizes[:3], rel=1e-12)
        assert told.derivative == pytest.approx(leaf.grad, rel=1e-12, abs=1e-12)
        shares = math.fsum(path.share for path in told.paths) + told.rest
        assert shares == pytest.approx(leaf.grad, rel=1e-9, abs=1e-12)


def test_more_paths_than_atoms_are_counted_without_walking_them():
    value = x = Value(1.0, "x")
    for _ in range(300):
        value = 0.4 * value + 0.6 * value
    told = explain(x, of=value, top=2)

    assert told.number_of_paths == 2**300
    assert [path.share for path in told.paths] == pytest.approx([0.6**300, 0.6**299 * 0.4])
    assert told.rest == pytest.approx(1.0)


def test_a_value_in_itself_has_the_slope_1():
    x = Value(2.0, "x")

    assert str(explain(x, of=x)) == "dx/dx = 1\n  x   1"


def test_where_nothing_flows_there_is_no_path():
    x, y = Value(2.0, "x"), Value(3.0, "y")

    assert str(explain(y, of=x * 2)) == "da/dy = 0\n  a does not depend on y"
    assert explain(y, of=where(x > 0, x, y)).number_of_paths == 0


def test_an_infinite_slope_is_told_and_not_divided_by():
    x = Value(0.0, "x")

    assert str(explain(x, of=x.sqrt())).splitlines()[0] == "da/dx = inf"
    assert explain(x, of=x.sqrt() * 0 + x).derivative != 0  # inf · 0 is nan, and said


def test_negative_factors_stand_in_parentheses():
    x = Value(2.0, "x")
    told = explain(x, of=3 * -x)

    assert str(told).splitlines()[0] == "db/dx = 3 · (-1) = -3"
    assert told.latex == r"\frac{\partial b}{\partial x} = 3 \cdot \left(-1\right) = -3"


def test_grads_are_left_alone():
    x, _, z = example()
    x.grad = z.grad = 5.0
    explain(x, of=z)

    assert (x.grad, z.grad) == (5.0, 5.0)


@pytest.mark.parametrize(("x", "of"), [(2.0, Value(1.0)), (Value(1.0), 2.0), (Value(1.0), None)])
def test_what_is_not_a_value_is_refused(x, of):
    with pytest.raises(TypeError, match="explain needs two Values; it was given"):
        explain(x, of=of)


def test_at_least_one_path_is_listed():
    with pytest.raises(ValueError, match="at least one path; it was given top=0"):
        explain(Value(1.0), of=Value(2.0), top=0)


@given(st.integers(9, 30))
def test_the_middle_of_a_long_path_is_left_out(length):
    value = x = Value(1.0, "x")
    for _ in range(length):
        value = value * 2
    line = str(explain(x, of=value)).splitlines()[1]

    assert line.count("→") == 8
    assert line.endswith(f"= {2.0**length:.6g}")


def test_shares_that_cancel_are_told_with_their_parts():
    x = Value(1.0, "x")
    told = explain(x, of=3 * x - 2 * x)
    parts = [line.split()[-1] for line in str(told).splitlines()[1:]]

    assert (told.derivative, parts) == (1.0, ["300%", "-200%"])


def test_all_combinations_of_uses_are_found():
    x = Value(2.0, "x")
    y, z = x * 3, x * 5
    told = explain(x, of=y * z * y, top=10)
    factors = sorted(path.share for path in told.paths)

    assert factors == sorted(
        share for share, _ in product([3 * 10 * 6, 5 * 6 * 6, 3 * 6 * 10], [1])
    )


def test_however_many_paths_and_however_long_they_are_told_in_a_few_lines():
    value = x = Value(1.0, "x")
    for _ in range(20_000):
        value = 0.5 * value + 0.5 * value  # more paths than Python writes out as a number
    told = explain(x, of=value, top=2)

    assert len(str(told)) < 1000
    assert "about 10^6020 more" in str(told)
    assert len(told.latex) < 1000
    assert r"= 0.5 \cdot 0.5 \cdot 0.5 \cdot \cdots \cdot 0.5 +" in told.latex
