"""Quality of keyword, semantic and hybrid search on judged queries and known items.

    python benchmarks/search/quality.py [--home DIR] [--part test|tuning|all]

The queries run on the data sets ``anime``, ``movies`` and ``demo`` of the current workspace, as far as they are stored
and embedded; the README.md in this folder describes the method. The program prints nDCG@10 (gains 2^grade - 1) and
recall@10 of the items with grade 2, with 95 % bootstrap intervals over the queries, and the share of the known items
that are among the first five results.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from engine.session import Session
from engine.storage.paths import find_paths
from engine.workspace.dataset_store import Workspace

FOLDER = Path(__file__).parent
MODES = ("keyword", "semantic", "hybrid")
SETS = ("anime", "movies", "demo")
K = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a RECSYS_TUI_HOME (default: the current one)")
    parser.add_argument("--part", choices=("test", "tuning", "all"), default="test")
    parser.add_argument("--misses", action="store_true", help="name the known items that were not found")
    arguments = parser.parse_args()
    workspace = Workspace(find_paths().data if arguments.home is None else arguments.home / "data")
    judged = read_judgements(arguments.part)
    known = [row for row in read("known_items.tsv") if arguments.part in (row["part"], "all")]
    sessions = {}
    for name in SETS:
        if name not in workspace:
            print(f"{name}: not stored, skipped")
            continue
        sessions[name] = Session(workspace, name)
        state = sessions[name].search.embedding_state()
        print(f"{name}: {state.done:,} of {state.total:,} embedded by {state.model}")
        sessions[name].search.warm_up()
    print(f"\nJudged queries, {arguments.part} part: {sum(one[0] in sessions for one in judged)}")
    print(
        f"{'':10}{'nDCG@10':>10}{'95 %':>18}{'recall@10':>12}{'95 %':>18}   " + "".join(f"{name:>8}" for name in SETS)
    )
    of_mode = {}
    for mode in MODES:
        figures = {
            key: quality(ask(sessions[key[0]], key[1], mode, K), grades)
            for key, grades in judged.items()
            if key[0] in sessions
        }
        ndcg, recall = (np.array(one) for one in zip(*figures.values(), strict=True))
        of_mode[mode] = ndcg
        by_set = defaultdict(list)
        for (name, _), (value, _) in figures.items():
            by_set[name].append(value)
        print(
            f"{mode:10}{ndcg.mean():10.3f}{interval(ndcg):>18}{np.nanmean(recall):12.3f}{interval(recall):>18}   "
            + "".join(f"{np.mean(by_set[name]):8.3f}" for name in SETS if name in by_set)
        )
    for mode in MODES[:2]:
        print(f"hybrid - {mode}: {interval(of_mode['hybrid'] - of_mode[mode])} (paired by query)")
    print(f"\nKnown items among the first five ({sum(row['dataset'] in sessions for row in known)})")
    for mode in MODES:
        found, seconds = defaultdict(list), []
        for row in known:
            if row["dataset"] not in sessions:
                continue
            start = time.perf_counter()
            items = ask(sessions[row["dataset"]], row["query"], mode, 5)
            seconds.append(time.perf_counter() - start)
            found[row["kind"]].append(row["item_id"] in items)
            if arguments.misses and row["item_id"] not in items:
                print(f"    {mode}: {row['dataset']}: {row['query']}")
        every = [hit for hits in found.values() for hit in hits]
        kinds = "  ".join(f"{kind} {np.mean(hits):.3f}" for kind, hits in found.items())
        times = f"p50 {1e3 * np.median(seconds):.1f} ms, p95 {1e3 * np.quantile(seconds, 0.95):.1f} ms"
        print(f"{mode:10}recall@5 {np.mean(every):.3f}   {kinds}   {times}")


def read(name: str) -> list[dict[str, str]]:
    with open(FOLDER / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def read_judgements(part: str) -> dict[tuple[str, str], dict[str, int]]:
    """The grades by item id for each data set and query of a part."""
    grades: dict[tuple[str, str], dict[str, int]] = {}
    for row in read("judgements.tsv"):
        grades.setdefault((row["dataset"], row["query"]), {})[row["item_id"]] = int(row["grade"])
    wanted = []
    for name in SETS:
        queries = [row["query"] for row in read("queries.tsv") if row["dataset"] == name]
        queries = {"tuning": queries[::2], "test": queries[1::2], "all": queries}[part]
        wanted += [(name, query) for query in queries]
    return {key: grades[key] for key in wanted}


def ask(session: Session, query: str, mode: str, k: int) -> list[str]:
    return [str(result.item.item_id) for result in session.search.search(query, k, mode).results]


def quality(items: list[str], grades: dict[str, int]) -> tuple[float, float]:
    """nDCG@10, and recall@10 of the items with grade 2."""
    gains = np.zeros(K)
    gains[: len(items)] = [2 ** grades.get(item, 0) - 1 for item in items]
    best = np.zeros(K)
    ideal = sorted((2**grade - 1 for grade in grades.values()), reverse=True)[:K]
    best[: len(ideal)] = ideal
    discounts = 1 / np.log2(np.arange(K) + 2)
    wanted = {item for item, grade in grades.items() if grade == 2}
    return float(gains @ discounts / (best @ discounts)), len(wanted & set(items)) / min(K, len(wanted))


def interval(values: Any) -> str:
    """The 95 % bootstrap interval of the mean (Efron, 1979), as text."""
    random = np.random.RandomState(42)
    means = random.choice(values, (10_000, len(values))).mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{low:+.3f} .. {high:+.3f}" if low < 0 or values.min() < 0 else f"{low:.3f} .. {high:.3f}"


if __name__ == "__main__":
    main()
