"""The picture of an item beside its text: where there is room, and only while it is that of the item."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.style import Style

from engine.data.thumbnail import Thumbnail
from engine.errors import DataError, missing_package
from tests.tui.conftest import NARROW, VERY_WIDE, WIDE, running, screen_text, settle, type_text
from tests.tui.fake import FakeSession, make_items
from tests.tui.test_snapshots import crop
from tui.settings.effective import config_path, read_effective
from tui.terminal import image_protocol
from tui.widgets.details import ItemDetails
from tui.widgets.pixels import draw
from tui.widgets.poster import Poster

RED, BLUE, WHITE = b"\xff\0\0", b"\0\0\xff", b"\xff\xff\xff"


def with_posters() -> FakeSession:
    """All films but the second name a picture."""
    items = [
        replace(item, metadata={**item.metadata, "poster": f"{item.item_id}.png"}) if item.internal_id != 2 else item
        for item in make_items()
    ]
    return FakeSession(items)


@pytest.fixture
def session() -> FakeSession:
    return with_posters()


def asked(session: FakeSession) -> list[object]:
    return [call[1] for call in session.asked if call[0] == "thumbnail"]


async def find(pilot, text: str = "crime") -> None:
    await settle(pilot)
    await type_text(pilot, text)
    await settle(pilot)
    await pilot.press("down")
    await settle(pilot)


async def test_the_details_show_the_picture_of_the_item_above_its_text(app, session):
    async with running(app, size=VERY_WIDE) as pilot:
        await find(pilot)
        details = app.screen.query_one("#details", ItemDetails)
        poster = details.query_one(Poster)
        assert asked(session)[-1] == details.subject().details.item.item_id
        assert poster.display
        assert poster.size.height >= 8
        assert not poster.has_class("-beside")
        assert "▀▀▀▀▀" in screen_text(app)
        assert details.subject().details.item.metadata["overview"].split()[0] in screen_text(app)


async def test_an_item_without_a_picture_and_data_without_them_leave_the_room_to_the_text(make_app):
    session = with_posters()
    app = make_app(session)
    async with running(app, size=VERY_WIDE) as pilot:
        await find(pilot, "jewel heist")
        details = app.screen.query_one("#details", ItemDetails)
        while details.subject().details.item.internal_id != 2:
            await pilot.press("down")
            await settle(pilot)
        assert not details.query_one(Poster).display
        assert 102 not in asked(session)
    session = FakeSession()
    app = make_app(session)
    async with running(app, size=VERY_WIDE) as pilot:
        await find(pilot)
        assert not app.screen.query_one(Poster).display
        assert not asked(session)


async def test_in_a_small_window_the_text_has_all_the_room(app, session):
    async with running(app, size=NARROW) as pilot:
        await find(pilot)
        await pilot.press("d")
        await settle(pilot)
        assert not app.screen.query_one(Poster).display
        assert not asked(session)
        await pilot.resize_terminal(*WIDE)
        await settle(pilot)
        poster = app.screen.query_one(Poster)
        assert poster.display
        assert poster.has_class("-beside")
        page = app.screen.query_one(ItemDetails)
        assert page.region.contains_region(poster.region), "the page is as high as the picture"


async def test_a_picture_that_comes_late_is_that_of_the_item(app, session):
    async with running(app, size=VERY_WIDE) as pilot:
        await find(pilot)
        gate = session.hold("thumbnail", stubborn=True)
        await pilot.press("down")
        await pilot.pause()
        await pilot.press("down")
        await pilot.pause()
        poster = app.screen.query_one("#details Poster", Poster)
        assert poster._drawing is None, "the picture before is not shown beside another title"
        gate.set()
        await settle(pilot)
        assert poster._drawing is not None
        assert asked(session)[-1] == app.screen.query_one("#details", ItemDetails).subject().details.item.item_id


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DataError("The picture \x1b[31ma.png does not exist."), "a.png does not exist."),
        (missing_package("Showing pictures needs", "pillow"), 'install "recsys-tui[posters]"'),
    ],
)
async def test_a_picture_that_cannot_be_shown_is_a_sentence(app, session, error, words):
    session.fail("thumbnail", error)
    async with running(app, size=VERY_WIDE) as pilot:
        await find(pilot)
        poster = app.screen.query_one("#details Poster", Poster)
        shown = " ".join(" ".join(segment.text for segment in poster.render_line(y)) for y in range(poster.size.height))
        assert words in " ".join(shown.split())
        assert "\x1b" not in screen_text(app)
        assert "Traceback" not in screen_text(app)


async def test_pictures_can_be_turned_off(make_app):
    session = with_posters()
    app = make_app(session, image_protocol=None)
    async with running(app, size=VERY_WIDE) as pilot:
        await find(pilot)
        assert not app.screen.query_one(Poster).display
        assert not asked(session)


def test_two_pixels_are_one_cell_and_a_last_line_may_be_half_a_cell() -> None:
    drawing = draw(Thumbnail(1, 3, RED + BLUE + RED), "half-cell", dark=True)
    first, last = (next(iter(strip)) for strip in drawing.strips)
    assert (first.text, first.style) == ("▀", Style.parse("#ff0000 on #0000ff"))
    assert (last.text, last.style) == ("▀", Style.parse("#ff0000"))


def test_light_is_light_in_dark_and_in_light_themes() -> None:
    picture = Thumbnail(2, 2, WHITE + b"\0\0\0" + WHITE + b"\0\0\0")
    assert [strip.text for strip in draw(picture, "unicode", dark=True).strips] == ["█ "]
    assert [strip.text for strip in draw(picture, "unicode", dark=False).strips] == [" █"]


@pytest.mark.parametrize(
    ("setting", "colours", "environment", "wanted"),
    [
        ("auto", "auto", {"TERM": "xterm-256color"}, "half-cell"),
        ("auto", "auto", {"TERM": "xterm"}, "unicode"),
        ("auto", "16", {"TERM": "xterm-256color"}, "unicode"),
        ("half-cell", "16", {"TERM": "xterm"}, "half-cell"),
        ("half-cell", "auto", {"TERM": "xterm-256color", "NO_COLOR": "1"}, "unicode"),
        ("unicode", "truecolor", {"TERM": "xterm-256color"}, "unicode"),
        ("kitty", "auto", {"TERM": "xterm-kitty"}, "kitty"),
        ("kitty", "256", {"TERM": "xterm-kitty"}, "half-cell"),
        ("kitty", "auto", {"TERM": "xterm-kitty", "NO_COLOR": "1"}, "unicode"),
        ("off", "auto", {"TERM": "xterm-256color"}, None),
    ],
)
def test_the_terminal_and_the_settings_decide_how_pictures_are_drawn(setting, colours, environment, wanted) -> None:
    assert image_protocol(setting, colours, environment) == wanted


def test_a_wrong_setting_is_named_with_its_line(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path))
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('theme = "recsys-light"\nimage-protocol = "ascii"\n', encoding="utf-8")
    effective = read_effective()
    (problem,) = effective.problems
    assert "line 2" in problem.sentence
    assert "half-cell" in problem.sentence
    assert effective["image-protocol"] == "auto"


def test_how_it_looks(make_app, snap_compare) -> None:
    async def run(pilot) -> None:
        await find(pilot)
        crop(pilot.app)

    assert snap_compare(make_app(with_posters()), terminal_size=WIDE, run_before=run)
