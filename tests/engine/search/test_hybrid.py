from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.data.results import Answer
from engine.errors import CancelledError, NotTrainedError, OptionError, RecsysError
from engine.runtime.job import Job, Progress
from engine.search import SearchIndex
from engine.search.encoder.encoder import Encoder
from engine.search.explanations import phrases
from engine.search.semantic import quantization_cache as kept_codes
from engine.search.semantic import vector_index as index_module
from engine.search.semantic.vector_index import QuantizedIndex
from engine.search.semantic.vector_store import VectorStore
from tests.engine.search.fakes import FakeEncoder, vector_of


def make_items(titles: list[str], texts: list[str], years: list[int | None] | None = None) -> ItemTable:
    table = pa.table(
        {
            "title": titles,
            "year": pa.array(years or [None] * len(titles), pa.int32()),
            "genres": pa.array([[] for _ in titles], pa.list_(pa.string())),
            "text": texts,
        }
    )
    return ItemTable(IdMap([f"i{number}" for number in range(len(titles))], first=1, name="item"), table)


TITLES = ["Heat", "The Matrix", "Heat Wave", "Matrix Revisited", "Solaris", "Amélie", "Heat"]
TEXTS = [
    "Heat bank robbery crew detective",
    "The Matrix hacker simulation",
    "Heat Wave summer heat heat heat",
    "Matrix Revisited matrix matrix matrix documentary",
    "Solaris planet ocean grief",
    "Amélie waitress Paris love",
    "Heat women summer city",
]
ITEMS = make_items(TITLES, TEXTS, [1995, 1999, None, 2001, 1972, 2001, 1986])


def make_index(folder: Path, encoder: FakeEncoder | None = None, **more: Any) -> SearchIndex:
    fake: Any = encoder or FakeEncoder()
    return SearchIndex(ITEMS, VectorStore(folder, fake.identity), fake, **more)


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    index = make_index(tmp_path)
    index.semantic.embed()
    return index


def titles(answer: Answer) -> list[str]:
    return [result.item.title for result in answer.results]


def internal_ids(answer: Answer) -> list[int]:
    return [result.item.internal_id for result in answer.results]


def test_semantic_search_is_the_exact_order_of_cosines(index: SearchIndex) -> None:
    answer = index.search("bank robbery in the summer", k=7, mode="semantic")
    cosines = np.array([vector_of(text) for text in TEXTS]) @ vector_of("bank robbery in the summer")
    assert internal_ids(answer) == (np.argsort(-cosines) + 1).tolist()
    scores = [result.score for result in answer.results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores), "a match is a probability"
    assert (answer.method, answer.note) == ("semantic", "")
    assert [result.rank for result in answer.results] == list(range(1, 8))


def test_hybrid_search_finds_by_words_and_by_meaning(index: SearchIndex) -> None:
    query = "summer simulation"
    by_words, by_meaning = (internal_ids(index.search(query, k=7, mode=mode)) for mode in ("keyword", "semantic"))
    answer = index.search(query, k=7)
    assert answer.method == "hybrid"
    assert set(internal_ids(answer)) == {*by_words, *by_meaning}
    assert set(internal_ids(answer)[:2]) <= set(by_words), "items with a word of the query come first"
    scores = [result.score for result in answer.results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)


def test_a_match_means_the_same_for_every_query(index: SearchIndex) -> None:
    best = {query: index.search(query, k=1).results[0].score for query in ("amelie waitress", "waitress", "xyzzy")}
    assert best["amelie waitress"] > best["waitress"] > best["xyzzy"]


@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("the matrix", [2]),
        ("Matrix, The", [2]),
        (" AMELIE ", [6]),
        ("heat", [1, 7]),
        ("Heat (1986)", [7]),
        ("matrix (1999)", [2]),
    ],
)
def test_a_title_equal_to_the_query_comes_first(index: SearchIndex, mode: str, query: str, first: list[int]) -> None:
    answer = index.search(query, k=3, mode=mode)
    assert internal_ids(answer)[: len(first)] == first
    assert answer.results[0].reason.startswith("the title")


@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
@pytest.mark.parametrize(
    ("query", "first"),
    [("matrx revisted", 4), ("Solariss", 5), ("the matirx (1999)", 2), ("hate", None), ("matrix 2", None)],
)
def test_so_does_a_misspelt_one_but_no_other_word_and_number(
    index: SearchIndex, mode: str, query: str, first: int | None
) -> None:
    best = index.search(query, k=1, mode=mode).results
    named = [result.item.internal_id for result in best if result.reason.startswith("nearly the title")]
    assert named == ([] if first is None else [first])


@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
def test_of_equal_titles_the_more_popular_comes_first(tmp_path: Path, mode: str) -> None:
    index = make_index(tmp_path, popularity=np.array([3, 9, 9, 0, 0, 0, 4]))
    index.semantic.embed()
    assert internal_ids(index.search("heat", k=2, mode=mode)) == [7, 1]


def test_a_result_says_why_it_is_there(index: SearchIndex) -> None:
    best = index.search("a bank robbery").results[0]
    assert best.item.internal_id == 1
    assert best.reason.startswith('text "bank" "robbery" · meaning 0.')


def test_more_like_an_item_leaves_the_item_itself_out(index: SearchIndex) -> None:
    answer = index.search(like=1, k=10)
    cosines = np.array([vector_of(text) for text in TEXTS]) @ vector_of(TEXTS[0])
    assert internal_ids(answer) == [item + 1 for item in np.argsort(-cosines) if item != 0]
    shifted = index.search("summer city", like=1, k=1)
    assert internal_ids(shifted) == [7]


def test_more_like_an_item_needs_no_model(tmp_path: Path) -> None:
    make_index(tmp_path).semantic.embed()
    without = SearchIndex(ITEMS, VectorStore(tmp_path, FakeEncoder().identity))
    assert len(without.search(like=3).results) == 6
    with pytest.raises(NotTrainedError, match="no embedding model"):
        without.search("heat", mode="semantic")


def test_keywords_answer_before_anything_is_embedded(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    index = make_index(tmp_path, encoder)
    answer = index.search("summer")
    assert internal_ids(answer) == internal_ids(index.search("summer", mode="keyword"))
    assert answer.method == "keyword"
    assert "0 of 7 embedded" in answer.note
    assert not encoder.loaded
    with pytest.raises(NotTrainedError, match="0 of 7 embedded"):
        index.search("summer", mode="semantic")
    with pytest.raises(NotTrainedError):
        index.search(like=1)


def test_what_is_embedded_so_far_takes_part_at_once(tmp_path: Path) -> None:
    encoder: Any = FakeEncoder()
    store, seen = VectorStore(tmp_path, encoder.identity), []
    index = SearchIndex(ITEMS, store, encoder)

    def search(progress: Progress) -> None:
        if 0 < progress.done < 7:
            answer = index.search("grief", k=10, mode="semantic")
            seen.append((progress.done, len(answer.results), answer.note))
            assert index.search("grief").note == answer.note

    store.embed(TEXTS, encoder, Job(search), batch_size=2)
    assert seen == [(2, 2, "2 of 7 embedded"), (4, 4, "4 of 7 embedded"), (6, 6, "6 of 7 embedded")]
    answer = index.search("grief", k=10, mode="semantic")
    assert (len(answer.results), answer.note) == (7, "")


def test_a_damaged_store_is_said_and_keywords_still_answer(tmp_path: Path) -> None:
    index = make_index(tmp_path)
    index.semantic.embed()
    next(tmp_path.glob("*/vectors.npy")).write_bytes(b"spoilt")
    answer = make_index(tmp_path).search("summer")
    assert answer.method == "keyword"
    assert "set aside" in answer.note
    assert answer.results


def test_a_query_is_encoded_once(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    index = make_index(tmp_path, encoder)
    index.semantic.embed()
    encoder.encoded.clear()
    for _ in range(3):
        index.search("summer heat", mode="semantic")
        index.search("summer heat")
    assert encoder.encoded == ["summer heat"]


@pytest.mark.parametrize(
    "query",
    ["x" * 10_000, "heat " * 2_000, "🎬", "?!", "\udcff", "\x00", "' OR 1=1", "[b]heat[/b]"],
    ids=["a long word", "many words", "emoji", "signs", "surrogate", "nul", "quotes", "markup"],
)
@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_any_query_is_answered(index: SearchIndex, query: str, mode: str) -> None:
    assert len(index.search(query, k=3, mode=mode).results) <= 3


def test_what_cannot_be_asked_is_said(index: SearchIndex) -> None:
    for empty in ("", "  \t"):
        with pytest.raises(RecsysError, match="nothing to search for"):
            index.search(empty)
    with pytest.raises(OptionError, match="hybrid, semantic or keyword"):
        index.search("heat", mode="magic")
    with pytest.raises(OptionError, match="at least 1"):
        index.search("heat", k=0)
    with pytest.raises(OptionError, match="from 0 to 1"):
        index.search("heat", diversity=2)
    with pytest.raises(OptionError, match="meaning, taste or both"):
        index.search(like=1, like_by="magic")
    with pytest.raises(OptionError, match="by meaning"):
        index.search(like=1, mode="keyword")
    with pytest.raises(IndexError):
        index.search(like=99)


def test_a_search_that_nobody_waits_for_stops(index: SearchIndex) -> None:
    job = Job()
    job.cancel()
    with pytest.raises(CancelledError):
        index.search("heat", job=job)


def test_nothing_found_is_an_empty_answer(index: SearchIndex) -> None:
    assert index.search("zebra", mode="keyword").results == ()
    assert SearchIndex(make_items([], [])).search("zebra").results == ()


def test_keyword_search_imports_no_heavy_module() -> None:
    code = (
        "import sys\n"
        "import engine.search\n"
        "light = sorted(name for name in ('numpy', 'torch', 'pyarrow') if name in sys.modules)\n"
        "from tests.engine.search.test_hybrid import ITEMS, SearchIndex\n"
        "SearchIndex(ITEMS).search('heat', mode='keyword')\n"
        "heavy = sorted(name for name in ('torch', 'transformers', 'scipy') if name in sys.modules)\n"
        "print(light, heavy)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"


# -- the tutorial's query on the real catalogue -------------------------------------------------------------

QUERY = "Funny anime I can watch with friends"
FOUND = [
    "Sentou Yousei Shoujo Tasukete! Mave-chan",
    "Anime TV de Hakken! Tamagotchi",
    "SKET Dance: SD Character Flash Anime",
    "Isshuukan Friends.",
    "Oshiete! Galko-chan",
]


def read_anime(path: Path) -> ItemTable:
    """The anime catalogue as an ItemTable, read without the package's readers."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if all(row.values())]
    assert len(rows) == 12_017
    texts = [" ".join([row["name"], row["genre"], row["type"], f"episodes: {row['episodes']}"]) for row in rows]
    return make_items([row["name"] for row in rows], texts)


def search_like_the_tutorial(items: ItemTable, folder: Path) -> list[str]:
    encoder = Encoder()
    index = SearchIndex(items, VectorStore(folder, encoder.identity), encoder)
    assert index.semantic.embed().complete
    return titles(index.search(QUERY, k=5, mode="semantic"))


def test_the_tutorials_five_titles_among_a_part_of_the_catalogue(real_data: Path, tmp_path: Path) -> None:
    whole = read_anime(real_data / "anime.csv")
    names = whole.titles()
    rows = sorted({names.index(name) for name in FOUND} | set(range(0, len(names), 80)))
    part = make_items([names[row] for row in rows], [whole.texts()[row] for row in rows])
    assert search_like_the_tutorial(part, tmp_path) == FOUND


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("cowboy bebop", "Cowboy Bebop"),
        ("KIMI NO NA WA", "Kimi no Na wa."),
        ("death note", "Death Note"),
        ("gintama'", "Gintama&#039;"),
    ],
)
def test_a_real_title_is_found_by_its_name(real_data: Path, query: str, title: str) -> None:
    found = titles(SearchIndex(read_anime(real_data / "anime.csv")).search(query, k=3, mode="keyword"))
    assert title in found


def test_a_match_is_explained_by_each_phrase_once() -> None:
    items = make_items(["Spider-Man"], ["Spider-Man. A boy is bitten; a city is saved. A boy is bitten."])
    assert phrases(items[1]) == ["Spider-Man", "A boy is bitten", "a city is saved."]


def test_searches_that_were_expected_have_the_same_answers(
    tmp_path: Path, index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_codes, "LARGE", 1)
    monkeypatch.setattr(index_module, "_FEW", 1)
    make_index(tmp_path / "nothing embedded").semantic.expect_queries()  # there is nothing to prepare
    asked = [("matrix", "hybrid", ""), ("planet", "semantic", ""), ("summer", "semantic", "year:>=1990")]
    before = [index.search(words, 4, mode, filters or None).results for words, mode, filters in asked]
    index.semantic.expect_queries()
    after = [index.search(words, 4, mode, filters or None).results for words, mode, filters in asked]
    assert isinstance(index.semantic.index()[0].texts, QuantizedIndex)
    for one, other in zip(before, after, strict=True):
        assert [result.item for result in one] == [result.item for result in other]
        np.testing.assert_allclose([result.score for result in one], [result.score for result in other], atol=1e-5)


def test_the_meaning_of_a_misspelt_query_is_that_of_the_words_that_titles_have(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    index = make_index(tmp_path, encoder)
    index.semantic.embed()
    encoder.encoded.clear()
    index.search("heat wve")
    index.search("heat wve", mode="semantic")
    assert encoder.encoded == ["heat wave", "heat wve"], "by meaning alone it is as it was typed"


def test_a_search_says_when_no_word_was_found(index: SearchIndex) -> None:
    for mode in ("keyword", "hybrid"):
        answer = index.search("xyzzy", mode=mode)
        assert answer.unknown_words == ("xyzzy",)
        assert answer.remark.startswith("This word is in none of the texts that are searched here: “xyzzy”")
        assert index.search("🦄", mode=mode).remark.startswith("The query has no words")
    answer = index.search("planet ocean")
    assert (answer.unknown_words, answer.note) == ((), "")


def test_of_items_equally_near_in_meaning_the_better_known_comes_first(tmp_path: Path) -> None:
    fake: Any = FakeEncoder()
    items = make_items(["One", "Two"], ["of the same words", "of the same words"])
    index = SearchIndex(items, VectorStore(tmp_path, fake.identity), fake, popularity=np.array([1, 90]))
    index.semantic.embed()
    assert internal_ids(index.search("xyzzy", mode="semantic")) == [1, 2]
    assert internal_ids(index.search("xyzzy")) == [2, 1]


@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
def test_results_come_in_the_order_that_was_asked_for(index: SearchIndex, mode: str) -> None:
    years = [result.item.year for result in index.search("heat", k=7, mode=mode, order="year").results]
    known = [year for year in years if year is not None]
    assert known == sorted(known)
    assert len(known) >= 2
    assert years[len(known) :] == [None] * (len(years) - len(known)), "an unknown year comes last"
    newest = [result.item.year for result in index.search("heat", k=7, mode=mode, order="newest").results]
    assert [year for year in newest if year is not None] == known[::-1]


def test_a_query_asks_for_an_order_in_words(index: SearchIndex) -> None:
    answer = index.search("heat in order", k=7)
    assert [result.item.title for result in answer.results[:2]] == ["Heat", "Heat"]
    assert [result.item.year for result in answer.results[:2]] == [1986, 1995]
    assert [one.condition for one in answer.understood] == ["sort:year"]


def test_an_order_alone_lists_the_catalogue_in_it(index: SearchIndex) -> None:
    years = [result.item.year for result in index.search("", k=7, order="year").results]
    assert years[:6] == [1972, 1986, 1995, 1999, 2001, 2001]
    assert years[6] is None


def test_a_partly_embedded_catalogue_can_be_varied_and_invents_no_cosine(tmp_path: Path) -> None:
    fake: Any = FakeEncoder()
    store = VectorStore(tmp_path, fake.identity)
    store.embed(TEXTS[:3], fake)
    index = SearchIndex(ITEMS, store, fake)
    answer = index.search("matrix planet", k=5, diversity=0.4)
    assert "Matrix Revisited" in titles(answer)
    (reason,) = [result.reason for result in answer.results if result.item.title == "Matrix Revisited"]
    assert "meaning" not in reason


@pytest.mark.parametrize("query", ["heat in order", "heat"])
def test_diversity_keeps_the_order_that_was_asked_for(index: SearchIndex, query: str) -> None:
    plain = index.search(query, k=5, order="year")
    assert internal_ids(index.search(query, k=5, order="year", diversity=0.5)) == internal_ids(plain)


def test_items_like_another_come_in_an_order_without_what_is_excluded(index: SearchIndex) -> None:
    years = [result.item.year for result in index.search(k=6, like=1, order="newest").results]
    known = [year for year in years if year is not None]
    assert known == sorted(known, reverse=True)
    moved = index.search("like Solaris without summer", k=7)
    assert moved.note.startswith("Like 'Solaris'")
    assert not {3, 7} & set(internal_ids(moved)), "the texts that have the word"


def test_an_excluded_subject_is_told_and_its_words_can_be_searched_for(index: SearchIndex) -> None:
    answer = index.search("planet without summer", k=7, mode="keyword")
    (told,) = answer.understood
    assert (told.typed, told.label) == ("without summer", "without: summer")
    taken_back = index.search("planet without summer", k=7, mode="keyword", literal=[told.typed])
    assert taken_back.understood == ()
    assert {3, 7} & set(internal_ids(taken_back)), "the texts that have the word"


@pytest.mark.parametrize("query", ["planet without qqxx", "planet not about qqxx", "like Solaris without qqxx"])
def test_an_exclusion_that_leaves_nothing_out_is_told(index: SearchIndex, query: str) -> None:
    assert index.search(query, k=7).remark == "No item names “qqxx”, so nothing is left out for it."
    assert not index.search(query.replace("qqxx", "summer"), k=7).remark.startswith("No item names")


def test_a_search_by_meaning_needs_no_index_of_words(index: SearchIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "prepare_keywords", lambda job=None: pytest.fail("the words were indexed"))
    assert index.search("planet", mode="semantic").results


def test_an_explanation_goes_by_words_where_the_search_did(tmp_path: Path) -> None:
    index = make_index(tmp_path)
    assert index.search("planet").note.startswith("By keyword only")
    assert "words" in index.explain("planet", 5)
