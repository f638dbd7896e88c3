"""How good every model is on every data set, by every protocol; and the page that says so.

Run ``python benchmarks/accuracy.py --data FOLDER`` to measure what is not measured yet and write ``docs/results.md``.
FOLDER holds ``ratings_small.csv``, ``links.csv``, ``movies_metadata_rebuilt.csv.gz``, ``ml-100k/``, ``anime.csv`` and
``anime_rating_first101001.csv.gz``; the demo is bundled. Rows are kept in ``benchmarks/results/accuracy.json``: the
work can be stopped at any time, and parted. ``--minutes 4`` begins no row after four minutes; ``--only
bayesian,ml-100k`` takes the rows of this model on this data set (words of one kind add, of different kinds narrow);
``--again`` measures anew; ``--list`` says what is missing; ``--page`` only writes the page.

Every row is the mean over its seeds: three, or two where these make no difference. Beside other work the seconds are
too high: ``--contended`` marks such rows.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from accuracy_page import write_page
from accuracy_plan import Case, cases, people_of_ml_100k, read

from engine import models
from engine.data.dataset import Dataset
from engine.errors import RecsysError
from engine.evaluation.config import EvaluationConfig
from engine.evaluation.runner import evaluate_split, mean_report, train
from engine.evaluation.splitters import split
from engine.ranking import top_k
from engine.storage.atomic import write_json
from engine.storage.lock import locked

REPOSITORY = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results" / "accuracy.json"
#: Kept by ``cold_items.py``.
COLD_ITEMS = RESULTS.with_name("cold_items.json")
PAGE = REPOSITORY / "docs" / "results.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data")
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help="where rows are kept; the page shows the default's"
    )
    parser.add_argument("--only", default="", help="words: models, data sets, protocols, sections, labels")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no row after so many")
    parser.add_argument("--seeds", type=int, default=None, help="at most so many")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--contended", action="store_true", help="mark the seconds: other work is going on")
    arguments = parser.parse_args()

    rows = read_results(arguments.results)
    chosen = list(choose(list(cases()), [word.strip() for word in arguments.only.split(",") if word.strip()]))
    missing = [case for case in chosen if arguments.again or not is_current(case, rows.get(case.key))]
    if arguments.list:
        print(*(case.key for case in missing), f"{len(missing)} of {len(chosen)} are missing.", sep="\n")
        return
    if not arguments.page:
        begun = time.monotonic()
        for case in missing:
            if time.monotonic() - begun > 60 * arguments.minutes:
                print("Time is up: call again for the rest.")
                break
            measure(case, arguments)
    if arguments.results == RESULTS:
        write_page(PAGE, read_results(RESULTS), list(cases()), read_results(COLD_ITEMS))


def is_current(case: Case, row: dict[str, Any] | None) -> bool:
    """Whether a row is there and was measured with the defaults that the registry has now.

    An option that came later is no reason to measure anew: without a word it leaves a model as it was.
    """
    return row is not None and row["defaults"].items() <= defaults_of(case).items()


def defaults_of(case: Case) -> dict[str, Any]:
    return {name: option.default for name, option in models.get(case.model).options.items()}


def choose(everything: Sequence[Case], words: Sequence[str]) -> list[Case]:
    """Words of one kind add, of different kinds narrow."""
    kinds = ("section", "data", "protocol", "model", "label")
    wanted: dict[str, set[str]] = {}
    for word in words:
        kind = next((kind for kind in kinds if any(getattr(case, kind) == word for case in everything)), None)
        if kind is None:
            raise SystemExit(f"There is nothing called {word!r} to measure.")
        wanted.setdefault(kind, set()).add(word)
    return [case for case in everything if all(getattr(case, kind) in names for kind, names in wanted.items())]


def measure(case: Case, arguments: argparse.Namespace) -> None:
    """Measure one row and keep it."""
    import torch

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    dataset = read(case.data, arguments.data)
    if case.section == "answers":
        time_answers(case, dataset, arguments)
        return
    people = people_of_ml_100k(dataset, arguments.data) if case.user_features else None
    reports = []
    begun = time.monotonic()
    try:
        for seed in case.seeds[: arguments.seeds]:
            parts = (
                split(dataset.interactions, case.protocol, seed, case.ties)
                if case.parts is None
                else case.parts(dataset, arguments.data, seed)
            )
            reports.append(
                evaluate_split(
                    dataset,
                    case.model,
                    parts,
                    EvaluationConfig(protocol=case.protocol, seed=seed, options=case.options, device=arguments.device),
                    user_features=people,
                )
            )
            if len(reports) == 2 and reports[0].metrics == reports[1].metrics:
                break  # neither the split nor the model draws anything: all further seeds would say the same
    except RecsysError as error:
        print(f"{case.key}: {error}", file=sys.stderr)
        return
    row = as_row(case, reports, arguments)
    keep(case.key, row, arguments.results)
    shown = {name: round(row["metrics"][name], 4) for name in ("rmse", "mrr", "ndcg@10") if name in row["metrics"]}
    print(
        f"{case.key}: {shown}, fit {row['seconds']['fit']:.1f} s, in all {time.monotonic() - begun:.0f} s", flush=True
    )


def time_answers(case: Case, dataset: Dataset, arguments: argparse.Namespace) -> None:
    """How long one person waits for a list among all items, and to be folded in with twenty of them."""
    model, report = train(dataset, case.model, seed=case.seeds[0], device=arguments.device)
    log, random = dataset.interactions, np.random.RandomState(0)
    people = random.choice(log.num_users, 100)
    if models.get(case.model).task == "sequence":
        asked = [log.item_ids[log.user_ids == user][:10].astype(np.int64) for user in people]
    else:
        asked = [int(user) for user in people]
    waits = {"list_ms": median_ms(lambda one: top_k(np.asarray(model.predict(one)), 10), asked)}
    if hasattr(model, "fold_in"):
        rows = [random.choice(len(log), 200, replace=False) for _ in range(30)]
        rows = [one[np.unique(log.item_ids[one], return_index=True)[1]][:20] for one in rows]
        waits["fold_in_ms"] = median_ms(lambda one: model.fold_in(log.item_ids[one], log.ratings[one]), rows)
    row = {
        "split": "the whole",
        "seeds": list(case.seeds),
        "options": report.options,
        "defaults": defaults_of(case),
        "metrics": {name: round(value, 3) for name, value in waits.items()},
        "seconds": {name: round(value, 3) for name, value in report.seconds.items()},
        "num_items": dataset.num_rated_items,
        "machine": machine(arguments),
        "contended": arguments.contended,
    }
    keep(case.key, row, arguments.results)
    print(f"{case.key}: {row['metrics']}", flush=True)


def median_ms(answer: Callable[[Any], Any], questions: Sequence[Any]) -> float:
    """The least of five medians: a rented machine is slower by half at some moments, whatever it is asked."""
    for question in questions[:5]:
        answer(question)
    medians = []
    for _ in range(5):
        waits = []
        for question in questions:
            begun = time.perf_counter()
            answer(question)
            waits.append(time.perf_counter() - begun)
        medians.append(1000 * float(np.median(waits)))
    return min(medians)


def as_row(case: Case, reports: Sequence[Any], arguments: argparse.Namespace) -> dict[str, Any]:
    mean = mean_report(reports)
    defaults = defaults_of(case)
    return {
        "split": case.split_words,
        "seeds": mean.about["seeds"],
        "options": mean.options,
        "defaults": defaults,
        "changed": {name: value for name, value in case.options.items() if defaults.get(name) != value},
        "metrics": {name: round(value, 6) for name, value in mean.metrics.items()},
        "by_seed": {
            name: [rounded(one) for one in mean.about["by_seed"][name]]
            for name in ("rmse", "mrr", "ndcg@10")
            if name in mean.metrics
        },
        "intervals": {name: [round(bound, 5) for bound in bounds] for name, bounds in mean.intervals.items()},
        "seconds": {name: round(value, 3) for name, value in mean.seconds.items()},
        "num_test": mean.num_test,
        "num_questions": mean.about["num_questions"],
        "question": mean.about["question"],
        "equal_times": mean.about["equal_times"],
        "diversity_by": mean.about["diversity_by"],
        "machine": machine(arguments),
        "contended": arguments.contended,
    }


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def machine(arguments: argparse.Namespace) -> str:
    import torch

    from engine.runtime.device import describe, resolve

    device = describe(resolve(arguments.device))
    cores = f"{torch.get_num_threads()} of {os.cpu_count()} cores"
    return f"{device}, {platform.machine()}, {cores}, torch {torch.__version__.partition('+')[0]}"


def read_results(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text()) if file.is_file() else {}


def keep(key: str, row: dict[str, Any], file: Path) -> None:
    """Also when several of these programs run at a time."""
    file.parent.mkdir(exist_ok=True)
    with locked(Path(tempfile.gettempdir()) / "recsys-tui-accuracy.lock", wait=True):
        rows = read_results(file)
        rows[key] = row
        write_json(file, dict(sorted(rows.items())))


if __name__ == "__main__":
    main()
