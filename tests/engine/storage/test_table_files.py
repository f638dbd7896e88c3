"""Tables written to CSV, JSON lines and Parquet, with whatever text the data holds."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from engine.errors import DataError
from engine.storage.table_files import TABLE_FORMATS, write_tables

SCHEMA = pa.schema([("id", pa.int64()), ("title", pa.string()), ("score", pa.float32())])
ROWS: list[dict[str, Any]] = [
    {"id": -1, "title": "Heat", "score": 0.1},
    {"id": 2, "title": 'a,"b"\r\nc\rd', "score": -1e-9},
    {"id": 3, "title": "", "score": None},
    {"id": 4, "title": "\x1b[2J\u202e\u0085=1", "score": float("nan")},
    {"id": 5, "title": "侍", "score": float("inf")},
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.table({name: [row[name] for row in rows] for name in SCHEMA.names}, SCHEMA)


def write(path: Path, rows: list[dict[str, Any]], **options: Any) -> bytes:
    assert write_tables(path, SCHEMA, [table_of(rows[:2]), table_of(rows[2:])], **options) == len(rows)
    return path.read_bytes()


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_csv_has_a_header_and_no_number_that_is_none(tmp_path: Path) -> None:
    header, *rows = read_csv(write(tmp_path / "t.csv", ROWS))
    assert header == SCHEMA.names
    assert [row[1] for row in rows] == [row["title"] for row in ROWS]
    assert [row[2] for row in rows] == ["0.1", "-1e-9", "", "", ""]


def test_json_lines_are_strict_json_that_no_terminal_obeys(tmp_path: Path) -> None:
    content = write(tmp_path / "t.jsonl", ROWS).decode()
    rows = [json.loads(line) for line in content.splitlines()]
    assert [row["title"] for row in rows] == [row["title"] for row in ROWS]
    assert [row["score"] for row in rows] == [0.1, -1e-9, None, None, None]
    assert all(character.isprintable() or character == "\n" for character in content)
    assert "侍" in content


def test_parquet_keeps_types_and_numbers(tmp_path: Path) -> None:
    write(tmp_path / "t.parquet", ROWS)
    table = parquet.read_table(tmp_path / "t.parquet")
    assert table.schema.equals(SCHEMA)
    assert table.column("title").to_pylist() == [row["title"] for row in ROWS]


def test_vectors_are_lists_of_numbers_in_json_lines(tmp_path: Path) -> None:
    schema = pa.schema([("vector", pa.list_(pa.float32(), 2))])
    table = pa.table([pa.array([[0.1, 2], [3, -4.5], [5, 6]], schema.field(0).type)], schema)
    write_tables(tmp_path / "t.jsonl", schema, [table.slice(1), table.slice(0, 1)])
    lines = (tmp_path / "t.jsonl").read_text().splitlines()
    assert [json.loads(line)["vector"] for line in lines] == [[3, -4.5], [5, 6], [0.1, 2]]


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), TEXTS), max_size=8))
def test_every_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    rows = [{"id": number, "title": title, "score": 1.0} for number, title in pairs]
    _, *found = read_csv(write(folder / "t.csv", rows))
    assert [(int(row[0]), row[1]) for row in found] == pairs
    lines = write(folder / "t.jsonl", rows).decode().split("\n")[:-1]
    assert [(row["id"], row["title"]) for row in map(json.loads, lines)] == pairs


def test_cells_of_csv_are_prepared_and_those_of_other_formats_are_not(tmp_path: Path) -> None:
    seen: list[str] = []
    rows = [{"id": -1, "title": "=1+1", "score": -1.0}] * 3
    content = write(tmp_path / "t.csv", rows, prepare_cell=lambda text: seen.append(text) or f"'{text}")
    assert read_csv(content)[1:] == [["-1", "'=1+1", "-1"]] * 3
    assert seen.count("=1+1") == 2, "once in each of the two tables"
    assert b"'" not in write(tmp_path / "t.jsonl", rows, prepare_cell=lambda text: f"'{text}")


@pytest.mark.parametrize("ending", TABLE_FORMATS)
def test_no_rows_make_an_empty_table(tmp_path: Path, ending: str) -> None:
    assert write_tables(tmp_path / f"t{ending}", SCHEMA, []) == 0
    assert (tmp_path / f"t{ending}").exists()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ending", TABLE_FORMATS)
def test_an_error_on_the_way_leaves_the_old_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t{ending}"
    path.write_text("old")

    def tables() -> Any:
        yield table_of(ROWS)
        raise OSError(28, "No space left on device")

    with pytest.raises(DataError, match="no space left on device"):
        write_tables(path, SCHEMA, tables())
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "old"
