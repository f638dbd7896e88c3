"""A person's own ratings, in the ids of a catalogue that the person has."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.datasets import guess_kind, read
from engine.errors import DataError, ErrorKind

from .conftest import Write, assert_accounted, outside, zipped

RATINGS = """Date,Name,Year,Letterboxd URI,Rating
2024-05-01,The Matrix,1999,https://boxd.it/1,4.5
2024-05-01,Toy Storry,1995,https://boxd.it/2,4
2024-05-01,Heat,1996,https://boxd.it/3,3
2024-05-01,Dune: Part Two,2024,https://boxd.it/4,5
2024-05-01,Aliens,1986,https://boxd.it/5,5
"""
MOVIES = """movieId,title,genres
1,Toy Story (1995),Adventure|Animation
6,Heat (1995),Action|Crime
1214,Alien (1979),Horror
2571,"Matrix, The (1999)",Action|Sci-Fi
"""
IMDB = (
    "Const,Your Rating,Date Rated,Title,Year\n"
    "tt0133093,9,2024-05-01,A title in no catalogue,1900\n"
    "tt0113277,8,2024-05-01,Heat,1995\n"
    "tt9999999,7,2024-05-01,Nowhere,2023\n"
)
LINKS = "movieId,imdbId,tmdbId\n1,0114709,862\n2571,0133093,603\n"


def test_titles_find_their_films_and_the_rest_is_told(write: Write) -> None:
    ratings, items = write("ratings.csv", RATINGS), write("movies.csv", MOVIES)
    assert guess_kind(ratings=ratings, items=items) == "letterboxd"
    dataset = read("x", ratings=ratings, items=items)
    assert {(item, rating) for _, item, rating, _ in outside(dataset)} == {
        ("2571", 4.5),
        ("1", 4.0),
        ("6", 3.0),
        ("https://boxd.it/4", 5.0),
        ("https://boxd.it/5", 5.0),
    }
    assert dataset.num_items == 6
    titles = {item.title: item for item in dataset.items.take(range(1, 7))}
    assert titles["The Matrix"].genres == ("Action", "Sci-Fi")  # as the catalogue has it
    assert titles["Dune: Part Two"].year == 2024
    notes = dataset.source["notes"]
    assert "0 of 5 films were found in movies.csv by their id, 3 by title and year." in notes
    assert any("'Toy Storry (1995)' as 'Toy Story'" in note for note in notes)
    assert any("Not in movies.csv: 'Aliens (1986)'; the nearest are 'Alien (1979)'" in note for note in notes)
    assert_accounted(dataset)


def test_a_catalogue_that_knows_every_film_keeps_its_ids(write: Write) -> None:
    few = "".join(RATINGS.splitlines(keepends=True)[:3])
    dataset = read("x", ratings=write("r.csv", few), items=write("movies.csv", MOVIES))
    assert sorted(row[1] for row in outside(dataset)) == [1, 2571]
    assert dataset.num_items == 4


def test_imdb_numbers_are_found_by_the_links(write: Write) -> None:
    files = {"ratings": write("r.csv", IMDB), "items": write("movies.csv", MOVIES), "links": write("links.csv", LINKS)}
    assert guess_kind(**files) == "imdb"
    dataset = read("x", **files)
    assert {row[1]: row[2] for row in outside(dataset)} == {"2571": 9.0, "6": 8.0, "tt9999999": 7.0}
    assert any("1 of 3 titles were found in movies.csv by their id, 1 by title" in n for n in dataset.source["notes"])
    assert_accounted(dataset)


def test_imdb_numbers_are_found_by_a_column_or_by_the_ids_of_the_catalogue(write: Write) -> None:
    ratings = write("r.csv", IMDB)
    by_column = write("films.csv", "id,title,year,imdb_id\n7,Matrix,1999,tt0133093\n8,Heat,1995,tt113277\n")
    assert {row[1] for row in outside(read("x", ratings=ratings, items=by_column))} == {"7", "8", "tt9999999"}
    by_id = write("basics.csv", "id,title,year\ntt0133093,Matrix,1999\ntt0113277,Heat,1995\n")
    assert read("x", ratings=ratings, items=by_id).num_items == 3


def test_an_id_of_the_export_is_not_mistaken_for_one_of_the_catalogue(write: Write) -> None:
    books = write("books.csv", "id,title,year\n11,Emma,1815\n12,Dune,1965\n")
    own = write(
        "g.csv", "Book Id,Title,My Rating,Year Published,Exclusive Shelf\n11,Dune,5,1965,read\n12,Ulysses,4,1922,read\n"
    )
    dataset = read("x", ratings=own, items=books)
    assert {row[1]: row[2] for row in outside(dataset)} == {"12": 5.0, "12-export": 4.0}


def test_two_titles_of_an_export_that_are_one_film_are_counted(write: Write) -> None:
    twice = RATINGS.splitlines(keepends=True)[0] + (
        "2024-05-01,The Matrix,1999,https://boxd.it/1,4\n2024-05-02,Matrix,1999,https://boxd.it/2,5\n"
    )
    dataset = read("x", ratings=write("r.csv", twice), items=write("movies.csv", MOVIES))
    assert [row[1:3] for row in outside(dataset)] == [(2571, 5.0)]
    assert dataset.skipped == {"duplicate pair": 1}
    assert_accounted(dataset)


def test_a_whole_export_goes_with_a_catalogue(write: Write, tmp_path: Path) -> None:
    members = {"ratings.csv": RATINGS, "profile.csv": "Username\nann\n", "watched.csv": RATINGS.replace(",Rating", ",")}
    archive = zipped(tmp_path / "export.zip", members)
    items = write("movies.csv", MOVIES)
    assert guess_kind(ratings=archive, items=items) == "letterboxd"
    dataset = read("x", ratings=archive, items=items)
    assert (dataset.num_interactions, dataset.num_items) == (5, 6)


def test_an_archive_of_ratings_that_nobody_knows_asks_for_one_file(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"a.csv": "x,y\n1,2\n", "b.csv": "x,y\n1,2\n"})
    with pytest.raises(DataError, match="holds 2 files") as caught:
        read("x", ratings=archive)
    assert caught.value.kind == ErrorKind.SEVERAL_FILES
