"""Data: what is there, adding, renaming, removing and undoing, switching, and queries."""

from __future__ import annotations

from engine.errors import DataError, ErrorKind, RecsysError
from engine.session import NewDataset
from tests.tui.conftest import NARROW, WIDE, screen_text, settle, told, type_text, until
from tests.tui.fake import FakeSession
from tests.tui.fake_data import COLUMNS
from tui.messages import FindFans, ProfileChosen, RateItem
from tui.widgets.add_dataset import AddScreen, suggested_name


async def open_data(app, pilot):
    await settle(pilot)
    await pilot.press("f7")
    await settle(pilot)
    return app.pane("data")


async def test_the_list_and_the_profile_of_the_open_data_set_show(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_data(app, pilot)
        text = screen_text(app)
        assert pane.chosen.name == "fake"
        for words in ("3 data sets", "anime", "58.00% of all pairs", "7 users have one interaction", "Ratings"):
            assert words in text
        await pilot.press("tab", *["pagedown"] * 3)
        await settle(pilot)
        assert "Most popular" in screen_text(app)


async def test_a_data_set_is_updated_and_opened_again(make_app):
    session, opened = FakeSession(), []
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        pane = await open_data(app, pilot)
        pane._changes._reopen = opened.append
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, AddScreen))
        assert "Update fake" in screen_text(app)
        await type_text(pilot, "/data/ratings.csv")
        await settle(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: opened == ["fake"])
        (new,) = [one[1] for one in session.asked if one[0] == "add"]
        assert (new.name, new.source, new.is_update) == ("fake", "/data/ratings.csv", True)


async def test_items_alone_are_appended(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_data(app, pilot)
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, AddScreen))
        app.screen.set_focus(app.screen._items)
        await type_text(pilot, "/data/items.csv")
        await settle(pilot)
        await pilot.press("f5")
        await settle(pilot)
        (new,) = [one[1] for one in session.asked if one[0] == "add"]
        assert (new.source, new.items, new.is_update) == ("", "/data/items.csv", True)


async def test_the_key_of_the_form_is_named_by_what_it_does(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_data(app, pilot)
        for key, does in (("p", "append"), ("a", "add")):
            await pilot.press(key)
            await settle(pilot)
            assert screen_text(app).splitlines()[-1].split("F5 ")[1].split()[0] == does
            await pilot.press("escape")
            await settle(pilot)


async def test_an_updated_data_set_is_opened_again_once_no_job_would_be_stopped_by_that(make_app):
    session, opened = FakeSession(), []
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        pane = await open_data(app, pilot)
        pane._changes._reopen = opened.append
        adding, training = session.hold("add"), session.hold("train")
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, AddScreen))
        await type_text(pilot, "/data/ratings.csv")
        await settle(pilot, jobs=False)
        await pilot.press("f5")
        await until(pilot, lambda: app.state.last_job("data") is not None)
        update = app.state.last_job("data").id
        app.backend.train("explicit", "data")  # a later job of the same tab
        adding.set()
        await until(pilot, lambda: app.state.jobs[update].state == "done")
        await settle(pilot, jobs=False)
        assert not opened
        training.set()
        await until(pilot, lambda: opened == ["fake"])


async def test_a_data_set_is_renamed(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        pane = await open_data(app, pilot)
        await pilot.press("up", "n")
        await until(pilot, lambda: "New name of anime" in screen_text(app))
        await pilot.press("backspace")  # all of it is selected
        await type_text(pilot, "manga")
        await pilot.press("enter")
        await settle(pilot)
        assert [one.name for one in pane._table.rows] == ["fake", "manga", "songs"]
        assert "anime is now called manga" in screen_text(app)
        await pilot.press("u")
        await settle(pilot)
        assert [one.name for one in pane._table.rows] == ["anime", "fake", "songs"]


async def test_a_taken_name_is_refused_in_a_sentence(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        pane = await open_data(app, pilot)
        pane._changes._rename(pane._table.rows[0].name, "songs")
        await settle(pilot)
        assert "A data set named 'songs' is already stored." in screen_text(app)
        assert not told(app)


async def test_a_refusal_that_the_status_line_cuts_is_told_whole(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        pane = await open_data(app, pilot)
        sentence = "A data set cannot be called so: use letters, digits, points, hyphens and underscores alone."
        session.fail("rename", DataError(sentence))
        pane._changes._rename(pane._table.rows[0].name, "a b")
        await settle(pilot)
        assert told(app) == [sentence]
        await until(pilot, lambda: "alone." in screen_text(app))


async def test_removing_is_undone_by_a_key(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        pane = await open_data(app, pilot)
        await pilot.press("up", "x")
        await settle(pilot)
        assert [one.name for one in pane._table.rows] == ["fake", "songs"]
        assert "1 in the trash" in screen_text(app)
        await pilot.press("u")
        await settle(pilot)
        assert [one.name for one in pane._table.rows] == ["anime", "fake", "songs"]
        assert "in the trash" not in screen_text(app)


async def test_one_key_undoes_removals_and_ratings_in_their_order(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        pane = await open_data(app, pilot)
        await pilot.press("up", "x")
        await settle(pilot)
        app.post_message(RateItem(session.items[0], half_stars=8))
        await settle(pilot)
        await pilot.press("u")
        await settle(pilot)
        assert not session.me.ratings()
        assert [one.name for one in pane._table.rows] == ["fake", "songs"]
        await pilot.press("u")
        await settle(pilot)
        assert [one.name for one in pane._table.rows] == ["anime", "fake", "songs"]
        await pilot.press("U")
        await settle(pilot)
        assert [one.name for one in pane._table.rows] == ["fake", "songs"]


async def test_the_palette_puts_back_what_was_removed_earlier(make_app):
    session = FakeSession()
    session.datasets.remove("anime")
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        pane = await open_data(app, pilot)
        await pilot.press("u")
        await settle(pilot)
        assert [one.name for one in pane._table.rows] == ["fake", "songs"]
        next(one.callback for one in pane.commands() if one.title == "Restore anime")()
        await settle(pilot)
        assert [one.name for one in pane._table.rows] == ["anime", "fake", "songs"]


async def test_the_open_data_set_is_not_removed(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_data(app, pilot)
        await pilot.press("x")
        await settle(pilot)
        assert "open another data set before" in screen_text(app)


async def look_at(app, pilot, path="/data/ratings.csv"):
    await pilot.press("a")
    await until(pilot, lambda: isinstance(app.screen, AddScreen))
    await type_text(pilot, path)
    await settle(pilot)
    await pilot.press("enter")
    await settle(pilot)


async def test_a_file_is_found_looked_at_and_added(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_data(app, pilot)
        await pilot.press("a")
        await type_text(pilot, "/data/r")
        await settle(pilot)
        assert "Tab takes it" in screen_text(app)
        await pilot.press("tab", "enter")
        await settle(pilot)
        text = screen_text(app)
        for words in ("stars", "left out: 3 × duplicate pair", "columns not used: mood", "user ann · item Heat"):
            assert words in text
        await pilot.press("f5")
        await settle(pilot)
        assert ("add", NewDataset("ratings", "/data/ratings.csv")) in session.asked
        assert "ratings" in [one.name for one in pane._table.rows]
        assert "Adding ratings done" in screen_text(app)
        assert pane._table.row.name == "ratings", "Enter opens it"


async def test_the_arrows_go_through_the_paths_and_from_the_lines_to_the_roles(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_data(app, pilot)
        await pilot.press("a")
        await settle(pilot)
        await type_text(pilot, "/data/")
        await settle(pilot)
        await pilot.press("down", "down", "tab")
        await settle(pilot)
        assert app.screen._source.value == "/data/films/"
        await pilot.press("ctrl+u")
        await type_text(pilot, "/data/ratings.csv")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        app.screen._items.focus()
        await pilot.press("down")
        assert app.screen._roles.has_focus


async def test_all_that_was_found_can_be_read_by_the_keyboard_in_a_low_window(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_data(app, pilot)
        await look_at(app, pilot)
        assert "types: title (text)" not in screen_text(app)
        await pilot.press("tab", *["down"] * 12)
        await settle(pilot)
        assert "types: title (text)" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert len(app.screen_stack) == 1


async def test_a_name_that_is_taken_is_said_before_anything_is_closed(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_data(app, pilot)
        await look_at(app, pilot)
        app.screen._name_line.value = "songs"
        await pilot.press("f5")
        await settle(pilot)
        assert "There is a data set songs already: type another name" in screen_text(app)
        await type_text(pilot, "mine")
        await pilot.press("f5")
        await settle(pilot)
        assert [call[1].name for call in session.asked if call[0] == "add"] == ["mine"]


async def test_down_leads_from_the_query_to_what_is_below(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_data(app, pilot)
        await pilot.press("slash", "down")
        assert pane._table.has_focus
        await pilot.press("slash")
        await type_text(pilot, "select")
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("slash", "down")
        assert pane._rows.has_focus


async def test_a_role_is_given_to_another_column(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_data(app, pilot)
        await look_at(app, pilot)
        assert app.screen._roles.has_focus
        await pilot.press("down", "down", "down", "enter")  # the time, which is guessed as none
        await until(pilot, lambda: "Which column is the time?" in screen_text(app))
        assert "2021-01-01" in screen_text(app), "what a column is its values tell, where its name does not"
        assert "now the item · Heat" in screen_text(app)
        await pilot.press("end", "enter")
        await settle(pilot)
        await pilot.press("f5")
        await settle(pilot)
        assert ("add", NewDataset("ratings", "/data/ratings.csv", "", {"time": "when"})) in session.asked


async def test_a_missing_column_can_be_named(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_data(app, pilot)
        await look_at(app, pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "Which column is the item?" in screen_text(app))
        await pilot.press("home", "enter")
        await settle(pilot)
        assert "Which column is the item? Enter on a role" in screen_text(app)
        assert "has no column for the item" in screen_text(app)
        await pilot.press("f5")
        await settle(pilot)
        assert isinstance(app.screen, AddScreen), "what cannot be added is not lost"
        await pilot.press("enter")
        await until(pilot, lambda: "Which column is the item?" in screen_text(app))
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        assert "has no column" not in screen_text(app)


async def test_a_column_has_one_role(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_data(app, pilot)
        await look_at(app, pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "now the user" in screen_text(app))
        await pilot.press("home", "down", "enter")
        await settle(pilot)
        roles = dict(app.screen._roles.rows)
        assert (roles["user"], roles["item"]) == ("", COLUMNS[0])


async def test_what_cannot_be_read_is_said_and_the_screen_stays(make_app):
    session = FakeSession()
    session.fail("preview", DataError("/data/ratings.csv: is missing."))
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_data(app, pilot)
        await look_at(app, pilot)
        assert "is missing" in screen_text(app)
        assert isinstance(app.screen, AddScreen)
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(app.screen, AddScreen)


async def test_what_could_not_be_added_is_there_to_be_mended(make_app):
    session = FakeSession()
    session.fail("add", DataError("/data/ratings.csv: row 7 has no user."))
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_data(app, pilot)
        await look_at(app, pilot)
        await pilot.press("f5")
        await settle(pilot)
        await pilot.press("a")
        await settle(pilot)
        assert "/data/ratings.csv" in screen_text(app)
        assert app.screen._name_line.value == "ratings"


async def test_adding_can_be_stopped(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_data(app, pilot)
        session.hold("add")
        await look_at(app, pilot)
        await pilot.press("f5")
        await until(pilot, lambda: "Adding ratings" in screen_text(app))
        await pilot.press("escape")
        await settle(pilot)
        assert "ratings" not in [one.name for one in pane._table.rows]
        assert "Adding ratings stopped" in screen_text(app)


async def test_another_data_set_is_opened_and_every_tab_follows(make_app):
    other = FakeSession(title="All the Songs", users=5)
    opened = []

    def open_other(name, job):
        opened.append(name)
        return other

    first = FakeSession()
    app = make_app(first, open_other=open_other)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        app.state.draft.append(first.items[0])
        await open_data(app, pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert opened == ["songs"]
        assert "All the Songs" in screen_text(app)
        assert app.active_tab == "data"
        assert not len(app.state.draft)
        await pilot.press("f3")
        await settle(pilot)
        assert [one.user_id for one in app.pane("user")._users.rows if one.user_id != "me"] == [1, 2, 3, 4, 5]
        asked = len(first.asked)
        await pilot.press("down", "down")
        await settle(pilot)
        assert len(first.asked) == asked


async def test_verbs_and_ratings_are_about_the_data_set_that_was_opened(make_app):
    first, other = FakeSession(), FakeSession(title="All the Songs")
    app = make_app(first, open_other=lambda name, job: other)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        item = first.items[0]
        app.post_message(FindFans(item))
        app.post_message(RateItem(item, half_stars=8))
        await settle(pilot)
        await pilot.press("escape")
        assert [one.rating for one in first.me.ratings()] == [4]
        await open_data(app, pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        app.post_message(RateItem(other.items[1], half_stars=6))
        await settle(pilot)
        assert [one.rating for one in other.me.ratings()] == [3]
        app.action_undo()
        await settle(pilot)
        assert not other.me.ratings()
        asked = len(first.asked)
        app.post_message(FindFans(other.items[1]))
        await settle(pilot)
        assert len(first.asked) == asked
        assert ("fans", other.items[1].item_id) in other.asked


async def test_a_job_is_asked_about_before_the_data_set_is_left(make_app):
    session = FakeSession(trained=())
    opened = []
    app = make_app(session, open_other=lambda name, job: opened.append(name) or FakeSession(title="Other"))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        session.hold("train")
        app.backend.train("explicit", "user")
        await until(pilot, lambda: app.state.active_job() is not None)
        await pilot.press("f7")
        await settle(pilot, jobs=False)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "would be stopped" in screen_text(app))
        await pilot.press("n")
        await settle(pilot, jobs=False)
        assert not opened
        assert app.state.active_job() is not None
        await pilot.press("enter")
        await until(pilot, lambda: "would be stopped" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: "Other" in screen_text(app))
        await settle(pilot)
        assert opened == ["songs"]
        assert app.state.active_job() is None
        assert "Training" not in screen_text(app)


async def test_a_data_set_that_cannot_be_opened_says_so_and_can_be_tried_again(make_app):
    def open_other(name, job):
        raise RecsysError("The data set 'songs' is damaged.")

    app = make_app(open_other=open_other)
    async with app.run_test(size=WIDE) as pilot:
        await open_data(app, pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert "The data set 'songs' is damaged." in screen_text(app)


async def test_a_query_shows_rows_and_escape_the_profile(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_data(app, pilot)
        await pilot.press("slash")
        await type_text(pilot, "select")
        await pilot.press("enter")
        await settle(pilot)
        assert "20 rows" in screen_text(app)
        assert pane._rows.has_focus
        await pilot.press("escape")
        await settle(pilot)
        assert "To know before you trust it" in screen_text(app)


async def test_a_wrong_query_and_a_missing_package_are_one_sentence(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_data(app, pilot)
        await pilot.press("slash")
        await type_text(pilot, "selec")
        await pilot.press("enter")
        await settle(pilot)
        assert "syntax error" in screen_text(app)
        missing = RecsysError(
            "Queries need the package duckdb, which is not installed.", kind=ErrorKind.MISSING_PACKAGE, name="duckdb"
        )
        session.fail("query", missing)
        await pilot.press("enter")
        await settle(pilot)
        assert "recsys-tui[sql]" in screen_text(app)


async def test_a_profile_that_cannot_be_made_is_tried_again(make_app):
    session = FakeSession()
    session.fail("profile", DataError("items.parquet: cannot be read."))
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_data(app, pilot)
        assert "items.parquet: cannot be read." in screen_text(app)
        session.failures.clear()
        await pilot.press("f5")
        await settle(pilot)
        assert "To know before you trust it" in screen_text(app)


def test_names_are_suggested_that_are_allowed():
    for source, name in (
        ("~/My films/ratings.csv.gz", "ratings"),
        ("https://host/a/log.csv?token=1", "log"),
        ("s3://bucket/part-*.parquet", "part"),
        ("/data/ml-100k/", "ml-100k"),
        ("ml-100k", "ml-100k"),
        ("/data/Meine Filme!.csv", "Meine-Filme"),
        ("/", ""),
        ("", ""),
    ):
        assert suggested_name(source) == name


async def test_the_profile_that_is_rated_for_stays_when_the_data_set_is_switched(make_app):
    app = make_app(open_other=lambda name, job: FakeSession(title="All the Songs"))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        app.post_message(ProfileChosen("ann"))
        await open_data(app, pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert "All the Songs" in screen_text(app)
        assert app.state.profile == "ann"


async def test_what_comes_first_in_unclear_dates_is_asked_and_added(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_data(app, pilot)
        await look_at(app, pilot, "/data/unclear.csv")
        assert "not clear in when: day or month first?" in screen_text(app)
        await pilot.press("end", "enter")
        await settle(pilot)
        assert "03/04/2024 is 3 April" in screen_text(app)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert "day first" in screen_text(app)
        assert "not clear" not in screen_text(app)
        await pilot.press("f5")
        await settle(pilot)
        assert ("add", NewDataset("unclear", "/data/unclear.csv", day_first=True)) in session.asked


async def test_an_update_asks_what_comes_first_only_where_it_is_unclear(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_data(app, pilot)
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, AddScreen))
        await type_text(pilot, "/data/clear.csv")
        await pilot.press("enter")
        await settle(pilot)
        assert "day or month" not in screen_text(app)
        app.screen._source.focus()
        app.screen._source.value = "/data/unclear.csv"
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "not clear in when: day or month first?" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("end", "enter")
        await settle(pilot)
        assert session.asked[-1] == (
            "preview",
            NewDataset("fake", "/data/unclear.csv", is_update=True, day_first=False),
        )
