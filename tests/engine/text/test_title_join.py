"""Titles of one source are found in another, and different titles are not mistaken for one another."""

from __future__ import annotations

import pytest

from engine.text.title_join import TitleIndex

KNOWN = [
    ("Matrix, The (1999)", None),
    ("Postino, Il (Postman, The) (1994)", None),
    ("Alien", 1979),
    ("Alien 3", 1992),
    ("Rocky II", 1979),
    ("Rocky III", 1982),
    ("Heat", 1995),
    ("Heat", 1986),
    ("Amélie", 2001),
    ("Seven (a.k.a. Se7en) (1995)", None),
    ("Undated", None),
    ("Good, the Bad and the Ugly, The (Buono, il brutto, il cattivo, Il)", 1966),
    ("Star Wars: Episode IV - A New Hope", 1977),
    ("300", 2006),
]


@pytest.fixture(scope="module")
def index() -> TitleIndex:
    return TitleIndex([title for title, _ in KNOWN], [year for _, year in KNOWN])


@pytest.mark.parametrize(
    ("title", "year", "row"),
    [
        ("The Matrix", 1999, 0),
        ("the matrix", 2000, 0),  # sources differ by a year
        ("Teh Matrix", 1999, 0),
        ("Il Postino", 1994, 1),
        ("The Postman", 1994, 1),
        ("Alien", 1979, 2),
        ("Alien³", 1992, 3),
        ("Amelie", 2001, 8),
        ("Se7en", 1995, 9),
        ("Undated", 1950, 10),
        ("The Good, the Bad and the Ugly", 1966, 11),
        ("The Good, the Bad & the Ugly", 1967, 11),
        ("Star Wars Episode IV: A New Hope", 1977, 12),
        ("Heat", 1986, 7),
        ("Heat", 1987, 7),
        ("300", None, 13),
        ("Alien", 1986, None),
        ("Aliens", 1986, None),
        ("Rocky III", 1979, None),
        ("Rocky IV", 1985, None),
        ("Heat", None, None),  # two films
        ("Heart", 1995, None),  # one letter makes another short title
        ("", 1995, None),
        ("Something else entirely", 1995, None),
    ],
)
def test_a_title_finds_its_item_or_none(index: TitleIndex, title: str, year: int | None, row: int | None) -> None:
    (found,) = index.match([title], [year])
    assert found.row == row


def test_a_title_without_a_match_names_the_nearest(index: TitleIndex) -> None:
    aliens, nothing = index.match(["Aliens", "Zzzzzzzzzzz"], [1986, 1986])
    assert "Alien (1979)" in aliens.candidates
    assert nothing.candidates == ()


def test_other_titles_of_an_item_count() -> None:
    index = TitleIndex(["Spirited Away"], [2001], [["Sen to Chihiro no kamikakushi"]])
    assert index.match(["Sen to Chihiro no Kamikakushi"], [2001])[0].row == 0


def test_an_empty_catalogue_matches_nothing() -> None:
    assert TitleIndex([], []).match(["Heat"], [1995])[0].row is None


def test_what_brackets_say_besides_a_name_is_no_name() -> None:
    index = TitleIndex(["Eve no Jikan (Movie)", "Movie", "Seven (a.k.a. Se7en)"], [2010, 2010, 1995])
    titles = ["Movie", "Eve no Jikan", "Se7en", "Seven"]
    assert [one.row for one in index.match(titles, [2010, 2010, 1995, 1995])] == [1, 0, 2, 2]


@pytest.mark.parametrize(
    ("title", "row"),
    [
        ("Heat", 0),  # "The Heat" is another film
        ("The Heat", 1),
        ("Titanic", 2),  # far better known than the other one
        ("Psycho", None),  # not so much better known that the other one is out of the question
        ("Titanic (1953)", 3),
    ],
)
def test_a_title_without_a_year_is_the_one_that_stands_out_or_none(title: str, row: int | None) -> None:
    titles = ["Heat", "Heat, The", "Titanic", "Titanic", "Psycho", "Psycho"]
    index = TitleIndex(titles, [1995, 2013, 1997, 1953, 1960, 1998], popularity=[9, 8, 400, 20, 100, 6])
    (found,) = index.match([title], [None])
    assert found.row == row
    assert found.best_known == (title == "Titanic")
