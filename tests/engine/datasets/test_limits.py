"""Files that are large in an unusual direction are read in linear time, or refused in a sentence."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.datasets import read
from engine.datasets.formats import limits
from engine.datasets.formats.rows import unique_names
from engine.errors import DataError

from .conftest import Write, zipped


def test_thousands_of_empty_column_names(write: Write) -> None:
    wide = "," * 30_000
    path = write("wide.csv", f"user,item,rating{wide}\n" + "".join(f"{n},{n},3{wide}\n" for n in range(5)))
    begun = time.process_time()
    assert read("x", "table", ratings=path).num_interactions == 5
    assert time.process_time() - begun < 3  # pairwise comparison of the names takes minutes


def test_repeated_and_empty_names_become_different_ones() -> None:
    assert unique_names(["a", "a_2", " a", "", "a"]) == ["a", "a_2", "a_3", "#4", "a_4"]


def test_an_archive_that_unpacks_to_far_more_is_refused_before_it_is_read(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 1 << 20)
    text = "user,item,rating\n" + "1,2,3\n" * 700_000
    packed = zipped(tmp_path / "log.zip", {"log.csv": text})
    for path in (packed, write("log.csv.gz", text)):
        with pytest.raises(DataError, match=r"KB unpack to [\d.]+ MB or more, and the limit is 1.0 MB"):
            read("x", "table", ratings=path)
    assert read("x", "table", ratings=write("log.csv", text)).num_interactions == 1  # unpacked, it has no limit


def test_a_table_that_repeats_one_value_too_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 1 << 20)
    same = pa.array(np.ones(2_000_000, dtype=np.int32))
    pq.write_table(pa.table({"user": same, "item": same}), tmp_path / "log.parquet")
    with pytest.raises(DataError, match=r"log.parquet: [\d.]+ KB unpack to 15 MB or more"):
        read("x", ratings=tmp_path / "log.parquet")
    assert read("x", ratings=tmp_path / "log.parquet", max_size=16 << 20).num_interactions == 1


def test_well_packed_data_below_the_limit_is_read(write: Write) -> None:
    text = "user,item,rating\n" + "1,2,3\n" * 100_000
    assert read("x", "table", ratings=write("log.csv.gz", text)).num_interactions == 1


@pytest.mark.parametrize(
    ("member", "what"), [("Index/Document.iwa", "a Numbers document"), ("content.xml", "an OpenDocument file")]
)
def test_a_workbook_is_told_how_to_become_a_table(tmp_path: Path, member: str, what: str) -> None:
    path = zipped(tmp_path / "log.xlsx", {"[Content_Types].xml": "<a/>", member: "<a/>"})
    with pytest.raises(DataError, match=f"log.xlsx is {what}: save its sheet as CSV"):
        read("x", "table", ratings=path)
    with pytest.raises(DataError, match="save its sheet as CSV"):
        read("x", source=path)


def test_an_archive_of_thousands_of_files(tmp_path: Path) -> None:
    path = zipped(tmp_path / "many.zip", {f"{'folder/' * 20}{n}.txt": "x" for n in range(20_000)})
    begun = time.process_time()
    with pytest.raises(DataError, match="holds 20000 files") as caught:
        read("x", "table", ratings=path)
    assert time.process_time() - begun < 10
    assert len(str(caught.value)) <= 400


def test_a_header_longer_than_the_first_look(write: Write) -> None:
    names = ",".join(f"a_rather_long_name_of_column_{n}" for n in range(5_000))
    path = write("wide.csv", f"{names},user,item\n" + "".join("0," * 5_000 + f"{n},{n}\n" for n in range(3)))
    assert read("x", "table", ratings=path).num_interactions == 3


def test_a_line_that_never_ends(write: Write) -> None:
    with pytest.raises(DataError, match="line 2: has more than 2 MB"):
        read("x", "table", ratings=write("log.csv", "user,item\n1," + "x" * (5 << 20)))


def test_a_member_without_a_name_is_passed_over(tmp_path: Path) -> None:
    path = zipped(tmp_path / "log.zip", {"x": "spoilt", "log.csv": "user,item\n1,2\n"})
    path.write_bytes(path.read_bytes().replace(b"x", b"\0"))  # zipfile ends a name at a zero byte
    assert read("x", "table", ratings=path).num_interactions == 1
