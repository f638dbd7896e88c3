"""Pop-ups that ask the engine one thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tui.backend.backend import Backend
from tui.backend.mailbox import Mailbox
from tui.messages import Answered, Failed, OwnRatingsChanged
from tui.widgets.popup import PopUp

if TYPE_CHECKING:
    from engine.session import Job, Progress
    from tui.backend.protocols import SessionLike


class AskingPopUp(PopUp):
    """A page in front of the screen with a request of its own; the thread ends with the page.

    Parameters
    ----------
    backend
        The way to the engine.
    name
        The name of the worker thread.
    changes
        Whether it asks for changes: then none replaces another, and all are answered.
    """

    def __init__(self, backend: Backend, name: str, *, changes: bool = False) -> None:
        super().__init__()
        make = backend.change_queue if changes else backend.mailbox
        self._mailbox: Mailbox = make(name, self.post_message)

    def ask(
        self, work: Callable[[SessionLike, Job], Any], on_progress: Callable[[Progress], None] | None = None
    ) -> None:
        """Have ``work(session, job)`` done; unless it is a change it replaces an earlier request.

        ``on_progress`` is called in the thread, with each report of the work.
        """
        self._mailbox.ask(work, on_progress)

    def answered(self, value: Any) -> None:
        """Handle the answer to the latest request."""
        raise NotImplementedError

    def failed(self, message: Failed) -> None:
        """Handle the failure of the latest request."""
        raise NotImplementedError

    def own_ratings_changed(self, message: OwnRatingsChanged) -> None:
        """Follow a change of one's own ratings, wherever it was made; most pages show none."""

    def on_answered(self, message: Answered) -> None:
        """Handle an answer; one to a request that was replaced meanwhile is dropped."""
        message.stop()
        if self._mailbox.is_current(message.request):
            self.answered(message.value)

    def on_failed(self, message: Failed) -> None:
        """Handle a failure."""
        message.stop()
        if self._mailbox.is_current(message.request):
            self.failed(message)

    def on_unmount(self) -> None:
        """End the thread."""
        self._mailbox.close()
