"""The picture of an item, above or beside its text, where there is room for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.messages import Answered, Failed, PictureWanted
from tui.widgets.cell_text import clean

if TYPE_CHECKING:
    from textual.app import RenderResult

    from engine.session import Item
    from tui.widgets.pixels import Drawing

#: The smallest page, in cells, with room for a picture beside its text and above it. In less, the text needs it all; so
#: does a pop-up in a window of 80×24.
_WIDTH_BESIDE, _HEIGHT_BESIDE, _WIDTH_OF_LOW, _HEIGHT_OF_LOW = 66, 22, 90, 10
_HEIGHT_ABOVE: Final = 16
#: The most lines of a picture, and the share of the page that it takes.
_MOST_ROWS: Final = 20
_SHARE_ABOVE, _SHARE_BESIDE = 0.5, 0.35


class Poster(Widget):
    """The picture of an item; nothing where the data has none, and a sentence where it cannot be shown."""

    ALLOW_SELECT = False

    class Placed(Message):
        """The picture takes other room than before."""

    DEFAULT_CSS = """
    Poster {
        display: none;
        width: auto;
        height: auto;
        color: $text-muted;
        margin: 0 0 1 0;
        &.-beside { dock: left; margin: 0 2 0 0; }
        &.-sentence { width: 100%; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._item: Item | None = None
        self._room: tuple[int, int] | None = None
        self._beside = False
        self._request: int | None = None
        self._drawing: Drawing | None = None
        self._sentence = ""
        self._sent = 0
        self._placed: tuple[tuple[int, int] | None, str, bool] | None = None

    @property
    def rows_beside(self) -> int:
        """The lines that it takes beside the text; 0 where it is not beside it."""
        shown = self.display and self.has_class("-beside")
        return 0 if not shown or self.styles.height is None else int(self.styles.height.value)

    def show(self, item: Item | None, width: int, height: int) -> None:
        """Show the picture of an item, which is asked for, in a page of so many cells.

        Until it is there, its place stays as that of the picture before.
        """
        beside, room = width >= _WIDTH_BESIDE, None
        if beside and height >= (_HEIGHT_BESIDE if width < _WIDTH_OF_LOW else _HEIGHT_OF_LOW):
            room = int(width * _SHARE_BESIDE), min(height, _MOST_ROWS)
        elif not beside and height >= _HEIGHT_ABOVE:
            room = width, min(int(height * _SHARE_ABOVE), _MOST_ROWS)
        if (item, room) == (self._item, self._room):
            return
        self._item, self._room, self._beside = item, room, beside
        self._request, self._drawing, self._sentence = None, None, ""
        self._send(None)
        if item is None or room is None:
            self.expect(None)
        else:
            self.refresh()
            # Not by way of the widgets around: a message goes no further than to the one whose handler has made it.
            self.app.post_message(PictureWanted(item, *room, self))

    def expect(self, request: int | None) -> None:
        """Wait for the answer to this request; None if there is no picture.

        Parameters
        ----------
        request
            Its number.
        """
        self._request = request
        if request is None:
            self._place(None)
        elif not self.display or self.has_class("-sentence"):
            assert self._room is not None
            columns, rows = self._room
            self._place((min(columns, round(rows * 4 / 3)), rows))  # the shape of most posters

    def on_answered(self, message: Answered) -> None:
        """Show the picture, if it is still the one that is waited for."""
        message.stop()
        if message.request != self._request:
            return
        self._drawing = message.value
        self._send(self._drawing)
        self._place(None if self._drawing is None else (self._drawing.columns, len(self._drawing.strips)))

    def on_unmount(self) -> None:
        """Have the terminal forget the picture."""
        self._send(None)

    def _send(self, drawing: Drawing | None) -> None:
        """Send a picture to the terminal, if it is one that the terminal draws, in place of the one before."""
        # Not by a message: a line that is drawn before the app knows of its picture would stay as it is filtered.
        app: Any = self.app
        if self._sent:
            app.send_picture(self._sent, "")
        self._sent = 0 if drawing is None else drawing.number
        if drawing is not None and drawing.number:
            app.send_picture(drawing.number, drawing.sequence)

    def on_failed(self, message: Failed) -> None:
        """Say why there is no picture."""
        message.stop()
        if message.request == self._request:
            self._sentence = message.failure.text
            self._place(None)

    def _place(self, size: tuple[int, int] | None) -> None:
        self.refresh()
        placed = size, self._sentence, self._beside
        if placed == self._placed or not (self.display or size or self._sentence):
            return
        self._placed = placed
        self.set_class(bool(self._sentence), "-sentence")
        self.set_class(self._beside and not self._sentence, "-beside")
        self.display = bool(self._sentence) or size is not None
        if size is not None:
            self.styles.width, self.styles.height = size
        else:
            for name in ("width", "height"):
                self.styles.clear_rule(name)
        self.post_message(self.Placed())

    def render(self) -> RenderResult:
        """The sentence, or nothing."""
        return Content(clean(self._sentence))

    def render_line(self, y: int) -> Strip:
        """A line of the picture."""
        if self._sentence:
            return super().render_line(y)
        strips = () if self._drawing is None else self._drawing.strips
        if y >= len(strips):
            return Strip.blank(self.size.width, self.rich_style)
        return strips[y].adjust_cell_length(self.size.width).apply_style(self.rich_style)
