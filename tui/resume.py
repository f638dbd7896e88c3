"""Beginning where the app was left: what is restored at the start, and kept while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tui.messages import Answered
from tui.panes import TABS
from tui.remembered import LastState, read_last, write_last

if TYPE_CHECKING:
    from textual.message import Message
    from textual.timer import Timer

    from engine.session import Item
    from tui.backend.backend import Backend
    from tui.backend.protocols import SessionLike
    from tui.contained_app import ContainedApp
    from tui.panes.base import Pane
    from tui.panes.failed import FailedPane
    from tui.state import AppState

#: Seconds between two looks at what is to be kept. It is written once it has been the same at two looks.
EVERY: Final = 1.5
#: Where the arrangement of columns is, in what a pane has recorded.
_COLUMNS: Final = "columns"


@dataclass(frozen=True, slots=True)
class _Found:
    """What was left, with the items that it names, as far as they are still there."""

    left: LastState
    items: Mapping[Any, Item]


class Resume:
    """Restores where the app was left, and keeps where it is.

    Parameters
    ----------
    app
        Whose tabs these are.
    backend, state
        The way to the engine, and what is known.
    folder
        The state folder.
    restores
        Whether what was left comes back.
    open_tab
        Opens a tab by its name.
    """

    def __init__(
        self,
        app: ContainedApp,
        backend: Backend,
        state: AppState,
        folder: Path,
        *,
        restores: bool,
        open_tab: Callable[[str], Awaitable[None]],
    ) -> None:
        self._app, self._state, self._folder, self._restores = app, state, folder, restores
        self._open_tab = open_tab
        self._looking_up = backend.mailbox("left off", self._received)
        self._dataset = ""
        self._timer: Timer | None = None
        self._found: _Found | None = None
        self._restored_tabs: set[str] = set()
        self._kept, self._seen = LastState(), LastState()

    @property
    def _begun(self) -> bool:
        return bool(self._dataset) and self._found is not None

    def begin(self, dataset: str) -> None:
        """The data set is open: find out where the app was left with it, and follow it from now on."""
        if self._dataset:
            return
        self._dataset = dataset
        self._timer = self._app.set_interval(EVERY, self._look)
        if self._restores:
            folder = self._folder
            self._looking_up.ask(lambda session, _: _find(session, folder, dataset))
        else:
            self._found = _Found(LastState(), {})

    def _received(self, message: Message) -> None:
        """Take the answer, in the thread that gave it; a failure leaves nothing to restore."""
        found = message.value if isinstance(message, Answered) else _Found(LastState(), {})
        with suppress(RuntimeError):  # the event loop has just ended
            self._app.call_later(self._restore, found)

    async def _restore(self, found: _Found) -> None:
        self._found, left = found, found.left
        if not self._app.panes:
            return
        first = self._app.active_tab
        if not self._state.draft.items:
            self._state.draft.start_with(found.items[one] for one in left.sequence if one in found.items)
        untouched = not self._app.screen.is_modal and self._app.active_pane.is_untouched
        self.restore_pane(first)
        if untouched and left.tab != first and left.tab in [tab.name for tab in TABS]:
            await self._open_tab(left.tab)
        self._kept = self._seen = self.collect()

    def restore_pane(self, tab: str) -> None:
        """Give a pane back what it has recorded of itself, if nothing was done in it yet."""
        if self._found is None or tab in self._restored_tabs:
            return
        self._restored_tabs.add(tab)
        pane, record = self._app.pane(tab), self._found.left.panes.get(tab)
        pane.restore_columns((record or {}).get(_COLUMNS))
        if record and pane.is_untouched:
            pane.restore(record, self._found.items)

    def collect(self) -> LastState:
        """Where the app is now; what is not open is as it was left."""
        left = LastState() if self._found is None else self._found.left
        panes = {**left.panes, **{str(pane.id): _record_of(pane) for pane in self._app.panes}}
        sequence = tuple(item.item_id for item in self._state.draft.items)
        return LastState(self._app.active_tab, {tab: record for tab, record in panes.items() if record}, sequence)

    def _look(self) -> None:
        if not self._begun:
            return
        now = self.collect()
        if now == self._seen and now != self._kept:
            from tui.backend.threads import start

            self._kept = now
            start("keep", write_last, self._folder, self._dataset, now)
        self._seen = now

    def note_end(self) -> None:
        """The app is being left: the panes can still be asked."""
        if self._begun and self._app.panes:
            self._seen = self.collect()

    def close(self) -> None:
        """Another data set is being opened: keep where the app was with this one, and follow it no longer."""
        from tui.backend.threads import start

        if self._timer is not None:
            self._timer.stop()
        self._looking_up.close()
        start("keep", self.write_end)

    def write_end(self) -> None:
        """Write where the app was left, if that has changed; called when nothing is drawn any more."""
        if self._begun and self._seen != self._kept:
            write_last(self._folder, self._dataset, self._seen)


def _record_of(pane: Pane[Any] | FailedPane) -> dict[str, Any]:
    record, columns = dict(pane.record()), pane.record_columns()
    return {**record, _COLUMNS: columns} if columns else record


def _find(session: SessionLike, folder: Path, dataset: str) -> _Found:
    left = read_last(folder, dataset)
    likes = [record.get("like") for record in left.panes.values()]
    named = [*left.sequence, *(like for like in likes if isinstance(like, int | str))]
    return _Found(left, {item.item_id: item for item in session.data.items(named)})
