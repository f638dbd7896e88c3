"""Test explanations by removal: is a recommendation weaker without what is named as its cause?

For 200 users of MovieLens 100K and each model, the item that is named as the cause of the first recommendation is taken
out of the history, and another item at random. The table has the share of the users for whom the score is lower without
the named cause, the share for whom it falls more than without the random item, and the mean falls.

For search, every fourth of the judged queries over the bundled demo is asked (``benchmarks/search/README.md``). What is
named for each of the first three results is taken out of the item's text, columns and genres, and as many random words
of its text; the catalogue is then indexed, embedded and searched anew. "words listed" is the first word that the list
names, "parts" the word, sentence or genre that is named for a result that is looked at.

Run ``python benchmarks/explanations.py --ml-100k FOLDER``, or with ``--models search`` for search alone. The results
are stored in ``benchmarks/results/explanations.json``.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from accuracy import machine, read_results

from engine import models
from engine.data.items import ItemTable
from engine.data.user_index import UserIndex
from engine.datasets import read
from engine.evaluation.removal import RemovalTest, removal_of_history, removal_of_search, removal_of_sequence
from engine.evaluation.runner import train
from engine.recommender import Recommender
from engine.search import SearchIndex
from engine.search.encoder.encoder import Encoder
from engine.search.encoder.model_files import DEFAULT_MODEL
from engine.search.semantic.vector_store import VectorStore
from engine.storage.atomic import write_json

RESULTS = Path(__file__).resolve().parent / "results" / "explanations.json"
OF_USERS = ("explicit", "implicit", "svd", "bayesian", "als", "ease", "knn")
OF_SEQUENCES = ("markov", "sequence", "attention", "blend")
USERS, LENGTH = 200, 20
#: Each result of a query is searched for in two changed catalogues, so only some of the queries are asked.
EVERY = 4
SEARCH = "search"
#: Name of the row -> the mode, and whether it is the word that the list names.
SEARCHES = {
    "keyword, words listed": ("keyword", True),
    "keyword, parts": ("keyword", False),
    "hybrid, words listed": ("hybrid", True),
    "hybrid, parts": ("hybrid", False),
    "semantic, parts": ("semantic", False),
}
QUERIES = Path(__file__).resolve().parent / "search" / "queries_by_kind.tsv"


def main() -> None:
    """Train the models, test their explanations, and print and store the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ml-100k", type=Path)
    parser.add_argument("--models", nargs="+", default=[*OF_USERS, *OF_SEQUENCES, SEARCH])
    parser.add_argument("--quick", action="store_true", help="train less, for a first look")
    arguments = parser.parse_args()
    arguments.device = "cpu"
    if SEARCH in arguments.models:
        test_search(arguments)
    if wanted := [name for name in arguments.models if name != SEARCH]:
        if arguments.ml_100k is None:
            parser.error("--ml-100k FOLDER is needed for models")
        test_models(arguments, wanted)


def test_search(arguments: argparse.Namespace) -> None:
    """Test the reasons of search on the bundled demo."""
    dataset, encoder = read("demo"), Encoder(DEFAULT_MODEL, device="cpu")
    popularity = np.bincount(dataset.interactions.item_ids, minlength=len(dataset.items) + 1)[1:]
    with open(QUERIES, newline="", encoding="utf-8") as file:
        queries = [row["query"] for row in csv.DictReader(file, delimiter="\t") if row["dataset"] == "demo"][::EVERY]
    if arguments.quick:
        queries = queries[::10]
    with tempfile.TemporaryDirectory() as folder:
        store = VectorStore(Path(folder), encoder.identity)

        def maker(mode: str) -> Callable[[ItemTable], SearchIndex]:
            def make(items: ItemTable) -> SearchIndex:
                if mode == "keyword":
                    return SearchIndex(items, popularity=popularity)
                index = SearchIndex(items, store, encoder, popularity=popularity)
                index.semantic.embed()
                return index

            return make

        for name, (mode, listed) in SEARCHES.items():
            found = removal_of_search(dataset.items, maker(mode), queries, mode, listed=listed)
            keep(f"search {name}", found, arguments)


def test_models(arguments: argparse.Namespace, names: list[str]) -> None:
    """Train models on MovieLens 100K, and test their explanations."""
    dataset = read("ml-100k", source=arguments.ml_100k)
    index = UserIndex(dataset.interactions)
    draw = np.random.RandomState(0)
    users = sorted(draw.choice(dataset.num_users, USERS, replace=False).tolist())
    sequences = [index.items(user)[-LENGTH:].astype(np.int64) for user in users]
    for name in names:
        options = {"n_iter": 15} if arguments.quick and "n_iter" in models.get(name).options else {}
        model, _ = train(dataset, name, options=options, seed=0, device="cpu")
        rating_range = (1.0, 5.0) if model.capabilities.predicts_ratings else None
        recommender = Recommender(dataset, model, rating_range=rating_range, user_index=index)
        if name in OF_SEQUENCES:
            keep(name, removal_of_sequence(recommender, sequences), arguments)
        else:
            keep(name, removal_of_history(recommender, users), arguments)


def keep(name: str, found: RemovalTest, arguments: argparse.Namespace) -> None:
    """Print a row of the table and store it, unless it is of a first look."""
    row = {
        "histories": len(found.named),
        "lower": round(found.share_lowered, 4),
        "larger": round(found.share_larger, 4),
        "named": round(float(found.named.mean()), 5),
        "random": round(float(found.random.mean()), 5),
        "machine": machine(arguments),
    }
    print(f"{name:30}", {key: value for key, value in row.items() if key != "machine"}, flush=True)
    if not arguments.quick:
        write_json(RESULTS, {**read_results(RESULTS), name: row})


if __name__ == "__main__":
    main()
