"""vmap: a function of one row, applied to many."""

import re
from dataclasses import dataclass

import numpy as np
import pytest

from nanograd import Value, grad, jvp, value_and_grad, vmap


@dataclass
class Point:
    x: object
    y: object


ROWS = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


def product(x, y):
    return x * y


# -- what goes in ----------------------------------------------------------------------------


def test_a_list_has_its_rows_along_axis_0():
    assert vmap(sum)(ROWS) == [3.0, 7.0, 11.0]
    assert vmap(product)([1.0, 2.0], [3.0, 4.0]) == [3.0, 8.0]


def test_none_is_the_axis_of_what_is_the_same_in_each_row():
    assert vmap(product, in_axes=(0, None))([1.0, 2.0], 10.0) == [10.0, 20.0]
    assert vmap(product, in_axes=(None, 0))([1.0, 2.0], [2, 1]) == [[1.0, 2.0] * 2, [1.0, 2.0]]


@pytest.mark.parametrize("axis", [1, -1])
def test_axis_1_of_a_list_of_lists_has_the_columns(axis):
    assert vmap(sum, in_axes=axis)(ROWS) == [9.0, 12.0]
    assert vmap(lambda x: x[0][1], in_axes=2)([[[1, 2], [3, 4]]]) == [3, 4]


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_an_array_has_its_rows_along_any_axis(axis):
    A = np.arange(24.0).reshape(2, 3, 4)
    found = vmap(np.sum, in_axes=axis)(A)

    others = tuple({0, 1, 2} - {axis % 3})
    assert isinstance(found, np.ndarray)
    assert found.tolist() == A.sum(axis=others).tolist()


def test_containers_have_rows_in_each_part_or_axes_of_their_own():
    def f(p):
        return p["a"] + p["b"]

    assert vmap(f)({"a": [1.0, 2.0], "b": [3.0, 4.0]}) == [4.0, 6.0]
    assert vmap(f, in_axes=({"b": None, "a": 0},))({"a": [1.0, 2.0], "b": 10.0}) == [11.0, 12.0]
    assert vmap(lambda p: p.x * p.y)(Point([1.0, 2.0], [3.0, 4.0])) == [3.0, 8.0]
    assert vmap(sum, in_axes=((0, None),))(([1.0, 2.0], 5.0)) == [6.0, 7.0]


def test_what_is_given_by_name_has_its_rows_along_axis_0():
    assert vmap(product, in_axes=(None,))(10.0, y=[1.0, 2.0]) == [10.0, 20.0]


# -- what comes out --------------------------------------------------------------------------


def test_results_of_any_structure_are_stacked_part_by_part():
    found = vmap(lambda x: {"x": x, "both": (x, [x, 2 * x])})([1.0, 2.0])

    assert found == {"x": [1.0, 2.0], "both": ([1.0, 2.0], [[1.0, 2.0], [2.0, 4.0]])}


@pytest.mark.parametrize("axis", [1, -1])
def test_out_axes_says_where_the_rows_go(axis):
    found = vmap(lambda x: [x, 2 * x], out_axes=axis)([1.0, 2.0, 3.0])
    array = vmap(lambda x: np.array([x, 2 * x]), out_axes=axis)(np.array([1.0, 2.0, 3.0]))

    assert found == [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]]
    assert array.tolist() == found


def test_out_axes_none_gives_what_is_the_same_in_each_row_once():
    found = vmap(lambda x: (x, "same"), out_axes=(0, None))([1.0, 2.0])

    assert found == ([1.0, 2.0], "same")


def test_arrays_in_give_arrays_out():
    A = np.array(ROWS)

    assert vmap(lambda row: row @ row)(A).tolist() == [5.0, 25.0, 61.0]
    assert vmap(lambda row: 2 * row)(A).tolist() == (2 * A).tolist()
    assert vmap(product, in_axes=(0, None))([1.0, 2.0], np.ones(2)).tolist() == [[1, 1], [2, 2]]


def test_numbers_of_an_array_go_in_as_plain_floats():
    kinds = []
    vmap(lambda x: kinds.append(type(x)) or x)(np.array([1.0, 2.0]))

    assert kinds == [float, float]


# -- with derivatives ------------------------------------------------------------------------


def test_gradients_of_each_row():
    assert vmap(grad(lambda x: x**3))([1.0, 2.0]) == [3.0, 12.0]
    values, slopes = vmap(value_and_grad(lambda x: x @ x))(np.array(ROWS))

    assert values.tolist() == [5.0, 25.0, 61.0]
    assert slopes.tolist() == (2 * np.array(ROWS)).tolist()


def test_the_gradient_of_a_sum_over_rows():
    def loss(w, xs):
        return sum(vmap(lambda w, x: (w * x) ** 2, in_axes=(None, 0))(w, xs))

    assert grad(loss)(3.0, [1.0, 2.0]) == 30.0
    assert jvp(lambda w: loss(w, [1.0, 2.0]), (3.0,), (1.0,)) == (45.0, 30.0)


def test_rows_of_values_give_values():
    xs = [Value(1.0), Value(2.0)]
    out = sum(vmap(lambda x: x * x)(xs))
    out.backward()

    assert [x.grad for x in xs] == [2.0, 4.0]
    assert [x.data for x in vmap(lambda x: x * xs[0])(np.array([1.0, 2.0]))] == [1.0, 2.0]


# -- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vmap(product)([1.0, 2.0], [1.0]), "given 2 in argument 0, 1 in argument 1"),
        (lambda: vmap(product)([1.0], y=[1.0, 2.0]), "given 1 in argument 0, 2 in argument 'y'"),
        (
            lambda: vmap(sum, in_axes=1)([[1.0, 2.0], [1.0]]),
            "2 in argument 0[0], 1 in argument 0[1]",
        ),
        (lambda: vmap(sum)([]), "needs at least one row"),
        (lambda: vmap(np.sum)(np.zeros((0, 2))), "needs at least one row"),
        (lambda: vmap(sum, in_axes=None)([1.0]), "needs at least one row"),
        (lambda: vmap(abs)(3.0), "argument 0 must have rows along axis 0; it is 3.0"),
        (lambda: vmap(abs)({"a": 3.0}), "argument 0['a'] must have rows along axis 0; it is 3.0"),
        (lambda: vmap(abs, in_axes=1)([1.0]), "argument 0[0] must have rows along axis 0"),
        (lambda: vmap(np.sum, in_axes=2)(np.ones((2, 2))), "must have rows along axis 2"),
        (lambda: vmap(product, in_axes=(0,))([1.0], 2.0), "an entry for each of the 2 arguments"),
        (lambda: vmap(abs, in_axes=({"b": 0},))({"a": [1.0]}), "with the parts ['a']"),
        (lambda: vmap(abs, in_axes=("0",))({"a": [1.0]}), "the axes of argument 0 must be"),
        (lambda: vmap(lambda x: [x] * int(x), out_axes=1)([1.0, 2.0]), "nested alike"),
        (lambda: vmap(lambda x: (x,) * int(x))([1.0, 2.0]), "nested alike"),
        (lambda: vmap(abs, out_axes=1)([1.0, 2.0]), "nested alike"),
        (lambda: vmap(abs, out_axes=None)([1.0, 2.0]), "one row has 1.0, and another 2.0"),
        (lambda: vmap(abs, out_axes=(0,))([1.0, 2.0]), "the result must have rows"),
    ],
)
def test_what_cannot_be_mapped_is_a_value_error_that_says_why(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
