"""Queries in other languages, with an English and with a multilingual embedding model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.data.items import ItemTable
from engine.data.results import Answer
from engine.errors import DataError
from engine.search import SearchIndex
from engine.search.semantic.vector_store import VectorStore
from tests.engine.search.fakes import FakeEncoder
from tests.engine.search.test_hybrid import make_items

TITLES = ["Dracula", "Solaris", "Heat"]
TEXTS = ["vampire castle night", "space planet ocean", "bank robbery crew"]
SPANISH = "película de vampiros en el espacio"


def make_index(folder: Path, encoder: Any) -> SearchIndex:
    index = SearchIndex(make_items(TITLES, TEXTS), VectorStore(folder, encoder.identity), encoder)
    index.semantic.embed()
    return index


@pytest.fixture
def english(tmp_path: Path) -> SearchIndex:
    return make_index(tmp_path / "english", FakeEncoder())


@pytest.fixture
def multilingual(tmp_path: Path) -> SearchIndex:
    return make_index(tmp_path / "multilingual", FakeEncoder(multilingual=True))


def test_an_english_model_is_asked_for_the_translation(english: SearchIndex) -> None:
    assert english.request(SPANISH).meaning == "vampire space"


def test_a_multilingual_model_is_asked_for_the_query_as_typed_and_words_are_translated(
    multilingual: SearchIndex,
) -> None:
    request = multilingual.request(SPANISH)
    assert request.meaning == SPANISH
    assert request.words == "vampire space"
    assert multilingual.search(SPANISH, 1).understood[0].label == "Spanish: vampire space"


def test_what_is_excluded_is_no_part_of_the_meaning(multilingual: SearchIndex) -> None:
    request = multilingual.request("película de vampiros sin robots")
    assert "robot" in " ".join(request.without)
    assert "robots" not in request.meaning


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_words_without_a_translation_are_named(english: SearchIndex, mode: str) -> None:
    remark = english.search("película de xqwertos en el espacio", mode=mode).remark
    assert remark == "Left out, as there is no translation for them here: the Spanish word “xqwertos”."


def test_a_query_of_untranslated_words_is_not_said_to_be_in_an_unknown_language(english: SearchIndex) -> None:
    remark = english.search("película de xqwertos").remark
    assert remark.startswith("Left out, as there is no translation for them here: the Spanish word “xqwertos”")


def test_a_title_that_is_found_as_typed_is_not_said_to_be_left_out() -> None:
    films = make_items(["Oldboy", "Heat"], ["a man in a room", "bank robbery crew"])
    table = films.table.append_column("original_title", [["올드보이", "Heat"]])
    answer = SearchIndex(ItemTable(films.id_map, table)).search("올드보이", mode="keyword")
    assert answer.results[0].item.title == "Oldboy"
    assert answer.remark == ""


def test_a_title_with_the_rare_word_of_a_query_does_not_keep_it_from_being_translated() -> None:
    films = ["Kein Pardon", *(f"Horror Hotel {number}" for number in range(9))]
    index = SearchIndex(make_items(films, ["about a town"] * len(films)))
    assert index.request("kein horror").translation.language == "de"
    assert index.request("kein pardon").translation.language is None


def test_a_multilingual_model_leaves_no_word_out_of_the_meaning(multilingual: SearchIndex) -> None:
    query = "película de xqwertos en el espacio"
    assert "xqwertos" not in multilingual.search(query).remark
    assert "xqwertos" in multilingual.search(query, mode="keyword").remark


@pytest.mark.parametrize(
    ("mode", "remark"),
    [
        ("hybrid", "The words are Thai, which is not understood here; these are the nearest items."),
        ("keyword", "The words are Thai, which is not understood here."),
        ("semantic", "The words are Thai, which the embedding model does not know; these are the nearest items."),
    ],
)
def test_a_language_that_is_not_known_is_said_in_every_mode(english: SearchIndex, mode: str, remark: str) -> None:
    assert english.search("หนังผี", mode=mode).remark == remark


def test_a_multilingual_model_finds_by_meaning_in_any_script(multilingual: SearchIndex) -> None:
    answer: Answer = multilingual.search("หนังผี")
    assert answer.results
    assert "not understood" not in answer.remark
    assert not multilingual.search("หนังผี", mode="semantic").remark


def test_semantic_search_in_english_says_nothing(english: SearchIndex) -> None:
    assert not english.search("vampire castle", mode="semantic").remark


def test_a_model_whose_files_are_gone_takes_nothing_from_the_words(english: SearchIndex, tmp_path: Path) -> None:
    class Gone(FakeEncoder):
        @property
        def card(self) -> Any:
            raise DataError("The model is gone.")

        @card.setter
        def card(self, _: Any) -> None: ...

    index = make_index(tmp_path / "gone", Gone())
    assert index.search(SPANISH, mode="keyword").results[0].item.title in TITLES


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_what_is_not_excluded_for_want_of_a_translation_is_named(english: SearchIndex, mode: str) -> None:
    answer = english.search("film über vampire ohne xqwertos", mode=mode)
    assert "German word “xqwertos”" in answer.remark
    assert not any("without" in one.label for one in answer.understood)
