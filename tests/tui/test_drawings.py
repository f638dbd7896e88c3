"""Numbers drawn as text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.bars import bar, histogram, progress_bar, sparkline, stars
from tui.widgets.histogram import bins, label_line
from tui.widgets.item_list import percent


def test_bars_are_exact_to_half_a_cell():
    assert [bar(one, 4) for one in (0, 0.01, 0.5, 0.625, 1, 7)] == ["    ", "╸   ", "━━  ", "━━╸ ", "━━━━", "━━━━"]


@given(st.floats(-1, 2), st.integers(1, 40))
def test_a_progress_bar_fills_its_width(fraction, width):
    done, undone = progress_bar(fraction, width)
    assert len(done + undone) == width


@pytest.mark.parametrize(
    ("rating", "highest", "drawn"),
    [(5, 5, "★★★★★"), (8, 10, "★★★★"), (0.5, 5, "½"), (0, 5, ""), (3, 0, ""), (9, 5, "★★★★★")],
)
def test_stars(rating, highest, drawn):
    assert stars(rating, highest) == drawn


def test_a_histogram_is_drawn_from_the_top():
    assert histogram([0, 1, 4], 2, 2) == ["    █ ", "  ▄ █ "]
    assert histogram([], 2, 2) == ["", ""]


def test_a_sparkline_shows_the_latest_values():
    assert sparkline([9, 3, 2, 1], 3) == "█▅▁"
    assert sparkline([], 3) == ""
    assert sparkline([1, 1], 3) == "▁▁"


def test_bins_follow_the_steps_of_the_scale():
    assert [label for label, _ in bins([0.5, 5], 0.5, 5)] == ["½", "1", "1½", "2", "2½", "3", "3½", "4", "4½", "5"]
    assert bins([1, 5, 5], 1, 5) == (("1", 1), ("2", 0), ("3", 0), ("4", 0), ("5", 2))
    assert [label for label, _ in bins([7], 1, 10)] == [str(one) for one in range(1, 11)]


def test_each_label_begins_under_its_bar():
    assert label_line(["½", "1", "1½", "2"], 3) == "½  1  1½ 2  "
    assert label_line([str(one) for one in range(1, 11)], 3) == "1  2  3  4  5  6  7  8  9  10 "


@given(st.lists(st.from_regex(r"[0-9]{1,5}", fullmatch=True), min_size=1, max_size=12), st.integers(2, 6))
def test_labels_stand_under_their_bars_or_nowhere(labels, cell):
    line = label_line(labels, cell)
    shown = [(place // cell, word) for place, word in words_at(line)]
    assert all(labels[index] == word for index, word in shown)
    assert shown[-1] == (len(labels) - 1, labels[-1])


def words_at(line):
    return [(found.start(), found.group()) for found in re.finditer(r"\S+", line)]


@given(st.lists(st.floats(-10, 10)))
def test_every_rating_is_in_a_bin(ratings):
    assert sum(number for _, number in bins(ratings, -10, 10)) == len(ratings)


def test_percentages_never_claim_to_be_nothing():
    assert [percent(one) for one in (0.21, 0.0321, 0.00049, 0)] == ["21.0%", "3.2%", "<0.1%", "0.0%"]
