"""What the person at the keyboard says about items: stored in order by a worker thread, and confirmed."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.errors import RecsysError
from tui.messages import Answered, Failed, OwnRatingsChanged, RateItem, StatusChanged
from tui.widgets.bars import compact
from tui.widgets.item_list import full_title

if TYPE_CHECKING:
    from textual.app import App

    from engine.data.results import OwnRating
    from tui.backend.backend import Backend
    from tui.backend.protocols import Me, SessionLike
    from tui.navigation import Changes

#: Half stars in five stars.
HIGHEST = 10
_SAID = {"seen": "seen", "watchlist": "on your watchlist", "not-interested": "not wanted"}

#: A change, or None to take back the last one; what came of it.
_Change = RateItem | None
#: A change, whether it is new or made again, and whose it is.
_Waiting = tuple[_Change, bool, str]
_Outcome = tuple[_Waiting, "OwnRating | None", str]
_UNDOES = " · u undoes"


class OwnRatings:
    """Stores ratings one after the other.

    Of the requests to a mailbox the latest wins, but no rating may be lost: a request stores all that wait.

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
        self._app = app
        self._changes = changes
        self._mailbox = backend.mailbox("own ratings", app.post_message)
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._outcomes: list[_Outcome] = []

    def rate(self, message: RateItem, profile: str) -> None:
        """Have a rating stored in a profile."""
        self._ask((message, True, profile))

    def answered(self, message: Answered | Failed) -> bool:
        """Confirm what was stored; False if the message answers another request."""
        if not self._mailbox.is_current(message.request):
            return False
        if isinstance(message, Failed):
            self._app.post_message(StatusChanged(f"✗ not stored: {message.failure.text}"))
            return True
        with self._lock:
            outcomes, self._outcomes = self._outcomes, []
        for (change, is_new, profile), own, failure in outcomes:
            if is_new and change is not None and own is not None and not failure:
                self._record(change, own, profile)
        for (change, _, _), own, failure in outcomes[-1:]:
            self._app.post_message(StatusChanged(describe(change, own, failure)))
        self._app.post_message(OwnRatingsChanged())
        return True

    def _record(self, change: RateItem, own: OwnRating, profile: str) -> None:
        """Let the change be undone and made again."""
        what = describe(change, own, "").removeprefix("✓ ").removesuffix(_UNDOES)
        self._changes.record(
            what, lambda: self._ask((None, False, profile)), lambda: self._ask((change, False, profile)), profile
        )

    def _ask(self, change: _Waiting) -> None:
        with self._lock:
            self._waiting.append(change)
        self._mailbox.ask(lambda session, _: self._store(session))

    def _store(self, session: SessionLike) -> None:
        """Store what waits. Runs in the worker thread."""
        while True:
            with self._lock:
                if not self._waiting:
                    return
                change = self._waiting.popleft()
            try:
                outcome: _Outcome = change, _apply(session.me, change[0], change[2]), ""
            except RecsysError as error:
                outcome = change, None, str(error)
            with self._lock:
                self._outcomes.append(outcome)


def _apply(me: Me, change: _Change, profile: str) -> OwnRating | None:
    if change is None:
        return me.undo(profile)
    item = change.item.internal_id
    if change.half_stars is not None:
        return me.rate(item, change.half_stars / 2, HIGHEST / 2, profile)
    known = me.about(item, profile)
    if change.status == "watchlist" and (known is None or known.status != "watchlist"):
        return me.rate(item, None, profile=profile, status="watchlist")
    if known is None:
        return None
    return replace(me.forget(item, profile), status="")


def describe(change: _Change, own: OwnRating | None, failure: str) -> str:
    """What came of a change, for the status line."""
    if failure:
        return f"✗ not stored: {failure}"
    if own is None:
        return "There is nothing to undo." if change is None else "✗ You have said nothing about it."
    title = own.title if own.item is None else full_title(own.item)
    if not own.status:
        said = "not rated any more" if change is None else "removed from your ratings and your watchlist"
    elif own.rating is not None:
        said = f"rated {compact(own.rating)} of {compact(own.highest)}"
    else:
        said = _SAID.get(own.status, own.status)
    return f"✓ {title}: {said}" + ("" if change is None else _UNDOES)
