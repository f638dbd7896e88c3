"""Each source's own rules, on small files made for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.datasets import bundled, read
from engine.datasets.build.item_columns import article_first, list_parts, split_year
from engine.errors import DataError

from .conftest import Write, assert_accounted, outside, zipped

ANIME = """anime_id,name,genre,type,episodes,rating,members
5,Fate&#039;s Day,"Action, Drama",TV,12,7.5,100
6,No Genre,,TV,1,7,10
7,Twice,Comedy,Movie,1,6,10
7,Twice Again,Comedy,Movie,1,6,10
8,Endless,Comedy,TV,Unknown,6,10
"""


def test_anime_counts_ratings_of_what_is_not_in_the_catalogue(write: Write) -> None:
    items = write("anime.csv", ANIME)
    ratings = write("rating.csv", "user_id,anime_id,rating\n1,5,9\n1,6,8\n2,99,7\n3,7,-1\n")
    dataset = read("x", items=items, ratings=ratings)
    assert outside(dataset) == [(1, 5, 9.0, None), (3, 7, None, None)]
    assert dataset.users.ids.tolist() == [1, 3]  # user 2 has nothing left
    assert dataset.skipped == {
        "missing genre, type or rating": 1,
        "duplicate anime in the catalogue": 1,
        "rating of an anime that is not in the catalogue": 2,
    }
    first = dataset.items[1]
    assert first.title == "Fate's Day"
    assert first.text == "Fate&#039;s Day Action, Drama TV episodes: 12"  # as in the file
    assert "episodes" not in dataset.items[3].metadata  # "Unknown" is no number
    assert dataset.items[3].text == "Endless Comedy TV episodes: Unknown"
    assert_accounted(dataset)


def test_anime_from_an_archive(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "archive.zip", {"anime.csv": ANIME, "rating.csv": "user_id,anime_id,rating\n1,5,9\n"})
    dataset = read("x", source=archive)
    assert (dataset.kind, dataset.num_items, dataset.num_interactions) == ("anime", 3, 1)


METADATA = """adult,genres,imdb_id,original_title,overview,release_date,title,vote_count
False,"[{'id': 18, 'name': 'Drama'}, {'id': 35, 'name': 'Comedy'}]",tt0000010,Der Film,About it.,1999-03-31, The Film ,7
False,[],tt0000020,Nur Original,,,,
 - Written by somebody,0.06,/poster.jpg
False,[],tt0000010,Der Film,Again.,1999-03-31,The Film,8
False,not a list,tt0000030,Dritter,,2001-01-01,Third,x
False,[],tt0000040,Vierter,,2001-01-01,Fourth,1
False,[],,Ohne,,2001-01-01,Without,1
"""
LINKS = "movieId,imdbId,tmdbId\n1,0000010,5\n2,0000020,\n3,0000030,6\n4,0000999,7\n5,,8\n1,0000020,9\n"


def test_movies_joins_by_the_digits_and_counts_the_rest(write: Write) -> None:
    dataset = read(
        "x",
        ratings=write("ratings.csv", "userId,movieId,rating,timestamp\n1,3,4,10\n1,77,5,11\n"),
        items=write("movies_metadata.csv", METADATA),
        links=write("links.csv", LINKS),
    )
    assert dataset.items.id_map.ids.tolist() == [3, 77, 1, 2]
    third, bare, film, only_original = dataset.items.take([1, 2, 3, 4])
    assert (film.title, film.year, film.genres) == ("The Film", 1999, ("Drama", "Comedy"))
    assert film.text == "The Film. Drama, Comedy. About it."
    assert film.metadata["vote_count"] == 7
    assert (only_original.title, only_original.year) == ("Nur Original", None)
    assert (third.genres, "vote_count" in third.metadata) == ((), False)
    assert (bare.title, bare.text, dict(bare.metadata)) == ("77", "77", {})
    assert dataset.skipped == {
        "film without imdb_id": 2,  # one of them the row that a line break tore off
        "film to which the links give no movieId": 1,
        "duplicate film in the metadata": 1,
        "link to a film without metadata": 1,
        "link without a movieId or an imdbId": 1,
        "duplicate link": 1,
    }
    assert any("genres that cannot be read" in note for note in dataset.source["notes"])
    assert_accounted(dataset)


def test_genre_literals_are_read_and_never_run() -> None:
    assert list_parts("[{'id': 1, 'name': 'A'}, {'id': 2, 'name': ' B '}]") == ["A", "B"]
    assert list_parts("['A', '']") == ["A"]
    for text in ("__import__('os').getcwd()", "[[1], 2]", "{'name': 'A'}", "[" * 5000, "[open('x')]", "["):
        assert list_parts(text) is None


RATINGS_DAT = "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n"
MOVIES_DAT = "1193::One Flew Over the Cuckoo's Nest (1975)::Drama\n661::Amélie: A Film (2001)::Comedy|Romance\n9::X::\n"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_movielens_with_double_colons(tmp_path: Path, encoding: str) -> None:
    members = {"ml-1m/ratings.dat": RATINGS_DAT, "ml-1m/movies.dat": MOVIES_DAT.encode(encoding)}
    dataset = read("x", source=zipped(tmp_path / "ml-1m.zip", members))
    assert dataset.kind == "movielens"
    assert outside(dataset) == [
        (1, 1193, 5.0, 978_300_760),
        (1, 661, 3.0, 978_302_109),
        (2, 1193, 4.0, 978_298_413),
    ]
    amelie = dataset.items[2]
    assert (amelie.title, amelie.year, amelie.genres) == ("Amélie: A Film", 2001, ("Comedy", "Romance"))
    assert amelie.text == "Amélie: A Film (2001). Comedy, Romance"
    assert_accounted(dataset)


def test_movielens_rows_of_the_wrong_length(write: Write) -> None:
    dataset = read("x", ratings=write("ratings.dat", RATINGS_DAT + "3::1\n\n3::1::2::3::4\n3::1::2::3\n"))
    assert dataset.skipped == {"more fields than columns": 1, "blank line": 1, "no rating": 1}
    assert dataset.num_interactions == 4
    assert_accounted(dataset)


def test_movielens_csv_release(write: Write, tmp_path: Path) -> None:
    write("ml/ratings.csv", "userId,movieId,rating,timestamp\n1,2,4.0,5\n")
    write("ml/movies.csv", 'movieId,title,genres\n1,"Matrix, The (1999)",Action|Sci-Fi\n2,Old,(no genres listed)\n')
    dataset = read("x", source=tmp_path / "ml")
    old, matrix = dataset.items.take([1, 2])
    assert (matrix.title, matrix.year, matrix.genres) == ("The Matrix", 1999, ("Action", "Sci-Fi"))
    assert matrix.metadata["source_title"] == "Matrix, The (1999)"
    assert (old.title, old.year, old.genres) == ("Old", None, ())


@pytest.mark.parametrize(
    ("written", "title", "year"),
    [
        ("Toy Story (1995)", "Toy Story", 1995),
        ("Matrix, The (1999)", "The Matrix", 1999),
        ("Postino, Il (Postman, The) (1994)", "Il Postino (Postman, The)", 1994),
        ("Avventura, L' (1960)", "L'Avventura", 1960),
        ("American President, The (1995) ", "The American President", 1995),
        ("Land Before Time III (1995) (V)", "Land Before Time III (V)", 1995),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
        ("Fawlty Towers (1975-1979)", "Fawlty Towers", 1975),
        ("Cosmos (2014– )", "Cosmos", 2014),
        ("Paris, Texas (1984)", "Paris, Texas", 1984),
        ("1984", "1984", None),
        ("unknown", "unknown", None),
        ("", "", None),
    ],
)
def test_movielens_titles(written: str, title: str, year: int | None) -> None:
    plain, found = split_year(written)
    assert (article_first(plain), found) == (title, year)


def test_recbole_with_other_types(write: Write, tmp_path: Path) -> None:
    write("d/d.inter", "uid:token\titem_id:token\ttimestamp:float\na\tx\t10.0\na\ty\t9.5\n")
    write(
        "d/d.item", 'item_id:token\ttitle:token_seq\tprice:float\tcategories:token_seq\nx\tThe "X"\t2.5\tA B\ny\t\t\t\n'
    )
    dataset = read("x", source=tmp_path / "d")
    assert dataset.kind == "recbole"
    assert dataset.interactions.ratings is None
    assert outside(dataset) == [("a", "x", None, 10), ("a", "y", None, 9)]
    first, second = dataset.items.take([1, 2])
    assert (first.title, first.genres, dict(first.metadata)) == ('The "X"', ("A", "B"), {"price": 2.5})
    assert (second.title, second.genres) == ("y", ())


def test_recbole_with_several_logs_asks_for_one(write: Write, tmp_path: Path) -> None:
    for name in ("a.inter", "b.inter"):
        write(f"d/{name}", "user_id:token\titem_id:token\n1\t2\n")
    with pytest.raises(DataError, match=r"a\.inter, b\.inter"):
        read("x", source=tmp_path / "d")
    assert read("x", ratings=tmp_path / "d" / "a.inter").num_interactions == 1


DEMO_ITEMS = """id,title,year,kind,genres,country,director,about
heat-1995,Heat,1995,film,"Crime, Thriller",United States,Michael Mann,A thief plans a last job.
monster-2004,Monster,2004,series,Mystery,Japan,Masayuki Kojima,A surgeon hunts a boy he saved.
"""


@pytest.fixture
def demo(write: Write) -> Path:
    write("demo/ratings.csv.gz", "user,item,rating,timestamp\nann,monster-2004,4.5,1600000000\n")
    return write("demo/items.csv", DEMO_ITEMS).parent


def test_demo_is_simulated_and_searchable(demo: Path) -> None:
    dataset = read("demo", "demo", source=demo)
    assert (dataset.kind, dataset.title, dataset.simulated) == ("demo", "Demo", True)
    monster, heat = dataset.items.take([1, 2])
    assert (heat.item_id, heat.year, heat.genres) == ("heat-1995", 1995, ("Crime", "Thriller"))
    for word in ("Heat", "film", "Crime", "1995", "A thief plans a last job."):
        assert word in heat.text
    assert dict(heat.metadata) == {
        "kind": "film",
        "country": "United States",
        "director": "Michael Mann",
        "about": "A thief plans a last job.",
    }
    assert monster.title == "Monster"
    assert outside(dataset) == [("ann", "monster-2004", 4.5, 1_600_000_000)]
    assert_accounted(dataset)


@pytest.mark.parametrize("place", [("data", "demo"), ("recsys_tui_data", "demo")])
def test_demo_is_found_in_a_checkout_and_beside_an_installed_engine(
    demo: Path, tmp_path: Path, place: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "site"
    home.joinpath(*place).parent.mkdir(parents=True)
    demo.rename(home.joinpath(*place))
    monkeypatch.setattr("engine.__file__", str(home / "engine" / "__init__.py"))
    assert bundled.demo_folder() == home.joinpath(*place)
    assert read("demo").kind == "demo"


def test_a_missing_demo_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.__file__", str(tmp_path / "engine" / "__init__.py"))
    with pytest.raises(DataError, match="install recsys-tui again"):
        read("demo")
