from __future__ import annotations

import csv
import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.errors import UnknownError
from engine.text.title_matcher import TitleMatcher


def make_matcher(rows: list[tuple[int | str, str, int | None, int]], original: list[str] | None = None) -> TitleMatcher:
    """A matcher for rows of id, title, year and number of interactions."""
    columns = {
        "title": [title for _, title, _, _ in rows],
        "year": pa.array([year for _, _, year, _ in rows], pa.int32()),
        "genres": pa.array([[] for _ in rows], pa.list_(pa.string())),
        "text": [""] * len(rows),
    }
    if original is not None:
        columns["original_title"] = original
    ids = [one for one, _, _, _ in rows]
    id_map = IdMap(np.array(ids) if isinstance(ids[0], int) else ids, first=1, name="item")  # type: ignore[arg-type]
    return TitleMatcher(ItemTable(id_map, pa.table(columns)), np.array([count for _, _, _, count in rows]))


MATCHER = make_matcher(
    [
        (10, "The Matrix", 1999, 50),
        (20, "Matrix Revisited", 2001, 2),
        (30, "Twilight", 1998, 4),
        (40, "Twilight", 2008, 13),
        (50, "Star Wars", 1977, 90),
        (60, "Harry Potter and the Chamber of Secrets", 2002, 30),
        (70, "Harry Potter and the Philosopher's Stone", 2001, 35),
        (80, "Amélie", 2001, 20),
        (90, "Toy Story 3", 2010, 8),
        (100, "1984", 1984, 0),
        (1984, "Halloween III", 1982, 5),
        (120, "Crash", 1996, 0),
        (130, "CRASH", 2004, 6),
        (140, "Even One", 2000, 3),
        (150, "Even One", 2005, 3),
        (160, "Only Catalogue", 2010, 0),
        (170, "Untergang, Der", 2004, 7),
        (180, "君の名は。", 2016, 9),
        (190, "!!!", 2000, 1),
        (200, "Star Wreck", 2005, 0),
        (210, "The Room", None, 2),
    ]
)


@pytest.mark.parametrize(
    ("text", "item_id", "how"),
    [
        ("Star Wars", 50, "exact"),
        ("  Star Wars ", 50, "exact"),
        ("Twilight", 40, "exact"),
        ("Twilight (1998)", 30, "exact"),
        ("twilight (1998)", 30, "folded"),
        ("The Room (2003)", 210, "exact"),
        ("!!!", 190, "exact"),
        ("50", 50, "id"),
        ("matrix", 10, "folded"),
        ("Matrix, The", 10, "folded"),
        ("AMELIE", 80, "folded"),
        ("wars star", 50, "folded"),
        ("der untergang", 170, "folded"),
        ("君の名は", 180, "folded"),
        ("Harry Potter", 70, "prefix"),
        ("harry pot", 70, "prefix"),
        ("Star Wrs", 50, "typo"),
        ("Teh Matrix", 10, "typo"),
        ("Matrx, The", 10, "typo"),
        ("Harry Pottr and the Philosophers Stone", 70, "typo"),
        ("Crash", 130, "folded"),
    ],
)
def test_a_typed_title_is_understood(text: str, item_id: int, how: str) -> None:
    match = MATCHER.resolve(text)
    assert (match.item.item_id, match.how) == (item_id, how)
    assert (match.similarity == 1) == (how in ("exact", "id"))


def test_a_title_that_nobody_has_rated_is_said_to_be_so() -> None:
    for text in ("Only Catalogue", "only catalogue", "Only Cat", "Only Catalogeu", "160"):
        with pytest.raises(UnknownError, match="nobody has rated it, so no sequence model knows it"):
            MATCHER.resolve(text)
        assert MATCHER.resolve(text, rated=False).item.item_id == 160


def test_an_unrated_title_is_not_taken_for_the_id_of_something_else() -> None:
    with pytest.raises(UnknownError, match=r"'1984 \(1984\)' is in the catalogue, but nobody"):
        MATCHER.resolve("1984")


def test_an_unrated_title_suggests_what_is_rated() -> None:
    with pytest.raises(UnknownError, match="closest rated: Star Wars") as raised:
        MATCHER.resolve("Star Wreck")
    assert raised.value.suggestions[0] == "Star Wars (1977)"
    assert MATCHER.resolve(raised.value.suggestions[0]).item.item_id == 50


def test_an_ambiguous_title_is_said_with_a_way_to_choose() -> None:
    with pytest.raises(UnknownError, match="may mean Even One") as raised:
        MATCHER.resolve("even one")
    assert raised.value.suggestions == ("Even One (2000)", "Even One (2005)")
    assert [MATCHER.resolve(one).item.item_id for one in raised.value.suggestions] == [140, 150]


def test_of_two_that_no_title_tells_apart_the_ids_are_offered() -> None:
    matcher = make_matcher([("a", "Same", 2000, 3), ("b", "Same", 2000, 3)])
    with pytest.raises(UnknownError) as raised:
        matcher.resolve("same")
    assert raised.value.suggestions == ("a", "b")


@pytest.mark.parametrize(
    "text", ["zzzqqq", "Twilight (1950)", "S", "🎬", "?", "Toy Story 4", "x" * 10_000, "\udcff", "007"]
)
def test_what_cannot_be_understood_is_unknown(text: str) -> None:
    with pytest.raises(UnknownError, match="There is no title like") as raised:
        MATCHER.resolve(text)
    assert len(str(raised.value)) < 500


def test_a_title_longer_than_all_is_compared_with_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rapidfuzz.process.cdist", lambda *_, **__: pytest.fail("this takes seconds"))
    with pytest.raises(UnknownError, match="no title like"):
        MATCHER.resolve("x" * 10_000)


def test_the_closest_titles_are_suggested() -> None:
    with pytest.raises(UnknownError) as raised:
        MATCHER.resolve("Twilight (1950)")
    assert raised.value.suggestions[:2] == ("Twilight (2008)", "Twilight (1998)")
    with pytest.raises(UnknownError, match="title is empty"):
        MATCHER.resolve("  ")


def test_titles_that_carry_their_year_are_found_without_it() -> None:
    matcher = make_matcher(
        [(1, "Toy Story (1995)", None, 9), (2, "Matrix, The (1999)", 1999, 5), (3, "Heat (1995)", 1995, 1)]
    )
    for text, item_id in (("Toy Story", 1), ("toy story (1995)", 1), ("The Matrix", 2), ("Heat (1995)", 3)):
        assert matcher.resolve(text).item.item_id == item_id
    with pytest.raises(UnknownError):
        matcher.resolve("Toy Story (1996)")


def test_an_original_title_is_understood_too() -> None:
    matcher = make_matcher(
        [(1, "Life Is Beautiful", 1997, 9), (2, "Spirited Away", 2001, 8)], ["La vita è bella", "千と千尋の神隠し"]
    )
    assert matcher.resolve("la vita e bella").item.item_id == 1
    assert matcher.resolve("千と千尋の神隠し").item.item_id == 2


# -- completions --------------------------------------------------------------------------------------------


def completed(text: str, limit: int = 8, *, rated: bool = True) -> list[int]:
    return [int(match.item.item_id) for match in MATCHER.complete(text, limit, rated=rated)]


def test_any_word_may_be_begun_and_the_more_popular_come_first() -> None:
    assert completed("matr") == [10, 20]
    assert completed("pot") == [70, 60]
    assert completed("harry potter and the ch", limit=1) == [60]
    assert completed("st") == [50, 70, 90]


def test_the_title_itself_comes_before_more_popular_longer_ones() -> None:
    matcher = make_matcher([(1, "It Happened One Night", 1934, 90), (2, "It", 2017, 1)])
    assert [match.item.item_id for match in matcher.complete("it")] == [2, 1]


def test_an_id_is_completed_to_its_item() -> None:
    assert completed("90") == [90]


def test_typing_errors_are_forgiven_while_typing() -> None:
    assert completed("star wr") == [50]
    assert completed("harry pottre and") == [70, 60]
    assert MATCHER.complete("amleie")[0].how == "typo"


def test_only_rated_items_are_completed_unless_all_are_wanted() -> None:
    assert completed("only") == []
    assert completed("only", rated=False) == [160]


def test_nothing_typed_gives_the_most_popular_and_nonsense_nothing() -> None:
    assert completed("", limit=3) == [50, 10, 70]
    for text in ("zzzqqq", "🎬", "\udcff", "x" * 10_000):
        assert completed(text) == []


def test_a_catalogue_without_interactions_completes_from_all_items() -> None:
    matcher = make_matcher([(1, "Heat", 1995, 0)])
    assert [match.item.title for match in matcher.complete("hea", rated=False)] == ["Heat"]
    assert matcher.resolve("heat", rated=False).num_interactions == 0


# -- real films ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def films(real_data: Path) -> TitleMatcher:
    """The films of links.csv with their ratings, joined without the package's readers."""
    with gzip.open(real_data / "movies_metadata_rebuilt.csv.gz", "rt", encoding="utf-8", newline="") as file:
        found = {row["imdb_id"][2:].lstrip("0"): row for row in csv.DictReader(file) if row["imdb_id"].startswith("tt")}
    with open(real_data / "ratings_small.csv", newline="") as file:
        counts = Counter(int(row["movieId"]) for row in csv.DictReader(file))
    rows: list[tuple[int | str, str, int | None, int]] = []
    with open(real_data / "links.csv", newline="") as file:
        for link in csv.DictReader(file):
            film = found.get(link["imdbId"].lstrip("0"))
            if film is not None:
                year = int(film["release_date"][:4]) if film["release_date"][:4].isdigit() else None
                movie = int(link["movieId"])
                rows.append((movie, film["title"], year, counts[movie]))
    assert len(rows) > 45_000
    return make_matcher(rows)


@pytest.mark.parametrize(
    ("text", "title", "year", "how"),
    [
        ("Shallow Grave", "Shallow Grave", 1994, "exact"),
        ("Twilight", "Twilight", 2008, "exact"),
        ("Twilight (1998)", "Twilight", 1998, "exact"),
        ("Star Wars", "Star Wars", 1977, "exact"),
        ("Harry Potter", "Harry Potter and the Philosopher's Stone", 2001, "prefix"),
        ("Star Wrs", "Star Wars", 1977, "typo"),
        ("Matrix, The", "The Matrix", 1999, "folded"),
        ("amelie", "Amélie", 2001, "folded"),
        ("Pulp Ficton", "Pulp Fiction", 1994, "typo"),
        ("Terminator 2", "Terminator 2: Judgment Day", 1991, "prefix"),
    ],
)
def test_real_films_are_found(films: TitleMatcher, text: str, title: str, year: int, how: str) -> None:
    match = films.resolve(text)
    assert (match.item.title, match.item.year, match.how) == (title, year, how)


def test_a_real_film_that_nobody_has_rated_is_said_to_be_so(films: TitleMatcher) -> None:
    with pytest.raises(UnknownError, match=r"Citizen Toxie.* nobody has rated it"):
        films.resolve("Citizen Toxie: The Toxic Avenger IV")


def test_real_titles_are_completed(films: TitleMatcher) -> None:
    assert films.complete("matr")[0].item.title == "The Matrix"
    assert films.complete("shwshank redem")[0].item.title == "The Shawshank Redemption"
    assert {match.item.title[:12] for match in films.complete("harry p", 5)} == {"Harry Potter"}
