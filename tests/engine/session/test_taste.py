"""What a user's interactions say of their taste, and how alike two users are."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.dataset import Dataset
from engine.data.results import ProfileName
from engine.errors import RecsysError, UnknownError
from engine.session import Session
from engine.workspace.dataset_store import Workspace
from tests.engine.conftest import make_dataset


def session(folder: Path, dataset: Dataset) -> Session:
    workspace = Workspace(folder / "data")
    workspace.add(dataset)
    return Session(workspace, dataset.name, device="cpu")


def test_shares_of_genres_stand_beside_everybodys(home: Path, tmp_path: Path, dataset: Dataset) -> None:
    taste = session(tmp_path, dataset).taste.of(10)
    shares = {one.label: (one.share, one.everyone) for one in taste.genres}
    # Of six interactions three are with Solaris or Stalker, two with Alien, one with Heat; user 10 has not seen Heat.
    assert shares["Science Fiction"] == (pytest.approx(1.0), pytest.approx(5 / 6))
    assert shares["Crime"] == (0.0, pytest.approx(1 / 6))
    assert [one.label for one in taste.genres][-1] == "Crime", "the largest difference upwards comes first"
    assert [(one.label, round(one.share, 2)) for one in taste.decades] == [("1970s", 1.0), ("1990s", 0.0)]


def test_ratings_and_activity(home: Path, tmp_path: Path, dataset: Dataset) -> None:
    taste = session(tmp_path, dataset).taste.of(10)
    assert [one.label for one in taste.ratings] == ["1", "2", "3", "4", "4.5", "5"]
    assert sum(one.share for one in taste.ratings) == pytest.approx(1)
    assert sum(one.everyone for one in taste.ratings) == pytest.approx(1)
    assert (taste.mean, taste.everyone_mean) == (4.5, pytest.approx(19.5 / 6))
    assert taste.num_interactions == 3


def test_without_ratings_and_times_there_is_less_to_say(home: Path, tmp_path: Path) -> None:
    bare = session(tmp_path, make_dataset(ratings=False, times=False))
    taste = bare.taste.of(10)
    assert (taste.ratings, taste.activity, taste.mean, taste.everyone_mean) == ((), (), None, None)
    likeness = bare.taste.compare(10, 20)
    assert (likeness.correlation, likeness.difference) == (None, None)
    assert [(one.item.title, one.first, one.second) for one in likeness.common] == [("Alien", None, None)]


def test_two_users_are_compared_by_what_both_have(home: Path, tmp_path: Path, dataset: Dataset) -> None:
    likeness = session(tmp_path, dataset).taste.compare(10, 20)
    assert (likeness.num_first, likeness.num_second, likeness.num_common) == (3, 2, 1)
    assert likeness.jaccard == pytest.approx(1 / 4)
    assert likeness.correlation is None, "one common item does not tell"
    assert likeness.difference == pytest.approx(1.0)
    assert [(one.item.title, one.first, one.second) for one in likeness.common] == [("Alien", 4.0, 3.0)]
    assert likeness.taste is not None
    assert 0 < likeness.taste < 1


def test_a_user_is_like_themselves(home: Path, tmp_path: Path, dataset: Dataset) -> None:
    likeness = session(tmp_path, dataset).taste.compare(10, 10)
    assert (likeness.jaccard, likeness.difference) == (1.0, 0.0)
    assert likeness.taste == pytest.approx(1.0)
    assert likeness.correlation == pytest.approx(1.0)


def test_an_unknown_user_is_said(home: Path, tmp_path: Path, dataset: Dataset) -> None:
    opened = session(tmp_path, dataset)
    with pytest.raises(UnknownError):
        opened.taste.of(99)
    with pytest.raises(UnknownError):
        opened.taste.compare(10, 99)


def test_similar_users_share_most_items(home: Path, tmp_path: Path, dataset: Dataset) -> None:
    opened = session(tmp_path, dataset)
    found = opened.taste.similar(10)
    assert found, "user 20 shares one item"
    assert {one.first for one in found} == {10}
    assert 10 not in [one.second for one in found]
    shares = [one.jaccard for one in found]
    assert shares == sorted(shares, reverse=True)
    everyone = [opened.taste.compare(10, user.user_id) for user in opened.users.find("") if user.user_id != 10]
    assert shares == sorted((one.jaccard for one in everyone if one.num_common), reverse=True), "as by comparing each"
    assert opened.taste.similar(10, 1) == found[:1]
    with pytest.raises(UnknownError):
        opened.taste.similar(999)


def test_a_profile_has_a_taste_and_users_like_it(home: Path, tmp_path: Path, dataset: Dataset) -> None:
    opened = session(tmp_path, dataset)
    me = ProfileName("me")
    with pytest.raises(RecsysError, match="has rated or seen nothing of"):
        opened.taste.of(me)
    opened.me.rate(1, 4.0)
    opened.me.rate(2, None, status="seen")
    opened.me.rate(3, None, status="not-interested")
    taste = opened.taste.of(me)
    assert (taste.user_id, taste.num_interactions, taste.mean) == (me, 2, 4.0)
    assert sum(number for _, number in taste.activity) == 2
    assert sum(one.share for one in taste.ratings) == pytest.approx(1)
    likeness = opened.taste.compare(me, 10)
    assert (likeness.num_first, likeness.num_second) == (2, 3)
    similar = opened.taste.similar(me)
    assert similar
    assert {one.first for one in similar} == {me}
    assert similar[0].num_common > 0
