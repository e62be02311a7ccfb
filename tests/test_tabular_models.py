"""What is learned from tables is good, the same by the same seed, and outlives its process."""

import contextlib
import csv
import doctest
import gc
import importlib
import io
import json
import os
import pkgutil
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import nanograd.tabular
from nanograd.atomic import check_writable, write_whole
from nanograd.cli import main
from nanograd.errors import DataError
from nanograd.tabular import report, training
from nanograd.tabular.assessment import Assessment, assess
from nanograd.tabular.model import new_model
from nanograd.tabular.model_file import load_model, save_model
from nanograd.tabular.preparation import Wishes, prepare
from nanograd.tabular.report import Page, aligned, confusion_lines
from nanograd.tabular.scores import class_scores, confusion_matrix, number_scores
from nanograd.tabular.table import read_table
from nanograd.tabular.training import Plan, loss_for, train

ROOT = Path(__file__).resolve().parent.parent
PENGUINS = str(ROOT / "nanograd" / "datasets" / "penguins.csv")
MODULES = [module.name for module in pkgutil.iter_modules(nanograd.tabular.__path__)]

posix = pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as POSIX has it")


@pytest.fixture
def command(capsys):
    """Run a command in this process; return its status and what it printed."""

    def runner(*arguments):
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return runner


@pytest.fixture
def model_of_sizes(tmp_path, command):
    """Write a small table and train a model on it; return the paths of both."""
    table, model = tmp_path / "sizes.csv", tmp_path / "model.json"
    rows = [f"{i},{'red' if i % 3 else 'blue'},{'big' if i > 14 else 'small'}\n" for i in range(30)]
    table.write_text("size,color,kind\n" + "".join(rows))
    options = ["--target", "kind", "--epochs", "30", "--missing", "impute", "--save", model]
    assert command("train", table, *options)[0] == 0
    return table, model


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(f"nanograd.tabular.{name}")).failed == 0


# -- how good ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_penguins_are_told_apart(command, seed):
    status, output, _ = command(
        "train", PENGUINS, "--target", "species", "--json", "--epochs", "40", "--seed", seed
    )

    result = json.loads(output)
    assert status == 0
    assert result["test"]["rows"] == 67
    assert result["test"]["accuracy"] >= 65 / 67
    assert result["train"]["accuracy"] >= 0.99


def test_a_linear_law_is_found(tmp_path, command):
    rng = random.Random(0)
    rows = [(rng.uniform(0, 1e6), rng.uniform(-1, 1)) for _ in range(200)]
    table = tmp_path / "line.csv"
    table.write_text("x,z,y\n" + "".join(f"{x},{z},{3e-6 * x - 2 * z + 1}\n" for x, z in rows))

    status, output, _ = command("train", table, "--target", "y", "--hidden", "none", "--json")

    result = json.loads(output)
    assert (status, result["task"], result["parameters"]) == (0, "regress", 3)
    assert result["test"]["r2"] > 0.9999
    assert result["test"]["rmse"] < 0.02


def test_a_hidden_layer_learns_what_no_line_separates(tmp_path, command):
    table = tmp_path / "xor.csv"
    table.write_text("a,b,y\n" + "0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n" * 8)
    options = ["--target", "y", "--test", "0", "--lr", "0.05", "--json"]

    line = json.loads(command("train", table, *options, "--hidden", "")[1])
    layers = json.loads(command("train", table, *options, "--hidden", "8,4")[1])

    assert line["train"]["accuracy"] <= 0.75
    assert layers["train"]["accuracy"] == 1.0
    assert layers["parameters"] == 3 * 8 + 9 * 4 + 5 * 2


def test_scores_are_those_of_their_definitions():
    assert class_scores([], []) == {"accuracy": None, "baseline": None}
    assert number_scores([], []) == {"r2": None, "rmse": None, "mae": None}
    assert number_scores([2.0], [1.0]) == {"r2": None, "rmse": 1.0, "mae": 1.0}
    assert number_scores([0.0, 4.0], [2.0, 2.0]) == {"r2": 0.0, "rmse": 2.0, "mae": 2.0}
    assert confusion_matrix(["a", "b"], ["b", "b"], ["a", "b", "c"])[0] == [0, 1, 0]


# -- the same by the same seed, and from the training part only ----------------------------


def test_the_same_seed_gives_the_same_model(tmp_path, command):
    paths = [tmp_path / f"{name}.json" for name in ("first", "again", "other")]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        options = ["--target", "sex", "--epochs", "2", "--seed", seed, "--save", path]
        assert command("train", PENGUINS, *options)[0] == 0

    first, again, other = (path.read_bytes() for path in paths)
    assert first == again
    assert first != other


@pytest.mark.parametrize(("target", "missing"), [("species", "drop"), ("body_mass_g", "impute")])
def test_the_rows_to_test_on_leave_no_trace_in_the_model(tmp_path, target, missing):
    wishes = Wishes(target, missing=missing)
    plan = Plan(epochs=2)
    table = read_table(PENGUINS)
    prepared = prepare(table, wishes)
    changed = {row: disturbed(table, row, target) for row in prepared.test}
    rows = [changed.get(row, cells) for row, cells in enumerate(table.rows)]
    path = tmp_path / "disturbed.csv"
    path.write_text("\n".join(",".join(cells) for cells in [table.columns, *rows]))

    models = []
    for prepared_table in (prepared, prepare(read_table(str(path)), wishes)):
        models.append(trained_model(prepared_table, plan))
        save_model(models[-1], str(tmp_path / f"{len(models)}.json"))

    assert len(changed) > 60
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()


def disturbed(table, row, target):
    """Return the cells of a row, all changed; only a class and what is missing stay."""
    cells = []
    for name, cell in zip(table.columns, table.rows[row], strict=True):
        numeric = cell.replace(".", "").isdigit()
        other = f"{float(cell) * 1000 + 7}" if numeric else f"un{cell}"
        cells.append(cell if cell == "NA" or (name == target and not numeric) else other)
    return tuple(cells)


def trained_model(prepared, plan):
    model = new_model(prepared, imputes=True, hidden=(3,), seed=0)
    examples = prepared.examples(prepared.train)
    train(model.network, loss_for(model.target.task), examples, plan, lambda _done, _text: None)
    return model


# -- saved and loaded ----------------------------------------------------------------------


@pytest.mark.parametrize("target", ["species", "body_mass_g"])
def test_a_loaded_model_predicts_the_same_numbers(tmp_path, target):
    table = read_table(PENGUINS)
    model = trained_model(prepare(table, Wishes(target, missing="impute")), Plan(epochs=1))
    rows = range(len(table.rows))

    save_model(model, str(tmp_path / "model.json"))
    loaded = load_model(str(tmp_path / "model.json"))

    assert loaded.predict(table, rows) == model.predict(table, rows)
    before, after = (assess(m, table, rows, m.predict(table, rows)) for m in (model, loaded))
    assert before == after


def test_a_model_file_that_is_there_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    path.write_text("old")
    path.chmod(0o640)

    for trouble in (OSError(28, "No space left on device"), KeyboardInterrupt()):
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", lambda _file, trouble=trouble: raised(trouble))
            with pytest.raises(type(trouble)):
                write_whole(str(path), "new" * 1000)
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    write_whole(str(path), "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640 or os.name != "posix"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a" * 250 + ".json", "é" * 120])
def test_a_long_name_is_no_hindrance(tmp_path, name):
    path = tmp_path / name

    check_writable(str(path))
    write_whole(str(path), "new")

    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_writing_names_the_path_that_was_given(tmp_path):
    path = str(tmp_path / "nowhere" / "model.json")

    with pytest.raises(FileNotFoundError) as caught:
        write_whole(path, "new")

    assert caught.value.filename == path


def raised(trouble):
    raise trouble


@posix
def test_a_link_is_followed_and_a_device_written_directly(tmp_path):
    (tmp_path / "link.json").symlink_to(tmp_path / "model.json")

    write_whole(str(tmp_path / "link.json"), "{}")
    write_whole(os.devnull, "{}")

    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "model.json").read_text() == "{}"
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("", "is a folder; the name of a file is required"),
        ("nowhere/model.json", "there is no folder"),
        ("table.csv", "is read as well; write to another file"),
        pytest.param("a" * 300, "cannot be written: File name too long", marks=posix),
        ("a\0b", "cannot be written: embedded null"),
        pytest.param("loop", "cannot be written: ", marks=posix),
        pytest.param("loop/model.json", "cannot be written: ", marks=posix),
        pytest.param("/proc/model.json", "/proc/model.json cannot be written", marks=posix),
    ],
)
def test_where_nothing_can_be_written_is_said_before_the_work(tmp_path, target, message):
    table = tmp_path / "table.csv"
    table.write_text("x")
    if os.name == "posix":
        (tmp_path / "loop").symlink_to(tmp_path / "loop")

    with pytest.raises(DataError, match=message):
        check_writable(str(tmp_path / target), "formulas, too, are compared " * 40, str(table))


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0,
    reason="not tested: a folder that may not be entered, as root may enter all",
)
def test_a_folder_that_may_not_be_entered_is_told_in_a_line(tmp_path, command):
    folder = tmp_path / "closed"
    folder.mkdir()
    path = folder / "table.csv"
    path.write_text("x")
    folder.chmod(0)
    try:
        read = command("train", path, "--target", "x")
        written = command("train", PENGUINS, "--target", "species", "--save", path)
    finally:
        folder.chmod(0o700)

    assert read == (2, "", f"nanograd: {path} cannot be read: Permission denied\n")
    assert written == (2, "", f"nanograd: {path} cannot be written: Permission denied\n")


@posix
def test_a_reader_that_leaves_a_pipe_is_told_of_unless_it_read_the_output(tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: raised(BrokenPipeError(32, "gone")))

    status = main(["train", PENGUINS, "--target", "species", "--epochs", "1", "--save", str(pipe)])

    assert status == 1


#: What is put in place of which part of a model's file, and what the one line says of it.
DAMAGE = [
    ((), None, "its format must be"),
    ((), [], "its format must be"),
    (("format",), "onnx", "its format must be 'nanograd tabular model'"),
    (("version",), 2, "its version is 2; this nanograd reads 1"),
    (("version",), True, "'version' must be of type int; it is True"),
    (("target",), "kind", "'target' must be of type dict; it is 'kind'"),
    (("target", "task"), "__import__", "its task must be classify or regress"),
    (("target", "task"), "regress", "'mean' must be a number"),
    (("target", "classes"), ["a"], "its classes must be two or more, and different"),
    (("target", "classes"), ["a", "a"], "its classes must be two or more, and different"),
    (("target", "classes"), ["a", 2], "its classes must be texts"),
    (("target", "numeric"), 1, "'numeric' must be of type bool; it is 1"),
    (("target", "classes"), ["a", "b", "c"], "its layers need 59 weights; it holds 50"),
    (("target", "name"), "\ud800", "'name' is not Unicode text"),
    (("target", "name"), "size", "each with a name of its own"),
    (("columns",), [], "its columns must be one or more"),
    (("columns",), [3], "'name' must be of type str; it is None"),
    (("columns", 0, "kind"), "date", "its column 'size' must be of number or text; it is 'date'"),
    (("columns", 0, "scale"), 0, "its scale must be above 0; it is 0.0"),
    (("columns", 0, "scale"), -1.5, "its scale must be above 0; it is -1.5"),
    (("columns", 0, "mean"), float("nan"), "it holds NaN"),
    (("columns", 0, "mean"), float("inf"), "it holds Infinity"),
    (("columns", 0, "mean"), 1e200, "'mean' must be a number of size 1e+150 or less"),
    (("columns", 0, "mean"), 10**400, "'mean' must be a number of size 1e+150 or less"),
    (("columns", 0, "mean"), "0", "'mean' must be a number of size 1e+150 or less; it is '0'"),
    (("columns", 1, "fill"), "green", "its column 'color' fills in 'green', which it does not"),
    (("columns", 0, "mean"), 10**1000, "it holds a number of 1,001 digits"),
    (("imputes",), 1, "'imputes' must be of type bool; it is 1"),
    (("hidden",), [10**12], "its layers need 6,000,000,000,002 weights; it holds 50"),
    (("hidden",), [8.0], "its hidden layers must have widths above 0; they are (8.0,)"),
    (("hidden",), [-8], "its hidden layers must have widths above 0"),
    (("hidden",), [], "its layers need 8 weights; it holds 50"),
    (("weights",), {}, "its layers need 50 weights; it holds 0"),
    (("weights", "layers.0.neurons.0.bias"), None, "must be a number of size 1e+150 or less"),
    (("weights", "layers.0.neurons.0.bias"), True, "must be a number of size 1e+150 or less"),
    (("weights", "layers.0.neurons.0.bias"), [0.5], "must be a number of size 1e+150 or less"),
]


@pytest.mark.parametrize(("way", "part", "message"), DAMAGE)
def test_a_damaged_model_is_one_line(model_of_sizes, command, way, part, message):
    table, path = model_of_sizes
    record = {"": json.loads(path.read_text())}
    place, last = record, ""
    for key in way:
        place, last = place[last], key
    place[last] = part
    path.write_text(json.dumps(record[""]))

    status, output, error = command("predict", path, table)

    assert status == 2
    assert output == ""
    assert error.startswith(f"nanograd: {path} is not a model that nanograd train saved: ")
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is not JSON"),
        (b'{"format": ', "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 200_000, "it is not JSON"),
        (b"9" * 5000, "it holds a number of 5,000 digits\n"),
        (b'{"format": "nanograd tabular model"}', "'version' must be of type int; it is None"),
        (b"cos\nsystem\n(S'echo'\ntR.", "it is not JSON"),
    ],
)
def test_a_foreign_file_is_no_model(model_of_sizes, command, content, message):
    table, path = model_of_sizes
    path.write_bytes(content)

    status, _, error = command("predict", path, table)

    assert status == 2
    assert message in error
    assert error.count("\n") == 1


def test_a_weight_of_another_name_is_found(model_of_sizes, command):
    table, path = model_of_sizes
    path.write_text(path.read_text().replace("layers.0.neurons.0.bias", "layers.7.bias"))

    status, _, error = command("predict", path, table)

    assert status == 2
    assert "layers.0.neurons.0.bias" in error


# -- predictions ---------------------------------------------------------------------------


def predicted(command, model, path, content, *options):
    path.write_text(content)
    return command("predict", model, path, *options)


def test_predictions_are_told_row_by_row_with_the_score(model_of_sizes, command):
    table, model = model_of_sizes

    status, output, error = command("predict", model, table)

    lines = output.splitlines()
    assert (status, error) == (0, "")
    assert lines[0].split() == ["line", "prediction", "probability", "kind"]
    assert len(lines) > 30
    assert lines[1].split()[:2] == ["2", "small"]
    assert lines[30].split()[:2] == ["31", "big"]
    assert "accuracy" in output
    assert "true \\ predicted" in output


def test_a_table_without_the_target_is_predicted_without_a_score(model_of_sizes, command):
    table, model = model_of_sizes
    content = "note,color,size\nlast,red,29\nfirst,blue,0\n"

    status, output, _ = predicted(command, model, table, content, "--json")

    result = json.loads(output)
    assert status == 0
    assert result["score"] is None
    assert [row["prediction"] for row in result["predictions"]] == ["big", "small"]
    assert sum(result["predictions"][0]["probabilities"].values()) == pytest.approx(1.0)


def test_predictions_go_to_a_file_beside_the_cells(model_of_sizes, command):
    table, model = model_of_sizes
    output = table.with_name("out.csv")
    content = 'color,size,probability\nred,29,"a, b"\nblue,0,c\n'

    status, _, _ = predicted(command, model, table, content, "--output", output)

    rows = list(csv.reader(io.StringIO(output.read_text())))
    assert status == 0
    assert rows[0] == ["color", "size", "probability", "predicted_kind", "probability_2"]
    assert [row[:4] for row in rows[1:]] == [
        ["red", "29", "a, b", "big"],
        ["blue", "0", "c", "small"],
    ]
    assert 0.5 < float(rows[1][4]) <= 1.0


def test_an_output_is_not_written_over_its_input(model_of_sizes, command):
    table, model = model_of_sizes

    for path in (table, model):
        status, _, error = command("predict", model, table, "--output", path)
        assert status == 2
        assert "is read as well" in error


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("color,kind\nred,big\n", "lacks what the model was trained on: size. Its columns: color"),
        ("Size,color\n1,red\n", "lacks what the model was trained on: size; is 'Size' 'size'?"),
        ("size,color\n1,red\nlarge,red\n", "line 3, column 'size': a number is required; it is"),
        ("size,color\ninf,red\n", "line 2, column 'size': 'inf' is not a number of size"),
        ("size,color\n", "has a header, but no row below it"),
    ],
)
def test_a_table_that_does_not_fit_the_model_is_one_line(model_of_sizes, command, content, message):
    table, model = model_of_sizes

    status, output, error = predicted(command, model, table, content)

    assert (status, output, error.count("\n")) == (2, "", 1)
    assert message in error


@pytest.mark.parametrize("kind", ["classify", "regress"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_prediction_beyond_all_bounds_is_one_line(tmp_path, command, kind, options):
    table, model = tmp_path / "table.csv", tmp_path / "model.json"
    table.write_text("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
    made = ["--target", "y", "--task", kind, "--hidden", "none", "--epochs", "1", "--save", model]
    assert command("train", table, *made)[0] == 0
    record = json.loads(model.read_text())
    record["columns"][0]["scale"] = 1e-150
    record["weights"] = dict.fromkeys(record["weights"], 1e150)
    model.write_text(json.dumps(record))

    status, output, error = predicted(command, model, table, "a\n1e100\n", *options)

    assert (status, output, error.count("\n")) == (2, "", 1)
    assert error.startswith(f"nanograd: {table}, line 2: the prediction grows beyond all bounds")


def test_a_model_knows_whether_its_classes_are_numbers(tmp_path, command):
    table, model = tmp_path / "table.csv", tmp_path / "model.json"
    for cells, options, accuracy in (
        (["007", "7"], ["--text", "y"], [1.0, 0.0]),
        (["1", "2"], [], [1.0, 1.0]),
    ):
        rows = "".join(f"{i % 2},{cells[i % 2]}\n" for i in range(40))
        table.write_text(f"a,y\n{rows}")
        made = ["--target", "y", "--test", "0", "--epochs", "40", "--save", model, *options]
        assert command("train", table, *made)[0] == 0

        scores = []
        for spelled in (str, lambda cell: f"{int(cell):.1f}"):
            rows = "".join(f"{i},{spelled(cells[i])}\n" for i in range(2))
            _, output, _ = predicted(command, model, table, f"a,y\n{rows}", "--json")
            scores.append(json.loads(output)["score"]["accuracy"])

        assert scores == accuracy


def test_categories_are_told_in_the_order_of_the_table(model_of_sizes, command):
    table, model = model_of_sizes
    colors = ["violet", "pink", "green", "amber", "white", "black", "brown"]
    content = "size,color\n" + "".join(f"1,{color}\n" for color in colors)

    _, _, error = predicted(command, model, table, content)

    assert re.findall(r"'(\w+)' in 1 row", error) == colors


def test_an_unknown_category_counts_as_none_and_is_told(model_of_sizes, command):
    table, model = model_of_sizes
    content = "size,color\n1,red\n29,pink\n28,pink\n27,gr\ten\n"

    status, output, error = predicted(command, model, table, content)

    assert status == 0
    assert "nanograd: column 'color': 'pink' in 2 rows is no category of the model's\n" in error
    assert "'gr\\ten' in 1 row is" in error
    assert len(output.splitlines()) == 5


def test_missing_cells_are_filled_by_a_model_that_imputes(model_of_sizes, command):
    table, model = model_of_sizes

    status, output, error = predicted(command, model, table, "size,color\n29,\nNA,red\n", "--json")

    assert status == 0
    assert None not in [row["prediction"] for row in json.loads(output)["predictions"]]
    assert "column 'color': 1 missing cell, taken as red as in the training" in error


def test_rows_with_missing_cells_have_no_prediction_of_one_that_drops(tmp_path, command):
    model, output = tmp_path / "model.json", tmp_path / "out.csv"
    options = ["--target", "body_mass_g", "--epochs", "1"]
    assert command("train", PENGUINS, *options, "--save", model)[0] == 0

    status, text, error = command("predict", model, PENGUINS, "--output", output)

    rows = list(csv.DictReader(io.StringIO(output.read_text())))
    assert status == 0
    assert [row["predicted_body_mass_g"] for row in rows].count("") == 11
    assert "11 rows not predicted: the model was trained with --missing drop" in error
    assert "333" in text


def test_a_class_that_the_model_does_not_know_counts_as_a_mistake(model_of_sizes, command):
    table, model = model_of_sizes
    content = "size,color,kind\n29,red,big\n28,red,huge\n"

    _, output, _ = predicted(command, model, table, content, "--json")

    score = json.loads(output)["score"]
    assert score["accuracy"] == 0.5
    assert score["classes"] == ["big", "small", "huge"]
    assert score["confusion"] == [[1, 0, 0], [0, 0, 0], [1, 0, 0]]


# -- what is told --------------------------------------------------------------------------


def test_a_category_that_is_only_in_the_test_part_is_told(tmp_path, command):
    cells = ["rare" if i == 7 else f"c{i % 2}" for i in range(40)]
    table = tmp_path / "table.csv"
    table.write_text("a,c,y\n" + "".join(f"{i},{cell},{i * i}\n" for i, cell in enumerate(cells)))
    options = ["--target", "y", "--epochs", "1"]

    outputs = [command("train", table, *options, "--seed", seed)[1] for seed in range(9)]

    told = ["unknown   c rare (1): only in rows to test on" in output for output in outputs]
    widths = ["c 2" in output for output in outputs]
    assert any(told)
    assert told == widths


def test_of_many_classes_the_mistakes_are_told(tmp_path, command):
    table = tmp_path / "table.csv"
    rows = [f"{i % 12},the letter {chr(97 + i % 12)}\n" for i in range(96)]
    table.write_text("a,letter\n" + "".join(rows))

    _, output, _ = command("train", table, "--target", "letter", "--epochs", "1")

    assert "mistakes, true → predicted, the most frequent first" in output
    assert max(map(len, output.splitlines())) <= 96


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_a_page_is_as_wide_as_its_terminal(monkeypatch, command, columns):
    monkeypatch.setattr(report, "columns_of", lambda _stream: columns)

    _, output, _ = command("train", PENGUINS, "--target", "body_mass_g", "--epochs", "9")

    words, scores = output.replace(PENGUINS, "penguins.csv").split("\n\n")[:2]
    assert max(map(len, words.splitlines())) <= max(columns, 40)
    assert max(map(len, words.splitlines())) > min(columns, 96) - 20
    assert max(map(len, scores.splitlines())) <= max(columns, 40)


def test_on_a_narrow_page_the_mistakes_are_told_instead_of_the_matrix():
    part = Assessment(3, {}, ("Adelie", "Chinstrap"), ("Adelie",) * 3, ("Chinstrap",) * 3)

    lines = confusion_lines(part, Page(width=30))

    assert lines[-1] == "Adelie  →  Chinstrap  3"
    assert max(map(len, lines)) <= 30


def test_in_ascii_columns_stay_aligned():
    lines = aligned([["rows", "10"], ["R²", "0.5"], ["…", "1"]], Page(encoding="ascii"))

    assert lines == ["rows   10", "R**2  0.5", "...     1"]


def test_of_many_columns_the_first_are_told(tmp_path, command):
    table = tmp_path / "table.csv"
    names = [f"c{i}" for i in range(1000)]
    rows = [[*("7" for _ in names), str(i), "xy"[i % 2]] for i in range(20)]
    table.write_text("\n".join(",".join(row) for row in [[*names, "a", "kind"], *rows]))

    _, output, _ = command("train", table, "--target", "kind", "--epochs", "1")

    assert "c19: the same in every row; and 980 more" in " ".join(output.split())


def test_columns_stay_aligned_in_any_script():
    lines = aligned([["種", "1"], ["species", "20"]], Page())

    assert lines == ["種        1", "species  20"]


def test_without_a_known_target_there_is_no_score(model_of_sizes, command):
    table, model = model_of_sizes

    status, output, _ = predicted(command, model, table, "size,color,kind\n1,red,NA\n")

    assert status == 0
    assert re.search(r"accuracy +–\n", output)


# -- the example ---------------------------------------------------------------------------

SESSION = re.compile(r"^```console\n\$ python3 -m nanograd (.+)\n((?:.*\n)*?)```$", re.MULTILINE)
TIME = re.compile(r"\d+\.\d s,")


def test_the_example_prints_what_its_page_says(tmp_path, command, monkeypatch):
    page = (ROOT / "examples" / "penguins" / "README.md").read_text(encoding="utf-8")
    sessions = SESSION.findall(page)
    for folder in ("examples/penguins", "nanograd/datasets"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)

    printed = [command(*shlex.split(arguments))[1] for arguments, _ in sessions]

    assert len(sessions) == 3
    for text, (_, promised) in zip(printed, sessions, strict=True):
        assert TIME.sub("time,", text) == TIME.sub("time,", promised)


def test_the_example_is_no_worse_than_logistic_regression():
    pytest.importorskip("sklearn", reason="penguins are not compared with scikit-learn")
    script = ROOT / "examples" / "penguins" / "compare.py"
    done = subprocess.run(
        [sys.executable, script, "--seeds", "2"], capture_output=True, text=True, check=True
    )

    ours, theirs = (
        float(re.search(rf"^{name} +([\d.]+)% of 134 ", done.stdout, re.MULTILINE)[1])
        for name in ("nanograd", "scikit-learn")
    )
    assert theirs > 95
    assert ours >= theirs - 100 * 2 / 134  # two birds


# -- interrupted ---------------------------------------------------------------------------


def hear_ctrl_c():
    """Undo that signals are ignored, which is handed down in the background jobs of a shell."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def stop_signals():
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


@posix
@pytest.mark.parametrize("stop", stop_signals())
def test_ctrl_c_and_its_kin_save_what_is_learned(tmp_path, stop):
    model = tmp_path / "model.json"
    model.write_text("old")
    command = [sys.executable, "-m", "nanograd", "train", PENGUINS, "--target", "species"]
    with subprocess.Popen(
        [*command, "--hidden", "none", "--epochs", "2000", "--save", str(model)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - there are no threads here
    ) as process:
        told = process.stderr.readline()  # a tenth is done
        process.send_signal(stop)
        output, error = process.communicate(timeout=60)

    assert told.startswith("training")
    assert process.returncode == 130
    assert "nanograd: interrupted in epoch " in error
    assert f"is saved to {model}" in error
    assert "Traceback" not in error
    assert "accuracy" in output
    assert load_model(str(model)).target.name == "species"
    assert list(tmp_path.iterdir()) == [model]


@posix
@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN])
def test_signals_are_given_back_as_they_were(command, handler):
    before = signal.signal(signal.SIGHUP, handler)
    try:
        status, _, _ = command("train", PENGUINS, "--target", "sex", "--epochs", "1")
        after = signal.getsignal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert (status, after) == (0, handler)


def test_a_training_outlives_the_readers_of_what_it_tells(tmp_path):
    model = tmp_path / "model.json"
    command = [sys.executable, "-m", "nanograd", "train", PENGUINS, "--target", "species"]
    with subprocess.Popen(
        [*command, "--epochs", "20", "--save", str(model)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        process.stderr.close()

    assert process.returncode == 0
    assert load_model(str(model)).target.name == "species"


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_training_needs_no_streams(tmp_path, closed):
    model = tmp_path / "model.json"
    command = [sys.executable, "-m", "nanograd", "train", PENGUINS, "--target", "species"]
    options = ["--epochs", "1", "--save", str(model)]

    ended = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *command, *options],
        check=False,
        cwd=ROOT,
        capture_output=True,
    )

    assert ended.returncode == 0
    assert load_model(str(model)).target.name == "species"


def test_before_the_first_step_there_is_nothing_to_save(tmp_path, command, monkeypatch):
    model = tmp_path / "model.json"
    model.write_text("old")
    monkeypatch.setattr(training, "step", lambda *_: raised(KeyboardInterrupt()))

    status, _, error = command("train", PENGUINS, "--target", "sex", "--save", model)

    assert status == 130
    assert "interrupted before the first step" in error
    assert model.read_text() == "old"


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("trouble", [None, KeyboardInterrupt, ValueError])
def test_the_garbage_collector_is_given_back_as_it_was(enabled, trouble):
    was_enabled = gc.isenabled()
    switch(enabled)
    try:
        with contextlib.suppress(KeyboardInterrupt, ValueError), training.collector_paused():
            inside = gc.isenabled()
            if trouble:
                raise trouble
        after = gc.isenabled()
    finally:
        switch(was_enabled)

    assert not inside
    assert after == enabled


def switch(enabled):
    """Switch the garbage collector on or off."""
    if enabled:
        gc.enable()
    else:
        gc.disable()
