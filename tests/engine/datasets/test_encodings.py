"""Text in other encodings than UTF-8 is read right, with a note; what is no text is refused in a sentence."""

from __future__ import annotations

import json

import pytest

from engine.data.dataset import Dataset
from engine.datasets import read
from engine.errors import DataError, ErrorKind, OptionError

from .conftest import RATINGS_HEADER, Write, outside

BOOKS = 'isbn;title;author\n1;Löwenzahn;Hesse\n2;Plain;Müller\n3;"Où, déjà?";Ségur\n'


def titles(dataset: Dataset) -> list[str]:
    return [one.title for one in dataset.items.take(range(1, len(dataset.items) + 1))]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_western_encodings_are_read_with_a_note(write: Write, encoding: str) -> None:
    text = BOOKS.replace("Plain", "It\u2019s €5" if encoding == "cp1252" else "Plain")
    dataset = read("x", "table", items=write("books.csv", text.encode(encoding)))
    assert titles(dataset) == ["Löwenzahn", "It\u2019s €5" if encoding == "cp1252" else "Plain", "Où, déjà?"]
    note = next(one for one in dataset.source["notes"] if "Windows-1252" in one)
    assert note.startswith("books.csv: line 2 (byte 0xf6")
    assert "2 more" in note


def test_a_header_in_latin_1(write: Write) -> None:
    path = write("films.csv", "id,title,größe\n1,A,7\n".encode("latin-1"))
    assert dict(read("x", "table", items=path).items[1].metadata)["größe"] in ("7", 7)


def test_the_line_beyond_the_first_block_is_named(write: Write) -> None:
    content = (RATINGS_HEADER + "1,31,2.5,100\n" * 200_000).encode() + b"1,\xe9,3,4\n"
    dataset = read("x", "movielens", ratings=write("ratings.csv", content))
    assert "é" in dataset.items.id_map.ids.tolist()
    assert any("line 200,002 (byte 0xe9" in note and "is not UTF-8 and was" in note for note in dataset.source["notes"])


def test_utf_8_lines_beside_latin_1_lines_keep_their_letters(write: Write) -> None:
    content = b"id,title\n1," + "Amélie".encode() + b"\n2," + "Bärbel".encode("latin-1") + b"\n"
    assert titles(read("x", "table", items=write("a.csv", content))) == ["Amélie", "Bärbel"]


def test_a_third_encoding_is_refused_with_its_place(write: Write) -> None:
    with pytest.raises(DataError, match=r"line 3: byte 0x8f .* save the file as UTF-8") as caught:
        read("x", "table", items=write("a.csv", b"id,title\n1,A\n2,\x8f\x81\n"))
    assert (caught.value.kind, caught.value.file, caught.value.row) == (ErrorKind.BAD_ENCODING, "a.csv", 3)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("size", [3, 300_000])
def test_utf_16(write: Write, encoding: str, size: int) -> None:
    text = "user,item,rating\n" + "".join(f"u{n % 999},Þ{n % 7},3\n" for n in range(size))
    dataset = read("x", "table", ratings=write("log.csv", text.encode(encoding)))
    assert len(dataset.interactions) + dataset.skipped.get("duplicate pair", 0) == size
    assert outside(dataset)[0][0].startswith("u")  # type: ignore[union-attr]
    assert any("UTF-16" in note for note in dataset.source["notes"])


def test_byte_order_marks_are_no_part_of_the_first_name(write: Write) -> None:
    for marks in ("\ufeff", "\ufeff\ufeff", "\ufeff\ufeff\ufeff"):
        assert outside(read("x", "table", ratings=write("log.csv", f"{marks}user,item\n1,2\n")))[0][:2] == (1, 2)
        assert outside(read("x", "table", ratings=write("log.jsonl", marks + '{"user":1,"item":2}\n')))[0][:2] == (1, 2)


def test_zero_bytes_in_text_are_dropped_and_counted(write: Write) -> None:
    rows = "".join(f"{n},{n},3\n" for n in range(100))
    dataset = read("x", "table", ratings=write("log.csv", f"user,item,rating\n{rows}7\0,8,2\0\n"))
    assert (7, 8, 2.0, None) in outside(dataset)
    assert any("2 zero bytes were dropped, the first in line 102" in note for note in dataset.source["notes"])


def test_json_in_latin_1(write: Write) -> None:
    line = json.dumps({"id": 1, "title": "Über"}, ensure_ascii=False)
    dataset = read("x", "table", items=write("a.jsonl", line.encode("latin-1")))
    assert titles(dataset) == ["Über"]
    assert any("Windows-1252" in note for note in dataset.source["notes"])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"SQLite format 3\0" + bytes(99), "SQLite database; name a table of it as sqlite:///"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "workbook.*save its sheet as CSV"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(99), "7z archive; unpack it"),
        (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page"),
        (bytes(range(256)) * 8, "not a text file"),
    ],
)
def test_what_is_no_text_is_called_by_its_name(write: Write, content: bytes, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        read("x", "table", ratings=write("ratings.csv", content))


@pytest.mark.parametrize("encoding", ["latin-99", "a\udcff", "a\0", "", "hex", "rot13", "zlib", "undefined"])
def test_what_is_no_encoding_of_text_is_refused(write: Write, encoding: str) -> None:
    with pytest.raises(OptionError, match="There is no encoding"):
        read("x", "table", ratings=write("ratings.csv", "user,item\n1,2\n"), encoding=encoding)
