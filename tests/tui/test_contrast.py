"""Whatever is written can be read, in our schemes and in Textual's own."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from tests.tui.conftest import WIDE, settle
from tests.tui.fake import FakeSession
from tui.themes.own import COLOUR_BLIND_DARK, COLOUR_BLIND_LIGHT

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


@pytest.mark.parametrize(
    ("theme", "trained"),
    [
        *((name, True) for name in ("recsys-dark", "recsys-light", "textual-dark", "textual-light")),
        *((name, False) for name in ("recsys-dark", "recsys-light")),
    ],
)
async def test_everything_written_can_be_read(make_app, theme, trained):
    recent = ["robbers genre:crime"]
    app = make_app(FakeSession(recent=recent) if trained else FakeSession(embedded=0, trained=()))
    app.theme = theme
    faint = {}
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        filters = [*"heat", "space", *"genre", "colon"], [*"crime", "space", *"gen"], [*"er", "colon", *"x", "space"]
        found = ["down"], ["f"], ["escape"], ["w"], ["escape"]
        forms = ["f6"], ["enter"], ["escape"], ["E"], ["escape"], ["f7"], ["a"], ["escape"], ["ctrl+p"], ["escape"]
        sequence = ["f4"], ["h", "e", "a", "t"], ["enter"]
        for keys in ([], *filters, *found, ["f3"], ["enter"], *sequence, *forms, ["f1"]):
            await pilot.press(*keys)
            await settle(pilot)
            for text, contrast in contrasts(app):
                if contrast < least(text):
                    faint[text.strip()] = round(contrast, 2)
    assert not faint


LIGHT = [name for name, theme in BUILTIN_THEMES.items() if not theme.dark and not theme.ansi and "textual" not in name]


@pytest.mark.parametrize("theme", [*LIGHT, "recsys-colour-blind-light", "recsys-colour-blind-dark"])
async def test_every_light_theme_can_be_read(make_app, theme):
    """By WCAG AA, as far as the tabs and the help go; solarized and others are too faint as they are."""
    app = make_app(FakeSession(), theme=theme)
    faint = {}
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        for keys in ([], ["h", "e", "a", "t"], ["down"], ["f3"], ["enter"], ["f4"], ["f1"]):
            await pilot.press(*keys)
            await settle(pilot)
            for text, contrast in contrasts(app):
                if contrast < least(text):
                    faint[text.strip()] = round(contrast, 2)
    assert not faint


#: How the three kinds of colour blindness see linear red, green and blue (Machado et al. 2009, severity 1).
SIGHT = {
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "tritanopia": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("theme", [COLOUR_BLIND_DARK, COLOUR_BLIND_LIGHT], ids=lambda theme: theme.name)
def test_good_doubtful_and_bad_differ_for_every_colour_vision(theme, sight):
    def seen(name):
        linear = [part**2.2 for part in Color.parse(getattr(theme, name)).normalized]
        rows = SIGHT[sight]
        return [
            max(sum(weight * part for weight, part in zip(row, linear, strict=True)), 0) ** (1 / 2.2) for row in rows
        ]

    names = ("success", "warning", "error")
    for one, other in ((one, other) for one in names for other in names if one < other):
        apart = sum((here - there) ** 2 for here, there in zip(seen(one), seen(other), strict=True)) ** 0.5
        assert apart > 0.12, (one, other)
