"""Where a pane puts its changes: all of them are made, in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.backend.connection import Connection, Post, Work
from tui.backend.mailbox import Mailbox
from tui.backend.threads import numbers

if TYPE_CHECKING:
    from engine.session import Progress

#: The seconds for which the end of a session waits for changes; each takes milliseconds.
_PATIENCE = 1.0


class ChangeQueue(Mailbox):
    """A mailbox in which no request replaces another, and every one is answered.

    Parameters
    ----------
    connection, name, post
        As of :class:`tui.backend.mailbox.Mailbox`.
    """

    def __init__(self, connection: Connection, name: str, post: Post) -> None:
        super().__init__(connection, name, post)
        self._asked: set[int] = set()

    def ask(self, work: Work, on_progress: Callable[[Progress], None] | None = None) -> int:
        """Have ``work(session, job)`` done after what was asked before; the number of the request."""
        with self._changed:
            number = super().ask(work, on_progress)
            self._asked.add(number)
            return number

    def withdraw(self) -> None:
        """Let what was asked be done, for a second at most: the session ends."""
        with self._changed:
            self._changed.wait_for(lambda: not self.busy, _PATIENCE)

    def is_current(self, request: int) -> bool:
        """Whether this is one of the requests."""
        return request in self._asked

    def _replace(self) -> None:
        self._latest = next(numbers)
