"""Whatever is written can be read, in our schemes and in Textual's own."""

from __future__ import annotations

import pytest
from textual.color import Color

from tests.tui.conftest import WIDE, settle
from tests.tui.fake import FakeSession

#: What WCAG asks of text, and of graphics that say something; frames only have to be seen.
TEXT, GRAPHICS, FRAMES = 4.5, 3.0, 1.5
FRAME, DRAWN = set("─│╭╮╯╰▔▎▊ "), set("━╸▁▂▃▄▅▆▇█★½▸▹ ")


def least(text):
    return FRAMES if set(text) <= FRAME else GRAPHICS if set(text) <= DRAWN else TEXT


def luminance(color):
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def ratio(front, back):
    lighter, darker = sorted((luminance(front), luminance(back)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def contrasts(app):
    # Behind a pop-up everything is dimmed on purpose.
    front = app.screen.children[0] if app.screen.is_modal else app.screen
    for strip in app.screen._compositor.render_strips()[front.region.y : front.region.bottom]:
        for segment in strip.crop(front.region.x, front.region.right):
            style = segment.style
            if segment.text.strip() and style is not None and style.color is not None and style.bgcolor is not None:
                fore, back = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
                yield segment.text, ratio(fore, back)


@pytest.mark.parametrize("theme", ["recsys-dark", "recsys-light", "textual-dark", "textual-light"])
@pytest.mark.parametrize("trained", [True, False], ids=["trained", "untrained"])
async def test_everything_written_can_be_read(make_app, theme, trained):
    recent = ["robbers genre:crime"]
    app = make_app(FakeSession(recent=recent) if trained else FakeSession(embedded=0, trained=()))
    app.theme = theme
    faint = {}
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        filters = [*"heat", "space", *"genre", "colon"], [*"crime", "space", *"gen"], [*"er", "colon", *"x", "space"]
        found = ["down"], ["f"], ["escape"], ["w"], ["escape"]
        for keys in ([], *filters, *found, ["f3"], ["enter"], ["f4"], ["h", "e", "a", "t"], ["enter"], ["f1"]):
            await pilot.press(*keys)
            await settle(pilot)
            for text, contrast in contrasts(app):
                if contrast < least(text):
                    faint[text.strip()] = round(contrast, 2)
    assert not faint
