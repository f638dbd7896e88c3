"""Settings in the app: at its start, and when their file changes while it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import screen_text, settle, until
from tui.pace import Pace
from tui.settings.effective import SettingsSource


@pytest.fixture
def config(home: Path) -> Path:
    path = home / "config" / "config.toml"
    path.parent.mkdir()
    return path


async def test_a_changed_file_is_seen_without_a_restart(make_app, config: Path) -> None:
    config.write_text('keymap = "default"\n')
    app = make_app(settings=SettingsSource(), pace=Pace(settle=0, glance=0, patience=0, frame=0))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        config.write_text('theme = "recsys-light"\nkeymap = "emacs"\nsettle-milliseconds = 30\n')
        app._settings._look()  # what the timer calls
        await until(pilot, lambda: app.theme == "recsys-light")
        assert app.state.pace.settle == 0.03
        await pilot.press("alt+x")
        assert app.screen.is_modal
        await pilot.press("escape")
        config.unlink()
        app._settings._look()
        await until(pilot, lambda: app.state.pace.settle == 0)
        assert not app.keymap


async def test_what_is_wrong_is_said_and_the_app_starts(make_app, config: Path) -> None:
    config.write_text('theme = "recsys-lite"\nkeymap = "vim"\n[keys]\nsort = "w"\n')
    app = make_app(settings=SettingsSource())
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: "Not all settings are used" in screen_text(app))
        shown = " ".join(screen_text(app).replace("▌", " ").split())
        assert "line 1" in shown
        assert "1 more" in shown
        assert "sort" not in app.keymap.keys
        assert app.keymap.keys["focus-left"] == ("h", "left")


async def test_a_slow_connection_gets_less_to_draw(make_app, config: Path) -> None:
    config.write_text('low-traffic = "on"\n')
    app = make_app(settings=SettingsSource(), pace=Pace())
    assert app.state.pace.frame == 0
    assert app.state.pace.progress == 1
    assert app.state.pace.settle >= 0.4
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.animation_level == "none"


@pytest.mark.parametrize(("traffic", "slow"), [("auto", True), ("off", False)])
async def test_over_ssh_fewer_frames_are_drawn_unless_the_settings_say_otherwise(
    make_app, config: Path, monkeypatch: pytest.MonkeyPatch, traffic: str, slow: bool
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
    config.write_text(f'low-traffic = "{traffic}"\n')
    app = make_app(settings=SettingsSource(), pace=Pace())
    usual, pace = Pace(), app.state.pace
    assert (pace.progress > usual.progress) is slow
    assert (pace.frame > usual.frame) is slow
    assert (pace.settle, pace.glance) == (usual.settle, usual.glance)
