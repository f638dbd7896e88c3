"""Searches nudged by one's own ratings: by a trained model, else by meaning, else not at all, which is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.session import Session
from tests.engine.session.test_search import ids, session

__all__ = ["session"]


@pytest.fixture
def rated(session: Session) -> Session:
    session.me.rate(3, 5.0)  # Solaris
    return session


def test_without_ratings_or_a_model_it_is_said_what_is_missing(session: Session) -> None:
    plain = session.search.search("a", mode="keyword")
    answer = session.search.search("a", mode="keyword", for_me="me")
    assert answer.nudged == "not nudged: no item of 'films' is rated in the profile 'me' yet"
    session.me.rate(3, 5.0)
    answer = session.search.search("a", mode="keyword", for_me="me")
    assert "train a model that can answer for new ratings, or embed the catalogue" in answer.nudged
    assert ids(answer) == ids(plain)
    assert plain.nudged == ""


def test_a_trained_model_tells_the_taste_and_follows_each_rating(rated: Session) -> None:
    rated.models.train("ease")
    assert rated.search.search("a", mode="keyword", for_me="me").nudged == "nudged by your ratings (ease)"
    liking_solaris, _ = rated._own_taste.nudge()
    assert rated._own_taste.nudge()[0] is liking_solaris, "computed once"
    rated.me.rate(2, 5.0)  # Heat
    liking_heat, _ = rated._own_taste.nudge()
    assert liking_solaris is not None
    assert liking_heat is not None
    assert liking_heat.values[1] > liking_solaris.values[1]


def test_what_was_rated_low_or_is_not_wanted_is_not_raised_and_still_found(rated: Session) -> None:
    rated.models.train("ease")
    rated.me.rate(1, 1.0)  # Alien
    rated.me.rate(2, None, status="not-interested")  # Heat
    nudge, _ = rated._own_taste.nudge()
    assert nudge is not None
    assert nudge.values[:2].tolist() == [0, 0]
    assert set(ids(rated.search.search("a", mode="keyword", for_me="me"))) == set(
        ids(rated.search.search("a", mode="keyword"))
    )


def test_without_a_model_nearness_in_meaning_tells_the_taste(rated: Session) -> None:
    rated.search.embed()
    answer = rated.search.search("a", mode="keyword", for_me="me")
    assert answer.nudged == "nudged by your ratings (meaning)"
    nudge, _ = rated._own_taste.nudge()
    assert nudge is not None
    assert nudge.values.argmax() == 2, "Solaris itself"
    assert rated._own_taste.nudge()[0] is nudge


@pytest.mark.parametrize("mode", ["keyword", "semantic", "hybrid"])
def test_a_match_says_the_same_with_and_without_a_nudge(rated: Session, mode: str) -> None:
    rated.search.embed()
    rated.search.warm_up()
    plain = rated.search.search("engineers on a planet", mode=mode)
    nudged = rated.search.search("engineers on a planet", mode=mode, for_me="me")
    assert nudged.nudged
    scores = {one.item.item_id: one.score for one in plain.results}
    for one in nudged.results:
        assert one.score == pytest.approx(scores[one.item.item_id])
    parts = dict(rated.search.explain("engineers on a planet", "solaris", mode, for_me="me"))
    assert parts["taste"] > 0


def test_a_damaged_profile_takes_nothing_away_from_a_search(rated: Session, tmp_path: Path) -> None:
    (file,) = (tmp_path / "home" / "data" / "profiles").glob("me.jsonl")
    file.write_text("{")
    answer = rated.search.search("thief", mode="keyword", for_me="me")
    assert ids(answer) == ["heat"]
    assert answer.nudged.startswith("not nudged: ")
