"""Sample queries made from a catalogue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.items import Item
from engine.search.sample_queries import sample_queries
from engine.session import Session, Workspace, open_session


def item(number: int, title: str, year: int | None, genres: tuple[str, ...], **metadata: object) -> Item:
    return Item(number, number, title, year, genres, "", metadata)


ITEMS = [
    item(1, "Pulp Fiction", 1994, ("Crime", "Thriller"), director="Quentin Tarantino"),
    item(2, "Reservoir Dogs", 1992, ("Crime",), director="Quentin Tarantino"),
    item(3, "Alien", 1979, ("Horror", "Science Fiction"), director="Ridley Scott"),
]


def test_there_is_one_of_each_kind_first() -> None:
    assert sample_queries(ITEMS, lambda _: True, 4) == [
        "crime from the 1990s",
        "Quentin Tarantino",
        "genre:thriller year:>=1990",
        "Pulp Fiction",
    ]


def test_what_finds_nothing_is_left_out() -> None:
    assert "Quentin Tarantino" not in sample_queries(ITEMS, lambda query: query != "Quentin Tarantino")
    assert sample_queries(ITEMS, lambda _: False) == []


@given(
    st.lists(
        st.builds(
            item,
            st.integers(1, 99),
            st.text(max_size=5),
            st.none() | st.integers(-10_000, 9999),
            st.lists(st.text(max_size=5), max_size=3).map(tuple),
            director=st.none() | st.text(max_size=50) | st.lists(st.text(max_size=5)) | st.floats(),
        ),
        max_size=6,
    )
)
def test_any_catalogue_gives_the_same_queries_twice_and_none_twice(items: list[Item]) -> None:
    found = sample_queries(items, lambda _: True)
    assert found == sample_queries(items, lambda _: True)
    assert len(found) == len(set(found)) <= 5


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return open_session(Workspace(tmp_path_factory.mktemp("home")), "demo")


def test_each_query_of_the_demo_finds_something(session: Session) -> None:
    queries = session.search.sample_queries()
    assert len(queries) >= 4
    assert all(session.search.search(query, 1, "keyword").results for query in queries)
