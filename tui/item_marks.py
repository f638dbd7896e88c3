"""Pinning and hiding items in searches: stored in order by a worker thread, confirmed, and undone."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from engine.errors import RecsysError
from tui.messages import Answered, Failed, ItemsMarked, MarkItem, StatusChanged
from tui.widgets.item_list import full_title

if TYPE_CHECKING:
    from textual.app import App

    from engine.session import Item, Mark
    from tui.backend.backend import Backend
    from tui.backend.protocols import SessionLike
    from tui.navigation import Changes

_DONE = {"pinned": "comes first where it is found", "hidden": "is not found any more", "": "is found like any other"}


class ItemMarks:
    """Stores which items are pinned and hidden.

    Of the requests to a mailbox the latest wins, but no mark may be lost: a request stores all that wait.

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
        self._mailbox = backend.mailbox("marks", app.post_message)
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Item, Mark, bool]] = deque()
        self._stored: list[tuple[Item, Mark, Mark, bool]] = []
        self._failures: list[str] = []

    def switch(self, message: MarkItem) -> None:
        """Mark an item, or take the mark off if it has it."""
        self._ask(message.item, message.mark, switches=True)

    def answered(self, message: Answered | Failed) -> bool:
        """Confirm what was stored; False if the message answers another request."""
        if not self._mailbox.is_current(message.request):
            return False
        if isinstance(message, Failed):
            self._app.post_message(StatusChanged(f"✗ not stored: {message.failure.text}"))
            return True
        with self._lock:
            stored, self._stored = self._stored, []
            failures, self._failures = self._failures, []
        for item, before, after, is_new in stored:
            said = f"{full_title(item)} {_DONE[after]}"
            if is_new:
                self._record(item, before, after, said)
            self._app.post_message(StatusChanged(f"✓ {said}" + (" · u undoes" if is_new else "")))
        for failure in failures:
            self._app.post_message(StatusChanged(f"✗ not stored: {failure}"))
        if stored:
            self._app.post_message(ItemsMarked())
        return True

    def _record(self, item: Item, before: Mark, after: Mark, said: str) -> None:
        self._changes.record(said, lambda: self._ask(item, before), lambda: self._ask(item, after))

    def _ask(self, item: Item, mark: Mark, *, switches: bool = False) -> None:
        with self._lock:
            self._waiting.append((item, mark, switches))
        self._mailbox.ask(lambda session, _: self._store(session))

    def _store(self, session: SessionLike) -> None:
        """Store what waits. Runs in the worker thread."""
        while True:
            with self._lock:
                if not self._waiting:
                    return
                item, mark, switches = self._waiting.popleft()
            try:
                before, after = session.pins.mark(item.item_id, mark), mark
                if switches and before == mark:
                    after = ""
                    session.pins.mark(item.item_id, after)
            except RecsysError as error:  # those that wait behind it are stored all the same
                with self._lock:
                    self._failures.append(str(error))
                continue
            with self._lock:
                self._stored.append((item, before, after, switches))
