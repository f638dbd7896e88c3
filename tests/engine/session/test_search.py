"""Search as the app and the command line ask for it: one line with words and filters."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from engine.data.results import Answer
from engine.datasets import read
from engine.errors import DataError, NotTrainedError, OptionError, RecsysError, UnknownError
from engine.session import Session
from engine.workspace.dataset_store import Workspace
from tests.engine.search.fakes import save_tiny_model
from tests.engine.search.odd_lines import odd_line, search_for

ITEMS = """id,title,year,genres,text
alien,Alien,1979,"Horror, Science Fiction",a crew and a monster in space
heat,Heat,1995,Crime,a thief and a detective
solaris,Solaris,1972,Science Fiction,a planet that remembers
stalker,Stalker,1979,Science Fiction,a guide leads two men into the zone
primer,Primer,2004,Science Fiction,two engineers and a time machine
"""
RATINGS = """user,item,rating
ann,alien,5
ann,solaris,5
bob,heat,5
bob,alien,5
cyd,solaris,5
cyd,alien,5
"""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path / "home"))
    items, ratings = tmp_path / "items.csv", tmp_path / "ratings.csv"
    items.write_text(ITEMS)
    ratings.write_text(RATINGS)
    workspace = Workspace(tmp_path / "home" / "data")
    workspace.add(read("films", "table", items=items, ratings=ratings))
    return Session(workspace, "films")


def ids(answer: Answer) -> list[Any]:
    return [result.item.item_id for result in answer.results]


def test_a_line_is_words_and_filters(session: Session) -> None:
    assert ids(session.search.search("two -title:primer", mode="keyword")) == ["stalker"]
    assert ids(session.search.search("two rating:>=1", mode="keyword")) == []
    assert session.search.search("two", mode="keyword").results[0].reason == 'text "two"'


def test_after_warming_up_only_the_query_itself_is_embedded(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.search.embed()
    session.search.warm_up()
    embedded: list[str] = []
    encoder = session.search._encoder
    for name in ("encode", "encode_queries"):
        encode = getattr(encoder, name)
        monkeypatch.setattr(encoder, name, lambda texts, encode=encode: embedded.extend(texts) or encode(texts))
    assert "Science Fiction" in session.search.search("a planet far away").results[0].reason
    assert embedded == ["a planet far away"]


def test_filters_alone_need_no_model_and_give_the_best_known(session: Session) -> None:
    answer = session.search.search("genre:science rating:>=4.5")
    assert ids(answer) == ["alien", "solaris"]
    assert answer.method == "popular"
    assert ids(session.search.search("interactions:2 genre:science")) == ["solaris"]


def test_a_wrong_filter_is_an_error_or_the_callers_to_show(session: Session) -> None:
    with pytest.raises(OptionError, match="perhaps Horror"):
        session.search.search("monster genre:horor", mode="keyword")
    parsed = session.search.parse_query("monster genre:horor")
    assert [problem.suggestions for problem in parsed.problems] == [("Horror",)]
    assert ids(session.search.search(parsed, mode="keyword")) == ["alien"]


def test_filters_are_completed(session: Session) -> None:
    assert [(one.text, one.count) for one in session.search.complete_filter("genre:h", 7)] == [("Horror", 1)]


def test_before_anything_is_typed_there_is_what_is_best_known(session: Session) -> None:
    assert ids(session.search.highlights(2)) == ["alien", "solaris"]
    assert session.search.highlights().method == "popular"


def test_items_like_another_by_who_liked_it(session: Session) -> None:
    answer = session.search.search("", like="alien", like_by="taste")
    assert ids(answer) == ["solaris", "heat"]
    assert ids(session.search.search("genre:crime", like="alien", like_by="taste")) == ["heat"]
    with pytest.raises(UnknownError):
        session.search.search("", like="nothing")


def test_searches_are_remembered_for_each_data_set(session: Session) -> None:
    session.search.remember_search("heist genre:crime")
    session.search.remember_search("robots")
    again = Session(session.workspace, "films")
    assert again.search.recent_searches() == ["robots", "heist genre:crime"]
    assert again.search.recent_searches(1) == ["robots"]


def test_a_match_is_explained_by_its_words_where_no_model_is_loaded(session: Session) -> None:
    ((part, fall),) = session.search.explain_match(
        "two", session.search.search("two", mode="keyword").results[0].item.item_id
    )
    assert part == '"two"'
    assert 0 < fall < 1
    assert session.search.explain_match("robots", "alien") == []
    assert session.search.explain_match("two", "alien", "semantic") == []


def test_a_model_that_is_not_there_is_said_and_words_still_answer(session: Session) -> None:
    without = Session(session.workspace, "films", embedding_model="nosuch", interactive=True)
    answer = without.search.search("planet")
    assert ids(answer) == ["solaris"]
    assert answer.note.startswith("by keyword only: The embedding model 'nosuch'")
    assert without.search.embedding_state().done == 0
    for ask in (without.search.warm_up, without.search.embed, lambda: without.search.search("planet", mode="semantic")):
        with pytest.raises((UnknownError, DataError), match="nosuch"):
            ask()


def test_a_model_that_cannot_be_loaded_takes_away_no_more(session: Session, tmp_path: Path) -> None:
    session.search.embed()
    folder = save_tiny_model(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"cut off")
    spoilt = Session(session.workspace, "films", embedding_model=str(folder))
    answer = spoilt.search.search("planet")
    assert ids(answer) == ["solaris"]
    assert "cannot be loaded" in answer.note
    spoilt.search.encode_queries(["planet", "monster"])
    assert ids(spoilt.search.search("planet", like="alien"))[0] == "solaris"
    with pytest.raises(DataError, match="cannot be loaded"):
        spoilt.search.search("planet", mode="semantic")


def test_words_are_named_where_they_count_and_sentences_where_meaning_does(session: Session) -> None:
    session.search.embed()
    hybrid = dict(session.search.explain_match("plonet", "solaris"))
    semantic = dict(session.search.explain_match("planet", "solaris", "semantic"))
    assert '"planet"' in hybrid, "what was probably meant"
    assert semantic
    assert not any(part.startswith('"') for part in semantic)
    assert all(0 < fall < 1 for fall in [*hybrid.values(), *semantic.values()])


def test_without_ratings_it_is_not_said_that_nobody_liked_an_item(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.workspace.add(read("bare", "table", items=tmp_path / "items.csv"))
    with pytest.raises(NotTrainedError, match="no ratings"):
        Session(session.workspace, "bare").search.search("", like="heat", like_by="taste")


def test_any_line_is_answered_or_refused_in_one_sentence(session: Session) -> None:
    answered = 0
    for seed in range(300):
        with suppress(RecsysError):  # such as a line without any word
            answered += search_for(session, odd_line(seed), "keyword")
    assert 100 < answered < 300


def test_facets_count_what_a_line_finds(session: Session) -> None:
    facets = {
        one.field: {value.label: value.count for value in one.values} for one in session.search.facets("a", "keyword")
    }
    assert facets["genre"] == {"Science Fiction": 4, "Crime": 1, "Horror": 1}
    assert facets["year"] == {"2000s": 1, "1990s": 1, "1970s": 3}
    narrowed = session.search.facets("a genre:crime", "keyword")
    assert [(value.label, value.count) for value in narrowed[0].values] == [("Crime", 1)]
    assert session.search.facets("zzzzzz", "keyword") == ()


@pytest.fixture
def with_adult_items(tmp_path: Path, session: Session) -> Session:
    items = tmp_path / "all.csv"
    items.write_text(
        ITEMS + "night,Alien Night,1990,Hentai,a monster\nnight2,Night Two,1990,Hentai,a monster in the night\n"
    )
    workspace = Workspace(tmp_path / "home" / "data")
    workspace.add(read("all", "table", items=items, ratings=tmp_path / "ratings.csv"))
    return Session(workspace, "all")


def test_items_for_adults_are_left_out_everywhere_and_counted(with_adult_items: Session) -> None:
    search = with_adult_items.search
    answer = search.search("monster", mode="keyword")
    assert (ids(answer), answer.hidden) == (["alien"], 2)
    assert (len(search.highlights().results), search.highlights().hidden) == (5, 2)
    assert "Hentai" not in [one.label for one in search.complete_filter("genre:", 6)]
    assert "Hentai" in [one.label for one in search.complete_filter("genre:he", 8)]
    assert [one.item.item_id for one in with_adult_items.sequences.complete_title("ali")] == ["alien"]
    assert search.facets("monster", "keyword") == ()


def test_items_for_adults_are_shown_where_they_are_asked_for(with_adult_items: Session) -> None:
    search = with_adult_items.search
    assert set(ids(search.search("monster", mode="keyword", adult=True))) == {"alien", "night", "night2"}
    assert set(ids(search.search("monster genre:hentai", mode="keyword"))) == {"night", "night2"}
    assert search.facets("monster", "keyword", adult=True)


def test_the_settings_can_show_items_for_adults(tmp_path: Path, with_adult_items: Session) -> None:
    config = tmp_path / "home" / "config" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("show-adult = true\n")
    answer = with_adult_items.search.search("monster", mode="keyword")
    assert (len(answer.results), answer.hidden) == (3, 0)
    assert len(with_adult_items.search.highlights().results) == 7
