"""Pinned items come first wherever they are found, and hidden ones are never found."""

from __future__ import annotations

import pytest

from engine.data.pins import Pins
from engine.search.pinned_rows import PinnedRows
from tests.engine.search.test_hidden import make_index

IDS = ["War", "Love", "Love and War", "Young Love", "Night"]


def titles(pins: Pins, query: str = "", **options: object) -> tuple[list[str], int]:
    index = make_index()
    rows = PinnedRows.of(pins, index.items.id_map)
    index._marks = lambda: rows
    answer = index.search(query, 10, "keyword", adult=True, **options)  # type: ignore[arg-type]
    return [result.item.title for result in answer.results], answer.unlisted


def test_a_pinned_item_comes_first_where_it_is_found_and_nowhere_else() -> None:
    plain, _ = titles(Pins(), "love")
    last = plain[-1]
    pinned = Pins(("abcde"[IDS.index(last)], "e"))
    assert titles(pinned, "love")[0] == [last, *plain[:-1]]
    assert titles(pinned, "", filters="year:1990")[0][:2] == sorted([last, "Night"], key=IDS.index)


def test_an_order_that_is_asked_for_goes_before_pins() -> None:
    plain, _ = titles(Pins(), "love", order="year")
    assert titles(Pins(("d",)), "love", order="year")[0] == plain


@pytest.mark.parametrize("query", ["love", "young love", "love story"])
def test_a_hidden_item_is_not_found_by_its_title_either(query: str) -> None:
    found, unlisted = titles(Pins(hidden=("d", "gone")), query)
    assert "Young Love" not in found
    assert unlisted == 1
    assert "d" not in {"abcde"[row] for row in _rows(query)}


def _rows(query: str) -> list[int]:
    index = make_index()
    rows = PinnedRows.of(Pins(hidden=("d",)), index.items.id_map)
    index._marks = lambda: rows
    return index.found(query, "keyword", adult=True).tolist()


def test_marking_an_item_takes_its_other_mark_off() -> None:
    pins = Pins().marked("a", "hidden").marked("b", "pinned").marked("a", "pinned")
    assert (pins.pinned, pins.hidden) == (("b", "a"), ())
    assert pins.marked("b", "").mark_of("b") == ""
