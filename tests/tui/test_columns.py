"""How columns share the width of a table: by what their rows need, and titles first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.columns import GAP, MARGIN, Column, fit, needs

TITLE = Column("Title", lambda row, _: row["title"], main=True)
RANK = Column("#", lambda row, _: "1", width=3, right=True, priority=2)
YEAR = Column("Year", lambda row, _: row.get("year", ""), width=4, priority=1)
GENRES = Column("Genres", lambda row, _: row.get("genres", ""), least=10, priority=3)
MATCH = Column("Match", lambda row, _: "61%", width=11, least=5, right=True, bar=lambda row, room: "━" * room)
COLUMNS = (RANK, TITLE, YEAR, GENRES, MATCH)


def widths(width: int, *rows: dict[str, str], columns=COLUMNS) -> dict[str, int]:
    return {column.title: room for column, room in fit(columns, needs(columns, rows), width)}


def row(title: int, year: str = "1999", genres: str = "Crime, Thriller") -> dict[str, str]:
    return {"title": "x" * title, "year": year, "genres": genres}


@pytest.mark.parametrize(("width", "title"), [(120, 40), (76, 40), (51, 24), (40, 24)])
def test_a_title_has_its_room_before_anything_beside_it(width, title):
    assert widths(width, row(title))["Title"] >= title


def test_what_is_of_least_use_goes_first_where_it_is_narrow():
    shown = [list(widths(width, row(40))) for width in (90, 62, 45, 30)]
    assert shown == [
        ["#", "Title", "Year", "Genres", "Match"],
        ["#", "Title", "Year", "Match"],
        ["Title", "Year", "Match"],
        ["Title", "Match"],
    ]


def test_short_titles_leave_their_room_to_others():
    assert "Genres" not in widths(60, row(40))
    assert "Genres" in widths(60, row(12))


def test_a_column_without_data_is_not_shown():
    assert "Year" not in widths(100, row(20, year=""))
    assert "Genres" not in widths(100, row(20, genres=""))
    assert "Year" in widths(100, row(20, year=""), row(20))


def test_text_is_read_before_bars_are_drawn():
    assert widths(76, row(40))["Match"] == MATCH.least
    assert widths(100, row(40)) == {"#": 3, "Title": 40, "Year": 4, "Genres": 15, "Match": 11}


def test_one_very_long_title_does_not_take_the_genres_away():
    assert widths(110, row(200))["Genres"] == 15


def test_columns_stay_where_they_are_when_titles_of_another_length_come():
    assert widths(120, row(12)) == widths(120, row(33))


def test_a_table_without_a_main_column_is_filled():
    columns = (Column("Value", lambda row, _: row["title"]), replace(MATCH, bar=None))
    assert sum(widths(60, row(5), columns=columns).values()) == 60 - MARGIN - GAP - 1


@given(st.integers(1, 220), st.lists(st.tuples(st.integers(0, 90), st.booleans(), st.integers(0, 60)), max_size=5))
def test_no_column_lies_beyond_the_edge_unless_not_even_the_least_fits(width, lengths):
    rows = [row(title, "1999" if dated else "", "g" * genres) for title, dated, genres in lengths]
    fitted = widths(width, *rows)
    total = MARGIN + sum(fitted.values()) + GAP * (len(fitted) - 1) + 1
    assert total <= max(width, MARGIN + 1 + GAP + MATCH.least + 1)
    assert all(room >= 1 for room in fitted.values())
