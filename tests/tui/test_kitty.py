"""Pictures that the terminal draws: what is sent, and that nothing but the app's own cells passes the last filter."""

from __future__ import annotations

import base64
import random
import re
import zlib

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from engine.data.thumbnail import Thumbnail
from tests.tui.conftest import VERY_WIDE, settle
from tests.tui.fake import FakeSession, make_items
from tests.tui.test_posters import find, with_posters
from tui.widgets.kitty import MOST_CELLS, cells, is_placeholder, sending
from tui.widgets.line_filter import LineSanitizer
from tui.widgets.pixels import draw, pixels_of
from tui.widgets.poster import Poster

BLACK = Color(0, 0, 0)
SEQUENCE = re.compile("\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\\\")


def test_what_is_sent_is_the_pixels_in_pieces_and_where_they_are_shown() -> None:
    picture = Thumbnail(60, 80, random.Random(1).randbytes(3 * 60 * 80))
    sent = sending(picture, 77, 6, 4)
    found = SEQUENCE.findall(sent)
    assert "".join(f"\x1b_G{keys};{data}\x1b\\" if data else f"\x1b_G{keys}\x1b\\" for keys, data in found) == sent
    *parts, place = found
    assert len(parts) > 1
    assert parts[0][0] == "a=t,f=24,o=z,s=60,v=80,i=77,q=2,m=1"
    assert [keys for keys, _ in parts[1:]] == ["m=1"] * (len(parts) - 2) + ["m=0"]
    assert all(len(data) <= 4096 for _, data in parts)
    assert zlib.decompress(base64.b64decode("".join(data for _, data in parts))) == picture.pixels
    assert place[0] == "a=p,U=1,i=77,c=6,r=4,q=2"


def test_the_cells_have_the_number_as_their_colour_and_are_one_wide() -> None:
    lines = list(cells(0x123456, 3, 2))
    assert [line[0].style for line in lines] == [Style.parse("#123456")] * 2
    assert [cell_len(line[0].text) for line in lines] == [3, 3]
    assert lines[1][0].text[3:6] == "\U0010eeee\u030d\u030d", "the second row and the second column"
    assert pixels_of("kitty", 1000, 10) == (10 * MOST_CELLS, 200)
    drawing = draw(Thumbnail(15, 21, bytes(3 * 15 * 21)), "kitty", dark=True)
    assert (drawing.columns, len(drawing.strips)) == (2, 2)


def test_only_cells_of_a_picture_that_was_sent_pass_the_filter() -> None:
    sanitizer = LineSanitizer()
    ((own,), (other,)) = (next(cells(number, 3, 1)) for number in (5, 6))
    assert "\U0010eeee" not in sanitizer.apply([own], BLACK)[0].text, "none was sent"
    sanitizer.pictures.add(5)
    assert sanitizer.apply([own], BLACK)[0].text == own.text
    assert sanitizer.apply([other], BLACK)[0].text == "   "
    assert sanitizer.apply([Segment(own.text)], BLACK)[0].text == "   ", "data has no such colour"
    for text in ("\x1b_Ga=d\x1b\\", own.text + "\x1b[2J", "\U0010eeee", own.text + "\ue000"):
        assert not is_placeholder(text)
        assert "\x1b" not in sanitizer.apply([Segment(text, own.style)], BLACK)[0].text


async def test_a_picture_is_sent_once_and_forgotten_when_another_is_shown(make_app, monkeypatch):
    app = make_app(with_posters(), image_protocol="kitty")
    async with app.run_test(size=VERY_WIDE) as pilot:
        written: list[str] = []
        monkeypatch.setattr(app._driver, "write", written.append)
        await find(pilot)
        poster = app.screen.query_one("#details Poster", Poster)
        first = poster._drawing.number
        assert app._sanitizer.pictures == {first}
        assert sum(f"a=p,U=1,i={first}," in text for text in written) == 1
        strips = app.screen._compositor.render_strips()
        assert any(is_placeholder(segment.text) for strip in strips for segment in strip)
        await pilot.press("down", "down")
        await settle(pilot)
        second = poster._drawing.number
        assert app._sanitizer.pictures == {second} != {first}
        assert any(f"a=d,d=I,i={first}," in text for text in written)


async def test_without_pictures_nothing_is_sent(make_app, monkeypatch):
    app = make_app(FakeSession(make_items()), image_protocol="kitty")
    async with app.run_test(size=VERY_WIDE) as pilot:
        written: list[str] = []
        monkeypatch.setattr(app._driver, "write", written.append)
        await find(pilot)
        assert not any("\x1b_G" in text for text in written)
