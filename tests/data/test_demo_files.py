"""The bundled demo: its catalogue is sound, and its audience is what the generator makes."""

import csv
import gzip
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
GENRES = {
    *("Action", "Adventure", "Animation", "Comedy", "Coming of Age", "Crime", "Drama", "Family", "Fantasy", "Heist"),
    *("History", "Horror", "Martial Arts", "Mecha", "Music", "Mystery", "Noir", "Romance", "Satire"),
    *("Science Fiction", "Slice of Life", "Sports", "Supernatural", "Thriller", "War", "Western"),
}


def rows_of(name):
    with (DEMO / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def items():
    return rows_of("items.csv")


@pytest.fixture(scope="module")
def ratings():
    with gzip.open(DEMO / "ratings.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def repeated(values):
    return [value for value, count in Counter(values).items() if count > 1]


def test_the_catalogue_is_complete_and_repeats_nothing(items):
    assert len(items) >= 400
    assert list(items[0]) == ["id", "title", "year", "kind", "genres", "country", "director", "about"]
    assert [item["id"] for item in items if not all(value.strip() for value in item.values())] == []
    assert repeated(item["id"] for item in items) == []
    assert repeated((item["title"], item["year"]) for item in items) == []
    assert repeated(item["about"] for item in items) == []
    assert b"\r" not in (DEMO / "items.csv").read_bytes()


def test_ids_are_readable_slugs_that_end_in_the_year(items):
    strange = [item["id"] for item in items if not item["id"].replace("-", "").isalnum() or not item["id"].isascii()]
    assert strange == []
    assert [item["id"] for item in items if not item["id"].endswith(f"-{item['year']}")] == []


def test_years_kinds_and_genres_are_from_the_vocabulary(items):
    assert {item["kind"] for item in items} == {"film", "anime series", "anime film"}
    assert [item["id"] for item in items if not 1902 <= int(item["year"]) <= 2024] == []
    for item in items:
        genres = item["genres"].split(", ")
        assert 1 <= len(genres) <= 4, item["id"]
        assert set(genres) <= GENRES, item["id"]
        assert repeated(genres) == [], item["id"]


def test_every_item_has_one_sentence_of_a_readable_length(items):
    for item in items:
        assert 12 <= len(item["about"].split()) <= 32, item["id"]
        assert item["about"].endswith("."), item["id"]


def test_science_fiction_of_the_seventies_is_well_covered(items):
    assert sum(item["year"][:3] == "197" and "Science Fiction" in item["genres"] for item in items) >= 25


def test_the_audience_is_large_enough_and_rates_only_what_there_is(items, ratings):
    users, rated = Counter(row["user"] for row in ratings), Counter(row["item"] for row in ratings)
    assert len(users) >= 500
    assert min(users.values()) >= 15
    assert 25_000 <= len(ratings) <= 45_000
    assert rated.keys() == {item["id"] for item in items}
    assert min(rated.values()) >= 5
    assert repeated((row["user"], row["item"]) for row in ratings) == []
    assert {float(row["rating"]) for row in ratings} <= {half / 2 for half in range(1, 11)}


def test_users_carry_the_name_of_a_stated_taste(ratings):
    assert {row["user"].rsplit("-", 1)[0] for row in ratings} == {row["taste"] for row in rows_of("tastes.csv")}


def test_nothing_is_watched_before_it_was_made(items, ratings):
    made = {item["id"]: int(item["year"]) for item in items}
    watched = [(datetime.fromtimestamp(int(row["timestamp"]), UTC).year, row["item"]) for row in ratings]
    assert {year for year, _ in watched} <= set(range(2018, 2025))
    assert [item for year, item in watched if year < made[item]] == []


def test_the_generator_makes_exactly_the_bundled_ratings(tmp_path):
    subprocess.run([sys.executable, DEMO / "simulate.py", tmp_path], check=True, stdout=subprocess.DEVNULL)
    made = gzip.decompress((tmp_path / "ratings.csv.gz").read_bytes())
    assert made == gzip.decompress((DEMO / "ratings.csv.gz").read_bytes())
