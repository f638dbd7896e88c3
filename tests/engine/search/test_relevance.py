"""The estimate of how well an item fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.search.evidence import Evidence
from engine.search.lexical.coverage import Coverage
from engine.search.relevance import match, weighted


def evidence(num_rows: int, num_words: int, *, by_meaning: bool) -> Evidence:
    """Items of which each has half of a query of so many words."""
    half, no = np.full(num_rows, 0.5, dtype=np.float32), np.zeros(num_rows, dtype=bool)
    return Evidence(
        rows=np.arange(num_rows),
        coverage=Coverage(half, half, half, 1.0),
        keyword_scores=np.ones(num_rows),
        exact=no,
        nearly=no,
        popularity=np.full(num_rows, 0.5),
        undescribed=no,
        num_words=num_words,
        cosines=np.full(num_rows, 0.5) if by_meaning else None,
    )


@pytest.mark.parametrize("by_meaning", [False, True])
@pytest.mark.parametrize("num_words", [1, 3, 12])
def test_matches_are_chances_in_the_order_of_the_sums(num_words: int, by_meaning: bool) -> None:
    sums = np.linspace(-10, 30, 200)
    matches = match(evidence(len(sums), num_words, by_meaning=by_meaning), sums)
    assert (np.diff(matches) > 0).all()
    assert matches.min() >= 0
    assert matches.max() <= 1


@pytest.mark.parametrize("by_meaning", [False, True])
def test_a_long_query_asks_for_more(by_meaning: bool) -> None:
    sums = np.array([8.0])
    short, long = (match(evidence(1, number, by_meaning=by_meaning), sums)[0] for number in (2, 6))
    assert long < short


def test_an_exact_title_that_the_model_does_not_know_fits_as_well_as_any_other() -> None:
    is_exact, by_others = np.array([True, True, False]), np.array([0.1, 0.6, 0.6])
    titles = replace(evidence(3, 3, by_meaning=True), exact=is_exact, cosines=by_others, best_cosine=0.7)
    foreign, known, other = match(titles, weighted(titles))
    assert foreign == known > other
    better = replace(titles, cosines=np.array([0.1, 0.8, 0.6]), best_cosine=0.8)
    assert match(better, weighted(better))[1] > known  # what the model does know still counts
