"""What keys make of a search: filters from counts, words as typed, orders, people, and why an item is found."""

from __future__ import annotations

import pytest

from engine.data.results import Answer, Correction, Result, Understood
from tests.tui.conftest import NARROW, running, screen_text, settle, type_text, until
from tests.tui.fake import FakeSession, make_items
from tui.panes.people import condition_for, people_of
from tui.panes.query_edit import is_set, toggled, with_filter, with_order
from tui.panes.search_state import SearchState
from tui.widgets.facet_list import FacetsScreen
from tui.widgets.interpretation import doubts_of


async def write(app, pilot, text):
    app.pane("search").line.insert_text_at_cursor(text)
    await settle(pilot)


# -- the line -------------------------------------------------------------------------------------------------
def facets_of(line):
    search = FakeSession().search
    return search.parse_query(line), {facet.field: facet for facet in search.facets("")}


def value(facet, label):
    return next(one for one in facet.values if one.label == label)


@pytest.mark.parametrize(
    ("line", "field", "label", "after"),
    [
        ("heat", "genre", "Crime", "heat genre:Crime"),
        ("heat genre:crime", "genre", "Crime", "heat"),
        ("genre:crime heat", "genre", "Crime", "heat"),
        ("heat genre:crime", "genre", "Drama", "heat genre:crime genre:Drama"),
        ("heat", "genre", "Science Fiction", 'heat genre:"Science Fiction"'),
        ('genre:"science fiction"', "genre", "Science Fiction", ""),
        ("heat year:1950s robbery", "year", "1990s", "heat year:1990s robbery"),
        ("heat -year:1950s", "year", "1990s", "heat -year:1950s year:1990s"),
        ("", "year", "1990s", "year:1990s"),
    ],
)
def test_a_value_is_added_to_the_line_or_removed(line, field, label, after):
    parsed, facets = facets_of(line)
    one = value(facets[field], label)
    assert toggled(line, parsed, facets[field], one) == after
    assert is_set(facets_of(after)[0], one) is not is_set(parsed, one)


@pytest.mark.parametrize(
    ("line", "order", "after"),
    [
        ("heat", "year", "heat sort:year"),
        ("heat sort:year", "popularity", "heat sort:popularity"),
        ("sort:year heat", "relevance", "heat"),
        ("heat", "relevance", "heat"),
    ],
)
def test_a_line_has_one_order(line, order, after):
    assert with_order(line, FakeSession().search.parse_query(line), order) == after


def test_a_filter_is_added_once():
    line = with_filter("samurai", condition_for("director", "Akira Kurosawa"))
    assert line == 'samurai director:"Akira Kurosawa"'
    assert with_filter("genre:Crime", "genre:Crime") == "genre:Crime"
    assert with_filter(line, condition_for("director", "Akira Kurosawa")) == line


@pytest.mark.parametrize(
    ("metadata", "people"),
    [
        ({"director": "Joel Coen, Ethan Coen"}, [("director", "Joel Coen"), ("director", "Ethan Coen")]),
        (
            {"Author": 'Ann "A" Lee and Bo', "cast": ["Cy", "Cy", ""]},
            [("author", "Ann A Lee"), ("author", "Bo"), ("cast", "Cy")],
        ),
        ({"director": None, "note": "Ann"}, []),
        ({"artist": "AC/DC"}, [("artist", "AC/DC")]),
        ({"artist": "Simon and Garfunkel"}, [("artist", "Simon and Garfunkel")]),
        ({"artist": "Tyler, The Creator"}, [("artist", "Tyler, The Creator")]),
        ({"cast": "Robert Downey, Jr.; Jon Favreau"}, [("cast", "Robert Downey, Jr."), ("cast", "Jon Favreau")]),
        ({"cast": float("nan")}, []),
    ],
)
def test_people_are_read_from_the_columns_that_name_them(metadata, people):
    item = make_items()[0]
    assert people_of(type(item)(1, 1, "x", metadata=metadata)) == people


# -- the screen -----------------------------------------------------------------------------------------------
async def test_counts_come_back_with_the_results_that_one_goes_back_to(app):
    async with running(app) as pilot:
        await write(app, pilot, "robbers")
        await pilot.press("down", "m")
        await settle(pilot)
        assert "Narrow down" not in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "Narrow down" in screen_text(app)
        assert "robbers › robbers" not in screen_text(app)


async def test_counts_stand_beside_the_results_and_become_filters(app):
    async with running(app) as pilot:
        await write(app, pilot, "robbers")
        assert "Narrow down" in screen_text(app)
        await pilot.press("down", "f")
        facets = app.pane("search")._facets.panel.list
        assert facets.has_focus
        await pilot.press("space")
        await settle(pilot)
        chosen = facets.row
        assert app.pane("search").line.value == f"robbers {chosen.value.condition}"
        assert chosen.is_set
        assert chosen.value.count == len(app.pane("search")._table.rows)
        assert facets.has_focus, "the cursor stays where the next value can be chosen"
        await pilot.press("enter")
        await settle(pilot)
        assert app.pane("search").line.value == "robbers"
        await pilot.press("escape")
        assert app.pane("search")._table.has_focus


async def test_the_cursor_passes_over_the_names_of_facets(app):
    async with running(app) as pilot:
        await write(app, pilot, "robbers")
        await pilot.press("down", "f")
        facets = app.pane("search")._facets.panel.list
        seen = []
        for _ in range(len(facets.rows)):
            seen.append(facets.row)
            await pilot.press("down")
        assert all(row.value is not None for row in seen)
        assert {row.facet.field for row in seen} == {"genre", "year"}
        await pilot.press("home", "up")
        assert app.pane("search")._details.has_focus


async def test_where_there_is_no_room_the_counts_open_in_front(app, session):
    async with running(app, size=NARROW) as pilot:
        await write(app, pilot, "robbers")
        assert "facets" not in [call[0] for call in session.asked], "what is not shown is not counted"
        await pilot.press("down", "f")
        await settle(pilot)
        assert isinstance(app.screen, FacetsScreen)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, FacetsScreen)
        assert "✓" in screen_text(app)
        assert app.pane("search").line.value.startswith("robbers genre:")
        await pilot.press("escape")
        await settle(pilot)
        assert app.pane("search")._table.has_focus


async def test_counting_never_delays_the_answer(app, session):
    gate = session.hold("facets", stubborn=True)
    async with running(app) as pilot:
        await type_text(pilot, "heat")
        await pilot.pause()
        gate.set()
        await settle(pilot)
        assert app.pane("search")._view.text == "heat"
        assert "Narrow down" in screen_text(app)


async def test_a_corrected_word_is_said_and_taken_back_by_a_key(app, session):
    async with running(app, size=NARROW) as pilot:
        await write(app, pilot, "bank robers")
        assert "Searched for robbers instead of “robers”" in screen_text(app)
        await pilot.press("ctrl+o")
        await settle(pilot)
        assert "instead of" not in screen_text(app)
        assert session.search.options[-1][0] == {"robers"}
        await write(app, pilot, " heist")
        assert session.search.options[-1][0] == {"robers"}, "it stays as typed while it is in the line"
        app.pane("search").line.value = "bank"
        await settle(pilot)
        assert session.search.options[-1][0] == frozenset()


async def test_understood_conditions_are_dropped_one_by_one_or_all_at_once(app, session):
    async with running(app, size=NARROW) as pilot:
        await write(app, pilot, "robbers before 1960 in english")
        assert "year < 1960 ✕" in screen_text(app)
        assert "language: English ✕" in screen_text(app)
        await pilot.press("ctrl+l")
        await settle(pilot)
        assert app.pane("search").line.value == "robbers before 1960"
        assert "year < 1960 ✕" in screen_text(app)
        await pilot.press("ctrl+l")
        await settle(pilot)
        assert app.pane("search").line.value == "robbers"
        assert session.search.options[-1][0] == frozenset()
        assert "✕" not in screen_text(app)
        assert app.pane("search").check_action("drop", ()) is False


async def test_a_condition_is_dropped_by_a_click(app):
    async with running(app, size=NARROW) as pilot:
        await write(app, pilot, "robbers before 1960 in english")
        await pilot.click("#interpretation", offset=(5, 0))
        await settle(pilot)
        assert app.pane("search").line.value == "robbers in english"


async def test_understood_words_are_searched_for_as_typed_by_a_key(app, session):
    async with running(app, size=NARROW) as pilot:
        await write(app, pilot, "robbers before 1960")
        await pilot.press("ctrl+o")
        await settle(pilot)
        assert app.pane("search").line.value == "robbers before 1960"
        assert session.search.options[-1][0] == {"before 1960"}
        assert "✕" not in screen_text(app)


async def test_words_that_no_item_has_are_said(app):
    async with running(app, size=NARROW) as pilot:
        await write(app, pilot, "robbers zzzz")
        assert "No item has “zzzz”." in screen_text(app)
        app.pane("search").line.value = "zzzz"
        await settle(pilot)
        text = " ".join(screen_text(app).replace("│", " ").split())
        assert "Nothing is like “zzzz”" in text
        assert "No item has “zzzz”." in text
        app.pane("search").line.value = ""
        await settle(pilot)
        assert "zzzz" not in screen_text(app)


def test_doubts_are_sentences():
    result = Result(1, make_items()[0], 0.5)
    assert doubts_of(Answer((result,), "hybrid")) == []
    assert doubts_of(Answer((result,), "hybrid", unknown_words=("a", "b", "c"))) == ["No item has “a”, “b” or “c”."]
    assert doubts_of(Answer((result,), "hybrid", remark="Few fit.")) == ["Few fit."]
    assert doubts_of(Answer((result,), "hybrid", unknown_words=("a",), remark="“a” occurs nowhere.")) == [
        "“a” occurs nowhere."
    ], "it is said once"


async def test_s_goes_through_the_orders_and_comes_back_to_the_match(app):
    async with running(app, size=NARROW) as pilot:
        await write(app, pilot, "robbers")
        await pilot.press("down", "s")
        await settle(pilot)
        line = app.pane("search").line
        assert line.value == "robbers sort:year"
        seen = []
        while line.value != "robbers" and len(seen) < 9:
            seen.append(line.value.split(":")[1])
            await pilot.press("s")
            await settle(pilot)
        assert seen[0] == "year"
        assert seen[-1] == "popularity"
        assert app.pane("search")._table.has_focus


async def test_more_from_a_person_asks_whom_where_there_are_several(make_app):
    items = list(make_items())
    several = {**items[0].metadata, "director": "Ann Lee, Bo Ray"}
    items = [
        type(one)(one.internal_id, one.item_id, one.title, one.year, one.genres, one.text, several) for one in items
    ]
    app = make_app(FakeSession(items))
    async with running(app, size=NARROW) as pilot:
        await write(app, pilot, "robbers")
        await pilot.press("down", "p")
        await settle(pilot)
        assert "More from" in screen_text(app)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert app.pane("search").line.value == 'robbers director:"Bo Ray"'


async def test_w_says_why_an_item_is_found(app):
    async with running(app, size=NARROW) as pilot:
        await write(app, pilot, "bank robbers")
        await pilot.press("down", "w")
        await settle(pilot)
        text = screen_text(app)
        assert "Why is it here?" in text
        assert "61%" in text
        assert 'text "bank"' in text
        assert "−14 %" in text
        assert "+1.20  words of the query" in text
        await pilot.press("escape")
        await settle(pilot)
        assert app.pane("search")._table.has_focus


async def test_matched_words_are_underlined_in_titles_and_in_the_plot(app):
    async with running(app) as pilot:
        await write(app, pilot, "heat heist")
        marked = {
            segment.text
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and segment.style.underline and segment.text.strip()
        }
        assert {"Heat", "heist"} <= marked


async def test_items_for_adults_are_counted_and_shown_by_a_key(make_app):
    session = FakeSession(adult_items=1133)
    app = make_app(session)
    async with running(app, size=NARROW) as pilot:
        assert "1,133 adult titles hidden, ^g shows them" in screen_text(app), "of the popular ones, too"
        await pilot.press("ctrl+g")
        await settle(pilot)
        assert "adult titles" not in screen_text(app)
        await pilot.press("ctrl+g")
        await settle(pilot)
        await write(app, pilot, "robbers")
        assert "1,133 adult titles hidden, ^g shows them" in screen_text(app)
        await pilot.press("ctrl+g")
        await settle(pilot)
        assert session.search.options[-1][1] is True
        assert "adult titles" not in screen_text(app)
        await pilot.press("ctrl+g")
        await settle(pilot)
        assert session.search.options[-1][1] is None


async def test_the_palette_has_what_keys_do(make_app):
    session = FakeSession(adult_items=3)
    app = make_app(session)
    async with running(app) as pilot:
        await write(app, pilot, "robbers before 1960")
        commands = {one.title: one for one in app.pane("search").commands()}
        assert {"Sort by year", "Narrow down", "Drop all conditions", "Show adult titles"} <= set(commands)
        commands["Hide the counts beside the results"].callback()
        await settle(pilot)
        assert "Narrow down" not in screen_text(app)
        commands["Drop all conditions"].callback()
        await settle(pilot)
        assert app.pane("search").line.value == "robbers"
        commands = {one.title: one for one in app.pane("search").commands()}
        commands["Sort by year"].callback()
        await settle(pilot)
        assert app.pane("search").line.value == "robbers sort:year"


def test_where_nothing_else_is_found_hidden_items_are_said():
    heading, text = SearchState("x", answer=Answer((), "hybrid", hidden=2)).nothing_found()
    assert heading == "Nothing is like “x”"
    assert "2 adult titles hidden, ^g shows them" in text


def test_the_match_is_a_percentage_of_all_there_is():
    from tui.widgets.bars import whole_percent
    from tui.widgets.item_list import match_columns

    result = Result(1, make_items()[0], 0.5)
    bars = next(one for one in match_columns(Answer((result,), "hybrid")) if one.title == "Match")
    assert bars.bar(result, 6) == "━━━   "
    assert [whole_percent(one) for one in (0, 0.004, 0.5, 0.996, 1)] == ["0%", "<1%", "50%", "99%", "100%"]


def test_corrections_and_conditions_are_said_on_the_command_line():
    from tui.output import notes_of

    answer = Answer(
        (),
        "hybrid",
        corrections=(Correction("hiest", "heist"),),
        understood=(Understood("before 1960", "year < 1960", "year:<1960"),),
        unknown_words=("zzzz",),
        remark="Few of your words occur here.",
        hidden=1133,
    )
    assert [note[:30] for note in notes_of(answer)] == [
        "Searched for 'heist' instead o",
        "Understood 'before 1960' as ye",
        "No item has 'zzzz'.",
        "Few of your words occur here.",
        "1,133 adult titles are hidden;",
    ]


async def test_a_condition_with_many_values_is_told_by_the_words_for_it(app):
    async with running(app, size=NARROW) as pilot:
        await write(app, pilot, "robbers from asia in english")
        assert "from asia ✕" in screen_text(app)
        assert "language: English ✕" in screen_text(app)


# -- answers that come late -----------------------------------------------------------------------------------
async def test_counts_do_not_open_in_front_of_somebody_who_types_on(app, session):
    async with running(app, size=NARROW) as pilot:
        await type_text(pilot, "heat")
        await settle(pilot)
        counted = session.hold("facets", stubborn=True)
        await pilot.press("down", "f", "slash")
        await type_text(pilot, "x")
        counted.set()
        await settle(pilot)
        assert not isinstance(app.screen, FacetsScreen)


async def test_counts_come_when_the_window_grows(make_app):
    app = make_app(FakeSession())
    async with running(app, size=NARROW) as pilot:
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.resize_terminal(140, 40)
        await until(pilot, lambda: "Narrow down" in screen_text(app))
        assert "Narrow down" in screen_text(app)


async def test_a_page_of_reasons_stays_about_its_item(app, session):
    async with running(app) as pilot:
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down")
        await settle(pilot)
        explained = session.hold("explain_match", stubborn=True)
        await pilot.press("down")
        await pilot.pause()
        await pilot.press("up")
        await pilot.pause()
        await pilot.press("w")
        await pilot.pause()
        before = app.screen.explanation.without
        explained.set()
        await settle(pilot)
        assert app.screen.explanation.without == before


async def test_an_order_alone_shows_hidden_items_on_a_key(app, session):
    session.adult_items = 3
    async with running(app) as pilot:
        await write(app, pilot, "sort:year")
        assert "3 adult titles hidden" in screen_text(app)
        await pilot.press("ctrl+g")
        await settle(pilot)
        assert "adult titles hidden" not in screen_text(app)


# -- one's own taste ------------------------------------------------------------------------------------------
async def test_results_are_nudged_by_ones_own_ratings_on_a_key(app, session):
    async with running(app) as pilot:
        await write(app, pilot, "robbers")
        assert session.search.profiles[-1] is None, "off at first"
        assert "nudged" not in screen_text(app)
        await pilot.press("ctrl+y")
        await settle(pilot)
        assert session.search.profiles[-1] == "me"
        assert "nudged by your ratings (als)" in screen_text(app)
        await pilot.press("down", "w")
        await settle(pilot)
        assert "nudge by your ratings" in screen_text(app)
        await pilot.press("escape", "O")
        await settle(pilot)
        assert session.search.profiles[-1] is None
        assert "nudged by" not in screen_text(app)


async def test_the_nudge_is_a_command_and_is_remembered_with_the_search(make_app):
    app = make_app(FakeSession())
    async with running(app) as pilot:
        await write(app, pilot, "robbers")
        pane = app.pane("search")
        commands = {one.title: one for one in pane.commands()}
        commands["Nudge results by my ratings"].callback()
        await settle(pilot)
        assert "Do not nudge results by my ratings" in {one.title for one in pane.commands()}
        record = pane.record()
    session = FakeSession()
    app = make_app(session)
    async with running(app) as pilot:
        app.pane("search").restore(record, {})
        await settle(pilot)
        assert session.search.profiles[-1] == "me"


async def test_the_nudge_goes_by_the_profile_that_is_rated_for(app, session):
    async with running(app) as pilot:
        app.state.profile = "ann"
        await pilot.press("ctrl+y")
        await write(app, pilot, "robbers")
        assert session.search.profiles[-1] == "ann"
