"""A person's ratings from IMDb, and a person's books from Goodreads."""

from __future__ import annotations

import pytest

from engine.datasets import guess_kind, read
from engine.errors import DataError

from .conftest import Write, assert_accounted, outside

MARCH_4 = 1_709_510_400  # 2024-03-04
NEW = """Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,Num Votes,Release Date,Directors
tt0113277,9,2024-03-04,Heat,Heat,https://www.imdb.com/title/tt0113277,Movie,8.3,170,1995,"Crime, Drama",700123,1995-12-15,Michael Mann
tt0118694,10,2024-03-15,In the Mood for Love,Fa yeung nin wah,https://x,Movie,8.1,98,2000,"Drama, Romance",1,2000-09-29,"Wong Kar-wai"
"""  # noqa: E501
OLD = """"position","const","created","modified","description","Title","Title type","Directors","You rated","IMDb Rating","Runtime (mins)","Year","Genres","Num. Votes","Release Date (month/day/year)","URL"
"1","tt0113277","Mon Mar  4 00:00:00 2024","","","Heat","Feature Film","Michael Mann","9","8.2","170","1995","crime, drama","400000","1995-12-15","http://www.imdb.com/title/tt0113277/"
"""  # noqa: E501


def test_imdb_in_both_generations(write: Write) -> None:
    new, old = write("ratings.csv", NEW), write("old.csv", OLD)
    assert guess_kind(ratings=new) == guess_kind(ratings=old) == guess_kind(source=old) == "imdb"
    dataset = read("x", ratings=new)
    assert outside(dataset) == [
        ("me", "tt0113277", 9.0, MARCH_4),
        ("me", "tt0118694", 10.0, MARCH_4 + 11 * 86_400),
    ]
    heat, mood = dataset.items.take([1, 2])
    assert (heat.title, heat.year, heat.genres) == ("Heat", 1995, ("Crime", "Drama"))
    assert (heat.metadata["runtime"], heat.metadata["imdb_rating"]) == (170, 8.3)
    assert "Michael Mann" in heat.text
    assert mood.metadata["original_title"] == "Fa yeung nin wah"
    assert "Fa yeung nin wah" in mood.text
    assert_accounted(dataset)
    before = read("x", ratings=old)
    assert outside(before) == [("me", "tt0113277", 9.0, MARCH_4)]
    assert before.items[1].genres == ("Crime", "Drama")


@pytest.mark.parametrize("dates", [("3/4/2024", "3/15/2024"), ("04.03.2024", "15.03.2024"), ("45355", "45366")])
def test_imdb_with_the_dates_of_a_spreadsheet(write: Write, dates: tuple[str, str]) -> None:
    content = NEW.replace("2024-03-04", dates[0]).replace("2024-03-15", dates[1])
    assert [row[3] for row in outside(read("x", ratings=write("r.csv", content)))] == [MARCH_4, MARCH_4 + 11 * 86_400]


def test_imdb_with_dates_of_two_meanings_says_which_was_taken(write: Write) -> None:
    dataset = read("x", ratings=write("r.csv", NEW.replace("2024-03-04", "3/4/2024").replace("2024-03-15", "3/5/2024")))
    assert any("fit more than one order of day and month" in note for note in dataset.source["notes"])


def test_imdb_titles_of_a_list_that_are_not_rated_stay_searchable(write: Write) -> None:
    dataset = read("x", ratings=write("list.csv", NEW.replace("tt0118694,10,2024-03-15", "tt0118694,,")))
    assert dataset.num_interactions == 1
    assert dataset.items[2].title == "In the Mood for Love"
    assert dataset.skipped == {"not rated": 1}
    assert_accounted(dataset)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("tt1,0,2024-01-01,A", "row 4: 0 is not a rating between 1 and 10"),
        ("tt1,x,2024-01-01,A", "row 4, column Your Rating: 'x' is not a number"),
        ("tt1,5,yesterday,A", "row 4, column Date Rated: 'yesterday' is not a time"),
    ],
)
def test_imdb_names_a_bad_value(write: Write, row: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read("x", ratings=write("r.csv", NEW + row + "\n"))


COLUMNS = (
    "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average Rating,Publisher,Binding,"
    "Number of Pages,Year Published,Original Publication Year,Date Read,Date Added,Bookshelves,"
    "Bookshelves with positions,Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,"
)
BOOKS = '''11,"Dune (Dune, #1)",Frank Herbert,"Herbert, Frank",,"=""0441013597""","=""9780441013593""",5,4.27,Ace,Paperback,604,2006,1965,2024/03/04,2024/01/01,"classics, sci-fi","classics (#1)",read,"Long.<br/>Line 2
here",,,1,{}
12,"Emma",Jane Austen,"Austen, Jane","Juliet Stevenson","=""""","=""""",0,4.04,,Kindle Edition,,1815,,,2024/03/04,to-read,to-read (#1),to-read,,,,0,{}
13,"Old",Nobody,"Nobody",,"=""""","=""""",0,3.9,,,,,,,2024/03/05,,,read,,,,1,{}
14,"Older",Nobody,"Nobody",,"=""""","=""""",3,3.9,,,,,,,2024/03/06,,,read,,,,1,{}
'''  # noqa: E501
OLDER = "Recommended For,Recommended By,Owned Copies,Original Purchase Date,Original Purchase Location,Condition,Condition Description,BCID"  # noqa: E501


@pytest.mark.parametrize(("header", "end"), [("Owned Copies", "0"), (OLDER, ",,0,,,,,")])
def test_goodreads_in_both_widths(write: Write, header: str, end: str) -> None:
    path = write("goodreads_library_export.csv", COLUMNS + header + "\n" + BOOKS.format(end, end, end, end))
    assert guess_kind(ratings=path) == guess_kind(source=path) == "goodreads"
    dataset = read("x", ratings=path)
    assert outside(dataset) == [
        ("me", 11, 5.0, MARCH_4),
        ("me", 13, None, MARCH_4 + 86_400),
        ("me", 14, 3.0, MARCH_4 + 2 * 86_400),
    ]
    dune, emma = dataset.items[1], dataset.items[4]
    assert (dune.title, dune.year, dune.genres) == ("Dune (Dune, #1)", 1965, ("classics", "sci-fi"))
    assert (dune.metadata["isbn"], dune.metadata["pages"]) == ("0441013597", 604)
    assert "Frank Herbert" in dune.text
    assert (emma.title, emma.year, "isbn" in emma.metadata) == ("Emma", 1815, False)
    assert "Juliet Stevenson" in emma.text
    assert dataset.skipped == {"on the shelf to-read, so not read yet": 1}
    assert_accounted(dataset)


def test_goodreads_without_any_read_book_says_why(write: Write) -> None:
    header = "Book Id,Title,My Rating,Exclusive Shelf\n"
    with pytest.raises(DataError, match="1 × on the shelf to-read"):
        read("x", ratings=write("g.csv", header + "1,Emma,0,to-read\n"))


def test_goodreads_without_ratings_has_none(write: Write) -> None:
    header = "Book Id,Title,My Rating,Exclusive Shelf\n"
    dataset = read("x", ratings=write("g.csv", header + "1,Emma,0,read\n2,Dune,0,currently-reading\n"))
    assert dataset.interactions.ratings is None
    assert dataset.num_interactions == 2
