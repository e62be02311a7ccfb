"""The example of a GPT: what it computes is what NumPy finds with slopes worked out by hand."""

import itertools
import json
import re
import subprocess
import sys
from dataclasses import replace

import checkpoint
import gpt_in_numpy as by_hand
import microgpt
import numpy as np
import pytest

from nanograd import jit, pack, unpack, value_and_grad
from nanograd.packing import Packed

#: Of the largest slope, and of a loss: sums of thousands of numbers, in other orders.
TOLERANCE = 1e-9

SHORT = ["al", "bo", "cy", "ed", "jo", "ty", "bo", "zz"]  # three positions: one small program


@pytest.fixture(scope="module")
def compiled():
    """The step, compiled; the tests share the program for three positions."""
    step = jit(microgpt.step, packed=True)

    def take_step(state, *others):
        return step(state if isinstance(state, Packed) else pack(state), *others)

    return take_step


@pytest.fixture
def short_names(monkeypatch):
    monkeypatch.setattr(microgpt, "names", lambda: list(SHORT))


of_short_names = pytest.mark.usefixtures("short_names")


def loss_and_slopes_by_hand(state, tokens):
    return by_hand.loss_and_slopes(by_hand.vector(state["weights"]), np.array(tokens))


def assert_close(found, expected):
    assert np.max(np.abs(found - expected)) <= TOLERANCE * np.max(np.abs(expected))


# -- one step --------------------------------------------------------------------------------


def test_the_matrices_are_the_same_in_both():
    assert microgpt.SHAPES == by_hand.SHAPES
    assert sum(rows * columns for rows, columns in microgpt.SHAPES.values()) == 4192


@pytest.mark.parametrize("name", ["", "bo", "anna", "maximilianalexa"])
def test_loss_and_slopes_are_those_found_by_hand(name):
    state, tokens = microgpt.first_state(3), microgpt.tokens_of(name)
    loss, slopes = value_and_grad(microgpt.loss)(state["weights"], tokens)
    loss_by_hand, slopes_by_hand = loss_and_slopes_by_hand(state, tokens)

    assert loss == pytest.approx(loss_by_hand, rel=TOLERANCE)
    assert_close(by_hand.vector(slopes), slopes_by_hand)


def test_a_compiled_step_is_that_of_plain_python_and_that_by_hand(compiled):
    state = microgpt.first_state(3)
    for name in ("bo", "al"):  # the tokens are data: the second needs no new program
        tokens = microgpt.tokens_of(name)
        loss, after = compiled(state, tokens, 0.01, 1)
        plain_loss, plain_after = microgpt.step(state, tokens, 0.01, 1)
        loss_by_hand, slopes_by_hand = loss_and_slopes_by_hand(state, tokens)
        after = unpack(after)

        assert loss == pytest.approx(plain_loss, rel=TOLERANCE)
        assert loss == pytest.approx(loss_by_hand, rel=TOLERANCE)
        assert_close(by_hand.vector(after["means"]), 0.15 * slopes_by_hand)
        for part in after:
            assert_close(by_hand.vector(after[part]), by_hand.vector(plain_after[part]))


def test_a_step_changes_nothing_that_it_is_given():
    state = microgpt.first_state(3)
    microgpt.step(state, microgpt.tokens_of("bo"), 0.01, 1)

    assert state == microgpt.first_state(3)


# -- a training ------------------------------------------------------------------------------


def losses_of(training, take_step, steps):
    """Return the losses of the first steps of a training."""
    (*_, last) = itertools.islice(microgpt.train(training, take_step), steps)
    return last.losses


def losses_by_hand(training, steps):
    """Return the same by NumPy."""
    weights = by_hand.vector(training.state["weights"])
    means, squares, losses = np.zeros(len(weights)), np.zeros(len(weights)), []

    def take_step(state, tokens, rate, t):
        nonlocal weights, means, squares
        loss, slopes = by_hand.loss_and_slopes(weights, np.array(tokens))
        weights, means, squares = by_hand.adam(weights, means, squares, slopes, rate, t)
        losses.append(loss)
        return loss, state

    losses_of(training, take_step, steps)
    return losses


def fresh(steps=100):
    return checkpoint.Training(steps, 42, [], microgpt.first_state(42))


@of_short_names
def test_a_hundred_compiled_steps_have_the_losses_found_by_hand(compiled):
    found = losses_of(fresh(), compiled, 100)

    assert found == pytest.approx(losses_by_hand(fresh(), 100), rel=TOLERANCE)
    assert sum(found[-10:]) < 0.8 * sum(found[:10])


@of_short_names
def test_plain_steps_have_the_losses_of_compiled_ones(compiled):
    # A short version: 15 steps of 100, as each takes plain Python a tenth of a second.
    plain = losses_of(fresh(), microgpt.step, 15)

    assert plain == pytest.approx(losses_of(fresh(), compiled, 15), rel=TOLERANCE)


def test_plain_steps_over_names_of_all_lengths_have_the_losses_found_by_hand():
    assert losses_of(fresh(), microgpt.step, 3) == pytest.approx(losses_by_hand(fresh(), 3))


@of_short_names
def test_the_rate_falls_to_nothing_while_names_come_one_after_the_other():
    calls = []

    def take_step(state, tokens, rate, t):
        calls.append((tokens, rate, t))
        return 0.0, state

    losses_of(fresh(steps=10), take_step, 10)

    rates = [0.01, 0.009, 0.008, 0.007, 0.006, 0.005, 0.004, 0.003, 0.002, 0.001]
    assert [rate for _, rate, _ in calls] == pytest.approx(rates)
    assert [t for _, _, t in calls] == list(range(1, 11))
    assert sorted(tokens for tokens, _, _ in calls[:8]) == sorted(map(microgpt.tokens_of, SHORT))
    assert calls[8][0] == calls[0][0]


def test_tokens_are_letters_between_boundaries():
    assert microgpt.tokens_of("abz") == [26, 0, 1, 25, 26]


@of_short_names
def test_made_up_names_are_the_same_for_the_same_weights(compiled):
    packed = list(itertools.islice(microgpt.train(fresh(), compiled), 3))[-1]
    plain = replace(packed, state=unpack(packed.state))
    found = microgpt.samples(packed, 5)

    assert found == microgpt.samples(plain, 5)
    assert len(found) == 5
    assert all(set(name) <= set(microgpt.LETTERS) and len(name) <= 16 for name in found)
    assert found != microgpt.samples(replace(plain, seed=43), 5)


def test_made_up_names_are_drawn_as_the_network_expects(monkeypatch):
    always_b_twice = [[0.0, 800.0, *[0.0] * 25]] * 2 + [[*[0.0] * 26, 800.0]]

    def predict(_weights, token, keys, _values):
        keys.append(token)
        return always_b_twice[len(keys) - 1]

    monkeypatch.setattr(microgpt, "predict", predict)

    assert microgpt.make_up(None, microgpt.Random(0)) == "bb"


# -- the command -----------------------------------------------------------------------------


@pytest.fixture
def command(monkeypatch, capsys, short_names):  # noqa: ARG001 - it is there for what it does
    """Run the command in plain Python; return its status, what it prints, and its errors."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["microgpt.py", "--eager", *map(str, arguments)])
        try:
            status = microgpt.main()
        except SystemExit as end:  # argparse
            status = end.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_json_is_one_line_with_all_results(command):
    status, out, _ = command("--steps", 3, "--samples", 2, "--json")
    found = json.loads(out)

    assert status == 0
    assert out.count("\n") == 1
    assert {name: type(value) for name, value in found.items()} == {
        "steps": int,
        "losses": list,
        "seconds_tracing": float,
        "seconds_compiling": float,
        "median_microseconds": float,
        "samples": list,
    }
    assert found["steps"] == len(found["losses"]) == 3
    assert len(found["samples"]) == 2
    assert found["median_microseconds"] > 100


def test_what_is_printed_for_people_has_the_names_and_the_time(command):
    status, out, err = command("--steps", 2, "--samples", 2)

    assert status == 0
    assert "microseconds" in out
    assert out.count("\n") == 3
    assert "learning: 2/2" in err


def test_a_training_that_is_gone_on_with_is_the_one_that_was_never_stopped(
    command, tmp_path, monkeypatch
):
    whole = json.loads(command("--steps", 5, "--json")[1])
    file, calls, step = tmp_path / "training.json", itertools.count(1), microgpt.step

    def interrupted_in_the_third(*args):
        if next(calls) == 3:
            raise KeyboardInterrupt
        return step(*args)

    with monkeypatch.context() as context:
        context.setattr(microgpt, "step", interrupted_in_the_third)
        status, out, _ = command("--steps", 5, "--checkpoint", file, "--json")
    assert status == 130
    assert json.loads(out)["losses"] == whole["losses"][:2]

    status, out, _ = command("--resume", file, "--checkpoint", file, "--json")
    resumed = json.loads(out)

    assert status == 0
    assert resumed["losses"] == whole["losses"]
    assert resumed["samples"] == whole["samples"]
    assert len(json.loads(file.read_text())["losses"]) == 5


@of_short_names
def test_a_checkpoint_holds_what_a_compiled_step_returned(compiled, tmp_path):
    file = tmp_path / "training.json"
    first, second, third = itertools.islice(microgpt.train(fresh(), compiled), 3)
    checkpoint.write(file, second)
    read = checkpoint.read(file, microgpt.first_state(0))

    assert read.losses == second.losses
    assert next(microgpt.train(read, compiled)).losses == third.losses
    assert first.losses == third.losses[:1]


def damaged(record):
    """Yield checkpoints that are none, each with a word of the error."""
    text = json.dumps(record)
    yield text[: len(text) // 2], "damaged"
    yield "[]", "steps, seed, losses, state"
    yield json.dumps(record | {"extra": 1}), "no others"
    yield json.dumps(record | {"steps": 0}), "steps"
    yield json.dumps(record | {"seed": True}), "seed"
    yield json.dumps(record | {"losses": [1.0] * 3}), "losses"
    yield json.dumps(record | {"losses": ["a"]}), "losses[0]"
    yield json.dumps(record | {"state": {}}), "weights, means, squares"
    yield text.replace('"queries"', '"quarries"'), "queries"
    yield json.dumps(record | {"state": record["state"] | {"means": record["losses"]}}), "means"
    for number in ("NaN", "Infinity", "true", '"1.0"', "null", "[1.0]"):
        first_number_is = re.sub(r'(?<="tokens": \[\[)[^,]+', number, text, count=1)
        yield first_number_is, "state.weights.tokens[0][0]"
    yield "[" * 100_000, "nested"
    yield b"\xff\xfe\x00", "damaged"


def test_a_damaged_checkpoint_is_refused_in_one_line(command, tmp_path):
    file = tmp_path / "training.json"
    checkpoint.write(file, checkpoint.Training(2, 42, [], microgpt.first_state(42)))
    for text, word in damaged(json.loads(file.read_text())):
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        status, out, err = command("--resume", file)

        assert (status, out) == (2, ""), word
        assert err.startswith(f"microgpt: {file}")
        assert err.count("\n") == 1
        assert word in err


# fmt: off
WRONG = [
    (["--steps", "0"],                       "--steps"),
    (["--steps", "many"],                    "--steps"),
    (["--samples", "-1"],                    "--samples"),
    (["--seed", "x"],                        "--seed"),
    (["--resume", "nowhere.json"],           "nowhere.json"),
    (["--resume", "x.json", "--seed", "1"],  "--resume"),
    (["--resume", "x.json", "--steps", "1"], "--resume"),
    (["--checkpoint", "no/folder/x.json"],   "folder"),
    (["--checkpoint", "."],                  "folder"),
    (["--quick"],                            "--quick"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "word"), WRONG)
def test_wrong_options_are_told(command, arguments, word):
    status, out, err = command(*arguments)

    assert (status, out) == (2, "")
    assert word in err


def test_the_example_runs_by_itself():
    program = subprocess.run(
        [sys.executable, microgpt.__file__, "--eager", "--steps", "1", "--samples", "1"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert program.returncode == 0, program.stderr
    assert "loss: 3.5" in program.stdout
