from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pyarrow as pa

from engine.data.features import of_items
from engine.data.id_map import IdMap
from engine.data.items import ItemTable

NUMBER = 24


def test_dates_truth_values_and_lists_are_features() -> None:
    rows = range(NUMBER)
    table = pa.table(
        {
            "title": [f"T{row}" for row in rows],
            "year": pa.nulls(NUMBER, pa.int32()),
            "genres": pa.array([["Noir"]] * 4 + [[]] * 20, pa.list_(pa.string())),
            "text": [""] * NUMBER,
            "printed": [date(1900 + row, 1, 1) for row in rows],
            "added": pa.array([datetime(2020, 1, 1, row) for row in rows], pa.timestamp("s")),
            "owned": [True, False, None] * 8,
            "authors": [["Lee", "Ray"], ["Ray"], ["Once"], None] * 6,
        }
    )
    groups = of_items(ItemTable(IdMap(list(rows), first=1, name="item"), table), NUMBER + 1)
    assert all(len(matrix) == NUMBER + 1 and not matrix[0].any() for matrix in groups.values())
    assert groups["genres"].sum() == 4
    for name in ("printed", "added"):
        assert not np.allclose(groups[name][1], groups[name][NUMBER])
    assert np.array_equal(groups["owned"][1:4], [[0, 1], [1, 0], [0, 0]])  # false, true
    assert groups["authors"].shape[1] == 3
    assert np.count_nonzero(groups["authors"], axis=1)[1:5].tolist() == [2, 1, 1, 0]


def test_a_list_column_with_very_many_texts_gives_a_small_matrix() -> None:
    lists = [[f"one {row}", f"two {row % 3000}", "all"] for row in range(9000)]
    table = pa.table(
        {"title": [""] * 9000, "year": pa.nulls(9000, pa.int32()), "genres": lists, "text": [""] * 9000, "tags": lists}
    )
    groups = of_items(ItemTable(IdMap(list(range(9000)), first=1, name="item"), table), 9001)
    assert 0 < groups["tags"].shape[1] <= 300
    assert 0 < groups["genres"].shape[1] <= 300
