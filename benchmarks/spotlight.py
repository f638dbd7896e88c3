"""Time and quality of Spotlight's tutorial and test programs, compared with the original.

Run ``python benchmarks/spotlight.py [--data FOLDER] [--device cpu] [--repeat 3] [--only PART …] [--write
docs/spotlight.md]``. FOLDER contains ``ratings_small.csv`` (The Movies Dataset) and ``ml-100k/u.data``. If Spotlight
can be imported, its tutorial is measured as well. The recorded values of Spotlight come from one run of the programs as
written, with torch 2.13 on two x86-64 cores. The fastest of ``--repeat`` runs counts; raw and dense ids are measured
alternately, so that changes of the machine's speed affect both. ``--write`` puts the table into the document; lines
that ``--only`` leaves out keep their values there.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tables import lines_of, rows_between, write_between

from engine.cross_validation import random_train_test_split, user_based_train_test_split
from engine.datasets import movielens
from engine.evaluation import mrr_score, rmse_score, sequence_mrr_score
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.factorization.implicit import ImplicitFactorizationModel
from engine.interactions import Interactions
from engine.sequence.implicit import ImplicitSequenceModel

REPOSITORY = Path(__file__).resolve().parent.parent
GENERATED = 1_000_000
PARTS = ("tutorial", "million", "tests")
MARK = "speed"
HEADER = ("step", "seconds", "quality", "Spotlight's seconds (recorded)", "quality (recorded or required)")


@dataclass(frozen=True)
class Line:
    """One line of the table; the recorded values of the original are text."""

    step: str
    seconds: float
    quality: str
    recorded_seconds: str = ""
    recorded_quality: str = ""


def in_turn(actions: Sequence[Callable[[], Any]], repeat: int) -> list[tuple[float, Any]]:
    """Run several actions alternately, and return the shortest time and the last result of each."""
    found: list[tuple[float, Any]] = [(float("inf"), None)] * len(actions)
    for _ in range(repeat):
        for place, action in enumerate(actions):
            begin = time.perf_counter()
            result = action()
            found[place] = min(found[place][0], time.perf_counter() - begin), result
    return found


def fastest(action: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    """Run an action several times, and return the shortest time and the last result."""
    return in_turn([action], repeat)[0]


def seed() -> np.random.RandomState:
    return np.random.RandomState(42)


def read_ratings_small(data: Path) -> Interactions:
    columns = np.genfromtxt(data / "ratings_small.csv", delimiter=",", skip_header=1)
    return Interactions(
        columns[:, 0].astype(np.int32),
        columns[:, 1].astype(np.int32),
        ratings=columns[:, 2].astype(np.float32),
        timestamps=columns[:, 3].astype(np.int64),
    )


def densely(interactions: Interactions) -> Interactions:
    """Number the items from 1 without gaps; users keep their ids, since the split by users hashes them."""
    items = np.unique(interactions.item_ids, return_inverse=True)[1].astype(np.int32) + 1
    return Interactions(interactions.user_ids, items, interactions.ratings, interactions.timestamps)


def fitted(make: Callable[[], Any], interactions: Any) -> Any:
    """Make and fit a model."""
    model = make()
    model.fit(interactions)
    return model


def fitting(make: Callable[[], Any], interactions: Any, repeat: int) -> tuple[float, Any]:
    """The shortest time to make and fit a model, and the last model."""
    return fastest(partial(fitted, make, interactions), repeat)


def tutorial(data: Path, device: str, repeat: int) -> list[Line]:
    """Measure both parts of the film tutorial, with the movie ids of the file and with dense ids."""
    raw = read_ratings_small(data)
    both = (("raw ids", raw), ("dense ids", densely(raw)))
    lines = []
    parts = [random_train_test_split(interactions, random_state=seed()) for _, interactions in both]
    explicit = partial(ExplicitFactorizationModel, device=device, random_state=42)
    recorded = ("123", "RMSE 1.113"), ("4.4", "RMSE 1.109")
    found = in_turn([partial(fitted, explicit, train) for train, _ in parts], repeat)
    for (ids, _), (_, test), (took, model), theirs in zip(both, parts, found, recorded, strict=True):
        lines.append(Line(f"explicit, 10 epochs, {ids}", took, f"RMSE {rmse_score(model, test):.3f}", *theirs))

    splits = [user_based_train_test_split(interactions, random_state=seed()) for _, interactions in both]
    sequences = [[part.to_sequence(10) for part in split] for split in splits]
    net = partial(ImplicitSequenceModel, loss="bpr", representation="cnn", device=device, random_state=42)
    recorded = ("42.6", "MRR .0064"), ("26.7", "MRR .0132")
    found = in_turn([partial(fitted, net, train) for train, _ in sequences], repeat)
    scored = in_turn(
        [partial(sequence_mrr_score, model, test) for (_, model), (_, test) in zip(found, sequences, strict=True)],
        repeat,
    )
    for (ids, _), (took, _), (_, mrr), theirs in zip(both, found, scored, recorded, strict=True):
        lines.append(Line(f"cnn/bpr, 10 epochs, {ids}", took, f"MRR {mrr.mean():.4f}", *theirs))
    for (ids, _), (took, mrr), theirs in zip(both, scored, ("160", "26"), strict=True):
        lines.append(Line(f"scoring {len(mrr):,} sequences, {ids}", took, "", theirs))
    return lines


def spotlights_tests(data: Path, device: str, repeat: int) -> list[Line]:
    """Measure the models of Spotlight's tests on MovieLens 100K (80/20, 10 epochs, batches of 1,024)."""
    whole = movielens.get_movielens_dataset("100K", data / "ml-100k" / "u.data")
    train, test = random_train_test_split(whole, random_state=seed())
    signs = [Interactions(one.user_ids, one.item_ids, np.where(one.ratings > 3, 1, -1)) for one in (train, test)]
    lines = []
    for loss, l2, demanded in (
        ("regression", 1e-5, "< 1.005"),
        ("poisson", 1e-6, "< 1.005"),
        ("logistic", 1e-6, "< 1.05"),
    ):
        options = {"loss": loss, "batch_size": 1024, "learning_rate": 1e-3, "l2": l2, "device": device}
        here, there = signs if loss == "logistic" else (train, test)
        took, model = fitting(partial(ExplicitFactorizationModel, **options, random_state=42), here, repeat)
        lines.append(Line(f"ML-100K {loss}", took, f"RMSE {rmse_score(model, there):.3f}", "", f"RMSE {demanded}"))
    for loss, demanded in (("pointwise", ".045"), ("bpr", ".065"), ("hinge", ".065"), ("adaptive_hinge", ".065")):
        options = {"loss": loss, "batch_size": 1024, "l2": 1e-6, "device": device}
        took, model = fitting(partial(ImplicitFactorizationModel, **options, random_state=42), train, repeat)
        mrr = mrr_score(model, test, train=train).mean()
        lines.append(Line(f"ML-100K {loss}", took, f"MRR {mrr:.4f}", "", f"MRR > {demanded}"))
    took, _ = fastest(lambda: mrr_score(model, test, train=train), repeat)
    lines.append(Line("mrr_score on ML-100K", took, ""))
    return lines


def generate() -> Interactions:
    """Generate a million ratings of 6,000 users for 4,000 items."""
    rng = seed()
    return Interactions(
        rng.randint(0, 6_000, GENERATED, dtype=np.int32),
        rng.randint(1, 4_000, GENERATED, dtype=np.int32),
        ratings=rng.randint(1, 6, GENERATED).astype(np.float32),
        timestamps=np.arange(GENERATED, dtype=np.int32),
    )


def million(device: str, repeat: int) -> list[Line]:
    """Measure an explicit epoch over generated ratings, and its memory in a separate process."""
    interactions = generate()

    lines = []
    for batch_size in (256, 4096):
        options = {"n_iter": 1, "batch_size": batch_size, "device": device, "random_state": 42}
        took, _ = fitting(partial(ExplicitFactorizationModel, **options), interactions, repeat)
        lines.append(Line(f"1M ratings, one epoch, batches of {batch_size:,}", took, ""))
    took, _ = fastest(lambda: interactions.to_sequence(10), repeat)
    lines.append(Line("1M interactions to sequences", took, ""))
    if device == "cpu":
        text = subprocess.run([sys.executable, __file__, "--memory"], check=True, capture_output=True, text=True).stdout
        lines[0] = Line(lines[0].step, lines[0].seconds, text.strip())
    return lines


def print_memory() -> None:
    """Print the peak memory of one epoch as a multiple of the data's size, if the system reports it."""
    interactions = generate()
    columns = (interactions.user_ids, interactions.item_ids, interactions.ratings, interactions.timestamps)
    data = sum(column.nbytes for column in columns if column is not None)
    ExplicitFactorizationModel(n_iter=1).fit(interactions.select(slice(0, 1000)))  # imports torch's parts
    try:
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        before = status("VmRSS")
    except OSError:
        return
    ExplicitFactorizationModel(n_iter=1).fit(interactions)
    print(f"memory {(status('VmHWM') - before) / data:.1f} x data")


def status(name: str) -> int:
    """An entry of this process's memory statistics, in bytes."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[name].split()[0]) * 1024


def original(data: Path) -> list[Line]:
    """Measure the tutorial with Spotlight itself, if it is installed."""
    try:
        explicit = importlib.import_module("spotlight.factorization.explicit").ExplicitFactorizationModel
        interactions_class = importlib.import_module("spotlight.interactions").Interactions
        evaluation = importlib.import_module("spotlight.evaluation")
    except ImportError:
        return []
    train, test = random_train_test_split(densely(read_ratings_small(data)), random_state=seed())
    sizes = {"num_users": train.num_users, "num_items": train.num_items}
    theirs = [interactions_class(one.user_ids, one.item_ids, ratings=one.ratings, **sizes) for one in (train, test)]
    took, model = fitting(partial(explicit, random_state=seed()), theirs[0], 1)
    return [Line("Spotlight itself: explicit, dense ids", took, f"RMSE {evaluation.rmse_score(model, theirs[1]):.3f}")]


def show(lines: list[Line], file: Path | None) -> None:
    """Print the table and write it to a document, where lines that were not measured keep their values."""
    rows = [
        [line.step, f"{line.seconds:.2f}", line.quality, line.recorded_seconds, line.recorded_quality] for line in lines
    ]
    print("\n".join(lines_of(HEADER, rows)))
    if file is not None:
        measured = {row[0]: row for row in rows}
        before = [measured.pop(row[0], row) for row in rows_between(file, MARK)]
        write_between(file, MARK, lines_of(HEADER, [*before, *measured.values()]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, help="the number of torch threads on the CPU")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument("--write", type=Path, help="put the table into this file, between its two marks")
    parser.add_argument("--memory", action="store_true", help="only print the memory of an epoch over 1M ratings")
    arguments = parser.parse_args()
    if arguments.memory:
        print_memory()
        return
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    data, device, repeat = arguments.data, arguments.device, arguments.repeat
    lines: list[Line] = []
    if "tutorial" in arguments.only and (data / "ratings_small.csv").is_file():
        lines += tutorial(data, device, repeat) + original(data)
    if "million" in arguments.only:
        lines += million(device, repeat)
    if "tests" in arguments.only and (data / "ml-100k" / "u.data").is_file():
        lines += spotlights_tests(data, device, repeat)
    show(lines, arguments.write)


if __name__ == "__main__":
    main()
