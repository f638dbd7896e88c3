"""The readers on the real files, against what is known of these."""

from __future__ import annotations

import csv
import gzip
import html
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import Dataset
from engine.datasets import read

from .conftest import assert_accounted, outside


@pytest.fixture(scope="module")
def anime(real_data: Path) -> Dataset:
    return read("anime", items=real_data / "anime.csv", ratings=real_data / "anime_rating_first101001.csv.gz")


@pytest.fixture(scope="module")
def movies(real_data: Path) -> Dataset:
    return read(
        "movies",
        ratings=real_data / "ratings_small.csv",
        items=real_data / "movies_metadata_rebuilt.csv.gz",
        links=real_data / "links.csv",
    )


def test_anime_keeps_the_complete_rows_in_file_order(real_data: Path) -> None:
    anime = read("anime", items=real_data / "anime.csv")
    with open(real_data / "anime.csv", encoding="utf-8", newline="") as file:
        complete = [row for row in csv.DictReader(file) if all(row.values())]
    assert anime.kind == "anime"
    assert anime.num_items == len(complete) == 12_017
    assert anime.skipped == {"missing genre, type or rating": 277}
    assert anime.items.texts() == [
        f"{row['name']} {row['genre']} {row['type']} episodes: {row['episodes']}" for row in complete
    ]
    assert anime.items.titles() == [html.unescape(row["name"]) for row in complete]
    assert anime.items.id_map.ids.tolist() == [int(row["anime_id"]) for row in complete]
    assert (anime.num_users, anime.num_interactions, anime.num_rated_items) == (0, 0, 0)
    first = anime.items[1]
    assert first.title == "Kimi no Na wa."
    assert first.genres == ("Drama", "Romance", "School", "Supernatural")
    assert dict(first.metadata) == {"type": "Movie", "episodes": 1, "rating": 9.37, "members": 200_630}
    assert_accounted(anime)


def test_anime_ratings_of_minus_one_are_seen_but_not_rated(anime: Dataset) -> None:
    assert (anime.num_users, anime.num_items, anime.num_interactions) == (1036, 12_017, 101_001)
    assert anime.num_rated_items == 5157
    assert anime.interactions.ratings is not None
    assert int(np.isnan(anime.interactions.ratings).sum()) == 20_067
    assert len(anime.rated()) == 101_001 - 20_067
    assert anime.interactions.timestamps is None
    assert_accounted(anime)


def test_movies_as_the_tutorial_joins_them(movies: Dataset) -> None:
    assert (movies.kind, movies.num_users, movies.num_interactions) == ("movies", 671, 100_004)
    assert movies.num_rated_items == 9066
    # The tutorial's join has 45,383 rows; 30 of them describe a film twice. 58 rated films have no metadata.
    assert movies.num_items == 45_383 - 30 + 58
    assert movies.skipped == {
        "film without imdb_id": 17,
        "film to which the links give no movieId": 66,
        "duplicate film in the metadata": 30,
        "link to a film without metadata": 490,
    }
    assert_accounted(movies)


def test_movies_rated_without_metadata_have_their_id_as_title(movies: Dataset) -> None:
    imdb_ids = movies.items.table.column("imdb_id").to_pylist()
    bare = movies.items.take(row + 1 for row, imdb_id in enumerate(imdb_ids) if imdb_id is None)
    assert len(bare) == 58
    assert all(item.internal_id <= movies.num_rated_items for item in bare)
    assert all(item.title == item.text == str(item.item_id) and not item.metadata for item in bare)


def test_movies_shows_what_the_tutorial_prints(movies: Dataset) -> None:
    def film(movie_id: int) -> tuple[object, ...]:
        item = movies.items[movies.items.id_map.encode_one(movie_id)]
        return item.title, item.year, item.metadata["original_title"], item.metadata["release_date"], item.genres

    assert film(1) == ("Toy Story", 1995, "Toy Story", "1995-10-30", ("Animation", "Comedy", "Family"))
    assert film(1248)[:4] == ("Touch of Evil", 1958, "Touch of Evil", "1958-04-23")
    toy_story = movies.items[movies.items.id_map.encode_one(1)]
    assert toy_story.text.startswith("Toy Story. Animation, Comedy, Family. Led by Woody, Andy's toys live happily")
    assert toy_story.metadata["runtime"] == 81.0
    assert toy_story.metadata["vote_count"] == 5415
    assert toy_story.metadata["imdb_id"] == "tt0114709"


def test_movies_ratings_are_those_of_the_file_in_its_order(movies: Dataset, real_data: Path) -> None:
    with open(real_data / "ratings_small.csv", encoding="utf-8", newline="") as file:
        rows = [
            (int(row["userId"]), int(row["movieId"]), float(row["rating"]), int(row["timestamp"]))
            for row in csv.DictReader(file)
        ]
    assert outside(movies) == rows
    log = movies.interactions
    assert (log.user_ids.dtype, log.item_ids.dtype) == (np.int32, np.int32)
    assert log.ratings is not None
    assert log.timestamps is not None
    assert (log.ratings.dtype, log.timestamps.dtype) == (np.float32, np.int64)


def test_movies_with_all_columns_of_the_original(real_data: Path) -> None:
    excerpt = read(
        "excerpt",
        ratings=real_data / "ratings_small.csv",
        items=real_data / "movies_metadata_first5000.csv.gz",
        links=real_data / "links_small.csv",
    )
    assert excerpt.num_interactions == 100_004
    jumanji = excerpt.items[excerpt.items.id_map.encode_one(2)]
    assert jumanji.metadata["tagline"] == "Roll the dice and unleash the excitement!"
    assert jumanji.metadata["production_companies"][0] == "TriStar Pictures"
    toy_story = excerpt.items[excerpt.items.id_map.encode_one(1)]
    assert toy_story.metadata["belongs_to_collection"] == "Toy Story Collection"
    assert_accounted(excerpt)


@pytest.fixture(scope="module")
def ml_100k(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    archive = tmp_path_factory.mktemp("zip") / "ml-100k.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted((real_data / "ml-100k").iterdir()):
            packed.write(path, f"ml-100k/{path.name}")
    return {
        "folder": read("a", source=real_data / "ml-100k"),
        "zip": read("b", source=archive),
        "atomic": read("c", source=real_data / "ml-100k-atomic"),
        "ratings": read("d", ratings=real_data / "ml-100k" / "u.data"),
        "two files": read("e", ratings=real_data / "ml-100k" / "u.data", items=real_data / "ml-100k" / "u.item"),
    }


def test_ml_100k_is_the_same_from_every_form(ml_100k: dict[str, Dataset]) -> None:
    expected = Counter(outside(ml_100k["folder"]))
    for dataset in ml_100k.values():
        assert (dataset.num_users, dataset.num_items, dataset.num_interactions) == (943, 1682, 100_000)
        assert dataset.num_rated_items == 1682
        assert dataset.title == "MovieLens 100K"
        assert not dataset.skipped
        assert Counter(outside(dataset)) == expected
        assert_accounted(dataset)
    kinds = {name: dataset.kind for name, dataset in ml_100k.items()}
    assert kinds == {"folder": "movielens", "zip": "movielens", "atomic": "recbole"} | dict.fromkeys(
        ("ratings", "two files"), "movielens"
    )
    fingerprints = {dataset.users.fingerprint() + dataset.items.id_map.fingerprint() for dataset in ml_100k.values()}
    assert len(fingerprints) == 1  # so a model trained on one form fits the others


def test_ml_100k_titles_begin_with_their_article(ml_100k: dict[str, Dataset]) -> None:
    for name in ("folder", "zip", "atomic"):
        item = ml_100k[name].items[12]
        assert item.title == "The Usual Suspects"
        assert item.year == 1995
        assert item.genres == ("Crime", "Thriller")
        assert item.metadata["source_title"].startswith("Usual Suspects, The")
    titles = ml_100k["folder"].items.titles()
    assert "Les Misérables" in titles  # Latin-1 in the file
    assert "unknown" in titles


def test_gzipped_anime_reads_the_same(real_data: Path, tmp_path: Path, anime: Dataset) -> None:
    packed = tmp_path / "anime.csv.gz"
    packed.write_bytes(gzip.compress((real_data / "anime.csv").read_bytes()))
    again = read("anime", items=packed)
    assert sorted(again.items.texts()) == sorted(anime.items.texts())
