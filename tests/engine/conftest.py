"""A small data set that the engine's tests share."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from engine.data.dataset import Dataset
from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.interactions import Interactions
from engine.models import ModelSpec, registry


def make_dataset(name: str = "tiny", *, ratings: bool = True, times: bool = True) -> Dataset:
    """Three users, five items of which the first four are rated; ids of both kinds."""
    items = IdMap(["alien", "heat", "solaris", "stalker", "unseen"], first=1, name="item")
    table = pa.table(
        {
            "title": ["Alien", "Heat", "Solaris", "Stalker", "Unseen"],
            "year": pa.array([1979, 1995, 1972, 1979, None], pa.int32()),
            "genres": [["Horror", "Science Fiction"], ["Crime"], ["Science Fiction"], ["Science Fiction"], []],
            "text": ["Alien horror", "Heat crime", "Solaris", "Stalker", "Unseen"],
            "director": ["Scott", "Mann", "Tarkovsky", "Tarkovsky", None],
        }
    )
    interactions = Interactions(
        np.array([0, 0, 0, 1, 1, 2], dtype=np.int32),
        np.array([3, 1, 4, 2, 1, 3], dtype=np.int32),
        ratings=np.array([5, 4, 4.5, 2, 3, 1], dtype=np.float32) if ratings else None,
        timestamps=np.array([30, 10, 20, 5, 6, 7]) if times else None,
        num_users=3,
        num_items=5,
    )
    return Dataset(
        name=name,
        kind="table",
        title="Tiny",
        items=ItemTable(items, table),
        users=IdMap(np.array([10, 20, 30]), name="user"),
        interactions=interactions,
        skipped={"no rating": 2},
        source={"ratings": "r.csv"},
    )


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset()


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Adds declarations to the registry for the length of a test."""

    def add(*specs: ModelSpec) -> None:
        known = {**registry.describe(), **{spec.name: spec for spec in specs}}
        monkeypatch.setattr(registry, "describe", lambda: known)

    return add


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Nets that a test makes by hand are the same each time; their models seed only what they make themselves."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
