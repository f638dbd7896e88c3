"""What all worker threads share: the session once it is open, the clock, and the way back to the screen."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from engine.errors import NotTrainedError, RecsysError, UnknownError
from tui.backend.protocols import SessionLike
from tui.messages import DatasetState, Failure

if TYPE_CHECKING:
    from textual.message import Message

    from engine.session import Job

logger = logging.getLogger(__name__)

#: Takes a message from any thread, such as ``App.post_message``.
Post = Callable[["Message"], object]
#: What a worker thread does with the session.
Work = Callable[[SessionLike, "Job"], Any]


class Connection:
    """The session and the app, as the worker threads see them.

    Parameters
    ----------
    post
        Takes messages meant for the whole app.
    log_hint
        Where the details of an unexpected error are, for its sentence: the log's path, or ``"the log"``.
    clock
        Seconds, to measure how long answers take; tests inject a steady one.
    report_every
        The least seconds between two reports of a job's progress.
    """

    def __init__(
        self,
        post: Post,
        *,
        log_hint: str = "the log",
        clock: Callable[[], float] = time.perf_counter,
        report_every: Callable[[], float] = lambda: 0.1,
    ) -> None:
        self._post = post
        self._log_hint = log_hint
        self.clock = clock
        self.report_every = report_every
        self.state: DatasetState | None = None
        """What was read last of the data set."""
        self._session: SessionLike | None = None
        self._opened = threading.Event()
        self._closed = threading.Event()

    def set_session(self, session: SessionLike) -> None:
        """Let every thread that waits for the session go on."""
        self._session = session
        self._opened.set()

    def wait_for_session(self) -> SessionLike:
        """Block a worker thread until the session is open."""
        self._opened.wait()
        assert self._session is not None
        return self._session

    def failure(self, error: BaseException) -> Failure:
        """The sentence for an error. An unexpected error also goes to the log, with its traceback."""
        # Imported here so that the first paint does not wait for what only an error needs.
        from tui.wording import describe, unnamed_suggestions

        match error:
            case UnknownError():
                return Failure(describe(error, in_app=True), "unknown", unnamed_suggestions(error))
            case NotTrainedError():
                return Failure(describe(error, in_app=True), "untrained")
            case RecsysError():
                return Failure(describe(error, in_app=True))
            case MemoryError():
                return Failure("There is not enough memory for this: use a smaller data set or smaller options.")
        logger.error("a request or a job met an unexpected error", exc_info=error)
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Failure(f"unexpected error: {what}; details in {self._log_hint}", "unexpected")

    def read_state(self, session: SessionLike) -> DatasetState:
        """Read what the screen shows of the data set; fast, but not fast enough for the event loop."""
        embedding, cost = session.search.embedding_state(), None
        if not embedding.complete:
            with suppress(RecsysError):  # the embedding itself says so
                cost = session.search.embedding_cost()
        models, pictures = tuple(session.models.states()), session.pictures.column
        self.state = DatasetState(session.data.overview(), embedding, models, cost, pictures)
        return self.state

    def post(self, message: Message) -> None:
        """Send a message to the app."""
        self.deliver(self._post, message)

    def deliver(self, post: Post, message: Message) -> None:
        """Send a message, unless there is nobody left to read it."""
        if not self._closed.is_set():
            with suppress(RuntimeError):  # the event loop has just ended
                post(message)

    def close(self) -> None:
        """Send no more messages."""
        self._closed.set()
