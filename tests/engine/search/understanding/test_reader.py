from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import datasets
from engine.data.popularity import ratings_of_items
from engine.search.filters.columns import NumberField
from engine.search.filters.fields import Fields
from engine.search.filters.parser import mask, parse
from engine.search.understanding import Reading, read
from engine.search.understanding.tokens import tokenise
from tests.engine.search.understanding.catalogues import (
    ANIME,
    BOOKS,
    FILMS,
    PLAIN,
    PRODUCTS,
    SERIES_AND_FILMS,
    make_fields,
)


def told(text: str, fields: Fields) -> tuple[str, str]:
    """The text that is left and the conditions as they can be typed."""
    reading = read(text, fields)
    return reading.text, " ".join(one.condition for one in reading.understood)


@pytest.mark.parametrize(
    ("query", "text", "conditions"),
    [
        ("westerns before 1970", "westerns", "year:<1970"),  # no item is a western
        ("horror before 1980", "", "genre:Horror year:<1980"),
        ("aliens after 2000", "aliens", "year:>2000"),
        ("spaceships since 1979", "spaceships", "year:>=1979"),
        ("until 1975 heist", "heist", "year:<=1975"),
        ("pre-1975 heist", "heist", "year:<1975"),
        ("post-2000 heist", "heist", "year:>2000"),
        ("heist from 1969", "heist", "year:1969"),
        ("heist between 1968 and 1975", "heist", "year:1968..1975"),
        ("heist from 1968 to 1975", "heist", "year:1968..1975"),
        ("heist 1968-1975", "heist", "year:1968..1975"),
        ("heist 1968 – 1975", "heist", "year:1968..1975"),
        ("1970s cops", "cops", "year:1970s"),
        ("70s cops", "cops", "year:1970s"),
        ("'70s cops", "cops", "year:1970s"),
        ("the nineties toys", "toys", "year:1990s"),
        ("toys from the early nineties", "toys", None),  # nothing is of these years
        ("toys from the mid 90s", "toys", "year:1993..1996"),
        ("90s and 2000s toys", "toys", "year:1990s,2000s"),
        ("story 1995", "story", "year:1995"),
        ("horror 1979", "", "genre:Horror year:1979"),
        ("the 1979 film about robots", "robots", "year:1979"),
        ("berlin 1995", "berlin 1995", ""),  # no title of this year has the word
        ("the summer of 1995", "the summer of 1995", ""),
        ("70s nostalgia", "70s nostalgia", ""),
        ("toys of the last ten years", "toys", "year:>=2010"),
        ("toys 1990 or later", "toys", "year:>=1990"),
        ("gangsters in the 1970s", "gangsters in the 1970s", ""),
        ("set in the 70s", "set in the 70s", ""),
        ("a woman in her nineties", "a woman in her nineties", ""),
        ("toys after 2050", "toys after 2050", ""),
        ("films in the 1970s", "", "year:1970s"),
        ("70ies horror", "", "year:1970s genre:Horror"),
        ("the best of 1995", "", "rating:>=8.1 votes:>=3200 year:1995"),
        ("old films", "", "year:<=1979"),
        ("older horror", "", "year:<=1979 genre:Horror"),
        ("old horror", "", "year:<=1979 genre:Horror"),
        ("old friends film", "old friends", ""),
        ("old", "old", ""),
        ("classic", "classic", ""),
        ("new films", "", "year:>=2015"),
        ("new york films", "new york", ""),
        ("classic horror", "", "year:<=1994 rating:>=8.1 votes:>=3200 genre:Horror"),
        ("silent films", "silent", ""),  # none is that old
    ],
)  # fmt: skip
def test_years_and_decades(query: str, text: str, conditions: str | None) -> None:
    if conditions is None:
        assert read(query, FILMS).filters == ()
    else:
        assert told(query, FILMS) == (text, conditions)


@pytest.mark.parametrize(
    ("query", "text", "conditions"),
    [
        ("space under 100 minutes", "space", "runtime:1..99"),  # a running time of 0 is unknown
        ("space less than two hours", "space", "runtime:1..119"),
        ("space over 2h", "space", "runtime:>120"),
        ("space under 1h 45m", "space", "runtime:1..104"),
        ("1h 50min max", "", "runtime:1..110"),
        ("space, at least 1h45", "space", "runtime:>=105"),
        ("space longer than an hour and a half", "space", "runtime:>90"),
        ("space 120 minutes or less", "space", "runtime:1..120"),
        ("space no longer than 2.5 hours", "space", "runtime:1..150"),
        ("space between 90 and 110 minutes", "space", "runtime:90..110"),
        ("100-minute thriller", "", "runtime:90..110 genre:Thriller"),
        ("he has 90 minutes to live", "he has 90 minutes to live", ""),
        ("in less than two hours he must escape", "in less than two hours he must escape", ""),
        ("space rated above 7.5", "space", "rating:>7.5"),
        ("space with a rating of at least 8", "space", "rating:>=8"),
        ("8+ rating space", "space", "rating:>=8"),
        ("8+ rated space", "space", "rating:>=8"),
        ("space rated at least 7.5", "space", "rating:>=7.5"),
        ("space 8/10 or better", "space", "rating:>=8"),
        ("space at least 4 stars", "space", "rating:>=8"),
        ("space more than 5k votes", "space", "votes:>5000"),
        ("rated above 11", "rated above 11", ""),
    ],
)  # fmt: skip
def test_quantities(query: str, text: str, conditions: str) -> None:
    assert told(query, FILMS) == (text, conditions)


@pytest.mark.parametrize(
    ("query", "text", "conditions"),
    [
        ("french films about love", "love", "language:fr"),
        ("korean monster film", "monster", "language:ko"),
        ("horror in japanese", "", "genre:Horror language:ja"),
        ("horror from italy", "", "genre:Horror language:it"),
        ("sci-fi from korea", "", 'genre:"Science Fiction" language:ko'),
        ("film noir from france", "film noir", "language:fr"),
        ("biopics from france", "biopics", "language:fr"),
        ("slashers of 1968", "slashers", "year:1968"),
        ("french noir", "noir", "language:fr"),
        ("italian slasher", "slasher", "language:it"),
        ("french heist crew", "french heist crew", ""),
        ("horror recommendations", "", "genre:Horror"),
        ("a parody of 1968", "a parody of 1968", ""),
        ("science fiction of 1968", "", 'genre:"Science Fiction" year:1968'),
        ("science fiction, mostly fiction from korea", "mostly fiction from korea", 'genre:"Science Fiction"'),
        ("90 minute sci fi", "", 'runtime:81..99 genre:"Science Fiction"'),
        ("a ghost from japan", "a ghost from japan", ""),
        ("horror from italy or japan", "", "genre:Horror language:it,ja"),
        ("horror for kids from italy", "", "genre:Horror genre:Family language:it"),
        ("horror under 100 minutes from japan", "", "genre:Horror runtime:1..99 language:ja"),
        ("horror from italy or from japan", "", "genre:Horror language:it,ja"),
        ("horror from italy or narnia", "from italy or narnia", "genre:Horror"),
        ("horror in japanese or korean", "", "genre:Horror language:ja,ko"),
        ("korean war", "korean war", ""),
        ("french prison escape", "french prison escape", ""),
        ("non-english horror", "", "-language:en genre:Horror"),
        ("foreign films about childhood", "childhood", "-language:en"),
        ("horror, french, 90s", "", "genre:Horror language:fr year:1990s"),
        ("romantic comedies", "", "genre:Romance genre:Comedy"),
        ("sci-fi or crime films", "", 'genre:"Science Fiction",Crime'),
        ("animated talking toys", "talking toys", "genre:Animation"),
        ("comedy club", "comedy club", ""),
        ("french black comedies", "black comedies", "language:fr"),
        ("war drama", "", "genre:War genre:Drama"),
        ("the war between two families", "the war between two families", ""),
        ("toys for kids", "toys", "genre:Family"),
        ("anime about toys", "anime about toys", ""),  # no animation in Japanese
        ("horror", "", "genre:Horror"),
        ("war", "war", ""),
        ("films", "films", ""),
        ("funny films", "funny", ""),
        ("best horror", "", "rating:>=8.1 votes:>=3200 genre:Horror"),
        ("the best horror of all time", "", "rating:>=8.1 votes:>=3200 genre:Horror"),
        ("best horror films ever made", "", "rating:>=8.1 votes:>=3200 genre:Horror"),
        ("love of all time", "love of all time", ""),
        ("worst horror", "", "rating:<=7.9 votes:>=3200 genre:Horror"),
        ("badly rated toys", "toys", "rating:<=7.9 votes:>=3200"),
        ("the worst that can happen", "the worst that can happen", ""),
        ("something from italy", "", "language:it"),
        ("popular comedies", "", "votes:>=13000 genre:Comedy"),
        ("a famous singer", "a famous singer", ""),
    ],
)  # fmt: skip
def test_words_of_a_catalogue_of_films(query: str, text: str, conditions: str) -> None:
    assert told(query, FILMS) == (text, conditions)


@pytest.mark.parametrize(
    ("query", "text", "conditions"),
    [
        ("short anime under 13 episodes", "", "episodes:<13"),
        ("short drama", "", "episodes:<=13 genre:Drama"),
        ("long running shounen", "", "episodes:>=100 genre:Shounen"),
        ("long shounen series", "", "episodes:>=50 genre:Shounen type:TV"),
        ("comedy, not too long", "", "genre:Comedy -episodes:>=50"),
        ("short series", "", "episodes:<=13 type:TV"),
        ("long movies", "long", "type:Movie"),  # a movie has one episode however long it is
        ("short movies", "short", "type:Movie"),
        ("fewer than 26 episodes with magic", "magic", "episodes:<26"),
        ("12-episode drama", "", "episodes:12 genre:Drama"),
        ("10 to 12 episodes of horror", "", "episodes:10..12 genre:Horror"),
        ("psychological tv series", "", "genre:Psychological type:TV"),
        ("robot movies", "robot", "type:Movie"),
        ("vampire ova", "", "genre:Vampire type:OVA"),
        ("high school romance", "high school", "genre:Romance"),
        ("school romance", "", "genre:School genre:Romance"),
        ("before 1990", "before 1990", ""),  # the years are unknown
        ("japanese horror", "japanese", "genre:Horror"),
        ("film director", "film director", ""),
        ("people making a movie", "people making a movie", ""),
    ],
)  # fmt: skip
def test_words_of_a_catalogue_of_anime(query: str, text: str, conditions: str) -> None:
    assert told(query, ANIME) == (text, conditions)


@pytest.mark.parametrize(
    ("query", "fields", "text", "conditions"),
    [
        ("french films", SERIES_AND_FILMS, "", 'country:France type:film,"anime film"'),
        ("anime", SERIES_AND_FILMS, "", 'type:"anime series","anime film"'),
        ("korean", SERIES_AND_FILMS, "", 'country:"South Korea"'),
        ("drama from france or the united states", SERIES_AND_FILMS, "", 'genre:Drama country:France,"United States"'),
        ("russian science fiction", SERIES_AND_FILMS, "", 'country:"Soviet Union" genre:"Science Fiction"'),
        ("european films", SERIES_AND_FILMS, "", 'country:France,"Soviet Union" type:film,"anime film"'),
        ("eastern european science fiction", SERIES_AND_FILMS, "", 'country:"Soviet Union" genre:"Science Fiction"'),
        ("drama from asia and france", SERIES_AND_FILMS, "", 'genre:Drama country:Japan,"South Korea",France'),
        ("east asian films", SERIES_AND_FILMS, "", 'country:Japan,"South Korea" type:film,"anime film"'),
        ("asia documentaries", SERIES_AND_FILMS, "asia documentaries", ""),
        ("african american drama", SERIES_AND_FILMS, "african american", "genre:Drama"),
        ("asian american drama", SERIES_AND_FILMS, "asian american", "genre:Drama"),
        ("foreign films", SERIES_AND_FILMS, "foreign", 'type:film,"anime film"'),  # few of all are american
        ("european books", BOOKS, "", "language_code:ger"),
        ("asian films", FILMS, "", "language:ja,ko"),
        ("films that are not american", SERIES_AND_FILMS, "", 'type:film,"anime film" -country:"United States"'),
        ("drama not from the united states", SERIES_AND_FILMS, "", 'genre:Drama -country:"United States"'),
        ("nothing from japan", SERIES_AND_FILMS, "", "-country:Japan"),
        ("books under 300 pages", BOOKS, "", "num_pages:<300"),
        ("dragons under 400 pages before 1940", "BOOKS", "dragons", "num_pages:<400 original_publication_year:<1940"),
        ("german books", BOOKS, "", "language_code:ger"),
        ("19th century love", BOOKS, "19th century love", ""),
        ("kettle under $20", PRODUCTS, "", "genre:Kettles price:<20"),
        ("kettle under 20 dollars", PRODUCTS, "", "genre:Kettles price:<20"),
        ("kettles between 15 and 30 euros", PRODUCTS, "", "genre:Kettles price:15..30"),
        ("cheap toaster", PRODUCTS, "cheap toaster", ""),
        ("kettle over 1900 watts", PRODUCTS, "", "genre:Kettles watts:>1900"),
        ("french films before 1960", PLAIN, "french films before 1960", ""),
    ],
)  # fmt: skip
def test_only_what_a_catalogue_has_columns_for_is_understood(
    query: str, fields: Fields | str, text: str, conditions: str
) -> None:
    assert told(query, BOOKS if isinstance(fields, str) else fields) == (text, conditions)


@pytest.mark.parametrize(
    "query",
    [
        *("The Italian Job", "the italian job", "2001: a space odyssey", "2001 a space odyssey", "1917", "war horse"),
        *("the french connection chase", "italian job heist", "the french conn", "before sunrise vienna"),
        *('"french" "before 1960"', "", "   ", "?!", "🎃"),
    ],
)
def test_titles_and_quoted_words_stay_text(query: str) -> None:
    assert read(query, FILMS) == Reading(query)


@pytest.mark.parametrize(
    ("query", "text", "conditions", "without"),
    [
        ("horror without zombies", "", "genre:Horror", ("zombies",)),
        ("horror without zombies or vampires", "", "genre:Horror", ("zombies", "vampires")),
        ("horror but not too scary", "", "genre:Horror", ("scary",)),
        ("space film with no aliens", "space", "", ("aliens",)),
        ("toys, nothing violent", "toys", "", ("violent",)),
        ("toys, not animated", "toys", "-genre:Animation", ()),
        ("toys no romance or comedy", "toys", "-genre:Romance -genre:Comedy", ()),
        ("drama that is not romantic", "", "genre:Drama -genre:Romance", ()),
        ("comedy not for kids", "", "genre:Comedy -genre:Family", ()),
        ("toys not from the 90s", "toys", "-year:1990s", ()),
        ("toys no black comedy", "toys", "", ("black comedy",)),
        ("toys, not from italy or japan", "toys", "-language:it,ja", ()),
        ("films without zombies", "", "", ("zombies",)),
        ("without zombies", "without zombies", "", ()),
        ("she is not from korea", "she is not from korea", "", ()),
        ("she is not korean", "she is not korean", "", ()),
        ("a world without crime", "a world without crime", "", ()),
        ("boy with no family", "boy with no family", "", ()),
        ("a man without a past", "a man without a past", "", ()),
        ("man with no name", "man with no name", "", ()),
        ("a robot who is not human", "a robot who is not human", "", ()),
        ("no one survives", "no one survives", "", ()),
        ("he does not know", "he does not know", "", ()),
    ],
)
def test_negation(query: str, text: str, conditions: str, without: tuple[str, ...]) -> None:
    reading = read(query, FILMS)
    excluded = [one.understood.condition for one in reading.exclusions]
    filters = " ".join(one.condition for one in reading.understood if one.condition not in excluded)
    assert (reading.text, filters, reading.without) == (text, conditions, without)


def test_an_excluded_subject_is_told_and_can_be_taken_back() -> None:
    query = "horror without zombies or vampires before 2000"
    reading = read(query, FILMS)
    assert [(one.typed, one.label, one.condition) for one in reading.understood] == [
        ("horror", "genre: Horror", "genre:Horror"),
        ("without zombies", "without: zombies", "without zombies"),
        ("or vampires", "without: vampires", "without vampires"),
        ("before 2000", "year < 2000", "year:<2000"),
    ]
    taken_back = read(query, FILMS, keep_as_text={"without zombies", "or vampires"})
    assert (taken_back.text, taken_back.without) == ("without zombies or vampires", ())
    assert [one.condition for one in taken_back.understood] == ["genre:Horror", "year:<2000"]


@pytest.mark.parametrize(
    ("query", "title", "words", "conditions"),
    [
        ("like Alien but funny", "Alien", "funny", ""),
        ("something like the italian job but in space", "the italian job", "in space", ""),
        ("films like Amélie from the 90s", "Amélie", "", "year:1990s"),
        ("similar to Toy Story but for kids", "Toy Story", "", "genre:Family"),
        ("Alien but in a submarine", "Alien", "in a submarine", ""),
        ("like 2001: A Space Odyssey", "2001: A Space Odyssey", "", ""),
    ],
)
def test_an_item_moved_by_words(query: str, title: str, words: str, conditions: str) -> None:
    reading = read(query, FILMS)
    assert reading.moved is not None
    assert (reading.moved.title, reading.moved.words, reading.text) == (title, words, words)
    assert told(query, FILMS)[1] == conditions


@pytest.mark.parametrize("query", ["if you liked alien", "for fans of Alien", "films for people who loved alien"])
def test_who_liked_an_item_asks_for_others_like_it(query: str) -> None:
    moved = read(query, FILMS).moved
    assert moved is not None
    assert moved.title.lower() == "alien"


def test_a_country_is_read_by_its_language_where_no_column_has_countries() -> None:
    films = make_fields(
        {
            "title": ["City of God", "Amores perros", "Solaris", "Mirror", "Sholay", "Roma"],
            "genres": pa.array([["Drama"]] * 6, pa.list_(pa.string())),
            "original_language": ["pt", "es", "ru", "ru", "hi", "es"],
            "runtime": pa.array([130, 154, 167, 107, 204, 135]),
        }
    )
    assert told("mexican drama", films) == ("mexican", "language:es genre:Drama")  # not all in Spanish is from there
    assert told("indian drama", films) == ("", "language:hi genre:Drama")
    assert told("american indian drama", films) == ("american indian", "genre:Drama")
    assert told("brazilian films about football", films) == ("brazilian football", "language:pt")
    assert told("no mexican dramas", films) == ("", "-language:es genre:Drama")


def test_silent_films_are_those_before_sound() -> None:
    films = make_fields(
        {
            "title": ["The Kid", "Metropolis", "Nosferatu", "Jaws"],
            "year": pa.array([1921, 1927, 1922, 1975], pa.int32()),
            "genres": pa.array([["Comedy"], ["Drama"], ["Horror"], ["Horror"]], pa.list_(pa.string())),
            "runtime": pa.array([68, 153, 94, 124]),
        }
    )
    assert told("silent films", films) == ("", "year:<=1929")
    assert told("silent horror comedies", films)[0] == ""
    assert told("a silent witness", films) == ("a silent witness", "")


@pytest.mark.parametrize(
    ("query", "text", "conditions"),
    [
        ("1 cour", "", "episodes:10..14"),
        ("one cour drama", "", "episodes:10..14 genre:Drama"),
        ("movie only", "", "type:Movie"),
        ("horror ova please", "", "genre:Horror type:OVA"),
        ("movie director", "movie director", ""),
    ],
)
def test_words_of_people_who_watch_anime(query: str, text: str, conditions: str) -> None:
    assert told(query, ANIME) == (text, conditions)


def test_genres_have_english_names() -> None:
    genres = pa.array([["Shounen Ai"], ["Shoujo Ai"], ["Drama"], ["Drama"]], pa.list_(pa.string()))
    anime = make_fields({"title": ["One", "Two", "Three", "Four"], "genres": genres})
    assert told("boys love", anime) == ("", 'genre:"Shounen Ai"')
    assert told("girls love", anime) == ("", 'genre:"Shoujo Ai"')


@pytest.mark.parametrize("query", ["she looks like alien", "like nothing else", "horror but funny", "war but funny"])
def test_like_without_a_title_moves_nothing(query: str) -> None:
    assert read(query, FILMS).moved is None


def test_titles_may_be_looked_up_elsewhere() -> None:
    reading = read("like Heat but funny", FILMS, is_title=lambda title: title == "Heat")
    assert reading.moved is not None
    assert reading.moved.title == "Heat"


@pytest.mark.parametrize(
    ("query", "fields", "text", "order"),
    [
        ("alien in order", FILMS, "alien", "year"),
        ("alien in chronological order", FILMS, "alien", "year"),
        ("alien newest first", FILMS, "alien", "newest"),
        ("space sorted by rating", FILMS, "space", "rating"),
        ("newest horror about ghosts", FILMS, "ghosts", "newest"),
        ("oldest horror films", FILMS, "", "year"),
        ("oldest films", FILMS, "", "year"),
        ("the oldest profession", FILMS, "the oldest profession", None),
        ("in order to survive", FILMS, "in order to survive", None),
        ("one piece in order", ANIME, "one piece in order", None),  # the years are unknown
    ],
)
def test_orders(query: str, fields: Fields, text: str, order: str | None) -> None:
    reading = read(query, fields)
    assert (reading.text, reading.order) == (text, order)


def test_a_condition_says_where_it_stands_and_can_be_dropped() -> None:
    query = "korean horror  from the 90s, with ghosts"
    reading = read(query, FILMS)
    assert [query[one.start : one.end] for one in reading.conditions] == ["korean", "horror", "from the 90s"]
    assert [one.label for one in reading.understood] == ["language: ko", "genre: Horror", "year: 1990s"]
    assert reading.text == "ghosts"
    assert reading.dropped == ("with",)
    dropped = read(query, FILMS, keep_as_text=frozenset({"From the 90s"}))
    assert [one.typed for one in dropped.conditions] == ["korean", "horror"]
    assert dropped.text == "from the 90s, with ghosts"


#: At most one in a hundred of the well-known titles may lose a word to a condition.
MOST_MISREAD = 0.01


def misread(fields: Fields) -> list[str]:
    """The well-known titles of which some words are not searched for, in parts per title."""
    counts = fields["members" if "members" in fields.names else "interactions"]
    assert isinstance(counts, NumberField)
    titles = [title or "" for title in fields.titles(np.argsort(-counts.numbers, kind="stable")[:2000])]
    typed = [*titles, *(title.lower().rsplit(" ", 1)[0] for title in titles)]
    return [one for one in typed if read(one, fields).text.split() != one.split()]


def test_well_known_titles_of_the_demo_are_searched_for() -> None:
    demo = datasets.read("demo", "demo")
    fields = Fields(demo.items, ratings_of_items(demo))
    assert len(misread(fields)) <= MOST_MISREAD * 2 * fields.num_items


def test_well_known_titles_of_anime_are_searched_for(real_data: Path) -> None:
    fields = Fields(datasets.read("anime", "anime", items=real_data / "anime.csv").items)
    assert len(misread(fields)) <= MOST_MISREAD * 4000


@pytest.mark.slow
def test_well_known_titles_of_films_are_searched_for(real_data: Path) -> None:
    films = datasets.read(
        "movies",
        "movies",
        items=real_data / "movies_metadata_rebuilt.csv.gz",
        ratings=real_data / "ratings_small.csv",
        links=real_data / "links.csv",
    )
    assert len(misread(Fields(films.items, ratings_of_items(films)))) <= MOST_MISREAD * 4000


WORDS = (
    "french korean horror comedy war romance films movie series without no not but like alien and or the a of in from",
    "before after 1970 1990s 90s between under over 2 hours 90 minutes rated 8 best popular short , - $20 8+ ghost",
    "Amélie zombies in order newest first &quot; é ½ ² 1h30 <90 min ~ / 西 don't",
)
QUERIES = st.lists(st.sampled_from(" ".join(WORDS).split(" ")), max_size=9).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(QUERIES | st.text(max_size=30), st.sampled_from([FILMS, ANIME, SERIES_AND_FILMS, BOOKS, PRODUCTS, PLAIN]))
def test_no_word_is_lost_and_every_filter_can_be_typed(query: str, fields: Fields) -> None:
    reading = read(query, fields)
    parts = [reading.text, *reading.dropped, *(one.typed for one in (*reading.conditions, *reading.exclusions))]
    parts += [one.typed for one in (reading.moved, reading.ordering) if one is not None]
    assert Counter(token.word for part in parts for token in tokenise(part)) == Counter(
        token.word for token in tokenise(query)
    )
    assert reading.text or reading.conditions or reading.exclusions or reading.moved or not query
    in_words = {one.understood for one in reading.exclusions}
    for one in set(reading.understood) - in_words:
        parsed = parse(one.condition, fields)
        assert (parsed.text, parsed.problems) == ("", ())
    assert mask(reading.filters, fields) is None or len(reading.filters) > 0
    if not (reading.conditions or reading.exclusions or reading.moved or reading.ordering or reading.dropped):
        assert reading == Reading(query)
