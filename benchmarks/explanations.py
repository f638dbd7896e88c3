"""Test explanations by removal: is a recommendation weaker without what is named as its cause?

For 200 users of MovieLens 100K and each model, the item that is named as the cause of the first recommendation is taken
out of the history, and another item at random. The table has the share of the users for whom the score is lower without
the named cause, the share for whom it falls more than without the random item, and the mean falls.

Run ``python benchmarks/explanations.py --ml-100k FOLDER``. The results are stored in
``benchmarks/results/explanations.json``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from accuracy import machine, read_results

from engine import models
from engine.data.user_index import UserIndex
from engine.datasets import read
from engine.evaluation.removal import removal_of_history, removal_of_sequence
from engine.evaluation.runner import train
from engine.recommender import Recommender
from engine.storage.atomic import write_json

RESULTS = Path(__file__).resolve().parent / "results" / "explanations.json"
OF_USERS = ("explicit", "implicit", "svd", "bayesian", "als", "ease", "knn")
OF_SEQUENCES = ("markov", "sequence", "attention", "blend")
USERS, LENGTH = 200, 20


def main() -> None:
    """Train the models, test their explanations, and print and store the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ml-100k", type=Path, required=True)
    parser.add_argument("--models", nargs="+", default=[*OF_USERS, *OF_SEQUENCES])
    parser.add_argument("--quick", action="store_true", help="train less, for a first look")
    arguments = parser.parse_args()
    arguments.device = "cpu"
    dataset = read("ml-100k", source=arguments.ml_100k)
    index = UserIndex(dataset.interactions)
    draw = np.random.RandomState(0)
    users = sorted(draw.choice(dataset.num_users, USERS, replace=False).tolist())
    sequences = [index.items(user)[-LENGTH:].astype(np.int64) for user in users]
    for name in arguments.models:
        options = {"n_iter": 15} if arguments.quick and "n_iter" in models.get(name).options else {}
        model, _ = train(dataset, name, options=options, seed=0, device="cpu")
        rating_range = (1.0, 5.0) if model.capabilities.predicts_ratings else None
        recommender = Recommender(dataset, model, rating_range=rating_range, user_index=index)
        if name in OF_SEQUENCES:
            found = removal_of_sequence(recommender, sequences)
        else:
            found = removal_of_history(recommender, users)
        row = {
            "histories": len(found.named),
            "lower": round(found.share_lowered, 4),
            "larger": round(found.share_larger, 4),
            "named": round(float(found.named.mean()), 5),
            "random": round(float(found.random.mean()), 5),
            "machine": machine(arguments),
        }
        print(f"{name:10}", {key: value for key, value in row.items() if key != "machine"}, flush=True)
        if not arguments.quick:
            write_json(RESULTS, {**read_results(RESULTS), name: row})


if __name__ == "__main__":
    main()
