"""What the threads of the backend need of it: the session, a clock, and a way to post messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from engine.session import Job
from tui.backend.services import SessionLike

if TYPE_CHECKING:
    from textual.message import Message

    from tui.messages import DatasetState, Failure

Post = Callable[["Message"], object]
Work = Callable[[SessionLike, Job], Any]


class Host(Protocol):
    """The backend as its threads see it."""

    clock: Callable[[], float]

    def wait_for_session(self) -> SessionLike:
        """Block the calling thread until the session is open."""
        ...

    def failure(self, error: BaseException) -> Failure:
        """What to show of an error; the details of an unexpected one go to the log."""
        ...

    def dataset_state(self, session: SessionLike) -> DatasetState:
        """What the screen shows of the data set; cheap, but not for the event loop."""
        ...

    def post(self, message: Message) -> None:
        """Send a message to the app."""
        ...

    def deliver(self, post: Post, message: Message) -> None:
        """Send a message to whoever ``post`` reaches, unless the app is being left."""
        ...
