"""Fit the weights of engine/search/relevance.py on the tuning part of the judged queries.

    python benchmarks/search/fit.py [--home DIR]

The data sets ``anime``, ``movies`` and ``demo`` are stored and embedded in the workspace. The weights of the sum
minimise the loss of ListNet (Cao et al., 2007) over the candidates of each query; those of the logistic function are
fitted on the first ten results of each query (Platt, 1999). The program prints the constants, and in five-fold
cross-validation how many queries have an accepted item among
the first five, and the expected calibration error. The test part is never read.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from judged import JudgedQuery, open_sessions, read, read_queries
from scipy.optimize import minimize

from engine.search import ranker
from engine.search.evidence import FEATURES
from engine.search.filters.parser import mask
from engine.storage.paths import find_paths
from engine.workspace.dataset_store import Workspace

#: Features that may speak against an item. All others speak for it, however few queries there are to learn that from.
EITHER_WAY = ("undescribed",)
SHOWN, PENALTY, FOLDS = 10, 3.0, 5


@dataclass
class Case:
    """The candidates of a query.

    Attributes
    ----------
    query
        The judged query.
    features
        Shape (num_candidates, len(FEATURES)).
    fits
        1 for an accepted item, 0 otherwise.
    is_judged
        Whether it is known that the item fits or does not.
    known, length
        The share of the query's words that the catalogue has, and how long the query is, from 0 to 1.
    """

    query: JudgedQuery
    features: Any
    fits: Any
    is_judged: Any
    known: float
    length: float

    def rows(self, sums: Any, places: Any) -> Any:
        """What the logistic function weighs of some candidates, shape (len(places), 4)."""
        return np.array([(sums[one], 1.0, self.known, self.length) for one in places]).reshape(-1, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a RECSYS_TUI_HOME (default: the current one)")
    arguments = parser.parse_args()
    workspace = Workspace(find_paths().data if arguments.home is None else arguments.home / "data")
    sessions = open_sessions(workspace)
    queries = [one for one in read_queries("tuning") if one.dataset in sessions]
    absent = [
        JudgedQuery(row["dataset"], row["kind"], row["part"], row["query"], frozenset(), frozenset())
        for row in read("absent.tsv")
        if row["part"] == "tuning" and row["dataset"] in sessions
    ]
    for name, calibration, by_meaning in (
        ("WEIGHTS", "CALIBRATION", True),
        ("WORD_WEIGHTS", "WORD_CALIBRATION", False),
    ):
        cases = [case for one in queries if (case := candidates(sessions, one, by_meaning)) is not None]
        hopeless = [case for one in absent if (case := candidates(sessions, one, by_meaning)) is not None]
        report(cases, hopeless)
        weights = fit(cases)
        print(f"{name}: Mapping[str, float] = {{")
        for feature, weight in zip(FEATURES, weights, strict=True):
            if weight:
                print(f'    "{feature}": {weight:.2f},')
        print("}")
        print(f"{calibration} = ({', '.join(f'{one:.3f}' for one in calibrate(cases + hopeless, weights))})")
    calibrate_cosines(sessions, queries + absent)


def candidates(sessions: Any, query: JudgedQuery, by_meaning: bool) -> Case | None:
    """The candidates of a query and their features; None if nothing is left to search for."""
    index = sessions[query.dataset].search._search
    request = index.request(query.query)
    allowed = mask(request.filters, index.fields)
    if request.is_empty or (allowed is not None and not allowed.any()) or request.moved is not None:
        return None
    evidence = index._ranker.evidence(request, SHOWN, allowed, by_meaning=by_meaning)
    if not len(evidence.rows):
        return None
    fits = [query.fits(str(index.items.id_map.decode_one(row + 1))) for row in evidence.rows.tolist()]
    is_judged = np.array([one is not None or query.kind in ("absent", "gibberish") for one in fits])
    return Case(
        query,
        evidence.features,
        np.array([float(bool(one)) for one in fits]),
        is_judged,
        evidence.coverage.known,
        evidence.length,
    )


def fit(cases: list[Case]) -> Any:
    """The weights of the features, shape (len(FEATURES),)."""
    stacked = np.concatenate([case.features for case in cases])
    scale = stacked.std(axis=0)
    used = scale > 1e-9
    scaled = [(case.features[:, used] / scale[used], case.fits) for case in cases if case.fits.any()]

    def loss(weights: Any) -> tuple[float, Any]:
        total, gradient = PENALTY * weights @ weights / 2, PENALTY * weights
        for features, fits in scaled:
            sums = features @ weights
            chances = np.exp(sums - sums.max())
            chances /= chances.sum()
            # Half of the loss asks that any accepted item comes first, half that all of them do.
            all_first, any_first = fits / fits.sum(), chances * fits / max(1e-12, chances @ fits)
            total -= 0.5 * np.log(max(1e-12, chances @ fits)) + 0.5 * all_first @ np.log(np.maximum(chances, 1e-12))
            gradient = gradient - features.T @ (0.5 * (all_first + any_first) - chances)
        return total, gradient

    found = np.zeros(len(FEATURES))
    bounds = [(None, None) if name in EITHER_WAY else (0, None) for name in np.array(FEATURES)[used]]
    found[used] = minimize(loss, np.zeros(used.sum()), jac=True, method="L-BFGS-B", bounds=bounds).x / scale[used]
    return found


def calibrate(cases: list[Case], weights: Any) -> Any:
    """The slope, the offset, and the weights of :attr:`Case.known` and :attr:`Case.length` in the logistic function."""
    rows, labels = zip(*(shown(case, weights) for case in cases), strict=True)
    return logistic_regression(np.concatenate(rows), np.concatenate(labels))


def shown(case: Case, weights: Any) -> tuple[Any, Any]:
    """What the logistic function weighs of the judged results among the first ten, and whether they fit."""
    sums = case.features @ weights
    first = np.argsort(-sums, kind="stable")[:SHOWN]
    first = first[case.is_judged[first]]
    return case.rows(sums, first), case.fits[first]


def calibration_error(matches: Any, fits: Any) -> float:
    """The expected calibration error over ten bins."""
    bins = np.minimum((matches * 10).astype(int), 9)
    return float(
        sum(abs(matches[bins == one].mean() - fits[bins == one].mean()) * (bins == one).mean() for one in set(bins))
    )


def calibrate_cosines(sessions: Any, queries: list[JudgedQuery]) -> None:
    rows, labels = [], []
    for query in queries:
        index = sessions[query.dataset].search._search
        ranking = ranker.by_meaning(index.semantic, query.query, SHOWN, None)
        for row, cosine in ranking.cosines.items():
            fits = query.fits(str(index.items.id_map.decode_one(row + 1)))
            if fits is not None or query.kind in ("absent", "gibberish"):
                rows.append((cosine, 1.0))
                labels.append(float(bool(fits)))
    slope, offset = logistic_regression(np.array(rows), np.array(labels))
    print(f"COSINE_CALIBRATION = ({slope:.3f}, {offset:.3f})")


def logistic_regression(rows: Any, labels: Any, bounds: Any = None) -> Any:
    def loss(weights: Any) -> tuple[float, Any]:
        sums = rows @ weights
        chances = 1 / (1 + np.exp(-np.clip(sums, -60, 60)))
        value = np.logaddexp(0, sums).sum() - labels @ sums + 1e-3 * weights @ weights
        return value, rows.T @ (chances - labels) + 2e-3 * weights

    return minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x


def report(cases: list[Case], hopeless: list[Case]) -> None:
    """Print, in cross-validation, how many queries have a hit among the first five, and the error of the matches."""
    order = np.random.RandomState(0).permutation(len(cases))
    hits, matches, labels = defaultdict(list), [], []
    for fold in range(FOLDS):
        others = [cases[one] for place, one in enumerate(order) if place % FOLDS != fold]
        weights = fit(others)
        calibration = calibrate(others + hopeless, weights)
        for one in order[fold::FOLDS]:
            first = np.argsort(-(cases[one].features @ weights), kind="stable")[:5]
            hits[cases[one].query.kind].append(bool(cases[one].fits[first].any()))
            rows, fits = shown(cases[one], weights)
            matches.append(1 / (1 + np.exp(-(rows @ calibration))))
            labels.append(fits)
    every = [hit for of_kind in hits.values() for hit in of_kind]
    kinds = "  ".join(f"{kind} {np.mean(of_kind):.2f}" for kind, of_kind in sorted(hits.items()))
    print(f"# {len(cases)} queries, {FOLDS}-fold hit@5 {np.mean(every):.3f}   {kinds}")
    error = calibration_error(np.concatenate(matches), np.concatenate(labels))
    print(f"# expected calibration error in {FOLDS}-fold cross-validation {error:.3f}")


if __name__ == "__main__":
    main()
