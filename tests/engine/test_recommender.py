from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from engine.data.dataset import Dataset
from engine.errors import ErrorKind, LearningError, RecsysError, UnknownError
from engine.recommender import Recommender


class Scored:
    """A model that says what it is told to."""

    def __init__(self, *scores: float) -> None:
        self.scores = np.array(scores, dtype=np.float32)

    def predict(self, ids: Any, item_ids: Any = None) -> npt.NDArray[np.float32]:
        return self.scores

    def probabilities(self, sequence: Any) -> npt.NDArray[np.float32]:
        exponentials = np.exp(self.scores)
        return exponentials / exponentials.sum()

    def item_vectors(self) -> npt.NDArray[np.float32]:
        return np.array([[9, 9], [1, 0], [0, 1], [1, 0.1], [-1, 0]], dtype=np.float32)


def test_recommendations_leave_out_padding_and_what_is_known(dataset: Dataset) -> None:
    recommender = Recommender(dataset, Scored(99, 1, 7, 3, 4), rating_range=(1.0, 5.0))
    results = recommender.recommend(20)  # knows heat and alien
    assert [result.item.item_id for result in results] == ["stalker", "solaris"]
    assert [result.rank for result in results] == [1, 2]
    assert [result.predicted_rating for result in results] == [4, 3]
    with_seen = recommender.recommend(20, filter_seen=False)
    assert [result.item.item_id for result in with_seen] == ["heat", "stalker", "solaris", "alien"]
    assert with_seen[0].predicted_rating == 5, "shown on the scale of the ratings"


def test_a_lone_high_rating_does_not_lead_the_list(dataset: Dataset) -> None:
    # alien has two ratings, heat one: at equal predictions the one that is better known goes first.
    results = Recommender(dataset, Scored(0, 4, 4, 3, 3), rating_range=(1.0, 5.0)).recommend(30)
    assert [result.item.item_id for result in results][:2] == ["alien", "heat"]
    assert [result.predicted_rating for result in results][:2] == [4, 4]


def test_fewer_come_back_where_fewer_are_left(dataset: Dataset) -> None:
    assert len(Recommender(dataset, Scored(0, 1, 2, 3, 4)).recommend(10, k=50)) == 1


def test_what_the_model_cannot_rank_is_never_recommended(dataset: Dataset) -> None:
    class Partial(Scored):
        ranked = torch.tensor([False, True, False, True, True])

    recommender = Recommender(dataset, Partial(0, 1, 9, 3, 4))
    assert [result.item.internal_id for result in recommender.recommend(20, k=50, filter_seen=False)] == [4, 3, 1]
    assert [result.item.internal_id for result in recommender.next_items([4], k=50)] == [3, 1]


def test_an_unknown_user_is_said(dataset: Dataset) -> None:
    with pytest.raises(UnknownError, match="no user 99"):
        Recommender(dataset, Scored(0, 1, 2, 3, 4)).recommend(99)


def test_probabilities_are_over_what_can_come_next(dataset: Dataset) -> None:
    results = Recommender(dataset, Scored(50, 1, 1, 1, 2)).next_items([4], k=10)
    assert [result.item.internal_id for result in results] == [1, 2, 3]
    assert [result.probability for result in results] == pytest.approx([1 / 3] * 3)
    everything = Recommender(dataset, Scored(0, 1, 1, 1, 2)).next_items([4], filter_seen=False)
    assert sum(result.probability or 0 for result in everything) == pytest.approx(1)


def test_an_empty_sequence_is_refused(dataset: Dataset) -> None:
    with pytest.raises(RecsysError, match="empty"):
        Recommender(dataset, Scored(0, 1, 1, 1, 2)).next_items([])


def test_similar_items_go_by_the_angle_of_their_vectors_and_none_points_away(dataset: Dataset) -> None:
    recommender = Recommender(dataset, Scored(0))
    assert [result.item.item_id for result in recommender.similar_items("alien")] == ["solaris"]
    with pytest.raises(RecsysError, match="Nobody has rated"):
        recommender.similar_items("unseen")


def test_how_far_off_a_predicted_rating_may_be_comes_with_it(dataset: Dataset) -> None:
    class Doubtful(Scored):
        def std(self, user_ids: Any, item_ids: Any) -> npt.NDArray[np.float32]:
            return np.array([item / 10 for item in item_ids], dtype=np.float32)

    results = Recommender(dataset, Doubtful(0, 1, 2, 3, 4), rating_range=(1.0, 5.0)).recommend(20)
    assert [result.std for result in results] == [pytest.approx(result.item.internal_id / 10) for result in results]
    unrated = Recommender(dataset, Doubtful(0, 1, 2, 3, 4)).recommend(20)
    assert {result.std for result in unrated} == {None}, "the spread of a rating, where ratings are predicted"


def test_a_model_without_numbers_is_said(dataset: Dataset) -> None:
    class Diverged:
        def fit(self, interactions: Any) -> None: ...

        def predict(self, user_ids: Any, item_ids: Any = None) -> np.ndarray:
            return np.full(dataset.num_rated_items + 1, np.nan, dtype=np.float32)

    with pytest.raises(LearningError, match="gives no numbers") as caught:
        Recommender(dataset, Diverged()).recommend(10)
    assert caught.value.kind is ErrorKind.NO_NUMBERS
