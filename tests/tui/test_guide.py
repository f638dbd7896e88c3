"""The worked example of a tab in CONTRIBUTING.md works: its service, its pane and its line."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol

import pyarrow as pa

from tests.test_guides import example
from tests.tui.conftest import WIDE, screen_text, settle
from tests.tui.fake import FakeSession
from tui import app as shell
from tui import panes
from tui.backend import protocols
from tui.panes import TABS, Tab


def run_example(name: str, module: str, **names: Any) -> ModuleType:
    made = ModuleType(module)
    vars(made).update(names)
    exec(example(name), vars(made))
    return made


async def test_the_example_of_a_tab_is_a_service_a_pane_and_a_line(make_app, monkeypatch):
    service = run_example("tab service", "engine.session.genres")
    protocol = run_example("tab protocol", "genres_protocol", Protocol=Protocol)
    monkeypatch.setattr(protocols, "Genres", protocol.Genres, raising=False)
    monkeypatch.setitem(sys.modules, "tui.panes.genres", run_example("tab pane", "tui.panes.genres"))
    for module in (shell, panes):
        monkeypatch.setattr(module, "TABS", (*TABS, eval(example("tab line"), {"Tab": Tab})))

    session = FakeSession()
    table = pa.table({"genres": [["Western"], ["Noir", "Western"], []]})
    session.genres = service.GenreService(SimpleNamespace(dataset=SimpleNamespace(items=SimpleNamespace(table=table))))
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f9")
        await settle(pilot)
        assert app.pane("genres")._panel.table.rows == (("Western", 2), ("Noir", 1))
        assert "F9 Genres" in screen_text(app)
