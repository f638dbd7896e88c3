"""A damaged Parquet file is refused in one sentence, which names the row and the column where the file tells them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.datasets import read
from engine.datasets.formats import parquet_json
from engine.errors import DataError, ErrorKind, RecsysError

ROWS = 400


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of several row groups, without dictionaries and statistics, so that each value is in one place only."""
    path = tmp_path / "log.parquet"
    table = pa.table(
        {
            "user": [f"user-{row % 20}" for row in range(ROWS)],
            "item": [f"item-{row // 20}" for row in range(ROWS)],
            "rating": np.random.RandomState(0).randint(1, 6, ROWS).astype(np.float64),
        }
    )
    pq.write_table(table, path, row_group_size=100, use_dictionary=False, write_statistics=False, compression="snappy")
    return path


def failure(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        read("log", ratings=path)
    assert len(str(caught.value)) <= 400
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_undamaged_log_is_read(log: Path) -> None:
    assert len(read("log", ratings=log).interactions) == ROWS


def test_a_damaged_column_is_named_with_the_first_row_that_is_lost(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_json, "_BLOCK_ROWS", 100)
    chunk = pq.ParquetFile(log).metadata.row_group(2).column(1)
    content = bytearray(log.read_bytes())
    start = chunk.data_page_offset + 30
    content[start : start + 40] = b"\xff" * 40
    log.write_bytes(content)
    error = failure(log)
    assert (error.row, error.column) == (201, "item")
    assert str(error).startswith("log.parquet, column item: is cut short or damaged from row 201 on (")


def test_text_that_is_not_utf_8_is_named_with_its_row(tmp_path: Path) -> None:
    users = pa.array([b"ann", b"b\xfcb", b"cyd"], pa.binary())
    names = pa.Array.from_buffers(pa.string(), 3, users.buffers())
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({"user": names, "item": ["a", "b", "c"]}), path)
    error = failure(path)
    assert (error.kind, error.row, error.column) == (ErrorKind.BAD_ENCODING, 2, "user")
    assert str(error) == ("log.parquet, row 2, column user: is text that is not UTF-8; write the file again as UTF-8.")


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_file_that_is_cut_short_is_named(log: Path, share: float) -> None:
    log.write_bytes(log.read_bytes()[: int(share * log.stat().st_size)])
    assert "damaged" in str(failure(log))


def test_any_flipped_bytes_are_read_or_refused_in_one_sentence(log: Path) -> None:
    whole = log.read_bytes()
    for seed in range(60):
        chance = random.Random(seed)
        content = bytearray(whole)
        for _ in range(chance.choice((1, 4, 16))):
            content[chance.randrange(4, len(content))] ^= 1 << chance.randrange(8)
        log.write_bytes(content)
        try:
            read("log", ratings=log)
        except RecsysError as error:
            sentence = str(error)
            assert len(sentence) <= 400, sentence
            assert "\n" not in sentence
