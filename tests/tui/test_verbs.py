"""What can be done with an item or a user, from every place where one is listed."""

from __future__ import annotations

import json

import pytest

from engine.errors import RecsysError
from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text, until
from tests.tui.fake import FakeSession, make_items
from tui.messages import MarkItem
from tui.verbs import ITEM_VERBS, USER_VERBS
from tui.widgets.details import ItemDetails
from tui.widgets.item_list import ItemList
from tui.widgets.verb_target import VerbMenu


async def in_results(app, pilot, *, line: str = "heat") -> None:
    await settle(pilot)
    await type_text(pilot, line)
    await settle(pilot)
    await pilot.press("down")


@pytest.mark.parametrize("verbs", [ITEM_VERBS, USER_VERBS])
def test_no_two_verbs_share_a_key(verbs) -> None:
    keys = [key for verb in verbs for key in verb.keys.split(",")]
    assert len(keys) == len(set(keys))


def test_lists_and_details_take_the_same_keys() -> None:
    for kind in (ItemList, ItemDetails):
        assert {verb.id for verb in ITEM_VERBS} <= {binding.id for binding in kind.BINDINGS}


async def test_the_menu_shows_every_verb_with_its_key_and_takes_the_key(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await in_results(app, pilot)
        await pilot.press("space")
        await until(pilot, lambda: isinstance(app.screen, VerbMenu))
        text = screen_text(app)
        assert all(verb.title in text for verb in ITEM_VERBS)
        await pilot.press("Y")
        await settle(pilot)
        assert app.clipboard == "103"
        assert not isinstance(app.screen, VerbMenu)


async def test_the_right_mouse_button_opens_the_menu_of_the_row_under_it(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await in_results(app, pilot)
        await pilot.click("#found", offset=(10, 3), button=3)
        await until(pilot, lambda: isinstance(app.screen, VerbMenu))
        assert app.pane("search")._table.cursor == 2


async def test_users_who_liked_an_item_lead_to_the_user_tab(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await in_results(app, pilot)
        await pilot.press("l")
        await until(pilot, lambda: "Their mean" in screen_text(app))
        assert "Who liked Heat (1995) · 20 users" in screen_text(app)
        assert ("fans", 103) in session.asked
        await pilot.press("down", "enter")
        await settle(pilot)
        assert app.active_tab == "user"
        assert "Recommended for 6" in screen_text(app)
        assert app.pane("user")._liked.has_focus


async def test_an_item_that_nobody_rated_says_so(make_app, monkeypatch):
    session = FakeSession()
    monkeypatch.setattr(session.users, "fans", lambda item, limit=100: [])
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await in_results(app, pilot)
        await pilot.press("l")
        await until(pilot, lambda: "Nobody has rated it" in screen_text(app))


async def test_over_ssh_the_address_of_a_page_is_copied_and_shown(make_app, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "somewhere")
    items = make_items()
    items[2].metadata["imdb_id"] = "tt0113277"
    app = make_app(FakeSession(items))
    async with app.run_test(size=WIDE) as pilot:
        await in_results(app, pilot)
        await pilot.press("o")
        await settle(pilot)
        assert app.clipboard == "https://www.imdb.com/title/tt0113277/"
        assert "copied: https://www.imdb.com/title/tt0113277/" in screen_text(app)


async def test_a_page_opens_in_the_browser_on_the_key_alone(make_app, monkeypatch):
    opened = []
    monkeypatch.setattr("tui.item_page.has_browser", lambda: True)
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    items = make_items()
    items[2].metadata["imdb_id"] = "tt0113277"
    app = make_app(FakeSession(items))
    async with app.run_test(size=WIDE) as pilot:
        await in_results(app, pilot)
        assert opened == []
        await pilot.press("o")
        await until(pilot, lambda: "opened at IMDb" in screen_text(app))
        assert opened == ["https://www.imdb.com/title/tt0113277/"]


async def test_an_item_without_a_page_says_so(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await in_results(app, pilot)
        await pilot.press("o")
        await settle(pilot)
        assert "The data names no page of Heat (1995)" in screen_text(app)


async def test_an_item_is_copied_as_json(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await in_results(app, pilot)
        await pilot.press("c")
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        record = json.loads(app.clipboard)
        assert (record["rank"], record["item_id"], record["title"]) == (1, 103, "Heat")
        assert "copied: JSON" in screen_text(app)


async def test_a_list_is_written_and_nothing_is_replaced_without_asking(make_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = make_app(FakeSession(make_items(["=1+1", "harmless"])))
    async with app.run_test(size=NARROW) as pilot:
        await in_results(app, pilot, line="harmless")
        await pilot.press("e")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("ctrl+u")
        await type_text(pilot, "list.csv")
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "list.csv").exists())
        await settle(pilot)
        assert "2 rows written to" in screen_text(app)
        first = (tmp_path / "list.csv").read_text(encoding="utf-8")
        assert first.startswith("rank,title,year,genres,score")
        assert "'=1+1" in first
        (tmp_path / "list.csv").write_text("mine", encoding="utf-8")
        await pilot.press("e")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("ctrl+u")
        await type_text(pilot, "list.csv")
        await pilot.press("enter")
        await until(pilot, lambda: "exists already" in screen_text(app))
        assert (tmp_path / "list.csv").read_text(encoding="utf-8") == "mine"
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "list.csv").read_text(encoding="utf-8") == first)


async def test_a_list_cannot_be_written_into_a_folder_that_does_not_exist(make_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await in_results(app, pilot)
        await pilot.press("e")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("ctrl+u")
        await type_text(pilot, "no/list.csv")
        await pilot.press("enter")
        await until(pilot, lambda: "does not exist" in screen_text(app))


async def test_e_embeds_before_it_exports(make_app):
    session = FakeSession(embedded=0)
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await in_results(app, pilot)
        await pilot.press("e")
        await settle(pilot)
        assert session.done == len(session.items)
        await pilot.press("e")
        await settle(pilot)
        assert "Export 20 rows" in screen_text(app)


async def test_the_history_of_a_user_becomes_the_sequence_and_is_undone(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("h")
        assert app.pane("user")._past.has_focus
        await pilot.press("escape", "a")
        await settle(pilot)
        assert app.active_tab == "sequence"
        history = [entry.item for entry in session.users.history(1)]
        assert list(app.state.draft.items) == history[::-1]
        await pilot.press("escape")
        app.action_undo()
        assert app.state.draft.items == ()


async def test_a_hidden_item_leaves_the_list_until_that_is_undone(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await in_results(app, pilot)
        table = app.pane("search")._table
        before = [result.item.title for result in table.rows]
        await pilot.press("down", "H")
        await settle(pilot)
        assert f"{before[1]}" in screen_text(app)
        assert "is not found any more · u undoes" in screen_text(app)
        assert before[1] not in [result.item.title for result in table.rows]
        assert table.cursor == 1
        await pilot.press("u")
        await settle(pilot)
        assert [result.item.title for result in table.rows] == before


async def test_no_mark_of_several_quick_ones_is_lost(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await in_results(app, pilot)
        await pilot.press("P", "down", "P", "down", "P")
        await settle(pilot)
        assert list(session.pins.marks.values()) == ["pinned"] * 3
        await pilot.press("u", "u", "u")
        await settle(pilot)
        assert list(session.pins.marks.values()) == [""] * 3


async def test_a_mark_that_cannot_be_stored_is_told_and_keeps_back_no_other(make_app, monkeypatch):
    session = FakeSession()
    app = make_app(session)
    mark, failing = session.pins.mark, [session.items[0].item_id]

    def refuse_first(item, new):
        if item in failing:
            raise RecsysError("The disk is full.")
        return mark(item, new)

    monkeypatch.setattr(session.pins, "mark", refuse_first)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await settle(pilot)
        for item in session.items[:3]:
            app.post_message(MarkItem(item, "pinned"))
        await settle(pilot)
        await until(pilot, lambda: "The disk is full." in screen_text(app))
        assert "not stored" in screen_text(app)
        assert list(session.pins.marks) == [item.item_id for item in session.items[1:3]]
