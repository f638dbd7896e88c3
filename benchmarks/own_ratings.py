"""Measure the time from a rating of one's own to the recommendations that follow from it, for each model that folds in.

Run ``python benchmarks/own_ratings.py [--dataset NAME] [--ratings N] [--repeat N]``. The ratings go to a profile of
their own in the data folder, ``benchmark``, which is removed at the end. Each trained model that can answer is loaded
first. Then the storing of a rating is timed, and the making of the list of ten: fold-in, ranking and the reasons.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from engine.session import Session, open_session
from engine.session.datasets import open_workspace

PROFILE = "benchmark"


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--dataset", default="demo")
    arguments.add_argument("--ratings", type=int, default=200, help="how many ratings the profile has before")
    arguments.add_argument("--repeat", type=int, default=30)
    given = arguments.parse_args()
    workspace = open_workspace()
    session = open_session(workspace, given.dataset, device="cpu")
    dataset, me = session.data.dataset, session.me
    draw = np.random.default_rng(0)
    items = (1 + draw.permutation(dataset.num_rated_items)[: given.ratings + given.repeat]).tolist()
    try:
        for item in items[: given.ratings]:
            me.rate(item, float(draw.integers(1, 11)) / 2, profile=PROFILE)
        for state in session.models.states("user"):
            if state.trained:
                measure(session, state.name, items[given.ratings :])
    finally:
        me.remove_profile(PROFILE)


def measure(session: Session, model: str, items: list[int]) -> None:
    me = session.me
    session.own_answers.recommend(10, model, PROFILE)  # loads the model
    stored, listed = [], []
    for item in items:
        begin = time.perf_counter()
        me.rate(item, 4.0, profile=PROFILE)
        between = time.perf_counter()
        found = [one.item for one in session.own_answers.recommend(10, model, PROFILE).results]
        end = time.perf_counter()
        assert item not in [one.internal_id for one in found]
        stored.append(1000 * (between - begin))
        listed.append(1000 * (end - between))
    whole = sorted(one + other for one, other in zip(stored, listed, strict=True))
    print(
        f"{model:10} store {statistics.median(stored):6.1f} ms  list {statistics.median(listed):6.1f} ms  "
        f"both p95 {whole[int(0.95 * (len(whole) - 1))]:6.1f} ms"
    )
    for item in items:
        me.forget(item, PROFILE)


if __name__ == "__main__":
    main()
