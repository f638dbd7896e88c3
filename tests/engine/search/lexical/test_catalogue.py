"""What keyword search finds in the columns, titles, aliases and synonyms of a catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.search import SearchIndex
from engine.search.lexical.acronyms import acronyms_of
from engine.search.lexical.catalogue_fields import find_fields, role_of
from engine.search.lexical.inverted_index import CacheFile

FILMS: list[dict[str, Any]] = [
    {"title": "Ran", "director": "Akira Kurosawa", "votes": 50, "text": "Ran. A lord divides his realm."},
    {"title": "Akira", "director": "Katsuhiro Otomo", "votes": 60, "text": "Akira. Kurosawa is not in this film."},
    {"title": "Seven Samurai", "director": "Akira Kurosawa", "votes": 90, "text": "Seven Samurai. Farmers hire them."},
    {"title": "Tokyo Sonata", "director": "Kiyoshi Kurosawa", "votes": 20, "text": "Tokyo Sonata. A father."},
    {"title": "The Godfather", "director": "Francis Ford Coppola", "votes": 99, "text": "The Godfather. Crime."},
]


def index_of(rows: list[dict[str, Any]], **options: Any) -> SearchIndex:
    columns = dict.fromkeys(name for row in rows for name in row if name != "id")
    table = {name: [row.get(name) for row in rows] for name in columns}
    table.setdefault("text", [row["title"] for row in rows])
    table["year"] = pa.array(table.get("year", [None] * len(rows)), pa.int32())
    table["genres"] = pa.array([[]] * len(rows), pa.list_(pa.string()))
    ids = [row.get("id", 1000 + place) for place, row in enumerate(rows)]
    return SearchIndex(ItemTable(IdMap(ids, first=1, name="item"), pa.table(table)), **options)


def found(index: SearchIndex, query: str, k: int = 3) -> list[str]:
    return [one.item.title for one in index.search(query, k, "keyword").results]


def test_the_items_of_a_person_are_found_the_best_known_first() -> None:
    index = index_of(FILMS)
    assert found(index, "kurosawa", 2) == ["Seven Samurai", "Ran"]
    assert found(index, "coppola", 1) == ["The Godfather"]


def test_a_whole_name_tells_more_than_its_words_apart() -> None:
    assert found(index_of(FILMS), "akira kurosawa", 2) == ["Seven Samurai", "Ran"]
    assert found(index_of(FILMS), "akira kurosawa samurai", 2) == ["Seven Samurai", "Ran"]


def test_a_misspelt_name_is_corrected_and_said() -> None:
    index = index_of(FILMS)
    assert found(index, "akira kurosava", 2) == ["Seven Samurai", "Ran"]
    index.prepare_keywords()
    (correction,) = index._index.keywords.corrections("akira kurosava")
    assert (correction.typed, correction.used) == ("kurosava", "kurosawa")
    assert index._index.keywords.unknown_words("akira zzzzqq") == ("zzzzqq",)


def test_the_reason_names_the_column() -> None:
    (result,) = index_of(FILMS).search("coppola", 1, "keyword").results
    assert result.reason == 'director "coppola"'


def test_a_word_in_text_and_column_counts_once() -> None:
    rows = [
        {"title": "A", "author": "Ursula Le Guin", "text": "A by Ursula Le Guin"},
        {"title": "B", "author": "Ursula Le Guin", "text": "B"},
    ]
    results = index_of(rows).search("ursula", 2, "keyword").results
    assert results[0].score == pytest.approx(results[1].score)


@pytest.mark.parametrize(
    ("column", "role"),
    [
        ("director", "people"),
        ("Directors", "people"),
        ("actor_1_name", "people"),
        ("Star1", "people"),
        ("production_companies", "makers"),
        ("Studios", "makers"),
        ("plot_keywords", "keywords"),
        ("belongs_to_collection", "collection"),
        ("tagline", "tagline"),
        ("original_title", "other titles"),
        ("originalTitle", "other titles"),
        ("English name", "other titles"),
        ("title_japanese", "other titles"),
        ("aka", "other titles"),
        ("production_countries", "country"),
        ("spoken_languages", "language"),
        ("kind", "kind"),
        ("director_id", None),
        ("poster_path", None),
        ("homepage", None),
        ("release_date", None),
        ("status", None),
        ("title", None),
        ("text", None),
    ],
)
def test_the_role_of_a_column_is_told_by_its_name(column: str, role: str | None) -> None:
    assert getattr(role_of(column), "name", None) == role


def test_lists_in_any_notation_hold_names_and_numbers_and_addresses_are_no_words() -> None:
    rows = [
        {
            "title": "A",
            "cast": "['Tom Hanks', 'Tim Allen']",
            "belongs_to_collection": "{'id': 10194, 'name': 'Toy Story Collection'}",
            "studios": "Pixar, Disney",
            "writers": ["Pete Docter", None],
            "original_language": "fr",
            "label": "https://example.com/label",
            "authors": "12345",
        },
        {"title": "B", "cast": None, "studios": None, "writers": None, "label": None},
    ]
    fields = {one.column: list(one.texts) for one in find_fields(index_of(rows).items)}
    assert fields == {
        "cast": ["Tom Hanks · Tim Allen", ""],
        "belongs_to_collection": ["Toy Story Collection", ""],
        "studios": ["Pixar · Disney", ""],
        "writers": ["Pete Docter", ""],
    }


@pytest.mark.parametrize("query", ["lotr", "lotr fellowship", "LOTR", "the fellowship"])
def test_the_initials_of_a_title_find_it(query: str) -> None:
    rows = [
        {"title": "The Lord of the Rings: The Fellowship of the Ring", "year": 2001, "votes": 9},
        {"title": "The Lord of the Rings: The Two Towers", "year": 2002, "votes": 8},
        {"title": "Salem's Lot", "year": 1979, "votes": 1},
    ]
    index = index_of(rows)
    assert found(index, query, 1) == ["The Lord of the Rings: The Fellowship of the Ring"]
    index.prepare_keywords()
    assert index._index.keywords.corrections(query) == ()


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("t2", "Terminator 2: Judgment Day"),
        ("hp 2", "Harry Potter and the Chamber of Secrets"),
        ("hp3", "Harry Potter and the Prisoner of Azkaban"),
        ("fmab", "Fullmetal Alchemist: Brotherhood"),
        ("opm", "One Punch Man"),
        ("hxh", "Hunter x Hunter"),
        ("et", "E.T. the Extra-Terrestrial"),
        ("e t", "E.T. the Extra-Terrestrial"),
        ("E.T.", "E.T. the Extra-Terrestrial"),
        ("mash", "M*A*S*H"),
        ("m a s h", "M*A*S*H"),
        ("agents of shield", "Agents of S.H.I.E.L.D."),
        ("walle", "WALL·E"),
        ("wall-e", "WALL·E"),
        ("wall e", "WALL·E"),
        ("xmen", "X-Men"),
        ("seven", "Se7en"),
        ("megan", "M3GAN"),
        ("colour purple", "The Color Purple"),
        ("theater of blood", "Theatre of Blood"),
        ("tokio", "Toukyou"),
        ("solaris", "Солярис"),
        ("schoene muellerin", "Die schöne Müllerin"),
        ("city of lost children", "City of Lost Children, The (Cité des enfants perdus, La)"),
        ("la cite des enfants perdus", "City of Lost Children, The (Cité des enfants perdus, La)"),
        ("thegodfather", "The Godfather"),
    ],
)
def test_other_spellings_of_a_title_find_it(query: str, title: str) -> None:
    titles = [
        "Terminator 2: Judgment Day", "Harry Potter and the Philosopher's Stone", "One Punch Man", "Hunter x Hunter",
        "Harry Potter and the Chamber of Secrets", "Harry Potter and the Prisoner of Azkaban", "Full Metal Panic",
        "Fullmetal Alchemist: Brotherhood", "E.T. the Extra-Terrestrial", "M*A*S*H", "Agents of S.H.I.E.L.D.",
        "WALL·E", "X-Men", "Se7en", "M3GAN", "The Color Purple", "Theatre of Blood", "Toukyou", "Солярис",
        "Die schöne Müllerin", "City of Lost Children, The (Cité des enfants perdus, La)", "The Godfather", "Men",
    ]  # fmt: skip
    rows = [{"title": one, "year": 2001 + place, "votes": 5} for place, one in enumerate(titles)]
    assert found(index_of(rows), query, 1) == [title]


def test_a_title_that_is_a_number_is_found_by_its_digits_first() -> None:
    rows = [
        {"title": "300", "id": 7, "year": 2006, "text": "300. Spartans."},
        {"title": "300: Rise of an Empire", "id": 300, "year": 2014},
        {"title": "12 Angry Men", "id": 12, "year": 1957, "text": "300 pages"},
        {"title": "12", "id": 99, "year": 2007},
    ]
    index = index_of(rows)
    assert found(index, "300", 2) == ["300", "300: Rise of an Empire"]
    assert found(index, "12", 1) == ["12"]


def test_an_id_in_place_of_a_title_is_never_found() -> None:
    rows = [
        {"title": "318", "id": 318, "text": "318"},
        {"title": "862", "id": 862, "text": "862 Comedy"},
        {"title": "Toy Story", "id": 1, "text": "Toy Story. 318 toys."},
    ]
    index = index_of(rows)
    assert found(index, "318") == ["Toy Story"]
    assert found(index, "862") == []
    assert found(index, "comedy") == ["862"]


def test_aliases_beside_the_data_set_find_items(tmp_path: Path) -> None:
    kept = CacheFile(tmp_path / "words.npz", "films")
    assert found(index_of(FILMS, cache_file=kept), "throne of swords") == []
    (tmp_path / "aliases.csv").write_text("item,alias\n1000,Throne of Swords\nThe Godfather,Der Pate\nnone,x\n")
    for _ in range(2):  # built, then read from its cache
        index = index_of(FILMS, cache_file=kept)
        assert found(index, "throne of swords", 1) == ["Ran"]
        assert found(index, "der pate", 1) == ["The Godfather"]
        assert "about no item of this data set, the first about 'none'" in index.search("ran", 1, "keyword").note


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"1000\n", "line 1 must have two values"),
        (b"1000,a\n1001,\n", "line 2 must have two values"),
        (b'1000,"a\n', "line 1 cannot be taken apart"),
        (b"\xff\xfe1000,a", "not text in UTF-8"),
    ],
)
def test_a_wrong_file_of_aliases_is_said_and_the_search_goes_on(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "aliases.csv").write_bytes(content)
    answer = index_of(FILMS, cache_file=CacheFile(tmp_path / "words.npz", "films")).search("ran", 1, "keyword")
    assert [one.item.title for one in answer.results] == ["Ran"]
    assert problem in answer.note
    assert len(answer.note) <= 400
    assert "\n" not in answer.note


def test_synonyms_are_words_and_phrases_that_mean_the_same(tmp_path: Path) -> None:
    rows = [
        {"title": "Dune", "text": "Dune. Science fiction."},
        {"title": "Science of Sleep", "text": "Science of Sleep. Drama."},
        {"title": "Fiction", "text": "Fiction. Drama."},
        {"title": "Alien", "text": "Alien. Sci-fi movie."},
        {"title": "Jaws", "text": "Jaws. Film."},
    ]
    file = tmp_path / "synonyms.toml"
    file.write_text('groups = [["sci-fi", "science fiction"], ["film", "movie"]]')
    index = index_of(rows, synonyms_file=file)
    assert set(found(index, "sci-fi", 2)) == {"Dune", "Alien"}
    assert set(found(index, "science fiction", 2)) == {"Dune", "Alien"}
    assert set(found(index, "movie")) == {"Alien", "Jaws"}
    assert found(index_of(rows, synonyms_file=tmp_path / "none.toml"), "movie") == ["Alien"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("groups = [[", "no valid TOML"),
        ("groups = 3", "a list of lists"),
        ('groups = ["a", "b"]', "group 1 must be a list of words"),
        ('groups = [["a", "b"], ["c"]]', "group 2 must have at least two"),
        ('groups = [["a", 1]]', "group 1 must be a list of words"),
        ('words = [["a", "b"]]', "and not 'words'"),
        (f"groups = {'[' * 5000}", "no valid TOML"),
    ],
)
def test_a_wrong_file_of_synonyms_is_said_and_the_search_goes_on(tmp_path: Path, content: str, problem: str) -> None:
    file = tmp_path / "synonyms.toml"
    file.write_text(content)
    answer = index_of(FILMS, synonyms_file=file).search("ran", 1, "keyword")
    assert [one.item.title for one in answer.results] == ["Ran"]
    assert problem in answer.note
    assert len(answer.note) <= 400
    assert "\n" not in answer.note


def test_a_name_that_is_not_there_is_not_taken_for_another_word() -> None:
    titles = ("Brick", "Scores", "The Pincher Brothers")
    index = index_of([{"title": one, "votes": 9 - 4 * place} for place, one in enumerate(titles)])
    index.prepare_keywords()
    for name in ("kubrick", "scorsese", "fincher"):
        assert found(index, name) == []
        assert index._index.keywords.unknown_words(name) == (name,)


@pytest.mark.parametrize(
    ("title", "acronym"),
    [("Back to the Future Part II", "bttf2"), ("Kill Bill: Vol. 2", "kb2"), ("The Godfather: Part II", "tg2")],
)
def test_an_acronym_of_a_part_needs_no_word_for_it(title: str, acronym: str) -> None:
    assert acronym in acronyms_of(title)
    assert "bp" in acronyms_of("Body Part")
