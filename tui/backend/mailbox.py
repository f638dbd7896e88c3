"""Where a pane puts its requests: the latest one wins."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import CancelledError
from engine.session import Job
from tui.backend.connection import Connection, Post, Work
from tui.backend.protocols import SessionLike
from tui.backend.threads import numbers, start
from tui.messages import Answered, Failed

if TYPE_CHECKING:
    from textual.message import Message

    from engine.session import Progress


@dataclass(slots=True)
class _Entry:
    number: int
    work: Work
    job: Job


class Mailbox:
    """A slot for one request and a thread that answers it.

    A newer request replaces the one that waits and cancels the one that runs. The answer to a request that was
    replaced is never posted. Whoever receives an :class:`~tui.messages.Answered` must still ask :meth:`is_current`,
    because a newer request may have been made while the message was on its way.

    Parameters
    ----------
    connection
        The session, and how answers are delivered.
    name
        The thread's name.
    post
        Takes the answers.
    """

    def __init__(self, connection: Connection, name: str, post: Post) -> None:
        self._connection = connection
        self._name = name
        self._post = post
        self._changed = threading.Condition()
        self._latest = 0
        self._waiting: deque[_Entry] = deque()
        self._running: _Entry | None = None
        self._started = False
        self._closed = False

    def ask(self, work: Work, on_progress: Callable[[Progress], None] | None = None) -> int:
        """Have ``work(session, job)`` done; the number of the request.

        Parameters
        ----------
        work
            What is done in the thread.
        on_progress
            Called in the thread with each report of the work.
        """
        with self._changed:
            self._replace()
            if self._closed:
                return self._latest
            self._waiting.append(_Entry(self._latest, work, Job(on_progress)))
            self._changed.notify_all()
            if not self._started:
                self._started = True
                start(self._name, self._run)
            return self._latest

    def withdraw(self) -> None:
        """Forget the latest request: no answer to it will come."""
        with self._changed:
            self._replace()

    def close(self) -> None:
        """Withdraw the request and end the thread; nothing can be asked any more."""
        with self._changed:
            self._replace()
            self._closed = True
            self._changed.notify_all()

    def is_current(self, request: int) -> bool:
        """Whether this is the latest request."""
        return request == self._latest

    @property
    def busy(self) -> bool:
        """Whether a request waits or runs."""
        return bool(self._waiting) or self._running is not None

    @property
    def closed(self) -> bool:
        """Whether nothing can be asked any more."""
        return self._closed

    def _replace(self) -> None:
        self._latest = next(numbers)
        self._waiting.clear()
        if self._running is not None:
            self._running.job.cancel()

    def _run(self) -> None:
        session = self._connection.wait_for_session()
        while True:
            with self._changed:
                self._running = None
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                entry = self._running = self._waiting.popleft()
            message = self._answer(session, entry)
            if message is not None and self.is_current(entry.number):
                self._connection.deliver(self._post, message)

    def _answer(self, session: SessionLike, entry: _Entry) -> Message | None:
        started = self._connection.clock()
        try:
            value = entry.work(session, entry.job)
        except CancelledError:
            return None
        except BaseException as error:  # the extensions written in Rust raise some that are no Exception
            # If nobody waits for the answer any more, its failure does not matter; often the cancel caused it.
            return None if entry.job.cancelled else Failed(entry.number, self._connection.failure(error))
        return Answered(entry.number, value, self._connection.clock() - started)
