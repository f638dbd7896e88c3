"""What a user's interactions say of their taste, as a pop-up, in which another user can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from engine.data.results import ProfileName
from tui.backend.backend import Backend
from tui.messages import Answered, Failed
from tui.widgets.cell_text import clean, shorten_middle
from tui.widgets.popup import PopUp
from tui.widgets.query_input import QueryInput
from tui.widgets.taste_page import likeness_page, taste_page

if TYPE_CHECKING:
    from engine.session import ExternalId

#: Cells of a page without its frame and its space at both sides.
_FRAME = 9


class TasteScreen(PopUp):
    """A user's taste beside everybody's.

    Parameters
    ----------
    backend
        The way to the engine.
    user
        The user.
    blink
        Whether the cursor of the input line blinks.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "close", id="close"),
        Binding("down", "scroll(1)", "Down", show=False, id="cursor-down"),
        Binding("up", "scroll(-1)", "Up", show=False, id="cursor-up"),
        Binding("pagedown", "scroll(10)", "Page down", show=False, id="page-down"),
        Binding("pageup", "scroll(-10)", "Page up", show=False, id="page-up"),
    ]

    DEFAULT_CSS = """
    TasteScreen {
        & > .page { max-height: 94%; padding: 0 2; }
        & VerticalScroll { height: auto; max-height: 100%; }
        & #likeness { margin-bottom: 1; }
        & QueryInput { height: 3; }
    }
    """

    def __init__(self, backend: Backend, user: ExternalId, *, blink: bool = True) -> None:
        super().__init__()
        self._backend, self._user = backend, user
        self._line = QueryInput("Compare with", "the id of another user, then Enter", blink=blink, id="other")
        self._likeness = Static(id="likeness")
        self._page = Static("reading …", id="taste")
        self._reading = backend.mailbox("taste", self.post_message)
        self._comparing = backend.mailbox("likeness", self.post_message)
        self._shown: list[Any] = [None, None]

    def compose(self) -> ComposeResult:
        """The line above, the pages below it."""
        with Vertical(classes="page") as page:
            own = isinstance(self._user, ProfileName)
            title = f"Your taste ({self._user})" if own else f"Taste of user {shorten_middle(self._user, 30)}"
            page.border_title = Content(title)
            page.border_subtitle = Content("↑ ↓ scroll · Enter compares · Esc closes")
            yield self._line
            with VerticalScroll(can_focus=False):
                yield self._likeness
                yield self._page

    def on_mount(self) -> None:
        """Ask for the taste."""
        self._likeness.display = False
        user = self._user
        self._reading.ask(lambda session, _: session.taste.of(user))
        self.set_focus(self._line)

    def on_unmount(self) -> None:
        """End the threads of the requests."""
        self._reading.close()
        self._comparing.close()

    def on_resize(self) -> None:
        """Draw the bars in the new width."""
        self._draw()

    @on(Input.Submitted)
    def _compare(self, event: Input.Submitted) -> None:
        event.stop()
        other, user = event.value.strip(), self._user
        if other:
            self._comparing.ask(lambda session, _: session.taste.compare(user, other))

    def on_answered(self, message: Answered) -> None:
        """Show what was asked for."""
        message.stop()
        for place, mailbox in enumerate((self._reading, self._comparing)):
            if mailbox.is_current(message.request):
                self._shown[place] = message.value
        self._draw()

    def on_failed(self, message: Failed) -> None:
        """Say why there is nothing to show."""
        message.stop()
        for mailbox, page in ((self._reading, self._page), (self._comparing, self._likeness)):
            if mailbox.is_current(message.request):
                page.display = True
                page.update(Content(clean(message.failure.text)))

    def _draw(self) -> None:
        width = max(min(76, self.size.width * 94 // 100) - _FRAME, 30)
        taste, likeness = self._shown
        if taste is not None:
            self._page.update(taste_page(taste, width))
        if likeness is not None:
            self._likeness.display = True
            self._likeness.update(likeness_page(likeness, width))
            self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_scroll(self, by: int) -> None:
        """Scroll the pages."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
