"""Filters in the query line: marked and said as they are understood, completed, explained."""

from __future__ import annotations

import pytest

from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text, until
from tests.tui.fake import NASTY, FakeSession, make_items
from tui.widgets.filter_line import Mark


def found(app):
    return [result.item.title for result in app.pane("search")._table.rows]


async def write(app, pilot, text):
    """As if typed with a rest before the last key, so that there is one answer to wait for."""
    line = app.pane("search").line
    line.insert_text_at_cursor(text)
    await settle(pilot)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_filters_hold_and_are_said_on_the_frame(make_app, size):
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await write(app, pilot, "robbers genre:crime -genre:noir year:1990..1999")
        text = screen_text(app)
        for label in ("genre: Crime", "not genre: Noir", "year: 1990–1999"):
            assert label in text
        assert set(found(app)) == {"Heat", "Reservoir Dogs", "Shallow Grave", "Twilight"}
        line = app.pane("search").line
        assert [line.value[mark.start : mark.end] for mark in line.marks] == line.value.split()[1:]


async def test_a_wrong_filter_is_explained_and_nothing_unfiltered_is_listed(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await write(app, pilot, "gnere:crime robbers genre:noir ")
        text = screen_text(app)
        assert "✗ There is no field 'gnere' to filter by: perhaps genre?" in text
        assert "genre: Noir" in text
        assert "A filter is not understood" in text
        assert not app.pane("search")._body.listing
        # Once it is right, the list is there.
        app.pane("search").line.value = ""
        await write(app, pilot, "genre:crime robbers genre:noir ")
        assert set(found(app)) == {"The Asphalt Jungle", "The Killing"}
        assert app.pane("search")._body.listing


async def test_what_is_half_typed_is_completed_not_scolded(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await write(app, pilot, "robbers genre:")
        text = screen_text(app)
        assert "✗" not in text
        assert "8 items" in text, "how many there are of the most frequent value"
        await pilot.press("down", "enter")
        await settle(pilot)
        line = app.pane("search").line
        assert line.has_focus
        assert line.value.startswith("robbers genre:")
        assert line.value != "robbers genre:"
        assert not app.pane("search")._filter_help.open
        assert line.parsed.filters
        await pilot.press("enter")
        await settle(pilot)
        assert app.pane("search")._table.has_focus


async def test_enter_leaves_alone_what_is_understood(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await write(app, pilot, "robbers genre:cri")
        assert app.pane("search")._filter_help.open
        await pilot.press("enter")
        await settle(pilot)
        assert app.pane("search").line.value == "robbers genre:cri"
        assert app.pane("search")._table.has_focus
        assert not app.pane("search")._filter_help.open


@pytest.mark.parametrize("key", ["tab", "right"])
async def test_tab_and_right_complete_names_and_values(make_app, key):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await write(app, pilot, "robbers ge")
        assert not app.pane("search")._filter_help.open, "most words that begin like a field are words"
        await pilot.press(key)
        await settle(pilot)
        assert app.pane("search").line.value == "robbers genre:"
        await type_text(pilot, "sc")
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        assert app.pane("search").line.value == 'robbers genre:"Science Fiction"'
        assert not app.pane("search")._filter_help.open


async def test_a_mistyped_name_is_mended_by_its_completion(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await write(app, pilot, "gnere:crime")
        await pilot.press("enter")
        await settle(pilot)
        assert app.pane("search").line.value == "genre:crime"
        assert app.pane("search").line.cursor_at_end
        assert "Most popular" in screen_text(app)


async def test_escape_closes_the_completions_and_says_what_is_wrong(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await write(app, pilot, "robbers year:19")
        assert "✗" not in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert not app.pane("search")._filter_help.open
        assert app.pane("search").line.value == "robbers year:19"
        assert "✗" in screen_text(app)
        assert "A filter is not understood" in screen_text(app)
        assert not app.pane("search")._body.listing
        await type_text(pilot, "95")
        await settle(pilot)
        assert app.pane("search")._body.listing


async def test_words_lead_to_the_results_as_ever(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "year")
        await settle(pilot)
        await pilot.press("down")
        assert app.pane("search")._table.has_focus


async def test_tab_goes_on_where_nothing_can_be_completed(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await write(app, pilot, "robbers")
        await pilot.press("tab")
        assert not app.pane("search").line.has_focus


async def test_a_filter_that_is_not_typed_to_its_end_is_no_failed_search(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await write(app, pilot, "genre:")
        await pilot.press("escape")
        await settle(pilot)
        assert "A filter is not understood" in screen_text(app)
        assert "needs a value" in screen_text(app)
        assert "failed" not in screen_text(app)


async def test_nothing_fits_names_the_filters(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await write(app, pilot, "nothing genre:crime year:1995")
        assert "Nothing fits all of genre: Crime · year: 1995" in screen_text(app)


async def test_values_of_a_hostile_catalogue_are_shown_not_obeyed(make_app):
    app = make_app(FakeSession(make_items(NASTY)))
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await write(app, pilot, "genre:")
        assert "[bold red]x[/]" in screen_text(app)
        assert "\x1b" not in screen_text(app)


async def test_an_overtaken_reading_of_the_line_is_never_shown(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        gate = session.hold("complete_filter", stubborn=True)
        await type_text(pilot, "genre:")
        await until(pilot, lambda: any(call[0] == "complete_filter" for call in session.asked))
        app.pane("search").line.value = ""
        await pilot.pause()
        gate.set()
        await settle(pilot)
        assert not app.pane("search")._filter_help.open
        assert app.pane("search").line.marks == ()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a genre:x", "a genre:xy", (2, 10)),
        ("a genre:x", "ab genre:x", (3, 10)),
        ("a genre:x", "a genre:x b", (2, 9)),
        ("a genre:x", "a gere:x", (2, 8)),
        ("a genre:x", "", (0, 0)),
    ],
)
def test_marks_move_with_the_text(before, after, expected):
    moved = Mark(2, 9, True).moved(before, after)
    if after == "a genre:x b":
        assert moved.start == 2
        assert moved.end >= 9
    else:
        assert (moved.start, moved.end) == expected
