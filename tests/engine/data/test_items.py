"""Tests of the item table."""

from __future__ import annotations

import pyarrow as pa
import pytest

from engine.data import items as module
from engine.data.id_map import IdMap
from engine.data.items import ItemTable


@pytest.fixture
def table() -> ItemTable:
    size = 12
    columns = pa.table(
        {
            "title": [f"title {number}" for number in range(1, size + 1)],
            "year": pa.array([None] * size, pa.int32()),
            "genres": pa.array([[]] * size, pa.list_(pa.string())),
            "text": [""] * size,
            "runtime": list(range(1, size + 1)),
        }
    )
    return ItemTable(IdMap(range(1, size + 1), first=1, name="item"), columns)


def test_items_come_in_the_order_asked_for_also_those_that_were_taken_before(
    table: ItemTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CACHE_SIZE", 4)
    for wanted in ([3, 1, 3], [1, 2], [], [12, 11, 10, 9, 8, 7], [7, 3]):
        taken = table.take(wanted)
        assert [item.internal_id for item in taken] == wanted
        assert [(item.title, item.metadata["runtime"]) for item in taken] == [(f"title {one}", one) for one in wanted]


@pytest.mark.parametrize("wrong", [0, 13])
def test_an_id_that_is_none_is_refused(table: ItemTable, wrong: int) -> None:
    with pytest.raises(IndexError, match="1 to 12"):
        table.take([1, wrong])
