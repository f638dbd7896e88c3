"""Lists in a query, joined by commas, "or" and "and": which of them one condition fits, and which stay text."""

from __future__ import annotations

import pyarrow as pa
import pytest

from engine.search.filters.fields import Fields
from engine.search.understanding import read
from tests.engine.search.understanding.catalogues import ANIME, BOOKS, FILMS, SERIES_AND_FILMS, make_fields


def _lists(*values: str) -> pa.Array:
    return pa.array([one.split("/") if one else None for one in values], pa.list_(pa.string()))


CREDITS = make_fields(
    {
        "title": ["Annie Hall", "Spaceballs", "Some Like It Hot", "You've Got Mail", "Cast Away", "New York Stories"],
        "genres": _lists("Comedy", "Comedy", "Comedy", "Comedy/Romance", "Drama", "Drama"),
        "director": _lists(
            *("Woody Allen", "Mel Brooks", "Billy Wilder", "Nora Ephron", "Robert Zemeckis"),
            "Woody Allen/Martin Scorsese",
        ),
        "cast": _lists(
            *("Diane Keaton", "John Candy", "Jack Lemmon", "Tom Hanks/Meg Ryan", "Tom Hanks", "Mia Farrow"),
        ),
    }
)


def told(query: str, fields: Fields) -> tuple[str, str]:
    """The text that is left and the conditions as they can be typed."""
    reading = read(query, fields)
    return reading.text, " ".join(one.condition for one in reading.understood)


@pytest.mark.parametrize(
    ("query", "fields", "text", "conditions"),
    [
        ("films from France, Japan or Italy", FILMS, "", "language:fr,ja,it"),
        ("films from france, japan, or italy", FILMS, "", "language:fr,ja,it"),
        ("films from France, Japan and Italy", FILMS, "", "language:fr,ja,it"),
        ("films from France and Italy", FILMS, "", "language:fr,it"),
        ("films from france, italy", FILMS, "", "language:fr,it"),
        ("films made in france/italy", FILMS, "", "language:fr,it"),
        ("horror in french, korean or japanese", FILMS, "", "genre:Horror language:fr,ko,ja"),
        ("in french, korean and japanese languages", FILMS, "", "language:fr,ko,ja"),
        ("french, italian or japanese horror", FILMS, "", "language:fr,it,ja genre:Horror"),
        ("french and italian horror", FILMS, "", "language:fr,it genre:Horror"),
        (
            "drama from japan, the united states or france",
            SERIES_AND_FILMS,
            "",
            'genre:Drama country:Japan,"United States",France',
        ),
        (
            "japanese, korean and french films",
            SERIES_AND_FILMS,
            "",
            'country:Japan,"South Korea",France type:film,"anime film"',
        ),
        ("films from france, with robots", FILMS, "robots", "language:fr"),
        ("horror from italy, japanese ghosts", FILMS, "japanese ghosts", "genre:Horror language:it"),
        ("horror from italy, narnia or japan", FILMS, "from italy, narnia or japan", "genre:Horror"),
        ("horror from italy or narnia", FILMS, "from italy or narnia", "genre:Horror"),
        ("horror from italy, funny", FILMS, "funny", "genre:Horror language:it"),
    ],
)
def test_places_and_languages(query: str, fields: Fields, text: str, conditions: str) -> None:
    assert told(query, fields) == (text, conditions)


@pytest.mark.parametrize(
    ("query", "fields", "text", "conditions"),
    [
        ("comedy, romance or horror", FILMS, "", "genre:Comedy,Romance,Horror"),
        ("comedies, thrillers and romances", FILMS, "", "genre:Comedy,Thriller,Romance"),
        ("romance, comedy and animation", FILMS, "", "genre:Romance genre:Comedy genre:Animation"),
        ("romance and comedy", FILMS, "", "genre:Romance genre:Comedy"),
        ("romance and mystery", FILMS, "", "genre:Romance,Mystery"),  # no item is both
        ("comedies and/or thrillers", FILMS, "", "genre:Comedy,Thriller"),
        ("either comedies or thrillers", FILMS, "", "genre:Comedy,Thriller"),
        ("tv, ova or movies", ANIME, "", "type:TV,OVA,Movie"),
        ("toys 70s, 80s or 90s", FILMS, "toys", "year:1970s,1990s"),
        ("toys from the 70s, 90s and 2000s", FILMS, "toys", "year:1970s,1990s,2000s"),
        ("toys from 1969, 1971 or 1995", FILMS, "toys", "year:1969,1971,1995"),
        ("toys before 1970 or after 2000", FILMS, "toys", "year:<1970,>2000"),
        ("toys after 1990 and before 2000", FILMS, "toys", "year:>1990 year:<2000"),
        ("drama with 12 or 37 episodes", ANIME, "", "genre:Drama episodes:12,37"),
        ("12, 24 or 37 episodes", ANIME, "", "episodes:12,37"),
        ("12, 24", ANIME, "12, 24", ""),
    ],
)
def test_genres_kinds_years_and_numbers(query: str, fields: Fields, text: str, conditions: str) -> None:
    assert told(query, fields) == (text, conditions)


@pytest.mark.parametrize(
    ("query", "text", "conditions"),
    [
        ("comedies by Allen, Brooks and Wilder", "", 'genre:Comedy director:"Woody Allen","Mel Brooks","Billy Wilder"'),
        (
            "comedies by woody allen, brooks or wilder",
            "",
            'genre:Comedy director:"Woody Allen","Mel Brooks","Billy Wilder"',
        ),
        ("comedies by allen or brooks", "", 'genre:Comedy director:"Woody Allen","Mel Brooks"'),
        ("directed by allen, brooks or wilder", "", 'director:"Woody Allen","Mel Brooks","Billy Wilder"'),
        ("directed by brooks and wilder", "", 'director:"Mel Brooks","Billy Wilder"'),
        ("directed by allen and scorsese", "", 'director:"Woody Allen" director:"Martin Scorsese"'),
        ("directed by allen or scorsese", "", 'director:"Woody Allen","Martin Scorsese"'),
        ("starring tom hanks and meg ryan", "", 'cast:"Tom Hanks" cast:"Meg Ryan"'),
        ("starring tom hanks, john candy", "", 'cast:"Tom Hanks","John Candy"'),
        ("starring tom hanks, an island", "island", 'cast:"Tom Hanks"'),
        ("directed by brooks, nobody or wilder", "directed by brooks, nobody or wilder", ""),
        ("directed by alen, broks or wildr", "directed by alen, broks or wildr", ""),
        ("comedies by allen", "allen", "genre:Comedy"),  # one name is searched for in all columns
        ("comedies by day or night", "day or night", "genre:Comedy"),
        ("comedies by woody or mel", "woody or mel", "genre:Comedy"),  # first names tell nobody
    ],
)
def test_names_of_people(query: str, text: str, conditions: str) -> None:
    assert told(query, CREDITS) == (text, conditions)


def test_a_list_of_authors() -> None:
    assert told("books by orwell, kafka and austen", BOOKS)[1] == "authors:orwell,kafka,austen"


def test_a_condition_on_a_list_can_be_dropped() -> None:
    (condition,) = read("films from France, Japan or Italy", FILMS).conditions
    assert condition.typed == "from France, Japan or Italy"
    kept = read("films from France, Japan or Italy", FILMS, keep_as_text={condition.typed})
    assert (kept.text, kept.conditions) == ("from France, Japan or Italy", ())
