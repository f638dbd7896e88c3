"""What a person gets to read when a file is not what it should be: one sentence, and nothing half read."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.datasets import read
from engine.errors import DataError, ErrorKind, OptionError, RecsysError

from .conftest import RATINGS_HEADER, Write, assert_accounted, outside, zipped

ROWS = RATINGS_HEADER + "1,31,2.5,100\n1,1029,3.0,101\n"


def error_of(**files: object) -> RecsysError:
    """The error that reading ends with."""
    with pytest.raises(RecsysError) as caught:
        read("x", **files)  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return caught.value


def failure(**files: object) -> str:
    """The sentence that reading ends with."""
    return str(error_of(**files))


def facts(error: RecsysError) -> tuple[ErrorKind | None, str | None, int | None, str | None]:
    return error.kind, error.file, error.row, error.column


def test_missing_file(tmp_path: Path) -> None:
    assert "ratings.csv does not exist" in failure(ratings=tmp_path / "ratings.csv")


def test_directory_instead_of_a_file(tmp_path: Path) -> None:
    error = error_of(ratings=tmp_path)
    assert "is a folder" in str(error)
    assert (error.kind, error.file) == (ErrorKind.FOLDER_GIVEN, str(tmp_path))


def test_empty_file(write: Write) -> None:
    assert failure(ratings=write("ratings.csv", "")).startswith("ratings.csv is empty")
    assert failure(ratings=write("ratings.csv", "\n \n")).startswith("ratings.csv is empty")


@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
def test_header_only(write: Write, end: str) -> None:
    sentence = failure(ratings=write("ratings.csv", RATINGS_HEADER.strip() + end))
    assert sentence.startswith("ratings.csv: ")
    assert "no" in sentence


def test_wrong_column_names_those_found_and_those_expected(write: Write) -> None:
    path = write("ratings.csv", "user,film,stars\n1,2,3\n")
    sentence = failure(ratings=path, kind="movielens")
    for word in ("ratings.csv", "user, film, stars", "userId", "movieId", "rating"):
        assert word in sentence
    missing = failure(items=write("anime.csv", "anime_id,name,genre,type,episodes,rating\n1,a,b,c,1,2\n"))
    assert "no column 'members'" in missing
    mapped = error_of(ratings=path, kind="table", mapping={"user": "usr", "item": "film"})
    assert "no column 'usr'" in str(mapped)
    assert facts(mapped) == (ErrorKind.MISSING_COLUMN, "ratings.csv", None, "usr")
    assert (mapped.name, mapped.choices) == ("table", ("user", "film", "stars"))


def test_unknown_kind_and_role(write: Write) -> None:
    path = write("ratings.csv", ROWS)
    with pytest.raises(OptionError, match="no kind 'movie'") as caught:
        read("x", "movie", ratings=path)
    assert (caught.value.kind, caught.value.name) == (ErrorKind.UNKNOWN_KIND, "movie")
    assert set(caught.value.choices) >= {"movies", "movielens", "table"}
    with pytest.raises(OptionError, match="no role 'users'") as caught:
        read("x", "table", ratings=path, mapping={"users": "userId"})
    assert (caught.value.kind, caught.value.name) == (ErrorKind.UNKNOWN_ROLE, "users")
    assert "rating" in caught.value.choices


def test_kind_that_cannot_be_told(write: Write) -> None:
    error = error_of(ratings=write("data.csv", "a,b,c\n1,2,3\n"))
    assert "a, b, c" in str(error)
    assert "would have columns such as user_id, item_id and rating" in str(error)
    assert (error.kind, error.choices) == (ErrorKind.UNCLEAR_KIND, ())


def test_files_of_two_kinds_are_not_guessed_at(write: Write, tmp_path: Path) -> None:
    write("both/anime.csv", "anime_id,name,genre\n")
    write("both/u.data", "1\t2\t3\t4\n")
    error = error_of(source=tmp_path / "both")
    assert "could be of the kinds anime and movielens" in str(error)
    assert error.choices == ("anime", "movielens")


def test_nothing_named_at_all() -> None:
    assert "no file was named" in failure()
    error = error_of(kind="anime")
    assert (error.kind, error.name, error.choices) == (ErrorKind.MISSING_FILE, "anime", ("items", "ratings"))


def test_no_text_at_all(write: Write) -> None:
    assert "not a text file" in failure(ratings=write("ratings.csv", bytes(range(256)) * 8))


@pytest.mark.parametrize(("name", "mode"), [("log.tar", "w"), ("log.tar.gz", "w:gz")])
def test_a_tar_archive_is_named_as_one(tmp_path: Path, name: str, mode: Any) -> None:
    (tmp_path / "ratings.csv").write_text(ROWS + "1,31,4,100\n" * 50_000)
    with tarfile.open(tmp_path / name, mode) as archive:
        archive.add(tmp_path / "ratings.csv", "ratings.csv")
    assert f"{name}: is a tar archive; unpack it" in failure(ratings=tmp_path / name)


def test_missing_and_nan_ratings_are_left_out_and_findable(write: Write) -> None:
    dataset = read("x", ratings=write("ratings.csv", ROWS + "2,31,NaN,102\n2,32,,103\n2,33,4,104\n"))
    assert dataset.num_interactions == 3
    assert dataset.skipped == {"no rating": 2}
    assert any("ratings.csv" in note and "row 4, column rating" in note for note in dataset.source["notes"])
    assert_accounted(dataset)


@pytest.mark.parametrize("value", ["abc", "inf", "-Infinity", "1_0", "1e400"])
def test_rating_that_is_no_number(write: Write, value: str) -> None:
    error = error_of(ratings=write("ratings.csv", f"{ROWS}\n2,31,{value},102\n"))
    assert facts(error) == (ErrorKind.BAD_VALUE, "ratings.csv", 5, "rating")
    sentence = str(error)
    assert sentence.startswith("ratings.csv, row 5, column rating: ")  # the blank line counts, as in a spreadsheet
    assert value in sentence
    assert "correct it" in sentence


def test_time_that_is_none(write: Write) -> None:
    sentence = failure(ratings=write("ratings.csv", ROWS + "2,31,3,yesterday\n"))
    assert sentence.startswith("ratings.csv, row 4, column timestamp: 'yesterday' is not a time")


def test_duplicate_pair_keeps_the_latest(write: Write) -> None:
    rows = "1,31,2,100\n1,31,5,300\n1,31,4,200\n1,31,1,300\n2,31,3,50\n"
    dataset = read("x", ratings=write("ratings.csv", RATINGS_HEADER + rows))
    assert outside(dataset) == [(1, 31, 1.0, 300), (2, 31, 3.0, 50)]  # of equal times the last in the file
    assert dataset.skipped == {"duplicate pair": 3}
    assert_accounted(dataset)


def test_missing_ids_and_blank_lines_are_counted_apart(write: Write) -> None:
    dataset = read("x", ratings=write("ratings.csv", ROWS + ",31,3,1\n2,,3,1\n\n2,31,3,\n"))
    assert dataset.skipped == {"blank line": 1, "no user id": 1, "no item id": 1, "no time": 1}
    assert_accounted(dataset)


def test_rows_too_short_and_too_long(write: Write) -> None:
    dataset = read("x", ratings=write("ratings.csv", ROWS + "2,31,3\n3,31,3,4,5\n4,31,3,4\n"))
    assert [row[0] for row in outside(dataset)] == [1, 1, 4]
    assert dataset.skipped == {"more fields than columns": 1, "no time": 1}
    assert_accounted(dataset)


def test_nothing_usable(write: Write) -> None:
    sentence = failure(ratings=write("ratings.csv", RATINGS_HEADER + "1,31,,100\n,32,3,100\n"))
    assert "none of its 2 rows" in sentence
    assert "no rating" in sentence


def test_quotation_mark_that_is_never_closed_in_a_text_of_several_lines(write: Write) -> None:
    cut = 'id,title,about\n1,A,fine\n2,B,"a text of\nseveral lines\nthat ends in the middle\n'
    error = error_of(items=write("items.csv", cut), kind="table")
    assert "line 3: a quotation mark is opened and not closed" in str(error)
    assert facts(error) == (ErrorKind.BAD_ROW, "items.csv", 3, None)


@pytest.mark.parametrize("cut", [12, 0.5])
def test_broken_gz(write: Write, cut: float) -> None:
    packed = gzip.compress((ROWS + "1,2,3,4\n" * 50_000).encode())
    path = write("ratings.csv", packed[: int(cut if cut > 1 else cut * len(packed))])
    assert "cut short or damaged" in failure(ratings=path.rename(path.with_name("ratings.csv.gz")))


def test_gz_in_name_only(write: Write) -> None:
    path = write("ratings.csv", ROWS)
    assert ".gz" in failure(ratings=path.rename(path.with_name("ratings.csv.gz")))


def test_broken_zip(write: Write, tmp_path: Path) -> None:
    assert "cut short or damaged" in failure(ratings=write("a.zip", b"PK\x03\x04" + b"garbage" * 99))
    assert ".zip" in failure(ratings=write("b.zip", b"garbage" * 99))
    whole = zipped(tmp_path / "c.zip", {"ratings.csv": ROWS + "".join(f"{n},{n * 7 % 999},3,4\n" for n in range(9999))})
    flipped = bytearray(whole.read_bytes())
    flipped[len(flipped) // 2] ^= 0xFF
    assert "damaged" in failure(ratings=write("d.zip", bytes(flipped)))


def test_zip_that_leaves_a_choice(tmp_path: Path) -> None:
    path = zipped(tmp_path / "two.zip", {"a.csv": ROWS, "b.csv": ROWS})
    error = error_of(ratings=path, kind="table")
    assert "a.csv, b.csv" in str(error)
    assert (error.kind, error.file, error.choices) == (ErrorKind.SEVERAL_FILES, "two.zip", ("a.csv", "b.csv"))


def test_damaged_parquet_and_json(write: Write) -> None:
    assert "damaged" in failure(ratings=write("log.parquet", b"PAR1 and no more"))
    broken = error_of(ratings=write("log.jsonl", '{"user": 1, "item": 2}\n{"user": 1,\n'))
    assert "line 2" in str(broken)
    assert facts(broken) == (ErrorKind.BAD_ROW, "log.jsonl", 2, None)
    assert "one object on each line" in failure(ratings=write("log.json", '[["user", "item"], [1, 2]]\n'))


def test_movies_without_links(write: Write) -> None:
    items = write("movies_metadata.csv", "imdb_id,original_title,title,genres\ntt1,A,A,[]\n")
    with pytest.raises(DataError, match="its links was not named") as caught:
        read("x", items=items)
    assert (caught.value.kind, caught.value.name) == (ErrorKind.MISSING_FILE, "movies")
    assert caught.value.choices == ("links",)


@pytest.mark.parametrize("time", ["99999999999999999999", "1e300"])
def test_time_beyond_all_times(write: Write, tmp_path: Path, time: str) -> None:
    told = failure(ratings=write("log.csv", f"user,item,time\n1,2,3\n1,3,{time}\n"), mapping={"time": "time"})
    assert "row 3, column time" in told
    pq.write_table(pa.table({"user": [1], "item": [2], "time": [float(time)]}), tmp_path / "log.parquet")
    assert "row 1, column time" in failure(ratings=tmp_path / "log.parquet", mapping={"time": "time"})


def test_rating_of_a_type_that_is_no_number(tmp_path: Path) -> None:
    ratings = pa.array([{"stars": 1}])
    pq.write_table(pa.table({"user": [1], "item": [2], "rating": ratings}), tmp_path / "log.parquet")
    assert "is not a number" in failure(ratings=tmp_path / "log.parquet", mapping={"rating": "rating"})


def test_a_column_that_parquet_has_twice(tmp_path: Path) -> None:
    one = pa.array([1])
    pq.write_table(pa.Table.from_arrays([one, one, one], names=["user", "item", "item"]), tmp_path / "log.parquet")
    assert "more than one column 'item'" in failure(ratings=tmp_path / "log.parquet")


def test_home_of_nobody_is_just_a_name() -> None:
    assert "does not exist" in failure(ratings=Path("~nobody-of-this-name/log.csv"))


def test_the_demo_takes_no_files_of_its_own(write: Write) -> None:
    with pytest.raises(OptionError, match="read from a folder") as caught:
        read("it", "demo", ratings=write("log.csv", "user,item\n1,2\n"))
    assert (caught.value.kind, caught.value.choices) == (ErrorKind.UNEXPECTED_FILE, ("ratings",))


def test_text_of_a_parquet_file_that_is_no_text(tmp_path: Path) -> None:
    path, spoilt = tmp_path / "log.parquet", pa.array([b"ann", b"b\xff"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"user": spoilt, "item": [1, 2]}), path)
    error = error_of(kind="table", ratings=path)
    assert "log.parquet, row 2, column user: is text that is not UTF-8" in str(error)
    assert facts(error) == (ErrorKind.BAD_ENCODING, "log.parquet", 2, "user")
    pq.write_table(pa.table({"id": [1, 2], "tags": pa.ListArray.from_arrays(pa.array([0, 1, 2]), spoilt)}), path)
    assert "row 2, column tags: is text that is not UTF-8" in failure(kind="table", items=path)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("table", "NAME,NAME\n1,2\n"),
        ("recbole", "user_id:token\tNAME\n1\t2\n"),
        ("imdb", "Const,NAME\ntt1,2\n"),
        ("table", "user,item,rating,NAME\n"),
    ],
)
def test_the_name_of_a_column_that_nobody_would_read_is_cut_short(write: Write, kind: str, content: str) -> None:
    assert len(failure(kind=kind, ratings=write("log.csv", content.replace("NAME", "[" * 2000)))) <= 320
