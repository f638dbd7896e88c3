"""The profile of a data set: every figure is that of a slow and plain count."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.bins import count_bins, rating_bins, time_bins
from engine.data.dataset import Dataset
from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.data.profile import profile_of
from engine.interactions import Interactions
from tests.engine.conftest import make_dataset

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(1, 5), st.integers(0, 9)), max_size=30)


def dataset_of(rows: list[tuple[int, int, float, int]], num_items: int = 7, **columns: list[object]) -> Dataset:
    """Users 0 to 4, and items of which the first five may have interactions."""
    users, items, ratings, times = (np.array(column) for column in zip(*rows, strict=True)) if rows else ([],) * 4
    table = {
        "title": [f"Film {number}" for number in range(num_items)],
        "year": pa.array([2000] * num_items, pa.int32()),
    }
    table |= {"genres": [["Drama"]] * num_items, "text": ["about"] * num_items, **columns}
    return Dataset(
        "films",
        "table",
        "Films",
        ItemTable(IdMap(np.arange(10, 10 + num_items), first=1), pa.table(table)),
        IdMap(np.arange(5)),
        Interactions(
            np.asarray(users, np.int32),
            np.asarray(items, np.int32),
            ratings=np.asarray(ratings, np.float32),
            timestamps=np.asarray(times, np.int64),
            num_users=5,
            num_items=6,
        ),
    )


def doubts_of(dataset: Dataset) -> dict[str, int]:
    return {one.name: one.count for one in profile_of(dataset).doubts}


@given(ROWS)
def test_the_figures_are_those_of_a_plain_count(rows):
    found = profile_of(dataset_of(rows))
    pairs = Counter((user, item) for user, item, _, _ in rows)
    per_item, per_user = (Counter(row[column] for row in rows) for column in (1, 0))
    doubts = {one.name: one.count for one in found.doubts}
    assert doubts.get("repeats", 0) == sum(pairs.values()) - len(pairs)
    assert doubts.get("one-item-users", 0) == sum(count == 1 for count in per_user.values())
    assert doubts.get("one-user-items", 0) == sum(count == 1 for count in per_item.values())
    assert {one.label: one.count for one in found.ratings} == Counter(str(row[2]) for row in rows)
    assert found.density == pytest.approx(len(pairs) / 25)
    assert [one.count for one in found.popular] == sorted(per_item.values(), reverse=True)
    assert [one.item_id for one in found.unpopular] == [one.item_id for one in found.popular][::-1]
    for one in found.popular:
        ratings = [row[2] for row in rows if row[1] + 9 == one.item_id]
        assert one.mean_rating == pytest.approx(sum(ratings) / len(ratings))


@given(ROWS)
def test_times_out_of_order_and_equal_times_are_counted_for_each_user(rows):
    found = doubts_of(dataset_of(rows))
    of_user = [[row[3] for row in rows if row[0] == user] for user in range(5)]
    late = sum(later < earlier for times in of_user for earlier, later in pairwise(times))
    tied = sum(times.count(one) > 1 for times in of_user for one in times)
    assert found.get("times-out-of-order", 0) == late
    assert found.get("equal-times", 0) == tied


def test_what_the_catalogue_lacks_is_counted():
    rows = [(user, item, 3.0 + user % 2, user * 10 + item) for user in range(5) for item in range(1, 6)]
    found = doubts_of(
        dataset_of(
            rows,
            text=["", None, *["about"] * 5],
            genres=[["Drama"]] * 4 + [[]] * 3,
            year=pa.array([None, *[2000] * 6], pa.int32()),
            title=["Heat", "Heat", "Heat", *"abcd"],
        )
    )
    # The Heat without a year is another one than the two of 2000.
    assert found == {"no-text": 2, "no-genres": 3, "no-year": 1, "never-chosen": 2, "equal-titles": 1}


def test_a_catalogue_without_interactions_and_ratings_has_a_profile():
    found = profile_of(dataset_of([]))
    assert (found.users, found.items, found.ratings, found.times, found.popular) == (None, None, (), (), ())
    bare = make_dataset(ratings=False, times=False)
    assert {one.name for one in profile_of(bare).doubts} >= {"no-times"}
    assert profile_of(bare).mean_rating is None


def test_ratings_that_say_nothing_and_dates_of_tomorrow_are_named():
    found = doubts_of(dataset_of([(0, 1, 5.0, 4_000_000_000), (0, 2, 5.0, 1), (1, 2, float("nan"), 2)]))
    assert (found["equal-ratings"], found["unrated"], found["future-times"]) == (2, 1, 1)


def test_times_that_only_tell_an_order_are_no_dates():
    rows = [(0, 1, 1.0, 1), (0, 2, 2.0, 2)]
    found = profile_of(replace(dataset_of(rows), source={"times": "order"}))
    assert (found.first, found.last, found.times) == (None, None, ())


def test_bins_have_readable_names_and_lose_nothing():
    assert [(one.label, one.count) for one in count_bins(np.array([0, 1, 2, 3, 4, 5, 9]))] == [
        ("1", 1),
        ("2", 1),
        ("3–4", 2),
        ("5–8", 1),
        ("9–16", 1),
    ]
    ratings = np.random.RandomState(0).uniform(0, 100, 1000)
    assert sum(one.count for one in rating_bins(ratings)) == 1000
    assert len(rating_bins(ratings)) == 10
    days = np.array(["2024-01-30", "2024-02-02"], "datetime64[s]").astype(np.int64)
    assert [one.label for one in time_bins(days)] == ["2024-01-30", "2024-01-31", "2024-02-01", "2024-02-02"]
    years = np.array(["1890-01-30", "2024-02-02"], "datetime64[s]").astype(np.int64)
    assert [one.label for one in time_bins(years)] == ["1890s", "2020s"]
