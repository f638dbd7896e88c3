from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.data.dataset import Dataset
from engine.datasets import read
from engine.datasets.ingest import preview
from engine.workspace.dataset_store import Workspace

from .conftest import Write, assert_accounted

FACTS: list[dict[str, Any]] = [
    {"item_id": 11, "title": "Kim", "pages": 368, "score": 7.5, "printed": "1901-10-01", "owned": True},
    {"item_id": 12, "title": "Tono", "pages": None, "score": 8.0, "printed": None, "owned": False},
    {"item_id": 13, "title": "Jo", "pages": 1024, "score": None, "printed": "2011-02-03", "owned": None},
]
LISTS: list[list[str] | None] = [["Rudyard Kipling"], ["Ann Lee", "Bo Ray"], None]
READ = [
    {"pages": 368, "score": 7.5, "printed": date(1901, 10, 1), "owned": True, "authors": ["Rudyard Kipling"]},
    {"score": 8.0, "owned": False, "authors": ["Ann Lee", "Bo Ray"]},
    {"pages": 1024, "printed": date(2011, 2, 3)},
]


def write_table(form: str, write: Write, tmp_path: Path) -> Path:
    frame = pd.DataFrame(FACTS)  # pages become floats, as in every table with gaps that pandas has held
    if form.startswith("parquet"):
        table = pa.Table.from_pandas(frame) if form == "parquet of pandas" else pa.Table.from_pylist(FACTS)
        pq.write_table(table.append_column("authors", pa.array(LISTS)), tmp_path / "t.parquet")
        return tmp_path / "t.parquet"
    if form == "jsonl":
        lines = [json.dumps({**one, "authors": names}) for one, names in zip(FACTS, LISTS, strict=True)]
        return write("t.jsonl", "\n".join(lines))
    frame["authors"] = [None if one is None else form.join(one) if form != "[" else json.dumps(one) for one in LISTS]
    return write("t.csv", frame.to_csv(index=False, sep="\t" if form == "|" else ",", na_rep="NULL"))


@pytest.mark.parametrize("form", [", ", ";", "|", "[", "jsonl", "parquet", "parquet of pandas"])
def test_a_table_has_the_same_types_in_every_form(form: str, write: Write, tmp_path: Path) -> None:
    dataset = read("x", "table", items=write_table(form, write, tmp_path))
    assert_accounted(dataset)
    assert [dict(item.metadata) for item in dataset.items.take([1, 2, 3])] == READ
    workspace = Workspace(tmp_path / "home")
    workspace.add(dataset)
    assert [dict(item.metadata) for item in workspace.open("x").items.take([1, 2, 3])] == READ


def catalogue(write: Write, content: str) -> Dataset:
    return read("x", "table", items=write("t.csv", content))


@pytest.mark.parametrize(
    ("cells", "genres"),
    [
        (["Crime|Noir", "Noir", '"Art, House|Crime"'], [("Crime", "Noir"), ("Noir",), ("Art, House", "Crime")]),
        (['"Crime, Noir"', '"Noir, Old | New"', "Art"], [("Crime", "Noir"), ("Noir", "Old | New"), ("Art",)]),
        (["Crime/Noir", "Art/Crime", "Art"], [("Crime", "Noir"), ("Art", "Crime"), ("Art",)]),
        (["Sci-Fi &amp; Fantasy;Art", "Art", "Art;Noir"], [("Sci-Fi & Fantasy", "Art"), ("Art",), ("Art", "Noir")]),
        (["Sci-Fi &amp; Fantasy", "Art", "NULL"], [("Sci-Fi & Fantasy",), ("Art",), ()]),
        (["Art|None", "N/A", "<NA>"], [("Art",), (), ()]),
        (["\"['Art', 'Noir']\"", '"[""Art""]"', "[]"], [("Art", "Noir"), ("Art",), ()]),
    ],
)
def test_genres_are_split_where_most_values_are(write: Write, cells: list[str], genres: list[tuple[str, ...]]) -> None:
    dataset = catalogue(write, "item_id,title,genres\n" + "".join(f"{n},T{n},{one}\n" for n, one in enumerate(cells)))
    assert [item.genres for item in dataset.items.take([1, 2, 3])] == genres


@pytest.mark.parametrize("missing", ["NaN", "NULL", "\\N", "None", "<NA>", "N/A", ""])
def test_no_spelling_of_missing_is_a_value(write: Write, missing: str) -> None:
    dataset = catalogue(
        write,
        f"item_id,title,genre,description,votes,label\n7,{missing},{missing},{missing},{missing},{missing}\n8,B,G,D,5,x\n",
    )
    first, second = dataset.items.take([1, 2])
    assert (first.title, first.genres, first.text, dict(first.metadata)) == ("7", (), "7", {})
    assert second.metadata == {"description": "D", "votes": 5, "label": "x"}
    assert any("one item has no title" in note for note in dataset.source["notes"])


def test_a_text_among_numbers_is_reported_with_its_row(write: Write) -> None:
    rows = "".join(f"{n},T{n},{n * 10 if n != 17 else 'ask'}\n" for n in range(30))
    dataset = catalogue(write, "item_id,title,price\n" + rows)
    (note,) = (note for note in dataset.source["notes"] if "price" in note)
    assert "row 19" in note
    assert "'ask'" in note
    assert dataset.items[1].metadata["price"] == "0"


def test_dates_of_which_day_or_month_comes_first_are_kept_as_text_with_a_note(write: Write) -> None:
    content = "id,title,released\n1,A,N/A\n2,B,03/04/2019\n3,C,05/06/2019\n"
    dataset = catalogue(write, content)
    assert pa.types.is_string(dataset.items.table.schema.field("released").type)
    note = next(one for one in dataset.source["notes"] if "released" in one and "text" in one)
    assert "the day or the month may come first in its dates, such as '03/04/2019'" in note
    assert dataset.source["hints"] == [{"hint": "dates", "file": "t.csv", "column": "released"}]


@pytest.mark.parametrize(("day_first", "expected"), [(True, date(2019, 4, 3)), (False, date(2019, 3, 4))])
def test_the_caller_says_whether_the_day_comes_first(write: Write, day_first: bool, expected: date) -> None:
    content = "id,title,released,seen\n1,A,03/04/2019,12/25/2019\n2,B,05/06/2019,03/04/2019\n3,C,07/07/2019,\n"
    dataset = read("x", "table", items=write("items.csv", content), day_first=day_first)
    assert dataset.items.table["released"][0].as_py() == expected
    assert dataset.items.table["seen"][1].as_py() == date(2019, 3, 4)  # its other dates have the month first
    assert "hints" not in dataset.source


@pytest.mark.parametrize("cell", ["25/12/2019", "04/04/2019", "2019-04-03", "3 April 2019"])
def test_dates_that_are_clear_need_no_note(write: Write, cell: str) -> None:
    dataset = catalogue(write, f"id,title,released\n1,A,{cell}\n2,B,{cell}\n")
    assert pa.types.is_date(dataset.items.table.schema.field("released").type)
    assert "hints" not in dataset.source


def test_titles_and_codes_stay_as_they_are_written(write: Write) -> None:
    dataset = catalogue(write, "item_id,title,isbn,zip,goodreads_id\n1,1984,0140328726,01234,5107.0\n2,Kim,0,9,12\n")
    first, second = dataset.items.take([1, 2])
    assert (first.title, second.title) == ("1984", "Kim")
    assert first.metadata == {"isbn": "0140328726", "zip": "01234", "goodreads_id": "5107"}


@pytest.mark.parametrize(
    ("column", "cell", "shown"),
    [
        ("Book-Author", "Ann Lee", "Ann Lee"),
        ("authors", "Ann Lee|Bo Ray", "Ann Lee, Bo Ray"),
        ("authors", "\"['Ann Lee', 'Bo Ray']\"", "Ann Lee, Bo Ray"),
        ("artist_name", "Ann Lee", "Ann Lee"),
        ("artistName", "Ann Lee", "Ann Lee"),
        ("brand", "Marks &amp; Co", "Marks & Co"),
        ("studios", '"Ann Lee, Bo Ray"', "Ann Lee, Bo Ray"),
        ("Star1", "Ann Lee", "Ann Lee"),
        ("cast", "Ann Lee", "Ann Lee"),
    ],
)
def test_those_who_made_an_item_are_searched(write: Write, column: str, cell: str, shown: str) -> None:
    dataset = catalogue(write, f"item_id,{column},title,genres,description\n1,{cell},Kim,Novel,Long.\n2,,Tono,,\n")
    assert dataset.items.texts() == [f"Kim. Novel. {shown}. Long.", "Tono"]


@pytest.mark.parametrize("column", ["author_id", "cast_size", "director_facebook_likes", "brandy"])
def test_a_column_about_people_that_names_none_is_not_searched(write: Write, column: str) -> None:
    dataset = catalogue(write, f"item_id,{column},title\n1,55,Kim\n2,60,Tono\n")
    assert dataset.items.texts() == ["Kim", "Tono"]


@pytest.mark.parametrize("about", ["", "Long."])
def test_an_item_without_any_text_has_an_empty_one(write: Write, about: str) -> None:
    path = write("t.csv", f"item_id,title,plot,about\n1,Kim,,{about}\n2,Tono,A plan.,Short.\n3,Emma,,\n")
    dataset = read("x", "table", items=path, mapping={"text": ["plot", "about"]})
    assert dataset.items.texts() == [about, "A plan.. Short.", ""]


def test_lists_in_json_become_prose_where_they_are_text(write: Write) -> None:
    record = {
        "item_id": 1,
        "title": "Kim",
        "description": ["One.", "Two."],
        "categories": ["A &amp; B", "C"],
        "n": [1, 2],
    }
    item = read("x", "table", items=write("t.jsonl", json.dumps(record))).items[1]
    assert (item.genres, item.text) == (("A & B", "C"), "Kim. A & B, C. One. Two.")
    assert item.metadata == {"description": "One. Two.", "n": ["1", "2"]}


def test_vectors_are_left_out_and_said(tmp_path: Path) -> None:
    table = pa.table({"item_id": [1], "title": ["Kim"], "embedding": pa.array([[0.5, 0.25]], pa.list_(pa.float32()))})
    pq.write_table(table, tmp_path / "t.parquet")
    dataset = read("x", "table", items=tmp_path / "t.parquet")
    assert dataset.items[1].metadata == {}
    assert any("embedding holds vectors" in note for note in dataset.source["notes"])


def test_a_preview_shows_what_is_not_there_as_nothing(write: Write) -> None:
    items = write("items.csv", "id,title,year,genres\n1,Heat,1995,Crime|Drama\n2,Alien,,\n")
    first, second = preview("x", kind="table", items=items).items
    assert (first["year"], first["genres"]) == ("1995", "Crime, Drama")
    assert (second["year"], second["genres"]) == ("", "")


def test_years_that_cannot_be_read_are_told(write: Write) -> None:
    rows = ["nineteen", "99", "20011", "0", "", "unknown", "2001", "1999-05-01", "2003.0"]
    content = "".join(f"{number},Title {number},{year}\n" for number, year in enumerate(rows, 1))
    dataset = catalogue(write, f"id,title,year\n{content}")
    assert dataset.items.table["year"].to_pylist() == [None] * 6 + [2001, 1999, 2003]
    assert [note for note in dataset.source["notes"] if "years" in note] == [
        "t.csv: 3 values of the column year are no years of four digits, and were left out of the years, the first in "
        "row 2: 'nineteen'."
    ]


def test_one_year_that_cannot_be_read_is_told_with_its_row(write: Write) -> None:
    table = write("t.csv", "id,title,year\n1,A,2001\n2,B,2002\n2,B,soon\n4,D,99\n5,E,2001\n")
    dataset = read("x", "table", items=table, mapping={"id": "id"})
    assert [note for note in dataset.source["notes"] if "years" in note] == [
        "t.csv: one value of the column year is no year of four digits, and was left out of the years: row 5: '99'."
    ]


def test_years_of_a_log_that_cannot_be_read_are_told(write: Write) -> None:
    log = write("log.csv", "user,item,title,made\nu1,a,Apple,soon\nu2,a,Apple,soon\nu2,b,Bean,1999\n")
    notes = read("x", "table", ratings=log, mapping={"title": "title", "year": "made"}).source["notes"]
    assert [note for note in notes if "years" in note] == [
        "log.csv: one value of the column made is no year of four digits, and was left out of the years: row 2: 'soon'."
    ]


def test_unknown_years_need_no_note(write: Write) -> None:
    dataset = catalogue(write, "id,title,year\n1,A,2001\n2,B,0\n3,C,\n4,D,n/a\n5,E,0.0\n")
    assert not [note for note in dataset.source["notes"] if "years" in note]


def test_release_dates_without_a_year_are_told(write: Write) -> None:
    metadata = write(
        "movies_metadata.csv",
        "imdb_id,title,genres,release_date\ntt1,A,[],1995-10-30\ntt2,B,[],1\ntt3,C,[],\ntt4,D,[],22\n",
    )
    links = write("links.csv", "movieId,imdbId\n4,4\n3,3\n2,2\n1,1\n")
    films = read("x", "movies", items=metadata, links=links)
    assert dict(zip(films.items.table["title"].to_pylist(), films.items.table["year"].to_pylist(), strict=True)) == {
        "A": 1995,
        "B": None,
        "C": None,
        "D": None,
    }
    assert [note for note in films.source["notes"] if "years" in note] == [
        "movies_metadata.csv: 2 values of the column release_date are no years of four digits, and were left out of "
        "the years, the first in row 3: '1'."
    ]


def test_years_of_the_netflix_prize_that_cannot_be_read_are_told_and_their_films_kept(write: Write) -> None:
    folder = write("prize/combined_data_1.txt", "1:\n7,3,2005-09-06\n2:\n7,4,2005-09-06\n3:\n7,5,2005-09-06\n").parent
    (folder / "movie_titles.csv").write_text("1,2003,Dinosaur, Planet\n2,19xx,Isle of Man\n3,NULL,Character\n")
    films = read("x", "netflix-prize", source=folder)
    assert films.items.table["title"].to_pylist() == ["Dinosaur, Planet", "Isle of Man", "Character"]
    assert films.items.table["year"].to_pylist() == [2003, None, None]
    assert [note for note in films.source["notes"] if "years" in note] == [
        "movie_titles.csv: one value of the column year is no year of four digits, and was left out of the years: "
        "line 2: '19xx'."
    ]


def test_years_of_a_demo_that_cannot_be_read_are_told(write: Write) -> None:
    folder = write(
        "own/items.csv",
        "id,title,year,kind,genres,country,director,about\na,A,soon,film,Crime,,,x\nb,B,1999,film,Crime,,,y\n",
    ).parent
    with gzip.open(folder / "ratings.csv.gz", "wt") as file:
        file.write("user,item,rating,timestamp\n1,a,4,100\n1,b,3,200\n")
    films = read("x", "demo", source=folder)
    assert films.items.table["year"].to_pylist() == [None, 1999]
    assert [note for note in films.source["notes"] if "years" in note] == [
        "items.csv: one value of the column year is no year of four digits, and was left out of the years: "
        "row 2: 'soon'."
    ]
