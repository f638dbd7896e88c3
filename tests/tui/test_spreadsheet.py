"""Cells of files that a spreadsheet may open."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.texts import FORMULAS
from tui.spreadsheet import defused, write_csv


@pytest.mark.parametrize("text", [*FORMULAS, "＝1+1", "\n=1", "-", "+", "-1_000", "-inf+1", "- 5"])
def test_a_text_that_begins_like_a_formula_is_defused(text: str) -> None:
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("-1;=2", "'-1;'=2"), ("x;=1+1;y", "x;'=1+1;y"), ('a; "@SUM(A1)"', 'a;\' "@SUM(A1)"'), ("a;\t+1", "a;'\t+1")],
)
def test_what_would_be_the_next_cell_is_defused(text: str, shown: str) -> None:
    assert defused(text) == shown


@pytest.mark.parametrize(
    "cell",
    ["-5", "+3.5e4", "-inf", -5, -0.5, None, True, "", "Heat", "'=1", " =1", "a=1", "1-1", "Steins;Gate", "a;b=1"],
)
def test_numbers_and_other_texts_stay_as_they_are(cell: object) -> None:
    assert defused(cell) is cell


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")), min_size=2)))
def test_without_defusing_the_texts_are_those_of_the_data(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    write_csv(stream, rows, defuse=False)
    assert list(csv.reader(io.StringIO(stream.getvalue(), newline=""))) == rows


def test_a_formula_is_defused_in_a_file() -> None:
    stream = io.StringIO(newline="")
    write_csv(stream, [("id", "title", "score"), ("-5", '=HYPERLINK("http://x")', -0.5)])
    assert stream.getvalue() == 'id,title,score\n-5,"\'=HYPERLINK(""http://x"")",-0.5\n'
