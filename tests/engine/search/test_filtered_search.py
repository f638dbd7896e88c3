from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.data.results import Answer
from engine.errors import NotTrainedError, RecsysError
from engine.interactions import Interactions
from engine.search import SearchIndex
from engine.search import hybrid as query_module
from engine.search.co_occurrence import CoOccurrence
from engine.search.filters.parser import require_filters
from engine.search.semantic.vector_store import VectorStore
from tests.engine.search.fakes import FakeEncoder

NUM_ITEMS = 120
NAMES = [
    "".join(pair).capitalize()
    for pair in product("bdfghklmnprstvz", ("oka", "ile", "ume", "ars", "ent", "yss", "ard", "oul"))
]
WORDS = ["bank", "robbery", "space", "love", "war", "ghost"]


def make_items() -> ItemTable:
    random = np.random.RandomState(7)
    texts = [" ".join(random.choice(WORDS, 4)) for _ in range(NUM_ITEMS)]
    titles = [NAMES[number] if number % 10 else f"Saga {number // 50}: Part {number}" for number in range(NUM_ITEMS)]
    return ItemTable(
        IdMap([f"i{number}" for number in range(NUM_ITEMS)], first=1, name="item"),
        pa.table(
            {
                "title": titles,
                "year": pa.array((1950 + np.arange(NUM_ITEMS) % 60).tolist(), pa.int32()),
                "genres": [[WORDS[number % 6], WORDS[number % 4]] for number in range(NUM_ITEMS)],
                "text": [f"{title} {text}" for title, text in zip(titles, texts, strict=True)],
                "votes": list(range(NUM_ITEMS)),
            }
        ),
    )


ITEMS = make_items()
LOG = Interactions(
    np.repeat(np.arange(30), 20),
    np.random.RandomState(3).randint(1, 61, 600),
    num_users=30,
    num_items=61,
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    encoder: Any = FakeEncoder()
    store = VectorStore(tmp_path_factory.mktemp("store"), encoder.identity)
    index = SearchIndex(
        ITEMS, store, encoder, co_occurrence=CoOccurrence(LOG).similarity, popularity=np.arange(NUM_ITEMS)[::-1]
    )
    index.semantic.embed()
    return index


def rows(answer: Answer) -> list[int]:
    return [result.item.internal_id - 1 for result in answer.results]


@settings(max_examples=150, deadline=None)
@given(
    query=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
    k=st.integers(1, 150),
    mode=st.sampled_from(["hybrid", "semantic", "keyword"]),
    years=st.tuples(st.integers(1950, 2009), st.integers(1950, 2009)).map(sorted),
    genre=st.sampled_from(WORDS),
    diversity=st.sampled_from([0.0, 0.5]),
)
def test_filters_hold_exactly_and_cost_no_results(
    index: SearchIndex, query: str, k: int, mode: str, years: list[int], genre: str, diversity: float
) -> None:
    line = f"year:{years[0]}..{years[1]} -genre:{genre}"
    fitting = {
        row
        for row in range(NUM_ITEMS)
        if years[0] <= 1950 + row % 60 <= years[1] and genre not in (WORDS[row % 6], WORDS[row % 4])
    }
    # The words of this catalogue are genres, too, and would be understood as conditions.
    found = rows(index.search(query, k, mode, line, diversity=diversity, literal=query.split()))
    assert set(found) <= fitting
    assert len(set(found)) == len(found)
    if mode == "keyword":
        fitting = {row for row in fitting if set(query.split()) & set(ITEMS[row + 1].text.split())}
    assert len(found) == min(k, len(fitting))


@pytest.mark.parametrize("by", ["meaning", "both", None])
def test_filters_hold_for_items_like_another(index: SearchIndex, by: str | None) -> None:
    fitting = {row for row in range(NUM_ITEMS) if 1950 + row % 60 >= 1980 and row != 45}
    found = rows(index.search(k=NUM_ITEMS, filters="year:>=1980", like=46, like_by=by, diversity=0.4))
    assert set(found) == fitting
    assert len(found) == len(fitting)


def test_filters_alone_give_the_best_known(index: SearchIndex) -> None:
    answer = index.search(k=3, filters="year:1950..1951")
    assert answer.method == "popular"
    assert rows(answer) == [0, 1, 60]
    assert rows(index.popular(2)) == [0, 1]
    with pytest.raises(RecsysError, match="nothing to search for"):
        index.search(filters="")


def test_without_interactions_the_catalogues_own_figures_say_what_is_best_known() -> None:
    assert rows(SearchIndex(ITEMS).popular(2)) == [119, 118]


def test_filters_that_nothing_fits_together_leave_nothing(index: SearchIndex) -> None:
    assert index.search("bank", 5, "semantic", "year:1950 year:>=2000").results == ()
    assert index.search(k=5, filters="year:1950 year:>=2000").results == ()


def test_by_taste_come_the_items_of_the_same_people(index: SearchIndex) -> None:
    answer = index.search(k=200, like=5, like_by="taste")
    likeness = CoOccurrence(LOG).similarity(5)[1:]
    order = np.argsort(-likeness, kind="stable")[: np.count_nonzero(likeness)]
    assert rows(answer) == order.tolist()
    assert answer.method == "taste"
    assert {result.reason for result in answer.results} == {"liked by the same people"}


def test_by_both_the_lists_are_joined(index: SearchIndex) -> None:
    lists = [rows(index.search(k=NUM_ITEMS, like=5, like_by=by)) for by in ("taste", "meaning")]
    expected = {
        row: sum(1 / (61 + its.index(row)) for its in lists if row in its) for row in range(NUM_ITEMS) if row != 4
    }
    answer = index.search(k=NUM_ITEMS, like=5)
    assert rows(answer) == sorted(expected, key=lambda row: (-expected[row], row))
    assert answer.method == "meaning and taste"


def test_what_nobody_has_rated_is_compared_by_meaning(index: SearchIndex) -> None:
    assert index.search(like=100).method == "meaning"
    answer = index.search(like=100, like_by="both")
    assert answer.method == "meaning"
    assert f"By meaning only: Nobody who liked {NAMES[99]!r}" in answer.note
    with pytest.raises(NotTrainedError, match="Nobody who liked"):
        index.search(like=100, like_by="taste")


def test_what_is_not_embedded_is_compared_by_taste(tmp_path: Path) -> None:
    encoder: Any = FakeEncoder()
    bare = SearchIndex(
        ITEMS, VectorStore(tmp_path, encoder.identity), encoder, co_occurrence=CoOccurrence(LOG).similarity
    )
    answer = bare.search(like=5)
    assert answer.method == "taste"
    assert "By taste only: Nothing is embedded yet" in answer.note
    with pytest.raises(NotTrainedError, match="embedded"):
        bare.search(like=5, like_by="meaning")


def test_diversity_makes_room_beside_sequels(index: SearchIndex) -> None:
    def sequels(answer: Answer) -> int:
        return sum(result.item.title.startswith("Saga") for result in answer.results)

    same = [sequels(index.search("saga bank", 10, mode, diversity=0.0)) for mode in ("keyword", "hybrid")]
    varied = [sequels(index.search("saga bank", 10, mode, diversity=0.6)) for mode in ("keyword", "hybrid")]
    assert all(fewer < more for fewer, more in zip(varied, same, strict=True))
    assert index.search(NAMES[7], 5, diversity=1.0).results[0].item.title == NAMES[7]


def test_the_reason_tells_where_the_words_are() -> None:
    items = ItemTable(
        IdMap(["a"], first=1, name="item"),
        pa.table(
            {
                "title": ["Spider-Man II"],
                "year": pa.array([2004], pa.int32()),
                "genres": [["Crime", "Science Fiction"]],
                "text": ["Spider-Man II. Crime. A doctor with mechanical arms"],
            }
        ),
    )
    index = SearchIndex(items)

    def reason(query: str) -> str:
        return index.search(query, mode="keyword").results[0].reason

    assert reason("spiderman 2") == "the title"
    assert reason("spider men 2") == "nearly the title"
    places = {'title "spider" for "spidre"', 'genre "crime"', 'text "mechanical"'}
    assert set(reason("spidre crime mechanical").split(" · ")) == places
    assert reason("doctr arms") == 'text "arms" "doctor" for "doctr"', "the word that counts most comes first"
    assert reason("mech") == 'text "mechanical"'


@pytest.mark.parametrize("query", ["saga bank", "robot love", "planet saga", "heist"])
def test_how_many_are_asked_for_does_not_change_their_order(
    index: SearchIndex, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(query_module, "_DEPTH", 20)  # smaller than this small catalogue
    whole = rows(index.search(query, 20))
    assert len(whole) == 20
    for k in (5, 11, 15):
        assert rows(index.search(query, k)) == whole[:k]


def test_counting_what_was_found_compares_no_vectors_again(index: SearchIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, compared = index.semantic.index()[0], []
    search = vectors.search
    monkeypatch.setattr(vectors, "search", lambda *words: compared.append(words) or search(*words))
    answer = index.search("bank ghost", 100)
    found = index.found("bank ghost")
    assert set(rows(answer)) <= set(found.tolist())
    assert len(compared) == 1
    filters = require_filters("year:>=1980", index.fields)
    assert set(index.found("bank ghost", filters=filters)) >= set(
        rows(index.search("bank ghost", 100, filters=filters))
    )
    assert len(compared) == 2
