from __future__ import annotations

import numpy as np
import pytest

from engine.errors import CancelledError
from engine.runtime.job import Job
from engine.search.lexical.bm25 import _K1, _TEXT_B, BM25Index
from engine.text.normalize import words

TITLES = ["Amélie", "The Matrix", "Heat", "君の名は。", "Ocean's Eleven", "Schindler&#039;s List", "The Who"]
TEXTS = [
    "A shy waitress in Paris helps others find love.",
    "A hacker learns that the world is a simulation.",
    "A crew plans a bank robbery while a detective closes in.",
    "Two strangers swap bodies. Drama",
    "A heist of three casinos at once. Heist Comedy",
    "A businessman saves lives. Drama History",
    "A band.",
]


@pytest.fixture(scope="module")
def index() -> BM25Index:
    return BM25Index(TITLES, TEXTS)


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("AMELIE", 0),
        ("amélie", 0),
        ("the world is a simulation", 1),
        ("bank robbery", 2),
        ("名は", 3),
        ("oceans eleven", 4),
        ("Ocean’s 11 heist", 4),
        ("schindlers list", 5),
        ("the who", 6),
    ],
)
def test_case_accents_and_apostrophes_do_not_matter(index: BM25Index, query: str, best: int) -> None:
    assert index.search(query, 3)[0][0] == best


def test_a_word_in_the_title_weighs_more() -> None:
    index = BM25Index(["x", "matrix"], ["the matrix and more", "x and more or"])
    assert index.search("matrix", 2)[0].tolist() == [1, 0]


def test_an_item_names_a_subject_in_any_form_of_its_words() -> None:
    index = BM25Index(["a", "b", "c", "d"], ["two vampires", "a vampire's bank", "a bank", "vampirism"])
    rows = np.arange(4)
    assert index.name("vampires", rows).tolist() == [True, True, False, False]
    assert index.name("vampire", rows).tolist() == [True, True, False, False]
    assert index.name("banks of vampires", rows).tolist() == [False, True, False, False]
    assert not index.name("zebras", rows).any()
    assert not index.name("?", rows).any()


def test_items_without_any_of_the_words_are_not_found(index: BM25Index) -> None:
    rows, scores = index.search("drama", 10)
    assert sorted(rows.tolist()) == [3, 5]
    assert (scores > 0).all()
    assert len(index.search("zebra", 10)[0]) == 0
    assert len(index.search("🎬 !!", 10)[0]) == 0


def test_only_what_is_allowed_is_found(index: BM25Index) -> None:
    allowed = np.ones(len(TITLES), dtype=bool)
    allowed[3] = False
    assert index.search("drama", 10, allowed)[0].tolist() == [5]


def test_it_names_the_words_it_knows(index: BM25Index) -> None:
    terms = index.query_terms("A heist with drama by Amélie")
    assert [word.typed for word in terms] == ["heist", "drama", "amelie"]


def test_the_scores_of_texts_are_those_of_bm25s() -> None:
    bm25s = pytest.importorskip("bm25s")
    other = bm25s.BM25(method="lucene", k1=_K1, b=_TEXT_B)
    other.index([words(text) for text in TEXTS], show_progress=False)
    index = BM25Index([""] * len(TEXTS), TEXTS)
    for query in ("drama the", "heist comedy the", "bank robbery detective love the"):
        expected = other.get_scores(words(query)[:-1])  # a stop word is not treated as half typed
        rows, scores = index.search(query, len(TEXTS))
        np.testing.assert_allclose(scores, expected[rows], rtol=1e-5)
        assert len(rows) == np.count_nonzero(expected)


def test_an_empty_catalogue_finds_nothing() -> None:
    assert len(BM25Index([], []).search("anything", 3)[0]) == 0
    assert len(BM25Index(["", "!"], ["", ""]).search("anything", 3)[0]) == 0


def test_building_can_be_stopped() -> None:
    job = Job()
    job.cancel()
    with pytest.raises(CancelledError):
        BM25Index(TITLES, TEXTS, job)
