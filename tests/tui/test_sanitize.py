"""Text from data: harmless, of a known width, cut only with an ellipsis."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.fake import NASTY
from tui.widgets.cell_text import clean, count, duration, fit, paragraphs, shorten


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("[bold red]x[/]", "[bold red]x[/]"),
        ("\x1b[31mX", "\ufffd[31mX"),
        ("a\nb\r\nc\td", "a b c d"),
        ("zero\u200bwidth", "zerowidth"),
        ("\u202eevil", "\ufffdevil"),
        ("👨‍👩‍👧", "👨👩👧"),
        ("e\u0301", "é"),
        ("a" + "\u0300" * 20, "à\u0300\u0300"),
        ("\ud800", "\ufffd"),
        ("\ue000x\U000e0100", "\ufffdx"),
        ("  much   space  ", "much space"),
        (None, "None"),
        (7, "7"),
    ],
)
def test_known_cases(raw, expected):
    assert clean(raw) == expected


@given(st.text())
def test_nothing_that_a_terminal_obeys_survives(text):
    cleaned = clean(text)
    assert not {unicodedata.category(one) for one in cleaned} & {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
    assert "\u202e" not in cleaned
    assert clean(cleaned) == cleaned
    cleaned.encode()


@given(st.text() | st.sampled_from(NASTY), st.integers(0, 60), st.booleans())
def test_fitted_text_has_exactly_the_width_asked_for(text, width, right):
    assert cell_len(fit(text, width, right=right)) == width


@given(st.text(min_size=1), st.integers(1, 30))
def test_what_is_cut_ends_in_an_ellipsis(text, width):
    short = shorten(text, width)
    assert cell_len(short) <= width
    if short != clean(text):
        assert short.endswith("…")


def test_wide_characters_are_cut_by_cells():
    assert shorten("千と千尋の神隠し", 7) == "千と千…"
    assert fit("千と千尋の神隠し", 6) == "千と… "


def test_paragraphs_keep_their_breaks():
    assert paragraphs("one\ntwo\n\n\n\nthree\x1b[2J") == "one\ntwo\n\nthree\ufffd[2J"


@given(st.text())
def test_paragraphs_hold_no_control_character_but_the_break(text):
    assert all(line == clean(line) for line in paragraphs(text).split("\n"))


def test_a_text_of_any_length_is_bounded():
    assert len(clean("x" * 10_000_000)) == 20_000


def test_counts_and_durations_read_well():
    assert [count(1, "item"), count(1200, "item"), count(2, "entry", "entries")] == [
        "1 item",
        "1,200 items",
        "2 entries",
    ]
    assert [duration(one) for one in (0.0004, 0.018, 0.9996, 9.99, 59.7, 61, 3600, 7260)] == [
        "0 ms",
        "18 ms",
        "1.0 s",
        "10 s",
        "1 min",
        "1 min 1 s",
        "1 h",
        "2 h 1 min",
    ]
