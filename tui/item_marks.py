"""Pinning and hiding items in searches: stored in order, confirmed, and undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.messages import Answered, Failed, ItemsMarked, MarkItem, StatusChanged
from tui.widgets.cell_text import clean, full_title

if TYPE_CHECKING:
    from textual.app import App

    from engine.session import Item, Mark
    from tui.backend.backend import Backend
    from tui.backend.protocols import SessionLike
    from tui.navigation import Changes

_DONE = {"pinned": "comes first where it is found", "hidden": "is not found any more", "": "is found like any other"}


class ItemMarks:
    """Stores which items are pinned and hidden.

    Parameters
    ----------
    app
        Takes the confirmations.
    backend
        The way to the engine.
    changes
        Where changes are noted, so that they can be undone.
    """

    def __init__(self, app: App[Any], backend: Backend, changes: Changes) -> None:
        self._app, self._changes = app, changes
        self._queue = backend.change_queue("marks", app.post_message)

    def switch(self, message: MarkItem) -> None:
        """Mark an item, or take the mark off if it has it."""
        self._ask(message.item, message.mark, switches=True)

    def answered(self, message: Answered | Failed) -> bool:
        """Confirm what was stored; False if the message answers another request."""
        if not self._queue.is_current(message.request):
            return False
        if isinstance(message, Failed):
            # Not in the status line, where what is stored next would be written over it.
            self._app.notify(clean(message.failure.text), title="✗ not stored", severity="error", markup=False)
            return True
        item, before, after, is_new = message.value
        said = f"{full_title(item)} {_DONE[after]}"
        if is_new:
            self._changes.record(said, lambda: self._ask(item, before), lambda: self._ask(item, after))
        self._app.post_message(StatusChanged(f"✓ {said}" + (" · u undoes" if is_new else "")))
        self._app.post_message(ItemsMarked())
        return True

    def _ask(self, item: Item, mark: Mark, *, switches: bool = False) -> None:
        def store(session: SessionLike, _: object) -> tuple[Item, Mark, Mark, bool]:
            before, after = session.pins.mark(item.item_id, mark), mark
            if switches and before == mark:
                after = ""
                session.pins.mark(item.item_id, after)
            return item, before, after, switches

        self._queue.ask(store)
