"""What a negation excludes, by its words and by what it lists, and what is a part of a title."""

from __future__ import annotations

import pyarrow as pa
import pytest

from engine.search.filters.fields import Fields
from engine.search.understanding import read
from tests.engine.search.understanding.catalogues import ANIME, FILMS, SERIES_AND_FILMS, make_fields


def _lists(*values: str) -> pa.Array:
    return pa.array([one.split("/") if one else None for one in values], pa.list_(pa.string()))


CREDITS = make_fields(
    {
        "title": ["Psycho", "Jaws", "Cast Away", "Bambi", "Eyes Without a Face", "No Orchids for Miss Blandish"],
        "genres": _lists("Thriller", "Thriller", "Drama", "Animation", "Thriller", "Thriller"),
        "director": _lists(
            *("Alfred Hitchcock", "Steven Spielberg", "Robert Zemeckis", "David Hand", "Georges Franju"),
            "St. John L. Clowes",
        ),
        "cast": _lists("Janet Leigh", "Roy Scheider", "Tom Hanks", "", "Edith Scob", "Jack La Rue"),
        "production_companies": _lists("Shamley", "Universal", "Fox", "Walt Disney", "Lux", "Alliance"),
        "original_language": ["en", "en", "en", "en", "fr", "en"],
    }
)
ROMCOMS = make_fields(
    {
        "title": ["One", "Two", "Three", "Four"],
        "genres": _lists("Comedy/Romance", "Comedy", "Romance", "Animation"),
        "original_language": ["en", "en", "en", "ja"],
        "runtime": pa.array([90, 95, 100, 80]),
    }
)


def told(query: str, fields: Fields) -> tuple[str, str]:
    """The text that is left, and the conditions and exclusions as they can be typed."""
    reading = read(query, fields)
    return reading.text, " ".join(one.condition for one in reading.understood)


@pytest.mark.parametrize(
    ("query", "text", "conditions"),
    [
        ("no films by Hitchcock", "", "-director:hitchcock"),
        ("no films by Kubrick", "", "without Kubrick"),
        ("no movies by kubrick or nolan", "", "without kubrick without nolan"),
        ("thrillers, no films by Hitchcock", "", "genre:Thriller -director:hitchcock"),
        ("no movies directed by hitchcock or spielberg", "", "-director:hitchcock,spielberg"),
        ("nothing by spielberg", "", "-director:spielberg"),
        (
            "nothing by spielberg, hitchcock or zemeckis",
            "",
            "-director:spielberg -director:hitchcock -director:zemeckis",
        ),
        ("thrillers except those by hitchcock", "", "genre:Thriller -director:hitchcock"),
        ("non-Hitchcock thrillers", "", "-director:hitchcock genre:Thriller"),
        ("non hitchcock films", "", "-director:hitchcock"),
        ("non-zombie thrillers", "", "without zombie genre:Thriller"),
        ("not with tom hanks", "", '-cast:"tom hanks"'),
        ("dramas not starring tom hanks", "", 'genre:Drama -cast:"tom hanks"'),
        ("nothing with tom hanks or roy scheider", "", '-cast:"tom hanks" -cast:"roy scheider"'),
        ("without Tom Hanks", "", "without Tom Hanks"),
        (
            "without tom hanks, janet leigh or roy scheider",
            "",
            "without tom hanks without janet leigh without roy scheider",
        ),
        ("except disney films", "", "without disney"),
        ("everything except disney films", "", "without disney"),
        ("thrillers about sharks, except universal films", "sharks", "genre:Thriller without universal"),
        ("not in English", "", "-language:en"),
        ("not english", "", "-language:en"),
        ("non-English", "", "-language:en"),
        ("no films in english", "", "-language:en"),
        ("not in english thrillers", "", "-language:en genre:Thriller"),
        ("thrillers not in english, korean or french", "", "genre:Thriller -language:en without korean -language:fr"),
    ],
)
def test_people_makers_and_languages_are_excluded(query: str, text: str, conditions: str) -> None:
    assert told(query, CREDITS) == (text, conditions)


@pytest.mark.parametrize(
    ("query", "fields", "text", "conditions"),
    [
        ("not american", SERIES_AND_FILMS, "", '-country:"United States"'),
        ("no american films", SERIES_AND_FILMS, "", '-country:"United States" type:film,"anime film"'),
        ("not american films", SERIES_AND_FILMS, "", '-country:"United States" type:film,"anime film"'),
        ("no films from america", SERIES_AND_FILMS, "", '-country:"United States" type:film,"anime film"'),
        (
            "no films from america, france or japan",
            SERIES_AND_FILMS,
            "",
            '-country:"United States",France,Japan type:film,"anime film"',
        ),
        ("no films from the 90s", SERIES_AND_FILMS, "", '-year:1990s type:film,"anime film"'),
        ("no films that are french", SERIES_AND_FILMS, "", '-country:France type:film,"anime film"'),
        ("non-english films", SERIES_AND_FILMS, "", '-country:"United States" type:film,"anime film"'),
        ("non-english speaking films", SERIES_AND_FILMS, "", '-country:"United States" type:film,"anime film"'),
        ("no english films", SERIES_AND_FILMS, "", '-country:"United States" type:film,"anime film"'),
        ("non-english films", FILMS, "", "-language:en"),
        ("non-european drama", SERIES_AND_FILMS, "", '-country:France,"Soviet Union" genre:Drama'),
        ("not in english", SERIES_AND_FILMS, "not in english", ""),  # there are countries and no languages
        ("everything but anime", SERIES_AND_FILMS, "", '-type:"anime series","anime film"'),
        ("everything except dramas", SERIES_AND_FILMS, "", "-genre:Drama"),
        ("neither dramas nor crime", SERIES_AND_FILMS, "", "-genre:Drama -genre:Crime"),
        ("i do not want dramas", SERIES_AND_FILMS, "", "-genre:Drama"),
        ("crime other than french", SERIES_AND_FILMS, "", "genre:Crime -country:France"),
        ("no dramas, no crime", SERIES_AND_FILMS, "", "-genre:Drama -genre:Crime"),
        ("horror, not french, italian or japanese", FILMS, "", "genre:Horror -language:fr -language:it -language:ja"),
        ("toys, no romance, comedy or mystery", FILMS, "toys", "-genre:Romance -genre:Comedy -genre:Mystery"),
        ("toys without romance, comedy and mystery", FILMS, "toys", "-genre:Romance -genre:Comedy -genre:Mystery"),
        ("toys without romance, french", FILMS, "toys", "-genre:Romance language:fr"),
        ("toys, not from the 70s, 80s or 90s", FILMS, "toys", "-year:1970s,1990s"),
        (
            "horror without zombies, vampires or ghosts",
            FILMS,
            "",
            "genre:Horror without zombies without vampires without ghosts",
        ),
        (
            "horror without zombies, vampires and ghosts",
            FILMS,
            "",
            "genre:Horror without zombies without vampires without ghosts",
        ),
        ("sci fi no zombies", FILMS, "", 'genre:"Science Fiction" without zombies'),
        ("horror without zombies and vampires", FILMS, "", "genre:Horror without zombies without vampires"),
        ("horror with no zombies and no romance", FILMS, "", "genre:Horror without zombies -genre:Romance"),
        ("horror without romance and violence", FILMS, "", "genre:Horror -genre:Romance without violence"),
        ("horror without zombies and gore", FILMS, "", "genre:Horror without zombies without gore"),
        ("horror except zombies and vampires", FILMS, "", "genre:Horror without zombies without vampires"),
        ("horror not zombies and vampires", FILMS, "vampires", "genre:Horror without zombies"),
        ("horror without romance or anything sad", FILMS, "", "genre:Horror -genre:Romance without sad"),
        ("horror without zombies and in french", FILMS, "", "genre:Horror without zombies language:fr"),
        ("horror without zombies and funny", FILMS, "funny", "genre:Horror without zombies"),
        ("horror without zombies, ghosts", FILMS, "ghosts", "genre:Horror without zombies"),
        ("films with no dialogue", FILMS, "no dialogue", ""),  # texts name it where it is missing
        ("horror without dialogue", FILMS, "without dialogue", "genre:Horror"),
        ("no films about zombies", FILMS, "", "without zombies"),
        ("horror films not about zombies", FILMS, "", "genre:Horror without zombies"),
        ("romance not high school", ANIME, "", "genre:Romance without high school"),
        ("something without romance", FILMS, "", "-genre:Romance"),
        ("nothing longer than 2 hours", FILMS, "", "-runtime:>120"),
        ("horror, nothing over 2 hours", FILMS, "", "genre:Horror -runtime:>120"),
        ("horror, nothing in black and white", FILMS, "", "genre:Horror without black and white"),
        ("horror not suitable for kids", FILMS, "", "genre:Horror -genre:Family"),
        ("horror but not by disney", FILMS, "", "genre:Horror without disney"),
        ("non-stop thriller", FILMS, "non-stop", "genre:Thriller"),
        ("nothing but horror", FILMS, "", "genre:Horror"),
        ("not another horror film", FILMS, "not another", "genre:Horror"),
    ],
)
def test_what_a_negation_lists_is_excluded(query: str, fields: Fields, text: str, conditions: str) -> None:
    assert told(query, fields) == (text, conditions)


@pytest.mark.parametrize(
    ("query", "text", "conditions"),
    [
        ("no horror series", "", "-genre:Horror type:TV"),
        ("no horror movies please", "", "-genre:Horror type:Movie"),
        ("show me no horror series about cooking", "cooking", "-genre:Horror type:TV"),
        ("short, no horror series", "", "episodes:<=13 -genre:Horror type:TV"),
        ("no horror or romance series", "", "-genre:Horror -genre:Romance type:TV"),
        ("no horror and no romance series", "", "-genre:Horror -genre:Romance type:TV"),
        ("no horror series or movies", "", "-genre:Horror type:TV,Movie"),
        ("no zombie series", "", "without zombie type:TV"),
        ("no series about zombies", "", "without zombies type:TV"),
    ],
)
def test_a_kind_of_which_a_part_is_not_wanted_is_asked_for(query: str, text: str, conditions: str) -> None:
    assert told(query, ANIME) == (text, conditions)


@pytest.mark.parametrize(
    ("query", "text", "conditions"),
    [
        ("no series", "", "-type:TV"),
        ("comedies, no horror series", "", "genre:Comedy -genre:Horror"),
        ("no horror series, only movies", "", "-genre:Horror type:Movie"),
        ("movies, no horror series", "", "type:Movie -genre:Horror"),
        ("cooking, no horror series", "cooking", "-genre:Horror"),
        ("no horror movies or romance series", "", "-genre:Horror -genre:Romance"),
        ("everything except horror series", "", "-genre:Horror"),
    ],
)
def test_a_kind_is_not_asked_for_where_other_words_say_what_is_wanted(query: str, text: str, conditions: str) -> None:
    assert told(query, ANIME) == (text, conditions)


@pytest.mark.parametrize(
    ("query", "conditions"),
    [
        ("comedies, no romcoms", "genre:Comedy -genre:Romance"),
        ("romances, no romcoms", "genre:Romance -genre:Comedy"),
        ("no romcoms", "-genre:Romance"),
        ("japanese films, no anime", "language:ja -genre:Animation"),
        ("animation, no anime", "genre:Animation -language:ja"),
    ],
)
def test_what_is_several_conditions_at_once_is_not_excluded_by_each_of_them(query: str, conditions: str) -> None:
    assert told(query, ROMCOMS) == ("", conditions)


@pytest.mark.parametrize(
    "query",
    [
        *("eyes without a face", "eyes without a face 1960", "old eyes without a face"),
        *("no orchids for", "no orchids for miss", "no orchids for miss blandish remake"),
    ],
)
def test_a_part_of_a_title_excludes_nothing(query: str) -> None:
    assert read(query, CREDITS).without == ()


def test_another_title_of_three_words_is_no_request() -> None:
    from engine.search.request import understand

    query = "No se lo digas a nadie"
    request = understand(query, FILMS, is_title=lambda text: text == query, is_first_title=lambda _: False)
    assert (request.text, request.without) == (query, ())
    assert understand(query, FILMS, is_first_title=lambda _: False).without != ()


@pytest.mark.parametrize(
    ("query", "text", "conditions"),
    [
        ("thrillers but not cast away", "", "genre:Thriller without cast away"),
        ("hitchcock not cast away", "hitchcock", "without cast away"),
        ("thrillers without cast away", "", "genre:Thriller without cast away"),
        ("eyes without a face", "eyes without a face", ""),
        ("thrillers not set in space", "", "genre:Thriller without space"),
        ("drama, not set during the war", "", "genre:Drama without war"),
        ("thrillers sans romance", "", "genre:Thriller without romance"),
        ("non american thrillers", "", "-language:en genre:Thriller"),
        ("thrillers, nothing american please", "", "genre:Thriller -language:en"),
        ("no american heroes", "no american heroes", ""),
        ("hitchcock no birds", "hitchcock", "without birds"),
        ("steven spielberg minus sharks", "steven spielberg", "without sharks"),
        ("casablanca no birds", "casablanca no birds", ""),
        ("shark-free thrillers", "", "genre:Thriller without shark"),
        ("animation-free thrillers", "", "-genre:Animation genre:Thriller"),
        ("a care-free summer", "a care-free summer", ""),
        ("no orchids for miss", "no orchids for miss", ""),
        ("a non stop ride", "a non stop ride", ""),
    ],
)
def test_titles_and_settings_are_excluded(query: str, text: str, conditions: str) -> None:
    reading = read(query, CREDITS)
    assert reading.text == text
    assert {one.condition for one in reading.understood} == set(_conditions(conditions))


@pytest.mark.parametrize(
    ("query", "text", "conditions"),
    [
        ("anime sin harem", "", "-genre:Harem"),
        ("action sin comedy", "", "genre:Action -genre:Comedy"),
        ("drama sin harem or school", "", "genre:Drama -genre:Harem -genre:School"),
        ("sin", "sin", ""),
        ("sin and romance", "sin", "genre:Romance"),
        ("city of sin romance", "city of sin", "genre:Romance"),
        ("no more school", "", "-genre:School"),
        ("action, no harem no romance no robots", "", "genre:Action -genre:Harem -genre:Romance without robots"),
        ("i hate romance, action", "", "-genre:Romance genre:Action"),
        ("10 things i hate about you", "10 things i hate about you", ""),
        ("action, no school stuff", "", "genre:Action -genre:School"),
        ("action without romance elements", "", "genre:Action -genre:Romance"),
        ("anything that isnt romance", "", "-genre:Romance"),
        ("no things left", "no things left", ""),
    ],
)
def test_further_words_exclude(query: str, text: str, conditions: str) -> None:
    reading = read(query, ANIME)
    assert reading.text == text
    assert {one.condition for one in reading.understood} == set(_conditions(conditions))


def _conditions(line: str) -> list[str]:
    """The conditions of a line, of which an excluded subject is the last one."""
    filters, without, subject = line.partition("without ")
    return [*filters.split(), *([without + subject] if without else [])]
