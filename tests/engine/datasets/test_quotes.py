"""Quotation marks, closed or not, never move a value into another column or another row."""

from __future__ import annotations

import pytest

from engine.data.dataset import Dataset
from engine.datasets import read
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.sources import open_source

from .conftest import Write, outside

Table = list[tuple[str, ...]]


def rows_of(write: Write, text: str, name: str = "a.csv") -> tuple[Table, ReadReport]:
    """The rows of a file as the reader gives them, and its report."""
    rows = Delimited(open_source(write(name, text)))
    report = ReadReport(name, "items")
    found: Table = []
    for block in rows.blocks(rows.columns, report):
        found += zip(*(column.to_pylist() for column in block.columns.values()), strict=True)
    return found, report


def titles(dataset: Dataset) -> list[str]:
    return [one.title for one in dataset.items.take(range(1, len(dataset.items) + 1))]


@pytest.mark.parametrize("delimiter", ["\t", ",", ";", "|"])
def test_two_stray_marks_do_not_take_in_the_rows_between_them(write: Write, delimiter: str) -> None:
    lines = ["id,title,year", '7,"Alpha,1970', "8,Beta,1971", '9,Gamma",1972', "10,Delta,1973"]
    path = write("films.txt", "\n".join(lines).replace(",", delimiter))
    dataset = read("x", "table", items=path)
    assert titles(dataset) == ['"Alpha', "Beta", 'Gamma"', "Delta"]
    assert any("line 2 has a quotation mark that is not closed" in note for note in dataset.source["notes"])


def test_one_stray_mark_far_before_the_end(write: Write) -> None:
    rows = "".join(f"{n},t{n},{n}\n" for n in range(300_000))
    found, report = rows_of(write, f'id,title,number\n{rows}x,"12 inch,5\n{rows}')
    assert len(found) == 600_001
    assert found[300_000] == ("x", '"12 inch', "5")
    assert report.remarks == [
        "line 300,002 has a quotation mark that is not closed, which was read as part of the value."
    ]


def test_every_row_has_a_stray_mark(write: Write) -> None:
    found, report = rows_of(write, "id\ttitle\tn\n" + "".join(f'{n}\t"t{n}\t5\n' for n in range(5_000)))
    assert len(found) == 5_000
    assert found[17] == ("17", '"t17', "5")
    assert "4,999 more rows have one" in report.remarks[0]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ('1,7" single,5', ("1", '7" single', "5")),
        ("1,'Allo 'Allo,5", ("1", "'Allo 'Allo", "5")),
        ('1,"a, b",5', ("1", "a, b", "5")),
        ('1, "a, b" , 5', ("1", "a, b", " 5")),
        ('1,"say ""hi"", now",5', ("1", 'say "hi", now', "5")),
        ('1,"say \\"hi\\", now",5', ("1", 'say "hi", now', "5")),
        ('1,"say "hi" now",5', ("1", 'say "hi" now', "5")),
        ('1,"A" and "B",5', ("1", '"A" and "B"', "5")),
        ('1,"Weird" Al,5', ("1", '"Weird" Al', "5")),
        ('1,"",5', ("1", "", "5")),
        ('1,"",""', ("1", "", "")),
        ('1,"""",5', ("1", '"', "5")),
        ('1,"C:\\",5', ("1", "C:\\", "5")),
        ('1,"open,5', ("1", '"open', "5")),
        ('"1","x","5"', ("1", "x", "5")),
    ],
)
def test_marks_within_one_row(write: Write, row: str, expected: tuple[str, ...]) -> None:
    found, _ = rows_of(write, f"id,title,n\n0,first,1\n{row}\n2,last,3\n")
    assert found == [("0", "first", "1"), expected, ("2", "last", "3")]


def test_two_values_of_a_row_that_both_open_a_mark(write: Write) -> None:
    found, _ = rows_of(write, 'id\ta\tb\tn\n1\tx\ty\t9\n2\t"Half\t"Half\t8\n3\t"Half\tHalf"\t7\n', "a.tsv")
    assert found[1:] == [("2", '"Half', '"Half', "8"), ("3", '"Half', 'Half"', "7")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("text", ["one\ntwo", "one, two\nthree, four", "\n\nthree", 'with ""marks""\n\nand, more\n'])
def test_a_value_of_several_lines_stays_whole(write: Write, text: str, end: str) -> None:
    content = f'id,title,about\n1,A,plain\n2,B,"{text}"\n3,"C, too","{text}"\n'.replace("\n", end)
    value = text.replace('""', '"').replace("\n", end)
    found, report = rows_of(write, content)
    assert found == [("1", "A", "plain"), ("2", "B", value), ("3", "C, too", value)]
    assert report.remarks == []


def test_values_of_several_lines_over_several_blocks(write: Write) -> None:
    content = "id,title,about\n" + "".join(f'{n},t,"first, of {n}\nsecond ""line"""\n' for n in range(80_000))
    found, _ = rows_of(write, content)
    assert len(found) == 80_000
    assert found[-1] == ("79999", "t", 'first, of 79999\nsecond "line"')


def test_a_stray_mark_before_a_value_of_several_lines(write: Write) -> None:
    lines = "".join(f"{n},t{n},x\n" for n in range(30))
    found, _ = rows_of(write, f'id,title,about\n{lines}40,"open,x\n{lines}50,t,"two\nlines, here"\n60,t,x\n')
    assert len(found) == 63
    assert found[30] == ("40", '"open', "x")
    assert found[-2:] == [("50", "t", "two\nlines, here"), ("60", "t", "x")]


def test_a_table_with_backslashes_throughout(write: Write) -> None:
    content = 'id,title,about\n1,"a \\"b\\", c","d\n\\"e\\""\n2,"f \\\\ \\"g\\"",h\n'
    assert rows_of(write, content)[0] == [("1", 'a "b", c', 'd\n"e"'), ("2", 'f \\ "g"', "h")]


def test_no_id_ever_has_a_line_end(write: Write) -> None:
    path = write("log.csv", 'user,item\nann,"one\ntwo, three"\nbob,four\ncid,"fi\r\nve"\n')
    dataset = read("x", "table", ratings=path)
    assert all("\n" not in str(row[1]) for row in outside(dataset))
    assert dataset.skipped == {"line end in an id": 2}


def test_rows_of_other_lengths_say_how_many_fields_they_have(write: Write) -> None:
    path = write("log.csv", "user,item,rating\n1,2,3\n1,3\n1,4,5,6\n1,5,5,,\n")
    dataset = read("x", "table", ratings=path)
    notes = " ".join(dataset.source["notes"])
    assert "row 3 (2 fields for 3 columns)" in notes
    assert "row 4 (4 fields for 3 columns)" in notes
    assert [row[1] for row in outside(dataset)] == [2, 5]  # empty fields at the end are no values
