from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.normalize import fold, split_year, title_key, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Matrix, The", "the MATRIX"),
        ("Amélie", "AMELIE"),
        ("Vita è bella, La", "la vita e bella"),
        ("Ocean’s Eleven", "oceans eleven"),
        ("Beavis & Butt-Head", "Beavis and Butt-Head"),
        ("Fast &amp; Furious", "fast and furious"),
        ("Straße", "STRASSE"),
        ("A  Clockwork—Orange!", "clockwork orange"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("ＡＫＩＲＡ", "akira"),
    ],
)
def test_spellings_of_one_title_have_one_key(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Die Hard", "Hard"),
        ("La La Land", "La Land"),
        ("The", "A"),
        ("ガガ", "カカ"),
        ("!!!", "???"),
        ("Alien", "Aliens"),
        ("한글", "한국"),
    ],
)
def test_different_titles_have_different_keys(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert words(" ".join(words(text))) == words(text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("title", "apart"),
    [
        ("Heat (1995)", ("Heat", 1995)),
        ("Heat [1995] ", ("Heat", 1995)),
        ("Heat", ("Heat", None)),
        ("(1995)", ("(1995)", None)),
        ("2001: A Space Odyssey", ("2001: A Space Odyssey", None)),
        ("Twin Peaks (2017) II", ("Twin Peaks (2017) II", None)),
    ],
)
def test_the_year_at_the_end_is_told_apart(title: str, apart: tuple[str, int | None]) -> None:
    assert split_year(title) == apart


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E.T. the Extra-Terrestrial", ["et", "the", "extra", "terrestrial"]),
        ("R.I.P.D", ["ripd"]),
        ("M*A*S*H", ["mash"]),
        ("J. R. R. Tolkien", ["jrr", "tolkien"]),
        ("P.S. I Love You", ["ps", "i", "love", "you"]),
        ("Plan B. A new one", ["plan", "b", "a", "new", "one"]),
        ("WALL·E", ["wall", "e"]),
        ("Evangelion: 2.0", ["evangelion", "2", "0"]),
    ],
)
def test_initials_are_one_word(text: str, expected: list[str]) -> None:
    assert words(text) == expected
