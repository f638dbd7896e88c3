"""The app begins where it was left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tui.conftest import screen_text, settle, type_text, until
from tests.tui.fake import FakeSession
from tui.messages import SwitchDataset
from tui.remembered import LEFT, LastState, read_last, write_last


def left_file(folder: Path) -> Path:
    return folder / f"{LEFT}fake.json"


async def leave(pilot) -> None:
    """Leave the app as its quit key does, and write what the program writes then."""
    pilot.app.exit()
    pilot.app.write_last_state()


async def test_a_search_with_its_filters_and_its_tab_comes_back(make_app, tmp_path: Path) -> None:
    app = make_app(state_folder=tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await type_text(pilot, "heist genre:crime")
        await pilot.press("ctrl+t")
        await settle(pilot)
        await leave(pilot)
    again = make_app(state_folder=tmp_path)
    async with again.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert again.active_pane.line.value == "heist genre:crime"
        assert "Search · semantic" in screen_text(again)
        assert "Results" in screen_text(again)


async def test_items_like_another_come_back(make_app, tmp_path: Path) -> None:
    app = make_app(state_folder=tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "m")
        await settle(pilot)
        await leave(pilot)
    again = make_app(state_folder=tmp_path)
    async with again.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "More like" in screen_text(again)
        assert again.active_pane.line.value == "heat"


async def test_user_model_and_sequence_come_back(make_app, tmp_path: Path) -> None:
    app = make_app(state_folder=tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("down", "a", "down", "a", "f3")
        await settle(pilot)
        await pilot.press("down", "down")
        await settle(pilot)
        user, items = app.active_pane._user, app.state.draft.items
        await leave(pilot)
    again = make_app(state_folder=tmp_path)
    async with again.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert again.active_tab == "user"
        assert again.active_pane._user == user
        assert again.state.draft.items == items
        assert len(items) == 2
        assert not again.state.draft.can_undo, "nothing was changed yet"


async def test_what_is_typed_before_goes_before_what_was_left(make_app, tmp_path: Path) -> None:
    write_last(tmp_path, "fake", LastState("user", {"search": {"query": "heist"}}))
    app = make_app(state_folder=tmp_path)
    async with app.run_test() as pilot:
        await type_text(pilot, "dog")
        await settle(pilot)
        assert app.active_tab == "search"
        assert app.active_pane.line.value == "dog"


async def test_a_fresh_start_restores_nothing_and_is_kept_itself(make_app, tmp_path: Path) -> None:
    write_last(tmp_path, "fake", LastState("user", {"search": {"query": "heist"}}, (10,)))
    app = make_app(state_folder=tmp_path, restores=False)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.active_tab == "search"
        assert app.active_pane.line.value == ""
        await type_text(pilot, "dog")
        await settle(pilot)
        await leave(pilot)
    kept = read_last(tmp_path, "fake")
    assert kept.panes["search"]["query"] == "dog"
    assert kept.sequence == ()


async def test_a_data_set_of_a_fresh_session_comes_back_as_it_was_left_in_it(make_app, tmp_path: Path) -> None:
    write_last(tmp_path, "fake", LastState("user", {"search": {"query": "heist"}}, (10,)))
    app = make_app(state_folder=tmp_path, restores=False, open_other=lambda name, job: FakeSession())
    async with app.run_test() as pilot:
        await settle(pilot)
        await type_text(pilot, "dog")
        await settle(pilot)
        app.post_message(SwitchDataset("fake"))
        await until(pilot, lambda: app.panes and app.active_pane.line.value == "dog")


async def test_nothing_is_kept_where_nothing_is_to_be(make_app, tmp_path: Path) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await type_text(pilot, "dog")
        await settle(pilot)
        await leave(pilot)
    assert not list(tmp_path.iterdir())


async def test_what_was_not_opened_this_time_stays_as_it_was_left(make_app, tmp_path: Path) -> None:
    write_last(tmp_path, "fake", LastState("search", {"user": {"line": "7", "user": 7}}))
    app = make_app(state_folder=tmp_path)
    async with app.run_test() as pilot:
        await settle(pilot)
        await type_text(pilot, "dog")
        await settle(pilot)
        await leave(pilot)
    kept = read_last(tmp_path, "fake")
    assert kept.panes["user"] == {"line": "7", "user": 7}
    assert kept.panes["search"]["query"] == "dog"


async def test_it_is_written_while_the_app_runs(make_app, tmp_path: Path) -> None:
    """Once it has been the same at two looks: not at each key."""
    app = make_app(state_folder=tmp_path)
    async with app.run_test() as pilot:
        await settle(pilot)
        await type_text(pilot, "dog")
        await settle(pilot)
        app._resume._look()
        assert not left_file(tmp_path).exists()
        app._resume._look()
        for _ in range(2000):
            if left_file(tmp_path).exists():
                break
            await pilot.pause()
    assert json.loads(left_file(tmp_path).read_text())["panes"]["search"]["query"] == "dog"


SPOILT = [
    b"",
    b"[]",
    b"[" * 100_000,
    b"\xff\xfe",
    b'{"tab": 3}',
    b'{"tab": "elsewhere", "panes": {"search": {"query": 3, "mode": [], "by": {}, "adult": "x", "like": [1]}}}',
    b'{"tab": "user", "panes": {"user": {"line": 3, "user": [2], "model": {}}, "x": {}}}',
    b'{"tab": "sequence", "panes": {"sequence": {"line": [], "model": 3}}, "sequence": [999, "no"]}',
    b'{"tab": "user", "panes": {"user": {"user": "nobody"}, "search": {"like": 99999, "query": "dog"}}}',
]


@pytest.mark.parametrize("content", SPOILT)
async def test_a_spoilt_file_stops_nothing(make_app, tmp_path: Path, content: bytes) -> None:
    left_file(tmp_path).write_bytes(content)
    app = make_app(FakeSession(), state_folder=tmp_path)
    async with app.run_test() as pilot:
        await settle(pilot)
        for key in ("f3", "f4", "f2"):
            await pilot.press(key)
            await settle(pilot)
        assert app.active_tab == "search"
        assert not app.state.draft.items
        await leave(pilot)
    assert read_last(tmp_path, "fake").tab == "search"


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    write_last(tmp_path / "file", "fake", LastState("user"))
    assert read_last(tmp_path / "file", "fake") == LastState()
