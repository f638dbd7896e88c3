"""A log gives the same data set however it is written: as text in any dialect, JSON, Parquet or frames, in any order.

To a person, two data sets are the same if they hold the same interactions with the same ratings and times, between the
same users and items, under the same ids and titles. The internal numbers are compared only where they must not change.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from engine.data.dataset import Dataset
from engine.datasets import frames, read
from engine.datasets.formats.ids import MISSING_IDS

from .conftest import outside, zipped

Row = tuple[Any, Any, float, int]
Table = list[Row]
_NAMES = ("user_id", "item_id", "rating", "timestamp")

_NUMBERS = st.integers(0, 2**53 - 1)
_TEXTS = (
    st.text("abcXYZ019 .,;|'\"-/\\éß日=#", min_size=1, max_size=8)
    .map(str.strip)
    .filter(lambda text: text not in MISSING_IDS and any(one.isalpha() for one in text))
    # As spreadsheets write a text that looks like a number: the id is what is between the marks.
    .filter(lambda text: not text.startswith('="'))
)
_RATINGS = st.integers(1, 10).map(lambda number: number / 2)
_TIMES = st.integers(1_000_000_000, 1_700_000_000)


def _tables(ids: st.SearchStrategy[Any]) -> st.SearchStrategy[Table]:
    rows = st.tuples(ids, ids, _RATINGS, _TIMES)
    return st.lists(rows, min_size=3, max_size=12, unique_by=lambda row: row[:2])


_ANY = _tables(_NUMBERS) | _tables(_TEXTS)


def content(dataset: Dataset) -> tuple[Any, ...]:
    """What a person sees of a data set: its interactions in order, and its items."""
    items = {str(item): dataset.items.table["title"][row].as_py() for row, item in enumerate(dataset.items.id_map.ids)}
    return sorted(outside(dataset), key=str), items


def expected(table: Table) -> tuple[Any, ...]:
    return sorted(table, key=str), {str(row[1]): str(row[1]) for row in table}


def _text(table: Table, delimiter: str = ",", **dialect: Any) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, **dialect).writerows([_NAMES, *table])
    return stream.getvalue()


def _records(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(_NAMES, row, strict=True)) for row in table]


def _parquet(table: Table) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(_records(table)), stream)
    return stream.getvalue()


def _with_types(table: Table) -> bytes:
    """As Spark and pandas write it: dictionaries, short floats, and moments with a time zone."""
    written = pa.Table.from_pylist(_records(table))
    moments = written["timestamp"].cast(pa.timestamp("s")).cast(pa.timestamp("us", tz="UTC"))
    written = written.set_column(3, "timestamp", moments).set_column(
        0, "user_id", written["user_id"].dictionary_encode()
    )
    stream = io.BytesIO()
    pq.write_table(written.set_column(2, "rating", written["rating"].cast(pa.float32())), stream)
    return stream.getvalue()


def _with_floats(table: Table) -> str:
    """As pandas writes whole numbers of a column in which some are missing: 10.0. The row with none is left out."""
    frame = pd.DataFrame(_records(table))
    frame.loc[len(frame)] = [None, None, 3.0, 1_500_000_000]
    return frame.to_csv(index=False)


def _isoformat(table: Table) -> str:
    return _text([(*row[:3], pd.Timestamp(row[3], unit="s").isoformat()) for row in table])  # type: ignore[misc]


def _permuted(table: Table) -> str:
    return pd.DataFrame(_records(table))[["timestamp", "item_id", "rating", "user_id"]].to_csv(index=False)


_FORMS: dict[str, Callable[[Table], str | bytes]] = {
    "minimal.csv": _text,
    "all.csv": lambda table: _text(table, quoting=csv.QUOTE_ALL),
    "texts.csv": lambda table: _text(table, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"),
    "backslash.csv": lambda table: _text(table, quoting=csv.QUOTE_ALL, doublequote=False, escapechar="\\"),
    "semicolon.csv": lambda table: "sep=;\n" + _text(table, ";"),
    "tab.tsv": lambda table: _text(table, "\t", lineterminator="\n").rstrip("\n"),
    "bar.txt": lambda table: _text(table, "|", quoting=csv.QUOTE_ALL),
    "utf-16.csv": lambda table: _text(table).encode("utf-16"),
    "mark.csv": lambda table: _text(table).encode("utf-8-sig"),
    "iso.csv": _isoformat,
    "permuted.csv": _permuted,
    "lines.jsonl": lambda table: "\n".join(json.dumps(one) for one in _records(table)),
    "list.json": lambda table: json.dumps(_records(table), ensure_ascii=False),
    "pretty.json": lambda table: json.dumps({"version": 1, "rows": _records(table)}, indent=2),
    "objects.json": lambda table: "\n".join(json.dumps(one, indent=1) for one in _records(table)),
    "plain.parquet": _parquet,
    "typed.parquet": _with_types,
}


def _told(form: str, table: Table) -> bool:
    """Whether the file tells its dialect: two backslashes are one only where it is known that they escape."""
    return form != "backslash.csv" or not any("\\" in str(one) for row in table for one in row)


def _write(folder: Path, name: str, written: str | bytes, packing: str = "") -> Path:
    data = written.encode() if isinstance(written, str) else written
    if packing == "zip":
        return zipped(folder / f"{name}.zip", {name: data})
    path = folder / f"{name}{packing and '.gz'}"
    path.write_bytes(gzip.compress(data) if packing else data)
    return path


def _read(table: Table, form: str, packing: str = "") -> Dataset:
    assume(_told(form, table))
    with tempfile.TemporaryDirectory() as folder:
        return read("x", "table", ratings=_write(Path(folder), form, _FORMS[form](table), packing))


@pytest.mark.parametrize("form", _FORMS)
@settings(max_examples=15, deadline=None)
@example(table=[("X", "X", 0.5, 1_000_000_000), ("X", "Y", 0.5, 1_000_000_000), ("X", "X\\\\", 0.5, 1_000_000_000)])
@example(table=[("X", "X", 0.5, 1_000_000_000), ("X", ";X", 0.5, 1_000_000_000), ("X\\", ",X", 0.5, 1_000_000_000)])
@given(table=_ANY)
def test_in_every_form(form: str, table: Table) -> None:
    assert content(_read(table, form)) == expected(table)


@settings(max_examples=15, deadline=None)
@given(table=_tables(_NUMBERS))
def test_whole_numbers_that_pandas_wrote_as_floats(table: Table) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dataset = read("x", "table", ratings=_write(Path(folder), "log.csv", _with_floats(table)))
    assert content(dataset) == expected(table)
    assert sum(dataset.skipped.values()) == 1
    frame = pd.DataFrame(_records(table)).astype({"user_id": float, "item_id": float})
    assert content(frames.from_pandas(frame)) == expected(table)


@pytest.mark.parametrize("packing", ["gz", "zip"])
@settings(max_examples=15, deadline=None)
@given(table=_ANY, form=st.sampled_from([one for one in _FORMS if not one.endswith("parquet")]))
def test_packed(packing: str, table: Table, form: str) -> None:
    assert content(_read(table, form, packing)) == expected(table)


@settings(max_examples=20, deadline=None)
@given(table=_ANY, form=st.sampled_from(list(_FORMS)), seed=st.integers(0, 99))
def test_shuffled_even_the_internal_numbers_stay(table: Table, form: str, seed: int) -> None:
    shuffled = random.Random(seed).sample(table, len(table))
    one, other = _read(table, form), _read(shuffled, form)
    assert content(one) == content(other)
    assert one.users.ids.tolist() == other.users.ids.tolist()
    assert one.items.id_map.ids.tolist() == other.items.id_map.ids.tolist()


@settings(max_examples=25, deadline=None)
@given(
    table=_ANY,
    forms=st.lists(st.sampled_from(list(_FORMS)), min_size=2, max_size=3),
    packing=st.sampled_from(["", "gz", "zip"]),
)
def test_in_parts_of_different_formats(table: Table, forms: Sequence[str], packing: str) -> None:
    parts = [(form, table[number :: len(forms)]) for number, form in enumerate(forms)]
    assume(all(_told(form, part) for form, part in parts))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (form, part) in enumerate(parts):
            packed = "" if form.endswith("parquet") else packing
            paths.append(_write(Path(folder), f"part-{number}-{form}", _FORMS[form](part), packed))
        assert content(read("x", "table", ratings=paths)) == expected(table)
        if packing == "":
            assert content(read("x", "table", ratings=Path(folder) / "part-*")) == expected(table)


@settings(max_examples=15, deadline=None)
@given(table=_tables(_NUMBERS), form=st.sampled_from(["pretty.json", "plain.parquet", "minimal.csv"]))
def test_a_catalogue_meets_the_log_whichever_of_them_has_the_floats(table: Table, form: str) -> None:
    catalogue = pd.DataFrame({"item_id": sorted({row[1] for row in table})})
    catalogue["title"] = [f"Film {number}" for number in range(len(catalogue))]
    titles = {str(item): title for item, title in zip(catalogue["item_id"], catalogue["title"], strict=True)}
    with tempfile.TemporaryDirectory() as folder:
        log = _write(Path(folder), form, _FORMS[form](table))
        items = _write(Path(folder), "items.csv", catalogue.astype({"item_id": float}).to_csv(index=False))
        dataset = read("x", "table", ratings=log, items=items)
    assert content(dataset) == (sorted(table, key=str), titles)
