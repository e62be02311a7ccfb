"""Penguins: `train` beside scikit-learn's logistic regression, on the very same rows.

For each seed the rows are split by nanograd, as the command `train` does it. Both learn from the
same rows and are asked about the same others; each brings its own standardizing and one-hot coding.
Run it with `python3 examples/penguins/compare.py` in a clone; `--seeds 3` is faster.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from nanograd.tabular.encoding import NumberColumn
from nanograd.tabular.model import new_model
from nanograd.tabular.preparation import Wishes, prepare
from nanograd.tabular.table import read_table
from nanograd.tabular.training import Plan, default_epochs, loss_for, train

try:
    import numpy as np
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
except ImportError:
    sys.exit("compare.py compares with scikit-learn: python3 -m pip install scikit-learn")

PENGUINS = ROOT / "nanograd" / "datasets" / "penguins.csv"
TARGET = "species"


def main() -> None:
    """Print for each seed how many test rows both get right, and the means."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="how many splits to try (10)")
    seeds = parser.parse_args().seeds

    table = read_table(str(PENGUINS))
    total = {"nanograd": 0, "scikit-learn": 0, "rows": 0}
    print("seed  test rows  nanograd  scikit-learn  seconds of nanograd")
    for seed in range(seeds):
        prepared = prepare(table, Wishes(TARGET, seed=seed))
        truth = [table.cell(row, TARGET) for row in prepared.test]
        begin = time.perf_counter()
        right = matches(ours(prepared, seed), truth)
        elapsed_s = time.perf_counter() - begin
        right_there = matches(theirs(prepared), truth)

        print(f"{seed:4}  {len(truth):9}  {right:8}  {right_there:12}  {elapsed_s:19.1f}")
        total["nanograd"] += right
        total["scikit-learn"] += right_there
        total["rows"] += len(truth)
    for name in ("nanograd", "scikit-learn"):
        share = total[name] / total["rows"]
        print(f"{name:12}  {share:.2%} of {total['rows']} test rows right")


def ours(prepared, seed):
    """Return the species that nanograd predicts for the test rows, with the defaults of `train`."""
    model = new_model(prepared, imputes=False, hidden=(8,), seed=seed)
    plan = Plan(epochs=default_epochs(len(prepared.train)), seed=seed)
    examples = prepared.examples(prepared.train)
    train(model.network, loss_for("classify"), examples, plan, lambda _done, _text: None)
    return [prediction.answer for prediction in model.predict(prepared.table, prepared.test)]


def theirs(prepared):
    """Return the species that scikit-learn predicts for the test rows, with its own defaults."""
    numeric = [isinstance(column, NumberColumn) for column in prepared.columns]
    encoder = make_column_transformer(
        (StandardScaler(), [i for i, is_number in enumerate(numeric) if is_number]),
        (OneHotEncoder(), [i for i, is_number in enumerate(numeric) if not is_number]),
    )
    model = make_pipeline(encoder, LogisticRegression(max_iter=1000))
    species = [prepared.table.cell(row, TARGET) for row in prepared.train]
    model.fit(cells(prepared, prepared.train), species)
    return model.predict(cells(prepared, prepared.test))


def cells(prepared, rows):
    """Return the cells of the columns that count, numbers as floats, as scikit-learn takes them."""
    found = np.empty((len(rows), len(prepared.columns)), dtype=object)
    for j, column in enumerate(prepared.columns):
        for i, row in enumerate(rows):
            cell = prepared.table.cell(row, column.name)
            found[i, j] = float(cell) if isinstance(column, NumberColumn) else cell
    return found


def matches(predicted, truth):
    """Return how many predictions are right."""
    return sum(guess == answer for guess, answer in zip(predicted, truth, strict=True))


if __name__ == "__main__":
    main()
