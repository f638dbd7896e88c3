from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.search.filters.fields import Fields
from engine.search.request import understand
from engine.search.understanding.languages import language_name, read_language
from engine.search.understanding.lexicon import lexicon
from engine.search.understanding.places import COUNTRIES, LANGUAGES
from engine.text.normalize import fold, words
from tests.conftest import REPOSITORY
from tests.engine.search.understanding.catalogues import ANIME, FILMS


def in_no_title(word: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("query", "language", "english"),
    [
        ("película de vampiros en el espacio", "es", "vampire space"),
        ("viajes en el tiempo", "es", "time travel"),
        ("segunda guerra mundial", "es", "world war ii"),
        ("peliculas de ciencia ficcion", "es", "science fiction"),
        ("perros", "es", "dog"),
        ("película francesa de los años 80 sin romance", "es", "french 80s without romance"),
        ("una historia de amor en venecia", "es", "love story venice"),
        ("film sur un requin", "fr", "shark"),
        ("histoires d'amour impossible", "fr", "love story impossible"),
        ("dessin animé avec des dinosaures", "fr", "animation dinosaur"),
        ("l’évasion de prison", "fr", "prison escape"),
        ("film über einen hai", "de", "shark"),
        ("ein engel in berlin", "de", "angel berlin"),
        ("ein mörder in venedig", "de", "murderer venice"),
        ("gefängnisausbruch", "de", "prison escape"),
        ("gefaengnis", "de", "prison"),
        ("vampirfilm", "de", "vampire"),
        ("kriegsfilme", "de", "war"),
        ("thriller unter 100 minuten", "de", "thriller less than 100 minute"),
        ("ein haus unter dem see", "de", "house lake"),
        ("horrorfilm nach 2010", "de", "horror after 2010"),
        ("krimis seit 2010", "de", "crime since 2010"),
        ("filme aus den 80ern", "de", "80s"),
        ("japanische filme vor 1960", "de", "japanese before 1960"),
        ("anime ohne harem", "de", "anime"),
        ("komödie ohne xyzzy", "de", "comedy"),
        ("ハーレムなし", "ja", "without harem"),
        ("películas de menos de 90 minutos", "es", "less than 90 minute"),
        ("película de terror de los 80", "es", "horror 80s"),
        ("una película desde el espacio", "es", "space"),
        ("film de moins de 90 minutes", "fr", "less than 90 minute"),
        ("comédie française récente", "fr", "comedy french recent"),
        ("anime con meno di 13 episodi", "it", "anime less than 13 episode"),
        ("filmes brasileiros dos anos 2000", "pt", "brazilian 2000s"),
        ("komedie onder 90 minuten", "nl", "comedy less than 90 minute"),
        ("film i 80 dagar", None, ""),
        ("dänische komödie", "de", "danish comedy"),
        ("horrorfilme, die nicht zu brutal sind", "de", "horror, not too brutal"),
        ("películas francesas que no sean románticas", "es", "french without romance"),
        ("pas de film d'horreur", "fr", "without horror"),
        ("film français pas trop long", "fr", "french not too long"),
        ("nenhum filme de terror", "pt", "without horror"),
        ("comédie belge", "fr", "comedy belgian"),
        ("película turca", "es", "turkish"),
        ("film norvegese", "it", "norwegian"),
        ("filme tailandês", "pt", "thai"),
        ("zeitreise", "de", "time travel"),
        ("weihnachtsfilm für kinder", "de", "christmas kids"),
        ("film di vampiri", "it", "vampire"),
        ("film sui viaggi nel tempo", "it", "time travel"),
        ("filme de guerra", "pt", "war"),
        ("robô gigante", "pt", "giant robot"),
        ("fuga da prisão", "pt", "prison escape"),
        ("film over een haai", "nl", "shark"),
        ("ruimtefilm", "nl", "space"),
        ("film o podróżach w czasie", "pl", "time travel"),
        ("vampir filmi", "tr", "vampire"),
        ("rymdfilm", "sv", "space"),
        ("фильмы про вампиров", "ru", "vampire"),
        ("タイムトラベルのアニメ", "ja", "time travel anime"),
        ("戦争映画", "ja", "war"),
        ("战争电影", "zh", "war"),
        ("关于时间旅行的电影", "zh", "time travel"),
        ("시간 여행에 관한 영화", "ko", "time travel"),
        ("범죄영화", "ko", "crime"),
    ],
)
def test_a_query_is_translated_by_its_subjects(query: str, language: str | None, english: str) -> None:
    read = read_language(query, in_no_title)
    assert (read.language, read.english) == (language, english)


@pytest.mark.parametrize(
    "title",
    [
        "la vita è bella",
        "Das Boot",
        "amores perros",
        "El laberinto del fauno",
        "kimi no na wa",
        "cidade de deus",
        "la haine",
        "à bout de souffle",
        "a bout de souffle",
        "la la land",
        "le samouraï",
        "todo sobre mi madre",
        "москва слезам не верит",
    ],
)
def test_titles_in_other_languages_stay_titles(title: str) -> None:
    assert read_language(title, in_no_title).language is None


@pytest.mark.parametrize("noun", ["film", "films", "series", "comedies", "drama", "anime"])
def test_an_english_adjective_of_a_place_stays_english(noun: str) -> None:
    queries = [f"{adjective} {noun}" for adjective in {**COUNTRIES, **LANGUAGES}]
    assert not _taken(queries, in_no_title)


@pytest.mark.parametrize(
    "noun",
    [
        *("drug", "farm", "boxer", "boxing", "heroes", "superhero", "immigration", "pool", "plant", "miner"),
        *("amnesia", "terrorists", "princesses", "biopic", "memoir", "historic", "indie", "homosexual", "skater"),
        *("catastrophe", "paradise", "empress", "burger", "gory", "feminist", "domestic", "veterans", "surf", "camps"),
    ],
)
def test_an_english_subject_before_a_noun_for_items_stays_english(noun: str) -> None:
    assert not _taken([noun, f"{noun} film", f"{noun} films", f"{noun} series", f"no {noun}"], in_no_title)


@pytest.mark.parametrize(
    "query",
    [
        "vampires in space",
        "a man who loses his memory",
        "robot",
        "die hard",
        "no country for old men",
        "science fiction",
        "war",
        "sin city",
        "the art of the heist",
        "pain and gain",
        "chef",
        "animal",
        "1917",
        "!!!",
        "",
    ],
)
def test_english_stays_english(query: str) -> None:
    assert read_language(query, in_no_title).language is None


@pytest.mark.parametrize(
    ("query", "language", "name"),
    [
        ("فيلم عن مصاصي الدماء", "ar", "Arabic"),
        ("หนังผี", "th", "Thai"),
        ("ταινία για τον πόλεμο", "el", "Greek"),
        ("भूत की फिल्म", "hi", "Hindi"),
        ("סרט מלחמה", "he", "Hebrew"),
        ("фільм про війну", "uk", "Ukrainian"),
    ],
)
def test_a_language_without_vocabulary_is_named(query: str, language: str, name: str) -> None:
    read = read_language(query, in_no_title)
    assert (read.language, language_name(language)) == (language, name)
    assert read.english == ""
    assert read.untranslated == tuple(query.split())


def test_what_became_what_is_told_as_typed() -> None:
    read = read_language("Película de Tiburones y Xyzzy", in_no_title)
    assert read.words == (("Película", "film"), ("Tiburones", "shark"))
    assert read.untranslated == ("Xyzzy",)


def test_names_that_titles_have_are_searched_with_the_english_words() -> None:
    assert read_language("película de batman en la cárcel", {"batman"}.__contains__).english == "batman prison"


def test_a_name_of_the_catalogue_is_no_compound() -> None:
    assert read_language("spielberg", in_no_title).language == "de"
    assert read_language("spielberg", in_no_title, {"spielberg"}.__contains__).language is None
    assert read_language("ein kriegsfilm", in_no_title, {"spielberg"}.__contains__).english == "war"


def test_what_is_excluded_tells_the_language_beside_words_of_the_catalogue() -> None:
    assert read_language("kein horror", {"horror"}.__contains__).english == "without horror"
    assert read_language("niente horror", {"horror"}.__contains__).english == "without horror"
    assert read_language("bez konca", in_no_title).language is None


def test_names_of_the_catalogue_are_searched_with_the_english_words() -> None:
    query = "film de truffaut sur un enfant"
    assert read_language(query, in_no_title).english == "child"
    assert read_language(query, in_no_title, {"truffaut"}.__contains__).english == "truffaut child"
    query = "frühe filme von spielberg"
    assert "spielberg" in read_language(query, in_no_title, {"spielberg"}.__contains__).english


def test_a_whole_title_of_the_catalogue_stays_a_title() -> None:
    assert read_language("El viaje de los perros", {"el viaje de los perros"}.__contains__).language is None


def test_a_word_that_titles_have_is_no_evidence_alone() -> None:
    assert read_language("sicario", in_no_title).language == "es"
    assert read_language("sicario", {"sicario"}.__contains__).language is None


def test_a_character_of_a_name_is_no_word() -> None:
    assert read_language("犬夜叉", in_no_title).english == ""
    assert read_language("犬の映画", in_no_title).english == "dog"


@pytest.mark.parametrize("code", ["es", "fr", "de", "it", "pt", "nl", "pl", "ru", "ja", "zh", "ko", "tr", "sv"])
def test_every_vocabulary_is_well_formed(code: str) -> None:
    vocabulary = lexicon(code)
    assert vocabulary is not None
    assert language_name(code) == vocabulary.name != code
    assert len(vocabulary.entries) > 350
    assert all(form.strip() == form and form for form in vocabulary.entries)
    subjects = {entry.english for entry in vocabulary.entries.values() if entry.role == "subject"}
    assert {"vampire", "war", "time travel", "love", "prison"} <= subjects
    assert all(english.isascii() for english in subjects)


@given(st.text(max_size=60), st.booleans())
def test_any_text_can_be_read(text: str, known: bool) -> None:
    read = read_language(text, lambda word: known)
    assert read.language is not None or read == read_language("", in_no_title)


_SOME_WORDS = st.sampled_from(
    ["película", "vampiros", "de", "kriegsfilm", "über", "xyzzy", "90", "戦争", "の", "Batman", "requin", "war", "영화"]
)


@given(st.lists(_SOME_WORDS, max_size=8))
def test_no_word_of_a_query_is_lost(typed: list[str]) -> None:
    text = " ".join(typed)
    read = read_language(text, in_no_title)
    if read.language is None:
        return
    vocabulary = lexicon(read.language)
    assert vocabulary is not None
    told = fold(" ".join((*read.untranslated, *(as_typed for as_typed, _ in read.words))))
    for word in typed:
        entry = vocabulary.entries.get(fold(word))
        assert fold(word) in told or (entry is not None and entry.role == "function")


def _best_known(folder: Path) -> dict[str, tuple[list[str], list[str]]]:
    """The 2,000 best-known titles, and all titles, of the real catalogues and of the demo."""
    films = pd.read_csv(folder / "movies_metadata_rebuilt.csv.gz", low_memory=False).dropna(subset=["title"])
    films["vote_count"] = pd.to_numeric(films["vote_count"], errors="coerce")
    anime = pd.read_csv(folder / "anime.csv")
    demo = pd.read_csv(REPOSITORY / "data" / "demo" / "items.csv")
    return {
        "films": (list(films.nlargest(2000, "vote_count")["title"]), list(films["title"])),
        "anime": (list(anime.nlargest(2000, "members")["name"]), list(anime["name"])),
        "demo": (list(demo["title"]), list(demo["title"])),
    }


def test_best_known_titles_are_hardly_taken_for_another_language(real_data: Path) -> None:
    for catalogue, (best_known, all_titles) in _best_known(real_data).items():
        known = {word for title in all_titles for word in words(title)}
        for is_known, most in ((known.__contains__, 0.002), (in_no_title, 0.015)):
            taken = _taken(best_known, is_known)
            assert len(taken) <= most * len(best_known), (catalogue, taken)


def _taken(titles: list[str], is_known: Callable[[str], bool]) -> list[str]:
    return [title for title in map(html.unescape, titles) if read_language(title, is_known).language is not None]


def test_plots_in_english_are_hardly_taken_for_another_language(real_data: Path) -> None:
    overviews = pd.read_csv(real_data / "movies_metadata_first5000.csv.gz")["overview"].dropna()
    for length, most in ((2, 0.01), (5, 0.002)):
        queries = [" ".join(overview.split()[:length]) for overview in overviews]
        taken = _taken(queries, in_no_title)
        assert len(taken) <= most * len(queries), taken


def taken_apart(query: str, fields: Fields) -> tuple[str, set[str]]:
    """The words that are left to search for, and the conditions, without the line that tells the language."""
    request = understand(query, fields, is_known={"western", "thriller", "horror", "romance"}.__contains__)
    understood = {one.condition for one in request.understood if one.typed != query}
    return request.wordings[0], understood


@pytest.mark.parametrize(
    ("query", "english"),
    [
        ("western ab 1990", "western since 1990"),
        ("Western vor 1960", "western before 1960"),
        ("thriller desde 2012", "thriller since 2012"),
        ("thriller depuis 2000", "thriller since 2000"),
        ("thriller até 1960", "thriller until 1960"),
        ("thriller vanaf 2015", "thriller since 2015"),
        ("kein horror, keine komödie", "without horror, without comedy"),
        ("ohne zombies oder vampire", "without zombie or vampire"),
        ("weder krieg noch romantik", "without war or romance"),
        ("terror, pero no zombis ni vampiros", "horror, without zombie or vampire"),
        ("comédie, mais pas trop triste", "comedy, not too sad"),
        ("sin zombis ni vampiros", "without zombie or vampire"),
        ("comédies pas romantiques", "comedy not romance"),
        ("película no francesa de terror", "not french horror"),
        ("der mann, der nicht schlafen konnte", ""),
        ("krieg und liebe", "war love"),
        ("krimi aus italien", "crime from italy"),
        ("ein mann aus dem eis", "man ice"),
        ("ゾンビ以外のホラー", "without zombie horror"),
        ("1990年以前のホラー", "until 1990 horror"),
        ("2000年以降のホラー", "since 2000 horror"),
        ("90分以内のコメディ", "at most 90 minute comedy"),
        ("romances sin comedia", "romance without comedy"),
    ],
)
def test_what_limits_a_query_keeps_its_place(query: str, english: str) -> None:
    known = {"western", "thriller", "horror", "romance", "romances"}.__contains__
    assert read_language(query, known).english == english


@pytest.mark.parametrize(
    ("query", "text", "conditions"),
    [
        ("historia de amor francesa", "love story", {"language:fr"}),
        ("comédie italienne", "", {"genre:Comedy", "language:it"}),
        ("film giapponese sui fantasmi", "ghost", {"language:ja"}),
        ("deutsche und französische Filme", "german", {"language:fr"}),
        ("französische Filme über einen Hund", "dog", {"language:fr"}),
        ("krimi aus frankreich", "", {"genre:Crime", "language:fr"}),
        ("horror, aber nicht amerikanisch", "", {"genre:Horror", "-language:en"}),
        ("comedias sin romance ni crimen", "", {"genre:Comedy", "-genre:Romance", "-genre:Crime"}),
        ("soldado francés", "soldier french", set()),
    ],
)
def test_conditions_are_read_in_other_languages(query: str, text: str, conditions: set[str]) -> None:
    assert taken_apart(query, FILMS) == (text, conditions)


def test_a_noun_for_some_of_the_items_asks_for_them_in_other_languages() -> None:
    assert taken_apart("películas de vampiros", ANIME) == ("", {"type:Movie", "genre:Vampire"})
    assert taken_apart("anime mit vampiren ohne schule", ANIME) == ("", {"genre:Vampire", "-genre:School"})
    assert taken_apart("películas de vampiros", FILMS) == ("vampire", set())


def test_the_name_of_whose_films_they_are_loses_its_ending() -> None:
    is_common = {"kurosawa"}.__contains__
    assert read_language("Kurosawas Filme", in_no_title, is_common).english == "kurosawa"
    assert read_language("Kurosawas Kriegsfilme", in_no_title, is_common).english == "kurosawa war"
