from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.datasets import read
from engine.errors import OptionError
from engine.search import SearchIndex
from engine.search.filters.completion import complete_filter
from engine.search.filters.fields import Fields
from engine.search.filters.parser import Filter, ParsedQuery, mask, parse
from engine.workspace.dataset_store import Workspace

TITLES = ["Alien", "Alien: Covenant", "Heat", "Amélie", "2001: A Space Odyssey", "Re:Zero", "Spirited Away", "Untitled"]
YEARS = [1979, 2017, 1995, 2001, 1968, 2016, 2001, None]
GENRES = [
    ["Horror", "Science Fiction"],
    ["Horror", "Science Fiction"],
    ["Crime", "Drama"],
    ["Romance", "Comedy"],
    ["Science Fiction"],
    ["Fantasy"],
    ["Fantasy", "Comedy"],
    [],
]
KINDS = ["Movie", "Movie", "Movie", "Movie", "Movie", "TV", "Movie", None]
SCORES = [8.4, 6.4, 8.3, 8.3, 8.3, 7.4, 8.6, np.nan]
DATES = ["1979-05-25", "2017-05-09", "1995-12-15", "2001-04-25", "1968-04-10", "2016-04-04", "2001-07-20"]
DIRECTORS = [
    *["Ridley Scott", "Ridley Scott", "Michael Mann", "Jean-Pierre Jeunet"],
    *["Stanley Kubrick", None, "Hayao Miyazaki", None],
]


def make_table(columns: dict[str, Any]) -> ItemTable:
    table = pa.table(columns)
    return ItemTable(IdMap(list(range(table.num_rows)), first=1, name="item"), table)


ITEMS = make_table(
    {
        "title": TITLES,
        "year": pa.array(YEARS, pa.int32()),
        "genres": pa.array(GENRES, pa.list_(pa.string())),
        "text": [f"{title} text" for title in TITLES],
        "Kind": KINDS,
        "vote_average": pa.array(SCORES, pa.float64(), from_pandas=True),
        "vote_count": pa.array([13000, 7000, 6000, 10000, 10000, 3, 15000, None], pa.int64()),
        "release_date": [*DATES, None],
        "director": DIRECTORS,
    }
)  # fmt: skip
FIELDS = Fields(ITEMS)


def kept(line: str, fields: Fields = FIELDS) -> list[str]:
    """The titles of the items that match the filters of a line."""
    parsed = parse(line, fields)
    assert parsed.problems == (), line
    wanted = mask(parsed.filters, fields)
    assert wanted is not None
    return [TITLES[row] for row in np.flatnonzero(wanted)]


@pytest.mark.parametrize(
    ("line", "titles"),
    [
        ("genre:comedy", ["Amélie", "Spirited Away"]),
        ("GENRES:Comedy", ["Amélie", "Spirited Away"]),
        ("genre:comedy genre:fantasy", ["Spirited Away"]),
        ("genre:crime,romance", ["Heat", "Amélie"]),
        ('genre:"science fiction" -genre:horror', ["2001: A Space Odyssey"]),
        ("genre:sci-fi year:<1970", ["2001: A Space Odyssey"]),
        ("genre:scie year:<1970", ["2001: A Space Odyssey"]),
        ("year:1990..1999", ["Heat"]),
        ("year:1990s", ["Heat"]),
        ("year:2010..", ["Alien: Covenant", "Re:Zero"]),
        ("year:>=2016 year:<2017", ["Re:Zero"]),
        ("year:1968 year:1995", ["Heat", "2001: A Space Odyssey"]),
        ("year:>2016", ["Alien: Covenant"]),
        ("year:<=1968", ["2001: A Space Odyssey"]),
        ("kind:tv", ["Re:Zero"]),
        ("type:series", ["Re:Zero"]),
        ("type:tv type:movie year:2016..2017", ["Alien: Covenant", "Re:Zero"]),
        ("-type:movie", ["Re:Zero", "Untitled"]),
        ("rating:>=8.4", ["Alien", "Spirited Away"]),
        ("vote_average:>=8.4", ["Alien", "Spirited Away"]),
        ("votes:>=13k", ["Alien", "Spirited Away"]),
        ("date:2001", ["Amélie", "Spirited Away"]),
        ("release_date:>2001-04 date:<2010", ["Spirited Away"]),
        ("director:scott", ["Alien", "Alien: Covenant"]),
        ("director:jeunet,kubrick", ["Amélie", "2001: A Space Odyssey"]),
        ("title:alien", ["Alien", "Alien: Covenant"]),
        ("title:amelie", ["Amélie"]),
        ("-rating:<9", ["Untitled"]),
    ],
)  # fmt: skip
def test_a_filter_keeps_what_fits(line: str, titles: list[str]) -> None:
    assert kept(line) == titles


@pytest.mark.parametrize(
    "line",
    [
        "2001: a space odyssey",
        "alien: covenant",
        "title: the movie",
        "3:10 to yuma",
        "11:14",
        "Re:Zero kara",
        "re:ze",
        "http://example.org/x",
        "smile :) or q:?",
        '"studio:ghibli" films',
        '"genre:comedy"',
        "std::vector",
        ":",
        "- genre",
    ],
)
def test_what_is_no_filter_stays_text(line: str) -> None:
    assert parse(line, FIELDS) == ParsedQuery(line)


@pytest.mark.parametrize(
    ("line", "wrong", "message", "suggestions"),
    [
        ("a genre:comdy", "comdy", "No item has genre:comdy: perhaps Comedy?", ("Comedy",)),
        ("genre:sience", "sience", "perhaps Science Fiction?", ('"Science Fiction"',)),
        ("gerne:comedy", "gerne", "no field 'gerne' to filter by: perhaps genre?", ("genre",)),
        ("studio:ghibli", "studio", "there are genre, year, type, rating", ()),
        ("year:199x", "199x", "year takes a number, or a range", (">=2001",)),
        ("year:1999..1990", "1999..1990", "runs backwards", ("1990..1999",)),
        ("year:3000", "3000", "it goes from 1968 to 2017", ()),
        ("date:tomorrow", "tomorrow", "a date such as", (">=2001",)),
        ("genre:", "", "genre: needs a value", ()),
        ("genre:comedy,horor", "horor", "perhaps Horror?", ("Horror",)),
        ("year:>=", ">=", "is not understood", (">=2001",)),
    ],
)
def test_what_is_wrong_is_explained(line: str, wrong: str, message: str, suggestions: tuple[str, ...]) -> None:
    parsed = parse(line, FIELDS)
    (problem,) = parsed.problems
    assert line[problem.start : problem.end] == wrong
    assert message in problem.message
    assert problem.suggestions == suggestions
    assert parsed.filters == ()
    assert wrong == "" or wrong not in parsed.text
    with pytest.raises(OptionError) as raised:
        parsed.require()
    assert str(raised.value) == problem.message
    for suggestion in suggestions:
        assert parse(line[: problem.start] + suggestion + line[problem.end :], FIELDS).problems == ()


def test_a_filter_says_how_it_is_understood_and_where_it_stands() -> None:
    line = "space  genre:scifi -type:tv year:1960..1980 rating:>=8 odyssey director:scott"
    parsed = parse(line, FIELDS)
    assert parsed.text == "space odyssey"
    assert [one.label for one in parsed.filters] == [
        "genre: Science Fiction",
        "not type: TV",
        "year: 1960–1980",
        "rating ≥ 8",
        "director: Ridley Scott",
    ]
    assert [line[span.start : span.end] for span in parsed.spans] == [
        "genre:scifi",
        "-type:tv",
        "year:1960..1980",
        "rating:>=8",
        "director:scott",
    ]
    assert [span.filter for span in parsed.spans] == list(parsed.filters)


@pytest.mark.parametrize(
    ("line", "order", "text"),
    [
        ("alien sort:year", "year", "alien"),
        ("sort:newest genre:horror", "newest", ""),
        ("SORT:Rating heat", "rating", "heat"),
        ('sort:"popularity" heat', "popularity", "heat"),
        ("heat", None, "heat"),
        ("sort: by hand", None, "sort: by hand"),
    ],
)
def test_an_order_is_read_and_is_no_filter(line: str, order: str | None, text: str) -> None:
    parsed = parse(line, FIELDS)
    assert (parsed.order, parsed.text, parsed.problems) == (order, text, ())
    assert all(one.field != "sort" for one in parsed.filters)


@pytest.mark.parametrize(
    ("line", "wrong", "message", "first"),
    [
        ("sort:raiting", "raiting", "no order 'raiting'", "rating"),
        ("sort:", "", "needs an order", "relevance"),
        ("-sort:year", "-sort:year", "has no minus", "sort:year"),
        ("sort:year sort:rating", "sort:rating", "two orders: sort:year and sort:rating", None),
    ],
)
def test_an_order_that_is_not_understood_is_explained(line: str, wrong: str, message: str, first: str | None) -> None:
    (problem,) = parse(line, FIELDS).problems
    assert line[problem.start : problem.end] == wrong
    assert message in problem.message
    assert next(iter(problem.suggestions), None) == first
    if first is not None:
        assert parse(line[: problem.start] + first + line[problem.end :], FIELDS).problems == ()


def test_only_orders_that_the_catalogue_has_columns_for_are_offered() -> None:
    items = make_table({"title": ["a"], "year": pa.array([None], pa.int32()), "genres": [["x"]], "text": ["a"]})
    (problem,) = parse("sort:year", Fields(items)).problems
    assert "needs a column that this catalogue does not have" in problem.message
    assert [one.text for one in complete_filter("sort:", 5, Fields(items))] == ["relevance", "popularity"]
    sorted_items = make_table(
        {"title": ["a"], "year": pa.array([1], pa.int32()), "genres": [[]], "text": ["a"], "sort": ["up"]}
    )
    assert parse("sort:up", Fields(sorted_items)).filters == (Filter("sort", ("up",)),)  # the column of this name


VALUES = {
    "genre": ["Comedy", "Science Fiction", "Horror", "Drama", "Fantasy"],
    "type": ["Movie", "TV"],
    "director": ["Ridley Scott", "Hayao Miyazaki"],
    "year": ["1979", "1990..2001", ">=2001", "<1990"],
    "rating": [">=8", "<8.4", "8.3"],
}
FILTERS = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.builds(
        Filter,
        st.just(name),
        st.lists(st.sampled_from(VALUES[name]), min_size=1, max_size=3, unique=True).map(tuple),
        st.booleans(),
    )
)


@given(st.lists(FILTERS, max_size=4), st.sampled_from(["", "two words", "alien: covenant", "naïve ☕"]))
def test_what_is_written_down_is_understood_again(filters: list[Filter], text: str) -> None:
    parsed = parse(" ".join([text, *map(str, filters)]), FIELDS)
    assert (parsed.text, list(parsed.filters), parsed.problems) == (text, filters, ())


@given(st.text(max_size=40) | st.text('genre:-",. 19year><=a', max_size=30))
def test_any_line_is_taken_apart_without_an_error(line: str) -> None:
    parsed = parse(line, FIELDS)
    if not parsed.spans:
        assert parsed.text == line.strip()
    for cursor in range(len(line) + 1):
        complete_filter(line, cursor, FIELDS)


def fits(row: int, filters: list[Filter]) -> bool:
    """A simple reference implementation of filters."""

    def has(one: Filter, term: str) -> bool:
        if one.field in ("year", "rating"):
            value = {"year": YEARS, "rating": SCORES}[one.field][row]
            if value is None or np.isnan(value):
                return False
            if ".." in term:
                low, high = map(float, term.split(".."))
                return low <= value <= high
            if term[0] in "<>":
                limit = float(term.lstrip("<>="))
                return value >= limit if term.startswith(">") else value < limit
            return value == float(term)
        its = {"genre": GENRES[row], "type": [KINDS[row]], "director": [ITEMS[row + 1].metadata.get("director")]}
        return term in its[one.field]

    for one in filters:
        if one.negated and any(has(one, term) for term in one.terms):
            return False
    for name in {one.field for one in filters if not one.negated}:
        mine = [one for one in filters if one.field == name and not one.negated]
        true = [any(has(one, term) for term in one.terms) for one in mine]
        bounds = [name == "genre" or all(term[0] in "<>" for term in one.terms) for one in mine]
        if not all(holds for holds, bound in zip(true, bounds, strict=True) if bound):
            return False
        choices = [holds for holds, bound in zip(true, bounds, strict=True) if not bound]
        if choices and not any(choices):
            return False
    return True


@settings(max_examples=300)
@given(st.lists(FILTERS, min_size=1, max_size=4))
def test_filters_keep_exactly_what_fits(filters: list[Filter]) -> None:
    wanted = mask(filters, FIELDS)
    assert wanted is not None
    assert wanted.tolist() == [fits(row, filters) for row in range(len(TITLES))]


def test_filters_from_a_program_are_checked_too() -> None:
    index = SearchIndex(ITEMS)
    assert [
        one.item.title for one in index.search("text", 9, "keyword", [Filter("year", ("1990..1999",))]).results
    ] == ["Heat"]
    assert len(index.search("text", 9, "keyword", "-genre:horror").results) == 6
    with pytest.raises(OptionError, match="no field 'size'"):
        index.search("text", filters=[Filter("size", ("1",))])
    with pytest.raises(OptionError, match="No item has genre:Western"):
        index.search("text", filters=[Filter("genre", ("Western",))])
    with pytest.raises(OptionError, match="is no filter"):
        index.search("text", filters="genre:comedy words")


def test_numbers_from_elsewhere_can_be_filtered_by() -> None:
    fields = Fields(ITEMS, {"interactions": np.arange(8), "rating": np.zeros(8)})
    assert kept("interactions:>=7", fields) == ["Untitled"]
    assert kept("rating:>=8.6", fields) == ["Spirited Away"]  # the catalogue's own column takes precedence


def test_a_column_without_values_is_not_offered() -> None:
    items = make_table({"title": ["a"], "year": pa.array([None], pa.int32()), "genres": [["x"]], "text": ["a"]})
    assert Fields(items).names == ("genre", "title", "text")
    assert "all its values are unknown" in parse("year:1999", Fields(items)).problems[0].message
    empty = make_table({name: pa.array([], ITEMS.table.schema.field(name).type) for name in ITEMS.table.column_names})
    assert len(parse("genre:a year:1 director:b date:2001", Fields(empty)).problems) == 4


def completed(line: str, cursor: int | None = None) -> list[tuple[str, int | None]]:
    at = len(line) if cursor is None else cursor
    return [(line[: one.start] + one.text + line[one.end :], one.count) for one in complete_filter(line, at, FIELDS)]


def test_names_and_values_are_completed() -> None:
    assert completed("spa ge") == [("spa genre:", None)]
    assert completed("spa sor") == [("spa sort:", None)]
    assert completed("genre:crime sort:n") == [("genre:crime sort:newest", 1)]
    assert completed("x -ye") == [("x -year:", None)]
    assert completed("genre:c") == [("genre:Comedy", 2), ("genre:Crime", 1)]
    assert completed("genre:fic") == [('genre:"Science Fiction"', 3)]
    assert completed('genre:"science f') == [('genre:"Science Fiction"', 3)]
    assert completed("genre:crime,ro") == [("genre:crime,Romance", 1)]
    assert completed("genre:comedy genre:f") == [("genre:comedy genre:Fantasy", 1)]
    assert completed("genre:fa type:tv", 8) == [("genre:Fantasy type:tv", 1)]
    assert completed("year:199") == [("year:1990..1999", 1)]
    assert completed("year:1995")[0] == ("year:1995", 1)
    assert completed("director:") == [
        ('director:"Ridley Scott"', 2),
        ('director:"Michael Mann"', 1),
        ('director:"Jean-Pierre Jeunet"', 1),
        ('director:"Stanley Kubrick"', 1),
        ('director:"Hayao Miyazaki"', 1),
    ]
    assert completed("studio:g") == []
    assert completed("zzz") == []


def test_every_completion_is_a_filter_that_keeps_as_many_as_it_says() -> None:
    for name in FIELDS.names:
        for line, count in completed(f"{name}:"):
            assert len(kept(line)) == count, line


TYPED = Fields(
    make_table(
        {
            "title": ["Dune", "Emma", "Ulysses"],
            "year": pa.array([1965, 1815, 1922], pa.int32()),
            "genres": pa.array([["SF"], ["Novel"], []], pa.list_(pa.string())),
            "text": ["", "", ""],
            "released": pa.array([date(1965, 8, 1), None, date(1922, 2, 2)]),
            "added": pa.array([datetime(2024, 1, 2, 23, 59), datetime(2024, 1, 3), None], pa.timestamp("s")),
            "is_free": pa.array([False, True, None]),
            "in_print": pa.array([1, 0, None], pa.int64()),
            "authors": pa.array([["Frank Herbert"], ["Jane Austen", "A. Lady"], None], pa.list_(pa.string())),
            "pages": ["612", "474", "ca. 700"],
            "weight": ["300", "200", None],  # as the first version stored every column
            "on_sale": ["True", "False", None],
            "printed": ["1965-08", "1815", "1922-02-02"],
            "blurb": ["<3", "a..z", "=x"],
        }
    )
)


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("released:>=1922-02-02", [0, 2]),
        ("released:<1960", [2]),
        ("released:1922..1965", [0, 2]),
        ("released:1965/8/1", [0]),
        ("-released:1922", [0, 1]),
        ("added:2024-01-02", [0]),
        ("added:>2024-01-02", [1]),
        ("is_free:true", [1]),
        ("is_free:No", [0]),
        ("is_free:=1", [1]),
        ("-is_free:true", [0, 2]),
        ("in_print:true", [0]),
        ("in_print:0", [1]),
        ("authors:austen", [1]),
        ("weight:>=250", [0]),
        ("on_sale:yes", [0]),
        ("printed:<=1922", [1, 2]),
        ("printed:1965-08", [0]),
        ("authors:=austen", [1]),
        ("blurb:<3", [0]),
        ("blurb:a..z", [1]),
    ],
)
def test_a_filter_compares_by_the_type_of_its_column(line: str, rows: list[int]) -> None:
    parsed = parse(line, TYPED)
    assert parsed.problems == ()
    wanted = mask(parsed.filters, TYPED)
    assert wanted is not None
    assert np.flatnonzero(wanted).tolist() == rows


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("pages:>=300", "pages holds text and not numbers or dates (one value is 'ca. 700')"),
        ("pages:400..700", "cannot be compared"),
        ("pages:..700", "cannot be compared"),
        ("authors:<m", "authors holds text"),
        ("title:>2000-01-01", "title holds text"),
        ("genre:>=1", "give a value or a word of it, such as genre:SF"),
        ("is_free:>0", "is_free is true or false"),
        ("is_free:maybe", "is_free is true or false"),
        ("released:>=1999-13-01", "a date such as"),
        ("released:2030", "it goes from 1922 to 1965"),
    ],
)
def test_a_comparison_that_has_no_answer_is_explained(line: str, message: str) -> None:
    (problem,) = parse(line, TYPED).problems
    assert message in problem.message
    assert len(problem.message) <= 400
    assert "\n" not in problem.message


def test_a_long_value_does_not_make_a_long_sentence() -> None:
    columns = {name: ITEMS.table.column(name) for name in ("title", "year", "genres", "text")}
    fields = Fields(make_table({**columns, "plot": ["once upon\na time " * 90] * len(TITLES)}))
    (problem,) = parse("plot:>5", fields).problems
    assert len(problem.message) <= 400
    assert "\n" not in problem.message


def test_truth_values_and_dates_are_completed() -> None:
    free = complete_filter("is_free:", 8, TYPED)
    assert [(one.text, one.count) for one in free] == [("true", 1), ("false", 1)]
    assert [one.text for one in complete_filter("released:19", 11, TYPED)] == ["1960..1969", "1920..1929"]


def _fields_of(tmp_path: Path, content: str, **options: Any) -> Fields:
    """The fields of a catalogue that was read and stored."""
    path = tmp_path / "items.csv"
    path.write_text(content)
    workspace = Workspace(tmp_path / "home")
    workspace.add(read("x", "table", items=path, **options))
    return Fields(workspace.open("x").items)


BOOKS = (
    "id,name,tags,release_year,pages\n1,Emma,romance|england,1815,400\n2,Dune,space,1965,600\n3,Ubik,space,1969,200\n"
)


def test_a_column_that_took_a_role_keeps_its_name_in_filters(tmp_path: Path) -> None:
    fields = _fields_of(tmp_path, BOOKS)
    for line, rows in {
        "tags:space": [1, 2],
        "Tags:space": [1, 2],
        "genre:space": [1, 2],
        "release_year:>=1966": [2],
        "release-year:1815": [0],
        "-tags:space": [0],
        "name:dune": [1],
        "pages:>=400 tags:space": [1],
    }.items():
        parsed = parse(line, fields)
        assert not parsed.problems, line
        assert np.flatnonzero(mask(parsed.filters, fields)).tolist() == rows, line
    assert parse("tags:space", fields).filters == parse("genre:space", fields).filters


def test_the_name_in_the_file_is_completed_once(tmp_path: Path) -> None:
    fields = _fields_of(tmp_path, BOOKS)

    def labels(line: str) -> list[str]:
        return [one.label for one in complete_filter(line, len(line), fields, limit=20)]

    assert labels("ta") == ["tags"]
    assert labels("ge") == ["genre"]
    assert labels("rel") == ["release_year"]
    assert labels("tags:s") == ["space"]
    assert "tags" not in fields.names
    assert len(set(fields.names)) == len(fields.names)
    assert "perhaps tags" in parse("tagz:space", fields).problems[0].message


def test_a_name_that_is_a_field_of_its_own_stays_one(tmp_path: Path) -> None:
    content = (
        "id,title,release_date,year,kind,type\n1,Emma,1815-12-23,1816,novel,book\n2,Dune,1965-08-01,1966,epic,cd\n"
    )
    fields = _fields_of(tmp_path, content, mapping={"year": "release_date", "genres": "kind"})
    for line in ("release_date:>=1965-01-01", "year:1965", "kind:epic", "type:cd", "genre:epic"):
        assert np.flatnonzero(mask(parse(line, fields).filters, fields)).tolist() == [1], line
    assert list(fields.aliases) == ["kind"]


def test_a_field_is_not_completed_to_both_of_its_names(tmp_path: Path) -> None:
    fields = _fields_of(tmp_path, "id,title,genre_list\n1,Emma,romance\n", mapping={"genres": "genre_list"})
    assert [one.label for one in complete_filter("gen", 3, fields)] == ["genre"]
    assert [one.label for one in complete_filter("genre_l", 7, fields)] == ["genre_list"]
