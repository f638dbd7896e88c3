"""The same table gives the same rows however it is written, and a damaged file ends in a sentence or in a data set."""

from __future__ import annotations

import csv
import io
import json
import random
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.data.dataset import Dataset
from engine.datasets import read
from engine.datasets.formats.parquet_json import open_rows
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.sources import open_source
from engine.errors import DataError

from .conftest import zipped

_NAMES = ("item_id", "title", "pages")
# A text whose every line could be a row by itself is ambiguous, so lines begin with a letter and ids are numbers.
_LETTERS = st.sampled_from([*"abcXYZ0189 .,;|'\"-éß日", "\t", '""', "\nx", "\r\nx"])
_TITLES = st.lists(_LETTERS, max_size=12).map("".join).map(str.strip)
_TABLES = st.lists(_TITLES, min_size=1, max_size=8).map(
    lambda titles: [("1", "plain", "5")] + [(str(n), title, str(n * 7)) for n, title in enumerate(titles, 2)]
)


def _written(table: list[tuple[str, ...]], form: str, folder: Path) -> Path:
    records = [dict(zip(_NAMES, row, strict=True)) for row in table]
    path = folder / f"table.{form.partition(' ')[0]}"
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist(records), path)
        return path
    if form == "jsonl":
        text = "\n".join(map(json.dumps, records))
    elif form.startswith("json"):
        text = json.dumps(records, indent=2 if "lines" in form else None, ensure_ascii=False)
    else:
        text = io.StringIO(newline="")  # type: ignore[assignment]
        dialect = {
            "minimal": {"quoting": csv.QUOTE_MINIMAL},
            "all": {"quoting": csv.QUOTE_ALL},
            "unix": {"quoting": csv.QUOTE_MINIMAL, "lineterminator": "\n"},
            "backslash": {"quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\"},
        }[form.split()[1]]
        delimiter = {"csv": ",", "tsv": "\t", "txt": ";"}[form.split()[0]]
        csv.writer(text, delimiter=delimiter, **dialect).writerows([_NAMES, *table])  # type: ignore[arg-type,call-overload]
        text = text.getvalue()  # type: ignore[attr-defined]
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    "form",
    [
        *("csv minimal", "csv all", "csv unix", "csv backslash", "tsv minimal", "tsv all", "tsv unix", "tsv backslash"),
        *("txt minimal", "txt all", "jsonl", "json", "json lines", "parquet"),
    ],
)
@settings(max_examples=60, deadline=None)
@example(table=[("1", "plain", "5"), ("2", '"",\nx', "14")])
@example(table=[("1", "plain", "5"), ("2", '",\nx', "14")])
@example(table=[("1", "plain", "5"), ("2", '"\nx', "14")])
@example(table=[("1", "plain", "5"), ("2", 'a\t\nx"\ta', "14")])
@example(table=[("1", "plain", "5"), ("2", '"\nx\t"', "14")])
@example(table=[("1", "plain", "5"), ("2", '"\nx,"', "14")])
@example(table=[("1", "plain", "5"), ("2", 'a "b",\nx', "14"), ("3", "c\\", "21"), ("4", "d", "28")])
@example(table=[("1", "plain", "5"), ("2", 'a\nx"\t\nx', "14")])
@example(table=[("1", "plain", "5"), ("2", ',\nx",;b\nx', "14"), ("3", "xa\r\nx", "21")])
@example(table=[("1", "plain", "5"), ("2", 'b"\t;\r\nx"\t"', "14")])
@example(
    table=[
        ("1", "plain", "5"),
        ("2", "a;", "14"),
        ("3", '"",""\t"\nx\tb', "21"),
        ("4", '",\t,\t,b,,;', "28"),
        ("5", "x,\t\r\nx\t\t\r\nx\r\nx", "35"),
    ]
)
@given(table=_TABLES)
def test_the_same_table_in_every_form(form: str, table: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = open_rows(open_source(_written(table, form, Path(folder))))
        report = ReadReport("table", "items")
        found: list[tuple[str, ...]] = []
        for block in rows.blocks(_NAMES, report):
            found += zip(*(block.columns[name].to_pylist() for name in _NAMES), strict=True)
        assert found == table
        assert report.skipped == {}


_GOOD = {
    "a.csv": b'user,item,rating,timestamp\n1,a,3,100\n1,"b, c",4,101\n2,"d\ne",5,102\n3,"f ""g""",2,103\n',
    "b.tsv": b'user\titem\trating\n1\t"a\t3\n1\tb\t4\n2\tc"\t5\n',
    "c.jsonl": b'{"user": 1, "item": "a", "rating": 3}\n{"user": 2, "item": "b", "rating": 4.5}\n',
    "d.json": b'{"n": 2, "rows": [{"user": 1, "item": "a"}, {"user": 2, "item": ["b", null]}]}',
    "e.csv": "sep=;\nuser;item;rating\n1;\u00e9;3\n2;x;4\n".encode("latin-1"),
    "f.csv": "user,item\n1,2\n3,4\n".encode("utf-16"),
}
_PIECES = [
    b'"',
    b"\n",
    b"\r",
    b",",
    b"\t",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\\",
    b"[",
    b"}",
    b";",
    b"9" * 40,
    b"=",
    b"",
]


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_ends_in_a_sentence_or_in_a_data_set(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for name, good in _GOOD.items():
        content = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            begin = chance.randrange(len(content) + 1)
            content[begin : begin + chance.choice((0, 0, 1, 5))] = chance.choice(_PIECES) * chance.choice((1, 1, 2, 30))
        path = tmp_path / name
        path.write_bytes(content)
        for one in (path, zipped(tmp_path / f"{name}.zip", {name: bytes(content)})):
            for files in ({"ratings": one}, {"items": one}):
                dataset = _read_or_refused(files, bytes(content))
                if dataset is not None:
                    ids = dataset.items.id_map.ids.tolist()
                    assert not any("\n" in str(item) or "\r" in str(item) for item in ids), content


def _read_or_refused(files: dict[str, Path], content: bytes) -> Dataset | None:
    try:
        return read("x", "table", **files)  # type: ignore[arg-type]
    except DataError as error:
        sentence = str(error)
    assert len(sentence) <= 400, (content, sentence)
    assert len(sentence.splitlines()) == 1, (content, sentence)
    return None
