"""Reading and drawing the pictures of items, in threads of their own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

    from engine.session import Item, Job
    from tui.backend.backend import Backend
    from tui.backend.mailbox import Mailbox
    from tui.backend.protocols import SessionLike
    from tui.messages import PictureFrame, PictureWanted
    from tui.state import AppState
    from tui.terminal import Protocol
    from tui.widgets.pixels import Drawing


class ItemPictures:
    """Answers the widgets that want a picture.

    Parameters
    ----------
    app
        Its theme says whether letters are light or dark.
    backend, state
        The way to the engine, and what is known.
    protocol
        How pictures are drawn; None to draw none.
    """

    def __init__(self, app: App[Any], backend: Backend, state: AppState, protocol: Protocol | None) -> None:
        self._app, self._backend, self._state, self._protocol = app, backend, state, protocol
        self._mailboxes: dict[PictureFrame, Mailbox] = {}

    def find(self, wanted: PictureWanted) -> None:
        """Have a picture read and drawn, if the data names one."""
        dataset, poster = self._state.dataset, wanted.poster
        named = None if dataset is None else wanted.item.metadata.get(dataset.pictures)
        if not named or self._protocol is None:
            poster.expect(None)
            return
        draw = partial(
            _read_and_draw,
            item=wanted.item,
            columns=wanted.columns,
            rows=wanted.rows,
            protocol=self._protocol,
            dark=self._app.current_theme.dark,
        )
        poster.expect(self._mailbox_of(poster).ask(draw))

    def _mailbox_of(self, poster: PictureFrame) -> Mailbox:
        for gone in [one for one in self._mailboxes if not one.is_attached]:
            self._mailboxes.pop(gone).close()
        if poster not in self._mailboxes:
            self._mailboxes[poster] = self._backend.mailbox("pictures", poster.post_message)
        return self._mailboxes[poster]


def _read_and_draw(
    session: SessionLike, job: Job, *, item: Item, columns: int, rows: int, protocol: Protocol, dark: bool
) -> Drawing | None:
    from tui.widgets.pixels import draw, pixels_of

    picture = session.pictures.thumbnail(item, *pixels_of(protocol, columns, rows), job)
    return None if picture is None else draw(picture, protocol, dark=dark)
