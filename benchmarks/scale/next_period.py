"""What an update is worth: models of before it, trained further and trained anew, measured on the period after it.

    python benchmarks/scale/next_period.py [-d DATASET] [--since DATE] [--until DATE] [--models MODEL,…] [--users N]

The interactions are cut at two dates: what was before the first, the update between the two, and the next period, which
is asked about. Three answers are measured by the users who have interactions in the next period: the model of before
the update, given each user's whole history (fold-in); that model trained further on everything before the next period;
and a model trained anew on it. Items that the user has are left out of the lists. Without dates the last tenth of the
interactions is the next period, and the tenth before it the update.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from engine.data.dataset import Dataset  # noqa: E402
from engine.data.user_index import UserIndex  # noqa: E402
from engine.interactions import Interactions  # noqa: E402

K = 10


def cut(dataset: Dataset, since: str | None, until: str | None) -> tuple[Interactions, Interactions, Interactions]:
    """The interactions before the update, before the next period, and in the next period."""
    log = dataset.interactions
    if log.timestamps is None:
        raise SystemExit(f"{dataset.name} has no times.")
    dates = [
        None if one is None else datetime.fromisoformat(one).replace(tzinfo=UTC).timestamp() for one in (since, until)
    ]
    ordered = np.sort(log.timestamps)
    first = ordered[int(len(ordered) * 0.8)] if dates[0] is None else dates[0]
    last = ordered[int(len(ordered) * 0.9)] if dates[1] is None else dates[1]
    times = log.timestamps
    return log.select(times < first), log.select(times < last), log.select(times >= last)


def ndcg(lists: npt.NDArray[Any], wanted: list[set[int]]) -> tuple[float, float]:
    """NDCG@10 and recall@10, the mean over the users."""
    discounts = 1 / np.log2(np.arange(2, K + 2))
    gains, recalls = [], []
    for row, targets in zip(lists, wanted, strict=True):
        hits = np.array([int(item) in targets for item in row], dtype=float)
        gains.append(float((hits * discounts[: len(row)]).sum() / discounts[: min(K, len(targets))].sum()))
        recalls.append(float(hits.sum() / len(targets)))
    return float(np.mean(gains)), float(np.mean(recalls))


def lists_of(
    scores_of: Any, users: npt.NDArray[Any], seen: UserIndex, margin: npt.NDArray[np.float32] | None
) -> npt.NDArray[np.int64]:
    """The best unseen items of each user."""
    from engine.ranking import top_k

    rows = []
    for user in users.tolist():
        scores = np.array(scores_of(user), dtype=np.float32)
        if margin is not None:
            scores -= margin
        scores[seen.items(user)] = scores[0] = -np.inf
        best = top_k(scores, K)
        rows.append(np.pad(best, (0, K - len(best))))
    return np.stack(rows)


def compare(dataset: Dataset, parts: tuple[Interactions, Interactions, Interactions], name: str, most: int) -> None:
    """Train one model in three ways and print what each is worth."""
    from engine import models
    from engine.evaluation.runner import learnable
    from engine.ranking import confidence_margin

    before, known, after = parts
    spec, seen = models.get(name), UserIndex(known)
    counts = np.bincount(known.user_ids, minlength=known.num_users)
    users = np.unique(after.user_ids)
    users = users[counts[users] > 0]
    if len(users) > most:
        users = np.sort(np.random.default_rng(0).choice(users, most, replace=False))
    wanted_of = UserIndex(after)
    wanted = [set(wanted_of.items(int(user)).tolist()) - set(seen.items(int(user)).tolist()) for user in users]
    asked = [place for place, targets in enumerate(wanted) if targets]
    users, wanted = users[asked], [wanted[place] for place in asked]
    margin = confidence_margin(learnable(known, spec)) if spec.capabilities.predicts_ratings else None

    def trained(part: Interactions, start: Any = None) -> tuple[Any, float]:
        data = learnable(part, spec)
        options = spec.defaults_for(len(data), data.num_items - 1)
        model: Any = models.create(name, **{**options, "device": "cpu", "random_state": 1})
        if start is not None and not model.start_from(start):
            raise RuntimeError(f"{name} cannot go on")
        begun = time.process_time()
        model.fit(data)
        return model, time.process_time() - begun

    old, seconds = trained(before)

    def folded(user: int) -> Any:
        history = seen.history(user)
        if margin is not None and history.ratings is not None:
            history = history.select(~np.isnan(history.ratings))
        return old.fold_in(history.items, history.ratings)

    print(f"{name} on {dataset.name}: {len(users):,} users asked; of before the update: {seconds:.1f} s")
    found = {"fold-in only": (folded, 0.0)}
    for how, start in (("trained further", old), ("trained anew", None)):
        model, seconds = trained(known, start)
        found[how] = model.predict, seconds
    for how, (scores_of, seconds) in found.items():
        gain, recall = ndcg(lists_of(scores_of, users, seen, margin), wanted)
        print(f"  {how:<16} NDCG@{K} {gain:.4f}  recall@{K} {recall:.4f}  {seconds:7.1f} s of processors", flush=True)


def main() -> None:
    """Read the data set and print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-d", dest="dataset", default="ml-100k")
    parser.add_argument("--since", metavar="DATE", help="where the update begins")
    parser.add_argument("--until", metavar="DATE", help="where the next period begins")
    parser.add_argument("--models", default="als,explicit,svd")
    parser.add_argument("--users", type=int, default=5000, help="ask no more users than this")
    arguments = parser.parse_args()
    from engine.session.datasets import open_workspace

    dataset = open_workspace().open(arguments.dataset)
    parts = cut(dataset, arguments.since, arguments.until)
    for name in arguments.models.split(","):
        compare(dataset, parts, name.strip(), arguments.users)


if __name__ == "__main__":
    main()
