"""Which column is taken for what, and what a person is told about it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engine.datasets import read
from engine.errors import DataError, ErrorKind, OptionError

from .conftest import Write, assert_accounted, outside


def notes_of(dataset: object) -> str:
    return " ".join(dataset.source["notes"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("header", ["User ID,Book-Id,My Rating", "userId,book_id,myRating", "USER-ID,bookid,MY_RATING"])
def test_names_are_the_same_in_any_spelling(write: Write, header: str) -> None:
    assert outside(read("x", ratings=write("r.csv", f"{header}\n1,2,4\n2,3,5\n"))) == [
        (1, 2, 4.0, None),
        (2, 3, 5.0, None),
    ]


@pytest.mark.parametrize(
    ("header", "roles"),
    [
        ("article_id,prod_name,product_type_name", "id = article_id, title = prod_name, genres = product_type_name"),
        ("tconst,primaryTitle,startYear", "id = tconst, title = primaryTitle, year = startYear"),
        ("ISBN,Book-Title,Year-Of-Publication", "id = ISBN, title = Book-Title, year = Year-Of-Publication"),
        ("show_id,title,listed_in", "id = show_id, title = title, genres = listed_in"),
        ("parent_asin,title,main_category", "id = parent_asin, title = title, genres = main_category"),
        ("BGGId,Name,YearPublished", "id = BGGId, title = Name, year = YearPublished"),
    ],
)
def test_catalogues_as_they_are_published(write: Write, header: str, roles: str) -> None:
    dataset = read("x", items=write("items.csv", f"{header}\n11,One thing,1999\n12,Other thing,2001\n"))
    assert f"columns recognised by their names: {roles}." in notes_of(dataset)
    assert dataset.items.titles() == ["One thing", "Other thing"]


def test_the_number_of_a_row_is_no_item(write: Write) -> None:
    path = write("r.csv", "id,user,title,rating\n1,7,Up,5\n2,7,Jaws,4\n3,8,Up,2\n")
    dataset = read("x", "table", ratings=path)
    assert outside(dataset) == [(7, "Up", 5.0, None), (7, "Jaws", 4.0, None), (8, "Up", 2.0, None)]
    assert "'id' was not taken for the item, as it is different in every row" in notes_of(dataset)


def test_without_another_column_the_number_of_a_row_is_refused(write: Write) -> None:
    with pytest.raises(
        DataError, match=r"no column is known as the item \(.*different in every row\); it has id, user"
    ) as caught:
        read("x", "table", ratings=write("r.csv", "id,user,rating\n1,7,5\n2,7,4\n"))
    assert caught.value.kind is ErrorKind.MISSING_COLUMN
    assert (
        len(read("x", "table", ratings=write("r.csv", "id,user,rating\n1,7,5\n2,7,4\n"), mapping={"item": "id"}).items)
        == 2
    )


def test_an_id_that_repeats_is_passed_over(write: Write) -> None:
    path = write("books.csv", "ISBN,Book Id,Title\n,5,A tale\n,6,A story\n9,7,A novel\n")
    dataset = read("x", items=path)
    assert dataset.items.id_map.ids.tolist() == [5, 6, 7]
    path = write("books.csv", "isbn,Title\n,A tale\n,A story\n9,A novel\n")
    with pytest.raises(DataError, match=r"no column is known as the id .*67% of its rows repeat or lack it"):
        read("x", items=path)


def test_a_name_of_several_lines_is_shown_on_one(write: Write) -> None:
    path = write("r.csv", 'user,item,"of the\nweek",rating\n1,2,3,4\n2,3,4,5\n')
    assert "columns not used: of the week (numbers)" in notes_of(read("x", ratings=path))
    with pytest.raises(DataError) as caught:
        read("x", "table", ratings=path, mapping={"time": "of the\nweek\n!"})
    assert len(str(caught.value).splitlines()) == 1


def test_a_year_is_not_shown_twice(write: Write) -> None:
    dataset = read("x", items=write("items.csv", "id,title,year\n1,A,1999\n2,B,\n"))
    assert (dataset.items[1].year, dict(dataset.items[1].metadata)) == (1999, {})
    dataset = read("x", items=write("items.csv", "id,title,released\n1,A,1999-03-04\n2,B,2001-01-01\n"))
    assert "released" in dataset.items[1].metadata  # the day is more than the year


def test_numbers_are_no_titles_and_candidates_are_named(write: Write) -> None:
    dataset = read("x", items=write("items.csv", "id,name,caption\n1,55,A dog\n2,66,A cat\n"))
    assert dataset.items.titles() == ["1", "2"]
    assert "'name' was not taken for the title, as it holds numbers" in notes_of(dataset)
    assert "'caption' could be one" in notes_of(dataset)


def test_what_is_not_used_is_said(write: Write) -> None:
    path = write("r.csv", "user,item,price,day,shop\n1,2,3.5,2020-01-02,east\n2,3,4.5,2020-01-03,west\n")
    assert "columns not used: price (numbers), day (dates), shop (texts)" in notes_of(read("x", ratings=path))


def test_kinds_of_events_are_shown(write: Write) -> None:
    path = write("r.csv", "user,item,event\n1,2,view\n1,3,view\n2,3,buy\n")
    assert "columns not used: event ('buy' or 'view')" in notes_of(read("x", ratings=path))


def test_plays_are_weights_and_returns_are_no_likes(write: Write) -> None:
    dataset = read("x", ratings=write("r.csv", "user,item,plays\n1,2,40\n1,3,-1\n2,3,5\n"))
    assert dataset.interactions.ratings is None
    more, less = dataset.interactions.weights
    assert 8 > more / less > 1  # not 8 times as much
    assert more + less == pytest.approx(2)
    assert "from 5 to 40" in notes_of(dataset)
    assert dataset.skipped == {"weight not above zero": 1}
    assert_accounted(dataset)


def test_an_item_that_was_shown_and_not_chosen_is_no_like(write: Write) -> None:
    dataset = read("x", ratings=write("r.csv", "uid,iid,label\n1,2,1\n1,3,0\n2,3,1.0\n"))
    assert outside(dataset) == [(1, 2, None, None), (2, 3, None, None)]
    assert "whose label is 0 or false were left out" in notes_of(dataset)
    assert_accounted(dataset)


@pytest.mark.parametrize(("yes", "no"), [("True", "False"), ("yes", "no"), ("Y", "N"), ("1.0", "0.0")])
def test_labels_in_words(write: Write, yes: str, no: str) -> None:
    dataset = read("x", ratings=write("r.csv", f"user,item,liked\n1,2,{yes}\n1,3,{no}\n2,3,{yes}\n"))
    assert outside(dataset) == [(1, 2, None, None), (2, 3, None, None)]


def test_a_date_that_is_none_is_no_time(write: Write) -> None:
    dataset = read("x", ratings=write("r.csv", "user,item,date\n1,2,soon\n1,3,later\n"))
    assert "'soon' is not a time" in notes_of(dataset)
    assert "time = date" not in notes_of(dataset)


def test_facts_about_items_in_the_log_make_the_catalogue(write: Write) -> None:
    dataset = read("x", ratings=write("r.csv", "user,track_id,track_name\n1,9,Blue\n2,9,Blue\n2,8,Red\n"))
    assert dataset.items.titles() == ["Blue", "Red"]
    # A text that differs for the same item says nothing about the item.
    dataset = read("x", ratings=write("r.csv", "user,track_id,name\n1,9,Ann\n2,9,Bob\n2,8,Bob\n"))
    assert dataset.items.titles() == ["8", "9"]


def test_a_join_that_fails_is_loud(write: Write) -> None:
    ratings = write("r.csv", "user,item,rating\n1,b7,4\n")
    dataset = read("x", ratings=ratings, items=write("items.csv", "id,title\n7,Up\n"))
    assert re.search(r"WARNING: none of the 1 items .* such as 7, while the interactions have b7", notes_of(dataset))


def test_several_files_are_one_log(write: Write) -> None:
    parts = [write("a.csv", "user,item,rating\n1,x,4\n"), write("b.jsonl", '{"uid": 2, "sku": "x", "stars": 5}\n')]
    assert outside(read("x", ratings=parts)) == [(1, "x", 4.0, None), (2, "x", 5.0, None)]


def test_rows_are_chosen_by_values(write: Write) -> None:
    path = write("events.csv", "visitorid,event,itemid\n1,view,2\n1,Transaction,3\n2,transaction,3\n")
    dataset = read("x", ratings=path, where={"event": "transaction"})
    assert outside(dataset) == [(1, 3, None, None), (2, 3, None, None)]
    assert dataset.skipped == {"event is not transaction": 1}
    assert_accounted(dataset)


def test_a_value_that_no_row_has_is_answered_by_those_that_there_are(write: Write) -> None:
    path = write("log.csv", "user,item,event\n1,a,view\n2,b,cart\n2,c,\n")
    with pytest.raises(
        DataError, match=re.escape("(3 × event is not bought); in the file, event is view, cart, empty.")
    ):
        read("x", ratings=path, where={"event": "bought"})
    other = write("other.csv", "user,item,event\n1,a,bought\n")
    assert len(read("x", ratings=[path, other], where={"event": "bought"}).interactions) == 1


def test_the_ratings_of_one_person(write: Write) -> None:
    path = write("r.csv", "movie,rating\n5,4\n6,0\n")
    dataset = read("x", ratings=path, user="me", mapping={"unrated": "0"})
    assert outside(dataset) == [("me", 5, 4.0, None), ("me", 6, None, None)]


def test_columns_by_position_and_guesses_turned_off(write: Write) -> None:
    path = write("r.csv", "a,user,b,rating\n1,2,3,4\n")
    dataset = read("x", ratings=path, mapping={"user": "#1", "item": "#3", "rating": ""})
    assert outside(dataset) == [(1, 3, None, None)]
    with pytest.raises(DataError, match=r"has no column #9, as it has 4 columns"):
        read("x", ratings=path, mapping={"user": "#9"})


def test_the_person_of_an_order_is_in_another_file(write: Write) -> None:
    lines = write("lines.csv", "order_id,product_id\n1,9\n1,8\n2,9\n7,9\n")
    orders = write("orders.csv", "order_id,user_id,day\n1,50,3\n2,60,4\n1,99,9\n")
    dataset = read("x", ratings=lines, join=(orders, "order-id"))
    assert outside(dataset) == [(50, 9, None, None), (50, 8, None, None), (60, 9, None, None)]
    assert dataset.skipped == {"order_id is not in orders.csv": 1}
    assert_accounted(dataset)


def test_a_pattern_names_all_parts(write: Write) -> None:
    first = write("part-1.csv", "user,item\n1,2\n")
    write("part-2.csv", "user,item\n3,4\n")
    assert len(read("x", ratings=first.parent / "part-*.csv").interactions) == 2
    with pytest.raises(DataError, match=r"nothing-\*\.csv"):
        read("x", ratings=first.parent / "nothing-*.csv")


@pytest.mark.parametrize(
    ("files", "options", "words"),
    [
        ("items", {"mapping": {"user": "title"}}, "'user' belongs to a file of ratings"),
        ("ratings", {"mapping": {"id": "item"}}, "'id' belongs to a file of items"),
        ("items", {"user": "me"}, "file of ratings"),
        ("ratings", {"mapping": {"unrated": "none"}}, "must be a number, not 'none'"),
        ("ratings", {"kind": "movielens", "user": "me"}, "are for the kind 'table'"),
    ],
)
def test_what_would_not_be_used_is_an_error(write: Write, files: str, options: dict[str, object], words: str) -> None:
    path = write("f.csv", "user,item,id,title\n1,2,3,Up\n")
    with pytest.raises((OptionError, DataError), match=words):
        read("x", **{files: path}, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("chosen", [{"where": {"item": "\udcff"}}, {"user": "\udcff"}])
def test_values_that_are_no_text_are_refused(write: Write, chosen: dict[str, Any]) -> None:
    # Python stands such halves of letters for bytes of the command line that it cannot decode.
    with pytest.raises(OptionError, match="is not text"):
        read("x", "table", ratings=write("log.csv", "user,item\n1,2\n2,3\n"), **chosen)
