"""Effect of the items' text vectors on ``attention``, for cold items and for all others.

A tenth of the items, the cold ones, is removed from the training sequences, and a fifth of the users is held out
(``user_based_train_test_split``). For each window of ten items of these users, the model ranks all items that are not
given and must find the last item of the window. The metrics are mean reciprocal ranks over the windows whose last item
is cold and over all other windows, with text vectors and without. Without them, all cold items share the last ranks.

Run ``python benchmarks/cold_items.py --home FOLDER --dataset demo``, where FOLDER is a ``RECSYS_TUI_HOME`` in which
the data set is embedded. The results are stored in ``benchmarks/results/cold_items.json``, from which
``accuracy.py --page`` copies them to ``docs/results.md``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from accuracy import machine, read_results

from engine import models
from engine.cross_validation import user_based_train_test_split
from engine.data.dataset import Dataset
from engine.evaluation import sequence_mrr_score
from engine.search.encoder.encoder import Encoder
from engine.search.semantic.item_vectors import item_vectors
from engine.search.semantic.vector_store import VectorStore
from engine.storage.atomic import write_json
from engine.workspace.dataset_store import Workspace

RESULTS = Path(__file__).resolve().parent / "results" / "cold_items.json"
LENGTH = 10


def main() -> None:
    """Evaluate the model with and without text vectors, and print and store the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--dataset", default="demo")
    parser.add_argument("--model", default="attention")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    arguments.device = "cpu"
    workspace = Workspace(arguments.home / "data")
    data = workspace.open(arguments.dataset)
    identity = Encoder(device="cpu", cache=arguments.home / "cache").identity
    store = VectorStore(workspace.embeddings_folder(arguments.dataset), identity)
    vectors = item_vectors(data.items, store, data.interactions.num_items)
    print(f"{arguments.dataset}: {np.count_nonzero(vectors.any(1))} of {len(vectors) - 1} items embedded")
    for words, given in (("without texts", None), ("with texts", vectors)):
        figures = [measure(data, arguments.model, given, seed) for seed in arguments.seeds]
        row: dict[str, Any] = {
            name: round(float(np.mean([one[name] for one in figures])), 6) for name in ("cold", "warm", "all")
        }
        row |= {"windows": figures[0]["windows"], "cold_windows": figures[0]["cold_windows"]}
        row |= {"seeds": arguments.seeds, "machine": machine(arguments)}
        print(arguments.model, words, row, flush=True)
        write_json(RESULTS, {**read_results(RESULTS), f"{arguments.dataset}/{arguments.model}/{words}": row})


def measure(data: Dataset, name: str, vectors: np.ndarray | None, seed: int) -> dict[str, Any]:
    """The mean reciprocal ranks of one model over windows with a cold last item, over the others, and over all."""
    train, test = user_based_train_test_split(data.interactions, random_state=np.random.RandomState(seed))
    random = np.random.RandomState(seed)
    cold = np.zeros(train.num_items, dtype=bool)
    cold[1 + random.permutation(train.num_items - 1)[: train.num_items // 10]] = True
    windows = test.to_sequence(LENGTH, 2)
    last_is_cold = cold[windows.sequences[:, -1]]
    model = models.create(name, random_state=seed, device="cpu")
    length = getattr(model, "sequence_length", LENGTH)
    model.fit(train.select(~cold[train.item_ids]).to_sequence(length), item_vectors=vectors)
    ranks = sequence_mrr_score(model, windows, exclude_preceding=True)
    return {
        "cold": ranks[last_is_cold].mean(),
        "warm": ranks[~last_is_cold].mean(),
        "all": ranks.mean(),
        "windows": len(ranks),
        "cold_windows": int(last_is_cold.sum()),
    }


if __name__ == "__main__":
    main()
