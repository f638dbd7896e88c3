"""Columns that are chosen, moved, sized and sorted by, and that come back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.data.results import ProfileName
from tests.tui.conftest import NARROW, VERY_WIDE, screen_text, settle, type_text
from tui.widgets.arrangement import NARROWEST, Arrangement
from tui.widgets.columns import GAP, MARGIN, Column

COLUMNS = tuple(Column(title, lambda row, _: row, width=4) for title in ("Title", "Year", "Match"))


def titles(arrangement: Arrangement) -> list[str]:
    return [column.title for column in arrangement.apply(COLUMNS)]


def test_columns_move_hide_and_sort():
    moved = Arrangement().moved(COLUMNS, "Match", -1)
    assert titles(moved) == ["Title", "Match", "Year"]
    assert titles(moved.toggled("Title")) == ["Match", "Year"]
    assert titles(moved.toggled("Title").toggled("Title")) == ["Title", "Match", "Year"]
    once = moved.sorted_by("Year")
    assert (once.sort, once.descending) == ("Year", False)
    assert once.sorted_by("Year").descending
    assert once.sorted_by("Year").sorted_by("Year") == moved
    assert Arrangement(hidden=frozenset({"Title", "Year", "Match"})).apply(COLUMNS), "one is always shown"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["order", "hidden", "widths", "sort", "descending"]), JSON) | JSON)
def test_whatever_a_file_holds_is_an_arrangement(record):
    restored = Arrangement.restored(record)
    assert restored.apply(COLUMNS)
    assert Arrangement.restored(restored.record()) == restored


async def test_a_history_is_sorted_by_a_key_and_goes_back_to_its_order(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        table = app.pane("user")._past
        before = [entry.item.title for entry in table.rows]
        table.focus()
        await pilot.press("S")
        await settle(pilot)
        assert [entry.item.title for entry in table.rows] == sorted(before, key=str.casefold)
        assert "sorted by Title" in screen_text(app)
        table.sort_by("Title")
        table.sort_by("Title")
        await settle(pilot)
        assert [entry.item.title for entry in table.rows] == before


async def test_users_are_sorted_over_all_pages_and_columns_are_chosen(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        table = app.pane("user")._users
        table.sort_by("Seen")
        table.sort_by("Seen")
        await settle(pilot)
        seen = [user.num_interactions for user in table.rows if not isinstance(user.user_id, ProfileName)]
        assert seen == sorted(seen, reverse=True), "one's own profiles stand before them in every order"
        table.focus()
        await pilot.press("vertical_line", "down", "space")
        await settle(pilot)
        assert "Space shows" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "Seen" not in table.column_widths
        assert app.pane("user").record_columns()["users"]["hidden"] == ["Seen"]
        app.pane("user").restore_columns({"users": {}})
        assert "Seen" in table.column_widths


async def test_a_search_that_asks_for_an_order_is_not_sorted_otherwise(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await type_text(pilot, "heist")
        await settle(pilot)
        table = app.pane("search")._table
        table.sort_refusal = "the search itself asks for an order: s changes it"
        before = table.rows
        table.sort_by("Title")
        await settle(pilot)
        assert table.rows == before
        assert "asks for an order" in screen_text(app)


async def drag(pilot, table, start: int, end: int) -> None:
    """Press the mouse on the heading of a table, move it, and let go."""
    left, top = table.content_region.offset
    await pilot.mouse_down(offset=(left + start, top))
    await pilot.hover(offset=(left + end, top))
    await pilot.mouse_up(offset=(left + end, top))
    await settle(pilot)


async def test_the_mouse_sizes_moves_and_resets_columns(make_app):
    app = make_app()
    async with app.run_test(size=VERY_WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        pane = app.pane("user")
        table, before, rows = pane._past, pane._past.column_widths, pane._past.rows
        edge = MARGIN + before["Title"]
        await drag(pilot, table, edge, edge - 7)
        assert table.column_widths["Title"] == before["Title"] - 7
        assert pane.record_columns()["past"]["widths"] == {"Title": before["Title"] - 7}
        await drag(pilot, table, edge - 7, 0)
        assert table.column_widths["Title"] == NARROWEST, "no further than that"
        left, top = table.content_region.offset
        await pilot.click(offset=(left + MARGIN + NARROWEST, top), times=2)
        await settle(pilot)
        assert table.column_widths == before, "two clicks on the edge undo it"
        assert (table.rows, table.arrangement.sort) == (rows, ""), "none of that sorted the list"

        await drag(pilot, table, MARGIN + 1, edge + GAP + 1)
        assert list(table.column_widths)[:2] == ["Year", "Title"]
        assert table.arrangement.sort == ""
        await pilot.click(offset=(left + MARGIN, top))
        await settle(pilot)
        assert table.arrangement.sort == "Year", "a click still sorts"


async def test_a_drag_that_ends_elsewhere_leaves_no_column_held(make_app):
    app = make_app()
    async with app.run_test(size=VERY_WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        table = app.pane("user")._past
        left, top = table.content_region.offset
        for start in (MARGIN + 1, MARGIN + table.column_widths["Title"]):  # the heading, and its edge
            await pilot.mouse_down(offset=(left + start, top))
            await pilot.mouse_up(offset=(1, 1))
            await settle(pilot)
            assert app.mouse_captured is None
            before = table.arrangement
            await pilot.hover(offset=(left + MARGIN + 20, top))
            await pilot.click(offset=(left + MARGIN + 1, top + 2))
            await settle(pilot)
            assert table.arrangement == before
