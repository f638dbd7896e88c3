from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.search.lexical.bm25 import BM25Index
from engine.search.lexical.spelling import SpellingIndex
from engine.search.lexical.terms import tokens
from engine.search.lexical.variants import with_numbers

TITLES = [
    "The Shawshank Redemption",
    "Spider-Man",
    "The Godfather Part II",
    "Mushishi",
    "千と千尋の神隠し",
    "君の名は。",
    "Dune: Part Two",
    "Fate/Zero 2nd Season",
    "Zombies",
    "Romance Is My Plan B",
    "Jaws",
    "Raiders of the Lost Ark",
    "Star Wars",
    "Starman",
]
TEXTS = ["" for _ in TITLES]
TEXTS[10] = "An insatiable white shark terrorises the townspeople"


@pytest.fixture(scope="module")
def index() -> BM25Index:
    return BM25Index(TITLES, TEXTS)


def first(index: BM25Index, query: str) -> str:
    rows, _ = index.search(query, 1)
    return TITLES[rows[0]] if len(rows) else ""


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("shwashank redemtion", "The Shawshank Redemption"),
        ("redemption shawsh", "The Shawshank Redemption"),
        ("spiderman", "Spider-Man"),
        ("spider mann", "Spider-Man"),
        ("godfather 2", "The Godfather Part II"),
        ("godfather part two", "The Godfather Part II"),
        ("dune part ii", "Dune: Part Two"),
        ("fate zero 2", "Fate/Zero 2nd Season"),
        ("mushi shi", "Mushishi"),
        ("千尋", "千と千尋の神隠し"),
        ("神隠", "千と千尋の神隠し"),
        ("君の名", "君の名は。"),
        ("zombie", "Zombies"),
        ("raiders lo", "Raiders of the Lost Ark"),
        ("star w", "Star Wars"),
        ("a shrak", "Jaws"),
        ("townspeople's sharks", "Jaws"),
        ("xqzwvk", ""),
    ],
)
def test_what_people_type_finds_what_they_mean(index: BM25Index, query: str, title: str) -> None:
    assert first(index, query) == title


def test_a_pair_of_ideographs_says_more_than_both_apart() -> None:
    index = BM25Index(["名前の君の犬", "犬と君の名は"], ["", ""])
    assert index.search("君の名", 2)[0].tolist() == [1, 0]


def test_a_title_in_its_own_language_is_found_too() -> None:
    index = BM25Index(["Spirited Away", "Heat"], ["", ""], other_titles=["千と千尋の神隠し", "Heat"])
    assert index.search("神隠し", 2)[0].tolist() == [0]
    assert len(index.search("heat", 2)[0]) == 1


def test_a_word_that_is_there_is_not_corrected() -> None:
    index = BM25Index(["Heat", "Heap", "Meat"], ["", "", ""])
    assert index.search("heat x", 3)[0].tolist() == [0]
    (word,) = index.query_terms("heat x")
    assert word.matches == {"heat": 1.0}


def test_no_word_is_corrected_to_one_that_says_nothing() -> None:
    index = BM25Index(["Your Name", "Heat"], ["", ""])
    assert index.corrections("cour heat") == ()


def test_a_common_word_is_in_several_items_or_a_name() -> None:
    index = BM25Index(["One", "Two", "Three"], ["a film by bergman", "bergman again", "bergman and goldberg"])
    assert index.is_common("bergman")
    assert not index.is_common("goldberg")
    assert not index.is_common("spielberg")


def test_the_better_known_of_equals_comes_first() -> None:
    index = BM25Index(["Heat One", "Heat Two"], ["", ""], item_popularity=np.array([0.1, 0.9]))
    assert index.search("heat", 2)[0].tolist() == [1, 0]


def test_half_typed_words_of_many_meanings_do_not_outweigh_whole_ones() -> None:
    index = BM25Index(["Star Wars", *(f"W{letter}x" for letter in "abcdefgh")], [""] * 9)
    assert index.search("star w", 3)[0][0] == 0


@settings(max_examples=200)
@given(
    st.lists(st.text("abcdeé君", min_size=1, max_size=9), min_size=1, unique=True),
    st.text("abcdeé君", min_size=1, max_size=9),
    st.integers(1, 2),
)
def test_near_words_are_those_within_so_many_edits(vocabulary: list[str], word: str, most: int) -> None:
    from rapidfuzz.distance import OSA

    expected = {other: OSA.distance(word, other) for other in vocabulary}
    found = SpellingIndex(vocabulary).similar(word, most)
    assert dict(found) == {other: distance for other, distance in expected.items() if 0 < distance <= most}


def test_tokens_and_numbers() -> None:
    assert tokens("Amélie, 기생충 x") == ["amelie", "기생충", "x"]
    assert with_numbers("rocky iv") == "rocky 4"
    assert with_numbers("i robot") == "i robot"
    assert with_numbers("") == ""


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("The Shwashank redemtion!", "The shawshank redemption"),
        ("star wrs", "star wars"),  # too many words are close to three letters, but titles contain "star wars"
        ("Spider-Man & zombies", "Spider-Man & zombies"),  # nothing to correct, so the query stays as it was typed
        ("zombie", "zombie"),  # titles contain its plural
        ("townspeopel", "townspeopel"),  # the word is in no title and in one text only
        ("star wa", "star wa"),  # the last word is half typed
        ("blockchain", "blockchain"),
        ("👻 ???", "👻 ???"),
        ("神隠し 2", "神隠し 2"),
        ("神隠し STAR wrs 2", "神隠し STAR wars 2"),
    ],
)
def test_what_is_meant_by_a_misspelt_query(index: BM25Index, query: str, meant: str) -> None:
    assert index.corrected(query) == meant


def test_of_corrections_beside_the_same_words_the_nearest_is_taken() -> None:
    titles = ["The Silence of the Lambs", *(f"The Sense of an Ending {number}" for number in range(9))]
    index = BM25Index(titles, [""] * len(titles))
    assert index.corrected("the silense of the lambs") == "the silence of the lambs"


def test_a_word_alone_is_taken_for_one_that_is_frequent_in_titles() -> None:
    index = BM25Index(["Potter", "Potere"] + [f"Harry Potter {number}" for number in range(6)], [""] * 8)
    assert index.corrected("harry poter") == "harry potter"
    assert index.corrected("pottre") == "potter"
    assert index.corrected("poter") == "poter", "it may be half a rare one"
    assert index.search("harry poter", 1)[0][0] >= 2
    assert "potter" in index.query_terms("harry poter")[1].matches


def test_a_real_word_that_the_catalogue_lacks_becomes_no_other_word() -> None:
    titles = ["The Spirits Within", "Your Way", "Brave Story", "The Devil", "Robin Hood"] * 5
    index = BM25Index(titles, [""] * len(titles))
    for word in ("spirited", "grave", "evil", "ronin"):
        assert index.corrected(word) == word
        assert index.query_terms(word) == []
        assert index.unknown_words(word) == (word,)
    assert index.corrected("spirts") == "spirits", "which is no word"


def test_a_real_word_is_corrected_where_a_title_has_another_one_beside_the_same_words() -> None:
    index = BM25Index(["Finding Nemo", "Toy Story", "Heat"], [""] * 3)
    assert index.corrected("finding memo") == "finding nemo"
    assert index.search("finding memo", 1)[0].tolist() == [0]


def test_a_title_with_the_before_another_word_is_no_reason_to_correct() -> None:
    titles = ["The Devil", "The Con", *(f"The Con {number}" for number in range(20))]
    index = BM25Index(titles, ["", "by coen", *[""] * 20])
    assert index.corrected("the evil") == "the evil", "which is a real word"
    assert index.corrected("the coen brothers") == "the coen brothers", "which a text has, and three letters are few"
    assert index.query_terms("the coen brothers")[0].matches == {"coen": 1.0}
