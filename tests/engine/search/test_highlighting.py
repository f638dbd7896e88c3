"""Where the words of a query stand in titles and descriptions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.search import SearchIndex
from engine.search.highlighting import spans
from engine.text.normalize import words
from tests.engine.search.test_facets import ITEMS, make_items


def marked(text: str, matched: set[str], unfinished: str = "") -> list[str]:
    return [text[start:end] for start, end in spans(text, matched, unfinished)]


@pytest.mark.parametrize(
    ("text", "matched", "expected"),
    [
        ("Amélie drinks a CAFÉ au lait", {"amelie", "cafe"}, ["Amélie", "CAFÉ"]),
        ("Ame\u0301lie", {"amelie"}, ["Ame\u0301lie"]),
        ("Am&eacute;lie &amp; Jules&#39; day", {"amelie", "and", "jules"}, ["Am&eacute;lie", "&amp;", "Jules&#39;"]),
        ("Tom&amp;Jerry", {"jerry"}, ["Jerry"]),
        ("Don't, don’t 'tis", {"dont", "tis"}, ["Don't", "don’t", "tis"]),
        ("Spider-Man or Spider Man", {"spiderman"}, ["Spider-Man", "Spider Man"]),
        ("千と千尋の神隠し", {"千尋"}, ["千尋"]),
        ("Straße der Œuvres", {"strasse", "oeuvres"}, ["Straße", "Œuvres"]),
        ("warfare at war", {"war"}, ["war"]),
        ("nothing here", {"war"}, []),
        ("", {"war"}, []),
        ("war", set(), []),
    ],
)
def test_words_are_found_through_spellings(text: str, matched: set[str], expected: list[str]) -> None:
    assert marked(text, matched) == expected


def test_of_a_longer_word_as_much_is_marked_as_is_typed() -> None:
    assert marked("Bank robbers rob", {"bank", "robbers", "rob"}, "bank rob") == ["Bank", "rob", "rob"]
    assert marked("Élan", {"elan"}, "ela") == ["Éla"]
    assert marked("Am&eacute;lie", {"amelie"}, "ame") == ["Am&eacute;"]
    assert marked("Robbery", {"robbery"}, "burglary") == ["Robbery"]


@given(st.text(max_size=60), st.sets(st.text(max_size=8), max_size=4), st.text(max_size=4))
def test_marks_lie_in_the_text_in_order(text: str, matched: set[str], unfinished: str) -> None:
    found = spans(text, {word for one in matched for word in words(one)}, unfinished)
    ends = [end for span in found for end in span]
    assert ends == sorted(ends)
    assert all(0 <= start < end <= len(text) for start, end in found)


@given(st.lists(st.text("abcdé'", min_size=2, max_size=6), min_size=1, max_size=6))
def test_a_word_of_plain_text_is_always_found(parts: list[str]) -> None:
    text = " ".join(parts)
    for word in words(text):
        assert any(words(one) == [word] for one in marked(text, {word}))


def test_a_search_says_which_words_of_an_item_matched() -> None:
    results = SearchIndex(ITEMS).search("pea film war", 100, "keyword").results
    assert {"film", "peace", "war"} >= set(results[0].matched) >= {"film", "war"}
    assert not any(result.matched for result in SearchIndex(ITEMS).popular(5).results)


def test_words_of_people_are_among_those_that_matched() -> None:
    items = make_items(3, director=["Akira Kurosawa", "Ann Lee", "Bo Ray"])
    (result,) = SearchIndex(items).search("kurosawa", 5, "keyword").results
    assert result.matched == ("kurosawa",)
