"""Compiled functions over so many rows that several threads share them."""

import numpy as np
import pytest

import nanograd
from nanograd import jit, mean, value_and_grad, vmap

pytest.importorskip("llvmlite", reason="without llvmlite there is one thread")

MANY = 1_500_000  # rows; from some four million steps on there are several threads
CLOSE = 1e-12  # sums of so many numbers, added up in another order


@pytest.fixture(scope="module")
def xs():
    return np.random.default_rng(1).uniform(-1.0, 1.0, MANY)


def test_means_count_all_rows_and_not_those_of_one_thread(xs):
    both = jit(lambda xs: (mean(xs), mean(vmap(lambda x: x * x)(xs)) - mean(xs) ** 2))(xs)

    assert both == pytest.approx((np.mean(xs), np.var(xs)), rel=CLOSE, abs=CLOSE)


def test_largest_and_smallest_are_found_in_all_rows(xs):
    span = jit(lambda xs: nanograd.max(xs) - nanograd.min(xs) + mean(xs))(xs)

    assert span == pytest.approx(np.ptp(xs) + np.mean(xs), rel=CLOSE)


def test_the_slope_in_what_all_rows_share_is_summed_over_all_threads(xs):
    def loss(w, xs):
        return mean(vmap(lambda w, x: (w * x - 1) ** 2, in_axes=(None, 0))(w, xs))

    value, slope = jit(value_and_grad(loss))(3.0, xs)

    assert value == pytest.approx(np.mean((3 * xs - 1) ** 2), rel=CLOSE)
    assert slope == pytest.approx(np.mean(2 * xs * (3 * xs - 1)), rel=CLOSE)


def test_what_is_computed_for_each_row_stays_in_its_row(xs):
    centered = jit(lambda xs: vmap(lambda m, x: x - m, in_axes=(None, 0))(mean(xs), xs))(xs)

    assert np.allclose(centered, xs - np.mean(xs), rtol=0.0, atol=CLOSE)
