"""Who made an item, in words: which column of which catalogue they choose."""

from __future__ import annotations

import pyarrow as pa
import pytest

from engine.search.filters.fields import Fields
from engine.search.understanding import read
from tests.engine.search.understanding.catalogues import make_fields


def _lists(*values: str) -> pa.Array:
    return pa.array([one.split("/") if one else None for one in values], pa.list_(pa.string()))


FILMS = make_fields(
    {
        "title": ["Psycho", "Hitchcock", "Forrest Gump", "Cast Away", "Directed by John Ford", "Stagecoach"],
        "director": _lists(
            *("Alfred Hitchcock", "Sacha Gervasi", "Robert Zemeckis", "Robert Zemeckis", "Peter Bogdanovich"),
            "John Ford",
        ),
        "cast": _lists(
            *("Anthony Perkins/Janet Leigh", "Anthony Hopkins/Helen Mirren", "Tom Hanks/Robin Wright"),
            *("Tom Hanks/Helen Hunt", "Orson Welles", "John Wayne"),
        ),
        "writer": ["Joseph Stefano", "John J. McLaughlin", "Eric Roth", "William Broyles Jr.", None, "Dudley Nichols"],
        "runtime": pa.array([109, 98, 142, 143, 99, 96]),
    }
)
BOOKS = make_fields(
    {
        "title": ["A Wizard of Earthsea", "Good Omens", "Emma", "By Night in Chile", "Written on the Body"],
        "authors": [
            *("Ursula K. Le Guin", "Terry Pratchett, Neil Gaiman", "Jane Austen", "Roberto Bolaño"),
            "Jeanette Winterson",
        ],
        "num_pages": pa.array([205, 288, 474, 118, 190]),
    }
)
GAMES = make_fields(
    {
        "title": ["Half-Life 2", "Valve Simulator", "Hades", "No Valve Left Open"],
        "developer": ["Valve", "Indie Dev", "Supergiant Games", "Supergiant Games"],
        "publisher": ["Valve", "Indie Pub", "Supergiant Games", "Warner Bros. Interactive Entertainment"],
    }
)
NARRATED = make_fields(
    {
        "title": ["Sea Tales", "Sky Tales", "Land Tales"],
        "narrator": ["Mary Poole", "John Moor", "Mary Poole"],
    }
)
ANIME = make_fields(
    {
        "title": ["Spirited Away", "Kiki", "Cowboy Bebop", "Sunrise Story"],
        "studios": _lists("Studio Ghibli", "Studio Ghibli", "Sunrise/Bones", "Toei"),
        "type": ["Movie", "Movie", "TV", "TV"],
    }
)
PRODUCTS = make_fields(
    {
        "title": ["Kettle", "Running shoe", "Nike of Samothrace", "Brand new broom"],
        "brand": ["De'Longhi", "Nike", "Mythos", "Vileda"],
        "price": pa.array([35.0, 80.0, 20.0, 5.0]),
    }
)


@pytest.mark.parametrize(
    ("query", "fields", "text", "conditions"),
    [
        ("directed by hitchcock", FILMS, "", "director:alfred hitchcock"),
        ("films directed by hitchcock about birds", FILMS, "birds", "director:alfred hitchcock"),
        ("director john ford", FILMS, "", "director:john ford"),
        ("written by eric roth", FILMS, "", "writer:eric roth"),
        ("movies starring tom hanks directed by zemeckis", FILMS, "", "cast:tom hanks director:robert zemeckis"),
        ("not directed by hitchcock", FILMS, "", "-director:alfred hitchcock"),
        ("an island starring hanks", FILMS, "an island", "cast:hanks"),
        ("directed by hitchc", FILMS, "", "director:alfred hitchcock"),
        ("directed by hitchcok", FILMS, "", "director:alfred hitchcock"),
        ("written by ursula le guin", BOOKS, "", "authors:Ursula K. Le Guin"),
        ("author neil gaiman", BOOKS, "", "authors:neil gaiman"),
        ("games by valve", GAMES, "", "developer:valve"),
        ("games from valve", GAMES, "", "developer:valve"),
        ("developed by supergiant", GAMES, "", "developer:supergiant games"),
        ("published by warner bros", GAMES, "", "publisher:warner bros"),
        ("anime by studio ghibli", ANIME, "", "studios:studio ghibli"),
        ("produced by sunrise", ANIME, "", "studios:sunrise"),
        ("products by nike", PRODUCTS, "", "brand:nike"),
        ("made by nike", PRODUCTS, "", "brand:nike"),
        ("brand de'longhi", PRODUCTS, "", "brand:delonghi"),
    ],
)
def test_words_around_a_name_choose_its_column(query: str, fields: Fields, text: str, conditions: str) -> None:
    reading = read(query, fields)
    told = " ".join(one.condition.replace('"', "") for one in reading.understood)
    assert (reading.text, told.lower()) == (text, conditions.lower())


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("directed by john ford", FILMS),  # a title
        ("directed by nobody in particular", FILMS),
        ("films by the sea", FILMS),
        ("starring a talking dog", FILMS),
        ("directed by hit", FILMS),
        ("a film director who murders", FILMS),
        ("the director john hires an actor", FILMS),
        ("hitchcock", FILMS),
        ("by night in chile", BOOKS),
        ("written on the body", BOOKS),
        ("written by the river", BOOKS),
        ("valve", GAMES),
        ("sunrise", ANIME),
        ("brand new broom", PRODUCTS),
        ("from nike", PRODUCTS),
    ],
)
def test_words_that_name_no_maker_are_searched_for(query: str, fields: Fields) -> None:
    assert read(query, fields).conditions == ()


@pytest.mark.parametrize(
    ("query", "fields", "text", "conditions"),
    [
        ("directed by hitchcock or zemeckis", FILMS, "", "director:alfred hitchcock,robert zemeckis"),
        ("directed by hitchcock or by zemeckis", FILMS, "", "director:alfred hitchcock,robert zemeckis"),
        ("directed by hitchcock or directed by zemeckis", FILMS, "", "director:alfred hitchcock,robert zemeckis"),
        ("directed by hitchcok or zemekis", FILMS, "", "director:alfred hitchcock,robert zemeckis"),
        ("director hitchcock or john ford", FILMS, "", "director:alfred hitchcock,john ford"),
        ("not directed by hitchcock or zemeckis", FILMS, "", "-director:alfred hitchcock,robert zemeckis"),
        ("written by ursula le guin or neil gaiman", BOOKS, "", "authors:ursula k. le guin,neil gaiman"),
        ("games by valve or supergiant", GAMES, "", "developer:valve,supergiant games"),
        ("games by valve or by supergiant", GAMES, "", "developer:valve,supergiant games"),
        ("starring tom hanks or orson welles or john wayne", FILMS, "", "cast:tom hanks,orson welles,john wayne"),
        ("directed by hitchcock or", FILMS, "", "director:alfred hitchcock"),  # while it is typed
    ],
)
def test_or_adds_a_name_to_the_condition(query: str, fields: Fields, text: str, conditions: str) -> None:
    test_words_around_a_name_choose_its_column(query, fields, text, conditions)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("directed by hitchcock or nobody", FILMS),
        ("directed by hitchcock or about birds", FILMS),
        ("directed by zemeckis or starring john wayne", FILMS),
        ("directed by hitchcock or zemeckis or under 90 minutes", FILMS),
        ("under 90 minutes or directed by hitchcock", FILMS),
        ("developed by valve or published by warner bros", GAMES),
    ],
)
def test_a_choice_that_is_no_single_condition_is_searched_for_as_a_whole(query: str, fields: Fields) -> None:
    reading = read(query, fields)
    assert (reading.text, reading.conditions) == (query, ())


@pytest.mark.parametrize(
    ("query", "fields", "text", "conditions"),
    [
        ("not by zemeckis", FILMS, "", "-director:robert zemeckis"),
        ("films not by hitchcock about birds", FILMS, "birds", "-director:alfred hitchcock"),
        ("nothing by hitchcok", FILMS, "", "-director:alfred hitchcock"),
        ("films that are not made by hitchcock", FILMS, "", "-director:alfred hitchcock"),
        ("not by hitchcock or eric roth", FILMS, "", "-director:alfred hitchcock -writer:eric roth"),
        ("not by mary poole", NARRATED, "", "-narrator:mary poole"),
        ("books not by ursula le guin", BOOKS, "", "-authors:ursula k. le guin"),
        ("games not by valve", GAMES, "", "-developer:valve"),
        ("games not from valve or supergiant", GAMES, "", "-developer:valve -developer:supergiant games"),
        ("shoes not from nike", PRODUCTS, "shoes", "-brand:nike"),
        ("films not by the sea", FILMS, "not by the sea", ""),
        ("not by night in chile", BOOKS, "not by night in chile", ""),
    ],
)
def test_a_maker_is_excluded(query: str, fields: Fields, text: str, conditions: str) -> None:
    test_words_around_a_name_choose_its_column(query, fields, text, conditions)


@pytest.mark.parametrize(
    ("query", "fields", "without"),
    [
        ("without zemeckis", FILMS, ("zemeckis",)),
        ("no Tom Hanks", FILMS, ("Tom Hanks",)),
        ("without zemeckis or john ford", FILMS, ("zemeckis", "john ford")),
        ("without Mary Poole", NARRATED, ("Mary Poole",)),
        ("no valve", GAMES, ()),  # a title has the words "no valve"
        ("without valve", GAMES, ("valve",)),
        ("without a wayne", FILMS, ("wayne",)),
        ("without a clue", FILMS, ()),  # may be a title that the catalogue does not have
        ("no country", FILMS, ()),
        ("without robert", FILMS, ()),  # a first name tells nobody
    ],
)
def test_a_negated_name_is_excluded_where_it_is_the_whole_query(
    query: str, fields: Fields, without: tuple[str, ...]
) -> None:
    reading = read(query, fields)
    assert (reading.without, reading.text) == (without, "" if without else query)


def test_a_condition_on_a_maker_can_be_dropped() -> None:
    (condition,) = read("directed by hitchcock", FILMS).conditions
    assert condition.typed == "directed by hitchcock"
    assert read("directed by hitchcock", FILMS, keep_as_text={condition.typed}).text == "directed by hitchcock"
