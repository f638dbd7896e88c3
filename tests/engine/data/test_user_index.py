from __future__ import annotations

from engine.data.dataset import Dataset
from engine.data.interaction_stats import InteractionStats
from engine.data.user_index import UserIndex, UserSearch, item_counts
from tests.engine.conftest import make_dataset


def test_a_users_items_come_in_order_of_time(dataset: Dataset) -> None:
    user_index = UserIndex(dataset.interactions)
    assert user_index.items(0).tolist() == [1, 4, 3]
    assert user_index.items(1).tolist() == [2, 1]


def test_without_times_the_stored_order_stands() -> None:
    assert UserIndex(make_dataset(times=False).interactions).items(0).tolist() == [3, 1, 4]


def test_item_counts_leave_padding_at_zero(dataset: Dataset) -> None:
    assert item_counts(dataset.interactions).tolist() == [0, 2, 1, 2, 1]


def test_users_are_found_by_part_of_their_id(dataset: Dataset) -> None:
    directory = UserSearch(dataset.users, InteractionStats.of(dataset.interactions))
    assert [one.user_id for one in directory.find("", 2)] == [10, 20]
    assert [one.user_id for one in directory.find("0", 10)] == [10, 20, 30]
    assert [one.user_id for one in directory.find("30", 10)] == [30]
    assert directory.find("nobody", 10) == []
    assert directory.find("1", 10)[0].mean_rating == 4.5
    assert directory.find("1", 10)[0].num_interactions == 3
