"""Conditions that no item meets together: the words are searched for, and the answer says so."""

from __future__ import annotations

import pyarrow as pa
import pytest

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.search import SearchIndex
from engine.search.filters.fields import Fields
from engine.search.filters.parser import parse

TITLES = ["Breathless", "Oldboy", "Cowboy Bebop", "Mushishi", "Two French Westerns", "The Cooking Hour"]
ITEMS = ItemTable(
    IdMap(list(range(len(TITLES))), first=1, name="item"),
    pa.table(
        {
            "title": TITLES,
            "year": pa.array([1960, 2003, 1998, 2005, 1990, 2001], pa.int32()),
            "genres": [["Crime"], ["Crime"], ["Western"], ["Fantasy"], ["Western"], ["Fantasy"]],
            "text": TITLES,
            "type": ["Movie", "Movie", "TV", "TV", "Movie", "Movie"],
            "episodes": pa.array([1, 1, 26, 12, 1, 1]),
            "country": ["France", "South Korea", "Japan", "Japan", "United States", "Japan"],
        }
    ),
)


@pytest.fixture(scope="module")
def index() -> SearchIndex:
    return SearchIndex(ITEMS)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("korean series", "“korean” (country: South Korea), “series” (type: TV)"),
        ("series not from japan", "“series” (type: TV), “not from japan” (not country: Japan)"),
        ("french fantasy from the 90s without elves", "“french” (country: France), “fantasy” (genre: Fantasy)"),
    ],
)
def test_conditions_that_no_item_meets_are_told(index: SearchIndex, query: str, told: str) -> None:
    answer = index.search(query, mode="keyword")
    assert answer.remark.startswith(f"No item meets all of this: {told}")
    assert answer.understood == ()
    assert "elves" not in answer.remark, "what is excluded without a filter leaves out nothing"


def test_typed_filters_are_told_where_they_leave_nothing(index: SearchIndex) -> None:
    typed = parse("year:<1970", Fields(ITEMS)).filters
    remark = index.search("japanese series", mode="keyword", filters=typed).remark
    told = "“year:<1970” (year < 1970), “japanese” (country: Japan), “series” (type: TV)"
    assert remark == f"No item meets all of this: {told}."


def test_a_title_of_such_words_is_no_doubt(index: SearchIndex) -> None:
    answer = index.search("french westerns", mode="keyword")
    assert answer.results[0].item.title == "Two French Westerns"
    assert answer.remark == ""


def test_a_kind_without_the_title_stays_if_other_conditions_need_it(index: SearchIndex) -> None:
    alone = index.search("the cooking hour series", mode="keyword")
    assert (alone.results[0].item.title, alone.understood) == ("The Cooking Hour", ())
    understood = index.search("short series about cooking", mode="keyword").understood
    assert [one.condition for one in understood] == ["episodes:<=13", "type:TV"]


def test_a_word_that_says_several_things_gives_way_to_those_that_say_one() -> None:
    table = ITEMS.table.append_column("rating", pa.array([2.0, 4.0, 4.5, 4.6, 3.0, 4.9]))
    index = SearchIndex(ItemTable(IdMap(list(range(len(TITLES))), first=1, name="item"), table))
    assert [one.condition for one in index.search("french classics from 1960", mode="keyword").understood] == [
        "country:France",
        "year:1960",
    ]
    assert index.search("french classics from 1998", mode="keyword").remark.startswith("No item meets all of this")


@pytest.mark.parametrize("query", ["rocky, no sequels", "rocky no sequels", "rocky without sequels"])
def test_sequels_are_left_out_on_request(query: str) -> None:
    titles = ["Rocky", "Rocky II", "Rocky III", "Rocky Road"]
    table = pa.table({"title": titles, "year": [1976, 1979, 1982, 1990], "genres": [["Drama"]] * 4, "text": titles})
    index = SearchIndex(ItemTable(IdMap(list(range(4)), first=1, name="item"), table))
    answer = index.search(query, mode="keyword")
    assert [one.item.title for one in answer.results] == ["Rocky", "Rocky Road"]
    assert (answer.remark, [one.label for one in answer.understood]) == ("", ["without: sequels"])
    assert len(index.search("rocky, no boxing", mode="keyword").results) == 4


def test_conditions_of_which_only_sequels_are_left_are_said_to_be_met_by_nothing() -> None:
    table = pa.table({"title": ["Saw", "Saw II"], "year": [2004, 2005], "genres": [["Horror"]] * 2})
    index = SearchIndex(ItemTable(IdMap([0, 1], first=1, name="item"), table.append_column("text", table["title"])))
    answer = index.search("horror from 2005, no sequels", mode="keyword")
    assert not answer.results
    assert answer.remark.startswith("No item meets all of this: ")
    assert "(without: sequels)" in answer.remark
