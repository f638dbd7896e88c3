"""What the app does with an item, a user or a list when a verb asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.item_marks import ItemMarks
from tui.listing import as_json, as_markdown_item, as_row
from tui.messages import CopyText, StatusChanged
from tui.widgets.cell_text import clean, full_title

if TYPE_CHECKING:
    from textual.app import App

    from engine.session import ExternalId, Item
    from tui.backend.backend import Backend
    from tui.backend.mailbox import Mailbox
    from tui.listing import Listing, Record
    from tui.messages import Answered
    from tui.state import AppState


class ItemActions:
    """Opens what verbs ask for.

    Parameters
    ----------
    app
        Shows the pop-ups and what was done.
    backend, state
        The way to the engine, and what is known.

    Attributes
    ----------
    marks
        Pins and hides items.
    """

    def __init__(self, app: App[Any], backend: Backend, state: AppState) -> None:
        self._app, self._backend, self._state = app, backend, state
        self._browsing: Mailbox = backend.mailbox("browser", app.post_message)
        self.marks = ItemMarks(app, backend, state.changes)

    def _say(self, text: str) -> None:
        self._app.post_message(StatusChanged(text))

    def find_fans(self, item: Item) -> None:
        """List the users who rated an item highest."""
        from tui.panes.fans import FansScreen

        dataset = self._state.dataset
        if dataset is not None and not dataset.overview.num_users:
            self._say("✗ This data set is a catalogue without users.")
        else:
            self._app.push_screen(FansScreen(self._backend, item))

    def find_similar_users(self, user: ExternalId) -> None:
        """List the users who are most like one."""
        from tui.panes.similar_users import SimilarUsersScreen

        self._app.push_screen(SimilarUsersScreen(self._backend, user))

    def export(self, listing: Listing) -> None:
        """Ask where a list goes to."""
        from tui.panes.export_prompt import ask_where

        ask_where(self._app, self._backend, listing)

    def copy_as(self, record: Record) -> None:
        """Ask in which form a record is copied."""
        from tui.widgets.choices import ChoiceScreen

        forms = (
            ("title and facts as a row", "tabs between the cells", "a row", as_row),
            ("JSON", "everything that is known", "JSON", as_json),
            ("Markdown", "a line of a list", "Markdown", as_markdown_item),
            ("id", "as in the data", "the id", lambda record: str(record["item_id"])),
        )

        def chosen(place: int) -> None:
            _, _, what, form = forms[place]
            self._app.post_message(CopyText(form(record), what))

        self._app.push_screen(ChoiceScreen("Copy", [form[:2] for form in forms], chosen))

    def open_page(self, item: Item) -> None:
        """Open the page of an item in a browser; where there is none, copy its address and show it."""
        from tui.item_page import has_browser, open_in_browser, page_of

        dataset = self._state.dataset
        page = None if dataset is None else page_of(item, dataset.overview.kind)
        if page is None:
            self._say(f"✗ The data names no page of {full_title(item)}: it has neither an address nor an id of a site.")
        elif self._app.is_web:
            self._app.open_url(page.address)
        elif has_browser():
            self._browsing.ask(lambda *_: (page, open_in_browser(page)))
        else:
            self._app.post_message(CopyText(page.address, page.address))

    def browsed(self, message: Answered) -> bool:
        """Say whether a browser took an address; False if the answer is another's."""
        if not self._browsing.is_current(message.request):
            return False
        page, opened = message.value
        if opened:
            self._say(f"✓ opened at {page.site}: {clean(page.address)}")
        else:
            self._app.post_message(CopyText(page.address, page.address))
        return True
