from __future__ import annotations

import html
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.search.understanding.moods import genre_key, genre_weight, genre_weights, item_weights, read_moods


@pytest.mark.parametrize(
    ("query", "phrases", "fits", "unfit"),
    [
        ("feel-good", ("feel-good",), ["Comedy", "Family"], ["Horror"]),
        ("Something HEARTWARMING for a rainy evening", ("HEARTWARMING", "for a rainy evening"), ["Family"], ["Horror"]),
        ("makes me cry", ("makes me cry",), ["Drama", "Romance"], ["Comedy"]),
        ("edge of my seat", ("edge of my seat",), ["Thriller"], ["Slice of Life"]),
        ("mind-bending sci-fi", ("mind-bending",), ["Psychological", "Sci-Fi"], ["Kids"]),
        ("scary but not gory", ("scary but not gory",), ["Horror", "Mystery"], ["Splatter"]),
        ("anime to relax, cosy", ("cosy",), ["Slice of Life"], ["Horror"]),
        ("for kids", ("for kids",), ["Children's"], ["Hentai"]),
        ("I can’t sleep", ("can’t sleep",), ["Slice of Life"], ["Action"]),
        ("película para llorar", ("para llorar",), ["Drama"], ["Comedy"]),
        ("un film qui fait peur", ("qui fait peur",), ["Horror"], ["Family"]),
        ("etwas zum lachen", ("zum lachen",), ["Comedy"], ["War"]),
        ("film che fa paura", ("che fa paura",), ["Horror"], ["Kids"]),
        ("filme engraçado", ("engraçado",), ["Comedy"], ["Horror"]),
    ],
)
def test_moods_are_weights_of_genres(query: str, phrases: tuple[str, ...], fits: list[str], unfit: list[str]) -> None:
    moods = read_moods(query)
    assert moods.phrases == phrases
    assert genre_weight(fits, moods) > 0.4
    assert genre_weight(unfit, moods) < -0.2
    assert moods.words


@pytest.mark.parametrize(
    "title",
    [
        "The Good, the Bad and the Ugly",
        "Cheer Danshi!!",
        "Dark City",
        "The Dark Knight",
        "Silly Symphony",
        "Happy Feet",
        "Beautiful Mind",
        "time travel",
        "",
        "🙂",
    ],
)
def test_words_of_titles_are_no_moods(title: str) -> None:
    assert read_moods(title).phrases == ()
    assert read_moods(title).genres == {}


@pytest.mark.parametrize("query", ["not scary", "something not too scary", "nothing scary", "nada gruselig"])
def test_a_negated_mood_counts_against_its_genres_only(query: str) -> None:
    moods = read_moods(query)
    assert moods.genres["horror"] < -0.5
    assert max(moods.genres.values()) <= 0
    assert moods.words == ""


def test_a_negation_is_part_of_the_phrase_as_typed() -> None:
    assert read_moods("a film that is not too scary").phrases == ("not too scary",)


def test_moods_add_up_to_at_most_one() -> None:
    moods = read_moods("heartwarming, cozy, comforting, wholesome film")
    assert moods.genres["family"] == 1.0
    assert moods.genres["horror"] == -1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sci-Fi", "Science Fiction"),
        ("Film-Noir", "noir"),
        ("Children's", "Kids"),
        ("Shojo", "Shoujo"),
        ("Sport", "Sports"),
        ("Avant Garde", "Dementia"),
    ],
)
def test_the_names_of_a_genre_have_one_key(one: str, other: str) -> None:
    assert genre_key(one) == genre_key(other)


def test_many_items_have_the_weights_of_each() -> None:
    moods = read_moods("feel-good film")
    names = ["Comedy", "Horror", "Western", "Family"]
    items = [["Comedy"], [], ["Western"], ["Comedy", "Family"], ["Comedy", "Horror"], []]
    codes = np.array([names.index(genre) for genres in items for genre in genres], dtype=np.int64)
    offsets = np.concatenate(([0], np.cumsum([len(genres) for genres in items])))
    found = item_weights(genre_weights(names, moods), codes, offsets)
    assert np.allclose(found, [genre_weight(genres, moods) for genres in items])
    assert found[3] > found[0] > found[4]
    assert found[1] == found[2] == found[5] == 0.0


@given(st.text(max_size=60), st.lists(st.text(max_size=12), max_size=5))
def test_any_text_can_be_read(text: str, genres: list[str]) -> None:
    moods = read_moods(text)
    assert all(-1 <= weight <= 1 for weight in moods.genres.values())
    assert -1 <= genre_weight(genres, moods) <= 1


def test_best_known_titles_hardly_name_moods(real_data: Path) -> None:
    anime = pd.read_csv(real_data / "anime.csv").nlargest(2000, "members")["name"]
    films = pd.read_csv(real_data / "movies_metadata_rebuilt.csv.gz", low_memory=False).dropna(subset=["title"])
    best_known = films.assign(votes=pd.to_numeric(films["vote_count"], errors="coerce")).nlargest(2000, "votes")[
        "title"
    ]
    for titles in (anime, best_known):
        named = [title for title in map(html.unescape, titles) if read_moods(title).phrases]
        assert len(named) <= 0.015 * len(titles), named
