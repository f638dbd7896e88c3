"""The users who rated an item highest."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from engine.data.dataset import Dataset
from engine.errors import UnknownError
from engine.session import Session
from engine.workspace.dataset_store import Workspace


def opened(folder: Path, log: pd.DataFrame) -> Session:
    workspace = Workspace(folder)
    workspace.add(
        Dataset.from_pandas(log, pd.DataFrame({"id": ["x", "y", "alone"], "title": ["X", "Y", "Alone"]}), name="fans")
    )
    return Session(workspace, "fans")


def test_the_highest_ratings_come_first_and_of_equal_ones_those_of_strict_users(tmp_path: Path) -> None:
    rows = [("mild", "x", 5, 1), ("mild", "y", 5, 2), ("strict", "x", 5, 3), ("strict", "y", 1, 4), ("cool", "x", 2, 5)]
    users = opened(tmp_path, pd.DataFrame(rows, columns=["user", "item", "rating", "time"])).users
    fans = users.fans("x")
    assert [(fan.user.user_id, fan.rating) for fan in fans] == [("strict", 5.0), ("mild", 5.0), ("cool", 2.0)]
    assert fans[0].user.mean_rating == 3.0
    assert users.fans("x", 1) == fans[:1]
    assert users.fans("alone") == []


def test_who_rated_an_item_again_counts_once_with_the_latest_rating(tmp_path: Path) -> None:
    rows = [("a", "x", 5, 20), ("a", "x", 1, 30), ("a", "x", 4, 10), ("b", "x", 3, 1)]
    users = opened(tmp_path, pd.DataFrame(rows, columns=["user", "item", "rating", "time"])).users
    assert [(fan.user.user_id, fan.rating) for fan in users.fans("x")] == [("b", 3.0), ("a", 1.0)]


def test_without_ratings_those_who_know_little_else_come_first(tmp_path: Path) -> None:
    rows = [("busy", "x"), ("busy", "y"), ("new", "x")]
    users = opened(tmp_path, pd.DataFrame(rows, columns=["user", "item"])).users
    assert [(fan.user.user_id, fan.rating) for fan in users.fans("x")] == [("new", None), ("busy", None)]


def test_an_unknown_item_is_an_error(tmp_path: Path) -> None:
    users = opened(tmp_path, pd.DataFrame([("a", "x")], columns=["user", "item"])).users
    with pytest.raises(UnknownError, match="nothing"):
        users.fans("nothing")
