"""JSON in the forms that programs and services give it."""

from __future__ import annotations

import json

import pytest

from engine.datasets import read
from engine.errors import DataError

from .conftest import Write, outside

RECORDS = [{"user": n, "item": f"i{n % 7}", "rating": n % 5, "tags": ["a", "b"]} for n in range(1, 40)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(RECORDS),
        json.dumps(RECORDS, indent=2),
        json.dumps(RECORDS, indent=1).replace("\n", "\r\n"),
        "\ufeff [\n" + ",\n".join(map(json.dumps, RECORDS)) + "\n]\n",
        json.dumps({"data": RECORDS}),
        json.dumps({"count": 39, "filter": {"a": [1]}, "results": RECORDS, "next": None}, indent=4),
        "\n".join(json.dumps(one, indent=2) for one in RECORDS),
        "\n".join(map(json.dumps, RECORDS)),
    ],
)
@pytest.mark.parametrize("name", ["log.json", "log.txt", "log.json.gz"])
def test_every_form_gives_the_same_rows(write: Write, text: str, name: str) -> None:
    dataset = read("x", "table", ratings=write(name, text))
    assert [row[:3] for row in outside(dataset)] == [
        (one["user"], one["item"], float(one["rating"])) for one in RECORDS
    ]


def test_one_line_of_many_megabytes(write: Write) -> None:
    records = [{"user": n, "item": n % 1000, "note": 'é}{,\\"' * 9} for n in range(60_000)]
    for document in (records, {"data": records}):
        path = write("log.json", json.dumps(document, ensure_ascii=False))
        assert path.stat().st_size > 3 << 20
        assert read("x", "table", ratings=path).num_interactions == 60_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"user": 1, "item": 2}, {"user": 1, "it', "row 2: the file ends within it"),
        ('[{"user": 1, "item": 2}, {"user": 1 "item": 3}]', "row 2: is not JSON"),
        ('[{"user": 1, "item": 2}, 7]', "row 2: is not a JSON object"),
        ("[[1, 2, 3]]", "row 1: is not a JSON object"),
        ('{"a": [{"user": 1}], "b": [{"item": 1}]}\n', "no column is known as the user"),
        ('{\n"a": [{"user": 1}], "b": [{"item": 1}]}\n', "several lists of objects .a, b."),
        ('{"user": 1, "item": "' + "x" * (3 << 20) + '"}\n{"user": 2, "item": 3}\n', "line 1: has more than 2 MB"),
        ('{"user": 1, "item": 2}\n' + "[" * (3 << 20), "line 2: has more than 2 MB"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(write: Write, text: str, expected: str) -> None:
    with pytest.raises(DataError, match=expected) as caught:
        read("x", "table", ratings=write("log.json", text))
    assert len(str(caught.value)) <= 400


@pytest.mark.parametrize("name", ["items.json", "items.jsonl"])
def test_keys_that_are_no_text_have_question_marks_in_their_names(write: Write, name: str) -> None:
    # JSON can escape half a surrogate pair.
    rows = [
        {"id": 1, "title": "A", "\ud800note": "first", "note": "second", "?note": "third", "note\udc00": "fourth"},
        {"id": 2, "title": "B", "\ud800note": "fifth", "note": "sixth", "?note": "seventh", "note\udc00": "eighth"},
    ]
    lines = json.dumps(rows) if name == "items.json" else "\n".join(map(json.dumps, rows))
    columns = read("x", "table", items=write(name, lines)).items.table.to_pydict()
    assert columns["note"] == ["second", "sixth"]
    assert columns["?note"] == ["third", "seventh"]
    assert columns["?note?"] == ["first", "fifth"]
    assert columns["note?"] == ["fourth", "eighth"]


def test_lists_whose_names_are_no_text_are_named(write: Write) -> None:
    path = write("log.json", '{\n"a\\ud800": [{"user": 1}], "b": [{"item": 1}]}\n')
    with pytest.raises(DataError, match=r"several lists of objects \(a\?, b\)") as caught:
        read("x", "table", ratings=path)
    assert str(caught.value).isprintable()
