"""A person's taste moves results that fit about equally well, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.search.filters.orders import ORDERS
from engine.search.nudge import Nudge, raise_by_rank
from tests.engine.search.test_hidden import make_index


def likes(*rows: int) -> Nudge:
    values = np.zeros(5)
    values[list(rows)] = 1.0
    return Nudge(values, "nudged by your ratings (als)")


def test_equal_scores_are_raised_alike_and_the_last_not_at_all() -> None:
    raised = raise_by_rank(np.array([5.0, 2.0, 2.0, 2.0, -np.inf]))
    assert raised[0] == 1
    assert not raised[1:].any()
    assert not raise_by_rank(np.array([1.0, -np.inf])).any(), "one known item is first and last"


def test_what_one_would_like_comes_earlier_and_its_match_stays() -> None:
    index = make_index()
    plain = index.search("story", 10, "keyword", adult=True)
    last = plain.results[-1].item
    nudged = index.search("story", 10, "keyword", adult=True, nudge=likes(last.internal_id - 1))
    assert nudged.results[0].item == last
    assert {one.item.title: one.score for one in plain.results} == {one.item.title: one.score for one in nudged.results}
    assert (plain.nudged, nudged.nudged) == ("", "nudged by your ratings (als)")


def test_an_item_with_the_title_that_was_typed_stays_first() -> None:
    index = make_index()
    for row in range(5):
        assert index.search("love", 10, "keyword", adult=True, nudge=likes(row)).results[0].item.title == "Love"


def test_a_clearly_better_match_stays_ahead() -> None:
    index = make_index()
    plain = index.search("young love", 10, "keyword", adult=True).results
    best, worst = plain[0], plain[-1]
    assert best.score - worst.score > 0.15
    nudged = index.search("young love", 10, "keyword", adult=True, nudge=likes(worst.item.internal_id - 1))
    assert nudged.results[0].item == best.item


def test_an_order_that_was_asked_for_is_not_nudged() -> None:
    index, order = make_index(), "year"
    assert order in ORDERS
    plain = index.search("love", 10, "keyword", adult=True, order="year")
    nudged = index.search("love", 10, "keyword", adult=True, order="year", nudge=likes(0, 3))
    assert replace(plain, whole=None) == replace(nudged, whole=None)
    assert not nudged.nudged


def test_the_nudge_is_a_part_of_the_explanation() -> None:
    index = make_index()
    assert "taste" not in index.explain("love", 2, "keyword", adult=True)
    assert index.explain("love", 2, "keyword", adult=True, nudge=likes(1))["taste"] > 0
    assert index.explain("love", 3, "keyword", adult=True, nudge=likes(1))["taste"] == 0
