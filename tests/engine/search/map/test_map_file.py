"""The file of a map: what was written comes back, and nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import DamagedError, MissingError
from engine.search.map.item_map import ItemMap
from engine.search.map.map_file import read_map, stored_map, write_map
from engine.search.map.regions import MapRegion

MAP = ItemMap(
    np.array([2, 1, 3]),
    np.array([[0, 1], [0.5, -1], [-0.5, 0]], dtype=np.float32),
    (MapRegion("War", 0.1, 0, 3, 0),),
    1,
    True,
)


def test_a_map_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_map(tmp_path / "map.npz", "these vectors", MAP)
    found = read_map(tmp_path / "map.npz", "these vectors", 3)
    np.testing.assert_array_equal(found.items, MAP.items)
    np.testing.assert_array_equal(found.points, MAP.points)
    assert (found.regions, found.num_missing, found.refined) == (MAP.regions, 1, True)


def test_the_map_of_other_vectors_counts_as_none(tmp_path: Path) -> None:
    write_map(tmp_path / "map.npz", "these vectors", MAP)
    with pytest.raises(MissingError):
        read_map(tmp_path / "map.npz", "other vectors")
    assert stored_map(tmp_path / "map.npz", "other vectors", 3) is None


def test_a_removed_data_set_does_not_come_back_with_its_map(tmp_path: Path) -> None:
    write_map(tmp_path / "gone" / "map.npz", "these vectors", MAP)
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"items": np.array([2, 1, 99])},
        {"items": np.array([1, 1, 2])},
        {"items": np.array([0, 1, 2])},
        {"items": np.array([1.0, 2.0, 3.0])},
        {"points": np.full((3, 2), np.nan, dtype=np.float32)},
        {"points": np.full((3, 2), 7, dtype=np.float32)},
        {"points": np.zeros((2, 2), dtype=np.float32)},
        {"regions": np.frombuffer(b"[[1, 0, 0, 1, 0]]", dtype=np.uint8)},
        {"regions": np.frombuffer(b'[["War", NaN, 0, 1, 0]]', dtype=np.uint8)},
        {"regions": np.frombuffer(b"[" * 5000, dtype=np.uint8)},
        {"about": np.zeros(1, dtype=np.int64)},
    ],
)
def test_a_forged_file_is_damage(tmp_path: Path, changes: dict[str, Any]) -> None:
    write_map(tmp_path / "map.npz", "these vectors", MAP)
    with np.load(tmp_path / "map.npz") as stored:
        state = {**stored, **changes}
    np.savez(tmp_path / "map.npz", **state)
    with pytest.raises(DamagedError, match=r"map\.npz: is damaged"):
        read_map(tmp_path / "map.npz", "these vectors", 3)
    assert stored_map(tmp_path / "map.npz", "these vectors", 3) is None


def test_a_cut_file_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "map.npz"
    write_map(path, "these vectors", MAP)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DamagedError):
        read_map(path, None)
