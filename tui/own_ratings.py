"""What the person at the keyboard says about items: stored in order, and confirmed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.messages import Answered, Failed, MatchEntry, OwnRatingsChanged, RateItem, StatusChanged
from tui.widgets.bars import compact
from tui.widgets.cell_text import clean, full_title

if TYPE_CHECKING:
    from textual.app import App

    from engine.data.results import OwnRating
    from tui.backend.backend import Backend
    from tui.backend.protocols import Me, SessionLike
    from tui.navigation import Changes

#: Half stars in five stars.
HIGHEST = 10
_SAID = {"seen": "seen", "watchlist": "on your watchlist", "not-interested": "not wanted"}

#: A change, or None to take back the last one.
_Change = RateItem | None
_UNDOES = " · u undoes"


class _Matched(NamedTuple):
    change: MatchEntry
    own: OwnRating
    is_new: bool


class OwnRatings:
    """Stores ratings one after the other.

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
        self._queue = backend.change_queue("own ratings", app.post_message)

    def rate(self, message: RateItem, profile: str) -> None:
        """Have a rating stored in a profile."""
        self._ask(message, profile, is_new=True)

    def match(self, message: MatchEntry) -> None:
        """Have it stored which item an entry means."""
        self._match(message, is_new=True)

    def answered(self, message: Answered | Failed) -> bool:
        """Confirm what was stored; False if the message answers another request."""
        if not self._queue.is_current(message.request):
            return False
        if isinstance(message, Failed):
            text = describe(None, None, message.failure.text)
            self._app.post_message(StatusChanged(text, loud=True))  # the next rating's status goes over it
            return True
        if isinstance(message.value, _Matched):
            self._matched(message.value)
            return True
        change, own, profile, is_new = message.value
        if is_new and change is not None and own is not None:
            self._record(change, own, profile)
        self._app.post_message(StatusChanged(describe(change, own, "")))
        self._app.post_message(OwnRatingsChanged())
        return True

    def _matched(self, done: _Matched) -> None:
        """Say which item an entry means now, or that it is matched with none."""
        change, own = done.change, done.own
        meant = "no longer matched by hand" if change.item is None else f"matched with {full_title(change.item)}"
        if change.item is None and own.item is not None:
            meant += f", and is {full_title(own.item)} by its title"
        if done.is_new:
            back = MatchEntry(change.entry, None, change.profile)
            what = f"{change.entry}: {meant}"
            self._changes.record(what, lambda: self._match(back), lambda: self._match(change), change.profile)
        self._app.post_message(StatusChanged(f"✓ {clean(change.entry)}: {meant}" + (_UNDOES if done.is_new else "")))
        self._app.post_message(OwnRatingsChanged(MatchEntry(change.entry, own.item, change.profile)))

    def _match(self, change: MatchEntry, *, is_new: bool = False) -> None:
        def store(session: SessionLike, _: object) -> _Matched:
            if change.item is None:
                return _Matched(change, session.me.unmatch(change.entry, change.profile), is_new)
            own = session.me.match(change.entry, change.item.internal_id, change.profile)
            return _Matched(change, own, is_new)

        self._queue.ask(store)

    def _record(self, change: RateItem, own: OwnRating, profile: str) -> None:
        """Let the change be undone and made again."""
        what = describe(change, own, "").removeprefix("✓ ").removesuffix(_UNDOES)
        self._changes.record(what, lambda: self._ask(None, profile), lambda: self._ask(change, profile), profile)

    def _ask(self, change: _Change, profile: str, *, is_new: bool = False) -> None:
        def store(session: SessionLike, _: object) -> tuple[_Change, OwnRating | None, str, bool]:
            return change, _apply(session.me, change, profile), profile, is_new

        self._queue.ask(store)


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
        scale = f"of {compact(own.highest)}"
        if own.lowest is not None:
            scale = f"on a scale from {compact(own.lowest)} to {compact(own.highest)}"
        said = f"rated {compact(own.rating)} {scale}"
    else:
        said = _SAID.get(own.status, own.status)
    return f"✓ {title}: {said}" + ("" if change is None else _UNDOES)
