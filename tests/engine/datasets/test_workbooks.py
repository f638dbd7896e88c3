"""Sheets of workbooks, with the types of their cells."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from engine.data.dataset import Dataset
from engine.datasets import read
from engine.errors import DataError, ErrorKind

from .conftest import outside, zipped
from .servers import serving
from .workbooks import write_ods, write_xls, write_xlsx

LOG = [
    ["user", "item", "rating", "when"],
    [1, "a", 3.5, datetime(2024, 1, 2, 12)],
    [],
    [2.0, "007", 4, date(2024, 1, 3)],
]
ITEMS = [
    ["id", "title", "price", "stock", "live", "since"],
    ["a", "Lamp", 9.5, 3, True, date(2020, 1, 31)],
    ["007", "Tea & hot", 12, None, False, datetime(2021, 2, 28, 6)],
]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    pytest.importorskip("python_calamine", reason="the extra 'excel' is not installed")
    return write_xlsx(tmp_path / "book.xlsx", {"Old": [["x"]], "Log": LOG, "Items": ITEMS}, hidden=["Old"])


def failing(path: Path | str, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read("x", ratings=path, **options)  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert len(sentence) <= 400
    assert "recsys-tui-" not in sentence
    return sentence


def test_the_first_shown_sheet_and_a_named_one(book: Path) -> None:
    dataset = read("x", ratings=book, items=f"{book}#items", mapping={"time": "when"})
    assert outside(dataset) == [(1, "a", 3.5, 1704196800), (2, "007", 4, 1704240000)]
    assert [dataset.items[row].title for row in (1, 2)] == ["Lamp", "Tea & hot"]
    types = {field.name: field.type for field in dataset.items.table.schema}
    assert (types["price"], types["stock"], types["live"]) == (pa.float64(), pa.int64(), pa.bool_())
    assert pa.types.is_timestamp(types["since"])
    assert dataset.items.table["since"].to_pylist() == [datetime(2020, 1, 31), datetime(2021, 2, 28, 6)]
    notes = dataset.source["notes"]
    assert "book.xlsx: the sheet Log was read; other sheets were not: Old, Items." in notes
    assert [one["name"] for one in dataset.source["files"]] == ["book.xlsx", "book.xlsx#Items"]


def test_rows_have_the_numbers_of_the_spreadsheet(tmp_path: Path, book: Path) -> None:
    dataset = read("x", "table", ratings=book)
    assert dataset.skipped == {"blank line": 1}
    assert any("the first at row 3" in note for note in dataset.source["notes"])
    rows = [[], ["user", "item", "rating"], [1, 2, 3], [1, 3, "bad"]]
    assert "row 4, column rating: 'bad' is not a number" in failing(write_xlsx(tmp_path / "a.xlsx", {"Log": rows}))


def test_rows_above_the_names_are_left_out_and_told(tmp_path: Path, book: Path) -> None:
    rows = [["My ratings"], [], [None, date(2024, 5, 1)], ["user", "item", "rating"], [1, 2, 3], [1, 3, 4]]
    dataset = read("x", ratings=write_xlsx(tmp_path / "a.xlsx", {"Log": rows}))
    assert outside(dataset) == [(1, 2, 3.0, None), (1, 3, 4.0, None)]
    assert "a.xlsx: its first 2 rows stand above the names of its columns." in dataset.source["notes"]
    rows[-1][-1] = "bad"
    assert "row 6, column rating: 'bad' is not a number" in failing(write_xlsx(tmp_path / "b.xlsx", {"Log": rows}))


def test_a_sheet_without_names(tmp_path: Path, book: Path) -> None:
    path = write_xlsx(tmp_path / "bare.xlsx", {"Log": [[1, "a", 3], [2, "b", 4]]})
    dataset = read("x", ratings=path, mapping={"user": "#1", "item": "#2", "rating": "#3"})
    assert dataset.num_interactions == 2
    assert any("has no header; its columns are called #1" in note for note in dataset.source["notes"])
    texts = write_xlsx(tmp_path / "texts.xlsx", {"Log": [["ann", "a"], ["bob", "b"]]})
    assert read("x", ratings=texts, header=False, mapping={"user": "#1", "item": "#2"}).num_users == 2


@pytest.mark.parametrize("write", [write_xls, lambda path: write_ods(path, [LOG[0], [1, "a", 3.5, date(2024, 1, 2)]])])
def test_other_workbooks(tmp_path: Path, book: Path, write: Callable[[Path], Path]) -> None:
    dataset: Dataset = read("x", ratings=write(tmp_path / "log"), mapping={"time": "when"})
    assert [(user, item, time) for user, item, _, time in outside(dataset)] == [(1, "a", 1704153600)]


def test_a_workbook_of_a_web_server(book: Path) -> None:
    with serving() as server:
        server.put("/book.xlsx", book)
        dataset = read("x", items=f"{server.url}/book.xlsx?token=1#Items")
    assert dataset.num_items == 2
    assert dataset.source["addresses"][0]["name"] == "book.xlsx"


def test_sentences(tmp_path: Path, book: Path) -> None:
    assert "has no sheet 'Logs'; its sheets are Old, Log, Items" in failing(f"{book}#Logs")
    assert "the sheet None is empty; name another one as" in failing(write_xlsx(tmp_path / "no.xlsx", {"None": []}))
    assert "has no rows of data below its header" in failing(write_xlsx(tmp_path / "a.xlsx", {"A": [["user", "item"]]}))
    assert "log.csv is no workbook" in failing(f"{_text(tmp_path)}#Log")
    (tmp_path / "cut.xlsx").write_bytes(book.read_bytes()[:900])
    assert "cut.xlsx: is cut short or damaged" in failing(tmp_path / "cut.xlsx")
    (tmp_path / "cut.xls").write_bytes(write_xls(tmp_path / "a.xls").read_bytes()[:900])
    assert "cut.xls: is no workbook that can be read, or is damaged" in failing(tmp_path / "cut.xls")
    assert "limit is 100 bytes" in failing(book, max_size=100)
    assert "holds only archives or workbooks (book.xlsx)" in failing_source(tmp_path, book)


def test_a_file_with_a_number_sign_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "log#1.csv"
    path.write_text("user,item\n1,2\n")
    assert read("x", ratings=path).num_interactions == 1


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    for path in (write_xlsx(tmp_path / "log.xlsx", {"Log": LOG}), write_xls(tmp_path / "log.xls")):
        with pytest.raises(DataError, match=f"{path.name} is a workbook: save its sheet as CSV") as caught:
            read("x", ratings=path)
        assert (caught.value.kind, caught.value.name) == (ErrorKind.MISSING_PACKAGE, "python-calamine")


def test_a_document_is_no_workbook(tmp_path: Path) -> None:
    path = zipped(tmp_path / "log.odt", {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"})
    assert "log.odt is an OpenDocument file: save its sheet as CSV" in failing(path)


def _text(folder: Path) -> Path:
    path = folder / "log.csv"
    path.write_text("user,item\n1,2\n")
    return path


def failing_source(folder: Path, book: Path) -> str:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "book.xlsx").write_bytes(book.read_bytes())
    with pytest.raises(DataError) as caught:
        read("x", source=inner)
    return str(caught.value)
