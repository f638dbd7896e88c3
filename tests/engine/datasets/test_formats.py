"""The same rows in every packing, line end and format come out the same."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.datasets import guess_kind, read
from engine.datasets.formats.ids import to_ids
from engine.datasets.formats.times import to_times
from engine.datasets.formats.values import BadValueError, to_numbers
from engine.errors import CancelledError, DataError, OptionError
from engine.runtime.job import Job, Progress

from .conftest import RATINGS_HEADER, Write, assert_accounted, outside, zipped

ROWS = RATINGS_HEADER + "1,31,2.5,100\n1,1029,3.0,101\n2,31,4,102\n"
EXPECTED = [(1, 31, 2.5, 100), (1, 1029, 3.0, 101), (2, 31, 4.0, 102)]


@pytest.mark.parametrize(
    "text",
    [
        ROWS,
        ROWS.replace("\n", "\r\n"),
        ROWS.replace("\n", "\r"),
        ROWS.rstrip("\n"),
        "\ufeff" + ROWS,
        "\n\n" + ROWS,
        ROWS.replace(",", "\t"),
        ROWS.replace(",", ";"),
        "\n".join(",".join(f'"{field}"' for field in line.split(",")) for line in ROWS.splitlines()),
    ],
    ids=["lf", "crlf", "cr", "no end", "bom", "blank lines first", "tabs", "semicolons", "quoted"],
)
@pytest.mark.parametrize("packing", ["plain", "gz", "zip"])
def test_line_ends_marks_and_packings(write: Write, text: str, packing: str) -> None:
    if packing == "zip":
        path = zipped(write("x", "").parent / "r.zip", {"__MACOSX/._ratings.csv": "x", "in/ratings.csv": text})
    else:
        path = write("ratings.csv.gz" if packing == "gz" else "ratings.csv", text)
    assert outside(read("x", ratings=path)) == EXPECTED


def test_columns_in_another_order_with_more_of_them(write: Write) -> None:
    path = write("ratings.csv", "note,rating,Timestamp,movieId,userId\nx,2.5,100,31,1\n")
    assert outside(read("x", "movielens", ratings=path)) == [(1, 31, 2.5, 100)]


def test_quoted_line_breaks_are_part_of_a_row(write: Write) -> None:
    items = write("items.csv", 'id,title,about\n1,One,"two\r\nlines, and ""quotes"""\n2,Two,\n')
    dataset = read("x", "table", items=items)
    assert dataset.num_items == 2
    assert dataset.items[1].metadata["about"] == 'two\r\nlines, and "quotes"'


@pytest.mark.parametrize("form", ["tsv", "jsonl", "parquet", "jsonl.gz"])
def test_table_in_every_format(write: Write, tmp_path: Path, form: str) -> None:
    header, *rows = (line.split(",") for line in ROWS.splitlines())
    path = tmp_path / f"log.{form}"
    if form == "tsv":
        write(path.name, ROWS.replace(",", "\t"))
    elif form.startswith("jsonl"):
        types = (int, int, float, int)
        records = [{name: to(value) for name, to, value in zip(header, types, row, strict=True)} for row in rows]
        write(path.name, "\n\n".join(json.dumps(record) for record in records))
    else:
        user, item, rating, time = zip(*rows, strict=True)
        stored = {"userId": [int(one) for one in user], "movieId": [float(one) for one in item]}
        stored |= {"rating": [float(one) for one in rating]}
        moments = pa.array([int(one) * 1000 for one in time], pa.timestamp("ms", "Europe/Vienna"))
        pq.write_table(pa.table({**stored, "timestamp": moments}), path)
    dataset = read("x", "table", ratings=path)
    assert outside(dataset) == EXPECTED
    assert_accounted(dataset)


def test_table_with_named_columns(write: Write) -> None:
    ratings = write("log.csv", "uid,sku,stars,ts,user\nu1,a,3,2024-05-31,x\nu2,b,4,2024-05-31T10:00:00Z,x\n")
    items = write("goods.csv", "sku,name,description,price\na,Apple,red,1\nb,Banana,,2\nc,Cherry,dark,3\n")
    mapping = {"user": "uid", "item": "sku", "rating": "stars", "time": "ts", "id": "sku", "title": "name"}
    dataset = read(
        "x", ratings=ratings, items=items, mapping={**mapping, "text": ["name", "description"]}, kind="table"
    )
    may = int(datetime.fromisoformat("2024-05-31T00:00:00+00:00").timestamp())
    assert outside(dataset) == [("u1", "a", 3.0, may), ("u2", "b", 4.0, may + 36_000)]
    assert dataset.items.texts() == ["Apple. red", "Banana", "Cherry. dark"]
    assert dict(dataset.items[1].metadata) == {"description": "red", "price": 1}
    assert dataset.source["notes"] == ["log.csv: columns not used: user (always 'x')."]


def test_table_says_which_columns_it_took(write: Write) -> None:
    items = write("books.csv", "isbn,title,genre,year,item_id,text\n3,Dune,SF|Epic,1965,z,Sand\n1,Emma,,1815,y,\n")
    dataset = read("x", items=items, mapping={"id": "isbn"})
    assert dataset.kind == "table"
    dune, emma = dataset.items.take([1, 2])
    assert (dune.item_id, dune.title, dune.year, dune.genres) == (3, "Dune", 1965, ("SF", "Epic"))
    assert dune.text == "Dune. SF, Epic. Sand"
    assert (emma.genres, emma.text) == ((), "Emma")
    assert dune.metadata["item_id_in_file"] == "z"  # the engine's own names give way to nobody
    assert any("title = title" in note for note in dataset.source["notes"])


def test_times_in_milliseconds_are_noticed(write: Write) -> None:
    dataset = read("x", ratings=write("log.csv", "user,item,rating,ts\n1,2,3,1700000000123\n"))
    assert outside(dataset)[0][3] == 1_700_000_000
    assert any("milliseconds" in note for note in dataset.source["notes"])


def test_spelled_values() -> None:
    assert to_ids(pa.array([" 7", "8 ", ""])).to_pylist() == [7, 8, None]
    assert to_ids(pa.array(["7", "+8"])).to_pylist() == ["7", "+8"]
    assert to_ids(pa.array([7.0, None])).to_pylist() == [7, None]
    assert to_ids(pa.array(["9223372036854775808"])).to_pylist() == ["9223372036854775808"]
    assert to_numbers(pa.array(["1", " 2.5 ", "+3", "1e1", "", "NaN", "null"])).to_pylist() == [
        *(1.0, 2.5, 3.0, 10.0),
        *(None, None, None),
    ]
    assert to_times(pa.array(["10", "10.9", "8.81250949E8", ""])).to_pylist() == [10, 10, 881_250_949, None]
    assert to_times(pa.array(["1969-12-31 23:59:59.5", " 1970-01-02", "NaN"])).to_pylist() == [-1, 86_400, None]
    assert to_times(pa.array(["1970-01-01T01:00:00+01:00", "1970-01-01T00:00:01Z"])).to_pylist() == [0, 1]
    assert to_times(pa.array(["1970-01-01T01:00:00+01:00", "1970-01-01"])).to_pylist() == [0, 0]
    with pytest.raises(BadValueError, match="'x' is not a number") as caught:
        to_numbers(pa.array(["1", "x", "y"]))
    assert caught.value.position == 1


def test_progress_counts_rows_and_cancel_stops(write: Write) -> None:
    path = write("ratings.csv", RATINGS_HEADER + "".join(f"{n},{n % 99},3,{n}\n" for n in range(800_000)))
    seen: list[Progress] = []
    read("x", ratings=path, job=Job(seen.append))
    assert [one.done for one in seen] == sorted({one.done for one in seen})
    assert (seen[-1].done, seen[-1].unit) == (800_000, "rows")
    assert {one.stage for one in seen} == {"reading ratings.csv"}
    assert len(seen) > 2

    stopping = Job(lambda progress: stopping.cancel())
    with pytest.raises(CancelledError):
        read("x", ratings=path, job=stopping)


@pytest.mark.parametrize(
    ("kind", "role", "name", "content"),
    [
        ("anime", "items", "a.csv", "anime_id,name,genre,type,episodes,rating,members\n"),
        ("anime", "ratings", "b.csv", "user_id,anime_id,rating\n"),
        ("movies", "items", "c.csv", "genres,imdb_id,original_title,title\n"),
        ("movielens", "ratings", "d.csv", RATINGS_HEADER),
        ("movielens", "items", "e.csv", "movieId,title,genres\n"),
        ("movielens", "ratings", "f", "1::2::3::4\n"),
        ("movielens", "items", "g", "1::Heat (1995)::Crime\n"),
        ("movielens", "ratings", "h", "1\t2\t3\t4\n"),
        ("recbole", "ratings", "i.csv", "user_id:token\titem_id:token\n"),
        ("table", "ratings", "j.tsv", "user\titem\tstars\n"),
        ("table", "items", "k.csv", "sku,name\n"),
        ("table", "ratings", "l.jsonl", '{"uid": 1, "sku": 2}\n'),
    ],
)
def test_kind_is_told_from_the_header(write: Write, kind: str, role: str, name: str, content: str) -> None:
    assert guess_kind(**{role: write(name, content)}) == kind


def test_kind_is_told_from_a_folder(write: Write, tmp_path: Path) -> None:
    for name, content in {"ratings.csv": RATINGS_HEADER, "movies.csv": "movieId,title,genres\n"}.items():
        write(f"ml-x/{name}", content)
    assert guess_kind(source=tmp_path / "ml-x") == "movielens"
    assert guess_kind(source=tmp_path) == "movielens"  # one level up will do
    write("atomic/a.inter", "user_id:token\titem_id:token\n")
    assert guess_kind(source=tmp_path / "atomic") == "recbole"


@pytest.mark.parametrize("columns", [("userId", "movieId", "rating"), ("user_id", "anime_id", "rating")])
def test_a_copy_in_parquet_of_a_published_text_is_a_table(tmp_path: Path, columns: tuple[str, ...]) -> None:
    path = tmp_path / "ratings.parquet"
    pq.write_table(pa.table({one: [1, 2] for one in columns}), path)
    dataset = read("x", ratings=path)
    assert (dataset.kind, dataset.num_interactions) == ("table", 2)


def test_a_pattern_of_items_is_one_catalogue(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("user,item\n1,1\n1,3\n")
    parts = [
        {"id": [1, 2], "title": ["One", "Two"], "pages": [10, 20], "code": [1, 2]},
        {"id": [3, 4], "title": ["Three", "Four"], "pages": [None, 1.5], "code": ["a", None], "more": [1, 2]},
    ]
    for number, part in enumerate(parts):
        pq.write_table(pa.table(part), tmp_path / f"part-{number}.parquet")
    dataset = read("x", ratings=log, items=str(tmp_path / "part-*.parquet"))
    assert [dataset.items[row].title for row in (1, 2, 3, 4)] == ["One", "Three", "Two", "Four"]
    assert dataset.items.table["pages"].to_pylist() == [10.0, None, 20.0, 1.5]
    assert dataset.items.table["code"].to_pylist() == ["1", "a", "2", None]
    assert any("were not used: more" in note for note in dataset.source["notes"])
    assert dataset.source["files"][1]["name"] == "part-0.parquet and 1 more file"
    pq.write_table(pa.table({"id": [4]}), tmp_path / "part-2.parquet")
    with pytest.raises(DataError, match=r"part-2.parquet: has no column 'title', which part-0.parquet has"):
        read("x", ratings=log, items=str(tmp_path / "part-*.parquet"))
    with pytest.raises(OptionError, match="several files of ratings or of items are for the kind 'table'"):
        read("x", "movielens", items=str(tmp_path / "part-*.parquet"))
