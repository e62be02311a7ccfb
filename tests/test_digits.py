"""The example that reads digits: its slopes are those worked out by hand, and it reads well."""

import json
import sys
from random import Random

import digits
import numpy as np
import pytest
from digits_in_numpy import batch_loss_and_slopes

from nanograd import jit, value_and_grad

TOLERANCE = 1e-11  # of the largest slope: sums of a few thousand numbers, in other orders


@pytest.fixture
def some_rows():
    """Return the first weights, and the arrays of a few pictures."""
    rng = Random(0)
    rows, _ = digits.split(rng)
    return digits.first_state(rng)["layers"], *digits.arrays(rows[:3])


@pytest.mark.parametrize("transform", [lambda f: f, jit], ids=["eager", "compiled"])
def test_loss_and_slopes_are_those_found_by_hand(some_rows, transform):
    loss, slopes = transform(value_and_grad(digits.batch_loss))(*some_rows)
    layers, pixels, labels = some_rows
    expected, by_hand = batch_loss_and_slopes(list(map(np.array, layers)), pixels, labels)

    assert loss == pytest.approx(expected, rel=TOLERANCE)
    for found, exact in zip(slopes, by_hand, strict=True):
        assert np.max(np.abs(np.array(found) - exact)) < TOLERANCE * np.max(np.abs(exact))


def test_the_parts_are_apart():
    learned_from, tested_on = digits.split(Random(1))
    everything = sorted([*learned_from, *tested_on])

    assert (len(learned_from), len(tested_on)) == (1348, 449)
    assert everything == sorted(
        ([ink / 16 for ink in pixels], digit) for pixels, digit in digits.digits()
    )


def test_an_epoch_visits_rows_once_at_most():
    rows = [([float(i)] * 64, i % 10) for i in range(200)]
    found = [row for pixels, _ in digits.batches(rows, Random(0)) for row in pixels[:, 0]]

    assert len(found) == len(set(found)) == 192


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["digits.py", *arguments])
    digits.main()
    return capsys.readouterr().out


def test_at_least_96_of_100_digits_are_read(monkeypatch, capsys):
    out = run(monkeypatch, capsys, "--json")
    found = json.loads(out)

    assert out.count("\n") == 1
    assert found["accuracy"] >= 0.96
    assert found["steps"] == len(found["losses"]) == 630
    assert found["losses"][0] > 2.0
    assert found["losses"][-1] < 0.1
    assert found["median_microseconds"] > 0.0
    assert found["seconds_tracing"] > 0.0
    assert found["seconds_compiling"] > 0.0


@pytest.fixture
def few_pictures(monkeypatch):
    """Let there be 23 pictures to learn from, and 7 others: as it takes plain Python seconds."""
    pictures = digits.digits()[:30]
    monkeypatch.setattr(digits, "digits", lambda: pictures)
    monkeypatch.setattr(digits, "BATCH", 8)


@pytest.mark.usefixtures("few_pictures")
def test_plain_python_learns_the_same(monkeypatch, capsys):
    compiled = json.loads(run(monkeypatch, capsys, "--epochs", "1", "--json"))
    plain = json.loads(run(monkeypatch, capsys, "--epochs", "1", "--eager", "--json"))

    assert len(plain["losses"]) == 2
    assert plain["losses"] == pytest.approx(compiled["losses"], rel=TOLERANCE)
    assert plain["accuracy"] == compiled["accuracy"]
    assert plain["seconds_compiling"] == 0.0


@pytest.mark.usefixtures("few_pictures")
def test_what_is_printed_for_people_has_the_share_and_the_time(monkeypatch, capsys):
    out = run(monkeypatch, capsys, "--epochs", "2")

    assert "of 7 pictures" in out
    assert "microseconds" in out
