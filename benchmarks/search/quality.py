"""Quality of keyword, semantic and hybrid search on judged queries.

    python benchmarks/search/quality.py [--home DIR] [--part test|tuning|all]

The queries run on the data sets ``anime``, ``movies`` and ``demo`` of the current workspace, as far as they are stored
and embedded; the README.md in this folder describes how they were judged. The program prints:

- of queries of twelve kinds the share with an accepted item among the first five results, with 95 % bootstrap intervals
  over the queries;
- how far a match can be believed: the expected calibration error of the first ten results over ten bins of equal width,
  and how many results of each bin fit;
- how often a search says that it does not have what was asked for;
- of the graded queries nDCG@10 (gains 2^grade - 1) and recall@10 of the items with grade 2, and of searches for one
  item the share that has it among the first five results.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from judged import SETS, JudgedQuery, open_sessions, read, read_queries

from engine.session import Session
from engine.storage.paths import find_paths
from engine.workspace.dataset_store import Workspace

MODES = ("keyword", "semantic", "hybrid")
K = 10
BINS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a RECSYS_TUI_HOME (default: the current one)")
    parser.add_argument("--part", choices=("test", "tuning", "all"), default="test")
    parser.add_argument("--misses", action="store_true", help="name the known items that were not found")
    arguments = parser.parse_args()
    workspace = Workspace(find_paths().data if arguments.home is None else arguments.home / "data")
    sessions = open_sessions(workspace)
    for name, session in sessions.items():
        state = session.search.embedding_state()
        print(f"{name}: {state.done:,} of {state.total:,} embedded by {state.model}")
    queries = [one for one in read_queries(arguments.part) if one.dataset in sessions]
    print_kinds(sessions, queries, arguments.misses)
    for mode in ("hybrid", "keyword", "semantic"):
        print_calibration(sessions, queries, mode)
    print_doubts(sessions, queries, arguments.part)
    judged = read_judgements(arguments.part)
    known = [row for row in read("known_items.tsv") if arguments.part in (row["part"], "all")]
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


def print_kinds(sessions: dict[str, Session], queries: list[JudgedQuery], misses: bool) -> None:
    """Print the share of queries with an accepted item among the first five, by kind and mode."""
    print(f"\nQueries by kind: an accepted item among the first five ({len(queries)})")
    hits: dict[str, dict[str, list[bool]]] = {mode: defaultdict(list) for mode in MODES}
    for query in queries:
        for mode in MODES:
            items = ask(sessions[query.dataset], query.query, mode, 5)
            hit = any(item in query.accepted for item in items)
            for key in (query.kind, "all", f"all of {query.dataset}"):
                hits[mode][key].append(hit)
            if misses and mode == "hybrid" and not hit:
                print(f"    {query.dataset}, {query.kind}: {query.query}")
    print(f"{'':18}{'queries':>8}{'keyword':>9}{'semantic':>10}{'hybrid':>8}{'95 %':>18}")
    kinds = sorted({query.kind for query in queries})
    for key in (*kinds, *(f"all of {name}" for name in sessions), "all"):
        means = {mode: np.mean(hits[mode][key]) for mode in MODES}
        print(
            f"{key:18}{len(hits['hybrid'][key]):8}{means['keyword']:9.3f}{means['semantic']:10.3f}"
            f"{means['hybrid']:8.3f}{interval(np.array(hits['hybrid'][key], dtype=float)):>18}"
        )


def print_calibration(sessions: dict[str, Session], queries: list[JudgedQuery], mode: str) -> None:
    """Print how many of the first ten results fit, by their match, and the expected calibration error."""
    pairs = []
    for query in queries:
        answer = sessions[query.dataset].search.search(query.query, K, mode)
        for result in answer.results:
            fits = query.fits(str(result.item.item_id))
            if fits is not None and not answer.by_popularity:
                pairs.append((result.score, float(fits)))
    scores, labels = np.array(pairs).T
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    error = sum(
        abs(scores[bins == one].mean() - labels[bins == one].mean()) * (bins == one).mean() for one in set(bins)
    )
    print(f"\nMatch of the first ten, {mode}: expected calibration error {error:.3f} ({len(pairs):,} judged results)")
    print("match " + "".join(f"{one / BINS:7.1f}+" for one in range(BINS)))
    print(
        "fits  "
        + "".join(f"{labels[bins == one].mean():8.2f}" if (bins == one).any() else f"{'':8}" for one in range(BINS))
    )


def print_doubts(sessions: dict[str, Session], queries: list[JudgedQuery], part: str) -> None:
    """Print how often an answer says that it may not be what was asked for."""
    said: defaultdict[str, list[bool]] = defaultdict(list)
    for row in read("absent.tsv"):
        if row["dataset"] in sessions and part in (row["part"], "all"):
            said[row["kind"]].append(bool(sessions[row["dataset"]].search.search(row["query"], K).remark))
    for query in queries:
        answer = sessions[query.dataset].search.search(query.query, K)
        found = any(str(one.item.item_id) in query.accepted for one in answer.results[:5])
        said["good queries" if found else "queries that found nothing"].append(bool(answer.remark))
    print("\nAnswers with a remark that they may not be what was asked for")
    for kind, remarks in said.items():
        print(f"{kind:28}{np.mean(remarks):7.3f}   of {len(remarks)}")


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
