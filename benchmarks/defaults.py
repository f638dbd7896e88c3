"""Choice of the registry's default options for ``explicit``, ``implicit`` and ``sequence``.

The data sets are ``ratings_small.csv`` (The Movies Dataset), MovieLens 100K and the bundled demo, whose users are
simulated. For each of the seeds 0, 1 and 2 a data set is split 80/20: at random (``random_train_test_split``) for
``explicit`` and ``implicit``, or by users, in windows of ten, for ``sequence``. The training part is split again in the
same way into a smaller training part and a validation part. The metrics are RMSE for ``explicit``, the mean reciprocal
rank without known items for ``implicit``, and the mean reciprocal rank of each sequence's last item, without the items
before it, for ``sequence``.

``python benchmarks/defaults.py MODEL --into FILE.csv`` evaluates all candidates on the validation parts. Results that
the file contains are not computed again, so the run can be interrupted, or divided with ``--sets`` and ``--seeds``. The
candidates are then ranked by their mean distance from the best candidate of each data set and seed. ``--test``
evaluates the registry's current defaults and the defaults of the classes on the test parts; use it once, after the
choice is made.

The current defaults were chosen with seed 0 (``--seeds 0``) and evaluated with seeds 1 and 2. ``implicit`` uses the
best candidate. ``explicit`` uses the best candidate with batches of 1,024, since batches of 512 take twice as long for
a gain of a tenth of a percent. For ``sequence`` the adaptive hinge ranks better: on average it is 11 percent behind the
best candidate of each data set, and ``bpr`` is 25 percent behind. But its scores are not probabilities, which the app
shows, so ``sequence`` uses the best candidate with ``bpr`` that depends on the order of the items.
"""

from __future__ import annotations

import argparse
import csv
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine import datasets, models
from engine.cross_validation import random_train_test_split, user_based_train_test_split
from engine.datasets import movielens
from engine.evaluation import mrr_score, rmse_score, sequence_mrr_score
from engine.interactions import Interactions

REPOSITORY = Path(__file__).resolve().parent.parent
SETS = ("ratings_small", "ml-100k", "demo")

#: The candidates are all combinations. Several numbers of epochs are evaluated in one training run.
GRID: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "explicit": {
        "embedding_dim": (32, 64),
        "l2": (2e-4, 4e-4, 8e-4),
        "batch_size": (512, 1024),
        "n_iter": (20, 30, 40),
    },
    "implicit": {
        "loss": ("pointwise", "bpr", "adaptive_hinge"),
        "embedding_dim": (64,),
        "l2": (5e-5, 2e-4),
        "n_iter": (10, 20, 30),
    },
    "sequence": {
        "representation": ("pooling", "cnn", "lstm"),
        "loss": ("bpr", "adaptive_hinge"),
        "l2": (1e-5,),
        "n_iter": (5, 10, 15, 20),
    },
}


def read(name: str, data: Path) -> Interactions:
    """Read one of :data:`SETS`; item ids are numbered from 1 without gaps."""
    if name == "demo":
        return datasets.read("demo", "demo").interactions
    if name == "ml-100k":
        return movielens.get_movielens_dataset("100K", data / "ml-100k" / "u.data")
    columns = np.genfromtxt(data / "ratings_small.csv", delimiter=",", skip_header=1)
    items = np.unique(columns[:, 1], return_inverse=True)[1].astype(np.int32) + 1
    return Interactions(
        columns[:, 0].astype(np.int32), items, columns[:, 2].astype(np.float32), columns[:, 3].astype(np.int64)
    )


def parts(model: str, whole: Interactions, seed: int, test: bool) -> tuple[Any, Any]:
    """The parts to train and to evaluate on: training and validation, or with ``test`` training and test."""
    split = user_based_train_test_split if model == "sequence" else random_train_test_split
    state = np.random.RandomState(seed)
    train, held_out = split(whole, random_state=state)
    if not test:
        train, held_out = split(train, random_state=state)
    return (train.to_sequence(10), held_out.to_sequence(10)) if model == "sequence" else (train, held_out)


def figure(model: str, fitted: Any, train: Any, held_out: Any) -> float:
    """RMSE (lower is better) or mean reciprocal rank (higher is better)."""
    if model == "explicit":
        return rmse_score(fitted, held_out)
    if model == "implicit":
        return float(mrr_score(fitted, held_out, train).mean())
    return float(sequence_mrr_score(fitted, held_out, exclude_preceding=True).mean())


def candidates(model: str) -> Iterator[dict[str, Any]]:
    """All combinations of options except the number of epochs."""
    grid = {name: values for name, values in GRID[model].items() if name != "n_iter"}
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def measure(model: str, train: Any, held_out: Any, seed: int, options: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """The metric of a candidate after each number of epochs."""
    epochs = GRID[model]["n_iter"]
    fitted = models.create(model, **options, n_iter=epochs[0], random_state=seed, device="cpu")
    for number in epochs:
        fitted.n_iter = number - len(fitted.losses_by_epoch)
        fitted.fit(train)
        yield written({**options, "n_iter": number}), figure(model, fitted, train, held_out)


def written(options: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in options.items())


def search(model: str, sets: list[str], seeds: list[int], data: Path, into: Path) -> None:
    """Evaluate the candidates whose results are not in the file yet, and append them."""
    done = {tuple(row[:4]) for row in rows(into)}
    with into.open("a", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        for name, seed in itertools.product(sets, seeds):
            whole = read(name, data)
            train, held_out = parts(model, whole, seed, test=False)
            for options in candidates(model):
                last = written({**options, "n_iter": GRID[model]["n_iter"][-1]})
                if (model, name, str(seed), last) in done:
                    continue
                for text, value in measure(model, train, held_out, seed, options):
                    lines.writerow((model, name, seed, text, f"{value:.5f}"))
                file.flush()


def rows(file: Path) -> list[list[str]]:
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def rank(model: str, sets: list[str], seeds: list[int], file: Path, best: int) -> None:
    """Print the candidates with the smallest mean distance from the best, over data sets and seeds."""
    asked = {(name, str(seed)) for name, seed in itertools.product(sets, seeds)}
    found = {
        (row[1], row[2], row[3]): float(row[4]) for row in rows(file) if row[0] == model and (row[1], row[2]) in asked
    }
    cases = sorted({key[:2] for key in found})
    choose: Callable[..., float] = min if model == "explicit" else max
    top = {case: choose(value for key, value in found.items() if key[:2] == case) for case in cases}
    behind = {}
    for text in {key[2] for key in found}:
        if all((*case, text) in found for case in cases):
            behind[text] = np.mean([abs(found[(*case, text)] / top[case] - 1) for case in cases])
    print(
        f"{model}: {len(behind)} candidates, {len(cases)} cases; mean percent behind the best; metric of each data set"
    )
    for text in sorted(behind, key=lambda one: behind[one])[:best]:
        of_sets = [np.mean([found[(*case, text)] for case in cases if case[0] == name]) for name in sets]
        print(f"{100 * behind[text]:6.2f}  {'  '.join(f'{value:.4f}' for value in of_sets)}  {text}")


def test(model: str, sets: list[str], seeds: list[int], data: Path) -> None:
    """Print the metrics of the registry's and the classes' defaults on the test parts."""
    for name in sets:
        whole = read(name, data)
        for whose, make in (("registry", models.create), ("class", of_class)):
            values = []
            for seed in seeds:
                train, held_out = parts(model, whole, seed, test=True)
                fitted = make(model, random_state=seed, device="cpu")
                fitted.fit(train)
                values.append(figure(model, fitted, train, held_out))
            spread = f"({min(values):.4f}–{max(values):.4f})"
            print(f"{model:9} {name:14} {whose:9} {np.mean(values):.4f} {spread}", flush=True)


def of_class(model: str, **options: Any) -> Any:
    """A model with the defaults of its class, which are Spotlight's."""
    return models.get(model).load_class()(**options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=list(GRID))
    parser.add_argument("--into", type=Path, help="the file of results, which is read and appended to")
    parser.add_argument("--test", action="store_true", help="evaluate the registry's defaults on the test parts")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--best", type=int, default=12, help="the number of candidates to print")
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.test:
        test(arguments.model, arguments.sets, arguments.seeds, arguments.data)
    elif arguments.into is None:
        parser.error("--into or --test is needed")
    else:
        search(arguments.model, arguments.sets, arguments.seeds, arguments.data, arguments.into)
        rank(arguments.model, arguments.sets, arguments.seeds, arguments.into, arguments.best)


if __name__ == "__main__":
    main()
