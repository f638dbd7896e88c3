"""What the vectors of items' texts bring to ``attention``: for items that training never meets, and for the others.

A tenth of the items is taken out of the training sequences, and a fifth of the users is held out
(``user_based_train_test_split``); windows of ten of theirs ask for the last item, given those before it, of all items
that were not given. The figures are mean reciprocal ranks over the windows whose last item is cold, and over the rest,
with vectors and without; where nothing tells a cold item from others, all cold ones share the last ranks.

Run ``python benchmarks/cold_items.py --home FOLDER --dataset demo``, where FOLDER is a ``RECSYS_TUI_HOME`` in which
the data set is embedded.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from engine import models
from engine.cross_validation import user_based_train_test_split
from engine.evaluation import sequence_mrr_score
from engine.search.embedding import Encoder
from engine.search.item_vectors import item_vectors
from engine.search.store import EmbeddingStore
from engine.workspace import Workspace


def main() -> None:
    """Measure and print one line a seed and model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--dataset", default="demo")
    parser.add_argument("--model", default="attention")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    workspace = Workspace(arguments.home / "data")
    data = workspace.open(arguments.dataset)
    identity = Encoder(device="cpu", cache=arguments.home / "cache").identity
    store = EmbeddingStore(workspace.embeddings_folder(arguments.dataset), identity)
    vectors = item_vectors(data.items, store, data.interactions.num_items)
    print(f"{arguments.dataset}: {np.count_nonzero(vectors.any(1))} of {len(vectors) - 1} items embedded")
    print("| seed | vectors | cold items | warm items | windows (cold) |")
    print("|---|---|---|---|---|")
    for seed in arguments.seeds:
        train, test = user_based_train_test_split(data.interactions, random_state=np.random.RandomState(seed))
        random = np.random.RandomState(seed)
        cold = np.zeros(train.num_items, dtype=bool)
        cold[1 + random.permutation(train.num_items - 1)[: train.num_items // 10]] = True
        windows = test.to_sequence(10, 2)
        asks_cold = cold[windows.sequences[:, -1]]
        for given in (None, vectors):
            model = models.create(arguments.model, random_state=seed, device="cpu")
            sequences = train.select(~cold[train.item_ids]).to_sequence(model.sequence_length)
            model.fit(sequences, item_vectors=given)
            ranks = sequence_mrr_score(model, windows, exclude_preceding=True)
            said = "no" if given is None else "yes"
            print(
                f"| {seed} | {said} | {ranks[asks_cold].mean():.4f} | {ranks[~asks_cold].mean():.4f} "
                f"| {len(ranks)} ({asks_cold.sum()}) |",
                flush=True,
            )


if __name__ == "__main__":
    main()
